/* A text's lines, one at a time: what programs append to while they run. Memory is that of the longest line.
 *
 * A last line without its end may be half written: it is given with `whole` false, and who cannot read it waits for the rest. */
#ifndef VIVIM_IMPORTS_LINES_H
#define VIVIM_IMPORTS_LINES_H

#include "base/buf.h"
#include "base/reader.h"

struct lines {
    struct reader *from;
    struct buf window;
    size_t line_bytes_max;
    size_t at;    /* in the window: behind the line given last */
    size_t place; /* of the line given last; from 1 */
    bool whole;   /* it had its end */
    bool ended;   /* the source gives no more */
};

/* from            lives as long as `l`
 * line_bytes_max  1 .. SIZE_MAX / 4 */
void lines_init(struct lines *l, struct reader *from, size_t line_bytes_max);
void lines_free(struct lines *l); /* for CLEANUP; accepts a zeroed one */

/* The next line that holds more than white space, a view until the next call, without its end.
 * E_NOT_FOUND: there are no more. E_LIMIT: this one is longer than line_bytes_max; the next call goes on behind it. The source's
 * own errors; E_BUSY. */
NODISCARD err_t lines_next(struct lines *l, struct str *ret);

#endif

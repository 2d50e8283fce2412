/* reader: bytes that come in pieces, from memory, a file, an entry of a zip. Whoever reads knows no more of where from. */
#ifndef VIVIM_BASE_READER_H
#define VIVIM_BASE_READER_H

#include "base/str.h"

struct reader {
    /* At most `max` bytes (at least 1) to `to`; *ret_n 0 is the end, and stays it. Errors are those of the source. */
    err_t (*read)(struct reader *r, char *to, size_t max, size_t *ret_n);
};

/* All that it gives, in `a`. E_LIMIT: more than max_bytes; the source's errors; E_BUSY. */
NODISCARD err_t reader_all(struct reader *r, struct arena *a, size_t max_bytes, struct str *ret);

struct memory_reader {
    struct reader reader;
    struct str rest; /* not owned */
};
void memory_reader_init(struct memory_reader *m, struct str bytes);

#endif

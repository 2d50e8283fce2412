/* CSV (RFC 4180): fields in quotes may hold line ends, commas and doubled quotes. Private to imports. */
#ifndef VIVIM_IMPORTS_CSV_H
#define VIVIM_IMPORTS_CSV_H

#include "base/buf.h"

enum { CSV_FIELDS_MAX = 64 };

struct csv {
    struct arena *arena;
    struct str text;
    size_t at, line; /* line: where the row given last began; from 1 */
    size_t lines;    /* passed so far */
};
void csv_init(struct csv *c, struct arena *a, struct str text);

/* The next row; empty lines are none. Fields are views of the text, or lie in the arena where quotes had to come out.
 * E_NOT_FOUND: there are no more. E_INVALID: the text ends inside quotes, with the line; nothing follows. E_LIMIT: more than
 * CSV_FIELDS_MAX fields; E_BUSY. */
NODISCARD err_t csv_next(struct csv *c, struct str fields[CSV_FIELDS_MAX], size_t *ret_count);

#endif

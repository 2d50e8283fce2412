/* A slow, exact look at JSON text that simdjson refused: what is wrong and where, or a text that
 * says the same in words simdjson takes. Private to base. */
#ifndef VIVIM_BASE_JSON_SCAN_H
#define VIVIM_BASE_JSON_SCAN_H

#include "base/buf.h"

enum { JSON_SCAN_DEPTH_MAX = 512 };

struct json_scan {
    struct str text;
    size_t at; /* the first offending byte after a failure */
    int depth, depth_max;
    const char *problem; /* a static sentence after a failure */
    size_t unfit_at;     /* the first number that no double holds, or text.n */

    struct buf *out; /* the text in other words, empty if nothing had to change */
    size_t copied;   /* how much of `text` is in `out` */
    bool in_array[JSON_SCAN_DEPTH_MAX];
};

/* RFC 8259 and RFC 3629, strictly. Two things that the grammar allows and simdjson does not are
 * put into other words in `out`: integers over 64 bits (with "e0" behind, so that they become
 * doubles) and escaped surrogates without their other half (as \ufffd; they stand in data whose
 * maker cut a string in the middle of a character).
 *
 * Errors: E_BAD_JSON or E_LIMIT (depth) with `at` and `problem`; out's own. Linear in the text. */
NODISCARD err_t json_scan(struct json_scan *s, struct str text, int depth_max, struct buf *out);

#endif

/* Text that is not UTF-8, as UTF-8. Private to imports. */
#ifndef VIVIM_IMPORTS_CHARSET_H
#define VIVIM_IMPORTS_CHARSET_H

#include "base/reader.h"

enum utf16 { UTF16_NOT, UTF16_LITTLE, UTF16_BIG };
/* By its mark, or by two ASCII characters at its beginning. */
enum utf16 utf16_of(struct str head);

/* UTF-16 (with its mark, or without) as UTF-8 without one; half a surrogate pair and a last odd byte become U+FFFD. */
struct utf16_reader {
    struct reader reader;
    struct reader *from;
    enum utf16 order;
    bool begun, ended, has_odd;
    uint32_t high;        /* the first half of a pair; 0 */
    unsigned char odd;    /* the first byte of a unit */
    char out[1024];       /* of which … */
    size_t out_n, out_at; /* … this much waits */
};
void utf16_reader_init(struct utf16_reader *u, struct reader *from, enum utf16 order);

/* Bytes in a charset by its name (any case) as UTF-8, in `a`; what is no character becomes U+FFFD. UTF-8, ASCII, ISO-8859-1 and
 * windows-1252 (which is what the web means by both) and UTF-16 are known; of others all that is not ASCII is U+FFFD.
 * E_LIMIT, E_BUSY. */
NODISCARD err_t charset_utf8(struct arena *a, struct str charset, struct str bytes,
                             struct str *ret);

#endif

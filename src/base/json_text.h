/* The pieces of JSON text that the writer, the canonical form and the log share.
 * Private to base. */
#ifndef VIVIM_BASE_JSON_TEXT_H
#define VIVIM_BASE_JSON_TEXT_H

#include "base/buf.h"

/* A string with its quotes, escaped as little as RFC 8785 section 3.2.2.2 asks; what is not
 * valid UTF-8 becomes U+FFFD. */
void json_put_string(struct buf *b, struct str s);
void json_put_u64(struct buf *b, uint64_t v);
/* double_text, or null for NaN and infinity. */
void json_put_f64(struct buf *b, double v);

#endif

/* UTF-8 (RFC 3629). */
#ifndef VIVIM_BASE_UTF8_H
#define VIVIM_BASE_UTF8_H

#include "base/buf.h"

/* Valid UTF-8: no overlong forms, no surrogates, at most U+10FFFF. Zero bytes are
 * valid UTF-8; see text_ok. */
bool utf8_ok(struct str s);
/* Valid UTF-8 without zero bytes: what the edge lets in. */
bool text_ok(struct str s);
/* One code point at *at, which moves on; U+FFFD and one byte for an invalid sequence. at < s.n. */
uint32_t utf8_next(struct str s, size_t *at);
void utf8_put(struct buf *b, uint32_t code_point); /* U+FFFD for surrogates and beyond */
/* The longest prefix of at most max_bytes that does not cut a character. */
struct str utf8_cut(struct str s, size_t max_bytes);
size_t utf8_count(struct str s); /* code points of valid UTF-8 */
/* A valid copy: each invalid sequence and each zero byte becomes U+FFFD. s itself where
 * nothing is wrong. */
struct str utf8_repair(struct arena *a, struct str s);

#endif

/* Header blocks: what they must hold besides what llhttp sees to, and llhttp itself, which nothing else uses. */
#ifndef VIVIM_NET_HTTP1_HEAD_H
#define VIVIM_NET_HTTP1_HEAD_H

#include "net/http1.h"

/* Does a raw header block, or the beginning of one, hold only what RFC 9112 allows between and in lines? No lone CR or LF, no
 * folded line, no control byte. */
bool http1_block_ok(struct str block);
/* Of a block that is so: is its first line `METHOD SP target SP HTTP/1.0` or `1.1`, with one space each and a target of visible
 * ASCII without a fragment, and does each other one begin with a name and its colon? llhttp takes other protocols' names,
 * several blanks, and fields without a name. */
bool http1_lines_ok(struct str block);
/* Both checks, and the block into the exchange, whose arena holds it (names are put into lower case there): target, method,
 * version, headers, keep_alive, and where the body ends (RFC 9112 section 6.3): has_body, body_chunked, body_length. One
 * Content-Length of digits alone, or `Transfer-Encoding: chunked` with HTTP/1.1; every other combination is E_BAD_INPUT,
 * also codings that RFC 9112 would have answered with 501: who sends one here wants two readers to differ. E_BUSY: memory. */
NODISCARD err_t http1_parse_head(struct http1_exchange *x, struct str block);

#endif

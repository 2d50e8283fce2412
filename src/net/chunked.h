/* A chunked body (RFC 9112 section 7.1), byte for byte: pure, for http1.c and the fuzzer.
 *
 * Stricter than the grammar where readers are known to differ: a line ends with CR LF and nothing else, no blanks around
 * the size, no folded or control bytes in extensions and trailers. What may be had without limit elsewhere has one here:
 * digits of a size, extensions of a line and of all lines, chunks, trailers. Extensions and trailers are read and dropped.
 */
#ifndef VIVIM_NET_CHUNKED_H
#define VIVIM_NET_CHUNKED_H

#include "base/str.h"

struct chunked { /* zeroed: at the beginning */
    enum chunked_state {
        CHUNKED_SIZE,
        CHUNKED_EXTENSION,
        CHUNKED_SIZE_LF,
        CHUNKED_DATA,
        CHUNKED_DATA_CR,
        CHUNKED_DATA_LF,
        CHUNKED_TRAILER,
        CHUNKED_TRAILER_NAME,
        CHUNKED_TRAILER_VALUE,
        CHUNKED_TRAILER_LF,
        CHUNKED_END_LF,
        CHUNKED_ENDED
    } state;
    uint64_t left; /* bytes of this chunk that have not come */
    unsigned digits, chunks, trailers;
    size_t line_bytes, extension_bytes, trailer_bytes;
};

enum chunked_got {
    CHUNKED_MORE,  /* all was taken, the body goes on */
    CHUNKED_PIECE, /* bytes of the body */
    CHUNKED_WHOLE, /* the body has ended; what is left in io is not its */
    CHUNKED_BAD    /* no chunked body, or over a limit */
};
/* Take the next piece off `io`. ret_piece lies in it. Call again until it is not CHUNKED_PIECE. */
enum chunked_got chunked_next(struct chunked *c, struct str *io, struct str *ret_piece);

/* A byte of a name, as header fields and trailers have (RFC 9110 section 5.6.2). */
bool http1_is_token(unsigned char b);

#endif

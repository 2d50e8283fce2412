#include "net/chunked.h"

#include "base/limits.h"

enum { SIZE_DIGITS_MAX = 15 }; /* 60 bits: no sum of ours can overflow */

static int hex_value(unsigned char b)
{
    if (b >= '0' && b <= '9')
        return b - '0';
    if (b >= 'a' && b <= 'f')
        return b - 'a' + 10;
    return b >= 'A' && b <= 'F' ? b - 'A' + 10 : -1;
}

static bool is_text(unsigned char b)
{
    return b == '\t' || (b >= 0x20 && b != 0x7f);
}

bool http1_is_token(unsigned char b)
{
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z') ||
           (b && strchr("!#$%&'*+-.^_`|~", b));
}

/* Go to `next` if the condition holds; else the body is bad. */
static bool go(struct chunked *c, bool holds, enum chunked_state next)
{
    c->state = next;
    return holds;
}

static bool take_size(struct chunked *c, unsigned char b)
{
    int digit = hex_value(b);
    if (digit >= 0) {
        c->left = c->left << 4 | (unsigned)digit;
        return ++c->digits <= SIZE_DIGITS_MAX;
    }
    c->line_bytes = 0;
    return go(c, c->digits > 0 && (b == ';' || b == '\r'),
              b == ';' ? CHUNKED_EXTENSION : CHUNKED_SIZE_LF);
}

static bool take_extension(struct chunked *c, unsigned char b)
{
    if (b == '\r')
        return go(c, true, CHUNKED_SIZE_LF);
    return is_text(b) && ++c->line_bytes <= HTTP_CHUNK_LINE_BYTES_MAX &&
           ++c->extension_bytes <= HTTP_CHUNK_EXTRA_BYTES_MAX;
}

static bool begin_chunk(struct chunked *c, unsigned char b)
{
    c->digits = 0;
    if (c->left == 0)
        return go(c, b == '\n', CHUNKED_TRAILER);
    return go(c, b == '\n' && ++c->chunks <= HTTP_CHUNKS_MAX, CHUNKED_DATA);
}

static bool take_trailer(struct chunked *c, unsigned char b)
{
    if (++c->trailer_bytes > HTTP_TRAILERS_BYTES_MAX)
        return false;
    switch (c->state) {
    case CHUNKED_TRAILER:
        if (b == '\r')
            return go(c, true, CHUNKED_END_LF);
        return go(c, http1_is_token(b) && ++c->trailers <= HTTP_TRAILERS_MAX, CHUNKED_TRAILER_NAME);
    case CHUNKED_TRAILER_NAME:
        return b == ':' ? go(c, true, CHUNKED_TRAILER_VALUE) : http1_is_token(b);
    case CHUNKED_TRAILER_VALUE:
        return b == '\r' ? go(c, true, CHUNKED_TRAILER_LF) : is_text(b);
    default:
        return go(c, b == '\n', CHUNKED_TRAILER);
    }
}

static bool take(struct chunked *c, unsigned char b)
{
    switch (c->state) {
    case CHUNKED_SIZE:
        return take_size(c, b);
    case CHUNKED_EXTENSION:
        return take_extension(c, b);
    case CHUNKED_SIZE_LF:
        return begin_chunk(c, b);
    case CHUNKED_DATA_CR:
        return go(c, b == '\r', CHUNKED_DATA_LF);
    case CHUNKED_DATA_LF:
        return go(c, b == '\n', CHUNKED_SIZE);
    case CHUNKED_TRAILER:
    case CHUNKED_TRAILER_NAME:
    case CHUNKED_TRAILER_VALUE:
    case CHUNKED_TRAILER_LF:
        return take_trailer(c, b);
    case CHUNKED_END_LF:
        return go(c, b == '\n', CHUNKED_ENDED);
    case CHUNKED_DATA:
    case CHUNKED_ENDED:
        break;
    }
    return false;
}

enum chunked_got chunked_next(struct chunked *c, struct str *io, struct str *ret_piece)
{
    while (io->n) {
        if (c->state == CHUNKED_DATA) {
            size_t n = c->left < io->n ? (size_t)c->left : io->n;
            *ret_piece = str_sub(*io, 0, n);
            *io = str_sub(*io, n, io->n);
            c->left -= n;
            if (c->left == 0)
                c->state = CHUNKED_DATA_CR;
            return CHUNKED_PIECE;
        }
        unsigned char b = (unsigned char)io->s[0];
        *io = str_sub(*io, 1, io->n);
        if (!take(c, b))
            return CHUNKED_BAD;
        if (c->state == CHUNKED_ENDED)
            return CHUNKED_WHOLE;
    }
    return CHUNKED_MORE;
}

/* permessage-deflate without context (RFC 7692 section 7.2). One pair of zlib states for each thread
 * serves all its connections: a state costs some 300 kB, an idle connection none. */
#include <zlib.h>

#include "net/ws.h"

enum { LEVEL = 6, MEM_LEVEL = 8 };
enum { BETWEEN_BLOCKS = 128 }; /* in z_stream.data_type, which inflate() always sets (zlib.h) */

static _Thread_local struct {
    z_stream inflate, deflate;
    bool inflate_ready, deflate_ready;
    int deflate_bits;
} states;

void ws_deflate_thread_end(void)
{
    if (states.inflate_ready)
        inflateEnd(&states.inflate);
    if (states.deflate_ready)
        deflateEnd(&states.deflate);
    states.inflate_ready = states.deflate_ready = false;
}

static err_t inflate_state(z_stream **ret)
{
    z_stream *z = &states.inflate;
    /* A window of 15 bits reads what any smaller window wrote. */
    if (!states.inflate_ready && inflateInit2(z, -15) != Z_OK)
        return E_BUSY;
    states.inflate_ready = true;
    if (inflateReset2(z, -15) != Z_OK)
        return E_BUSY;
    *ret = z;
    return OK;
}

/* Run `in` through; a final block may be followed by more (RFC 7692 section 7.2.3.5), hence the reset. */
static err_t inflate_part(z_stream *z, struct str in, struct buf *out)
{
    z->next_in = (Bytef *)(uintptr_t)in.s;
    z->avail_in = (uInt)in.n;
    for (;;) {
        size_t room = out->max_bytes - out->n;
        size_t want =
            room < 16384 ? room + 1 : 16384; /* one byte too many shows that the limit is passed */
        unsigned char chunk[16385];
        z->next_out = chunk;
        z->avail_out = (uInt)want;
        int r = inflate(z, Z_SYNC_FLUSH);
        size_t made = want - z->avail_out;
        if (made > room)
            return E_LIMIT;
        buf_put(out, str_of((const char *)chunk, made));
        if (buf_err(out))
            return buf_err(out);
        if (r == Z_STREAM_END) {
            if (inflateReset2(z, -15) != Z_OK)
                return E_BUSY;
            if (!z->avail_in)
                return OK;
            continue;
        }
        if (r != Z_OK && r != Z_BUF_ERROR)
            return E_BAD_INPUT;
        if (!z->avail_in && z->avail_out)
            return OK;
        if (r == Z_BUF_ERROR && made == 0)
            return E_BAD_INPUT;
    }
}

err_t ws_inflate(struct str message, int window_bits, struct buf *out)
{
    UNUSED(window_bits);
    z_stream *z;
    if (message.n > UINT32_MAX / 2)
        return E_LIMIT;
    TRY(inflate_state(&z));
    TRY(inflate_part(z, message, out));
    if (z->total_in ==
        0) /* nothing came, or a final block was its end: there is nothing to flush */
        return OK;
    TRY(inflate_part(z, str_of("\x00\x00\xff\xff", 4), out));
    /* A message that was cut ends inside a block: what has come out of it is not the message. */
    return z->data_type & BETWEEN_BLOCKS ? OK : E_BAD_INPUT;
}

static err_t deflate_state(int bits, z_stream **ret)
{
    z_stream *z = &states.deflate;
    if (states.deflate_ready && states.deflate_bits != bits) {
        deflateEnd(z);
        states.deflate_ready = false;
    }
    if (!states.deflate_ready &&
        deflateInit2(z, LEVEL, Z_DEFLATED, -bits, MEM_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
        return E_BUSY;
    states.deflate_ready = true;
    states.deflate_bits = bits;
    if (deflateReset(z) != Z_OK)
        return E_BUSY;
    *ret = z;
    return OK;
}

err_t ws_deflate(struct str message, int window_bits, struct buf *out)
{
    z_stream *z;
    if (message.n > UINT32_MAX / 2)
        return E_LIMIT;
    TRY(deflate_state(window_bits, &z));
    z->next_in = (Bytef *)(uintptr_t)message.s;
    z->avail_in = (uInt)message.n;
    size_t start = out->n;
    unsigned char chunk[16384];
    do {
        z->next_out = chunk;
        z->avail_out = sizeof chunk;
        if (deflate(z, Z_SYNC_FLUSH) == Z_STREAM_ERROR)
            return E_INTERNAL;
        buf_put(out, str_of((const char *)chunk, sizeof chunk - z->avail_out));
        TRY(buf_err(out));
    } while (z->avail_out == 0);
    /* The sync flush ends with 00 00 ff ff, which the receiver adds again; an empty message keeps one zero byte. */
    if (out->n - start < 5)
        return E_INTERNAL;
    out->n -= 4;
    return OK;
}

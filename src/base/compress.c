#include "base/compress.h"

#include <limits.h>
#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

enum {
    STEP_BYTES = 128 * 1024,
    HELD_BYTES_MAX = 256 * 1024,
    WINDOW_LOG_MAX =
        27, /* 128 MiB; what zstd's own decoder allows; a bomb's window costs no more */
};

/* What may still be appended. */
static size_t room_of(const struct buf *b)
{
    return b->max_bytes - b->n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* --- zstd --------------------------------------------------------------------------------- */

static err_t zstd_err(size_t code, err_t otherwise)
{
    switch (ZSTD_getErrorCode(code)) {
    case ZSTD_error_memory_allocation:
        return E_BUSY;
    case ZSTD_error_dstSize_tooSmall:
        return E_LIMIT;
    default:
        return otherwise;
    }
}

err_t zstd_pack(struct str bytes, int level, struct buf *out)
{
    assert(level >= 1 && level <= 19);
    size_t bound = least(ZSTD_compressBound(bytes.n), room_of(out));
    char *to = buf_reserve(out, bound);
    if (!to)
        return buf_err(out);
    size_t n = ZSTD_compress(to, bound, bytes.n ? bytes.s : "", bytes.n, level);
    if (ZSTD_isError(n))
        return zstd_err(n, E_INTERNAL);
    out->n += n;
    return OK;
}

static void free_stream(ZSTD_DStream **d)
{
    ZSTD_freeDStream(*d);
}

/* One step into `out`. At its maximum the step gets one byte aside: content that ends exactly
 * there still needs a call that says so, and any byte that comes is one too many. */
static err_t unpack_step(ZSTD_DStream *d, ZSTD_inBuffer *in, struct buf *out, size_t *ret_left)
{
    char spare = 0;
    size_t room = least(STEP_BYTES, room_of(out));
    char *to = room ? buf_reserve(out, room) : &spare;
    if (!to)
        return buf_err(out);
    ZSTD_outBuffer got = { .dst = to, .size = room ? room : 1 };
    size_t left = ZSTD_decompressStream(d, &got, in);
    if (ZSTD_isError(left))
        return zstd_err(left, E_CORRUPT);
    if (room == 0 && got.pos > 0)
        return E_LIMIT;
    out->n += got.pos;
    bool full = got.pos == got.size;
    if (left > 0 && !full && in->pos == in->size)
        return E_CORRUPT; /* cut off */
    *ret_left = left;
    return OK;
}

err_t zstd_unpack(struct str frame, struct buf *out)
{
    CLEANUP(free_stream) ZSTD_DStream *d = ZSTD_createDStream();
    if (!d)
        return E_BUSY;
    ZSTD_DCtx_setParameter(d, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    size_t before = out->n, left = 0;
    ZSTD_inBuffer in = { .src = frame.n ? frame.s : "", .size = frame.n };
    err_t e;
    do {
        e = unpack_step(d, &in, out, &left);
    } while (e == OK && left > 0);
    if (e == OK && in.pos < in.size)
        e = E_CORRUPT; /* something follows the frame */
    if (e != OK)
        out->n = before;
    return e;
}

err_t zstd_out_begin(struct zstd_out *z, int level, struct buf *out)
{
    assert(level >= 1 && level <= 19);
    *z = (struct zstd_out){ .out = out, .level = level };
    buf_init(&z->held, NULL, HELD_BYTES_MAX);
    return OK;
}

/* One step into z->out; *ret_left: how much is still to come of what the stream holds. */
static err_t pack_step(struct zstd_out *z, ZSTD_inBuffer *in, ZSTD_EndDirective how,
                       size_t *ret_left)
{
    size_t room = least(STEP_BYTES, room_of(z->out));
    char *to = room ? buf_reserve(z->out, room) : NULL;
    if (!to)
        return room ? buf_err(z->out) : E_LIMIT;
    ZSTD_outBuffer got = { .dst = to, .size = room };
    *ret_left = ZSTD_compressStream2(z->stream, &got, in, how);
    if (ZSTD_isError(*ret_left))
        return zstd_err(*ret_left, E_INTERNAL);
    z->out->n += got.pos;
    return OK;
}

static err_t put_step(struct zstd_out *z, struct str bytes)
{
    ZSTD_inBuffer in = { .src = bytes.n ? bytes.s : "", .size = bytes.n };
    size_t left;
    while (in.pos < in.size)
        TRY(pack_step(z, &in, ZSTD_e_continue, &left));
    return OK;
}

static err_t stream_begin(struct zstd_out *z)
{
    z->stream = ZSTD_createCStream();
    if (!z->stream)
        return E_BUSY;
    size_t code = ZSTD_initCStream(z->stream, z->level);
    if (ZSTD_isError(code))
        return zstd_err(code, E_INTERNAL);
    return put_step(z, buf_str(&z->held));
}

err_t zstd_out_put(struct zstd_out *z, struct str bytes)
{
    if (!z->stream && bytes.n <= HELD_BYTES_MAX - z->held.n) {
        buf_put(&z->held, bytes);
        return buf_err(&z->held);
    }
    if (!z->stream)
        TRY(stream_begin(z));
    return put_step(z, bytes);
}

err_t zstd_out_end(struct zstd_out *z)
{
    if (!z->stream)
        return zstd_pack(buf_str(&z->held), z->level, z->out);
    ZSTD_inBuffer nothing = { .src = "" };
    size_t left = 1;
    while (left)
        TRY(pack_step(z, &nothing, ZSTD_e_end, &left));
    return OK;
}

void zstd_out_free(struct zstd_out *z)
{
    ZSTD_freeCStream(z->stream);
    z->stream = NULL;
    buf_free(&z->held);
}

static err_t read_frame(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct zstd_reader *z = (struct zstd_reader *)(void *)r;
    ZSTD_outBuffer got = { .dst = to, .size = max };
    ZSTD_inBuffer in = { .src = z->frame.n ? z->frame.s : "", .size = z->frame.n, .pos = z->at };
    while (!z->ended && !got.pos) {
        size_t left = ZSTD_decompressStream(z->stream, &got, &in);
        if (ZSTD_isError(left))
            return zstd_err(left, E_CORRUPT);
        z->ended = left == 0;
        bool cut_off = left && !got.pos && in.pos == in.size, more = !left && in.pos < in.size;
        if (cut_off || more)
            return E_CORRUPT;
    }
    z->at = in.pos;
    *ret_n = got.pos;
    return OK;
}

err_t zstd_reader_init(struct zstd_reader *z, struct str frame)
{
    *z = (struct zstd_reader){ .reader = { read_frame },
                               .stream = ZSTD_createDStream(),
                               .frame = frame };
    if (!z->stream)
        return E_BUSY;
    ZSTD_DCtx_setParameter(z->stream, ZSTD_d_windowLogMax, WINDOW_LOG_MAX);
    return OK;
}

void zstd_reader_free(struct zstd_reader *z)
{
    ZSTD_freeDStream(z->stream);
    z->stream = NULL;
}

/* --- gzip --------------------------------------------------------------------------------- */

err_t gzip_pack(struct str bytes, int level, struct buf *out)
{
    enum { WINDOW_BITS = 15, GZIP_WRAPPER = 16, MEMORY_LEVEL = 8 };
    assert(level >= 1 && level <= 9);
    z_stream z = { 0 };
    if (bytes.n > UINT_MAX / 2)
        return E_LIMIT;
    if (deflateInit2(&z, level, Z_DEFLATED, WINDOW_BITS + GZIP_WRAPPER, MEMORY_LEVEL,
                     Z_DEFAULT_STRATEGY) != Z_OK)
        return E_BUSY;
    size_t bound = least(deflateBound(&z, bytes.n), room_of(out));
    char *to = buf_reserve(out, bound);
    err_t e = to ? OK : buf_err(out);
    if (to) {
        z.next_in = (z_const Bytef *)(uintptr_t)bytes.s;
        z.avail_in = (uInt)bytes.n;
        z.next_out = (Bytef *)to;
        z.avail_out = (uInt)bound;
        if (deflate(&z, Z_FINISH) == Z_STREAM_END)
            out->n += z.total_out;
        else
            e = E_LIMIT;
    }
    deflateEnd(&z);
    return e;
}

#include "exports/zip_out.h"

#include <libdeflate.h>
#include <time.h>

#include "base/limits.h"

enum {
    LEVEL = 1, /* what is packed is text, and the processor is what an export waits for */
    UTF8_NAMES = 1 << 11,
    STORED = 0,
    DEFLATED = 8,
    VERSION = 20,
    VERSION_ZIP64 = 45,
};
#define SIZE_MAX_32 UINT32_MAX

static void put16(struct buf *b, uint32_t v)
{
    buf_putc(b, (char)(v & 0xff));
    buf_putc(b, (char)(v >> 8 & 0xff));
}

static void put32(struct buf *b, uint32_t v)
{
    put16(b, v & 0xffff);
    put16(b, v >> 16);
}

static void put64(struct buf *b, uint64_t v)
{
    put32(b, (uint32_t)v);
    put32(b, (uint32_t)(v >> 32));
}

static uint32_t date_time_of(int64_t now_ms)
{
    time_t seconds = (time_t)(now_ms / 1000);
    struct tm t;
    if (!gmtime_r(&seconds, &t) || t.tm_year < 80 || t.tm_year > 207)
        return 1 << 21 | 1 << 16; /* 1980-01-01, where its clock begins */
    return (uint32_t)(t.tm_year - 80) << 25 | (uint32_t)(t.tm_mon + 1) << 21 |
           (uint32_t)t.tm_mday << 16 | (uint32_t)t.tm_hour << 11 | (uint32_t)t.tm_min << 5 |
           (uint32_t)t.tm_sec / 2;
}

err_t zip_out_init(struct zip_out *z, err_t (*put)(void *context, struct str bytes), void *context,
                   int64_t now_ms)
{
    *z = (struct zip_out){ .put = put, .context = context, .date_time = date_time_of(now_ms) };
    buf_init(&z->directory, NULL, MIB(1024));
    buf_init(&z->packed, NULL, MIB(1024));
    z->deflate = libdeflate_alloc_compressor(LEVEL);
    return z->deflate ? OK : E_BUSY;
}

void zip_out_free(struct zip_out *z)
{
    buf_free(&z->directory);
    buf_free(&z->packed);
    libdeflate_free_compressor(z->deflate);
    z->deflate = NULL;
}

static err_t send(struct zip_out *z, struct str bytes)
{
    z->at += bytes.n;
    return z->put(z->context, bytes);
}

/* The packed bytes, or the bytes themselves where packing gains nothing. */
static err_t pack_bytes(struct zip_out *z, struct str bytes, struct str *ret)
{
    buf_clear(&z->packed);
    char *room = buf_reserve(&z->packed, bytes.n + 1);
    if (!room)
        return buf_err(&z->packed);
    size_t n = libdeflate_deflate_compress(z->deflate, bytes.s, bytes.n, room, bytes.n);
    *ret = n ? str_of(room, n) : bytes;
    return OK;
}

/* From the version that is needed to the length of the name: the same in both headers. */
static void put_common(struct buf *b, const struct zip_out *z, uint32_t version, bool packed,
                       uint32_t crc, size_t packed_bytes, size_t bytes, size_t name_bytes)
{
    put16(b, version);
    put16(b, UTF8_NAMES);
    put16(b, packed ? DEFLATED : STORED);
    put32(b, z->date_time);
    put32(b, crc);
    put32(b, (uint32_t)packed_bytes);
    put32(b, (uint32_t)bytes);
    put16(b, (uint32_t)name_bytes);
}

err_t zip_out_add(struct zip_out *z, struct str name, struct str bytes, bool pack)
{
    assert(name.n && name.n <= UINT16_MAX && name.s[0] != '/');
    if (bytes.n >= SIZE_MAX_32 || z->count >= EXPORT_ZIP_MEMBERS_MAX)
        return err_note(E_LIMIT, NULL, "this is more than one export holds; export parts of it");
    struct str body = bytes;
    if (pack && bytes.n)
        TRY(pack_bytes(z, bytes, &body));
    bool packed = body.s != bytes.s, far = z->at >= SIZE_MAX_32;
    uint32_t crc = libdeflate_crc32(0, bytes.s, bytes.n);
    uint32_t version = far ? VERSION_ZIP64 : VERSION;
    struct buf *d = &z->directory;
    put32(d, 0x02014b50);
    put16(d, 3 << 8 | VERSION_ZIP64); /* made by: the modes below are those of Unix */
    put_common(d, z, version, packed, crc, body.n, bytes.n, name.n);
    put16(d, far ? 12 : 0); /* extra */
    put16(d, 0);            /* comment */
    put16(d, 0);            /* disk */
    put16(d, 0);
    put32(d, (uint32_t)0100644 << 16);
    put32(d, far ? SIZE_MAX_32 : (uint32_t)z->at);
    buf_put(d, name);
    if (far) {
        put16(d, 1);
        put16(d, 8);
        put64(d, z->at);
    }
    TRY(buf_err(d));
    CLEANUP(arena_free) struct arena a = { 0 };
    struct buf head;
    arena_init(&a, KIB(128));
    buf_init(&head, &a, KIB(96));
    put32(&head, 0x04034b50);
    put_common(&head, z, VERSION, packed, crc, body.n, bytes.n, name.n);
    put16(&head, 0);
    buf_put(&head, name);
    TRY(buf_err(&head));
    TRY(send(z, buf_str(&head)));
    TRY(send(z, body));
    z->count++;
    return OK;
}

static void put_end64(struct buf *b, uint64_t count, uint64_t bytes, uint64_t at)
{
    put32(b, 0x06064b50);
    put64(b, 44);
    put16(b, 3 << 8 | VERSION_ZIP64);
    put16(b, VERSION_ZIP64);
    put32(b, 0);
    put32(b, 0);
    put64(b, count);
    put64(b, count);
    put64(b, bytes);
    put64(b, at);
    put32(b, 0x07064b50); /* where that stands */
    put32(b, 0);
    put64(b, at + bytes);
    put32(b, 1);
}

err_t zip_out_end(struct zip_out *z)
{
    uint64_t bytes = z->directory.n, at = z->at;
    bool far = z->count >= UINT16_MAX || bytes >= SIZE_MAX_32 || at >= SIZE_MAX_32;
    TRY(send(z, buf_str(&z->directory)));
    struct buf *b = &z->packed;
    buf_clear(b);
    if (far)
        put_end64(b, z->count, bytes, at);
    put32(b, 0x06054b50);
    put16(b, 0);
    put16(b, 0);
    put16(b, far ? UINT16_MAX : (uint32_t)z->count);
    put16(b, far ? UINT16_MAX : (uint32_t)z->count);
    put32(b, far ? SIZE_MAX_32 : (uint32_t)bytes);
    put32(b, far ? SIZE_MAX_32 : (uint32_t)at);
    put16(b, 0);
    TRY(buf_err(b));
    return send(z, buf_str(b));
}

/* Zips made by hand, so that they can be wrong in one place each. */
#ifndef VIVIM_TEST_IMPORTS_ZIPS_H
#define VIVIM_TEST_IMPORTS_ZIPS_H

#include <zlib.h>

#include "archive/check.h"
#include "os/file.h"

struct zipped {
    const char *name;
    struct str bytes;    /* as they lie there */
    uint16_t method;     /* 0 stored, 8 deflated */
    uint16_t flags;      /* 1: encrypted */
    uint32_t unpacked;   /* said; 0: as many as there are */
    uint32_t packed;     /* said in the list; 0: as many as there are */
    uint32_t crc;        /* 0: the right one of stored bytes */
    uint32_t attributes; /* external; a link is 0120777 << 16 */
};

static inline void put16(struct buf *b, uint32_t v)
{
    buf_putc(b, (char)v);
    buf_putc(b, (char)(v >> 8));
}

static inline void put32(struct buf *b, uint32_t v)
{
    put16(b, v);
    put16(b, v >> 16);
}

static inline void put_common(struct buf *b, const struct zipped *z)
{
    uint32_t n = (uint32_t)z->bytes.n;
    put16(b, 20);
    put16(b, z->flags);
    put16(b, z->method);
    put32(b, 0x5a210000); /* 2025-01-01 */
    put32(b, z->crc ? z->crc : (uint32_t)crc32(0, (const unsigned char *)z->bytes.s, n));
    put32(b, z->packed ? z->packed : n);
    put32(b, z->unpacked ? z->unpacked : n);
    put16(b, (uint32_t)strlen(z->name));
    put16(b, 0);
}

static inline struct str zip_of(struct arena *a, const struct zipped *list, size_t count)
{
    struct buf b, names;
    buf_init(&b, a, MIB(64));
    buf_init(&names, a, MIB(64));
    for (size_t i = 0; i < count; i++) {
        uint32_t at = (uint32_t)b.n;
        buf_put(&b, S("PK\3\4"));
        put_common(&b, &list[i]);
        buf_put(&b, str_from(list[i].name));
        buf_put(&b, list[i].bytes);
        buf_put(&names, S("PK\1\2"));
        put16(&names, 3 << 8 | 20); /* made on Unix */
        put_common(&names, &list[i]);
        put16(&names, 0);
        put16(&names, 0);
        put16(&names, 0);
        put32(&names, list[i].attributes);
        put32(&names, at);
        buf_put(&names, str_from(list[i].name));
    }
    uint32_t at = (uint32_t)b.n;
    buf_put(&b, buf_str(&names));
    buf_put(&b, S("PK\5\6\0\0\0\0"));
    put16(&b, (uint32_t)count);
    put16(&b, (uint32_t)count);
    put32(&b, (uint32_t)names.n);
    put32(&b, at);
    put16(&b, 0);
    assert_int_equal(buf_err(&b), OK);
    return buf_str(&b);
}

/* Raw deflate. */
static inline struct str deflated(struct arena *a, struct str bytes)
{
    z_stream z = { .next_in = (unsigned char *)bytes.s, .avail_in = (unsigned)bytes.n };
    size_t room = bytes.n + 1024;
    char *to = arena_bytes(a, room);
    assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, -15, 9, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_out = (unsigned char *)to;
    z.avail_out = (unsigned)room;
    assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
    size_t n = z.total_out;
    deflateEnd(&z);
    return str_of(to, n);
}

/* The path of a file with these bytes, in a folder of its own that *ret_folder names. */
static inline const char *file_of(struct arena *a, struct str bytes, char **ret_folder)
{
    assert_ok(folder_temp(a, "vivim-files-", ret_folder));
    const char *path = str_cstr(a, str_fmt(a, "%s/export.zip", *ret_folder));
    assert_ok(file_write_atomic(path, bytes, 0600));
    return path;
}

#endif

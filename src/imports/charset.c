#include "imports/charset.h"

#include "base/utf8.h"

enum utf16 utf16_of(struct str head)
{
    const unsigned char *b = (const unsigned char *)head.s;
    if (head.n < 4)
        return UTF16_NOT;
    if ((b[0] == 0xff && b[1] == 0xfe) || (b[0] && b[0] < 128 && !b[1] && b[2] && !b[3]))
        return UTF16_LITTLE;
    if ((b[0] == 0xfe && b[1] == 0xff) || (!b[0] && b[1] && b[1] < 128 && !b[2] && b[3]))
        return UTF16_BIG;
    return UTF16_NOT;
}

/* --- UTF-16 ------------------------------------------------------------------------------------------------------------ */

static void put(struct utf16_reader *u, uint32_t point)
{
    struct buf b = { .s = u->out + u->out_n, .cap = 4, .max_bytes = 4 };
    utf8_put(&b, point);
    u->out_n += b.n;
}

static void take_unit(struct utf16_reader *u, uint32_t unit)
{
    bool second = unit >= 0xdc00 && unit < 0xe000, first = unit >= 0xd800 && unit < 0xdc00;
    bool mark = !u->begun && unit == 0xfeff;
    u->begun = true;
    if (u->high && second) {
        put(u, 0x10000 + ((u->high - 0xd800) << 10) + (unit - 0xdc00));
        u->high = 0;
        return;
    }
    if (u->high)
        put(u, 0xfffd);
    u->high = first ? unit : 0;
    if (!first && !mark)
        put(u, second ? 0xfffd : unit);
}

static void take_bytes(struct utf16_reader *u, const unsigned char *b, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (!u->has_odd) {
            u->odd = b[i];
            u->has_odd = true;
            continue;
        }
        u->has_odd = false;
        take_unit(u, u->order == UTF16_LITTLE ? u->odd | (uint32_t)b[i] << 8
                                              : (uint32_t)u->odd << 8 | b[i]);
    }
}

static err_t read_utf16(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct utf16_reader *u = (struct utf16_reader *)r;
    while (u->out_at == u->out_n && !u->ended) {
        char raw[256];
        size_t n;
        TRY(u->from->read(u->from, raw, sizeof raw, &n));
        u->out_at = u->out_n = 0;
        take_bytes(u, (const unsigned char *)raw, n);
        u->ended = n == 0;
        if (u->ended && (u->has_odd || u->high))
            put(u, 0xfffd);
    }
    size_t n = u->out_n - u->out_at < max ? u->out_n - u->out_at : max;
    memcpy(to, u->out + u->out_at, n);
    u->out_at += n;
    *ret_n = n;
    return OK;
}

void utf16_reader_init(struct utf16_reader *u, struct reader *from, enum utf16 order)
{
    *u = (struct utf16_reader){ .reader = { read_utf16 }, .from = from, .order = order };
}

/* --- by name -------------------------------------------------------------------------------------------------------------- */

/* 0x80 .. 0x9f of windows-1252 (WHATWG Encoding, index windows-1252). */
static const uint16_t WINDOWS[32] = { 0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020,
                                      0x2021, 0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,
                                      0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d,
                                      0x2022, 0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a,
                                      0x153,  0x9d,   0x17e,  0x178 };

static bool is_western(struct str name)
{
    static const char *const NAMES[] = { "iso-8859-1", "iso8859-1", "latin1", "windows-1252",
                                         "cp1252" };
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        if (str_eq_nocase(name, str_from(NAMES[i])))
            return true;
    return false;
}

static err_t from_western(struct arena *a, struct str bytes, struct str *ret)
{
    struct buf out;
    buf_init(&out, a, bytes.n * 3 + 1);
    for (size_t i = 0; i < bytes.n; i++) {
        unsigned char c = (unsigned char)bytes.s[i];
        utf8_put(&out, c >= 0x80 && c < 0xa0 ? WINDOWS[c - 0x80] : c);
    }
    *ret = buf_str(&out);
    return buf_err(&out);
}

err_t charset_utf8(struct arena *a, struct str charset, struct str bytes, struct str *ret)
{
    bool little = str_eq_nocase(charset, S("utf-16le")) || str_eq_nocase(charset, S("utf-16"));
    enum utf16 order = little                                  ? UTF16_LITTLE
                       : str_eq_nocase(charset, S("utf-16be")) ? UTF16_BIG
                                                               : utf16_of(bytes);
    if (order != UTF16_NOT) {
        struct memory_reader m;
        struct utf16_reader u;
        memory_reader_init(&m, bytes);
        utf16_reader_init(&u, &m.reader, utf16_of(bytes) != UTF16_NOT ? utf16_of(bytes) : order);
        return reader_all(&u.reader, a, bytes.n * 2 + 8, ret);
    }
    if (is_western(charset) && !utf8_ok(bytes))
        return from_western(a, bytes, ret);
    *ret = utf8_repair(a, bytes);
    return arena_err(a);
}

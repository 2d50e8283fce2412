#include "base/charset.h"

#include "base/limits.h"
#include "base/utf8.h"

enum utf16 { NOT_UTF16, LITTLE, BIG };

/* Without a mark: characters below U+0100 in front, as "{" and "<" and what comes with them, have a zero byte each. */
static enum utf16 utf16_of(struct str s)
{
    enum { LOOKED_AT = 4 };
    const unsigned char *b = (const unsigned char *)s.s;
    size_t even = 0, odd = 0;
    if (s.n < LOOKED_AT)
        return NOT_UTF16;
    if (b[0] == 0xff && b[1] == 0xfe)
        return LITTLE;
    if (b[0] == 0xfe && b[1] == 0xff)
        return BIG;
    for (size_t i = 0; i < LOOKED_AT; i++)
        *(i % 2 ? &odd : &even) += b[i] == 0;
    return odd == LOOKED_AT / 2 && !even ? LITTLE : even == LOOKED_AT / 2 && !odd ? BIG : NOT_UTF16;
}

static unsigned unit_at(struct str s, size_t at, enum utf16 kind)
{
    const unsigned char *b = (const unsigned char *)s.s + at;
    return kind == LITTLE ? b[0] | (unsigned)b[1] << 8 : b[1] | (unsigned)b[0] << 8;
}

static bool is_high(unsigned u)
{
    return u >= 0xd800 && u < 0xdc00;
}

static bool is_low(unsigned u)
{
    return u >= 0xdc00 && u < 0xe000;
}

static void put_utf16(struct buf *out, struct str s, enum utf16 kind)
{
    for (size_t i = 0; i + 1 < s.n; i += 2) {
        unsigned u = unit_at(s, i, kind), next = i + 3 < s.n ? unit_at(s, i + 2, kind) : 0;
        if (i == 0 && u == 0xfeff)
            continue;
        if (is_high(u) && is_low(next)) {
            utf8_put(out, 0x10000 + ((u - 0xd800) << 10) + (next - 0xdc00));
            i += 2;
        } else {
            utf8_put(out, u); /* a half alone: U+FFFD */
        }
    }
    if (s.n % 2)
        utf8_put(out, 0xfffd);
}

/* https://encoding.spec.whatwg.org/#windows-1252: bytes 80 to 9F; the others are their own code points. */
static void put_windows_1252(struct buf *out, struct str s)
{
    static const unsigned short HIGH[32] = { 0x20ac, 0x81,   0x201a, 0x192,  0x201e, 0x2026, 0x2020,
                                             0x2021, 0x2c6,  0x2030, 0x160,  0x2039, 0x152,  0x8d,
                                             0x17d,  0x8f,   0x90,   0x2018, 0x2019, 0x201c, 0x201d,
                                             0x2022, 0x2013, 0x2014, 0x2dc,  0x2122, 0x161,  0x203a,
                                             0x153,  0x9d,   0x17e,  0x178 };
    for (size_t i = 0; i < s.n; i++) {
        unsigned c = (unsigned char)s.s[i];
        utf8_put(out, c >= 0x80 && c < 0xa0 ? HIGH[c - 0x80] : c);
    }
}

static size_t first_bad(struct str s)
{
    for (size_t i = 0, at; i < s.n; i = at) {
        at = i;
        if (utf8_next(s, &at) == 0xfffd && !str_starts(str_sub(s, i, s.n), S("\xef\xbf\xbd")))
            return i;
    }
    return s.n;
}

/* A file that was not written to its end may stop within a character: that much is left out. */
static struct str whole_characters(struct str s)
{
    enum { CHARACTER_MAX = 4 };
    size_t n = s.n;
    while (n && s.n - n < CHARACTER_MAX - 1 && ((unsigned char)s.s[n - 1] & 0xc0) == 0x80)
        n--;
    unsigned first = n ? (unsigned char)s.s[n - 1] : 0;
    return first >= 0xc2 && first <= 0xf4 ? str_sub(s, 0, n - 1) : s;
}

err_t charset_decode(struct arena *a, struct str bytes, struct str *ret)
{
    enum utf16 kind = utf16_of(bytes);
    struct buf out;
    if (kind == NOT_UTF16 && !utf8_ok(bytes) && utf8_ok(whole_characters(bytes)))
        bytes = whole_characters(bytes);
    if (kind == NOT_UTF16 && utf8_ok(bytes)) {
        *ret = str_starts(bytes, S("\xef\xbb\xbf")) ? str_sub(bytes, 3, bytes.n) : bytes;
        return OK;
    }
    struct str head = str_trim(str_sub(bytes, 0, KIB(4)));
    if (kind == NOT_UTF16 && !str_starts(head, S("<")))
        return err_note(E_BAD_ENCODING, NULL,
                        "the file is not valid UTF-8 at byte %zu; save it as UTF-8",
                        first_bad(bytes));
    buf_init(&out, a, JSON_BYTES_MAX * 3);
    if (kind == NOT_UTF16)
        put_windows_1252(&out, bytes);
    else
        put_utf16(&out, bytes, kind);
    TRY(buf_err(&out));
    *ret = buf_str(&out);
    return OK;
}

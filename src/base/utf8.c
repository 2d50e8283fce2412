#include "base/utf8.h"

#include "base/json_simd.h"

enum { REPLACEMENT = 0xFFFD, SIMD_FROM_BYTES = 64 };

static bool is_tail(struct str s, size_t at)
{
    return at < s.n && ((unsigned char)s.s[at] & 0xC0) == 0x80;
}

/* How many bytes the valid sequence at `at` has; 0 for an invalid one. Table 3-7 of Unicode. */
static size_t sequence_bytes(struct str s, size_t at)
{
    unsigned char c = (unsigned char)s.s[at];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4 || !is_tail(s, at + 1))
        return 0;
    if (c < 0xE0)
        return 2;
    unsigned char second = (unsigned char)s.s[at + 1];
    if (!is_tail(s, at + 2))
        return 0;
    if (c < 0xF0) {
        bool overlong = c == 0xE0 && second < 0xA0;
        bool surrogate = c == 0xED && second >= 0xA0;
        return overlong || surrogate ? 0 : 3;
    }
    if (!is_tail(s, at + 3) || (c == 0xF0 && second < 0x90) || (c == 0xF4 && second >= 0x90))
        return 0;
    return 4;
}

bool utf8_ok(struct str s)
{
    if (s.n >= SIMD_FROM_BYTES)
        return simd_utf8_ok(s.s, s.n);
    for (size_t at = 0; at < s.n;) {
        size_t n = sequence_bytes(s, at);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}

bool text_ok(struct str s)
{
    return str_find_char(s, 0, 0) == s.n && utf8_ok(s);
}

uint32_t utf8_next(struct str s, size_t *at)
{
    static const unsigned char LEAD_BITS[5] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
    assert(*at < s.n);
    size_t n = sequence_bytes(s, *at);
    if (n == 0) {
        ++*at;
        return REPLACEMENT;
    }
    uint32_t c = (unsigned char)s.s[*at] & LEAD_BITS[n];
    for (size_t i = 1; i < n; i++)
        c = c << 6 | ((unsigned char)s.s[*at + i] & 0x3F);
    *at += n;
    return c;
}

void utf8_put(struct buf *b, uint32_t c)
{
    char out[4];
    size_t n = 0;
    if (c > 0x10FFFF || (c >= 0xD800 && c <= 0xDFFF))
        c = REPLACEMENT;
    if (c < 0x80) {
        out[n++] = (char)c;
    } else if (c < 0x800) {
        out[n++] = (char)(0xC0 | c >> 6);
    } else if (c < 0x10000) {
        out[n++] = (char)(0xE0 | c >> 12);
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    } else {
        out[n++] = (char)(0xF0 | c >> 18);
        out[n++] = (char)(0x80 | (c >> 12 & 0x3F));
        out[n++] = (char)(0x80 | (c >> 6 & 0x3F));
    }
    if (c >= 0x80)
        out[n++] = (char)(0x80 | (c & 0x3F));
    buf_put(b, str_of(out, n));
}

struct str utf8_cut(struct str s, size_t max_bytes)
{
    if (s.n <= max_bytes)
        return s;
    size_t end = max_bytes;
    while (end > 0 && max_bytes - end < 3 && is_tail(s, end))
        end--;
    if (is_tail(s, end)) /* no character is that long: nothing here to keep whole */
        end = max_bytes;
    return str_of(s.s, end);
}

size_t utf8_count(struct str s)
{
    size_t count = 0;
    for (size_t i = 0; i < s.n; i++)
        count += ((unsigned char)s.s[i] & 0xC0) != 0x80;
    return count;
}

struct str utf8_repair(struct arena *a, struct str s)
{
    if (text_ok(s))
        return s;
    struct buf b;
    buf_init(&b, a, SIZE_MAX);
    size_t kept = 0;
    for (size_t at = 0; at < s.n;) {
        size_t n = s.s[at] ? sequence_bytes(s, at) : 0;
        if (n > 0) {
            at += n;
            continue;
        }
        buf_put(&b, str_sub(s, kept, at));
        utf8_put(&b, REPLACEMENT);
        kept = ++at;
    }
    buf_put(&b, str_sub(s, kept, s.n));
    return buf_err(&b) == OK ? buf_str(&b) : STR_NONE;
}

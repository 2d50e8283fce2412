#include "base/json_text.h"

#include <math.h>

#include "base/double.h"
#include "base/json_write.h"
#include "base/utf8.h"

/* --- strings ------------------------------------------------------------------------------ */

/* The letter behind the backslash, 'u' for \u00xx, 0 where nothing has to be escaped. */
static char escape_of(unsigned char c)
{
    static const char CONTROL[] = "uuuuuuuubtnufruuuuuuuuuuuuuuuuuu";
    if (c < 0x20)
        return CONTROL[c];
    return c == '"' || c == '\\' ? (char)c : 0;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char HEX[] = "0123456789abcdef";
    char out[6] = { '\\', escape_of(c), '0', '0', HEX[c >> 4], HEX[c & 15] };
    buf_put(b, str_of(out, out[1] == 'u' ? 6 : 2));
}

/* Of eight bytes, is each plain ASCII that needs no escape? */
static bool eight_plain(const char *at)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    uint64_t w;
    memcpy(&w, at, 8);
    /* a byte's high bit is set below where it is below 0x20, '"', '\\' or not ASCII */
    uint64_t quote = w ^ ones * '"', slash = w ^ ones * '\\';
    uint64_t special = (w - ones * 0x20) | (quote - ones) | (slash - ones) | w;
    return !(special & highs);
}

/* How many bytes from the front are plain ASCII that needs no escape: the case to be fast in. */
static size_t plain_bytes(struct str s)
{
    size_t n = 0;
    while (s.n - n >= 8 && eight_plain(s.s + n))
        n += 8;
    if (s.n >= 8 && s.n - n < 8 &&
        eight_plain(s.s + s.n - 8)) /* the last ones with some before them */
        return s.n;
    while (n < s.n && (unsigned char)s.s[n] < 0x80 && !escape_of((unsigned char)s.s[n]))
        n++;
    return n;
}

/* Text that needs a second look: escapes and bytes that are not valid UTF-8. */
static void put_checked(struct buf *b, struct str s)
{
    size_t kept = 0;
    for (size_t at = 0; at < s.n;) {
        size_t from = at;
        unsigned char c = (unsigned char)s.s[at];
        bool escape = escape_of(c) != 0, broken = false;
        if (escape)
            at++;
        else if (c < 0x80)
            at += plain_bytes(str_sub(s, at, s.n));
        else
            broken = utf8_next(s, &at) == 0xFFFD && at - from == 1;
        if (!broken && !escape)
            continue;
        buf_put(b, str_sub(s, kept, from));
        if (broken)
            buf_put(b, S("\xEF\xBF\xBD"));
        else
            put_escape(b, c);
        kept = at;
    }
    buf_put(b, str_sub(s, kept, s.n));
}

void json_put_string(struct buf *b, struct str s)
{
    size_t plain = plain_bytes(s);
    char *to = buf_reserve(b, plain + 2); /* the quotes too, where nothing else is to come */
    if (!to)
        return;
    *to = '"';
    if (plain)
        memcpy(to + 1, s.s, plain);
    to[plain + 1] = '"';
    b->n += plain + 1;
    if (plain == s.n) {
        b->n++;
        return;
    }
    put_checked(b, str_sub(s, plain, s.n));
    buf_putc(b, '"');
}

/* --- numbers ------------------------------------------------------------------------------ */

void json_put_u64(struct buf *b, uint64_t v)
{
    if (v > INT64_MAX) {
        buf_put_i64(b, (int64_t)(v / 10));
        v %= 10;
    }
    buf_put_i64(b, (int64_t)v);
}

static size_t put_exponent(char *p, int exponent)
{
    size_t n = 0;
    p[n++] = 'e';
    p[n++] = exponent < 0 ? '-' : '+';
    int e = exponent < 0 ? -exponent : exponent;
    if (e >= 100)
        p[n++] = (char)('0' + e / 100);
    if (e >= 10)
        p[n++] = (char)('0' + e / 10 % 10);
    p[n++] = (char)('0' + e % 10);
    return n;
}

static size_t put_zeros(char *p, int n)
{
    memset(p, '0', (size_t)n);
    return (size_t)n;
}

static size_t put_digits(char *p, const char *digits, int n)
{
    memcpy(p, digits, (size_t)n);
    return (size_t)n;
}

/* ECMA-262, Number::toString, steps 6 to 10; k digits, and the value is 0.DIGITS * 10^n. */
static size_t put_notation(char *p, const char *digits, int k, int n)
{
    size_t len = 0;
    if (k <= n && n <= 21) { /* 12300 */
        len += put_digits(p, digits, k);
        return len + put_zeros(p + len, n - k);
    }
    if (0 < n && n <= 21) { /* 12.3 */
        len += put_digits(p, digits, n);
        p[len++] = '.';
        return len + put_digits(p + len, digits + n, k - n);
    }
    if (-6 < n && n <= 0) { /* 0.00123 */
        p[len++] = '0';
        p[len++] = '.';
        len += put_zeros(p + len, -n);
        return len + put_digits(p + len, digits, k);
    }
    p[len++] = digits[0]; /* 1.23e+40 */
    if (k > 1) {
        p[len++] = '.';
        len += put_digits(p + len, digits + 1, k - 1);
    }
    return len + put_exponent(p + len, n - 1);
}

size_t double_text(double v, char ret[32])
{
    assert(isfinite(v));
    char digits[DOUBLE_DIGITS_MAX];
    int point;
    if (v == 0) { /* minus zero too, as ECMAScript does */
        ret[0] = '0';
        ret[1] = 0;
        return 1;
    }
    size_t sign = v < 0;
    if (sign)
        ret[0] = '-';
    int n = double_digits(fabs(v), digits, &point);
    size_t len = sign + put_notation(ret + sign, digits, n, point);
    ret[len] = 0;
    return len;
}

void json_put_f64(struct buf *b, double v)
{
    char text[32];
    buf_put(b, isfinite(v) ? str_of(text, double_text(v, text)) : S("null"));
}

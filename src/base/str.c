#include "base/str.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/double.h"

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c | 0x20) : c;
}

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool str_eq_nocase(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.s[i]) != lower(b.s[i]))
            return false;
    return true;
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int order = n ? memcmp(a.s, b.s, n) : 0;
    return order ? order : (a.n > b.n) - (a.n < b.n);
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && str_eq(str_of(s.s, prefix.n), prefix);
}

bool str_ends(struct str s, struct str suffix)
{
    return s.n >= suffix.n &&
           (suffix.n == 0 || str_eq(str_of(s.s + s.n - suffix.n, suffix.n), suffix));
}

size_t str_find(struct str s, struct str needle, size_t from)
{
    if (from > s.n || needle.n > s.n - from)
        return s.n;
    if (needle.n == 0)
        return from;
    /* What is looked for is mostly rare, and so is its first byte: memchr is many times as fast as memmem. Where it is not, it is
     * given up soon. */
    enum { MISSES_FREE = 8, BYTES_A_MISS = 32 };
    const char *start = s.s + from, *p = start, *end = s.s + s.n - needle.n + 1, *hit;
    for (size_t misses = 0; misses <= MISSES_FREE + (size_t)(p - start) / BYTES_A_MISS; misses++) {
        p = memchr(p, needle.s[0], (size_t)(end - p));
        if (!p)
            return s.n;
        if (memcmp(p, needle.s, needle.n) == 0)
            return (size_t)(p - s.s);
        if (++p == end)
            return s.n;
    }
    hit = memmem(p, (size_t)(s.s + s.n - p), needle.s, needle.n);
    return hit ? (size_t)(hit - s.s) : s.n;
}

size_t str_find_char(struct str s, char c, size_t from)
{
    if (from >= s.n)
        return s.n;
    const char *hit = memchr(s.s + from, c, s.n - from);
    return hit ? (size_t)(hit - s.s) : s.n;
}

struct str str_sub(struct str s, size_t from, size_t to)
{
    if (to > s.n)
        to = s.n;
    if (from > to)
        from = to;
    return s.s ? str_of(s.s + from, to - from) : s;
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_space(s.s[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_space(s.s[0])) {
        s.s++;
        s.n--;
    }
    return s;
}

bool str_cut(struct str *rest, char sep, struct str *ret_part)
{
    if (!rest->s)
        return false;
    size_t at = str_find_char(*rest, sep, 0);
    *ret_part = str_of(rest->s, at);
    *rest = at < rest->n ? str_of(rest->s + at + 1, rest->n - at - 1) : STR_NONE;
    return true;
}

err_t str_to_u64(struct str s, uint64_t *ret)
{
    if (s.n == 0)
        return E_BAD_INPUT;
    uint64_t v = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (!is_digit(s.s[i]) || __builtin_mul_overflow(v, 10, &v) ||
            __builtin_add_overflow(v, (uint64_t)(s.s[i] - '0'), &v))
            return E_BAD_INPUT;
    }
    *ret = v;
    return OK;
}

err_t str_to_i64(struct str s, int64_t *ret)
{
    bool negative = s.n > 0 && s.s[0] == '-';
    uint64_t v;
    TRY(str_to_u64(negative ? str_sub(s, 1, s.n) : s, &v));
    uint64_t most = (uint64_t)INT64_MAX + (negative ? 1 : 0);
    if (v > most)
        return E_BAD_INPUT;
    *ret = negative ? (int64_t)(0 - v) : (int64_t)v;
    return OK;
}

static size_t skip_digits(struct str s, size_t at)
{
    while (at < s.n && is_digit(s.s[at]))
        at++;
    return at;
}

/* -? digits [. digits] [e [+-] digits] */
static bool is_decimal(struct str s)
{
    size_t at = s.n > 0 && s.s[0] == '-';
    size_t end = skip_digits(s, at);
    if (end == at)
        return false;
    if (end < s.n && s.s[end] == '.') {
        at = end + 1;
        end = skip_digits(s, at);
        if (end == at)
            return false;
    }
    if (end < s.n && lower(s.s[end]) == 'e') {
        at = end + 1;
        at += at < s.n && (s.s[at] == '-' || s.s[at] == '+');
        end = skip_digits(s, at);
        if (end == at)
            return false;
    }
    return end == s.n;
}

err_t str_to_f64(struct str s, double *ret)
{
    double v;
    if (!is_decimal(s) || !double_read(s.s, s.n, &v))
        return E_BAD_INPUT;
    *ret = v;
    return OK;
}

struct str str_dup(struct arena *a, struct str s)
{
    return str_cat(a, s, STR_NONE);
}

err_t str_to_cstr(struct arena *a, struct str s, char **ret)
{
    if (str_find_char(s, 0, 0) < s.n)
        return E_BAD_INPUT;
    char *z = arena_bytes(a, s.n + 1);
    if (!z)
        return arena_err(a);
    if (s.n > 0)
        memcpy(z, s.s, s.n);
    z[s.n] = 0;
    *ret = z;
    return OK;
}

char *str_cstr(struct arena *a, struct str s)
{
    char *z = NULL;
    err_t e = str_to_cstr(a, s, &z);
    assert(e != E_BAD_INPUT);
    return e == OK ? z : NULL;
}

struct str str_lower(struct arena *a, struct str s)
{
    char *p = arena_bytes(a, s.n);
    if (!p)
        return STR_NONE;
    for (size_t i = 0; i < s.n; i++)
        p[i] = lower(s.s[i]);
    return str_of(p, s.n);
}

struct str str_fmt(struct arena *a, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* Over INT_MAX, of foreign texts together: no arena has that much, so it fails as it should. */
    char *p = arena_bytes(a, n < 0 ? SIZE_MAX : (size_t)n + 1);
    if (!p)
        return STR_NONE;
    va_start(args, format);
    int again = vsnprintf(p, (size_t)n + 1, format, args);
    va_end(args);
    assert(again == n);
    UNUSED(again);
    return str_of(p, (size_t)n);
}

struct str str_join(struct arena *a, const struct str *parts, size_t count)
{
    size_t n = 0, at = 0;
    for (size_t i = 0; i < count; i++)
        if (__builtin_add_overflow(n, parts[i].n, &n))
            n = SIZE_MAX; /* no arena has that much: fails as it should */
    char *p = arena_bytes(a, n);
    if (!p)
        return STR_NONE;
    for (size_t i = 0; i < count; at += parts[i++].n)
        if (parts[i].n > 0)
            memcpy(p + at, parts[i].s, parts[i].n);
    return str_of(p, n);
}

struct str str_cat(struct arena *a, struct str x, struct str y)
{
    return str_join(a, (const struct str[]){ x, y }, 2);
}

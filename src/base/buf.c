#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>

enum { FIRST_BYTES = 64 };

void buf_init(struct buf *b, struct arena *arena_or_null, size_t max_bytes)
{
    size_t most = SIZE_MAX / 4; /* so that doubling and the spare byte cannot overflow */
    *b = (struct buf){ .arena = arena_or_null, .max_bytes = max_bytes < most ? max_bytes : most };
}

void buf_free(struct buf *b)
{
    if (!b->arena)
        free(b->s);
    *b = (struct buf){ .arena = b->arena, .max_bytes = b->max_bytes };
}

void buf_clear(struct buf *b)
{
    b->n = 0;
    b->failed = OK;
}

/* The memory is one byte larger than `cap` says, for the zero byte that vsnprintf insists on. */
static bool move_to(struct buf *b, size_t cap)
{
    if (!b->arena) {
        char *s = realloc(b->s, cap + 1);
        if (!s) {
            b->failed = E_BUSY;
            return false;
        }
        b->s = s;
    } else {
        char *s = arena_bytes(b->arena, cap + 1);
        if (!s) {
            b->failed = arena_err(b->arena);
            return false;
        }
        if (b->s)
            memcpy(s, b->s, b->n);
        b->s = s;
    }
    b->cap = cap;
    return true;
}

char *buf_grow(struct buf *b, size_t n)
{
    if (b->failed != OK)
        return NULL;
    if (n > b->max_bytes - b->n) {
        b->failed = E_LIMIT;
        return NULL;
    }
    size_t cap = b->cap < FIRST_BYTES / 2 ? FIRST_BYTES : b->cap * 2;
    if (cap < b->n + n)
        cap = b->n + n;
    if (cap > b->max_bytes)
        cap = b->max_bytes;
    return move_to(b, cap) ? b->s + b->n : NULL;
}

void buf_put(struct buf *b, struct str s)
{
    if (s.n == 0)
        return;
    char *to = buf_reserve(b, s.n);
    if (!to)
        return;
    memcpy(to, s.s, s.n);
    b->n += s.n;
}

void buf_putc(struct buf *b, char c)
{
    char *to = buf_reserve(b, 1);
    if (!to)
        return;
    *to = c;
    b->n++;
}

void buf_putf(struct buf *b, const char *format, ...)
{
    if (b->failed != OK)
        return;
    size_t room = b->s ? b->cap - b->n + 1 : 0;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(room ? b->s + b->n : NULL, room, format, args);
    va_end(args);
    assert(n >= 0);
    if ((size_t)n >= room) {
        char *to = buf_reserve(b, (size_t)n);
        if (!to)
            return;
        va_start(args, format);
        int again = vsnprintf(to, (size_t)n + 1, format, args);
        va_end(args);
        assert(again == n);
        UNUSED(again);
    }
    b->n += (size_t)n;
}

void buf_put_i64(struct buf *b, int64_t v)
{
    char digits[20];
    size_t at = sizeof digits;
    uint64_t rest = v < 0 ? 0 - (uint64_t)v : (uint64_t)v;
    do {
        digits[--at] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest > 0);
    if (v < 0)
        digits[--at] = '-';
    buf_put(b, str_of(digits + at, sizeof digits - at));
}

void buf_shrink(struct buf *b)
{
    size_t cap = b->n < FIRST_BYTES ? FIRST_BYTES : b->n;
    if (b->s && !b->arena && cap < b->cap && !move_to(b, cap))
        b->failed = OK; /* it stays as it is */
}

void buf_consume(struct buf *b, size_t n)
{
    assert(n <= b->n);
    b->n -= n;
    if (b->n > 0 && n > 0)
        memmove(b->s, b->s + n, b->n);
}

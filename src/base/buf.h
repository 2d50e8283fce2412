/* buf: bytes that grow. On the heap (buf_free, for CLEANUP) or inside an arena, always with a
 * maximum. Failure is sticky like the arena's: after it, appends do nothing and buf_err() says
 * E_LIMIT (the maximum) or E_BUSY (no memory). */
#ifndef VIVIM_BASE_BUF_H
#define VIVIM_BASE_BUF_H

#include <stdarg.h>

#include "base/str.h"

struct buf {
    char *s;
    size_t n, cap, max_bytes;
    struct arena *arena; /* NULL: heap */
    err_t failed;
};

void buf_init(struct buf *b, struct arena *arena_or_null, size_t max_bytes);
void buf_free(struct buf *b);  /* accepts a zeroed buf; does nothing to arena memory */
void buf_clear(struct buf *b); /* empties it, keeps the memory, clears the failure */

void buf_put(struct buf *b, struct str s);
void buf_putc(struct buf *b, char c);
void buf_putf(struct buf *b, const char *format, ...) PRINTF_LIKE(2, 3);
void buf_put_i64(struct buf *b, int64_t v);
char *buf_grow(struct buf *b, size_t n) NODISCARD; /* for buf_reserve */
/* Room for n more bytes, to be filled by the caller who then adds to b->n; NULL on failure. */
NODISCARD static inline char *buf_reserve(struct buf *b, size_t n)
{
    return b->s && b->failed == OK && n <= b->cap - b->n ? b->s + b->n : buf_grow(b, n);
}
/* Give back what the bytes do not need; of a buf in an arena nothing. */
void buf_shrink(struct buf *b);
/* Drop the first n bytes (n <= b->n). */
void buf_consume(struct buf *b, size_t n);

static inline struct str buf_str(const struct buf *b) /* a view; ends with the next append */
{
    return str_of(b->s, b->n);
}
static inline err_t buf_err(const struct buf *b)
{
    return b->failed;
}

#endif

#include "base/arena.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "base/asan.h"

#ifdef BASE_ASAN
enum { GAP_BYTES = 16, TEXT_ALIGN = 8 }; /* the shadow has a granularity of 8 */
#else
enum { GAP_BYTES = 0, TEXT_ALIGN = 1 };
#endif

enum {
    ALIGN = 16,
    BLOCK_FIRST_BYTES = 8 * 1024 - 64,
    BLOCK_MOST_BYTES = 256 * 1024 - 64,
    KEPT_FREE_BYTES = 32 * 1024 * 1024,
    BLOCK_KEEP_BYTES = 64 * 1024, /* a larger first block is given back by arena_reset */
};

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    _Alignas(ALIGN) char data[];
};

void arena_init(struct arena *a, size_t max_bytes)
{
    assert(max_bytes > 0);
    *a = (struct arena){ .max_bytes = max_bytes };
}

static void free_blocks(struct arena_block *b)
{
    while (b) {
        struct arena_block *next = b->next;
        UNPOISON(b->data, b->size);
        free(b);
        b = next;
    }
}

void arena_reset(struct arena *a)
{
    struct arena_block *first = a->first;
    if (first && first->size > BLOCK_KEEP_BYTES) {
        free_blocks(first);
        first = NULL;
    } else if (first) {
        free_blocks(first->next);
        first->next = NULL;
        first->used = 0;
        POISON(first->data, first->size);
    }
    *a = (struct arena){ .first = first, .current = first, .max_bytes = a->max_bytes };
}

void arena_free(struct arena *a)
{
    free_blocks(a->first);
    *a = (struct arena){ .max_bytes = a->max_bytes };
}

bool arena_holds(const struct arena *a, const void *p)
{
    for (const struct arena_block *b = a->first; b; b = b->next)
        if ((uintptr_t)p - (uintptr_t)b->data < b->size)
            return true;
    return false;
}

size_t arena_spans(const struct arena *a, struct arena_span *ret, size_t max)
{
    size_t n = 0;
    for (const struct arena_block *b = a->first; b; b = b->next, n++)
        if (n < max)
            ret[n] = (struct arena_span){ (uintptr_t)b->data, (uintptr_t)b->data + b->size };
    return n;
}

/* A block of at least `size` bytes behind the current one. A request that is large beside the
 * block it would open gets a block of its own and the current one stays in use, so that the
 * tails that are left empty stay a small part of the whole. */
static struct arena_block *add_block(struct arena *a, size_t size)
{
    size_t usual = a->current ? a->current->size * 2 : BLOCK_FIRST_BYTES;
    if (usual > BLOCK_MOST_BYTES)
        usual = BLOCK_MOST_BYTES;
    bool alone = size > usual / 4;
    if (size > usual || (alone && a->current))
        usual = size;
    if (usual > SIZE_MAX - sizeof(struct arena_block))
        return NULL;
    struct arena_block *b = malloc(sizeof *b + usual);
    if (!b)
        return NULL;
    *b = (struct arena_block){ .size = usual };
    POISON(b->data, b->size);
    if (!a->current) {
        a->first = a->current = b;
        return b;
    }
    b->next = a->current->next;
    a->current->next = b;
    if (!alone)
        a->current = b;
    return b;
}

static char *take_from(struct arena_block *b, size_t size, size_t align)
{
    size_t start = (b->used + align - 1) & ~(align - 1);
    if (start > b->size || b->size - start < size)
        return NULL;
    size_t end = start + size;
    size_t gap = GAP_BYTES, left = b->size - end;
    b->used = end + (gap < left ? gap : left);
    UNPOISON(b->data + start, size);
    return b->data + start;
}

static char *fail(struct arena *a, err_t why)
{
    a->failed = why;
    return NULL;
}

static char *take(struct arena *a, size_t size, size_t align)
{
    if (size == 0)
        size = 1;
    if (a->failed != OK)
        return NULL;
    if (size > a->max_bytes - a->used_bytes)
        return fail(a, E_LIMIT);
    char *p = a->current ? take_from(a->current, size, align) : NULL;
    if (!p) {
        struct arena_block *b = add_block(a, size);
        if (!b)
            return fail(a, E_BUSY);
        p = take_from(b, size, align);
    }
    a->used_bytes += size;
    return p;
}

void *arena_alloc(struct arena *a, size_t size)
{
    void *p = take(a, size, ALIGN);
    if (p)
        memset(p, 0, size);
    return p;
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail(a, E_LIMIT);
    return arena_alloc(a, bytes);
}

void *arena_room(struct arena *a, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return fail(a, E_LIMIT);
    return take(a, bytes, ALIGN);
}

char *arena_bytes(struct arena *a, size_t size)
{
    return take(a, size, TEXT_ALIGN);
}

void arena_give_back(void)
{
    if (mallinfo2().fordblks > KEPT_FREE_BYTES)
        malloc_trim(0);
}

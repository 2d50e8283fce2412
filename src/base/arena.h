/* Arena: memory that lives and dies with one piece of work (a request, a job step, a test).
 *
 * Allocation is a pointer bump; nothing is freed alone; arena_reset() keeps the first block.
 * Failure is sticky: once the cap is reached or the machine refuses memory, every later
 * allocation gives NULL and arena_err() says E_LIMIT or E_BUSY. Code that builds something
 * checks each pointer it dereferences and may leave the rest to one arena_err() at the end.
 * Under AddressSanitizer, gaps between allocations are poisoned, so an overrun is found.
 */
#ifndef VIVIM_BASE_ARENA_H
#define VIVIM_BASE_ARENA_H

#include "base/base.h"

struct arena_block;

struct arena {
    struct arena_block *first, *current;
    size_t used_bytes, max_bytes;
    err_t failed; /* OK, E_LIMIT or E_BUSY; sticky until arena_reset */
};

/* An empty arena; takes no memory before the first allocation. max_bytes > 0. */
void arena_init(struct arena *a, size_t max_bytes);
void arena_reset(struct arena *a); /* keeps at most the first block */
void arena_free(struct arena *a);  /* accepts a zeroed arena; for CLEANUP */

/* `size` zeroed bytes aligned for any object (16), or NULL. size 0 gives a valid pointer. */
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, warn_unused_result));
/* As arena_alloc for count * size, with the overflow checked. */
void *arena_array(struct arena *a, size_t count, size_t size) NODISCARD;
/* As arena_array, but not zeroed: a large list of which perhaps only the first part is written takes no more memory than that. */
void *arena_room(struct arena *a, size_t count, size_t size) NODISCARD;
/* Bytes without alignment and not zeroed: for text. */
char *arena_bytes(struct arena *a, size_t size) NODISCARD;

/* Does it point into the arena? Linear in its blocks (of 256 KiB, or of one large allocation). */
bool arena_holds(const struct arena *a, const void *p);
/* Its blocks as they are now, for who asks that of millions: the first `max` of them, each by where it begins and ends. How many there
 * are. */
struct arena_span {
    uintptr_t from, to;
};
size_t arena_spans(const struct arena *a, struct arena_span *ret, size_t max);

/* OK, or why the arena has failed. */
static inline err_t arena_err(const struct arena *a)
{
    return a->failed;
}

/* What arenas gave back and the C library keeps goes to the machine, where it is much: after large work, and before more of it. */
void arena_give_back(void);

#define ARENA_NEW(a, type)          ((type *)arena_alloc((a), sizeof(type)))
#define ARENA_ARRAY(a, type, count) ((type *)arena_array((a), (count), sizeof(type)))

#endif

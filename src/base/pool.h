/* pool: objects of one size, taken and given back one at a time, for what lives as long as a
 * connection does and not as long as a request. Blocks are kept until pool_free. Not locked: a
 * pool belongs to one thread. Under AddressSanitizer what was given back is poisoned. */
#ifndef VIVIM_BASE_POOL_H
#define VIVIM_BASE_POOL_H

#include "base/base.h"

struct pool_block;

struct pool {
    struct pool_block *blocks;
    void *given_back; /* a list through the objects themselves */
    size_t object_bytes, in_use;
};

void pool_init(struct pool *p, size_t object_bytes); /* 8 .. 4,096 bytes */
void pool_free(struct pool *p);                      /* accepts a zeroed pool */
/* Zeroed, aligned for any object of its size (a multiple of 16: 16, else 8). NULL: the machine refuses memory. */
void *pool_get(struct pool *p) NODISCARD;
void pool_put(struct pool *p, void *object); /* accepts NULL */

#define POOL_NEW(p, type) ((type *)pool_get(p))

#endif

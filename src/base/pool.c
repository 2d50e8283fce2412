#include "base/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/asan.h"

enum {
    ALIGN = 16,
    ROUND = 8,
    BLOCK_BYTES = 32 * 1024 - 64,
    OBJECT_BYTES_MIN = 8,
    OBJECT_BYTES_MAX = 4096
};

struct pool_block {
    struct pool_block *next;
    _Alignas(ALIGN) char data[];
};

void pool_init(struct pool *p, size_t object_bytes)
{
    assert(object_bytes >= OBJECT_BYTES_MIN && object_bytes <= OBJECT_BYTES_MAX);
    *p = (struct pool){ .object_bytes = (object_bytes + ROUND - 1) / ROUND * ROUND };
}

void pool_free(struct pool *p)
{
    while (p->blocks) {
        struct pool_block *next = p->blocks->next;
        UNPOISON(p->blocks->data, BLOCK_BYTES);
        free(p->blocks);
        p->blocks = next;
    }
    p->given_back = NULL;
    p->in_use = 0;
}

/* The list runs through the first bytes of the objects, which stay readable for that. */
static void give_back(struct pool *p, void *object)
{
    memcpy(object, &p->given_back, sizeof p->given_back);
    p->given_back = object;
    POISON((char *)object + sizeof p->given_back, p->object_bytes - sizeof p->given_back);
}

static bool grow(struct pool *p)
{
    struct pool_block *b = malloc(sizeof *b + BLOCK_BYTES);
    if (!b)
        return false;
    b->next = p->blocks;
    p->blocks = b;
    for (size_t i = BLOCK_BYTES / p->object_bytes; i-- > 0;)
        give_back(p, b->data + i * p->object_bytes);
    return true;
}

void *pool_get(struct pool *p)
{
    if (!p->given_back && !grow(p))
        return NULL;
    void *object = p->given_back;
    assert(object);
    memcpy(&p->given_back, object, sizeof p->given_back);
    UNPOISON(object, p->object_bytes);
    memset(object, 0, p->object_bytes);
    p->in_use++;
    return object;
}

void pool_put(struct pool *p, void *object)
{
    if (!object)
        return;
    assert(p->in_use > 0);
    p->in_use--;
    give_back(p, object);
}

#include "base/table.h"

#include <stdlib.h>

#include "base/map.h"

enum { FIRST_SLOTS = 64 };

void table_free(struct table *t)
{
    free(t->slots);
    *t = (struct table){ 0 };
}

static uint32_t hash_of(struct str key)
{
    return (uint32_t)hash64(key);
}

static struct table_node **slot_of(const struct table *t, uint32_t hash)
{
    return &t->slots[hash & (t->slot_count - 1)];
}

/* Twice the slots once there are as many things, so that a slot holds one of them on average. */
static err_t grow(struct table *t)
{
    struct table wider = { .slot_count = t->slot_count ? t->slot_count * 2 : FIRST_SLOTS,
                           .count = t->count };
    wider.slots = calloc(wider.slot_count, sizeof(void *));
    if (!wider.slots)
        return E_BUSY;
    for (size_t i = 0; i < t->slot_count; i++)
        for (struct table_node *n = t->slots[i], *next; n; n = next) {
            struct table_node **slot = slot_of(&wider, n->hash);
            next = n->next;
            n->next = *slot;
            *slot = n;
        }
    free(t->slots);
    *t = wider;
    return OK;
}

static struct table_node *find(const struct table *t, uint32_t hash, struct str key)
{
    if (!t->count)
        return NULL;
    struct table_node *n = *slot_of(t, hash);
    while (n && !(n->hash == hash && str_eq(table_key(n), key)))
        n = n->next;
    return n;
}

err_t table_put(struct table *t, struct table_node *n, struct str key)
{
    uint32_t hash = hash_of(key);
    assert(key.n <= UINT32_MAX && !find(t, hash, key));
    if (t->count >= t->slot_count)
        TRY(grow(t));
    n->hash = hash;
    n->key = key.s;
    n->key_bytes = (uint32_t)key.n;
    struct table_node **slot = slot_of(t, n->hash);
    n->next = *slot;
    *slot = n;
    t->count++;
    return OK;
}

struct table_node *table_get(const struct table *t, struct str key)
{
    return t->count ? find(t, hash_of(key), key) : NULL;
}

void table_remove(struct table *t, struct table_node *n)
{
    struct table_node **link = slot_of(t, n->hash);
    while (*link != n) {
        assert(*link);
        link = &(*link)->next;
    }
    *link = n->next;
    t->count--;
}

struct table_node *table_next(const struct table *t, const struct table_node *last)
{
    if (last && last->next)
        return last->next;
    size_t i = last ? (last->hash & (t->slot_count - 1)) + 1 : 0;
    while (i < t->slot_count && !t->slots[i])
        i++;
    return i < t->slot_count ? t->slots[i] : NULL;
}

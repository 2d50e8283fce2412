#include "base/map.h"

#include <sodium.h>

enum { FIRST_ENTRIES = 8 };

static uint8_t hash_key[16];

void map_seed(const uint8_t key[16])
{
    static_assert(sizeof hash_key == crypto_shorthash_KEYBYTES, "SipHash-2-4 has a 16-byte key");
    memcpy(hash_key, key, sizeof hash_key);
}

uint64_t hash64(struct str s)
{
    uint8_t out[crypto_shorthash_BYTES];
    uint64_t h;
    static_assert(sizeof out == sizeof h, "SipHash-2-4 gives 64 bits");
    crypto_shorthash(out, (const uint8_t *)(s.n ? s.s : ""), s.n, hash_key);
    memcpy(&h, out, sizeof h);
    return h;
}

void map_init(struct map *m, struct arena *a)
{
    *m = (struct map){ .arena = a };
}

/* The slot that holds `key`, or the free one where it belongs. */
static size_t slot_of(const struct map *m, struct str key)
{
    size_t mask = m->slot_count - 1;
    size_t slot = (size_t)hash64(key) & mask;
    while (m->slots[slot] != 0 && !str_eq(m->entries[m->slots[slot] - 1].key, key))
        slot = (slot + 1) & mask;
    return slot;
}

/* Twice the room; the slots are always twice as many as the entries, so half of them stay free. */
static err_t grow(struct map *m)
{
    size_t cap = m->cap ? m->cap * 2 : FIRST_ENTRIES;
    if (cap > UINT32_MAX / 2)
        return E_LIMIT;
    struct map_entry *entries = ARENA_ARRAY(m->arena, struct map_entry, cap);
    uint32_t *slots = ARENA_ARRAY(m->arena, uint32_t, cap * 2);
    if (!entries || !slots)
        return arena_err(m->arena);
    if (m->entries)
        memcpy(entries, m->entries, m->count * sizeof *entries);
    m->entries = entries;
    m->slots = slots;
    m->cap = cap;
    m->slot_count = cap * 2;
    for (size_t i = 0; i < m->count; i++)
        slots[slot_of(m, entries[i].key)] = (uint32_t)(i + 1);
    return OK;
}

static struct map_entry *find(const struct map *m, struct str key)
{
    if (m->count == 0)
        return NULL;
    uint32_t index = m->slots[slot_of(m, key)];
    return index ? &m->entries[index - 1] : NULL;
}

err_t map_put(struct map *m, struct str key, void *value)
{
    struct map_entry *old = find(m, key);
    if (old) {
        old->value = value;
        return OK;
    }
    if (m->count == m->cap)
        TRY(grow(m));
    assert(m->entries && m->slots);
    m->entries[m->count++] = (struct map_entry){ key, value };
    m->slots[slot_of(m, key)] = (uint32_t)m->count;
    return OK;
}

void *map_get(const struct map *m, struct str key)
{
    struct map_entry *e = find(m, key);
    return e ? e->value : NULL;
}

bool map_has(const struct map *m, struct str key)
{
    return find(m, key) != NULL;
}

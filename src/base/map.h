/* map: text keys to pointers, open addressing, insertion order kept for walks.
 *
 * Lives in an arena; keys are views (the caller keeps their bytes alive). The hash is keyed
 * (SipHash-2-4 of libsodium) with a key of the process, so keys from outside cannot collide
 * on purpose. No removal: maps here are built, asked and thrown away. */
#ifndef VIVIM_BASE_MAP_H
#define VIVIM_BASE_MAP_H

#include "base/str.h"

struct map_entry {
    struct str key;
    void *value;
};

struct map {
    struct arena *arena;
    struct map_entry *entries; /* in order of insertion */
    uint32_t *slots;           /* entry index + 1, 0 = free */
    size_t count, cap, slot_count;
};

/* The process's hash key, 16 bytes of entropy; called once by main before threads start.
 * Without it (tests, fuzzing) the key is all zero and walks stay reproducible. */
void map_seed(const uint8_t key[16]);

void map_init(struct map *m, struct arena *a);
/* Put or replace. E_LIMIT or E_BUSY when the arena fails. */
NODISCARD err_t map_put(struct map *m, struct str key, void *value);
void *map_get(const struct map *m, struct str key); /* NULL where absent */
bool map_has(const struct map *m, struct str key);
uint64_t hash64(struct str s); /* the keyed hash itself, for tables elsewhere */

#endif

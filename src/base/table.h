/* table: a hash table of things that carry their own node, found by text, put in and taken out in
 * constant time. The table owns nothing but its slots. For what lives as long as a connection does
 * (map.h is for what is built, asked and thrown away). Not locked. The hash is map.h's keyed one. */
#ifndef VIVIM_BASE_TABLE_H
#define VIVIM_BASE_TABLE_H

#include "base/str.h"

struct table_node { /* first member of what the table holds, or found by offsetof */
    struct table_node *next;
    const char *key; /* a view: the bytes lie in the thing itself */
    uint32_t key_bytes, hash;
};

static inline struct str table_key(const struct table_node *n)
{
    return str_of(n->key, n->key_bytes);
}

struct table {
    struct table_node **slots;
    size_t slot_count, count;
};

void table_free(struct table *t); /* the slots; accepts a zeroed table, which is an empty one */
/* The key is not in it (assert). E_BUSY: the machine refuses memory. */
NODISCARD err_t table_put(struct table *t, struct table_node *n, struct str key);
struct table_node *table_get(const struct table *t, struct str key); /* NULL: absent */
void table_remove(struct table *t, struct table_node *n);            /* assert: it is in it */
/* Every node once, in no order: start with NULL. Ask for the next one before taking one out. */
struct table_node *table_next(const struct table *t, const struct table_node *last);

#endif

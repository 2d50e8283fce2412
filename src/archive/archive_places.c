#include "archive/archive_places.h"

#include "base/map.h"

err_t places_init(struct places *p, struct arena *a, const struct conversation *c)
{
    size_t slots = 2;
    while (slots < 2 * c->message_count)
        slots *= 2;
    *p = (struct places){ .c = c, .slots = ARENA_ARRAY(a, uint32_t, slots), .mask = slots - 1 };
    return arena_err(a);
}

static uint32_t *slot_of(const struct places *p, struct str id)
{
    size_t at = (size_t)hash64(id) & p->mask;
    while (p->slots[at] && !str_eq(p->c->messages[p->slots[at] - 1].id, id))
        at = (at + 1) & p->mask;
    return &p->slots[at];
}

uint32_t places_next(struct places *p, size_t i)
{
    const struct message *m = &p->c->messages[i];
    uint32_t above = m->parent_id.n ? *slot_of(p, m->parent_id) : 0;
    if (m->id.n)
        *slot_of(p, m->id) = (uint32_t)(i + 1);
    return above;
}

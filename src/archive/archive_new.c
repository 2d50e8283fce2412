/* A conversation that is new: its messages become rows one by one, so that beside what was read of it hardly anything is held,
 * however many they are. */
#include "archive/archive_merge.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "base/map.h"
#include "os/entropy.h"

struct places {
    const struct conversation *c;
    struct uuid *ids; /* of the rows */
    uint32_t *slots;  /* by the provider's id: the last message of it so far, from 1; 0: none */
    size_t mask;      /* half of the slots stay free */
};

static err_t places_init(struct places *p, struct arena *a, const struct conversation *c)
{
    size_t slots = 2;
    while (slots < 2 * c->message_count)
        slots *= 2;
    *p = (struct places){ .c = c,
                          .ids = ARENA_ARRAY(a, struct uuid, c->message_count + 1),
                          .slots = ARENA_ARRAY(a, uint32_t, slots),
                          .mask = slots - 1 };
    return arena_err(a);
}

static uint32_t *slot_of(const struct places *p, struct str id)
{
    size_t at = (size_t)hash64(id) & p->mask;
    while (p->slots[at] && !str_eq(p->c->messages[p->slots[at] - 1].id, id))
        at = (at + 1) & p->mask;
    return &p->slots[at];
}

/* An id of its own, and that of the message above it, which stands before it. */
static void give_ids(struct places *p, size_t i, struct archive_message *row)
{
    const struct message *m = &p->c->messages[i];
    uint32_t above = m->parent_id.n ? *slot_of(p, m->parent_id) : 0;
    row->id = p->ids[i] = uuid_new();
    if (above)
        row->parent_id = p->ids[above - 1];
    if (m->id.n)
        *slot_of(p, m->id) = (uint32_t)(i + 1);
}

static int64_t count_shown(const struct conversation *c)
{
    int64_t n = 0;
    for (size_t i = 0; i < c->message_count; i++)
        n += c->messages[i].on_path && !c->messages[i].hidden;
    return n;
}

static err_t insert_message(struct db *db, struct uuid owner, const struct archive_message *row,
                            const struct write_options *o, struct archive_put_result *r)
{
    r->messages_new++;
    r->shown_new += row->on_path && !row->hidden;
    if (o->measure)
        TRY(archive_measure_add(&r->after, row));
    TRY(archive_store_message_insert(db, owner, row));
    return archive_say_new(db, owner, "message", row->id, o->now_ms);
}

err_t archive_write_new(struct db *db, struct arena *a, struct uuid owner,
                        const struct conversation *c, struct uuid source_id,
                        struct archive_conversation *row, const struct write_options *o,
                        struct archive_put_result *ret)
{
    struct places places;
    CLEANUP(arena_free) struct arena one = { 0 };
    arena_init(&one, 4 * CONVERSATION_BYTES_MAX);
    TRY(places_init(&places, a, c));
    row->id = ret->id = uuid_new();
    row->message_count = ret->message_count = count_shown(c);
    ret->title = row->title;
    db_together_begin(db);
    TRY(archive_insert_row(db, owner, row, o, ret));
    for (size_t i = 0; i < c->message_count; i++) {
        struct archive_message m;
        arena_reset(&one);
        TRY(merge_row_of(&one, &c->messages[i], i, &m));
        m.conversation_id = row->id;
        m.source_id = source_id;
        give_ids(&places, i, &m);
        TRY(insert_message(db, owner, &m, o, ret));
    }
    TRY(db_together_end(db));
    if (o->measure)
        ret->after.warnings = archive_count_warnings(row->findings);
    return OK;
}

/* A conversation that is new: its messages become rows one by one, so that beside what was read of it hardly anything is held,
 * however many they are. */
#include "archive/archive_merge.h"
#include "archive/archive_places.h"
#include "archive/archive_write.h"
#include "base/limits.h"
#include "os/entropy.h"

struct writing {
    struct places places;
    struct uuid *ids; /* of the rows */
};

/* An id of its own, and that of the message above it, which stands before it. */
static void give_ids(struct writing *w, size_t i, struct archive_message *row)
{
    uint32_t above = places_next(&w->places, i);
    row->id = w->ids[i] = uuid_new();
    if (above)
        row->parent_id = w->ids[above - 1];
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
    struct writing w = { .ids = ARENA_ARRAY(a, struct uuid, c->message_count + 1) };
    CLEANUP(arena_free) struct arena one = { 0 };
    arena_init(&one, 4 * CONVERSATION_BYTES_MAX);
    TRY(places_init(&w.places, a, c));
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
        give_ids(&w, i, &m);
        TRY(insert_message(db, owner, &m, o, ret));
    }
    TRY(db_together_end(db));
    if (o->measure)
        ret->after.warnings = archive_count_warnings(row->findings);
    return OK;
}

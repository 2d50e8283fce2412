/* "These are two conversations": what comes from one source becomes a conversation of its own. */
#include "archive/archive_keep.h"
#include "archive/archive_source_store.h"
#include "archive/archive_write.h"
#include "base/limits.h"

struct split {
    struct archive_conversation old;
    struct archive_source *sources;
    size_t source_count;
    const struct archive_source *leaving;
};

static err_t find_source(struct split *s, struct uuid source)
{
    for (size_t i = 0; i < s->source_count; i++)
        if (uuid_eq(s->sources[i].id, source))
            s->leaving = &s->sources[i];
    if (!s->leaving)
        return err_note(E_NOT_FOUND, "source_id",
                        "the conversation does not come from this source");
    if (s->source_count == 1)
        return err_note(E_CONFLICT, "source_id",
                        "the conversation comes from this source alone; there is nothing to part");
    return OK;
}

/* Part the renderings in two lists: those of the source in front. */
static size_t part(struct rendering **list, size_t count, struct uuid source)
{
    size_t front = 0;
    for (size_t i = 0; i < count; i++) {
        if (!uuid_eq(list[i]->source_id, source))
            continue;
        struct rendering *r = list[i];
        list[i] = list[front];
        list[front++] = r;
    }
    return front;
}

static err_t tell_apart(struct db *db, struct uuid owner, const struct split *s)
{
    for (size_t i = 0; i < s->source_count; i++)
        if (&s->sources[i] != s->leaving)
            TRY(source_store_tell_apart(db, owner, s->leaving->id, s->sources[i].id));
    return OK;
}

/* The title that stays is of another rendering now, unless the owner gave it. */
static struct archive_conversation without_what_left(const struct archive_conversation *old)
{
    struct archive_conversation row = *old;
    if (!row.title_own)
        row.title = STR_NONE;
    row.model = STR_NONE;
    row.created_ms = row.updated_ms = TIME_NONE;
    row.captured_ms = 0;
    return row;
}

/* When what leaves, or what stays, was captured last. */
static int64_t seen_ms(const struct split *s, bool leaving)
{
    int64_t ms = 0;
    for (size_t i = 0; i < s->source_count; i++)
        if ((&s->sources[i] == s->leaving) == leaving && s->sources[i].captured_ms > ms)
            ms = s->sources[i].captured_ms;
    return ms;
}

static err_t split(struct renderings *set, const struct split *s, struct write_options *o,
                   struct uuid *ret_id)
{
    struct db *db = set->db;
    struct uuid owner = set->owner;
    static const struct archive_conversation NONE = { 0 };
    struct archive_put_result stays = { 0 }, leaves = { 0 };
    struct archive_conversation old = without_what_left(&s->old);
    struct archive_source moved = *s->leaving;
    struct rendering **list;
    size_t count;
    TRY(keep_load(set, &s->old, &list, &count));
    size_t front = part(list, count, moved.id);
    if (!front || front == count)
        return err_note(E_CONFLICT, "source_id", "nothing that came from this source is kept");
    o->seen_ms = seen_ms(s, true);
    TRY(archive_write(set, &NONE, list, front, o, &leaves));
    o->seen_ms = seen_ms(s, false);
    TRY(archive_write(set, &old, list + front, count - front, o, &stays));
    TRY(source_store_copy_media(db, owner, s->old.id, leaves.id));
    TRY(source_store_drop_unnamed_media(db, owner, s->old.id));
    TRY(source_store_drop_unnamed_media(db, owner, leaves.id));
    moved.conversation_id = leaves.id;
    TRY(source_store_update(db, owner, &moved));
    *ret_id = leaves.id;
    return tell_apart(db, owner, s);
}

err_t archive_split(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                    struct uuid source, int64_t expected_version, int64_t now_ms,
                    struct uuid *ret_id)
{
    struct write_options o = { .drop = true, .sources = true, .now_ms = now_ms };
    struct split s = { 0 };
    CLEANUP(arena_free) struct arena work = { 0 }; /* it may be larger than `a` */
    arena_init(&work, CONVERSATION_ARENA_BYTES_MAX);
    a = &work;
    CLEANUP(renderings_free) struct renderings set;
    renderings_init(&set, db, a, owner);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(source_store_turn(db, owner));
    TRY(archive_get(db, a, owner, conversation, &s.old));
    TRY(archive_check_version(expected_version, s.old.version));
    TRY(archive_sources(db, a, owner, conversation, &s.sources, &s.source_count));
    TRY(find_source(&s, source));
    TRY(split(&set, &s, &o, ret_id));
    return db_txn_commit(&tx);
}

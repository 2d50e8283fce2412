/* What is in the trash, and what is undone. */
#include "archive/archive_keep.h"
#include "archive/archive_source_store.h"
#include "archive/archive_write.h"
#include "base/limits.h"

/* Rows say where it is; whoever keeps something of its messages looks at each again. */
static err_t say_moved(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                       int64_t now_ms, int64_t *ret_version)
{
    struct archive_conversation row;
    TRY(archive_store_any(db, a, owner, id, &row));
    TRY(archive_say_messages(db, owner, id, "updated", "trashed", now_ms));
    *ret_version = row.version;
    return archive_say(db, owner, "conversation", id, "updated", "trashed", row.version, now_ms);
}

err_t archive_trash(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                    int64_t now_ms, int64_t *ret_version)
{
    bool done;
    assert(db_in_txn(db));
    TRY(archive_store_trash(db, owner, id, now_ms, &done));
    return done ? say_moved(db, a, owner, id, now_ms, ret_version) : E_NOT_FOUND;
}

err_t archive_restore(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                      int64_t now_ms, int64_t *ret_version)
{
    bool done;
    assert(db_in_txn(db));
    TRY(archive_store_restore(db, owner, id, &done));
    return done ? say_moved(db, a, owner, id, now_ms, ret_version) : E_NOT_FOUND;
}

err_t archive_delete_trashed(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                             int64_t now_ms)
{
    struct archive_conversation row;
    assert(db_in_txn(db));
    TRY(archive_store_any(db, a, owner, id, &row));
    return row.trashed_ms == TIME_NONE ? E_NOT_FOUND
                                       : archive_remove(db, owner, &row, NULL, now_ms);
}

/* --- what has lain there long enough ------------------------------------------------------------------------ */

static err_t delete_one(struct db *db, const struct archive_owned *x, int64_t now_ms)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    arena_init(&a, MIB(4));
    TRY(db_txn_begin(&tx, db));
    err_t e = archive_delete_trashed(db, &a, x->owner_id, x->id, now_ms);
    if (e == E_NOT_FOUND)
        return OK; /* it came back meanwhile */
    TRY(e);
    return db_txn_commit(&tx);
}

err_t archive_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms)
{
    struct archive_owned *list;
    size_t count;
    UNUSED(app);
    TRY(archive_store_trash_old(db, a, now_ms - TRASH_KEEP_MS, TRASH_SWEPT_AT_ONCE, &list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(delete_one(db, &list[i], now_ms));
    return OK;
}

/* --- undoing --------------------------------------------------------------------------------------------------- */

/* What the rows say of it is of the renderings that stay. */
static struct archive_conversation without_change(const struct archive_conversation *now)
{
    struct archive_conversation row = *now;
    if (!row.title_own)
        row.title = STR_NONE;
    row.model = STR_NONE;
    row.created_ms = row.updated_ms = TIME_NONE;
    row.captured_ms = 0;
    return row;
}

err_t archive_undo(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                   struct uuid mark, struct uuid source, int64_t now_ms, int64_t *ret_version)
{
    struct write_options o = { .drop = true, .sources = !uuid_is_nil(source), .now_ms = now_ms };
    struct archive_put_result result = { 0 };
    struct archive_conversation row, old;
    struct rendering **list;
    size_t count;
    CLEANUP(arena_free) struct arena work = { 0 }; /* what is stored of it may be larger than `a` */
    assert(db_in_txn(db));
    arena_init(&work, CONVERSATION_ARENA_BYTES_MAX);
    a = &work;
    CLEANUP(renderings_free) struct renderings set;
    renderings_init(&set, db, a, owner);
    TRY(source_store_turn(db, owner));
    TRY(archive_get(db, a, owner, id, &row));
    TRY(keep_load_before(&set, mark, id, &list, &count));
    if (!count)
        return E_NOT_FOUND;
    old = without_change(&row);
    TRY(archive_write(&set, &old, list, count, &o, &result));
    TRY(source_store_drop_unnamed_media(db, owner, id));
    if (!uuid_is_nil(source))
        TRY(source_store_delete(db, owner, source));
    *ret_version = result.version;
    return OK;
}

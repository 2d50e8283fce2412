#include "archive/archive.h"

#include "archive/archive_write.h"
#include "base/limits.h"
#include "ops/ops.h"

static err_t say_for(struct db *db, struct uuid owner, struct uuid actor, const char *entity,
                     struct uuid id, const char *kind, const char *fields, int64_t version,
                     int64_t now_ms)
{
    struct op_new op = {
        .owner_id = owner,
        .actor_id = actor,
        .entity = entity,
        .kind = kind,
        .fields = fields,
        .entity_id = id,
        .version = version,
    };
    return ops_append(db, &op, now_ms);
}

err_t archive_say(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                  const char *kind, const char *fields, int64_t version, int64_t now_ms)
{
    return say_for(db, owner, owner, entity, id, kind, fields, version, now_ms);
}

err_t archive_say_new(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                      int64_t now_ms)
{
    const struct op_new op = { .owner_id = owner,
                               .actor_id = owner,
                               .entity = entity,
                               .kind = "created",
                               .entity_id = id,
                               .version = 1,
                               .fresh = true };
    return ops_append(db, &op, now_ms);
}

err_t archive_check_version(int64_t expected, int64_t now)
{
    return !expected || expected == now
               ? OK
               : err_note(E_PRECONDITION, NULL, "the conversation is at version %lld now",
                          (long long)now);
}

err_t archive_rename(struct db *db, struct arena *a, struct uuid owner, struct uuid actor,
                     struct uuid id, struct str title, int64_t expected_version, int64_t now_ms,
                     int64_t *ret_version)
{
    struct archive_conversation row;
    assert(db_in_txn(db));
    /* Written first: with PostgreSQL that holds the row, so of two at once the second one sees the first. */
    TRY(archive_store_rename(db, owner, id, title));
    TRY(archive_get(db, a, owner, id, &row));
    TRY(archive_check_version(expected_version, row.version - 1));
    *ret_version = row.version;
    return say_for(db, owner, actor, "conversation", id, "updated", "title", row.version, now_ms);
}

/* One op for each, in pages: a conversation may be larger than a request's arena. */
err_t archive_say_messages(struct db *db, struct uuid owner, struct uuid id, const char *kind,
                           const char *fields, int64_t now_ms)
{
    enum { PAGE = 200 };
    CLEANUP(arena_free) struct arena page = { 0 };
    struct archive_message *messages;
    size_t count = PAGE;
    int64_t after = -1;
    arena_init(&page, CONVERSATION_ARENA_BYTES_MAX);
    while (count == PAGE) {
        arena_reset(&page);
        TRY(archive_messages(db, &page, owner, id, true, after, PAGE, &messages, &count));
        for (size_t i = 0; i < count; i++)
            TRY(archive_say(db, owner, "message", messages[i].id, kind, fields, messages[i].version,
                            now_ms));
        after = count ? messages[count - 1].position : after;
    }
    return OK;
}

err_t archive_remove(struct db *db, struct uuid owner, const struct archive_conversation *row,
                     const char *fields, int64_t now_ms)
{
    TRY(archive_say_messages(db, owner, row->id, "deleted", NULL, now_ms));
    TRY(archive_store_delete(db, owner, row->id));
    return archive_say(db, owner, "conversation", row->id, "deleted", fields, row->version, now_ms);
}

err_t archive_delete(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                     int64_t expected_version, int64_t now_ms, int64_t *ret_version)
{
    struct archive_conversation row;
    assert(db_in_txn(db));
    TRY(archive_get(db, a, owner, id, &row));
    TRY(archive_check_version(expected_version, row.version));
    *ret_version = row.version;
    return archive_remove(db, owner, &row, NULL, now_ms);
}

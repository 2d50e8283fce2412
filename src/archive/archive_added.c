/* What an owner had added to a conversation elsewhere comes back with it. */
#include "archive/archive_write.h"
#include "base/crypto.h"
#include "base/limits.h"
#include "base/utf8.h"

err_t archive_add_title(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                        struct str title, int64_t now_ms, bool *ret_added)
{
    struct archive_conversation row;
    int64_t version;
    assert(db_in_txn(db));
    *ret_added = false;
    title = utf8_repair(a, utf8_cut(title, TITLE_BYTES_MAX));
    TRY(arena_err(a));
    TRY(archive_get(db, a, owner, id, &row));
    if (row.title_own || !title.n)
        return OK;
    *ret_added = true;
    return archive_rename(db, a, owner, owner, id, title, 0, now_ms, &version);
}

/* Written by us, whatever stood there, and with the hash that it has. */
static err_t version_of(struct arena *a, const struct archive_message *row,
                        const struct archive_added_version *v, struct archive_version *ret)
{
    struct message m = { .blocks = v->blocks, .block_count = v->block_count };
    struct buf blocks, canonical;
    struct json_out o;
    if (!role_parse(row->role, &m.role))
        return err_note(E_CORRUPT, NULL, "a stored message has no role of ours");
    buf_init(&blocks, a, CONVERSATION_BYTES_MAX);
    buf_init(&canonical, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &blocks);
    blocks_write(&o, v->blocks, v->block_count);
    TRY(buf_err(&blocks));
    TRY(message_canonical(a, &m, &canonical));
    TRY(buf_err(&canonical));
    *ret = (struct archive_version){ .blocks = buf_str(&blocks),
                                     .hash = sha256_tagged(a, sha256_of(buf_str(&canonical))),
                                     .version = v->version,
                                     .replaced_ms = v->replaced_ms };
    return arena_err(a);
}

/* Those of one message; *io_at behind them. */
static err_t add_versions_of(struct db *db, struct uuid owner, const struct archive_message *row,
                             const struct archive_added *added, size_t *io_at, int64_t now_ms)
{
    CLEANUP(arena_free) struct arena one = { 0 };
    size_t message = added->versions[*io_at].message;
    int64_t last = 0;
    arena_init(&one, CONVERSATION_ARENA_BYTES_MAX);
    for (; *io_at < added->version_count && added->versions[*io_at].message == message; ++*io_at) {
        struct archive_version v;
        if (!row)
            continue;
        arena_reset(&one);
        TRY(version_of(&one, row, &added->versions[*io_at], &v));
        TRY(archive_store_version_add(db, owner, row, &v));
        last = v.version;
    }
    if (!last)
        return OK;
    TRY(archive_store_message_version(db, owner, row->id, last + 1));
    return archive_say(db, owner, "message", row->id, "updated", "version", last + 1, now_ms);
}

static err_t add_versions(struct db *db, struct uuid owner, struct uuid id,
                          const struct conversation *c, const struct archive_added *added,
                          int64_t now_ms)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct archive_message *rows;
    size_t count;
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    TRY(archive_messages(db, &a, owner, id, true, -1, CONVERSATION_MESSAGES_MAX * 2, &rows,
                         &count));
    for (size_t at = 0; at < added->version_count;) {
        size_t i = added->versions[at].message;
        bool fits = i < count && i < c->message_count && rows[i].version == 1 &&
                    str_eq(rows[i].hash, c->messages[i].hash);
        TRY(add_versions_of(db, owner, fits ? &rows[i] : NULL, added, &at, now_ms));
    }
    return OK;
}

err_t archive_add(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                  const struct conversation *c, const struct archive_added *added, int64_t now_ms)
{
    bool titled;
    TRY(archive_add_title(db, a, owner, id, added->title, now_ms, &titled));
    return added->version_count ? add_versions(db, owner, id, c, added, now_ms) : OK;
}

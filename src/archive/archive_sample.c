#include "archive/archive_sample.h"

#include "archive/archive_identity.h"
#include "archive/archive_store.h"
#include "archive/providers/extract.h"
#include "base/embedded.h"
#include "base/limits.h"

extern const struct embedded_file SAMPLE_FILES[];

struct sample_call {
    struct db *db;
    struct uuid owner;
    int64_t now_ms;
    bool remove;
    size_t count;
};

static err_t add_one(struct sample_call *call, struct arena *a, struct conversation *c)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    struct archive_put_result result;
    struct archive_put_options options = { .outcome = STR_NONE };
    c->source.kind = "file";
    c->source.captured_ms = call->now_ms;
    TRY(conversation_hash(a, &scratch, c));
    TRY(archive_put(call->db, a, call->owner, c, &options, call->now_ms, &result));
    call->count += result.created;
    return OK;
}

static err_t remove_one(struct sample_call *call, struct arena *a, struct conversation *c)
{
    struct archive_conversation row;
    err_t e = archive_find(call->db, a, call->owner, c, &row);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    int64_t version;
    TRY(db_txn_begin(&tx, call->db));
    TRY(archive_delete(call->db, a, call->owner, row.id, 0, call->now_ms, &version));
    TRY(db_txn_commit(&tx));
    call->count++;
    return OK;
}

static err_t every_file(struct sample_call *call)
{
    for (const struct embedded_file *f = SAMPLE_FILES; f->name; f++) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct json root;
        struct conversation c;
        arena_init(&a, CONVERSATION_BYTES_MAX);
        TRY(json_parse(&a, embedded_bytes(f), JSON_FOREIGN_DEPTH_MAX, &root));
        TRY(extract_json(&a, root, NULL, &c));
        TRY(call->remove ? remove_one(call, &a, &c) : add_one(call, &a, &c));
    }
    return OK;
}

err_t archive_sample_add(struct db *db, struct uuid owner, int64_t now_ms, size_t *ret_added)
{
    struct sample_call call = { .db = db, .owner = owner, .now_ms = now_ms };
    TRY(every_file(&call));
    *ret_added = call.count;
    return OK;
}

err_t archive_sample_remove(struct db *db, struct uuid owner, int64_t now_ms, size_t *ret_removed)
{
    struct sample_call call = { .db = db, .owner = owner, .now_ms = now_ms, .remove = true };
    TRY(every_file(&call));
    *ret_removed = call.count;
    return OK;
}

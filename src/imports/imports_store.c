#include "imports/imports_store.h"

#include "imports_sql.h"

static const struct db_col IMPORT_COLS[] = {
    DB_COL(import_row, id, DB_UUID),           DB_COL(import_row, label, DB_STR),
    DB_COL(import_row, path, DB_STR),          DB_COL(import_row, way, DB_STR),
    DB_COL(import_row, provider, DB_STR),      DB_COL(import_row, account, DB_STR),
    DB_COL(import_row, dry_run, DB_BOOL),      DB_COL(import_row, bytes, DB_I64),
    DB_COL(import_row, entry, DB_I64),         DB_COL(import_row, place, DB_I64),
    DB_COL(import_row, items, DB_I64),         DB_COL(import_row, count_made, DB_I64),
    DB_COL(import_row, count_changed, DB_I64), DB_COL(import_row, count_unchanged, DB_I64),
    DB_COL(import_row, count_skipped, DB_I64), DB_COL(import_row, count_failed, DB_I64),
    DB_COL(import_row, media, DB_I64),         DB_COL(import_row, media_bytes, DB_I64),
    DB_COL(import_row, state, DB_STR),         DB_COL(import_row, undone, DB_I64),
    DB_COL(import_row, kept, DB_I64),          DB_COL(import_row, error_code, DB_STR),
    DB_COL(import_row, error_detail, DB_STR),  DB_COL(import_row, created_ms, DB_I64),
    DB_COL(import_row, ended_ms, DB_I64),
};

static const struct db_col ITEM_COLS[] = {
    DB_COL(import_item, number, DB_I64),
    DB_COL(import_item, outcome, DB_STR),
    DB_COL(import_item, entry, DB_STR),
    DB_COL(import_item, place, DB_I64),
    DB_COL(import_item, reason_code, DB_STR),
    DB_COL(import_item, reason, DB_STR),
    DB_COL(import_item, conversation_id, DB_UUID),
    DB_COL(import_item, source_id, DB_UUID),
    DB_COL(import_item, version, DB_I64),
    DB_COL(import_item, captured_ms, DB_I64),
    DB_COL(import_item, title, DB_STR),
};

static struct db_value uuid_or_null(struct uuid u)
{
    return uuid_is_nil(u) ? DBN() : DBU(u);
}

static struct db_value hash_value(const struct sha256 *h)
{
    return DBX(str_of((const char *)h->b, sizeof h->b));
}

static err_t changed(struct db *db, const struct db_query *q, struct db_args args, bool *ret_done)
{
    int64_t rows;
    TRY(db_exec(db, q, args, &rows));
    *ret_done = rows > 0;
    return OK;
}

/* --- imports ------------------------------------------------------------------------------------------ */

err_t import_store_insert(struct db *db, struct uuid owner, const struct import_row *r)
{
    return db_exec(db, &SQL_IMPORT_INSERT,
                   DB_ARGS(DBU(owner), DBU(r->id), DBS(r->label), DBS(r->path), DBS(r->way),
                           DBS(r->provider), DBS(r->account), DBB(r->dry_run), DBI(r->created_ms)),
                   NULL);
}

err_t import_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                 struct import_row *ret)
{
    return db_one(db, a, &SQL_IMPORT_ONE, DB_ARGS(DBU(owner), DBU(id)), IMPORT_COLS,
                  COUNTOF(IMPORT_COLS), ret);
}

err_t import_store_list(struct db *db, struct arena *a, struct uuid owner, int64_t before_ms,
                        struct uuid before_id, size_t limit, struct import_row **ret,
                        size_t *ret_count)
{
    return db_rows(db, a, &SQL_IMPORT_NEWEST,
                   DB_ARGS(DBU(owner), DBI(before_ms), DBU(before_id), DBI((int64_t)limit)),
                   IMPORT_COLS, COUNTOF(IMPORT_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t import_store_bytes(struct db *db, struct uuid owner, struct uuid id, int64_t bytes)
{
    return db_exec(db, &SQL_IMPORT_BYTES, DB_ARGS(DBI(bytes), DBU(owner), DBU(id)), NULL);
}

err_t import_store_advance(struct db *db, struct uuid owner, struct uuid id, int64_t entry,
                           int64_t place, int64_t items, const struct import_counts *c)
{
    return db_exec(db, &SQL_IMPORT_ADVANCE,
                   DB_ARGS(DBI(entry), DBI(place), DBI(items), DBI(c->made), DBI(c->changed),
                           DBI(c->unchanged), DBI(c->skipped), DBI(c->failed), DBI(c->media),
                           DBI(c->media_bytes), DBU(owner), DBU(id)),
                   NULL);
}

err_t import_store_end(struct db *db, struct uuid owner, struct uuid id, const char *state,
                       struct str code, struct str detail, int64_t now_ms)
{
    return db_exec(
        db, &SQL_IMPORT_END,
        DB_ARGS(DBS(str_from(state)), DBS(code), DBS(detail), DBI(now_ms), DBU(owner), DBU(id)),
        NULL);
}

err_t import_store_state(struct db *db, struct uuid owner, struct uuid id, const char *from,
                         const char *to, bool *ret_done)
{
    return changed(db, &SQL_IMPORT_STATE,
                   DB_ARGS(DBS(str_from(to)), DBU(owner), DBU(id), DBS(str_from(from))), ret_done);
}

err_t import_store_path(struct db *db, struct uuid owner, struct uuid id, struct str path)
{
    return db_exec(db, &SQL_IMPORT_PATH, DB_ARGS(DBS(path), DBU(owner), DBU(id)), NULL);
}

err_t import_store_undone(struct db *db, struct uuid owner, struct uuid id, int64_t undone,
                          int64_t kept)
{
    return db_exec(db, &SQL_IMPORT_UNDONE, DB_ARGS(DBI(undone), DBI(kept), DBU(owner), DBU(id)),
                   NULL);
}

err_t import_store_open_of_path(struct db *db, struct uuid owner, struct str path, int64_t *ret)
{
    return db_i64(db, &SQL_IMPORT_OPEN_OF_PATH, DB_ARGS(DBU(owner), DBS(path)), ret);
}

err_t import_store_delete(struct db *db, struct uuid owner, struct uuid id)
{
    TRY(db_exec(db, &SQL_IMPORT_DELETE_ITEMS, DB_ARGS(DBU(owner), DBU(id)), NULL));
    return db_exec(db, &SQL_IMPORT_DELETE, DB_ARGS(DBU(owner), DBU(id)), NULL);
}

err_t import_store_forget(struct db *db, struct uuid owner)
{
    static const struct db_query *const ALL[] = { &SQL_IMPORT_FORGET_SEEN, &SQL_IMPORT_FORGET_ITEMS,
                                                  &SQL_IMPORT_FORGET, &SQL_UPLOAD_FORGET };
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        TRY(db_exec(db, ALL[i], DB_ARGS(DBU(owner)), NULL));
    return OK;
}

err_t import_store_old(struct db *db, struct arena *a, int64_t before_ms, bool waiting,
                       size_t limit, struct import_old **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(import_old, owner_id, DB_UUID),
                                          DB_COL(import_old, id, DB_UUID),
                                          DB_COL(import_old, path, DB_STR),
                                          DB_COL(import_old, state, DB_STR) };
    return db_rows(db, a, waiting ? &SQL_IMPORT_WAITING : &SQL_IMPORT_OLD,
                   DB_ARGS(DBI(before_ms), DBI((int64_t)limit)), cols, COUNTOF(cols), sizeof **ret,
                   limit, ret, ret_count);
}

/* --- the report ------------------------------------------------------------------------------------------ */

err_t import_store_item(struct db *db, struct uuid owner, struct uuid import,
                        const struct import_item *i)
{
    return db_exec(db, &SQL_IMPORT_ITEM_PUT,
                   DB_ARGS(DBU(owner), DBU(import), DBI(i->number), DBS(i->outcome), DBS(i->entry),
                           DBI(i->place), DBS(i->reason_code), DBS(i->reason),
                           uuid_or_null(i->conversation_id), uuid_or_null(i->source_id),
                           DBI(i->version), DBI(i->captured_ms)),
                   NULL);
}

err_t import_store_item_again(struct db *db, struct uuid owner, struct uuid import,
                              struct uuid conversation, int64_t version, int64_t captured_ms)
{
    return db_exec(
        db, &SQL_IMPORT_ITEM_AGAIN,
        DB_ARGS(DBI(version), DBI(captured_ms), DBU(owner), DBU(conversation), DBU(import)), NULL);
}

err_t import_store_item_undone(struct db *db, struct uuid owner, struct uuid import, int64_t number,
                               const char *outcome, const char *code, const char *reason)
{
    return db_exec(db, &SQL_IMPORT_ITEM_UNDONE,
                   DB_ARGS(DBS(str_from(outcome)), DBS(str_from(code)), DBS(str_from(reason)),
                           DBU(owner), DBU(import), DBI(number)),
                   NULL);
}

err_t import_store_items(struct db *db, struct arena *a, struct uuid owner, struct uuid import,
                         struct str outcome, int64_t after, size_t limit, struct import_item **ret,
                         size_t *ret_count)
{
    if (outcome.n)
        return db_rows(
            db, a, &SQL_IMPORT_ITEMS_OF,
            DB_ARGS(DBU(owner), DBU(import), DBS(outcome), DBI(after), DBI((int64_t)limit)),
            ITEM_COLS, COUNTOF(ITEM_COLS), sizeof **ret, limit, ret, ret_count);
    return db_rows(db, a, &SQL_IMPORT_ITEMS,
                   DB_ARGS(DBU(owner), DBU(import), DBI(after), DBI((int64_t)limit)), ITEM_COLS,
                   COUNTOF(ITEM_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t import_store_item_count(struct db *db, struct uuid owner, struct uuid import,
                              const char *outcome, int64_t *ret)
{
    return db_i64(db, &SQL_IMPORT_ITEM_COUNT,
                  DB_ARGS(DBU(owner), DBU(import), DBS(str_from(outcome))), ret);
}

err_t import_store_storage(struct db *db, struct arena *a, struct uuid owner, size_t limit,
                           struct import_storage **ret, size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(import_storage, id, DB_UUID),        DB_COL(import_storage, label, DB_STR),
        DB_COL(import_storage, created_ms, DB_I64), DB_COL(import_storage, conversations, DB_I64),
        DB_COL(import_storage, text_bytes, DB_I64), DB_COL(import_storage, media_bytes, DB_I64),
    };
    return db_rows(db, a, &SQL_IMPORT_STORAGE, DB_ARGS(DBU(owner), DBI((int64_t)limit)), cols,
                   COUNTOF(cols), sizeof **ret, limit, ret, ret_count);
}

/* --- what was seen ------------------------------------------------------------------------------------------- */

err_t import_store_seen(struct db *db, struct arena *a, struct uuid owner, struct sha256 digest,
                        struct import_seen *ret)
{
    static const struct db_col cols[] = { DB_COL(import_seen, conversation_id, DB_UUID),
                                          DB_COL(import_seen, version, DB_I64),
                                          DB_COL(import_seen, captured_ms, DB_I64) };
    return db_one(db, a, &SQL_IMPORT_SEEN, DB_ARGS(DBU(owner), hash_value(&digest)), cols,
                  COUNTOF(cols), ret);
}

err_t import_store_seen_put(struct db *db, struct uuid owner, struct sha256 digest,
                            struct uuid conversation, int64_t version)
{
    return db_exec(db, &SQL_IMPORT_SEEN_PUT,
                   DB_ARGS(DBU(owner), hash_value(&digest), DBU(conversation), DBI(version)), NULL);
}

err_t import_store_forget_conversation(struct db *db, struct uuid owner, struct uuid conversation)
{
    TRY(db_exec(db, &SQL_IMPORT_SEEN_FORGET, DB_ARGS(DBU(owner), DBU(conversation)), NULL));
    return db_exec(db, &SQL_IMPORT_ITEM_FORGET, DB_ARGS(DBU(owner), DBU(conversation)), NULL);
}

/* --- uploads --------------------------------------------------------------------------------------------------- */

err_t upload_store_insert(struct db *db, struct uuid owner, const struct upload *u)
{
    return db_exec(db, &SQL_UPLOAD_INSERT,
                   DB_ARGS(DBU(owner), DBU(u->id), DBS(u->name), DBI(u->bytes), DBS(u->metadata),
                           DBI(u->expires_ms)),
                   NULL);
}

err_t upload_store_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                       struct upload *ret)
{
    static const struct db_col cols[] = {
        DB_COL(upload, id, DB_UUID),      DB_COL(upload, name, DB_STR),
        DB_COL(upload, bytes, DB_I64),    DB_COL(upload, received, DB_I64),
        DB_COL(upload, metadata, DB_STR), DB_COL(upload, expires_ms, DB_I64)
    };
    return db_one(db, a, &SQL_UPLOAD_ONE, DB_ARGS(DBU(owner), DBU(id)), cols, COUNTOF(cols), ret);
}

err_t upload_store_count(struct db *db, struct uuid owner, int64_t *ret)
{
    return db_i64(db, &SQL_UPLOAD_COUNT, DB_ARGS(DBU(owner)), ret);
}

err_t upload_store_received(struct db *db, struct uuid owner, struct uuid id, int64_t from,
                            int64_t received, int64_t expires_ms, bool *ret_done)
{
    return changed(db, &SQL_UPLOAD_RECEIVED,
                   DB_ARGS(DBI(received), DBI(expires_ms), DBU(owner), DBU(id), DBI(from)),
                   ret_done);
}

err_t upload_store_delete(struct db *db, struct uuid owner, struct uuid id, bool *ret_done)
{
    return changed(db, &SQL_UPLOAD_DELETE, DB_ARGS(DBU(owner), DBU(id)), ret_done);
}

err_t upload_store_expired(struct db *db, struct arena *a, int64_t now_ms, size_t limit,
                           struct upload_old **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(upload_old, owner_id, DB_UUID),
                                          DB_COL(upload_old, id, DB_UUID) };
    return db_rows(db, a, &SQL_UPLOAD_EXPIRED, DB_ARGS(DBI(now_ms), DBI((int64_t)limit)), cols,
                   COUNTOF(cols), sizeof **ret, limit, ret, ret_count);
}

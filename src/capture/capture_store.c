#include "capture/capture_store.h"

#include "capture_sql.h"

static const struct db_col CAPTURE_COLS[] = {
    DB_COL(capture_row, id, DB_UUID),        DB_COL(capture_row, url, DB_STR),
    DB_COL(capture_row, provider, DB_STR),   DB_COL(capture_row, share_id, DB_STR),
    DB_COL(capture_row, outcome, DB_STR),    DB_COL(capture_row, conversation_id, DB_UUID),
    DB_COL(capture_row, error_code, DB_STR), DB_COL(capture_row, error_detail, DB_STR),
    DB_COL(capture_row, created_ms, DB_I64), DB_COL(capture_row, ended_ms, DB_I64),
};

err_t capture_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                  struct capture_row *ret)
{
    return db_one(db, a, &SQL_CAPTURE_ONE, DB_ARGS(DBU(owner), DBU(id)), CAPTURE_COLS,
                  COUNTOF(CAPTURE_COLS), ret);
}

err_t capture_store_insert(struct db *db, struct uuid owner, const struct capture_row *r)
{
    return db_exec(db, &SQL_CAPTURE_INSERT,
                   DB_ARGS(DBU(owner), DBU(r->id), DBS(r->url), DBS(r->provider), DBS(r->share_id),
                           DBI(r->created_ms)),
                   NULL);
}

err_t capture_store_end(struct db *db, struct uuid owner, const struct capture_row *r)
{
    struct db_value conversation =
        uuid_is_nil(r->conversation_id) ? DBN() : DBU(r->conversation_id);
    return db_exec(db, &SQL_CAPTURE_END,
                   DB_ARGS(DBS(r->outcome), conversation, DBS(r->error_code), DBS(r->error_detail),
                           DBI(r->ended_ms), DBU(owner), DBU(r->id)),
                   NULL);
}

err_t capture_store_count_since(struct db *db, struct uuid owner, int64_t since_ms, int64_t *ret)
{
    return db_i64(db, &SQL_CAPTURE_COUNT_SINCE, DB_ARGS(DBU(owner), DBI(since_ms)), ret);
}

err_t capture_store_evidence(struct db *db, struct uuid owner, struct uuid capture,
                             const char *kind, struct sha256 h, int64_t bytes, int64_t now_ms)
{
    return db_exec(db, &SQL_CAPTURE_EVIDENCE_PUT,
                   DB_ARGS(DBU(owner), DBU(capture), DBS(str_from(kind)),
                           DBX(str_of((const char *)h.b, sizeof h.b)), DBI(bytes), DBI(now_ms)),
                   NULL);
}

err_t capture_store_names_blob(struct db *db, struct uuid owner, struct sha256 h, bool *ret)
{
    int64_t rows;
    TRY(db_i64(db, &SQL_CAPTURE_NAMES_BLOB,
               DB_ARGS(DBU(owner), DBX(str_of((const char *)h.b, sizeof h.b))), &rows));
    *ret = *ret || rows > 0;
    return OK;
}

err_t capture_store_of(struct db *db, struct arena *a, struct uuid owner, struct uuid conversation,
                       size_t limit, struct capture_row **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_CAPTURE_OF_CONVERSATION,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI((int64_t)limit)), CAPTURE_COLS,
                   COUNTOF(CAPTURE_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t capture_store_move(struct db *db, struct uuid owner, struct uuid id, struct uuid conversation)
{
    return db_exec(db, &SQL_CAPTURE_MOVE, DB_ARGS(DBU(conversation), DBU(owner), DBU(id)), NULL);
}

err_t capture_store_forget_one(struct db *db, struct uuid owner, struct uuid id)
{
    TRY(db_exec(db, &SQL_CAPTURE_FORGET_EVIDENCE_ONE, DB_ARGS(DBU(owner), DBU(id)), NULL));
    return db_exec(db, &SQL_CAPTURE_FORGET_ONE, DB_ARGS(DBU(owner), DBU(id)), NULL);
}

err_t capture_store_forget(struct db *db, struct uuid owner)
{
    TRY(db_exec(db, &SQL_CAPTURE_FORGET_EVIDENCE, DB_ARGS(DBU(owner)), NULL));
    return db_exec(db, &SQL_CAPTURE_FORGET_ACCOUNT, DB_ARGS(DBU(owner)), NULL);
}

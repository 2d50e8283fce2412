#include "capture/capture_store.h"

#include "base/limits.h"
#include "capture_sql.h"

static const struct db_col CAPTURE_COLS[] = {
    DB_COL(capture_row, id, DB_UUID),           DB_COL(capture_row, url, DB_STR),
    DB_COL(capture_row, provider, DB_STR),      DB_COL(capture_row, share_id, DB_STR),
    DB_COL(capture_row, outcome, DB_STR),       DB_COL(capture_row, conversation_id, DB_UUID),
    DB_COL(capture_row, error_code, DB_STR),    DB_COL(capture_row, error_detail, DB_STR),
    DB_COL(capture_row, created_ms, DB_I64),    DB_COL(capture_row, ended_ms, DB_I64),
    DB_COL(capture_row, change, DB_STR),        DB_COL(capture_row, title, DB_STR),
    DB_COL(capture_row, messages_new, DB_I64),  DB_COL(capture_row, messages_changed, DB_I64),
    DB_COL(capture_row, message_count, DB_I64),
};

err_t capture_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                  struct capture_row *ret)
{
    return db_one(db, a, &SQL_CAPTURE_ONE, DB_ARGS(DBU(owner), DBU(id)), CAPTURE_COLS,
                  COUNTOF(CAPTURE_COLS), ret);
}

void capture_row_put(struct capture_row *row, const struct archive_put_result *put)
{
    row->conversation_id = put->id;
    row->change = put->created ? S("new") : put->changed ? S("updated") : S("unchanged");
    row->title = put->title;
    row->messages_new = (int64_t)put->shown_new;
    row->messages_changed = (int64_t)put->shown_changed;
    row->message_count = put->message_count;
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
                           DBI(r->ended_ms), DBS(r->change), DBS(r->title), DBI(r->messages_new),
                           DBI(r->messages_changed), DBI(r->message_count), DBU(owner), DBU(r->id)),
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
    TRY(db_exec(db, &SQL_CAPTURE_REREAD_FORGET_ONE, DB_ARGS(DBU(owner), DBU(id)), NULL));
    return db_exec(db, &SQL_CAPTURE_FORGET_ONE, DB_ARGS(DBU(owner), DBU(id)), NULL);
}

err_t capture_store_forget(struct db *db, struct uuid owner)
{
    TRY(db_exec(db, &SQL_CAPTURE_FORGET_EVIDENCE, DB_ARGS(DBU(owner)), NULL));
    TRY(db_exec(db, &SQL_CAPTURE_REREAD_FORGET_ACCOUNT, DB_ARGS(DBU(owner)), NULL));
    return db_exec(db, &SQL_CAPTURE_FORGET_ACCOUNT, DB_ARGS(DBU(owner)), NULL);
}

/* --- how they ended ------------------------------------------------------------------------------ */

#define DAY_MS INT64_C(86400000)

static struct str or_empty(struct str s)
{
    return s.s ? s : S("");
}

err_t capture_store_tally(struct db *db, struct str provider, struct str recipe,
                          struct str strategy, struct str outcome, int64_t now_ms)
{
    return db_exec(db, &SQL_CAPTURE_TALLY_ADD,
                   DB_ARGS(DBS(provider), DBI(now_ms / DAY_MS), DBS(or_empty(recipe)),
                           DBS(or_empty(strategy)), DBS(outcome), DBI(now_ms)),
                   NULL);
}

err_t capture_store_tallies(struct db *db, struct arena *a, int64_t since_ms,
                            struct tally_row **ret, size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(tally_row, provider, DB_STR), DB_COL(tally_row, recipe, DB_STR),
        DB_COL(tally_row, strategy, DB_STR), DB_COL(tally_row, outcome, DB_STR),
        DB_COL(tally_row, captures, DB_I64), DB_COL(tally_row, lately, DB_I64),
        DB_COL(tally_row, last_ms, DB_I64),
    };
    return db_rows(db, a, &SQL_CAPTURE_TALLIES, DB_ARGS(DBI(since_ms / DAY_MS), DBI(TALLIES_MAX)),
                   cols, COUNTOF(cols), sizeof **ret, TALLIES_MAX, ret, ret_count);
}

err_t capture_store_tally_gather(struct db *db, int64_t now_ms)
{
    int64_t before_day = (now_ms - TALLY_DAYS_MS) / DAY_MS;
    TRY(db_exec(db, &SQL_CAPTURE_TALLY_GATHER, DB_ARGS(DBI(before_day)), NULL));
    TRY(db_exec(db, &SQL_CAPTURE_TALLY_GATHERED, DB_ARGS(DBI(before_day)), NULL));
    return db_exec(db, &SQL_CAPTURE_TALLY_FORGET, DB_ARGS(DBI(now_ms - TALLY_KEEP_MS)), NULL);
}

/* --- reading again ---------------------------------------------------------------------------------- */

err_t capture_store_evidence_of(struct db *db, struct arena *a, struct uuid owner,
                                struct uuid capture, struct evidence_row **ret, size_t *ret_count)
{
    static const struct db_col cols[] = { DB_COL(evidence_row, kind, DB_STR),
                                          DB_COL(evidence_row, sha256, DB_BYTES) };
    return db_rows(db, a, &SQL_CAPTURE_EVIDENCE_OF,
                   DB_ARGS(DBU(owner), DBU(capture), DBI(EVIDENCE_KINDS_MAX)), cols, COUNTOF(cols),
                   sizeof **ret, EVIDENCE_KINDS_MAX, ret, ret_count);
}

err_t capture_store_to_reread(struct db *db, struct arena *a, struct uuid owner,
                              struct str provider, struct uuid from, size_t limit,
                              struct capture_row **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_CAPTURE_TO_REREAD,
                   DB_ARGS(DBU(owner), DBU(from), DBS(provider), DBI((int64_t)limit)), CAPTURE_COLS,
                   COUNTOF(CAPTURE_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t capture_store_to_reread_count(struct db *db, struct uuid owner, struct str provider,
                                    int64_t *ret)
{
    return db_i64(db, &SQL_CAPTURE_TO_REREAD_COUNT, DB_ARGS(DBU(owner), DBS(provider)), ret);
}

err_t capture_store_reread(struct db *db, struct uuid owner, struct uuid job,
                           const struct reread_row *r)
{
    struct db_value conversation =
        uuid_is_nil(r->conversation_id) ? DBN() : DBU(r->conversation_id);
    return db_exec(db, &SQL_CAPTURE_REREAD_PUT,
                   DB_ARGS(DBU(owner), DBU(job), DBU(r->capture_id), conversation, DBS(r->provider),
                           DBS(r->finding), DBS(r->detail), DBS(r->title), DBI(r->messages_before),
                           DBI(r->messages_after), DBI(r->words_before), DBI(r->words_after),
                           DBI(r->warnings_before), DBI(r->warnings_after)),
                   NULL);
}

err_t capture_store_rereads(struct db *db, struct arena *a, struct uuid owner, struct uuid job,
                            struct str finding_or_none, struct uuid after, size_t limit,
                            struct reread_row **ret, size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(reread_row, capture_id, DB_UUID),     DB_COL(reread_row, conversation_id, DB_UUID),
        DB_COL(reread_row, provider, DB_STR),        DB_COL(reread_row, finding, DB_STR),
        DB_COL(reread_row, detail, DB_STR),          DB_COL(reread_row, title, DB_STR),
        DB_COL(reread_row, messages_before, DB_I64), DB_COL(reread_row, messages_after, DB_I64),
        DB_COL(reread_row, words_before, DB_I64),    DB_COL(reread_row, words_after, DB_I64),
        DB_COL(reread_row, warnings_before, DB_I64), DB_COL(reread_row, warnings_after, DB_I64),
    };
    return db_rows(
        db, a, &SQL_CAPTURE_REREADS,
        DB_ARGS(DBU(owner), DBU(job), DBU(after), DBS(finding_or_none), DBI((int64_t)limit)), cols,
        COUNTOF(cols), sizeof **ret, limit, ret, ret_count);
}

err_t capture_store_reread_counts(struct db *db, struct arena *a, struct uuid owner,
                                  struct uuid job, struct reread_count **ret, size_t *ret_count)
{
    enum { FINDINGS = 16 };
    static const struct db_col cols[] = { DB_COL(reread_count, finding, DB_STR),
                                          DB_COL(reread_count, captures, DB_I64) };
    return db_rows(db, a, &SQL_CAPTURE_REREAD_COUNTS, DB_ARGS(DBU(owner), DBU(job), DBI(FINDINGS)),
                   cols, COUNTOF(cols), sizeof **ret, FINDINGS, ret, ret_count);
}

err_t capture_store_reread_last(struct db *db, struct arena *a, struct uuid owner, struct uuid job,
                                struct uuid *ret)
{
    static const struct db_col cols[] = { DB_COL(reread_row, capture_id, DB_UUID) };
    struct reread_row row = { 0 };
    err_t e = db_one(db, a, &SQL_CAPTURE_REREAD_LAST, DB_ARGS(DBU(owner), DBU(job)), cols,
                     COUNTOF(cols), &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *ret = row.capture_id;
    return OK;
}

err_t capture_store_reread_forget(struct db *db, struct uuid owner, struct uuid but_job)
{
    return db_exec(db, &SQL_CAPTURE_REREAD_FORGET, DB_ARGS(DBU(owner), DBU(but_job)), NULL);
}

err_t capture_evidence_of_conversation(struct db *db, struct arena *a, struct uuid owner,
                                       struct uuid conversation, size_t limit,
                                       struct capture_evidence_row **ret, size_t *ret_count)
{
    static const struct db_col cols[] = {
        DB_COL(capture_evidence_row, capture_id, DB_UUID),
        DB_COL(capture_evidence_row, kind, DB_STR),
        DB_COL(capture_evidence_row, sha256, DB_BYTES),
        DB_COL(capture_evidence_row, bytes, DB_I64),
    };
    return db_rows(db, a, &SQL_CAPTURE_EVIDENCE_OF_CONVERSATION,
                   DB_ARGS(DBU(owner), DBU(conversation), DBI((int64_t)limit)), cols, COUNTOF(cols),
                   sizeof **ret, limit, ret, ret_count);
}

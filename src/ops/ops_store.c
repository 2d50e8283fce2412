/* Rows of ops; the only file of the room that runs queries. */
#include "ops/inside.h"
#include "ops_sql.h"

/* --- the log ------------------------------------------------------------------------------ */

static const struct db_col OP_COLS[] = {
    DB_COL(op, txid, DB_I64),      DB_COL(op, seq, DB_I64),        DB_COL(op, owner_id, DB_UUID),
    DB_COL(op, actor_id, DB_UUID), DB_COL(op, device_id, DB_UUID), DB_COL(op, hlc, DB_I64),
    DB_COL(op, entity, DB_STR),    DB_COL(op, entity_id, DB_UUID), DB_COL(op, kind, DB_STR),
    DB_COL(op, version, DB_I64),   DB_COL(op, fields, DB_STR),     DB_COL(op, created_ms, DB_I64),
};
static const struct db_col CURSOR_COLS[] = {
    DB_COL(op_cursor, txid, DB_I64),
    DB_COL(op_cursor, seq, DB_I64),
};
static const struct db_col AGE_COLS[] = {
    DB_COL(op_age, txid, DB_I64),
    DB_COL(op_age, seq, DB_I64),
    DB_COL(op_age, created_ms, DB_I64),
};

err_t ops_store_append(struct db *db, const struct op_new *op, int64_t now_ms)
{
    TRY(db_exec(db, &SQL_OPS_APPEND,
                DB_ARGS(DBI(now_ms), DBU(op->owner_id), DBU(op->actor_id), DBU(op->device_id),
                        DBS(str_from(op->entity)), DBU(op->entity_id), DBS(str_from(op->kind)),
                        DBI(op->version), DBS(op->fields ? str_from(op->fields) : S(""))),
                NULL));
    if (op->fresh)
        return OK;
    return db_exec(db, &SQL_OPS_APPEND_STREAM,
                   DB_ARGS(DBU(op->owner_id), DBS(str_from(op->entity)), DBU(op->entity_id)), NULL);
}

err_t ops_store_read(struct db *db, struct arena *a, struct op_cursor after, size_t limit,
                     struct op **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_READ,
                   DB_ARGS(DBI(after.txid), DBI(after.seq), DBI((int64_t)limit)), OP_COLS,
                   COUNTOF(OP_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t ops_store_read_for(struct db *db, struct arena *a, struct uuid reader, struct op_cursor after,
                         struct op_cursor upto, size_t limit, struct op **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_READ_FOR,
                   DB_ARGS(DBU(reader), DBI(after.txid), DBI(after.seq), DBI(upto.txid),
                           DBI(upto.seq), DBI((int64_t)limit)),
                   OP_COLS, COUNTOF(OP_COLS), sizeof **ret, limit, ret, ret_count);
}

static err_t one_cursor(struct db *db, const struct db_query *q, struct db_args args,
                        struct op_cursor *ret)
{
    CLEANUP(arena_free) struct arena scratch;
    arena_init(&scratch, KIB(4));
    return db_one(db, &scratch, q, args, CURSOR_COLS, COUNTOF(CURSOR_COLS), ret);
}

err_t ops_store_floor(struct db *db, struct op_cursor *ret)
{
    return one_cursor(db, &SQL_OPS_FLOOR, DB_NO_ARGS, ret);
}

err_t ops_store_head(struct db *db, struct op_cursor *ret)
{
    return one_cursor(db, &SQL_OPS_HEAD, DB_NO_ARGS, ret);
}

err_t ops_store_last(struct db *db, struct op_cursor *ret)
{
    return one_cursor(db, &SQL_OPS_LAST, DB_NO_ARGS, ret);
}

err_t ops_store_oldest(struct db *db, struct arena *a, size_t limit, struct op_age **ret,
                       size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_OLDEST, DB_ARGS(DBI((int64_t)limit)), AGE_COLS,
                   COUNTOF(AGE_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t ops_store_prune(struct db *db, struct op_cursor upto)
{
    TRY(db_exec(db, &SQL_OPS_PRUNE_STREAMS, DB_ARGS(DBI(upto.txid), DBI(upto.seq)), NULL));
    TRY(db_exec(db, &SQL_OPS_PRUNE, DB_ARGS(DBI(upto.txid), DBI(upto.seq)), NULL));
    return db_exec(db, &SQL_OPS_FLOOR_SET, DB_ARGS(DBI(upto.txid), DBI(upto.seq)), NULL);
}

err_t ops_store_log_foreign(struct db *db, bool *ret)
{
    int64_t n = 0;
    TRY(db_i64(db, &SQL_OPS_LOG_FOREIGN, DB_NO_ARGS, &n));
    *ret = n > 0;
    return OK;
}

err_t ops_store_log_empty(struct db *db)
{
    TRY(db_exec(db, &SQL_OPS_STREAMS_EMPTY, DB_NO_ARGS, NULL));
    TRY(db_exec(db, &SQL_OPS_LOG_EMPTY, DB_NO_ARGS, NULL));
    return db_exec(db, &SQL_OPS_FLOOR_SET, DB_ARGS(DBI(0), DBI(0)), NULL);
}

/* --- consumers ------------------------------------------------------------------------------ */

err_t ops_store_cursor_get(struct db *db, const char *name, struct op_cursor *ret)
{
    err_t e = one_cursor(db, &SQL_OPS_CURSOR_GET, DB_ARGS(DBS(str_from(name))), ret);
    if (e == E_NOT_FOUND)
        *ret = (struct op_cursor){ 0 };
    return e == E_NOT_FOUND ? OK : e;
}

err_t ops_store_cursor_hold(struct db *db, const char *name, int64_t now_ms, struct op_cursor *ret)
{
    TRY(db_exec(db, &SQL_OPS_CURSOR_MAKE, DB_ARGS(DBS(str_from(name)), DBI(now_ms)), NULL));
    err_t e = one_cursor(db, &SQL_OPS_CURSOR_HOLD, DB_ARGS(DBS(str_from(name))), ret);
    return e == E_NOT_FOUND ? E_BUSY : e;
}

err_t ops_store_cursor_set(struct db *db, const char *name, struct op_cursor c, int64_t now_ms)
{
    int64_t changed = 0;
    TRY(db_exec(db, &SQL_OPS_CURSOR_SET,
                DB_ARGS(DBI(c.txid), DBI(c.seq), DBI(now_ms), DBS(str_from(name))), &changed));
    assert(changed == 1); /* held before */
    return OK;
}

/* --- readers --------------------------------------------------------------------------------- */

struct id_row {
    struct uuid id;
};
static const struct db_col ID_COLS[] = { DB_COL(id_row, id, DB_UUID) };

err_t ops_reader_add(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                     struct uuid reader)
{
    return db_exec(db, &SQL_OPS_READER_ADD,
                   DB_ARGS(DBU(owner), DBS(str_from(entity)), DBU(id), DBU(reader)), NULL);
}

err_t ops_reader_remove(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                        struct uuid reader)
{
    return db_exec(db, &SQL_OPS_READER_REMOVE,
                   DB_ARGS(DBU(owner), DBS(str_from(entity)), DBU(id), DBU(reader)), NULL);
}

err_t ops_readers(struct db *db, struct arena *a, struct uuid owner, struct str entity,
                  struct uuid id, struct uuid **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_READERS,
                   DB_ARGS(DBU(owner), DBS(entity), DBU(id), DBI(OP_READERS_MAX)), ID_COLS,
                   COUNTOF(ID_COLS), sizeof **ret, OP_READERS_MAX, ret, ret_count);
}

err_t ops_readers_forget(struct db *db, struct uuid owner, struct str entity, struct uuid id)
{
    return db_exec(db, &SQL_OPS_READERS_FORGET, DB_ARGS(DBU(owner), DBS(entity), DBU(id)), NULL);
}

err_t ops_store_readers_forget_account(struct db *db, struct uuid account)
{
    TRY(db_exec(db, &SQL_OPS_STREAM_FORGET_ACCOUNT, DB_ARGS(DBU(account)), NULL));
    return db_exec(db, &SQL_OPS_READERS_FORGET_ACCOUNT, DB_ARGS(DBU(account)), NULL);
}

/* --- jobs ------------------------------------------------------------------------------------- */

#define JOB_COL(member, type)                                  \
    {                                                          \
#member, type, offsetof(struct job_record, row.member) \
    }
static const struct db_col JOB_COLS[] = {
    JOB_COL(owner_id, DB_UUID),
    JOB_COL(id, DB_UUID),
    JOB_COL(kind, DB_STR),
    JOB_COL(status, DB_STR),
    JOB_COL(payload, DB_STR),
    JOB_COL(phase, DB_STR),
    JOB_COL(state, DB_STR),
    JOB_COL(error_code, DB_STR),
    JOB_COL(error_detail, DB_STR),
    JOB_COL(progress_done, DB_I64),
    JOB_COL(progress_total, DB_I64),
    JOB_COL(attempt, DB_I64),
    JOB_COL(deaths, DB_I64),
    JOB_COL(created_ms, DB_I64),
    JOB_COL(updated_ms, DB_I64),
    DB_COL(job_record, run_ms, DB_I64),
    DB_COL(job_record, cancel, DB_BOOL),
};

err_t ops_store_job_insert(struct db *db, struct uuid owner, struct uuid id, const char *kind,
                           struct str payload, struct str dedup, int64_t now_ms, bool *ret_inserted)
{
    int64_t changed = 0;
    TRY(db_exec(
        db, &SQL_OPS_JOB_INSERT,
        DB_ARGS(DBU(owner), DBU(id), DBS(str_from(kind)), DBS(dedup), DBS(payload), DBI(now_ms)),
        &changed));
    *ret_inserted = changed == 1;
    return OK;
}

err_t ops_store_job_live(struct db *db, struct arena *a, struct uuid owner, const char *kind,
                         struct str dedup, struct uuid *ret)
{
    struct id_row row;
    TRY(db_one(db, a, &SQL_OPS_JOB_LIVE, DB_ARGS(DBU(owner), DBS(str_from(kind)), DBS(dedup)),
               ID_COLS, COUNTOF(ID_COLS), &row));
    *ret = row.id;
    return OK;
}

err_t ops_store_job_one(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                        struct job_record *ret)
{
    return db_one(db, a, &SQL_OPS_JOB_ONE, DB_ARGS(DBU(owner), DBU(id)), JOB_COLS,
                  COUNTOF(JOB_COLS), ret);
}

err_t ops_store_job_list(struct db *db, struct arena *a, struct uuid owner, const char *kind,
                         int64_t before_ms, struct uuid before_id, size_t limit,
                         struct job_record **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_JOB_LIST,
                   DB_ARGS(DBU(owner), DBS(str_from(kind)), DBI(before_ms), DBU(before_id),
                           DBI((int64_t)limit)),
                   JOB_COLS, COUNTOF(JOB_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t ops_store_job_live_of(struct db *db, struct arena *a, struct uuid owner, int64_t until_ms,
                            struct uuid after, size_t limit, struct job_record **ret,
                            size_t *ret_count)
{
    return db_rows(db, a, &SQL_OPS_JOB_LIVE_OF,
                   DB_ARGS(DBU(owner), DBI(until_ms), DBU(after), DBI((int64_t)limit)), JOB_COLS,
                   COUNTOF(JOB_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t ops_store_job_position(struct db *db, struct job_record *r)
{
    return db_i64(db, &SQL_OPS_JOB_POSITION,
                  DB_ARGS(DBS(r->row.kind), DBI(r->run_ms), DBU(r->row.id)), &r->row.position);
}

err_t ops_store_job_due_count(struct db *db, const char *kind, int64_t now_ms, int64_t *ret)
{
    return db_i64(db, &SQL_OPS_JOB_DUE_COUNT, DB_ARGS(DBS(str_from(kind)), DBI(now_ms)), ret);
}

err_t ops_store_job_queued_count(struct db *db, const char *kind, int64_t *ret)
{
    return db_i64(db, &SQL_OPS_JOB_QUEUED_COUNT, DB_ARGS(DBS(str_from(kind))), ret);
}

err_t ops_store_job_running_count(struct db *db, const char *kind, int64_t *ret)
{
    return db_i64(db, &SQL_OPS_JOB_RUNNING_COUNT, DB_ARGS(DBS(str_from(kind))), ret);
}

err_t ops_store_job_next_ms(struct db *db, const char *kind, int64_t now_ms, int64_t *ret)
{
    return db_i64(db, &SQL_OPS_JOB_NEXT_MS, DB_ARGS(DBS(str_from(kind)), DBI(now_ms)), ret);
}

static err_t due(struct db *db, struct arena *a, const char *kind, int64_t now_ms,
                 struct job_record *ret)
{
    return db_one(db, a, &SQL_OPS_JOB_DUE, DB_ARGS(DBS(str_from(kind)), DBI(now_ms)), JOB_COLS,
                  COUNTOF(JOB_COLS), ret);
}

err_t ops_store_job_claim(struct db *db, struct arena *a, const char *kind, struct uuid token,
                          int64_t lease_ms, int64_t now_ms, struct job_record *ret)
{
    struct job_record found;
    TRY(due(db, a, kind, now_ms, &found));
    if (found.row.deaths > 0 || str_eq(found.row.status, S("running"))) {
        /* Another transaction may be taking one of the same kind, which this one cannot see yet. */
        int64_t n;
        TRY(db_i64(db, &SQL_OPS_JOB_TAKE_TURNS, DB_NO_ARGS, &n));
        TRY(due(db, a, kind, now_ms, &found));
    }
    TRY(db_exec(
        db, &SQL_OPS_JOB_CLAIM,
        DB_ARGS(DBU(token), DBI(lease_ms), DBI(now_ms), DBU(found.row.owner_id), DBU(found.row.id)),
        NULL));
    found.row.deaths += str_eq(found.row.status, S("running"));
    found.row.status = S("running");
    found.row.attempt++;
    found.row.updated_ms = now_ms;
    *ret = found;
    return OK;
}

/* One row under this lease, or it is not ours any more. */
static err_t held(struct db *db, const struct db_query *q, struct db_args args, bool *ret_held)
{
    int64_t changed = 0;
    TRY(db_exec(db, q, args, &changed));
    *ret_held = changed == 1;
    return OK;
}

err_t ops_store_job_renew(struct db *db, const struct job_lease *l, int64_t lease_ms,
                          bool *ret_held)
{
    return held(db, &SQL_OPS_JOB_RENEW,
                DB_ARGS(DBI(lease_ms), DBU(l->owner), DBU(l->id), DBU(l->token)), ret_held);
}

err_t ops_store_job_cancel_asked(struct db *db, const struct job_lease *l, bool *ret)
{
    int64_t n = 0;
    TRY(db_i64(db, &SQL_OPS_JOB_CANCEL_ASKED, DB_ARGS(DBU(l->owner), DBU(l->id), DBU(l->token)),
               &n));
    *ret = n > 0;
    return OK;
}

err_t ops_store_job_phase(struct db *db, const struct job_lease *l, const char *phase,
                          struct str state, int64_t lease_ms, int64_t now_ms, bool *ret_held)
{
    return held(db, &SQL_OPS_JOB_PHASE,
                DB_ARGS(DBS(str_from(phase)), DBS(state), DBI(lease_ms), DBI(now_ms), DBU(l->owner),
                        DBU(l->id), DBU(l->token)),
                ret_held);
}

err_t ops_store_job_end(struct db *db, const struct job_lease *l, const struct job_end *end,
                        int64_t now_ms, bool *ret_held)
{
    return held(db, &SQL_OPS_JOB_END,
                DB_ARGS(DBS(str_from(end->status)), DBS(end->code), DBS(end->detail),
                        DBI(end->done), DBI(end->total), DBI(now_ms), DBU(l->owner), DBU(l->id),
                        DBU(l->token)),
                ret_held);
}

err_t ops_store_job_requeue(struct db *db, const struct job_lease *l, int64_t attempt,
                            int64_t run_ms, struct str code, struct str detail, int64_t now_ms,
                            bool *ret_held)
{
    return held(db, &SQL_OPS_JOB_REQUEUE,
                DB_ARGS(DBI(attempt), DBI(run_ms), DBS(code), DBS(detail), DBI(now_ms),
                        DBU(l->owner), DBU(l->id), DBU(l->token)),
                ret_held);
}

err_t ops_store_job_requeue_all(struct db *db, int64_t now_ms)
{
    return db_exec(db, &SQL_OPS_JOB_REQUEUE_ALL, DB_ARGS(DBI(now_ms)), NULL);
}

err_t ops_store_job_cancel_queued(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms,
                                  bool *ret_done)
{
    return held(db, &SQL_OPS_JOB_CANCEL_QUEUED, DB_ARGS(DBI(now_ms), DBU(owner), DBU(id)),
                ret_done);
}

err_t ops_store_job_cancel_running(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms,
                                   bool *ret_done)
{
    return held(db, &SQL_OPS_JOB_CANCEL_RUNNING, DB_ARGS(DBI(now_ms), DBU(owner), DBU(id)),
                ret_done);
}

err_t ops_store_job_sweep(struct db *db, int64_t before_ms)
{
    return db_exec(db, &SQL_OPS_JOB_SWEEP, DB_ARGS(DBI(before_ms)), NULL);
}

err_t ops_store_job_forget(struct db *db, struct uuid owner, struct uuid id)
{
    return db_exec(db, &SQL_OPS_JOB_FORGET, DB_ARGS(DBU(owner), DBU(id)), NULL);
}

err_t ops_store_job_delete_owner(struct db *db, struct uuid owner)
{
    return db_exec(db, &SQL_OPS_JOB_DELETE_OWNER, DB_ARGS(DBU(owner)), NULL);
}

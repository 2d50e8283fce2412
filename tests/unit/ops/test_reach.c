/* How far each query of jobs reaches: one owner's job, held by one run, in the state that it speaks of; and each of who
 * hears of what: one reader, one thing of one owner. */
#include "narrow.h"
#include "ops/fixture.h"
#include "ops/inside.h"
#include "ops_sql.h"

static struct uuid id, token, other;

/* A job of the kind "k" that waits, or that a run holds. */
static void put_job(struct uuid owner, bool run)
{
    struct job_record r;
    bool inserted;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_insert(f.db, owner, id, "k", S("{}"), S("d"), NOW, &inserted));
    assert_true(inserted);
    if (run)
        ok(ops_store_job_claim(f.db, &f.arena, "k", token, NOW + 1000, NOW, &r));
    ok(db_txn_commit(&tx));
}

static void ask(const struct db_query *const *queries, size_t count)
{
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(other) },
        { "id", DBU(id), DBU(other) },
        { "kind", DBS(S("k")), DBS(S("l")) },
        { "dedup", DBS(S("d")), DBS(S("e")) },
        { "token", DBU(token), DBU(other) },
        { "until", DBI(NOW), DBI(NOW - 1) },
        { "after", DBU((struct uuid){ { 0 } }), DBU(id) },
        { "before_ms", DBI(NOW + 1), DBI(NOW) },
        { "before_id", DBU((struct uuid){ { 0 } }), DBN() },
        { "lease", DBI(NOW + 2000), DBN() },
        { "attempt", DBI(1), DBN() },
        { "run_ms", DBI(NOW), DBN() },
        { "phase", DBS(S("p")), DBN() },
        { "state", DBN(), DBN() },
        { "status", DBS(S("done")), DBN() },
        { "code", DBN(), DBN() },
        { "detail", DBN(), DBN() },
        { "done", DBI(1), DBN() },
        { "total", DBI(1), DBN() },
        { "now", DBI(NOW), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    for (size_t i = 0; i < count; i++)
        narrow_query(&n, queries[i]);
}

/* Each finds nothing of a job that is in another state. */
static void ask_in_vain(const struct db_query *q, struct db_args args)
{
    if (narrow_reach(f.db, q, args) != 0)
        fail_msg("%s reaches a job in another state", q->name);
}

static int open_ids(void **state)
{
    fixture_open(state);
    id = uuid_new();
    token = uuid_new();
    other = uuid_new();
    return 0;
}

static void one_that_waits(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = {
        &SQL_OPS_JOB_LIVE,        &SQL_OPS_JOB_ONE,   &SQL_OPS_JOB_LIST,
        &SQL_OPS_JOB_LIVE_OF,     &SQL_OPS_JOB_CLAIM, &SQL_OPS_JOB_CANCEL_QUEUED,
        &SQL_OPS_JOB_DELETE_OWNER
    };
    put_job(f.owner, false);
    ask(QUERIES, COUNTOF(QUERIES));
    ask_in_vain(&SQL_OPS_JOB_CANCEL_RUNNING, DB_ARGS(DBI(NOW), DBU(f.owner), DBU(id)));
    ask_in_vain(&SQL_OPS_JOB_FORGET, DB_ARGS(DBU(f.owner), DBU(id)));
}

static void one_that_runs(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = {
        &SQL_OPS_JOB_LIVE, &SQL_OPS_JOB_RENEW,   &SQL_OPS_JOB_PHASE,
        &SQL_OPS_JOB_END,  &SQL_OPS_JOB_REQUEUE, &SQL_OPS_JOB_CANCEL_RUNNING
    };
    put_job(f.owner, true);
    ask(QUERIES, COUNTOF(QUERIES));
    ask_in_vain(&SQL_OPS_JOB_CANCEL_QUEUED, DB_ARGS(DBI(NOW), DBU(f.owner), DBU(id)));
    ask_in_vain(&SQL_OPS_JOB_FORGET, DB_ARGS(DBU(f.owner), DBU(id)));
}

static void one_that_is_to_stop(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = { &SQL_OPS_JOB_CANCEL_ASKED };
    bool done;
    struct db_txn tx = { 0 };
    put_job(f.owner, true);
    ask_in_vain(QUERIES[0], DB_ARGS(DBU(f.owner), DBU(id), DBU(token)));
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_cancel_running(f.db, f.owner, id, NOW, &done));
    ok(db_txn_commit(&tx));
    assert_true(done);
    ask(QUERIES, COUNTOF(QUERIES));
}

static void one_that_has_ended(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = { &SQL_OPS_JOB_FORGET, &SQL_OPS_JOB_ONE };
    const struct job_end end = { .status = "done", .done = 1, .total = 1 };
    const struct job_lease lease = { f.owner, id, token };
    bool held;
    struct db_txn tx = { 0 };
    put_job(f.owner, true);
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_end(f.db, &lease, &end, NOW, &held));
    ok(db_txn_commit(&tx));
    assert_true(held);
    ask(QUERIES, COUNTOF(QUERIES));
    ask_in_vain(&SQL_OPS_JOB_LIVE, DB_ARGS(DBU(f.owner), DBS(S("k")), DBS(S("d"))));
    ask_in_vain(&SQL_OPS_JOB_LIVE_OF,
                DB_ARGS(DBU(f.owner), DBI(NOW), DBU((struct uuid){ { 0 } }), DBI(9)));
}

/* --- who hears of what ----------------------------------------------------------------------- */

static void ask_of_reader(struct uuid account, struct uuid reader,
                          const struct db_query *const *queries, size_t count)
{
    const struct narrow_param params[] = {
        { "owner", DBU(f.owner), DBU(other) },
        { "account", DBU(account), DBU(other) },
        { "reader", DBU(reader), DBU(other) },
        { "entity", DBS(S("conversation")), DBS(S("notebook")) },
        { "id", DBU(id), DBU(other) },
        { "entity_id", DBU(id), DBU(other) },
        { "txid", DBI(0), DBN() },
        { "seq", DBI(0), DBN() },
        { "to_txid", DBI(INT64_MAX), DBN() },
        { "to_seq", DBI(INT64_MAX), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    for (size_t i = 0; i < count; i++)
        narrow_query(&n, queries[i]);
}

static void put_reader(struct uuid reader)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_reader_add(f.db, f.owner, "conversation", id, reader));
    ok(db_txn_commit(&tx));
}

static void one_that_listens(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = { &SQL_OPS_APPEND_STREAM,
                                                      &SQL_OPS_READER_REMOVE, &SQL_OPS_READERS,
                                                      &SQL_OPS_READERS_FORGET,
                                                      &SQL_OPS_READERS_FORGET_ACCOUNT };
    append(f.owner, "conversation", id, "created"); /* whose place the stream takes */
    put_reader(token);
    ask_of_reader(f.owner, token, QUERIES, COUNTOF(QUERIES));
    ask_of_reader(token, token, &QUERIES[4], 1);
}

static void what_it_hears(void **state)
{
    UNUSED(state);
    static const struct db_query *const QUERIES[] = { &SQL_OPS_READ_FOR,
                                                      &SQL_OPS_STREAM_FORGET_ACCOUNT };
    put_reader(token);
    append(f.owner, "conversation", id, "created");
    ask_of_reader(token, token, QUERIES, COUNTOF(QUERIES));
    ask_of_reader(f.owner, f.owner, QUERIES, 1);
}

static void each_query_that_names_an_account_was_asked(void **state)
{
    UNUSED(state);
    narrow_complete(SQL_ALL_OPS, NULL, 0);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_ids, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(one_that_waits),
        OPEN(one_that_runs),
        OPEN(one_that_is_to_stop),
        OPEN(one_that_has_ended),
        OPEN(one_that_listens),
        OPEN(what_it_hears),
        OPEN(each_query_that_names_an_account_was_asked),
    };
    RUN_ON_BOTH(tests);
}

/* How far each query of jobs reaches: one owner's job, held by one run, in the state that it speaks of. */
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
    static const struct db_query *const QUERIES[] = { &SQL_OPS_JOB_LIVE, &SQL_OPS_JOB_ONE,
                                                      &SQL_OPS_JOB_LIST, &SQL_OPS_JOB_CANCEL_QUEUED,
                                                      &SQL_OPS_JOB_DELETE_OWNER };
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
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_ids, fixture_close)

int main(void)
{
    const struct CMUnitTest tests[] = {
        OPEN(one_that_waits),
        OPEN(one_that_runs),
        OPEN(one_that_is_to_stop),
        OPEN(one_that_has_ended),
    };
    RUN_ON_BOTH(tests);
}

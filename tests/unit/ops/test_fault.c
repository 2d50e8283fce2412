/* The log, its consumers and jobs while memory, database, writes and syncs fail at every place. */
#include "fault/fault.h"
#include "ops/fixture.h"
#include "ops/inside.h"

enum { NUMBERS_MAX = 20000 };
static struct op_cursor before[NUMBERS_MAX]; /* the log's end when number i was begun */

static struct uuid id_of(int i)
{
    struct uuid u = { { 0x10 } };
    for (int k = 0; k < 4; k++)
        u.b[15 - k] = (uint8_t)(i >> (8 * k));
    return u;
}

static size_t ops_of(struct op_cursor from, struct uuid id, struct str entity)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct op *list;
    size_t count, found = 0;
    arena_init(&a, MIB(8));
    ok(ops_read(f.db, &a, &from, OPS_READ_MAX, &list, &count));
    for (size_t k = 0; k < count; k++)
        found += uuid_eq(list[k].entity_id, id) && str_eq(list[k].entity, entity);
    return found;
}

/* PostgreSQL shows an op when no older transaction of the whole server, also another test's, is open any more. */
static void hold_op(int i, struct str entity, bool there)
{
    for (int tries = 0; there && tries < 2000 && !ops_of(before[i], id_of(i), entity); tries++)
        clock_sleep_ms(5);
    assert_int_equal(ops_of(before[i], id_of(i), entity), there);
}

/* --- an op and a job in one transaction -------------------------------------------------------------- */

static struct str dedup_of(struct arena *a, int i)
{
    return str_fmt(a, "number %d", i);
}

static err_t op_and_job(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct uuid job;
    bool existing;
    arena_init(&a, MIB(1));
    TRY(ops_head(f.db, &before[i]));
    TRY(db_txn_begin(&tx, f.db));
    struct op_new op = { .owner_id = f.owner,
                         .entity = "thing",
                         .kind = "created",
                         .entity_id = id_of(i),
                         .version = 1 };
    TRY(ops_append(f.db, &op, clock_wall_ms()));
    struct str dedup = dedup_of(&a, i);
    TRY(arena_err(&a));
    TRY(job_add(f.db, &a, f.owner, "work", S("{}"), dedup, clock_wall_ms(), &job, &existing));
    return db_txn_commit(&tx);
}

static void op_and_job_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct uuid job;
    arena_init(&a, MIB(1));
    err_t e = ops_store_job_live(f.db, &a, f.owner, "work", dedup_of(&a, i), &job);
    assert_int_equal(e, done ? OK : E_NOT_FOUND);
    if (done || before[i].seq) /* not when the end of the log could not be read */
        hold_op(i, S("thing"), done);
}

/* --- a job that is taken, gets on and ends ------------------------------------------------------------------ */

static err_t take(struct arena *a, struct job_lease *l)
{
    struct job_record job;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(ops_store_job_claim(f.db, a, "step", l->token, 60000, clock_wall_ms(), &job));
    l->owner = job.row.owner_id;
    l->id = job.row.id;
    return db_txn_commit(&tx);
}

static err_t get_on(const struct job_lease *l)
{
    bool held;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(ops_store_job_phase(f.db, l, "load", S("{\"at\":1}"), 60000, clock_wall_ms(), &held));
    assert_true(held);
    return db_txn_commit(&tx);
}

static err_t end(const struct job_lease *l)
{
    bool held;
    struct job_end how = { .status = "done", .code = S(""), .detail = S(""), .done = 1 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(ops_store_job_end(f.db, l, &how, clock_wall_ms(), &held));
    assert_true(held);
    return db_txn_commit(&tx);
}

/* What died in the middle is queued again, as after a crash. */
static err_t job_life(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    struct job_lease l = { .token = id_of(i) };
    struct uuid job;
    bool existing;
    struct str dedup = dedup_of(&a, i);
    TRY(arena_err(&a));
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, f.db));
        TRY(job_add(f.db, &a, f.owner, "step", S("{}"), dedup, clock_wall_ms(), &job, &existing));
        TRY(ops_store_job_requeue_all(f.db, clock_wall_ms()));
        TRY(db_txn_commit(&tx));
    }
    TRY(take(&a, &l));
    TRY(get_on(&l));
    return end(&l);
}

static void job_life_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct uuid job;
    arena_init(&a, MIB(1));
    err_t e = ops_store_job_live(f.db, &a, f.owner, "step", dedup_of(&a, i), &job);
    assert_true(e == OK || e == E_NOT_FOUND);
    if (done)
        assert_int_equal(e, E_NOT_FOUND); /* it has ended, and no other is waiting */
}

static const struct fault_case CASES[] = {
    { "an op and a job", op_and_job, op_and_job_check },
    { "a job's life", job_life, job_life_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

/* --- consumers and job threads ---------------------------------------------------------------------------------- */

/* Each "thing" becomes one "echo" in the log. */
static err_t echo(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                  const struct op *list, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    UNUSED(a);
    for (size_t i = 0; i < count; i++) {
        struct op_new op = { .owner_id = list[i].owner_id,
                             .entity = "echo",
                             .kind = "created",
                             .entity_id = list[i].entity_id,
                             .version = 1 };
        if (str_eq(list[i].entity, S("thing")))
            TRY(ops_append(effects, &op, clock_wall_ms()));
    }
    return OK;
}

static err_t work(struct app *app, struct db *db, struct arena *a, const struct job *job,
                  struct job_run *run)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(job);
    TRY(job_phase(run, "load", S("{}")));
    return job_phase(run, "store", STR_NONE);
}

static const struct op_consumer CONSUMERS[] = { { .name = "echo", .consume = echo } };
static const struct job_kind JOBS[] = {
    { .name = "work", .parallel = 2, .attempts_max = 100, .lease_ms = 60000, .run = work },
};
static const struct module ROOM = { .name = "room",
                                    .consumers = CONSUMERS,
                                    .consumer_count = COUNTOF(CONSUMERS),
                                    .jobs = JOBS,
                                    .job_count = COUNTOF(JOBS) };
static const struct module *const ROOMS[] = { &ROOM, NULL };

/* Whichever thread meets the fault, in the end every op was consumed once and every job is done. */
static void threads_get_over_it(void **state)
{
    UNUSED(state);
    static const enum fault_kind KINDS[] = { FAULT_ALLOCATION, FAULT_CALL, FAULT_WRITE };
    int i = 0;
    go(ROOMS);
    for (size_t k = 0; k < COUNTOF(KINDS); k++)
        for (int n = 1; n < 100; n = n * 2 + (getenv("FAULT_ALL") ? -n + 1 : 0), i++) {
            fault_arm(KINDS[k], n, false);
            err_t e = op_and_job(i);
            (void)!ops_settle(&f.app, 30000); /* the threads go on to meet it, or this does */
            fault_disarm();
            if (e != OK)
                ok(op_and_job(i));
            settle();
            hold_op(i, S("echo"), true);
        }
    int64_t waiting = 1;
    for (int k = 0; waiting && k < 600; k++) { /* what failed is tried again later */
        ok(ops_store_job_due_count(f.db, "work", INT64_MAX, &waiting));
        clock_sleep_ms(waiting ? 50 : 0);
    }
    assert_int_equal(waiting, 0);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing), TEST(threads_get_over_it) };
    RUN_ON_BOTH(tests);
}

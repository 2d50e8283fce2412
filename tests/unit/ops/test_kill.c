/* kill -9 while ops are appended, consumed and jobs run: what was acknowledged is there, every op's
 * effect is there exactly once, every job comes to its end. The test runs itself as the process
 * that is killed. */
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>

#include "base/log.h"
#include "ops/fixture.h"
#include "ops/inside.h"
#include "os/process.h"

enum { ROUNDS = 6, WRITERS = 3, LEASE_MS = 1000 };

/* The effect: how many ops this consumer has seen, in the store where its cursor lies. */
static err_t count_ops(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                       const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    UNUSED(a);
    UNUSED(ops);
    struct op_cursor c;
    TRY(ops_store_cursor_hold(effects, "effect", 1, &c));
    c.seq += (int64_t)count;
    return ops_store_cursor_set(effects, "effect", c, 1);
}

static err_t slow_steps(struct app *app, struct db *db, struct arena *a, const struct job *job,
                        struct job_run *run)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(job);
    static const char *const PHASES[] = { "check", "load", "store" };
    for (size_t i = 0; i < COUNTOF(PHASES); i++) {
        TRY(job_phase(run, PHASES[i], STR_NONE));
        clock_sleep_ms(3);
    }
    return OK;
}

static const struct op_consumer CONSUMERS[] = {
    { .name = "main", .consume = count_ops },
    { .name = "index", .on_index = true, .consume = count_ops }
};
static const struct job_kind KINDS[] = {
    { .name = "slow",
      .parallel = 2,
      .attempts_max = 1000,
      .lease_ms = LEASE_MS,
      .run = slow_steps },
};
static const struct module MODULE = {
    .name = "test", .consumers = CONSUMERS, .consumer_count = 2, .jobs = KINDS, .job_count = 1
};
static const struct module *const MODULES[] = { &MODULE, NULL };

/* --- the process that is killed -------------------------------------------------------------- */

static void write_for_ever(void *arg)
{
    UNUSED(arg);
    struct db *db;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(1));
    if (db_connect(f.app.store, &db) != OK)
        abort();
    for (int i = 0;; i++) {
        struct op_new op = {
            .owner_id = f.owner, .entity = "message", .kind = "created", .entity_id = uuid_new()
        };
        struct uuid id;
        struct db_txn tx = { 0 };
        err_t e = db_txn_begin(&tx, db);
        if (e == OK)
            e = ops_append(db, &op, clock_wall_ms());
        if (e == OK && i % 5 == 0)
            e = job_add(db, &a, f.owner, "slow", S("{}"), STR_NONE, clock_wall_ms(), &id, NULL);
        if (e == OK)
            e = db_txn_commit(&tx);
        if (e != OK || write(1, "x", 1) != 1) /* acknowledged */
            abort();
        arena_reset(&a);
    }
}

static int be_killed(char *folder, const char *database, const char *owner)
{
    struct thread threads[WRITERS] = { 0 };
    arena_init(&f.arena, MIB(16));
    f.folder = folder;
    on_postgres = database[0] != 0;
    snprintf(f.database, sizeof f.database, "%s", database);
    ok(uuid_parse(str_from(owner), &f.owner));
    f.app.store = store_open(DB_MAIN);
    f.app.index = store_open(DB_INDEX);
    go(MODULES);
    for (int i = 0; i < WRITERS; i++)
        ok(thread_start(&threads[i], "writer", write_for_ever, NULL));
    thread_join(&threads[0]);
    return 1;
}

/* --- the one that looks ---------------------------------------------------------------------- */

/* Close what the killed process will open; a SQLite folder belongs to one process at a time. */
static void close_all(void)
{
    db_disconnect(f.db);
    db_disconnect(f.index);
    db_close(f.app.index);
    db_close(f.app.store);
}

static void open_all(void)
{
    f.app.store = store_open(DB_MAIN);
    f.app.index = store_open(DB_INDEX);
    ok(db_connect(f.app.store, &f.db));
    ok(db_connect(f.app.index, &f.index));
}

static size_t run_and_kill(int round)
{
    char owner[UUID_TEXT_BYTES + 1], byte[256];
    int out[2];
    size_t acknowledged = 0;
    uuid_text(f.owner, owner);
    assert_int_equal(pipe2(out, O_CLOEXEC), 0);
    char *argv[] = { "/proc/self/exe", f.folder, f.database, owner, NULL };
    struct process p = { 0 };
    struct process_fd map = { out[1], 1 };
    ok(process_start(&p, argv, NULL, &map, 1));
    close(out[1]);
    /* After the first acknowledged ones, at a moment that differs each time. */
    while (acknowledged < 20) {
        ssize_t n = read(out[0], byte, 1);
        assert_int_equal(n, 1);
        acknowledged++;
    }
    clock_sleep_ms(15 + 23 * round);
    process_kill_group(&p, SIGKILL);
    assert_true(process_wait(&p, 10000, NULL));
    for (ssize_t n; (n = read(out[0], byte, sizeof byte)) > 0;)
        acknowledged += (size_t)n;
    close(out[0]);
    return acknowledged;
}

static size_t count_log(void)
{
    struct op_cursor c = { 0 };
    size_t all = 0, count;
    do {
        struct op *ops;
        ok(ops_read(f.db, &f.arena, &c, OPS_READ_MAX, &ops, &count));
        all += count;
        arena_reset(&f.arena);
    } while (count);
    return all;
}

static int64_t effect(struct db *db)
{
    struct op_cursor c;
    ok(ops_store_cursor_get(db, "effect", &c));
    return c.seq;
}

static void check_jobs(void)
{
    struct job_row *rows;
    size_t count, all = 0;
    int64_t before_ms = INT64_MAX;
    struct uuid before = { { 0 } };
    do {
        ok(job_list(&f.app, f.db, &f.arena, f.owner, "slow", before_ms, before, 100, &rows,
                    &count));
        for (size_t i = 0; i < count; i++) {
            /* Every job comes to its end; one that was hit three times is set aside with its word. */
            if (rows[i].deaths < JOB_DEATHS_MAX)
                assert_str(rows[i].status, "done");
            else
                assert_str(rows[i].error_code, "crashed");
            before_ms = rows[i].created_ms;
            before = rows[i].id;
        }
        all += count;
    } while (count);
    assert_true(all > 0);
}

static void nothing_lost_nothing_doubled(void **state)
{
    UNUSED(state);
    size_t acknowledged = 0;
    struct arena keep = f.arena; /* the folder's name */
    arena_init(&f.arena, MIB(64));
    for (int round = 0; round < ROUNDS; round++) {
        close_all();
        acknowledged += run_and_kill(round);
        open_all();
    }
    go(MODULES);
    ok(ops_settle(&f.app, 60000));
    size_t logged = count_log();
    assert_true(logged >= acknowledged);
    assert_int_equal(effect(f.db), (int64_t)logged);
    assert_int_equal(effect(f.index), (int64_t)logged);
    check_jobs();
    ok(db_integrity(f.db));
    arena_free(&f.arena);
    f.arena = keep;
}

int main(int argc, char **argv)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    if (argc == 4)
        return be_killed(argv[1], argv[2], argv[3]);
    const struct CMUnitTest tests[] = { TEST(nothing_lost_nothing_doubled) };
    RUN_ON_BOTH(tests);
}

/* Group commit, and a disk that fails under it: a group fails as one, nothing acknowledged is lost. */
#include <stdatomic.h>

#include "fault/fault.h"
#include "fixture.h"
#include "os/clock.h"
#include "os/thread.h"

enum { THREADS = 64, WRITES = 25 };

struct writer {
    struct thread thread;
    int number;
    int64_t acknowledged[WRITES];
    int count, failed;
    err_t last;
};

static void write_rows(void *arg)
{
    struct writer *w = arg;
    struct db *db;
    assert_int_equal(db_connect(f.store, &db), OK);
    for (int i = 0; i < WRITES; i++) {
        int64_t n = (int64_t)w->number * 1000 + i;
        err_t e = put_durable(db, n);
        if (e == OK) {
            w->acknowledged[w->count++] = n;
        } else {
            w->last = e;
            w->failed++;
        }
    }
    db_disconnect(db);
}

static void run_writers(struct writer *writers)
{
    for (int i = 0; i < THREADS; i++) {
        writers[i] = (struct writer){ .number = i };
        assert_int_equal(thread_start(&writers[i].thread, "writer", write_rows, &writers[i]), OK);
    }
    for (int i = 0; i < THREADS; i++)
        thread_join(&writers[i].thread);
}

/* Everything acknowledged is there after the store was closed and opened again; gives how many. */
static int64_t all_there(const struct writer *writers)
{
    int64_t sum = 0;
    close_store();
    open_store();
    for (int i = 0; i < THREADS; i++)
        for (int k = 0; k < writers[i].count; k++, sum++) {
            struct thing t;
            assert_int_equal(db_one(f.db, &f.arena, &Q_ONE,
                                    DB_ARGS(DBU(id_of(writers[i].acknowledged[k]))), THING,
                                    COUNTOF(THING), &t),
                             OK);
        }
    return sum;
}

static void many_writers_share_commits(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    struct db_stats before, after;
    db_stats(f.store, &before);
    run_writers(writers);
    db_stats(f.store, &after);
    assert_int_equal(all_there(writers), THREADS * WRITES);
    assert_int_equal(after.commits - before.commits, THREADS * WRITES);
    assert_true(after.groups - before.groups < THREADS * WRITES / 2);
    assert_int_equal(after.failed_groups, before.failed_groups);
}

static void a_transaction_for_each_write_when_asked(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    struct db_stats before, after;
    close_store();
    f.options.no_group_commit = true;
    open_store();
    db_stats(f.store, &before);
    run_writers(writers);
    db_stats(f.store, &after);
    assert_int_equal(after.groups - before.groups, THREADS * WRITES);
    assert_int_equal(all_there(writers), THREADS * WRITES);
}

/* One member's failing statement and another's rollback leave the others alone. */
static _Atomic int stop_mixing;
static void mix(void *arg)
{
    UNUSED(arg);
    struct db *db;
    assert_int_equal(db_connect(f.store, &db), OK);
    for (int64_t n = 1000000; !stop_mixing; n++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, db), OK);
        assert_int_equal(put(db, n, S("the same word")), OK);
        assert_int_equal(put(db, n + 1, S("the same word")), E_CONFLICT);
    }
    db_disconnect(db);
}

static void a_rollback_is_alone(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    struct thread mixer = { 0 };
    stop_mixing = 0;
    assert_int_equal(thread_start(&mixer, "mixer", mix, NULL), OK);
    run_writers(writers);
    stop_mixing = 1;
    thread_join(&mixer);
    assert_int_equal(all_there(writers), THREADS * WRITES);
    assert_int_equal(count_things(f.db), THREADS * WRITES);
}

/* --- faults -------------------------------------------------------------------------------------- */

static void a_disk_that_fills(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    struct db_stats stats;
    fault_arm(FAULT_WRITE_FULL, 200, 1);
    run_writers(writers);
    fault_disarm();
    db_stats(f.store, &stats);
    int failed = 0;
    for (int i = 0; i < THREADS; i++) {
        failed += writers[i].failed;
        assert_true(writers[i].failed == 0 || writers[i].last == E_FULL);
    }
    assert_true(failed > 0 && stats.failed_groups > 0);
    assert_false(db_is_read_only(f.store)); /* it recovers by itself */
    assert_int_equal(put_durable(f.db, 999999), OK);
    int64_t there = all_there(writers);
    assert_int_equal(there + 1, count_things(f.db)); /* and nothing that was refused is there */
}

static void a_commit_that_fails(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    fault_arm(FAULT_WRITE, 150, 0);
    run_writers(writers);
    fault_disarm();
    assert_true(fault_happened());
    int failed = 0;
    for (int i = 0; i < THREADS; i++)
        failed += writers[i].failed;
    assert_true(failed > 0);
    int64_t there = all_there(writers);
    assert_int_equal(there, count_things(f.db));
    assert_int_equal(there, THREADS * WRITES - failed);
}

static void a_sync_that_fails_ends_writing(void **state)
{
    UNUSED(state);
    static struct writer writers[THREADS];
    assert_int_equal(put_durable(f.db, 500000), OK);
    fault_arm(FAULT_SYNC, 10, 0);
    run_writers(writers);
    fault_disarm();
    assert_true(fault_happened());
    assert_true(db_is_read_only(f.store));
    assert_int_equal(put_durable(f.db, 999999), E_READ_ONLY);
    int64_t n;
    assert_int_equal(db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n), OK); /* reads go on */
    all_there(writers);
    assert_false(db_is_read_only(f.store)); /* opened again */
    assert_int_equal(put_durable(f.db, 999999), OK);
}

/* A checkpoint that cannot sync the database is a failed sync like any other. */
static void a_checkpoint_whose_sync_fails_ends_writing(void **state)
{
    UNUSED(state);
    fault_arm_file(FAULT_SYNC, FAULT_DATABASE, 1, 0);
    err_t e = OK;
    int64_t n = 0;
    while (e == OK && n < 20000 && !fault_happened())
        e = put_durable(f.db, n++);
    fault_disarm();
    assert_true(fault_happened());
    assert_int_equal(e, OK); /* what was committed before the checkpoint stands in the log */
    assert_true(db_is_read_only(f.store));
    assert_int_equal(put_durable(f.db, 999999), E_READ_ONLY);
    close_store();
    open_store();
    assert_int_equal(count_things(f.db), n);
}

/* Readers that overlap keep the log from beginning again: it still stays bounded, and a checkpoint stays rare. */
static _Atomic int stop_reading;
static void keep_reading(void *arg)
{
    UNUSED(arg);
    struct db *db;
    assert_int_equal(db_connect(f.store, &db), OK);
    while (!stop_reading) {
        struct thing *rows;
        size_t count;
        CLEANUP(arena_free) struct arena a = { 0 };
        arena_init(&a, MIB(16));
        assert_int_equal(db_rows(db, &a, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING), sizeof *rows,
                                 500, &rows, &count),
                         OK);
    }
    db_disconnect(db);
}

static err_t put_large(int64_t n)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    static char large[400000];
    char word[32];
    snprintf(word, sizeof word, "w%lld", (long long)n);
    memset(large, 'x', sizeof large);
    TRY(db_txn_begin(&tx, f.db));
    TRY(db_exec(f.db, &Q_PUT,
                DB_ARGS(DBU(id_of(n)), DBI(n), DBF(0), DBB(false), DBS(str_from(word)),
                        DBX(str_of(large, sizeof large))),
                NULL));
    TRY(db_exec(f.db, &Q_DELETE, DB_ARGS(DBI(0)), NULL));
    return db_txn_commit(&tx);
}

static void the_log_stays_bounded_under_readers(void **state)
{
    UNUSED(state);
    struct thread readers[3] = { 0 };
    struct db_stats before, after;
    stop_reading = 0;
    for (size_t i = 0; i < COUNTOF(readers); i++)
        assert_int_equal(thread_start(&readers[i], "reader", keep_reading, NULL), OK);
    db_stats(f.store, &before);
    int64_t most = 0;
    char *log = str_cstr(&f.arena, str_fmt(&f.arena, "%s/vivim.db-wal", f.folder));
    for (int64_t n = 0; n < 160; n++) { /* about 100 pages each */
        assert_int_equal(put_large(n), OK);
        most = file_size(log) > most ? file_size(log) : most;
    }
    stop_reading = 1;
    for (size_t i = 0; i < COUNTOF(readers); i++)
        thread_join(&readers[i]);
    db_stats(f.store, &after);
    assert_true(most < (int64_t)MIB(48));
    assert_true(after.checkpoints - before.checkpoints <= 16000 / 2000 + 2);
    assert_true(after.checkpoints > before.checkpoints);
}

#define ALONE(test) cmocka_unit_test_setup_teardown(test, sqlite_up, tear_down)

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = {
        ALONE(many_writers_share_commits),
        ALONE(a_transaction_for_each_write_when_asked),
        ALONE(a_rollback_is_alone),
        ALONE(a_disk_that_fills),
        ALONE(a_commit_that_fails),
        ALONE(a_sync_that_fails_ends_writing),
        ALONE(a_checkpoint_whose_sync_fails_ends_writing),
        ALONE(the_log_stays_bounded_under_readers),
    };
    return cmocka_run_group_tests_name("db/group", tests, NULL, NULL);
}

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

/* --- hand-over -------------------------------------------------------------------------------------- */

enum { HANDED = 50 };

struct told {
    struct db_handed handed; /* the first */
    int times;
    err_t result;
    char why[sizeof((struct err_detail *)0)->text];
};

static void note_result(struct db_handed *h, err_t e)
{
    struct told *t = (struct told *)h;
    t->times++;
    t->result = e;
    memcpy(t->why, err_detail()->text, sizeof t->why);
}

static struct told one_told(void)
{
    return (struct told){ .handed.told = note_result, .result = ERR_COUNT };
}

/* A row whose commit is handed over; it must be told of later. */
static void hand_over(struct db *db, int64_t n, struct told *t)
{
    bool told;
    *t = one_told();
    db_hand_over_begin(db);
    assert_int_equal(put_durable(db, n), OK);
    assert_int_equal(db_hand_over_end(db, &t->handed, &told), OK);
    assert_true(told);
}

static void hand_over_all(struct db *db, struct told *told)
{
    for (int i = 0; i < HANDED; i++)
        hand_over(db, i, &told[i]);
    for (int i = 0; i < HANDED; i++)
        assert_int_equal(told[i].times, 0);
}

static struct db *another_handle(void)
{
    struct db *db;
    assert_int_equal(db_connect(f.store, &db), OK);
    return db;
}

static int hooked;
static unsigned hooked_marks;
static void count_hook(void *context, unsigned marks)
{
    UNUSED(context);
    hooked_marks = marks;
    hooked++;
}

static void what_is_handed_over_shares_a_commit(void **state)
{
    UNUSED(state);
    static struct told told[HANDED];
    struct db *db = another_handle();
    struct db_stats before, after;
    db_stats(f.store, &before);
    hand_over_all(db, told);
    assert_int_equal(count_things(f.db), 0); /* nobody sees what is not durable */
    db_flush(f.store);
    db_stats(f.store, &after);
    for (int i = 0; i < HANDED; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].result, OK);
    }
    assert_int_equal(after.commits - before.commits, HANDED);
    assert_int_equal(after.groups - before.groups, 1);
    assert_int_equal(count_things(f.db), HANDED);
    db_flush(f.store); /* with nothing to do */
    db_stats(f.store, &after);
    assert_int_equal(after.groups - before.groups, 1);
    db_disconnect(db);
}

/* The replies were ready: none of them may leave. */
static void all_fail(enum fault_kind kind, err_t expected)
{
    static struct told told[HANDED];
    struct db *db = another_handle();
    hand_over_all(db, told);
    fault_arm(kind, 1, false);
    db_flush(f.store);
    fault_disarm();
    assert_true(fault_happened());
    for (int i = 0; i < HANDED; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].result, expected);
        assert_true(told[i].why[0]);
    }
    assert_int_equal(count_things(f.db), 0);
    db_disconnect(db);
    close_store();
    open_store();
    assert_int_equal(count_things(f.db), 0);
}

static void a_group_that_fails_fails_all_that_were_handed_over(void **state)
{
    UNUSED(state);
    all_fail(FAULT_WRITE, E_IO);
    assert_int_equal(put_durable(f.db, 999999), OK);
}

static void a_full_disk_fails_all_that_were_handed_over(void **state)
{
    UNUSED(state);
    all_fail(FAULT_WRITE_FULL, E_FULL);
}

static void a_failed_sync_fails_all_that_were_handed_over(void **state)
{
    UNUSED(state);
    all_fail(FAULT_SYNC, E_IO);
}

/* A later member's statement ends the transaction that they were prepared in. */
static void a_lost_group_fails_all_that_were_handed_over(void **state)
{
    UNUSED(state);
    static struct told told[HANDED];
    struct db *db = another_handle();
    hand_over_all(db, told);
    struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    fault_arm(FAULT_ALLOCATION, 1, true);
    err_t e = db_exec(f.db, &Q_DELETE, DB_ARGS(DBI(777777)), NULL); /* prepared here first */
    fault_disarm();
    assert_int_equal(e, E_BUSY);
    for (int i = 0; i < HANDED; i++) {
        assert_int_equal(told[i].times, 1);
        assert_int_equal(told[i].result, E_BUSY);
    }
    db_txn_end(&tx);
    assert_int_equal(count_things(f.db), 0);
    db_disconnect(db);
}

static void who_wrote_reads_what_it_wrote(void **state)
{
    UNUSED(state);
    struct told t = one_told();
    struct db *db = another_handle();
    bool told;
    db_hand_over_begin(db);
    assert_int_equal(put_durable(db, 1), OK);
    assert_int_equal(count_things(db), 1);
    assert_int_equal(put_durable(db, 2), OK);
    db_reads_begin(db);
    assert_int_equal(count_things(db), 2);
    db_reads_end(db);
    assert_int_equal(db_hand_over_end(db, &t.handed, &told), OK);
    assert_false(told); /* it has waited already */
    assert_int_equal(t.times, 0);
    db_disconnect(db);
}

static void who_wrote_hears_at_its_next_question_that_it_failed(void **state)
{
    UNUSED(state);
    struct told t = one_told();
    struct db *db = another_handle();
    bool told;
    int64_t n;
    db_hand_over_begin(db);
    assert_int_equal(put_durable(db, 1), OK);
    fault_arm(FAULT_WRITE, 1, false);
    assert_int_equal(db_i64(db, &Q_COUNT, DB_NO_ARGS, &n), E_IO);
    fault_disarm();
    assert_int_equal(put_durable(db, 2), E_IO); /* one answer, one error */
    assert_int_equal(db_hand_over_end(db, &t.handed, &told), E_IO);
    assert_false(told);
    assert_int_equal(count_things(db), 0); /* and the handle is good again */
    db_disconnect(db);
}

static void who_waits_commits_what_was_handed_over(void **state)
{
    UNUSED(state);
    struct told t;
    struct db *db = another_handle();
    struct db_stats before, after;
    hooked = 0;
    db_on_commit(f.store, count_hook, NULL);
    db_stats(f.store, &before);
    hand_over(db, 1, &t);
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        assert_int_equal(put(f.db, 3, S("given up")), OK);
    }
    assert_int_equal(t.times, 0); /* what somebody gives up ends nobody's group */
    assert_int_equal(put_durable(f.db, 2), OK);
    db_stats(f.store, &after);
    assert_int_equal(t.times, 1);
    assert_int_equal(t.result, OK);
    assert_int_equal(after.groups - before.groups, 1);
    assert_int_equal(count_things(db), 2);
    assert_int_equal(hooked, 0); /* nothing was marked */
    struct told both[2] = { one_told(), one_told() };
    for (unsigned i = 0; i < 2; i++) {
        bool told;
        db_hand_over_begin(db);
        struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, db), OK);
        assert_int_equal(put(db, 4 + i, i ? S("a job") : S("an op")), OK);
        db_txn_mark(db, i ? DB_MARK_JOBS : DB_MARK_OPS);
        assert_int_equal(db_txn_commit(&tx), OK);
        assert_int_equal(db_hand_over_end(db, &both[i].handed, &told), OK);
    }
    assert_int_equal(hooked, 0);
    db_flush(f.store);
    assert_int_equal(hooked, 1); /* once for the group, with what its members said */
    assert_int_equal(hooked_marks, DB_MARK_ALL);
    db_on_commit(f.store, NULL, NULL);
    db_disconnect(db);
}

static void a_commit_without_hurry_is_made_all_the_same(void **state)
{
    UNUSED(state);
    struct db_stats before, after;
    struct told t;
    struct db *db = another_handle(), *handing = another_handle();
    db_set_joins(db);
    db_stats(f.store, &before);
    hand_over(handing, 2, &t);
    assert_int_equal(put_durable(db, 1), OK);
    db_stats(f.store, &after);
    assert_int_equal(after.groups - before.groups, 1);
    assert_int_equal(t.times, 1);
    assert_int_equal(count_things(f.db), 2);
    db_disconnect(db);
    db_disconnect(handing);
}

/* Side by side: those who hand over, who flush, who wait. Everything that was told stands. */
struct hander {
    struct thread thread;
    int number;
    struct told told[WRITES];
};

static void hand_over_rows(void *arg)
{
    struct hander *h = arg;
    struct db *db = another_handle();
    for (int i = 0; i < WRITES; i++) {
        bool told;
        h->told[i] = one_told();
        db_hand_over_begin(db);
        assert_int_equal(put_durable(db, 100000 + (int64_t)h->number * 1000 + i), OK);
        assert_int_equal(db_hand_over_end(db, &h->told[i].handed, &told), OK);
        if (!told) /* somebody else has committed it already */
            note_result(&h->told[i].handed, OK);
    }
    db_flush(f.store);
    db_disconnect(db);
}

static void handing_over_beside_waiting(void **state)
{
    UNUSED(state);
    enum { HANDERS = 4 };
    static struct writer writers[THREADS];
    static struct hander handers[HANDERS];
    for (int i = 0; i < HANDERS; i++) {
        handers[i] = (struct hander){ .number = i };
        assert_int_equal(thread_start(&handers[i].thread, "hander", hand_over_rows, &handers[i]),
                         OK);
    }
    run_writers(writers);
    for (int i = 0; i < HANDERS; i++)
        thread_join(&handers[i].thread);
    db_flush(f.store);
    for (int i = 0; i < HANDERS; i++)
        for (int k = 0; k < WRITES; k++) {
            assert_int_equal(handers[i].told[k].times, 1);
            assert_int_equal(handers[i].told[k].result, OK);
        }
    assert_int_equal(count_things(f.db), THREADS * WRITES + HANDERS * WRITES);
    assert_int_equal(all_there(writers), THREADS * WRITES);
}

/* --- reads that are put down and taken up again --------------------------------------------------------- */

static int64_t count_in_reads(struct db *db)
{
    db_reads_begin(db);
    int64_t n = count_things(db);
    db_reads_end(db);
    return n;
}

static void put_by_another_process(int64_t n)
{
    struct db_store *other;
    struct db *db;
    assert_int_equal(db_open(&f.options, &other), OK);
    assert_int_equal(db_connect(other, &db), OK);
    assert_int_equal(put_durable(db, n), OK);
    db_disconnect(db);
    db_close(other);
}

static void reads_that_are_kept_are_one_until_something_is_committed(void **state)
{
    UNUSED(state);
    struct db *reader = another_handle();
    db_reads_keep(reader);
    assert_int_equal(count_in_reads(reader), 0);
    put_by_another_process(1);
    assert_int_equal(count_in_reads(reader), 0); /* still the same state */
    db_reads_drop(reader);
    assert_int_equal(count_in_reads(reader), 1);
    put_by_another_process(2);
    assert_int_equal(count_in_reads(reader), 1);
    assert_int_equal(put_durable(f.db, 3), OK); /* of whose commit somebody may have been told */
    assert_int_equal(count_in_reads(reader), 3);
    put_by_another_process(4);
    assert_int_equal(count_things(reader), 4); /* on its own: as the store is now */
    assert_int_equal(count_in_reads(reader), 4);
    put_by_another_process(5);
    assert_int_equal(put_durable(reader, 6), OK); /* a write begins with what is there */
    assert_int_equal(count_in_reads(reader), 6);
    db_disconnect(reader);
}

static void reads_that_are_kept_hold_the_log_until_they_are_dropped(void **state)
{
    UNUSED(state);
    struct db *reader = another_handle();
    db_reads_keep(reader);
    assert_int_equal(put_durable(f.db, 1), OK);
    assert_int_equal(count_in_reads(reader), 1);
    assert_int_equal(put_durable(f.db, 2), OK);
    assert_int_equal(db_cut_log(f.store), E_BUSY);
    db_reads_drop(reader);
    assert_int_equal(db_cut_log(f.store), OK);
    db_reads_drop(reader); /* nothing is put down */
    assert_int_equal(count_in_reads(reader), 2);
    db_disconnect(reader); /* drops what is put down */
}

/* Time stands still: no group becomes old on a slow machine. */
static int sqlite_up_still(void **state)
{
    clock_fake(1000);
    return sqlite_up(state);
}

static int tear_down_still(void **state)
{
    clock_real();
    return tear_down(state);
}

#define STILL(test) cmocka_unit_test_setup_teardown(test, sqlite_up_still, tear_down_still)
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
        STILL(what_is_handed_over_shares_a_commit),
        STILL(a_group_that_fails_fails_all_that_were_handed_over),
        STILL(a_full_disk_fails_all_that_were_handed_over),
        STILL(a_failed_sync_fails_all_that_were_handed_over),
        STILL(a_lost_group_fails_all_that_were_handed_over),
        STILL(who_wrote_reads_what_it_wrote),
        STILL(who_wrote_hears_at_its_next_question_that_it_failed),
        STILL(who_waits_commits_what_was_handed_over),
        STILL(a_commit_without_hurry_is_made_all_the_same),
        ALONE(handing_over_beside_waiting),
        ALONE(reads_that_are_kept_are_one_until_something_is_committed),
        ALONE(reads_that_are_kept_hold_the_log_until_they_are_dropped),
    };
    return cmocka_run_group_tests_name("db/group", tests, NULL, NULL);
}

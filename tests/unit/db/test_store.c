/* The door: values, rows, errors and transactions are the same on both databases. */
#include <math.h>

#include "fixture.h"

static void every_type_comes_back(void **state)
{
    UNUSED(state);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    struct db_args args =
        DB_ARGS(DBU(id_of(7)), DBI(INT64_MAX), DBF(-0.1), DBB(true),
                DBS(S("caf\xc3\xa9 'quoted' ; --")), DBX(str_of("\0\x01\xff", 3)));
    assert_int_equal(db_exec(f.db, &Q_PUT, args, NULL), OK);
    args = DB_ARGS(DBU(id_of(8)), DBN(), DBN(), DBB(false), DBN(), DBN());
    assert_int_equal(db_exec(f.db, &Q_PUT, args, NULL), OK);
    assert_int_equal(db_txn_commit(&tx), OK);

    struct thing *rows;
    size_t count;
    assert_int_equal(db_rows(f.db, &f.arena, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING),
                             sizeof *rows, 10, &rows, &count),
                     OK);
    assert_int_equal(count, 2);
    assert_true(uuid_eq(rows[0].id, id_of(7)));
    assert_true(rows[0].n == INT64_MAX && rows[0].x == -0.1 && rows[0].flag);
    assert_true(str_eq(rows[0].word, S("caf\xc3\xa9 'quoted' ; --")));
    assert_true(str_eq(rows[0].bytes, str_of("\0\x01\xff", 3)));
    assert_true(rows[1].n == INT64_MIN && isnan(rows[1].x) && !rows[1].flag && !rows[1].word.s &&
                !rows[1].bytes.s);
}

static void limits_and_absence(void **state)
{
    UNUSED(state);
    struct thing one;
    struct thing *rows;
    size_t count;
    int64_t n;
    assert_int_equal(
        db_one(f.db, &f.arena, &Q_ONE, DB_ARGS(DBU(id_of(1))), THING, COUNTOF(THING), &one),
        E_NOT_FOUND);
    assert_int_equal(db_i64(f.db, &Q_MAX, DB_NO_ARGS, &n), OK);
    assert_true(n == INT64_MIN);
    for (int64_t i = 0; i < 40; i++)
        assert_int_equal(put_durable(f.db, i), OK);
    for (size_t limit = 0; limit <= 41; limit++) {
        assert_int_equal(db_rows(f.db, &f.arena, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING),
                                 sizeof *rows, limit, &rows, &count),
                         OK);
        assert_int_equal(count, limit < 40 ? limit : 40);
        for (size_t i = 0; i < count; i++)
            assert_int_equal(rows[i].n, i);
    }
}

static void a_conflict_leaves_the_transaction_usable(void **state)
{
    UNUSED(state);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(put(f.db, 1, S("one")), OK);
    assert_int_equal(put(f.db, 2, S("one")), E_CONFLICT);
    assert_int_equal(put(f.db, 3, S("three")), OK);
    assert_int_equal(count_things(f.db), 2);
    assert_int_equal(db_txn_commit(&tx), OK);
    assert_int_equal(count_things(f.db), 2);
}

/* Neither database is asked, and both say the same: what one keeps the other must take. */
static int64_t count_in(struct db *db)
{
    int64_t n = -1;
    assert_int_equal(db_i64(db, &Q_COUNT, DB_NO_ARGS, &n), OK);
    return n;
}

/* More than go out in one turn, large ones among them, and a read in their midst. */
static void writes_together_are_all_there(void **state)
{
    UNUSED(state);
    enum { MANY = 7000 };
    char *word = arena_bytes(&f.arena, KIB(200));
    struct str large = str_of(word, KIB(200));
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        db_together_begin(f.db);
        for (int64_t i = 0; i < MANY; i++) {
            struct str text = i % 1000 ? str_fmt(&f.arena, "%lld", (long long)i) : large;
            if (!(i % 1000))
                memset(word, 'a' + (int)(i / 1000), large.n);
            assert_int_equal(put(f.db, i, text), OK);
            if (i == 100)
                assert_int_equal(count_in(f.db), 101);
        }
        assert_int_equal(db_together_end(f.db), OK);
        int64_t deleted = 0;
        assert_int_equal(db_exec(f.db, &Q_DELETE, DB_ARGS(DBI(MANY - 1)), &deleted), OK);
        assert_int_equal(deleted, 1);
        assert_int_equal(db_txn_commit(&tx), OK);
    }
    assert_int_equal(count_in(f.db), MANY - 1);
}

/* One that fails is said by the end at the latest, whatever stands behind it; nothing of it stays, nor is the handle spoilt. */
static void writes_together_fail_together(void **state)
{
    UNUSED(state);
    for (int behind = 0; behind < 3; behind++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        assert_int_equal(put(f.db, 1, S("before")), OK);
        db_together_begin(f.db);
        err_t e = put(f.db, 2, S("two"));
        if (e == OK)
            e = put(f.db, 3, S("two"));
        for (int64_t i = 0; e == OK && i < behind; i++)
            e = put(f.db, 4 + i, str_fmt(&f.arena, "behind %lld", (long long)i));
        int64_t n;
        if (behind == 2 && e == OK)
            e = db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n); /* a read says it */
        if (e == OK)
            e = db_together_end(f.db);
        assert_int_equal(e, E_CONFLICT);
        if (behind == 1) /* who lets it go has the transaction as it was before */
            assert_true(put(f.db, 1, S("again")) == E_CONFLICT);
    }
    assert_int_equal(count_in(f.db), 0);
    assert_int_equal(put_durable(f.db, 9), OK);
    assert_int_equal(count_in(f.db), 1);
}

/* What was sent and not waited for goes with the transaction, and comes with its commit. */
static void writes_together_end_with_their_transaction(void **state)
{
    UNUSED(state);
    for (int commits = 0; commits < 2; commits++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        db_together_begin(f.db);
        assert_int_equal(put(f.db, 1, S("one")), OK);
        if (commits)
            assert_int_equal(db_txn_commit(&tx), OK);
        else
            db_txn_end(&tx);
        assert_int_equal(count_in(f.db), commits);
    }
}

static void text_that_is_none_is_refused(void **state)
{
    UNUSED(state);
    char long_text[200];
    memset(long_text, 'x', sizeof long_text);
    long_text[150] = (char)0xff;
    const struct str texts[] = { S("a\0b"), S("\0"), S("\xff"), S("\xed\xa0\x80"),
                                 str_of(long_text, sizeof long_text) };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    for (size_t i = 0; i < COUNTOF(texts); i++)
        assert_int_equal(put(f.db, 1, texts[i]), E_INVALID);
    assert_int_equal(put(f.db, 2, S("\xf0\x9f\x8c\x8a")), OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    assert_int_equal(count_things(f.db), 1);
}

static void what_is_not_committed_is_gone(void **state)
{
    UNUSED(state);
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        assert_int_equal(put(f.db, 1, S("one")), OK);
        assert_true(db_in_txn(f.db));
        assert_int_equal(count_things(f.db), 1);
    }
    assert_false(db_in_txn(f.db));
    assert_int_equal(count_things(f.db), 0);
}

static void changed_rows_are_counted(void **state)
{
    UNUSED(state);
    for (int64_t i = 0; i < 5; i++)
        assert_int_equal(put_durable(f.db, i), OK);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    int64_t changed;
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(db_exec(f.db, &Q_DELETE, DB_ARGS(DBI(3)), &changed), OK);
    assert_int_equal(changed, 2);
    assert_int_equal(db_exec(f.db, &Q_DELETE, DB_ARGS(DBI(100)), &changed), OK);
    assert_int_equal(changed, 0);
}

struct walk {
    int64_t sum, inner;
};

/* A query inside its own walk gets a statement of its own. */
static err_t walk_row(void *context, const void *row)
{
    struct walk *w = context;
    const struct thing *t = row;
    struct thing *rows;
    size_t count;
    w->sum += t->n;
    TRY(db_rows(f.db, &f.arena, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING), sizeof *rows, 10, &rows,
                &count));
    w->inner += (int64_t)count;
    return t->n == 2 ? E_CANCELLED : OK;
}

static void walking_and_stopping(void **state)
{
    UNUSED(state);
    for (int64_t i = 0; i < 4; i++)
        assert_int_equal(put_durable(f.db, i), OK);
    struct walk w = { 0 };
    assert_int_equal(db_each(f.db, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING), sizeof(struct thing),
                             walk_row, &w),
                     E_CANCELLED);
    assert_int_equal(w.sum, 0 + 1 + 2);
    assert_int_equal(w.inner, 3 * 4);
}

static int hooked;
static unsigned hooked_marks;
static void hook(void *context, unsigned marks)
{
    UNUSED(context);
    hooked_marks = marks;
    __atomic_fetch_add(&hooked, 1, __ATOMIC_SEQ_CST);
}

static void the_hook_comes_after_marked_commits_alone(void **state)
{
    UNUSED(state);
    hooked = 0;
    db_on_commit(f.store, hook, NULL);
    assert_int_equal(put_durable(f.db, 1), OK);
    assert_int_equal(hooked, 0);
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        assert_int_equal(db_txn_begin(&tx, f.db), OK);
        db_txn_mark(f.db, DB_MARK_OPS);
    }
    assert_int_equal(hooked, 0);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(put(f.db, 2, S("two")), OK);
    db_txn_mark(f.db, DB_MARK_JOBS);
    assert_int_equal(db_txn_commit(&tx), OK);
    assert_int_equal(hooked, 1);
    assert_int_equal(hooked_marks, DB_MARK_JOBS); /* not of the one that was given up */
}

/* Put a row into the table of migrations that a later or another program would have written. */
static void forge(const char *sql)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(f.store->driver->script(f.db, sql), OK);
    assert_int_equal(db_txn_commit(&tx), OK);
}

static void migrations_run_once_and_are_checked(void **state)
{
    UNUSED(state);
    int applied;
    struct db_migration_row *rows;
    size_t count;
    assert_int_equal(db_migrate(f.store, &applied), OK);
    assert_true(applied > 0);
    assert_int_equal(db_migrate(f.store, &applied), OK);
    assert_int_equal(applied, 0);
    assert_int_equal(db_migration_status(f.store, &f.arena, &rows, &count), OK);
    for (size_t i = 0; i < count; i++)
        assert_true(rows[i].applied);

    forge("INSERT INTO schema_migration VALUES (9999, '9999_future', 'x', 0)");
    close_store();
    assert_int_equal(db_open(&f.options, &f.store), E_SCHEMA);
    assert_non_null(strstr(err_detail()->text, "newer"));

    f.options.kind =
        DB_INDEX; /* leaves something open for tear_down: the index store is not touched by the above */
    open_store();
}

static void a_changed_migration_is_refused(void **state)
{
    UNUSED(state);
    assert_int_equal(db_migrate(f.store, NULL), OK);
    forge("UPDATE schema_migration SET checksum = 'other' WHERE number = 4");
    close_store();
    assert_int_equal(db_open(&f.options, &f.store), E_SCHEMA);
    assert_non_null(strstr(err_detail()->text, "migration 4"));
    f.options.kind = DB_INDEX;
    open_store();
}

#define BOTH(test)                                               \
    cmocka_unit_test_setup_teardown(test, sqlite_up, tear_down), \
        cmocka_unit_test_setup_teardown(test, postgres_up, tear_down)
#define ALONE(test) cmocka_unit_test_setup_teardown(test, sqlite_up, tear_down)

int main(void)
{
    const struct CMUnitTest both[] = {
        BOTH(every_type_comes_back),
        BOTH(limits_and_absence),
        BOTH(a_conflict_leaves_the_transaction_usable),
        BOTH(writes_together_are_all_there),
        BOTH(writes_together_fail_together),
        BOTH(writes_together_end_with_their_transaction),
        BOTH(text_that_is_none_is_refused),
        BOTH(what_is_not_committed_is_gone),
        BOTH(changed_rows_are_counted),
        BOTH(walking_and_stopping),
        BOTH(the_hook_comes_after_marked_commits_alone),
        BOTH(migrations_run_once_and_are_checked),
        BOTH(a_changed_migration_is_refused),
    };
    const struct CMUnitTest sqlite[] = {
        ALONE(every_type_comes_back),
        ALONE(limits_and_absence),
        ALONE(a_conflict_leaves_the_transaction_usable),
        ALONE(writes_together_are_all_there),
        ALONE(writes_together_fail_together),
        ALONE(writes_together_end_with_their_transaction),
        ALONE(what_is_not_committed_is_gone),
        ALONE(changed_rows_are_counted),
        ALONE(walking_and_stopping),
        ALONE(the_hook_comes_after_marked_commits_alone),
        ALONE(migrations_run_once_and_are_checked),
        ALONE(a_changed_migration_is_refused),
    };
    return getenv("VIVIM_TEST_PG_URL")
               ? cmocka_run_group_tests_name("db/store", both, NULL, NULL)
               : cmocka_run_group_tests_name("db/store", sqlite, NULL, NULL);
}

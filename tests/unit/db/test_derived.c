/* What is derived and damaged is set aside, and an empty one stands in its place under everybody's handles. */
#include "fixture.h"

#include "db/derived.h"

static struct db_store *index_store;
static int told;

static int derived_up(int set_up_result)
{
    assert_int_equal(set_up_result, 0);
    struct db_options o = f.options;
    o.kind = DB_INDEX;
    told = 0;
    assert_int_equal(db_open_derived(&o, &index_store), OK);
    return 0;
}

static int derived_down(void **state)
{
    db_close(index_store);
    return tear_down(state);
}

static const struct db_query Q_CURSORS = { "t_cursors", "SELECT COUNT(*) FROM op_cursor",
                                           "SELECT COUNT(*) FROM op_cursor", NULL, 0 };
static const struct db_query Q_ADD = { "t_add", "INSERT INTO op_cursor VALUES ('x', 0, 1, 0)",
                                       "INSERT INTO op_cursor VALUES ('x', 0, 1, 0)", NULL, 0 };

static err_t add(struct db *db)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(db_exec(db, &Q_ADD, DB_NO_ARGS, NULL));
    return db_txn_commit(&tx);
}

static void tell(void *context)
{
    UNUSED(context);
    told++;
}

/* As another program would do it: behind the store's back. */
static void drop_table(void)
{
    struct db_store *other;
    struct db *db;
    struct db_options o = f.options;
    o.kind = DB_INDEX;
    assert_int_equal(db_open(&o, &other), OK);
    assert_int_equal(db_connect(other, &db), OK);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, db), OK);
    assert_int_equal(other->driver->script(db, "DROP TABLE op_cursor"), OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    db_disconnect(db);
    db_close(other);
}

static void damage_is_said_once_and_mended_under_open_handles(void **state)
{
    UNUSED(state);
    struct db *one, *two;
    int64_t n = -1;
    struct derived *d = db_derived(index_store);
    derived_on_damage(d, tell, NULL);
    assert_int_equal(db_connect(index_store, &one), OK);
    assert_int_equal(db_connect(index_store, &two), OK);
    assert_int_equal(add(one), OK);
    assert_int_equal(db_i64(one, &Q_CURSORS, DB_NO_ARGS, &n), OK);
    assert_int_equal(n, 1);
    drop_table();
    assert_int_equal(db_i64(two, &Q_CURSORS, DB_NO_ARGS, &n), E_REBUILDING);
    assert_int_equal(err_status(E_REBUILDING), 503);
    assert_int_equal(db_i64(one, &Q_CURSORS, DB_NO_ARGS, &n), E_REBUILDING);
    assert_int_equal(add(one), E_REBUILDING);
    struct db *three;
    assert_int_equal(db_connect(index_store, &three), E_REBUILDING);
    assert_int_equal(told, 1);
    assert_true(derived_is_damaged(d));
    assert_int_equal(derived_mend(d), OK);
    assert_int_equal(db_i64(one, &Q_CURSORS, DB_NO_ARGS, &n), OK);
    assert_int_equal(n, 0);
    assert_int_equal(add(two), OK);
    assert_int_equal(db_i64(one, &Q_CURSORS, DB_NO_ARGS, &n), OK);
    assert_int_equal(n, 1);
    assert_non_null(derived_note(&f.arena, f.folder, "index").s);
    db_disconnect(one);
    db_disconnect(two);
}

static void the_rows_are_never_made_anew(void **state)
{
    UNUSED(state);
    assert_null(db_derived(f.store));
    close_store();
    char path[512];
    snprintf(path, sizeof path, "%s/vivim.db", f.folder);
    if (!f.postgres) {
        assert_int_equal(file_write_atomic(path,
                                           S("not a database at all, but long enough to be "
                                             "taken for the header of one: 0123456789012345"),
                                           0600),
                         OK);
        struct db_store *s;
        assert_int_equal(db_open(&f.options, &s), E_CORRUPT);
        assert_int_equal(file_size(path), 90);
        unlink(path);
    }
    open_store();
}

static int on_sqlite(void **state)
{
    return derived_up(sqlite_up(state));
}
static int on_postgres(void **state)
{
    return derived_up(postgres_up(state));
}

int main(void)
{
    const struct CMUnitTest sqlite[] = {
        cmocka_unit_test_setup_teardown(damage_is_said_once_and_mended_under_open_handles,
                                        on_sqlite, derived_down),
        cmocka_unit_test_setup_teardown(the_rows_are_never_made_anew, on_sqlite, derived_down),
    };
    const struct CMUnitTest postgres[] = {
        cmocka_unit_test_setup_teardown(damage_is_said_once_and_mended_under_open_handles,
                                        on_postgres, derived_down),
    };
    int failed = cmocka_run_group_tests_name("db/derived sqlite", sqlite, NULL, NULL);
    if (getenv("VIVIM_TEST_PG_URL"))
        failed += cmocka_run_group_tests_name("db/derived postgres", postgres, NULL, NULL);
    return failed;
}

/* Rows and blobs while memory, database, writes and syncs fail at every place: all of it is there, or nothing. */
#include "db/blob.h"
#include "fault/fault.h"
#include "fixture.h"

static struct blob_store blobs;
static struct uuid owner = { { 7 } };

static void reopen(void)
{
    close_store();
    open_store();
}

static bool has_row(int64_t n)
{
    struct thing t;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    err_t e = db_one(f.db, &a, &Q_ONE, DB_ARGS(DBU(id_of(n))), THING, COUNTOF(THING), &t);
    assert_true(e == OK || e == E_NOT_FOUND);
    if (e == OK)
        assert_int_equal(t.n, n);
    return e == OK;
}

/* --- a row -------------------------------------------------------------------------------------------- */

static err_t one_row(int i)
{
    return put_durable(f.db, i);
}

static void one_row_check(int i, bool done)
{
    assert_int_equal(has_row(i), done);
}

/* --- several rows with reads between, and a statement that is refused ------------------------------------- */

enum { BESIDE = 1000000, WORD_BYTES = 5000 }; /* longer than a page */

/* A letter and the number, filled up with blanks. */
static struct str long_word(char text[WORD_BYTES + 1], char letter, int i)
{
    char number[32];
    snprintf(number, sizeof number, "%c%d", letter, i);
    snprintf(text, WORD_BYTES + 1, "%-*s", WORD_BYTES, number);
    return str_of(text, WORD_BYTES);
}

static err_t several_in(struct db *db, int i)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    CLEANUP(arena_free) struct arena a = { 0 };
    char text[WORD_BYTES + 1];
    struct str word = long_word(text, 'v', i);
    int64_t most;
    struct thing *rows;
    size_t count;
    arena_init(&a, MIB(1));
    TRY(db_txn_begin(&tx, db));
    TRY(put(db, i, word));
    err_t e = put(db, i + BESIDE, word); /* the word is taken */
    if (e != E_CONFLICT)
        return e;
    TRY(db_i64(db, &Q_MAX, DB_NO_ARGS, &most));
    TRY(db_rows(db, &a, &Q_ALL, DB_NO_ARGS, THING, COUNTOF(THING), sizeof *rows, 9, &rows, &count));
    TRY(put(db, i + BESIDE, long_word(text, 'u', i)));
    return db_txn_commit(&tx);
}

static err_t several(int i)
{
    return several_in(f.db, i);
}

static void several_check(int i, bool done)
{
    assert_int_equal(has_row(i), done);
    assert_int_equal(has_row(i + BESIDE), done);
}

/* --- over a handle of its own: connecting fails too ----------------------------------------------------------- */

static err_t connecting(int i)
{
    struct db *db;
    TRY(db_connect(f.store, &db));
    err_t e = several_in(db, i);
    db_disconnect(db);
    return e;
}

/* --- a blob and the row that names it ---------------------------------------------------------------------------- */

static struct str blob_bytes(int i, char *text, size_t n)
{
    return str_of(text, (size_t)snprintf(text, n, "the bytes of number %d, and again: %d", i, i));
}

static err_t blob_and_row(int i)
{
    char text[100];
    struct sha256 h;
    TRY(blob_put(&blobs, owner, blob_bytes(i, text, sizeof text), i % 2, &h));
    return put_durable(f.db, i);
}

static void blob_and_row_check(int i, bool done)
{
    char text[100];
    struct str want = blob_bytes(i, text, sizeof text), got;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    assert_int_equal(has_row(i), done);
    err_t e = blob_read(&blobs, &a, owner, sha256_of(want), 1000, &got);
    assert_true(e == OK || (e == E_NOT_FOUND && !done)); /* never half of it */
    if (e == OK)
        assert_true(str_eq(got, want));
}

static const struct fault_case CASES[] = {
    { "one row", one_row, one_row_check },
    { "several statements", several, several_check },
    { "a handle of its own", connecting, several_check },
    { "a blob and its row", blob_and_row, blob_and_row_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    char root[200];
    snprintf(root, sizeof root, "%s/blobs", f.folder);
    blobs.root = root;
    fault_each(CASES, COUNTOF(CASES), f.postgres, reopen);
    assert_int_equal(db_integrity(f.db), OK);
}

/* --- opening and migrating ------------------------------------------------------------------------------------------ */

static err_t open_and_migrate(const struct db_options *o)
{
    struct db_store *s;
    TRY(db_open(o, &s));
    err_t e = db_migrate(s, NULL);
    db_close(s);
    return e;
}

/* A start that fails can be tried again; it never leaves a schema that the next one refuses. */
static void a_start_that_fails(void **state)
{
    UNUSED(state);
    for (enum fault_kind kind = FAULT_ALLOCATION; kind < FAULT_KINDS; kind++) {
        bool met = true;
        for (int n = 1; met; n += 1 + n / 4) {
            char folder[200];
            snprintf(folder, sizeof folder, "%s/start-%d-%d", f.folder, kind, n);
            assert_int_equal(folder_make(folder, 0700), OK);
            struct db_options o = { .url = S("sqlite:"), .data_dir = folder };
            fault_arm(kind, n, false);
            err_t e = open_and_migrate(&o);
            fault_disarm();
            met = fault_happened();
            assert_true(met || e == OK);
            assert_int_equal(open_and_migrate(&o), OK);
            folder_remove(folder);
        }
    }
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest on_sqlite[] = {
        cmocka_unit_test_setup_teardown(all_or_nothing, sqlite_up, tear_down),
        cmocka_unit_test_setup_teardown(a_start_that_fails, sqlite_up, tear_down),
    };
    const struct CMUnitTest on_postgres[] = {
        cmocka_unit_test_setup_teardown(all_or_nothing, postgres_up, tear_down),
    };
    int failed = cmocka_run_group_tests_name("sqlite", on_sqlite, NULL, NULL);
    if (getenv("VIVIM_TEST_PG_URL"))
        failed += cmocka_run_group_tests_name("postgres", on_postgres, NULL, NULL);
    return failed;
}

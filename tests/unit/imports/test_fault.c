/* What is stored of imports while memory, database, writes and syncs fail at every place: all of it, or nothing. */
#include "archive/archive.h"
#include "fault/fault.h"
#include "imports/imports_inside.h"
#include "ops/fixture.h"

enum { NUMBERS_MAX = 20000 };
static struct uuid ids[NUMBERS_MAX];

static err_t begun(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    const struct import_order order = {
        .owner_id = f.owner, .label = S("l"), .path = S("/"), .way = "path"
    };
    arena_init(&a, MIB(1));
    return import_start(&f.app, f.db, &a, &order, NOW, &ids[i]);
}

/* Each import has its job, and each job its import. */
static void begun_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct import_row *rows, row;
    struct job_row *jobs;
    size_t count, job_count;
    arena_init(&a, MIB(64));
    ok(import_store_list(f.db, &a, f.owner, INT64_MAX, (struct uuid){ { 0 } }, 5000, &rows,
                         &count));
    ok(job_list(&f.app, f.db, &a, f.owner, "import", INT64_MAX, (struct uuid){ { 0 } }, 5000, &jobs,
                &job_count));
    assert_int_equal(count, job_count);
    if (done)
        ok(import_get(f.db, &a, f.owner, ids[i], &row));
}

/* Two rows of the report, and how far it is. */
static err_t reported(int i)
{
    const struct import_counts counts = { .made = 1, .failed = 1 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(begun(i));
    TRY(db_txn_begin(&tx, f.db));
    for (int n = 1; n <= 2; n++) {
        const struct import_item item = { .number = n,
                                          .outcome = n == 1 ? S("new") : S("failed"),
                                          .entry = S("e"),
                                          .reason = S("r") };
        TRY(import_store_item(f.db, f.owner, ids[i], &item));
    }
    TRY(import_store_advance(f.db, f.owner, ids[i], 1, 2, 2, &counts));
    return db_txn_commit(&tx);
}

static void reported_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct import_item *items;
    struct import_row row;
    size_t count;
    arena_init(&a, MIB(1));
    err_t e = import_get(f.db, &a, f.owner, ids[i], &row);
    assert_true(e == OK || (e == E_NOT_FOUND && !done));
    if (e != OK)
        return;
    ok(import_store_items(f.db, &a, f.owner, ids[i], STR_NONE, 0, 10, &items, &count));
    assert_int_equal(count, row.items);
    assert_int_equal(row.count_made + row.count_failed, count);
    assert_int_equal(row.place, count);
    if (done)
        assert_int_equal(count, 2);
}

/* It has ended, and is to be undone: state and job, or neither. */
static err_t undoing(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    arena_init(&a, MIB(1));
    TRY(begun(i));
    TRY(db_txn_begin(&tx, f.db));
    TRY(import_store_end(f.db, f.owner, ids[i], "done", STR_NONE, STR_NONE, NOW));
    TRY(db_txn_commit(&tx));
    return import_undo(&f.app, f.db, &a, f.owner, ids[i], NOW);
}

static void undoing_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct import_row *rows, row;
    struct job_row *jobs;
    size_t count, job_count, under_way = 0;
    arena_init(&a, MIB(64));
    ok(import_store_list(f.db, &a, f.owner, INT64_MAX, (struct uuid){ { 0 } }, 5000, &rows,
                         &count));
    for (size_t k = 0; k < count; k++)
        under_way += str_eq(rows[k].state, S("undoing"));
    ok(job_list(&f.app, f.db, &a, f.owner, "import_undo", INT64_MAX, (struct uuid){ { 0 } }, 5000,
                &jobs, &job_count));
    assert_int_equal(under_way, job_count);
    if (!done)
        return;
    ok(import_get(f.db, &a, f.owner, ids[i], &row));
    assert_str(row.state, "undoing");
}

static const struct fault_case CASES[] = {
    { "begun", begun, begun_check },
    { "reported", reported, reported_check },
    { "undoing", undoing, undoing_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(all_or_nothing) };
    fault_vfs_install();
    RUN_ON_BOTH(tests);
}

/* What is kept of presence while memory, database, writes and syncs fail at every place. */
#include "fault/fault.h"
#include "ops/fixture.h"
#include "realtime/presence/presence_store.h"

static struct uuid person(int i)
{
    struct uuid u = { { 0x40 } };
    for (int k = 0; k < 4; k++)
        u.b[15 - k] = (uint8_t)(i >> (8 * k));
    return u;
}

static err_t seen(int i)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(presence_store_seen(f.db, person(i), NOW + i));
    TRY(presence_store_invisible(f.db, person(i), true, NOW + i));
    return db_txn_commit(&tx);
}

static void seen_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct presence_row row;
    arena_init(&a, MIB(1));
    assert_int_equal(presence_store_get(f.db, &a, person(i), &row), done ? OK : E_NOT_FOUND);
    if (done)
        assert_true(row.invisible && row.last_seen_ms == NOW + i);
}

static const struct fault_case CASES[] = { { "seen", seen, seen_check } };

static void all_or_nothing(void **state)
{
    UNUSED(state);
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing) };
    RUN_ON_BOTH(tests);
}

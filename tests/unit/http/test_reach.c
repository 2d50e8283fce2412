/* How far each query of idempotency keys reaches: one account's, and no further. */
#include "db/fixture.h"
#include "http_sql.h"
#include "narrow.h"

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    const struct narrow_param params[] = {
        { "owner", DBU(id_of(1)), DBU(id_of(2)) },
        { "key", DBS(S("k")), DBS(S("l")) },
        { "status", DBI(200), DBN() },
        { "body", DBS(S("{}")), DBN() },
        { "before_ms", DBI(2), DBI(1) },
        { "fingerprint", DBX(S("f")), DBN() },
        { "now_ms", DBI(1), DBN() },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    struct db_txn tx = { 0 };
    assert_int_equal(db_migrate(f.store, NULL), OK);
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(db_exec(f.db, &SQL_HTTP_KEY_BEGIN,
                             DB_ARGS(DBU(id_of(1)), DBS(S("k")), DBX(S("f")), DBI(1)), NULL),
                     OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    narrow_all(&n, SQL_ALL_HTTP, NULL, 0);
    narrow_query(&n, &SQL_HTTP_KEYS_EXPIRE);
    narrow_complete(SQL_ALL_HTTP, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest sqlite[] = { cmocka_unit_test_setup_teardown(
        no_query_reaches_further_than_it_says, sqlite_up, tear_down) };
    const struct CMUnitTest postgres[] = { cmocka_unit_test_setup_teardown(
        no_query_reaches_further_than_it_says, postgres_up, tear_down) };
    int failed = cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
    if (getenv("VIVIM_TEST_PG_URL"))
        failed += cmocka_run_group_tests_name("postgres", postgres, NULL, NULL);
    return failed;
}

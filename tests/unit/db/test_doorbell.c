/* How the nodes on one PostgreSQL are told of a commit: at once, but of many together, and in the end of all. A connection of
 * the test's own listens as another node does. */
#include "db/fixture.h"
#include "os/clock.h"

enum { PATIENCE_MS = 20000 };

static PGconn *ear;

static void ask(const char *sql)
{
    PGresult *r = PQexec(ear, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(ear));
    PQclear(r);
}

static int doorbell_up(void **state)
{
    if (postgres_up(state) != 0)
        return -1;
    char *url = str_cstr(&f.arena, f.options.url);
    ear = PQconnectdb(url);
    ask("LISTEN " DB_DOORBELL_CHANNEL);
    assert_int_equal(db_doorbell_open(f.store), OK);
    return 0;
}

static int doorbell_down(void **state)
{
    db_doorbell_close(f.store);
    PQfinish(ear);
    return tear_down(state);
}

static void commit(int64_t n, bool marked)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    char word[32];
    snprintf(word, sizeof word, "w%lld", (long long)n);
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(put(f.db, n, str_from(word)), OK);
    if (marked)
        db_txn_mark(f.db, DB_MARK_OPS);
    assert_int_equal(db_txn_commit(&tx), OK);
}

/* Waits for the next ring; was it our node's? Else it is the test's own word. */
static bool heard_node(void)
{
    PGnotify *n;
    int64_t began_ms = clock_real_ms();
    while (!(n = PQnotifies(ear))) {
        ask("SELECT 1");
        if (clock_real_ms() - began_ms > PATIENCE_MS)
            fail_msg("nobody rang");
    }
    bool node = strcmp(n->extra, f.store->node) == 0;
    PQfreemem(n);
    return node;
}

/* How often our node rings from here to its end. */
static int rings_until_closed(void)
{
    int rings = 0;
    db_doorbell_close(f.store);
    ask("NOTIFY " DB_DOORBELL_CHANNEL ", 'end'");
    while (heard_node())
        rings++;
    return rings;
}

/* PostgreSQL lets one transaction at a time commit that notifies, so not each of ours does. */
static void of_many_commits_the_others_are_told_together(void **state)
{
    UNUSED(state);
    f.store->waits.doorbell_gap_ms = 3600 * 1000;
    commit(0, true);
    assert_true(heard_node());
    for (int64_t n = 1; n <= 100; n++)
        commit(n, true);
    assert_int_equal(rings_until_closed(), 1);
}

static void each_is_told_in_its_time(void **state)
{
    UNUSED(state);
    for (int64_t n = 0; n < 5; n++) {
        commit(n, true);
        assert_true(heard_node());
    }
    assert_int_equal(rings_until_closed(), 0);
}

static void what_appended_nothing_rings_nowhere(void **state)
{
    UNUSED(state);
    commit(0, true);
    assert_true(heard_node());
    commit(1, false);
    assert_int_equal(rings_until_closed(), 0);
}

static void what_was_committed_while_the_connection_was_cut_is_told(void **state)
{
    UNUSED(state);
    f.store->waits.ask_again_ms = 20;
    commit(0, true);
    assert_true(heard_node());
    ask("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
        "AND pid <> pg_backend_pid() AND query LIKE 'NOTIFY%'");
    commit(1, true);
    assert_true(heard_node());
}

static void sqlite_has_no_other_nodes(void **state)
{
    UNUSED(state);
    assert_int_equal(db_doorbell_open(f.store), OK);
    commit(0, true);
    db_doorbell_close(f.store);
    assert_int_equal(count_things(f.db), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, doorbell_up, doorbell_down)

int main(void)
{
    const struct CMUnitTest sqlite[] = { cmocka_unit_test_setup_teardown(sqlite_has_no_other_nodes,
                                                                         sqlite_up, tear_down) };
    const struct CMUnitTest postgres[] = {
        TEST(of_many_commits_the_others_are_told_together),
        TEST(each_is_told_in_its_time),
        TEST(what_appended_nothing_rings_nowhere),
        TEST(what_was_committed_while_the_connection_was_cut_is_told),
    };
    int failed = cmocka_run_group_tests_name("sqlite", sqlite, NULL, NULL);
    if (getenv("VIVIM_TEST_PG_URL"))
        failed += cmocka_run_group_tests_name("postgres", postgres, NULL, NULL);
    return failed;
}

/* A store that is away, or does not answer: nobody waits for it without end, what is said names no address, and it goes
 * on by itself. PostgreSQL's own processes are stopped here (SIGSTOP); SQLite's sibling is a lock of another process. */
#include <signal.h>
#include <sys/socket.h>

#include <netinet/in.h>

#include <sqlite3.h>

#include "fixture.h"
#include "os/clock.h"

enum { SHORT_MS = 300, GENEROUS_MS = 10000 };

static const struct db_query Q_PID = { "t_pid", "SELECT 0", "SELECT pg_backend_pid()", NULL, 0 };
static const struct db_query Q_SLEEP = { "t_sleep", "SELECT 0",
                                         "SELECT CASE WHEN pg_sleep(60) IS NULL THEN 0 ELSE 1 END",
                                         NULL, 0 };
static const struct db_query Q_LOCK = { "t_lock", "SELECT 0",
                                        "LOCK TABLE thing IN ACCESS EXCLUSIVE MODE", NULL, 0 };

#define ok(expr) assert_int_equal((expr), OK)

static void shorten(struct db_store *s)
{
    for (int i = DB_FOR_REQUEST; i <= DB_FOR_LONG; i++)
        s->waits.statement_ms[i] = s->waits.lock_ms[i] = SHORT_MS;
    s->waits.grace_ms = SHORT_MS;
    s->waits.connect_ms = s->waits.probe_ms = 2 * SHORT_MS;
    s->waits.ask_again_ms = s->waits.stopping_ms = SHORT_MS;
}

static pid_t backend(struct db *db)
{
    int64_t pid = 0;
    ok(db_i64(db, &Q_PID, DB_NO_ARGS, &pid));
    return (pid_t)pid;
}

static void says_nothing_private(void)
{
    const struct err_detail *d = err_detail();
    assert_true(d->text[0]);
    const char *const PRIVATE[] = { "127.0.0.1", "localhost", "vivim@", "port",
                                    "postgres",  "libpq",     "FATAL",  "SQL" };
    for (size_t i = 0; i < COUNTOF(PRIVATE); i++)
        if (strstr(d->text, PRIVATE[i]))
            fail_msg("\"%s\" tells %s", d->text, PRIVATE[i]);
}

/* --- a server that is stopped ------------------------------------------------------------------------------ */

static void a_statement_ends_when_the_server_hangs(void **state)
{
    UNUSED(state);
    int64_t began_ms = clock_real_ms();
    shorten(f.store);
    pid_t pid = backend(f.db);
    kill(pid, SIGSTOP);
    int64_t n;
    err_t e = db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n);
    says_nothing_private();
    kill(pid, SIGCONT);
    assert_int_equal(e, E_STORE);
    assert_true(clock_real_ms() - began_ms < GENEROUS_MS);
}

/* Every backend that this process has; new ones can be made. */
static void one_asks_again_and_the_others_are_told_at_once(void **state)
{
    UNUSED(state);
    struct db *other;
    shorten(f.store);
    ok(db_connect(f.store, &other));
    pid_t pids[] = { backend(f.db), backend(other) };
    int64_t n;
    for (size_t i = 0; i < COUNTOF(pids); i++)
        kill(pids[i], SIGSTOP);
    assert_int_equal(db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n), E_STORE);
    f.store->ask_again_ms = clock_real_ms() + GENEROUS_MS;
    int64_t began_ms = clock_real_ms();
    assert_int_equal(db_i64(other, &Q_COUNT, DB_NO_ARGS, &n), E_STORE);
    assert_true(clock_real_ms() - began_ms < SHORT_MS); /* it did not wait for its own connection */
    says_nothing_private();
    f.store->ask_again_ms = 0; /* in a moment, over a new connection: the old ones stay stopped */
    ok(db_i64(other, &Q_COUNT, DB_NO_ARGS, &n));
    ok(db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n));
    for (size_t i = 0; i < COUNTOF(pids); i++)
        kill(pids[i], SIGCONT);
    db_disconnect(other);
}

static void a_commit_without_an_answer_is_unclear(void **state)
{
    UNUSED(state);
    shorten(f.store);
    pid_t pid = backend(f.db);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(put(f.db, 1, S("one")));
    kill(pid, SIGSTOP);
    err_t e = db_txn_commit(&tx);
    says_nothing_private();
    assert_non_null(strstr(err_detail()->text, "may have been done or not"));
    kill(pid, SIGCONT);
    assert_int_equal(e, E_UNCLEAR);
    f.store->ask_again_ms = 0;
    ok(put_durable(f.db, 2));
}

/* Before it a lost connection is clear: nothing was done. */
static void a_transaction_that_is_lost_before_its_commit_is_no_riddle(void **state)
{
    UNUSED(state);
    shorten(f.store);
    pid_t pid = backend(f.db);
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(put(f.db, 1, S("one")));
    kill(pid, SIGSTOP);
    assert_int_equal(put(f.db, 2, S("two")), E_STORE);
    kill(pid, SIGCONT);
    assert_int_equal(put(f.db, 3, S("three")), E_STORE);
    assert_int_equal(db_txn_commit(&tx), E_STORE);
    f.store->ask_again_ms = 0;
    assert_int_equal(count_things(f.db), 0);
}

static void a_long_statement_of_the_server_s_ends_by_its_own_limit(void **state)
{
    UNUSED(state);
    shorten(f.store);
    backend(f.db);
    db_set_patience(f.db, DB_FOR_WORK); /* the limits are told to the server again */
    int64_t n;
    assert_int_equal(db_i64(f.db, &Q_SLEEP, DB_NO_ARGS, &n), E_BUSY);
    says_nothing_private();
    assert_false(f.store->silent);
    assert_int_equal(count_things(f.db), 0);
}

static void a_table_that_another_session_holds_is_busy(void **state)
{
    UNUSED(state);
    struct db *other;
    struct db_txn tx = { 0 };
    ok(db_connect(f.store, &other));
    ok(db_txn_begin(&tx, other));
    ok(db_exec(other, &Q_LOCK, DB_NO_ARGS, NULL));
    shorten(f.store);
    f.store->waits.statement_ms[DB_FOR_WORK] = GENEROUS_MS;
    db_set_patience(f.db, DB_FOR_WORK);
    int64_t n;
    assert_int_equal(db_i64(f.db, &Q_COUNT, DB_NO_ARGS, &n), E_BUSY);
    says_nothing_private();
    db_txn_end(&tx);
    db_disconnect(other);
    assert_int_equal(count_things(f.db), 0);
}

/* --- a server that is away ------------------------------------------------------------------------------------- */

/* A listener that takes connections and says nothing, or one that is closed again: nobody there. */
static int listener(int *ret_port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof at;
    assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(fd, 8), 0);
    assert_int_equal(getsockname(fd, (struct sockaddr *)&at, &n), 0);
    *ret_port = ntohs(at.sin_port);
    return fd;
}

static err_t ask_at(const char *url)
{
    struct db *db = NULL;
    int64_t n;
    free(f.store->path_or_url);
    f.store->path_or_url = strdup(url);
    ok(db_connect(f.store, &db));
    err_t e = db_i64(db, &Q_COUNT, DB_NO_ARGS, &n);
    db_disconnect(db);
    return e;
}

static void connecting_to_what_says_nothing_ends(void **state)
{
    UNUSED(state);
    char url[100];
    int port, fd = listener(&port);
    int64_t began_ms = clock_real_ms();
    shorten(f.store);
    snprintf(url, sizeof url, "postgresql://vivim:geheim@127.0.0.1:%d/x", port);
    assert_int_equal(ask_at(url), E_STORE);
    says_nothing_private();
    assert_true(clock_real_ms() - began_ms < GENEROUS_MS);
    close(fd);
}

static void a_refused_connection_says_where_in_the_log_alone(void **state)
{
    UNUSED(state);
    char url[100];
    int port, fd = listener(&port);
    close(fd);
    snprintf(url, sizeof url, "postgresql://vivim:geheim@127.0.0.1:%d/x", port);
    assert_int_equal(ask_at(url), E_STORE);
    says_nothing_private();
    assert_non_null(strstr(err_log_text(), "127.0.0.1"));
    assert_null(strstr(err_log_text(), "geheim"));
}

/* What stays wrong is no outage. */
static void a_database_that_is_not_there_is_no_outage(void **state)
{
    UNUSED(state);
    char *url = f.store->path_or_url, longer[300];
    snprintf(longer, sizeof longer, "%s_absent", url);
    assert_int_equal(ask_at(longer), E_DB);
    says_nothing_private();
    assert_non_null(strstr(err_log_text(), "_absent"));
}

static void an_address_that_cannot_be_read_is_not_repeated(void **state)
{
    UNUSED(state);
    assert_int_equal(ask_at("postgresql://vivim:ge%heim@127.0.0.1:5/x"), E_DB);
    assert_null(strstr(err_log_text(), "heim"));
}

/* --- stopping ---------------------------------------------------------------------------------------------------- */

struct asker {
    struct thread thread;
    struct gate began;
    err_t result;
};

static void sleep_in_store(void *arg)
{
    struct asker *a = arg;
    struct db *db = NULL;
    int64_t n;
    a->result = db_connect(f.store, &db);
    if (a->result == OK)
        a->result = db_i64(db, &Q_COUNT, DB_NO_ARGS, &n);
    gate_open(&a->began);
    if (a->result == OK)
        a->result = db_i64(db, &Q_SLEEP, DB_NO_ARGS, &n);
    db_disconnect(db);
}

static void stopping_ends_what_waits_for_postgres(void **state)
{
    UNUSED(state);
    struct asker a = { 0 };
    int64_t began_ms = clock_real_ms();
    f.store->waits.stopping_ms = SHORT_MS;
    ok(thread_start(&a.thread, "asker", sleep_in_store, &a));
    assert_true(gate_wait(&a.began, GENEROUS_MS));
    db_stopping(f.store);
    thread_join(&a.thread);
    assert_int_equal(a.result, E_STOPPING);
    assert_true(clock_real_ms() - began_ms < GENEROUS_MS);
}

static void write_one(void *arg)
{
    struct asker *a = arg;
    struct db *db = NULL;
    a->result = db_connect(f.store, &db);
    gate_open(&a->began);
    if (a->result == OK)
        a->result = put_durable(db, (int64_t)(uintptr_t)a);
    db_disconnect(db);
}

/* Another process has begun to write and goes no further; those who wait end one with the other, not one after the
 * other. */
static void stopping_ends_what_waits_for_another_process_s_lock(void **state)
{
    UNUSED(state);
    enum { COUNT = 8 };
    struct asker a[COUNT] = { 0 };
    sqlite3 *other = NULL;
    assert_int_equal(sqlite3_open(f.store->path_or_url, &other), SQLITE_OK);
    assert_int_equal(sqlite3_exec(other, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    int64_t began_ms = clock_real_ms();
    f.store->waits.stopping_ms = SHORT_MS;
    for (size_t i = 0; i < COUNT; i++) {
        ok(thread_start(&a[i].thread, "writer", write_one, &a[i]));
        assert_true(gate_wait(&a[i].began, GENEROUS_MS));
    }
    db_stopping(f.store);
    for (size_t i = 0; i < COUNT; i++) {
        thread_join(&a[i].thread);
        assert_int_equal(a[i].result, E_BUSY);
    }
    assert_true(clock_real_ms() - began_ms < GENEROUS_MS / 2);
    sqlite3_close(other);
}

#define ON_SQLITE(fn)   cmocka_unit_test_setup_teardown(fn, sqlite_up, tear_down)
#define ON_POSTGRES(fn) cmocka_unit_test_setup_teardown(fn, postgres_up, tear_down)

int main(void)
{
    const struct CMUnitTest on_sqlite[] = {
        ON_SQLITE(stopping_ends_what_waits_for_another_process_s_lock),
    };
    const struct CMUnitTest on_postgres[] = {
        ON_POSTGRES(a_statement_ends_when_the_server_hangs),
        ON_POSTGRES(one_asks_again_and_the_others_are_told_at_once),
        ON_POSTGRES(a_commit_without_an_answer_is_unclear),
        ON_POSTGRES(a_transaction_that_is_lost_before_its_commit_is_no_riddle),
        ON_POSTGRES(a_long_statement_of_the_server_s_ends_by_its_own_limit),
        ON_POSTGRES(a_table_that_another_session_holds_is_busy),
        ON_POSTGRES(connecting_to_what_says_nothing_ends),
        ON_POSTGRES(a_refused_connection_says_where_in_the_log_alone),
        ON_POSTGRES(a_database_that_is_not_there_is_no_outage),
        ON_POSTGRES(an_address_that_cannot_be_read_is_not_repeated),
        ON_POSTGRES(stopping_ends_what_waits_for_postgres),
    };
    int failed = cmocka_run_group_tests_name("sqlite", on_sqlite, NULL, NULL);
    if (getenv("VIVIM_TEST_PG_URL"))
        failed += cmocka_run_group_tests_name("postgres", on_postgres, NULL, NULL);
    return failed;
}

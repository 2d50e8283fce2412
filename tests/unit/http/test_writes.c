/* Short writes (RUN_WRITE) of a whole server in this process, over a disk that fails on demand: replies are ready before
 * their commit is made, and none leaves before it. `make tsan` runs it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <poll.h>

#include "db/db_inside.h"
#include "fault/fault.h"
#include "http/client.h"
#include "http/server.h"
#include "http/workers.h"
#include "os/clock.h"
#include "os/file.h"

enum { CLIENTS = 20, WAIT_MS = 20000, ANSWER_BYTES = 4096, READS = 200 };

#define ok(expr) assert_int_equal((expr), OK)

static const struct db_query MAKE = { "w_make", "CREATE TABLE row (n INTEGER PRIMARY KEY) STRICT",
                                      "", NULL, 0 };
static const struct db_query PUT = { "w_put", "INSERT INTO row (n) VALUES (?1)", "", NULL, 1 };
static const struct db_query COUNT = { "w_count", "SELECT COUNT(*) FROM row", "", NULL, 0 };

static struct fixture {
    struct arena arena;
    char *folder;
    struct db_store *store;
    struct db *db;
    struct http_server *_Atomic server;
    struct gate begun, go_on; /* of the first write, behind which the others wait */
    _Atomic int64_t next;
    struct gate held, let_go; /* of the loop */
    int fds[CLIENTS], seen;
    enum fault_kind fault; /* what the last of CLIENTS arms */
} f;

/* --- the routes ------------------------------------------------------------------------------------ */

static err_t put(struct req *rq)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    int64_t n = ++f.next;
    TRY(db_txn_begin(&tx, rq->db));
    TRY(db_exec(rq->db, &PUT, DB_ARGS(DBI(n)), NULL));
    if (n == CLIENTS && f.fault != FAULT_NONE)
        fault_arm(f.fault, 1, false);
    return db_txn_commit(&tx);
}

static err_t count(struct req *rq, struct reply *rp)
{
    int64_t n;
    TRY(db_i64(rq->db, &COUNT, DB_NO_ARGS, &n));
    reply_bytes(rp, S("text/plain"), str_fmt(rq->arena, "rows=%lld;", (long long)n));
    return OK;
}

static err_t put_get(struct req *rq, struct reply *rp)
{
    TRY(put(rq));
    reply_header(rp, "X-Written", S("yes"));
    reply_bytes(rp, S("text/plain"), S("written"));
    return OK;
}

static err_t first_get(struct req *rq, struct reply *rp)
{
    gate_open(&f.begun);
    assert_true(gate_wait(&f.go_on, WAIT_MS));
    return put_get(rq, rp);
}

static err_t put_and_count_get(struct req *rq, struct reply *rp)
{
    TRY(put(rq));
    return count(rq, rp);
}

static err_t refuse_get(struct req *rq, struct reply *rp)
{
    TRY(put(rq));
    UNUSED(rp);
    return err_note(E_CONFLICT, NULL, "refused behind its commit");
}

/* The loop waits here. */
static err_t hold_get(struct req *rq, struct reply *rp)
{
    UNUSED(rq);
    gate_open(&f.held);
    assert_true(gate_wait(&f.let_go, WAIT_MS));
    reply_bytes(rp, S("text/plain"), S("held"));
    return OK;
}

/* How many of the writers have an answer by now? */
static err_t look_get(struct req *rq, struct reply *rp)
{
    UNUSED(rq);
    for (int i = 0; i < CLIENTS; i++) {
        struct pollfd p = { .fd = f.fds[i], .events = POLLIN };
        f.seen += poll(&p, 1, 0) == 1;
    }
    reply_bytes(rp, S("text/plain"), S("seen"));
    return OK;
}

#define ROW(path, handler, where)                                                                  \
    {                                                                                              \
        HTTP_GET, path, handler, AUTH_PUBLIC, RATE_NONE, 0, where, SCOPE_NONE, .summary = "a test" \
    }
static const struct route ROUTES[] = {
    ROW("/first", first_get, RUN_WRITE),
    ROW("/put", put_get, RUN_WRITE),
    ROW("/put-and-count", put_and_count_get, RUN_WRITE),
    ROW("/refuse", refuse_get, RUN_WRITE),
    ROW("/hold", hold_get, RUN_LOOP),
    ROW("/look", look_get, RUN_LOOP),
    ROW("/put-on-worker", put_get, RUN_WORKER),
    ROW("/count", count, RUN_INLINE),
    ROW("/count-on-worker", count, RUN_WORKER),
};

static int connect_to(void)
{
    return client_connect(f.folder);
}

static void ask(int fd, const char *target)
{
    client_ask(fd, target);
}

static struct str answer(int fd)
{
    return client_answer(fd, &f.arena, ANSWER_BYTES);
}

static struct str get(int fd, const char *target)
{
    ask(fd, target);
    return answer(fd);
}

static int64_t rows_stored(void)
{
    int64_t n;
    ok(db_i64(f.db, &COUNT, DB_NO_ARGS, &n));
    return n;
}

/* --- one group for all of them -------------------------------------------------------------------------- */

/* The first holds the thread until all the others wait behind it: so they are one group. */
static void wait_together(int *fds)
{
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = connect_to();
    ask(fds[0], "/first");
    assert_true(gate_wait(&f.begun, WAIT_MS));
    for (int i = 1; i < CLIENTS; i++)
        ask(fds[i], "/put");
    int64_t began_ms = clock_real_ms();
    while (workers_waiting(f.server->writer) < CLIENTS - 1)
        assert_true(clock_real_ms() - began_ms < WAIT_MS);
}

static void go_on(void)
{
    clock_fake(
        clock_wall_ms()); /* time stands still: the group does not become old on a slow machine */
    gate_open(&f.go_on);
}

static void ask_together(int *fds)
{
    wait_together(fds);
    go_on();
}

static void replies_of_a_group_leave_with_its_commit(void **state)
{
    int fds[CLIENTS];
    struct db_stats before, after;
    UNUSED(state);
    db_stats(f.store, &before);
    ask_together(fds);
    for (int i = 0; i < CLIENTS; i++) {
        struct str text = answer(fds[i]);
        assert_int_equal(status_of(text), 200);
        assert_true(has(text, "X-Written: yes"));
        assert_int_equal(rows_stored(), CLIENTS); /* the first that is answered finds all of them */
        close(fds[i]);
    }
    db_stats(f.store, &after);
    assert_int_equal(after.groups - before.groups, 1);
    assert_int_equal(after.commits - before.commits, CLIENTS);
}

static void fail_together(enum fault_kind kind, int status, const char *code)
{
    int fds[CLIENTS];
    f.fault = kind;
    ask_together(fds);
    for (int i = 0; i < CLIENTS; i++) {
        struct str text = answer(fds[i]);
        assert_int_equal(status_of(text), status);
        assert_true(has(text, code));
        assert_false(has(text, "X-Written"));
        close(fds[i]);
    }
    assert_true(fault_happened());
    fault_disarm();
    assert_int_equal(rows_stored(), 0);
}

static void a_group_that_fails_fails_each_reply_that_was_ready(void **state)
{
    UNUSED(state);
    fail_together(FAULT_WRITE, 500, "\"code\":\"io_failed\"");
    int fd = connect_to();
    assert_int_equal(status_of(get(fd, "/put")), 200); /* and the next one is well */
    close(fd);
    assert_int_equal(rows_stored(), 1);
}

static void a_full_disk_fails_each_reply_that_was_ready(void **state)
{
    UNUSED(state);
    fail_together(FAULT_WRITE_FULL, err_status(E_FULL), err_code(E_FULL));
}

static void a_failed_sync_fails_each_reply_and_ends_writing(void **state)
{
    UNUSED(state);
    fail_together(FAULT_SYNC, 500, "\"code\":\"io_failed\"");
    int fd = connect_to();
    assert_int_equal(status_of(get(fd, "/put")), err_status(E_READ_ONLY));
    close(fd);
}

/* All that a group has to answer waits in one moment, and behind it somebody reads. */
static void a_read_waits_for_a_few_answers_and_not_for_all(void **state)
{
    int holder = connect_to(), reader = connect_to();
    UNUSED(state);
    wait_together(f.fds);
    ask(holder, "/hold");
    assert_true(gate_wait(&f.held, WAIT_MS));
    go_on();
    int64_t began_ms = clock_real_ms();
    while (written_waiting(f.server, 0) < CLIENTS)
        assert_true(clock_real_ms() - began_ms < WAIT_MS);
    ask(reader, "/look");
    gate_open(&f.let_go);
    assert_int_equal(status_of(answer(holder)), 200);
    assert_int_equal(status_of(answer(reader)), 200);
    assert_in_range(f.seen, 0, CLIENTS / 4);
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(status_of(answer(f.fds[i])), 200);
        close(f.fds[i]);
    }
    close(holder);
    close(reader);
}

/* --- who wrote reads what it wrote ---------------------------------------------------------------------------- */

static void expect_rows(int fd, const char *target, int n)
{
    char text[32];
    snprintf(text, sizeof text, "rows=%d;", n);
    struct str all = get(fd, target);
    if (!has(all, text))
        fail_msg("%s is not in %.*s", text, STR_ARG(all));
}

static void who_wrote_reads_what_it_wrote(void **state)
{
    int one = connect_to(), other = connect_to();
    UNUSED(state);
    for (int i = 0; i < READS; i++) {
        assert_int_equal(status_of(get(one, i % 2 ? "/put" : "/put-on-worker")), 200);
        expect_rows(one, "/count", i + 1);
        expect_rows(other, "/count", i + 1);
        expect_rows(other, "/count-on-worker", i + 1);
    }
    expect_rows(one, "/put-and-count", READS + 1); /* in the same handler */
    close(one);
    close(other);
}

/* What a client sends ahead is answered in order, each as of its time. */
static void reads_sent_ahead_see_the_writes_before_them(void **state)
{
    enum { ROUNDS = 20 };
    int fd = connect_to();
    UNUSED(state);
    for (int i = 0; i < ROUNDS; i++) {
        ask(fd, "/put");
        ask(fd, "/count");
    }
    struct buf all;
    buf_init(&all, &f.arena, MIB(1));
    for (int i = 0; i < ROUNDS;) {
        char bytes[1000], wanted[32];
        ssize_t n = read(fd, bytes, sizeof bytes);
        assert_true(n > 0);
        buf_put(&all, str_of(bytes, (size_t)n));
        for (; i < ROUNDS; i++) {
            snprintf(wanted, sizeof wanted, "rows=%d;", i + 1);
            if (!has(buf_str(&all), wanted))
                break;
        }
        assert_false(has(buf_str(&all), "rows=0;"));
    }
    close(fd);
}

/* The loop has looked at what came before this. */
static void pass_a_turn(void)
{
    int fd = connect_to();
    (void)get(fd, "/count");
    close(fd);
}

/* A client that says by closing its half that this was its last request still waits for the answer. */
static void who_closes_its_half_is_answered(void **state)
{
    char end;
    int fd = connect_to();
    UNUSED(state);
    ask(fd, "/first");
    assert_true(gate_wait(&f.begun, WAIT_MS));
    assert_int_equal(shutdown(fd, SHUT_WR), 0);
    pass_a_turn();
    go_on();
    assert_int_equal(status_of(answer(fd)), 200);
    assert_int_equal(read(fd, &end, 1), 0);
    close(fd);
}

/* While one is worked at, much of what follows lies in the kernel, and nothing of it is lost. */
static void much_sent_ahead_of_an_answer_is_answered(void **state)
{
    enum { PIECES = 4, EACH = 40, HEADER = 1000 };
    static char pad[HEADER], bytes[65536];
    struct buf piece;
    int fd = connect_to(), answers = 0;
    UNUSED(state);
    memset(pad, 'x', sizeof pad);
    buf_init(&piece, &f.arena, MIB(1));
    for (int i = 0; i < EACH; i++)
        buf_putf(&piece, "GET /count HTTP/1.1\r\nHost: localhost\r\nX-Pad: %.*s\r\n\r\n", HEADER,
                 pad);
    ask(fd, "/first");
    assert_true(gate_wait(&f.begun, WAIT_MS));
    for (int i = 0; i < PIECES; i++) { /* each more than is read at once with what lies there */
        assert_int_equal(write(fd, piece.s, piece.n), (ssize_t)piece.n);
        pass_a_turn();
    }
    go_on();
    for (size_t n = 0; answers < PIECES * EACH;) {
        ssize_t got = read(fd, bytes + n, sizeof bytes - n);
        assert_true(got > 0);
        n += (size_t)got;
        const char *at = bytes, *next;
        for (; (next = memmem(at, n - (size_t)(at - bytes), "rows=1;", 7)); at = next + 7)
            answers++;
        n -= (size_t)(at - bytes);
        memmove(bytes, at, n);
    }
    close(fd);
}

static void an_error_behind_a_commit_is_the_answer(void **state)
{
    int fd = connect_to();
    UNUSED(state);
    struct str text = get(fd, "/refuse");
    assert_int_equal(status_of(text), 409);
    assert_true(has(text, "refused behind its commit"));
    assert_int_equal(rows_stored(), 1);
    close(fd);
}

/* --- stopping ------------------------------------------------------------------------------------------------- */

static void stop_in_thread(void *arg)
{
    UNUSED(arg);
    http_server_stop(f.server);
}

/* Who was accepted is answered, and what it was told stands. */
static void a_stop_in_the_midst_of_a_group_answers_it(void **state)
{
    int fds[CLIENTS];
    struct thread stopper = { 0 };
    UNUSED(state);
    ask_together(fds);
    ok(thread_start(&stopper, "stop", stop_in_thread, NULL));
    for (int i = 0; i < CLIENTS; i++) {
        assert_int_equal(status_of(answer(fds[i])), 200);
        close(fds[i]);
    }
    thread_join(&stopper);
    assert_int_equal(rows_stored(), CLIENTS);
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static void make_table(void)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(f.store->driver->script(f.db, MAKE.sqlite));
    ok(db_txn_commit(&tx));
}

static int set_up(void **state)
{
    static const struct route *tables[] = { ROUTES };
    static const size_t counts[] = { COUNTOF(ROUTES) };
    int applied;
    UNUSED(state);
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(16));
    ok(folder_temp(&f.arena, "vivim-writes-", &f.folder));
    struct db_options db = { .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    ok(db_open(&db, &f.store));
    ok(db_migrate(f.store, &applied));
    ok(db_connect(f.store, &f.db));
    make_table();
    struct http_options o = {
        .listen = S(""),
        .unix_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/socket", f.folder)),
        .loops = 2,
        .workers_max = 4,
        .store = f.store,
        .tables = tables,
        .table_counts = counts,
        .table_count = 1,
        .temp_dir = f.folder,
        .drain_ms = 2000,
    };
    ok(http_server_start(&o, &f.server));
    ok(http_server_accept(f.server));
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    clock_real();
    http_server_stop(f.server);
    http_server_free(f.server);
    db_disconnect(f.db);
    db_close(f.store);
    folder_remove(f.folder);
    arena_free(&f.arena);
    return 0;
}

/* It has been stopped in the test. */
static int tear_down_stopped(void **state)
{
    struct http_server *s = f.server;
    UNUSED(state);
    http_server_free(s);
    f.server = NULL;
    return tear_down(state);
}

#define TEST(fn) cmocka_unit_test_setup_teardown(fn, set_up, tear_down)

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = {
        TEST(replies_of_a_group_leave_with_its_commit),
        TEST(a_group_that_fails_fails_each_reply_that_was_ready),
        TEST(a_full_disk_fails_each_reply_that_was_ready),
        TEST(a_failed_sync_fails_each_reply_and_ends_writing),
        TEST(a_read_waits_for_a_few_answers_and_not_for_all),
        TEST(who_wrote_reads_what_it_wrote),
        TEST(reads_sent_ahead_see_the_writes_before_them),
        TEST(who_closes_its_half_is_answered),
        TEST(much_sent_ahead_of_an_answer_is_answered),
        TEST(an_error_behind_a_commit_is_the_answer),
        cmocka_unit_test_setup_teardown(a_stop_in_the_midst_of_a_group_answers_it, set_up,
                                        tear_down_stopped),
    };
    return cmocka_run_group_tests_name("http/writes", tests, NULL, NULL);
}

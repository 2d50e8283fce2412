/* A whole server with two loops in this process, and plain sockets to it: held requests that move between the loops, work, WebSockets, stopping.
 * `make tsan` runs it too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "base/encode.h"
#include "http/call.h"
#include "net/ws_conn.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

enum { MOVES = 20, CLIENTS = 8, WAIT_MS = 20000, SOCKET_WAIT_S = 20 };

struct fixture {
    struct arena arena;
    char *folder;
    struct db_store *store;
    struct http_server *_Atomic server;
    /* Written on the loops, read by the test. */
    struct mutex lock;
    struct cond changed;
    int gone, closed, last_code, holding, refused;
    struct held *waiting[64]; /* by loop, of /hold: answered when the server stops */
    struct ws_conn *sockets[2][CLIENTS];
    int socket_count[2];
};
static struct fixture f;

#define ok(expr) assert_int_equal((expr), OK)

/* --- what happened, told to the test ------------------------------------------------------------ */

static void tell(int *what)
{
    mutex_lock(&f.lock);
    ++*what;
    cond_broadcast(&f.changed);
    mutex_unlock(&f.lock);
}

static int last_code(void)
{
    mutex_lock(&f.lock);
    int code = f.last_code;
    mutex_unlock(&f.lock);
    return code;
}

static void await(const int *what, int wanted)
{
    mutex_lock(&f.lock);
    while (*what < wanted)
        if (!cond_wait_ms(&f.changed, &f.lock, WAIT_MS))
            fail_msg("%d of %d within %d ms", *what, wanted, WAIT_MS);
    mutex_unlock(&f.lock);
}

/* --- the routes ------------------------------------------------------------------------------------ */

static void count_gone(struct held *h, void *arg)
{
    UNUSED(arg);
    assert_true(held_is_gone(h));
    held_fail(h, E_GONE);
    tell(&f.gone);
}

static void wait_for_stop(struct held *h, void *arg)
{
    UNUSED(arg);
    if (held_is_gone(h)) {
        count_gone(h, NULL);
        return;
    }
    held_on_gone(h, count_gone, NULL);
    f.waiting[held_loop(h)->number] = h;
    tell(&f.holding);
}

static err_t hold_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, wait_for_stop, NULL);
    return OK;
}

struct journey {
    int moves;
    bool until_gone;
};

static void travel(struct held *h, void *arg)
{
    struct journey *j = arg;
    int here = held_loop(h)->number;
    if (j->moves < MOVES) {
        j->moves++;
        held_move(h, 1 - here, travel, j);
    } else if (!j->until_gone) {
        reply_bytes(held_reply(h), S("text/plain"), here ? S("one") : S("zero"));
        held_answer(h);
    } else if (held_is_gone(h)) {
        count_gone(h, NULL);
    } else {
        held_on_gone(h, count_gone, NULL);
    }
}

static err_t travel_get(struct req *rq, struct reply *rp)
{
    struct journey *j = ARENA_NEW(rq->arena, struct journey);
    assert_non_null(j);
    j->until_gone = req_query(rq, "wait").s != NULL;
    reply_hold(rq, rp, travel, j);
    return OK;
}

struct errand_of_test {
    struct held *held;
    int64_t answer;
};

static void reckon(struct db *db, struct arena *a, void *arg)
{
    struct errand_of_test *e = arg;
    assert_non_null(db);
    assert_non_null(arena_alloc(a, 100));
    e->answer = 42;
}

static void reckoned(struct net_loop *l, void *arg)
{
    struct errand_of_test *e = arg;
    struct json_out *o = reply_json(held_reply(e->held));
    assert_ptr_equal(l, held_loop(e->held));
    jo_object(o);
    jo_ki64(o, "answer", e->answer);
    jo_end(o);
    held_answer(e->held);
}

static void send_errand(struct held *h, void *arg)
{
    struct errand_of_test *e = arg;
    e->held = h;
    err_t failed = http_work(f.server, held_loop(h), reckon, reckoned, e);
    if (failed != OK)
        held_fail(h, failed);
}

static err_t work_get(struct req *rq, struct reply *rp)
{
    struct errand_of_test *e = ARENA_NEW(rq->arena, struct errand_of_test);
    assert_non_null(e);
    reply_hold(rq, rp, send_errand, e);
    return OK;
}

/* --- WebSockets: each message goes to everybody, on both loops ----------------------------------------- */

static void deliver(struct net_loop *l, void *arg)
{
    struct ws_frame *frame = arg;
    for (int i = 0; i < f.socket_count[l->number]; i++)
        (void)!ws_conn_send_frame(f.sockets[l->number][i], frame); /* false: it fell behind */
    ws_frame_drop(frame);
}

static void ws_message(struct ws_conn *c, bool binary, struct str data)
{
    UNUSED(c);
    struct ws_frame *frame = ws_frame_new(binary ? WS_BINARY : WS_TEXT, data);
    assert_non_null(frame);
    for (int i = 0; i < 2; i++)
        net_post(http_loop(f.server, i), deliver, ws_frame_hold(frame));
    ws_frame_drop(frame);
}

static void never(struct net_loop *l, void *arg)
{
    UNUSED(l);
    UNUSED(arg);
    fail_msg("the work was refused");
}

static void ws_closed(struct ws_conn *c, int code)
{
    if (ws_conn_state(c))
        assert_int_equal(http_work(f.server, ws_conn_loop(c), reckon, never, NULL), E_STOPPING);
    int l = ws_conn_loop(c)->number;
    for (int i = 0; i < f.socket_count[l]; i++)
        if (f.sockets[l][i] == c)
            f.sockets[l][i] = f.sockets[l][--f.socket_count[l]];
    mutex_lock(&f.lock);
    f.last_code = code;
    mutex_unlock(&f.lock);
    tell(&f.closed);
}

static const struct ws_events EVENTS = { .message = ws_message, .closed = ws_closed };

static void stay_open(struct ws_conn *c)
{
    ws_conn_set_state(c, &f); /* its end will ask for work */
}
static void say_back(struct ws_conn *c, bool binary, struct str data)
{
    (void)!ws_conn_send(c, binary, data); /* false: it has fallen too far behind */
}
static const struct ws_events ECHOING = { .message = say_back, .closed = ws_closed };

static const struct ws_events STAYING = { .message = ws_message,
                                          .stopping = stay_open,
                                          .closed = ws_closed };

#define OPTIONS(e, ping_ms)                                                \
    {                                                                      \
        .events = (e), .limits = { 1000, 10 }, .unsent_bytes_max = 100000, \
        .close_timeout_ms = 1000, .ping_interval_ms = (ping_ms),           \
    }

static void open_socket(struct held *h, void *arg)
{
    int l = held_loop(h)->number;
    struct ws_conn *c;
    static const struct ws_options PLAIN = OPTIONS(&EVENTS, 0), STAYS = OPTIONS(&STAYING, 0),
                                   PINGS = OPTIONS(&EVENTS, 1000);
    static const struct ws_options TIGHT = { .events = &ECHOING,
                                             .limits = { 1000, 10 },
                                             .unsent_bytes_max = 100,
                                             .close_timeout_ms = 1000 };
    const struct ws_options *o = req_query(held_req(h), "stay").s    ? &STAYS
                                 : req_query(held_req(h), "ping").s  ? &PINGS
                                 : req_query(held_req(h), "tight").s ? &TIGHT
                                                                     : &PLAIN;
    UNUSED(arg);
    err_t e = held_websocket(h, o, false, NULL, STR_NONE, &c);
    if (e != OK)
        held_fail(h, e);
    else
        f.sockets[l][f.socket_count[l]++] = c;
}

static void open_on_the_other(struct held *h, void *arg)
{
    held_move(h, 1 - held_loop(h)->number, open_socket, arg);
}

static err_t ws_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, req_query(rq, "move").s ? open_on_the_other : open_socket, NULL);
    return OK;
}

static err_t shared_get(struct req *rq, struct reply *rp)
{
    if (req_query(rq, "fail").s)
        return err_note(E_GONE, NULL, "it was asked for");
    reply_bytes(rp, S("text/plain"), S("shared"));
    return OK;
}

/* A body that goes on: "one" and, unless it is to stay, "two" and the end. */
static void stream_gone(struct held *h, void *arg)
{
    UNUSED(h);
    UNUSED(arg);
    tell(&f.gone);
}

static void stream_begin(struct held *h, void *arg)
{
    bool stays = req_query(held_req(h), "stay").s != NULL;
    UNUSED(arg);
    if (!held_stream_begin(h, S("text/plain"), stream_gone, NULL)) {
        tell(&f.refused);
        return;
    }
    assert_true(held_stream_write(h, S("one ")));
    tell(&f.holding);
    if (stays)
        return;
    assert_true(held_stream_write(h, S("two")));
    held_stream_end(h);
}

static err_t stream_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, stream_begin, NULL);
    return OK;
}

#define ROW(path, handler, where)                                                                  \
    {                                                                                              \
        HTTP_GET, path, handler, AUTH_PUBLIC, RATE_NONE, 0, where, SCOPE_NONE, .summary = "a test" \
    }
static const struct route ROUTES[] = {
    ROW("/hold", hold_get, RUN_INLINE),
    ROW("/travel", travel_get, RUN_WORKER),
    ROW("/travel-inline", travel_get, RUN_INLINE),
    ROW("/work", work_get, RUN_INLINE),
    ROW("/ws", ws_get, RUN_INLINE),
    ROW("/ws-worker", ws_get, RUN_WORKER),
    ROW("/stream", stream_get, RUN_WORKER),
    { HTTP_GET, "/shared", shared_get, AUTH_PUBLIC, RATE_NONE, 0, RUN_INLINE, SCOPE_NONE,
      .summary = "for pages of other origins", .cors = true },
    { HTTP_POST, "/shared", shared_get, AUTH_USER, RATE_NONE, 100, RUN_INLINE, SCOPE_NONE,
      .summary = "for pages of other origins", .cors = true },
};

static void on_stopping(struct net_loop *l, void *context)
{
    struct held *h = f.waiting[l->number];
    UNUSED(context);
    if (h)
        held_fail(h, E_STOPPING);
    f.waiting[l->number] = NULL;
}

/* --- a client ---------------------------------------------------------------------------------------------- */

static int connect_to(bool local)
{
    struct sockaddr_in in = { .sin_family = AF_INET,
                              .sin_port = htons((uint16_t)http_port(f.server)) };
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct timeval wait = { .tv_sec = SOCKET_WAIT_S };
    snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", f.folder);
    inet_pton(AF_INET, "127.0.0.1", &in.sin_addr);
    int fd = socket(local ? AF_UNIX : AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    int bad = local ? connect(fd, (struct sockaddr *)&un, sizeof un)
                    : connect(fd, (struct sockaddr *)&in, sizeof in);
    assert_int_equal(bad, 0);
    return fd;
}

static void ask_as(int fd, const char *method, const char *target, const char *headers)
{
    char text[1000];
    int n = snprintf(text, sizeof text, "%s %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", method,
                     target, headers);
    assert_int_equal(write(fd, text, (size_t)n), n);
}

static void ask(int fd, const char *target, const char *headers)
{
    ask_as(fd, "GET", target, headers);
}

/* Read until `end` stands in what came, from the start of what this call read. */
static struct str read_until(int fd, struct str end)
{
    char *text = arena_bytes(&f.arena, 4096);
    size_t n = 0;
    assert_non_null(text);
    while (str_find(str_of(text, n), end, 0) == n) {
        assert_true(n < 4096);
        ssize_t got = read(fd, text + n, 1);
        if (got <= 0)
            fail_msg("the connection ended; so far: %.*s", (int)n, text);
        n += (size_t)got;
    }
    return str_of(text, n);
}

static struct str read_to_end(int fd)
{
    char *text = arena_bytes(&f.arena, 4096);
    size_t n = 0;
    assert_non_null(text);
    for (ssize_t got; (got = read(fd, text + n, 4096 - n)) != 0; n += (size_t)got)
        assert_true(got > 0 && n + (size_t)got < 4096);
    return str_of(text, n);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_from(part), 0) < text.n;
}

#define UPGRADE                                     \
    "Upgrade: websocket\r\nConnection: Upgrade\r\n" \
    "Sec-WebSocket-Version: 13\r\n"                 \
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"

static int open_ws(const char *target)
{
    int fd = connect_to(false);
    ask(fd, target, UPGRADE);
    assert_true(has(read_until(fd, S("\r\n\r\n")), "101 Switching"));
    return fd;
}

/* The head of one answer. */
static struct str answer_to(const char *method, const char *target, const char *headers)
{
    int fd = connect_to(false);
    ask_as(fd, method, target, headers);
    struct str head = read_until(fd, S("\r\n\r\n"));
    close(fd);
    return head;
}

/* --- life ------------------------------------------------------------------------------------------------------ */

static int start(bool cors_any)
{
    static const struct route *tables[] = { ROUTES };
    static const size_t counts[] = { COUNTOF(ROUTES) };
    int applied;
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(4));
    mutex_init(&f.lock);
    cond_init(&f.changed);
    ok(folder_temp(&f.arena, "vivim-held-", &f.folder));
    struct db_options db = { .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    ok(db_open(&db, &f.store));
    ok(db_migrate(f.store, &applied));
    http_on_stopping(on_stopping, NULL);
    struct http_options o = {
        .listen = S("127.0.0.1:0"),
        .unix_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/socket", f.folder)),
        .loops = 2,
        .workers_max = 2,
        .store = f.store,
        .tables = tables,
        .table_counts = counts,
        .table_count = 1,
        .temp_dir = f.folder,
        .drain_ms = 2000,
        .cors_any = cors_any,
    };
    ok(http_server_start(&o, &f.server));
    ok(http_server_accept(f.server));
    return 0;
}

static int set_up(void **state)
{
    UNUSED(state);
    return start(false);
}

static int set_up_for_any_origin(void **state)
{
    UNUSED(state);
    return start(true);
}

static void stop(void)
{
    http_server_stop(f.server);
    http_server_free(f.server);
    f.server = NULL;
}

static void stop_in_thread(void *arg)
{
    UNUSED(arg);
    stop();
}

static int tear_down(void **state)
{
    UNUSED(state);
    stop();
    db_close(f.store);
    folder_remove(f.folder);
    mutex_free(&f.lock);
    cond_free(&f.changed);
    arena_free(&f.arena);
    return 0;
}

/* --- tests -------------------------------------------------------------------------------------------------------- */

static void travel_and_come_back(bool local, const char *target)
{
    int fd = connect_to(local);
    for (int i = 0; i < 3;
         i++) { /* later requests are read on the loop where the last one was answered */
        ask(fd, target, "");
        struct str first = read_until(fd, S("\r\n\r\n"));
        assert_true(has(first, "HTTP/1.1 200 OK"));
        struct str body = read_until(fd, has(first, "Content-Length: 3") ? S("one") : S("zero"));
        assert_true(body.n == 3 || body.n == 4);
    }
    close(fd);
}

static void a_held_request_moves_between_loops(void **state)
{
    UNUSED(state);
    travel_and_come_back(false, "/travel");
    travel_and_come_back(false, "/travel-inline");
    travel_and_come_back(true, "/travel");
    travel_and_come_back(true, "/travel-inline");
}

static void what_is_sent_ahead_is_answered_after_the_moves(void **state)
{
    UNUSED(state);
    int fd = connect_to(false);
    ask(fd, "/travel", "");
    for (int i = 0; i < 5; i++)
        ask(fd, "/livez", "");
    assert_true(has(read_until(fd, S("\r\n\r\n")), "200 OK"));
    for (int i = 0; i < 5; i++)
        read_until(fd, S("\r\n\r\nok\n"));
    close(fd);
}

static void a_client_that_goes_is_seen_at_once(void **state)
{
    UNUSED(state);
    for (int local = 0; local < 2; local++) {
        int fd = connect_to(local), before = f.gone;
        ask(fd, "/hold", "");
        await(&f.holding, local + 1);
        close(fd);
        await(&f.gone, before + 1);
        f.waiting[0] = f.waiting[1] = NULL;
    }
}

static void a_client_that_goes_while_its_request_moves_is_seen(void **state)
{
    UNUSED(state);
    for (int i = 0; i < CLIENTS; i++) {
        int fd = connect_to(i & 1);
        ask(fd, i & 2 ? "/travel?wait=1" : "/travel-inline?wait=1", "");
        close(fd);
    }
    await(&f.gone, CLIENTS);
}

static void work_is_done_and_told_on_the_loop(void **state)
{
    UNUSED(state);
    int fd = connect_to(false);
    for (int i = 0; i < 10; i++)
        ask(fd, "/work", "");
    for (int i = 0; i < 10; i++)
        read_until(fd, S("{\"answer\":42}"));
    close(fd);
}

static void a_frame_is_shared_by_sockets_of_both_loops(void **state)
{
    UNUSED(state);
    static const char *const TARGETS[] = { "/ws", "/ws?move=1", "/ws-worker", "/ws-worker?move=1" };
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++)
        fds[i] = open_ws(TARGETS[i % 4]);
    for (int i = 0; i < CLIENTS; i++)
        assert_int_equal(write(fds[i], "\x81\x82\0\0\0\0hi", 8), 8);
    for (int i = 0; i < CLIENTS; i++)
        for (int j = 0; j < CLIENTS; j++)
            read_until(fds[i], str_of("\x81\x02hi", 4));
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
    await(&f.closed, CLIENTS);
    assert_int_equal(last_code(), 1006);
}

/* What the kernel holds for one who does not read is some megabytes: then comes our own bound. */
static void who_falls_behind_is_closed_with_1013_and_the_others_go_on(void **state)
{
    UNUSED(state);
    int slow = open_ws("/ws"), quick = open_ws("/ws?move=1"), sent = 0;
    struct ws_figures before, after;
    char message[8 + 900], back[4 + 900];
    memcpy(message, "\x82\xfe\x03\x84\0\0\0\0", 8);
    memset(message + 8, 'x', 900);
    ws_figures(&before);
    do {
        assert_int_equal(write(quick, message, sizeof message), sizeof message);
        assert_int_equal(recv(quick, back, sizeof back, MSG_WAITALL), sizeof back);
        ws_figures(&after);
    } while (after.dropped == before.dropped && ++sent < 100000);
    assert_int_equal(after.dropped, before.dropped + 1);
    await(&f.closed, 1);
    assert_int_equal(last_code(), 1013);
    assert_int_equal(write(quick, message, sizeof message), sizeof message);
    assert_int_equal(recv(quick, back, sizeof back, MSG_WAITALL), sizeof back);
    close(slow);
    close(quick);
    await(&f.closed, 2);
}

/* Answers to messages of one read wait for the end of the loop's turn, and count while they do. */
static void what_waits_to_leave_together_counts_as_unsent(void **state)
{
    UNUSED(state);
    char two[2][6 + 60] = { { 0 } };
    int fd = open_ws("/ws?tight=1");
    for (int i = 0; i < 2; i++) {
        memcpy(two[i], "\x81\xbc\0\0\0\0", 6);
        memset(two[i] + 6, 'a', 60);
    }
    assert_int_equal(write(fd, two[0], sizeof two[0]),
                     sizeof two[0]); /* each alone is sent at once */
    read_until(fd, str_of(two[0] + 6, 60));
    assert_int_equal(write(fd, two[0], sizeof two[0]), sizeof two[0]);
    read_until(fd, str_of(two[0] + 6, 60));
    assert_int_equal(write(fd, two, sizeof two), sizeof two);
    read_until(fd, str_of("\x88\x02\x03\xf5", 4)); /* 1013 */
    close(fd);
    await(&f.closed, 1);
    assert_int_equal(last_code(), WS_TRY_LATER);
}

static void who_answers_no_ping_is_gone_who_does_stays(void **state)
{
    UNUSED(state);
    int silent = open_ws("/ws?ping=1"), alive = open_ws("/ws?ping=1");
    for (int i = 0; i < 3; i++) { /* two intervals and more: the silent one has had its time */
        read_until(alive, str_of("\x89\0", 2));
        assert_int_equal(write(alive, "\x8a\x80\0\0\0\0", 6), 6);
    }
    await(&f.closed, 1);
    assert_int_equal(last_code(), 1006);
    read_until(silent, str_of("\x89\0", 2));
    assert_int_equal(read(silent, &(char){ 0 }, 1), 0);
    read_until(alive, str_of("\x89\0", 2));
    close(silent);
    close(alive);
    await(&f.closed, 2);
}

static void stopping_ends_what_is_held_and_closes_sockets_with_1001(void **state)
{
    UNUSED(state);
    int held = connect_to(false), ws[2] = { open_ws("/ws"), open_ws("/ws?move=1") };
    ask(held, "/hold", "");
    await(&f.holding, 1);
    struct thread stopper;
    ok(thread_start(&stopper, "stopper", stop_in_thread, NULL));
    for (int i = 0; i < 2; i++) {
        assert_int_equal(read_until(ws[i], S("stopping")).s[3], (char)(1001 & 0xff));
        assert_int_equal(write(ws[i], "\x88\x82\0\0\0\0\x03\xe9", 8), 8);
    }
    assert_true(has(read_until(held, S("\r\n\r\n")), "503"));
    for (int i = 0; i < 2; i++)
        close(ws[i]);
    close(held);
    thread_join(&stopper);
    assert_int_equal(f.closed, 2);
    assert_int_equal(last_code(), 1001);
}

static void stopping_in_the_midst_of_moves_leaves_nothing_behind(void **state)
{
    UNUSED(state);
    int fds[CLIENTS];
    for (int i = 0; i < CLIENTS; i++) {
        fds[i] = connect_to(i & 1);
        ask(fds[i], "/travel?wait=1", "");
    }
    /* They go while the server stops: the leak checker and the counts say the rest. */
    for (int i = 0; i < CLIENTS; i++)
        shutdown(fds[i], SHUT_WR);
    stop();
    for (int i = 0; i < CLIENTS; i++)
        close(fds[i]);
}

static void what_is_open_after_the_drain_ends_with_the_loops_and_finds_no_workers(void **state)
{
    UNUSED(state);
    int fds[2] = { open_ws("/ws?stay=1"), open_ws("/ws?stay=1&move=1") };
    ask(connect_to(false), "/work", ""); /* so that there is a worker */
    stop();
    assert_int_equal(f.closed, 2);
    assert_int_equal(last_code(), 1006);
    for (int i = 0; i < 2; i++)
        close(fds[i]);
}

static void a_body_that_goes_on_ends_when_it_is_ended(void **state)
{
    UNUSED(state);
    for (int i = 0; i < 2; i++) {
        int fd = connect_to(i & 1);
        ask(fd, "/stream", "");
        struct str answer = read_to_end(fd);
        assert_true(has(answer, "Content-Type: text/plain\r\n") &&
                    has(answer, "Connection: close\r\n") && !has(answer, "Content-Length"));
        assert_true(str_ends(answer, S("\r\n\r\none two")));
        await(&f.gone, i + 1);
        close(fd);
    }
}

static void a_body_that_goes_on_hears_that_its_client_has_gone(void **state)
{
    UNUSED(state);
    int fd = connect_to(false);
    ask(fd, "/stream?stay=1", "");
    read_until(fd, S("one "));
    close(fd);
    await(&f.gone, 1);
}

static void a_body_that_goes_on_ends_with_the_server(void **state)
{
    UNUSED(state);
    int fd = connect_to(false);
    ask(fd, "/stream?stay=1", "");
    read_until(fd, S("one "));
    stop();
    assert_int_equal(f.gone, 1);
    close(fd);
}

/* The connection goes on: there is a next answer. */
static void of_a_body_that_goes_on_the_head_alone_ends_at_once(void **state)
{
    UNUSED(state);
    struct str head = answer_to("HEAD", "/stream", "");
    assert_true(has(head, " 200 ") && has(head, "Content-Type: text/plain\r\n"));
    await(&f.refused, 1);
    assert_int_equal(f.holding, 0);
}

/* --- CORS ------------------------------------------------------------------------------------------------------- */

#define PREFLIGHT                             \
    "Access-Control-Request-Method: POST\r\n" \
    "Access-Control-Request-Headers: X-One, y\r\n"

static const char ALLOW[] = "Access-Control-Allow-Origin",
                  NAMED[] = "Access-Control-Allow-Credentials: true";

static void pages_of_our_own_origin_alone_are_named(void **state)
{
    UNUSED(state);
    struct str base = http_base_url(f.server);
    char *ours = str_cstr(&f.arena, str_fmt(&f.arena, "Origin: %.*s\r\n", STR_ARG(base)));
    char *allowed = str_cstr(&f.arena, str_fmt(&f.arena, "%s: %.*s\r\n", ALLOW, STR_ARG(base)));
    char *preflight = str_cstr(&f.arena, str_fmt(&f.arena, "%s" PREFLIGHT, ours));
    const char *foreign = "Origin: https://other.example\r\n";
    static const char *const ASKED[][2] = { { "GET", "/shared" },
                                            { "GET", "/shared?fail=1" },
                                            { "POST", "/shared" },
                                            { "PUT", "/shared" } };
    for (size_t i = 0; i < COUNTOF(ASKED); i++) { /* 200, 410, 401, 405 */
        struct str head = answer_to(ASKED[i][0], ASKED[i][1], ours);
        assert_true(has(head, allowed) && has(head, NAMED) && has(head, "Vary: Origin"));
        head = answer_to(ASKED[i][0], ASKED[i][1], foreign);
        assert_true(!has(head, ALLOW) && has(head, "Vary: Origin"));
    }
    assert_false(has(answer_to("GET", "/livez", ours), ALLOW));
    struct str head = answer_to("OPTIONS", "/shared", preflight);
    assert_true(has(head, " 204 ") && has(head, allowed) && has(head, NAMED));
    assert_true(has(head, "Access-Control-Allow-Headers: X-One, y\r\n"));
    assert_true(has(head, "Access-Control-Allow-Methods: GET, ") &&
                has(head, "Access-Control-Max-Age: "));
    head = answer_to("OPTIONS", "/shared", "Origin: https://other.example\r\n" PREFLIGHT);
    assert_true(has(head, " 204 ") && !has(head, "Access-Control-Allow"));
    assert_false(has(answer_to("OPTIONS", "/livez", preflight), "Access-Control-Allow"));
}

static void any_origin_may_read_without_credentials_where_that_is_set(void **state)
{
    UNUSED(state);
    struct str head = answer_to("GET", "/shared", "Origin: https://other.example\r\n");
    assert_true(has(head, "Access-Control-Allow-Origin: *\r\n") && !has(head, NAMED));
    head = answer_to("OPTIONS", "/shared", "Origin: https://other.example\r\n" PREFLIGHT);
    assert_true(has(head, "Access-Control-Allow-Origin: *\r\n") &&
                has(head, "Access-Control-Allow-Headers: X-One, y\r\n"));
}

/* --- fields ------------------------------------------------------------------------------------------------------- */

struct said {
    struct str name;
    int64_t number;
};
static const struct field FIELDS[] = {
    FIELD(said, name, FIELD_STR, true, 1, 5, "a name"),
    FIELD(said, number, FIELD_I64, false, 0, 9, "a digit"),
};

static err_t said_read(const char *json, struct said *ret)
{
    struct json object;
    TRY(json_parse(&f.arena, str_from(json), JSON_DEPTH_MAX, &object));
    return fields_read(&f.arena, object, FIELDS, COUNTOF(FIELDS), ret);
}

static void fields_are_read_from_any_object(void **state)
{
    struct said s = { .number = 7 };
    UNUSED(state);
    ok(said_read("{\"name\":\"ada\"}", &s));
    assert_true(str_eq(s.name, S("ada")) && s.number == 7);
    ok(said_read("{\"number\":9,\"name\":\"grace\"}", &s));
    assert_int_equal(s.number, 9);
    assert_int_equal(said_read("{\"number\":10,\"name\":\"x\"}", &s), E_INVALID);
    assert_string_equal(err_detail()->field, "number");
    assert_int_equal(said_read("{\"number\":1}", &s), E_INVALID);
    assert_string_equal(err_detail()->field, "name");
    assert_int_equal(said_read("{\"name\":\"\"}", &s), E_INVALID);
    assert_int_equal(said_read("{\"name\":\"a\",\"other\":1}", &s), E_INVALID);
    assert_int_equal(said_read("[1]", &s), E_INVALID);
}

int main(void)
{
#define ON_SERVER(t) cmocka_unit_test_setup_teardown(t, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        ON_SERVER(a_held_request_moves_between_loops),
        ON_SERVER(what_is_sent_ahead_is_answered_after_the_moves),
        ON_SERVER(a_client_that_goes_is_seen_at_once),
        ON_SERVER(a_client_that_goes_while_its_request_moves_is_seen),
        ON_SERVER(work_is_done_and_told_on_the_loop),
        ON_SERVER(a_frame_is_shared_by_sockets_of_both_loops),
        ON_SERVER(who_falls_behind_is_closed_with_1013_and_the_others_go_on),
        ON_SERVER(what_waits_to_leave_together_counts_as_unsent),
        ON_SERVER(who_answers_no_ping_is_gone_who_does_stays),
        ON_SERVER(stopping_ends_what_is_held_and_closes_sockets_with_1001),
        ON_SERVER(stopping_in_the_midst_of_moves_leaves_nothing_behind),
        ON_SERVER(what_is_open_after_the_drain_ends_with_the_loops_and_finds_no_workers),
        ON_SERVER(a_body_that_goes_on_ends_when_it_is_ended),
        ON_SERVER(a_body_that_goes_on_hears_that_its_client_has_gone),
        ON_SERVER(a_body_that_goes_on_ends_with_the_server),
        ON_SERVER(of_a_body_that_goes_on_the_head_alone_ends_at_once),
        ON_SERVER(pages_of_our_own_origin_alone_are_named),
        cmocka_unit_test_setup_teardown(any_origin_may_read_without_credentials_where_that_is_set,
                                        set_up_for_any_origin, tear_down),
        ON_SERVER(fields_are_read_from_any_object),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Rooms and withdrawn rights, through the real server and a plain WebSocket on its Unix socket. An entity that lives in the test
 * decides when its check is through, so that what comes at the worst moment comes exactly then. */
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/json.h"
#include "base/log.h"
#include "identity/inside.h"
#include "net/conn.h"
#include "net/ws.h"
#include "ops/fixture.h"
#include "os/clock.h"
#include "realtime/protocol/sockets.h"
#include "realtime/realtime.h"
#include "realtime/signalling/signalling.h"
#include "realtime/topics/topics.h"

enum { ANSWER_MS = 20000 };

/* --- a document whose right goes while it is checked ----------------------------------------------------------- */

static struct uuid document;
static _Atomic int checks;
static _Atomic int
    withdraw_at; /* the check, counted from 1, in whose course the right goes; 0: none */
static _Atomic bool gone;

static struct str document_topic(struct arena *a)
{
    return str_fmt(a, "conversation:%.*s", STR_ARG(uuid_str(a, document)));
}

static err_t document_exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    UNUSED(db);
    if (gone || !uuid_eq(id, document) || !uuid_eq(owner, f.owner))
        return E_NOT_FOUND;
    if (++checks == withdraw_at) { /* it was there: the answer is on its way, and wrong by now */
        CLEANUP(arena_free) struct arena a;
        arena_init(&a, KIB(4));
        gone = true;
        hub_withdraw_topic(hub_of(app), f.owner, document_topic(&a));
    }
    return OK;
}

static const struct entity ENTITIES[] = {
    { .name = "conversation", .shareable = true, .exists = document_exists }
};
static const struct module DOCUMENTS = { .name = "documents",
                                         .entities = ENTITIES,
                                         .entity_count = COUNTOF(ENTITIES) };
static const struct module *const MODULES[] = { &DOCUMENTS, &identity_module, &hub_module,
                                                &realtime_module, NULL };

/* --- the server --------------------------------------------------------------------------------------------------- */

static err_t identify(struct req *rq, struct caller *ret)
{
    UNUSED(rq);
    *ret = (struct caller){ .known = true,
                            .user_id = f.owner,
                            .handle = S("owner"),
                            .scopes = ~0u,
                            .expires_ms = INT64_MAX };
    return OK;
}

/* Whom the connections are asked about again. */
static struct uuid account_make(void)
{
    struct account a;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(identity_account_make(f.db, S("owner"), S("of nobody"), false, NOW, &a));
    ok(db_txn_commit(&tx));
    return a.id;
}

static char *socket_path;

static int open_server(void **state)
{
    static const struct settings settings = { .eio_ping_interval_ms = 60000,
                                              .eio_ping_timeout_ms = 60000,
                                              .eio_connect_timeout_ms = 60000,
                                              .eio_max_payload = 1000000 };
    fixture_open(state);
    f.app.modules = MODULES;
    f.app.settings = &settings;
    ok(identity_module.init(&f.app)); /* which is asked whether a credential is good still */
    ok(hub_module.init(&f.app));
    ok(realtime_module.init(&f.app));
    document = uuid_new();
    f.owner = account_make();
    socket_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/s", f.folder));
    static const struct route *tables[1];
    static size_t counts[1];
    tables[0] = realtime_module.routes;
    counts[0] = realtime_module.route_count;
    struct http_options o = { .unix_path = socket_path,
                              .loops = 1,
                              .workers_max = 2,
                              .store = f.app.store,
                              .app = &f.app,
                              .tables = tables,
                              .table_counts = counts,
                              .table_count = 1,
                              .identify = identify,
                              .temp_dir = f.folder };
    ok(http_server_start(&o, &f.app.server));
    ok(http_server_accept(f.app.server));
    return 0;
}

static int close_server(void **state)
{
    http_server_stop(f.app.server);
    http_server_free(f.app.server);
    f.app.server = NULL;
    realtime_module.stop(&f.app);
    hub_module.stop(&f.app);
    identity_module.stop(&f.app);
    return fixture_close(state);
}

static int begin(void **state)
{
    UNUSED(state);
    checks = withdraw_at = 0;
    gone = false;
    return 0;
}

/* --- a WebSocket ------------------------------------------------------------------------------------------------------ */

static void read_exactly(int fd, char *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, ANSWER_MS), 1);
        ssize_t more = read(fd, to + got, n - got);
        assert_true(more > 0);
        got += (size_t)more;
    }
}

static void write_all(int fd, struct str text)
{
    assert_int_equal(write(fd, text.s, text.n), text.n);
}

static int ws_open(const char *target)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char head[1024] = { 0 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true(fd >= 0 && strlen(socket_path) < sizeof to.sun_path);
    memcpy(to.sun_path, socket_path, strlen(socket_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    write_all(fd, str_fmt(&f.arena,
                          "GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          target));
    for (size_t n = 0; n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0; n++) {
        assert_true(n < sizeof head - 1);
        read_exactly(fd, head + n, 1);
    }
    if (memcmp(head, "HTTP/1.1 101", 12) != 0)
        fail_msg("%s", head);
    return fd;
}

/* One masked text frame; the mask is zero, so the text stands as it is. */
static void ws_say(int fd, struct str text)
{
    struct buf b;
    assert_true(text.n < 65536);
    buf_init(&b, &f.arena, KIB(70));
    buf_putc(&b, (char)0x81);
    buf_putc(&b, (char)(0x80 | (text.n < 126 ? text.n : 126)));
    if (text.n >= 126) {
        buf_putc(&b, (char)(text.n >> 8));
        buf_putc(&b, (char)(text.n & 255));
    }
    buf_put(&b, S("\0\0\0\0"));
    buf_put(&b, text);
    write_all(fd, buf_str(&b));
}

static struct str ws_hear(int fd)
{
    unsigned char head[4];
    read_exactly(fd, (char *)head, 2);
    size_t n = head[1];
    if (n == 126) {
        read_exactly(fd, (char *)head + 2, 2);
        n = (size_t)head[2] << 8 | head[3];
    }
    if (head[0] != 0x81 || head[1] >= 127)
        fail_msg("a frame that begins %02x %02x", head[0], head[1]);
    char *text = arena_alloc(&f.arena, n + 1);
    read_exactly(fd, text, n);
    return str_of(text, n);
}

/* The next packet that begins so; what else comes before it is of no interest. */
static struct str ws_await(int fd, struct str start)
{
    struct str text;
    do
        text = ws_hear(fd);
    while (!str_starts(text, start));
    return text;
}

static bool says(struct str text, const char *what)
{
    return str_find(text, str_from(what), 0) < text.n;
}

/* A socket in the product's namespace; *ret_pid: by which it could come back. */
static int socket_open(struct str auth, struct str *ret_welcome)
{
    int fd = ws_open("/socket.io/?EIO=4&transport=websocket");
    ws_await(fd, S("0"));
    ws_say(fd, str_fmt(&f.arena, "40%.*s", STR_ARG(auth)));
    struct str welcome = ws_await(fd, S("40"));
    if (ret_welcome)
        *ret_welcome = welcome;
    return fd;
}

static struct str subscribe(int fd)
{
    ws_say(fd, str_fmt(&f.arena, "421[\"subscribe\",{\"topics\":[\"%.*s\"]}]",
                       STR_ARG(document_topic(&f.arena))));
    return ws_await(fd, S("431"));
}

/* --- on the loop ------------------------------------------------------------------------------------------------------ */

struct visit {
    void (*run)(struct hub_loop *l);
    struct gate through;
};

static void visit_run(struct net_loop *net, void *arg)
{
    struct visit *v = arg;
    v->run(hub_loop_of(hub_of(&f.app), net));
    gate_open(&v->through);
}

/* After all that was posted before. */
static void on_loop(void (*run)(struct hub_loop *l))
{
    struct visit v = { .run = run };
    net_post(http_loop(f.app.server, 0), visit_run, &v);
    assert_true(gate_wait(&v.through, ANSWER_MS));
}

static bool found_room;

static void look_for_room(struct hub_loop *l)
{
    found_room = hub_room(l, document_topic(&l->scratch)) ||
                 hub_room(l, signal_room(&l->scratch, true, document_topic(&l->scratch)));
}

static bool somebody_is_in(void)
{
    on_loop(look_for_room);
    return found_room;
}

static struct listener ear;
static uint64_t heard[8], replayed;
static bool more_follow[COUNTOF(heard)];
static size_t heard_count;

static void ear_hear(struct listener *l, const struct delivery *d, struct ws_frame *const *frames,
                     unsigned count)
{
    UNUSED(frames);
    UNUSED(count);
    assert_true(heard_count < COUNTOF(heard));
    more_follow[heard_count] = l->loop->net->more;
    heard[heard_count++] = d->number;
}

static const struct caller *ear_caller(const struct listener *l)
{
    UNUSED(l);
    static struct caller nobody;
    return &nobody;
}

static const struct listener_kind EAR = { .hear = ear_hear, .caller = ear_caller };

static const struct str EAR_ROOMS[] = { { .s = "ear", .n = 3 }, { .s = "other", .n = 5 } };

static void emit_to_ear(void)
{
    const struct emission e = { .rooms = EAR_ROOMS, .room_count = 2, .event = "e", .keep = true };
    hub_emit(hub_of(&f.app), &e);
}

/* As one that comes back: it is told again what was emitted, and then joins its rooms, while the letter with the last
 * emission still lies in the loop's mailbox. */
static void ear_comes_back(struct hub_loop *l)
{
    heard_count = 0;
    ear = (struct listener){ .kind = &EAR, .loop = l };
    emit_to_ear();
    ear.heard = replayed = hub_emitted(l->hub);
    ok(hub_join(&ear, EAR_ROOMS[0]));
    ok(hub_join(&ear, EAR_ROOMS[1]));
    emit_to_ear();
}

static void ear_hears_two(struct hub_loop *l)
{
    heard_count = 0;
    ear = (struct listener){ .kind = &EAR, .loop = l, .heard = hub_emitted(l->hub) };
    ok(hub_join(&ear, EAR_ROOMS[0]));
    emit_to_ear();
    emit_to_ear();
}

static void ear_leaves(struct hub_loop *l)
{
    UNUSED(l);
    hub_leave_all(&ear);
}

/* --- tests ------------------------------------------------------------------------------------------------------------- */

static size_t callers_kept;

static void count_callers(struct hub_loop *l)
{
    callers_kept = l->caller_pool.in_use;
}

static void nobody_is_there(void)
{
    int64_t end_ms = clock_monotonic_ms() + ANSWER_MS;
    do
        on_loop(count_callers);
    while (callers_kept && clock_monotonic_ms() < end_ms);
    assert_int_equal(callers_kept, 0);
}

/* A session and its socket that came with one credential share what is known of it, and give it up. */
static void a_caller_is_kept_once(void **state)
{
    UNUSED(state);
    nobody_is_there(); /* those of the tests before have gone */
    int fd = socket_open(S(""), NULL);
    on_loop(count_callers);
    assert_int_equal(callers_kept, 1);
    close(fd);
    nobody_is_there();
}

/* Thousands of clients say nothing for hours. What is beside these: a WebSocket's 56 bytes, and a third of a slot or so in each of
 * two tables. */
static void an_idle_connection_is_small(void **state)
{
    UNUSED(state);
    assert_in_range(offsetof(struct net_conn, tcp) + sizeof(uv_tcp_t), 1, 336);
    assert_in_range(sizeof(struct eio_session), 1, 264);
    assert_in_range(sizeof(struct rt_socket) + sizeof(struct client), 1, 176);
    assert_in_range(sizeof(struct membership), 1, 40);
}

/* `heard > number` let the last emission through a second time. */
static void what_was_replayed_is_not_heard_again(void **state)
{
    UNUSED(state);
    int fd = socket_open(S(""), NULL); /* letters go to loops with connections */
    on_loop(ear_comes_back);
    on_loop(ear_leaves);
    assert_int_equal(heard_count, 1); /* the second, and it once, though it was in both rooms */
    assert_int_equal(heard[0], replayed + 1);
    close(fd);
}

/* What is written to a socket by the first waits for what the second writes to it. */
static void of_several_letters_all_but_the_last_know_that_more_follow(void **state)
{
    UNUSED(state);
    int fd = socket_open(S(""), NULL);
    on_loop(ear_hears_two);
    on_loop(ear_leaves);
    assert_int_equal(heard_count, 2);
    assert_true(more_follow[0]);
    close(fd);
}

static void who_may_is_in_the_room(void **state)
{
    UNUSED(state);
    int fd = socket_open(S(""), NULL);
    struct str answer = subscribe(fd);
    assert_true(says(answer, "\"refused\":[]"));
    assert_int_equal(checks, 1);
    assert_true(somebody_is_in());
    hub_withdraw_topic(hub_of(&f.app), f.owner, document_topic(&f.arena));
    assert_false(somebody_is_in());
    close(fd);
}

/* A check that is under way when the right goes says yes and is wrong: it is made again. */
static void a_right_that_goes_while_a_topic_is_checked(void **state)
{
    UNUSED(state);
    int fd = socket_open(S(""), NULL);
    withdraw_at = 1;
    struct str answer = subscribe(fd);
    assert_true(says(answer, "\"subscribed\":[]") && says(answer, "not_found"));
    assert_int_equal(checks, 1);
    assert_false(somebody_is_in());
    close(fd);
}

static void a_right_that_goes_while_a_lost_socket_comes_back(void **state)
{
    UNUSED(state);
    struct str welcome;
    struct json j;
    int fd = socket_open(S(""), &welcome);
    assert_true(says(subscribe(fd), "\"refused\":[]"));
    assert_true(somebody_is_in());
    ok(json_parse(&f.arena, str_sub(welcome, 2, welcome.n), 4, &j));
    struct str room = caller_room(&f.arena, f.owner), pid = json_get_str(j, S("pid"));
    hub_tell(&f.app, room, "hello", S("1"), false);
    struct str hello = ws_await(fd, S("42[\"hello\",1,\""));
    struct str offset = str_sub(hello, 14, hello.n - 2);
    close(fd);
    while (somebody_is_in()) /* until the server has noticed */
        sched_yield();
    withdraw_at = 2;
    fd = socket_open(
        str_fmt(&f.arena, "{\"pid\":\"%.*s\",\"offset\":\"%.*s\"}", STR_ARG(pid), STR_ARG(offset)),
        &welcome);
    assert_true(says(welcome, str_cstr(&f.arena, pid))); /* it is the same socket again */
    assert_int_equal(checks, 2);
    assert_false(somebody_is_in());
    close(fd);
}

static void a_right_that_goes_while_signalling_begins(void **state)
{
    UNUSED(state);
    int fd = ws_open("/signaling");
    struct str topic = document_topic(&f.arena);
    struct str ask =
        str_fmt(&f.arena, "{\"type\":\"subscribe\",\"topics\":[\"%.*s\"]}", STR_ARG(topic));
    withdraw_at = 1;
    ws_say(fd, ask);
    ws_say(fd, S("{\"type\":\"ping\"}"));
    assert_true(says(ws_hear(fd), "not_found"));
    ws_await(fd, S("{\"type\":\"pong\""));
    assert_int_equal(checks, 1);
    assert_false(somebody_is_in());
    gone = false;
    withdraw_at = 0;
    ws_say(fd, ask);
    ws_say(fd, S("{\"type\":\"ping\"}"));
    ws_await(fd, S("{\"type\":\"pong\""));
    assert_true(somebody_is_in());
    close(fd);
}

#define BEGIN(name) cmocka_unit_test_setup(name, begin)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        BEGIN(what_was_replayed_is_not_heard_again),
        BEGIN(of_several_letters_all_but_the_last_know_that_more_follow),
        BEGIN(a_caller_is_kept_once),
        BEGIN(an_idle_connection_is_small),
        BEGIN(who_may_is_in_the_room),
        BEGIN(a_right_that_goes_while_a_topic_is_checked),
        BEGIN(a_right_that_goes_while_a_lost_socket_comes_back),
        BEGIN(a_right_that_goes_while_signalling_begins),
    };
    int failed = cmocka_run_group_tests_name("sqlite", tests, open_server, close_server);
    on_postgres = getenv("VIVIM_TEST_PG_URL") != NULL;
    if (on_postgres)
        failed += cmocka_run_group_tests_name("postgres", tests, open_server, close_server);
    return failed;
}

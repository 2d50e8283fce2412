/* A kind of connection that no room has heard of, and a server that has it: a raw WebSocket with a binary protocol of its own. It is
 * this file and no line of the hub. No protocol of the program is linked. */
#ifndef VIVIM_TEST_HUB_TOY_H
#define VIVIM_TEST_HUB_TOY_H

#include "base/log.h"
#include "base/timestamp.h"
#include "hub/inside.h"
#include "hub/sse.h"
#include "identity/inside.h"
#include "ops/fixture.h"
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

enum { ANSWER_MS = 20000, TOYS_MAX = 4, TOYS_OF_ACCOUNT_MAX = 2 };

/* --- the kind ---------------------------------------------------------------------------------------- */

/* One message, one byte of what it is: 'j' topic (join), 'l' topic (leave). We say 'j', 'e' (an emission: its number, 8 bytes, most
 * significant first, then event, zero byte, arguments), 'x' topic (lost), 'o' (signed out), 's' (the server
 * stops). */
struct toy {
    struct hub_conn conn;
    struct listener listener;
    struct ws_conn *ws;
    bool ended;
};

static const struct hub_part TOY_PART;
static _Atomic int encoded, still_good_count;
static _Atomic int corked; /* messages whose answer waits for the end of the loop's turn */

struct toys { /* of a loop */
    struct pool pool;
};

static inline bool encode(const struct emission *e, uint64_t number, struct hub_frames *out)
{
    CLEANUP(buf_free) struct buf b = { 0 };
    encoded++;
    buf_init(&b, NULL, KIB(64));
    buf_putc(&b, 'e');
    for (int i = 7; i >= 0; i--)
        buf_putc(&b, (char)(number >> (8 * i)));
    buf_put(&b, str_of(e->event, strlen(e->event) + 1));
    buf_put(&b, e->arguments);
    return buf_err(&b) == OK && hub_frames_add(out, ws_frame_new(WS_BINARY, buf_str(&b)));
}

static const struct hub_form FORM = { .name = "toy", .encode = encode };

static inline struct toy *of_listener(const struct listener *l)
{
    return (struct toy *)((char *)(uintptr_t)l - offsetof(struct toy, listener));
}

static inline void say(struct toy *t, char what, struct str rest)
{
    struct str text = str_fmt(&t->listener.loop->scratch, "%c%.*s", what, STR_ARG(rest));
    (void)!ws_conn_send(t->ws, true, text);
}

static inline void hear(struct listener *l, const struct delivery *d,
                        struct ws_frame *const *frames, unsigned count)
{
    UNUSED(d);
    for (unsigned i = 0; i < count; i++)
        (void)!ws_conn_send_frame(of_listener(l)->ws, frames[i]);
}

static const struct caller *listener_caller(const struct listener *l)
{
    return of_listener(l)->conn.caller;
}

static inline void lose(struct listener *l, struct str room, struct str topic)
{
    hub_leave(l, room);
    say(of_listener(l), 'x', topic);
}

static const struct listener_kind LISTENER = {
    .part = &TOY_PART, .hear = hear, .caller = listener_caller, .lose = lose
};

static inline void leave(struct toy *t)
{
    if (t->ended)
        return;
    t->ended = true;
    hub_leave_all(&t->listener);
    conn_close(t->listener.loop, &t->conn);
}

static inline struct caller *conn_caller(struct hub_conn *c)
{
    return c->caller;
}

static inline void sign_out(struct hub_conn *c)
{
    struct toy *t = (struct toy *)c; /* its first member */
    say(t, 'o', S(""));
    leave(t);
    ws_conn_close(t->ws, WS_POLICY, STR_NONE);
}

static inline void end(struct hub_conn *c, enum hub_end why)
{
    struct toy *t = (struct toy *)c;
    if (why == END_STOPPING)
        say(t, 's', S(""));
    leave(t);
    ws_conn_close(t->ws, why == END_STOPPING ? WS_GOING_AWAY : WS_TRY_LATER, STR_NONE);
}

static inline void still_good(struct hub_conn *c)
{
    UNUSED(c);
    still_good_count++;
}

static const struct conn_kind TOY = { .caller = conn_caller,
                                      .sign_out = sign_out,
                                      .end = end,
                                      .still_good = still_good,
                                      .max = TOYS_MAX,
                                      .account_max = TOYS_OF_ACCOUNT_MAX };

static inline void on_message(struct ws_conn *ws, bool binary, struct str data)
{
    struct toy *t = ws_conn_state(ws);
    struct hub_loop *l = t->listener.loop;
    struct str room = str_fmt(&l->scratch, "toy/%.*s", (int)data.n - 1, data.s + 1);
    assert_true(binary && data.n > 1);
    if (!t->ended && data.s[0] == 'j' && hub_join(&t->listener, room) == OK)
        say(t, 'j', S(""));
    if (!t->ended && data.s[0] == 'l')
        hub_leave(&t->listener, room);
    corked += l->net->corks != NULL;
    hub_loop_leave(l);
}

static inline void on_closed(struct ws_conn *ws, int code)
{
    struct toy *t = ws_conn_state(ws);
    struct toys *own = hub_part_own(t->listener.loop, &TOY_PART);
    UNUSED(code);
    leave(t);
    pool_put(&own->pool, t);
}

static const struct ws_events EVENTS = { .message = on_message, .closed = on_closed };
static const struct ws_options OPTIONS = { .events = &EVENTS,
                                           .limits = { .message_bytes = KIB(4), .fragments = 8 },
                                           .unsent_bytes_max = KIB(64),
                                           .close_timeout_ms = 1000 };

static inline void begin(struct held *h, void *arg)
{
    struct hub_loop *l = hub_loop_of(hub_of(held_req(h)->app), held_loop(h));
    struct toys *own = hub_part_own(l, &TOY_PART);
    struct toy *t = POOL_NEW(&own->pool, struct toy);
    UNUSED(arg);
    t->listener = (struct listener){ .kind = &LISTENER, .loop = l };
    err_t e = conn_open(l, &t->conn, &TOY, held_req(h));
    if (e == OK && (e = held_websocket(h, &OPTIONS, false, t, STR_NONE, &t->ws)) != OK)
        leave(t);
    if (e != OK) {
        pool_put(&own->pool, t);
        held_fail(h, e);
        return;
    }
    conn_watch(l, &t->conn);
}

static inline err_t toy_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, begin, NULL);
    return OK;
}

/* The checks, counted from 1, in whose course the right goes, or another. */
static _Atomic int checks, withdraw_at, other_at;
static _Atomic bool gone;

static inline err_t check_news(struct app *app, struct db *db, struct arena *a,
                               const struct caller *who, struct str topic)
{
    UNUSED(db);
    UNUSED(a);
    if (gone)
        return E_NOT_FOUND;
    if (++checks == other_at)
        hub_withdraw_topic(hub_of(app), who->user_id, S("other"));
    if (checks == withdraw_at) { /* it was there: the answer is on its way, and wrong by now */
        gone = true;
        hub_withdraw_topic(hub_of(app), who->user_id, topic);
    }
    return OK;
}

static const char *_Atomic
    meanwhile; /* told between the handler's look and the stream's opening; NULL: nothing */
static _Atomic bool meanwhile_last;

static inline err_t stream_get(struct req *rq, struct reply *rp)
{
    const struct event_stream e = { .topic = S("toy/news"),
                                    .name = "said",
                                    .first = S("{}"),
                                    .withdrawn = hub_withdrawals(hub_of(rq->app)),
                                    .check = check_news };
    TRY(check_news(rq->app, rq->db, rq->arena, &rq->caller, e.topic));
    if (meanwhile)
        hub_tell(rq->app, e.topic, "said", str_from(meanwhile), meanwhile_last);
    return hub_events(rq, rp, &e);
}

static const struct route ROUTES[] = {
    { HTTP_GET, "/toy", toy_get, AUTH_USER, RATE_NONE, 0, RUN_INLINE, SCOPE_NONE,
      .summary = "a toy", .success = 101 },
    { HTTP_GET, "/stream", stream_get, AUTH_USER, RATE_NONE, 0, RUN_INLINE, SCOPE_NONE,
      .summary = "the same topic as server-sent events" },
};

static inline void loop_begin(struct hub_loop *l, void *own)
{
    UNUSED(l);
    pool_init(&((struct toys *)own)->pool, sizeof(struct toy));
}

static inline void loop_end(void *own)
{
    pool_free(&((struct toys *)own)->pool);
}

static const struct hub_part TOY_PART = { .name = "toy",
                                          .form = &FORM,
                                          .topic_rooms = "toy/",
                                          .loop_bytes = sizeof(struct toys),
                                          .begin = loop_begin,
                                          .end = loop_end };

static inline err_t toys_init(struct app *app)
{
    return hub_part_add(hub_of(app), &TOY_PART, &f.arena, NULL);
}

static inline void toys_stop(struct app *app)
{
    hub_part_remove(hub_of(app), &TOY_PART);
}

static const struct module TOYS = { .name = "toys",
                                    .init = toys_init,
                                    .stop = toys_stop,
                                    .routes = ROUTES,
                                    .route_count = COUNTOF(ROUTES) };
static const struct module *const MODULES[] = { &identity_module, &hub_module, &TOYS, NULL };

/* --- who comes: ?who=N ----------------------------------------------------------------------------------- */

enum { PEOPLE = 4 };
static struct person {
    struct account account;
    struct token token;
    int64_t expires_ms; /* as it is known when one comes */
} people[PEOPLE];

static inline err_t identify(struct req *rq, struct caller *ret)
{
    int64_t who = 0;
    assert_int_equal(str_to_i64(req_query(rq, "who"), &who), OK);
    const struct person *p = &people[who];
    *ret = (struct caller){ .known = true,
                            .credential = CREDENTIAL_TOKEN,
                            .user_id = p->account.id,
                            .credential_id = p->token.id,
                            .handle = p->account.handle,
                            .scopes = ~0u,
                            .expires_ms = p->expires_ms };
    return OK;
}

static inline void make_people(void)
{
    static const char *const HANDLES[PEOPLE] = { "ann", "ben", "cat", "dan" };
    for (int i = 0; i < PEOPLE; i++) {
        struct person *p = &people[i];
        struct token_new n = { S("a toy"), 1 << SCOPE_READ, TIME_NONE };
        struct str secret;
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        ok(db_txn_begin(&tx, f.db));
        ok(identity_account_make(f.db, str_from(HANDLES[i]), S("of nobody"), false, NOW,
                                 &p->account));
        ok(db_txn_commit(&tx));
        ok(identity_token_create(f.db, &f.arena, p->account.id, &n, NOW, &p->token, &secret));
        p->expires_ms = INT64_MAX;
    }
}

static char *socket_path;

static inline int open_server(void **state)
{
    static const struct route *tables[] = { ROUTES };
    static const size_t counts[] = { COUNTOF(ROUTES) };
    static const struct settings settings = { .password_mib = 19 };
    fixture_open(state);
    f.app.settings = &settings;
    f.app.modules = MODULES;
    for (size_t i = 0; MODULES[i]; i++)
        ok(MODULES[i]->init(&f.app));
    make_people();
    encoded = still_good_count = checks = withdraw_at = other_at = 0;
    gone = meanwhile_last = false;
    meanwhile = NULL;
    socket_path = str_cstr(&f.arena, str_fmt(&f.arena, "%s/s", f.folder));
    struct http_options o = { .unix_path = socket_path,
                              .loops = 2,
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

static inline int close_server(void **state)
{
    http_server_stop(f.app.server);
    http_server_free(f.app.server);
    f.app.server = NULL;
    for (size_t i = COUNTOF(MODULES) - 1; i-- > 0;)
        MODULES[i]->stop(&f.app);
    return fixture_close(state);
}

/* --- a client ----------------------------------------------------------------------------------------------- */

static inline void read_exactly(int fd, char *to, size_t n)
{
    for (size_t got = 0; got < n;) {
        struct pollfd p = { .fd = fd, .events = POLLIN };
        assert_int_equal(poll(&p, 1, ANSWER_MS), 1);
        ssize_t more = read(fd, to + got, n - got);
        assert_true(more > 0);
        got += (size_t)more;
    }
}

/* Nothing more comes. */
static inline void read_end(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    char byte;
    assert_int_equal(poll(&p, 1, ANSWER_MS), 1);
    assert_int_equal(read(fd, &byte, 1), 0);
    close(fd);
}

static inline void write_all(int fd, struct str text)
{
    assert_int_equal(write(fd, text.s, text.n), text.n);
}

/* The answer's header block; the connection stays. */
static inline int ask(const char *path, int who, struct str *ret_head)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    char *head = arena_alloc(&f.arena, 4096);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    size_t n = 0;
    assert_true(fd >= 0 && strlen(socket_path) < sizeof to.sun_path);
    memcpy(to.sun_path, socket_path, strlen(socket_path));
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    write_all(fd, str_fmt(&f.arena,
                          "GET %s?who=%d HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\n"
                          "Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                          "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
                          path, who));
    for (; n < 4 || memcmp(head + n - 4, "\r\n\r\n", 4) != 0; n++) {
        assert_true(n < 4095);
        read_exactly(fd, head + n, 1);
    }
    *ret_head = str_of(head, n);
    return fd;
}

static inline int toy_open(int who)
{
    struct str head;
    int fd = ask("/toy", who, &head);
    if (!str_starts(head, S("HTTP/1.1 101")))
        fail_msg("%.*s", STR_ARG(head));
    return fd;
}

static inline void toy_refused(int who, const char *status)
{
    struct str head;
    int fd = ask("/toy", who, &head);
    if (!str_starts(head, str_fmt(&f.arena, "HTTP/1.1 %s", status)))
        fail_msg("%.*s", STR_ARG(head));
    close(fd);
}

/* One masked binary frame; the mask is zero. */
/* So many of the same message in one write. */
static inline void toy_say_often(int fd, const char *text, int times)
{
    struct buf b;
    buf_init(&b, &f.arena, 256);
    for (int i = 0; i < times; i++) {
        buf_putc(&b, (char)0x82);
        buf_putc(&b, (char)(0x80 | strlen(text)));
        buf_put(&b, S("\0\0\0\0"));
        buf_put(&b, str_from(text));
    }
    write_all(fd, buf_str(&b));
}

static inline void toy_say(int fd, const char *text)
{
    toy_say_often(fd, text, 1);
}

static inline struct str frame_read(int fd, unsigned char wanted)
{
    unsigned char head[2];
    read_exactly(fd, (char *)head, 2);
    if (head[0] != wanted || head[1] > 125)
        fail_msg("a frame that begins %02x %02x", head[0], head[1]);
    char *text = arena_alloc(&f.arena, head[1] + 1u);
    read_exactly(fd, text, head[1]);
    return str_of(text, head[1]);
}

static inline struct str toy_hear(int fd)
{
    return frame_read(fd, 0x82);
}

static inline int toy_closed(int fd)
{
    struct str text = frame_read(fd, 0x88);
    assert_true(text.n >= 2);
    close(fd);
    return (unsigned char)text.s[0] << 8 | (unsigned char)text.s[1];
}

static inline int toy_in(int who, const char *topic)
{
    char text[64];
    int fd = toy_open(who);
    snprintf(text, sizeof text, "j%s", topic);
    toy_say(fd, text);
    assert_str(toy_hear(fd), "j");
    return fd;
}

static inline void emit(const char *json)
{
    hub_tell(&f.app, S("toy/news"), "said", str_from(json), false);
}

static inline void assert_hears(int fd, const char *json)
{
    struct str text = toy_hear(fd);
    uint64_t number = 0;
    assert_true(text.n > 14 && text.s[0] == 'e');
    for (int i = 1; i <= 8; i++)
        number = number << 8 | (unsigned char)text.s[i];
    assert_int_equal(number, hub_emitted(hub_of(&f.app)));
    assert_string_equal(text.s + 9, "said");
    assert_str(str_sub(text, 14, text.n), json);
}

static inline void assert_signed_out(int fd)
{
    assert_str(toy_hear(fd), "o");
    assert_int_equal(toy_closed(fd), WS_POLICY);
}

#define FIRST "event: said\ndata: {}\n\n"

static inline void assert_reads(int fd, const char *text)
{
    char got[128] = { 0 };
    assert_true(strlen(text) < sizeof got);
    read_exactly(fd, got, strlen(text));
    assert_string_equal(got, text);
}

#define ON_SERVER(t) cmocka_unit_test_setup_teardown(t, open_server, close_server)

#define RUN_ON_BOTH_SERVERS(tests)                                                 \
    do {                                                                           \
        log_init(2, LOG_JSON, LOG_ERROR + 1);                                      \
        int failed_ = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);    \
        on_postgres = getenv("VIVIM_TEST_PG_URL") != NULL;                         \
        if (on_postgres)                                                           \
            failed_ += cmocka_run_group_tests_name("postgres", tests, NULL, NULL); \
        return failed_;                                                            \
    } while (0)

#endif

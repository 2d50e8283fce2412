/* The room: its state, its loops, its figures, its tables. */
#include "realtime/realtime.h"

#include "base/limits.h"
#include "os/clock.h"
#include "realtime/inside.h"
#include "realtime/presence_room.h"
#include "realtime/realtime_store.h"

enum { WS_FRAGMENTS_MAX = 1000, WS_CLOSE_TIMEOUT_MS = 5000, CALL_EVENTS_MAX = 256 };

struct realtime *realtime_of(struct app *app)
{
    struct realtime *rt = *app_room_state(app, &realtime_module);
    assert(rt);
    return rt;
}

struct str caller_room(struct arena *a, struct uuid user)
{
    char id[UUID_TEXT_BYTES + 1];
    uuid_text(user, id);
    return str_fmt(a, "user:%s", id);
}

/* --- loops ---------------------------------------------------------------------------------------- */

static void after_deadlines(void *context)
{
    loop_leave(context);
}

struct rt_loop *loop_of(struct realtime *rt, struct net_loop *net)
{
    struct rt_loop *l = &rt->loops[net->number];
    if (l->net)
        return l;
    l->rt = rt;
    pool_init(&l->session_pool, sizeof(struct eio_session));
    pool_init(&l->packet_pool, sizeof(struct packet));
    pool_init(&l->client_pool, sizeof(struct client));
    pool_init(&l->socket_pool, sizeof(struct rt_socket));
    pool_init(&l->room_pool, sizeof(struct room));
    pool_init(&l->member_pool, sizeof(struct membership));
    pool_init(&l->ack_pool, sizeof(struct ack));
    signalling_init(l);
    arena_init(&l->scratch, MIB(32));
    deadlines_init(&l->deadlines, &net->uv, l, after_deadlines);
    uv_timer_init(&net->uv, &l->ticks);
    uv_unref((uv_handle_t *)&l->ticks);
    l->net = net;
    conns_init(l);
    sessions_init(l);
    closed_init(l);
    sockets_init(l);
    waiters_init(l);
    return l;
}

static void loop_free(struct rt_loop *l)
{
    if (!l->net)
        return;
    sessions_drop(l);
    closed_free(l);
    table_free(&l->conns);
    table_free(&l->rooms);
    pool_free(&l->session_pool);
    pool_free(&l->packet_pool);
    pool_free(&l->client_pool);
    pool_free(&l->socket_pool);
    pool_free(&l->room_pool);
    pool_free(&l->member_pool);
    pool_free(&l->ack_pool);
    pool_free(&l->signaller_pool);
    arena_free(&l->scratch);
}

/* The server stops: polls and WebSockets are told, requests that wait are answered. */
static void on_stopping(struct net_loop *net, void *context)
{
    struct app *app = context;
    struct realtime *rt = realtime_of(app);
    mutex_lock(&rt->emitting);
    rt->stopping = true;
    mutex_unlock(&rt->emitting);
    struct rt_loop *l = &rt->loops[net->number];
    if (!l->net)
        return;
    waiters_end(l);
    struct table_node *next;
    for (struct table_node *n = table_next(&l->conns, NULL); n; n = next) {
        struct rt_conn *c = (struct rt_conn *)n; /* its first member */
        next = table_next(&l->conns, n);
        c->kind->end(c, END_STOPPING);
    }
    uv_timer_stop(&l->ticks);
    loop_leave(l);
}

/* --- figures ---------------------------------------------------------------------------------------- */

static void write_figure(struct buf *out, const char *name, const char *type, const char *help,
                         int64_t value)
{
    buf_putf(out,
             "# HELP vivim_realtime_%s %s\n# TYPE vivim_realtime_%s %s\nvivim_realtime_%s %lld\n",
             name, help, name, type, name, (long long)value);
}

/* For each kind of event that clients send: how many, how many failed, and how long they took from their coming to
 * their answer. */
static void write_events(struct buf *out, const struct realtime *rt)
{
    static const char *const TYPES =
        "# HELP vivim_realtime_events_total Events of clients that were answered\n"
        "# TYPE vivim_realtime_events_total counter\n"
        "# HELP vivim_realtime_events_failed_total Those that were answered with an error\n"
        "# TYPE vivim_realtime_events_failed_total counter\n"
        "# HELP vivim_realtime_event_seconds_total From their coming to their answer\n"
        "# TYPE vivim_realtime_event_seconds_total counter\n";
    buf_put(out, str_from(TYPES));
    for (size_t i = 0; i < rt->events.count; i++) {
        const struct event_kind *k = rt->events.entries[i].value;
        const char *name = k->event->name;
        buf_putf(out, "vivim_realtime_events_total{event=\"%s\"} %lld\n", name,
                 (long long)k->count);
        buf_putf(out, "vivim_realtime_events_failed_total{event=\"%s\"} %lld\n", name,
                 (long long)k->failed);
        buf_putf(out, "vivim_realtime_event_seconds_total{event=\"%s\"} %.6f\n", name,
                 (double)k->micros / 1e6);
    }
}

static void write_signals(struct buf *out, const struct realtime *rt)
{
    int64_t conns = 0, in = 0, sent = 0, refused = 0;
    for (int i = 0; i < rt->loop_count; i++) {
        conns += rt->loops[i].signallers;
        in += rt->loops[i].signals_in;
        sent += rt->loops[i].signals_out;
        refused += rt->loops[i].signals_refused;
    }
    write_figure(out, "signallers", "gauge", "Connections of the signalling for WebRTC", conns);
    write_figure(out, "signals_in_total", "counter", "Messages received by it", in);
    write_figure(out, "signals_out_total", "counter", "What was published, to each receiver", sent);
    write_figure(out, "signals_refused_total", "counter", "Messages and topics refused", refused);
}

static void write_metrics(struct buf *out, void *context)
{
    const struct realtime *rt = context;
    int64_t sessions = 0, rooms = 0, waiters = 0, calls = 0, packets = 0, in = 0, sent = 0,
            dropped = 0;
    for (int i = 0; i < rt->loop_count; i++) {
        sessions += rt->loops[i].session_count;
        rooms += rt->loops[i].room_count;
        waiters += rt->loops[i].waiter_count;
        calls += rt->loops[i].calls_waiting;
        packets += rt->loops[i].packets_waiting;
        in += rt->loops[i].packets_in;
        sent += rt->loops[i].packets_out;
        dropped += rt->loops[i].dropped;
    }
    write_figure(out, "sessions", "gauge", "Engine.IO sessions", sessions);
    write_figure(out, "rooms", "gauge", "Rooms with members, of all loops", rooms);
    write_figure(out, "waiters", "gauge", "Requests that wait for a change", waiters);
    write_figure(out, "calls_waiting", "gauge", "Events of clients under way", calls);
    write_figure(out, "packets_waiting", "gauge", "Packets that wait for a poll", packets);
    write_figure(out, "packets_in_total", "counter", "Packets received", in);
    write_figure(out, "packets_out_total", "counter", "Packets sent", sent);
    write_figure(out, "dropped_total", "counter", "Packets not sent to who was behind", dropped);
    write_figure(out, "emissions_total", "counter", "Events emitted to rooms",
                 (int64_t)rt->emitted);
    write_events(out, rt);
    write_signals(out, rt);
}

/* --- begin and end ------------------------------------------------------------------------------------ */

static err_t make_frames(struct realtime *rt)
{
    rt->ping = ws_frame_new(WS_TEXT, S("2"));
    rt->pong_probe = ws_frame_new(WS_TEXT, S("3probe"));
    rt->noop = ws_frame_new(WS_TEXT, S("6"));
    rt->signal_pong = ws_frame_new(WS_TEXT, S("{\"type\":\"pong\"}"));
    return rt->ping && rt->pong_probe && rt->noop && rt->signal_pong ? OK : E_BUSY;
}

static void read_settings(struct realtime *rt)
{
    const struct settings *s = rt->app->settings;
    rt->test = s->test;
    rt->ping_interval_ms = s->eio_ping_interval_ms;
    rt->ping_timeout_ms = s->eio_ping_timeout_ms;
    rt->connect_timeout_ms = s->eio_connect_timeout_ms;
    rt->payload_bytes_max = (size_t)s->eio_max_payload;
    rt->ws = (struct ws_options){
        .events = &EIO_WS_EVENTS,
        .limits = { .message_bytes = rt->payload_bytes_max, .fragments = WS_FRAGMENTS_MAX },
        .unsent_bytes_max = SESSION_WAITING_BYTES_MAX,
        .close_timeout_ms = WS_CLOSE_TIMEOUT_MS,
    };
    rt->signal_ws = rt->ws;
    rt->signal_ws.events = &SIGNAL_WS_EVENTS;
    rt->signal_ws.limits.message_bytes = SIGNAL_MESSAGE_BYTES_MAX;
    rt->signal_ws.ping_interval_ms = rt->ping_interval_ms;
}

static err_t set_up(struct realtime *rt)
{
    rt->loop_count = LOOPS_MAX; /* the server, which knows how many there are, starts later */
    rt->loops = ARENA_ARRAY(&rt->arena, struct rt_loop, LOOPS_MAX);
    if (!rt->loops)
        return arena_err(&rt->arena);
    mutex_init(&rt->emitting);
    mutex_init(&rt->knowing);
    recovery_init(&rt->recovery);
    signal_topics_init(&rt->signal_topics);
    read_settings(rt);
    TRY(presence_new(&rt->arena, &rt->presence));
    TRY(make_frames(rt));
    return events_init(rt);
}

static void realtime_stop(struct app *app)
{
    struct realtime *rt = *app_room_state(app, &realtime_module);
    if (!rt)
        return;
    for (int i = 0; rt->loops && i < rt->loop_count; i++)
        loop_free(&rt->loops[i]);
    table_free(&rt->known);
    recovery_free(&rt->recovery);
    signal_topics_free(&rt->signal_topics);
    presence_free(rt->presence);
    ws_frame_drop(rt->ping);
    ws_frame_drop(rt->pong_probe);
    ws_frame_drop(rt->noop);
    ws_frame_drop(rt->signal_pong);
    *app_room_state(app, &realtime_module) = NULL;
    struct arena arena = rt->arena;
    arena_free(&arena);
}

static err_t realtime_init(struct app *app)
{
    struct arena arena; /* holds the room's state, and moves into it */
    arena_init(&arena, MIB(4));
    struct realtime *rt = ARENA_NEW(&arena, struct realtime);
    if (!rt)
        return arena_err(&arena);
    rt->arena = arena;
    rt->app = app;
    *app_room_state(app, &realtime_module) = rt;
    TRY(set_up(rt));
    http_on_stopping(on_stopping, app);
    http_metrics_add(write_metrics, rt);
    return OK;
}

static err_t realtime_forget(struct app *app, struct db *db, struct uuid account)
{
    UNUSED(app);
    return realtime_store_forget(db, account);
}

/* --- tables -------------------------------------------------------------------------------------------- */

#define POLLING(method, path, handler, summary_text)                                          \
    {                                                                                         \
        method, path, handler, AUTH_PUBLIC, RATE_NONE, EIO_PAYLOAD_BYTES_MAX, RUN_INLINE,     \
            SCOPE_NONE, .summary = summary_text, .error_schema = ERROR_SCHEMA, .cors = true,  \
                        .takes_excess = true, .known_by = "sid", .wants_body = eio_wants_body \
    }
#define ERROR_SCHEMA                                                                     \
    "{\"type\":\"object\",\"required\":[\"code\",\"message\"],\"properties\":{\"code\":" \
    "{\"type\":\"integer\"},\"message\":{\"type\":\"string\"}}}"
#define SOCKET_IO "Socket.IO 5 over Engine.IO 4 (docs/realtime.md): long polling, or a WebSocket"
#define ENGINE_IO "Engine.IO 4 that sends every message back; with VIVIM_TEST alone"
#define CHANGES_SCHEMA                                                                       \
    "{\"type\":\"object\",\"required\":[\"items\",\"cursor\",\"more\"],\"properties\":{"     \
    "\"items\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"entity\"," \
    "\"id\",\"kind\",\"version\"]}},\"cursor\":{\"type\":\"string\"},"                       \
    "\"more\":{\"type\":\"boolean\"}}}"
#define PRESENCE_SCHEMA                                                                  \
    "{\"type\":\"object\",\"required\":[\"items\"],\"properties\":{\"items\":{\"type\":" \
    "\"array\",\"items\":{\"type\":\"object\",\"required\":[\"user_id\",\"handle\","     \
    "\"status\"],\"properties\":{\"status\":{\"enum\":[\"online\",\"away\",\"offline\"]}}}}}}"

static const struct route ROUTES[] = {
    POLLING(HTTP_GET, "/socket.io/", socket_io, SOCKET_IO),
    POLLING(HTTP_POST, "/socket.io/", socket_io, SOCKET_IO),
    POLLING(HTTP_PUT, "/socket.io/", socket_io, SOCKET_IO),
    POLLING(HTTP_DELETE, "/socket.io/", socket_io, SOCKET_IO),
    POLLING(HTTP_GET, "/engine.io/", engine_io, ENGINE_IO),
    POLLING(HTTP_POST, "/engine.io/", engine_io, ENGINE_IO),
    POLLING(HTTP_PUT, "/engine.io/", engine_io, ENGINE_IO),
    POLLING(HTTP_DELETE, "/engine.io/", engine_io, ENGINE_IO),
    { HTTP_GET, "/signaling", signalling_get, AUTH_USER, RATE_READ, 0, RUN_INLINE, SCOPE_READ,
      .summary = "A WebSocket on which browsers that share a document find each other (y-webrtc)",
      .success = 101, .open_in_tests = true },
    { HTTP_GET, "/api/v1/changes", changes_get, AUTH_USER, RATE_READ, 0, RUN_WORKER, SCOPE_READ,
      .summary = "What changed after a cursor", .query = CHANGES_QUERY,
      .query_count = CHANGES_QUERY_COUNT, .reply_schema = CHANGES_SCHEMA },
    { HTTP_GET, "/api/v1/{shareable}/{id}/presence", presence_get, AUTH_USER, RATE_READ, 0,
      RUN_WORKER, SCOPE_READ, .summary = "Who shares a conversation, and whether they are here",
      .reply_schema = PRESENCE_SCHEMA },
};

const struct module realtime_module = {
    .name = "realtime",
    .init = realtime_init,
    .stop = realtime_stop,
    .forget = realtime_forget,
    .routes = ROUTES,
    .route_count = COUNTOF(ROUTES),
    .consumers = REALTIME_CONSUMERS,
    .consumer_count = REALTIME_CONSUMER_COUNT,
    .events = REALTIME_EVENTS,
    .event_count = REALTIME_EVENT_COUNT,
};

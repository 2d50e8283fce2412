/* The room: its folders begun and ended, its figures, its tables. */
#include "realtime/realtime.h"

#include "realtime/feed/feed.h"
#include "realtime/inside.h"
#include "realtime/presence/presence_room.h"
#include "realtime/presence/presence_store.h"
#include "realtime/protocol/sockets.h"
#include "realtime/signalling/signalling.h"

struct realtime {
    struct arena arena; /* holds this struct, and what the folders have */
    struct app *app;
    struct eio *eio;
    struct sio *sio;
    struct presence_room *presence;
    struct signalling *signalling;
    bool feed;
};

static void write_metrics(struct buf *out, void *context)
{
    const struct realtime *rt = context;
    eio_figures(rt->eio, out);
    feed_figures(rt->app, out);
    sio_figures(rt->sio, out);
    signalling_figures(rt->signalling, out);
}

/* --- begin and end ------------------------------------------------------------------------------------ */

/* Each may use those before it. */
static err_t start_folders(struct realtime *rt)
{
    struct arena *a = &rt->arena;
    TRY(eio_start(rt->app, a, &rt->eio));
    TRY(sio_start(rt->app, a, &rt->sio));
    TRY(feed_start(rt->app, a));
    rt->feed = true;
    TRY(presence_start(rt->app, a, rt->sio, &rt->presence));
    return signalling_start(rt->app, a, &rt->signalling);
}

static void realtime_stop(struct app *app)
{
    struct realtime *rt = *app_room_state(app, &realtime_module);
    if (!rt)
        return;
    signalling_stop(rt->signalling);
    presence_stop(rt->presence);
    if (rt->feed)
        feed_stop(app);
    sio_stop(rt->sio);
    eio_stop(rt->eio);
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
    TRY(start_folders(rt));
    http_metrics_add(write_metrics, rt);
    return OK;
}

static err_t realtime_forget(struct app *app, struct db *db, struct uuid account)
{
    UNUSED(app);
    return presence_store_forget(db, account);
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

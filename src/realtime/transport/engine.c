/* The folder's part of the hub: what all sessions share, and what those of a loop do. */
#include "realtime/transport/inside.h"

enum { WS_FRAGMENTS_MAX = 1000, WS_CLOSE_TIMEOUT_MS = 5000 };

static const struct hub_part EIO_PART;

struct eio_loop *eio_loop_of(struct hub_loop *l)
{
    return hub_part_own(l, &EIO_PART);
}

/* --- on a loop ---------------------------------------------------------------------------------- */

static void begin(struct hub_loop *hub, void *own)
{
    struct eio_loop *l = own;
    l->hub = hub;
    l->eio = hub_part_state(hub->hub, &EIO_PART);
    polls_begin(l);
    upgrades_begin(l);
    closed_begin(l);
    sessions_begin(l);
}

static void leave(void *own)
{
    sessions_leave(own);
}

static void end(void *own)
{
    struct eio_loop *l = own;
    sessions_drop(l);
    closed_free(l);
    pool_free(&l->session_pool);
    pool_free(&l->packet_pool);
}

static const struct hub_part EIO_PART = { .name = "Engine.IO",
                                          .loop_bytes = sizeof(struct eio_loop),
                                          .begin = begin,
                                          .leave = leave,
                                          .end = end };

/* --- figures -------------------------------------------------------------------------------------- */

void eio_figures(const struct eio *e, struct buf *out)
{
    int64_t sessions = 0, packets = 0, in = 0, sent = 0, dropped = 0;
    for (int i = 0; i < HUB_LOOPS_MAX; i++) {
        const struct eio_loop *l = hub_part_own_of(e->hub, &EIO_PART, i);
        sessions += l->session_count;
        packets += l->packets_waiting;
        in += l->packets_in;
        sent += l->packets_out;
        dropped += l->dropped;
    }
    hub_figure(out, "sessions", "gauge", "Engine.IO sessions", sessions);
    hub_figure(out, "packets_waiting", "gauge", "Packets that wait for a poll", packets);
    hub_figure(out, "packets_in_total", "counter", "Packets received", in);
    hub_figure(out, "packets_out_total", "counter", "Packets sent", sent);
    hub_figure(out, "dropped_total", "counter", "Packets not sent to who was behind", dropped);
}

/* --- begin and end ---------------------------------------------------------------------------------- */

static void read_settings(struct eio *e, const struct settings *s)
{
    e->ping_interval_ms = s->eio_ping_interval_ms;
    e->ping_timeout_ms = s->eio_ping_timeout_ms;
    e->connect_timeout_ms = s->eio_connect_timeout_ms;
    e->payload_bytes_max = (size_t)s->eio_max_payload;
    e->ws = (struct ws_options){
        .events = &EIO_WS_EVENTS,
        .limits = { .message_bytes = e->payload_bytes_max, .fragments = WS_FRAGMENTS_MAX },
        .unsent_bytes_max = SESSION_WAITING_BYTES_MAX,
        .close_timeout_ms = WS_CLOSE_TIMEOUT_MS,
    };
}

err_t eio_start(struct app *app, struct arena *a, struct eio **ret)
{
    struct eio *e = *ret = ARENA_NEW(a, struct eio);
    if (!e)
        return arena_err(a);
    read_settings(e, app->settings);
    TRY(sessions_prepare_open(e, a));
    e->ping = ws_frame_new(WS_TEXT, S("2"));
    e->pong_probe = ws_frame_new(WS_TEXT, S("3probe"));
    e->noop = ws_frame_new(WS_TEXT, S("6"));
    if (!e->ping || !e->pong_probe || !e->noop)
        return E_BUSY;
    e->hub = hub_of(app);
    return hub_part_add(e->hub, &EIO_PART, a, e);
}

void eio_stop(struct eio *e)
{
    if (!e)
        return;
    if (e->hub)
        hub_part_remove(e->hub, &EIO_PART);
    ws_frame_drop(e->ping);
    ws_frame_drop(e->pong_probe);
    ws_frame_drop(e->noop);
}

/* The upgrade: a WebSocket that wants to take a polling session over shows that it works, and then does. */
#include "realtime/transport/inside.h"

static void upgrade_move(struct eio_session *s, enum upgrade_state to)
{
    static const bool MOVES[UPGRADE_STATES][UPGRADE_STATES] = {
        [UPGRADE_NONE] = { [UPGRADE_OPEN] = true },
        [UPGRADE_OPEN] = { [UPGRADE_PROBED] = true, [UPGRADE_NONE] = true },
        [UPGRADE_PROBED] = { [UPGRADE_PROBED] = true, [UPGRADE_NONE] = true },
    };
    assert(MOVES[s->upgrading][to]);
    s->upgrading = to;
}

struct ws_conn *upgrade_take(struct eio_session *s)
{
    struct ws_conn *probe = s->probe;
    upgrade_move(s, UPGRADE_NONE);
    s->probe = NULL;
    deadline_clear(&s->upgrade);
    return probe;
}

void upgrade_stop(struct eio_session *s)
{
    if (s->upgrading == UPGRADE_NONE)
        return;
    struct ws_conn *probe = upgrade_take(s);
    ws_conn_set_state(probe, NULL);
    ws_conn_abort(probe);
}

bool upgrade_input(struct eio_session *s, bool binary, struct str data)
{
    if (!binary && s->upgrading == UPGRADE_PROBED && str_eq(data, S("5")))
        return true;
    if (binary || !str_eq(data, S("2probe"))) {
        upgrade_stop(s);
        return false;
    }
    upgrade_move(s, UPGRADE_PROBED);
    (void)ws_conn_send_frame(s->probe, s->loop->eio->pong_probe);
    release_with_noop(s);
    return false;
}

static void took_too_long(struct deadline *d, void *context)
{
    UNUSED(context);
    upgrade_stop((struct eio_session *)((char *)d - offsetof(struct eio_session, upgrade)));
}

void eio_turn_away(struct eio_loop *l, struct held *h)
{
    struct ws_conn *ws;
    err_t e = held_websocket(h, &l->eio->ws, false, NULL, STR_NONE, &ws);
    if (e == OK)
        ws_conn_close(ws, 0, STR_NONE);
    else
        held_fail(h, e);
}

/* One that is a WebSocket already, becomes one or is about to end has no use for another. */
void eio_session_upgrade(struct eio_session *s, struct held *h)
{
    struct ws_conn *probe = NULL;
    if (s->state != SESSION_POLLING || s->upgrading != UPGRADE_NONE) {
        eio_turn_away(s->loop, h);
        return;
    }
    err_t e = held_websocket(h, &s->loop->eio->ws, false, s, STR_NONE, &probe);
    if (e != OK) {
        held_fail(h, e);
        return;
    }
    s->probe = probe;
    upgrade_move(s, UPGRADE_OPEN);
    deadline_set(&s->loop->upgrades, &s->upgrade);
}

void upgrades_begin(struct eio_loop *l)
{
    deadlines_add(&l->hub->deadlines, &l->upgrades, EIO_UPGRADE_TIMEOUT_MS, took_too_long, l);
}

#include "realtime/transport/inside.h"

/* --- states --------------------------------------------------------------------------------------- */

static void session_move(struct eio_session *s, enum session_state to)
{
    static const bool MOVES[SESSION_STATES][SESSION_STATES] = {
        [SESSION_OPENING] = { [SESSION_POLLING] = true,
                              [SESSION_WEBSOCKET] = true,
                              [SESSION_ENDED] = true },
        [SESSION_POLLING] = { [SESSION_WEBSOCKET] = true,
                              [SESSION_CLOSING] = true,
                              [SESSION_ENDED] = true },
        [SESSION_WEBSOCKET] = { [SESSION_ENDED] = true },
        [SESSION_CLOSING] = { [SESSION_ENDED] = true },
    };
    assert(MOVES[s->state][to]);
    s->state = to;
}

/* --- life ---------------------------------------------------------------------------------------- */

static const struct conn_kind SESSION_KIND;

static struct eio_session *eio_session_new(struct eio_loop *l, const struct req *rq)
{
    struct eio_session *s = POOL_NEW(&l->session_pool, struct eio_session);
    if (!s)
        return NULL;
    s->loop = l;
    s->last = &s->first;
    if (conn_open(l->hub, &s->conn, &SESSION_KIND, rq) != OK) {
        pool_put(&l->session_pool, s);
        return NULL;
    }
    l->session_count++;
    return s;
}

struct eio_session *eio_session_find(struct hub_loop *l, struct str id)
{
    return (struct eio_session *)conn_find(l, id, &SESSION_KIND); /* its first member */
}

static void clear_deadlines(struct eio_session *s)
{
    deadline_clear(&s->heartbeat);
    deadline_clear(&s->connect);
    deadline_clear(&s->upgrade);
    deadline_clear(&s->conn.expiry);
}

/* Nobody finds it any more; it is freed when the entry that we are in is left. */
static void forget(struct eio_session *s)
{
    struct eio_loop *l = s->loop;
    if (s->state != SESSION_ENDED)
        session_move(s, SESSION_ENDED);
    conn_close(l->hub, &s->conn);
    l->session_count--;
    clear_deadlines(s);
    mark_dirty(s);
}

static void session_free(struct eio_session *s)
{
    drop_packets(s);
    pool_put(&s->loop->session_pool, s);
}

void sessions_leave(struct eio_loop *l)
{
    while (l->dirty) {
        struct eio_session *s = l->dirty;
        l->dirty = s->next_dirty;
        s->dirty = false;
        if (s->state == SESSION_ENDED)
            session_free(s);
        else if (s->failed)
            eio_session_end(s, END_GONE);
        else if (s->poll && s->first)
            answer_poll(s);
    }
}

/* --- sending ------------------------------------------------------------------------------------------- */

void eio_session_send(struct eio_session *s, struct ws_frame *f)
{
    if (!eio_session_is_open(s) || !f)
        return;
    s->loop->packets_out++;
    if (s->ws)
        (void)ws_conn_send_frame(s->ws, f);
    else
        wait_for_poll(s, f);
}

static void send_new(struct eio_session *s, struct ws_frame *f)
{
    if (!f)
        eio_session_fail(s);
    eio_session_send(s, f);
    ws_frame_drop(f);
}

void eio_session_send_text(struct eio_session *s, struct str head, struct str rest)
{
    if (s->state == SESSION_WEBSOCKET && s->ws) {
        s->loop->packets_out++;
        (void)ws_conn_send_parts(s->ws, false, head, rest);
        return;
    }
    send_new(s, ws_frame_join(WS_TEXT, head, rest));
}

void eio_session_send_binary(struct eio_session *s, struct str bytes)
{
    send_new(s, ws_frame_new(WS_BINARY, bytes));
}

bool eio_session_is_behind(const struct eio_session *s)
{
    return s->ws ? ws_conn_unsent_bytes(s->ws) > 0 : !s->poll && s->first;
}

void eio_session_dropped(struct eio_session *s)
{
    s->loop->dropped++;
}

struct arena *eio_scratch(struct eio_session *s)
{
    return &s->loop->hub->scratch;
}

/* --- the end --------------------------------------------------------------------------------------------- */

static void close_socket(struct eio_session *s, enum hub_end why)
{
    struct ws_conn *ws = s->ws;
    s->ws = NULL;
    if (!ws)
        return;
    ws_conn_set_state(ws, NULL);
    if (why == END_STOPPING)
        ws_conn_close(ws, WS_GOING_AWAY, S("the server stops"));
    else if (why != END_GONE)
        ws_conn_close(ws, WS_NORMAL, STR_NONE);
    else
        ws_conn_abort(ws);
}

/* The poll that waits learns why: a close packet, or for a client that closed a noop. */
static void release_poll(struct eio_session *s, enum hub_end why)
{
    struct held *h = s->poll;
    s->poll = NULL;
    if (!h)
        return;
    if (why == END_CLIENT)
        eio_answer_noop(h);
    else if (why == END_GONE && held_is_gone(h))
        held_answer(h); /* nobody reads it; the request is freed */
    else
        answer_text(h, 200, S("1"));
}

/* What was said before we close a polling session comes with its poll or the next one, which may come for a while; the
 * close packet with the one after that: the official client acts on a close before it does on what stands in front. */
static void close_by_poll(struct eio_session *s)
{
    if (s->poll && s->first)
        answer_poll(s);
    if (s->poll) {
        release_poll(s, END_SERVER);
        forget(s);
        return;
    }
    deadline_set(&s->loop->lingers, &s->connect);
}

void eio_session_end(struct eio_session *s, enum hub_end why)
{
    if (!eio_session_is_open(s))
        return;
    bool polling = s->state == SESSION_POLLING;
    bool waits = polling && (why == END_SERVER || why == END_STOPPING);
    session_move(s, waits ? SESSION_CLOSING : SESSION_ENDED);
    s->user->ended(s, why);
    clear_deadlines(s);
    upgrade_stop(s);
    if (waits) {
        close_by_poll(s);
        return;
    }
    if (why == END_CLIENT && polling && !s->poll)
        closed_remember(s);
    release_poll(s, why);
    close_socket(s, why);
    forget(s);
}

static struct caller *conn_caller(struct hub_conn *c)
{
    struct eio_session *s = (struct eio_session *)c; /* its first member */
    return eio_session_is_open(s) && s->user->caller ? s->user->caller(s) : NULL;
}

static void conn_sign_out(struct hub_conn *c)
{
    struct eio_session *s = (struct eio_session *)c;
    s->user->sign_out(s);
}

static void conn_end(struct hub_conn *c, enum hub_end why)
{
    eio_session_end((struct eio_session *)c, why);
}

static const struct conn_kind SESSION_KIND = { .caller = conn_caller,
                                               .sign_out = conn_sign_out,
                                               .end = conn_end };

/* --- the heartbeat ------------------------------------------------------------------------------------------ */

#define SESSION_OF(deadline, member) \
    ((struct eio_session *)((char *)(deadline)-offsetof(struct eio_session, member)))

static void ping(struct deadline *d, void *context)
{
    struct eio_loop *l = context;
    struct eio_session *s = SESSION_OF(d, heartbeat);
    deadline_set(&l->pongs, &s->heartbeat);
    eio_session_send(s, l->eio->ping);
}

static void is_silent(struct deadline *d, void *context)
{
    UNUSED(context);
    eio_session_end(SESSION_OF(d, heartbeat), END_SILENT);
}

static void did_not_connect(struct deadline *d, void *context)
{
    UNUSED(context);
    eio_session_end(SESSION_OF(d, connect), END_PROTOCOL);
}

static void lingered(struct deadline *d, void *context)
{
    UNUSED(context);
    forget(SESSION_OF(d, connect));
}

static void beat_again(struct eio_session *s)
{
    deadline_set(&s->loop->pings, &s->heartbeat);
}

void eio_session_connected(struct eio_session *s)
{
    deadline_clear(&s->connect);
}

/* --- packets that come in ------------------------------------------------------------------------------------- */

static void eio_session_packet(struct eio_session *s, const struct eio_packet *p)
{
    s->loop->packets_in++;
    switch (p->type) {
    case EIO_MESSAGE:
        s->user->message(s, p->binary, p->data);
        return;
    case EIO_PONG:
        beat_again(s);
        return;
    case EIO_CLOSE:
        eio_session_end(s, END_CLIENT);
        return;
    case EIO_NOOP:
        return;
    case EIO_OPEN: /* these come from a server, or on a probe */
    case EIO_PING:
    case EIO_UPGRADE:
        eio_session_end(s, END_PROTOCOL);
    }
}

static void eio_session_input(struct eio_session *s, bool binary, struct str data)
{
    struct eio_packet p = { EIO_MESSAGE, true, data };
    if (binary || eio_packet_parse(&s->loop->hub->scratch, data, false, &p) == OK)
        eio_session_packet(s, &p);
    else
        eio_session_end(s, END_PROTOCOL);
}

/* --- WebSocket ---------------------------------------------------------------------------------------------------- */

static void move_to_websocket(struct eio_session *s)
{
    release_with_noop(s);
    if (s->poll)
        answer_poll(s);
    s->ws = upgrade_take(s);
    session_move(s, SESSION_WEBSOCKET);
    beat_again(s); /* a pong that is owed may come either way */
    send_waiting(s);
}

static void on_message(struct ws_conn *c, bool binary, struct str data)
{
    struct eio_session *s = ws_conn_state(c);
    if (!s)
        return;
    struct eio_loop *l = s->loop;
    if (c != s->probe)
        eio_session_input(s, binary, data);
    else if (upgrade_input(s, binary, data))
        move_to_websocket(s);
    hub_loop_leave(l->hub);
}

static void on_stopping(struct ws_conn *c)
{
    struct eio_session *s = ws_conn_state(c);
    if (!s) {
        ws_conn_close(c, WS_GOING_AWAY, STR_NONE);
        return;
    }
    struct eio_loop *l = s->loop;
    eio_session_end(s, END_STOPPING);
    hub_loop_leave(l->hub);
}

static void on_closed(struct ws_conn *c, int code)
{
    UNUSED(code);
    struct eio_session *s = ws_conn_state(c);
    if (!s)
        return;
    struct eio_loop *l = s->loop;
    if (c == s->probe) {
        (void)upgrade_take(s);
    } else {
        s->ws = NULL;
        eio_session_end(s, END_GONE);
    }
    hub_loop_leave(l->hub);
}

const struct ws_events EIO_WS_EVENTS = { .message = on_message,
                                         .stopping = on_stopping,
                                         .closed = on_closed };

/* --- requests -------------------------------------------------------------------------------------------------------- */

static const struct str OPEN_HEAD = { "0{\"sid\":\"", 9 };

/* All but the id is the same for each. */
err_t sessions_prepare_open(struct eio *e, struct arena *a)
{
    for (int websocket = 0; websocket < 2; websocket++) {
        struct buf b;
        const struct eio_open open = {
            .sid = S(""),
            .offers_websocket = !websocket,
            .ping_interval_ms = e->ping_interval_ms,
            .ping_timeout_ms = e->ping_timeout_ms,
            .max_payload_bytes = (int64_t)e->payload_bytes_max,
        };
        buf_init(&b, a, KIB(1));
        eio_open_write(&b, &open);
        TRY(buf_err(&b));
        assert(str_starts(buf_str(&b), OPEN_HEAD));
        e->open_rest[websocket] = str_sub(buf_str(&b), OPEN_HEAD.n, b.n);
    }
    return OK;
}

static void write_open(struct eio_session *s, struct buf *out, bool websocket)
{
    buf_put(out, OPEN_HEAD);
    buf_put(out, str_from(s->conn.id)); /* of base64url: nothing in it is escaped */
    buf_put(out, s->loop->eio->open_rest[websocket]);
}

/* Answer the handshake. The request is gone when it gives OK. */
static err_t open_websocket(struct eio_session *s, struct held *h)
{
    CLEANUP(buf_free) struct buf open = { 0 };
    buf_init(&open, NULL, KIB(1));
    write_open(s, &open, true);
    TRY(buf_err(&open));
    return held_websocket(h, &s->loop->eio->ws, false, s, buf_str(&open), &s->ws);
}

static err_t open_polling(struct eio_session *s, struct held *h)
{
    struct buf open;
    buf_init(&open, held_req(h)->arena, KIB(1));
    write_open(s, &open, false);
    TRY(buf_err(&open));
    answer_text(h, 200, buf_str(&open));
    return OK;
}

void eio_session_open(struct eio_loop *l, struct held *h, const struct eio_user *user,
                      bool websocket)
{
    struct eio_session *s = eio_session_new(l, held_req(h));
    err_t e = !s ? E_BUSY : websocket ? open_websocket(s, h) : open_polling(s, h);
    if (e != OK) {
        if (s)
            forget(s);
        held_fail(h, e);
        return;
    }
    s->user = user;
    session_move(s, websocket ? SESSION_WEBSOCKET : SESSION_POLLING);
    deadline_set(&l->connects, &s->connect);
    beat_again(s);
    user->opened(s);
    conn_watch(l->hub, &s->conn);
}

static void poll_gone(struct held *h, void *arg)
{
    struct eio_session *s = arg;
    struct eio_loop *l = s->loop;
    if (s->poll == h)
        eio_session_end(s, END_GONE);
    hub_loop_leave(l->hub);
}

void eio_session_poll(struct eio_session *s, struct held *h)
{
    if (s->poll) { /* two polls at once: one of them would lose packets */
        eio_session_end(s, END_PROTOCOL);
        answer_text(h, 400, S("a poll is open already"));
        return;
    }
    s->poll = h;
    if (s->state == SESSION_CLOSING) {
        close_by_poll(s);
        return;
    }
    held_on_gone(h, poll_gone, s);
    if (s->upgrading == UPGRADE_PROBED)
        release_with_noop(s);
    if (s->first)
        mark_dirty(s);
}

static err_t take_payload(struct eio_session *s, struct str body)
{
    struct str part;
    unsigned count = 0;
    bool some = body.n > 0;
    while (some && eio_session_is_open(s) && eio_payload_next(&body, &part)) {
        struct eio_packet p;
        if (++count > EIO_PACKETS_MAX)
            return err_note(E_LIMIT, NULL, "too many packets in one payload");
        TRY(eio_packet_parse(&s->loop->hub->scratch, part, true, &p));
        eio_session_packet(s, &p);
    }
    return some ? OK : err_note(E_BAD_INPUT, NULL, "the payload is empty");
}

void eio_session_post(struct eio_session *s, struct held *h, struct str body)
{
    /* One that crosses our close packet is let pass: an error would keep the client from hearing why. */
    err_t e = s->state == SESSION_CLOSING ? OK
              : eio_session_is_open(s)    ? take_payload(s, body)
                                          : E_GONE;
    if (e != OK) {
        eio_session_end(s, END_PROTOCOL);
        answer_text(h, 400, S("this payload is not understood"));
        return;
    }
    reply_bytes(held_reply(h), S("text/html"), S("ok"));
    held_answer(h);
}

/* --- beginning --------------------------------------------------------------------------------------------------------- */

void sessions_begin(struct eio_loop *l)
{
    const struct eio *e = l->eio;
    struct deadlines *d = &l->hub->deadlines;
    pool_init(&l->session_pool, sizeof(struct eio_session));
    deadlines_add(d, &l->pings, e->ping_interval_ms, ping, l);
    deadlines_add(d, &l->pongs, e->ping_timeout_ms, is_silent, l);
    deadlines_add(d, &l->connects, e->connect_timeout_ms, did_not_connect, l);
    deadlines_add(d, &l->lingers, EIO_LINGER_MS, lingered, l);
}

void sessions_drop(struct eio_loop *l)
{
    const struct table *conns = &l->hub->conns;
    for (struct table_node *n = table_next(conns, NULL); n; n = table_next(conns, n))
        if (((struct hub_conn *)n)->kind == &SESSION_KIND)
            drop_packets((struct eio_session *)n);
}

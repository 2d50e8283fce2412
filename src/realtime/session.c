/* Engine.IO sessions: packets over one of two transports, the upgrade between them, the heartbeat. */
#include "base/limits.h"
#include "realtime/inside.h"

/* --- life ---------------------------------------------------------------------------------------- */

static const struct conn_kind SESSION_KIND;

static struct eio_session *eio_session_new(struct rt_loop *l, const struct req *rq)
{
    struct eio_session *s = POOL_NEW(&l->session_pool, struct eio_session);
    if (!s)
        return NULL;
    s->loop = l;
    s->last = &s->first;
    if (conn_open(l, &s->conn, &SESSION_KIND, rq) != OK) {
        pool_put(&l->session_pool, s);
        return NULL;
    }
    l->session_count++;
    return s;
}

struct eio_session *eio_session_find(struct rt_loop *l, struct str id)
{
    return (struct eio_session *)conn_find(l, id, &SESSION_KIND); /* its first member */
}

static void drop_packets(struct eio_session *s)
{
    while (s->first) {
        struct packet *p = s->first;
        s->first = p->next;
        ws_frame_drop(p->frame);
        pool_put(&s->loop->packet_pool, p);
        s->loop->packets_waiting--;
    }
    s->last = &s->first;
    s->waiting_bytes = 0;
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
    struct rt_loop *l = s->loop;
    conn_close(l, &s->conn);
    l->session_count--;
    clear_deadlines(s);
    s->next_dead = l->dead;
    l->dead = s;
}

void sessions_free(struct rt_loop *l)
{
    while (l->dead) {
        struct eio_session *s = l->dead;
        l->dead = s->next_dead;
        drop_packets(s);
        pool_put(&l->session_pool, s);
    }
}

/* --- the poll that waits ------------------------------------------------------------------------------ */

static void mark_dirty(struct eio_session *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->next_dirty = s->loop->dirty;
    s->loop->dirty = s;
}

static void answer_text(struct held *h, int status, struct str body)
{
    reply_status(held_reply(h), status);
    reply_bytes(held_reply(h), S("text/plain; charset=UTF-8"), body);
    held_answer(h);
}

static void put_packet(struct buf *out, struct arena *a, const struct ws_frame *f)
{
    struct str payload = ws_frame_payload(f);
    if (out->n)
        buf_putc(out, EIO_SEPARATOR);
    if ((f->bytes[0] & 0x0f) == WS_BINARY)
        eio_binary_write(out, a, payload);
    else
        buf_put(out, payload);
}

/* Everything that waits, in one answer. */
static void answer_poll(struct eio_session *s)
{
    struct held *h = s->poll;
    struct arena *a = held_req(h)->arena;
    struct buf body;
    buf_init(&body, a, 2 * SESSION_WAITING_BYTES_MAX);
    for (const struct packet *p = s->first; p; p = p->next)
        put_packet(&body, a, p->frame);
    drop_packets(s);
    s->poll = NULL;
    if (buf_err(&body)) {
        held_fail(h, buf_err(&body));
        eio_session_end(s, END_GONE);
        return;
    }
    answer_text(h, 200, buf_str(&body));
}

void loop_leave(struct rt_loop *l)
{
    while (l->dirty) {
        struct eio_session *s = l->dirty;
        l->dirty = s->next_dirty;
        s->dirty = false;
        if (s->failed)
            eio_session_end(s, END_GONE);
        else if (s->poll && s->first)
            answer_poll(s);
    }
    sessions_free(l);
    arena_reset(&l->scratch);
}

/* --- sending ------------------------------------------------------------------------------------------- */

/* A packet is lost: better that the client comes back than that it misses something. It ends in
 * loop_leave, so that whoever sends need not fear for what it holds. */
static void fail(struct eio_session *s)
{
    s->failed = true;
    s->loop->dropped++;
    mark_dirty(s);
}

static void wait_for_poll(struct eio_session *s, struct ws_frame *f)
{
    struct packet *p = POOL_NEW(&s->loop->packet_pool, struct packet);
    if (!p || s->waiting_bytes + f->n > SESSION_WAITING_BYTES_MAX) {
        pool_put(&s->loop->packet_pool, p);
        fail(s);
        return;
    }
    p->frame = ws_frame_hold(f);
    *s->last = p;
    s->last = &p->next;
    s->waiting_bytes += f->n;
    s->loop->packets_waiting++;
    mark_dirty(s);
}

void eio_session_send(struct eio_session *s, struct ws_frame *f)
{
    if (!s->user || !f)
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
        fail(s);
    eio_session_send(s, f);
    ws_frame_drop(f);
}

void eio_session_send_text(struct eio_session *s, struct str head, struct str rest)
{
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

/* --- the end --------------------------------------------------------------------------------------------- */

static void stop_probing(struct eio_session *s)
{
    struct ws_conn *probe = s->probe;
    if (!probe)
        return;
    s->probe = NULL;
    s->probed = false;
    ws_conn_set_state(probe, NULL);
    ws_conn_abort(probe);
    deadline_clear(&s->upgrade);
}

static void close_socket(struct eio_session *s, enum eio_end why)
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

void eio_answer_noop(struct held *h)
{
    answer_text(h, 200, S("6"));
}

/* The poll that waits learns why: a close packet, or for a client that closed a noop. */
static void release_poll(struct eio_session *s, enum eio_end why)
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
    s->closing = true;
    deadline_set(&s->loop->deadlines, DEADLINE_LINGER, &s->connect);
}

void eio_session_end(struct eio_session *s, enum eio_end why)
{
    const struct eio_user *user = s->user;
    if (!user)
        return;
    s->user = NULL;
    user->ended(s, why);
    clear_deadlines(s);
    stop_probing(s);
    if (!s->ws && (why == END_SERVER || why == END_STOPPING)) {
        close_by_poll(s);
        return;
    }
    if (why == END_CLIENT && !s->ws && !s->poll)
        closed_remember(s, user);
    release_poll(s, why);
    close_socket(s, why);
    forget(s);
}

static struct caller *conn_caller(struct rt_conn *c)
{
    struct eio_session *s = (struct eio_session *)c; /* its first member */
    return s->user && s->user->caller ? s->user->caller(s) : NULL;
}

static void conn_sign_out(struct rt_conn *c)
{
    struct eio_session *s = (struct eio_session *)c;
    s->user->sign_out(s);
}

static void conn_end(struct rt_conn *c, enum eio_end why)
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
    struct rt_loop *l = context;
    struct eio_session *s = SESSION_OF(d, heartbeat);
    deadline_set(&l->deadlines, DEADLINE_PONG, &s->heartbeat);
    eio_session_send(s, l->rt->ping);
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
    deadline_set(&s->loop->deadlines, DEADLINE_PING, &s->heartbeat);
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
    if (binary || eio_packet_parse(&s->loop->scratch, data, false, &p) == OK)
        eio_session_packet(s, &p);
    else
        eio_session_end(s, END_PROTOCOL);
}

/* --- WebSocket ---------------------------------------------------------------------------------------------------- */

static void upgrade_took_too_long(struct deadline *d, void *context)
{
    UNUSED(context);
    stop_probing(SESSION_OF(d, upgrade));
}

/* The poll is released, so that the client, who waits for it, can go on. */
static void release_with_noop(struct eio_session *s)
{
    if (s->poll && !s->first)
        wait_for_poll(s, s->loop->rt->noop);
}

static void move_to_websocket(struct eio_session *s)
{
    release_with_noop(s);
    if (s->poll)
        answer_poll(s);
    s->ws = s->probe;
    s->probe = NULL;
    s->probed = false;
    deadline_clear(&s->upgrade);
    beat_again(s); /* a pong that is owed may come either way */
    for (struct packet *p = s->first; p; p = p->next)
        (void)ws_conn_send_frame(s->ws, p->frame);
    drop_packets(s);
}

static void probe_input(struct eio_session *s, bool binary, struct str data)
{
    if (!binary && str_eq(data, S("2probe"))) {
        s->probed = true;
        (void)ws_conn_send_frame(s->probe, s->loop->rt->pong_probe);
        release_with_noop(s);
    } else if (!binary && s->probed && str_eq(data, S("5"))) {
        move_to_websocket(s);
    } else {
        stop_probing(s);
    }
}

static void on_message(struct ws_conn *c, bool binary, struct str data)
{
    struct eio_session *s = ws_conn_state(c);
    if (!s)
        return;
    struct rt_loop *l = s->loop;
    if (c == s->probe)
        probe_input(s, binary, data);
    else
        eio_session_input(s, binary, data);
    loop_leave(l);
}

static void on_stopping(struct ws_conn *c)
{
    struct eio_session *s = ws_conn_state(c);
    if (!s) {
        ws_conn_close(c, WS_GOING_AWAY, STR_NONE);
        return;
    }
    struct rt_loop *l = s->loop;
    eio_session_end(s, END_STOPPING);
    loop_leave(l);
}

static void on_closed(struct ws_conn *c, int code)
{
    UNUSED(code);
    struct eio_session *s = ws_conn_state(c);
    if (!s)
        return;
    struct rt_loop *l = s->loop;
    if (c == s->probe) {
        s->probe = NULL;
        s->probed = false;
        deadline_clear(&s->upgrade);
    } else {
        s->ws = NULL;
        eio_session_end(s, END_GONE);
    }
    loop_leave(l);
}

const struct ws_events EIO_WS_EVENTS = { .message = on_message,
                                         .stopping = on_stopping,
                                         .closed = on_closed };

/* --- requests -------------------------------------------------------------------------------------------------------- */

static void write_open(struct eio_session *s, struct buf *out, bool websocket)
{
    const struct realtime *rt = s->loop->rt;
    const struct eio_open open = {
        .sid = str_from(s->conn.id),
        .offers_websocket = !websocket,
        .ping_interval_ms = rt->ping_interval_ms,
        .ping_timeout_ms = rt->ping_timeout_ms,
        .max_payload_bytes = (int64_t)rt->payload_bytes_max,
    };
    eio_open_write(out, &open);
}

/* Answer the handshake. The request is gone when it gives OK. */
static err_t open_websocket(struct eio_session *s, struct held *h)
{
    CLEANUP(buf_free) struct buf open = { 0 };
    buf_init(&open, NULL, KIB(1));
    write_open(s, &open, true);
    TRY(buf_err(&open));
    return held_websocket(h, &s->loop->rt->ws, false, s, buf_str(&open), &s->ws);
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

void eio_session_open(struct rt_loop *l, struct held *h, const struct eio_user *user,
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
    deadline_set(&l->deadlines, DEADLINE_CONNECT, &s->connect);
    beat_again(s);
    user->opened(s);
    conn_watch(l, &s->conn);
}

static void poll_gone(struct held *h, void *arg)
{
    struct eio_session *s = arg;
    struct rt_loop *l = s->loop;
    if (s->poll == h)
        eio_session_end(s, END_GONE);
    loop_leave(l);
}

void eio_session_poll(struct eio_session *s, struct held *h)
{
    if (s->poll) { /* two polls at once: one of them would lose packets */
        eio_session_end(s, END_PROTOCOL);
        answer_text(h, 400, S("a poll is open already"));
        return;
    }
    s->poll = h;
    if (s->closing) {
        close_by_poll(s);
        return;
    }
    held_on_gone(h, poll_gone, s);
    if (s->probed)
        release_with_noop(s);
    if (s->first)
        mark_dirty(s);
}

static err_t take_payload(struct eio_session *s, struct str body)
{
    struct str part;
    unsigned count = 0;
    bool some = body.n > 0;
    while (some && s->user && eio_payload_next(&body, &part)) {
        struct eio_packet p;
        if (++count > EIO_PACKETS_MAX)
            return err_note(E_LIMIT, NULL, "too many packets in one payload");
        TRY(eio_packet_parse(&s->loop->scratch, part, true, &p));
        eio_session_packet(s, &p);
    }
    return some ? OK : err_note(E_BAD_INPUT, NULL, "the payload is empty");
}

void eio_session_post(struct eio_session *s, struct held *h, struct str body)
{
    /* One that crosses our close packet is let pass: an error would keep the client from hearing why. */
    err_t e = s->closing ? OK : s->user ? take_payload(s, body) : E_GONE;
    if (e != OK) {
        eio_session_end(s, END_PROTOCOL);
        answer_text(h, 400, S("this payload is not understood"));
        return;
    }
    reply_bytes(held_reply(h), S("text/html"), S("ok"));
    held_answer(h);
}

void eio_turn_away(struct rt_loop *l, struct held *h)
{
    struct ws_conn *ws;
    err_t e = held_websocket(h, &l->rt->ws, false, NULL, STR_NONE, &ws);
    if (e == OK)
        ws_conn_close(ws, 0, STR_NONE);
    else
        held_fail(h, e);
}

/* One that is a WebSocket already, becomes one or is about to end has no use for another. */
void eio_session_upgrade(struct eio_session *s, struct held *h)
{
    struct ws_conn *probe = NULL;
    if (s->ws || s->probe || !s->user) {
        eio_turn_away(s->loop, h);
        return;
    }
    err_t e = held_websocket(h, &s->loop->rt->ws, false, s, STR_NONE, &probe);
    if (e != OK) {
        held_fail(h, e);
        return;
    }
    s->probe = probe;
    deadline_set(&s->loop->deadlines, DEADLINE_UPGRADE, &s->upgrade);
}

/* --- beginning --------------------------------------------------------------------------------------------------------- */

void sessions_init(struct rt_loop *l)
{
    struct realtime *rt = l->rt;
    deadlines_queue(&l->deadlines, DEADLINE_PING, rt->ping_interval_ms, ping);
    deadlines_queue(&l->deadlines, DEADLINE_PONG, rt->ping_timeout_ms, is_silent);
    deadlines_queue(&l->deadlines, DEADLINE_CONNECT, rt->connect_timeout_ms, did_not_connect);
    deadlines_queue(&l->deadlines, DEADLINE_UPGRADE, EIO_UPGRADE_TIMEOUT_MS, upgrade_took_too_long);
    deadlines_queue(&l->deadlines, DEADLINE_LINGER, EIO_LINGER_MS, lingered);
}

void sessions_drop(struct rt_loop *l)
{
    for (struct table_node *n = table_next(&l->conns, NULL); n; n = table_next(&l->conns, n))
        if (((struct rt_conn *)n)->kind == &SESSION_KIND)
            drop_packets((struct eio_session *)n);
}

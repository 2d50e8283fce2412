#include "hub/sse.h"

#include "hub/inside.h"
#include "os/clock.h"

struct stream { /* one open reply; in its request's arena */
    struct hub_conn conn;
    struct listener listener;
    struct held *held;
    struct deadline beat;
    struct event_stream asked;
    struct str first; /* as it is sent */
    bool open;
};

struct streams { /* of one loop */
    struct deadline_queue beats;
};

static struct stream *of_listener(struct listener *l)
{
    return (struct stream *)((char *)l - offsetof(struct stream, listener));
}

/* --- the form ------------------------------------------------------------------------------------- */

/* The JSON writer makes no line feeds. */
static void write_event(struct buf *out, const char *name, struct str json)
{
    buf_putf(out, "event: %s\ndata: ", name);
    buf_put(out, json);
    buf_put(out, S("\n\n"));
}

static bool encode(const struct emission *e, uint64_t number, struct hub_frames *out)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    UNUSED(number);
    if (e->attachment_count || e->arguments.n > STREAM_EVENT_BYTES_MAX)
        return true; /* not for a stream */
    buf_init(&text, NULL, STREAM_EVENT_BYTES_MAX + KIB(1));
    write_event(&text, e->event, e->arguments);
    return buf_err(&text) == OK && hub_frames_add(out, ws_frame_new(WS_TEXT, buf_str(&text)));
}

static const struct hub_form FORM = { .name = "server-sent events", .encode = encode };

/* --- the end ---------------------------------------------------------------------------------------- */

/* Nobody finds it any more; it goes with its request. */
static void leave(struct stream *s)
{
    if (!s->open)
        return;
    s->open = false;
    hub_leave_all(&s->listener);
    deadline_clear(&s->beat);
    conn_close(s->listener.loop, &s->conn);
}

static void finish(struct stream *s)
{
    leave(s);
    held_stream_end(s->held);
}

static void on_gone(struct held *h, void *arg)
{
    UNUSED(h);
    leave(arg);
}

/* --- what it hears ------------------------------------------------------------------------------------ */

/* False from a write: the client has gone, or is too slow; on_gone follows. */
static void hear(struct listener *one, const struct delivery *d, struct ws_frame *const *frames,
                 unsigned count)
{
    struct stream *s = of_listener(one);
    for (unsigned i = 0; i < count; i++)
        if (!held_stream_write(s->held, ws_frame_payload(frames[i])))
            return;
    if (d->last)
        finish(s);
}

static const struct caller *listener_caller(const struct listener *one)
{
    return of_listener((struct listener *)(uintptr_t)one)->conn.caller;
}

static void lose(struct listener *one, struct str room, struct str topic)
{
    UNUSED(room);
    UNUSED(topic);
    finish(of_listener(one));
}

static const struct listener_kind LISTENER = {
    .part = &SSE_PART, .hear = hear, .caller = listener_caller, .lose = lose
};

/* --- the connection -------------------------------------------------------------------------------------- */

static struct caller *conn_caller(struct hub_conn *c)
{
    return c->caller->known ? c->caller : NULL;
}

/* There is no word for it in the protocol: the client comes back by itself, and is told 401. */
static void sign_out(struct hub_conn *c)
{
    finish((struct stream *)c); /* its first member */
}

static void end(struct hub_conn *c, enum hub_end why)
{
    UNUSED(why);
    finish((struct stream *)c);
}

static const struct conn_kind STREAM = { .caller = conn_caller,
                                         .sign_out = sign_out,
                                         .end = end,
                                         .max = STREAMS_MAX,
                                         .account_max = STREAMS_PER_ACCOUNT_MAX };

/* --- the beginning ------------------------------------------------------------------------------------------ */

static struct deadline_queue *beats_of(const struct stream *s)
{
    struct streams *own = hub_part_own(s->listener.loop, &SSE_PART);
    return &own->beats;
}

static void beat(struct deadline *d, void *context)
{
    struct stream *s = (struct stream *)((char *)d - offsetof(struct stream, beat));
    UNUSED(context);
    if (held_stream_write(s->held, S(": still here\n\n")))
        deadline_set(beats_of(s), d);
}

static err_t open_stream(struct stream *s, struct hub_loop *l)
{
    if (hub_is_stopping(l->hub))
        return E_STOPPING;
    s->listener = (struct listener){ .kind = &LISTENER, .loop = l };
    TRY(conn_open(l, &s->conn, &STREAM, held_req(s->held)));
    s->open = true;
    err_t e = hub_join(&s->listener, s->asked.topic);
    if (e != OK)
        leave(s);
    return e;
}

/* What was emitted meanwhile: the last event of the topic, if it is not what the handler said itself. */
static void catch_up(struct stream *s)
{
    struct hub *h = s->listener.loop->hub;
    struct emission e = { .last = false };
    struct buf text;
    uint64_t number;
    buf_init(&text, &s->listener.loop->scratch, STREAM_EVENT_BYTES_MAX + KIB(1));
    hub_lock(h);
    s->listener.heard = hub_emitted(h);
    if (ring_last(hub_ring(h), s->asked.topic, STREAM_KEPT_MS, clock_monotonic_ms(), &e, &number))
        write_event(&text, e.event, e.arguments);
    hub_unlock(h);
    if (buf_err(&text) == OK && text.n && !str_eq(buf_str(&text), s->first) &&
        !held_stream_write(s->held, buf_str(&text)))
        return;
    if (text.n && e.last)
        finish(s);
}

struct asking { /* in its own arena */
    struct arena arena;
    struct hub *hub;
    char conn_id[ID_BYTES];
    struct event_stream asked;
    struct caller caller;
    uint64_t withdrawn; /* rights that had gone when the check began */
    err_t result;
};

static void look(struct db *db, struct arena *a, void *arg)
{
    struct asking *w = arg;
    UNUSED(a);
    w->withdrawn = hub_withdrawals(w->hub);
    w->result =
        db ? w->asked.check(hub_app(w->hub), db, &w->arena, &w->caller, w->asked.topic) : E_STORE;
}

static void ask(struct asking *w, struct net_loop *net);

/* Who cannot be asked about is let go too: the client comes back and is checked again. */
static void looked(struct net_loop *net, void *arg)
{
    struct asking *w = arg;
    struct hub_loop *l = hub_loop_begun(w->hub, net);
    struct stream *s = (struct stream *)conn_find(l, str_from(w->conn_id), &STREAM);
    if (s && w->result == OK && w->withdrawn != hub_withdrawals(w->hub)) {
        ask(w, net);
        return;
    }
    if (s && w->result != OK)
        finish(s);
    struct arena arena = w->arena;
    arena_free(&arena);
    hub_loop_leave(l);
}

static void ask(struct asking *w, struct net_loop *net)
{
    err_t e = http_work(hub_app(w->hub)->server, net, look, looked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    w->result = e;
    net_post(net, looked, w);
}

/* It is in the room already: what goes from now on it hears of, and what went before the check sees. */
static void check_topic(struct stream *s)
{
    struct hub_loop *l = s->listener.loop;
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, MIB(4));
    struct asking *w = ARENA_NEW(&arena, struct asking);
    struct str topic = str_dup(&arena, s->asked.topic);
    if (!w || !topic.s) {
        arena_free(&arena);
        finish(s);
        return;
    }
    *w = (struct asking){
        .arena = arena, .hub = l->hub, .asked = s->asked, .caller = *s->conn.caller
    };
    w->asked.topic = topic;
    w->caller.handle = STR_NONE;
    memcpy(w->conn_id, s->conn.id, sizeof w->conn_id);
    ask(w, l->net);
}

/* Its credential and its right may have gone while the request was on its way. */
static void begin_to_listen(struct stream *s)
{
    deadline_set(beats_of(s), &s->beat);
    catch_up(s);
    if (!s->open)
        return;
    conn_watch(s->listener.loop, &s->conn);
    if (s->conn.caller->known)
        conn_check(s->listener.loop, &s->conn);
    if (s->open && s->asked.withdrawn != hub_withdrawals(s->listener.loop->hub))
        check_topic(s);
}

/* Between us and the client nobody keeps it, or keeps it back. */
static bool begin_to_stream(struct stream *s)
{
    reply_header(held_reply(s->held), "Cache-Control", S("no-cache"));
    reply_header(held_reply(s->held), "X-Accel-Buffering", S("no"));
    return held_stream_begin(s->held, S("text/event-stream"), on_gone, s);
}

static void begin(struct held *h, void *arg)
{
    struct stream *s = arg;
    struct hub_loop *l = hub_loop_of(hub_of(held_req(h)->app), held_loop(h));
    bool listens = !s->asked.last && !held_is_gone(h) && !held_req(h)->head;
    s->held = h;
    err_t e = listens ? open_stream(s, l) : OK;
    if (e != OK)
        held_fail(h, e);
    else if (!begin_to_stream(s))
        ; /* there is nobody who listens, and the request is gone */
    else if (!held_stream_write(h, s->first))
        ; /* it was all too much at once; on_gone follows */
    else if (listens)
        begin_to_listen(s);
    else
        held_stream_end(h);
    hub_loop_leave(l);
}

err_t hub_events(struct req *rq, struct reply *rp, const struct event_stream *e)
{
    struct stream *s = ARENA_NEW(rq->arena, struct stream);
    struct buf text;
    if (!s)
        return arena_err(rq->arena);
    assert(e->topic.n < ROOM_BYTES_MAX && e->check);
    buf_init(&text, rq->arena, STREAM_EVENT_BYTES_MAX);
    write_event(&text, e->name, e->first);
    TRY(buf_err(&text));
    s->asked = *e;
    s->first = buf_str(&text);
    reply_hold(rq, rp, begin, s);
    return OK;
}

static void loop_begin(struct hub_loop *l, void *own)
{
    deadlines_add(&l->deadlines, &((struct streams *)own)->beats, STREAM_BEAT_MS, beat, l);
}

const struct hub_part SSE_PART = { .name = "server-sent events",
                                   .form = &FORM,
                                   .loop_bytes = sizeof(struct streams),
                                   .begin = loop_begin };

/* Signalling for WebRTC at /signaling, as npm y-webrtc speaks it: browsers that share a document send each other what
 * they need to connect, over topics that name the document. We relay, to who may read it; what they say we do not read.
 * The messages are in signal.h; the topics are rooms of the hub. Messages of one connection are taken one after the
 * other: those that come while topics are checked wait. */
#include "base/json_write.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "realtime/inside.h"
#include "realtime/signal.h"

struct signaller {
    struct rt_conn conn;
    struct listener listener;
    struct ws_conn *ws;
    bool ended, checking;
    struct arena backlog; /* messages that came while topics are checked */
    struct waiting *first, **last;
};

struct waiting {
    struct waiting *next;
    struct str text;
};

static struct signaller *of_listener(struct listener *l)
{
    return (struct signaller *)((char *)l - offsetof(struct signaller, listener));
}

/* --- rooms ------------------------------------------------------------------------------------------- */

struct str signal_room(struct arena *a, bool known, struct str topic)
{
    return str_cat(a, known ? S("signal/") : S("signal-test/"), topic);
}
_Static_assert(sizeof "signal-test/" + SIGNAL_TOPIC_BYTES_MAX <= ROOM_BYTES_MAX, "a room's name");

static struct str room_of(const struct signaller *c, struct str topic)
{
    return signal_room(&c->listener.loop->scratch, c->conn.caller.known, topic);
}

static err_t join(struct signaller *c, struct str topic)
{
    struct realtime *rt = c->listener.loop->rt;
    struct str room = room_of(c, topic);
    if (!room.s)
        return E_BUSY;
    if (hub_is_in(&c->listener, room))
        return OK;
    if (c->listener.room_count >= SIGNAL_TOPICS_MAX)
        return err_note(E_LIMIT, "topics", "a connection subscribes to at most %d topics",
                        SIGNAL_TOPICS_MAX);
    TRY(signal_count_in(rt, room));
    err_t e = hub_join(&c->listener, room);
    if (e != OK)
        signal_count_out(rt, room);
    return e;
}

static void leave(struct signaller *c, struct str room)
{
    if (!hub_is_in(&c->listener, room))
        return;
    signal_count_out(c->listener.loop->rt, room);
    hub_leave(&c->listener, room);
}

static void hear(struct listener *l, const struct delivery *d)
{
    for (unsigned i = 0; i < d->frame_count; i++)
        l->loop->signals_out += ws_conn_send_frame(of_listener(l)->ws, d->frames[i]);
}

static const struct caller *listener_caller(const struct listener *l)
{
    return &of_listener((struct listener *)(uintptr_t)l)->conn.caller;
}

/* --- what we say ---------------------------------------------------------------------------------------- */

static void say(struct signaller *c, const char *type, struct str topic, err_t why)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, &c->listener.loop->scratch, KIB(4));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "type", str_from(type));
    if (topic.s)
        jo_kstr(&o, "topic", topic);
    if (why != OK) {
        jo_kstr(&o, "code", str_from(err_code(why)));
        jo_kstr(&o, "detail",
                str_from(err_detail()->text[0] ? err_detail()->text : err_title(why)));
    }
    jo_end(&o);
    if (buf_err(&b) == OK)
        (void)!ws_conn_send(c->ws, false, buf_str(&b)); /* false: it is closing */
}

static void refuse(struct signaller *c, struct str topic, err_t why)
{
    c->listener.loop->signals_refused++;
    say(c, "refused", str_sub(topic, 0, SIGNAL_TOPIC_BYTES_MAX), why);
}

static void lose(struct listener *l, struct str room, struct str topic)
{
    leave(of_listener(l), room);
    say(of_listener(l), "unsubscribed", topic, OK);
}

static const struct listener_kind LISTENER = { .hear = hear,
                                               .caller = listener_caller,
                                               .lose = lose };

/* --- the end ----------------------------------------------------------------------------------------------- */

/* Nobody finds it any more, and it hears nothing; freed when its WebSocket has closed. */
static void end(struct signaller *c)
{
    if (c->ended)
        return;
    c->ended = true;
    while (c->listener.rooms)
        leave(c, c->listener.rooms->room->by_name.key);
    conn_close(c->listener.loop, &c->conn);
    c->listener.loop->signallers--;
}

static void release(struct signaller *c)
{
    arena_free(&c->backlog);
    pool_put(&c->listener.loop->signaller_pool, c);
}

static struct caller *conn_caller(struct rt_conn *conn)
{
    return conn->caller.known ? &conn->caller : NULL;
}

static void conn_sign_out(struct rt_conn *conn)
{
    struct signaller *c = (struct signaller *)conn; /* its first member */
    say(c, "signed_out", STR_NONE, OK);
    end(c);
    ws_conn_close(c->ws, WS_POLICY, S("signed out"));
}

static void conn_end(struct rt_conn *conn, enum eio_end why)
{
    struct signaller *c = (struct signaller *)conn;
    end(c);
    if (why == END_STOPPING)
        ws_conn_close(c->ws, WS_GOING_AWAY, S("the server stops"));
    else
        ws_conn_close(c->ws, WS_TRY_LATER, STR_NONE);
}

static const struct conn_kind SIGNALLER_KIND = { .caller = conn_caller,
                                                 .sign_out = conn_sign_out,
                                                 .end = conn_end };

/* --- subscribe ------------------------------------------------------------------------------------------------ */

struct asked {
    struct str topic;
    err_t result;
    struct err_detail detail;
};

struct checking { /* in its own arena */
    struct arena arena;
    struct realtime *rt;
    char conn_id[ID_BYTES];
    struct caller caller;
    struct asked topics[SIGNAL_TOPICS_MAX];
    size_t count;
    uint64_t withdrawn; /* rights that had gone when the check began */
};

err_t signal_topic_check(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                         struct str topic)
{
    if (topic.n == 0 || topic.n > SIGNAL_TOPIC_BYTES_MAX || !text_ok(topic))
        return err_note(E_INVALID, "topics", "a topic is text of 1 to %d bytes",
                        SIGNAL_TOPIC_BYTES_MAX);
    if (!who->known)
        return OK; /* in test mode: outside suites come without a credential */
    return db ? topic_check_document(app, db, a, who, topic) : E_DB;
}

static void check(struct db *db, struct arena *a, void *arg)
{
    struct checking *w = arg;
    UNUSED(a);
    w->withdrawn = w->rt->withdrawals;
    for (size_t i = 0; i < w->count; i++) {
        err_clear();
        w->topics[i].result =
            signal_topic_check(w->rt->app, db, &w->arena, &w->caller, w->topics[i].topic);
        w->topics[i].detail = *err_detail();
    }
}

static void join_all(struct signaller *c, const struct checking *w)
{
    for (size_t i = 0; i < w->count; i++) {
        const struct asked *one = &w->topics[i];
        err_t e = one->result;
        err_clear();
        if (e == OK)
            e = join(c, one->topic);
        else
            err_note(e, one->detail.field, "%s", one->detail.text);
        if (e != OK)
            refuse(c, one->topic, e);
    }
}

static void take_waiting(struct signaller *c);
static void ask(struct checking *w, struct net_loop *net);

static void finish(struct checking *w, struct net_loop *net)
{
    struct rt_loop *l = &w->rt->loops[net->number];
    struct signaller *c = (struct signaller *)conn_find(l, str_from(w->conn_id), &SIGNALLER_KIND);
    if (c && w->withdrawn != w->rt->withdrawals) {
        ask(w, net); /* a right went meanwhile, perhaps one of these */
        return;
    }
    if (c) {
        c->checking = false;
        join_all(c, w);
    }
    struct arena arena = w->arena;
    arena_free(&arena);
    if (c)
        take_waiting(c);
}

static void checked(struct net_loop *net, void *arg)
{
    struct checking *w = arg;
    struct rt_loop *l = &w->rt->loops[net->number];
    finish(w, net);
    loop_leave(l);
}

/* On the loop with SQLite, on a worker with PostgreSQL. */
static void ask(struct checking *w, struct net_loop *net)
{
    struct db *db = http_loop_db(net);
    if (db || !w->caller.known) {
        check(db, &w->arena, w);
        finish(w, net);
        return;
    }
    err_t e = http_work(w->rt->app->server, net, check, checked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    for (size_t i = 0; i < w->count; i++) {
        w->topics[i].result = e;
        w->topics[i].detail = *err_detail();
    }
    net_post(net, checked, w);
}

static err_t subscribe(struct signaller *c, struct json topics)
{
    struct json_iter it = json_iter(topics);
    struct json topic;
    struct arena arena; /* holds the struct itself, and moves into it */
    if (json_count(topics) > SIGNAL_TOPICS_MAX)
        return err_note(E_INVALID, "topics", "a list of at most %d topics", SIGNAL_TOPICS_MAX);
    arena_init(&arena, MIB(1));
    struct checking *w = ARENA_NEW(&arena, struct checking);
    if (!w)
        return E_BUSY;
    while (json_next(&it, NULL, &topic))
        if (json_is(topic, JSON_STR))
            w->topics[w->count++].topic = str_dup(&arena, json_str(topic));
    w->rt = c->listener.loop->rt;
    w->caller = c->conn.caller;
    w->caller.handle = STR_NONE;
    memcpy(w->conn_id, c->conn.id, sizeof w->conn_id);
    w->arena = arena;
    c->checking = true;
    ask(w, c->listener.loop->net);
    return OK;
}

/* --- messages ---------------------------------------------------------------------------------------------------- */

static void unsubscribe(struct signaller *c, struct json topics)
{
    struct json_iter it = json_iter(topics);
    struct json topic;
    while (json_next(&it, NULL, &topic))
        if (json_is(topic, JSON_STR) && json_str(topic).n <= SIGNAL_TOPIC_BYTES_MAX)
            leave(c, room_of(c, json_str(topic)));
}

/* Counted and posted under one lock, so that everybody is told the same number in the same order. */
static err_t publish(struct signaller *c, const struct signal *m)
{
    struct rt_loop *l = c->listener.loop;
    struct realtime *rt = l->rt;
    struct str room = m->topic.n <= SIGNAL_TOPIC_BYTES_MAX ? room_of(c, m->topic) : STR_NONE;
    if (!room.s || !hub_is_in(&c->listener, room))
        return err_note(E_FORBIDDEN, "topic", "subscribe to the topic before you publish to it");
    mutex_lock(&rt->emitting);
    struct str tail = signal_tail(&l->scratch, signal_count(rt, room));
    struct ws_frame *f = ws_frame_join(WS_TEXT, m->head, tail);
    if (f)
        hub_post(rt, room, f);
    mutex_unlock(&rt->emitting);
    ws_frame_drop(f);
    return f ? OK : E_BUSY;
}

static err_t act(struct signaller *c, const struct signal *m)
{
    switch (m->type) {
    case SIGNAL_SUBSCRIBE:
        return subscribe(c, m->topics);
    case SIGNAL_UNSUBSCRIBE:
        unsubscribe(c, m->topics);
        return OK;
    case SIGNAL_PUBLISH:
        return publish(c, m);
    case SIGNAL_PING:
        (void)!ws_conn_send_frame(c->ws, c->listener.loop->rt->signal_pong);
        return OK;
    case SIGNAL_OTHER:
        return OK;
    }
    return OK;
}

static void take(struct signaller *c, struct str text)
{
    struct signal m = { .topic = STR_NONE };
    err_clear();
    err_t e = signal_parse(&c->listener.loop->scratch, text, &m);
    if (e == OK)
        e = act(c, &m);
    if (e != OK)
        refuse(c, m.topic, e);
}

static void take_waiting(struct signaller *c)
{
    while (c->first && !c->checking) {
        struct waiting *one = c->first;
        c->first = one->next;
        take(c, one->text);
    }
    if (c->first)
        return;
    arena_free(&c->backlog); /* an idle connection holds no memory */
    arena_init(&c->backlog, SIGNAL_BACKLOG_BYTES_MAX);
    c->last = &c->first;
}

static err_t wait_for_check(struct signaller *c, struct str text)
{
    struct waiting *one = ARENA_NEW(&c->backlog, struct waiting);
    struct str copy = str_dup(&c->backlog, text);
    if (!one || !copy.s)
        return err_note(E_BUSY, NULL, "topics are being checked; too much came meanwhile");
    one->text = copy;
    *c->last = one;
    c->last = &one->next;
    return OK;
}

static void on_message(struct ws_conn *ws, bool binary, struct str data)
{
    struct signaller *c = ws_conn_state(ws);
    struct rt_loop *l = c->listener.loop;
    if (c->ended)
        return;
    l->signals_in++;
    err_clear();
    err_t e =
        binary ? err_note(E_BAD_INPUT, NULL, "a message is text")
        : conn_may_ask(&c->conn, SIGNALS_PER_SECOND, SIGNALS_BURST)
            ? OK
            : err_note(E_RATE, NULL, "too many messages; at most %d a second", SIGNALS_PER_SECOND);
    if (e == OK && c->checking)
        e = wait_for_check(c, data);
    else if (e == OK)
        take(c, data);
    if (e != OK)
        refuse(c, STR_NONE, e);
    loop_leave(l);
}

static void on_closed(struct ws_conn *ws, int code)
{
    struct signaller *c = ws_conn_state(ws);
    UNUSED(code);
    end(c);
    release(c);
}

const struct ws_events SIGNAL_WS_EVENTS = { .message = on_message, .closed = on_closed };

/* --- the route ------------------------------------------------------------------------------------------------------ */

void signalling_init(struct rt_loop *l)
{
    pool_init(&l->signaller_pool, sizeof(struct signaller));
}

static err_t open_signaller(struct rt_loop *l, struct held *h)
{
    struct signaller *c = POOL_NEW(&l->signaller_pool, struct signaller);
    if (!c)
        return E_BUSY;
    c->listener = (struct listener){ .kind = &LISTENER, .loop = l };
    c->last = &c->first;
    arena_init(&c->backlog, SIGNAL_BACKLOG_BYTES_MAX);
    err_t e = conn_open(l, &c->conn, &SIGNALLER_KIND, held_req(h));
    if (e != OK) {
        release(c);
        return e;
    }
    l->signallers++;
    e = held_websocket(h, &l->rt->signal_ws, false, c, STR_NONE, &c->ws);
    if (e != OK) {
        end(c);
        release(c);
    } else if (c->conn.caller.known) {
        conn_check(l, &c->conn); /* it may have gone while the request was on its way */
        conn_watch(l, &c->conn);
    }
    return e;
}

static void begin(struct held *h, void *arg)
{
    struct rt_loop *l = loop_of(realtime_of(held_req(h)->app), held_loop(h));
    UNUSED(arg);
    err_t e = l ? open_signaller(l, h) : E_BUSY;
    if (e != OK)
        held_fail(h, e);
}

err_t signalling_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, begin, NULL);
    return OK;
}

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

/* The one name of what a client names: one document fills one room, however its id was typed. In test mode, where
 * outside suites come without a credential, any text names itself. */
static err_t name_of(struct app *app, struct arena *a, const struct caller *who, struct str text,
                     struct str *ret, struct topic *ret_topic)
{
    if (text.n == 0 || text.n > SIGNAL_TOPIC_BYTES_MAX || !text_ok(text))
        return err_note(E_INVALID, "topics", "a topic is text of 1 to %d bytes",
                        SIGNAL_TOPIC_BYTES_MAX);
    *ret = text;
    if (!who->known)
        return OK;
    TRY(topic_parse_document(app, who, text, ret_topic));
    *ret = topic_name(a, ret_topic);
    return arena_err(a);
}

static struct str room_of(const struct signaller *c, struct str name)
{
    return signal_room(&c->listener.loop->scratch, c->conn.caller.known, name);
}

/* The room of what a message names; STR_NONE: it names none. `ret_name` may be NULL. */
static struct str room_named(const struct signaller *c, struct str text, struct str *ret_name)
{
    struct rt_loop *l = c->listener.loop;
    struct topic topic;
    struct str name;
    err_t e = name_of(l->rt->app, &l->scratch, &c->conn.caller, text, &name, &topic);
    err_clear();
    if (e != OK)
        return STR_NONE;
    if (ret_name)
        *ret_name = name;
    return room_of(c, name);
}

static err_t join(struct signaller *c, struct str room)
{
    struct realtime *rt = c->listener.loop->rt;
    TRY(signal_count_in(rt, room));
    err_t e = hub_join(&c->listener, room);
    if (e != OK)
        signal_count_out(rt, room);
    return e;
}

static void leave(struct signaller *c, struct str room)
{
    if (!room.s || !hub_is_in(&c->listener, room))
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
    struct str text, name; /* as it was typed; its one name */
    struct str room;       /* that it is to join; STR_NONE: none, or it is in it */
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
                         struct str text, struct str *ret_name)
{
    struct topic topic;
    TRY(name_of(app, a, who, text, ret_name, &topic));
    if (!who->known)
        return OK;
    return db ? topic_check(app, db, a, who, &topic) : E_STORE;
}

static void check(struct db *db, struct arena *a, void *arg)
{
    struct checking *w = arg;
    UNUSED(a);
    w->withdrawn = w->rt->withdrawals;
    for (size_t i = 0; i < w->count; i++) {
        err_clear();
        w->topics[i].result = signal_topic_check(w->rt->app, db, &w->arena, &w->caller,
                                                 w->topics[i].text, &w->topics[i].name);
        w->topics[i].detail = *err_detail();
    }
}

static void settle(struct asked *one, err_t e)
{
    one->result = e;
    one->detail = *err_detail();
}

static bool is_asked_before(const struct checking *w, size_t i, struct str room)
{
    for (size_t k = 0; k < i; k++)
        if (str_eq(w->topics[k].room, room))
            return true;
    return false;
}

/* What it is to join, each room once. */
static size_t find_rooms(struct signaller *c, struct checking *w)
{
    size_t count = 0;
    for (size_t i = 0; i < w->count; i++) {
        struct asked *one = &w->topics[i];
        struct str room = one->result == OK ? room_of(c, one->name) : STR_NONE;
        one->room = STR_NONE;
        if (one->result != OK)
            continue;
        if (!room.s)
            one->result = E_BUSY;
        else if (!hub_is_in(&c->listener, room) && !is_asked_before(w, i, room)) {
            one->room = room;
            count++;
        }
    }
    return count;
}

/* Into all of them or, where the connection would have too many, into none. A topic that others have filled is refused
 * alone. */
static void join_all(struct signaller *c, struct checking *w)
{
    bool too_many = find_rooms(c, w) + c->listener.room_count > SIGNAL_TOPICS_MAX;
    for (size_t i = 0; i < w->count; i++) {
        struct asked *one = &w->topics[i];
        err_clear();
        if (one->room.s && too_many)
            settle(one, err_note(E_LIMIT, "topics", "a connection subscribes to at most %d topics",
                                 SIGNAL_TOPICS_MAX));
        else if (one->room.s)
            settle(one, join(c, one->room));
        if (one->result == OK)
            continue;
        err_note(one->result, one->detail.field, "%s", one->detail.text);
        refuse(c, one->text, one->result);
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
            w->topics[w->count++].text = str_dup(&arena, json_str(topic));
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
        leave(c, room_named(c, json_str(topic), NULL));
}

/* Counted and posted under one lock, so that everybody is told the same number in the same order. */
static err_t publish(struct signaller *c, const struct signal *m)
{
    struct rt_loop *l = c->listener.loop;
    struct realtime *rt = l->rt;
    struct str name, head, room = room_named(c, m->topic, &name);
    if (!room.s || !hub_is_in(&c->listener, room))
        return err_note(E_FORBIDDEN, "topic", "subscribe to the topic before you publish to it");
    TRY(signal_head(&l->scratch, m, name, &head));
    mutex_lock(&rt->emitting);
    struct str tail = signal_tail(&l->scratch, signal_count(rt, room));
    struct ws_frame *f = ws_frame_join(WS_TEXT, head, tail);
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

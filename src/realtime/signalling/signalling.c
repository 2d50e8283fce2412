#include "realtime/signalling/signalling.h"

#include "base/json_write.h"
#include "base/utf8.h"
#include "realtime/signalling/signal.h"
#include "realtime/topics/topics.h"

enum { WS_FRAGMENTS_MAX = 1000, WS_CLOSE_TIMEOUT_MS = 5000 };

static const struct hub_part SIGNAL_PART;

struct signal_loop {
    struct signalling *all;
    struct pool signallers;
    _Atomic int64_t count, in, out, refused;
};

enum signaller_state { SIGNALLER_OPEN, SIGNALLER_CHECKING, SIGNALLER_ENDED, SIGNALLER_STATES };

/* Its messages are taken one after the other: those that come while topics are checked wait. */
struct signaller {
    struct hub_conn conn;
    struct listener listener;
    struct signal_loop *loop;
    struct ws_conn *ws;
    enum signaller_state state;
    struct arena backlog; /* messages that came while topics are checked */
    struct waiting *first, **last;
};

struct waiting {
    struct waiting *next;
    struct str text;
};

static void signaller_move(struct signaller *c, enum signaller_state to)
{
    static const bool MOVES[SIGNALLER_STATES][SIGNALLER_STATES] = {
        [SIGNALLER_OPEN] = { [SIGNALLER_CHECKING] = true, [SIGNALLER_ENDED] = true },
        [SIGNALLER_CHECKING] = { [SIGNALLER_OPEN] = true, [SIGNALLER_ENDED] = true },
    };
    assert(MOVES[c->state][to]);
    c->state = to;
}

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
    return signal_room(&c->listener.loop->scratch, c->conn.caller->known, name);
}

/* The room of what a message names; STR_NONE: it names none. `ret_name` may be NULL. */
static struct str room_named(const struct signaller *c, struct str text, struct str *ret_name)
{
    struct hub_loop *l = c->listener.loop;
    struct topic topic;
    struct str name;
    err_t e = name_of(c->loop->all->app, &l->scratch, c->conn.caller, text, &name, &topic);
    err_clear();
    if (e != OK)
        return STR_NONE;
    if (ret_name)
        *ret_name = name;
    return room_of(c, name);
}

static err_t count_in(struct signaller *c, struct str room)
{
    struct signalling *all = c->loop->all;
    hub_lock(all->hub);
    err_t e = signal_topics_in(&all->topics, room);
    hub_unlock(all->hub);
    return e;
}

static void count_out(struct signaller *c, struct str room)
{
    struct signalling *all = c->loop->all;
    hub_lock(all->hub);
    signal_topics_out(&all->topics, room);
    hub_unlock(all->hub);
}

static err_t join(struct signaller *c, struct str room)
{
    TRY(count_in(c, room));
    err_t e = hub_join(&c->listener, room);
    if (e != OK)
        count_out(c, room);
    return e;
}

static void leave(struct signaller *c, struct str room)
{
    if (!room.s || !hub_is_in(&c->listener, room))
        return;
    count_out(c, room);
    hub_leave(&c->listener, room);
}

static void hear(struct listener *l, const struct delivery *d, struct ws_frame *const *frames,
                 unsigned count)
{
    struct signaller *c = of_listener(l);
    UNUSED(d);
    for (unsigned i = 0; i < count; i++)
        c->loop->out += ws_conn_send_frame(c->ws, frames[i]);
}

static const struct caller *listener_caller(const struct listener *l)
{
    return of_listener((struct listener *)(uintptr_t)l)->conn.caller;
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
    c->loop->refused++;
    say(c, "refused", str_sub(topic, 0, SIGNAL_TOPIC_BYTES_MAX), why);
}

static void lose(struct listener *l, struct str room, struct str topic)
{
    leave(of_listener(l), room);
    say(of_listener(l), "unsubscribed", topic, OK);
}

static const struct listener_kind LISTENER = {
    .part = &SIGNAL_PART, .hear = hear, .caller = listener_caller, .lose = lose
};

/* --- the end ----------------------------------------------------------------------------------------------- */

/* Nobody finds it any more, and it hears nothing; freed when its WebSocket has closed. */
static void end(struct signaller *c)
{
    if (c->state == SIGNALLER_ENDED)
        return;
    signaller_move(c, SIGNALLER_ENDED);
    while (c->listener.rooms)
        leave(c, table_key(&c->listener.rooms->room->by_name));
    conn_close(c->listener.loop, &c->conn);
    c->loop->count--;
}

static void release(struct signaller *c)
{
    arena_free(&c->backlog);
    pool_put(&c->loop->signallers, c);
}

static struct caller *conn_caller(struct hub_conn *conn)
{
    return conn->caller->known ? conn->caller : NULL;
}

static void conn_sign_out(struct hub_conn *conn)
{
    struct signaller *c = (struct signaller *)conn; /* its first member */
    say(c, "signed_out", STR_NONE, OK);
    end(c);
    ws_conn_close(c->ws, WS_POLICY, S("signed out"));
}

static void conn_end(struct hub_conn *conn, enum hub_end why)
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
    struct signalling *all;
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
    w->withdrawn = hub_withdrawals(w->all->hub);
    for (size_t i = 0; i < w->count; i++) {
        err_clear();
        w->topics[i].result = signal_topic_check(w->all->app, db, &w->arena, &w->caller,
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
    struct hub_loop *l = hub_loop_begun(w->all->hub, net);
    struct signaller *c = (struct signaller *)conn_find(l, str_from(w->conn_id), &SIGNALLER_KIND);
    if (c && w->withdrawn != hub_withdrawals(w->all->hub)) {
        ask(w, net); /* a right went meanwhile, perhaps one of these */
        return;
    }
    if (c) {
        signaller_move(c, SIGNALLER_OPEN);
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
    struct hub_loop *l = hub_loop_begun(w->all->hub, net);
    finish(w, net);
    hub_loop_leave(l);
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
    err_t e = http_work(w->all->app->server, net, check, checked, w);
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
    w->all = c->loop->all;
    w->caller = *c->conn.caller;
    w->caller.handle = STR_NONE;
    memcpy(w->conn_id, c->conn.id, sizeof w->conn_id);
    w->arena = arena;
    signaller_move(c, SIGNALLER_CHECKING);
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
    struct hub_loop *l = c->listener.loop;
    struct signalling *all = c->loop->all;
    struct str name, head, room = room_named(c, m->topic, &name);
    if (!room.s || !hub_is_in(&c->listener, room))
        return err_note(E_FORBIDDEN, "topic", "subscribe to the topic before you publish to it");
    TRY(signal_head(&l->scratch, m, name, &head));
    hub_lock(all->hub);
    struct str tail = signal_tail(&l->scratch, signal_topics_count(&all->topics, room));
    struct ws_frame *f = ws_frame_join(WS_TEXT, head, tail);
    if (f)
        hub_post(all->hub, &SIGNAL_PART, room, f);
    hub_unlock(all->hub);
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
        (void)!ws_conn_send_frame(c->ws, c->loop->all->pong);
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
    while (c->first && c->state != SIGNALLER_CHECKING) {
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
    struct hub_loop *l = c->listener.loop;
    if (c->state == SIGNALLER_ENDED)
        return;
    c->loop->in++;
    err_clear();
    err_t e =
        binary ? err_note(E_BAD_INPUT, NULL, "a message is text")
        : conn_may_ask(&c->conn, SIGNALS_PER_SECOND, SIGNALS_BURST)
            ? OK
            : err_note(E_RATE, NULL, "too many messages; at most %d a second", SIGNALS_PER_SECOND);
    if (e == OK && c->state == SIGNALLER_CHECKING)
        e = wait_for_check(c, data);
    else if (e == OK)
        take(c, data);
    if (e != OK)
        refuse(c, STR_NONE, e);
    hub_loop_leave(l);
}

static void on_closed(struct ws_conn *ws, int code)
{
    struct signaller *c = ws_conn_state(ws);
    UNUSED(code);
    end(c);
    release(c);
}

static const struct ws_events SIGNAL_WS_EVENTS = { .message = on_message, .closed = on_closed };

/* --- the route ------------------------------------------------------------------------------------------------------ */

static err_t open_signaller(struct hub_loop *l, struct held *h)
{
    struct signal_loop *own = hub_part_own(l, &SIGNAL_PART);
    struct signaller *c = POOL_NEW(&own->signallers, struct signaller);
    if (!c)
        return E_BUSY;
    c->listener = (struct listener){ .kind = &LISTENER, .loop = l };
    c->loop = own;
    c->last = &c->first;
    arena_init(&c->backlog, SIGNAL_BACKLOG_BYTES_MAX);
    err_t e = conn_open(l, &c->conn, &SIGNALLER_KIND, held_req(h));
    if (e != OK) {
        release(c);
        return e;
    }
    own->count++;
    e = held_websocket(h, &own->all->ws, false, c, STR_NONE, &c->ws);
    if (e != OK) {
        end(c);
        release(c);
    } else if (c->conn.caller->known) {
        conn_watch(l, &c->conn);
        conn_check(l, &c->conn); /* it may have gone while the request was on its way */
    }
    return e;
}

static void begin(struct held *h, void *arg)
{
    UNUSED(arg);
    err_t e = open_signaller(hub_loop_of(hub_of(held_req(h)->app), held_loop(h)), h);
    if (e != OK)
        held_fail(h, e);
}

err_t signalling_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, begin, NULL);
    return OK;
}

/* --- the folder's part ------------------------------------------------------------------------------------------------ */

static void loop_begin(struct hub_loop *l, void *own)
{
    struct signal_loop *s = own;
    s->all = hub_part_state(l->hub, &SIGNAL_PART);
    pool_init(&s->signallers, sizeof(struct signaller));
}

static void loop_end(void *own)
{
    pool_free(&((struct signal_loop *)own)->signallers);
}

static const struct hub_part SIGNAL_PART = { .name = "signalling",
                                             .topic_rooms = "signal/",
                                             .loop_bytes = sizeof(struct signal_loop),
                                             .begin = loop_begin,
                                             .end = loop_end };

void signalling_figures(const struct signalling *all, struct buf *out)
{
    int64_t conns = 0, in = 0, sent = 0, refused = 0;
    for (int i = 0; i < HUB_LOOPS_MAX; i++) {
        const struct signal_loop *l = hub_part_own_of(all->hub, &SIGNAL_PART, i);
        conns += l->count;
        in += l->in;
        sent += l->out;
        refused += l->refused;
    }
    hub_figure(out, "signallers", "gauge", "Connections of the signalling for WebRTC", conns);
    hub_figure(out, "signals_in_total", "counter", "Messages received by it", in);
    hub_figure(out, "signals_out_total", "counter", "What was published, to each receiver", sent);
    hub_figure(out, "signals_refused_total", "counter", "Messages and topics refused", refused);
}

err_t signalling_start(struct app *app, struct arena *a, struct signalling **ret)
{
    struct signalling *all = *ret = ARENA_NEW(a, struct signalling);
    if (!all)
        return arena_err(a);
    signal_topics_init(&all->topics);
    all->app = app;
    all->ws = (struct ws_options){
        .events = &SIGNAL_WS_EVENTS,
        .limits = { .message_bytes = SIGNAL_MESSAGE_BYTES_MAX, .fragments = WS_FRAGMENTS_MAX },
        .unsent_bytes_max = SESSION_WAITING_BYTES_MAX,
        .close_timeout_ms = WS_CLOSE_TIMEOUT_MS,
        .ping_interval_ms = app->settings->eio_ping_interval_ms,
    };
    all->pong = ws_frame_new(WS_TEXT, S("{\"type\":\"pong\"}"));
    if (!all->pong)
        return E_BUSY;
    all->hub = hub_of(app);
    return hub_part_add(all->hub, &SIGNAL_PART, a, all);
}

void signalling_stop(struct signalling *all)
{
    if (!all)
        return;
    if (all->hub)
        hub_part_remove(all->hub, &SIGNAL_PART);
    ws_frame_drop(all->pong);
    signal_topics_free(&all->topics);
}

/* Events of clients in the product's namespace: found in the tables of all rooms, checked, run on a worker one after
 * the other for each socket, answered on its loop. */
#include "os/clock.h"
#include "realtime/protocol/sockets.h"

struct event_kind { /* of a client's events */
    const struct socket_event *event;
    _Atomic int64_t count, failed,
        micros; /* answered; with an error; from its coming to its answer, in all */
};

enum effect_kind { EFFECT_JOIN, EFFECT_LEAVE, EFFECT_EMIT };
struct effect {
    struct effect *next;
    enum effect_kind kind;
    bool joined;     /* by this event, and not before it */
    struct str room; /* or the JSON */
    const char *event;
};

struct event_call {          /* in its own arena */
    struct socket_call call; /* first: what handlers see */
    struct event_call *next; /* of the socket */
    struct arena arena;
    struct sio_loop *loop;
    struct event_kind *kind;
    int64_t came_us;
    char session_id[ID_BYTES];
    struct caller caller;
    int64_t ack; /* -1: none was asked for */
    struct buf reply;
    struct json_out out;
    struct effect *effects, **last_effect;
    uint64_t withdrawn;
    err_t result;
    struct err_detail detail;
};

/* --- what handlers ask for ---------------------------------------------------------------------------- */

static void add_effect(struct socket_call *c, enum effect_kind kind, struct str text,
                       const char *event)
{
    struct event_call *w = (struct event_call *)c; /* its first member */
    struct effect *e = ARENA_NEW(&w->arena, struct effect);
    if (!e)
        return; /* the arena's failure is the call's */
    e->kind = kind;
    e->room = text;
    e->event = event;
    *w->last_effect = e;
    w->last_effect = &e->next;
}

void call_join(struct socket_call *c, struct str room)
{
    add_effect(c, EFFECT_JOIN, room, NULL);
}

void call_leave(struct socket_call *c, struct str room)
{
    add_effect(c, EFFECT_LEAVE, room, NULL);
}

void call_emit(struct socket_call *c, const char *event, struct str json)
{
    add_effect(c, EFFECT_EMIT, json, event);
}

/* --- the answer, on the loop ------------------------------------------------------------------------------ */

static void write_error(struct json_out *o, err_t e, const struct err_detail *detail)
{
    jo_object(o);
    jo_kz(o, "error");
    jo_object(o);
    jo_kstr(o, "code", str_from(err_code(e)));
    jo_kstr(o, "detail", str_from(detail->text[0] ? detail->text : err_title(e)));
    if (detail->field[0])
        jo_kstr(o, "field", str_from(detail->field));
    jo_end(o);
    jo_end(o);
}

/* Who asked for an acknowledgement gets the error there, else as the event `problem`. */
static void answer_error(struct rt_socket *s, int64_t ack, err_t e, const struct err_detail *detail)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, socket_scratch(s), KIB(4));
    jo_init(&o, &b);
    write_error(&o, e, detail);
    if (ack >= 0)
        socket_ack(s, ack, buf_str(&b));
    else
        socket_emit(s, "problem", buf_str(&b));
}

static void apply(struct rt_socket *s, const struct effect *e)
{
    const struct socket_watch *watch = sio_loop_of(s->listener.loop)->sio->watch;
    if (e->kind == EFFECT_LEAVE)
        hub_leave(&s->listener, e->room);
    else if (e->kind == EFFECT_JOIN && watch)
        watch->entered(s, e->room);
    else if (e->kind == EFFECT_EMIT)
        socket_emit(s, e->event, e->room);
}

/* Into all of them or, where one does not fit any more, into none: what is refused has changed nothing. */
static err_t join_all(struct rt_socket *s, const struct event_call *w)
{
    err_t result = OK;
    for (struct effect *e = w->effects; e && result == OK; e = e->next) {
        if (e->kind != EFFECT_JOIN || hub_is_in(&s->listener, e->room))
            continue;
        result = hub_join(&s->listener, e->room);
        e->joined = result == OK;
    }
    for (const struct effect *e = w->effects; e && result != OK; e = e->next)
        if (e->joined)
            hub_leave(&s->listener, e->room);
    return result;
}

static void count(struct event_call *w)
{
    w->kind->count++;
    w->kind->failed += w->result != OK;
    w->kind->micros += clock_monotonic_us() - w->came_us;
}

static void answer(struct rt_socket *s, struct event_call *w)
{
    if (w->result == OK) {
        err_clear();
        w->result = join_all(s, w);
        w->detail = *err_detail();
    }
    count(w);
    if (w->result != OK) {
        answer_error(s, w->ack, w->result, &w->detail);
        return;
    }
    if (w->ack >= 0)
        socket_ack(s, w->ack, buf_str(&w->reply));
    for (const struct effect *e = w->effects; e; e = e->next)
        apply(s, e);
}

static void call_free(struct event_call *w)
{
    w->loop->calls_waiting--;
    struct arena arena = w->arena;
    arena_free(&arena);
}

/* --- running ------------------------------------------------------------------------------------------------ */

static err_t run_handler(struct event_call *w)
{
    const struct socket_event *e = w->call.event;
    if (e->auth == AUTH_ADMIN && !w->caller.admin)
        return err_note(E_FORBIDDEN, NULL, "this is for administrators");
    if (e->scope != SCOPE_NONE && !(w->caller.scopes & 1u << e->scope))
        return err_note(E_FORBIDDEN, NULL, "the token's scopes do not allow this");
    jo_object(&w->out);
    TRY(e->run(&w->call));
    jo_end(&w->out);
    TRY(buf_err(&w->reply));
    return arena_err(&w->arena);
}

static void work(struct db *db, struct arena *a, void *arg)
{
    struct event_call *w = arg;
    UNUSED(a);
    w->withdrawn = hub_withdrawals(w->loop->sio->hub);
    w->call.db = db;
    w->result = E_STORE;
    if (!db) {
        w->detail = *err_detail();
        return;
    }
    w->effects = NULL;
    w->last_effect = &w->effects;
    buf_init(&w->reply, &w->arena, EMISSION_BYTES_MAX);
    jo_init(&w->out, &w->reply);
    w->call.reply = &w->out;
    err_clear();
    w->result = run_handler(w);
    w->detail = *err_detail();
}

static void worked(struct net_loop *net, void *arg);

static void start(struct rt_socket *s)
{
    struct event_call *w = s->call;
    struct net_loop *net = s->listener.loop->net;
    err_t e = http_work(w->call.app->server, net, work, worked, w);
    if (e != OK) { /* else the call is the worker's from here on */
        w->result = e;
        w->detail = *err_detail();
        net_post(net, worked, w);
    }
}

/* The socket's next event, when this one is through. */
static void next_call(struct rt_socket *s)
{
    s->call = s->call->next;
    s->call_count--;
    if (s->call)
        start(s);
}

static void worked(struct net_loop *net, void *arg)
{
    struct event_call *w = arg;
    struct hub_loop *l = hub_loop_begun(w->loop->sio->hub, net);
    struct rt_socket *s = socket_find(l, str_from(w->session_id), w->call.socket_id);
    if (s && s->call == w && w->result == OK &&
        w->withdrawn != hub_withdrawals(w->loop->sio->hub)) {
        start(s); /* a right went meanwhile, perhaps the one that this stands on: look again */
        return;
    }
    if (s && s->call == w) {
        answer(s, w);
        next_call(s);
    }
    call_free(w);
    hub_loop_leave(l);
}

/* --- taking an event --------------------------------------------------------------------------------------------- */

/* The event's one argument, an object; absent: an empty one. */
static err_t take_argument(struct event_call *w, struct str text)
{
    struct json all;
    TRY(json_parse(&w->arena, text, SIO_DEPTH_MAX, &all));
    w->call.argument = json_at(all, 1);
    if (json_count(all) > 2 || (json_count(all) == 2 && !json_is(w->call.argument, JSON_OBJECT)))
        return err_note(E_INVALID, NULL, "this event takes one argument, an object");
    return OK;
}

static err_t call_new(struct sio_loop *l, const struct sio_packet *p, const struct caller *who,
                      struct str socket_id, struct event_call **ret)
{
    struct arena arena; /* holds the call itself, and moves into it */
    arena_init(&arena, EVENT_ARENA_BYTES_MAX);
    struct event_call *w = ARENA_NEW(&arena, struct event_call);
    struct str text = str_dup(&arena, p->text);
    if (!w || !text.s) {
        arena_free(&arena);
        return E_BUSY;
    }
    w->arena = arena;
    w->loop = l;
    w->loop->calls_waiting++;
    w->kind = map_get(&l->sio->events, sio_event_name(p));
    w->came_us = clock_monotonic_us();
    w->ack = p->has_id ? p->id : -1;
    w->caller = *who;
    w->caller.handle = str_dup(&w->arena, who->handle);
    w->call = (struct socket_call){ .app = l->sio->app,
                                    .arena = &w->arena,
                                    .caller = &w->caller,
                                    .event = w->kind->event,
                                    .now_ms = clock_wall_ms(),
                                    .socket_id = str_dup(&w->arena, socket_id) };
    err_t e = take_argument(w, text);
    if (e != OK)
        call_free(w);
    else
        *ret = w;
    return e;
}

/* Is there an event of this name that takes such a packet? */
static err_t check_kind(const struct sio *all, const struct sio_packet *p)
{
    if (!map_has(&all->events, sio_event_name(p)))
        return err_note(E_NOT_FOUND, NULL, "there is no event of this name");
    return p->type == SIO_BINARY_EVENT ? err_note(E_INVALID, NULL, "this event takes no bytes")
                                       : OK;
}

static err_t take(struct rt_socket *s, const struct sio_packet *p)
{
    struct sio_loop *l = sio_loop_of(s->listener.loop);
    struct event_call *w;
    TRY(check_kind(l->sio, p));
    if (s->call_count >= EVENTS_WAITING_MAX ||
        !conn_may_ask(&s->client->session->conn, EVENTS_PER_SECOND, EVENTS_BURST))
        return err_note(E_RATE, NULL, "too many events; at most %d a second", EVENTS_PER_SECOND);
    TRY(call_new(l, p, s->caller, str_from(s->id), &w));
    memcpy(w->session_id, s->client->session->conn.id, sizeof w->session_id);
    struct event_call **last = &s->call;
    while (*last)
        last = &(*last)->next;
    *last = w;
    if (s->call_count++ == 0)
        start(s);
    return OK;
}

void event_take(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments)
{
    UNUSED(attachments);
    err_clear();
    err_t e = take(s, p);
    if (e != OK)
        answer_error(s, p->has_id ? p->id : -1, e, err_detail());
}

err_t event_try(struct sio_loop *l, struct db *db, struct arena *a, const struct caller *who,
                const struct sio_packet *p, struct str *ret_reply)
{
    struct event_call *w;
    TRY(check_kind(l->sio, p));
    TRY(call_new(l, p, who, S("nobody"), &w));
    work(db, a, w);
    err_t e = w->result;
    *ret_reply = e == OK ? str_dup(a, buf_str(&w->reply)) : STR_NONE;
    call_free(w);
    return e;
}

void events_left(struct rt_socket *s)
{
    struct event_call *waiting = s->call ? s->call->next : NULL;
    while (waiting) {
        struct event_call *next = waiting->next;
        call_free(waiting);
        waiting = next;
    }
    s->call = NULL;
}

/* --- the table of all rooms' events -------------------------------------------------------------------------------- */

err_t events_init(struct sio *all, struct arena *a)
{
    map_init(&all->events, a);
    for (size_t i = 0; all->app->modules[i]; i++)
        for (size_t j = 0; j < all->app->modules[i]->event_count; j++) {
            const struct socket_event *e = &all->app->modules[i]->events[j];
            assert(e->auth >= AUTH_USER && e->run && !map_has(&all->events, str_from(e->name)));
            struct event_kind *kind = ARENA_NEW(a, struct event_kind);
            if (!kind)
                return arena_err(a);
            kind->event = e;
            TRY(map_put(&all->events, str_from(e->name), kind));
        }
    return OK;
}

/* For each kind of event that clients send: how many, how many failed, and how long they took from their coming to
 * their answer. */
void events_figures(const struct sio *all, struct buf *out)
{
    static const char *const TYPES =
        "# HELP vivim_realtime_events_total Events of clients that were answered\n"
        "# TYPE vivim_realtime_events_total counter\n"
        "# HELP vivim_realtime_events_failed_total Those that were answered with an error\n"
        "# TYPE vivim_realtime_events_failed_total counter\n"
        "# HELP vivim_realtime_event_seconds_total From their coming to their answer\n"
        "# TYPE vivim_realtime_event_seconds_total counter\n";
    buf_put(out, str_from(TYPES));
    for (size_t i = 0; i < all->events.count; i++) {
        const struct event_kind *k = all->events.entries[i].value;
        const char *name = k->event->name;
        buf_putf(out, "vivim_realtime_events_total{event=\"%s\"} %lld\n", name,
                 (long long)k->count);
        buf_putf(out, "vivim_realtime_events_failed_total{event=\"%s\"} %lld\n", name,
                 (long long)k->failed);
        buf_putf(out, "vivim_realtime_event_seconds_total{event=\"%s\"} %.6f\n", name,
                 (double)k->micros / 1e6);
    }
}

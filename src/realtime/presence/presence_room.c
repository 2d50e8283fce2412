#include "realtime/presence/presence_room.h"

#include "identity/identity.h"
#include "os/clock.h"
#include "realtime/presence/presence_store.h"
#include "realtime/topics/topics.h"
#include "sharing/sharing.h"

static const struct hub_part PRESENCE_PART;

struct clock { /* of a loop; the first one's alone runs */
    uv_timer_t ticks;
};

struct presence_room *presence_room_of(struct app *app)
{
    return hub_part_state(hub_of(app), &PRESENCE_PART);
}

static const char *const STATUS_NAMES[] = { "offline", "away", "online" };

/* --- what is told --------------------------------------------------------------------------------- */

static void write_view(struct json_out *o, const struct presence_view *v)
{
    jo_object(o);
    jo_kuuid(o, "user_id", v->user_id);
    jo_kstr(o, "handle", str_from(v->handle));
    jo_kstr(o, "status", str_from(STATUS_NAMES[v->status]));
    if (uuid_is_nil(v->message_id))
        jo_knull(o, "message_id");
    else
        jo_kuuid(o, "message_id", v->message_id);
    jo_ktime(o, "last_seen_at", v->since_ms);
    jo_end(o);
}

/* {topic, snapshot, people: […]}: all who are there, or those of whom something changed. */
static void write_people(struct buf *out, struct str topic, bool snapshot,
                         const struct presence_view *views, size_t count)
{
    struct json_out o;
    jo_init(&o, out);
    jo_object(&o);
    jo_kstr(&o, "topic", topic);
    jo_kbool(&o, "snapshot", snapshot);
    jo_kz(&o, "people");
    jo_array(&o);
    for (size_t i = 0; i < count; i++)
        write_view(&o, &views[i]);
    jo_end(&o);
    jo_end(&o);
}

static void on_changed(void *context, struct str topic, const struct presence_view *views,
                       size_t count)
{
    CLEANUP(buf_free) struct buf json = { 0 };
    buf_init(&json, NULL, EMISSION_BYTES_MAX);
    write_people(&json, topic, false, views, count);
    const struct emission e = {
        .rooms = &topic, .room_count = 1, .event = "presence", .arguments = buf_str(&json)
    };
    if (buf_err(&json) == OK)
        hub_emit(((struct presence_room *)context)->hub, &e);
}

/* Who has joined a topic's room sees who is there. On the socket's loop, so that nothing is told between. */
static void send_snapshot(struct rt_socket *s, struct str topic)
{
    struct hub_loop *l = s->listener.loop;
    struct presence *p = presence_room_of(hub_app(l->hub))->presence;
    struct presence_view *views;
    size_t count;
    struct buf json;
    if (presence_at(p, &l->scratch, topic, &views, &count) != OK || !count)
        return;
    buf_init(&json, &l->scratch, EMISSION_BYTES_MAX);
    write_people(&json, topic, true, views, count);
    if (buf_err(&json) == OK)
        socket_emit(s, "presence", buf_str(&json));
}

/* --- last seen ---------------------------------------------------------------------------------------- */

struct seen { /* in its own arena */
    struct arena arena;
    struct uuid user;
    int64_t seen_ms;
};

static void write_seen(struct db *db, struct arena *a, void *arg)
{
    const struct seen *w = arg;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    UNUSED(a);
    if (!db || db_txn_begin(&tx, db) != OK || presence_store_seen(db, w->user, w->seen_ms) != OK ||
        db_txn_commit(&tx) != OK)
        err_clear(); /* a time that is a little older is no loss */
}

static void seen_written(struct net_loop *net, void *arg)
{
    struct arena arena = ((struct seen *)arg)->arena;
    UNUSED(net);
    arena_free(&arena);
}

static void on_left(void *context, struct uuid user, int64_t last_seen_ms)
{
    struct http_server *server = ((struct presence_room *)context)->app->server;
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, KIB(16));
    struct seen *w = ARENA_NEW(&arena, struct seen);
    if (!w)
        return;
    *w = (struct seen){ .arena = arena, .user = user, .seen_ms = last_seen_ms };
    if (http_work(server, http_loop(server, 0), write_seen, seen_written, w) != OK)
        arena_free(&arena);
}

/* --- the clock, on the first loop, while anybody is here --------------------------------------------------- */

static void on_tick(uv_timer_t *timer)
{
    struct presence_room *p = timer->data;
    const struct presence_told told = { on_changed, on_left, p };
    p->ticks = false; /* a sign of life from here on posts a start */
    if (presence_tick(p->presence, clock_wall_ms(), &told))
        p->ticks = true;
    else
        uv_timer_stop(timer);
}

static void start_ticking(struct net_loop *net, void *arg)
{
    struct presence_room *p = arg;
    struct clock *clock = hub_part_own(hub_loop_of(p->hub, net), &PRESENCE_PART);
    uv_timer_start(&clock->ticks, on_tick, PRESENCE_TICK_MS, PRESENCE_TICK_MS);
}

static void keep_ticking(struct presence_room *p)
{
    if (!atomic_exchange(&p->ticks, true))
        net_post(http_loop(p->app->server, 0), start_ticking, p);
}

/* --- devices come and go --------------------------------------------------------------------------------------- */

static err_t ask(struct app *app, struct db *db, struct arena *a, struct uuid user,
                 bool *ret_invisible)
{
    struct presence_row row = { .invisible = false };
    if (presence_knows(presence_room_of(app)->presence, user, ret_invisible))
        return OK;
    err_t e = presence_store_get(db, a, user, &row);
    *ret_invisible = row.invisible;
    return e == E_NOT_FOUND ? OK : e;
}

static void on_joined(struct rt_socket *s, bool invisible)
{
    struct presence_room *p = presence_room_of(hub_app(s->listener.loop->hub));
    const struct presence_beat beat = {
        .user_id = s->caller->user_id,
        .handle = s->caller->handle,
        .device = str_from(s->id),
        .status = PRESENCE_ONLINE,
    };
    keep_ticking(p);
    if (presence_back(p->presence, s->caller->user_id, beat.device, clock_wall_ms()))
        return;
    if (presence_beat(p->presence, &beat, clock_wall_ms()) != OK)
        return; /* one connection of very many of the same person is not looked at */
    presence_set_invisible(p->presence, s->caller->user_id, invisible);
}

static void on_socket_left(struct rt_socket *s, bool lost)
{
    struct presence_room *p = presence_room_of(hub_app(s->listener.loop->hub));
    presence_gone(p->presence, s->caller->user_id, str_from(s->id), lost, clock_wall_ms());
    if (!hub_is_stopping(p->hub))
        keep_ticking(p);
}

static const struct socket_watch WATCH = {
    .ask = ask, .joined = on_joined, .entered = send_snapshot, .left = on_socket_left
};

bool presence_is_invisible(struct socket_call *c)
{
    bool invisible = false;
    return presence_knows(presence_room_of(c->app)->presence, c->caller->user_id, &invisible) &&
           invisible;
}

void presence_leave(struct socket_call *c, struct str topic)
{
    presence_turn_away(presence_room_of(c->app)->presence, c->caller->user_id, c->socket_id, topic);
}

/* --- the event ------------------------------------------------------------------------------------------------------ */

struct presence_argument {
    struct str status, at;
    struct uuid message_id;
};
const struct field PRESENCE_FIELDS[] = {
    FIELD(presence_argument, status, FIELD_STR, true, 1, 16,
          "online, away, invisible (kept until visible) or visible"),
    FIELD(presence_argument, at, FIELD_STR, false, 1, ROOM_BYTES_MAX - 1,
          "the topic that is looked at"),
    FIELD(presence_argument, message_id, FIELD_UUID, false, 0, 0, "the message that is looked at"),
};
_Static_assert(COUNTOF(PRESENCE_FIELDS) == PRESENCE_FIELD_COUNT, "for the event's table");

static err_t set_invisible(struct socket_call *c, bool invisible)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, c->db));
    TRY(presence_store_invisible(c->db, c->caller->user_id, invisible, c->now_ms));
    TRY(db_txn_commit(&tx));
    presence_set_invisible(presence_room_of(c->app)->presence, c->caller->user_id, invisible);
    return OK;
}

/* Where the device is, by its one name; an own topic is nowhere that others could be. */
static err_t find_place(struct socket_call *c, struct str text, struct str *ret)
{
    struct topic t;
    TRY(topic_parse(c->app, c->caller, text, &t));
    *ret = t.own ? STR_NONE : topic_name(c->arena, &t);
    TRY(arena_err(c->arena));
    err_t e = topic_check(c->app, c->db, c->arena, c->caller, &t);
    if (e != OK && ret->n) /* also when the right went while this waited */
        presence_forget(presence_room_of(c->app)->presence, c->caller->user_id, *ret);
    return e;
}

static err_t beat(struct socket_call *c, const struct presence_argument *argument,
                  enum presence_status status)
{
    struct presence_room *p = presence_room_of(c->app);
    struct presence_beat b = {
        .user_id = c->caller->user_id,
        .message_id = argument->message_id,
        .handle = c->caller->handle,
        .device = c->socket_id,
        .status = status,
        .again = true,
    };
    if (argument->at.n)
        TRY(find_place(c, argument->at, &b.topic));
    TRY(presence_beat(p->presence, &b, clock_wall_ms()));
    keep_ticking(p);
    return OK;
}

err_t presence_event(struct socket_call *c)
{
    struct presence_argument argument = { .at = STR_NONE };
    TRY(socket_fields(c, &argument));
    if (str_eq(argument.status, S("invisible")))
        return set_invisible(c, true);
    if (str_eq(argument.status, S("visible")))
        return set_invisible(c, false);
    if (str_eq(argument.status, S("online")))
        return beat(c, &argument, PRESENCE_ONLINE);
    if (str_eq(argument.status, S("away")))
        return beat(c, &argument, PRESENCE_AWAY);
    return err_note(E_INVALID, "status", "online, away, invisible or visible");
}

/* --- the route ---------------------------------------------------------------------------------------------------------- */

/* One person with whom the thing is shared: here, somewhere else, or last seen. */
static err_t write_member(struct req *rq, struct json_out *o, struct uuid user, struct str handle)
{
    struct presence *p = presence_room_of(rq->app)->presence;
    struct presence_row row = { .last_seen_ms = INT64_MIN };
    err_t e = presence_store_get(rq->db, rq->arena, user, &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    enum presence_status status = presence_of(p, user);
    jo_object(o);
    jo_kuuid(o, "user_id", user);
    jo_kstr(o, "handle", handle);
    jo_kstr(o, "status", str_from(STATUS_NAMES[status]));
    jo_ktime(o, "last_seen_at", row.last_seen_ms);
    jo_end(o);
    return OK;
}

err_t presence_get(struct req *rq, struct reply *rp)
{
    struct uuid id;
    struct access access;
    struct grant *members;
    size_t count;
    const struct entity *entity = rq->route->entity;
    TRY(req_param_uuid(rq, "id", &id));
    TRY(sharing_access(rq->app, rq->db, rq->arena, rq->caller.user_id, entity, id, SHARE_READ,
                       &access));
    TRY(sharing_members(rq->db, rq->arena, access.owner_id, entity->name, id, &members, &count));
    struct account account;
    TRY(identity_user_by_id(rq->db, rq->arena, access.owner_id, &account));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    jo_kz(o, "items");
    jo_array(o);
    TRY(write_member(rq, o, access.owner_id, account.handle));
    for (size_t i = 0; i < count; i++)
        TRY(write_member(rq, o, members[i].grantee_id, members[i].handle));
    jo_end(o);
    jo_knull(o, "next_cursor");
    jo_end(o);
    return OK;
}

/* --- the folder's part ---------------------------------------------------------------------------------------------------- */

static void loop_begin(struct hub_loop *l, void *own)
{
    struct clock *clock = own;
    uv_timer_init(&l->net->uv, &clock->ticks);
    uv_unref((uv_handle_t *)&clock->ticks);
    clock->ticks.data = hub_part_state(l->hub, &PRESENCE_PART);
}

static void loop_stopping(void *own)
{
    uv_timer_stop(&((struct clock *)own)->ticks);
}

static void on_withdrawn(void *state, struct uuid user, struct str topic)
{
    presence_forget(((struct presence_room *)state)->presence, user, topic);
}

static const struct hub_part PRESENCE_PART = { .name = "presence",
                                               .loop_bytes = sizeof(struct clock),
                                               .begin = loop_begin,
                                               .stopping = loop_stopping,
                                               .withdrawn = on_withdrawn };

err_t presence_start(struct app *app, struct arena *a, struct sio *sockets,
                     struct presence_room **ret)
{
    struct presence_room *p = *ret = ARENA_NEW(a, struct presence_room);
    if (!p)
        return arena_err(a);
    TRY(presence_new(a, &p->presence));
    p->app = app;
    p->hub = hub_of(app);
    TRY(hub_part_add(p->hub, &PRESENCE_PART, a, p));
    sockets->watch = &WATCH;
    return OK;
}

void presence_stop(struct presence_room *p)
{
    if (!p)
        return;
    if (p->hub)
        hub_part_remove(p->hub, &PRESENCE_PART);
    presence_free(p->presence);
}

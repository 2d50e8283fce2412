/* CONNECT to the product's namespace (seed 6.1, steps 2 to 5): who is it, and was it here a moment ago? What needs
 * the store is asked on the loop with SQLite, on a worker with PostgreSQL. */
#include "identity/identity.h"
#include "os/clock.h"
#include "realtime/protocol/sockets.h"
#include "realtime/topics/topics.h"

struct connecting { /* in its own arena */
    struct arena arena;
    struct sio *sio;
    char session_id[ID_BYTES];
    struct caller caller;
    struct str text, token, pid;
    uint64_t offset;    /* of the last emission that it heard; 0: none */
    struct lost *lost;  /* the socket it was, out of the recovery's table */
    struct buf rooms;   /* of that one: those it may still be in */
    uint64_t withdrawn; /* rights that had gone when the check began */
    bool invisible;
    err_t result;
    struct err_detail detail;
};

static void drop_lost(struct connecting *w)
{
    if (!w->lost)
        return;
    hub_lock(w->sio->hub);
    recovery_drop(&w->sio->recovery, w->lost);
    hub_unlock(w->sio->hub);
    w->lost = NULL;
}

static void connecting_free(struct connecting *w)
{
    drop_lost(w);
    struct arena arena = w->arena;
    arena_free(&arena);
}

/* --- the check ---------------------------------------------------------------------------------- */

static err_t check_credential(struct connecting *w, struct db *db)
{
    if (w->token.n)
        TRY(identity_check(identity_of(w->sio->app), db, &w->arena, SHOWN_AS_BEARER, w->token,
                           clock_wall_ms(), &w->caller));
    return w->caller.known ? OK
                           : err_note(E_UNAUTHENTICATED, "token",
                                      "sign in first, or send an API token: io({auth: {token}})");
}

static void find_lost(struct connecting *w)
{
    hub_lock(w->sio->hub);
    w->lost = recovery_take(&w->sio->recovery, hub_ring(w->sio->hub), w->pid, w->offset,
                            w->caller.user_id, clock_monotonic_ms());
    hub_unlock(w->sio->hub);
}

/* What it may not read any more is left out. */
static err_t check_rooms(struct connecting *w, struct db *db)
{
    struct str names = buf_str(&w->lost->rooms), name;
    buf_init(&w->rooms, &w->arena, names.n + 1);
    while (names.n && str_cut(&names, 0, &name)) {
        err_t e = room_check(w->sio->app, db, &w->arena, &w->caller, name);
        if (e == E_NOT_FOUND || e == E_FORBIDDEN)
            continue;
        TRY(e);
        buf_put(&w->rooms, name);
        buf_putc(&w->rooms, 0);
    }
    return buf_err(&w->rooms);
}

/* What was said to the account's own room about a thing of somebody else is not said again when the right to it has gone:
 * the socket then begins anew, and asks by cursor for what it may still see. */
static err_t check_missed(struct connecting *w, struct db *db)
{
    struct buf about;
    buf_init(&about, &w->arena, (size_t)ROOM_BYTES_MAX * ROOMS_PER_SOCKET_MAX);
    hub_lock(w->sio->hub);
    ring_about(hub_ring(w->sio->hub), w->offset, buf_str(&w->rooms), &about);
    hub_unlock(w->sio->hub);
    struct str names = buf_str(&about), name;
    bool all = buf_err(&about) == OK; /* else there are more than are looked at */
    while (all && names.n && str_cut(&names, 0, &name)) {
        err_t e = room_check(w->sio->app, db, &w->arena, &w->caller, name);
        all = e == OK;
        if (e != OK && e != E_NOT_FOUND && e != E_FORBIDDEN)
            return e;
    }
    if (!all)
        drop_lost(w);
    return OK;
}

static err_t check_all(struct connecting *w, struct db *db)
{
    TRY(check_credential(w, db));
    if (w->pid.n && !w->lost)
        find_lost(w);
    if (w->lost)
        TRY(check_rooms(w, db));
    if (w->lost)
        TRY(check_missed(w, db));
    return w->sio->watch
               ? w->sio->watch->ask(w->sio->app, db, &w->arena, w->caller.user_id, &w->invisible)
               : OK;
}

static void check(struct db *db, struct arena *a, void *arg)
{
    struct connecting *w = arg;
    UNUSED(a);
    w->withdrawn = hub_withdrawals(w->sio->hub);
    err_clear();
    w->result = db ? check_all(w, db) : E_STORE;
    w->detail = *err_detail();
}

/* --- the answer ----------------------------------------------------------------------------------- */

static void replay_one(void *context, const struct emission *e, uint64_t number)
{
    struct eio_session *session = ((struct rt_socket *)context)->client->session;
    struct hub_frames f = { .count = 0 };
    if (!SIO_FORM.encode(e, number, &f))
        eio_session_fail(session);
    for (unsigned i = 0; i < f.count; i++) {
        eio_session_send(session, f.frames[i]);
        ws_frame_drop(f.frames[i]);
    }
}

static void join_rooms(struct rt_socket *s, struct str names)
{
    struct str name;
    while (names.n && str_cut(&names, 0, &name))
        (void)!hub_join(&s->listener, name);
}

/* The same socket again: its ids, its rooms, and what it missed. */
static void recover(struct rt_socket *s, struct connecting *w)
{
    struct hub *hub = w->sio->hub;
    memcpy(s->id, w->lost->id, sizeof s->id);
    memcpy(s->pid, w->lost->pid, sizeof s->pid);
    s->listener.loop->net->more = true; /* all of it may leave in one write */
    socket_welcome(s);
    hub_lock(hub);
    s->listener.heard = hub_emitted(hub);
    ring_replay(hub_ring(hub), w->offset, buf_str(&w->rooms), replay_one, s);
    hub_unlock(hub);
    s->listener.loop->net->more = false;
    join_rooms(s, buf_str(&w->rooms));
}

static void welcome(struct rt_socket *s, struct connecting *w)
{
    struct str room = caller_room(&w->arena, w->caller.user_id);
    socket_welcome(s);
    (void)!hub_join(&s->listener, room);
}

static void let_in(struct client *c, struct connecting *w)
{
    struct rt_socket *s = socket_join(c, &PRODUCT_NAMESPACE, &w->caller);
    if (!s) {
        socket_refuse(c, S("/"), E_BUSY);
        return;
    }
    if (w->lost)
        recover(s, w);
    else
        welcome(s, w);
    if (w->sio->watch)
        w->sio->watch->joined(s, w->invisible);
}

static void refuse(struct client *c, struct connecting *w)
{
    if (w->sio->stranger && w->result == E_UNAUTHENTICATED) { /* outside suites come without one */
        w->sio->stranger(c, w->text);
        return;
    }
    connect_move(c, CONNECT_NONE);
    err_note(w->result, w->detail.field, "%s", w->detail.text);
    socket_refuse(c, S("/"), w->result);
}

static void ask(struct connecting *w, struct net_loop *net);

static void checked(struct net_loop *net, void *arg)
{
    struct connecting *w = arg;
    struct hub_loop *l = hub_loop_begun(w->sio->hub, net);
    struct client *c = client_find(l, str_from(w->session_id));
    if (c && w->result == OK && w->withdrawn != hub_withdrawals(w->sio->hub)) {
        ask(w, net); /* a right or a credential went meanwhile: perhaps this one */
        return;
    }
    if (c && w->result == OK)
        let_in(c, w);
    else if (c)
        refuse(c, w);
    connecting_free(w);
    hub_loop_leave(l);
}

static void ask(struct connecting *w, struct net_loop *net)
{
    struct db *db = http_loop_db(net);
    if (db) {
        check(db, &w->arena, w);
        checked(net, w);
        return;
    }
    err_t e = http_work(w->sio->app->server, net, check, checked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    w->result = e;
    w->detail = *err_detail();
    checked(net, w);
}

static void connect_begin(struct client *c, struct json auth, struct str text)
{
    struct eio_session *s = c->session;
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, MIB(1));
    struct connecting *w = ARENA_NEW(&arena, struct connecting);
    if (!w) {
        socket_refuse(c, S("/"), E_BUSY);
        return;
    }
    w->sio = sio_loop_of(s->loop->hub)->sio;
    w->caller = *s->conn.caller;
    w->token = str_dup(&arena, json_get_str(auth, S("token")));
    w->pid = str_dup(&arena, json_get_str(auth, S("pid")));
    w->text = str_dup(&arena, text);
    if (str_to_u64(json_get_str(auth, S("offset")), &w->offset) != OK)
        w->offset = 0;
    memcpy(w->session_id, s->conn.id, sizeof w->session_id);
    w->arena = arena;
    connect_move(c, CONNECT_CHECKING);
    ask(w, s->loop->hub->net);
}

static void on_left(struct rt_socket *s, enum hub_end why)
{
    const struct sio *sio = sio_loop_of(s->listener.loop)->sio;
    events_left(s);
    if (sio->watch)
        sio->watch->left(s, why == END_GONE || why == END_SILENT);
}

const struct nsp PRODUCT_NAMESPACE = {
    .name = "/", .connect = connect_begin, .event = event_take, .left = on_left
};

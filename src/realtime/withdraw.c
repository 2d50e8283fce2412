/* Rights and credentials that went: the sockets that stood on them are told and closed, or leave the topic, on every
 * loop. `withdrawals` is counted first, so that a check that is under way just then looks again. */
#include "base/limits.h"
#include "identity/identity.h"
#include "os/clock.h"
#include "realtime/inside.h"
#include "realtime/presence.h"

enum withdrawal_kind { WITHDRAW_CREDENTIAL, WITHDRAW_ACCOUNT, WITHDRAW_CHECK, WITHDRAW_TOPIC };

struct withdrawal { /* a letter */
    struct realtime *rt;
    enum withdrawal_kind kind;
    struct uuid id; /* of the credential or the account; nil with a topic: everybody */
    char topic[ROOM_BYTES_MAX];
};

/* --- out ---------------------------------------------------------------------------------------------- */

static bool has_credential(const struct caller *c, struct uuid id)
{
    return uuid_eq(c->session_id, id) || uuid_eq(c->token_id, id);
}

static bool stands_on(const struct caller *c, const struct withdrawal *w)
{
    return w->kind == WITHDRAW_CREDENTIAL ? has_credential(c, w->id) : uuid_eq(c->user_id, w->id);
}

/* DISCONNECT tells the official client not to come back by itself. */
static void sign_out(struct eio_session *s)
{
    struct client *c = s->state;
    while (c->sockets) {
        socket_emit(c->sockets, "signed_out", S("{}"));
        socket_disconnect(c->sockets);
    }
    eio_session_end(s, END_SERVER);
}

static bool is_concerned(const struct eio_session *s, const struct withdrawal *w)
{
    if (s->user != &SOCKET_USER)
        return false;
    const struct client *c = s->state;
    for (const struct rt_socket *one = c->sockets; one; one = one->next)
        if (one->caller.known && stands_on(&one->caller, w))
            return true;
    return s->caller.known && stands_on(&s->caller, w);
}

/* --- is it still good? ------------------------------------------------------------------------------------ */

struct asking { /* in its own arena */
    struct arena arena;
    struct realtime *rt;
    struct caller caller;
    char session_id[ID_BYTES];
    bool alive;
    err_t result;
};

static void look(struct db *db, struct arena *a, void *arg)
{
    struct asking *w = arg;
    UNUSED(a);
    w->result = db ? identity_still_good(db, &w->caller, clock_wall_ms(), &w->alive) : E_DB;
}

/* Who cannot be asked about is let go too: the client comes back and is checked again. */
static void looked(struct net_loop *net, void *arg)
{
    struct asking *w = arg;
    struct rt_loop *l = &w->rt->loops[net->number];
    struct eio_session *s = eio_session_find(l, str_from(w->session_id));
    if (s && s->user == &SOCKET_USER && (w->result != OK || !w->alive)) {
        if (w->result == OK)
            sign_out(s);
        else
            eio_session_end(s, END_SERVER);
    }
    struct arena arena = w->arena;
    arena_free(&arena);
    loop_leave(l);
}

static const struct caller *credential_of(const struct eio_session *s)
{
    const struct client *c = s->state;
    return c->sockets && c->sockets->caller.known ? &c->sockets->caller : &s->caller;
}

static void ask(struct eio_session *s)
{
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, KIB(16));
    struct asking *w = ARENA_NEW(&arena, struct asking);
    if (!w)
        return;
    *w = (struct asking){ .arena = arena, .rt = s->loop->rt, .caller = *credential_of(s) };
    w->caller.handle = STR_NONE;
    memcpy(w->session_id, s->id, sizeof w->session_id);
    err_t e = http_work(w->rt->app->server, s->loop->net, look, looked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    w->result = e;
    net_post(s->loop->net, looked, w);
}

/* --- topics -------------------------------------------------------------------------------------------------- */

static void leave_topic(struct rt_loop *l, const struct withdrawal *w)
{
    struct str topic = str_from(w->topic);
    struct str json = str_fmt(&l->scratch, "{\"topic\":\"%s\"}", w->topic);
    struct room *r = hub_room(l, topic);
    for (struct membership *m = r ? r->members : NULL, *next; m; m = next) {
        struct rt_socket *s = m->socket;
        next = m->next; /* the room goes with its last member, which has no next */
        if (!uuid_is_nil(w->id) && !uuid_eq(s->caller.user_id, w->id))
            continue;
        hub_leave(s, topic);
        socket_emit(s, "unsubscribed", json);
    }
}

/* --- letters --------------------------------------------------------------------------------------------------- */

static void each_session(struct rt_loop *l, const struct withdrawal *w)
{
    struct table_node *next;
    for (struct table_node *n = table_next(&l->sessions, NULL); n; n = next) {
        struct eio_session *s = (struct eio_session *)n; /* its first member */
        next = table_next(&l->sessions, n);
        if (!is_concerned(s, w))
            continue;
        if (w->kind == WITHDRAW_CHECK)
            ask(s);
        else
            sign_out(s);
    }
}

static void arrive(struct net_loop *net, void *arg)
{
    const struct withdrawal *w = arg;
    struct rt_loop *l = &w->rt->loops[net->number];
    if (!l->net)
        return;
    if (w->kind == WITHDRAW_TOPIC)
        leave_topic(l, w);
    else
        each_session(l, w);
    loop_leave(l);
}

static void post(struct realtime *rt, const struct withdrawal *w)
{
    rt->withdrawals++;
    mutex_lock(&rt->emitting);
    for (int i = 0; !rt->stopping && i < rt->loop_count; i++)
        if (rt->loops[i].session_count)
            net_post_copy(http_loop(rt->app->server, i), arrive,
                          str_of((const char *)w, sizeof *w));
    mutex_unlock(&rt->emitting);
}

void withdraw_credential(struct realtime *rt, struct uuid session_or_token)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_CREDENTIAL, .id = session_or_token });
}

void withdraw_account(struct realtime *rt, struct uuid user)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_ACCOUNT, .id = user });
}

void withdraw_check(struct realtime *rt, struct uuid user)
{
    post(rt, &(struct withdrawal){ .rt = rt, .kind = WITHDRAW_CHECK, .id = user });
}

void withdraw_topic(struct realtime *rt, struct uuid user, struct str topic)
{
    struct withdrawal w = { .rt = rt, .kind = WITHDRAW_TOPIC, .id = user };
    if (topic.n >= sizeof w.topic)
        return;
    memcpy(w.topic, topic.s, topic.n);
    presence_forget(rt->presence, user, topic);
    post(rt, &w);
}

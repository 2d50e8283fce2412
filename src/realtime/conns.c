/* Connections, whatever they speak: found by id, and the credential that each stands on. */
#include "base/encode.h"
#include "base/limits.h"
#include "identity/identity.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "realtime/inside.h"

/* --- by id --------------------------------------------------------------------------------------- */

/* The first byte of the id's 16 is the loop's number, so that any loop knows where a request belongs. */
static bool make_id(struct rt_loop *l, struct rt_conn *c, struct arena *a)
{
    uint8_t raw[16];
    entropy_fill(raw, sizeof raw);
    raw[0] = (uint8_t)l->net->number;
    struct str text = base64url_encode(a, str_of((const char *)raw, sizeof raw));
    if (!text.s)
        return false;
    memcpy(c->id, text.s, text.n);
    return true;
}

/* Which ids there are, on all loops: whoever sends a body to none of them is told so before it is read. */
static err_t note(struct rt_loop *l, struct rt_conn *c)
{
    mutex_lock(&l->rt->knowing);
    err_t e = table_put(&l->rt->known, &c->known, str_from(c->id));
    mutex_unlock(&l->rt->knowing);
    return e;
}

static void forget(struct rt_loop *l, struct rt_conn *c)
{
    mutex_lock(&l->rt->knowing);
    table_remove(&l->rt->known, &c->known);
    mutex_unlock(&l->rt->knowing);
}

bool conn_is_known(struct realtime *rt, struct str id)
{
    mutex_lock(&rt->knowing);
    bool known = table_get(&rt->known, id) != NULL;
    mutex_unlock(&rt->knowing);
    return known;
}

int conn_loop(const struct http_server *server, struct arena *a, struct str id)
{
    struct str raw;
    if (base64url_decode(a, id, &raw) != OK || raw.n != 16)
        return -1;
    int number = (unsigned char)raw.s[0];
    return number < http_loop_count(server) ? number : -1;
}

err_t conn_open(struct rt_loop *l, struct rt_conn *c, const struct conn_kind *kind,
                const struct req *rq)
{
    c->kind = kind;
    c->caller = rq->caller;
    memcpy(c->handle, rq->caller.handle.s ? rq->caller.handle.s : "", rq->caller.handle.n);
    c->caller.handle = str_of(c->handle, rq->caller.handle.n);
    if (!make_id(l, c, rq->arena))
        return E_BUSY;
    TRY(note(l, c));
    err_t e = table_put(&l->conns, &c->by_id, str_from(c->id));
    if (e != OK)
        forget(l, c);
    l->conn_count += e == OK;
    return e;
}

void conn_close(struct rt_loop *l, struct rt_conn *c)
{
    deadline_clear(&c->expiry);
    forget(l, c);
    table_remove(&l->conns, &c->by_id);
    l->conn_count--;
}

struct rt_conn *conn_find(struct rt_loop *l, struct str id, const struct conn_kind *kind)
{
    struct rt_conn *c = (struct rt_conn *)table_get(&l->conns, id); /* its first member */
    return c && c->kind == kind ? c : NULL;
}

bool conn_may_ask(struct rt_conn *c, int per_second, int burst)
{
    enum { WHOLE = 1000 };
    int64_t now_ms = clock_monotonic_ms(), full = (int64_t)burst * WHOLE;
    if (!c->tokens_at_ms) {
        c->tokens_at_ms = now_ms;
        c->tokens = full;
    }
    c->tokens += (now_ms - c->tokens_at_ms) * per_second;
    c->tokens_at_ms = now_ms;
    if (c->tokens > full)
        c->tokens = full;
    if (c->tokens < WHOLE)
        return false;
    c->tokens -= WHOLE;
    return true;
}

/* --- its credential ------------------------------------------------------------------------------ */

bool caller_stands_on(const struct caller *c, bool credential, struct uuid id)
{
    if (!c->known)
        return false;
    return uuid_eq(credential ? c->credential_id : c->user_id, id);
}

bool conn_stands_on(struct rt_conn *c, bool credential, struct uuid id)
{
    const struct caller *now = c->kind->caller(c);
    return now &&
           (caller_stands_on(now, credential, id) || caller_stands_on(&c->caller, credential, id));
}

struct asking { /* in its own arena */
    struct arena arena;
    struct realtime *rt;
    const struct conn_kind *kind;
    struct caller caller;
    char conn_id[ID_BYTES];
    bool alive;
    err_t result;
};

static void look(struct db *db, struct arena *a, void *arg)
{
    struct asking *w = arg;
    UNUSED(a);
    w->result = db ? identity_still_good(identity_of(w->rt->app), db, clock_wall_ms(), &w->caller,
                                         &w->alive)
                   : E_STORE;
}

/* Its time may have moved: a session is used elsewhere too. Unless the caller has become another meanwhile. */
static void still_good(struct rt_loop *l, struct rt_conn *c, const struct caller *asked)
{
    struct caller *now = c->kind->caller(c);
    if (now->credential == asked->credential && uuid_eq(now->credential_id, asked->credential_id))
        now->expires_ms = asked->expires_ms;
    conn_watch(l, c);
}

/* Who cannot be asked about is let go too: the client comes back and is checked again. */
static void looked(struct net_loop *net, void *arg)
{
    struct asking *w = arg;
    struct rt_loop *l = &w->rt->loops[net->number];
    struct rt_conn *c = conn_find(l, str_from(w->conn_id), w->kind);
    if (!c || !c->kind->caller(c))
        ; /* it has ended by itself */
    else if (w->result != OK)
        c->kind->end(c, END_SERVER);
    else if (w->alive)
        still_good(l, c, &w->caller);
    else
        c->kind->sign_out(c);
    struct arena arena = w->arena;
    arena_free(&arena);
    loop_leave(l);
}

void conn_check(struct rt_loop *l, struct rt_conn *c)
{
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, KIB(16));
    struct asking *w = ARENA_NEW(&arena, struct asking);
    if (!w) {
        c->kind->end(c, END_SERVER);
        return;
    }
    *w = (struct asking){
        .arena = arena, .rt = l->rt, .kind = c->kind, .caller = *c->kind->caller(c)
    };
    w->caller.handle = STR_NONE;
    memcpy(w->conn_id, c->id, sizeof w->conn_id);
    err_t e = http_work(l->rt->app->server, l->net, look, looked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    w->result = e;
    net_post(l->net, looked, w);
}

/* --- and its time ----------------------------------------------------------------------------------
 * Deadlines have one length each, and the time of a credential any, or it moves with the clock of the wall: so it is
 * looked at now and then, more often when it is near. */

void conn_watch(struct rt_loop *l, struct rt_conn *c)
{
    const struct caller *caller = c->kind->caller(c);
    deadline_clear(&c->expiry);
    if (!caller || !caller->known || caller->expires_ms == INT64_MAX)
        return;
    bool far = caller->expires_ms - clock_wall_ms() > EXPIRY_FAR_MS;
    deadline_set(&l->deadlines, far ? DEADLINE_EXPIRY_FAR : DEADLINE_EXPIRY_NEAR, &c->expiry);
}

static void look_at_time(struct deadline *d, void *context)
{
    struct rt_conn *c = (struct rt_conn *)((char *)d - offsetof(struct rt_conn, expiry));
    const struct caller *caller = c->kind->caller(c);
    if (caller && caller->known && caller->expires_ms <= clock_wall_ms())
        conn_check(context, c);
    else
        conn_watch(context, c);
}

void conns_init(struct rt_loop *l)
{
    deadlines_queue(&l->deadlines, DEADLINE_EXPIRY_FAR, EXPIRY_FAR_MS, look_at_time);
    deadlines_queue(&l->deadlines, DEADLINE_EXPIRY_NEAR, EXPIRY_NEAR_MS, look_at_time);
}

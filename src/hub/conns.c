/* Connections, whatever they speak: found by id, and the credential that each stands on. */
#include "base/encode.h"
#include "hub/inside.h"
#include "identity/identity.h"
#include "os/clock.h"
#include "os/entropy.h"

/* --- callers --------------------------------------------------------------------------------------- */

struct kept_caller {
    struct caller caller; /* its handle is the last member */
    unsigned references;
    char handle[HANDLE_ROOM];
};

void callers_begin(struct hub_loop *l)
{
    pool_init(&l->caller_pool, sizeof(struct kept_caller));
}

struct caller *caller_keep(struct hub_loop *l, const struct caller *who)
{
    if (!who->known)
        return &l->stranger;
    struct kept_caller *k = POOL_NEW(&l->caller_pool, struct kept_caller);
    if (!k)
        return NULL;
    k->caller = *who;
    k->references = 1;
    memcpy(k->handle, who->handle.s ? who->handle.s : "", who->handle.n);
    k->caller.handle = str_of(k->handle, who->handle.n);
    return &k->caller;
}

struct caller *caller_hold(struct hub_loop *l, struct caller *c)
{
    if (c != &l->stranger)
        ((struct kept_caller *)c)->references++;
    return c;
}

void caller_drop(struct hub_loop *l, struct caller *c)
{
    if (c && c != &l->stranger && --((struct kept_caller *)c)->references == 0)
        pool_put(&l->caller_pool, c);
}

/* --- by id --------------------------------------------------------------------------------------- */

/* The first byte of the id's 16 is the loop's number, so that any loop knows where a request belongs. */
static bool make_id(struct hub_loop *l, struct hub_conn *c, struct arena *a)
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

enum { TALLY_KEY_BYTES = 1 + sizeof(uintptr_t) + sizeof(struct uuid) };

struct tally { /* how many connections of a kind there are: of one account, or in all */
    struct table_node by_key;
    int64_t count;
    char key[TALLY_KEY_BYTES];
};

static struct str tally_key(const struct hub_conn *c, bool of_account, char key[TALLY_KEY_BYTES])
{
    const uintptr_t kind = (uintptr_t)c->kind;
    memset(key, 0, TALLY_KEY_BYTES);
    key[0] = of_account ? 'a' : 't';
    memcpy(key + 1, &kind, sizeof kind);
    if (of_account)
        memcpy(key + 1 + sizeof kind, &c->caller->user_id, sizeof c->caller->user_id);
    return str_of(key, TALLY_KEY_BYTES);
}

/* One more, where there may be. */
static err_t tally_in(struct hub *h, const struct hub_conn *c, bool of_account, int64_t max)
{
    char key[TALLY_KEY_BYTES];
    struct str wanted = tally_key(c, of_account, key);
    struct tally *t = (struct tally *)table_get(&h->tallies, wanted); /* its first member */
    if (!t) {
        t = POOL_NEW(&h->tally_pool, struct tally);
        if (!t)
            return E_BUSY;
        memcpy(t->key, key, sizeof t->key);
        if (table_put(&h->tallies, &t->by_key, str_of(t->key, sizeof t->key)) != OK) {
            pool_put(&h->tally_pool, t);
            return E_BUSY;
        }
    }
    if (t->count >= max)
        return err_note(of_account ? E_RATE : E_BUSY, NULL,
                        "at most %lld of these may be open at a time%s", (long long)max,
                        of_account ? " for one account" : "");
    t->count++;
    return OK;
}

static void tally_out(struct hub *h, const struct hub_conn *c, bool of_account)
{
    char key[TALLY_KEY_BYTES];
    struct tally *t = (struct tally *)table_get(&h->tallies, tally_key(c, of_account, key));
    if (--t->count)
        return;
    table_remove(&h->tallies, &t->by_key);
    pool_put(&h->tally_pool, t);
}

static bool counts_account(const struct hub_conn *c)
{
    return c->kind->account_max && c->caller->known;
}

static err_t count_in(struct hub *h, const struct hub_conn *c)
{
    if (counts_account(c))
        TRY(tally_in(h, c, true, c->kind->account_max));
    err_t e = c->kind->max ? tally_in(h, c, false, c->kind->max) : OK;
    if (e != OK && counts_account(c))
        tally_out(h, c, true);
    return e;
}

static void count_out(struct hub *h, const struct hub_conn *c)
{
    if (counts_account(c))
        tally_out(h, c, true);
    if (c->kind->max)
        tally_out(h, c, false);
}

static err_t note(struct hub_loop *l, struct hub_conn *c)
{
    mutex_lock(&l->hub->knowing);
    err_t e = count_in(l->hub, c);
    if (e == OK) {
        e = table_put(&l->conns, &c->by_id, str_from(c->id));
        if (e != OK)
            count_out(l->hub, c);
    }
    mutex_unlock(&l->hub->knowing);
    return e;
}

static void forget(struct hub_loop *l, struct hub_conn *c)
{
    mutex_lock(&l->hub->knowing);
    table_remove(&l->conns, &c->by_id);
    count_out(l->hub, c);
    mutex_unlock(&l->hub->knowing);
}

/* Whoever sends a body to none of them is told so before it is read. */
bool conn_is_known(struct hub *h, struct arena *a, struct str id)
{
    int loop = conn_loop(h->app->server, a, id);
    if (loop < 0)
        return false;
    mutex_lock(&h->knowing);
    bool known = table_get(&h->loops[loop].conns, id) != NULL;
    mutex_unlock(&h->knowing);
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

err_t conn_open(struct hub_loop *l, struct hub_conn *c, const struct conn_kind *kind,
                const struct req *rq)
{
    c->kind = kind;
    c->caller = caller_keep(l, &rq->caller);
    err_t e = c->caller && make_id(l, c, rq->arena) ? note(l, c) : E_BUSY;
    if (e == OK)
        l->conn_count++;
    else
        caller_drop(l, c->caller);
    return e;
}

void conn_close(struct hub_loop *l, struct hub_conn *c)
{
    deadline_clear(&c->expiry);
    forget(l, c);
    caller_drop(l, c->caller);
    l->conn_count--;
}

struct hub_conn *conn_find(struct hub_loop *l, struct str id, const struct conn_kind *kind)
{
    struct hub_conn *c = (struct hub_conn *)table_get(&l->conns, id); /* its first member */
    return c && c->kind == kind ? c : NULL;
}

bool conn_may_ask(struct hub_conn *c, int per_second, int burst)
{
    const int64_t each_us = 1000000 / per_second, now_us = clock_monotonic_ms() * 1000;
    int64_t until_us = c->asked_until_us > now_us ? c->asked_until_us : now_us;
    if (until_us - now_us > (burst - 1) * each_us)
        return false;
    c->asked_until_us = until_us + each_us;
    return true;
}

/* --- its credential ------------------------------------------------------------------------------ */

/* Did it come with the credential (`credential`), or is it the account, of this id? Ids are those of UUIDs: no two kinds of
 * credentials share one. */
static bool caller_stands_on(const struct caller *c, bool credential, struct uuid id)
{
    if (!c->known)
        return false;
    return uuid_eq(credential ? c->credential_id : c->user_id, id);
}

bool conn_stands_on(struct hub_conn *c, bool credential, struct uuid id)
{
    const struct caller *now = c->kind->caller(c);
    return now &&
           (caller_stands_on(now, credential, id) || caller_stands_on(c->caller, credential, id));
}

struct asking { /* in its own arena */
    struct arena arena;
    struct hub *hub;
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
    w->result = db ? identity_still_good(identity_of(w->hub->app), db, clock_wall_ms(), &w->caller,
                                         &w->alive)
                   : E_STORE;
}

/* Its time may have moved: a session is used elsewhere too. Unless the caller has become another meanwhile. */
static void still_good(struct hub_loop *l, struct hub_conn *c, const struct caller *asked)
{
    struct caller *now = c->kind->caller(c);
    if (now->credential == asked->credential && uuid_eq(now->credential_id, asked->credential_id))
        now->expires_ms = asked->expires_ms;
    conn_watch(l, c);
    if (c->kind->still_good)
        c->kind->still_good(c);
}

/* Who cannot be asked about is let go too: the client comes back and is checked again. */
static void looked(struct net_loop *net, void *arg)
{
    struct asking *w = arg;
    struct hub_loop *l = &w->hub->loops[net->number];
    struct hub_conn *c = conn_find(l, str_from(w->conn_id), w->kind);
    if (c)
        c->checking--;
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
    hub_loop_leave(l);
}

void conn_check(struct hub_loop *l, struct hub_conn *c)
{
    struct arena arena; /* holds the struct itself, and moves into it */
    arena_init(&arena, KIB(16));
    struct asking *w = ARENA_NEW(&arena, struct asking);
    if (!w) {
        c->kind->end(c, END_SERVER);
        return;
    }
    *w = (struct asking){
        .arena = arena, .hub = l->hub, .kind = c->kind, .caller = *c->kind->caller(c)
    };
    w->caller.handle = STR_NONE;
    memcpy(w->conn_id, c->id, sizeof w->conn_id);
    c->checking++;
    err_t e = http_work(l->hub->app->server, l->net, look, looked, w);
    if (e == OK)
        return; /* it is the worker's from here on */
    w->result = e;
    net_post(l->net, looked, w);
}

/* --- and its time ----------------------------------------------------------------------------------
 * Deadlines have one length each, and the time of a credential any, or it moves with the clock of the wall: so it is
 * looked at now and then, more often when it is near. */

void conn_watch(struct hub_loop *l, struct hub_conn *c)
{
    const struct caller *caller = c->kind->caller(c);
    deadline_clear(&c->expiry);
    if (!caller || !caller->known || caller->expires_ms == INT64_MAX)
        return;
    bool far = caller->expires_ms - clock_wall_ms() > EXPIRY_FAR_MS;
    deadline_set(far ? &l->expiry_far : &l->expiry_near, &c->expiry);
}

static void look_at_time(struct deadline *d, void *context)
{
    struct hub_conn *c = (struct hub_conn *)((char *)d - offsetof(struct hub_conn, expiry));
    const struct caller *caller = c->kind->caller(c);
    if (caller && caller->known && caller->expires_ms <= clock_wall_ms())
        conn_check(context, c);
    else
        conn_watch(context, c);
}

void conns_init(struct hub_loop *l)
{
    deadlines_add(&l->deadlines, &l->expiry_far, EXPIRY_FAR_MS, look_at_time, l);
    deadlines_add(&l->deadlines, &l->expiry_near, EXPIRY_NEAR_MS, look_at_time, l);
}

void conns_begin(struct hub *h)
{
    pool_init(&h->tally_pool, sizeof(struct tally));
}

void conns_free(struct hub *h)
{
    table_free(&h->tallies);
    pool_free(&h->tally_pool);
}

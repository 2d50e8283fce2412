/* Requests that wait for a change: a kind of connection that hears whatever is told to its account, once. */
#include "identity/identity.h"
#include "realtime/feed/feed.h"
#include "realtime/topics/topics.h"

struct waiter { /* in the request's arena */
    struct hub_conn conn;
    struct listener listener;
    struct held *held;
    struct deadline deadline;
    struct str room;
    uint64_t emitted, withdrawn; /* when the log and the credential were looked at */
    bool waits;
};

struct waiters { /* of one loop */
    struct deadline_queue ends;
    _Atomic int64_t count;
};

static const struct hub_part FEED_PART;

static struct waiters *waiters_of(const struct waiter *w)
{
    return hub_part_own(w->listener.loop, &FEED_PART);
}

/* --- the end ---------------------------------------------------------------------------------------- */

static void leave(struct waiter *w)
{
    w->waits = false;
    waiters_of(w)->count--;
    deadline_clear(&w->deadline);
    hub_leave_all(&w->listener);
    conn_close(w->listener.loop, &w->conn);
}

/* The answer is written already: nothing, look again. */
static void finish(struct waiter *w)
{
    leave(w);
    held_answer(w->held);
}

static void sign_out(struct hub_conn *c)
{
    struct waiter *w = (struct waiter *)c; /* its first member */
    leave(w);
    held_fail(w->held,
              err_note(E_UNAUTHENTICATED, NULL, "the credential was revoked; sign in again"));
}

static void end(struct hub_conn *c, enum hub_end why)
{
    UNUSED(
        why); /* also where its credential could not be asked about: the client asks again, and is checked then */
    finish((struct waiter *)c);
}

static void still_good(struct hub_conn *c)
{
    if (!c->checking)
        finish((struct waiter *)c);
}

static struct caller *conn_caller(struct hub_conn *c)
{
    return c->caller;
}

static const struct conn_kind WAITER = {
    .caller = conn_caller, .sign_out = sign_out, .end = end, .still_good = still_good
};

/* --- what it hears ------------------------------------------------------------------------------------ */

static struct waiter *of_listener(struct listener *one)
{
    return (struct waiter *)((char *)one - offsetof(struct waiter, listener));
}

/* While its credential is asked about it waits for the answer to that alone: the news may be that the credential has gone. */
static void hear(struct listener *one, const struct delivery *d, struct ws_frame *const *frames,
                 unsigned count)
{
    struct waiter *w = of_listener(one);
    UNUSED(d);
    UNUSED(frames);
    UNUSED(count);
    if (!w->conn.checking)
        finish(w);
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

static const struct listener_kind LISTENER = { .hear = hear,
                                               .caller = listener_caller,
                                               .lose = lose };

static void waited(struct deadline *d, void *context)
{
    UNUSED(context);
    finish((struct waiter *)((char *)d - offsetof(struct waiter, deadline)));
}

static void gone(struct held *h, void *arg)
{
    struct waiter *w = arg;
    struct hub_loop *l = w->listener.loop;
    UNUSED(h);
    if (w->waits)
        finish(w);
    hub_loop_leave(l);
}

/* --- the beginning -------------------------------------------------------------------------------------- */

static bool join(struct waiter *w, struct hub_loop *l)
{
    w->listener = (struct listener){ .kind = &LISTENER, .loop = l };
    if (conn_open(l, &w->conn, &WAITER, held_req(w->held)) != OK)
        return false;
    w->waits = true;
    waiters_of(w)->count++;
    if (hub_join(&w->listener, w->room) == OK)
        return true;
    leave(w);
    return false;
}

/* What came since the log was looked at ends the wait at once. */
static bool has_news(const struct waiter *w)
{
    struct hub *h = w->listener.loop->hub;
    hub_lock(h);
    bool news =
        hub_emitted(h) != w->emitted || hub_withdrawals(h) != w->withdrawn || hub_is_stopping(h);
    hub_unlock(h);
    return news;
}

static void begin(struct held *h, void *arg)
{
    struct waiter *w = arg;
    struct hub_loop *l = hub_loop_of(hub_of(held_req(h)->app), held_loop(h));
    w->held = h;
    if (!join(w, l)) /* no memory to wait with: the client asks again */
        held_answer(h);
    else if (has_news(w) || held_is_gone(h))
        finish(w);
    else {
        held_on_gone(h, gone, w);
        deadline_set(&waiters_of(w)->ends, &w->deadline);
        conn_watch(l, &w->conn);
    }
    hub_loop_leave(l);
}

/* What is withdrawn from now on ends the wait; what was before is seen here. */
static err_t still_signed_in(struct req *rq, uint64_t *ret_withdrawn)
{
    struct caller c = rq->caller;
    bool good;
    *ret_withdrawn = hub_withdrawals(hub_of(rq->app));
    TRY(identity_still_good(identity_of(rq->app), rq->db, rq->now_ms, &c, &good));
    return good ? OK
                : err_note(E_UNAUTHENTICATED, NULL, "the credential was revoked; sign in again");
}

err_t wait_for_change(struct req *rq, struct reply *rp, uint64_t emitted)
{
    uint64_t withdrawn;
    TRY(still_signed_in(rq, &withdrawn));
    struct waiter *w = ARENA_NEW(rq->arena, struct waiter);
    if (!w)
        return arena_err(rq->arena);
    w->room = caller_room(rq->arena, rq->caller.user_id);
    w->emitted = emitted;
    w->withdrawn = withdrawn;
    reply_hold(rq, rp, begin, w);
    return arena_err(rq->arena);
}

/* --- the folder's part ------------------------------------------------------------------------------------ */

static void loop_begin(struct hub_loop *l, void *own)
{
    struct waiters *all = own;
    deadlines_add(&l->deadlines, &all->ends, CHANGES_WAIT_MS, waited, all);
}

static const struct hub_part FEED_PART = { .name = "requests that wait",
                                           .loop_bytes = sizeof(struct waiters),
                                           .begin = loop_begin };

err_t feed_start(struct app *app, struct arena *a)
{
    return hub_part_add(hub_of(app), &FEED_PART, a, app);
}

void feed_stop(struct app *app)
{
    hub_part_remove(hub_of(app), &FEED_PART);
}

void feed_figures(struct app *app, struct buf *out)
{
    int64_t count = 0;
    for (int i = 0; i < HUB_LOOPS_MAX; i++) {
        const struct waiters *all = hub_part_own_of(hub_of(app), &FEED_PART, i);
        count += all->count;
    }
    hub_figure(out, "waiters", "gauge", "Requests that wait for a change", count);
}

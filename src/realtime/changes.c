/* The change feed: what the operation log says, to whom it concerns. A consumer of the living tells each user's room;
 * who was away asks by cursor. An op goes to its owner, and where it is about a thing that can be shared to those
 * who may read that. */
#include "base/limits.h"
#include "identity/identity.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "realtime/inside.h"
#include "sharing/sharing.h"

/* --- one op ------------------------------------------------------------------------------------------ */

static void write_fields(struct json_out *o, struct str fields)
{
    struct str name;
    jo_kz(o, "fields");
    jo_array(o);
    while (fields.n && str_cut(&fields, ',', &name))
        jo_str(o, name);
    jo_end(o);
}

static void write_op(struct json_out *o, const struct op *op)
{
    jo_object(o);
    jo_kstr(o, "entity", op->entity);
    jo_kuuid(o, "id", op->entity_id);
    jo_kstr(o, "kind", op->kind);
    jo_ki64(o, "version", op->version);
    write_fields(o, op->fields);
    jo_kuuid(o, "owner_id", op->owner_id);
    if (uuid_is_nil(op->actor_id))
        jo_knull(o, "actor_id");
    else
        jo_kuuid(o, "actor_id", op->actor_id);
    jo_ktime(o, "at", op->created_ms);
    jo_end(o);
}

/* --- asked for by cursor ---------------------------------------------------------------------------------- */

/* Whoever asks, and what it may see of others' things as far as that was asked in this call. */
struct viewer {
    struct app *app;
    struct db *db;
    struct arena *arena;
    struct uuid user;
    struct map rights; /* by thing: a bool */
};

/* Owner, id and kind, as bytes. */
static struct str thing_key(struct arena *a, const struct op *op)
{
    size_t ids = 2 * sizeof(struct uuid), n = ids + op->entity.n;
    char *key = arena_alloc(a, n);
    if (!key)
        return STR_NONE;
    memcpy(key, &op->owner_id, sizeof op->owner_id);
    memcpy(key + sizeof op->owner_id, &op->entity_id, sizeof op->entity_id);
    memcpy(key + ids, op->entity.s, op->entity.n);
    return str_of(key, n);
}

/* Asked once for each thing, however many ops there are about it. */
static err_t may_read(struct viewer *v, const struct entity *entity, const struct op *op, bool *ret)
{
    struct str key = thing_key(v->arena, op);
    TRY(arena_err(v->arena));
    bool *known = map_get(&v->rights, key);
    if (!known) {
        known = ARENA_NEW(v->arena, bool);
        if (!known)
            return arena_err(v->arena);
        TRY(sharing_allows(v->db, v->arena, v->user, SHARE_READ, entity->name, op->owner_id,
                           op->entity_id, known));
        TRY(map_put(&v->rights, key, known));
    }
    *ret = *known;
    return OK;
}

/* Its own, or about a thing of another's that it may read still. */
static err_t may_see(struct viewer *v, const struct op *op, bool *ret)
{
    const struct entity *entity = app_shareable(v->app, op->entity);
    *ret = uuid_eq(op->owner_id, v->user);
    return *ret || !entity ? OK : may_read(v, entity, op, ret);
}

err_t changes_write(struct app *app, struct db *db, struct arena *a, struct uuid user,
                    struct op_cursor *cursor, size_t limit, struct json_out *o, bool *ret_nothing)
{
    size_t found = 0, looked = 0;
    bool more = true;
    struct viewer v = { .app = app, .db = db, .arena = a, .user = user };
    map_init(&v.rights, a);
    jo_kz(o, "items");
    jo_array(o);
    while (more && found < limit && looked < CHANGES_SCANNED_MAX) {
        struct op *ops;
        size_t count;
        TRY(ops_read_for(db, a, user, cursor, limit - found, &ops, &count, &more));
        looked += count;
        for (size_t i = 0; i < count; i++) {
            bool visible;
            TRY(may_see(&v, &ops[i], &visible));
            if (visible)
                write_op(o, &ops[i]);
            found += visible;
        }
    }
    jo_end(o);
    jo_kstr(o, "cursor", op_cursor_text(a, *cursor));
    jo_kbool(o, "more", more);
    *ret_nothing = looked == 0;
    return arena_err(a);
}

/* --- told at once ---------------------------------------------------------------------------------------------- */

struct audience { /* one user, and what is told in this batch */
    struct uuid user;
    struct buf items;
    struct json_out out;
    size_t count;
    struct buf about; /* what of it they hear of by a right that may go: topics, for recovery */
};

static err_t audience_of(struct map *all, struct arena *a, struct uuid user, struct audience **ret)
{
    struct str key = uuid_str(a, user);
    struct audience *one = map_get(all, key);
    if (!one) {
        one = ARENA_NEW(a, struct audience);
        if (!one)
            return arena_err(a);
        one->user = user;
        buf_init(&one->items, a, EMISSION_BYTES_MAX);
        buf_init(&one->about, a, (size_t)CHANGES_ITEMS_MAX * ROOM_BYTES_MAX);
        jo_init(&one->out, &one->items);
        jo_array(&one->out);
        TRY(map_put(all, key, one));
    }
    *ret = one;
    return OK;
}

/* `topic`: what the op is about, to somebody whose it is not; else STR_NONE. */
static err_t tell_one(struct map *all, struct arena *a, struct uuid user, const struct op *op,
                      struct str topic)
{
    struct audience *one;
    TRY(audience_of(all, a, user, &one));
    if (one->count++ >= CHANGES_ITEMS_MAX)
        return OK;
    write_op(&one->out, op);
    if (topic.s) {
        buf_put(&one->about, topic);
        buf_putc(&one->about, 0);
    }
    return OK;
}

static err_t tell_all(struct app *app, struct map *all, struct db *rows, struct arena *a,
                      const struct op *op)
{
    struct uuid *others = NULL;
    size_t count = 0;
    TRY(tell_one(all, a, op->owner_id, op, STR_NONE));
    const struct entity *entity = app_shareable(app, op->entity);
    if (!entity)
        return OK;
    struct str topic = topic_of_entity(a, entity->name, op->entity_id);
    TRY(ops_readers(rows, a, op->owner_id, op->entity, op->entity_id, &others, &count));
    for (size_t i = 0; i < count; i++)
        TRY(tell_one(all, a, others[i], op, topic));
    return arena_err(a);
}

/* More than one event holds: the client asks by the last cursor it had. */
static void emit_change(struct realtime *rt, struct arena *a, struct audience *one,
                        struct str cursor)
{
    struct buf b;
    struct json_out o;
    bool more = one->count > CHANGES_ITEMS_MAX || buf_err(&one->items) != OK;
    jo_end(&one->out);
    buf_init(&b, a, EMISSION_BYTES_MAX);
    jo_init(&o, &b);
    jo_object(&o);
    jo_kz(&o, "items");
    jo_raw(&o, more ? S("[]") : buf_str(&one->items));
    jo_kstr(&o, "cursor", cursor);
    jo_kbool(&o, "more", more);
    jo_end(&o);
    struct str room = caller_room(a, one->user);
    const struct emission e = { .rooms = &room,
                                .room_count = 1,
                                .event = "change",
                                .arguments = buf_str(&b),
                                .keep = true,
                                .about = more ? STR_NONE : buf_str(&one->about) };
    if (buf_err(&b) == OK && buf_err(&one->about) == OK && room.s)
        hub_emit(rt, &e);
}

/* --- what goes ------------------------------------------------------------------------------------------------------ */

static void withdraw_shared(struct realtime *rt, struct arena *a, struct uuid user,
                            const char *entity, struct uuid id)
{
    struct str topic = topic_of_entity(a, entity, id);
    if (topic.s)
        withdraw_topic(rt, user, topic);
}

/* The op "access deleted" lies in the log of who lost it; its field names the kind of thing. */
static void withdraw(struct realtime *rt, struct arena *a, const struct op *op)
{
    bool deleted = str_eq(op->kind, S("deleted"));
    bool access = str_eq(op->entity, S("access"));
    const struct entity *entity = app_shareable(rt->app, access ? op->fields : op->entity);
    if (str_eq(op->entity, S("account")) && deleted)
        withdraw_account(rt, op->entity_id);
    else if (str_eq(op->entity, S("account")) && !str_eq(op->kind, S("created")))
        withdraw_check(rt, op->entity_id);
    else if (deleted && identity_is_credential(identity_of(rt->app), op->entity))
        withdraw_credential(rt, op->entity_id);
    else if (deleted && entity)
        withdraw_shared(rt, a, access ? op->owner_id : (struct uuid){ { 0 } }, entity->name,
                        op->entity_id);
}

static err_t consume(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                     const struct op *ops, size_t count)
{
    struct realtime *rt = realtime_of(app);
    struct map all;
    UNUSED(effects);
    map_init(&all, a);
    identity_heard(identity_of(app), ops, count);
    for (size_t i = 0; i < count; i++) {
        withdraw(rt, a, &ops[i]);
        TRY(tell_all(app, &all, rows, a, &ops[i]));
    }
    struct str cursor =
        op_cursor_text(a, (struct op_cursor){ ops[count - 1].txid, ops[count - 1].seq });
    TRY(arena_err(a));
    for (size_t i = 0; i < all.count; i++)
        emit_change(rt, a, all.entries[i].value, cursor);
    return OK;
}

const struct op_consumer REALTIME_CONSUMERS[] = {
    { .name = "realtime_live", .live = true, .rest_ms = CHANGES_REST_MS, .consume = consume },
};

/* --- the route, which may wait -------------------------------------------------------------------------------------- */

struct waiter { /* in the request's arena */
    struct waiter *next, **link;
    struct held *held;
    struct rt_loop *loop;
    struct deadline deadline;
    struct str room;
    uint64_t emitted, withdrawn; /* when the log and the credential were looked at */
};

struct changes_query {
    struct str after;
    int64_t limit;
    bool wait;
};
const struct field CHANGES_QUERY[] = {
    FIELD(changes_query, after, FIELD_STR, false, 1, 64,
          "the last cursor that was heard of; without it the answer is the present one"),
    FIELD(changes_query, limit, FIELD_I64, false, 1, PAGE_ITEMS_MAX, "how many at most"),
    FIELD(changes_query, wait, FIELD_BOOL, false, 0, 0,
          "where there is nothing yet, answer when there may be (an empty list), or after 25 s"),
};
_Static_assert(COUNTOF(CHANGES_QUERY) == CHANGES_QUERY_COUNT, "for the route table");

static void waiter_unlink(struct waiter *w)
{
    deadline_clear(&w->deadline);
    *w->link = w->next;
    if (w->next)
        w->next->link = w->link;
    w->link = NULL;
    w->loop->waiter_count--;
}

static void waiter_end(struct waiter *w)
{
    waiter_unlink(w);
    held_answer(w->held);
}

void waiters_wake(struct rt_loop *l, struct str room)
{
    for (struct waiter *w = l->waiters, *next; w; w = next) {
        next = w->next;
        if (str_eq(w->room, room))
            waiter_end(w);
    }
}

void waiters_end(struct rt_loop *l)
{
    while (l->waiters)
        waiter_end(l->waiters);
}

/* --- and whose credential may end meanwhile --------------------------------------------------------------------------- */

static void refuse(struct held *h)
{
    held_fail(h, err_note(E_UNAUTHENTICATED, NULL, "the credential was revoked; sign in again"));
}

void waiters_refuse(struct rt_loop *l, bool credential, struct uuid id)
{
    for (struct waiter *w = l->waiters, *next; w; w = next) {
        next = w->next;
        if (!caller_stands_on(&held_req(w->held)->caller, credential, id))
            continue;
        waiter_unlink(w);
        refuse(w->held);
    }
}

struct question { /* in the arena of the request that it is about */
    struct held *held;
    struct identity *identity;
    struct caller caller;
    bool alive;
};

static void ask(struct db *db, struct arena *a, void *arg)
{
    struct question *q = arg;
    UNUSED(a);
    if (!db || identity_still_good(q->identity, db, clock_wall_ms(), &q->caller, &q->alive) != OK)
        q->alive = true; /* not known: the client asks again, and is checked then */
}

static void asked(struct net_loop *net, void *arg)
{
    struct question *q = arg;
    UNUSED(net);
    if (q->alive)
        held_answer(q->held);
    else
        refuse(q->held);
}

void waiters_check(struct rt_loop *l, struct uuid user)
{
    for (struct waiter *w = l->waiters, *next; w; w = next) {
        next = w->next;
        struct req *rq = held_req(w->held);
        if (!uuid_eq(rq->caller.user_id, user))
            continue;
        waiter_unlink(w); /* from here on it waits for the answer to this alone */
        struct question *q = ARENA_NEW(rq->arena, struct question);
        if (q)
            *q = (struct question){ w->held, identity_of(rq->app), rq->caller, true };
        if (!q || http_work(l->rt->app->server, l->net, ask, asked, q) != OK)
            held_answer(w->held);
    }
}

static void waited(struct deadline *d, void *context)
{
    UNUSED(context);
    waiter_end((struct waiter *)((char *)d - offsetof(struct waiter, deadline)));
}

void waiters_init(struct rt_loop *l)
{
    deadlines_queue(&l->deadlines, DEADLINE_WAIT, CHANGES_WAIT_MS, waited);
}

static void waiter_gone(struct held *h, void *arg)
{
    struct waiter *w = arg;
    UNUSED(h);
    if (w->link)
        waiter_end(w);
}

/* The answer is written already: nothing, look again. What came since the log was looked at ends the wait at once. */
static void begin_waiting(struct held *h, void *arg)
{
    struct waiter *w = arg;
    struct realtime *rt = realtime_of(held_req(h)->app);
    struct rt_loop *l = loop_of(rt, held_loop(h));
    mutex_lock(&rt->emitting);
    bool news = rt->emitted != w->emitted || rt->withdrawals != w->withdrawn || rt->stopping;
    if (l && !news) {
        w->loop = l;
        w->held = h;
        w->next = l->waiters;
        w->link = &l->waiters;
        if (w->next)
            w->next->link = &w->next;
        l->waiters = w;
        l->waiter_count++;
    }
    mutex_unlock(&rt->emitting);
    if (!l || news || held_is_gone(h)) {
        if (w->held)
            waiter_end(w);
        else
            held_answer(h);
        return;
    }
    held_on_gone(h, waiter_gone, w);
    deadline_set(&l->deadlines, DEADLINE_WAIT, &w->deadline);
}

static uint64_t emitted_now(struct realtime *rt)
{
    mutex_lock(&rt->emitting);
    uint64_t n = rt->emitted;
    mutex_unlock(&rt->emitting);
    return n;
}

/* What is withdrawn from now on ends the wait; what was before is seen here. */
static err_t still_signed_in(struct req *rq, uint64_t *ret_withdrawn)
{
    struct caller c = rq->caller;
    bool good;
    *ret_withdrawn = realtime_of(rq->app)->withdrawals;
    TRY(identity_still_good(identity_of(rq->app), rq->db, rq->now_ms, &c, &good));
    return good ? OK
                : err_note(E_UNAUTHENTICATED, NULL, "the credential was revoked; sign in again");
}

static err_t wait_for_change(struct req *rq, struct reply *rp, uint64_t emitted)
{
    uint64_t withdrawn;
    TRY(still_signed_in(rq, &withdrawn));
    struct waiter *w = ARENA_NEW(rq->arena, struct waiter);
    if (!w)
        return arena_err(rq->arena);
    w->room = caller_room(rq->arena, rq->caller.user_id);
    w->emitted = emitted;
    w->withdrawn = withdrawn;
    reply_hold(rq, rp, begin_waiting, w);
    return arena_err(rq->arena);
}

err_t changes_get(struct req *rq, struct reply *rp)
{
    struct changes_query q = { .limit = PAGE_ITEMS_DEFAULT };
    struct op_cursor cursor;
    bool nothing;
    uint64_t emitted = emitted_now(realtime_of(rq->app));
    TRY(req_query_fields(rq, &q));
    if (q.after.s)
        TRY(op_cursor_parse(q.after, &cursor));
    else
        TRY(ops_head(rq->db, &cursor));
    struct json_out *o = reply_json(rp);
    jo_object(o);
    TRY(changes_write(rq->app, rq->db, rq->arena, rq->caller.user_id, &cursor, (size_t)q.limit, o,
                      &nothing));
    jo_end(o);
    return nothing && q.wait && q.after.s ? wait_for_change(rq, rp, emitted) : OK;
}

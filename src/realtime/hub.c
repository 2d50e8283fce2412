/* Rooms, and emissions to them across the loops. */
#include "base/limits.h"
#include "os/clock.h"
#include "realtime/inside.h"

/* --- membership, on the listener's loop ----------------------------------------------------------- */

struct room *hub_room(struct rt_loop *l, struct str name)
{
    return (struct room *)table_get(&l->rooms, name); /* its first member */
}

static struct room *room_make(struct rt_loop *l, struct str name)
{
    struct room *r = POOL_NEW(&l->room_pool, struct room);
    if (!r)
        return NULL;
    memcpy(r->name, name.s, name.n);
    if (table_put(&l->rooms, &r->by_name, str_of(r->name, name.n)) != OK) {
        pool_put(&l->room_pool, r);
        return NULL;
    }
    l->room_count++;
    return r;
}

static void room_end_if_empty(struct rt_loop *l, struct room *r)
{
    if (r->members)
        return;
    table_remove(&l->rooms, &r->by_name);
    pool_put(&l->room_pool, r);
    l->room_count--;
}

static struct membership **place_of(struct listener *one, struct str room)
{
    struct membership **m = &one->rooms;
    while (*m && !str_eq((*m)->room->by_name.key, room))
        m = &(*m)->next_of_listener;
    return m;
}

bool hub_is_in(const struct listener *one, struct str room)
{
    for (const struct membership *m = one->rooms; m; m = m->next_of_listener)
        if (str_eq(m->room->by_name.key, room))
            return true;
    return false;
}

err_t hub_join(struct listener *one, struct str name)
{
    struct rt_loop *l = one->loop;
    if (*place_of(one, name))
        return OK;
    if (one->room_count >= ROOMS_PER_SOCKET_MAX || name.n >= ROOM_BYTES_MAX)
        return err_note(E_LIMIT, "topics", "a socket is in at most %d rooms", ROOMS_PER_SOCKET_MAX);
    struct room *r = hub_room(l, name);
    if (!r)
        r = room_make(l, name);
    struct membership *m = r ? POOL_NEW(&l->member_pool, struct membership) : NULL;
    if (!m) {
        if (r)
            room_end_if_empty(l, r);
        return E_BUSY;
    }
    *m = (struct membership){ .next_of_listener = one->rooms,
                              .next = r->members,
                              .link = &r->members,
                              .room = r,
                              .listener = one };
    if (m->next)
        m->next->link = &m->next;
    r->members = one->rooms = m;
    r->count++;
    one->room_count++;
    return OK;
}

static void leave(struct listener *one, struct membership **place)
{
    struct rt_loop *l = one->loop;
    struct membership *m = *place;
    *place = m->next_of_listener;
    *m->link = m->next;
    if (m->next)
        m->next->link = m->link;
    m->room->count--;
    one->room_count--;
    room_end_if_empty(l, m->room);
    pool_put(&l->member_pool, m);
}

void hub_leave(struct listener *one, struct str room)
{
    struct membership **place = place_of(one, room);
    if (*place)
        leave(one, place);
}

void hub_leave_all(struct listener *one)
{
    while (one->rooms)
        leave(one, &one->rooms);
}

/* --- delivery, on each loop ------------------------------------------------------------------------- */

static void deliver_to(struct listener *one, const struct delivery *d)
{
    if (one->mark == d->number || one->heard >= d->number)
        return;
    one->mark = d->number;
    one->kind->hear(one, d);
}

static void deliver_to_room(struct rt_loop *l, struct str name, const struct delivery *d)
{
    struct room *r = hub_room(l, name);
    for (struct membership *m = r ? r->members : NULL, *next; m; m = next) {
        next = m->next;
        /* One that ends in it leaves its rooms when loop_leave is through. */
        deliver_to(m->listener, d);
    }
    waiters_wake(l, name);
}

static void hold_frames(const struct delivery *d)
{
    for (unsigned i = 0; i < d->frame_count; i++)
        ws_frame_hold(d->frames[i]);
}

static void drop_frames(const struct delivery *d)
{
    for (unsigned i = 0; i < d->frame_count; i++)
        ws_frame_drop(d->frames[i]);
}

static void deliver(struct net_loop *net, void *arg)
{
    const struct delivery *d = arg;
    struct rt_loop *l = &d->rt->loops[net->number];
    struct str names = str_of((const char *)(d + 1), d->names_bytes), name;
    while (l->net && names.n && str_cut(&names, 0, &name))
        deliver_to_room(l, name, d);
    drop_frames(d);
    if (l->net)
        loop_leave(l);
}

/* --- emission, from any thread ------------------------------------------------------------------------ */

/* `42["event",arguments,"offset"]`: one encoding for every receiver. */
static struct ws_frame *encode(const struct emission *e, uint64_t number)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    buf_init(&text, NULL, EMISSION_BYTES_MAX);
    buf_putc(&text, '0' + EIO_MESSAGE);
    sio_head_write(&text, e->attachment_count ? SIO_BINARY_EVENT : SIO_EVENT, e->attachment_count,
                   S("/"), -1);
    buf_putf(&text, "[\"%s\"", e->event);
    if (e->arguments.n)
        buf_putc(&text, ',');
    buf_put(&text, e->arguments);
    if (e->keep)
        buf_putf(&text, ",\"%llu\"", (unsigned long long)number);
    buf_putc(&text, ']');
    return buf_err(&text) ? NULL : ws_frame_new(WS_TEXT, buf_str(&text));
}

/* False: no memory; what has been made is dropped with the rest. */
static bool make_frames(const struct emission *e, struct delivery *d)
{
    assert(e->attachment_count <= SIO_ATTACHMENTS_MAX && !(e->keep && e->attachment_count));
    struct ws_frame *f = encode(e, d->number);
    for (unsigned i = 0; f && i < e->attachment_count; i++) {
        d->frames[d->frame_count++] = f;
        f = ws_frame_new(WS_BINARY, e->attachments[i]);
    }
    if (f)
        d->frames[d->frame_count++] = f;
    return f != NULL;
}

static void put_names(struct buf *out, const struct emission *e)
{
    for (size_t i = 0; i < e->room_count; i++) {
        buf_put(out, e->rooms[i]);
        buf_putc(out, 0);
    }
}

static void post(struct realtime *rt, struct delivery *d, struct str names)
{
    CLEANUP(buf_free) struct buf letter = { 0 };
    buf_init(&letter, NULL, sizeof *d + names.n);
    buf_put(&letter, str_of((const char *)d, sizeof *d));
    buf_put(&letter, names);
    for (int i = 0; buf_err(&letter) == OK && i < rt->loop_count; i++) {
        if (!rt->loops[i].conn_count && !rt->loops[i].waiter_count)
            continue;
        hold_frames(d);
        net_post_copy(http_loop(rt->app->server, i), deliver, buf_str(&letter));
    }
}

void hub_emit(struct realtime *rt, const struct emission *e)
{
    CLEANUP(buf_free) struct buf names = { 0 };
    buf_init(&names, NULL, (size_t)ROOM_BYTES_MAX * (e->room_count + 1));
    put_names(&names, e);
    if (buf_err(&names))
        return;
    /* Under one lock, so that offsets and mailboxes have the same order. */
    mutex_lock(&rt->emitting);
    if (rt->stopping) {
        mutex_unlock(&rt->emitting);
        return;
    }
    struct delivery d = {
        .rt = rt, .number = ++rt->emitted, .names_bytes = names.n, .is_volatile = e->is_volatile
    };
    bool made = make_frames(e, &d);
    if (made && e->keep)
        recovery_keep(&rt->recovery, d.number, d.frames[0], buf_str(&names), e->about,
                      clock_monotonic_ms());
    if (made)
        post(rt, &d, buf_str(&names));
    mutex_unlock(&rt->emitting);
    drop_frames(&d);
}

void hub_post(struct realtime *rt, struct str room, struct ws_frame *f)
{
    char name[ROOM_BYTES_MAX] = { 0 };
    assert(room.n < sizeof name);
    memcpy(name, room.s, room.n);
    struct delivery d = { .rt = rt,
                          .frames = { f },
                          .frame_count = 1,
                          .number = ++rt->emitted,
                          .names_bytes = room.n + 1 };
    if (!rt->stopping)
        post(rt, &d, str_of(name, d.names_bytes));
}

void rt_emit(struct app *app, struct str room, const char *event, struct str json)
{
    struct realtime *rt = app->server ? realtime_of(app) : NULL;
    const struct emission e = {
        .rooms = &room, .room_count = 1, .event = event, .arguments = json, .keep = true
    };
    if (rt)
        hub_emit(rt, &e);
}

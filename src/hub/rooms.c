/* Rooms, and emissions to them across the loops. */
#include "hub/inside.h"
#include "os/clock.h"

/* --- membership, on the listener's loop ----------------------------------------------------------- */

struct room *hub_room(struct hub_loop *l, struct str name)
{
    return (struct room *)table_get(&l->rooms, name); /* its first member */
}

static struct room *room_make(struct hub_loop *l, struct str name)
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

static void room_end_if_empty(struct hub_loop *l, struct room *r)
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
    while (*m && !str_eq(table_key(&(*m)->room->by_name), room))
        m = &(*m)->next_of_listener;
    return m;
}

bool hub_is_in(const struct listener *one, struct str room)
{
    for (const struct membership *m = one->rooms; m; m = m->next_of_listener)
        if (str_eq(table_key(&m->room->by_name), room))
            return true;
    return false;
}

/* It hears in its part's form while it is in a room: who encodes looks at how many there are. */
static void begin_to_hear(struct listener *one)
{
    struct hub *h = one->loop->hub;
    one->form = one->kind->part ? part_index(h, one->kind->part) : -1;
    if (one->form >= 0)
        h->parts[one->form].listeners++;
}

static void end_hearing(struct listener *one)
{
    if (one->form >= 0)
        one->loop->hub->parts[one->form].listeners--;
}

err_t hub_join(struct listener *one, struct str name)
{
    struct hub_loop *l = one->loop;
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
    if (one->room_count++ == 0)
        begin_to_hear(one);
    return OK;
}

static void leave(struct listener *one, struct membership **place)
{
    struct hub_loop *l = one->loop;
    struct membership *m = *place;
    *place = m->next_of_listener;
    *m->link = m->next;
    if (m->next)
        m->next->link = m->link;
    m->room->count--;
    if (--one->room_count == 0)
        end_hearing(one);
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

struct letter { /* the rooms' names follow it, each with a zero byte behind it */
    struct delivery delivery;
    struct hub_frames frames;          /* of all forms; a reference for each letter */
    unsigned char from[HUB_PARTS_MAX]; /* where the frames of a part's form begin … */
    unsigned char of[HUB_PARTS_MAX];   /* … and how many they are */
    size_t names_bytes;
};

static void deliver_to(struct listener *one, const struct letter *w)
{
    int form = one->form;
    if (one->heard >= w->delivery.number) /* they come in the order of their numbers */
        return;
    one->heard = w->delivery.number;
    if (form < 0)
        one->kind->hear(one, &w->delivery, NULL, 0);
    else if (w->of[form])
        one->kind->hear(one, &w->delivery, &w->frames.frames[w->from[form]], w->of[form]);
}

/* One that ends in it leaves its rooms in it, and the room goes with its last member, which has no next. */
static void deliver_to_room(struct hub_loop *l, struct str name, const struct letter *w)
{
    struct room *r = hub_room(l, name);
    for (struct membership *m = r ? r->members : NULL, *next; m; m = next) {
        next = m->next;
        deliver_to(m->listener, w);
    }
}

static void hold_frames(const struct hub_frames *f)
{
    for (unsigned i = 0; i < f->count; i++)
        ws_frame_hold(f->frames[i]);
}

static void drop_frames(const struct hub_frames *f)
{
    for (unsigned i = 0; i < f->count; i++)
        ws_frame_drop(f->frames[i]);
}

static void deliver(struct net_loop *net, void *arg)
{
    const struct letter *w = arg;
    struct hub_loop *l = &w->delivery.hub->loops[net->number];
    struct str names = str_of((const char *)(w + 1), w->names_bytes), name;
    while (l->net && names.n && str_cut(&names, 0, &name))
        deliver_to_room(l, name, w);
    drop_frames(&w->frames);
    if (l->net)
        hub_loop_leave(l);
}

/* --- emission, from any thread ------------------------------------------------------------------------ */

bool hub_frames_add(struct hub_frames *out, struct ws_frame *f)
{
    assert(out->count < HUB_FRAMES_MAX);
    if (f)
        out->frames[out->count++] = f;
    return f != NULL;
}

/* Once for each form that somebody hears in. False: no memory; what has been made is dropped with the rest. */
static bool encode(struct hub *h, const struct emission *e, struct letter *w)
{
    for (int i = 0; i < h->part_count; i++) {
        const struct hub_form *form = h->parts[i].part->form;
        if (!form || !h->parts[i].listeners)
            continue;
        w->from[i] = (unsigned char)w->frames.count;
        if (!form->encode(e, w->delivery.number, &w->frames))
            return false;
        w->of[i] = (unsigned char)(w->frames.count - w->from[i]);
    }
    return true;
}

static void put_names(struct buf *out, const struct emission *e)
{
    for (size_t i = 0; i < e->room_count; i++) {
        buf_put(out, e->rooms[i]);
        buf_putc(out, 0);
    }
}

static void post(struct hub *h, struct letter *w, struct str names)
{
    CLEANUP(buf_free) struct buf letter = { 0 };
    w->names_bytes = names.n;
    buf_init(&letter, NULL, sizeof *w + names.n);
    buf_put(&letter, str_of((const char *)w, sizeof *w));
    buf_put(&letter, names);
    for (int i = 0; buf_err(&letter) == OK && i < HUB_LOOPS_MAX; i++) {
        if (!h->loops[i].conn_count)
            continue;
        hold_frames(&w->frames);
        net_post_copy(http_loop(h->app->server, i), deliver, buf_str(&letter));
    }
}

void hub_emit(struct hub *h, const struct emission *e)
{
    CLEANUP(buf_free) struct buf names = { 0 };
    buf_init(&names, NULL, (size_t)ROOM_BYTES_MAX * (e->room_count + 1));
    put_names(&names, e);
    assert(!(e->keep && e->attachment_count));
    if (buf_err(&names))
        return;
    /* Under one lock, so that numbers and mailboxes have the same order. */
    mutex_lock(&h->emitting);
    if (h->stopping) {
        mutex_unlock(&h->emitting);
        return;
    }
    struct letter w = { .delivery = { h, .number = ++h->emitted, .is_volatile = e->is_volatile,
                                      .last = e->last } };
    bool made = encode(h, e, &w);
    if (made && e->keep)
        ring_keep(h->ring, w.delivery.number, e, buf_str(&names), clock_monotonic_ms());
    if (made)
        post(h, &w, buf_str(&names));
    mutex_unlock(&h->emitting);
    drop_frames(&w.frames);
}

void hub_post(struct hub *h, const struct hub_part *p, struct str room, struct ws_frame *f)
{
    char name[ROOM_BYTES_MAX] = { 0 };
    int form = part_index(h, p);
    assert(room.n < sizeof name && form >= 0);
    memcpy(name, room.s, room.n);
    struct letter w = { .delivery = { h, .number = ++h->emitted }, .frames = { { f }, 1 } };
    w.of[form] = 1;
    if (!h->stopping)
        post(h, &w, str_of(name, room.n + 1));
}

void hub_tell(struct app *app, struct str room, const char *event, struct str json, bool last)
{
    struct hub *h = app->server ? hub_of(app) : NULL;
    const struct emission e = { .rooms = &room,
                                .room_count = 1,
                                .event = event,
                                .arguments = json,
                                .keep = true,
                                .last = last };
    if (h)
        hub_emit(h, &e);
}

void hub_lock(struct hub *h)
{
    mutex_lock(&h->emitting);
}

void hub_unlock(struct hub *h)
{
    mutex_unlock(&h->emitting);
}

struct ring *hub_ring(struct hub *h)
{
    return h->ring;
}

uint64_t hub_emitted(const struct hub *h)
{
    return h->emitted;
}

bool hub_is_stopping(const struct hub *h)
{
    return h->stopping;
}

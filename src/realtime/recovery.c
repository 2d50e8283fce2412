/* Connection state recovery: a ring of what was emitted, and the sockets whose connections went.
 * Bounded by count, bytes and age. Everything here is under the emission lock. */
#include "base/limits.h"
#include "realtime/inside.h"

void recovery_init(struct recovery *r)
{
    pool_init(&r->pool, sizeof(struct lost));
}

/* --- the ring ----------------------------------------------------------------------------------- */

static void kept_free(struct recovery *r, struct kept *k)
{
    if (!k->frame)
        return;
    r->bytes -= k->frame->n + k->names.n;
    ws_frame_drop(k->frame);
    buf_free(&k->names);
    *k = (struct kept){ 0 };
}

static void forget_all(struct recovery *r)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++)
        kept_free(r, &r->ring[i]);
}

/* The oldest goes while there is too much. */
static void make_room(struct recovery *r)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX && r->bytes > RECOVERY_BYTES_MAX; i++)
        kept_free(r, &r->ring[(r->next + i) % RECOVERY_EMISSIONS_MAX]);
}

void recovery_keep(struct recovery *r, uint64_t number, struct ws_frame *f, struct str rooms,
                   struct str about, int64_t now_ms)
{
    struct kept *k = &r->ring[r->next];
    kept_free(r, k);
    buf_init(&k->names, NULL, rooms.n + about.n);
    buf_put(&k->names, rooms);
    buf_put(&k->names, about);
    if (buf_err(&k->names)) { /* nobody is to come back over the gap */
        buf_free(&k->names);
        forget_all(r);
        return;
    }
    k->number = number;
    k->rooms_bytes = rooms.n;
    k->at_ms = now_ms;
    k->frame = ws_frame_hold(f);
    r->bytes += f->n + k->names.n;
    r->next = (r->next + 1) % RECOVERY_EMISSIONS_MAX;
    make_room(r);
}

/* Kept emissions have numbers that only grow, so the offset is there when what it names is: the emission itself. */
static bool has(const struct recovery *r, uint64_t offset, int64_t now_ms)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++)
        if (r->ring[i].frame && r->ring[i].number == offset)
            return now_ms - r->ring[i].at_ms <= RECOVERY_MS;
    return false;
}

static bool names_hold(struct str names, struct str name)
{
    struct str other;
    while (names.n && str_cut(&names, 0, &other))
        if (str_eq(name, other))
            return true;
    return false;
}

/* Is it one that was missed: after the offset, to one of the rooms? */
static bool was_missed(const struct kept *k, uint64_t offset, struct str rooms)
{
    struct str to = str_sub(buf_str(&k->names), 0, k->rooms_bytes), name;
    if (!k->frame || k->number <= offset)
        return false;
    while (to.n && str_cut(&to, 0, &name))
        if (names_hold(rooms, name))
            return true;
    return false;
}

void recovery_about(const struct recovery *r, uint64_t offset, struct str rooms, struct buf *out)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++) {
        const struct kept *k = &r->ring[i];
        struct str about = str_sub(buf_str(&k->names), k->rooms_bytes, k->names.n), name;
        if (!about.n || !was_missed(k, offset, rooms))
            continue;
        while (about.n && str_cut(&about, 0, &name)) {
            if (names_hold(buf_str(out), name))
                continue;
            buf_put(out, name);
            buf_putc(out, 0);
        }
    }
}

void recovery_replay(struct recovery *r, uint64_t offset, struct str rooms,
                     void (*each)(void *context, struct ws_frame *f), void *context)
{
    for (size_t i = 0; i < RECOVERY_EMISSIONS_MAX; i++) {
        struct kept *k = &r->ring[(r->next + i) % RECOVERY_EMISSIONS_MAX];
        if (was_missed(k, offset, rooms))
            each(context, k->frame);
    }
}

/* --- lost sockets --------------------------------------------------------------------------------- */

static void unlink_lost(struct recovery *r, struct lost *l)
{
    table_remove(&r->lost, &l->by_pid);
    *(l->newer ? &l->newer->older : &r->newest) = l->older;
    *(l->older ? &l->older->newer : &r->oldest) = l->newer;
}

void recovery_drop(struct recovery *r, struct lost *l)
{
    buf_free(&l->rooms);
    pool_put(&r->pool, l);
}

static void expire(struct recovery *r, int64_t now_ms)
{
    while (r->oldest &&
           (now_ms - r->oldest->at_ms > RECOVERY_MS || r->lost.count >= RECOVERY_SOCKETS_MAX)) {
        struct lost *l = r->oldest;
        unlink_lost(r, l);
        recovery_drop(r, l);
    }
}

void recovery_lose(struct recovery *r, const struct rt_socket *s, int64_t now_ms)
{
    expire(r, now_ms);
    struct lost *l = POOL_NEW(&r->pool, struct lost);
    if (!l)
        return;
    memcpy(l->pid, s->pid, sizeof l->pid);
    memcpy(l->id, s->id, sizeof l->id);
    l->user_id = s->caller.user_id;
    l->at_ms = now_ms;
    buf_init(&l->rooms, NULL, (size_t)ROOM_BYTES_MAX * (ROOMS_PER_SOCKET_MAX + 1));
    for (const struct membership *m = s->listener.rooms; m; m = m->next_of_listener) {
        buf_put(&l->rooms, m->room->by_name.key);
        buf_putc(&l->rooms, 0);
    }
    if (buf_err(&l->rooms) || table_put(&r->lost, &l->by_pid, str_from(l->pid)) != OK) {
        recovery_drop(r, l);
        return;
    }
    l->older = r->newest;
    *(l->older ? &l->older->newer : &r->oldest) = l;
    r->newest = l;
}

struct lost *recovery_take(struct recovery *r, struct str pid, uint64_t offset, struct uuid user,
                           int64_t now_ms)
{
    expire(r, now_ms);
    struct lost *l = (struct lost *)table_get(&r->lost, pid); /* its first member */
    if (!l || !uuid_eq(l->user_id, user) || !has(r, offset, now_ms))
        return NULL;
    unlink_lost(r, l);
    return l;
}

void recovery_free(struct recovery *r)
{
    forget_all(r);
    while (r->oldest) {
        struct lost *l = r->oldest;
        unlink_lost(r, l);
        recovery_drop(r, l);
    }
    table_free(&r->lost);
    pool_free(&r->pool);
}

#include "realtime/protocol/recovery.h"

void recovery_init(struct recovery *r)
{
    pool_init(&r->pool, sizeof(struct lost));
}

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

void recovery_lose(struct recovery *r, const struct listener *who, const char *pid, const char *id,
                   struct uuid user, int64_t now_ms)
{
    expire(r, now_ms);
    struct lost *l = POOL_NEW(&r->pool, struct lost);
    if (!l)
        return;
    memcpy(l->pid, pid, sizeof l->pid);
    memcpy(l->id, id, sizeof l->id);
    l->user_id = user;
    l->at_ms = now_ms;
    buf_init(&l->rooms, NULL, (size_t)ROOM_BYTES_MAX * (ROOMS_PER_SOCKET_MAX + 1));
    for (const struct membership *m = who->rooms; m; m = m->next_of_listener) {
        buf_put(&l->rooms, table_key(&m->room->by_name));
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

struct lost *recovery_take(struct recovery *r, const struct ring *ring, struct str pid,
                           uint64_t offset, struct uuid user, int64_t now_ms)
{
    expire(r, now_ms);
    struct lost *l = (struct lost *)table_get(&r->lost, pid); /* its first member */
    if (!l || !uuid_eq(l->user_id, user) || !ring_has(ring, offset, now_ms))
        return NULL;
    unlink_lost(r, l);
    return l;
}

void recovery_free(struct recovery *r)
{
    while (r->oldest) {
        struct lost *l = r->oldest;
        unlink_lost(r, l);
        recovery_drop(r, l);
    }
    table_free(&r->lost);
    pool_free(&r->pool);
}

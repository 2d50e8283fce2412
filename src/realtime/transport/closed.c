/* Sessions that their clients have just closed. A client sends its close packet on one connection while its poll is on its
 * way on another, and in which order two connections arrive is nobody's to define: a poll that comes second is answered as
 * the one that waited would have been, with a noop, once. Only the ids are kept, for a short time and not too many. */
#include "realtime/transport/inside.h"

struct closed {
    struct table_node by_id;
    struct deadline grace;
    const struct eio_user *user;
    char id[ID_BYTES];
};

static void forget(struct eio_loop *l, struct closed *one)
{
    deadline_clear(&one->grace);
    table_remove(&l->closed, &one->by_id);
    pool_put(&l->closed_pool, one);
}

static struct closed *of_deadline(struct deadline *d)
{
    return (struct closed *)((char *)d - offsetof(struct closed, grace));
}

static void is_over(struct deadline *d, void *context)
{
    forget(context, of_deadline(d));
}

void closed_begin(struct eio_loop *l)
{
    pool_init(&l->closed_pool, sizeof(struct closed));
    deadlines_add(&l->hub->deadlines, &l->graces, EIO_CLOSED_GRACE_MS, is_over, l);
}

void closed_free(struct eio_loop *l)
{
    table_free(&l->closed);
    pool_free(&l->closed_pool);
}

void closed_remember(const struct eio_session *s)
{
    struct eio_loop *l = s->loop;
    if (l->closed.count >= EIO_CLOSED_MAX) /* the oldest is the one that is due first */
        forget(l, of_deadline(deadline_first(&l->graces)));
    struct closed *one = POOL_NEW(&l->closed_pool, struct closed);
    if (!one)
        return; /* a poll that comes late is told that there is no session: no harm */
    one->user = s->user;
    memcpy(one->id, s->conn.id, sizeof one->id);
    if (table_put(&l->closed, &one->by_id, str_from(one->id)) == OK)
        deadline_set(&l->graces, &one->grace);
    else
        pool_put(&l->closed_pool, one);
}

bool closed_take(struct eio_loop *l, struct str id, const struct eio_user *user)
{
    struct closed *one = (struct closed *)table_get(&l->closed, id); /* its first member */
    if (!one || one->user != user)
        return false;
    forget(l, one);
    return true;
}

/* A loop: begun at its first use, with all parts that there are. */
#include "hub/inside.h"

static void after_deadlines(void *context)
{
    hub_loop_leave(context);
}

struct hub_loop *hub_loop_of(struct hub *h, struct net_loop *net)
{
    struct hub_loop *l = &h->loops[net->number];
    if (l->net)
        return l;
    pool_init(&l->room_pool, sizeof(struct room));
    pool_init(&l->member_pool, sizeof(struct membership));
    callers_begin(l);
    arena_init(&l->scratch, MIB(32));
    deadlines_init(&l->deadlines, &net->uv, l, after_deadlines);
    conns_init(l);
    l->net = net;
    for (int i = 0; i < h->part_count; i++)
        if (h->parts[i].part->begin)
            h->parts[i].part->begin(l, l->own[i]);
    return l;
}

void hub_loop_free(struct hub_loop *l)
{
    if (!l->net)
        return;
    table_free(&l->conns);
    table_free(&l->rooms);
    pool_free(&l->room_pool);
    pool_free(&l->member_pool);
    pool_free(&l->caller_pool);
    arena_free(&l->scratch);
}

/* What registers with the hub, and what it has on each loop. */
#include "hub/inside.h"

struct hub *hub_of(struct app *app)
{
    struct hub *h = app_room(app, "hub");
    assert(h);
    return h;
}

struct app *hub_app(const struct hub *h)
{
    return h->app;
}

int part_index(const struct hub *h, const struct hub_part *p)
{
    for (int i = 0; i < h->part_count; i++)
        if (h->parts[i].part == p)
            return i;
    return -1;
}

/* Aligned for any struct, and no two loops in one line of the cache. */
static size_t own_bytes(const struct hub_part *p)
{
    return (p->loop_bytes + 63) / 64 * 64;
}

err_t hub_part_add(struct hub *h, const struct hub_part *p, struct arena *a, void *state)
{
    assert(h->part_count < HUB_PARTS_MAX && part_index(h, p) < 0);
    char *loops = arena_alloc(a, own_bytes(p) * HUB_LOOPS_MAX);
    if (!loops)
        return arena_err(a);
    struct part_place *place = &h->parts[h->part_count++];
    place->part = p;
    place->state = state;
    place->loops = loops;
    for (int i = 0; i < HUB_LOOPS_MAX; i++)
        h->loops[i].own[place - h->parts] = loops + own_bytes(p) * (size_t)i;
    return OK;
}

/* Its place stays empty: the others keep theirs. */
void hub_part_remove(struct hub *h, const struct hub_part *p)
{
    static const struct hub_part NOTHING = { .name = "" };
    int at = part_index(h, p);
    if (at < 0)
        return;
    for (int i = 0; p->end && i < HUB_LOOPS_MAX; i++)
        if (h->loops[i].net)
            p->end(h->loops[i].own[at]);
    h->parts[at].part = &NOTHING;
}

void *hub_part_state(const struct hub *h, const struct hub_part *p)
{
    int at = part_index(h, p);
    assert(at >= 0);
    return h->parts[at].state;
}

void *hub_part_own(const struct hub_loop *l, const struct hub_part *p)
{
    int at = part_index(l->hub, p);
    assert(at >= 0);
    return l->own[at];
}

void *hub_part_own_of(const struct hub *h, const struct hub_part *p, int loop)
{
    int at = part_index(h, p);
    assert(at >= 0 && loop >= 0 && loop < HUB_LOOPS_MAX);
    return h->loops[loop].own[at];
}

struct hub_loop *hub_loop_begun(struct hub *h, const struct net_loop *net)
{
    struct hub_loop *l = &h->loops[net->number];
    assert(l->net == net);
    return l;
}

void hub_loop_leave(struct hub_loop *l)
{
    for (int i = 0; i < l->hub->part_count; i++)
        if (l->hub->parts[i].part->leave)
            l->hub->parts[i].part->leave(l->own[i]);
    arena_reset(&l->scratch);
}

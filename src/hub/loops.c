/* The room: its state, its loops, and the parts that live on them. */
#include "hub/inside.h"

struct hub *hub_of(struct app *app)
{
    struct hub *h = *app_room_state(app, &hub_module);
    assert(h);
    return h;
}

struct app *hub_app(const struct hub *h)
{
    return h->app;
}

/* --- parts --------------------------------------------------------------------------------------- */

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

/* --- loops --------------------------------------------------------------------------------------- */

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
    arena_init(&l->scratch, MIB(32));
    deadlines_init(&l->deadlines, &net->uv, l, after_deadlines);
    conns_init(l);
    l->net = net;
    for (int i = 0; i < h->part_count; i++)
        if (h->parts[i].part->begin)
            h->parts[i].part->begin(l, l->own[i]);
    return l;
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

static void loop_free(struct hub_loop *l)
{
    if (!l->net)
        return;
    table_free(&l->conns);
    table_free(&l->rooms);
    pool_free(&l->room_pool);
    pool_free(&l->member_pool);
    arena_free(&l->scratch);
}

/* The server stops: whoever is connected is told, requests that wait are answered. */
static void on_stopping(struct net_loop *net, void *context)
{
    struct hub *h = hub_of(context);
    mutex_lock(&h->emitting);
    h->stopping = true;
    mutex_unlock(&h->emitting);
    struct hub_loop *l = &h->loops[net->number];
    if (!l->net)
        return;
    struct table_node *next;
    for (struct table_node *n = table_next(&l->conns, NULL); n; n = next) {
        struct hub_conn *c = (struct hub_conn *)n; /* its first member */
        next = table_next(&l->conns, n);
        c->kind->end(c, END_STOPPING);
    }
    for (int i = 0; i < h->part_count; i++)
        if (h->parts[i].part->stopping)
            h->parts[i].part->stopping(l->own[i]);
    hub_loop_leave(l);
}

/* --- figures ---------------------------------------------------------------------------------------- */

void hub_figure(struct buf *out, const char *name, const char *type, const char *help,
                int64_t value)
{
    buf_putf(out,
             "# HELP vivim_realtime_%s %s\n# TYPE vivim_realtime_%s %s\nvivim_realtime_%s %lld\n",
             name, help, name, type, name, (long long)value);
}

static void write_metrics(struct buf *out, void *context)
{
    const struct hub *h = context;
    int64_t conns = 0, rooms = 0;
    for (int i = 0; i < HUB_LOOPS_MAX; i++) {
        conns += h->loops[i].conn_count;
        rooms += h->loops[i].room_count;
    }
    hub_figure(out, "connections", "gauge",
               "Sessions, streams and requests that wait: all that listens", conns);
    hub_figure(out, "rooms", "gauge", "Rooms with members, of all loops", rooms);
    hub_figure(out, "emissions_total", "counter", "Events emitted to rooms", (int64_t)h->emitted);
}

/* --- begin and end ------------------------------------------------------------------------------------ */

static void hub_stop(struct app *app)
{
    struct hub *h = *app_room_state(app, &hub_module);
    if (!h)
        return;
    hub_part_remove(h, &SSE_PART);
    for (int i = 0; h->loops && i < HUB_LOOPS_MAX; i++)
        loop_free(&h->loops[i]);
    conns_free(h);
    if (h->ring)
        ring_free(h->ring);
    *app_room_state(app, &hub_module) = NULL;
    struct arena arena = h->arena;
    arena_free(&arena);
}

static err_t set_up(struct hub *h)
{
    h->loops = ARENA_ARRAY(&h->arena, struct hub_loop, HUB_LOOPS_MAX);
    h->ring = ARENA_NEW(&h->arena, struct ring);
    if (!h->loops || !h->ring)
        return arena_err(&h->arena);
    for (int i = 0; i < HUB_LOOPS_MAX; i++)
        h->loops[i].hub = h;
    mutex_init(&h->emitting);
    mutex_init(&h->knowing);
    conns_begin(h);
    return hub_part_add(h, &SSE_PART, &h->arena, h);
}

static err_t hub_init(struct app *app)
{
    struct arena arena; /* holds the room's state, and moves into it */
    arena_init(&arena, MIB(4));
    struct hub *h = ARENA_NEW(&arena, struct hub);
    if (!h)
        return arena_err(&arena);
    h->arena = arena;
    h->app = app;
    *app_room_state(app, &hub_module) = h;
    TRY(set_up(h));
    http_on_stopping(on_stopping, app);
    http_metrics_add(write_metrics, h);
    return OK;
}

const struct module hub_module = { .name = "hub", .init = hub_init, .stop = hub_stop };

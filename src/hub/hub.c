/* The room: its state, its figures, and the end of what is connected when the server stops. */
#include "hub/inside.h"

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
        hub_loop_free(&h->loops[i]);
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

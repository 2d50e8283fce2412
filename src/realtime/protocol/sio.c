/* What all sockets share, and the paths at which they come in. */
#include "realtime/protocol/sockets.h"

struct sio *sio_of(struct app *app)
{
    return hub_part_state(hub_of(app), &SIO_PART);
}

err_t socket_io(struct req *rq, struct reply *rp)
{
    return eio_arrive(rq, rp, &SOCKET_USER);
}

err_t engine_io(struct req *rq, struct reply *rp)
{
    return sio_of(rq->app)->test ? eio_arrive(rq, rp, &ECHO_USER) : E_NOT_FOUND;
}

void sio_figures(const struct sio *all, struct buf *out)
{
    int64_t calls = 0;
    for (int i = 0; i < HUB_LOOPS_MAX; i++) {
        const struct sio_loop *l = hub_part_own_of(all->hub, &SIO_PART, i);
        calls += l->calls_waiting;
    }
    hub_figure(out, "calls_waiting", "gauge", "Events of clients under way", calls);
    events_figures(all, out);
}

static void add_namespace(struct sio *all, const struct nsp *nsp)
{
    assert(all->namespace_count < NAMESPACES_MAX);
    all->namespaces[all->namespace_count++] = nsp;
}

err_t sio_start(struct app *app, struct arena *a, struct sio **ret)
{
    struct sio *all = *ret = ARENA_NEW(a, struct sio);
    if (!all)
        return arena_err(a);
    all->app = app;
    all->test = app->settings->test;
    recovery_init(&all->recovery);
    add_namespace(all, &PRODUCT_NAMESPACE);
    if (all->test) {
        add_namespace(all, &TEST_CUSTOM_NAMESPACE);
        all->stranger = echo_stranger;
    }
    TRY(events_init(all, a));
    all->hub = hub_of(app);
    return hub_part_add(all->hub, &SIO_PART, a, all);
}

void sio_stop(struct sio *all)
{
    if (!all)
        return;
    if (all->hub)
        hub_part_remove(all->hub, &SIO_PART);
    recovery_free(&all->recovery);
}

/* Stopping: no new connections, what is held open is ended, what is under way is finished, within HTTP_DRAIN_MS. */
#include "http/server.h"
#include "os/clock.h"

enum { HOOKS_MAX = 8, LOOK_MS = 10 };

static struct {
    void (*fn)(struct net_loop *l, void *context);
    void *context;
} hooks[HOOKS_MAX];
static size_t hook_count;

void http_on_stopping(void (*fn)(struct net_loop *l, void *context), void *context)
{
    for (size_t i = 0; i < hook_count; i++)
        if (hooks[i].fn == fn && hooks[i].context == context)
            return;                 /* a second start in one process says the same again */
    assert(hook_count < HOOKS_MAX); /* rooms add theirs at init, before any thread */
    hooks[hook_count].fn = fn;
    hooks[hook_count++].context = context;
}

static void begin_to_stop(struct net_loop *l, void *arg)
{
    UNUSED(arg);
    for (size_t i = 0; i < hook_count; i++)
        hooks[i].fn(l, hooks[i].context);
    net_conns_stopping(l);
}

void server_drain(struct http_server *s)
{
    int64_t deadline =
        clock_monotonic_ms() + (s->options.drain_ms ? s->options.drain_ms : HTTP_DRAIN_MS);
    s->http1.draining = true;
    net_listener_close(s->listener);
    net_listener_close(s->unix_listener);
    for (int i = 0; i < s->loop_count; i++)
        net_post(&s->loops[i], begin_to_stop, NULL);
    while (net_listener_connections(s->listener) + net_listener_connections(s->unix_listener) > 0 &&
           clock_monotonic_ms() < deadline)
        clock_sleep_ms(LOOK_MS);
}

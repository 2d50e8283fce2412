/* Workers: threads that run handlers from start to end, each with a database handle. They start on demand, up to a
 * maximum (a group commit is as large as the threads that wait for it). */
#include "base/log.h"
#include "http/inside.h"

struct workers {
    struct http_server *server;
    struct queue *queue;
    struct thread threads[WORKERS_MAX];
    int max;
    struct mutex lock;
    int count;
    _Atomic int idle;
};

static void finish(struct net_loop *l, void *arg)
{
    UNUSED(l);
    call_finish(arg);
}

static void work(void *arg)
{
    struct workers *w = arg;
    struct db *db = NULL;
    for (;;) {
        w->idle++;
        struct call *c = queue_pop(w->queue, -1);
        w->idle--;
        if (!c)
            break;
        err_t e = db ? OK : db_connect(w->server->options.store, &db);
        c->rq.db = db;
        if (e != OK)
            c->refused = e;
        call_run(c);
        net_post(c->exchange->loop, finish, c);
    }
    db_disconnect(db);
}

err_t workers_start(struct http_server *s, int max, struct workers **ret)
{
    struct workers *w = ARENA_NEW(&s->arena, struct workers);
    if (!w)
        return arena_err(&s->arena);
    w->server = s;
    w->max = max < 1 ? 1 : max > WORKERS_MAX ? WORKERS_MAX : max;
    mutex_init(&w->lock);
    err_t e = queue_new(WORKER_QUEUE_MAX, &w->queue);
    if (e != OK) {
        workers_stop(w);
        return e;
    }
    *ret = w;
    return OK;
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    if (w->queue)
        queue_close(w->queue);
    for (int i = 0; i < w->count; i++)
        thread_join(&w->threads[i]);
    queue_free(w->queue);
    mutex_free(&w->lock);
}

/* One more, when nobody is free to take what waits. */
static void grow(struct workers *w)
{
    if (w->idle > 0 || w->count >= w->max)
        return;
    mutex_lock(&w->lock);
    if (w->count < w->max && thread_start(&w->threads[w->count], "worker", work, w) == OK)
        w->count++;
    mutex_unlock(&w->lock);
}

err_t workers_push(struct workers *w, struct call *c)
{
    err_t e = queue_push(w->queue, c);
    if (e != OK)
        return err_note(e, NULL, "too much is waiting already; try again in a moment");
    if (queue_length(w->queue) > (size_t)w->idle || w->count == 0)
        grow(w);
    return OK;
}

size_t workers_waiting(const struct workers *w)
{
    return queue_length(w->queue);
}

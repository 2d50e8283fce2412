/* Workers: threads that run handlers from start to end, each with a database handle. The first one is there from the start,
 * so that whatever is accepted is done, whenever they are stopped; the others start on demand, up to a maximum. Short writes
 * have a thread of their own (RUN_WRITE), which waits for no COMMIT but makes one for all that came. */
#include "http/workers.h"

#include "base/log.h"
#include "os/thread.h"

struct workers {
    struct http_server *server;
    struct queue *queue;
    struct thread threads[WORKERS_MAX];
    struct mutex lock;      /* to start one more */
    _Atomic int max, count; /* threads; max 0: they are to end */
    _Atomic int unfinished; /* tasks that wait or run */
    bool writes;            /* the one of RUN_WRITE */
    int batch,
        usual; /* of its thread: tasks since the last COMMIT; how many come together lately */
};

enum { LINGER_US = 150 }; /* a sync of the disk takes about as long */

/* Those who were answered a moment ago ask again: where more came together lately they are waited for, a little. */
static struct task *linger(struct workers *w)
{
    struct task *t = w->batch < w->usual ? queue_pop_us(w->queue, LINGER_US) : NULL;
    if (!t)
        w->usual = w->batch;
    return t;
}

/* The next task; NULL: no more will come. Where commits were handed over, a thread does not rest before they are made. */
static struct task *next_task(struct workers *w)
{
    if (!w->writes)
        return queue_pop(w->queue, -1);
    struct task *t = queue_pop(w->queue, 0);
    if (!t)
        t = linger(w);
    if (!t) {
        db_flush(w->server->options.store);
        w->batch = 0;
        t = queue_pop(w->queue, -1);
    }
    w->batch++;
    w->usual = w->batch > w->usual ? w->batch : w->usual;
    return t;
}

static void work_on(void *arg)
{
    struct workers *w = arg;
    struct db *db = NULL;
    for (struct task *t; (t = next_task(w)) != NULL; w->unfinished--) {
        err_t e = db ? OK : db_connect(w->server->options.store, &db);
        t->run(t, db, e);
    }
    db_disconnect(db);
}

static err_t add_thread(struct workers *w)
{
    TRY(thread_start(&w->threads[w->count], "worker", work_on, w));
    w->count++;
    return OK;
}

static err_t start(struct http_server *s, int max, bool writes, struct workers **ret)
{
    struct workers *w = ARENA_NEW(&s->arena, struct workers);
    if (!w)
        return arena_err(&s->arena);
    w->server = s;
    w->writes = writes;
    w->max = max < 1 ? 1 : max > WORKERS_MAX ? WORKERS_MAX : max;
    mutex_init(&w->lock);
    err_t e = queue_new(WORKER_QUEUE_MAX, &w->queue);
    if (e == OK)
        e = add_thread(w);
    if (e != OK) {
        workers_free(w);
        return e;
    }
    *ret = w;
    return OK;
}

err_t workers_start(struct http_server *s, int max, struct workers **ret)
{
    return start(s, max, false, ret);
}

err_t workers_start_writer(struct http_server *s, struct workers **ret)
{
    return start(s, 1, true, ret);
}

void workers_stop(struct workers *w)
{
    if (!w)
        return;
    queue_close(w->queue);
    mutex_lock(&w->lock);
    w->max = 0; /* nobody starts one that is not joined */
    mutex_unlock(&w->lock);
    for (int i = 0; i < w->count; i++)
        thread_join(&w->threads[i]);
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    queue_free(w->queue);
    mutex_free(&w->lock);
}

/* One more, when those that are there have their hands full. Without it the task still has its turn, later. */
static void grow(struct workers *w)
{
    mutex_lock(&w->lock);
    if (w->unfinished > w->count && w->count < w->max)
        (void)!add_thread(w);
    mutex_unlock(&w->lock);
}

err_t workers_add(struct workers *w, struct task *t)
{
    w->unfinished++;
    err_t e = queue_add(w->queue, t);
    if (e == OK)
        return OK;
    w->unfinished--;
    return err_note(e, NULL, "too much is waiting already; try again in a moment");
}

void workers_wake(struct workers *w)
{
    queue_wake(w->queue);
}

err_t workers_push(struct workers *w, struct task *t)
{
    TRY(workers_add(w, t));
    workers_wake(w);
    if (w->unfinished > w->count && w->count < w->max)
        grow(w);
    return OK;
}

size_t workers_waiting(const struct workers *w)
{
    return queue_length(w->queue);
}

/* --- work of other rooms, for a loop ---------------------------------------------------------------- */

struct errand {
    struct task task;
    struct arena arena; /* holds the errand itself */
    struct net_loop *loop;
    void (*work)(struct db *db, struct arena *a, void *arg);
    void (*done)(struct net_loop *l, void *arg);
    void *arg;
};

static void errand_free(struct errand *e)
{
    struct arena arena = e->arena;
    arena_free(&arena);
}

static void errand_done(struct net_loop *l, void *arg)
{
    struct errand *e = arg;
    e->done(l, e->arg);
    errand_free(e);
}

static void errand_run(struct task *t, struct db *db, err_t no_db)
{
    struct errand *e = (struct errand *)t; /* its first member */
    if (no_db == OK)
        err_clear();
    e->work(db, &e->arena, e->arg);
    net_post(e->loop, errand_done, e);
}

err_t http_work(struct http_server *s, struct net_loop *l,
                void (*work)(struct db *db, struct arena *a, void *arg),
                void (*done)(struct net_loop *l, void *arg), void *arg)
{
    struct arena arena;
    arena_init(&arena, REQUEST_ARENA_BYTES_MAX);
    struct errand *e = ARENA_NEW(&arena, struct errand);
    if (!e)
        return arena_err(&arena);
    *e = (struct errand){ { errand_run }, arena, l, work, done, arg };
    err_t failed = workers_push(s->workers, &e->task);
    if (failed != OK)
        errand_free(e);
    return failed;
}

/* Writes whose reply is ready before their commit is durable (docs/decisions/0011-commit-hand-over.md): they wait for that without
 * a thread. A COMMIT ends many of them in one moment. Their loop answers a few in each of its turns, so that who reads
 * meanwhile waits for a few and not for all. */
#include "base/log.h"
#include "http/answer.h"
#include "http/server.h"
#include "http/workers.h"
#include "os/thread.h"

enum { ANSWERS_IN_A_TURN = 2, GIVEN_AT_ONCE = 8 };

struct written { /* of a loop: calls whose commit has ended, oldest first */
    struct mutex lock;
    struct call *first, **last;
    int given; /* of its thread alone: what the writer got to do since it was woken */
};

struct written *written_new(struct arena *a, int loops)
{
    struct written *w =
        ARENA_ARRAY(a, struct written, (size_t)loops + 1); /* the last one ends it */
    for (int i = 0; w && i < loops; i++) {
        mutex_init(&w[i].lock);
        w[i].last = &w[i].first;
    }
    return w;
}

void written_free(struct written *w)
{
    for (; w && w->last; w++)
        mutex_free(&w->lock);
}

size_t written_waiting(struct http_server *s, int loop)
{
    struct written *w = &s->written[loop];
    size_t n = 0;
    mutex_lock(&w->lock);
    for (const struct call *c = w->first; c; c = c->next)
        n++;
    mutex_unlock(&w->lock);
    return n;
}

static struct written *written_of(const struct call *c)
{
    return &c->server->written[c->exchange->loop->number];
}

static void finish(struct call *c)
{
    if (c->refused != OK) {
        log_set_request(c->rq.request_id);
        err_clear();
        if (c->refused_detail)
            err_restore(c->refused_detail);
        c->rp.header_count = 0; /* they speak of what is not there */
        call_fail(c, c->refused);
        log_set_request(STR_NONE);
    }
    call_finish(c);
}

/* Gives the first few, and whether there are more. */
static struct call *take(struct written *w, bool *ret_more)
{
    mutex_lock(&w->lock);
    struct call *few = w->first, **end = &w->first;
    for (int i = 0; *end && i < ANSWERS_IN_A_TURN; i++)
        end = &(*end)->next;
    w->first = *end;
    if (!w->first)
        w->last = &w->first;
    *end = NULL;
    *ret_more = w->first != NULL;
    mutex_unlock(&w->lock);
    return few;
}

static void answer_some(struct net_loop *l, void *arg)
{
    struct written *w = arg;
    bool more;
    struct call *c = take(w, &more);
    if (more)
        net_next_turn(l, answer_some, w);
    while (c) {
        struct call *next = c->next; /* answered, it is gone */
        finish(c);
        c = next;
    }
}

/* How its commit ended, on whatever thread; from here on the loop has it. */
static void committed(struct call *c, err_t e)
{
    struct written *w = written_of(c);
    struct net_loop *l = c->exchange->loop;
    call_refuse(c, e);
    c->next = NULL;
    mutex_lock(&w->lock);
    bool first = !w->first;
    *w->last = c;
    w->last = &c->next;
    mutex_unlock(&w->lock);
    if (first) /* else a letter is under way */
        net_post(l, answer_some, w);
}

static void on_committed(struct db_handed *h, err_t e)
{
    committed((struct call *)(void *)((char *)h - offsetof(struct call, handed)), e);
}

static void written_run(struct task *t, struct db *db, err_t no_db)
{
    struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, task));
    if (no_db != OK) {
        call_on_worker(t, db, no_db);
        return;
    }
    bool told;
    c->rq.db = db;
    c->handed.told = on_committed;
    db_hand_over_begin(db);
    call_run(c);
    err_t e = db_hand_over_end(db, &c->handed, &told);
    if (!told)
        committed(c, e);
}

static void wake_writer(struct http_server *s, struct written *w)
{
    if (w->given)
        workers_wake(s->writer);
    w->given = 0;
}

/* Woken for each, the writer would run at once, and on two cores mostly on this one: whoever else has been heard in this turn
 * would wait for it. Where many come in one turn it begins meanwhile. */
err_t written_give(struct call *c)
{
    struct http_server *s = c->server;
    struct written *w = written_of(c);
    c->task.run = written_run;
    err_t e = workers_add(s->writer, &c->task);
    if (++w->given == GIVEN_AT_ONCE)
        wake_writer(s, w);
    return e;
}

void written_turn_ends(struct http_server *s, const struct net_loop *l)
{
    wake_writer(s, &s->written[l->number]);
}

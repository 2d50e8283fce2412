#include "os/thread.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static int64_t now_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

static int64_t now_ms(void)
{
    return now_us() / 1000;
}

/* --- threads ---------------------------------------------------------------------------- */

struct start {
    void (*fn)(void *);
    void *arg;
};

static void *begin(void *arg)
{
    struct start start = *(struct start *)arg;
    free(arg);
    start.fn(start.arg);
    return NULL;
}

err_t thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg)
{
    struct start *start = malloc(sizeof *start);
    if (!start)
        return E_BUSY;
    *start = (struct start){ fn, arg };
    /* Signals are for the main thread: a new one inherits the mask. */
    sigset_t all, old;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &old);
    int failed = pthread_create(&t->handle, NULL, begin, start);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    if (failed) {
        free(start);
        return E_BUSY;
    }
    pthread_setname_np(t->handle, name);
    t->started = true;
    return OK;
}

/* The first version of the kernel's struct: glibc 2.36 has none. */
struct sched_attributes {
    uint32_t size, policy;
    uint64_t flags;
    int32_t nice;
    uint32_t priority;
    uint64_t runtime_ns, deadline_ns, period_ns;
};

void thread_is_waited_for(void)
{
    /* For an ordinary thread the run time is the slice that it asks for: the shorter, the sooner its turn comes. */
    enum { SLICE_NS = 100000 }; /* the shortest that there is */
    struct sched_attributes a = { 0 };
    if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0 || a.policy != SCHED_OTHER)
        return;
    a.size = sizeof a;
    a.runtime_ns = SLICE_NS;
    (void)syscall(SYS_sched_setattr, 0, &a, 0);
}

void thread_gives_way(void)
{
    struct sched_param none = { 0 };
    (void)sched_setscheduler(0, SCHED_BATCH,
                             &none); /* 0 is the calling thread; its nice value stays */
}

void thread_is_in_no_hurry(void)
{
    (void)setpriority(PRIO_PROCESS, 0, 19); /* with Linux 0 is the calling thread */
}

void thread_join(struct thread *t)
{
    if (!t->started)
        return;
    int failed = pthread_join(t->handle, NULL);
    assert(!failed);
    t->started = false;
}

/* --- locks ---------------------------------------------------------------------------------- */

void mutex_init(struct mutex *m)
{
    int failed = pthread_mutex_init(&m->handle, NULL);
    assert(!failed);
}

void mutex_free(struct mutex *m)
{
    pthread_mutex_destroy(&m->handle);
}

void mutex_lock(struct mutex *m)
{
    int failed = pthread_mutex_lock(&m->handle);
    assert(!failed);
}

void mutex_unlock(struct mutex *m)
{
    int failed = pthread_mutex_unlock(&m->handle);
    assert(!failed);
}

void cond_init(struct cond *c)
{
    pthread_condattr_t attributes;
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    int failed = pthread_cond_init(&c->handle, &attributes);
    assert(!failed);
    pthread_condattr_destroy(&attributes);
}

void cond_free(struct cond *c)
{
    pthread_cond_destroy(&c->handle);
}

void cond_wait(struct cond *c, struct mutex *m)
{
    int failed = pthread_cond_wait(&c->handle, &m->handle);
    assert(!failed);
}

static bool cond_wait_us(struct cond *c, struct mutex *m, int64_t timeout_us)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    t.tv_sec += timeout_us / 1000000;
    t.tv_nsec += timeout_us % 1000000 * 1000;
    if (t.tv_nsec >= 1000000000) {
        t.tv_sec++;
        t.tv_nsec -= 1000000000;
    }
    int result = pthread_cond_timedwait(&c->handle, &m->handle, &t);
    assert(result == 0 || result == ETIMEDOUT);
    return result == 0;
}

bool cond_wait_ms(struct cond *c, struct mutex *m, int64_t timeout_ms)
{
    return cond_wait_us(c, m, timeout_ms * 1000);
}

void cond_signal(struct cond *c)
{
    pthread_cond_signal(&c->handle);
}

void cond_broadcast(struct cond *c)
{
    pthread_cond_broadcast(&c->handle);
}

/* --- gates ----------------------------------------------------------------------------------- */

/* Behind the store the gate may be gone already: the kernel then wakes nobody, or someone who looks again. */
void gate_open(struct gate *g)
{
    atomic_store_explicit(&g->open, 1, memory_order_release);
    syscall(SYS_futex, &g->open, FUTEX_WAKE_PRIVATE, INT_MAX, NULL, NULL, 0);
}

bool gate_wait(struct gate *g, int64_t timeout_ms)
{
    int64_t deadline = timeout_ms >= 0 ? now_ms() + timeout_ms : 0;
    while (!atomic_load_explicit(&g->open, memory_order_acquire)) {
        struct timespec left = { 0 };
        int64_t ms = timeout_ms >= 0 ? deadline - now_ms() : 0;
        if (timeout_ms >= 0 && ms <= 0)
            return false;
        left.tv_sec = ms / 1000;
        left.tv_nsec = ms % 1000 * 1000000;
        syscall(SYS_futex, &g->open, FUTEX_WAIT_PRIVATE, 0, timeout_ms >= 0 ? &left : NULL, NULL,
                0);
    }
    return true;
}

/* --- queues ----------------------------------------------------------------------------------- */

struct queue {
    struct mutex lock;
    struct cond filled;
    bool closed;
    size_t capacity, head, count;
    void *items[];
};

err_t queue_new(size_t capacity, struct queue **ret)
{
    assert(capacity > 0);
    struct queue *q = calloc(1, sizeof *q + capacity * sizeof q->items[0]);
    if (!q)
        return E_BUSY;
    mutex_init(&q->lock);
    cond_init(&q->filled);
    q->capacity = capacity;
    *ret = q;
    return OK;
}

void queue_free(struct queue *q)
{
    if (!q)
        return;
    mutex_free(&q->lock);
    cond_free(&q->filled);
    free(q);
}

err_t queue_add(struct queue *q, void *item)
{
    assert(item);
    err_t e = OK;
    mutex_lock(&q->lock);
    if (q->closed)
        e = E_STOPPING;
    else if (q->count == q->capacity)
        e = E_BUSY;
    else
        q->items[(q->head + q->count++) % q->capacity] = item;
    mutex_unlock(&q->lock);
    return e;
}

void queue_wake(struct queue *q)
{
    cond_signal(&q->filled);
}

err_t queue_push(struct queue *q, void *item)
{
    TRY(queue_add(q, item));
    queue_wake(q);
    return OK;
}

void *queue_pop(struct queue *q, int64_t timeout_ms)
{
    return queue_pop_us(q, timeout_ms < 0 ? -1 : timeout_ms * 1000);
}

void *queue_pop_us(struct queue *q, int64_t timeout_us)
{
    void *item = NULL;
    int64_t deadline = timeout_us > 0 ? now_us() + timeout_us : 0;
    mutex_lock(&q->lock);
    while (!q->count && !q->closed) {
        if (timeout_us < 0) {
            cond_wait(&q->filled, &q->lock);
            continue;
        }
        int64_t left = deadline - now_us();
        if (left <= 0)
            break;
        (void)cond_wait_us(&q->filled, &q->lock, left);
    }
    if (q->count) {
        item = q->items[q->head];
        q->head = (q->head + 1) % q->capacity;
        q->count--;
    }
    mutex_unlock(&q->lock);
    return item;
}

void queue_close(struct queue *q)
{
    mutex_lock(&q->lock);
    q->closed = true;
    cond_broadcast(&q->filled);
    mutex_unlock(&q->lock);
}

size_t queue_length(struct queue *q)
{
    mutex_lock(&q->lock);
    size_t n = q->count;
    mutex_unlock(&q->lock);
    return n;
}

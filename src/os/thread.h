/* Threads, locks and bounded queues over pthread. A failing lock call is our own mistake: assert. */
#ifndef VIVIM_OS_THREAD_H
#define VIVIM_OS_THREAD_H

#include <pthread.h>

#include "base/base.h"

struct thread {
    pthread_t handle;
    bool started;
};
/* Start `fn(arg)`; `name` (at most 15 bytes) shows in debuggers. Signals are blocked in it. E_BUSY. */
NODISCARD err_t thread_start(struct thread *t, const char *name, void (*fn)(void *), void *arg);
/* Of the calling thread: it does little at a time and others wait for it, so it shall run soon after it wakes. Where the kernel knows
 * no such wish (before Linux 6.12), nothing changes. */
void thread_is_waited_for(void);
/* Of the calling thread: it has its fair share, but takes no core away from who runs when it wakes (SCHED_BATCH). */
void thread_gives_way(void);
/* Of the calling thread: whatever others do goes before it (nice 19). */
void thread_is_in_no_hurry(void);
void thread_join(struct thread *t); /* accepts a thread that never started */

struct mutex {
    pthread_mutex_t handle;
};
struct cond {
    pthread_cond_t handle; /* on the monotonic clock */
};
void mutex_init(struct mutex *m);
void mutex_free(struct mutex *m);
void mutex_lock(struct mutex *m);
void mutex_unlock(struct mutex *m);
void cond_init(struct cond *c);
void cond_free(struct cond *c);
void cond_wait(struct cond *c, struct mutex *m);
bool cond_wait_ms(struct cond *c, struct mutex *m, int64_t timeout_ms); /* false: timed out */
void cond_signal(struct cond *c);
void cond_broadcast(struct cond *c);

/* A gate that opens once. Who passes takes no lock, so many threads can be let go at once without
 * each of them waiting for the next one's turn with a mutex. What was written before gate_open is
 * seen behind gate_wait. The last to pass may give up its memory at once. */
struct gate {
    _Atomic uint32_t open;
};
void gate_open(struct gate *g);
bool gate_wait(struct gate *g, int64_t timeout_ms); /* < 0: for ever; false: timed out */

/* A bounded queue of pointers, many producers and consumers, in order. */
struct queue;
NODISCARD err_t queue_new(size_t capacity, struct queue **ret);
void queue_free(struct queue *q);
NODISCARD err_t queue_push(struct queue *q,
                           void *item); /* never waits: E_BUSY when full, E_STOPPING when closed */
/* The same, but nobody is woken: queue_wake does that, once for several. */
NODISCARD err_t queue_add(struct queue *q, void *item);
void queue_wake(struct queue *q);
void *queue_pop(struct queue *q,
                int64_t timeout_ms); /* < 0: wait for ever; NULL: timed out, or closed and empty */
void *queue_pop_us(struct queue *q, int64_t timeout_us); /* the same, for a shorter wait */
void queue_close(struct queue *q); /* wakes everybody; what is inside is still handed out */
size_t queue_length(struct queue *q);

#endif

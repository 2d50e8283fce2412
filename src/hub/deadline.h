/* Deadlines of one length each: what is set last is due last, so a queue is a plain list, and setting
 * and clearing cost nothing to speak of. Each kind of thing that waits has a queue of its own on each loop. One libuv timer for
 * each loop serves all its queues, to the millisecond (Engine.IO's timing is checked from outside). On the loop's thread only. */
#ifndef VIVIM_HUB_DEADLINE_H
#define VIVIM_HUB_DEADLINE_H

#include <uv.h>

#include "base/base.h"

struct deadline { /* inside the thing that waits; zeroed: not set */
    struct deadline *next, *previous;
    int64_t at_ms; /* uv_now of its loop */
};

struct deadline_queue {
    struct deadline_queue *next; /* of the loop */
    struct deadlines *all;
    struct deadline ends; /* a ring through this one */
    int64_t after_ms;
    void (*due)(struct deadline *d, void *context); /* it is cleared before the call */
    void *context;
};

struct deadlines {
    struct deadline_queue *queues;
    uv_timer_t timer;
    void *context;
    void (*after)(void *context); /* when a round of due ones is over */
};

/* `timer` is made on `loop` and does not keep it alive. */
void deadlines_init(struct deadlines *d, uv_loop_t *loop, void *context,
                    void (*after)(void *context));
/* One more queue, which must last as long as the loop does. Once for each. */
void deadlines_add(struct deadlines *d, struct deadline_queue *q, int64_t after_ms,
                   void (*due)(struct deadline *one, void *context), void *context);
/* Set, or set anew. */
void deadline_set(struct deadline_queue *q, struct deadline *one);
void deadline_clear(struct deadline *one); /* also one that is not set */
static inline bool deadline_is_set(const struct deadline *one)
{
    return one->next != NULL;
}
/* The one that is due first; NULL: none is set. */
static inline struct deadline *deadline_first(struct deadline_queue *q)
{
    return q->ends.next == &q->ends ? NULL : q->ends.next;
}

#endif

/* Deadlines of one length each: what is set last is due last, so a queue is a plain list, and setting
 * and clearing cost nothing to speak of. One libuv timer for each loop serves all its queues, to the
 * millisecond (Engine.IO's timing is checked from outside). On the loop's thread only. */
#ifndef VIVIM_REALTIME_DEADLINE_H
#define VIVIM_REALTIME_DEADLINE_H

#include <uv.h>

#include "base/base.h"

struct deadline { /* inside the thing that waits; zeroed: not set */
    struct deadline *next, *previous;
    int64_t at_ms; /* uv_now of its loop */
};

struct deadline_queue {
    struct deadline ends; /* a ring through this one */
    int64_t after_ms;
    void (*due)(struct deadline *d, void *context); /* it is cleared before the call */
};

enum deadline_kind {
    DEADLINE_PING,        /* send a ping */
    DEADLINE_PONG,        /* the answer did not come */
    DEADLINE_CONNECT,     /* no namespace was joined */
    DEADLINE_UPGRADE,     /* the probe was not followed by an upgrade */
    DEADLINE_LINGER,      /* nobody fetched the close packet */
    DEADLINE_CLOSED,      /* a session that its client closed is remembered no longer */
    DEADLINE_ACK,         /* an acknowledgement that we asked for */
    DEADLINE_WAIT,        /* a request that waits for a change */
    DEADLINE_EXPIRY_FAR,  /* look at when the credential ends: that is still far … */
    DEADLINE_EXPIRY_NEAR, /* … or near */
    DEADLINE_KINDS
};

struct deadlines {
    struct deadline_queue queues[DEADLINE_KINDS];
    uv_timer_t timer;
    void *context;
    void (*after)(void *context); /* when a round of due ones is over */
};

/* `timer` is made on `loop` and does not keep it alive. */
void deadlines_init(struct deadlines *d, uv_loop_t *loop, void *context,
                    void (*after)(void *context));
void deadlines_queue(struct deadlines *d, enum deadline_kind kind, int64_t after_ms,
                     void (*due)(struct deadline *d, void *context));
/* Set, or set anew. */
void deadline_set(struct deadlines *d, enum deadline_kind kind, struct deadline *one);
void deadline_clear(struct deadline *one); /* also one that is not set */
static inline bool deadline_is_set(const struct deadline *one)
{
    return one->next != NULL;
}

#endif

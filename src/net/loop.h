/* Event loops: one thread each (libuv), which owns its sockets. Other threads talk to it through its mailbox. */
#ifndef VIVIM_NET_LOOP_H
#define VIVIM_NET_LOOP_H

#include <uv.h>

#include "base/str.h"
#include "os/thread.h"

enum { NET_TICK_MS = 250, NET_READ_BYTES = 65536 };

struct net_conn;

struct net_loop {
    uv_loop_t uv;
    struct thread thread;
    int number;
    uv_async_t mail;
    struct mutex mail_lock;
    struct net_letter *first, **last;
    bool mail_closed;          /* the thread has ended, or is about to: nobody wakes it any more */
    uv_timer_t tick;           /* deadlines of connections, coarse */
    struct net_conn *conns;    /* all of this loop */
    _Atomic size_t conn_count; /* written on its thread */
    uv_idle_t idle; /* while something was left for the next turn: the loop does not wait */
    struct net_letter *left, **last_left; /* net_next_turn; of its thread alone */
    uv_check_t woken;
    int64_t woke_ms, ticked_ms, worked_ms; /* its turn began; the last tick; in turns since */
    _Atomic bool busy;                     /* for half of the last tick's time or more */
    struct net_cork *corks, *spare_corks;  /* conn.c */
    unsigned spare_count;
    bool
        more; /* what runs now is not the last that may write before the loop waits: letters, or messages, lie there */
    char *read_buffer; /* one for all connections: an idle one holds none */
    void *context;     /* of whoever runs on it: the thread's database handle … */
    uv_prepare_t turn;
    /* Of the same, at the end of each turn; NULL: nothing. */
    void (*before_wait)(struct net_loop *l, void *context);
    void *before_wait_context;
    _Atomic bool stopping;
};

/* Start `count` loops, each on a thread of its own. `begin` and `end` (may be NULL) run on it before its first and after its
 * last event. E_BUSY. ret is an array of `count`. */
NODISCARD err_t net_loops_start(int count, void (*begin)(struct net_loop *l, void *context),
                                void (*end)(struct net_loop *l, void *context), void *context,
                                struct net_loop **ret);
/* Close what is open, end the threads, free. */
void net_loops_stop(struct net_loop *loops, int count);

/* Run `fn(loop, arg)` on the loop's thread, in order of posting. Any thread. Never waits; aborts without memory for a few bytes. */
void net_post(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), void *arg);
/* The same for the loop's next turn, when who has something to say meanwhile has been heard. On its own thread, which need not
 * be woken: that spares two calls to the kernel. */
void net_next_turn(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), void *arg);
/* As net_post, with a copy of `bytes`, which `fn` gets as its argument and which ends when it returns. */
void net_post_copy(struct net_loop *l, void (*fn)(struct net_loop *l, void *arg), struct str bytes);

#endif

#include "hub/deadline.h"

static void on_timer(uv_timer_t *timer);

/* The timer runs to the earliest head; it is never moved later: a round that finds nothing due is cheap. */
static void arm(struct deadlines *d, int64_t at_ms)
{
    int64_t now_ms = (int64_t)uv_now(d->timer.loop);
    uint64_t in_ms = at_ms > now_ms ? (uint64_t)(at_ms - now_ms) : 0;
    if (uv_is_active((uv_handle_t *)&d->timer) && uv_timer_get_due_in(&d->timer) <= in_ms)
        return;
    uv_timer_start(&d->timer, on_timer, in_ms, 0);
}

static void on_timer(uv_timer_t *timer)
{
    struct deadlines *d = timer->data;
    int64_t now_ms = (int64_t)uv_now(timer->loop), next_ms = INT64_MAX;
    for (struct deadline_queue *q = d->queues; q; q = q->next) {
        while (q->ends.next != &q->ends && q->ends.next->at_ms <= now_ms) {
            struct deadline *one = q->ends.next;
            deadline_clear(one);
            q->due(one, q->context);
        }
        if (q->ends.next != &q->ends && q->ends.next->at_ms < next_ms)
            next_ms = q->ends.next->at_ms;
    }
    d->after(d->context);
    if (next_ms != INT64_MAX)
        arm(d, next_ms);
}

void deadlines_init(struct deadlines *d, uv_loop_t *loop, void *context,
                    void (*after)(void *context))
{
    uv_timer_init(loop, &d->timer);
    uv_unref((uv_handle_t *)&d->timer);
    d->timer.data = d;
    d->context = context;
    d->after = after;
}

void deadlines_add(struct deadlines *d, struct deadline_queue *q, int64_t after_ms,
                   void (*due)(struct deadline *one, void *context), void *context)
{
    struct deadline_queue **last = &d->queues;
    while (*last)
        last = &(*last)->next;
    *q = (struct deadline_queue){ .all = d, .after_ms = after_ms, .due = due, .context = context };
    q->ends.next = q->ends.previous = &q->ends;
    *last = q;
}

void deadline_clear(struct deadline *one)
{
    if (!one->next)
        return;
    one->next->previous = one->previous;
    one->previous->next = one->next;
    one->next = one->previous = NULL;
}

void deadline_set(struct deadline_queue *q, struct deadline *one)
{
    deadline_clear(one);
    one->at_ms = (int64_t)uv_now(q->all->timer.loop) + q->after_ms;
    one->next = &q->ends;
    one->previous = q->ends.previous;
    one->previous->next = q->ends.previous = one;
    arm(q->all, one->at_ms);
}

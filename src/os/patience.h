/* How long a thread waits for something outside, and who may call it off before.
 *
 * A job waits for browsers, pages, names and servers, each with a deadline of its own; a cancel or the stop of the server must
 * be heard in each of these waits and not at its end. So who waits gets a `struct patience`, sleeps patience_slice_ms at the
 * most and asks patience_check again: it acts within PATIENCE_SLICE_MS, whatever the other side does.
 */
#ifndef VIVIM_OS_PATIENCE_H
#define VIVIM_OS_PATIENCE_H

#include "base/base.h"
#include "base/err.h"
#include "base/limits.h"
#include "os/clock.h"

struct patience {
    int64_t deadline_ms; /* monotonic */
    err_t (*check)(
        void *context); /* any error ends the wait and is given; NULL: nobody calls it off */
    void *context;
};

/* Only until the earlier of the two; called off by the same. */
static inline struct patience patience_until(const struct patience *p, int64_t deadline_ms)
{
    struct patience q = *p;
    if (deadline_ms < q.deadline_ms)
        q.deadline_ms = deadline_ms;
    return q;
}

/* What called it off, E_TIMEOUT at the deadline, else OK. Takes no lock of its own; `check` may. */
NODISCARD static inline err_t patience_check(const struct patience *p)
{
    err_t e = p->check ? p->check(p->context) : OK;
    return e != OK ? e : clock_monotonic_ms() >= p->deadline_ms ? E_TIMEOUT : OK;
}

/* How long to sleep before asking again; at least 1. */
static inline int64_t patience_slice_ms(const struct patience *p)
{
    int64_t left = p->deadline_ms - clock_monotonic_ms();
    if (p->check && left > PATIENCE_SLICE_MS)
        left = PATIENCE_SLICE_MS;
    return left < 1 ? 1 : left;
}

#endif

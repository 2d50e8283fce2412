/* How many connections subscribe to which topic of the signalling, on all loops: what each publisher is told, and bounded. Under
 * the hub's lock, so that what is counted and what is published have one order. */
#ifndef VIVIM_REALTIME_SIGNALLING_SIGNAL_TOPICS_H
#define VIVIM_REALTIME_SIGNALLING_SIGNAL_TOPICS_H

#include "base/pool.h"
#include "base/table.h"

struct signal_topics {
    struct table by_room;
    struct pool pool;
};
void signal_topics_init(struct signal_topics *t);
void signal_topics_free(struct signal_topics *t);
/* One more subscriber on a room: E_LIMIT (SIGNAL_SUBSCRIBERS_MAX), E_BUSY; one less. */
NODISCARD err_t signal_topics_in(struct signal_topics *t, struct str room);
void signal_topics_out(struct signal_topics *t, struct str room);
/* How many there are, of a room that has some. */
unsigned signal_topics_count(const struct signal_topics *t, struct str room);

#endif

/* Connection state recovery: the sockets whose connections went, and may come back to what they were. What they missed is in
 * the hub's ring. Everything here is under the hub's lock. */
#ifndef VIVIM_REALTIME_PROTOCOL_RECOVERY_H
#define VIVIM_REALTIME_PROTOCOL_RECOVERY_H

#include "hub/hub.h"

struct lost { /* a socket whose connection went */
    struct table_node by_pid;
    struct lost *newer, *older; /* by time */
    char pid[ID_BYTES], id[ID_BYTES];
    struct uuid user_id;
    int64_t at_ms;
    struct buf rooms; /* names, each with a zero byte behind it */
};

struct recovery {
    struct table lost;
    struct lost *oldest, *newest;
    struct pool pool;
};

void recovery_init(struct recovery *r);
void recovery_free(struct recovery *r);
/* `who` is in the rooms still. */
void recovery_lose(struct recovery *r, const struct listener *who, const char *pid, const char *id,
                   struct uuid user, int64_t now_ms);
/* The lost socket of this pid and user, if every emission after `offset` is still there. It is taken out; NULL: begin anew. */
struct lost *recovery_take(struct recovery *r, const struct ring *ring, struct str pid,
                           uint64_t offset, struct uuid user, int64_t now_ms);
void recovery_drop(struct recovery *r, struct lost *l);

#endif

/* Presence among the sockets: the event, the snapshots, the clock, last seen in the store. */
#ifndef VIVIM_REALTIME_PRESENCE_ROOM_H
#define VIVIM_REALTIME_PRESENCE_ROOM_H

#include "realtime/inside.h"
#include "realtime/presence.h"

/* `presence {status, at, message_id}`: a sign of life. */
err_t presence_event(struct socket_call *c);
extern const struct field PRESENCE_FIELDS[];
enum { PRESENCE_FIELD_COUNT = 3 };

/* Who has joined a topic's room sees who is there. On the socket's loop, so that nothing is told between. */
void presence_snapshot(struct rt_socket *s, struct str topic);
void presence_leave(struct socket_call *c, struct str topic); /* it is not looked at any more */
/* Before a socket of the user is let in: whether they want to be seen. */
NODISCARD err_t presence_wants(struct realtime *rt, struct db *db, struct arena *a,
                               struct uuid user, bool *ret_invisible);
bool presence_is_invisible(struct socket_call *c); /* the caller, as it wants to be */
void presence_joined(struct rt_socket *s, bool invisible);
void presence_left(struct rt_socket *s, bool lost);
/* GET /api/v1/presence. */
err_t presence_get(struct req *rq, struct reply *rp);

#endif

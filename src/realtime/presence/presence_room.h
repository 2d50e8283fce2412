/* Presence among the sockets: the event, the snapshots, the clock, last seen in the store. */
#ifndef VIVIM_REALTIME_PRESENCE_PRESENCE_ROOM_H
#define VIVIM_REALTIME_PRESENCE_PRESENCE_ROOM_H

#include "hub/hub.h"
#include "realtime/presence/presence.h"
#include "realtime/protocol/sockets.h"

struct presence_room {
    struct app *app;
    struct hub *hub;
    struct presence *presence;
    _Atomic bool ticks; /* the clock of presence runs on the first loop */
};

/* Registers with the hub, and is told of sockets from then on. presence_stop gives up what it made, also of one that failed. */
NODISCARD err_t presence_start(struct app *app, struct arena *a, struct sio *sockets,
                               struct presence_room **ret);
void presence_stop(struct presence_room *p); /* accepts NULL */
struct presence_room *presence_room_of(struct app *app);

/* `presence {status, at, message_id}`: a sign of life. */
err_t presence_event(struct socket_call *c);
extern const struct field PRESENCE_FIELDS[];
enum { PRESENCE_FIELD_COUNT = 3 };

void presence_leave(struct socket_call *c, struct str topic); /* it is not looked at any more */
bool presence_is_invisible(struct socket_call *c);            /* the caller, as it wants to be */
/* GET /api/v1/{shareable}/{id}/presence. */
err_t presence_get(struct req *rq, struct reply *rp);

#endif

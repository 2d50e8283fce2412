/* Presence (seed 6.2): who is where, merged over a person's devices. A state machine in memory that
 * knows time only as an argument and no sockets; presence_room.c drives it.
 *
 * A device is a connected socket. It beats: online or away, and at which topic. A person is present at
 * a topic while a device of theirs is there, with the best status of those; what changed is collected
 * and told once a tick for each topic, so that a thousand beats are one broadcast and who comes and
 * goes within a tick was never there. A device whose connection went may come back within
 * PRESENCE_GRACE_MS unnoticed (a reload); one that left, that lost its right, or that has not beaten
 * for PRESENCE_LEASE_MS is gone. Who is invisible is present nowhere. Any thread; one lock.
 *
 * A device's states, and what moves it (device_move); in the first column it is seen, in the second it is nowhere:
 *
 *     beat ──> HERE <────────beat──────── SILENT
 *              │  ^ ──────no beat───────>  │  ^
 *  connection  │  │ it came back           │  │ it came back
 *        lost  v  │                        v  │
 *             LOST <──late beat──── LOST_SILENT
 *                    ───no beat───>
 *     any ──it left; or it was lost for PRESENCE_GRACE_MS──> GONE */
#ifndef VIVIM_REALTIME_PRESENCE_PRESENCE_H
#define VIVIM_REALTIME_PRESENCE_PRESENCE_H

#include "base/limits.h"
#include "base/uuid.h"

enum presence_status { PRESENCE_OFFLINE, PRESENCE_AWAY, PRESENCE_ONLINE };

struct presence;

/* The struct itself lives in `a`; presence_free gives up the rest. */
NODISCARD err_t presence_new(struct arena *a, struct presence **ret);
void presence_free(struct presence *p); /* accepts NULL */

struct presence_beat {
    struct uuid user_id, message_id; /* message_id: which message they look at; nil: none said */
    struct str handle, device;       /* device: the socket's id */
    enum presence_status status;     /* online or away */
    struct str topic;                /* STR_NONE: nowhere */
    bool again; /* not the first: one that comes when its connection has ended brings nobody back */
};
/* A sign of life. The first one makes the device. E_BUSY (no memory), E_LIMIT (PRESENCE_DEVICES_MAX of one person). One
 * that comes `again` changes only a device that is there, and not that its connection is lost: it was on its way, on a
 * worker, while the connection ended. */
NODISCARD err_t presence_beat(struct presence *p, const struct presence_beat *b, int64_t now_ms);
/* The device's connection ended; `lost`: it may come back within the grace. Unknown ones are ignored. */
void presence_gone(struct presence *p, struct uuid user, struct str device, bool lost,
                   int64_t now_ms);
/* The device does not look at the topic any more; the person's others may. */
void presence_turn_away(struct presence *p, struct uuid user, struct str device, struct str topic);
/* It came back as the same device (connection state recovery): where it was, it is. False: it is gone. */
bool presence_back(struct presence *p, struct uuid user, struct str device, int64_t now_ms);
/* The person may not be seen at the topic any more (nil: nobody may): at once, without grace. */
void presence_forget(struct presence *p, struct uuid user, struct str topic);
/* Remembered of the person; kept while a device is there. */
void presence_set_invisible(struct presence *p, struct uuid user, bool invisible);
bool presence_knows(struct presence *p, struct uuid user, bool *ret_invisible);
enum presence_status presence_of(struct presence *p, struct uuid user); /* invisible: offline */

struct presence_view { /* of one person at one topic */
    struct uuid user_id, message_id;
    char handle[HANDLE_BYTES_MAX + 1];
    enum presence_status status;
    int64_t since_ms; /* offline: when they were last there */
};

struct presence_told { /* whom a tick speaks to */
    /* What changed at one topic; of more than PRESENCE_VIEWS_MAX the rest comes with the next call. */
    void (*changed)(void *context, struct str topic, const struct presence_view *views,
                    size_t count);
    /* The person has no device any more. */
    void (*left)(void *context, struct uuid user, int64_t last_seen_ms);
    void *context;
};
/* Time passes: graces and leases end, what changed is told (with no lock held). False: nobody is here, no further tick is needed. */
bool presence_tick(struct presence *p, int64_t now_ms, const struct presence_told *told);
/* Everybody who is at the topic as far as it was told, at most PRESENCE_VIEWS_MAX, in `a`: what a newcomer must know for
 * the next tick to make sense. What it does not hold yet the tick tells. */
NODISCARD err_t presence_at(struct presence *p, struct arena *a, struct str topic,
                            struct presence_view **ret, size_t *ret_count);

#endif

/* hub: everything that listens, whatever it speaks.
 *
 * It knows who is connected, on which credential each connection stands, in which rooms it is, what was emitted to those, and
 * how a right or a credential that went reaches it. It knows no protocol: Socket.IO, the signalling, server-sent events, a
 * request that waits are *kinds* of connections and listeners, each a table of functions; a new one needs no line here.
 *
 * Promises
 *   - A connection whose credential was revoked or has expired, or whose account was disabled or deleted, is signed out: at
 *     once, or within a second where it is time alone that ended it. A listener whose right to a topic went leaves its room.
 *     A check of rights that is under way meanwhile can see that it must look again (hub_withdrawals).
 *   - Emissions reach every listener in one order, on whatever loop it is, each once; none waits for a slow reader.
 *   - What is emitted to be kept is there for RECOVERY_MS (ring.h), for who comes back and for who comes just then.
 *   - How many connections of a kind there may be, in all and of one account, stands in its table.
 *   - When the server stops every connection is told, by its kind.
 *
 * Built like this: a connection, its listeners and their places in rooms live on one loop and are touched on its thread
 * alone; loops speak with each other through mailboxes. Every entry from outside (a message, a request, a letter, a timer) ends
 * with hub_loop_leave, in which the parts finish what they have begun. A *part* is what registers with the hub: a protocol, with
 * its state on each loop and the form in which its listeners get an emission. An emission is encoded once for each form that
 * somebody listens in, counted by reference, posted to every loop, and each loop gives it to its own members.
 * What other nodes would hear goes through hub_emit, one place.
 *
 * parts.c: what registers; loops.c: what is begun on each loop; conns.c: connections and credentials; rooms.c: rooms and emissions;
 * withdraw.c: what goes; ring.c: what was emitted; deadline.c; sse.c: server-sent events, the kind that lives here; hub.c: the module.
 */
#ifndef VIVIM_HUB_HUB_H
#define VIVIM_HUB_HUB_H

#include <stdatomic.h>

#include "base/limits.h"
#include "base/pool.h"
#include "base/table.h"
#include "hub/deadline.h"
#include "hub/ring.h"
#include "net/ws_conn.h"
#include "registry/module.h"

enum {
    ID_BYTES = 24,
    HANDLE_ROOM = HANDLE_BYTES_MAX + 1,
    HUB_LOOPS_MAX = 64,
    HUB_PARTS_MAX = 12,
    HUB_FRAMES_MAX = 16, /* of one emission, in all its forms */
};

extern const struct module hub_module;

struct hub;
struct hub *hub_of(struct app *app);
struct app *hub_app(const struct hub *h);

/* --- parts --------------------------------------------------------------------------------------- */

struct hub_loop;
struct hub_frames;

/* How an emission looks on the wire. Frames as WebSockets send them; who writes to something else sends their payload. */
struct hub_form {
    const char *name;
    /* Add the frames that belong together (hub_frames_add); none: it cannot be said in this form. False: no memory. */
    bool (*encode)(const struct emission *e, uint64_t number, struct hub_frames *out);
};

struct hub_part { /* all but the name may be NULL */
    const char *name;
    const struct hub_form *form;
    /* Who listens to a topic is in the room of this and the topic's name; NULL: in that of the topic's name alone. */
    const char *topic_rooms;
    /* A part's own state on each loop: loop_bytes of it, zeroed, begun at the first use of the loop. */
    size_t loop_bytes;
    void (*begin)(struct hub_loop *l, void *own);
    /* An entry ends: answer what has something to say, free what has ended. */
    void (*leave)(void *own);
    void (*stopping)(void *own); /* the server stops; all connections have been told */
    void (*end)(void *own);      /* the loop has ended */
    /* The user (nil: everybody) may not hear of the topic any more. On the thread that says so, before any loop hears it. */
    void (*withdrawn)(void *state, struct uuid user, struct str topic);
};
/* In a room's init, before the server is started; `a` must last until hub_part_remove, which a room's stop calls (harmless where
 * it was not added). `state`: what the part has beside that of its loops. */
NODISCARD err_t hub_part_add(struct hub *h, const struct hub_part *p, struct arena *a, void *state);
void hub_part_remove(struct hub *h, const struct hub_part *p);
void *hub_part_state(const struct hub *h, const struct hub_part *p);
void *hub_part_own(const struct hub_loop *l, const struct hub_part *p); /* on this loop */
/* That of loop 0 .. HUB_LOOPS_MAX-1, for figures; begun or not. */
void *hub_part_own_of(const struct hub *h, const struct hub_part *p, int loop);
/* One figure for Prometheus, vivim_realtime_<name>. */
void hub_figure(struct buf *out, const char *name, const char *type, const char *help,
                int64_t value);

/* --- a loop -------------------------------------------------------------------------------------- */

struct hub_loop {
    struct hub *hub;
    struct net_loop *net; /* NULL: nothing has come to this loop yet */
    struct deadlines deadlines;
    struct deadline_queue expiry_far, expiry_near;
    struct table conns; /* other threads ask whether one is there: its changes are under a lock */
    struct table rooms;
    struct pool room_pool, member_pool, caller_pool;
    struct caller stranger; /* who is nobody */
    struct arena scratch;   /* of the entry under way */
    _Atomic int64_t conn_count, room_count;
    void *own[HUB_PARTS_MAX];
};

/* The state of this loop, begun at its first use. On its thread. */
struct hub_loop *hub_loop_of(struct hub *h, struct net_loop *net);
/* The same for what has come to it already: a letter, the end of some work. */
struct hub_loop *hub_loop_begun(struct hub *h, const struct net_loop *net);
void hub_loop_leave(struct hub_loop *l);

/* --- connections and the credentials that they stand on: conns.c ------------------------------------ */

/* Who it is, kept once for all on a loop that stand on it: a session and its socket mostly came with the same credential. */
struct caller *caller_keep(struct hub_loop *l,
                           const struct caller *who); /* one reference; NULL: no memory */
struct caller *caller_hold(struct hub_loop *l, struct caller *c); /* one more */
void caller_drop(struct hub_loop *l, struct caller *c);           /* accepts NULL */

enum hub_end {
    END_GONE,     /* the transport went away */
    END_SILENT,   /* no sign of life */
    END_CLIENT,   /* the client said so */
    END_SERVER,   /* we said so */
    END_PROTOCOL, /* the client broke the protocol */
    END_STOPPING,
};

struct hub_conn;
struct conn_kind {
    /* Whose credential counts now: the request's, or one that came later. NULL: nobody's (it ends, or its kind knows no callers). */
    struct caller *(*caller)(struct hub_conn *c);
    void (*sign_out)(struct hub_conn *c); /* the credential has gone: say so, and close */
    void (*end)(struct hub_conn *c, enum hub_end why);
    /* It was asked again and is still good. May be NULL. */
    void (*still_good)(struct hub_conn *c);
    /* At most so many, in all and of one account; 0: as many as there are. */
    int64_t max, account_max;
};

struct hub_conn { /* first member of a session, a stream, … */
    struct table_node by_id;
    char id[ID_BYTES];
    const struct conn_kind *kind;
    struct caller *caller;  /* of the request */
    int64_t asked_until_us; /* of its rate limit: when all that it asked would be paid for */
    struct deadline expiry; /* when its credential is to be looked at again */
    unsigned checking; /* how often it is just being asked whether its credential is still good */
};

/* Give it an id that names its loop, and the request's caller. E_BUSY (no memory, or too many in all), E_RATE (too many of this
 * account). */
NODISCARD err_t conn_open(struct hub_loop *l, struct hub_conn *c, const struct conn_kind *kind,
                          const struct req *rq);
void conn_close(struct hub_loop *l, struct hub_conn *c); /* nobody finds it any more */
struct hub_conn *conn_find(struct hub_loop *l, struct str id, const struct conn_kind *kind);
/* Is there one of this id on any loop? From any thread. */
bool conn_is_known(struct hub *h, struct arena *a, struct str id);
/* The loop that an id names; -1: it is none of ours. */
int conn_loop(const struct http_server *server, struct arena *a, struct str id);
/* Does it stand on the credential (`credential`), or the account, of this id: as it was opened, or as it has become? */
bool conn_stands_on(struct hub_conn *c, bool credential, struct uuid id);
/* Ask the store, on a worker, whether its credential is still good; if not it is signed out. */
void conn_check(struct hub_loop *l, struct hub_conn *c);
/* The rate limit of what its client asks: a token bucket. False: not now. */
bool conn_may_ask(struct hub_conn *c, int per_second, int burst);
/* Look at its credential when that one's time comes; again for one whose caller has become another. */
void conn_watch(struct hub_loop *l, struct hub_conn *c);

/* --- rooms, on the listener's loop: rooms.c ----------------------------------------------------------- */

struct delivery; /* one emission, as it comes to a loop */
struct listener;

struct listener_kind {
    const struct hub_part
        *part; /* whose form it hears in; without one it is told that there was something */
    /* The frames belong together, and are held by who keeps them. */
    void (*hear)(struct listener *l, const struct delivery *d, struct ws_frame *const *frames,
                 unsigned count);
    const struct caller *(*caller)(const struct listener *l);
    /* The right to the topic went: leave its room and say so. */
    void (*lose)(struct listener *l, struct str room, struct str topic);
};

struct listener { /* who is in rooms: part of a connection, on its loop */
    const struct listener_kind *kind;
    struct hub_loop *loop;
    struct membership *rooms;
    unsigned room_count;
    int form;       /* of its part; while it is in a room */
    uint64_t heard; /* emissions up to this number are not for it: it came later, or has got them */
};

struct membership {
    struct membership *next_of_listener;
    struct membership *next, **link; /* of the room */
    struct room *room;
    struct listener *listener;
};

struct room {
    struct table_node by_name;
    struct membership *members;
    size_t count;
    char name[ROOM_BYTES_MAX];
};

struct delivery {
    struct hub *hub;
    uint64_t number;
    bool is_volatile, last;
};

/* E_LIMIT (ROOMS_PER_SOCKET_MAX), E_BUSY. Joining twice is joining once. */
NODISCARD err_t hub_join(struct listener *l, struct str room);
void hub_leave(struct listener *l, struct str room);
void hub_leave_all(struct listener *l);
bool hub_is_in(const struct listener *l, struct str room);
struct room *hub_room(struct hub_loop *l, struct str name); /* NULL */

/* --- emissions ----------------------------------------------------------------------------------------- */

struct hub_frames {
    struct ws_frame *frames[HUB_FRAMES_MAX];
    unsigned count;
};
/* Takes the reference. False: it is NULL, for want of memory. */
bool hub_frames_add(struct hub_frames *out, struct ws_frame *f);

/* To every loop, in one order for all of them. From any thread; never waits for a socket. */
void hub_emit(struct hub *h, const struct emission *e);
/* To everybody in `room` ("capture:<id>"): the event with one JSON value, kept; `last`: the topic has nothing to tell any more.
 * What is told before the module's init, or in a command without a server, is heard by nobody. */
void hub_tell(struct app *app, struct str room, const char *event, struct str json, bool last);
/* One ready frame to everybody in the room who hears in the part's form; the caller holds the lock. */
void hub_post(struct hub *h, const struct hub_part *p, struct str room, struct ws_frame *f);

/* One lock for the order of emissions, what is kept of them, and what must not change between two of them. Never waits long. */
void hub_lock(struct hub *h);
void hub_unlock(struct hub *h);
struct ring *hub_ring(struct hub *h); /* under the lock */
uint64_t
hub_emitted(const struct hub *h); /* the number of the last emission; exact under the lock */
bool hub_is_stopping(const struct hub *h); /* the loops take no letters any more */

/* --- rights and credentials that went: withdraw.c -------------------------------------------------------- */

/* From any thread. Who asks the store about a right counts before and after: where the count has moved, it asks again. */
uint64_t hub_withdrawals(const struct hub *h);
void hub_withdraw_credential(struct hub *h, struct uuid credential); /* of any kind */
void hub_withdraw_account(struct hub *h, struct uuid user);
/* Some credentials of the account may have ended: each of its connections is asked again. */
void hub_withdraw_check(struct hub *h, struct uuid user);
/* The user (nil: everybody) may not hear of the topic any more. */
void hub_withdraw_topic(struct hub *h, struct uuid user, struct str topic);

#endif

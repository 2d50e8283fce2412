/* Socket.IO on sessions of Engine.IO: a client has a socket in each namespace that it has joined; in the product's it is
 * somebody, is in rooms, sends events, and may come back to what it was (recovery). What an event means is its namespace's.
 *
 * The CONNECT of `/` (connect_move); other namespaces ask nobody:
 *
 *     NONE ──CONNECT──> CHECKING ──let in──> JOINED ──DISCONNECT, or the session ends──> NONE
 *      ^───────refused─────┘
 */
#ifndef VIVIM_REALTIME_PROTOCOL_SOCKETS_H
#define VIVIM_REALTIME_PROTOCOL_SOCKETS_H

#include "base/map.h"
#include "realtime/protocol/recovery.h"
#include "realtime/protocol/socketio.h"
#include "realtime/transport/session.h"

struct rt_socket;
struct client;
struct nsp;

/* --- the folder's part of the program, and of a loop ------------------------------------------------------ */

/* Who must know of the product's sockets: presence. Each on the socket's loop, but `ask`. */
struct socket_watch {
    /* Before one of the user is let in, where the store may be asked; `joined` is told what it gave. */
    err_t (*ask)(struct app *app, struct db *db, struct arena *a, struct uuid user,
                 bool *ret_invisible);
    void (*joined)(struct rt_socket *s, bool invisible);
    void (*entered)(struct rt_socket *s,
                    struct str room);             /* it asked for this room, and is in it */
    void (*left)(struct rt_socket *s, bool lost); /* lost: it may come back */
};

enum { NAMESPACES_MAX = 4 };

struct sio { /* of all loops */
    struct app *app;
    struct hub *hub;
    bool test;                        /* VIVIM_TEST */
    struct map events;                /* name -> struct event_kind */
    struct recovery recovery;         /* under the hub's lock */
    const struct socket_watch *watch; /* NULL: nobody */
    const struct nsp *namespaces[NAMESPACES_MAX];
    size_t namespace_count;
    void (*stranger)(struct client *c,
                     struct str auth); /* who comes without a credential, in test mode; else NULL */
};

struct sio_loop {
    struct sio *sio;
    struct pool client_pool, socket_pool, ack_pool;
    struct deadline_queue acks;
    _Atomic int64_t calls_waiting; /* events of clients */
};

/* Registers with the hub. sio_stop gives up what it made, also of one that failed. */
NODISCARD err_t sio_start(struct app *app, struct arena *a, struct sio **ret);
void sio_stop(struct sio *s); /* accepts NULL */
struct sio *sio_of(struct app *app);
struct sio_loop *sio_loop_of(const struct hub_loop *l);
void sio_figures(const struct sio *s, struct buf *out); /* for Prometheus */
/* The handlers of /socket.io/ and, in test mode, of /engine.io/. */
err_t socket_io(struct req *rq, struct reply *rp);
err_t engine_io(struct req *rq, struct reply *rp);

extern const struct hub_part SIO_PART;
extern const struct hub_form SIO_FORM; /* form.c */

/* --- sockets ------------------------------------------------------------------------------------------------- */

struct ack; /* that we asked for */

struct rt_socket {
    struct listener listener;
    struct rt_socket *next; /* of its client */
    struct client *client;
    const struct nsp *nsp;
    char id[ID_BYTES], pid[ID_BYTES];
    struct event_call *call; /* the event that runs, and those that wait for it */
    struct caller *caller;
    struct ack *acks;
    uint32_t next_ack;
    uint16_t call_count;
    bool left; /* its namespace, or the connection has ended: it is told nothing more */
};

enum connect_state { CONNECT_NONE, CONNECT_CHECKING, CONNECT_JOINED, CONNECT_STATES };

struct client { /* the sockets of one session */
    struct eio_session *session;
    struct rt_socket *sockets;
    enum connect_state connect;
    struct assembly *assembly; /* a packet whose attachments are still to come */
};

struct nsp { /* a namespace, and how it is served */
    const char *name;
    /* A CONNECT: answer it, now or later. `text`: `auth` as it came. */
    void (*connect)(struct client *c, struct json auth, struct str text);
    void (*event)(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments);
    void (*left)(struct rt_socket *s, enum hub_end why);
};

extern const struct eio_user SOCKET_USER;

void connect_move(struct client *c, enum connect_state to); /* asserts that it may */
struct rt_socket *socket_join(struct client *c, const struct nsp *nsp, const struct caller *who);
void socket_welcome(struct rt_socket *s);                      /* the CONNECT answer */
void socket_refuse(struct client *c, struct str nsp, err_t e); /* CONNECT_ERROR with our code */
/* An event to this one alone. `arguments`: JSON values parted by commas. */
void socket_emit(struct rt_socket *s, const char *event, struct str arguments);
/* The same, asking for an acknowledgement: `done` is called once, with its arguments or at the deadline. */
void socket_ask(struct rt_socket *s, const char *event, struct str arguments,
                void (*done)(struct rt_socket *s, struct str arguments, bool timed_out));
void socket_ack(struct rt_socket *s, int64_t id, struct str arguments);
/* A packet with attachments; `text` as it came (its placeholders stand). */
void socket_send_binary(struct rt_socket *s, enum sio_type type, int64_t id, struct str json,
                        const struct str *attachments, unsigned count);
void socket_disconnect(struct rt_socket *s); /* DISCONNECT: do not come back */
/* The client of that session, while it is open; NULL. */
struct client *client_find(struct hub_loop *l, struct str session_id);
struct rt_socket *socket_find(struct hub_loop *l, struct str session_id, struct str socket_id);
struct arena *socket_scratch(struct rt_socket *s); /* of the entry under way */

/* --- events in the product's namespace: events.c ------------------------------------------------------------------ */

/* The events of all modules' tables, by name. */
NODISCARD err_t events_init(struct sio *s, struct arena *a);
void events_figures(const struct sio *s, struct buf *out);
void event_take(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments);
void events_left(
    struct rt_socket *s); /* those that wait go with it; the one that runs finds nobody */
/* Run one event without a socket, from the reading of its argument to its acknowledgement, which lies in `a`. What it
 * asks for (rooms, emits) is not done. For the fuzz target: every byte that a client can put into an event passes here. */
NODISCARD err_t event_try(struct sio_loop *l, struct db *db, struct arena *a,
                          const struct caller *who, const struct sio_packet *p,
                          struct str *ret_reply);
/* What a handler of this room may ask for; done on the socket's loop: rooms before the acknowledgement, emits after it. */
void call_join(struct socket_call *c, struct str room);
void call_leave(struct socket_call *c, struct str room);
void call_emit(struct socket_call *c, const char *event, struct str json);

/* --- who may come in: connect.c, echo.c --------------------------------------------------------------------------- */

extern const struct nsp PRODUCT_NAMESPACE;
extern const struct nsp TEST_CUSTOM_NAMESPACE;
extern const struct eio_user ECHO_USER;
void echo_stranger(struct client *c, struct str auth); /* into the namespace of test mode */

#endif

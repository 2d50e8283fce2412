/* Engine.IO sessions: packets over one of two transports, the upgrade between them, the heartbeat. A session is a connection
 * of the hub; who speaks over it is an eio_user. Its id says to which loop it belongs: a request for it that lands elsewhere moves
 * there with its connection.
 *
 * A session's states, and what moves it (session_move):
 *
 *                    handshake answered
 *     OPENING ──────┬──────────────────────> POLLING ──upgraded──> WEBSOCKET
 *        │          └──────────────────────────┼──────────────────────>│
 *        │ no answer                  we close, │no poll waits          │
 *        │                                      v                      │
 *        │                                   CLOSING                   │
 *        │                    the close packet  │ went, or nobody came │
 *        └───────────────> ENDED <──────────────┴──────────────────────┘
 *                            ^── from POLLING too: a poll waits and is told, the client closed, broke the protocol, went
 *
 * And of its upgrade (upgrade_move), while it is POLLING:
 *
 *     NONE ──a WebSocket comes for it──> OPEN ──"2probe"──> PROBED ──"5": the session is WEBSOCKET──> NONE
 *      ^──────────anything else, or nothing in time───────────┴────────────┘     ("2probe" again is answered again)
 */
#ifndef VIVIM_REALTIME_TRANSPORT_SESSION_H
#define VIVIM_REALTIME_TRANSPORT_SESSION_H

#include "hub/hub.h"

struct eio_session;

/* --- the room's part of the program, and of a loop ---------------------------------------------------- */

struct eio { /* of all loops */
    struct hub *hub;
    int64_t ping_interval_ms, ping_timeout_ms, connect_timeout_ms;
    size_t payload_bytes_max;
    struct ws_options ws;
    struct ws_frame *ping, *pong_probe, *noop; /* packets without data */
    struct str open_rest[2]; /* of the open packet behind the id: by polling, as a WebSocket */
};

struct eio_loop {
    struct eio *eio;
    struct hub_loop *hub;
    struct pool session_pool, packet_pool, closed_pool;
    struct table closed;                                             /* closed.c */
    struct deadline_queue pings, pongs, connects, upgrades, lingers; /* session.c, upgrade.c */
    struct deadline_queue graces;                                    /* of the closed ones */
    struct eio_session *dirty; /* to be flushed, or freed: when the entry is left */
    _Atomic int64_t session_count, packets_in, packets_out, dropped;
    _Atomic int64_t packets_waiting; /* for a poll */
};

/* Registers with the hub; the settings are the program's. eio_stop gives up what it made, also of one that failed. */
NODISCARD err_t eio_start(struct app *app, struct arena *a, struct eio **ret);
void eio_stop(struct eio *e); /* accepts NULL */
struct eio_loop *eio_loop_of(struct hub_loop *l);
void eio_figures(const struct eio *e, struct buf *out); /* for Prometheus */

/* --- sessions ------------------------------------------------------------------------------------------- */

/* Who speaks over a session. */
struct eio_user {
    void (*opened)(struct eio_session *s);
    void (*message)(struct eio_session *s, bool binary, struct str data);
    void (*ended)(struct eio_session *s, enum hub_end why); /* the last call */
    /* As of struct conn_kind; NULL: it knows no callers. */
    struct caller *(*caller)(struct eio_session *s);
    void (*sign_out)(struct eio_session *s);
};

enum session_state {
    SESSION_OPENING,
    SESSION_POLLING,
    SESSION_WEBSOCKET,
    SESSION_CLOSING, /* it has ended for its user; its close packet waits for a poll */
    SESSION_ENDED,
    SESSION_STATES
};
enum upgrade_state { UPGRADE_NONE, UPGRADE_OPEN, UPGRADE_PROBED, UPGRADE_STATES };

struct packet; /* waits for a poll */

struct eio_session {
    struct hub_conn conn;
    struct eio_loop *loop;
    const struct eio_user *user;
    void *state_of_user;
    struct ws_conn *ws;    /* WEBSOCKET */
    struct ws_conn *probe; /* of the upgrade, but NONE */
    struct held *poll;     /* the GET that waits */
    struct packet *first, **last;
    size_t waiting_bytes;                        /* of the packets */
    struct deadline heartbeat, connect, upgrade; /* connect: later the lingering */
    struct eio_session *next_dirty;
    enum session_state state : 8; /* an idle session is small */
    enum upgrade_state upgrading : 8;
    bool dirty, failed;
};

static inline bool eio_session_is_open(const struct eio_session *s)
{
    return s->state == SESSION_POLLING || s->state == SESSION_WEBSOCKET;
}
struct eio_session *eio_session_find(struct hub_loop *l, struct str id); /* NULL */
/* Send a whole packet: the text of a message with its type digit, or the bytes of a binary one. The frame is held as long as needed. */
void eio_session_send(struct eio_session *s, struct ws_frame *f);
/* The same from parts; `head` begins with the type digit. */
void eio_session_send_text(struct eio_session *s, struct str head, struct str rest);
void eio_session_send_binary(struct eio_session *s, struct str bytes);
/* Would a packet wait (a slow reader, no open poll)? Then what is volatile is left out. */
bool eio_session_is_behind(const struct eio_session *s);
void eio_session_dropped(
    struct eio_session *s); /* something volatile was left out: for the figures */
/* A packet for it is lost: it ends, when the entry is left. */
void eio_session_fail(struct eio_session *s);
/* End it; harmless on one that has ended. It is freed when the entry is left. */
void eio_session_end(struct eio_session *s, enum hub_end why);
void eio_session_connected(
    struct eio_session *s); /* a namespace was joined: no more CONNECT deadline */
struct arena *eio_scratch(struct eio_session *s); /* of the entry under way */

/* --- over HTTP: engine_http.c ----------------------------------------------------------------------------- */

/* The handler of a path that speaks Engine.IO; sessions that begin there are this user's. */
NODISCARD err_t eio_arrive(struct req *rq, struct reply *rp, const struct eio_user *user);
bool eio_wants_body(const struct req *rq); /* the payload of a session that is there */

#endif

/* Inside the room. A session, its sockets and their places in rooms live on one loop and are touched
 * on its thread alone; loops speak with each other through mailboxes. Every entry from outside (a
 * message, a request, a letter, a timer) ends with loop_leave, which answers the polls that have
 * something to say and frees what has ended. */
#ifndef VIVIM_REALTIME_INSIDE_H
#define VIVIM_REALTIME_INSIDE_H

#include <stdatomic.h>

#include "base/limits.h"
#include "base/map.h"
#include "base/pool.h"
#include "base/table.h"
#include "net/ws_conn.h"
#include "ops/ops.h"
#include "os/thread.h"
#include "realtime/deadline.h"
#include "realtime/engineio.h"
#include "realtime/realtime.h"
#include "realtime/socketio.h"

enum { ID_BYTES = 24, HANDLE_ROOM = HANDLE_BYTES_MAX + 1, LOOPS_MAX = 64 };

struct eio_session;
struct rt_socket;
struct listener;

/* --- a loop ------------------------------------------------------------------------------------- */

struct rt_loop {
    struct realtime *rt;
    struct net_loop *net; /* NULL: nothing has come to this loop yet */
    struct deadlines deadlines;
    uv_timer_t ticks;                  /* of presence, on the first loop */
    struct table conns, rooms, closed; /* closed: closed.c */
    struct pool session_pool, packet_pool, client_pool, socket_pool, room_pool, member_pool,
        ack_pool, signaller_pool, closed_pool;
    struct eio_session *dirty, *dead; /* to be flushed, to be freed: by loop_leave */
    struct waiter *waiters;           /* requests that wait for a change: changes.c */
    struct arena scratch;             /* of the message under way */
    _Atomic int64_t conn_count;       /* of the table */
    _Atomic int64_t session_count, room_count, waiter_count, packets_in, packets_out, dropped;
    _Atomic int64_t calls_waiting, packets_waiting; /* events of clients; packets for a poll */
    _Atomic int64_t signallers, signals_in, signals_out, signals_refused;
};

/* The state of this loop, made at its first use. On its thread. NULL: no memory. */
struct rt_loop *loop_of(struct realtime *rt, struct net_loop *net);
void loop_leave(struct rt_loop *l);

/* --- connections and the credentials that they stand on: conns.c --------------------------------- */

enum eio_end {
    END_GONE,     /* the transport went away */
    END_SILENT,   /* no pong */
    END_CLIENT,   /* the client said so */
    END_SERVER,   /* we said so */
    END_PROTOCOL, /* the client broke the protocol */
    END_STOPPING,
};

struct rt_conn;
struct conn_kind {
    /* Whose credential counts now: the handshake's, or one that came later. NULL: nobody's (it ends, or is an echo). */
    struct caller *(*caller)(struct rt_conn *c);
    void (*sign_out)(struct rt_conn *c); /* the credential has gone: say so, and close */
    void (*end)(struct rt_conn *c, enum eio_end why);
};

struct rt_conn {                    /* first member of a session, and of a signalling connection */
    struct table_node by_id, known; /* known: of all loops */
    char id[ID_BYTES];
    const struct conn_kind *kind;
    int64_t tokens_at_ms, tokens; /* of its rate limit, thousandths */
    struct caller caller;         /* of the handshake; its handle is the next member */
    char handle[HANDLE_ROOM];
    struct deadline expiry; /* when its credential is to be looked at again */
};

/* Give it an id that names its loop, and the request's caller. E_BUSY. */
NODISCARD err_t conn_open(struct rt_loop *l, struct rt_conn *c, const struct conn_kind *kind,
                          const struct req *rq);
void conn_close(struct rt_loop *l, struct rt_conn *c); /* nobody finds it any more */
struct rt_conn *conn_find(struct rt_loop *l, struct str id, const struct conn_kind *kind);
/* Is there one of this id on any loop? From any thread. */
bool conn_is_known(struct realtime *rt, struct str id);
/* The loop that an id names; -1: it is none of ours. */
int conn_loop(const struct http_server *server, struct arena *a, struct str id);
/* Ask the store, on a worker, whether its credential is still good; if not it is signed out. */
void conn_check(struct rt_loop *l, struct rt_conn *c);
/* The rate limit of what its client asks: a token bucket. False: not now. */
bool conn_may_ask(struct rt_conn *c, int per_second, int burst);
/* The same when its credential's time comes; again for one whose caller has become another. */
void conn_watch(struct rt_loop *l, struct rt_conn *c);
void conns_init(struct rt_loop *l);
/* Did it come with the credential (`credential`), or is it the account, of this id? Ids are those of UUIDs: no two kinds of
 * credentials share one. */
bool caller_stands_on(const struct caller *c, bool credential, struct uuid id);
/* The same of a connection: as it was opened, or as it has become. */
bool conn_stands_on(struct rt_conn *c, bool credential, struct uuid id);

/* --- Engine.IO sessions: session.c ----------------------------------------------------------------- */

/* Who speaks over a session: Socket.IO, or the echo of test mode. */
struct eio_user {
    void (*opened)(struct eio_session *s);
    void (*message)(struct eio_session *s, bool binary, struct str data);
    void (*ended)(struct eio_session *s, enum eio_end why); /* the last call */
    /* As of struct conn_kind; NULL: it knows no callers. */
    struct caller *(*caller)(struct eio_session *s);
    void (*sign_out)(struct eio_session *s);
};

struct packet { /* waits for a poll */
    struct packet *next;
    struct ws_frame *frame;
};

struct eio_session {
    struct rt_conn conn;
    struct rt_loop *loop;
    const struct eio_user *user; /* NULL: it has ended */
    void *state;                 /* the user's */
    struct ws_conn *ws, *probe;
    struct held *poll; /* the GET that waits */
    struct packet *first, **last;
    size_t waiting_bytes;                        /* of the packets */
    struct deadline heartbeat, connect, upgrade; /* connect: later the lingering */
    struct eio_session *next_dirty, *next_dead;
    bool closing; /* its close packet waits for a poll */
    bool probed, dirty, failed;
};

/* Begin a session that answers `h`: by polling, or as a WebSocket. Answers errors itself. */
void eio_session_open(struct rt_loop *l, struct held *h, const struct eio_user *user,
                      bool websocket);
struct eio_session *eio_session_find(struct rt_loop *l, struct str id); /* NULL */
/* A GET or a POST of a polling session; a WebSocket that wants to take it over. */
void eio_session_poll(struct eio_session *s, struct held *h);
void eio_session_post(struct eio_session *s, struct held *h, struct str body);
void eio_session_upgrade(struct eio_session *s, struct held *h);
void eio_answer_noop(struct held *h); /* a poll that need not wait any more */
/* Let a WebSocket in that nobody can use, and close it, as the reference does. Answers errors itself. */
void eio_turn_away(struct rt_loop *l, struct held *h);
/* Send a whole packet: the text of a message with its type digit, or the bytes of a binary one. The frame is held as long as needed. */
void eio_session_send(struct eio_session *s, struct ws_frame *f);
/* The same from parts; `head` begins with the type digit. */
void eio_session_send_text(struct eio_session *s, struct str head, struct str rest);
void eio_session_send_binary(struct eio_session *s, struct str bytes);
/* Would a packet wait (a slow reader, no open poll)? Then what is volatile is left out. */
bool eio_session_is_behind(const struct eio_session *s);
/* End it; harmless on one that has ended. It is freed by loop_leave. */
void eio_session_end(struct eio_session *s, enum eio_end why);
void eio_session_connected(
    struct eio_session *s);            /* a namespace was joined: no more CONNECT deadline */
void sessions_init(struct rt_loop *l); /* its queues */
void sessions_free(struct rt_loop *l); /* those that have ended */
void sessions_drop(struct rt_loop *l); /* what waits for polls that will not come: the loop ends */

/* Sessions that their clients closed while no poll waited: closed.c. `closed_take`: is it one, for the first poll after? */
void closed_init(struct rt_loop *l);
void closed_free(struct rt_loop *l);
void closed_remember(const struct eio_session *s, const struct eio_user *user);
bool closed_take(struct rt_loop *l, struct str id, const struct eio_user *user);

extern const struct ws_events EIO_WS_EVENTS;
extern const struct eio_user ECHO_USER;   /* echo.c, test mode */
extern const struct eio_user SOCKET_USER; /* sockets.c */

/* --- rooms: hub.c ------------------------------------------------------------------------------------ */

struct delivery; /* what a listener gets: frames that belong together */

struct listener_kind {
    void (*hear)(struct listener *l, const struct delivery *d);
    const struct caller *(*caller)(const struct listener *l);
    /* The right to the topic went: leave its room and say so. */
    void (*lose)(struct listener *l, struct str room, struct str topic);
};

struct listener { /* who is in rooms: a Socket.IO socket, or a signalling connection; on its loop */
    const struct listener_kind *kind;
    struct rt_loop *loop;
    struct membership *rooms;
    unsigned room_count;
    uint64_t heard; /* emissions up to this number are not for it */
    uint64_t mark;  /* of the last emission that it got: once, whatever rooms it is in */
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

struct delivery { /* a letter; the rooms' names follow it, each with a zero byte behind it */
    struct realtime *rt;
    struct ws_frame *frames[1 + SIO_ATTACHMENTS_MAX]; /* a reference for each letter */
    unsigned frame_count;
    uint64_t number;
    size_t names_bytes;
    bool is_volatile;
};

/* E_LIMIT (ROOMS_PER_SOCKET_MAX), E_BUSY. Joining twice is joining once. */
NODISCARD err_t hub_join(struct listener *l, struct str room);
void hub_leave(struct listener *l, struct str room);
void hub_leave_all(struct listener *l);
bool hub_is_in(const struct listener *l, struct str room);
struct room *hub_room(struct rt_loop *l, struct str name); /* NULL */

struct emission {
    const struct str *rooms; /* who is in several hears it once */
    size_t room_count;
    const char *event;
    struct str arguments;          /* JSON values, parted by commas; may be empty */
    const struct str *attachments; /* what its placeholders name */
    unsigned attachment_count;
    bool is_volatile; /* who is behind does not get it, and nobody gets it later */
    bool keep;        /* for recovery: it gets an offset as its last argument */
    struct str
        about; /* with keep: the shared topics that it speaks of, each with a zero byte behind it; may be empty */
};
/* To every loop, in one order for all of them. From any thread; never waits for a socket. */
void hub_emit(struct realtime *rt, const struct emission *e);
/* One ready frame to everybody in the room; the caller holds the emission lock. */
void hub_post(struct realtime *rt, struct str room, struct ws_frame *f);

/* --- what was emitted, for who comes back: recovery.c --------------------------------------------------- */

struct kept { /* one emission of the ring */
    uint64_t number;
    int64_t at_ms;
    struct ws_frame *frame;
    struct buf names; /* of rooms, then topics that it speaks of, each with a zero byte behind it */
    size_t rooms_bytes;
};

struct lost { /* a socket whose connection went */
    struct table_node by_pid;
    struct lost *newer, *older; /* by time */
    char pid[ID_BYTES], id[ID_BYTES];
    struct uuid user_id;
    int64_t at_ms;
    struct buf rooms; /* names, as in kept */
};

struct recovery { /* under the emission lock of struct realtime */
    struct kept ring[RECOVERY_EMISSIONS_MAX];
    size_t next;
    size_t bytes;
    struct table lost;
    struct lost *oldest, *newest;
    struct pool pool;
};

void recovery_init(struct recovery *r);
void recovery_free(struct recovery *r);
/* rooms, about: names, each with a zero byte behind it. */
void recovery_keep(struct recovery *r, uint64_t number, struct ws_frame *f, struct str rooms,
                   struct str about, int64_t now_ms);
void recovery_lose(struct recovery *r, const struct rt_socket *s, int64_t now_ms);
/* The lost socket of this pid and user, if every emission after `offset` is still there. It is taken out; NULL: begin anew. */
struct lost *recovery_take(struct recovery *r, struct str pid, uint64_t offset, struct uuid user,
                           int64_t now_ms);
void recovery_drop(struct recovery *r, struct lost *l);
/* Each kept emission after `offset` that reached one of the rooms, oldest first. */
void recovery_replay(struct recovery *r, uint64_t offset, struct str rooms,
                     void (*each)(void *context, struct ws_frame *f), void *context);
/* The shared topics that those speak of, each once. *out may fail for want of room. */
void recovery_about(const struct recovery *r, uint64_t offset, struct str rooms, struct buf *out);

/* --- Socket.IO: sockets.c -------------------------------------------------------------------------------- */

struct ack { /* that we asked for */
    struct ack *next;
    int64_t id;
    struct deadline deadline;
    struct rt_socket *socket;
    void (*done)(struct rt_socket *s, struct str arguments, bool timed_out);
};

struct rt_socket {
    struct listener listener;
    struct rt_socket *next; /* of its client */
    struct client *client;
    const struct nsp *nsp;
    char id[ID_BYTES], pid[ID_BYTES];
    unsigned call_count;
    struct event_call *call, **last_call; /* the event that runs, and those that wait for it */
    struct caller caller;
    char handle[HANDLE_ROOM];
    struct ack *acks;
    int64_t next_ack;
    bool left; /* its namespace, or the connection has ended: it is told nothing more */
};

struct client { /* the sockets of one session */
    struct eio_session *session;
    struct rt_socket *sockets;
    bool connecting;
    struct assembly *assembly; /* a packet whose attachments are still to come */
};

struct nsp { /* a namespace, and how its events are served */
    const char *name;
    void (*event)(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments);
    void (*left)(struct rt_socket *s, enum eio_end why);
};
extern const struct nsp PRODUCT_NAMESPACE;                     /* events.c */
extern const struct nsp TEST_NAMESPACE, TEST_CUSTOM_NAMESPACE; /* echo.c */

struct rt_socket *socket_join(struct client *c, const struct nsp *nsp, const struct caller *who);
void socket_welcome(struct rt_socket *s);                                 /* the CONNECT answer */
void test_join(struct client *c, const struct nsp *nsp, struct str auth); /* echo.c */
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
struct rt_socket *socket_find(struct rt_loop *l, struct str session_id, struct str socket_id);
void sockets_init(struct rt_loop *l);

/* --- connecting and events: connect.c, events.c ------------------------------------------------------------- */

/* CONNECT to `/`: who is it? Answers itself, now or later. `text` is `auth` as it came. */
void connect_begin(struct client *c, struct json auth, struct str text);

struct event_kind { /* of a client's events */
    const struct socket_event *event;
    _Atomic int64_t count, failed,
        micros; /* answered; with an error; from its coming to its answer, in all */
};
struct event_call; /* an event of a client that runs on a worker */
/* The events of all modules' tables, by name. */
NODISCARD err_t events_init(struct realtime *rt);
/* Run one event without a socket, from the reading of its argument to its acknowledgement, which lies in `a`. What it
 * asks for (rooms, emits) is not done. For the fuzz target: every byte that a client can put into an event passes here. */
NODISCARD err_t event_try(struct rt_loop *l, struct db *db, struct arena *a,
                          const struct caller *who, const struct sio_packet *p,
                          struct str *ret_reply);
/* What a handler of this room may ask for; done on the socket's loop: rooms before the acknowledgement, emits after it. */
void call_join(struct socket_call *c, struct str room);
void call_leave(struct socket_call *c, struct str room);
void call_emit(struct socket_call *c, const char *event, struct str json);
extern const struct socket_event REALTIME_EVENTS[]; /* topics.c */
enum { REALTIME_EVENT_COUNT = 4 };

/* What a client asks to hear of, read once. However it was typed, one thing has one name and one room: both are built
 * from this, never from the text. */
struct topic {
    const char
        *own; /* the account's own ("feed", "notifications"), in static storage; or NULL and … */
    const struct entity *entity; /* … the kind of thing that it names */
    struct uuid id;              /* of the thing, or of the account */
};
/* E_INVALID: no topic. It asks nobody whether the thing is there. */
NODISCARD err_t topic_parse(const struct app *app, const struct caller *who, struct str text,
                            struct topic *ret);
/* The same for what names a document that can be shared, and nothing else. */
NODISCARD err_t topic_parse_document(const struct app *app, const struct caller *who,
                                     struct str text, struct topic *ret);
struct str topic_name(struct arena *a, const struct topic *t); /* "conversation:<id>", "feed" */
struct str topic_room(struct arena *a,
                      const struct topic *t); /* "conversation:<id>", "feed:<id>" */
struct str topic_of_entity(struct arena *a, const char *entity, struct uuid id);
/* May this caller hear of it? E_NOT_FOUND, E_FORBIDDEN (scope). */
NODISCARD err_t topic_check(struct app *app, struct db *db, struct arena *a,
                            const struct caller *who, const struct topic *t);
/* For a room that a lost socket was in: may it be in it again? */
NODISCARD err_t room_check(struct app *app, struct db *db, struct arena *a,
                           const struct caller *who, struct str room);

/* --- what changed: changes.c -------------------------------------------------------------------------------- */

extern const struct op_consumer REALTIME_CONSUMERS[];
enum { REALTIME_CONSUMER_COUNT = 1 };
extern const struct field CHANGES_QUERY[];
enum { CHANGES_QUERY_COUNT = 3 };
/* What `user` may see of what changed after *cursor, at most `limit` ops; *cursor moves. Members `items`, `cursor`, `more` of the open object.
 * *ret_nothing: the log holds nothing after it that concerns the user. */
NODISCARD err_t changes_write(struct app *app, struct db *db, struct arena *a, struct uuid user,
                              struct op_cursor *cursor, size_t limit, struct json_out *o,
                              bool *ret_nothing);
err_t changes_get(struct req *rq, struct reply *rp);
/* engine_http.c: GET, POST and PUT of /socket.io/, and of /engine.io/ in test mode. */
err_t socket_io(struct req *rq, struct reply *rp);
err_t engine_io(struct req *rq, struct reply *rp);
bool eio_wants_body(const struct req *rq); /* the payload of a session that is there */
struct waiter;                             /* a request that waits for a change */
void waiters_wake(struct rt_loop *l, struct str user_room);
void waiters_end(struct rt_loop *l);
/* The waiting requests that stand on the credential (`credential`), or the account, of this id: E_UNAUTHENTICATED. */
void waiters_refuse(struct rt_loop *l, bool credential, struct uuid id);
/* Those of an account of which credentials may have ended: each is asked about, and refused or told to look again. */
void waiters_check(struct rt_loop *l, struct uuid user);
void waiters_init(struct rt_loop *l);

/* --- signalling for WebRTC: signalling.c, signal_topics.c ------------------------------------------------------------------------- */

struct signal_topics { /* how many subscribe to what, on all loops; under the emission lock */
    struct table by_room;
    struct pool pool;
};
extern const struct ws_events SIGNAL_WS_EVENTS;
void signalling_init(struct rt_loop *l);
void signal_topics_init(struct signal_topics *t);
void signal_topics_free(struct signal_topics *t);
/* One more subscriber on a room: E_LIMIT (SIGNAL_SUBSCRIBERS_MAX), E_BUSY; one less. They take the lock. */
NODISCARD err_t signal_count_in(struct realtime *rt, struct str room);
void signal_count_out(struct realtime *rt, struct str room);
/* How many there are, of a room that has some. The caller holds the lock. */
unsigned signal_count(struct realtime *rt, struct str room);
err_t signalling_get(struct req *rq, struct reply *rp);
/* May the caller signal about the topic? *ret_name: its one name. E_INVALID, also for what is no text; else as topic_check. */
NODISCARD err_t signal_topic_check(struct app *app, struct db *db, struct arena *a,
                                   const struct caller *who, struct str text, struct str *ret_name);
/* The room of who signals about a topic; apart from it those of test mode, whom nobody knows. */
struct str signal_room(struct arena *a, bool known, struct str topic);

/* --- rights and credentials that went: withdraw.c ---------------------------------------------------------------- */

void withdraw_credential(struct realtime *rt, struct uuid credential); /* of any kind */
void withdraw_account(struct realtime *rt, struct uuid user);
/* Some credentials of the account may have ended: each of its sockets is asked again. */
void withdraw_check(struct realtime *rt, struct uuid user);
/* The user (nil: everybody) may not hear of the topic any more. */
void withdraw_topic(struct realtime *rt, struct uuid user, struct str topic);

/* --- the room ---------------------------------------------------------------------------------------------------- */

struct realtime {
    struct arena arena; /* holds this struct and the loops */
    struct app *app;
    struct rt_loop *loops;
    int loop_count;
    bool test; /* VIVIM_TEST */
    int64_t ping_interval_ms, ping_timeout_ms, connect_timeout_ms;
    size_t payload_bytes_max;
    struct ws_options ws, signal_ws;
    struct ws_frame *ping, *pong_probe, *noop; /* packets without data */
    struct ws_frame *signal_pong;
    struct map events;        /* name -> struct event_kind */
    struct mutex knowing;     /* of `known` */
    struct table known;       /* the ids of all connections, on whatever loop they are */
    struct mutex emitting;    /* one order of emissions for all loops */
    _Atomic bool stopping;    /* the loops take no letters any more; set under the lock */
    _Atomic uint64_t emitted; /* written under the lock */
    struct recovery recovery;
    struct signal_topics signal_topics;
    struct presence *presence;
    _Atomic bool presence_ticks; /* the clock of presence runs on the first loop */
    _Atomic uint64_t
        withdrawals; /* rights and credentials that went: checks under way look again */
};

struct realtime *realtime_of(struct app *app);
struct str caller_room(struct arena *a, struct uuid user); /* "user:<id>" */

#endif

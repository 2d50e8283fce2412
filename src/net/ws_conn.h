/* A WebSocket on a connection: the codec of ws.h with a socket under it. It lives on its loop's thread.
 *
 * An idle one costs its struct: no buffer, no parser, no codec state (docs/decisions/0006). What is sent goes to the
 * kernel at once; what the kernel does not take waits, counted. Past half of `unsent_bytes_max` nothing more is
 * read from the peer until it has taken what waits; past all of it the connection ends with 1013. One message
 * always fits when nothing waits. What waits is counted with what keeping it costs. Small messages that are one of several in the
 * loop's turn (others were sent to this connection, or the loop has more letters or messages to see to, net_loop.more) leave
 * together, at its end.
 */
#ifndef VIVIM_NET_WS_CONN_H
#define VIVIM_NET_WS_CONN_H

#include "net/conn.h"
#include "net/ws.h"

/* One encoded, uncompressed message, made once and shared by everybody it goes to, on any thread: the references are counted. */
struct ws_frame {
    _Atomic unsigned references;
    unsigned head_bytes; /* of the frame header, in front of the payload */
    size_t n;            /* head and payload */
    char bytes[];
};
/* With one reference, the caller's. NULL: no memory. `payload` is copied. */
struct ws_frame *ws_frame_new(enum ws_opcode opcode, struct str payload);
/* The same from two parts, joined (a packet's head and its JSON). */
struct ws_frame *ws_frame_join(enum ws_opcode opcode, struct str head, struct str rest);
struct ws_frame *ws_frame_hold(struct ws_frame *f); /* one more reference */
void ws_frame_drop(struct ws_frame *f);             /* accepts NULL */
struct str ws_frame_payload(const struct ws_frame *f);

struct ws_conn;

struct ws_events {
    /* A whole message; `data` ends with the call. The connection may be closed in it. */
    void (*message)(struct ws_conn *c, bool binary, struct str data);
    /* A peer that had fallen behind has taken all that waited. May be NULL. */
    void (*drained)(struct ws_conn *c);
    /* The server is stopping: say what is to be said and close. NULL: closed with 1001. */
    void (*stopping)(struct ws_conn *c);
    /* The last call, never inside another one of these functions. code: the peer's (1005: it gave none), ours when the
     * peer answered it or when it broke the rules or fell too far behind; 1006 when it went without a close frame.
     * ws_conn_state is still there. */
    void (*closed)(struct ws_conn *c, int code);
};

struct ws_options { /* of a kind of connections: it must last as long as they do */
    const struct ws_events *events;
    struct ws_limits limits;
    size_t unsent_bytes_max;
    int64_t close_timeout_ms; /* how long we wait for the peer's close frame and for unsent bytes */
    int64_t
        ping_interval_ms; /* RFC 6455 pings; a peer that answers nothing for another interval is gone. 0: none (Engine.IO has its own) */
};

void *ws_conn_state(const struct ws_conn *c);
void ws_conn_set_state(struct ws_conn *c, void *state);
struct net_loop *ws_conn_loop(const struct ws_conn *c);

/* Send; false: it is closed or closing (nothing was sent). Takes a reference of its own while it needs one. */
bool ws_conn_send_frame(struct ws_conn *c, struct ws_frame *f);
/* Encode for this one, compressed where that was agreed and pays. */
bool ws_conn_send(struct ws_conn *c, bool binary, struct str data);
/* The same from two parts (a packet's head and its JSON), never compressed. */
bool ws_conn_send_parts(struct ws_conn *c, bool binary, struct str first, struct str rest);
size_t ws_conn_unsent_bytes(const struct ws_conn *c); /* to drop what is volatile */

/* Begin the closing handshake (RFC 6455 section 7): a close frame, then whatever comes is not read as messages; `closed` follows. */
void ws_conn_close(struct ws_conn *c, int code, struct str reason);
/* End at once, without a close frame. `closed` follows, not inside this call. */
void ws_conn_abort(struct ws_conn *c);

/* Figures of all loops since the start, for metrics. */
enum { WS_CODE_FIRST = 1000, WS_CODE_COUNT = 16 }; /* the last: every code from 1015 on */
struct ws_figures {
    uint64_t opened, closed, messages_in, messages_out, bytes_in, bytes_out;
    uint64_t dropped; /* not sent: the peer was too far behind */
    uint64_t codes[WS_CODE_COUNT];
};
void ws_figures(struct ws_figures *ret);

/* For http: the connection that net gives (http1_take_over) becomes a WebSocket. `rest`: bytes that came behind the request. */
struct ws_conn *ws_conn_new(const struct ws_options *o, const struct ws_accept *agreed,
                            void *state); /* NULL: no memory */
/* The connection is its own now; reading begins with `rest`, through net_post. Takes what `rest` holds. */
void ws_conn_begin(struct ws_conn *c, struct net_conn *conn, struct buf *rest);
extern const struct net_protocol WS_PROTOCOL; /* its state is a struct ws_conn */

#endif

/* HTTP/1.1 (RFC 9112) on a connection: requests out of bytes, answers in order.
 *
 * llhttp in strict mode takes header blocks apart; before it, a scan of the raw block refuses what it lets pass (obsolete
 * line folding, a lone CR or LF, other protocols' names: research/stack.md section 3, http1_head.h). Bodies are framed
 * here (chunked.h). One request is under way at a time; what a client sends ahead waits.
 * A request's memory (struct http1_exchange) exists only while it is under way: an idle connection holds none.
 */
#ifndef VIVIM_NET_HTTP1_H
#define VIVIM_NET_HTTP1_H

#include "base/buf.h"
#include "base/limits.h"
#include "net/conn.h"

struct http1_header {
    struct str name, value; /* name in lower case, value trimmed */
};

struct http1;

struct http1_exchange {
    struct arena arena; /* dies with the exchange */
    struct net_loop *loop;
    struct http1 *connection;           /* NULL: the client has gone */
    struct str method, target, version; /* version: "1.1" */
    struct http1_header *headers;
    size_t header_count;
    bool keep_alive, upgrade, local;
    bool has_body, body_chunked, expects_continue;
    bool body_here;       /* all of it came in the same read as the head */
    bool body_left;       /* answered without it: it is dropped, or the connection closes */
    bool takes_cut;       /* set by `head`: what came of a body is worth something alone … */
    bool body_cut;        /* … and this is all that came; nobody is there any more */
    uint64_t body_length; /* as announced by Content-Length */
    struct net_peer peer;
    size_t body_max; /* set by `head`; more than this sets body_too_large and reads no further */
    bool body_too_large;
    struct buf body; /* up to HTTP_BODY_SPOOL_BYTES … */
    int body_fd;     /* … else a file that has no name any more; -1 */
    size_t body_bytes;
    struct http1_exchange *next_free;
    void *user; /* of the layer above, in the arena */
};

enum http1_next {
    HTTP1_READ,   /* read the body, then `request` */
    HTTP1_ANSWER, /* `request` now: nothing of the body is kept, and `100 Continue` is not sent */
    HTTP1_WAIT    /* nothing more is read until http1_go_on */
};

struct http1_server {
    /* The header block was read, the body was not: set body_max, and say what comes next (without a body it is `request`,
     * whatever this says). Called on the loop. */
    enum http1_next (*head)(struct http1_exchange *x, void *context);
    /* The request is whole, or its body is too large, or it was not wanted (body_left), or the client went while it sent it
     * (takes_cut): answer now or later with http1_reply, once. */
    void (*request)(struct http1_exchange *x, void *context);
    /* Bytes that are no request: the whole answer to `e` (E_BAD_INPUT, E_HEADERS_TOO_LARGE, E_REQUEST_TIMEOUT) into `out`; the connection closes. */
    void (*bad)(err_t e, struct buf *out, void *context);
    void *context;
    const char *temp_dir;
    int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms;
    _Atomic bool draining; /* answer with Connection: close and close idle connections */
};

/* For net_listen: state = http1_accept(server, conn). */
extern const struct net_protocol HTTP1_PROTOCOL;
bool http1_accepted(struct net_conn *c, const struct net_peer *peer, void *server);

struct http1_reply {
    struct str head; /* status line and headers with the empty line, in the exchange's arena */
    struct str body; /* in the arena or static */
    int file_fd;     /* instead of body: a file that is sent from its start and closed; -1 */
    size_t file_bytes;
    bool close;  /* close afterwards */
    bool stream; /* the body goes on: http1_stream_write until http1_stream_end */
    bool
        passing; /* head and body are good during the call alone: what the kernel leaves of them is copied */
};
/* Answer. On the exchange's loop (net_post from elsewhere). The exchange is gone afterwards, unless it streams. */
void http1_reply(struct http1_exchange *x, const struct http1_reply *r);

/* After HTTP1_WAIT, on the exchange's loop: HTTP1_READ or HTTP1_ANSWER. The client may have gone: then the exchange is
 * freed. */
void http1_go_on(struct http1_exchange *x, enum http1_next next);

/* A body that goes on (server-sent events). On the loop. false: the client has gone, or reads too slowly (more than STREAM_UNSENT_MAX is waiting;
 * then the connection is closed). `gone` is called once when the connection ends, before the exchange is freed. */
enum { STREAM_UNSENT_MAX = 256 * 1024 };
bool http1_stream_write(struct http1_exchange *x, struct str bytes);
void http1_stream_end(struct http1_exchange *x);
/* What of it the kernel has not taken yet; `drained` is called whenever all of it has gone out. Who asks for the first and waits for
 * the second never comes near STREAM_UNSENT_MAX, however slowly the client reads. */
size_t http1_stream_unsent(const struct http1_exchange *x);
void http1_stream_on_drained(struct http1_exchange *x,
                             void (*drained)(struct http1_exchange *x, void *context),
                             void *context);
void http1_stream_on_gone(struct http1_exchange *x,
                          void (*gone)(struct http1_exchange *x, void *context), void *context);

/* The answer comes later: until then the client is listened to, so that its leaving is seen at once; what it sends ahead
 * is kept, up to a bound. `gone` is called once, on the loop, if it goes before the answer; the exchange must be answered
 * all the same (that frees it). Does nothing when it has gone already. */
void http1_hold(struct http1_exchange *x, void (*gone)(struct http1_exchange *x, void *context),
                void *context);
bool http1_is_gone(const struct http1_exchange *x);
/* A held exchange and its connection go to another loop; `arrived` runs there, also when the client has gone meanwhile.
 * Until then nobody may touch the exchange. */
void http1_move(struct http1_exchange *x, struct net_loop *to,
                void (*arrived)(struct net_loop *l, void *arg), void *arg);

/* After an upgrade: give the connection to another protocol, with the bytes that came behind the request, which are the
 * caller's now. The exchange is freed. `head` is the 101 answer. On the loop. NULL when the client has gone: nothing
 * has happened then. */
struct net_conn *http1_take_over(struct http1_exchange *x, struct str head,
                                 const struct net_protocol *protocol, void *state,
                                 struct buf *ret_rest);

/* Free what the loop's thread keeps for exchanges to come; at its end. */
void http1_thread_end(void);

struct str http1_header_value(const struct http1_exchange *x,
                              struct str lower_name); /* the first; STR_NONE */

#endif

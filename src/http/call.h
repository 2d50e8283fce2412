/* Inside the room: one call from the header block to the answer, and the server that serves it. */
#ifndef VIVIM_HTTP_CALL_H
#define VIVIM_HTTP_CALL_H

#include "http/http.h"
#include "net/http1.h"
#include "os/thread.h"

enum { PARAMS_MAX = 8, REPLY_HEADERS_MAX = 24, COOKIE_BYTES_MAX = 4096 };

struct reply {
    struct arena *arena;
    int status;
    struct http1_header headers[REPLY_HEADERS_MAX];
    size_t header_count;
    struct buf json;
    struct json_out out;
    bool has_json;
    struct str content_type, body;
    int file_fd;
    size_t file_bytes;
    bool close;
    bool stream;         /* the body goes on: held_stream_begin */
    bool held;           /* the answer comes later: reply_hold */
    struct str page_key; /* its JSON is to be kept under it */
    bool passing;        /* `body` may go before it is sent: http1_reply.passing */
    bool secret;         /* its body must not be kept for an Idempotency-Key */
};

/* What a worker runs. Part of what it works on; `run` is the last to touch it on the worker. */
struct task {
    void (*run)(struct task *t, struct db *db, err_t no_db); /* no_db: why there is no handle */
};

/* A request that is answered later, by whoever began to hold it. */
struct held {
    void (*begin)(struct held *h, void *arg);
    void *arg;
    void (*gone)(struct held *h, void *arg);
    void *gone_arg;
    void (*then)(struct held *h, void *arg); /* while it moves */
    void *then_arg;
};

/* One request under way. In the exchange's arena. */
struct call {
    struct req rq;
    struct reply rp;
    struct http1_exchange *exchange;
    struct http_server *server;
    struct str params[PARAMS_MAX];
    size_t route_index; /* in the router's table: where its figures are counted */
    struct held held;
    struct task task;
    struct db_handed handed;  /* its commit */
    struct call *next;        /* of those whose commit has ended (written.c) */
    bool wrong_method;        /* the path is there, the method is not */
    bool cors;                /* a route of this path answers pages of other origins */
    unsigned allowed_methods; /* bit (1 << method), for Allow */
    err_t refused; /* by a check that needs no body: answered without it; or by the COMMIT */
    struct err_detail *refused_detail; /* why; NULL: nothing more is known */
    int64_t began_us;
    struct str network; /* of the client: whose rates count together (net_address_network) */
    struct rate_result {
        int64_t limit, remaining, reset_s;
        bool counted;
    } rate;
};

struct http_server {
    struct http_options options;
    struct net_loop *loops;
    int loop_count, port;
    struct net_listener *listener, *unix_listener;
    struct http1_server http1;
    struct str base_url, own_host; /* base URL; its authority */
    bool https, loopback;          /* loopback: the names of this machine for itself are ours too */
    struct str example;            /* http_base_url_example */
    struct arena arena;            /* as long as the server */
    struct router *router;
    struct rates *rates;
    struct workers *workers, *watch, *writer; /* one thread each: for RUN_WATCH, for RUN_WRITE */
    struct page_store *pages;
    struct written *written;
    struct mutex produced_lock;
    struct uuid
        produced_for[PRODUCED_MAX]; /* under the lock: whose bodies workers are making; nil: none */
    struct metrics *metrics;
    struct str openapi;
};

/* It is answered with this error, and what this thread knows of it (err_detail). OK: it is not. */
void call_refuse(struct call *c, err_t e);
bool reply_has_header(const struct reply *rp, struct str name); /* in any case */
/* As reply_header, of a value that lives in the request's arena, or for ever. */
void reply_header_kept(struct reply *rp, const char *name, struct str value);
/* On the loop: count, log, answer. */
void call_end(struct call *c);
void call_count(struct call *c); /* count and log alone, for what goes on in another protocol */

#endif

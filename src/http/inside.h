/* Inside the room: one call from the header block to the answer, and the server that serves it. */
#ifndef VIVIM_HTTP_INSIDE_H
#define VIVIM_HTTP_INSIDE_H

#include "http/http.h"
#include "net/http1.h"
#include "net/ws_conn.h"
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
    struct stream *stream; /* server-sent events */
    bool held;             /* the answer comes later: reply_hold */
    struct str page_key;   /* its JSON is to be kept under it */
    bool secret;           /* its body must not be kept for an Idempotency-Key */
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
    struct held held;
    struct task task;
    struct db_handed handed;  /* its commit */
    bool wrong_method;        /* the path is there, the method is not */
    bool cors;                /* a route of this path answers pages of other origins */
    unsigned allowed_methods; /* bit (1 << method), for Allow */
    err_t refused; /* by a check that needs no body: answered without it; or by the COMMIT */
    struct err_detail refused_detail;
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
    struct events *events;
    struct page_store *pages;
    struct metrics *metrics;
    struct str openapi;
};

/* router.c: the tables, checked. E_INVALID names the row that does not hold. */
NODISCARD err_t router_new(struct arena *a, const struct http_options *o, struct router **ret);
/* Fill route, params, wrong_method. The path is decoded segment by segment into the arena. */
NODISCARD err_t router_match(const struct router *r, struct call *c);
size_t router_count(const struct router *r);
const struct route *router_at(const struct router *r, size_t i);
/* Where its figures are counted: the index of a route, or router_count() for none. */
size_t router_index(const struct router *r, const struct route *route);

/* checks.c: what the columns of the route table ask for. */
NODISCARD err_t check_host(struct call *c);
NODISCARD err_t check_same_site(struct call *c);
NODISCARD err_t check_caller(struct call *c); /* identity, who may call, scope */
NODISCARD err_t check_rate(struct call *c);   /* counts a request once, however often it is asked */
struct str retry_seconds(struct call *c,
                         int64_t ms); /* whole ones, at least one, for Retry-After */
bool needs_store(
    const struct call *c); /* or may it be answered on the loop, whatever the store does? */
bool http_origin_is_ours(const struct http_server *s, struct str origin);

/* head.c: what comes after the header block of a request with a body. */
enum http1_next call_head(struct call *c);
/* request.c */
bool is_json_type(struct str type);

/* rates.c: token buckets. */
struct rates *rates_new(struct arena *a);
void rates_free(struct rates *r);
bool rate_take_address(struct rates *r, struct str network, int64_t now_ms, int64_t *ret_retry_ms);
bool rate_take(struct rates *r, struct str key, enum rate_class class, int64_t now_ms,
               struct rate_result *ret, int64_t *ret_retry_ms);

/* idempotency.c */
bool idempotency_asked(const struct call *c); /* may there be a key? */
NODISCARD err_t idempotency_begin(struct call *c, bool *ret_replayed);
void idempotency_end(struct call *c, err_t e);

/* problem.c: turn an error with the thread's detail into the reply. */
void reply_problem(struct call *c, err_t e);
void problem_write(struct json_out *o, err_t e, struct str request_id);

/* answer.c: head and body to the wire. */
void call_answer(struct call *c);
/* server.c */
void call_run(struct call *c);    /* checks, handler; on a worker or on the loop */
void call_finish(struct call *c); /* on the loop: answer, or hold */
void call_end(struct call *c);    /* on the loop: count, log, answer */
void call_count(struct call *c);  /* count and log alone, for what goes on in another protocol */
/* held.c */
void held_begin(struct call *c);
/* stop.c */
void server_drain(struct http_server *s);
/* cors.c */
void cors_headers(struct call *c);
bool cors_preflight(struct call *c); /* was it one? Then it is answered in the reply */
/* test_echo.c */
extern const struct route HTTP_TEST_ROUTES[];
extern const size_t HTTP_TEST_ROUTE_COUNT;

/* workers.c */
NODISCARD err_t workers_start(struct http_server *s, int max, struct workers **ret);
/* The one thread for RUN_WRITE: whenever nothing waits it commits what its tasks have handed over. */
NODISCARD err_t workers_start_writer(struct http_server *s, struct workers **ret);
void workers_stop(struct workers *w); /* what waits is done; what comes later is E_STOPPING */
void workers_free(struct workers *w); /* when no loop runs that could ask */
NODISCARD err_t workers_push(struct workers *w, struct task *t);
size_t workers_waiting(const struct workers *w);

/* events.c */
struct events *events_new(struct arena *a, struct net_loop *loops, int count);
void events_stop(
    struct events *e); /* nothing is posted to the loops any more; accepts NULL, as free does */
void events_free(struct events *e);
void events_open(struct call *c); /* the reply's stream begins; on the loop */

/* pages.c: rendered pages, of each loop. */
struct page_store *pages_new(struct arena *a, int loops);
void pages_free(struct page_store *s); /* when no loop runs; accepts NULL */
void pages_keep(struct call *c);       /* what its handler has written, if that asked for it */
void pages_tidy(struct page_store *s, const struct net_loop *l); /* on the loop, each turn */
void pages_write(struct page_store *s, struct buf *out);         /* figures, for /metrics */

/* static.c: the web client. True when the path is its. */
bool static_serve(struct call *c);
/* security_headers.c. document: the policy of a page or script of our client, to which the answer adds the rest; else all of them,
 * with the policy of what is no page where none was set. */
void security_headers(struct call *c, bool document);

/* health.c, openapi.c */
extern const struct route HTTP_OWN_ROUTES[];
extern const size_t HTTP_OWN_ROUTE_COUNT;
NODISCARD err_t openapi_write(struct http_server *s, struct buf *out);
struct metrics *metrics_new(struct arena *a, size_t routes);
void metrics_count(struct metrics *m, size_t route, int status, int64_t micros);
void metrics_write(struct http_server *s, struct buf *out);

#endif

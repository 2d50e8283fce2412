/* http: from a parsed request to a reply.
 *
 * A room lists its routes in a table; each row says the method, the path, the handler, who may
 * call it, its rate class, the body limit and where it runs. A row that does not say who may call
 * stops the start. The same table makes /openapi.json. Before a handler runs, in this order:
 * coarse rate by address, Host check, route, identity, who-may, CSRF check, rate by account, body
 * limit and type, arrival of the body, Idempotency-Key. What fails before the arrival is answered at
 * the header block: nothing of the body is kept for who may not send it (head.c). A handler does three things: parse, call, render.
 * Errors become problem+json (RFC 9457) with a stable code, a detail and the request id.
 */
#ifndef VIVIM_HTTP_HTTP_H
#define VIVIM_HTTP_HTTP_H

#include "base/json_write.h"
#include "db/blob.h"
#include "db/db.h"

/* --- routes ------------------------------------------------------------------------------- */

enum http_method {
    HTTP_GET = 1,
    HTTP_POST,
    HTTP_PUT,
    HTTP_PATCH,
    HTTP_DELETE
}; /* HEAD is served as GET without body; OPTIONS by the router */

/* Who may call. There is no default: 0 stops the start. */
enum auth {
    AUTH_UNSAID = 0,
    AUTH_PUBLIC, /* anybody; the caller is known when a credential came */
    AUTH_USER,   /* a session or a token */
    AUTH_ADMIN,
};

enum rate_class {
    RATE_NONE,
    RATE_READ,
    RATE_WRITE,
    RATE_LOGIN,
    RATE_CAPTURE,
    RATE_SEARCH,
    RATE_CLASS_COUNT
};
enum run {
    RUN_WORKER,
    RUN_INLINE, /* an indexed read, no write: on the loop with SQLite, on a worker with PostgreSQL */
    RUN_LOOP, /* needs no store and waits for nothing: on the loop, whatever the store does. AUTH_PUBLIC; the caller
                 * is not asked for */
    RUN_WATCH, /* as RUN_INLINE, with a thread of its own, which no other request can use up */
    /* A short write that waits for nothing but the store, and does nothing after its commit but write its reply out of what it
     * has. With SQLite all of these run on one thread, one behind the other, and hand their commits over: the reply leaves
     * when the group is on the disk (docs/decisions/0011-commit-hand-over.md). With PostgreSQL, and with an
     * Idempotency-Key: on a worker. */
    RUN_WRITE
};
enum scope {
    SCOPE_NONE,
    SCOPE_READ,
    SCOPE_WRITE,
    SCOPE_CAPTURE,
    SCOPE_ADMIN
}; /* what an API token must be allowed */

/* A field of a request body or query: checked by http, written into the OpenAPI document.
 * Text fields: min/max are bytes; numbers: the value. */
enum field_type { FIELD_STR, FIELD_I64, FIELD_BOOL, FIELD_UUID, FIELD_TIME, FIELD_JSON };
struct field {
    const char *name;
    enum field_type type;
    bool required;
    int64_t min, max;
    size_t
        offset; /* into the handler's struct: struct str, int64_t, bool, struct uuid, int64_t ms, struct json */
    const char *doc;
};
#define FIELD(row, member, t, req, lo, hi, text)                    \
    {                                                               \
#member, t, req, lo, hi, offsetof(struct row, member), text \
    }

struct app;
struct req;
struct reply;
typedef err_t (*handler_fn)(struct req *rq, struct reply *rp);

struct route {
    enum http_method method;
    const char *
        path; /* "/api/v1/captures/{id}"; a parameter is one segment; a last "{path...}" takes the rest */
    handler_fn handler;
    enum auth auth;
    enum rate_class rate;
    size_t body_max; /* bytes; 0: no body allowed */
    enum run run;
    enum scope scope;
    /* What the operator allows, where a setting says so: instead of body_max, which is then the most that may be set. */
    size_t (*body_allowed)(const struct app *app);
    /* for the checks and /openapi.json */
    const char *summary;
    const struct field *body; /* JSON object fields; NULL: none (or parsed by the handler) */
    size_t body_count;
    const struct field *query;
    size_t query_count;
    const char *
        reply_schema; /* JSON Schema text of the 200/201/202 body, or NULL: no body; "$ref" may name a schema of http_schema() */
    const char *
        error_schema; /* JSON Schema of errors that a protocol has of its own; NULL: problems alone */
    int success;      /* 200 when 0; 101: a WebSocket, which the handler holds (reply_hold) */
    const char *
        known_by; /* with this in the query a request needs no store either (RUN_LOOP): it belongs to something
                           * that knows its caller already; NULL: there is nothing of the kind */
    /* The handler is run with what came of a body when the client went in the middle of it (req.body_cut): it keeps that, and
     * nobody hears its answer. */
    bool takes_cut;
    bool takes_excess; /* the handler itself answers a body over the limit (req.body_excess) */
    /* Asked on the loop when the head has come and the body has not: is it for something that is there? Where it is not,
     * nothing of the body is read, and the handler, which takes_excess, says so. NULL: it is read. */
    bool (*wants_body)(const struct req *rq);
    bool
        cors; /* pages of other origins may ask: preflights are answered, every answer says who may read it */
    /* Of a row that stands for one kind of thing (registry/module.h, {shareable}): which. */
    const struct entity *entity;
    bool
        open_in_tests; /* with http_options.test_routes a stranger may open the WebSocket: for outside suites */
};

/* --- the request --------------------------------------------------------------------------- */

/* What a caller shows to be let in; what each kind is stands in the table of identity/credentials.c. */
enum credential_kind {
    CREDENTIAL_NONE, /* a stranger, or the operator over the local socket */
    CREDENTIAL_SESSION,
    CREDENTIAL_TOKEN,
};

/* Who calls: filled by the identity function that app.c hands down. */
struct caller {
    bool known;
    enum credential_kind credential;
    struct uuid user_id, credential_id; /* nil where it does not apply */
    struct str handle;
    bool admin;
    bool by_cookie;     /* the CSRF check applies */
    unsigned scopes;    /* bit (1 << enum scope); all bits for a session */
    int64_t expires_ms; /* when the credential ends, unless use moves that on; INT64_MAX: never */
};

struct header {
    struct str name, value; /* name lower-case */
};

struct req {
    struct arena *arena; /* reset after the reply */
    struct db *db;       /* this thread's handle */
    struct blob_store *blobs;
    struct app *
        app; /* the rooms' shared objects, as handed to http_server_start; rooms read it through registry/module.h */
    enum http_method method;
    bool head;
    struct str path, query; /* raw; path decoded segments come by req_param */
    const struct header *headers;
    size_t header_count;
    struct str body; /* in memory when at most HTTP_BODY_SPOOL_BYTES … */
    int body_fd;     /* … else a temporary file positioned at 0; -1 otherwise */
    size_t body_bytes;
    bool body_excess; /* it was over the limit and was not read to its end */
    bool body_cut;    /* the client went while it sent it: this is what came */
    struct str
        client; /* address in its one text form (net_address_canonical), after trusted proxies; "local" over the Unix socket */
    bool
        local; /* came over the Unix socket; the peer is our own user or root (SO_PEERCRED): no rate limit, no Host or CSRF check */
    bool https;                 /* as the client sees it */
    const char *session_cookie; /* its name here, "__Host-vivim" with https; NULL: "vivim" */
    struct str request_id;
    struct caller caller;
    int64_t now_ms;
    const struct route *route;
    const struct str *params; /* values of {…} in order */
};

struct str req_header(const struct req *rq, struct str lower_name); /* STR_NONE when absent */
struct str req_param(const struct req *rq,
                     const char *name); /* decoded; assert: the route has it */
NODISCARD err_t req_param_uuid(const struct req *rq, const char *name,
                               struct uuid *ret); /* E_NOT_FOUND when it is none */
/* Decoded query value, STR_NONE when absent. E_BAD_INPUT for broken escapes or invalid UTF-8 was answered before. */
struct str req_query(const struct req *rq, const char *name);
/* Fill a struct from the JSON body by the route's field table: E_BAD_JSON, E_MEDIA_TYPE, E_INVALID naming the field;
 * unknown fields are E_INVALID. Absent optional fields keep what is in *out. */
NODISCARD err_t req_body(struct req *rq, void *out);
/* The body as JSON: an object, whose members somebody else judges. */
NODISCARD err_t req_json(struct req *rq, struct json *ret);
NODISCARD err_t req_query_fields(struct req *rq, void *out);  /* the same for the query table */
struct str req_cookie(const struct req *rq, struct str name); /* STR_NONE; RFC 6265 */
/* The same for a JSON object from elsewhere (a socket's event): E_INVALID naming the field. */
NODISCARD err_t fields_read(struct arena *a, struct json object, const struct field *fields,
                            size_t count, void *out);

/* --- the reply ------------------------------------------------------------------------------ */

/* Status 200 unless set. JSON bodies are written through reply_json and end with the handler. */
void reply_status(struct reply *rp, int status);
/* 202: what was begun (or is being ended) has this id; `{"id": …}`. */
void reply_accepted(struct reply *rp, struct uuid id);
void reply_header(struct reply *rp, const char *name,
                  struct str value);           /* copied; assert: no CR or LF */
struct json_out *reply_json(struct reply *rp); /* Content-Type: application/json */
void reply_bytes(struct reply *rp, struct str content_type,
                 struct str body); /* body lives in rq->arena or is static */
/* The same, or the one part of it that a Range header asks for (206; RFC 9110 section 14). Several parts, another unit, or an If-Range
 * that names another state (`tag`, as given to reply_etag): all of it. E_RANGE: it begins behind the end. */
NODISCARD err_t reply_ranged(struct req *rq, struct reply *rp, struct str content_type,
                             struct str body, struct str tag);
/* A file from its start; the reply owns and closes the descriptor. */
void reply_file(struct reply *rp, struct str content_type, int fd, size_t bytes);
/* ETag of the representation (a strong one, without quotes; on a route that is not public the account is added, here and
 * in req_if_match, and Vary says so). Answers 304 to a matching If-None-Match: returns true, and the handler may stop. */
bool reply_etag(struct req *rq, struct reply *rp, struct str tag);
/* If-Match of the request against the current tag: E_PRECONDITION when it does not match. */
NODISCARD err_t req_if_match(struct req *rq, struct str tag);

/* A rendered JSON page that was kept, of which `key` (bytes) says all that its bytes depend on: the version of what is shown,
 * whose it is, for which role, which part. True: it is the reply. Else what the handler writes as its JSON is kept under the
 * key, if there is room. Asked when the handler has found that the caller may see it: the cache knows no rights. Only on
 * loops (RUN_INLINE with SQLite); elsewhere nothing is kept (docs/decisions/0012-page-cache.md). */
bool reply_page(struct req *rq, struct reply *rp, struct str key);

void reply_close(struct reply *rp); /* the connection ends with this answer */

/* Set-Cookie of the session: `__Host-vivim` with Secure when the base URL is https, else `vivim`; HttpOnly, SameSite=Lax, Path=/. max_age_s 0 removes. */
void reply_session_cookie(struct req *rq, struct reply *rp, struct str value, int64_t max_age_s);
struct str req_session_cookie(struct req *rq);

/* Cursor pages {items, next_cursor}: opaque text from bytes and back; E_BAD_INPUT ("cursor") when it is not ours. */
struct str cursor_encode(struct arena *a, struct str bytes);
NODISCARD err_t cursor_decode(struct arena *a, struct str text, struct str *ret);
/* A cursor that holds one struct of exactly `bytes` bytes. */
NODISCARD err_t cursor_read(struct arena *a, struct str text, void *ret, size_t bytes);

struct http_server;
struct http_server *req_server(const struct req *rq);
/* Something was erased: no page that was rendered until now (reply_page) is kept. Any thread. */
void http_pages_forget(struct http_server *s);

/* --- what stays open: held requests and WebSockets ------------------------------------------------
 * A handler checks and decides on a worker or on a loop; what stays open afterwards belongs to a loop.
 * reply_hold hands the request to `begin`, on its loop, once the handler has returned OK. From then on it
 * is answered later (held_answer), moved to another loop, or made a WebSocket. Until it is answered, the
 * client's leaving is seen at once. */

struct held;
struct net_loop;
struct ws_conn;
struct ws_options; /* net/ws_conn.h */
void reply_hold(struct req *rq, struct reply *rp, void (*begin)(struct held *h, void *arg),
                void *arg);
/* As the handler saw it, but with the loop's own `db`; its arena lives until the answer. */
struct req *held_req(struct held *h);
/* reply_status, reply_header, reply_bytes, reply_json go here. */
struct reply *held_reply(struct held *h);
struct net_loop *held_loop(struct held *h);
/* Called once, on the loop, when the client goes from now on and before the answer (look at held_is_gone first: for one
 * that has gone already it is not called); held_answer must still be called (it frees), there or later. */
void held_on_gone(struct held *h, void (*gone)(struct held *h, void *arg), void *arg);
bool held_is_gone(const struct held *h);
/* Answer with what was put into held_reply (200 unless it says otherwise), and end. On its loop. */
void held_answer(struct held *h);
/* The same with an error as problem+json (err_note's detail of this thread). */
void held_fail(struct held *h, err_t e);
/* Answer with what was put into held_reply, as a body of this type that goes on: held_stream_write until held_stream_end. `gone`
 * is called once, on the loop, when the connection has ended, whoever ended it; the request is gone behind it. False: nobody is
 * there to be streamed to (the client has gone, or asked for the head alone), and the request is gone already. */
NODISCARD bool held_stream_begin(struct held *h, struct str content_type,
                                 void (*gone)(struct held *h, void *arg), void *arg);
/* False: the client has gone, or reads too slowly: `gone` follows. Never waits. */
bool held_stream_write(struct held *h, struct str bytes);
void held_stream_end(struct held *h); /* `gone` follows, not inside this call */
/* Move request and connection to another loop; `then` runs there (at once when it is there already).
 * When the client has gone meanwhile `then` runs all the same, with held_is_gone. Later requests of the same
 * connection are read there. Until then nobody may touch it. */
void held_move(struct held *h, int loop, void (*then)(struct held *h, void *arg), void *arg);
/* Answer 101, with the headers of held_reply, and become a WebSocket (RFC 6455 section 4.2; the checks of
 * ws_handshake_check). `greeting` (STR_NONE: none) goes out as the first text message in the same write. The request is
 * gone afterwards. Messages that came behind the request are delivered through
 * net_post, after this call. On failure the request still stands and the caller answers it: E_BAD_INPUT (400), E_UPGRADE
 * (another version: 426; the header is already in held_reply), E_CROSS_SITE (the session cookie, but from a page of
 * another origin), E_BUSY, E_STOPPING; E_GONE: the client has gone. */
NODISCARD err_t held_websocket(struct held *h, const struct ws_options *o, bool offer_deflate,
                               void *state, struct str greeting, struct ws_conn **ret);

/* --- a body that a worker makes piece by piece -------------------------------------------------------
 * For what is too large to be held and too expensive to be made twice. A worker runs `produce` from start to end, and waits
 * where the client reads slowly: so there are at most PRODUCED_MAX at once and PRODUCED_PER_ACCOUNT_MAX of one account, and a
 * client that takes nothing for PRODUCED_STALL_MS is given up. The body is chunked (HTTP/1.1): one that ends before its end
 * is seen to be cut. */

struct sink;
struct production {
    /* On a worker, with its handle (NULL: there is none) and an arena of its own. Any error cuts the body. */
    err_t (*produce)(struct db *db, struct arena *a, struct sink *out, void *arg);
    /* Called once in the end, whatever happened, also when reply_produced itself failed: `arg` is not asked for any more. */
    void (*end)(void *arg);
    void *arg; /* must not lie in rq->arena, which may end before */
};
/* The handler's last call. E_BUSY (PRODUCED_MAX), E_RATE (PRODUCED_PER_ACCOUNT_MAX). */
NODISCARD err_t reply_produced(struct req *rq, struct reply *rp, struct str content_type,
                               const struct production *p);
/* Bytes are copied. E_GONE: the client has gone or takes nothing, or the server stops. */
NODISCARD err_t sink_put(struct sink *s, struct str bytes);

/* --- the server ------------------------------------------------------------------------------- */

struct http_options {
    struct str
        listen; /* "127.0.0.1:8420", "[::1]:0", "localhost:3000" (both families); "" : only the Unix socket */
    const char *
        unix_path; /* also listen there, mode 0600, for our own commands; NULL: not. A stale file is replaced */
    struct str base_url; /* "" : from the listen address */
    struct str trusted_proxies;
    int loops, workers_max;
    struct db_store *store;
    struct blob_store *blobs;
    struct app *app;
    const struct route *const *tables; /* each a room's routes */
    const size_t *table_counts;
    size_t table_count;
    err_t (*identify)(
        struct req *rq,
        struct caller *
            ret); /* OK with known=false for a stranger; E_UNAUTHENTICATED for a bad credential. Without an
                      Authorization header and a session cookie, and not local, it asks nothing of rq->db */
    const char *temp_dir;
    /* 0: those of base/limits.h */
    int64_t header_timeout_ms, body_timeout_ms, idle_timeout_ms, drain_ms;
    int64_t rate_factor; /* so many times the requests of rates.c; 0: 1 */
    bool cors_any;    /* routes with `cors` answer every origin, without credentials: for tests */
    bool test_routes; /* /ws-echo, and routes that are open_in_tests */
};

struct http_server;
/* The settings that http_server_start judges, before anything is made for it. base_url may be empty. E_INVALID. */
NODISCARD err_t http_base_url_check(struct str base_url);
/* Bound when it returns OK, and nothing is answered yet: who connects waits in the kernel. E_INVALID (a route table that does
 * not hold), E_CONFLICT (address in use), E_IO. */
NODISCARD err_t http_server_start(const struct http_options *o, struct http_server *_Atomic *ret);
/* The start is complete: answer, from here on. So whatever is answered, /readyz too, says that all is up. Once. E_BUSY. */
NODISCARD err_t http_server_accept(struct http_server *s);
/* Stop accepting, drain within HTTP_DRAIN_MS, end the loops and workers. Both accept NULL. */
void http_server_stop(struct http_server *s);
void http_server_free(struct http_server *s);
struct str http_base_url(struct http_server *s); /* as resolved, "http://localhost:8420" */
/* It listens for other machines too, and nobody said under which address they come: one that VIVIM_BASE_URL could be, made from
 * an address of this machine. STR_NONE: nothing is to be set. */
struct str http_base_url_example(struct http_server *s);
int http_port(struct http_server *s); /* the first bound port */
/* --- work for loops and workers ------------------------------------------------------------------- */

int http_loop_count(const struct http_server *s);
struct net_loop *http_loop(struct http_server *s, int number); /* 0 .. count-1 */
/* The loop's own database handle; NULL with PostgreSQL (ask a worker). On that loop only, for short indexed reads. */
struct db *http_loop_db(struct net_loop *l);
/* Run `work` on a worker with its handle (NULL: none could be opened; why is in err_detail; a PostgreSQL that is away is
 * an error of the first query) and an arena, then
 * `done` on the loop; the arena ends after it. E_BUSY: the queue is full, E_STOPPING: the workers have ended; then neither
 * is called. While the server stops, `done` is still called for every accepted work. */
NODISCARD err_t http_work(struct http_server *s, struct net_loop *l,
                          void (*work)(struct db *db, struct arena *a, void *arg),
                          void (*done)(struct net_loop *l, void *arg), void *arg);
/* Called on every loop when the server begins to stop, before connections are drained: end what is held open. Added
 * before http_server_start; the same pair again changes nothing. */
void http_on_stopping(void (*fn)(struct net_loop *l, void *context), void *context);
/* May pages of this origin speak to us with the cookie? Our own origin and, on loopback, its other names; anything when
 * http_options.cors_any is set. */
bool http_origin_allowed(const struct req *rq, struct str origin);

/* A named JSON Schema for "$ref": "#/components/schemas/NAME". Static tables of rooms; called before start. */
void http_schema(const char *name, const char *schema_json);

/* Metrics (Prometheus text): a room adds a line writer at init. */
void http_metrics_add(void (*write)(struct buf *out, void *context), void *context);

/* Forget the answers that are kept for this account's Idempotency-Keys. Inside an open transaction. */
NODISCARD err_t http_forget(struct db *db, struct uuid account);

#endif

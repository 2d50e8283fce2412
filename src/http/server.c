/* The server: from whole requests to handlers, in the order that http.h promises. */
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "base/utf8.h"
#include "http/answer.h"
#include "http/checks.h"
#include "http/metrics.h"
#include "http/own_routes.h"
#include "http/pages.h"
#include "http/rates.h"
#include "http/router.h"
#include "http/server.h"
#include "http/workers.h"
#include "net/address.h"
#include "net/ws_conn.h"
#include "os/clock.h"
#include "os/entropy.h"

/* --- one call ---------------------------------------------------------------------------------- */

static bool parse_method(struct str name, enum http_method *ret, bool *ret_head)
{
    static const struct {
        const char *name;
        enum http_method method;
    } METHODS[] = {
        { "GET", HTTP_GET }, { "HEAD", HTTP_GET },    { "POST", HTTP_POST },
        { "PUT", HTTP_PUT }, { "PATCH", HTTP_PATCH }, { "DELETE", HTTP_DELETE },
    };
    *ret_head = str_eq(name, S("HEAD"));
    for (size_t i = 0; i < COUNTOF(METHODS); i++)
        if (str_eq(name, str_from(METHODS[i].name))) {
            *ret = METHODS[i].method;
            return true;
        }
    return false;
}

/* Of a header that each proxy adds to, the part that the nearest one wrote: the last value of the last line. It is
 * taken off, so that the next call gives the one before. STR_NONE when there is none. */
static struct str last_hop(struct http1_exchange *x, struct str name, size_t *io_lines,
                           struct str *io_line)
{
    while (!io_line->n) {
        if (*io_lines == 0)
            return STR_NONE;
        const struct http1_header *h = &x->headers[--*io_lines];
        if (str_eq(h->name, name))
            *io_line = h->value;
    }
    size_t from = io_line->n;
    while (from && io_line->s[from - 1] != ',')
        from--;
    struct str hop = str_trim(str_sub(*io_line, from, io_line->n));
    *io_line = str_sub(*io_line, 0, from ? from - 1 : 0);
    return hop;
}

/* Behind one trusted proxy or several: the nearest hop that is none of them. A hop that is no address ends the search:
 * who stands behind it is not known, and a made-up name gets no limits of its own. */
static void see_forwarded_for(struct call *c, struct str proxies)
{
    char address[NET_ADDRESS_TEXT_BYTES], network[NET_ADDRESS_TEXT_BYTES];
    struct str line = STR_NONE, hop;
    size_t lines = c->exchange->header_count;
    while ((hop = last_hop(c->exchange, S("x-forwarded-for"), &lines, &line)).s) {
        if (!net_address_canonical(hop, address) || !net_address_network(hop, network))
            return;
        struct str client = str_dup(c->rq.arena, str_from(address)),
                   whole = str_dup(c->rq.arena, str_from(network));
        if (!client.s || !whole.s)
            return;
        c->rq.client = client;
        c->network = whole;
        if (!net_address_listed(proxies, client))
            return;
    }
}

/* The client's address and scheme: a trusted proxy's word counts, nobody else's. */
static void see_client(struct call *c)
{
    struct http_server *s = c->server;
    struct str line = STR_NONE;
    size_t lines = c->exchange->header_count;
    c->rq.client = str_from(c->exchange->peer.address);
    c->network = str_from(c->exchange->peer.network);
    c->rq.https = s->https;
    c->rq.local = c->exchange->local;
    if (!net_address_listed(s->options.trusted_proxies, c->rq.client))
        return;
    see_forwarded_for(c, s->options.trusted_proxies);
    struct str proto = last_hop(c->exchange, S("x-forwarded-proto"), &lines, &line);
    if (proto.n)
        c->rq.https = str_eq_nocase(proto, S("https"));
}

static struct str request_id(struct arena *a)
{
    uint8_t raw[9];
    entropy_fill(raw, sizeof raw);
    return base64url_encode(a, str_of((const char *)raw, sizeof raw));
}

static struct call *call_new(struct http_server *s, struct http1_exchange *x)
{
    struct call *c = ARENA_NEW(&x->arena, struct call);
    if (!c)
        return NULL;
    c->exchange = x;
    c->server = s;
    c->began_us = clock_monotonic_us();
    struct req *rq = &c->rq;
    rq->arena = &x->arena;
    rq->blobs = s->options.blobs;
    rq->app = s->options.app;
    rq->headers = (const struct header *)x->headers;
    rq->header_count = x->header_count;
    rq->body_fd = -1;
    c->route_index = router_count(s->router); /* none */
    rq->now_ms = clock_wall_ms();
    rq->request_id = request_id(&x->arena);
    rq->session_cookie = s->https ? "__Host-vivim" : "vivim";
    rq->path = x->target;
    size_t mark = str_find_char(x->target, '?', 0);
    rq->path = str_sub(x->target, 0, mark);
    rq->query = mark < x->target.n ? str_sub(x->target, mark + 1, x->target.n) : S("");
    c->rp = (struct reply){ .arena = &x->arena, .file_fd = -1 };
    see_client(c);
    return c;
}

_Static_assert(sizeof(struct header) == sizeof(struct http1_header) &&
                   offsetof(struct header, value) == offsetof(struct http1_header, value),
               "a header is the same to net and http");

/* Checks that need no body and no database. */
static err_t first_checks(struct call *c)
{
    int64_t retry_ms;
    enum http_method method;
    if (!c->rq.local &&
        !rate_take_address(c->server->rates, c->network, clock_monotonic_ms(), &retry_ms)) {
        (void)!router_match(c->server->router, c); /* for its CORS headers */
        reply_header(&c->rp, "Retry-After", retry_seconds(c, retry_ms));
        return err_note(E_RATE, NULL, "too many requests from %.*s", STR_ARG(c->rq.client));
    }
    TRY(check_host(c));
    if (c->rq.path.n == 0 || c->rq.path.s[0] != '/')
        return err_note(E_BAD_INPUT, NULL, "the request's target is not a path");
    if (!parse_method(c->exchange->method, &method, &c->rq.head)) {
        (void)!router_match(c->server->router, c); /* for Allow */
        return E_METHOD;
    }
    c->rq.method = method;
    return router_match(c->server->router, c);
}

static size_t body_max_of(const struct call *c)
{
    const struct route *r = c->rq.route;
    size_t allowed = r->body_allowed ? r->body_allowed(c->rq.app) : r->body_max;
    return allowed < r->body_max ? allowed : r->body_max;
}

static enum http1_next on_head(struct http1_exchange *x, void *context)
{
    struct call *c = call_new(context, x);
    x->user = c;
    if (!c)
        return HTTP1_ANSWER;
    err_clear();
    call_refuse(c, first_checks(c));
    if (c->refused == E_BAD_INPUT) /* who writes one request wrongly may mean another next one */
        reply_close(&c->rp);
    x->body_max = c->refused == OK && c->rq.route ? body_max_of(c) : 0;
    x->takes_cut = c->refused == OK && c->rq.route && c->rq.route->takes_cut;
    return x->has_body ? call_head(c) : HTTP1_READ;
}

/* --- running a call ------------------------------------------------------------------------------------ */

static err_t check_body(struct call *c)
{
    struct http1_exchange *x = c->exchange;
    c->rq.body_excess = x->body_too_large || x->body_left;
    c->rq.body_cut = x->body_cut;
    if (x->body_too_large && !c->rq.route->takes_excess)
        return err_note(E_LIMIT, NULL, "the body is larger than %zu bytes", x->body_max);
    c->rq.body = x->body_fd < 0 ? buf_str(&x->body) : STR_NONE;
    c->rq.body_fd = x->body_fd;
    c->rq.body_bytes = x->body_bytes;
    return OK;
}

static err_t run_route(struct call *c)
{
    bool replayed = false;
    TRY(check_caller(c));
    TRY(check_same_site(c));
    TRY(check_rate(c));
    TRY(check_body(c));
    TRY(idempotency_begin(c, &replayed));
    if (replayed)
        return OK;
    err_t e = c->rq.route->handler(&c->rq, &c->rp);
    if (e == OK && arena_err(c->rq.arena))
        e = arena_err(c->rq.arena);
    if (e == OK && c->rp.has_json && buf_err(&c->rp.json))
        e = buf_err(&c->rp.json);
    if (e == OK && !c->rp.status)
        c->rp.status = c->rq.route->success ? c->rq.route->success : 200;
    if (e == OK)
        pages_keep(c);
    idempotency_end(c, e);
    return e;
}

void call_fail(struct call *c, err_t e)
{
    reply_problem(c, e);
    if (c->rp.status >= 500)
        log_at(LOG_ERROR, "http.error", LZ("code", err_code(e)), LZ("detail", err_log_text()),
               LZ("route", c->rq.route ? c->rq.route->path : ""));
}

void call_run(struct call *c)
{
    log_set_request(c->rq.request_id);
    err_t e = c->refused;
    err_clear();
    if (e == OK)
        e = run_route(c);
    else if (c->refused_detail)
        err_restore(c->refused_detail);
    if (e != OK)
        call_fail(c, e);
    log_set_request(STR_NONE);
}

void call_finish(struct call *c)
{
    if (c->rp.held)
        held_begin(c);
    else
        call_end(c);
}

static bool runs_inline(const struct call *c)
{
    enum run run = c->refused == OK ? c->rq.route->run : RUN_LOOP;
    return c->refused != OK || !needs_store(c) ||
           ((run == RUN_INLINE || run == RUN_WATCH) && c->exchange->loop->context);
}

/* OPTIONS: what a path takes, and to pages of other origins which of it they may ask. */
static bool answer_options(struct call *c)
{
    if (!str_eq(c->exchange->method, S("OPTIONS")) || !c->allowed_methods)
        return false;
    reply_problem(c, E_METHOD); /* for its Allow header */
    c->rp.status = 204;
    c->rp.body = S("");
    cors_preflight(c);
    return true;
}

static void finish_on_loop(struct net_loop *l, void *arg)
{
    UNUSED(l);
    call_finish(arg);
}

void call_on_worker(struct task *t, struct db *db, err_t no_db)
{
    struct call *c = (struct call *)(void *)((char *)t - offsetof(struct call, task));
    c->rq.db = db;
    if (no_db != OK) {
        call_refuse(c, no_db);
    }
    call_run(c);
    net_post(c->exchange->loop, finish_on_loop, c);
}

static err_t give_away(struct call *c)
{
    struct http_server *s = c->server;
    enum run run = c->rq.route->run;
    if (run == RUN_WRITE && s->writer && !idempotency_asked(c))
        return written_give(c);
    c->task.run = call_on_worker;
    return workers_push(run == RUN_WATCH ? s->watch : s->workers, &c->task);
}

static void on_request(struct http1_exchange *x, void *context)
{
    struct call *c = x->user;
    UNUSED(context);
    if (!c) {
        struct http1_reply out = { .head = S("HTTP/1.1 503 Service Unavailable\r\nContent-Length: "
                                             "0\r\nRetry-After: 1\r\nConnection: close\r\n\r\n"),
                                   .file_fd = -1,
                                   .close = true };
        http1_reply(x, &out);
        return;
    }
    err_clear();
    if (answer_options(c) || (c->refused == E_NOT_FOUND && static_serve(c))) {
        call_finish(c);
        return;
    }
    if (runs_inline(c)) {
        bool reads = c->refused == OK && needs_store(c);
        c->rq.db = x->loop->context;
        if (reads) /* all that it reads, it reads of one state of the store */
            db_reads_begin(c->rq.db);
        call_run(c);
        if (reads)
            db_reads_end(c->rq.db);
        call_finish(c);
        return;
    }
    err_t e = give_away(c);
    if (e != OK) {
        reply_problem(c, e);
        call_finish(c);
    }
}

static void on_bad(err_t e, struct buf *out, void *context)
{
    CLEANUP(buf_free) struct buf body = { 0 };
    struct json_out o;
    UNUSED(context);
    buf_init(&body, NULL, KIB(8));
    jo_init(&o, &body);
    if (e == E_BAD_INPUT)
        err_note(e, NULL, "these bytes are no HTTP/1.1 request");
    else
        err_clear();
    problem_write(&o, e, S(""));
    buf_putf(out,
             "HTTP/1.1 %d %s\r\nContent-Type: application/problem+json\r\nContent-Length: "
             "%zu\r\nCache-Control: no-store\r\n"
             "X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n",
             err_status(e), err_title(e), body.n);
    buf_put(out, buf_str(&body));
}

/* --- start ------------------------------------------------------------------------------------------------- */

/* What the requests of one turn read together is over before the loop waits: a log in which nobody reads can begin again. */
static void end_turn(struct net_loop *l, void *context)
{
    struct http_server *s = context;
    if (l->context)
        db_reads_drop(l->context);
    written_turn_ends(s, l);
    pages_tidy(s->pages, l);
}

static void loop_begin(struct net_loop *l, void *context)
{
    struct http_server *s = context;
    struct db *db = NULL;
    /* With PostgreSQL a query may wait for the network: nothing of it runs on a loop. */
    if (db_backend(s->options.store) == DB_SQLITE && db_connect(s->options.store, &db) == OK) {
        db_reads_keep(db);
        l->context = db;
    }
    l->before_wait_context = s;
    l->before_wait = end_turn;
}

static void loop_end(struct net_loop *l, void *context)
{
    UNUSED(context);
    db_disconnect(l->context);
    l->context = NULL;
    http1_thread_end();
    ws_deflate_thread_end();
}

err_t http_base_url_check(struct str base)
{
    bool web = str_starts(base, S("https://")) || str_starts(base, S("http://"));
    return !base.n || web
               ? OK
               : err_note(E_INVALID, "base_url", "VIVIM_BASE_URL is like https://vivim.example");
}

static struct str example_url(struct http_server *s, bool six)
{
    struct address own;
    struct str host = S("192.168.1.2");
    if (address_of_this_machine(six, &own)) {
        host = address_text(&s->arena, &own);
        six = own.sa.ss_family == AF_INET6;
    }
    return str_fmt(&s->arena, "http://%s%.*s%s:%d", six ? "[" : "", STR_ARG(host), six ? "]" : "",
                   s->port);
}

/* "http://localhost:8420" from "127.0.0.1:8420": did:web and cookies want a name. Nobody can go to 0.0.0.0: there this machine's
 * own browser can use that name too, and the others have to be told of another. */
static err_t set_base_url(struct http_server *s)
{
    struct str listen = s->options.listen, base = s->options.base_url;
    bool six, everywhere = !base.n && net_listens_everywhere(listen, &six);
    s->loopback = !listen.n || everywhere || str_starts(listen, S("127.")) ||
                  str_starts(listen, S("localhost:")) || str_starts(listen, S("[::1]:"));
    if (everywhere)
        s->example = example_url(s, six);
    if (!base.n) {
        size_t colon = listen.n;
        while (colon && listen.s[colon - 1] != ':')
            colon--;
        struct str host = s->loopback ? S("localhost") : str_sub(listen, 0, colon ? colon - 1 : 0);
        base = str_fmt(&s->arena, "http://%.*s:%d", STR_ARG(host), s->port);
    }
    while (base.n && base.s[base.n - 1] == '/')
        base.n--;
    TRY(http_base_url_check(base));
    s->https = str_starts(base, S("https://"));
    size_t scheme = str_find(base, S("://"), 0);
    s->base_url = str_dup(&s->arena, base);
    s->own_host = str_sub(s->base_url, scheme + 3, base.n);
    return arena_err(&s->arena);
}

static err_t open_listeners(struct http_server *s)
{
    struct net_listen_options o = {
        .protocol = &HTTP1_PROTOCOL,
        .accepted = http1_accepted,
        .context = &s->http1,
        .connections_max = CONNECTIONS_MAX,
        .per_address_max = CONNECTIONS_PER_ADDRESS_MAX,
        .proxies = s->options.trusted_proxies,
    };
    if (s->options.listen.n)
        TRY(net_listen(s->loops, s->loop_count, s->options.listen, &o, &s->listener, &s->port));
    if (s->options.unix_path)
        TRY(net_listen_unix(&s->loops[0], s->options.unix_path, &o, &s->unix_listener));
    return OK;
}

static err_t make_openapi(struct http_server *s)
{
    struct buf b;
    buf_init(&b, &s->arena, MIB(4));
    TRY(openapi_write(s, &b));
    TRY(buf_err(&b));
    s->openapi = buf_str(&b);
    return OK;
}

/* Our own routes first, then the rooms'. */
static err_t make_router(struct http_server *s)
{
    const struct http_options *o = &s->options;
    size_t count = o->table_count + 2;
    const struct route **tables = ARENA_ARRAY(&s->arena, const struct route *, count);
    size_t *counts = ARENA_ARRAY(&s->arena, size_t, count);
    if (!tables || !counts)
        return arena_err(&s->arena);
    tables[0] = HTTP_OWN_ROUTES;
    counts[0] = HTTP_OWN_ROUTE_COUNT;
    tables[1] = HTTP_TEST_ROUTES;
    counts[1] = o->test_routes ? HTTP_TEST_ROUTE_COUNT : 0;
    for (size_t i = 0; i < o->table_count; i++) {
        tables[2 + i] = o->tables[i];
        counts[2 + i] = o->table_counts[i];
    }
    return router_new(&s->arena, tables, counts, count, &s->router);
}

static err_t start(struct http_server *s)
{
    const struct http_options *o = &s->options;
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    s->loop_count = o->loops > 0 ? o->loops : cores > 0 && cores < 64 ? (int)cores : 1;
    TRY(make_router(s));
    s->metrics = metrics_new(&s->arena, router_count(s->router) + 1);
    s->rates = rates_new(&s->arena, o->rate_factor ? o->rate_factor : 1);
    s->pages = pages_new(&s->arena, s->loop_count);
    s->written = written_new(&s->arena, s->loop_count);
    if (!s->metrics || !s->rates || !s->pages || !s->written)
        return E_BUSY;
    TRY(workers_start(s, o->workers_max, &s->workers));
    TRY(workers_start(s, 1, &s->watch));
    if (db_backend(o->store) == DB_SQLITE)
        TRY(workers_start_writer(s, &s->writer));
    TRY(net_loops_start(s->loop_count, loop_begin, loop_end, s, &s->loops));
    /* The port is known when the sockets are bound; the first connection is accepted when all that needs it is there. */
    TRY(open_listeners(s));
    TRY(set_base_url(s));
    return make_openapi(s);
}

err_t http_server_start(const struct http_options *o, struct http_server *_Atomic *ret)
{
    struct arena arena; /* holds the server itself, and moves into it */
    arena_init(&arena, MIB(16));
    struct http_server *s = ARENA_NEW(&arena, struct http_server);
    if (!s)
        return arena_err(&arena);
    s->arena = arena;
    s->options = *o;
    mutex_init(&s->produced_lock);
    s->http1 = (struct http1_server){
        .head = on_head,
        .request = on_request,
        .bad = on_bad,
        .context = s,
        .temp_dir = o->temp_dir,
        .header_timeout_ms = o->header_timeout_ms ? o->header_timeout_ms : HTTP_HEADER_TIMEOUT_MS,
        .body_timeout_ms = o->body_timeout_ms ? o->body_timeout_ms : HTTP_BODY_TIMEOUT_MS,
        .idle_timeout_ms = o->idle_timeout_ms ? o->idle_timeout_ms : HTTP_IDLE_TIMEOUT_MS,
    };
    err_t e = start(s);
    if (e != OK) {
        http_server_stop(s);
        http_server_free(s);
        return e;
    }
    *ret = s;
    return OK;
}

err_t http_server_accept(struct http_server *s)
{
    TRY(net_listener_begin(s->listener));
    return net_listener_begin(s->unix_listener);
}

/* --- stop ------------------------------------------------------------------------------------------------------ */

void http_server_stop(struct http_server *s)
{
    if (!s)
        return;
    if (s->loops)
        server_drain(s);
    workers_stop(s->workers);
    workers_stop(s->watch);
    workers_stop(s->writer);
    net_loops_stop(s->loops, s->loop_count);
    workers_free(s->workers);
    workers_free(s->watch);
    workers_free(s->writer);
    http1_thread_end(); /* what moved while its loop ended was freed here */
    net_listener_free(s->listener);
    net_listener_free(s->unix_listener);
}

void http_server_free(struct http_server *s)
{
    if (!s)
        return;
    pages_free(s->pages);
    rates_free(s->rates);
    written_free(s->written);
    mutex_free(&s->produced_lock);
    struct arena arena = s->arena;
    arena_free(&arena);
}

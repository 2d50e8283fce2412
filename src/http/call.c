/* The end of a call, and what is asked of its server. */
#include "base/log.h"
#include "http/answer.h"
#include "http/metrics.h"
#include "http/router.h"
#include "os/clock.h"

/* 2xx reads are many: their lines are for debugging. */
static void log_call(struct call *c, int64_t micros)
{
    bool quiet = c->rp.status < 400 && c->exchange->body_max == 0;
    log_set_request(c->rq.request_id);
    log_at(quiet ? LOG_DEBUG : LOG_INFO, "http.request", LS("method", c->exchange->method),
           LZ("route", c->rq.route ? c->rq.route->path : "-"), LI("status", c->rp.status),
           LI("us", micros), LS("client", c->rq.client));
    log_set_request(STR_NONE);
}

void call_count(struct call *c)
{
    struct http_server *s = c->server;
    int64_t micros = clock_monotonic_us() - c->began_us;
    metrics_count(s->metrics, c->route_index, c->rp.status, micros);
    log_call(c, micros);
}

void call_refuse(struct call *c, err_t e)
{
    c->refused = e;
    c->refused_detail = e == OK ? NULL : ARENA_NEW(c->rq.arena, struct err_detail);
    if (c->refused_detail)
        *c->refused_detail = *err_detail();
}

void call_end(struct call *c)
{
    call_count(c);
    call_answer(c);
}

/* --- the server ------------------------------------------------------------------------------------- */

struct str http_base_url(struct http_server *s)
{
    return s->base_url;
}

struct str http_base_url_example(struct http_server *s)
{
    return s->example;
}

int http_port(struct http_server *s)
{
    return s->port;
}

int http_loop_count(const struct http_server *s)
{
    return s->loop_count;
}

struct net_loop *http_loop(struct http_server *s, int number)
{
    assert(number >= 0 && number < s->loop_count);
    return &s->loops[number];
}

struct db *http_loop_db(struct net_loop *l)
{
    return l->context;
}

struct http_server *req_server(const struct req *rq)
{
    return ((struct call *)rq)->server;
}

/* Requests that are answered later, and those that become WebSockets. */
#include "http/answer.h"
#include "http/checks.h"
#include "http/server.h"
#include "net/ws_conn.h"

static struct call *call_of(const struct held *h)
{
    return (struct call *)(uintptr_t)((const char *)h - offsetof(struct call, held));
}

void reply_hold(struct req *rq, struct reply *rp, void (*begin)(struct held *h, void *arg),
                void *arg)
{
    struct call *c = (struct call *)rq;
    c->held = (struct held){ .begin = begin, .arg = arg };
    rp->held = true;
}

struct req *held_req(struct held *h)
{
    return &call_of(h)->rq;
}

struct reply *held_reply(struct held *h)
{
    return &call_of(h)->rp;
}

struct net_loop *held_loop(struct held *h)
{
    return call_of(h)->exchange->loop;
}

/* --- the client goes ----------------------------------------------------------------------------- */

static void on_gone(struct http1_exchange *x, void *context)
{
    struct held *h = context;
    UNUSED(x);
    if (h->gone)
        h->gone(h, h->gone_arg);
}

void held_on_gone(struct held *h, void (*gone)(struct held *h, void *arg), void *arg)
{
    h->gone = gone;
    h->gone_arg = arg;
}

bool held_is_gone(const struct held *h)
{
    return http1_is_gone(call_of(h)->exchange);
}

void held_begin(struct call *c)
{
    struct held *h = &c->held;
    c->rp.held = false;
    c->rq.db = http_loop_db(c->exchange->loop); /* the worker's is the worker's again */
    http1_hold(c->exchange, on_gone, h);
    h->begin(h, h->arg);
}

/* --- answers ---------------------------------------------------------------------------------------- */

void held_answer(struct held *h)
{
    struct call *c = call_of(h);
    h->gone = NULL;
    call_end(c);
}

void held_fail(struct held *h, err_t e)
{
    reply_problem(call_of(h), e);
    held_answer(h);
}

/* --- a body that goes on ------------------------------------------------------------------------------- */

bool held_stream_begin(struct held *h, struct str content_type,
                       void (*gone)(struct held *h, void *arg), void *arg)
{
    struct call *c = call_of(h);
    c->rp.content_type = content_type;
    c->rp.stream = true;
    if (held_is_gone(h) || c->rq.head) {
        held_answer(h);
        return false;
    }
    held_on_gone(h, gone, arg);
    call_count(c);
    call_answer(c);
    http1_stream_on_gone(c->exchange, on_gone, h);
    return true;
}

bool held_stream_write(struct held *h, struct str bytes)
{
    return http1_stream_write(call_of(h)->exchange, bytes);
}

void held_stream_end(struct held *h)
{
    http1_stream_end(call_of(h)->exchange);
}

/* --- another loop -------------------------------------------------------------------------------------- */

static void on_arrived(struct net_loop *l, void *arg)
{
    struct held *h = arg;
    call_of(h)->rq.db = http_loop_db(l);
    h->then(h, h->then_arg);
}

void held_move(struct held *h, int loop, void (*then)(struct held *h, void *arg), void *arg)
{
    struct call *c = call_of(h);
    struct net_loop *to = http_loop(c->server, loop);
    if (to == c->exchange->loop) {
        then(h, arg);
        return;
    }
    h->then = then;
    h->then_arg = arg;
    http1_move(c->exchange, to, on_arrived, h);
}

/* --- WebSockets ------------------------------------------------------------------------------------------ */

/* All values of a header that is a list, joined (RFC 9110 section 5.3). */
static struct str header_list(const struct req *rq, struct str name)
{
    struct str all = STR_NONE;
    for (size_t i = 0; i < rq->header_count; i++)
        if (str_eq(rq->headers[i].name, name))
            all = all.s ? str_fmt(rq->arena, "%.*s, %.*s", STR_ARG(all),
                                  STR_ARG(rq->headers[i].value))
                        : rq->headers[i].value;
    return all;
}

static err_t check_handshake(struct call *c, bool offer_deflate, struct ws_accept *ret)
{
    struct req *rq = &c->rq;
    /* A doubled key or version becomes a list, which is none of the two. */
    struct ws_handshake asked = {
        .method = c->exchange->method,
        .upgrade = header_list(rq, S("upgrade")),
        .connection = header_list(rq, S("connection")),
        .version = header_list(rq, S("sec-websocket-version")),
        .key = header_list(rq, S("sec-websocket-key")),
        .extensions = header_list(rq, S("sec-websocket-extensions")),
        .http11 = str_eq(c->exchange->version, S("1.1")),
    };
    err_t e = ws_handshake_check(rq->arena, &asked, offer_deflate, ret);
    if (e == E_UPGRADE)
        reply_header(&c->rp, "Sec-WebSocket-Version", S("13"));
    return e;
}

/* A browser sends the cookie along from any page, and WebSockets know no CORS: only our own pages may use it. */
static err_t check_origin(struct call *c)
{
    struct str origin = req_header(&c->rq, S("origin"));
    if (!origin.s || !req_session_cookie(&c->rq).s || http_origin_is_ours(c->server, origin))
        return OK;
    return err_note(E_CROSS_SITE, "origin", "this request does not come from our own pages");
}

static void put_header(struct buf *out, struct str name, struct str value)
{
    const struct str parts[] = { S("\r\n"), name, S(": "), value };
    for (size_t i = 0; i < COUNTOF(parts); i++)
        buf_put(out, parts[i]);
}

static err_t write_head(struct call *c, const struct ws_accept *agreed, struct str greeting,
                        struct buf *out)
{
    buf_init(out, c->rq.arena, KIB(32));
    buf_put(out,
            S("HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade"));
    put_header(out, S("Sec-WebSocket-Accept"), str_from(agreed->accept));
    if (agreed->extensions.n)
        put_header(out, S("Sec-WebSocket-Extensions"), agreed->extensions);
    for (size_t i = 0; i < c->rp.header_count; i++)
        put_header(out, c->rp.headers[i].name, c->rp.headers[i].value);
    buf_put(out, S("\r\n"));
    buf_put(out, S("\r\n"));
    if (greeting.n)
        ws_write(out, WS_TEXT, greeting, false, 0);
    return buf_err(out);
}

err_t held_websocket(struct held *h, const struct ws_options *o, bool offer_deflate, void *state,
                     struct str greeting, struct ws_conn **ret)
{
    struct call *c = call_of(h);
    struct ws_accept agreed;
    struct buf head, rest;
    if (held_is_gone(h))
        return E_GONE;
    if (c->server->http1.draining)
        return E_STOPPING;
    TRY(check_origin(c));
    TRY(check_handshake(c, offer_deflate, &agreed));
    TRY(write_head(c, &agreed, greeting, &head));
    struct ws_conn *ws = ws_conn_new(o, &agreed, state);
    if (!ws)
        return E_BUSY;
    c->rp.status = 101;
    call_count(c);
    struct net_conn *conn = http1_take_over(c->exchange, buf_str(&head), &WS_PROTOCOL, ws, &rest);
    assert(conn); /* it was there a moment ago, on this thread */
    ws_conn_begin(ws, conn, &rest);
    *ret = ws;
    return OK;
}

#include "http/checks.h"
#include "http/rates.h"
#include "os/clock.h"

/* --- the Host: who is asked for (DNS rebinding) -------------------------------------------------- */

static struct str without_port(struct str host)
{
    if (host.n && host.s[0] == '[')
        return str_sub(host, 0, str_find_char(host, ']', 0) + 1);
    return str_sub(host, 0, str_find_char(host, ':', 0));
}

static bool is_loopback_name(struct str host)
{
    return str_eq_nocase(host, S("localhost")) || str_eq(host, S("127.0.0.1")) ||
           str_eq(host, S("[::1]"));
}

/* On loopback the three names of this machine with our port are ours, besides the base URL's host. */
static bool host_is_ours(const struct http_server *s, struct str host)
{
    if (str_eq_nocase(host, s->own_host))
        return true;
    if (!s->loopback || !is_loopback_name(without_port(host)))
        return false;
    struct str port = str_sub(host, without_port(host).n, host.n);
    int64_t n;
    return port.n == 0 || (str_to_i64(str_sub(port, 1, port.n), &n) == OK && n == s->port);
}

/* Only what a host and a port are written with (RFC 3986 section 3.2.2). */
static bool is_host_text(struct str host)
{
    for (size_t i = 0; i < host.n; i++) {
        char c = host.s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && !(c && strchr("-._~%!$&'()*+,;=:[]", c)))
            return false;
    }
    return host.n > 0;
}

/* May it be repeated in a sentence? As it stands in a URL, and short. */
static bool is_plain_host(struct str host)
{
    for (size_t i = 0; i < host.n; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.:[]",
                    host.s[i]) ||
            !host.s[i])
            return false;
    return host.n > 0 && host.n <= 100;
}

static err_t misdirected(struct call *c, struct str host)
{
    struct str own = c->server->own_host;
    if (!is_plain_host(host))
        return err_note(
            E_MISDIRECTED, "host",
            "this server answers for %.*s; set VIVIM_BASE_URL to the address people use",
            STR_ARG(own));
    return err_note(E_MISDIRECTED, "host",
                    "this server answers for %.*s; for %.*s start it with "
                    "VIVIM_BASE_URL=http%s://%.*s",
                    STR_ARG(own), STR_ARG(host), c->rq.https ? "s" : "", STR_ARG(host));
}

err_t check_host(struct call *c)
{
    if (c->rq.local)
        return OK;
    struct str host = req_header(&c->rq, S("host"));
    size_t hosts = 0;
    for (size_t i = 0; i < c->rq.header_count; i++)
        hosts += str_eq(c->rq.headers[i].name, S("host"));
    if (hosts != 1 || !is_host_text(host))
        return err_note(E_BAD_INPUT, "host", "a request names exactly one host");
    return host_is_ours(c->server, host) ? OK : misdirected(c, host);
}

/* --- how often ------------------------------------------------------------------------------------------ */

struct str retry_seconds(struct call *c, int64_t ms)
{
    int64_t seconds = ms / 1000 + 1;
    return str_fmt(c->rq.arena, "%lld", (long long)seconds);
}

err_t check_rate(struct call *c)
{
    const struct route *r = c->rq.route;
    int64_t retry_ms;
    if (r->rate == RATE_NONE || c->rq.local || c->rate.counted)
        return OK;
    struct str key = c->rq.caller.known ? str_of((const char *)c->rq.caller.user_id.b,
                                                 sizeof c->rq.caller.user_id.b)
                                        : c->network;
    if (rate_take(c->server->rates, key, r->rate, clock_monotonic_ms(), &c->rate, &retry_ms))
        return OK;
    struct str wait = retry_seconds(c, retry_ms);
    reply_header(&c->rp, "Retry-After", wait);
    return err_note(E_RATE, NULL, "too many requests of this kind; try again in %.*s s",
                    STR_ARG(wait));
}

/* --- the same site -------------------------------------------------------------------------------------- */

bool http_origin_is_ours(const struct http_server *s, struct str origin)
{
    size_t scheme = str_find(origin, S("://"), 0);
    if (scheme >= origin.n)
        return false;
    bool https = str_eq(str_sub(origin, 0, scheme), S("https"));
    return https == s->https && host_is_ours(s, str_sub(origin, scheme + 3, origin.n));
}

/* A request that changes something with the cookie comes from our own pages: browsers say so in Origin, or in
 * Sec-Fetch-Site; one that says neither is no browser of these days, and carries no cookie by accident. */
err_t check_same_site(struct call *c)
{
    struct req *rq = &c->rq;
    if (rq->local || rq->method == HTTP_GET || !req_session_cookie(rq).s)
        return OK;
    struct str origin = req_header(rq, S("origin")), site = req_header(rq, S("sec-fetch-site"));
    bool same = origin.s ? http_origin_is_ours(c->server, origin)
                         : str_eq(site, S("same-origin")) || str_eq(site, S("none"));
    return same ? OK
                : err_note(E_CROSS_SITE, "origin", "this request does not come from our own pages");
}

/* --- who may call ------------------------------------------------------------------------------------------ */

static bool is_open_in_tests(const struct call *c)
{
    return c->rq.route->open_in_tests && c->server->options.test_routes &&
           req_header(&c->rq, S("upgrade")).s;
}

bool needs_store(const struct call *c)
{
    const struct route *r = c->rq.route;
    return r->run != RUN_LOOP && !(r->known_by && req_query(&c->rq, r->known_by).s);
}

err_t check_caller(struct call *c)
{
    struct req *rq = &c->rq;
    const struct route *r = rq->route;
    if (!needs_store(c))
        return OK; /* public, or its caller is known to what it belongs to */
    err_t e = c->server->options.identify ? c->server->options.identify(rq, &rq->caller) : OK;
    if (e != OK && !(r->auth == AUTH_PUBLIC && e == E_UNAUTHENTICATED))
        return e;
    if (r->auth == AUTH_PUBLIC || (!rq->caller.known && is_open_in_tests(c)))
        return OK;
    if (!rq->caller.known)
        return err_note(E_UNAUTHENTICATED, NULL,
                        "sign in, or send an API token as Authorization: Bearer");
    if (r->auth == AUTH_ADMIN && !rq->caller.admin)
        return err_note(E_FORBIDDEN, NULL, "this is for administrators");
    if (r->scope != SCOPE_NONE && !(rq->caller.scopes & 1u << r->scope))
        return err_note(E_FORBIDDEN, NULL, "the token's scopes do not allow this");
    return OK;
}

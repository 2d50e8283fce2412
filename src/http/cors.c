/* Pages of other origins (Fetch standard, "CORS protocol"): only on routes whose row says so. */
#include "http/answer.h"
#include "http/checks.h"

enum { ASKED_BYTES_MAX = 1000 };

bool http_origin_allowed(const struct req *rq, struct str origin)
{
    const struct http_server *s = ((const struct call *)(const void *)rq)->server;
    return s->options.cors_any || http_origin_is_ours(s, origin);
}

void cors_headers(struct call *c)
{
    struct str origin = req_header(&c->rq, S("origin"));
    if (!c->cors)
        return;
    if (c->server->options.cors_any) {
        reply_header(&c->rp, "Access-Control-Allow-Origin", S("*"));
        return;
    }
    reply_header(&c->rp, "Vary", S("Origin"));
    if (!origin.s || !http_origin_allowed(&c->rq, origin))
        return;
    reply_header(&c->rp, "Access-Control-Allow-Origin", origin);
    reply_header(&c->rp, "Access-Control-Allow-Credentials", S("true"));
}

/* Names of headers, parted by commas. */
static bool is_name_list(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && c != '-' && c != '_' && c != ',' && c != ' ')
            return false;
    }
    return s.n > 0 && s.n <= ASKED_BYTES_MAX;
}

/* The headers that are asked for are those that are allowed: what a request may carry is checked when it comes. */
bool cors_preflight(struct call *c)
{
    struct str origin = req_header(&c->rq, S("origin")),
               asked = req_header(&c->rq, S("access-control-request-headers"));
    if (!c->cors || !origin.s || !req_header(&c->rq, S("access-control-request-method")).s ||
        !http_origin_allowed(&c->rq, origin))
        return false;
    reply_header(&c->rp, "Access-Control-Allow-Methods", S("GET, HEAD, POST, PUT, PATCH, DELETE"));
    if (is_name_list(asked))
        reply_header(&c->rp, "Access-Control-Allow-Headers", asked);
    reply_header(&c->rp, "Access-Control-Max-Age", S("600"));
    return true;
}

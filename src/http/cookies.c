/* Cookies that come (RFC 6265 section 5.4, leniently read, strictly matched), and the one that goes: the session's (DESIGN 5.4). */
#include "http/call.h"

struct str req_cookie(const struct req *rq, struct str name)
{
    for (size_t i = 0; i < rq->header_count; i++) {
        if (!str_eq(rq->headers[i].name, S("cookie")) || rq->headers[i].value.n > COOKIE_BYTES_MAX)
            continue;
        struct str rest = rq->headers[i].value, pair, key;
        while (str_cut(&rest, ';', &pair)) {
            struct str value = str_trim(pair);
            if (str_cut(&value, '=', &key) && value.s && str_eq(key, name))
                return value;
        }
    }
    return STR_NONE;
}

/* --- the session ---------------------------------------------------------------------------------------- */

static const char *cookie_name(const struct req *rq)
{
    return rq->session_cookie ? rq->session_cookie : "vivim";
}

struct str req_session_cookie(struct req *rq)
{
    return req_cookie(rq, str_from(cookie_name(rq)));
}

void reply_session_cookie(struct req *rq, struct reply *rp, struct str value, int64_t max_age_s)
{
    rp->secret = true;
    reply_header(rp, "Set-Cookie",
                 str_fmt(rq->arena, "%s=%.*s; Path=/; HttpOnly; SameSite=Lax; Max-Age=%lld%s",
                         cookie_name(rq), STR_ARG(value), (long long)max_age_s,
                         ((struct call *)rq)->server->https ? "; Secure" : ""));
}

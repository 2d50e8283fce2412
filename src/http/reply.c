/* What a handler says in its reply, and how that becomes bytes. */
#include <stdlib.h>
#include <unistd.h>

#include "base/timestamp.h"
#include "http/inside.h"

/* What most replies need: then their bytes never move. */
enum { FIRST_JSON_BYTES = 4000, HEAD_BYTES = 1000 };

static struct call *call_of(struct req *rq)
{
    return (struct call *)rq; /* rq is its first member */
}

void reply_status(struct reply *rp, int status)
{
    rp->status = status;
}

void reply_close(struct reply *rp)
{
    rp->close = true;
}

void reply_header(struct reply *rp, const char *name, struct str value)
{
    assert(rp->header_count < REPLY_HEADERS_MAX && !memchr(value.s ? value.s : "", '\r', value.n) &&
           !memchr(value.s ? value.s : "", '\n', value.n));
    rp->headers[rp->header_count++] =
        (struct http1_header){ str_from(name), str_dup(rp->arena, value) };
}

struct json_out *reply_json(struct reply *rp)
{
    buf_init(&rp->json, rp->arena, REQUEST_ARENA_BYTES_MAX);
    (void)!buf_reserve(&rp->json, FIRST_JSON_BYTES);
    jo_init(&rp->out, &rp->json);
    rp->has_json = true;
    rp->content_type = S("application/json");
    return &rp->out;
}

void reply_bytes(struct reply *rp, struct str content_type, struct str body)
{
    rp->content_type = content_type;
    rp->body = body;
}

void reply_file(struct reply *rp, struct str content_type, int fd, size_t bytes)
{
    rp->content_type = content_type;
    rp->file_fd = fd;
    rp->file_bytes = bytes;
}

/* --- conditions (RFC 9110 section 13) -------------------------------------------------------------- */

/* Is `tag` among the quoted tags of a list? Weak ones count only where weak is enough. */
static bool list_has_tag(struct str list, struct str tag, bool weak_counts)
{
    struct str part;
    while (str_cut(&list, ',', &part)) {
        part = str_trim(part);
        if (str_eq(part, S("*")))
            return true;
        bool weak = str_starts(part, S("W/"));
        if (weak)
            part = str_sub(part, 2, part.n);
        if (part.n == tag.n + 2 && part.s[0] == '"' && str_eq(str_sub(part, 1, part.n - 1), tag) &&
            (!weak || weak_counts))
            return true;
    }
    return false;
}

/* What one account is shown is no representation for another one, even where both have the same version: a browser in
 * which one person signs out and another one in would be told that nothing has changed. */
static struct str own_tag(struct req *rq, struct str tag)
{
    if (!rq->caller.known)
        return tag;
    struct str account = uuid_str(rq->arena, rq->caller.user_id);
    return str_fmt(rq->arena, "%.*s-%.*s", STR_ARG(tag), STR_ARG(account));
}

/* Whether the answer depends on who asks: the route lets in none but those who say who they are. */
static bool is_private(const struct req *rq)
{
    return rq->route && rq->route->auth != AUTH_PUBLIC;
}

bool reply_etag(struct req *rq, struct reply *rp, struct str tag)
{
    if (is_private(rq)) {
        tag = own_tag(rq, tag);
        reply_header(rp, "Vary", S("Authorization, Cookie"));
    }
    reply_header(rp, "ETag", str_fmt(rq->arena, "\"%.*s\"", STR_ARG(tag)));
    struct str asked = req_header(rq, S("if-none-match"));
    if (rq->method != HTTP_GET || !asked.s || !list_has_tag(asked, tag, true))
        return false;
    rp->status = 304;
    return true;
}

err_t req_if_match(struct req *rq, struct str tag)
{
    struct str asked = req_header(rq, S("if-match"));
    if (!asked.s || list_has_tag(asked, is_private(rq) ? own_tag(rq, tag) : tag, false))
        return OK;
    return err_note(E_PRECONDITION, "if-match", "it has changed since you read it; read it again");
}

/* --- the session cookie (DESIGN 5.4) ---------------------------------------------------------------------- */

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
                         call_of(rq)->server->https ? "; Secure" : ""));
}

/* --- to the wire --------------------------------------------------------------------------------------------- */

static const char *reason(int status)
{
    switch (status) {
    case 200:
        return "OK";
    case 201:
        return "Created";
    case 202:
        return "Accepted";
    case 204:
        return "No Content";
    case 302:
        return "Found";
    case 304:
        return "Not Modified";
    case 400:
        return "Bad Request";
    case 401:
        return "Unauthorized";
    case 403:
        return "Forbidden";
    case 404:
        return "Not Found";
    case 405:
        return "Method Not Allowed";
    case 408:
        return "Request Timeout";
    case 409:
        return "Conflict";
    case 410:
        return "Gone";
    case 412:
        return "Precondition Failed";
    case 413:
        return "Content Too Large";
    case 415:
        return "Unsupported Media Type";
    case 417:
        return "Expectation Failed";
    case 421:
        return "Misdirected Request";
    case 422:
        return "Unprocessable Content";
    case 426:
        return "Upgrade Required";
    case 429:
        return "Too Many Requests";
    case 431:
        return "Request Header Fields Too Large";
    case 500:
        return "Internal Server Error";
    case 503:
        return "Service Unavailable";
    default:
        return "-";
    }
}

/* The Date header changes once a second: made once a second for each thread. */
static struct str date_now(int64_t now_ms)
{
    static _Thread_local char text[30];
    static _Thread_local int64_t second = -1;
    if (now_ms / 1000 != second) {
        second = now_ms / 1000;
        time_http(now_ms, text);
    }
    return str_of(text, 29);
}

static void put_header(struct buf *b, struct str name, struct str value)
{
    buf_put(b, name);
    buf_put(b, S(": "));
    buf_put(b, value);
    buf_put(b, S("\r\n"));
}

static void put_rate(struct call *c, struct buf *b)
{
    if (!c->rate.counted)
        return;
    buf_putf(b, "RateLimit-Limit: %lld\r\nRateLimit-Remaining: %lld\r\nRateLimit-Reset: %lld\r\n",
             (long long)c->rate.limit, (long long)c->rate.remaining, (long long)c->rate.reset_s);
}

/* A status that has no body by definition. */
static bool bodiless(int status)
{
    return status == 204 || status == 304;
}

static void write_head(struct call *c, struct buf *b, size_t body_bytes, bool close)
{
    struct reply *rp = &c->rp;
    (void)!buf_reserve(b, HEAD_BYTES);
    buf_put(b, S("HTTP/1.1 "));
    buf_put_i64(b, rp->status);
    buf_putc(b, ' ');
    buf_put(b, str_from(reason(rp->status)));
    buf_put(b, S("\r\n"));
    put_header(b, S("Date"), date_now(c->rq.now_ms));
    if (rp->content_type.n && !bodiless(rp->status))
        put_header(b, S("Content-Type"), rp->content_type);
    if (!rp->stream && !bodiless(rp->status)) {
        buf_put(b, S("Content-Length: "));
        buf_put_i64(b, (int64_t)body_bytes);
        buf_put(b, S("\r\n"));
    }
    for (size_t i = 0; i < rp->header_count; i++)
        put_header(b, rp->headers[i].name, rp->headers[i].value);
    put_rate(c, b);
    put_header(b, S("X-Request-Id"), c->rq.request_id);
    if (close)
        put_header(b, S("Connection"), S("close"));
    buf_put(b, S("\r\n"));
}

void call_answer(struct call *c)
{
    struct reply *rp = &c->rp;
    struct http1_exchange *x = c->exchange;
    if (rp->has_json)
        rp->body = buf_str(&rp->json);
    bool has_cache = false;
    for (size_t i = 0; i < rp->header_count; i++)
        has_cache |= str_eq_nocase(rp->headers[i].name, S("Cache-Control"));
    bool shown = rp->status == 200 || rp->status == 304; /* a 304 says what its 200 said */
    if (!has_cache)
        reply_header(rp, "Cache-Control",
                     shown && c->rq.route && c->rq.route->auth == AUTH_USER ? S("private, no-cache")
                                                                            : S("no-store"));
    security_headers(c, false);
    cors_headers(c);

    size_t body_bytes = rp->file_fd >= 0 ? rp->file_bytes : rp->body.n;
    bool no_body = c->rq.head || bodiless(rp->status);
    bool ends = !x->keep_alive || c->server->http1.draining || rp->close || (rp->stream != NULL);
    struct buf head;
    buf_init(&head, c->rq.arena, KIB(32));
    write_head(c, &head, body_bytes, ends);
    if (no_body && rp->file_fd >= 0) {
        close(rp->file_fd);
        rp->file_fd = -1;
    }
    if (buf_err(&head)) { /* no memory even for the head */
        head = (struct buf){
            .s = (char *)(uintptr_t) "HTTP/1.1 503 Service Unavailable\r\nContent-Length: "
                                     "0\r\nConnection: close\r\n\r\n"
        };
        head.n = strlen(head.s);
        no_body = ends = true;
    }
    struct http1_reply out = {
        .head = buf_str(&head),
        .body = no_body ? S("") : rp->body,
        .file_fd = no_body ? -1 : rp->file_fd,
        .file_bytes = rp->file_bytes,
        .close = ends,
        .stream = rp->stream != NULL && !no_body,
    };
    http1_reply(x, &out);
}

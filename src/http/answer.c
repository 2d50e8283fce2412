/* How a reply becomes bytes: the head, and the body behind it. */
#include <unistd.h>

#include "base/timestamp.h"
#include "http/answer.h"

enum { HEAD_BYTES = 1000 }; /* what most heads need: then their bytes never move */

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
    case 206:
        return "Partial Content";
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
    case 416:
        return "Range Not Satisfiable";
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

/* What a browser may keep: a 304 says what its 200 said. */
static struct str cache_control(const struct call *c)
{
    const struct reply *rp = &c->rp;
    bool shown = rp->status == 200 || rp->status == 304;
    return shown && c->rq.route && c->rq.route->auth == AUTH_USER
               ? S("Cache-Control: private, no-cache\r\n")
               : S("Cache-Control: no-store\r\n");
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
    if (!reply_has_header(rp, S("Cache-Control")))
        buf_put(b, cache_control(c));
    security_headers_write(c, b);
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
    cors_headers(c);

    size_t body_bytes = rp->file_fd >= 0 ? rp->file_bytes : rp->body.n;
    bool no_body = c->rq.head || bodiless(rp->status);
    bool ends = !x->keep_alive || c->server->http1.draining || rp->close || rp->stream;
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
        .stream = rp->stream && !no_body,
        .passing = rp->passing,
    };
    http1_reply(x, &out);
}

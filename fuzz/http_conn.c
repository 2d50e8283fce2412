/* room: net */
/* A whole connection through http1: the same bytes at once and cut anywhere give the same requests, with the same bodies, and
 * the same end (a request that is refused for its head and has a bad body may be told either). Each cut lies in memory of its own that ends with the call, as the loops' shared read buffer does. */
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "net/http1.h"
#include "net/peers.h"

enum { SEEN_BYTES_MAX = 1 << 20, BODY_MAX = 100000 };

struct seen { /* what the layer above was shown, as text */
    struct buf text;
    bool waits, ended, bad, refused;
    struct http1_exchange *waiting;
};

static struct net_loop loop;

static void show(struct seen *s, struct str part)
{
    buf_put_i64(&s->text, (int64_t)part.n);
    buf_putc(&s->text, ':');
    buf_put(&s->text, part);
}

static enum http1_next on_head(struct http1_exchange *x, void *context)
{
    struct seen *s = context;
    assert(x->headers && x->header_count <= HTTP_HEADERS_MAX);
    x->body_max = BODY_MAX;
    if (str_ends(x->target, S("/no")))
        return HTTP1_ANSWER;
    if (s->waits && x->has_body)
        s->waiting = x;
    return s->waits ? HTTP1_WAIT : HTTP1_READ;
}

static void on_request(struct http1_exchange *x, void *context)
{
    struct seen *s = context;
    struct http1_reply out = { .head = S("HTTP/1.1 204 -\r\n\r\n"), .file_fd = -1 };
    assert(x->body_bytes <= BODY_MAX);
    s->refused = x->body_too_large || x->body_left;
    show(s, x->method);
    show(s, x->target);
    show(s, x->body_too_large ? S("large") : x->body_left ? S("left") : S("whole"));
    if (!x->body_too_large && x->body_fd < 0) /* a body that is too large ends where the cut fell */
        show(s, buf_str(&x->body));
    for (size_t i = 0; i < x->header_count; i++) { /* nothing wrote into them while the body came */
        show(s, x->headers[i].name);
        show(s, x->headers[i].value);
    }
    s->ended = out.close = !x->keep_alive;
    http1_reply(x, &out);
}

static void on_bad(err_t e, struct buf *out, void *context)
{
    struct seen *s = context;
    UNUSED(e);
    s->ended = s->bad = true;
    buf_put(out, S("HTTP/1.1 400 -\r\n\r\n"));
}

/* The connection's own end is closed by libuv, ours here. */
static struct net_conn *open_conn(struct net_peers *p, struct http1_server *server, int *ret_end)
{
    int ends[2];
    struct net_peer peer;
    struct net_conn *c = net_conn_new(true);
    assert(c && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0);
    c->loop = &loop;
    c->peers = p;
    c->protocol = &HTTP1_PROTOCOL;
    assert(uv_pipe_init(&loop.uv, &c->pipe, 0) == 0 && uv_pipe_open(&c->pipe, ends[0]) == 0);
    c->handle.data = c;
    net_peer_name(&peer, NULL, true);
    assert(http1_accepted(c, &peer, server));
    (void)net_peers_joined(p, c, &peer);
    net_conn_begin(c);
    *ret_end = ends[1];
    return c;
}

static void feed(struct net_conn *c, struct seen *s, struct str bytes)
{
    char *own = malloc(bytes.n); /* exactly these, gone afterwards */
    assert(own);
    memcpy(own, bytes.s, bytes.n);
    c->protocol->data(c, own, bytes.n);
    memset(own, 'X', bytes.n);
    free(own);
    while (s->waiting) {
        struct http1_exchange *x = s->waiting;
        s->waiting = NULL;
        http1_go_on(x, HTTP1_READ);
    }
}

/* cuts: each byte says how long the next piece is; none: all at once. */
static void run(struct str bytes, struct str cuts, bool waits, struct seen *s)
{
    struct net_peers peers = { .connections_max = 10, .per_address_max = 10 };
    int end;
    char drain[4096];
    struct http1_server server = { .head = on_head,
                                   .request = on_request,
                                   .bad = on_bad,
                                   .context = s,
                                   .temp_dir = "/tmp",
                                   .header_timeout_ms = 1000,
                                   .body_timeout_ms = 1000,
                                   .idle_timeout_ms = 1000 };
    buf_init(&s->text, NULL, SEEN_BYTES_MAX);
    s->waits = waits;
    struct net_conn *c = open_conn(&peers, &server, &end);
    for (size_t at = 0, i = 0; at < bytes.n && !s->ended; i++) {
        size_t n = cuts.n ? 1 + (size_t)((unsigned char)cuts.s[i % cuts.n] % 64) : bytes.n;
        struct str piece = str_sub(bytes, at, at + n);
        feed(c, s, piece);
        at += piece.n;
        while (read(end, drain, sizeof drain) > 0) {
        }
    }
    net_close(c);
    uv_run(&loop.uv, UV_RUN_NOWAIT);
    close(end);
}

static bool same(const struct seen *whole, const struct seen *cut)
{
    struct str a = buf_str(&whole->text), b = buf_str(&cut->text);
    if (whole->bad && !cut->bad)
        return cut->refused && str_starts(b, a);
    return whole->bad == cut->bad && str_eq(a, b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static bool begun;
    if (!begun)
        assert(uv_loop_init(&loop.uv) == 0);
    begun = true;
    if (size < 9 || size > NET_READ_BYTES)
        return 0;
    struct str cuts = str_of((const char *)data, 8),
               bytes = str_of((const char *)data + 8, size - 8);
    struct seen whole = { 0 }, cut = { 0 }, single = { 0 };
    run(bytes, STR_NONE, false, &whole);
    run(bytes, cuts, (data[0] & 64) != 0, &cut);
    run(bytes, S("\0"), (data[0] & 128) != 0, &single);
    assert(buf_err(&whole.text) || (same(&whole, &cut) && same(&whole, &single)));
    buf_free(&whole.text);
    buf_free(&cut.text);
    buf_free(&single.text);
    http1_thread_end();
    return 0;
}

#include "capture/egress.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/thread.h"

enum {
    TUNNELS_MAX = 96,
    HEAD_MAX = 16384,
    HEADS_MAX = 2, /* on one connection: without the password, and with it */
    PASSWORD_BYTES = 24,
    CONNECT_TIMEOUT_MS = 10000,
    HEAD_TIMEOUT_MS = 10000,
    CHUNK = 32768,
    POLL_MS = PATIENCE_SLICE_MS
};

struct tunnel {
    struct egress *egress;
    struct thread thread;
    int client;
    _Atomic bool used, done;
};

struct egress {
    struct egress_options options;
    struct arena arena;
    struct fd listener;
    int port;
    struct str password, authorization; /* "Basic …", as the browser sends it */
    struct thread acceptor;
    struct tunnel tunnels[TUNNELS_MAX];
    _Atomic bool stopping, over;
    _Atomic size_t bytes, refused;
    struct mutex lock;
    char last_refused[256];
};

/* --- small pieces -------------------------------------------------------------------------------- */

static bool must_end(struct egress *e)
{
    return e->stopping || e->over || clock_monotonic_ms() > e->options.deadline_ms;
}

static err_t called_off(void *context)
{
    return must_end(context) ? E_STOPPING : OK;
}

/* Wait for a descriptor; false: the end of the capture, or the time ran out. */
static bool wait_for(struct egress *e, int fd, short events, int64_t timeout_ms)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    while (!must_end(e) && clock_monotonic_ms() < deadline) {
        struct pollfd p = { fd, events, 0 };
        if (poll(&p, 1, POLL_MS) > 0)
            return true;
    }
    return false;
}

static bool write_all(struct egress *e, int fd, const char *s, size_t n)
{
    while (n) {
        if (!wait_for(e, fd, POLLOUT, CONNECT_TIMEOUT_MS))
            return false;
        ssize_t got = send(fd, s, n, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (got < 0 && (errno == EAGAIN || errno == EINTR))
            continue;
        if (got <= 0)
            return false;
        s += got;
        n -= (size_t)got;
    }
    return true;
}

static bool count(struct egress *e, size_t n)
{
    if (atomic_fetch_add(&e->bytes, n) + n > e->options.bytes_max)
        e->over = true;
    return !e->over;
}

/* A name that cannot be resolved is the provider's affair, and nothing that we refuse. */
static void cannot_connect(struct tunnel *t)
{
    struct str answer =
        S("HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    (void)!write_all(t->egress, t->client, answer.s, answer.n);
}

static void refuse(struct tunnel *t, struct str host, int port, err_t why)
{
    struct egress *e = t->egress;
    char answer[256];
    mutex_lock(&e->lock);
    snprintf(e->last_refused, sizeof e->last_refused, "%.*s", (int)(host.n > 200 ? 200 : host.n),
             host.s ? host.s : "");
    mutex_unlock(&e->lock);
    e->refused++;
    log_at(LOG_INFO, "egress.refused", LS("host", host), LI("port", port),
           LZ("code", err_code(why)), LZ("why", err_detail()->text));
    int n = snprintf(
        answer, sizeof answer,
        "HTTP/1.1 403 Forbidden\r\nX-Refused: %s\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
        err_code(why));
    (void)!write_all(e, t->client, answer, (size_t)n);
}

/* --- the request --------------------------------------------------------------------------------------- */

static bool read_head(struct tunnel *t, struct buf *head, size_t *ret_end)
{
    while (head->n < HEAD_MAX) {
        char *to = buf_reserve(head, 4096);
        if (!to || !wait_for(t->egress, t->client, POLLIN, HEAD_TIMEOUT_MS))
            return false;
        ssize_t n = recv(t->client, to, 4096, 0);
        if (n <= 0)
            return false;
        head->n += (size_t)n;
        *ret_end = str_find(buf_str(head), S("\r\n\r\n"), 0);
        if (*ret_end < head->n) {
            *ret_end += 4;
            return true;
        }
    }
    return false;
}

struct target {
    struct str host, path; /* path: of plain HTTP, absolute */
    int port;
    bool connect;
};

/* host[:port], the host perhaps in brackets. */
static bool split_authority(struct str authority, int fallback_port, struct target *ret)
{
    size_t close = authority.n && authority.s[0] == '[' ? str_find_char(authority, ']', 0) : 0;
    size_t colon = str_find_char(authority, ':', close);
    int64_t port = fallback_port;
    if (colon < authority.n &&
        (str_to_i64(str_sub(authority, colon + 1, authority.n), &port) != OK || port < 1 ||
         port > 65535))
        return false;
    ret->host = str_sub(authority, 0, colon);
    ret->port = (int)port;
    return ret->host.n > 0;
}

static bool parse_target(struct str line, struct target *ret)
{
    struct str method, uri;
    if (!str_cut(&line, ' ', &method) || !str_cut(&line, ' ', &uri) ||
        !str_starts(line, S("HTTP/1.")))
        return false;
    ret->connect = str_eq(method, S("CONNECT"));
    if (ret->connect)
        return split_authority(uri, 443, ret);
    if (!str_starts(uri, S("http://")))
        return false;
    uri = str_sub(uri, 7, uri.n);
    size_t slash = str_find_char(uri, '/', 0);
    ret->path = slash < uri.n ? str_sub(uri, slash, uri.n) : S("/");
    return split_authority(str_sub(uri, 0, slash), 80, ret);
}

/* A plain request as the origin wants it: its path, none of the proxy's headers, one request a connection. */
static void rewrite(struct str head, struct str rest, const struct target *t, struct buf *out)
{
    struct str line;
    str_cut(&head, '\n', &line);
    struct str method = str_sub(line, 0, str_find_char(line, ' ', 0));
    buf_put(out, method);
    buf_putc(out, ' ');
    buf_put(out, t->path);
    buf_put(out, S(" HTTP/1.1\r\n"));
    while (str_cut(&head, '\n', &line)) {
        struct str name = str_sub(line, 0, str_find_char(line, ':', 0));
        if (name.n < line.n && !str_eq_nocase(name, S("proxy-connection")) &&
            !str_eq_nocase(name, S("proxy-authorization")) &&
            !str_eq_nocase(name, S("connection"))) {
            buf_put(out, str_trim(line));
            buf_put(out, S("\r\n"));
        }
    }
    buf_put(out, S("Connection: close\r\n\r\n"));
    buf_put(out, rest);
}

/* --- both ways --------------------------------------------------------------------------------------------- */

static int connect_to(struct egress *e, const struct address *to)
{
    int fd = socket(to->sa.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), code = 0;
    socklen_t n = sizeof code;
    if (fd < 0)
        return -1;
    bool now = connect(fd, (const struct sockaddr *)&to->sa, to->length) == 0;
    bool later = !now && errno == EINPROGRESS && wait_for(e, fd, POLLOUT, CONNECT_TIMEOUT_MS) &&
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &n) == 0 && code == 0;
    if (now || later)
        return fd;
    close(fd);
    return -1;
}

/* One direction, once. false: it has ended. */
static bool pass(struct egress *e, int from, int to)
{
    char chunk[CHUNK];
    ssize_t n = recv(from, chunk, sizeof chunk, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (n <= 0)
        return false;
    return count(e, (size_t)n) && write_all(e, to, chunk, (size_t)n);
}

static void relay(struct egress *e, int client, int server)
{
    bool client_open = true, server_open = true;
    while (!must_end(e) && server_open) {
        struct pollfd p[2] = { { client_open ? client : -1, POLLIN, 0 }, { server, POLLIN, 0 } };
        if (poll(p, 2, POLL_MS) < 0 && errno != EINTR)
            return;
        if (p[0].revents && !pass(e, client, server)) {
            client_open = false;
            shutdown(server, SHUT_WR);
        }
        if (p[1].revents)
            server_open = pass(e, server, client);
    }
}

/* --- who asks ---------------------------------------------------------------------------------------------- */

static bool may_ask(const struct egress *e, struct str head)
{
    struct str line, name, shown = STR_NONE;
    size_t count = 0;
    str_cut(&head, '\n', &line); /* the request line */
    while (str_cut(&head, '\n', &line)) {
        if (!str_cut(&line, ':', &name) || !str_eq_nocase(name, S("proxy-authorization")))
            continue;
        shown = str_trim(line);
        count++;
    }
    return count == 1 && shown.n == e->authorization.n &&
           bytes_equal_ct(shown.s, e->authorization.s, shown.n);
}

/* Nothing is looked up, connected to, counted or logged as refused for who does not show the password. A tunnel's asker may
 * try again on the same connection, as browsers do; behind a plain request there may be a body. */
static bool ask_password(struct tunnel *t, bool again)
{
    struct str ask = S("HTTP/1.1 407 Proxy Authentication Required\r\n"
                       "Proxy-Authenticate: Basic realm=\"vivim\"\r\n"
                       "Content-Length: 0\r\n");
    struct str end = again ? S("\r\n") : S("Connection: close\r\n\r\n");
    return write_all(t->egress, t->client, ask.s, ask.n) &&
           write_all(t->egress, t->client, end.s, end.n) && again;
}

/* The head of a request that shows the password, in `head`. */
static bool read_allowed(struct tunnel *t, struct buf *head, size_t *ret_end)
{
    for (int i = 1; i <= HEADS_MAX; i++) {
        head->n = 0;
        if (!read_head(t, head, ret_end))
            return false;
        struct str all = buf_str(head);
        if (may_ask(t->egress, str_sub(all, 0, *ret_end)))
            return true;
        bool again = i < HEADS_MAX && str_starts(all, S("CONNECT ")) && *ret_end == all.n;
        if (!ask_password(t, again))
            return false;
    }
    return false;
}

static void serve(struct tunnel *t)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct egress *e = t->egress;
    struct target target = { 0 };
    struct address to;
    struct buf head, out;
    size_t end;
    arena_init(&a, MIB(1));
    buf_init(&head, &a, HEAD_MAX + 4096);
    buf_init(&out, &a, HEAD_MAX * 4);
    if (!read_allowed(t, &head, &end))
        return;
    struct str all = buf_str(&head), line = str_sub(all, 0, str_find(all, S("\r\n"), 0));
    err_clear();
    if (!parse_target(line, &target)) {
        refuse(t, S(""), 0, E_BAD_INPUT);
        return;
    }
    struct patience patience = { e->options.deadline_ms, called_off, e };
    err_t refused =
        address_resolve(&a, &e->options.policy, target.host, target.port, &patience, &to);
    if (refused == E_STOPPING)
        return;
    if (refused == E_NOT_FOUND || refused == E_TIMEOUT) {
        cannot_connect(t);
        return;
    }
    if (refused != OK) {
        refuse(t, target.host, target.port, refused);
        return;
    }
    CLEANUP(fd_close) struct fd server = { connect_to(e, &to) };
    if (server.fd < 0) {
        cannot_connect(t);
        return;
    }
    struct str rest = str_sub(all, end, all.n);
    bool ok;
    if (target.connect) {
        ok = write_all(e, t->client, "HTTP/1.1 200 Connection Established\r\n\r\n", 39) &&
             write_all(e, server.fd, rest.s, rest.n);
    } else {
        rewrite(str_sub(all, 0, end), rest, &target, &out);
        ok = buf_err(&out) == OK && write_all(e, server.fd, out.s, out.n);
    }
    if (ok && count(e, all.n))
        relay(e, t->client, server.fd);
}

/* --- threads --------------------------------------------------------------------------------------------------- */

static void tunnel_run(void *arg)
{
    struct tunnel *t = arg;
    serve(t);
    shutdown(t->client, SHUT_RDWR);
    t->done = true;
}

static void reap(struct tunnel *t)
{
    thread_join(&t->thread);
    close(t->client);
    t->done = false;
    t->used = false;
}

static struct tunnel *free_tunnel(struct egress *e)
{
    for (size_t i = 0; i < TUNNELS_MAX; i++) {
        struct tunnel *t = &e->tunnels[i];
        if (t->used && t->done)
            reap(t);
        if (!t->used)
            return t;
    }
    return NULL;
}

static void accept_run(void *arg)
{
    struct egress *e = arg;
    while (!e->stopping) {
        if (!wait_for(e, e->listener.fd, POLLIN, POLL_MS)) {
            if (must_end(e))
                return;
            continue;
        }
        int fd = accept4(e->listener.fd, NULL, NULL, SOCK_CLOEXEC);
        struct tunnel *t = fd >= 0 ? free_tunnel(e) : NULL;
        if (!t) {
            if (fd >= 0)
                close(fd);
            continue;
        }
        t->egress = e;
        t->client = fd;
        t->used = true;
        if (thread_start(&t->thread, "egress", tunnel_run, t) != OK) {
            close(fd);
            t->used = false;
        }
    }
}

static err_t open_listener(struct egress *e)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof a;
    e->listener.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (e->listener.fd < 0 || bind(e->listener.fd, (struct sockaddr *)&a, n) != 0 ||
        listen(e->listener.fd, 64) != 0 ||
        getsockname(e->listener.fd, (struct sockaddr *)&a, &n) != 0)
        return err_note(E_IO, NULL, "the egress proxy cannot listen on loopback");
    e->port = ntohs(a.sin_port);
    return OK;
}

static err_t make_password(struct egress *e)
{
    uint8_t raw[PASSWORD_BYTES];
    entropy_fill(raw, sizeof raw);
    e->password = base64url_encode(&e->arena, str_of((const char *)raw, sizeof raw));
    struct str both = str_fmt(&e->arena, EGRESS_USER ":%.*s", STR_ARG(e->password));
    e->authorization = str_cat(&e->arena, S("Basic "), base64_encode(&e->arena, both));
    return arena_err(&e->arena);
}

err_t egress_start(const struct egress_options *o, struct egress **ret)
{
    struct arena arena; /* holds the proxy itself */
    arena_init(&arena, MIB(1));
    struct egress *e = ARENA_NEW(&arena, struct egress);
    if (!e)
        return arena_err(&arena);
    e->arena = arena;
    e->options = *o;
    e->listener = FD_NONE;
    mutex_init(&e->lock);
    err_t code = make_password(e);
    if (code == OK)
        code = open_listener(e);
    if (code == OK)
        code = thread_start(&e->acceptor, "egress", accept_run, e);
    if (code != OK) {
        egress_stop(e);
        return code;
    }
    *ret = e;
    return OK;
}

void egress_stop(struct egress *e)
{
    if (!e)
        return;
    e->stopping = true;
    if (e->listener.fd >= 0)
        shutdown(e->listener.fd, SHUT_RDWR);
    thread_join(&e->acceptor);
    for (size_t i = 0; i < TUNNELS_MAX; i++)
        if (e->tunnels[i].used) {
            shutdown(e->tunnels[i].client, SHUT_RDWR);
            reap(&e->tunnels[i]);
        }
    fd_close(&e->listener);
    mutex_free(&e->lock);
    struct arena arena = e->arena;
    arena_free(&arena);
}

int egress_port(const struct egress *e)
{
    return e->port;
}

struct str egress_password(const struct egress *e)
{
    return e->password;
}

bool egress_over_limit(const struct egress *e)
{
    return e->over;
}

size_t egress_bytes(const struct egress *e)
{
    return e->bytes;
}

size_t egress_refused(struct egress *e, struct arena *a, struct str *ret_last)
{
    mutex_lock(&e->lock);
    if (ret_last)
        *ret_last = str_dup(a, str_from(e->last_refused));
    mutex_unlock(&e->lock);
    return e->refused;
}

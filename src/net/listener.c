#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/limits.h"
#include "net/peers.h"
#include "net/placement.h"
#include "os/clock.h"

/* BACKLOG: while the first loop gets all, what comes within one of its turns waits at one socket. */
enum { BACKLOG = 4096, SOCKETS_MAX = 2, LOOPS_MAX = 64, LOOK_MS = 20 };

struct accepting {
    union {
        uv_stream_t stream;
        uv_tcp_t tcp;
        uv_pipe_t pipe;
        uv_handle_t handle;
    };
    struct net_listener *listener;
    struct net_loop *loop;
    int fd; /* the loop's once it accepts */
    bool local, open;
};

struct net_listener {
    struct net_listen_options options;
    struct accepting accepting[SOCKETS_MAX * LOOPS_MAX];
    int count;
    bool begun; /* the sockets are the loops' */
    struct net_loop *loops;
    int loop_count;
    _Atomic bool
        places; /* we say which loop gets a connection (placement.h); else the kernel does */
    _Atomic enum placement placement[SOCKETS_MAX]; /* of each family's sockets, which are a group */
    struct mutex lock;                             /* of changes in these, and of what follows */
    struct cond changed;
    int adopted;
    bool failed;
    struct net_peers peers;
};

/* --- accepting ----------------------------------------------------------------------------------- */

static void name_peer(const struct net_conn *c, struct net_peer *ret)
{
    struct sockaddr_storage a;
    int n = sizeof a;
    bool known = !c->local && uv_tcp_getpeername(&c->tcp, (struct sockaddr *)&a, &n) == 0;
    net_peer_name(ret, known ? (struct sockaddr *)&a : NULL, c->local);
}

/* Over the Unix socket only our own user or root may come: the kernel says who it is. */
static bool peer_allowed(struct net_conn *c)
{
    uv_os_fd_t fd;
    struct ucred who;
    socklen_t n = sizeof who;
    if (!c->local)
        return true;
    return uv_fileno(&c->handle, &fd) == 0 &&
           getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &n) == 0 &&
           (who.uid == geteuid() || who.uid == 0);
}

/* A connection has come by this socket: where will the next one go? The kernel is told through the same socket, which is open
 * while we are on its thread. */
static void place(struct accepting *a)
{
    struct net_listener *l = a->listener;
    if (!l->places)
        return;
    _Atomic enum placement *now = &l->placement[(a - l->accepting) / l->loop_count];
    if (placement_of(l->loops, l->loop_count, *now) == *now)
        return;
    mutex_lock(&l->lock);
    enum placement p = placement_of(l->loops, l->loop_count, *now);
    if (placement_set(a->fd, l->loop_count, p))
        *now = p;
    else
        l->places = false;
    mutex_unlock(&l->lock);
}

static void drop(uv_handle_t *handle)
{
    free(handle->data);
}

static void on_connection(uv_stream_t *stream, int status)
{
    struct accepting *a = stream->data;
    struct net_conn *c = status < 0 ? NULL : net_conn_new(a->local);
    struct net_peer peer;
    if (!c)
        return;
    c->loop = a->loop;
    c->peers = &a->listener->peers;
    c->protocol = a->listener->options.protocol;
    int bad =
        a->local ? uv_pipe_init(&a->loop->uv, &c->pipe, 0) : uv_tcp_init(&a->loop->uv, &c->tcp);
    if (bad) {
        free(c);
        return;
    }
    c->handle.data = c;
    if (uv_accept(stream, &c->stream) != 0) {
        uv_close(&c->handle, drop);
        return;
    }
    name_peer(c, &peer);
    bool allowed = net_peers_joined(c->peers, c, &peer) && peer_allowed(c);
    if (!allowed || !a->listener->options.accepted(c, &peer, a->listener->options.context)) {
        net_peers_left(c->peers, c);
        uv_close(&c->handle, drop);
        return;
    }
    net_conn_begin(c);
    place(a);
}

/* --- sockets ---------------------------------------------------------------------------------------- */

static err_t fail(int code, const char *what)
{
    if (code == EADDRINUSE)
        return err_note(E_CONFLICT, NULL,
                        "another program listens on %s; stop it, or choose another with --listen",
                        what);
    return err_note(code == EACCES || code == EADDRNOTAVAIL ? E_INVALID : E_IO, "listen",
                    "listening on %s: %s", what, uv_strerror(-code));
}

/* Each loop has a socket of its own on the port (SO_REUSEPORT), and nobody else shall: any other process of this user could
 * join in as well. So the first one is bound and listens before it is opened to the others; the kernel refuses it where
 * anything listens there already. */
static int try_socket(const struct sockaddr *sa, socklen_t length, bool first, int *ret)
{
    int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0), one = 1;
    if (fd < 0)
        return errno;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    if (!first)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    if (sa->sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
    if (sa->sa_family != AF_UNIX) /* those that are accepted have it from here */
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (bind(fd, sa, length) != 0 || listen(fd, BACKLOG) != 0) {
        int code = errno;
        close(fd);
        return code;
    }
    if (first)
        setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
    *ret = fd;
    return 0;
}

/* A child that a killed predecessor had just begun to start holds the port until it becomes its program
 * (os/process.h): a port that is taken is asked for again for a while. */
static err_t open_socket(const struct sockaddr *sa, socklen_t length, bool first, const char *what,
                         int *ret)
{
    int code = try_socket(sa, length, first, ret);
    for (int waited_ms = 0; code == EADDRINUSE && waited_ms < LISTEN_WAIT_MS;
         waited_ms += LOOK_MS) {
        clock_sleep_ms(LOOK_MS);
        code = try_socket(sa, length, first, ret);
    }
    return code ? fail(code, what) : OK;
}

static int port_of(int fd)
{
    struct sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, (struct sockaddr *)&a, &n) != 0)
        return 0;
    return ntohs(a.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&a)->sin6_port
                                         : ((struct sockaddr_in *)&a)->sin_port);
}

/* On the loop's thread: libuv's handles belong to it. */
static void adopt_socket(struct net_loop *l, void *arg)
{
    struct accepting *a = arg;
    struct net_listener *listener = a->listener;
    a->handle.data = a;
    int bad = a->local ? uv_pipe_init(&l->uv, &a->pipe, 0) : uv_tcp_init(&l->uv, &a->tcp);
    bool made = !bad;
    if (!bad)
        bad = a->local ? uv_pipe_open(&a->pipe, a->fd) : uv_tcp_open(&a->tcp, a->fd);
    if (bad)
        close(a->fd); /* else it is the handle's */
    else
        bad = uv_listen(&a->stream, BACKLOG, on_connection);
    a->handle.data = a;
    a->open = !bad;
    if (bad && made)
        uv_close(&a->handle, NULL);
    mutex_lock(&listener->lock);
    listener->failed |= bad != 0;
    listener->adopted++;
    cond_signal(&listener->changed);
    mutex_unlock(&listener->lock);
}

static err_t keep_socket(struct net_listener *l, struct net_loop *loop, int fd, bool local)
{
    if (l->count == (int)COUNTOF(l->accepting)) {
        close(fd);
        return E_BUSY;
    }
    l->accepting[l->count++] =
        (struct accepting){ .listener = l, .loop = loop, .fd = fd, .local = local };
    return OK;
}

err_t net_listener_begin(struct net_listener *l)
{
    if (!l)
        return OK;
    l->begun = true;
    for (int i = 0; i < l->count; i++)
        net_post(l->accepting[i].loop, adopt_socket, &l->accepting[i]);
    mutex_lock(&l->lock);
    while (l->adopted < l->count)
        cond_wait(&l->changed, &l->lock);
    bool failed = l->failed;
    mutex_unlock(&l->lock);
    return failed ? err_note(E_BUSY, "listen", "the sockets cannot be listened on: no memory") : OK;
}

static err_t listen_family(struct net_listener *l, struct net_loop *loops, int loop_count,
                           struct sockaddr_storage *sa, const char *host, int *io_port)
{
    char what[80];
    snprintf(what, sizeof what, sa->ss_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host, *io_port);
    socklen_t length =
        sa->ss_family == AF_INET6 ? sizeof(struct sockaddr_in6) : sizeof(struct sockaddr_in);
    in_port_t *port = sa->ss_family == AF_INET6 ? &((struct sockaddr_in6 *)sa)->sin6_port
                                                : &((struct sockaddr_in *)sa)->sin_port;
    *port = htons((uint16_t)*io_port);
    for (int i = 0; i < loop_count; i++) {
        int fd;
        TRY(open_socket((struct sockaddr *)sa, length, i == 0, what, &fd));
        *io_port = port_of(fd);
        *port = htons((uint16_t)*io_port);
        TRY(keep_socket(l, &loops[i], fd, false));
    }
    return OK;
}

/* --- addresses ----------------------------------------------------------------------------------------- */

static err_t split(struct str address, char host[64], int *ret_port)
{
    size_t colon = address.n;
    while (colon && address.s[colon - 1] != ':')
        colon--;
    struct str name = str_sub(address, 0, colon ? colon - 1 : 0);
    int64_t port;
    if (name.n >= 2 && name.s[0] == '[' && name.s[name.n - 1] == ']')
        name = str_sub(name, 1, name.n - 1);
    if (!colon || name.n == 0 || name.n >= 64 ||
        str_to_i64(str_sub(address, colon, address.n), &port) != OK || port < 0 || port > 65535)
        return err_note(
            E_INVALID, "listen",
            "an address to listen on is like 127.0.0.1:8420, [::1]:8420 or localhost:8420");
    memcpy(host, name.s, name.n);
    host[name.n] = 0;
    *ret_port = (int)port;
    return OK;
}

bool net_listens_everywhere(struct str address, bool *ret_ipv6)
{
    char host[64];
    int port;
    struct in_addr in4;
    struct in6_addr in6;
    if (split(address, host, &port) != OK) {
        err_clear();
        return false;
    }
    *ret_ipv6 = inet_pton(AF_INET6, host, &in6) == 1;
    return *ret_ipv6 ? IN6_IS_ADDR_UNSPECIFIED(&in6)
                     : inet_pton(AF_INET, host, &in4) == 1 && in4.s_addr == htonl(INADDR_ANY);
}

static struct net_listener *listener_new(const struct net_listen_options *o)
{
    struct net_listener *l = calloc(1, sizeof *l);
    if (!l)
        return NULL;
    l->options = *o;
    l->peers.connections_max = o->connections_max;
    l->peers.per_address_max = o->per_address_max;
    l->peers.proxies = o->proxies;
    mutex_init(&l->lock);
    cond_init(&l->changed);
    return l;
}

static err_t address_of(const char *host, struct sockaddr_storage *ret)
{
    struct sockaddr_in6 *in6 = (struct sockaddr_in6 *)ret;
    struct sockaddr_in *in4 = (struct sockaddr_in *)ret;
    if (inet_pton(AF_INET, host, &in4->sin_addr) == 1)
        ret->ss_family = AF_INET;
    else if (inet_pton(AF_INET6, host, &in6->sin6_addr) == 1)
        ret->ss_family = AF_INET6;
    else
        return err_note(E_INVALID, "listen", "\"%s\" is neither an IP address nor localhost", host);
    return OK;
}

err_t net_listen_check(struct str address)
{
    struct sockaddr_storage a = { 0 };
    char host[64];
    int port;
    TRY(split(address, host, &port));
    return strcmp(host, "localhost") == 0 ? OK : address_of(host, &a);
}

err_t net_listen_unix_check(const char *path)
{
    size_t most = sizeof((struct sockaddr_un *)0)->sun_path - 1;
    if (strlen(path) > most)
        return err_note(
            E_INVALID, "data",
            "the data folder's path is too long for a Unix socket (%zu bytes are the most)", most);
    return OK;
}

static err_t listen_host(struct net_listener *l, struct net_loop *loops, int loop_count,
                         const char *host, int *io_port)
{
    struct sockaddr_storage a = { 0 };
    TRY(address_of(host, &a));
    return listen_family(l, loops, loop_count, &a, host, io_port);
}

err_t net_listen(struct net_loop *loops, int loop_count, struct str address,
                 const struct net_listen_options *o, struct net_listener **ret, int *ret_port)
{
    char host[64];
    int port;
    assert(loop_count <= LOOPS_MAX);
    TRY(split(address, host, &port));
    struct net_listener *l = listener_new(o);
    if (!l)
        return E_BUSY;
    l->loops = loops;
    l->loop_count = loop_count;
    l->places = loop_count > 1;
    *ret = l; /* from here on the caller closes and frees it, also after a failure */
    bool both = strcmp(host, "localhost") == 0;
    TRY(listen_host(l, loops, loop_count, both ? "127.0.0.1" : host, &port));
    if (both && listen_host(l, loops, loop_count, "::1", &port) != OK)
        err_clear(); /* a machine without IPv6 */
    *ret_port = port;
    return OK;
}

err_t net_listen_unix(struct net_loop *loop, const char *path, const struct net_listen_options *o,
                      struct net_listener **ret)
{
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    TRY(net_listen_unix_check(path));
    memcpy(a.sun_path, path, strlen(path) + 1);
    struct net_listener *l = listener_new(o);
    if (!l)
        return E_BUSY;
    *ret = l;
    unlink(path);
    mode_t old = umask(0177);
    int fd;
    err_t e = open_socket((struct sockaddr *)&a, sizeof a, true, path, &fd);
    umask(old);
    TRY(e);
    return keep_socket(l, loop, fd, true);
}

static void close_accepting(struct net_loop *loop, void *arg)
{
    UNUSED(loop);
    struct accepting *a = arg;
    if (a->open && !uv_is_closing(&a->handle))
        uv_close(&a->handle, NULL);
    a->open = false;
}

void net_listener_close(struct net_listener *l)
{
    for (int i = 0; l && i < l->count; i++)
        net_post(l->accepting[i].loop, close_accepting, &l->accepting[i]);
}

void net_listener_free(struct net_listener *l)
{
    if (!l)
        return;
    for (int i = 0; !l->begun && i < l->count; i++)
        close(l->accepting[i].fd);
    mutex_free(&l->lock);
    cond_free(&l->changed);
    free(l);
}

size_t net_listener_connections(const struct net_listener *l)
{
    return l ? l->peers.connections : 0;
}

#include "net/conn.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/limits.h"
#include "net/peers.h"
#include "os/clock.h"

enum {
    PARTS_MAX = 8,
    UNSENT_MS = 10000,
    CORK_BYTES = 2000, /* what one call takes of small messages */
    CORK_PART_MAX = 1000,
    GATHERED_MAX = 1024,
    SPARE_CORKS_MAX = 64
};

struct net_cork { /* on its loop's list, or among its spare ones */
    struct net_cork *next, **link;
    struct net_conn *conn;
    size_t n;
    char bytes[CORK_BYTES];
};

struct write_call {
    uv_write_t rq;
    struct net_conn *conn;
    size_t bytes;
    void (*sent)(void *context);
    void *context;
    char copy[];
};

/* --- corks --------------------------------------------------------------------------------------- */

static struct net_cork *cork_new(struct net_conn *c)
{
    struct net_loop *l = c->loop;
    struct net_cork *k = l->spare_corks;
    if (k) {
        l->spare_corks = k->next;
        l->spare_count--;
    } else if (!(k = malloc(sizeof *k))) {
        return NULL;
    }
    k->conn = c;
    k->n = 0;
    k->next = l->corks;
    k->link = &l->corks;
    if (k->next)
        k->next->link = &k->next;
    return l->corks = c->cork = k;
}

static void cork_drop(struct net_conn *c)
{
    struct net_loop *l = c->loop;
    struct net_cork *k = c->cork;
    if (!k)
        return;
    c->cork = NULL;
    *k->link = k->next;
    if (k->next)
        k->next->link = k->link;
    if (l->spare_count == SPARE_CORKS_MAX) {
        free(k);
        return;
    }
    k->next = l->spare_corks;
    l->spare_corks = k;
    l->spare_count++;
}

/* --- life --------------------------------------------------------------------------------------- */

struct net_conn *net_conn_new(bool local)
{
    size_t handle = local ? sizeof(uv_pipe_t) : sizeof(uv_tcp_t);
    struct net_conn *c = calloc(1, offsetof(struct net_conn, handle) + handle);
    if (c)
        c->local = local;
    return c;
}

static void on_closed(uv_handle_t *handle)
{
    struct net_conn *c = handle->data;
    net_conn_leave(c);
    net_peers_left(c->peers, c);
    c->protocol->closed(c);
    free(c);
}

void net_close(struct net_conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
    cork_drop(c);
    uv_close(&c->handle, on_closed);
}

/* All is sent: say so, and wait a moment for the other side to read it and go. Closing at once with
 * bytes unread would reset the connection, and the answer might never be seen. */
static void linger(struct net_conn *c)
{
    uv_os_fd_t fd;
    if (uv_fileno(&c->handle, &fd) != 0 || shutdown(fd, SHUT_WR) != 0) {
        net_close(c);
        return;
    }
    c->deadline_ms = clock_monotonic_ms() + HTTP_LINGER_MS;
    c->dropped_bytes = 0;
    net_resume(c);
}

static void uncork(struct net_conn *c);

void net_close_after(struct net_conn *c)
{
    if (c->ended)
        return;
    uncork(c);
    c->ended = true;
    if (c->unsent_bytes == 0)
        linger(c);
    else
        c->deadline_ms = clock_monotonic_ms() + UNSENT_MS;
}

/* --- writing --------------------------------------------------------------------------------------- */

static void finish(struct write_call *call)
{
    if (call->sent)
        call->sent(call->context);
    free(call);
}

static void on_written(uv_write_t *rq, int status)
{
    struct write_call *call = rq->data;
    struct net_conn *c = call->conn;
    c->unsent_bytes -= call->bytes;
    finish(call);
    if (status < 0) {
        net_close(c);
        return;
    }
    if (c->closing || c->unsent_bytes)
        return;
    if (c->ended)
        linger(c);
    else if (c->protocol->drained)
        c->protocol->drained(c);
}

static unsigned to_bufs(const struct str *parts, size_t count, uv_buf_t *ret)
{
    unsigned n = 0;
    assert(count <= PARTS_MAX);
    for (size_t i = 0; i < count; i++)
        if (parts[i].n)
            ret[n++] = uv_buf_init((char *)(uintptr_t)parts[i].s, (unsigned)parts[i].n);
    return n;
}

static size_t sum(const uv_buf_t *bufs, unsigned count)
{
    size_t n = 0;
    for (unsigned i = 0; i < count; i++)
        n += bufs[i].len;
    return n;
}

static ssize_t gather_and_send(int fd, const uv_buf_t *bufs, unsigned count)
{
    char all[GATHERED_MAX];
    size_t n = 0;
    for (unsigned i = 0; i < count; n += bufs[i++].len)
        memcpy(all + n, bufs[i].base, bufs[i].len);
    return send(fd, all, n, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static ssize_t send_parts(int fd, const uv_buf_t *bufs, unsigned count)
{
    struct iovec parts[PARTS_MAX];
    for (unsigned i = 0; i < count; i++)
        parts[i] = (struct iovec){ bufs[i].base, bufs[i].len };
    struct msghdr message = { .msg_iov = parts, .msg_iovlen = count };
    return sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
}

/* What the kernel takes at once; an error shows with the next that waits. By send() and sendmsg(): 5% of them is what write()
 * and writev() do for files; small parts together go as one. `bufs` becomes the rest, or none; gives how many bytes went. */
static size_t try_write(struct net_conn *c, uv_buf_t *bufs, unsigned *count)
{
    if (c->unsent_bytes || c->closing || *count == 0)
        return 0;
    uv_os_fd_t fd;
    if (uv_fileno(&c->handle, &fd) != 0)
        return 0;
    ssize_t n = *count == 1 ? send(fd, bufs[0].base, bufs[0].len, MSG_DONTWAIT | MSG_NOSIGNAL)
                : sum(bufs, *count) <= GATHERED_MAX ? gather_and_send(fd, bufs, *count)
                                                    : send_parts(fd, bufs, *count);
    size_t sent = n > 0 ? (size_t)n : 0, left = sent;
    unsigned first = 0;
    while (first < *count && left >= bufs[first].len)
        left -= bufs[first++].len;
    if (first < *count) {
        bufs[first].base += left;
        bufs[first].len -= left;
    }
    memmove(bufs, bufs + first, (*count - first) * sizeof *bufs);
    *count -= first;
    return sent;
}

/* A request to libuv counts with its own size: thousands of small ones cost more than their bytes. */
static void wait_in_line(struct net_conn *c, struct write_call *call, uv_buf_t *bufs,
                         unsigned count)
{
    call->conn = c;
    call->rq.data = call;
    call->bytes = sizeof *call + sum(bufs, count);
    c->unsent_bytes += call->bytes;
    if (uv_write(&call->rq, &c->stream, bufs, count, on_written) != 0) {
        c->unsent_bytes -= call->bytes;
        net_close(c);
        finish(call);
    }
}

/* Copies are for what the kernel does not take, and for that alone. */
static void write_copies(struct net_conn *c, uv_buf_t *bufs, unsigned n)
{
    try_write(c, bufs, &n);
    if (n == 0 || c->closing)
        return;
    size_t left = sum(bufs, n), at = 0;
    struct write_call *call = malloc(sizeof *call + left);
    if (!call) {
        net_close(c);
        return;
    }
    *call = (struct write_call){ .sent = NULL };
    for (unsigned i = 0; i < n; at += bufs[i++].len)
        memcpy(call->copy + at, bufs[i].base, bufs[i].len);
    uv_buf_t all = uv_buf_init(call->copy, (unsigned)left);
    wait_in_line(c, call, &all, 1);
}

/* What was corked goes before anything else that is written. */
static void uncork(struct net_conn *c)
{
    struct net_cork *k = c->cork;
    if (!k)
        return;
    uv_buf_t all = uv_buf_init(k->bytes, (unsigned)k->n);
    write_copies(c, &all, 1);
    cork_drop(c);
}

size_t net_write_now(struct net_conn *c, struct str bytes)
{
    uv_buf_t buf;
    uncork(c);
    unsigned n = to_bufs(&bytes, 1, &buf);
    return try_write(c, &buf, &n);
}

void net_write(struct net_conn *c, const struct str *parts, size_t count,
               void (*sent)(void *context), void *context)
{
    uv_buf_t bufs[PARTS_MAX];
    unsigned n = to_bufs(parts, count, bufs);
    uncork(c);
    try_write(c, bufs, &n);
    struct write_call *call = n && !c->closing ? malloc(sizeof *call) : NULL;
    if (call) {
        *call = (struct write_call){ .sent = sent, .context = context };
        wait_in_line(c, call, bufs, n);
        return;
    }
    if (n)
        net_close(c);
    if (sent)
        sent(context);
}

void net_write_copies(struct net_conn *c, const struct str *parts, size_t count)
{
    uv_buf_t bufs[PARTS_MAX];
    unsigned n = to_bufs(parts, count, bufs);
    uncork(c);
    write_copies(c, bufs, n);
}

bool net_write_corked(struct net_conn *c, const struct str *parts, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += parts[i].n;
    if (n > CORK_PART_MAX || c->unsent_bytes || c->closing || c->ended)
        return false;
    if (c->cork && c->cork->n + n > CORK_BYTES)
        uncork(c);
    if (c->unsent_bytes || c->closing || (!c->cork && !cork_new(c)))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].n)
            memcpy(c->cork->bytes + c->cork->n, parts[i].s, parts[i].n);
        c->cork->n += parts[i].n;
    }
    return true;
}

size_t net_corked_bytes(const struct net_conn *c)
{
    return c->cork ? c->cork->n : 0;
}

void net_corks_flush(struct net_loop *l)
{
    while (l->corks)
        uncork(l->corks->conn);
}

void net_corks_free(struct net_loop *l)
{
    for (struct net_cork *k = l->spare_corks, *next; k; k = next) {
        next = k->next;
        free(k);
    }
}

/* --- reading --------------------------------------------------------------------------------------- */

static void on_alloc(uv_handle_t *handle, size_t suggested, uv_buf_t *ret)
{
    UNUSED(suggested);
    struct net_conn *c = handle->data;
    *ret = uv_buf_init(c->loop->read_buffer, NET_READ_BYTES);
}

static void on_read(uv_stream_t *stream, ssize_t n, const uv_buf_t *buf)
{
    struct net_conn *c = stream->data;
    if (n > 0 && !c->ended)
        c->protocol->data(c, buf->base, (size_t)n);
    else if (n == UV_EOF && !c->ended && c->protocol->waits && c->protocol->waits(c))
        net_pause(c);
    else if (n < 0 || (c->dropped_bytes += (uint32_t)n) > HTTP_LINGER_BYTES_MAX)
        net_close(c);
}

void net_pause(struct net_conn *c)
{
    if (!c->paused && !c->closing)
        uv_read_stop(&c->stream);
    c->paused = true;
}

void net_resume(struct net_conn *c)
{
    if (c->paused && !c->closing)
        uv_read_start(&c->stream, on_alloc, on_read);
    c->paused = false;
}

/* --- the loop's list ---------------------------------------------------------------------------------- */

void net_conn_begin(struct net_conn *c)
{
    struct net_loop *l = c->loop;
    c->next = l->conns;
    c->link = &l->conns;
    if (c->next)
        c->next->link = &c->next;
    l->conns = c;
    l->conn_count++;
    if (!c->paused)
        uv_read_start(&c->stream, on_alloc, on_read);
}

void net_conn_leave(struct net_conn *c)
{
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->loop->conn_count--;
}

void net_conns_tick(struct net_loop *l, int64_t now_ms)
{
    for (struct net_conn *c = l->conns, *next; c; c = next) {
        next = c->next;
        if (!c->deadline_ms || now_ms < c->deadline_ms || c->closing)
            continue;
        c->deadline_ms = 0;
        if (c->ended)
            net_close(c);
        else
            c->protocol->timeout(c);
    }
}

void net_conns_close(struct net_loop *l)
{
    for (struct net_conn *c = l->conns; c; c = c->next)
        net_close(c);
}

void net_conns_stopping(struct net_loop *l)
{
    for (struct net_conn *c = l->conns; c; c = c->next)
        if (!c->closing && !c->ended && c->protocol->stopping)
            c->protocol->stopping(c);
}

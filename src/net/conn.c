#include "net/conn.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "net/listener.h"
#include "os/clock.h"

enum { PARTS_MAX = 8, LINGER_MS = 2000, UNSENT_MS = 10000 };

struct write_call {
    uv_write_t rq;
    struct net_conn *conn;
    size_t bytes;
    void (*sent)(void *context);
    void *context;
    char copy[];
};

/* --- end ---------------------------------------------------------------------------------------- */

static void on_closed(uv_handle_t *handle)
{
    struct net_conn *c = handle->data;
    *c->link = c->next;
    if (c->next)
        c->next->link = c->link;
    c->loop->conn_count--;
    net_listener_left(c->listener, c);
    c->protocol->closed(c);
    free(c);
}

void net_close(struct net_conn *c)
{
    if (c->closing)
        return;
    c->closing = true;
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
    c->deadline_ms = clock_monotonic_ms() + LINGER_MS;
    net_resume(c);
}

void net_close_after(struct net_conn *c)
{
    if (c->ended)
        return;
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

/* What the kernel takes at once needs no request. The rest of the parts, or none. */
static size_t try_write(struct net_conn *c, uv_buf_t *parts, unsigned *count)
{
    if (c->unsent_bytes)
        return 0;
    int n = uv_try_write(&c->stream, parts, *count);
    size_t sent = n > 0 ? (size_t)n : 0, left = sent;
    unsigned first = 0;
    while (first < *count && left >= parts[first].len)
        left -= parts[first++].len;
    if (first < *count) {
        parts[first].base += left;
        parts[first].len -= left;
    }
    memmove(parts, parts + first, (*count - first) * sizeof *parts);
    *count -= first;
    return sent;
}

static void write_parts(struct net_conn *c, struct write_call *call, uv_buf_t *parts,
                        unsigned count)
{
    try_write(c, parts, &count);
    if (count == 0) {
        finish(call);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        call->bytes += parts[i].len;
    call->rq.data = call;
    c->unsent_bytes += call->bytes;
    if (uv_write(&call->rq, &c->stream, parts, count, on_written) != 0) {
        c->unsent_bytes -= call->bytes;
        finish(call);
        net_close(c);
    }
}

void net_write(struct net_conn *c, const struct str *parts, size_t count,
               void (*sent)(void *context), void *context)
{
    assert(count <= PARTS_MAX);
    struct write_call *call = calloc(1, sizeof *call);
    if (!call || c->closing) {
        if (sent)
            sent(context);
        free(call);
        net_close(c);
        return;
    }
    uv_buf_t bufs[PARTS_MAX];
    unsigned n = 0;
    for (size_t i = 0; i < count; i++)
        if (parts[i].n)
            bufs[n++] = uv_buf_init((char *)(uintptr_t)parts[i].s, (unsigned)parts[i].n);
    call->conn = c;
    call->sent = sent;
    call->context = context;
    write_parts(c, call, bufs, n);
}

void net_write_copy(struct net_conn *c, struct str bytes)
{
    if (c->closing || bytes.n == 0)
        return;
    struct write_call *call = calloc(1, sizeof *call + bytes.n);
    if (!call) {
        net_close(c);
        return;
    }
    call->conn = c;
    memcpy(call->copy, bytes.s, bytes.n);
    uv_buf_t buf = uv_buf_init(call->copy, (unsigned)bytes.n);
    write_parts(c, call, &buf, 1);
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
    else if (n < 0)
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
    uv_read_start(&c->stream, on_alloc, on_read);
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

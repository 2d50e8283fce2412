/* A connection goes to another loop.
 *
 * libuv cannot move a handle: the descriptor is doubled, this loop's handle closed, and the double opened there in
 * the same memory. The socket itself, and what the kernel holds for it, does not notice. */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/conn.h"

struct move {
    struct net_conn *conn;
    struct net_loop *to;
    int fd; /* -1: it could not be doubled */
    void (*arrived)(struct net_loop *l, void *arg);
    void *arg;
};

static bool open_again(struct net_conn *c, int fd)
{
    int bad =
        c->local ? uv_pipe_init(&c->loop->uv, &c->pipe, 0) : uv_tcp_init(&c->loop->uv, &c->tcp);
    c->handle.data = c;
    assert(!bad); /* without flags they only fill the struct */
    if (fd < 0 || c->loop->stopping)
        return false;
    return (c->local ? uv_pipe_open(&c->pipe, fd) : uv_tcp_open(&c->tcp, fd)) == 0;
}

static void arrive(struct net_loop *l, void *arg)
{
    struct move m = *(struct move *)arg;
    struct net_conn *c = m.conn;
    free(arg);
    c->loop = l;
    c->closing = false;
    bool open = open_again(c, m.fd);
    net_conn_begin(c);
    if (!open) {
        if (m.fd >= 0)
            close(m.fd);
        net_close(c);
    }
    m.arrived(l, m.arg);
}

static void on_left(uv_handle_t *handle)
{
    struct move *m = handle->data;
    net_conn_leave(m->conn);
    net_post(m->to, arrive, m);
}

void net_move(struct net_conn *c, struct net_loop *to,
              void (*arrived)(struct net_loop *l, void *arg), void *arg)
{
    struct move *m = malloc(sizeof *m);
    uv_os_fd_t fd;
    assert(!c->closing);
    if (!m)
        abort(); /* as a letter that could not be posted */
    *m = (struct move){ c, to, -1, arrived, arg };
    if (c->unsent_bytes == 0 && uv_fileno(&c->handle, &fd) == 0)
        m->fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    c->closing = true; /* until it arrives: whoever meets it leaves it alone */
    c->handle.data = m;
    uv_close(&c->handle, on_left);
}

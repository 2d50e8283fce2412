/* The least that echo and fan-out cost on this machine: epoll, read and send alone, with messages of a fixed size and
 * no protocol, no checks, no limits. Who is accepted is greeted with an `R`: before that a message to all would not
 * reach it. A message that begins with `B` goes to every connection, any other goes back.
 * What the kernel does for each send (on loopback the receiver's half too) is in here, and nobody can be below it.
 *
 *   sockets MESSAGE_BYTES      prints its address and serves until SIGTERM */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { PEERS_MAX = 16384, EVENTS_MAX = 256, MESSAGE_BYTES_MAX = 4096 };

static int connections[PEERS_MAX];
static size_t connection_count, message_bytes;

static void need(int ok, const char *what)
{
    if (ok < 0) {
        perror(what);
        exit(1);
    }
}

/* Small messages on loopback: a send that takes less than all of one would end the measurement. */
static void send_one(int fd, const char *message)
{
    if (send(fd, message, message_bytes, MSG_NOSIGNAL) != (ssize_t)message_bytes)
        need(errno == EPIPE || errno == ECONNRESET || errno == EBADF ? 0 : -1, "send");
}

static void accept_one(int epoll, int listener)
{
    static const char GREETING[MESSAGE_BYTES_MAX] = { 'R' };
    int one = 1, fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 || connection_count == PEERS_MAX)
        return;
    struct epoll_event e = { .events = EPOLLIN, .data.fd = fd };
    need(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one), "setsockopt");
    need(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &e), "epoll_ctl");
    connections[connection_count++] = fd;
    send_one(fd, GREETING);
}

static void serve(int fd)
{
    char message[MESSAGE_BYTES_MAX];
    ssize_t n = read(fd, message, message_bytes);
    if (n == 0 || (n < 0 && errno != EAGAIN)) {
        close(fd);
        return;
    }
    if (n != (ssize_t)message_bytes)
        return;
    if (message[0] != 'B')
        send_one(fd, message);
    for (size_t i = 0; message[0] == 'B' && i < connection_count; i++)
        send_one(connections[i], message);
}

static int listen_on_loopback(void)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    need(fd, "socket");
    need(bind(fd, (struct sockaddr *)&address, sizeof address), "bind");
    need(listen(fd, SOMAXCONN), "listen");
    need(getsockname(fd, (struct sockaddr *)&address, &size), "getsockname");
    printf("ready http://127.0.0.1:%d\n", ntohs(address.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    message_bytes = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    if (message_bytes == 0 || message_bytes > MESSAGE_BYTES_MAX)
        return 2;
    int listener = listen_on_loopback(), epoll = epoll_create1(EPOLL_CLOEXEC);
    struct epoll_event events[EVENTS_MAX], e = { .events = EPOLLIN, .data.fd = listener };
    need(epoll, "epoll_create1");
    need(epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &e), "epoll_ctl");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS_MAX, -1);
        for (int i = 0; i < n; i++)
            events[i].data.fd == listener ? accept_one(epoll, listener) : serve(events[i].data.fd);
    }
}

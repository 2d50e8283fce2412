/* Clients that cost little beside a server on the same machine: each sends a request, waits for the answer and sends the
 * next one. Requests come in on stdin, parted by zero bytes, and are sent in turn; in each, eight # in a row become a number
 * that counts.
 *
 *   build/release/bench/load SOCKET|ADDRESS:PORT CLIENTS MS < requests
 *
 * Prints one line of JSON: answers, seconds, microseconds from the request to the whole answer. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
    CLIENTS_MAX = 1024,
    ANSWER_MAX = 1 << 20,
    SAMPLES_MAX = 1 << 22,
    DIGITS = 8,
    EVENTS = 64,
    REQUESTS_MAX = 4096
};

struct client {
    int fd;
    char *answer;
    size_t have, need; /* need 0: the head is not whole yet */
    int64_t asked_ns;
};

static struct client clients[CLIENTS_MAX];
struct request {
    char *bytes;
    size_t n;
    char *number; /* where it stands in it; NULL: nowhere */
};

static char input[1 << 20];
static struct request requests[REQUESTS_MAX];
static size_t request_count;
static unsigned asked;
static uint32_t *samples_ns;
static size_t sample_count;
static uint64_t good, bad, bytes;
static int last_bad;

static void die(const char *what)
{
    fprintf(stderr, "load: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void ask(struct client *c)
{
    const struct request *r = &requests[asked % request_count];
    if (r->number) {
        char digits[DIGITS + 1];
        snprintf(digits, sizeof digits, "%08u", asked % 100000000u);
        memcpy(r->number, digits, DIGITS);
    }
    asked++;
    c->have = c->need = 0;
    c->asked_ns = now_ns();
    if (write(c->fd, r->bytes, r->n) != (ssize_t)r->n)
        die("write");
}

/* A socket's path, or an IPv4 address and a port. */
static int connect_to(const char *where)
{
    struct sockaddr_un local = { .sun_family = AF_UNIX };
    struct sockaddr_in remote = { .sin_family = AF_INET };
    const char *colon = where[0] == '/' ? NULL : strchr(where, ':');
    char host[64];
    snprintf(local.sun_path, sizeof local.sun_path, "%s", where);
    int fd = socket(colon ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    if (colon) {
        snprintf(host, sizeof host, "%.*s", (int)(colon - where), where);
        remote.sin_port = htons((uint16_t)atoi(colon + 1));
        if (inet_pton(AF_INET, host, &remote.sin_addr) != 1)
            die(where);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    }
    const struct sockaddr *to =
        colon ? (const struct sockaddr *)&remote : (const struct sockaddr *)&local;
    if (fd < 0 || connect(fd, to, colon ? sizeof remote : sizeof local) != 0)
        die(where);
    return fd;
}

static void open_client(struct client *c, const char *where, int epoll)
{
    c->fd = connect_to(where);
    c->answer = malloc(ANSWER_MAX + 1);
    if (!c->answer)
        die("memory");
    struct epoll_event e = { .events = EPOLLIN, .data.ptr = c };
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, c->fd, &e) != 0)
        die("epoll_ctl");
}

/* How many bytes the answer has; 0: not known yet. */
static size_t answer_bytes(struct client *c)
{
    c->answer[c->have] = 0;
    char *end = strstr(c->answer, "\r\n\r\n");
    if (!end)
        return 0;
    char *length = strcasestr(c->answer, "\r\ncontent-length:");
    size_t body = length && length < end ? strtoul(length + 17, NULL, 10) : 0;
    return (size_t)(end - c->answer) + 4 + body;
}

/* Is the answer whole? */
static bool take(struct client *c)
{
    ssize_t n = read(c->fd, c->answer + c->have, ANSWER_MAX - c->have);
    if (n <= 0)
        die("the server ended the connection");
    c->have += (size_t)n;
    if (!c->need)
        c->need = answer_bytes(c);
    if (!c->need || c->have < c->need)
        return false;
    int status = atoi(c->answer + 9);
    *(status / 100 == 2 ? &good : &bad) += 1;
    last_bad = status / 100 == 2 ? last_bad : status;
    bytes += c->need;
    if (sample_count < SAMPLES_MAX)
        samples_ns[sample_count++] = (uint32_t)(now_ns() - c->asked_ns);
    return true;
}

/* What is measured is how long the server takes, not how long this program waits for a core: it asks for the shortest slice
 * that the kernel gives (Linux 6.12; as os/thread.c does), and so runs soon after it wakes. */
static void run_soon(void)
{
    struct {
        uint32_t size, policy;
        uint64_t flags;
        int32_t nice;
        uint32_t priority;
        uint64_t runtime_ns, deadline_ns, period_ns;
    } a = { 0 };
    if (syscall(SYS_sched_getattr, 0, &a, sizeof a, 0) != 0)
        return;
    a.size = sizeof a;
    a.runtime_ns = 100000;
    (void)syscall(SYS_sched_setattr, 0, &a, 0);
}

static void read_requests(void)
{
    size_t n = fread(input, 1, sizeof input - 1, stdin);
    for (size_t at = 0; at < n && request_count < REQUESTS_MAX;) {
        char *text = input + at;
        size_t length = strlen(text);
        requests[request_count++] = (struct request){ text, length, strstr(text, "########") };
        at += length + 1;
    }
}

static int by_size(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static double quantile_us(double part)
{
    size_t at = (size_t)((double)sample_count * part);
    return sample_count ? samples_ns[at < sample_count ? at : sample_count - 1] / 1000.0 : 0;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return fprintf(stderr, "usage: load SOCKET|ADDRESS:PORT CLIENTS MS < requests\n"), 2;
    int wanted = atoi(argv[2]), left = wanted, epoll = epoll_create1(EPOLL_CLOEXEC);
    read_requests();
    run_soon();
    samples_ns = malloc(SAMPLES_MAX * sizeof *samples_ns);
    if (wanted < 1 || wanted > CLIENTS_MAX || epoll < 0 || !samples_ns || !request_count)
        return fprintf(stderr, "load: 1 to %d clients and requests\n", CLIENTS_MAX), 2;
    for (int i = 0; i < wanted; i++)
        open_client(&clients[i], argv[1], epoll);
    int64_t began = now_ns(), end = began + (int64_t)atoi(argv[3]) * 1000000;
    for (int i = 0; i < wanted; i++)
        ask(&clients[i]);
    while (left) {
        struct epoll_event events[EVENTS];
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            struct client *c = events[i].data.ptr;
            if (!take(c))
                continue;
            if (now_ns() < end)
                ask(c);
            else
                left--;
        }
    }
    double seconds = (double)(now_ns() - began) / 1e9;
    qsort(samples_ns, sample_count, sizeof *samples_ns, by_size);
    printf(
        "{\"ok\":%llu,\"bad\":%llu,\"last_bad\":%d,\"seconds\":%.6f,\"bytes\":%llu,\"p50_us\":%.1f,"
        "\"p99_us\":%.1f,\"max_us\":%.1f}\n",
        (unsigned long long)good, (unsigned long long)bad, last_bad, seconds,
        (unsigned long long)bytes, quantile_us(0.5), quantile_us(0.99), quantile_us(1));
    return 0;
}

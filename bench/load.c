/* Clients over a Unix socket that cost little beside a server on the same machine: each sends the same request, waits for
 * the answer and sends it again. Of the request, which comes in on stdin, eight # in a row become a number that counts.
 *
 *   build/release/bench/load SOCKET CLIENTS MS < request
 *
 * Prints one line of JSON: answers, seconds, microseconds from the request to the whole answer. */
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { CLIENTS_MAX = 1024, ANSWER_MAX = 1 << 20, SAMPLES_MAX = 1 << 22, DIGITS = 8, EVENTS = 64 };

struct client {
    int fd;
    char *answer;
    size_t have, need; /* need 0: the head is not whole yet */
    int64_t asked_ns;
};

static struct client clients[CLIENTS_MAX];
static char request[65536];
static size_t request_bytes;
static char *number; /* where it stands in the request; NULL: nowhere */
static unsigned count;
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
    if (number) {
        char digits[DIGITS + 1];
        snprintf(digits, sizeof digits, "%08u", count++ % 100000000u);
        memcpy(number, digits, DIGITS);
    }
    c->have = c->need = 0;
    c->asked_ns = now_ns();
    if (write(c->fd, request, request_bytes) != (ssize_t)request_bytes)
        die("write");
}

static void open_client(struct client *c, const char *path, int epoll)
{
    struct sockaddr_un to = { .sun_family = AF_UNIX };
    snprintf(to.sun_path, sizeof to.sun_path, "%s", path);
    c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    c->answer = malloc(ANSWER_MAX + 1);
    if (c->fd < 0 || !c->answer || connect(c->fd, (struct sockaddr *)&to, sizeof to) != 0)
        die(path);
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
        return fprintf(stderr, "usage: load SOCKET CLIENTS MS < request\n"), 2;
    int wanted = atoi(argv[2]), left = wanted, epoll = epoll_create1(EPOLL_CLOEXEC);
    request_bytes = fread(request, 1, sizeof request - 1, stdin);
    number = strstr(request, "########");
    samples_ns = malloc(SAMPLES_MAX * sizeof *samples_ns);
    if (wanted < 1 || wanted > CLIENTS_MAX || epoll < 0 || !samples_ns || !request_bytes)
        return fprintf(stderr, "load: 1 to %d clients and a request\n", CLIENTS_MAX), 2;
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

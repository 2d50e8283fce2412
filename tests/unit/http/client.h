/* A client over the Unix socket of a server in the same process, for tests that include <cmocka.h> before it. */
#ifndef VIVIM_TEST_HTTP_CLIENT_H
#define VIVIM_TEST_HTTP_CLIENT_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/str.h"

enum { SOCKET_WAIT_S = 20 };

static int client_connect(const char *folder)
{
    struct sockaddr_un un = { .sun_family = AF_UNIX };
    struct timeval wait = { .tv_sec = SOCKET_WAIT_S };
    snprintf(un.sun_path, sizeof un.sun_path, "%s/socket", folder);
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
    return fd;
}

static void client_ask(int fd, const char *target)
{
    char text[200];
    int n = snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n", target);
    assert_int_equal(write(fd, text, (size_t)n), n);
}

/* One answer, head and body, of at most `most` bytes. */
static struct str client_answer(int fd, struct arena *a, size_t most)
{
    char *text = arena_bytes(a, most + 1);
    size_t n = 0;
    assert_non_null(text);
    for (size_t want = SIZE_MAX; n < want;) {
        ssize_t got = read(fd, text + n, most - n);
        if (got <= 0)
            fail_msg("the connection ended; so far: %.*s", (int)n, text);
        n += (size_t)got;
        text[n] = 0;
        char *body = strstr(text, "\r\n\r\n"), *length = strstr(text, "Content-Length: ");
        if (body && length)
            want =
                (size_t)(body - text) + 4 + strtoul(length + strlen("Content-Length: "), NULL, 10);
    }
    return str_of(text, n);
}

static bool has(struct str text, const char *part)
{
    return str_find(text, str_from(part), 0) < text.n;
}

static int status_of(struct str text)
{
    int64_t n = 0;
    assert_true(str_starts(text, S("HTTP/1.1 ")));
    assert_int_equal(str_to_i64(str_sub(text, 9, 12), &n), OK);
    return (int)n;
}

#endif

/* Outgoing HTTP against a small server on loopback: methods and bodies, streams, deadlines, limits, and who may be reached.
 * The policy's hook stands in for the name service: first.example and second.example are that server. */
#include <netinet/in.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/check.h"
#include "net/fetch.h"
#include "os/thread.h"

enum { GENEROUS_MS = 60000, HEAD_BYTES = 64 * 1024 };

static struct {
    int fd, port;
    struct thread thread;
    _Atomic bool stopping, go_on;
    _Atomic int asked;
    char last[HEAD_BYTES]; /* the request as it came, of the last one that was answered */
} server;

/* --- the server -------------------------------------------------------------------------------- */

static void say(int fd, const char *text)
{
    for (size_t n = strlen(text); n;) {
        ssize_t k = send(fd, text, n, MSG_NOSIGNAL);
        if (k <= 0)
            return;
        text += k;
        n -= (size_t)k;
    }
}

/* Until the client has gone, or the test is over. */
static void hang(int fd)
{
    char c;
    struct pollfd p = { .fd = fd, .events = POLLIN };
    while (!server.stopping)
        if (poll(&p, 1, 20) > 0 && recv(fd, &c, 1, 0) <= 0)
            return;
}

static void read_request(int fd)
{
    size_t n = 0, want = 0;
    memset(server.last, 0, sizeof server.last);
    while (n < sizeof server.last - 1 && (!want || n < want)) {
        ssize_t k = recv(fd, server.last + n, sizeof server.last - 1 - n, 0);
        if (k <= 0)
            return;
        n += (size_t)k;
        const char *end = strstr(server.last, "\r\n\r\n"),
                   *length = strcasestr(server.last, "\r\ncontent-length: ");
        if (end)
            want = (size_t)(end + 4 - server.last) +
                   (length && length < end ? strtoul(length + 18, NULL, 10) : 0);
    }
}

static void answer_large_head(int fd)
{
    say(fd, "HTTP/1.1 200 OK\r\n");
    for (int i = 0; i < 2000; i++)
        say(fd, "X-Filler: 0123456789012345678901234567890123456789\r\n");
    say(fd, "Content-Length: 0\r\n\r\n");
}

static void answer_redirect(int fd, const char *to)
{
    char text[400];
    snprintf(
        text, sizeof text,
        "HTTP/1.1 302 Found\r\nLocation: %s\r\nX-Kind: redirect\r\nContent-Length: 5\r\n\r\nmoved",
        to);
    say(fd, text);
}

static bool asks_for(const char *path)
{
    const char *at = strchr(server.last, ' ');
    return at && strncmp(at + 1, path, strlen(path)) == 0;
}

static void answer(int fd)
{
    char home[100];
    snprintf(home, sizeof home, "http://127.0.0.1:%d/plain", server.port);
    if (asks_for("/silent")) {
        hang(fd);
    } else if (asks_for("/drip")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nsome");
        hang(fd);
    } else if (asks_for("/stream")) {
        say(fd, "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\none;");
        while (!server.go_on && !server.stopping)
            poll(NULL, 0, 5); /* until the client has heard the first part */
        say(fd, "two;");
    } else if (asks_for("/large-head")) {
        answer_large_head(fd);
    } else if (asks_for("/here")) {
        answer_redirect(fd, "/plain");
    } else if (asks_for("/elsewhere")) {
        answer_redirect(fd, "http://second.example/back");
    } else if (asks_for("/back")) {
        answer_redirect(fd, "http://first.example/plain");
    } else if (asks_for("/home")) {
        answer_redirect(fd, home);
    } else if (asks_for("/round")) {
        answer_redirect(fd, "/round");
    } else if (asks_for("/interim")) {
        say(fd, "HTTP/1.1 103 Early Hints\r\nX-Kind: interim\r\n\r\n"
                "HTTP/1.1 418 Teapot\r\nX-Kind: final\r\nX-Kind: second\r\nX-Empty:\r\n"
                "Content-Length: 3\r\n\r\nbad");
    } else {
        say(fd, "HTTP/1.1 200 OK\r\nX-Kind: plain\r\nContent-Length: 5\r\n\r\n");
        if (!asks_for("/plain") || strncmp(server.last, "HEAD", 4) != 0)
            say(fd, "hello");
    }
}

static void serve(void *arg)
{
    UNUSED(arg);
    int fd;
    while ((fd = accept(server.fd, NULL, NULL)) >= 0) {
        read_request(fd);
        server.asked++;
        answer(fd);
        close(fd);
    }
}

/* --- around each test ----------------------------------------------------------------------------- */

static struct arena arena;
static struct address_policy policy;
static struct fetch *f;
static struct fetch_endpoint endpoint;

static int begin(void **state)
{
    UNUSED(state);
    struct sockaddr_in sa = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t n = sizeof sa;
    memset(&server, 0, sizeof server);
    server.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(server.fd, (struct sockaddr *)&sa, sizeof sa), 0);
    assert_int_equal(listen(server.fd, 16), 0);
    assert_int_equal(getsockname(server.fd, (struct sockaddr *)&sa, &n), 0);
    server.port = ntohs(sa.sin_port);
    assert_int_equal(thread_start(&server.thread, "server", serve, NULL), OK);
    arena_init(&arena, MIB(4));
    policy = (struct address_policy){
        .resolve = str_fmt(&arena, "first.example:80=127.0.0.1:%d,second.example:80=127.0.0.1:%d",
                           server.port, server.port)
    };
    endpoint = (struct fetch_endpoint){ S("local"), S("http"), S("127.0.0.1"), server.port };
    assert_int_equal(fetch_open(&policy, &f), OK);
    return 0;
}

static int end(void **state)
{
    UNUSED(state);
    fetch_close(f);
    server.stopping = true;
    shutdown(server.fd, SHUT_RDWR);
    thread_join(&server.thread);
    close(server.fd);
    arena_free(&arena);
    return 0;
}

static const char *const WANTED[] = { "x-kind", "x-empty", "x-absent" };

static struct fetch_request request(enum fetch_method method, struct str url)
{
    return (struct fetch_request){ .method = method,
                                   .url = url,
                                   .deadline_ms = clock_monotonic_ms() + GENEROUS_MS,
                                   .wanted = WANTED,
                                   .wanted_count = COUNTOF(WANTED) };
}

/* ret_body in the arena; may be NULL */
static err_t ask(const struct fetch_request *rq, struct fetch_reply *ret, struct str *ret_body)
{
    struct buf body;
    buf_init(&body, &arena, 1000);
    err_t e = fetch_whole(f, &arena, rq, &body, ret);
    if (ret_body)
        *ret_body = buf_str(&body);
    return e;
}

static bool sent(const char *text)
{
    return strcasestr(server.last, text) != NULL;
}

/* --- what goes out, what comes back ------------------------------------------------------------------ */

static void a_body_is_posted_with_its_headers(void **state)
{
    UNUSED(state);
    const struct fetch_header headers[] = { { S("Content-Type"), S("application/json") },
                                            { S("Authorization"), S("Bearer secret") },
                                            { S("X-None"), S("") } };
    struct fetch_reply r;
    struct str body;
    struct fetch_request rq = request(FETCH_POST, S("http://first.example/plain?q=1"));
    rq.headers = headers;
    rq.header_count = COUNTOF(headers);
    rq.body = S("{\"a\":1}");
    rq.accept = "application/json";
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_int_equal(r.status, 200);
    assert_true(str_eq(body, S("hello")));
    assert_true(str_eq(r.headers[0], S("plain")) && !r.headers[1].s && !r.headers[2].s);
    assert_true(strncmp(server.last, "POST /plain?q=1 HTTP/1.1\r\n", 26) == 0);
    assert_true(sent("\r\nhost: first.example\r\n") &&
                sent("\r\ncontent-type: application/json\r\n"));
    assert_true(sent("\r\naccept: application/json\r\n") && sent("\r\nx-none:\r\n"));
    assert_true(sent("\r\nauthorization: Bearer secret\r\n") && sent("\r\n\r\n{\"a\":1}"));
    assert_false(sent("expect:") || sent("urlencoded"));
}

static void every_method_is_sent_as_it_is(void **state)
{
    UNUSED(state);
    static const struct {
        enum fetch_method method;
        const char *line, *length;
        size_t body;
    } CASES[] = {
        { FETCH_GET, "GET /plain ", NULL, 0 },
        { FETCH_HEAD, "HEAD /plain ", NULL, 0 },
        { FETCH_POST, "POST /plain ", "content-length: 0\r\n", 0 },
        { FETCH_PUT, "PUT /plain ", "content-length: 2\r\n", 2 },
        { FETCH_PATCH, "PATCH /plain ", "content-length: 2\r\n", 2 },
        { FETCH_DELETE, "DELETE /plain ", NULL, 0 },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct fetch_reply r;
        struct fetch_request rq = request(CASES[i].method, S("http://first.example/plain"));
        rq.body = str_of("ab", CASES[i].body);
        assert_int_equal(ask(&rq, &r, NULL), OK);
        assert_int_equal(r.status, 200);
        assert_true(strncmp(server.last, CASES[i].line, strlen(CASES[i].line)) == 0);
        assert_true(CASES[i].length ? sent(CASES[i].length) : !sent("content-length"));
        assert_false(sent("content-type"));
    }
}

static void an_error_status_has_its_body_and_the_last_heads_headers(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    struct str body;
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/interim"));
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_int_equal(r.status, 418);
    assert_true(str_eq(body, S("bad")) && str_eq(r.headers[0], S("final")));
    assert_true(r.headers[1].s && r.headers[1].n == 0 && !r.headers[2].s);
}

/* --- a stream ------------------------------------------------------------------------------------------ */

struct heard {
    struct fetch_reply *reply;
    struct buf text;
    int status_then;
    err_t fail;
};

static err_t hear(void *context, struct str bytes)
{
    struct heard *h = context;
    h->status_then = h->reply->status;
    buf_put(&h->text, bytes);
    server.go_on = true; /* only now does the server say more */
    return h->fail;
}

static err_t stream(struct fetch_request *rq, struct heard *h, uint64_t bytes_max)
{
    static struct fetch_reply r;
    h->reply = &r;
    buf_init(&h->text, &arena, 1000);
    rq->part = hear;
    rq->context = h;
    rq->bytes_max = bytes_max;
    return fetch_stream(f, &arena, rq, &r);
}

static void a_stream_is_heard_part_by_part(void **state)
{
    UNUSED(state);
    struct heard h = { .fail = OK };
    struct fetch_request rq = request(FETCH_POST, S("http://first.example/stream"));
    assert_int_equal(stream(&rq, &h, 100), OK);
    assert_true(str_eq(buf_str(&h.text), S("one;two;")));
    assert_int_equal(h.status_then, 200);
}

static void a_stream_ends_at_its_limit_and_when_a_part_fails(void **state)
{
    UNUSED(state);
    struct heard h = { .fail = OK }, fails = { .fail = E_GONE };
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/stream"));
    assert_int_equal(stream(&rq, &h, 6), E_LIMIT);
    assert_true(str_eq(buf_str(&h.text), S("one;")));
    server.go_on = false;
    assert_int_equal(stream(&rq, &fails, 100), E_GONE);
    assert_true(str_eq(buf_str(&fails.text), S("one;")));
}

static void a_stream_hears_nothing_of_a_redirect(void **state)
{
    UNUSED(state);
    struct heard h = { .fail = OK };
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/here"));
    assert_int_equal(stream(&rq, &h, 100), OK);
    assert_true(str_eq(buf_str(&h.text), S("hello")) && str_eq(h.reply->headers[0], S("plain")));
}

/* --- time and size ------------------------------------------------------------------------------------- */

static void who_is_silent_is_left(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    int64_t began_ms = clock_monotonic_ms();
    static const char *const URLS[] = { "http://first.example/silent",
                                        "http://first.example/drip" };
    for (size_t i = 0; i < COUNTOF(URLS); i++) {
        struct fetch_request rq = request(FETCH_GET, str_from(URLS[i]));
        rq.idle_ms = 50;
        assert_int_equal(ask(&rq, &r, NULL), E_TIMEOUT);
        rq = request(FETCH_GET, str_from(URLS[i]));
        rq.deadline_ms = clock_monotonic_ms() + 100;
        assert_int_equal(ask(&rq, &r, NULL), E_TIMEOUT);
    }
    assert_true(clock_monotonic_ms() - began_ms < GENEROUS_MS / 2);
}

static err_t call_off(void *context)
{
    UNUSED(context);
    return server.asked ? E_GONE : OK;
}

static void who_waits_may_be_called_off(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    struct fetch_request rq = request(FETCH_POST, S("http://first.example/silent"));
    rq.check = call_off;
    assert_int_equal(ask(&rq, &r, NULL), E_GONE);
}

static void what_is_too_large_is_refused(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    struct buf body;
    struct fetch_header many[FETCH_HEADERS_MAX + 1];
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/plain"));
    buf_init(&body, &arena, 4);
    assert_int_equal(fetch_whole(f, &arena, &rq, &body, &r), E_LIMIT);
    rq.url = S("http://first.example/large-head");
    assert_int_equal(ask(&rq, &r, NULL), E_UPSTREAM);
    for (size_t i = 0; i < COUNTOF(many); i++)
        many[i] = (struct fetch_header){ S("X-A"), S("b") };
    rq = request(FETCH_GET, S("http://first.example/plain"));
    rq.headers = many;
    rq.header_count = COUNTOF(many);
    assert_int_equal(ask(&rq, &r, NULL), E_LIMIT);
    rq.header_count--;
    assert_int_equal(ask(&rq, &r, NULL), OK);
    rq.header_count = 1;
    many[0].value = str_of(
        memset(ARENA_ARRAY(&arena, char, FETCH_HEADERS_BYTES_MAX), 'x', FETCH_HEADERS_BYTES_MAX),
        FETCH_HEADERS_BYTES_MAX);
    assert_int_equal(ask(&rq, &r, NULL), E_LIMIT);
}

static void headers_that_would_frame_another_request_are_refused(void **state)
{
    UNUSED(state);
    static const struct {
        const char *name, *value;
    } BAD[] = {
        { "X-A", "b\r\nX-C: d" },
        { "X-A", "b\n" },
        { "X-A\r\nX-C", "d" },
        { "", "x" },
        { "X A", "x" },
        { "X-A:", "x" },
        { "Host", "x" },
        { "content-length", "9" },
        { "Transfer-Encoding", "chunked" },
        { "Connection", "x" },
        { "X-A", "\x7f" },
    };
    struct fetch_reply r;
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        const struct fetch_header h = { str_from(BAD[i].name), str_from(BAD[i].value) };
        struct fetch_request rq = request(FETCH_GET, S("http://first.example/plain"));
        rq.headers = &h;
        rq.header_count = 1;
        assert_int_equal(ask(&rq, &r, NULL), E_INVALID);
    }
    assert_int_equal(server.asked, 0);
}

/* --- where to ------------------------------------------------------------------------------------------ */

static void redirects_are_followed_where_nothing_is_done(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    struct str body;
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/here"));
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_true(r.status == 200 && str_eq(body, S("hello")) && str_eq(r.headers[0], S("plain")));
    rq.method = FETCH_POST;
    rq.body = S("x");
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_true(r.status == 302 && str_eq(body, S("moved")) && str_eq(r.headers[0], S("redirect")));
    rq = request(FETCH_GET, S("http://first.example/round"));
    assert_int_equal(ask(&rq, &r, NULL), E_UPSTREAM);
}

static void headers_stay_at_the_origin_that_they_were_meant_for(void **state)
{
    UNUSED(state);
    const struct fetch_header h = { S("X-Api-Key"), S("secret") };
    struct fetch_reply r;
    struct fetch_request rq = request(FETCH_GET, S("http://first.example/here"));
    rq.headers = &h;
    rq.header_count = 1;
    assert_int_equal(ask(&rq, &r, NULL), OK);
    assert_true(sent("x-api-key"));
    rq.url = S("http://second.example/back");
    assert_int_equal(ask(&rq, &r, NULL), OK);
    assert_true(sent("\r\nhost: first.example\r\n") && !sent("x-api-key"));
    rq.url = S("http://first.example/elsewhere"); /* there, and back again */
    assert_int_equal(ask(&rq, &r, NULL), OK);
    assert_true(sent("\r\nhost: first.example\r\n") && !sent("x-api-key"));
}

static void private_addresses_are_reached_by_their_endpoint_alone(void **state)
{
    UNUSED(state);
    struct fetch_reply r;
    struct str body, direct = str_fmt(&arena, "http://127.0.0.1:%d/plain", server.port);
    struct fetch_request rq = request(FETCH_GET, direct);
    assert_int_equal(ask(&rq, &r, NULL), E_BLOCKED);
    rq.url = S("http://127.0.0.1/plain");
    assert_int_equal(ask(&rq, &r, NULL), E_BLOCKED);
    rq.url = S("http://first.example/home"); /* a redirect to it is no way either */
    assert_int_equal(ask(&rq, &r, NULL), E_BLOCKED);
    rq = request(FETCH_POST, S("/plain"));
    rq.endpoint = &endpoint;
    rq.body = S("x");
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_true(r.status == 200 && str_eq(body, S("hello")));
    endpoint.host = S("localhost"); /* a name without a dot */
    assert_int_equal(ask(&rq, &r, &body), OK);
    rq = request(FETCH_GET, S("/here"));
    rq.endpoint = &endpoint;
    assert_int_equal(ask(&rq, &r, &body), OK);
    assert_true(r.status == 302 && str_eq(body, S("moved")));
}

static void an_endpoints_path_leads_nowhere_else(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = { "http://first.example/plain", "@second.example/", "",
                                       ".example/plain", ":80/plain" };
    struct fetch_reply r;
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        struct fetch_request rq = request(FETCH_GET, str_from(BAD[i]));
        rq.endpoint = &endpoint;
        assert_int_equal(ask(&rq, &r, NULL), E_INVALID);
    }
    assert_int_equal(server.asked, 0);
    static const char *const PATHS[] = { "//second.example/plain", "/@second.example/plain",
                                         "/\\second.example/plain" };
    for (size_t i = 0; i < COUNTOF(PATHS); i++) { /* whatever it looks like, it is a path here */
        struct fetch_request rq = request(FETCH_GET, str_from(PATHS[i]));
        rq.endpoint = &endpoint;
        assert_int_equal(ask(&rq, &r, NULL), OK);
        assert_true(sent("\r\nhost: 127.0.0.1:"));
    }
}

static void endpoints_are_read_from_a_setting(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "http://127.0.0.1:1",     "a=127.0.0.1:1",           "A=http://127.0.0.1:1",
        "=http://127.0.0.1:1",    "a=http://127.0.0.1:1/v1", "a=http://u:p@127.0.0.1:1",
        "a=http://127.0.0.1:1?q", "a=ftp://127.0.0.1",       "a=http://h:1,a=http://h:2",
        "a=http://h:0",           "a b=http://h:1",          "a="
    };
    struct fetch_endpoint *list;
    size_t count;
    assert_int_equal(fetch_endpoints_read(&arena, S(""), &list, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        fetch_endpoints_read(&arena,
                             S("local=http://127.0.0.1:11434, six=https://[::1]/ ,n-2=http://gpu"),
                             &list, &count),
        OK);
    assert_int_equal(count, 3);
    const struct fetch_endpoint *six = fetch_endpoint_find(list, count, S("six"));
    assert_true(six && str_eq(six->scheme, S("https")) && str_eq(six->host, S("[::1]")));
    assert_int_equal(six->port, 443);
    assert_true(str_eq(list[2].host, S("gpu")) && list[2].port == 80);
    assert_null(fetch_endpoint_find(list, count, S("loca")));
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        if (fetch_endpoints_read(&arena, str_from(BAD[i]), &list, &count) != E_INVALID)
            fail_msg("%s was taken", BAD[i]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_body_is_posted_with_its_headers),
        TEST(every_method_is_sent_as_it_is),
        TEST(an_error_status_has_its_body_and_the_last_heads_headers),
        TEST(a_stream_is_heard_part_by_part),
        TEST(a_stream_ends_at_its_limit_and_when_a_part_fails),
        TEST(a_stream_hears_nothing_of_a_redirect),
        TEST(who_is_silent_is_left),
        TEST(who_waits_may_be_called_off),
        TEST(what_is_too_large_is_refused),
        TEST(headers_that_would_frame_another_request_are_refused),
        TEST(redirects_are_followed_where_nothing_is_done),
        TEST(headers_stay_at_the_origin_that_they_were_meant_for),
        TEST(private_addresses_are_reached_by_their_endpoint_alone),
        TEST(an_endpoints_path_leads_nowhere_else),
        TEST(endpoints_are_read_from_a_setting),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

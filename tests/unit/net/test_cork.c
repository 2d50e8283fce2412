/* Small writes to one connection within a turn of its loop leave together, in the order of all writes, and none is lost. */
#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/check.h"
#include "net/conn.h"

enum { MANY = 5000, ANSWER_MAX = 8 << 20, WAIT_MS = 20000 };

static struct net_loop *loops;
static const char *volatile wrong; /* seen on the loop's thread, where no test can fail */
#define CHECK(expr)        \
    do {                   \
        if (!(expr))       \
            wrong = #expr; \
    } while (0)

static size_t corked;     /* after the last write of `many` */
static struct gate stuck; /* the kernel takes no more */

static void write_corked(struct net_conn *c, const char *text)
{
    struct str s = str_from(text);
    if (!net_write_corked(c, &s, 1))
        net_write_copy(c, s);
}

/* What a client asks for, by the first byte that it sends. */
static void in_order(struct net_conn *c)
{
    struct str direct = S("-direct-");
    write_corked(c, "one ");
    write_corked(c, "two");
    CHECK(net_corked_bytes(c) == 7);
    net_write_copies(c, &direct, 1);
    CHECK(net_corked_bytes(c) == 0);
    write_corked(c, "three");
    net_close_after(c);
}

static void many(struct net_conn *c)
{
    char text[32];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "%04d,", i % 10000);
        write_corked(c, text);
    }
    corked = net_corked_bytes(c);
    net_close_after(c);
}

static void large(struct net_conn *c)
{
    static char big[100000];
    memset(big, 'b', sizeof big);
    struct str s = str_of(big, sizeof big);
    write_corked(c, "small");
    CHECK(!net_write_corked(c, &s, 1)); /* nobody's copy */
    net_write_copies(c, &s, 1);
    write_corked(c, "end");
    net_close_after(c);
}

static void closed_at_once(struct net_conn *c)
{
    write_corked(c, "never");
    net_close(c);
    CHECK(net_corked_bytes(c) == 0);
    CHECK(!net_write_corked(c, &S("x"), 1));
}

/* The other side does not read: what the kernel does not take waits in line, and later writes behind it. */
static void more_than_the_kernel_takes(struct net_conn *c)
{
    struct str s = str_of("0123456789abcdef", 16);
    while (!c->unsent_bytes)
        if (!net_write_corked(c, &s, 1))
            net_write_copy(c, s);
    CHECK(!net_write_corked(c, &s, 1));
    net_write_copy(c, S("."));
    net_close_after(c);
    gate_open(&stuck);
}

static void on_data(struct net_conn *c, char *bytes, size_t n)
{
    static void (*const ANSWERS[])(struct net_conn * c) = { in_order, many, large, closed_at_once,
                                                            more_than_the_kernel_takes };
    CHECK(n == 1);
    ANSWERS[bytes[0] - '0'](c);
}

static void on_timeout(struct net_conn *c)
{
    net_close(c);
}

static void on_closed(struct net_conn *c)
{
    UNUSED(c);
}

static const struct net_protocol PROTOCOL = { .data = on_data,
                                              .timeout = on_timeout,
                                              .closed = on_closed };

static bool accepted(struct net_conn *c, const struct net_peer *peer, void *context)
{
    UNUSED(c);
    UNUSED(peer);
    UNUSED(context);
    return true;
}

static int port;

/* All that comes until the end; when `slowly` nothing is read until the kernel takes no more: it would take all for ever from a server
 * that is the slower of the two. */
static struct str answer(struct arena *a, char which, bool slowly)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), small = 4096;
    struct buf b;
    char bytes[65536];
    ssize_t n;
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (slowly)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    assert_int_equal(write(fd, &which, 1), 1);
    buf_init(&b, a, ANSWER_MAX);
    if (slowly)
        assert_true(gate_wait(&stuck, WAIT_MS));
    while ((n = read(fd, bytes, sizeof bytes)) > 0)
        buf_put(&b, str_of(bytes, (size_t)n));
    close(fd);
    if (wrong)
        fail_msg("%s", wrong);
    return buf_str(&b);
}

static void the_order_of_all_writes_is_kept(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(answer(&a, '0', false), "one two-direct-three");
}

static void more_than_a_cork_holds(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str all = answer(&a, '1', false);
    assert_int_equal(all.n, MANY * 5);
    for (int i = 0; i < MANY; i++) {
        int64_t number;
        assert_int_equal(str_to_i64(str_sub(all, (size_t)i * 5, (size_t)i * 5 + 4), &number), OK);
        assert_int_equal(number, i % 10000);
    }
    assert_true(corked > 0); /* the last ones went with the close */
}

static void what_is_large_is_not_copied(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str all = answer(&a, '2', false);
    assert_int_equal(all.n, 5 + 100000 + 3);
    assert_true(str_starts(all, S("smallb")) && str_ends(all, S("bend")));
}

static void a_connection_that_closes_sends_nothing_more(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(answer(&a, '3', false).n, 0);
}

static void what_the_kernel_does_not_take_waits(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str all = answer(&a, '4', true);
    assert_true(all.n > 4096 && all.n % 16 == 1 && str_ends(all, S(".")));
    for (size_t i = 0; i + 1 < all.n; i++)
        if (all.s[i] != "0123456789abcdef"[i % 16])
            fail_msg("at %zu", i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_order_of_all_writes_is_kept),
        cmocka_unit_test(more_than_a_cork_holds),
        cmocka_unit_test(what_is_large_is_not_copied),
        cmocka_unit_test(a_connection_that_closes_sends_nothing_more),
        cmocka_unit_test(what_the_kernel_does_not_take_waits),
    };
    struct net_listener *listener;
    const struct net_listen_options o = {
        .protocol = &PROTOCOL, .accepted = accepted, .connections_max = 10, .per_address_max = 10
    };
    if (net_loops_start(1, NULL, NULL, NULL, &loops) != OK ||
        net_listen(loops, 1, S("127.0.0.1:0"), &o, &listener, &port) != OK ||
        net_listener_begin(listener) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    net_listener_close(listener);
    net_loops_stop(loops, 1);
    net_listener_free(listener);
    return failed;
}

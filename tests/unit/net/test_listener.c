/* Listening: a port is one server's alone, and its successor gets it, whatever children are being started meanwhile. */
#include <stdatomic.h>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/check.h"
#include "net/conn.h"
#include "net/placement.h"
#include "os/clock.h"
#include "os/process.h"
#include "os/thread.h"

enum { LOOPS = 2, SUCCESSORS = 300 };

static struct net_loop loops[LOOPS]; /* never run: nothing begins to accept */

static err_t listen_at(struct str address, struct net_listener **ret, int *ret_port)
{
    const struct net_listen_options o = { .connections_max = 1, .per_address_max = 1 };
    return net_listen(loops, LOOPS, address, &o, ret, ret_port);
}

static _Atomic bool enough;
static _Atomic size_t started;

static void start_children(void *arg)
{
    UNUSED(arg);
    char *argv[] = { (char *)"true", NULL };
    while (!enough) {
        struct process p = { 0 };
        assert_int_equal(process_start(&p, argv, NULL, NULL, 0), OK);
        process_wait(&p, -1, NULL);
        started++;
    }
}

/* "another program listens", once in 271 restarts. */
static void a_child_that_is_being_started_holds_no_port(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct thread t = { 0 };
    struct net_listener *l = NULL;
    int port;
    assert_int_equal(listen_at(S("127.0.0.1:0"), &l, &port), OK);
    net_listener_free(l);
    struct str address = str_fmt(&a, "127.0.0.1:%d", port);
    assert_int_equal(thread_start(&t, "children", start_children, NULL), OK);
    for (int i = 0; i < SUCCESSORS || started < SUCCESSORS / 10; i++) {
        l = NULL;
        err_t e = listen_at(address, &l, &port);
        net_listener_free(l);
        if (e != OK) {
            enough = true;
            thread_join(&t);
            fail_msg("successor %d: %s", i, err_detail()->text);
        }
    }
    enough = true;
    thread_join(&t);
}

static void a_port_is_one_servers_alone(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct net_listener *first = NULL, *second = NULL;
    int port;
    assert_int_equal(listen_at(S("127.0.0.1:0"), &first, &port), OK);
    struct str address = str_fmt(&a, "127.0.0.1:%d", port);
    assert_int_equal(listen_at(address, &second, &port), E_CONFLICT);
    assert_true(str_find(str_from(err_detail()->text), S("another program"), 0) == 0);
    net_listener_free(second);
    net_listener_free(first);
}

/* --- which loop gets a connection --------------------------------------------------------------------- */

enum { CLIENTS_MAX = 400, WAIT_MS = 20000 };

static struct net_loop *running;
static _Atomic int accepted_by; /* 1 + the loop's number */
static _Atomic bool spins;
static int clients[CLIENTS_MAX], client_count, port;

static bool on_accepted(struct net_conn *c, const struct net_peer *peer, void *context)
{
    UNUSED(peer);
    UNUSED(context);
    int no_delay = 0, fd;
    socklen_t n = sizeof no_delay;
    if (uv_fileno(&c->handle, &fd) != 0 ||
        getsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &no_delay, &n) != 0 || !no_delay)
        abort(); /* an answer would wait for the client's acknowledgement of the one before */
    accepted_by = 1 + c->loop->number;
    return true;
}

static void on_data(struct net_conn *c, char *bytes, size_t n)
{
    UNUSED(c);
    UNUSED(bytes);
    UNUSED(n);
}

static void on_closed(struct net_conn *c)
{
    UNUSED(c);
}

static const struct net_protocol SILENT = { .data = on_data,
                                            .timeout = net_close,
                                            .closed = on_closed };

static void open_gate(struct net_loop *l, void *arg)
{
    UNUSED(l);
    gate_open(arg);
}

/* How busy they are is looked at, or not any more: on a machine with much to do any of them may be. */
static void look(struct net_loop *l, void *arg)
{
    UNUSED(arg);
    uv_timer_again(&l->tick);
}

static void look_no_more(struct net_loop *l, void *arg)
{
    UNUSED(arg);
    uv_timer_stop(&l->tick);
    l->busy = false;
}

/* One more client; gives the number of the loop that has accepted it, when it has told the kernel about the next one. */
static int come(void)
{
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    accepted_by = 0;
    assert_true(client_count < CLIENTS_MAX);
    assert_int_equal(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    clients[client_count++] = fd;
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!accepted_by && clock_monotonic_ms() < end_ms)
        clock_sleep_ms(1);
    assert_int_not_equal(accepted_by, 0);
    struct gate through[LOOPS] = { 0 };
    for (int i = 0; i < LOOPS; i++)
        net_post(&running[i], open_gate, &through[i]);
    for (int i = 0; i < LOOPS; i++)
        assert_true(gate_wait(&through[i], WAIT_MS));
    return accepted_by - 1;
}

static void go(int left)
{
    while (client_count > left)
        close(clients[--client_count]);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (running[0].conn_count + running[1].conn_count > (size_t)left &&
           clock_monotonic_ms() < end_ms)
        clock_sleep_ms(1);
    assert_true(running[0].conn_count + running[1].conn_count == (size_t)left);
}

static void spin(struct net_loop *l, void *arg)
{
    int64_t end_ms = clock_monotonic_ms() + 5;
    while (clock_monotonic_ms() < end_ms) {
    }
    if (spins)
        net_post(l, spin, arg);
}

static void a_loop_gets_its_share_and_the_first_no_more_when_it_is_busy(void **state)
{
    UNUSED(state);
    const struct net_listen_options o = { .protocol = &SILENT,
                                          .accepted = on_accepted,
                                          .connections_max = 1000,
                                          .per_address_max = 1000 };
    struct net_listener *l = NULL;
    assert_int_equal(net_loops_start(LOOPS, NULL, NULL, NULL, &running), OK);
    assert_int_equal(net_listen(running, LOOPS, S("127.0.0.1:0"), &o, &l, &port), OK);
    assert_int_equal(net_listener_begin(l), OK);
    for (int i = 0; i < LOOPS; i++)
        net_post(&running[i], look_no_more, NULL);

    come(); /* the kernel is told when the first has come */
    go(0);
    for (int i = 0; i < PLACE_FEW; i++)
        assert_int_equal(come(), 0);
    for (int i = 0; i < PLACE_FEW; i++) /* the second, until it has as many */
        assert_int_equal(come(), 1);
    int by[LOOPS] = { 0 };
    for (int i = 0; i < 200; i++) /* the hash, which is not even */
        by[come()]++;
    assert_true(by[0] > 40 && by[1] > 40);

    go(0);
    come();
    assert_int_equal(come(), 0);
    spins = true;
    net_post(&running[0], look, NULL);
    net_post(&running[0], spin, NULL);
    int64_t end_ms = clock_monotonic_ms() + WAIT_MS;
    while (!running[0].busy && clock_monotonic_ms() < end_ms)
        clock_sleep_ms(1);
    come();
    assert_int_equal(come(), 1);
    spins = false;

    go(0);
    net_listener_close(l);
    net_loops_stop(running, LOOPS);
    net_listener_free(l);
}

static void addresses_that_stand_for_all(void **state)
{
    UNUSED(state);
    bool six;
    assert_true(net_listens_everywhere(S("0.0.0.0:80"), &six) && !six);
    assert_true(net_listens_everywhere(S("[::]:80"), &six) && six);
    assert_true(net_listens_everywhere(S("[0:0::0]:80"), &six) && six);
    assert_false(net_listens_everywhere(S("127.0.0.1:80"), &six));
    assert_false(net_listens_everywhere(S("localhost:80"), &six));
    assert_false(net_listens_everywhere(S("[::1]:80"), &six));
    assert_false(net_listens_everywhere(S(""), &six));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_child_that_is_being_started_holds_no_port),
        cmocka_unit_test(a_port_is_one_servers_alone),
        cmocka_unit_test(addresses_that_stand_for_all),
        cmocka_unit_test(a_loop_gets_its_share_and_the_first_no_more_when_it_is_busy),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

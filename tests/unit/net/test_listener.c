/* Listening: a port is one server's alone, and its successor gets it, whatever children are being started meanwhile. */
#include <stdatomic.h>

#include "base/check.h"
#include "net/conn.h"
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
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

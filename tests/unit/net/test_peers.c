/* Who counts as one: the connections of an IPv6 /64, and of an IPv4 address in either of its forms. */
#include <arpa/inet.h>

#include "base/check.h"
#include "net/peers.h"

static struct net_peer peer_from(const char *text)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    struct net_peer peer;
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1) {
        net_peer_name(&peer, (struct sockaddr *)&in4, false);
    } else {
        assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
        net_peer_name(&peer, (struct sockaddr *)&in6, false);
    }
    return peer;
}

static bool join(struct net_peers *p, struct net_conn *c, const char *from)
{
    struct net_peer peer = peer_from(from);
    *c = (struct net_conn){ .local = false };
    return net_peers_joined(p, c, &peer);
}

static struct net_peers *two_of_each(struct str proxies)
{
    static struct net_peers p;
    p = (struct net_peers){ .connections_max = 100, .per_address_max = 2, .proxies = proxies };
    return &p;
}

/* How many of these connections are let in, one after another. */
static int let_in(struct net_peers *p, const char *const *from, size_t count)
{
    int in = 0;
    for (size_t i = 0; i < count; i++) {
        struct net_conn c;
        in += join(p, &c, from[i]);
    }
    return in;
}

static void the_connections_of_an_ipv6_network_count_together(void **state)
{
    UNUSED(state);
    static const char *const ONE[] = { "2001:db8:0:7::1", "2001:db8:0:7::2",
                                       "2001:db8:0:7:ffff:ffff:ffff:ffff" };
    static const char *const OTHERS[] = { "2001:db8:0:8::1", "2001:db8:0:9::1", "2001:db8:1:7::1" };
    struct net_peers *p = two_of_each(STR_NONE);
    assert_int_equal(let_in(p, ONE, COUNTOF(ONE)), 2);
    assert_int_equal(let_in(p, OTHERS, COUNTOF(OTHERS)), 3);
}

static void an_ipv4_address_is_one_in_both_its_forms(void **state)
{
    UNUSED(state);
    static const char *const ONE[] = { "192.0.2.1", "::ffff:192.0.2.1", "192.0.2.1" };
    static const char *const OTHERS[] = { "192.0.2.2", "::ffff:192.0.2.3" };
    struct net_peers *p = two_of_each(STR_NONE);
    assert_int_equal(let_in(p, ONE, COUNTOF(ONE)), 2);
    assert_int_equal(let_in(p, OTHERS, COUNTOF(OTHERS)), 2);
    assert_string_equal(peer_from("::ffff:192.0.2.1").address, "192.0.2.1");
}

static void an_address_is_written_as_everywhere(void **state)
{
    UNUSED(state);
    static const char *const ALL[] = { "0.0.0.0",   "9.10.99.100", "255.255.255.255",
                                       "127.0.0.1", "2001:db8::1", "::1" };
    struct net_peer peer;
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        assert_string_equal(peer_from(ALL[i]).address, ALL[i]);
    assert_string_equal(peer_from("9.10.99.100").network, "9.10.99.100");
    assert_string_equal(peer_from("2001:db8::1").network, "2001:db8::/64");
    net_peer_name(&peer, NULL, true);
    assert_string_equal(peer.address, "local");
    net_peer_name(&peer, NULL, false);
    assert_string_equal(peer.network, "unknown");
}

static void who_has_left_is_not_counted(void **state)
{
    UNUSED(state);
    struct net_peers *p = two_of_each(STR_NONE);
    struct net_conn a, b, c;
    assert_true(join(p, &a, "2001:db8::1"));
    assert_true(join(p, &b, "2001:db8::2"));
    assert_false(join(p, &c, "2001:db8::3"));
    net_peers_left(p, &c);
    net_peers_left(p, &a);
    assert_true(join(p, &c, "2001:db8::3"));
}

static void a_proxy_is_known_however_it_is_written(void **state)
{
    UNUSED(state);
    static const char *const ONE[] = { "2001:db8::1", "2001:db8::1", "2001:db8::1",
                                       "192.0.2.9",   "192.0.2.9",   "192.0.2.9" };
    struct net_peers *p = two_of_each(S("2001:DB8:0:0::1, [::ffff:192.0.2.9], nonsense, "));
    assert_int_equal(let_in(p, ONE, COUNTOF(ONE)), 6);
    assert_false(net_address_listed(S("nonsense, "), S("nonsense")));
    assert_false(net_address_listed(S(""), S("")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_connections_of_an_ipv6_network_count_together),
        cmocka_unit_test(an_ipv4_address_is_one_in_both_its_forms),
        cmocka_unit_test(an_address_is_written_as_everywhere),
        cmocka_unit_test(who_has_left_is_not_counted),
        cmocka_unit_test(a_proxy_is_known_however_it_is_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The address policy (research/capture.md section 7): every refused range at both its ends, and what lies just outside. */
#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netdb.h>

#include "base/check.h"
#include "net/address.h"
#include "os/thread.h"

static bool is_public(const char *text)
{
    struct sockaddr_in in4 = { .sin_family = AF_INET };
    struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };
    if (inet_pton(AF_INET, text, &in4.sin_addr) == 1)
        return address_is_public((struct sockaddr *)&in4);
    assert_int_equal(inet_pton(AF_INET6, text, &in6.sin6_addr), 1);
    return address_is_public((struct sockaddr *)&in6);
}

static void all(const char *const *texts, size_t n, bool want)
{
    for (size_t i = 0; i < n; i++)
        if (is_public(texts[i]) != want)
            fail_msg("%s is %spublic", texts[i], want ? "not " : "");
}

static void refused_ipv4(void **state)
{
    UNUSED(state);
    static const char *const texts[] = {
        "0.0.0.0",         "0.255.255.255",   "10.0.0.0",      "10.255.255.255",  "100.64.0.0",
        "100.127.255.255", "127.0.0.0",       "127.0.0.1",     "127.255.255.255", "169.254.0.0",
        "169.254.169.254", "169.254.255.255", "172.16.0.0",    "172.31.255.255",  "192.0.0.0",
        "192.0.0.255",     "192.0.2.0",       "192.0.2.255",   "192.88.99.0",     "192.88.99.255",
        "192.168.0.0",     "192.168.255.255", "198.18.0.0",    "198.19.255.255",  "198.51.100.0",
        "198.51.100.255",  "203.0.113.0",     "203.0.113.255", "224.0.0.0",       "239.255.255.255",
        "240.0.0.0",       "255.255.255.255", "168.63.129.16",
    };
    all(texts, COUNTOF(texts), false);
}

static void public_ipv4_beside_them(void **state)
{
    UNUSED(state);
    static const char *const texts[] = {
        "1.0.0.0",         "9.255.255.255", "11.0.0.0",        "100.63.255.255",  "100.128.0.0",
        "126.255.255.255", "128.0.0.0",     "169.253.255.255", "169.255.0.0",     "172.15.255.255",
        "172.32.0.0",      "192.0.1.0",     "192.0.3.0",       "192.88.98.255",   "192.88.100.0",
        "192.167.255.255", "192.169.0.0",   "198.17.255.255",  "198.20.0.0",      "198.51.99.255",
        "198.51.101.0",    "203.0.112.255", "203.0.114.0",     "223.255.255.255", "168.63.129.15",
        "168.63.129.17",   "8.8.8.8",
    };
    all(texts, COUNTOF(texts), true);
}

static void refused_ipv6(void **state)
{
    UNUSED(state);
    static const char *const texts[] = {
        "::",
        "::1",
        "::7f00:1",
        "::8.8.8.8", /* ::/96 carries IPv4 */
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:8.8.8.8", /* mapped: as a whole */
        "64:ff9b::7f00:1",
        "64:ff9b::808:808",
        "64:ff9b:1::1", /* NAT64 */
        "100::",
        "100::ffff:ffff:ffff:ffff",
        "1fff:ffff::", /* below 2000::/3 */
        "2001::",
        "2001:0:ffff::",
        "2001:1ff:ffff::", /* 2001::/23 */
        "2001:db8::",
        "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff",
        "2002::",
        "2002:7f00:1::",
        "2002:ffff:ffff::", /* 6to4 */
        "3fff::",
        "3fff:fff:ffff::",
        "4000::",
        "5f00::",
        "5f00:ffff::",
        "fc00::",
        "fdff:ffff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "feff::1",
        "ff00::",
        "ff02::1",
        "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
    };
    all(texts, COUNTOF(texts), false);
}

static void public_ipv6_beside_them(void **state)
{
    UNUSED(state);
    static const char *const texts[] = {
        "2000::",          "2001:200::",   "2001:db7:ffff::", "2001:db9::",  "2003::",
        "2606:4700::1111", "2a00:1450::1", "3ffe:ffff::",     "3fff:1000::", "3fff:ffff::",
    };
    all(texts, COUNTOF(texts), true);
}

static void this_machine_itself(void **state)
{
    UNUSED(state);
    struct ifaddrs *list;
    size_t seen = 0;
    assert_int_equal(getifaddrs(&list), 0);
    for (struct ifaddrs *i = list; i; i = i->ifa_next)
        if (i->ifa_addr &&
            (i->ifa_addr->sa_family == AF_INET || i->ifa_addr->sa_family == AF_INET6)) {
            assert_false(address_is_public(i->ifa_addr));
            seen++;
        }
    freeifaddrs(list);
    assert_true(seen > 0);
    struct sockaddr other = { .sa_family = AF_UNIX };
    assert_false(address_is_public(&other));
}

/* --- hosts ------------------------------------------------------------------------------------- */

static void hosts_that_are_none(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const texts[] = {
        "",
        ".",
        "..",
        "localhost",
        "intranet",
        "a.localhost",
        "printer.local",
        "x.internal",
        "router.home.arpa",
        "nas.lan",
        "x.localdomain",
        "X.LOCAL",
        "a.local.",
        "0177.0.0.1",
        "0x7f.0.0.1",
        "0x7f000001",
        "2130706433",
        "127.1",
        "127.0.1",
        "127.0.0.01",
        "127.0.0.1.",
        "1.2.3.4.5",
        "256.0.0.1",
        "example.123",
        "example.0x7f",
        "10.0.0.1/8",
        "[::1",
        "::1]",
        "[]",
        "[::1%lo]",
        "[fe80::1%25eth0]",
        "[0:0:0:0:0:0:0:1]",
        "[::0001]",
        "[127.0.0.1]",
        "[::ffff:7f00:1]",
        "[example.com]",
        "fe80::1%lo",
        "a..com",
        ".example.com",
        "-a.example.com",
        "a-.example.com",
        "exa mple.com",
        "ex\tample.com",
        "example.com:80",
        "user@example.com",
        "example.com/",
        "ex%61mple.com",
        "\xe2\x93\x94xample.com",
        "example.\xe3\x80\x82",
        "example.com\\",
    };
    for (size_t i = 0; i < COUNTOF(texts); i++) {
        struct host h;
        if (host_parse(&a, str_from(texts[i]), &h) != E_INVALID)
            fail_msg("\"%s\" was taken for a host", texts[i]);
    }
    char name[300];
    memset(name, 'a', sizeof name);
    struct host h;
    for (size_t i = 50; i < sizeof name; i += 50)
        name[i] = '.';
    assert_int_equal(host_parse(&a, str_of(name, 254), &h), E_INVALID);
    assert_int_equal(host_parse(&a, str_of(name, 253), &h), OK);
    memset(name, 'a', 64);
    memcpy(name + 64, ".com", 4);
    assert_int_equal(host_parse(&a, str_of(name, 68), &h), E_INVALID); /* a label of 64 */
    assert_int_equal(host_parse(&a, str_of(name + 1, 67), &h), OK);
}

static void hosts(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *text, *name;
        bool literal;
    } cases[] = {
        { "example.com", "example.com", false },
        { "EXAMPLE.Com", "example.com", false },
        { "example.com.", "example.com", false },
        { "a-b_c.x1.example", "a-b_c.x1.example", false },
        { "xn--bcher-kva.example", "xn--bcher-kva.example", false },
        { "local.example.com", "local.example.com", false },
        { "8.8.8.8", "8.8.8.8", true },
        { "[2606:4700::1111]", "2606:4700::1111", true },
        { "[::1]", "::1", true },
        { "[::ffff:127.0.0.1]", "::ffff:127.0.0.1", true },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct host h;
        if (host_parse(&a, str_from(cases[i].text), &h) != OK)
            fail_msg("%s: %s", cases[i].text, err_detail()->text);
        assert_str(h.name, cases[i].name);
        assert_int_equal(h.literal, cases[i].literal);
    }
}

/* --- a resolver that hangs -------------------------------------------------------------------- */

static struct gate resolver_goes_on;

/* In place of the C library's: it answers when the test lets it. */
int getaddrinfo(const char *host, const char *service, const struct addrinfo *hints,
                struct addrinfo **ret)
{
    UNUSED(host);
    UNUSED(service);
    UNUSED(hints);
    *ret = NULL;
    gate_wait(&resolver_goes_on, -1);
    return EAI_AGAIN;
}

static err_t off(void *context)
{
    int *asked = context;
    return ++*asked > 1 ? E_CANCELLED : OK;
}

static void a_name_that_is_not_resolved_in_time_is_called_off(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const struct address_policy p = { .resolve = STR_NONE };
    struct address to;
    int asked = 0;
    struct patience called_off = { INT64_MAX, off, &asked },
                    short_time = { .deadline_ms = clock_monotonic_ms() };
    assert_int_equal(address_resolve(&a, &p, S("example.org"), 443, &called_off, &to), E_CANCELLED);
    assert_int_equal(address_resolve(&a, &p, S("example.org"), 443, &short_time, &to), E_TIMEOUT);
    gate_open(&resolver_goes_on);
}

/* --- resolving, without a resolver ---------------------------------------------------------------- */

static err_t resolve(struct arena *a, const char *rules, const char *host, int port,
                     const char *ret_text, int ret_port)
{
    struct address_policy p = { .resolve = rules ? str_from(rules) : STR_NONE };
    const struct patience patience = { .deadline_ms = INT64_MAX };
    struct address to;
    TRY(address_resolve(a, &p, str_from(host), port, &patience, &to));
    assert_str(address_text(a, &to), ret_text);
    assert_int_equal(ntohs(((struct sockaddr_in *)&to.sa)->sin_port), ret_port);
    return OK;
}

static void literals_and_ports(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(resolve(&a, NULL, "8.8.8.8", 443, "8.8.8.8", 443), OK);
    assert_int_equal(resolve(&a, NULL, "8.8.8.8", 80, "8.8.8.8", 80), OK);
    assert_int_equal(resolve(&a, NULL, "[2606:4700::1111]", 443, "2606:4700::1111", 443), OK);
    static const int ports[] = { 0, 22, 25, 79, 81, 442, 444, 8080, 8443, 65535 };
    for (size_t i = 0; i < COUNTOF(ports); i++)
        assert_int_equal(resolve(&a, NULL, "8.8.8.8", ports[i], "", 0), E_BLOCKED);
    static const char *const refused[] = { "127.0.0.1",        "[::1]",
                                           "169.254.169.254",  "localhost",
                                           "[::ffff:8.8.8.8]", "0x7f.1",
                                           "2130706433" };
    for (size_t i = 0; i < COUNTOF(refused); i++)
        if (resolve(&a, NULL, refused[i], 443, "", 0) != E_BLOCKED)
            fail_msg("%s may be reached", refused[i]);
}

static void the_hook_of_the_tests(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const char *rules = "nonsense, =,a.example=1, b.example:443=127.0.0.1:9001,"
                        "c.example:80=127.0.0.1:9002,d.example:443=elsewhere:1";
    assert_int_equal(resolve(&a, rules, "b.example", 443, "127.0.0.1", 9001), OK);
    assert_int_equal(resolve(&a, rules, "B.Example", 443, "127.0.0.1", 9001), OK);
    assert_int_equal(resolve(&a, rules, "c.example", 80, "127.0.0.1", 9002), OK);
    /* Another port, another name: the rule is not theirs (a literal, so that no resolver is asked). */
    assert_int_equal(resolve(&a, "8.8.8.8:80=127.0.0.1:9003", "8.8.8.8", 443, "8.8.8.8", 443), OK);
    assert_int_equal(resolve(&a, "127.0.0.1:80=127.0.0.1:9003", "127.0.0.1", 443, "", 0),
                     E_BLOCKED);
    assert_int_equal(resolve(&a, rules, "b.example", 8443, "", 0), E_BLOCKED);
}

static void an_ipv6_network_is_one_stranger(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *address, *network;
    } CASES[] = {
        { "192.0.2.1", "192.0.2.1", "192.0.2.1" },
        { " 192.0.2.1:8080 ", "192.0.2.1", "192.0.2.1" },
        { "::ffff:192.0.2.1", "192.0.2.1", "192.0.2.1" },
        { "::FFFF:C000:0201", "192.0.2.1", "192.0.2.1" },
        { "[::ffff:192.0.2.1]:443", "192.0.2.1", "192.0.2.1" },
        { "2001:DB8:1:2:3:4:5:6", "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64" },
        { "2001:0db8:0001:0002:ffff::1", "2001:db8:1:2:ffff::1", "2001:db8:1:2::/64" },
        { "\"[2001:db8:1:2::9]:4711\"", "2001:db8:1:2::9", "2001:db8:1:2::/64" },
        { "fe80::1%eth0", "fe80::1", "fe80::/64" },
        { "::1", "::1", "::/64" },
        { "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
          "ffff:ffff:ffff:ffff::/64" },
    };
    static const char *const NONE[] = { "",      "local", "unknown",     "_hidden",  "192.0.2",
                                        "1.2.3", "[::1",  "192.0.2.1.9", "1:2",      "::g",
                                        "%",     "[]:80", "0x7f.0.0.1",  "a.b.c.d:1" };
    char text[NET_ADDRESS_TEXT_BYTES];
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        assert_true(net_address_canonical(str_from(CASES[i].text), text));
        assert_string_equal(text, CASES[i].address);
        assert_true(net_address_network(str_from(CASES[i].text), text));
        assert_string_equal(text, CASES[i].network);
    }
    for (size_t i = 0; i < COUNTOF(NONE); i++) {
        if (net_address_canonical(str_from(NONE[i]), text) || text[0])
            fail_msg("%s is no address", NONE[i]);
        assert_false(net_address_network(str_from(NONE[i]), text));
    }
    assert_false(net_address_network(str_of("192.0.2.1\0", 10), text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(refused_ipv4),
        cmocka_unit_test(public_ipv4_beside_them),
        cmocka_unit_test(refused_ipv6),
        cmocka_unit_test(public_ipv6_beside_them),
        cmocka_unit_test(this_machine_itself),
        cmocka_unit_test(hosts_that_are_none),
        cmocka_unit_test(hosts),
        cmocka_unit_test(a_name_that_is_not_resolved_in_time_is_called_off),
        cmocka_unit_test(literals_and_ports),
        cmocka_unit_test(the_hook_of_the_tests),
        cmocka_unit_test(an_ipv6_network_is_one_stranger),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The address policy: which hosts may be reached from here (research/capture.md section 7).
 *
 * A name is resolved once; if any of its addresses is not public all are refused; the connection goes to the checked
 * address itself, so a second look-up cannot change it. Every redirect hop starts again. The test hook maps
 * host:port to a loopback address, explicitly and nothing else.
 */
#ifndef VIVIM_NET_ADDRESS_H
#define VIVIM_NET_ADDRESS_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "base/str.h"
#include "os/patience.h"

struct address {
    struct sockaddr_storage sa;
    socklen_t length;
};

/* Is it an address of the public internet? Loopback, private, link-local, shared, documentation, benchmarking, multicast,
 * reserved and translating ranges are not, nor one cloud's platform address, nor this machine's own interfaces. */
bool address_is_public(const struct sockaddr *sa);
/* One that other machines may reach this one by: of an interface that is up and no loopback. False: there is none. */
bool address_of_this_machine(bool only_ipv6, struct address *ret);
struct str address_text(struct arena *a, const struct address *x);

/* An address as others write it (a proxy's header, a list in a setting, the kernel) in its one text form: hexadecimal in
 * lower case, zeros joined, an IPv4 address mapped into IPv6 as the IPv4 one; without brackets, port, quotes and zone.
 * false, and an empty text: it is none. Pure. */
enum { NET_ADDRESS_TEXT_BYTES = 64 };
NODISCARD bool net_address_canonical(struct str text, char ret[NET_ADDRESS_TEXT_BYTES]);
/* What counts as one stranger: an IPv4 address itself, the /64 of an IPv6 one ("2001:db8:1:2::/64"), for a subscriber has
 * all 2^64 of it. For limits by address. false, and an empty text, as above. */
NODISCARD bool net_address_network(struct str text, char ret[NET_ADDRESS_TEXT_BYTES]);

/* A host as it stands in a URL: a name by the LDH rules (lower-cased; at least one dot, no local-only suffix), or an address in
 * its canonical text form. Octal, hexadecimal, short and integer forms, zone ids and anything else: E_INVALID with a note. */
struct host {
    struct str name;        /* lower case; the address without brackets */
    bool literal;           /* an address */
    struct address address; /* when literal; its port is 0 */
};
NODISCARD err_t host_parse(struct arena *a, struct str text, struct host *ret);

/* The hook of the tests: "host:port=127.0.0.1:port,…". */
struct address_policy {
    struct str resolve; /* VIVIM_CAPTURE_RESOLVE; STR_NONE: none */
    bool insecure_tls;  /* VIVIM_CAPTURE_INSECURE_TLS */
};

/* Resolve and check: the address to connect to. Ports 80 and 443 only. E_BLOCKED with a note that says what was refused and
 * why, E_NOT_FOUND (no such name), E_TIMEOUT (10 s, or the patience's end), or what called it off. Blocks; not for a loop thread. */
NODISCARD err_t address_resolve(struct arena *a, const struct address_policy *p, struct str host,
                                int port, const struct patience *patience, struct address *ret);

/* The same for a host that the operator named: any address, any port, names without a dot too, and the test hook maps nothing.
 * E_INVALID (no host), E_NOT_FOUND, E_TIMEOUT, or what called it off. */
NODISCARD err_t address_resolve_named(struct arena *a, struct str host, int port,
                                      const struct patience *patience, struct address *ret);

#endif

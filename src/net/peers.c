#include "net/peers.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdatomic.h>
#include <sys/socket.h>

_Static_assert(NET_PEER_SLOTS <= UINT16_MAX + 1, "a slot's number is two bytes of each connection");

static uint16_t address_slot(const char *network)
{
    uint64_t h = 1469598103934665603u;
    for (; *network; network++)
        h = (h ^ (unsigned char)*network) * 1099511628211u;
    return (uint16_t)(h % NET_PEER_SLOTS);
}

/* As inet_ntop writes it, which takes a printf for it: this is asked at every connection. */
static void name_ipv4(struct net_peer *ret, const struct sockaddr_in *a)
{
    uint8_t bytes[4];
    char *at = ret->address;
    memcpy(bytes, &a->sin_addr, sizeof bytes);
    for (int i = 0; i < 4; i++) {
        if (bytes[i] >= 100)
            *at++ = (char)('0' + bytes[i] / 100);
        if (bytes[i] >= 10)
            *at++ = (char)('0' + bytes[i] / 10 % 10);
        *at++ = (char)('0' + bytes[i] % 10);
        *at++ = i < 3 ? '.' : 0;
    }
    memcpy(ret->network, ret->address, sizeof ret->network);
}

void net_peer_name(struct net_peer *ret, const struct sockaddr *a, bool local)
{
    char text[INET6_ADDRSTRLEN] = "";
    *ret = (struct net_peer){ "unknown", "unknown" };
    if (local) {
        *ret = (struct net_peer){ "local", "local" };
        return;
    }
    if (a && a->sa_family == AF_INET) {
        name_ipv4(ret, (const struct sockaddr_in *)(const void *)a);
        return;
    }
    if (a && a->sa_family == AF_INET6)
        inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)a)->sin6_addr, text,
                  sizeof text);
    if (text[0] && !(net_address_canonical(str_from(text), ret->address) &&
                     net_address_network(str_from(text), ret->network)))
        *ret = (struct net_peer){ "unknown", "unknown" };
}

bool net_address_listed(struct str list, struct str address)
{
    char text[NET_ADDRESS_TEXT_BYTES];
    struct str one;
    while (str_cut(&list, ',', &one))
        if (net_address_canonical(one, text) && str_eq(str_from(text), address))
            return true;
    return false;
}

bool net_peers_joined(struct net_peers *p, struct net_conn *c, const struct net_peer *who)
{
    size_t all = ++p->connections;
    size_t here = 0;
    c->counted = !c->local && !net_address_listed(p->proxies, str_from(who->address));
    c->peer_slot = address_slot(who->network);
    if (c->counted)
        here = (size_t)atomic_fetch_add(&p->by_address[c->peer_slot], 1) + 1;
    return all <= p->connections_max && here <= p->per_address_max;
}

void net_peers_left(struct net_peers *p, struct net_conn *c)
{
    p->connections--;
    if (c->counted)
        p->by_address[c->peer_slot]--;
}

/* Who is connected: the connections of a listener, all together and by network, and how many of each there may be. */
#ifndef VIVIM_NET_PEERS_H
#define VIVIM_NET_PEERS_H

#include "net/conn.h"

enum { NET_PEER_SLOTS = 4096 };

struct net_peers {
    size_t connections_max, per_address_max; /* as in net_listen_options */
    struct str proxies;
    /* Written on the loops. */
    _Atomic size_t connections;
    /* Counts by hash: two addresses may share one, which only makes it stricter. */
    _Atomic uint32_t by_address[NET_PEER_SLOTS];
};

/* Who it is; `a` NULL: the kernel does not say. */
void net_peer_name(struct net_peer *ret, const struct sockaddr *a, bool local);
/* A connection of this peer, counted with all and with those of its network. False: one too many, and counted all the same. */
bool net_peers_joined(struct net_peers *p, struct net_conn *c, const struct net_peer *who);
void net_peers_left(struct net_peers *p, struct net_conn *c); /* a connection ended */

#endif

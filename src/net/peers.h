/* Between conn.c and listener.c. */
#ifndef VIVIM_NET_LISTENER_H
#define VIVIM_NET_LISTENER_H

#include "net/conn.h"

void net_conn_begin(struct net_conn *c); /* into the loop's list, reading */
/* Fill peer and network; NULL: the kernel does not say. */
void net_listener_name_peer(struct net_conn *c, const struct sockaddr *a);
/* A connection, counted with all and with those of its network. False: one too many, and counted all the same. */
bool net_listener_joined(struct net_listener *l, struct net_conn *c);
void net_listener_left(struct net_listener *l, struct net_conn *c); /* a connection ended */

#endif

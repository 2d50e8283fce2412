/* Between conn.c and listener.c. */
#ifndef VIVIM_NET_LISTENER_H
#define VIVIM_NET_LISTENER_H

#include "net/conn.h"

void net_conn_begin(struct net_conn *c); /* into the loop's list, reading */
void net_listener_left(struct net_listener *l, struct net_conn *c); /* a connection ended */

#endif

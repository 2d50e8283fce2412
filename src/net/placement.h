/* Which loop gets a new connection.
 *
 * Each loop listens on a socket of its own at the port, and the kernel divides what comes between them by a hash. That is right for
 * many connections and wrong for few: four that are spread over two loops keep two threads waking up, where one would find the next
 * message waiting. So a program of two or three instructions at the group of sockets (SO_ATTACH_REUSEPORT_CBPF) says
 * where a connection goes:
 *
 *                 PLACE_FEW are there, or the first is busy
 *     PLACE_FIRST ─────────────────────────────────────────────> PLACE_OTHERS ──the first has no more than its share──┐
 *       the first <──fewer than half of those, none busy──────────   others  <──it has, and more came to it──> PLACE_ALL: by the hash
 *
 * A loop is busy when half of its time or more goes into its turns (net_loop). The question is asked as connections come, so nothing
 * runs for it while none do; one that comes when it is answered anew still goes where the last answer sent it. A connection
 * stays where it was accepted (but net_move): those few that came first share a loop however busy they get, the others
 * have theirs. Where the kernel knows no such programs it is the hash for all. Over a Unix socket there is one loop.
 * docs/decisions/0015-loop-placement.md says what else was weighed. */
#ifndef VIVIM_NET_PLACEMENT_H
#define VIVIM_NET_PLACEMENT_H

#include "net/loop.h"

enum { PLACE_FEW = 8 };
enum placement { PLACE_ALL, PLACE_FIRST, PLACE_OTHERS };

/* Where the next one should go, if they go there now. Reads figures of other loops. */
enum placement placement_of(const struct net_loop *loops, int count, enum placement now);
/* Tell the kernel. fd: any socket of a group of `count`, each listening already, the first loop's first. False: it cannot. */
bool placement_set(int fd, int count, enum placement p);

#endif

/* realtime: what changes is told at once, and who is there can be seen (seed 6.1, 6.2).
 *
 * Clients speak Engine.IO 4 and Socket.IO 5 (npm socket.io-client) at /socket.io/. One connects with the
 * session cookie or a token (the handshake's Authorization, or `auth: {token}`), hears of everything
 * in its user's room, and subscribes to topics that it may read: `conversation:<id>`, `capture:<id>`,
 * `feed`, `notifications`. Then `ready` says up to which cursor of the operation log it knows
 * everything; what changes afterwards comes as `change`. docs/realtime.md has the events.
 *
 * Promises
 *   - Nobody hears of what they may not read: topics are checked when asked for, and left at once when
 *     a grant is withdrawn. A revoked session or token, a disabled or deleted account: its sockets
 *     close at once; one that expires: within a second.
 *   - Nothing committed is missed: who was away asks `changes` with the last cursor it heard of. What
 *     comes live is told in the order of the log.
 *   - A slow reader costs a bounded amount of memory and delays nobody; then it is cut off.
 *   - Events that went out while a connection was lost (up to RECOVERY_MS) are sent again when it
 *     comes back (connection state recovery); its credential and topics are checked anew, and where what it
 *     missed speaks of a thing that it may not read any more, it begins anew.
 *
 * Built like this: connections, rooms and emissions are the hub's (hub/hub.h); each folder is a part of it and knows those before
 * it alone. topics/: what may be asked for. transport/: a session of Engine.IO. protocol/: Socket.IO on it, and the events of
 * clients, which run on workers with the tables of all rooms (struct socket_event of registry/socket_event.h). feed/: what changed.
 * presence/: a state machine in memory that knows no sockets, and its place among them. signalling/: for WebRTC (/signaling), as
 * npm y-webrtc's server speaks. The events of this room itself are in subscribe.c.
 */
#ifndef VIVIM_REALTIME_REALTIME_H
#define VIVIM_REALTIME_REALTIME_H

#include "registry/module.h"

extern const struct module realtime_module;

#endif

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
 * Built like this: a session (session.c, the Engine.IO transport) belongs to one loop thread, its id
 * says to which; a request that lands on another loop moves there with its connection. Rooms
 * (hub.c) span loops: an emission is encoded once, counted by reference, posted to every loop, and
 * each loop writes it to its own members. Events of clients run on workers (events.c) with the
 * tables of all rooms (struct socket_event of registry/module.h). What other nodes would hear goes through
 * hub_emit, one place. Presence (presence.c) is a state machine in memory that knows no sockets.
 * Signalling for WebRTC (signalling.c, /signaling) speaks as npm y-webrtc's server does; its connections
 * are members of rooms, and stand on a credential (conns.c), as sockets do.
 */
#ifndef VIVIM_REALTIME_REALTIME_H
#define VIVIM_REALTIME_REALTIME_H

#include "registry/module.h"

extern const struct module realtime_module;

/* To everybody in `room` ("capture:<id>"): the event with one JSON value. From any thread; never
 * waits for a socket. What is told before the module's init, or in a command without a server, is
 * heard by nobody. */
void rt_emit(struct app *app, struct str room, const char *event, struct str json);

#endif

/* Inside the folder: what its files do for each other. */
#ifndef VIVIM_REALTIME_TRANSPORT_INSIDE_H
#define VIVIM_REALTIME_TRANSPORT_INSIDE_H

#include "realtime/transport/engineio.h"
#include "realtime/transport/session.h"

/* --- session.c ----------------------------------------------------------------------------------------- */

extern const struct ws_events EIO_WS_EVENTS;
/* Begin a session that answers `h`: by polling, or as a WebSocket. Answers errors itself. */
void eio_session_open(struct eio_loop *l, struct held *h, const struct eio_user *user,
                      bool websocket);
/* A GET or a POST of a polling session. */
void eio_session_poll(struct eio_session *s, struct held *h);
void eio_session_post(struct eio_session *s, struct held *h, struct str body);
NODISCARD err_t sessions_prepare_open(struct eio *e, struct arena *a); /* from the settings, once */
void sessions_begin(struct eio_loop *l);                               /* its queues */
void sessions_leave(struct eio_loop *l); /* flush and free: an entry ends */
void sessions_drop(struct eio_loop *l); /* what waits for polls that will not come: the loop ends */

/* --- the packets that wait, and the poll that waits for them: poll.c --------------------------------------- */

void answer_text(struct held *h, int status, struct str body);
void eio_answer_noop(struct held *h); /* a poll that need not wait any more */
void wait_for_poll(struct eio_session *s, struct ws_frame *f);
void answer_poll(
    struct eio_session *s); /* everything that waits, in one answer; it may end the session */
void release_with_noop(struct eio_session *s);
void drop_packets(struct eio_session *s);
void mark_dirty(struct eio_session *s);
void send_waiting(struct eio_session *s); /* over its WebSocket, which it has now */
void polls_begin(struct eio_loop *l);

/* --- the upgrade: upgrade.c --------------------------------------------------------------------------------- */

/* A WebSocket that wants to take a polling session over. Answers itself. */
void eio_session_upgrade(struct eio_session *s, struct held *h);
void upgrade_stop(struct eio_session *s); /* its probe is closed; harmless where there is none */
/* The probe is one no more: it has closed, or the session is to be on it. */
struct ws_conn *upgrade_take(struct eio_session *s);
/* True: it is to take the session over. */
bool upgrade_input(struct eio_session *s, bool binary, struct str data);
/* Let a WebSocket in that nobody can use, and close it, as the reference does. Answers errors itself. */
void eio_turn_away(struct eio_loop *l, struct held *h);
void upgrades_begin(struct eio_loop *l);

/* --- sessions that their clients closed while no poll waited: closed.c --------------------------------------- */

void closed_begin(struct eio_loop *l);
void closed_free(struct eio_loop *l);
void closed_remember(const struct eio_session *s);
/* Is it one, of this user? For the first poll after. */
bool closed_take(struct eio_loop *l, struct str id, const struct eio_user *user);

#endif

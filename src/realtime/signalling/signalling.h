/* Signalling for WebRTC at /signaling, as npm y-webrtc speaks it: browsers that share a document send each other what
 * they need to connect, over topics that name the document. We relay, to who may read it; what they say we do not read.
 * A connection stands on a credential and is in rooms, as a socket does; its messages are in signal.h.
 *
 * A connection's states, and what moves it (signaller_move):
 *
 *     OPEN ──subscribe──> CHECKING ──each topic is judged──> OPEN      (what comes while it is CHECKING waits)
 *       └────────> ENDED <────┘      its client goes, it is signed out, the server stops
 */
#ifndef VIVIM_REALTIME_SIGNALLING_SIGNALLING_H
#define VIVIM_REALTIME_SIGNALLING_SIGNALLING_H

#include "hub/hub.h"
#include "realtime/signalling/signal_topics.h"

struct signalling { /* of all loops */
    struct app *app;
    struct hub *hub;
    struct ws_options ws;
    struct ws_frame *pong;
    struct signal_topics topics;
};

/* Registers with the hub. signalling_stop gives up what it made, also of one that failed. */
NODISCARD err_t signalling_start(struct app *app, struct arena *a, struct signalling **ret);
void signalling_stop(struct signalling *s);                           /* accepts NULL */
void signalling_figures(const struct signalling *s, struct buf *out); /* for Prometheus */

/* GET /signaling. */
err_t signalling_get(struct req *rq, struct reply *rp);

/* May the caller signal about the topic? *ret_name: its one name. E_INVALID, also for what is no text; else as topic_check. */
NODISCARD err_t signal_topic_check(struct app *app, struct db *db, struct arena *a,
                                   const struct caller *who, struct str text, struct str *ret_name);
/* The room of who signals about a topic; apart from it those of test mode, whom nobody knows. */
struct str signal_room(struct arena *a, bool known, struct str topic);

#endif

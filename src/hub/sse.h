/* Server-sent events (WHATWG HTML, section 9.2): a kind of connection that hears of one topic, as text. */
#ifndef VIVIM_HUB_SSE_H
#define VIVIM_HUB_SSE_H

#include "http/http.h"

struct event_stream {
    struct str topic; /* "capture:<id>" */
    const char *name; /* of the event that is sent at once … */
    struct str first; /* … and its JSON */
    bool last;        /* the topic has nothing else to tell: the stream ends with it */
    /* What hub_withdrawals gave before the caller's right to the topic was looked at. Where a right has gone meanwhile, that one is
     * asked about again, on a worker. */
    uint64_t withdrawn;
    err_t (*check)(struct app *app, struct db *db, struct arena *a, const struct caller *who,
                   struct str topic);
};

/* Make this reply an event stream on a topic which the caller may read. What was emitted on the topic since the handler began is
 * not lost (the last event of a topic is remembered for STREAM_KEPT_MS). The stream ends with an emission that is the topic's last,
 * and with the credential or the right that it stands on. At most STREAMS_MAX in all, STREAMS_PER_ACCOUNT_MAX of one account: more
 * are answered E_BUSY and E_RATE. A slow reader loses its stream, not our memory. */
NODISCARD err_t hub_events(struct req *rq, struct reply *rp, const struct event_stream *e);

#endif

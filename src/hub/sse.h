/* Server-sent events (WHATWG HTML, section 9.2): a kind of connection that hears of one topic, as text. */
#ifndef VIVIM_HUB_SSE_H
#define VIVIM_HUB_SSE_H

#include "http/http.h"

/* Make this reply an event stream on `topic` ("capture:<id>"), which the caller may read. `first` (JSON) is sent at once as the
 * event `name`; what was emitted on the topic since the handler began is not lost (the last event of a topic is remembered for
 * STREAM_KEPT_MS). The stream ends with an emission that is the topic's last, at once where `last` says that this is it, and
 * with the credential or the right that it stands on. At most STREAMS_MAX in all, STREAMS_PER_ACCOUNT_MAX of one account: more
 * are answered E_BUSY and E_RATE. A slow reader loses its stream, not our memory. */
NODISCARD err_t hub_events(struct req *rq, struct reply *rp, struct str topic, const char *name,
                           struct str first, bool last);

#endif

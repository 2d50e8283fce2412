/* Messages of the signalling of npm y-webrtc, without sockets: one JSON object in a text message.
 * Source: y-webrtc 10.3.0, and docs/protocols.md section 7. */
#ifndef VIVIM_REALTIME_SIGNALLING_SIGNAL_H
#define VIVIM_REALTIME_SIGNALLING_SIGNAL_H

#include "base/buf.h"
#include "base/json.h"

enum { SIGNAL_DEPTH_MAX = 32 };

enum signal_type {
    SIGNAL_OTHER, /* of a type that we do not know: let pass */
    SIGNAL_SUBSCRIBE,
    SIGNAL_UNSUBSCRIBE,
    SIGNAL_PUBLISH,
    SIGNAL_PING,
};

struct signal {
    enum signal_type type;
    struct json topics; /* of (un)subscribe: an array, or JSON_NONE; in the arena */
    /* Of publish: its topic as it was typed; and the whole, for signal_head, as long as what was parsed. */
    struct str topic, text;
    struct json object;
};

/* Parse and check the shape. What is published is forwarded as it came: it is looked at only as far as is needed to
 * know that it is one JSON object, where its members begin and end, and that it has `type` and `topic` once (of two, its
 * readers would take the other one than we checked).
 * E_BAD_JSON, E_BAD_INPUT, E_INVALID, E_LIMIT with a note. */
NODISCARD err_t signal_parse(struct arena *a, struct str text, struct signal *ret);

/* What of a `publish` is forwarded, for signal_tail: every member byte by byte, but `clients`; and `topic`, where that
 * was typed otherwise, by the one name that all who are in its room know. */
NODISCARD err_t signal_head(struct arena *a, const struct signal *m, struct str topic,
                            struct str *ret);

/* What stands behind that head: `,"clients":3}`. */
struct str signal_tail(struct arena *a, unsigned clients);

#endif

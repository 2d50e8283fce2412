/* Socket.IO v5 packets, without sockets: the text inside an Engine.IO message.
 * Source: the Socket.IO protocol, revision 5, and research/realtime.md section 2. */
#ifndef VIVIM_REALTIME_PROTOCOL_SOCKETIO_H
#define VIVIM_REALTIME_PROTOCOL_SOCKETIO_H

#include "base/json.h"
#include "base/json_write.h"

enum sio_type {
    SIO_CONNECT,
    SIO_DISCONNECT,
    SIO_EVENT,
    SIO_ACK,
    SIO_CONNECT_ERROR,
    SIO_BINARY_EVENT,
    SIO_BINARY_ACK
};

enum {
    SIO_ATTACHMENTS_MAX = 10,
    SIO_NAMESPACE_BYTES_MAX = 200,
    SIO_DEPTH_MAX = 32,
};

struct sio_packet {
    enum sio_type type;
    unsigned attachments; /* binary messages that follow; 0 unless a binary type */
    struct str nsp;       /* "/" or "/custom"; revision 5 knows no query in it */
    bool has_id;
    int64_t id;       /* 0 .. 2^53 */
    struct str text;  /* the JSON as it came; empty: none */
    struct json data; /* parsed, in the arena; JSON_NONE: none */
};

/* Parse and check the shape: CONNECT an object or nothing, DISCONNECT nothing, EVENT a non-empty array whose first element is a name that is not
 * reserved (or a number), ACK an array. Types 5 and 6 hold placeholders whose numbers are below `attachments`.
 * E_BAD_INPUT with a note; the caller closes the connection. */
NODISCARD err_t sio_packet_parse(struct arena *a, struct str text, struct sio_packet *ret);

/* The event's name; STR_NONE for a number. */
struct str sio_event_name(const struct sio_packet *p);

/* Write a value whose placeholders name attachments, numbered anew in the order in which they come; order[i] is the number that
 * the i-th had. At most SIO_ATTACHMENTS_MAX placeholders (more are E_LIMIT); the same attachment may come several times. */
struct sio_renumber {
    unsigned order[SIO_ATTACHMENTS_MAX], count;
};
NODISCARD err_t sio_value_write(struct json_out *o, struct json v, struct sio_renumber *r);

/* Append `<type>[<attachments>-][<nsp>,][<id>]`, after which the caller writes JSON. id < 0: none. */
void sio_head_write(struct buf *out, enum sio_type type, unsigned attachments, struct str nsp,
                    int64_t id);

#endif

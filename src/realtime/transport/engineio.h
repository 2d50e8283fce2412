/* Engine.IO v4 packets and polling payloads, without sockets.
 * Source: the Engine.IO protocol, revision 4 (socketio/socket.io); docs/protocols.md, section 1. */
#ifndef VIVIM_REALTIME_TRANSPORT_ENGINEIO_H
#define VIVIM_REALTIME_TRANSPORT_ENGINEIO_H

#include "base/buf.h"

enum eio_type { EIO_OPEN, EIO_CLOSE, EIO_PING, EIO_PONG, EIO_MESSAGE, EIO_UPGRADE, EIO_NOOP };

enum {
    EIO_SEPARATOR = 0x1e,
    /* In one payload. The official client puts all that was emitted at once into one body, up to
     * maxPayload bytes: a limit must let some ten thousand small events pass. */
    EIO_PACKETS_MAX = 65536
};

struct eio_packet {
    enum eio_type type;
    bool binary;     /* a message of bytes */
    struct str data; /* view of what was parsed, or decoded base64 in the arena */
};

/* One packet of a text: a type digit and its payload, or `b` and base64 (polling only).
 * E_BAD_INPUT: empty, an unknown first character, bad base64. */
NODISCARD err_t eio_packet_parse(struct arena *a, struct str text, bool polling,
                                 struct eio_packet *ret);

/* The next packet of a polling payload; *rest moves on. False at the end. An empty payload has one empty part, which does not parse. */
bool eio_payload_next(struct str *rest, struct str *ret_part);

/* Append a packet as polling text (with base64 for bytes) or as the text of a WebSocket frame (bytes go out as they are: not here). */
void eio_packet_write(struct buf *out, enum eio_type type, struct str data);
void eio_binary_write(struct buf *out, struct arena *scratch, struct str bytes);

/* The open packet's JSON: exactly sid, upgrades, pingInterval, pingTimeout, maxPayload. */
struct eio_open {
    struct str sid;
    bool offers_websocket; /* upgrades: ["websocket"], else [] */
    int64_t ping_interval_ms, ping_timeout_ms, max_payload_bytes;
};
void eio_open_write(struct buf *out, const struct eio_open *o); /* with its type digit */

/* The error bodies of docs/protocols.md, section 1.3: {"code":n,"message":"..."}. */
enum eio_error {
    EIO_TRANSPORT_UNKNOWN,
    EIO_SID_UNKNOWN,
    EIO_BAD_HANDSHAKE_METHOD,
    EIO_BAD_REQUEST,
    EIO_FORBIDDEN,
    EIO_UNSUPPORTED_VERSION
};
struct str eio_error_body(enum eio_error e); /* static */
int eio_error_status(enum eio_error e);      /* 400 or 403 */

#endif

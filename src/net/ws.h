/* WebSocket (RFC 6455) and permessage-deflate (RFC 7692), the server's side, without sockets.
 *
 * The parser is fed bytes as they come and calls back with whole messages; the writer makes frames.
 * An idle connection costs nothing: a parser is needed while a frame or a message is under way (ws_parser_is_idle), its
 * buffers live only while it needs them, and the zlib states belong to the thread, not to the connection
 * (docs/decisions/0006-websocket-framing.md says why the framing is our own and not wslay's).
 */
#ifndef VIVIM_NET_WS_H
#define VIVIM_NET_WS_H

#include "base/buf.h"

/* --- handshake (RFC 6455 section 4.2, RFC 7692 section 7.1) ------------------------------------- */

struct
    ws_handshake { /* what the client asks; views of the request's headers, STR_NONE when absent */
    struct str method, upgrade, connection, version, key, extensions;
    bool http11;
};

struct ws_accept {
    char accept[29];                            /* Sec-WebSocket-Accept, with a terminator */
    bool deflate;                               /* permessage-deflate agreed */
    int client_window_bits, server_window_bits; /* 9..15; 15 unless agreed otherwise */
    bool server_no_context,
        client_no_context; /* what the answer says; the server never keeps a context of its own */
    struct str
        extensions; /* the Sec-WebSocket-Extensions of the answer, in the arena; STR_NONE: none */
};

/* Is it a WebSocket request that we accept? offer_deflate false: never agree to compression.
 * E_BAD_INPUT with a note (answer 400); E_UPGRADE: another version (answer 426 with `Sec-WebSocket-Version: 13`). */
NODISCARD err_t ws_handshake_check(struct arena *a, const struct ws_handshake *h,
                                   bool offer_deflate, struct ws_accept *ret);

/* --- frames -------------------------------------------------------------------------------------- */

enum ws_opcode {
    WS_CONTINUATION = 0,
    WS_TEXT = 1,
    WS_BINARY = 2,
    WS_CLOSE = 8,
    WS_PING = 9,
    WS_PONG = 10
};

/* Close codes that we send ourselves (RFC 6455 section 7.4.1). */
enum {
    WS_NORMAL = 1000,
    WS_GOING_AWAY = 1001,
    WS_PROTOCOL_ERROR = 1002,
    WS_UNSUPPORTED = 1003,
    WS_BAD_DATA = 1007,
    WS_POLICY = 1008,
    WS_TOO_BIG = 1009,
    WS_INTERNAL = 1011,
    WS_TRY_LATER = 1013
};

struct ws_limits {
    size_t message_bytes; /* after inflating; more closes with 1009 */
    unsigned fragments;   /* frames in one message */
};

/* Called from ws_feed, in order. `data` is a view that ends when the call returns. A handler that returns false
 * (it closed or freed the connection) stops the feeding at once: nothing of the parser is touched afterwards. */
struct ws_handler {
    bool (*message)(void *context, bool binary, struct str data);
    bool (*ping)(void *context, struct str data);
    bool (*pong)(void *context, struct str data);
    bool (*close)(void *context, int code, struct str reason); /* code 1005: none was given */
};

struct ws_parser {
    const struct ws_limits *limits;
    struct buf *message; /* heap, only while a message is under way */
    uint64_t left;       /* payload bytes of the current frame still to come */
    uint32_t utf8_state; /* of the text under way: remaining bytes and bounds, see ws_frame.c */
    unsigned fragment_count;
    uint8_t header[14], header_bytes, header_need;
    uint8_t mask_at; /* position in the mask, 0..3 */
    uint8_t opcode;  /* of the message under way */
    uint8_t control_bytes;
    bool in_payload, final, control, compressed, deflate, closed;
    bool hold;             /* a handler's: no more after this one; ws_feed gives the rest back */
    bool more;             /* for a handler: bytes follow that were fed already */
    int window_bits;       /* of the client's compressor */
    uint8_t *control_data; /* heap, 125 bytes, only while a control frame comes in pieces */
};

void ws_parser_init(struct ws_parser *p, const struct ws_limits *limits, bool deflate,
                    int client_window_bits);
void ws_parser_free(struct ws_parser *p); /* accepts zeroed */
/* Is it between two messages, so that a new one can take its place? */
bool ws_parser_is_idle(const struct ws_parser *p);

/* Feed received bytes (they are unmasked in place). 0: go on, or a handler said stop (then p->closed may be gone);
 * otherwise the close code to send: nothing that follows is read. A frame may come one byte at a time or a hundred at once.
 * ret_taken (may be NULL): how many were read; fewer than n only after a close frame or while `hold` is set. */
int ws_feed(struct ws_parser *p, char *bytes, size_t n, size_t *ret_taken,
            const struct ws_handler *h, void *context);

/* Append one whole frame, unmasked as a server must. `compress`: when it pays (at least WS_DEFLATE_MIN bytes) and the
 * client agreed; without context, so one frame serves every receiver of the same window size. Errors are the buf's. */
enum { WS_DEFLATE_MIN = 1024 };
void ws_write(struct buf *out, enum ws_opcode opcode, struct str payload, bool compress,
              int server_window_bits);
/* The header alone of such a frame, not compressed; gives its length. */
enum { WS_HEAD_MAX = 10 };
size_t ws_write_head(char ret[WS_HEAD_MAX], enum ws_opcode opcode, size_t payload_bytes);
/* A close frame; code 0: empty. The reason is cut to 123 bytes at a character. */
void ws_write_close(struct buf *out, int code, struct str reason);
/* May this code stand in a close frame on the wire? */
bool ws_close_code_ok(int code);

/* --- permessage-deflate, whole messages ------------------------------------------------------------ */

/* Inflate one message (the 00 00 ff ff tail is added here), never more than out->max_bytes: E_LIMIT. E_BAD_INPUT,
 * also for one that ends inside a block.
 * The client may keep its context only if the answer allowed it; ours never does, so each message stands alone. */
NODISCARD err_t ws_inflate(struct str message, int window_bits, struct buf *out);
NODISCARD err_t ws_deflate(struct str message, int window_bits, struct buf *out);
/* Free the calling thread's zlib states (at the end of a loop thread). */
void ws_deflate_thread_end(void);

#endif

#include <stdlib.h>

#include "base/utf8.h"
#include "net/ws.h"

enum { CONTROL_MAX = 125, FIN = 0x80, RSV1 = 0x40, RSV23 = 0x30, MASKED = 0x80 };

/* --- UTF-8, incrementally ----------------------------------------------------------------------
 * RFC 3629 as a table of what may follow: the state holds how many bytes are due and the bounds of
 * the next one, so that a bad byte is found at once, also across fragments (RFC 6455 section 8.1). */

static uint32_t utf8_expect(unsigned due, unsigned low, unsigned high)
{
    return due | low << 8 | high << 16;
}

static bool utf8_lead(unsigned char c, uint32_t *state)
{
    if (c < 0x80)
        *state = 0;
    else if (c >= 0xc2 && c <= 0xdf)
        *state = utf8_expect(1, 0x80, 0xbf);
    else if (c >= 0xe0 && c <= 0xef)
        *state = utf8_expect(2, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf);
    else if (c >= 0xf0 && c <= 0xf4)
        *state = utf8_expect(3, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf);
    else
        return false;
    return true;
}

/* What the text begins with: whole words of ASCII, which most text is. Gives how many bytes. */
static size_t skip_ascii(const char *s, size_t n)
{
    uint64_t word;
    size_t at = 0;
    for (; at + sizeof word <= n; at += sizeof word) {
        memcpy(&word, s + at, sizeof word);
        if (word & 0x8080808080808080)
            break;
    }
    return at;
}

static bool utf8_feed(uint32_t *state, const char *s, size_t n)
{
    for (size_t i = *state & 0xff ? 0 : skip_ascii(s, n); i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        unsigned due = *state & 0xff;
        if (!due) {
            if (!utf8_lead(c, state))
                return false;
            continue;
        }
        if (c < (*state >> 8 & 0xff) || c > (*state >> 16 & 0xff))
            return false;
        *state = due > 1 ? utf8_expect(due - 1, 0x80, 0xbf) : 0;
    }
    return true;
}

/* --- the parser's life ----------------------------------------------------------------------------- */

void ws_parser_init(struct ws_parser *p, const struct ws_limits *limits, bool deflate,
                    int client_window_bits)
{
    *p = (struct ws_parser){
        .limits = limits, .deflate = deflate, .window_bits = client_window_bits, .header_need = 2
    };
}

static void drop_message(struct ws_parser *p)
{
    if (p->message) {
        buf_free(p->message);
        free(p->message);
    }
    p->message = NULL;
    p->fragment_count = 0;
    p->opcode = 0;
    p->utf8_state = 0;
    p->compressed = false;
}

void ws_parser_free(struct ws_parser *p)
{
    drop_message(p);
    free(p->control_data);
    p->control_data = NULL;
}

bool ws_parser_is_idle(const struct ws_parser *p)
{
    bool between = p->header_bytes == 0 || p->header_bytes == p->header_need;
    return between && !p->in_payload && !p->opcode;
}

/* --- headers ------------------------------------------------------------------------------------------- */

/* How long the header is, once its first two bytes are known. */
static uint8_t header_size(const uint8_t h[2])
{
    unsigned length = h[1] & 0x7f;
    unsigned extended = length == 126 ? 2 : length == 127 ? 8 : 0, mask = h[1] & MASKED ? 4 : 0;
    return (uint8_t)(2 + extended + mask);
}

static uint64_t payload_length(const uint8_t *h)
{
    unsigned length = h[1] & 0x7f;
    if (length == 126)
        return (uint64_t)h[2] << 8 | h[3];
    if (length < 126)
        return length;
    uint64_t n = 0;
    for (int i = 2; i < 10; i++)
        n = n << 8 | h[i];
    return n;
}

static bool shortest_form(const uint8_t *h, uint64_t n)
{
    unsigned length = h[1] & 0x7f;
    return length < 126 || (length == 126 && n > 125) ||
           (length == 127 && n > 65535 && n >> 63 == 0);
}

static int begin_control(struct ws_parser *p, uint8_t first, uint64_t n)
{
    if (!(first & FIN) || first & RSV1 || n > CONTROL_MAX)
        return WS_PROTOCOL_ERROR;
    p->control = true;
    p->control_bytes = 0;
    return 0;
}

static int begin_data(struct ws_parser *p, uint8_t first, uint64_t n)
{
    unsigned opcode = first & 0x0f;
    if (opcode == WS_CONTINUATION) {
        if (!p->opcode || first & RSV1)
            return WS_PROTOCOL_ERROR;
    } else {
        if (p->opcode || (first & RSV1 && !p->deflate))
            return WS_PROTOCOL_ERROR;
        p->opcode = (uint8_t)opcode;
        p->compressed = first & RSV1;
    }
    if (++p->fragment_count > p->limits->fragments)
        return WS_POLICY;
    size_t have = p->message ? p->message->n : 0;
    if (n > p->limits->message_bytes || have + n > p->limits->message_bytes)
        return WS_TOO_BIG;
    p->control = false;
    p->final = first & FIN;
    return 0;
}

static int begin_frame(struct ws_parser *p)
{
    const uint8_t *h = p->header;
    uint64_t n = payload_length(h);
    unsigned opcode = h[0] & 0x0f;
    if (h[0] & RSV23 || !(h[1] & MASKED) || !shortest_form(h, n))
        return WS_PROTOCOL_ERROR;
    int bad = opcode >= WS_CLOSE && opcode <= WS_PONG ? begin_control(p, h[0], n)
              : opcode <= WS_BINARY                   ? begin_data(p, h[0], n)
                                                      : WS_PROTOCOL_ERROR;
    p->left = n;
    p->mask_at = 0;
    p->in_payload = true;
    return bad;
}

static void unmask(struct ws_parser *p, char *s, size_t n)
{
    const uint8_t *mask = p->header + p->header_need - 4;
    size_t i = 0;
    for (; i < n && p->mask_at; i++, p->mask_at = (p->mask_at + 1) & 3)
        s[i] ^= (char)mask[p->mask_at];
    uint32_t narrow;
    memcpy(&narrow, mask, sizeof narrow);
    uint64_t wide = (uint64_t)narrow << 32 | narrow;
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        memcpy(&word, s + i, 8);
        word ^= wide;
        memcpy(s + i, &word, 8);
    }
    for (; i < n; i++, p->mask_at = (p->mask_at + 1) & 3)
        s[i] ^= (char)mask[p->mask_at];
}

/* --- messages -------------------------------------------------------------------------------------------- */

static int keep(struct ws_parser *p, struct str data)
{
    if (!p->message) {
        p->message = calloc(1, sizeof *p->message);
        if (!p->message)
            return WS_TRY_LATER;
        buf_init(p->message, NULL, p->limits->message_bytes);
    }
    buf_put(p->message, data);
    return buf_err(p->message) == OK ? 0 : WS_TOO_BIG;
}

/* What a handler answers: go on, or stop because the connection is gone. */
enum { STOP = -1 };

static int deliver_compressed(struct ws_parser *p, struct str data, const struct ws_handler *h,
                              void *context)
{
    CLEANUP(buf_free) struct buf plain = { 0 };
    buf_init(&plain, NULL, p->limits->message_bytes);
    err_t e = ws_inflate(data, p->window_bits, &plain);
    if (e != OK)
        return e == E_LIMIT ? WS_TOO_BIG : WS_BAD_DATA;
    bool text = p->opcode == WS_TEXT;
    if (text && !utf8_ok(buf_str(&plain)))
        return WS_BAD_DATA;
    drop_message(p);
    return h->message(context, !text, buf_str(&plain)) ? 0 : STOP;
}

/* The message is whole: `last` is its only part, or what is kept holds it. */
static int deliver(struct ws_parser *p, struct str last, const struct ws_handler *h, void *context)
{
    struct buf *kept = p->message;
    struct str data = kept ? buf_str(kept) : last;
    if (p->compressed)
        return deliver_compressed(p, data, h, context);
    bool text = p->opcode == WS_TEXT;
    if (text && p->utf8_state & 0xff)
        return WS_BAD_DATA;
    p->message = NULL; /* the handler may free the parser: it must not free what it reads */
    drop_message(p);
    bool go_on = h->message(context, !text, data);
    if (kept) {
        buf_free(kept);
        free(kept);
    }
    return go_on ? 0 : STOP;
}

static int data_bytes(struct ws_parser *p, char *s, size_t n, const struct ws_handler *h,
                      void *context)
{
    unmask(p, s, n);
    p->left -= n;
    if (p->opcode == WS_TEXT && !p->compressed && !utf8_feed(&p->utf8_state, s, n))
        return WS_BAD_DATA;
    bool whole = p->left == 0 && p->final;
    if (p->message || !whole) {
        int bad = keep(p, str_of(s, n));
        if (bad)
            return bad;
    }
    p->in_payload = p->left > 0;
    return whole ? deliver(p, str_of(s, n), h, context) : 0;
}

/* --- control frames ------------------------------------------------------------------------------------------ */

bool ws_close_code_ok(int code)
{
    return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014) ||
           (code >= 3000 && code <= 4999);
}

static int deliver_close(struct ws_parser *p, struct str data, const struct ws_handler *h,
                         void *context)
{
    int code = 1005;
    if (data.n == 1)
        return WS_PROTOCOL_ERROR;
    if (data.n >= 2) {
        code = (int)((unsigned char)data.s[0] << 8 | (unsigned char)data.s[1]);
        if (!ws_close_code_ok(code))
            return WS_PROTOCOL_ERROR;
        if (!utf8_ok(str_sub(data, 2, data.n)))
            return WS_BAD_DATA;
    }
    p->closed = true;
    return h->close(context, code, str_sub(data, 2, data.n)) ? 0 : STOP;
}

static int deliver_control(struct ws_parser *p, struct str data, const struct ws_handler *h,
                           void *context)
{
    switch (p->header[0] & 0x0f) {
    case WS_CLOSE:
        return deliver_close(p, data, h, context);
    case WS_PING:
        return h->ping(context, data) ? 0 : STOP;
    default:
        return h->pong(context, data) ? 0 : STOP;
    }
}

static int control_bytes(struct ws_parser *p, char *s, size_t n, const struct ws_handler *h,
                         void *context)
{
    unmask(p, s, n);
    p->left -= n;
    bool whole = p->left == 0;
    if (whole && !p->control_bytes) {
        p->in_payload = false;
        return deliver_control(p, str_of(s, n), h, context);
    }
    if (!p->control_data && !(p->control_data = malloc(CONTROL_MAX)))
        return WS_TRY_LATER;
    memcpy(p->control_data + p->control_bytes, s, n); /* the header bounded the sum to 125 */
    p->control_bytes = (uint8_t)(p->control_bytes + n);
    if (!whole)
        return 0;
    uint8_t *data = p->control_data;
    p->control_data = NULL;
    p->in_payload = false;
    int bad = deliver_control(p, str_of((const char *)data, p->control_bytes), h, context);
    free(data);
    return bad;
}

/* --- feeding ---------------------------------------------------------------------------------------------------- */

/* Take header bytes; true when the header is whole. */
static bool take_header(struct ws_parser *p, const char *bytes, size_t n, size_t *at)
{
    while (*at < n && p->header_bytes < p->header_need) {
        p->header[p->header_bytes++] = (uint8_t)bytes[(*at)++];
        if (p->header_bytes == 2)
            p->header_need = header_size(p->header);
    }
    return p->header_bytes == p->header_need && p->header_bytes >= 2;
}

/* Read what can be read of one frame. False: all bytes are read, or *ret_code says why no more is. */
static bool feed_frame(struct ws_parser *p, char *bytes, size_t n, size_t *at,
                       const struct ws_handler *h, void *context, int *ret_code)
{
    *ret_code = 0;
    if (!p->in_payload) {
        if (p->header_bytes == p->header_need) { /* the frame before is done */
            p->header_bytes = 0;
            p->header_need = 2;
        }
        if (*at == n || !take_header(p, bytes, n, at))
            return false;
        if ((*ret_code = begin_frame(p)) != 0)
            return false;
    }
    if (*at == n && p->left)
        return false;
    size_t take = p->left < n - *at ? (size_t)p->left : n - *at, from = *at;
    *at += take;
    p->more = *at < n;
    *ret_code = p->control ? control_bytes(p, bytes + from, take, h, context)
                           : data_bytes(p, bytes + from, take, h, context);
    return *ret_code == 0;
}

int ws_feed(struct ws_parser *p, char *bytes, size_t n, size_t *ret_taken,
            const struct ws_handler *h, void *context)
{
    size_t at = 0;
    int code = 0;
    while (!p->closed && !p->hold && feed_frame(p, bytes, n, &at, h, context, &code))
        ;
    if (ret_taken)
        *ret_taken = at;
    return code == STOP ? 0 : code;
}

/* --- writing ------------------------------------------------------------------------------------------------------ */

static size_t put_head(char h[WS_HEAD_MAX], unsigned first, size_t n)
{
    h[0] = (char)first;
    if (n < 126) {
        h[1] = (char)n;
        return 2;
    }
    if (n <= 65535) {
        h[1] = 126;
        h[2] = (char)(n >> 8);
        h[3] = (char)n;
        return 4;
    }
    h[1] = 127;
    for (int i = 0; i < 8; i++)
        h[2 + i] = (char)((uint64_t)n >> (56 - 8 * i));
    return 10;
}

size_t ws_write_head(char ret[WS_HEAD_MAX], enum ws_opcode opcode, size_t payload_bytes)
{
    return put_head(ret, FIN | (unsigned)opcode, payload_bytes);
}

static void write_header(struct buf *out, unsigned first, size_t n)
{
    char h[WS_HEAD_MAX];
    buf_put(out, str_of(h, put_head(h, first, n)));
}

void ws_write(struct buf *out, enum ws_opcode opcode, struct str payload, bool compress,
              int server_window_bits)
{
    if (compress && opcode < WS_CLOSE && payload.n >= WS_DEFLATE_MIN) {
        CLEANUP(buf_free) struct buf packed = { 0 };
        buf_init(&packed, NULL, payload.n);
        if (ws_deflate(payload, server_window_bits, &packed) ==
            OK) { /* larger than before: sent as it is */
            write_header(out, FIN | RSV1 | (unsigned)opcode, packed.n);
            buf_put(out, buf_str(&packed));
            return;
        }
    }
    write_header(out, FIN | (unsigned)opcode, payload.n);
    buf_put(out, payload);
}

void ws_write_close(struct buf *out, int code, struct str reason)
{
    if (!code) {
        ws_write(out, WS_CLOSE, STR_NONE, false, 0);
        return;
    }
    char data[CONTROL_MAX] = { (char)(code >> 8), (char)code };
    struct str cut = utf8_cut(reason, CONTROL_MAX - 2);
    if (cut.n)
        memcpy(data + 2, cut.s, cut.n);
    ws_write(out, WS_CLOSE, str_of(data, 2 + cut.n), false, 0);
}

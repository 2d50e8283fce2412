/* room: net */
/* WebSocket frames in pieces of every size, compressed or not, and what a message unpacks to. The first byte says how:
 * its low six bits how large the pieces are, bit 6 that reading is held after each message, bit 7 that what follows is
 * the inside of one packed message. */
#include "net/ws.h"

enum { MESSAGE_BYTES_MAX = 1 << 20, HOLDS = 0x40, PACKED = 0x80 };

struct seen {
    struct ws_parser parser;
    size_t bytes;
    bool holds;
};

static bool on_message(void *context, bool binary, struct str data)
{
    struct seen *s = context;
    UNUSED(binary);
    assert(data.n <= MESSAGE_BYTES_MAX);
    s->bytes += data.n;
    s->parser.hold = s->holds;
    return true;
}
static bool on_data(void *context, struct str data)
{
    assert(data.n <= 125);
    ((struct seen *)context)->bytes += data.n;
    return true;
}
static bool on_close(void *context, int code, struct str reason)
{
    UNUSED(context);
    UNUSED(reason);
    assert(code == 1005 || ws_close_code_ok(code));
    return true;
}

/* False: the parser wants no more. */
static bool feed(struct seen *s, char *bytes, size_t n)
{
    static const struct ws_handler HANDLER = { on_message, on_data, on_data, on_close };
    size_t taken = 0;
    do {
        s->parser.hold = false;
        if (ws_feed(&s->parser, bytes, n, &taken, &HANDLER, s) != 0 || s->parser.closed)
            return false;
        assert(taken == n || s->parser.hold);
        bytes += taken;
        n -= taken;
    } while (n);
    return true;
}

static void feed_frames(struct str bytes, size_t step, bool holds)
{
    static const struct ws_limits LIMITS = { .message_bytes = MESSAGE_BYTES_MAX, .fragments = 64 };
    struct seen s = { .holds = holds };
    CLEANUP(buf_free) struct buf copy = { 0 };
    ws_parser_init(&s.parser, &LIMITS, true, 15);
    buf_init(&copy, NULL, bytes.n + 1);
    buf_put(&copy, bytes);
    for (size_t at = 0; at < bytes.n; at += step)
        if (!feed(&s, copy.s + at, step < bytes.n - at ? step : bytes.n - at))
            break;
    ws_parser_free(&s.parser);
}

/* What unpacks packs again, to the same. */
static void unpack(struct str packed, int window_bits)
{
    CLEANUP(buf_free) struct buf plain = { 0 }, again = { 0 }, back = { 0 };
    buf_init(&plain, NULL, MESSAGE_BYTES_MAX);
    buf_init(&again, NULL, 2 * MESSAGE_BYTES_MAX);
    buf_init(&back, NULL, MESSAGE_BYTES_MAX);
    if (ws_inflate(packed, window_bits, &plain) != OK)
        return;
    assert(plain.n <= MESSAGE_BYTES_MAX);
    if (ws_deflate(buf_str(&plain), window_bits, &again) == OK)
        assert(ws_inflate(buf_str(&again), window_bits, &back) == OK &&
               str_eq(buf_str(&back), buf_str(&plain)));
    else
        assert(plain.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    struct str rest = str_of((const char *)data + 1, size - 1);
    if (data[0] & PACKED)
        unpack(rest, 9 + data[0] % 7);
    else
        feed_frames(rest, (size_t)(data[0] & 0x3f) + 1, data[0] & HOLDS);
    return 0;
}

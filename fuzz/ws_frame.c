/* room: net */
/* WebSocket frames in pieces of every size, compressed or not. The first byte says how large the pieces are. */
#include "net/ws.h"

static bool on_message(void *context, bool binary, struct str data)
{
    UNUSED(binary);
    *(size_t *)context += data.n;
    return true;
}
static bool on_data(void *context, struct str data)
{
    *(size_t *)context += data.n;
    return true;
}
static bool on_close(void *context, int code, struct str reason)
{
    UNUSED(context);
    UNUSED(reason);
    assert(code == 1005 || ws_close_code_ok(code));
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct ws_limits limits = { .message_bytes = 1 << 20, .fragments = 64 };
    const struct ws_handler handler = { on_message, on_data, on_data, on_close };
    struct ws_parser p;
    CLEANUP(buf_free) struct buf copy = { 0 };
    size_t seen = 0, step = size ? (size_t)data[0] + 1 : 1;
    ws_parser_init(&p, &limits, true, 15);
    buf_init(&copy, NULL, size + 1);
    buf_put(&copy, str_of((const char *)data, size));
    for (size_t at = 1; at < size; at += step)
        if (ws_feed(&p, copy.s + at, step < size - at ? step : size - at, NULL, &handler, &seen) !=
            0)
            break;
    ws_parser_free(&p);
    return 0;
}

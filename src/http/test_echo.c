/* /ws-echo, with VIVIM_TEST=1: a plain WebSocket that says everything back, for outside suites. Only what http.h offers. */
#include "http/own_routes.h"
#include "net/ws_conn.h"

enum { ECHO_FRAGMENTS_MAX = 100000, ECHO_CLOSE_MS = 5000 };

static void echo_message(struct ws_conn *c, bool binary, struct str data)
{
    (void)!ws_conn_send(c, binary,
                        data); /* false: it is closing, and nobody waits for the answer */
}

static void echo_closed(struct ws_conn *c, int code)
{
    UNUSED(c);
    UNUSED(code);
}

static const struct ws_events EVENTS = { .message = echo_message, .closed = echo_closed };

static const struct ws_options OPTIONS = {
    .events = &EVENTS,
    .limits = { .message_bytes = MIB(16), .fragments = ECHO_FRAGMENTS_MAX },
    .unsent_bytes_max = MIB(4),
    .close_timeout_ms = ECHO_CLOSE_MS,
};

static void echo_begin(struct held *h, void *arg)
{
    struct ws_conn *ws;
    UNUSED(arg);
    err_t e = held_websocket(h, &OPTIONS, true, NULL, STR_NONE, &ws);
    if (e != OK)
        held_fail(h, e);
}

static err_t echo_get(struct req *rq, struct reply *rp)
{
    reply_hold(rq, rp, echo_begin, NULL);
    return OK;
}

const struct route HTTP_TEST_ROUTES[] = {
    { HTTP_GET, "/ws-echo", echo_get, AUTH_PUBLIC, RATE_NONE, 0, RUN_LOOP, SCOPE_NONE,
      .summary = "A WebSocket that says everything back, in tests", .success = 101 },
};
const size_t HTTP_TEST_ROUTE_COUNT = COUNTOF(HTTP_TEST_ROUTES);

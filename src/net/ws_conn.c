#include "net/ws_conn.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "os/clock.h"

/* CLOSING: our close frame went, the peer's is awaited. ENDED: nothing more is sent or read. */
enum status { OPEN, CLOSING, ENDED };

enum { PONG_BYTES_MAX = 125, LOOPS_MAX = 64 };

struct unread {
    size_t n;
    char bytes[];
};

struct ws_conn {
    struct net_conn *conn; /* NULL: closed, and a letter to it is under way */
    void *state;
    const struct ws_options *options;
    struct ws_parser *parser; /* of who reads just now, or heap: of a message that is under way */
    struct unread *unread;    /* heap: what came while reading was held */
    struct buf *pong;         /* heap: the latest ping's answer, while something waits before it */
    uint16_t code;            /* what `closed` will say */
    uint16_t sent_code;       /* of our close frame */
    uint8_t status : 2, server_window_bits : 4;
    uint8_t client_window_bits : 4;
    bool deflate : 1;
    bool
        held : 1; /* no more is read: the peer is behind, or what came with the request is not read yet */
    bool posted : 1; /* a letter to it is under way */
    bool heard : 1;  /* since the last ping */
    bool pinged : 1;
};

/* --- figures: each loop's thread writes its own ------------------------------------------------- */

struct counters {
    _Alignas(64) _Atomic uint64_t of[sizeof(struct ws_figures) / sizeof(uint64_t)];
};
static struct counters counters[LOOPS_MAX];

#define FIGURE(name) (offsetof(struct ws_figures, name) / sizeof(uint64_t))

/* One writer: no locked instruction is needed. */
static void count(const struct net_loop *l, size_t figure, uint64_t n)
{
    _Atomic uint64_t *at = &counters[l->number % LOOPS_MAX].of[figure];
    uint64_t old = atomic_load_explicit(at, memory_order_relaxed);
    atomic_store_explicit(at, old + n, memory_order_relaxed);
}

void ws_figures(struct ws_figures *ret)
{
    uint64_t sums[sizeof *ret / sizeof(uint64_t)] = { 0 };
    for (size_t i = 0; i < COUNTOF(counters); i++)
        for (size_t j = 0; j < COUNTOF(sums); j++)
            sums[j] += atomic_load_explicit(&counters[i].of[j], memory_order_relaxed);
    memcpy(ret, sums, sizeof *ret);
}

/* --- shared frames ---------------------------------------------------------------------------------- */

struct ws_frame *ws_frame_join(enum ws_opcode opcode, struct str head, struct str rest)
{
    char h[WS_HEAD_MAX];
    size_t head_bytes = ws_write_head(h, opcode, head.n + rest.n);
    struct ws_frame *f = malloc(sizeof *f + head_bytes + head.n + rest.n);
    if (!f)
        return NULL;
    f->references = 1;
    f->head_bytes = (unsigned)head_bytes;
    f->n = head_bytes + head.n + rest.n;
    memcpy(f->bytes, h, head_bytes);
    if (head.n)
        memcpy(f->bytes + head_bytes, head.s, head.n);
    if (rest.n)
        memcpy(f->bytes + head_bytes + head.n, rest.s, rest.n);
    return f;
}

struct ws_frame *ws_frame_new(enum ws_opcode opcode, struct str payload)
{
    return ws_frame_join(opcode, payload, STR_NONE);
}

struct ws_frame *ws_frame_hold(struct ws_frame *f)
{
    atomic_fetch_add_explicit(&f->references, 1, memory_order_relaxed);
    return f;
}

void ws_frame_drop(struct ws_frame *f)
{
    if (f && atomic_fetch_sub_explicit(&f->references, 1, memory_order_acq_rel) == 1)
        free(f);
}

struct str ws_frame_payload(const struct ws_frame *f)
{
    return str_of(f->bytes + f->head_bytes, f->n - f->head_bytes);
}

/* --- what it is ---------------------------------------------------------------------------------------- */

void *ws_conn_state(const struct ws_conn *c)
{
    return c->state;
}

void ws_conn_set_state(struct ws_conn *c, void *state)
{
    c->state = state;
}

struct net_loop *ws_conn_loop(const struct ws_conn *c)
{
    return c->conn->loop;
}

size_t ws_conn_unsent_bytes(const struct ws_conn *c)
{
    return c->conn->unsent_bytes;
}

/* --- ending ---------------------------------------------------------------------------------------------- */

static void write_close(struct ws_conn *c, int code, struct str reason)
{
    CLEANUP(buf_free) struct buf out = { 0 };
    buf_init(&out, NULL, PONG_BYTES_MAX + WS_HEAD_MAX);
    ws_write_close(&out, code, reason);
    net_write_copy(c->conn, buf_str(&out));
}

/* Nothing more is sent or read: wait for the kernel to take what waits, then for the peer to go. */
static void end(struct ws_conn *c, int code)
{
    c->status = ENDED;
    c->code = (uint16_t)code;
    net_close_after(c->conn);
    if (c->conn->unsent_bytes)
        net_deadline(c->conn, clock_monotonic_ms() + c->options->close_timeout_ms);
}

/* The peer broke the rules, or fell too far behind: say why, and wait for no answer. */
static void fail(struct ws_conn *c, int code)
{
    write_close(c, code, STR_NONE);
    end(c, code);
}

static void read_on(struct ws_conn *c);

static void hold(struct ws_conn *c, bool held)
{
    c->held = held;
    if (c->parser)
        c->parser->hold = held;
}

void ws_conn_close(struct ws_conn *c, int code, struct str reason)
{
    if (c->status != OPEN || c->conn->closing)
        return;
    write_close(c, code, reason);
    c->status = CLOSING;
    c->sent_code = (uint16_t)(code ? code : 1005);
    net_deadline(c->conn, clock_monotonic_ms() + c->options->close_timeout_ms);
    if (c->held)
        read_on(c); /* to find the peer's close frame; messages before it are not told */
}

void ws_conn_abort(struct ws_conn *c)
{
    c->status = ENDED;
    net_close(c->conn);
}

/* --- sending ---------------------------------------------------------------------------------------------- */

static bool may_send(struct ws_conn *c, size_t n)
{
    size_t unsent = c->conn->unsent_bytes + net_corked_bytes(c->conn);
    if (c->status != OPEN || c->conn->closing)
        return false;
    if (!unsent || unsent + n <= c->options->unsent_bytes_max)
        return true;
    count(c->conn->loop, FIGURE(dropped), 1);
    fail(c, WS_TRY_LATER);
    return false;
}

/* A peer that is slow to take is not heard: what it says would only make more. */
static void sent(struct ws_conn *c, size_t n)
{
    count(c->conn->loop, FIGURE(messages_out), 1);
    count(c->conn->loop, FIGURE(bytes_out), n);
    if (c->conn->unsent_bytes > c->options->unsent_bytes_max / 2) {
        hold(c, true);
        net_pause(c->conn);
    }
}

static void drop_frame(void *frame)
{
    ws_frame_drop(frame);
}

/* Into a cork goes what others may follow: one message alone is not copied, and costs what it costs without. */
static bool is_one_of_several(const struct ws_conn *c)
{
    return c->conn->cork || c->conn->loop->more;
}

bool ws_conn_send_frame(struct ws_conn *c, struct ws_frame *f)
{
    if (!may_send(c, f->n))
        return false;
    struct str bytes = str_of(f->bytes, f->n);
    if (!is_one_of_several(c) || !net_write_corked(c->conn, &bytes, 1))
        net_write(c->conn, &bytes, 1, drop_frame, ws_frame_hold(f));
    sent(c, f->n);
    return true;
}

static bool send_packed(struct ws_conn *c, enum ws_opcode opcode, struct str data)
{
    CLEANUP(buf_free) struct buf out = { 0 };
    buf_init(&out, NULL, data.n + WS_HEAD_MAX);
    ws_write(&out, opcode, data, true, c->server_window_bits);
    if (buf_err(&out)) {
        ws_conn_abort(c);
        return false;
    }
    net_write_copy(c->conn, buf_str(&out));
    sent(c, out.n);
    return true;
}

bool ws_conn_send_parts(struct ws_conn *c, bool binary, struct str first, struct str rest)
{
    char head[WS_HEAD_MAX];
    size_t n = ws_write_head(head, binary ? WS_BINARY : WS_TEXT, first.n + rest.n);
    if (!may_send(c, n + first.n + rest.n))
        return false;
    struct str parts[] = { str_of(head, n), first, rest };
    if (!is_one_of_several(c) || !net_write_corked(c->conn, parts, COUNTOF(parts)))
        net_write_copies(c->conn, parts, COUNTOF(parts));
    sent(c, n + first.n + rest.n);
    return true;
}

bool ws_conn_send(struct ws_conn *c, bool binary, struct str data)
{
    if (!c->deflate || data.n < WS_DEFLATE_MIN)
        return ws_conn_send_parts(c, binary, data, STR_NONE);
    return may_send(c, data.n + WS_HEAD_MAX) && send_packed(c, binary ? WS_BINARY : WS_TEXT, data);
}

/* --- receiving ----------------------------------------------------------------------------------------------- */

static bool on_message(void *context, bool binary, struct str data)
{
    struct ws_conn *c = context;
    if (c->status == OPEN) {
        count(c->conn->loop, FIGURE(messages_in), 1);
        c->conn->loop->more = c->parser->more;
        c->options->events->message(c, binary, data);
    }
    return c->status != ENDED && !c->conn->closing;
}

/* While something waits only the latest ping is answered (RFC 6455 section 5.5.3): pings alone cannot make us keep more. */
static bool on_ping(void *context, struct str data)
{
    struct ws_conn *c = context;
    struct buf answer;
    if (c->status != OPEN)
        return true;
    buf_init(&answer, NULL, PONG_BYTES_MAX + WS_HEAD_MAX);
    ws_write(&answer, WS_PONG, data, false, 0);
    if (c->conn->unsent_bytes == 0) {
        net_write_copy(c->conn, buf_str(&answer));
        buf_free(&answer);
        return true;
    }
    if (!c->pong)
        c->pong = calloc(1, sizeof *c->pong);
    if (c->pong) {
        buf_free(c->pong);
        *c->pong = answer;
    } else {
        buf_free(&answer);
    }
    return true;
}

static bool on_pong(void *context, struct str data)
{
    UNUSED(context);
    UNUSED(data);
    return true;
}

static bool on_close(void *context, int code, struct str reason)
{
    struct ws_conn *c = context;
    UNUSED(reason);
    if (c->status == OPEN) {
        write_close(c, code == 1005 ? 0 : code, STR_NONE);
        end(c, code);
    } else {
        end(c, c->sent_code);
    }
    return false;
}

static const struct ws_handler HANDLER = { on_message, on_ping, on_pong, on_close };

static void keep_unread(struct ws_conn *c, const char *bytes, size_t n)
{
    c->unread = malloc(sizeof *c->unread + n);
    if (!c->unread) {
        fail(c, WS_TRY_LATER);
        return;
    }
    c->unread->n = n;
    memcpy(c->unread->bytes, bytes, n);
}

/* Of what was read a part of a message is left: the parser is kept until the rest comes. */
static void keep_parser(struct ws_conn *c, const struct ws_parser *p)
{
    c->parser = malloc(sizeof *c->parser);
    if (c->parser)
        *c->parser = *p;
    else
        fail(c, WS_TRY_LATER);
}

static void drop_parser(struct ws_conn *c)
{
    if (c->parser)
        ws_parser_free(c->parser);
    free(c->parser);
    c->parser = NULL;
}

/* Most of what comes are whole messages: they are read by a parser that lives no longer than this call. */
static int parse(struct ws_conn *c, char *bytes, size_t n, size_t *ret_taken)
{
    struct ws_parser own;
    if (c->parser) {
        int code = ws_feed(c->parser, bytes, n, ret_taken, &HANDLER, c);
        if (ws_parser_is_idle(c->parser))
            drop_parser(c);
        return code;
    }
    ws_parser_init(&own, &c->options->limits, c->deflate, c->client_window_bits);
    own.hold = c->held;
    c->parser = &own;
    int code = ws_feed(&own, bytes, n, ret_taken, &HANDLER, c);
    c->parser = NULL;
    if (code || c->status == ENDED || ws_parser_is_idle(&own)) {
        ws_parser_free(&own);
        return code;
    }
    keep_parser(c, &own);
    if (!c->parser)
        ws_parser_free(&own);
    return 0;
}

static void feed(struct ws_conn *c, char *bytes, size_t n)
{
    size_t taken = n;
    int code = parse(c, bytes, n, &taken);
    c->conn->loop->more = false;
    if (code)
        fail(c, code);
    else if (taken < n && c->held && c->status != ENDED)
        keep_unread(c, bytes + taken, n - taken);
}

/* Reading was held: first what had come by then. */
static void read_on(struct ws_conn *c)
{
    struct unread *unread = c->unread;
    hold(c, false);
    if (unread) {
        c->unread = NULL;
        feed(c, unread->bytes, unread->n);
        free(unread);
    }
    if (!c->held)
        net_resume(c->conn);
}

/* --- the protocol ------------------------------------------------------------------------------------------------ */

static void protocol_data(struct net_conn *conn, char *bytes, size_t n)
{
    struct ws_conn *c = conn->state;
    c->heard = true;
    count(conn->loop, FIGURE(bytes_in), n);
    if (c->status != ENDED)
        feed(c, bytes, n);
}

static void protocol_drained(struct net_conn *conn)
{
    struct ws_conn *c = conn->state;
    c->heard = true;
    if (c->pong && c->status == OPEN)
        net_write_copy(conn, buf_str(c->pong));
    if (c->pong)
        buf_free(c->pong);
    free(c->pong);
    c->pong = NULL;
    if (c->status == OPEN && c->options->events->drained)
        c->options->events->drained(c);
    if (c->held && !conn->unsent_bytes && c->status != ENDED && !conn->closing)
        read_on(c);
}

static void next_ping(struct ws_conn *c)
{
    if (c->options->ping_interval_ms)
        net_deadline(c->conn, clock_monotonic_ms() + c->options->ping_interval_ms);
}

static void protocol_timeout(struct net_conn *conn)
{
    struct ws_conn *c = conn->state;
    char ping[WS_HEAD_MAX];
    if (c->status != OPEN || (c->pinged && !c->heard)) {
        net_close(conn);
        return;
    }
    c->pinged = true;
    c->heard = false;
    if (conn->unsent_bytes == 0) /* else what waits asks the same */
        net_write_copy(conn, str_of(ping, ws_write_head(ping, WS_PING, 0)));
    next_ping(c);
}

static void protocol_stopping(struct net_conn *conn)
{
    struct ws_conn *c = conn->state;
    if (c->status == OPEN && c->options->events->stopping)
        c->options->events->stopping(c);
    else
        ws_conn_close(c, WS_GOING_AWAY, S("the server is stopping"));
}

static void conn_free(struct ws_conn *c)
{
    drop_parser(c);
    if (c->pong)
        buf_free(c->pong);
    free(c->pong);
    free(c->unread);
    free(c);
}

static void protocol_closed(struct net_conn *conn)
{
    struct ws_conn *c = conn->state;
    size_t at = c->code - WS_CODE_FIRST;
    if (at >= WS_CODE_COUNT)
        at = WS_CODE_COUNT - 1;
    count(conn->loop, FIGURE(closed), 1);
    count(conn->loop, FIGURE(codes) + at, 1);
    c->status = ENDED;
    c->options->events->closed(c, c->code);
    c->conn = NULL;
    if (!c->posted)
        conn_free(c);
}

const struct net_protocol WS_PROTOCOL = {
    .data = protocol_data,
    .drained = protocol_drained,
    .timeout = protocol_timeout,
    .stopping = protocol_stopping,
    .closed = protocol_closed,
};

/* --- beginning ------------------------------------------------------------------------------------------------------ */

struct ws_conn *ws_conn_new(const struct ws_options *o, const struct ws_accept *agreed, void *state)
{
    struct ws_conn *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->options = o;
    c->state = state;
    c->code = 1006;
    c->deflate = agreed->deflate;
    c->server_window_bits = (unsigned)agreed->server_window_bits & 15;
    c->client_window_bits = (unsigned)agreed->client_window_bits & 15;
    return c;
}

static void read_first(struct net_loop *l, void *arg)
{
    struct ws_conn *c = arg;
    UNUSED(l);
    c->posted = false;
    if (!c->conn)
        conn_free(c);
    else if (c->status != ENDED && !c->conn->closing && c->unread && !c->conn->unsent_bytes)
        read_on(c);
}

void ws_conn_begin(struct ws_conn *c, struct net_conn *conn, struct buf *rest)
{
    c->conn = conn;
    count(conn->loop, FIGURE(opened), 1);
    next_ping(c);
    if (rest->n) {
        net_pause(conn);
        hold(c, true);
        keep_unread(c, rest->s, rest->n);
        c->posted = true;
        net_post(conn->loop, read_first, c);
    }
    buf_free(rest);
}

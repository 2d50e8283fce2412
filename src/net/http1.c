#include "net/http1.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "net/chunked.h"
#include "net/http1_head.h"
#include "os/clock.h"
#include "os/file.h"

enum {
    FILE_CHUNK = 65536,
    HELD_AHEAD_BYTES = 4096,
    FREE_EXCHANGES_MAX = 64,
    BODY_PROGRESS_BYTES = 16384,
    BLANK_LINES_MAX = 2 /* before a request (RFC 9112 section 2.2) */
};

/* CHECKING: whether the body may come is being found out. AWAITING: handed up, no answer yet. HELD: it will take long; the client is
 * listened to. SENDING: the answer is on its way. DROPPING: it has gone, and the body that nobody wanted comes. */
enum state { READ_HEAD, CHECKING, READ_BODY, AWAITING, HELD, SENDING, DROPPING, STREAMING, ENDED };

struct http1 {
    struct net_conn *conn;
    struct http1_server *server;
    struct net_peer peer;
    struct http1_exchange *exchange; /* under way; NULL while idle */
    enum state state;
    bool complete;    /* of the parser's callbacks */
    struct buf ahead; /* bytes that wait: an unfinished header block, or what was sent ahead */
    struct chunked chunked; /* the body's frames … */
    uint64_t length_left;   /* … or how much of it is to come */
    size_t body_since_deadline;
    unsigned blank_lines;
    bool saw_cr; /* of a blank line */
    int file_fd; /* of the answer that is being sent; -1 */
    size_t file_left;
    bool
        drains; /* of what is being sent more is to come, or it is not ours: next when the connection has it all */
    bool close_after, reads_ahead;
    bool given_away; /* to another protocol: freed when nobody reads any more */
    unsigned served, readers;
    void (*gone)(struct http1_exchange *x, void *context);
    void *gone_context;
    void (*drained)(struct http1_exchange *x, void *context); /* of a stream */
    void *drained_context;
};

static void consume(struct http1 *h, char *bytes, size_t n);

/* --- exchanges ----------------------------------------------------------------------------------
 * A short list of free ones for each thread spares the allocator on the hot path. */

static _Thread_local struct http1_exchange *free_list;
static _Thread_local int free_count;

static struct http1_exchange *exchange_new(struct http1 *h)
{
    struct http1_exchange *x = free_list;
    if (x) {
        free_list = x->next_free;
        free_count--;
    } else if ((x = calloc(1, sizeof *x))) {
        arena_init(&x->arena, REQUEST_ARENA_BYTES_MAX);
    } else {
        return NULL;
    }
    struct arena arena = x->arena;
    *x = (struct http1_exchange){ .arena = arena,
                                  .loop = h->conn->loop,
                                  .connection = h,
                                  .body_fd = -1,
                                  .peer = h->peer,
                                  .local = h->conn->local };
    return x;
}

static void exchange_free(struct http1_exchange *x)
{
    if (x->body_fd >= 0)
        close(x->body_fd);
    arena_reset(&x->arena);
    if (free_count < FREE_EXCHANGES_MAX) {
        x->next_free = free_list;
        free_list = x;
        free_count++;
        return;
    }
    arena_free(&x->arena);
    free(x);
}

void http1_thread_end(void)
{
    while (free_list) {
        struct http1_exchange *x = free_list;
        free_list = x->next_free;
        arena_free(&x->arena);
        free(x);
    }
    free_count = 0;
}

/* --- header fields ------------------------------------------------------------------------------------ */

struct str http1_header_value(const struct http1_exchange *x, struct str lower_name)
{
    for (size_t i = 0; i < x->header_count; i++)
        if (str_eq(x->headers[i].name, lower_name))
            return x->headers[i].value;
    return STR_NONE;
}

/* --- errors ---------------------------------------------------------------------------------------------- */

static void answer_bad(struct http1 *h, err_t e)
{
    CLEANUP(buf_free) struct buf out = { 0 };
    buf_init(&out, NULL, KIB(16));
    h->server->bad(e, &out, h->server->context);
    h->state = ENDED;
    net_write_copy(h->conn, buf_str(&out));
    net_close_after(h->conn);
}

/* --- the body ----------------------------------------------------------------------------------------------- */

static err_t open_spool(struct http1_exchange *x, const char *folder)
{
    char path[4096];
    if (snprintf(path, sizeof path, "%s/body-XXXXXX", folder) >= (int)sizeof path)
        return E_LIMIT;
    x->body_fd = mkostemp(path, O_CLOEXEC);
    if (x->body_fd < 0)
        return E_IO;
    unlink(path);
    return file_write_all(x->body_fd, buf_str(&x->body));
}

static err_t keep_body(struct http1 *h, struct str bytes)
{
    struct http1_exchange *x = h->exchange;
    if (bytes.n > x->body_max - x->body_bytes || x->body_bytes > x->body_max) {
        x->body_too_large = true;
        return E_LIMIT;
    }
    x->body_bytes += bytes.n;
    if (x->body_fd < 0 && x->body_bytes <= HTTP_BODY_SPOOL_BYTES) {
        buf_put(&x->body, bytes);
        return buf_err(&x->body);
    }
    if (x->body_fd < 0)
        TRY(open_spool(x, h->server->temp_dir));
    return file_write_all(x->body_fd, bytes);
}

/* --- reading -------------------------------------------------------------------------------------------------- */

static void hand_up(struct http1 *h)
{
    struct http1_exchange *x = h->exchange;
    h->state = AWAITING;
    net_deadline(h->conn, 0);
    /* A small body that nobody wants is dropped behind the answer, if the client is sure to send it. */
    bool drops = x->body_left && !x->body_chunked && !x->expects_continue &&
                 h->length_left <= HTTP_DISCARD_BYTES_MAX;
    x->keep_alive =
        x->keep_alive && !h->server->draining && (drops || !(x->body_left || x->body_too_large));
    if (x->body_fd >= 0 && lseek(x->body_fd, 0, SEEK_SET) != 0)
        x->body_too_large = true;
    h->server->request(x, h->server->context);
    /* Who sends ahead is not read before its turn. The others are read on: for them that costs nothing, while to stop and to begin
     * again would be two calls each. */
    if (h->ahead.n && !h->given_away && (h->state == AWAITING || h->state == SENDING))
        net_pause(h->conn);
}

/* The client is gone, or silent for too long, in the middle of a body of which the beginning is of use. Whoever answers finds
 * nobody and frees the exchange. Not while the server stops: whoever works is waited for no more. */
static void hand_up_cut(struct http1 *h)
{
    struct http1_exchange *x = h->exchange;
    if (h->state != READ_BODY || !x->takes_cut || !x->body_bytes || h->server->draining)
        return;
    h->exchange = NULL;
    x->connection = NULL;
    x->body_cut = true;
    if (x->body_fd >= 0 && lseek(x->body_fd, 0, SEEK_SET) != 0)
        x->body_too_large = true;
    h->server->request(x, h->server->context);
}

static void keep_ahead(struct http1 *h, const char *bytes, size_t n)
{
    if (!h->ahead.max_bytes)
        buf_init(&h->ahead, NULL, NET_READ_BYTES + HTTP_HEADER_BYTES_MAX);
    buf_put(&h->ahead, str_of(bytes, n));
}

static void begin_body(struct http1 *h, char *bytes, size_t n)
{
    struct http1_exchange *x = h->exchange;
    if (!x->body_chunked && x->body_length > x->body_max) {
        x->body_too_large = x->body_left = true;
        if (n)
            keep_ahead(h, bytes, n);
        hand_up(h);
        return;
    }
    buf_init(&x->body, &x->arena, HTTP_BODY_SPOOL_BYTES);
    h->state = READ_BODY;
    h->body_since_deadline = 0;
    net_deadline(h->conn, clock_monotonic_ms() + h->server->body_timeout_ms);
    if (x->expects_continue && n == 0)
        net_write_copy(h->conn, S("HTTP/1.1 100 Continue\r\n\r\n"));
    if (n)
        consume(h, bytes, n);
}

/* What was found about the head: read the body, or answer without it. `bytes` came behind the head. */
static void go_on(struct http1 *h, enum http1_next next, char *bytes, size_t n)
{
    struct http1_exchange *x = h->exchange;
    if (x->has_body && next == HTTP1_READ) {
        begin_body(h, bytes, n);
        return;
    }
    if (n)
        keep_ahead(h, bytes, n);
    if (x->has_body && next == HTTP1_WAIT) {
        h->state = CHECKING;
        net_deadline(h->conn, 0);
        net_pause(h->conn);
        return;
    }
    x->body_left = x->has_body;
    hand_up(h);
}

/* Is the body whole in what came with its head? CHUNKED_BAD: what came is no body. */
static enum chunked_got look_ahead(const struct http1_exchange *x, struct str rest)
{
    struct chunked c = { 0 };
    struct str piece;
    enum chunked_got got;
    if (!x->body_chunked)
        return x->body_length <= rest.n ? CHUNKED_WHOLE : CHUNKED_MORE;
    while ((got = chunked_next(&c, &rest, &piece)) == CHUNKED_PIECE) {
    }
    return got;
}

/* A whole header block lies in the arena. `rest` came behind it in the same read. */
static void begin_request(struct http1 *h, struct str block, char *rest, size_t rest_bytes)
{
    struct http1_exchange *x = h->exchange;
    err_t e = http1_parse_head(x, block);
    struct str expect = http1_header_value(x, S("expect"));
    if (e == OK && expect.s && !str_eq_nocase(expect, S("100-continue")))
        e = E_EXPECTATION;
    enum chunked_got came = e == OK ? look_ahead(x, str_of(rest, rest_bytes)) : CHUNKED_MORE;
    if (came == CHUNKED_BAD)
        e = E_BAD_INPUT;
    if (e != OK) {
        answer_bad(h, e);
        return;
    }
    x->expects_continue = expect.s && str_eq(x->version, S("1.1")); /* RFC 9110 section 10.1.1 */
    x->body_here = came == CHUNKED_WHOLE;
    memset(&h->chunked, 0, sizeof h->chunked);
    h->length_left = x->body_length;
    go_on(h, h->server->head(x, h->server->context), rest, rest_bytes);
}

/* The end of the header block, behind its empty line; 0: not there yet. */
static size_t block_end(const char *bytes, size_t n)
{
    const char *end = bytes + n, *at = bytes;
    for (; end - at >= 4 && (at = memchr(at, '\r', (size_t)(end - at - 3))); at++)
        if (memcmp(at, "\r\n\r\n", 4) == 0)
            return (size_t)(at - bytes) + 4;
    return 0;
}

/* Blank lines before a request: a few, each whole. How many bytes they are; h->ahead is empty. */
static err_t skip_blank_lines(struct http1 *h, const char *bytes, size_t n, size_t *ret)
{
    size_t i = 0;
    for (; i < n && (h->saw_cr || bytes[i] == '\r' || bytes[i] == '\n'); i++) {
        if (bytes[i] != (h->saw_cr ? '\n' : '\r'))
            return E_BAD_INPUT;
        if (h->saw_cr && ++h->blank_lines > BLANK_LINES_MAX)
            return E_BAD_INPUT;
        h->saw_cr = !h->saw_cr;
    }
    *ret = i;
    return OK;
}

static void read_head(struct http1 *h, char *bytes, size_t n)
{
    size_t skip = 0;
    if (h->ahead.n == 0 && skip_blank_lines(h, bytes, n, &skip) != OK) {
        answer_bad(h, E_BAD_INPUT);
        return;
    }
    bytes += skip;
    n -= skip;
    if (n == 0)
        return;
    if (!h->exchange && !(h->exchange = exchange_new(h))) {
        answer_bad(h, E_BUSY);
        return;
    }
    struct str all = str_of(bytes, n);
    if (h->ahead.n) {
        keep_ahead(h, bytes, n);
        all = buf_str(&h->ahead);
    } else {
        net_deadline(h->conn, clock_monotonic_ms() + h->server->header_timeout_ms);
    }
    size_t end = block_end(all.s, all.n);
    if ((end ? end : all.n) > HTTP_HEADER_BYTES_MAX || (h->ahead.n && buf_err(&h->ahead))) {
        answer_bad(h, E_HEADERS_TOO_LARGE);
        return;
    }
    if (!end) {
        /* A lone line feed would make us wait for ever for "\r\n\r\n": refuse it as soon as it is seen. */
        size_t complete = all.n;
        while (complete && all.s[complete - 1] == '\r')
            complete--;
        if (!http1_block_ok(str_of(all.s, complete)))
            answer_bad(h, E_BAD_INPUT);
        else if (!h->ahead.n)
            keep_ahead(h, bytes, n);
        return;
    }
    struct str block = str_dup(&h->exchange->arena, str_of(all.s, end));
    if (!block.s) {
        answer_bad(h, E_BUSY);
        return;
    }
    struct buf ahead = h->ahead; /* its bytes behind the block are the rest */
    memset(&h->ahead, 0, sizeof h->ahead);
    begin_request(h, block, (char *)(uintptr_t)all.s + end, all.n - end);
    buf_free(&ahead);
}

/* The next piece of the body off `io`, by whichever frame it has. */
static enum chunked_got next_piece(struct http1 *h, struct str *io, struct str *ret_piece)
{
    if (h->exchange->body_chunked)
        return chunked_next(&h->chunked, io, ret_piece);
    if (h->length_left == 0)
        return CHUNKED_WHOLE;
    if (io->n == 0)
        return CHUNKED_MORE;
    size_t n = h->length_left < io->n ? (size_t)h->length_left : io->n;
    *ret_piece = str_sub(*io, 0, n);
    *io = str_sub(*io, n, io->n);
    h->length_left -= n;
    return CHUNKED_PIECE;
}

static void read_body(struct http1 *h, char *bytes, size_t n)
{
    struct http1_exchange *x = h->exchange;
    struct str rest = str_of(bytes, n), piece;
    enum chunked_got got;
    h->body_since_deadline += n;
    if (h->body_since_deadline >= BODY_PROGRESS_BYTES) {
        h->body_since_deadline = 0;
        net_deadline(h->conn, clock_monotonic_ms() + h->server->body_timeout_ms);
    }
    while ((got = next_piece(h, &rest, &piece)) == CHUNKED_PIECE) {
        err_t e = keep_body(h, piece);
        if (x->body_too_large) { /* handed up with what came, so that who may not call is told that first */
            hand_up(h);
            return;
        }
        if (e != OK) {
            answer_bad(h, e);
            return;
        }
    }
    if (got == CHUNKED_MORE)
        return;
    if (got == CHUNKED_BAD) {
        answer_bad(h, E_BAD_INPUT);
        return;
    }
    if (rest.n)
        keep_ahead(h, rest.s, rest.n);
    hand_up(h);
}

static void read_ahead(struct http1 *h);

static void drop_body(struct http1 *h, char *bytes, size_t n)
{
    size_t dropped = h->length_left < n ? (size_t)h->length_left : n;
    h->length_left -= dropped;
    if (h->length_left)
        return;
    h->state = READ_HEAD;
    h->served++;
    net_deadline(h->conn, clock_monotonic_ms() + h->server->idle_timeout_ms);
    if (dropped < n) {
        keep_ahead(h, bytes + dropped, n - dropped);
        read_ahead(h);
    }
}

static void consume(struct http1 *h, char *bytes, size_t n)
{
    switch (h->state) {
    case READ_HEAD:
        read_head(h, bytes, n);
        break;
    case READ_BODY:
        read_body(h, bytes, n);
        break;
    case DROPPING:
        drop_body(h, bytes, n);
        break;
    case CHECKING:
    case AWAITING:
    case SENDING: /* one at a time: what the client sends ahead of this stays in the kernel */
        keep_ahead(h, bytes, n);
        net_pause(h->conn);
        if (buf_err(&h->ahead))
            net_close(h->conn);
        break;
    case HELD:
        keep_ahead(h, bytes, n);
        if (h->ahead.n >= HELD_AHEAD_BYTES)
            net_pause(h->conn); /* then its leaving is seen with the answer */
        if (buf_err(&h->ahead))
            net_close(h->conn);
        break;
    case STREAMING: /* nothing is expected; what comes is not kept */
    case ENDED:
        break;
    }
}

/* --- answering -------------------------------------------------------------------------------------------------- */

/* A handler may give the connection away while its bytes are being read: the struct lives until the last reader is done. */
static void reader_done(struct http1 *h)
{
    h->readers--;
    if (h->given_away && h->readers == 0)
        free(h);
}

/* What was sent ahead, request by request; not by recursion, for a client may send thousands. */
static void read_ahead(struct http1 *h)
{
    if (h->reads_ahead)
        return;
    h->reads_ahead = true;
    h->readers++;
    unsigned served;
    do {
        served = h->served;
        struct buf ahead = h->ahead;
        memset(&h->ahead, 0, sizeof h->ahead);
        consume(h, ahead.s, ahead.n);
        buf_free(&ahead);
        /* An unfinished header block stays where it is; a body that is dropped, and a next request, do not. */
    } while (h->ahead.n &&
             (h->state == DROPPING || (h->state == READ_HEAD && h->served != served)));
    h->reads_ahead = false;
    reader_done(h);
}

static void next_request(struct http1 *h)
{
    bool drops = h->exchange->body_left && h->length_left;
    exchange_free(h->exchange);
    h->exchange = NULL;
    h->blank_lines = 0;
    if (!drops)
        h->served++;
    if (h->close_after || h->server->draining) {
        h->state = ENDED;
        net_close_after(h->conn);
        return;
    }
    h->state = drops ? DROPPING : READ_HEAD;
    net_deadline(h->conn, clock_monotonic_ms() +
                              (drops ? h->server->header_timeout_ms : h->server->idle_timeout_ms));
    net_resume(h->conn);
    if (h->ahead.n)
        read_ahead(h);
}

static void on_sent(void *context)
{
    struct http1 *h = context;
    if (!h->conn->closing) /* else `closed` cleans up */
        next_request(h);
}

static void pump_file(struct http1 *h)
{
    char chunk[FILE_CHUNK];
    while (h->file_left && !h->conn->closing && h->conn->unsent_bytes == 0) {
        size_t want = h->file_left < sizeof chunk ? h->file_left : sizeof chunk;
        ssize_t n = read(h->file_fd, chunk, want);
        if (n <= 0) {
            net_close(h->conn); /* shorter than promised: the client must see that it is */
            return;
        }
        h->file_left -= (size_t)n;
        net_write_copy(h->conn, str_of(chunk, (size_t)n));
    }
    if (h->file_left || h->conn->closing || h->conn->unsent_bytes)
        return;
    if (h->file_fd >= 0)
        close(h->file_fd);
    h->file_fd = -1;
    h->drains = false;
    next_request(h);
}

void http1_go_on(struct http1_exchange *x, enum http1_next next)
{
    struct http1 *h = x->connection;
    if (!h) {
        exchange_free(x);
        return;
    }
    assert(h->state == CHECKING && next != HTTP1_WAIT);
    struct buf ahead = h->ahead;
    memset(&h->ahead, 0, sizeof h->ahead);
    h->readers++;
    if (next == HTTP1_READ)
        net_resume(h->conn);
    go_on(h, next, ahead.s, ahead.n);
    buf_free(&ahead);
    reader_done(h);
}

void http1_reply(struct http1_exchange *x, const struct http1_reply *r)
{
    struct http1 *h = x->connection;
    if (!h) {
        if (r->file_fd >= 0)
            close(r->file_fd);
        exchange_free(x);
        return;
    }
    assert(h->state == AWAITING || h->state == HELD);
    if (h->state == HELD)
        h->gone = NULL;
    h->close_after = r->close;
    h->state = r->stream ? STREAMING : SENDING;
    if (r->stream) {
        net_write_copy(h->conn, r->head);
        net_resume(h->conn); /* to see the client go */
        return;
    }
    if (r->file_fd >= 0) {
        h->file_fd = r->file_fd;
        h->file_left = r->file_bytes;
        h->drains = true;
        net_write_copy(h->conn, r->head);
        pump_file(h);
        return;
    }
    struct str parts[2] = { r->head, r->body };
    if (r->passing) {
        h->drains = true;
        net_write_copies(h->conn, parts, 2);
        pump_file(h);
        return;
    }
    net_write(h->conn, parts, 2, on_sent, h);
}

/* --- streams --------------------------------------------------------------------------------------------------------- */

bool http1_stream_write(struct http1_exchange *x, struct str bytes)
{
    struct http1 *h = x->connection;
    if (!h || h->conn->closing || h->state != STREAMING)
        return false;
    if (h->conn->unsent_bytes + bytes.n > STREAM_UNSENT_MAX) {
        net_close(h->conn);
        return false;
    }
    net_write_copy(h->conn, bytes);
    return true;
}

void http1_stream_end(struct http1_exchange *x)
{
    if (x->connection && !x->connection->conn->closing) {
        x->connection->state = ENDED;
        net_close_after(x->connection->conn);
    }
}

size_t http1_stream_unsent(const struct http1_exchange *x)
{
    return x->connection ? x->connection->conn->unsent_bytes : 0;
}

void http1_stream_on_drained(struct http1_exchange *x,
                             void (*drained)(struct http1_exchange *x, void *context),
                             void *context)
{
    x->connection->drained = drained;
    x->connection->drained_context = context;
}

void http1_stream_on_gone(struct http1_exchange *x,
                          void (*gone)(struct http1_exchange *x, void *context), void *context)
{
    x->connection->gone = gone;
    x->connection->gone_context = context;
}

/* --- held, moved, given away ------------------------------------------------------------------------------------------ */

void http1_hold(struct http1_exchange *x, void (*gone)(struct http1_exchange *x, void *context),
                void *context)
{
    struct http1 *h = x->connection;
    if (!h)
        return;
    assert(h->state == AWAITING);
    h->state = HELD;
    h->gone = gone;
    h->gone_context = context;
    if (h->ahead.n < HELD_AHEAD_BYTES)
        net_resume(h->conn);
}

bool http1_is_gone(const struct http1_exchange *x)
{
    return !x->connection || x->connection->conn->closing;
}

void http1_move(struct http1_exchange *x, struct net_loop *to,
                void (*arrived)(struct net_loop *l, void *arg), void *arg)
{
    struct http1 *h = x->connection;
    x->loop = to;
    if (h && !h->conn->closing) {
        net_move(h->conn, to, arrived, arg);
        return;
    }
    if (h) { /* it is being closed here: the exchange goes without it */
        h->exchange = NULL;
        x->connection = NULL;
    }
    net_post(to, arrived, arg);
}

struct net_conn *http1_take_over(struct http1_exchange *x, struct str head,
                                 const struct net_protocol *protocol, void *state,
                                 struct buf *ret_rest)
{
    if (http1_is_gone(x))
        return NULL;
    struct http1 *h = x->connection;
    struct net_conn *c = h->conn;
    *ret_rest = h->ahead;
    memset(&h->ahead, 0, sizeof h->ahead);
    net_write_copy(c, head);
    exchange_free(x);
    h->exchange = NULL;
    h->state = ENDED;
    h->given_away = true;
    if (h->readers == 0)
        free(h);
    c->protocol = protocol;
    c->state = state;
    c->deadline_ms = 0;
    net_resume(c);
    return c;
}

/* --- the protocol ------------------------------------------------------------------------------------------------------- */

static void protocol_data(struct net_conn *c, char *bytes, size_t n)
{
    struct http1 *h = c->state;
    h->readers++;
    consume(h, bytes, n);
    reader_done(h);
}

/* A client may close its half behind its last request. */
static bool protocol_waits(struct net_conn *c)
{
    const struct http1 *h = c->state;
    return h->state == AWAITING || h->state == SENDING;
}

static void protocol_drained(struct net_conn *c)
{
    struct http1 *h = c->state;
    if (h->state == SENDING && h->drains)
        pump_file(h);
    else if (h->state == STREAMING && h->drained)
        h->drained(h->exchange, h->drained_context);
}

static void protocol_timeout(struct net_conn *c)
{
    struct http1 *h = c->state;
    if (h->state == READ_HEAD && !h->exchange) {
        net_close(c); /* idle */
    } else if (h->state == READ_HEAD || h->state == READ_BODY) {
        hand_up_cut(h);
        answer_bad(h, E_REQUEST_TIMEOUT);
    } else {
        net_close(c);
    }
}

static void protocol_closed(struct net_conn *c)
{
    struct http1 *h = c->state;
    hand_up_cut(h);
    struct http1_exchange *x = h->exchange;
    bool unanswered = h->state == CHECKING || h->state == AWAITING || h->state == HELD;
    if (x && unanswered)
        x->connection = NULL; /* whoever answers finds nobody and frees it, perhaps in `gone` */
    if (x && h->gone)
        h->gone(x, h->gone_context);
    if (h->file_fd >= 0)
        close(h->file_fd);
    if (x && !unanswered)
        exchange_free(x);
    buf_free(&h->ahead);
    free(h);
}

static void protocol_stopping(struct net_conn *c)
{
    struct http1 *h = c->state;
    if (h->state == STREAMING)
        http1_stream_end(h->exchange);
    else if (h->state == DROPPING || (h->state == READ_HEAD && !h->exchange))
        net_close(c);
}

const struct net_protocol HTTP1_PROTOCOL = {
    .data = protocol_data,
    .waits = protocol_waits,
    .drained = protocol_drained,
    .timeout = protocol_timeout,
    .stopping = protocol_stopping,
    .closed = protocol_closed,
};

bool http1_accepted(struct net_conn *c, const struct net_peer *peer, void *server)
{
    struct http1 *h = calloc(1, sizeof *h);
    if (!h)
        return false;
    h->conn = c;
    h->server = server;
    h->peer = *peer;
    h->file_fd = -1;
    c->state = h;
    net_deadline(c, clock_monotonic_ms() + h->server->header_timeout_ms);
    return true;
}

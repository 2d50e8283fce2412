/* A body that a worker makes piece by piece, and its loop sends as fast as the client reads.
 *
 *   worker: sink_put -> fills one buffer | full: waits until the loop has given the other one back
 *   loop:   take     -> a chunk to the connection | the kernel took it all, or `drained`: the buffer goes back
 *
 * It ends when the worker has ended and the connection has gone, whichever is last. */
#include "http/call.h"
#include "http/workers.h"

struct sink {
    struct arena arena; /* holds the sink itself and its buffers */
    struct http_server *server;
    struct net_loop *loop;
    struct held *held; /* on the loop; NULL: the request is gone */
    struct production p;
    struct str content_type;
    struct uuid account;
    struct mutex lock;
    struct cond changed;
    bool gone;         /* under the lock: nobody is sent anything any more */
    bool sending;      /* under the lock: the loop has `out` */
    struct str out;    /* what the loop is to send */
    char *buffers[2];  /* the worker fills one … */
    size_t filling, n; /* … which, and how far */
    bool chunked;
    bool waiting; /* on the loop: some of `out` is not with the kernel yet */
    bool made;    /* on the loop: the worker has ended … */
    err_t result; /* … like this */
};

/* --- whose ------------------------------------------------------------------------------------------ */

static err_t take_turn(struct http_server *s, struct uuid account)
{
    size_t own = 0, place = PRODUCED_MAX;
    mutex_lock(&s->produced_lock);
    for (size_t i = 0; i < PRODUCED_MAX; i++) {
        own += uuid_eq(s->produced_for[i], account);
        if (uuid_is_nil(s->produced_for[i]))
            place = i;
    }
    if (own < PRODUCED_PER_ACCOUNT_MAX && place < PRODUCED_MAX)
        s->produced_for[place] = account;
    mutex_unlock(&s->produced_lock);
    if (own >= PRODUCED_PER_ACCOUNT_MAX)
        return err_note(E_RATE, NULL,
                        "%d of your downloads are under way; wait until one of them has ended",
                        PRODUCED_PER_ACCOUNT_MAX);
    return place < PRODUCED_MAX
               ? OK
               : err_note(E_BUSY, NULL, "too many downloads are under way; try again in a moment");
}

static void give_turn_back(struct http_server *s, struct uuid account)
{
    mutex_lock(&s->produced_lock);
    for (size_t i = 0; i < PRODUCED_MAX; i++)
        if (uuid_eq(s->produced_for[i], account)) {
            s->produced_for[i] = (struct uuid){ 0 };
            break;
        }
    mutex_unlock(&s->produced_lock);
}

/* --- on the worker ------------------------------------------------------------------------------------ */

static void take(struct net_loop *l, void *arg);

/* The buffer that is full goes to the loop; the other one is filled next. */
static err_t hand_over(struct sink *s)
{
    bool gone;
    mutex_lock(&s->lock);
    while (s->sending && !s->gone)
        if (!cond_wait_ms(&s->changed, &s->lock, PRODUCED_STALL_MS))
            s->gone = true;
    gone = s->gone;
    if (!gone) {
        s->sending = true;
        s->out = str_of(s->buffers[s->filling], s->n);
    }
    mutex_unlock(&s->lock);
    if (gone)
        return err_note(E_GONE, NULL, "nobody takes the rest");
    s->filling = 1 - s->filling;
    s->n = 0;
    net_post(s->loop, take, s);
    return OK;
}

err_t sink_put(struct sink *s, struct str bytes)
{
    while (bytes.n) {
        size_t room = PRODUCED_PIECE_BYTES - s->n, n = bytes.n < room ? bytes.n : room;
        memcpy(s->buffers[s->filling] + s->n, bytes.s, n);
        s->n += n;
        bytes = str_sub(bytes, n, bytes.n);
        if (s->n == PRODUCED_PIECE_BYTES)
            TRY(hand_over(s));
    }
    return OK;
}

static void work(struct db *db, struct arena *a, void *arg)
{
    struct sink *s = arg;
    err_t e = s->p.produce(db, a, s, s->p.arg);
    if (e == OK && s->n)
        e = hand_over(s);
    s->result = e;
    /* Before anybody can see the end of the body: who has all of it may ask for the next. */
    give_turn_back(s->server, s->account);
}

/* --- on the loop ---------------------------------------------------------------------------------------- */

static void end_if_over(struct sink *s)
{
    if (!s->made || s->held)
        return;
    s->p.end(s->p.arg);
    mutex_free(&s->lock);
    cond_free(&s->changed);
    struct arena arena = s->arena;
    arena_free(&arena);
}

static struct http1_exchange *exchange_of(const struct sink *s)
{
    return ((struct call *)(void *)held_req(s->held))->exchange;
}

static void tell(struct sink *s, bool gone)
{
    mutex_lock(&s->lock);
    s->gone |= gone;
    s->sending = false;
    cond_broadcast(&s->changed);
    mutex_unlock(&s->lock);
}

/* All is made and sent: only a whole body gets its last chunk. */
static void finish_if_sent(struct sink *s)
{
    if (!s->made || !s->held || s->waiting)
        return;
    if (s->result == OK && s->chunked)
        (void)!held_stream_write(s->held, S("0\r\n\r\n"));
    held_stream_end(s->held);
}

static void drained(struct http1_exchange *x, void *arg)
{
    struct sink *s = arg;
    UNUSED(x);
    if (!s->waiting) /* the head alone */
        return;
    s->waiting = false;
    tell(s, false);
    finish_if_sent(s);
}

static bool write_chunk(struct sink *s)
{
    char size[24];
    int n = snprintf(size, sizeof size, "%zx\r\n", s->out.n);
    if (!s->chunked)
        return held_stream_write(s->held, s->out);
    return held_stream_write(s->held, str_of(size, (size_t)n)) &&
           held_stream_write(s->held, s->out) && held_stream_write(s->held, S("\r\n"));
}

static void take(struct net_loop *l, void *arg)
{
    struct sink *s = arg;
    UNUSED(l);
    if (!s->held || !write_chunk(s))
        tell(s, true);
    else if (http1_stream_unsent(exchange_of(s)) == 0)
        tell(s, false);
    else
        s->waiting = true;
}

static void gone(struct held *h, void *arg)
{
    struct sink *s = arg;
    UNUSED(h);
    s->held = NULL;
    tell(s, true);
    end_if_over(s);
}

static void done(struct net_loop *l, void *arg)
{
    struct sink *s = arg;
    UNUSED(l);
    s->made = true;
    finish_if_sent(s);
    end_if_over(s);
}

static void begin(struct held *h, void *arg)
{
    struct sink *s = arg;
    struct call *c = (struct call *)(void *)held_req(h);
    s->held = h;
    s->loop = held_loop(h);
    err_t e = http_work(s->server, s->loop, work, done, s);
    if (e != OK) {
        s->held = NULL;
        s->made = true;
        give_turn_back(s->server, s->account);
        held_fail(h, e);
        end_if_over(s);
        return;
    }
    s->chunked = str_eq(c->exchange->version, S("1.1"));
    if (s->chunked)
        reply_header(&c->rp, "Transfer-Encoding", S("chunked"));
    if (held_stream_begin(h, s->content_type, gone, s)) {
        http1_stream_on_drained(c->exchange, drained, s);
    } else {
        s->held = NULL;
        tell(s, true);
    }
}

err_t reply_produced(struct req *rq, struct reply *rp, struct str content_type,
                     const struct production *p)
{
    struct http_server *server = req_server(rq);
    struct arena arena;
    err_t e = take_turn(server, rq->caller.user_id);
    if (e != OK) {
        p->end(p->arg);
        return e;
    }
    arena_init(&arena, KIB(8) + 2 * PRODUCED_PIECE_BYTES);
    struct sink *s = ARENA_NEW(&arena, struct sink);
    char *first = arena_bytes(&arena, PRODUCED_PIECE_BYTES),
         *second = arena_bytes(&arena, PRODUCED_PIECE_BYTES);
    struct str type = str_dup(&arena, content_type);
    if (!s || !first || !second || !type.s) {
        e = arena_err(&arena);
        arena_free(&arena);
        give_turn_back(server, rq->caller.user_id);
        p->end(p->arg);
        return e;
    }
    *s = (struct sink){
        .arena = arena,
        .server = server,
        .p = *p,
        .content_type = type,
        .account = rq->caller.user_id,
        .buffers = { first, second },
    };
    mutex_init(&s->lock);
    cond_init(&s->changed);
    reply_hold(rq, rp, begin, s);
    return OK;
}

/* Server-sent events (WHATWG HTML, section 9.2): topics, the last event of each remembered for a minute, so that
 * what was published between a handler's look at the rows and the stream's opening is not lost. */
#include "base/map.h"
#include "http/inside.h"
#include "os/clock.h"

enum { KEPT_MAX = 512, KEPT_MS = 60000, HEARTBEAT_MS = 15000, TOPIC_BYTES = 96 };

struct stream { /* one open reply; belongs to its loop */
    struct stream *next, **link;
    struct http1_exchange *exchange;
    struct events *events;
    int loop;
    char topic[TOPIC_BYTES];
    uint64_t seen; /* the last published event's number that it holds already */
    bool ends;
    struct str first; /* the event that is sent at once */
};

struct kept {
    char topic[TOPIC_BYTES];
    struct buf text; /* heap */
    uint64_t number;
    int64_t at_ms;
    bool last;
};

struct events {
    struct net_loop *loops;
    int count;
    struct stream *streams[64]; /* by loop; touched on that loop alone */
    _Atomic int open;           /* streams in all, and those about to be */
    struct mutex lock;
    bool stopped;
    uint64_t number;
    struct kept kept[KEPT_MAX]; /* a ring */
    size_t next_kept;
    uv_timer_t heartbeat[64];
    _Atomic bool beating[64];
};

struct events *events_new(struct arena *a, struct net_loop *loops, int count)
{
    struct events *e = ARENA_NEW(a, struct events);
    if (!e)
        return NULL;
    e->loops = loops;
    e->count = count;
    mutex_init(&e->lock);
    return e;
}

void events_stop(struct events *e)
{
    if (!e)
        return;
    mutex_lock(&e->lock);
    e->stopped = true;
    mutex_unlock(&e->lock);
}

void events_free(struct events *e)
{
    if (!e)
        return;
    for (size_t i = 0; i < KEPT_MAX; i++)
        buf_free(&e->kept[i].text);
    mutex_free(&e->lock);
}

/* "event: name\ndata: json\n\n"; the JSON writer makes no line feeds. */
static void format(struct buf *b, const char *name, struct str json)
{
    buf_putf(b, "event: %s\ndata: ", name);
    buf_put(b, json);
    buf_put(b, S("\n\n"));
}

/* --- delivery, on the loop --------------------------------------------------------------------------- */

struct delivery { /* the event's text follows it */
    struct events *events;
    uint64_t number;
    bool last;
    char topic[TOPIC_BYTES];
    size_t n;
};

static void push(struct stream *s, struct str text, bool last)
{
    if (!http1_stream_write(s->exchange, text))
        return; /* gone, or too slow: it hears of that by itself */
    if (last)
        http1_stream_end(s->exchange);
}

static void deliver(struct net_loop *l, void *arg)
{
    const struct delivery *d = arg;
    struct str text = str_of((const char *)(d + 1), d->n);
    for (struct stream *s = d->events->streams[l->number], *next; s; s = next) {
        next = s->next;
        if (s->seen >= d->number || strcmp(s->topic, d->topic) != 0)
            continue;
        s->seen = d->number;
        push(s, text, d->last);
    }
}

static void keep(struct events *e, const struct delivery *d, struct str text)
{
    struct kept *k = NULL;
    for (size_t i = 0; i < KEPT_MAX && !k; i++)
        if (e->kept[i].text.n && strcmp(e->kept[i].topic, d->topic) == 0)
            k = &e->kept[i];
    if (!k)
        k = &e->kept[e->next_kept++ % KEPT_MAX];
    buf_free(&k->text);
    buf_init(&k->text, NULL, KIB(256));
    buf_put(&k->text, text);
    memcpy(k->topic, d->topic, sizeof k->topic);
    k->number = d->number;
    k->at_ms = clock_monotonic_ms();
    k->last = d->last;
}

static void post(struct events *e, const struct delivery *d, struct str text)
{
    CLEANUP(buf_free) struct buf letter = { 0 };
    buf_init(&letter, NULL, KIB(260));
    buf_put(&letter, str_of((const char *)d, sizeof *d));
    buf_put(&letter, text);
    for (int i = 0; buf_err(&letter) == OK && i < e->count; i++)
        net_post_copy(&e->loops[i], deliver, buf_str(&letter));
}

void events_publish(struct events *e, struct str topic, const char *name, struct str json,
                    bool last)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    struct delivery d = { .events = e, .last = last };
    buf_init(&text, NULL, KIB(256));
    format(&text, name, json);
    if (buf_err(&text) || topic.n >= TOPIC_BYTES)
        return;
    memcpy(d.topic, topic.s, topic.n);
    d.n = text.n;
    mutex_lock(&e->lock);
    d.number = ++e->number;
    keep(e, &d, buf_str(&text));
    if (e->open > 0 && !e->stopped) /* under the lock: the loops are there as long as it says so */
        post(e, &d, buf_str(&text));
    mutex_unlock(&e->lock);
}

/* --- streams ----------------------------------------------------------------------------------------------- */

static void on_beat(uv_timer_t *timer)
{
    struct net_loop *l = timer->loop->data;
    struct events *e = timer->data;
    for (struct stream *s = e->streams[l->number], *next; s; s = next) {
        next = s->next;
        (void)http1_stream_write(s->exchange, S(": still here\n\n"));
    }
}

static void on_gone(struct http1_exchange *x, void *context)
{
    struct stream *s = context;
    UNUSED(x);
    *s->link = s->next;
    if (s->next)
        s->next->link = s->link;
    s->events->open--;
}

err_t reply_events(struct req *rq, struct reply *rp, struct str topic, const char *name,
                   struct str first, bool last)
{
    struct call *c = (struct call *)rq;
    struct events *e = c->server->events;
    struct stream *s = ARENA_NEW(rq->arena, struct stream);
    struct buf text;
    if (!s)
        return arena_err(rq->arena);
    assert(topic.n < TOPIC_BYTES);
    buf_init(&text, rq->arena, KIB(256));
    format(&text, name, first);
    TRY(buf_err(&text));
    memcpy(s->topic, topic.s, topic.n);
    s->first = buf_str(&text);
    s->ends = last;
    s->events = e;
    e->open++; /* from here on nothing published is missed: it is remembered, and delivered once the stream stands */
    rp->stream = s;
    rp->content_type = S("text/event-stream");
    reply_header(rp, "Cache-Control", S("no-cache"));
    reply_header(rp, "X-Accel-Buffering", S("no"));
    return OK;
}

/* Send what was published meanwhile: the last event of the topic, if it is not what the handler said itself. */
static void catch_up(struct events *e, struct stream *s)
{
    CLEANUP(buf_free) struct buf text = { 0 };
    bool last = false;
    buf_init(&text, NULL, KIB(256));
    mutex_lock(&e->lock);
    s->seen = e->number;
    for (size_t i = 0; i < KEPT_MAX; i++) {
        const struct kept *k = &e->kept[i];
        if (k->text.n && strcmp(k->topic, s->topic) == 0 &&
            clock_monotonic_ms() - k->at_ms < KEPT_MS) {
            buf_put(&text, buf_str(&k->text));
            last = k->last;
        }
    }
    mutex_unlock(&e->lock);
    if (text.n && !str_eq(buf_str(&text), s->first))
        push(s, buf_str(&text), last || s->ends);
    else if (last || s->ends)
        http1_stream_end(s->exchange);
}

void events_open(struct call *c)
{
    struct stream *s = c->rp.stream;
    struct http1_exchange *x = c->exchange;
    struct net_loop *l = x->loop;
    if (!x->connection) { /* the client went while the handler ran; the exchange is gone with call_answer */
        s->events->open--;
        call_answer(c);
        return;
    }
    struct events *e = s->events;
    s->exchange = x;
    s->loop = l->number;
    s->next = e->streams[l->number];
    s->link = &e->streams[l->number];
    if (s->next)
        s->next->link = &s->next;
    e->streams[l->number] = s;
    http1_stream_on_gone(x, on_gone, s);
    if (!e->beating[l->number]) {
        e->beating[l->number] = true;
        l->uv.data = l;
        uv_timer_init(&l->uv, &e->heartbeat[l->number]);
        e->heartbeat[l->number].data = e;
        uv_timer_start(&e->heartbeat[l->number], on_beat, HEARTBEAT_MS, HEARTBEAT_MS);
        uv_unref(
            (uv_handle_t *)&e->heartbeat[l->number]); /* it must not keep a stopping loop alive */
    }
    call_answer(c);
    if (http1_stream_write(x, s->first))
        catch_up(e, s);
}

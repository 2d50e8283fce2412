/* The packets of a polling session that wait, and the poll that waits for them. */
#include "realtime/transport/inside.h"

struct packet {
    struct packet *next;
    struct ws_frame *frame;
};

void drop_packets(struct eio_session *s)
{
    while (s->first) {
        struct packet *p = s->first;
        s->first = p->next;
        ws_frame_drop(p->frame);
        pool_put(&s->loop->packet_pool, p);
        s->loop->packets_waiting--;
    }
    s->last = &s->first;
    s->waiting_bytes = 0;
}

void mark_dirty(struct eio_session *s)
{
    if (s->dirty)
        return;
    s->dirty = true;
    s->next_dirty = s->loop->dirty;
    s->loop->dirty = s;
}

void answer_text(struct held *h, int status, struct str body)
{
    reply_status(held_reply(h), status);
    reply_bytes(held_reply(h), S("text/plain; charset=UTF-8"), body);
    held_answer(h);
}

static void put_packet(struct buf *out, struct arena *a, const struct ws_frame *f)
{
    struct str payload = ws_frame_payload(f);
    if (out->n)
        buf_putc(out, EIO_SEPARATOR);
    if ((f->bytes[0] & 0x0f) == WS_BINARY)
        eio_binary_write(out, a, payload);
    else
        buf_put(out, payload);
}

void answer_poll(struct eio_session *s)
{
    struct held *h = s->poll;
    struct arena *a = held_req(h)->arena;
    struct buf body;
    buf_init(&body, a, 2 * SESSION_WAITING_BYTES_MAX);
    for (const struct packet *p = s->first; p; p = p->next)
        put_packet(&body, a, p->frame);
    drop_packets(s);
    s->poll = NULL;
    if (buf_err(&body)) {
        held_fail(h, buf_err(&body));
        eio_session_fail(s);
        return;
    }
    answer_text(h, 200, buf_str(&body));
}

/* Better that the client comes back than that it misses something; later, so that whoever sends need not fear for what it
 * holds. */
void eio_session_fail(struct eio_session *s)
{
    s->failed = true;
    s->loop->dropped++;
    mark_dirty(s);
}

void wait_for_poll(struct eio_session *s, struct ws_frame *f)
{
    struct packet *p = POOL_NEW(&s->loop->packet_pool, struct packet);
    if (!p || s->waiting_bytes + f->n > SESSION_WAITING_BYTES_MAX) {
        pool_put(&s->loop->packet_pool, p);
        eio_session_fail(s);
        return;
    }
    p->frame = ws_frame_hold(f);
    *s->last = p;
    s->last = &p->next;
    s->waiting_bytes += f->n;
    s->loop->packets_waiting++;
    mark_dirty(s);
}

void eio_answer_noop(struct held *h)
{
    answer_text(h, 200, S("6"));
}

/* The poll is released, so that the client, who waits for it, can go on. */
void release_with_noop(struct eio_session *s)
{
    if (s->poll && !s->first)
        wait_for_poll(s, s->loop->eio->noop);
}

void send_waiting(struct eio_session *s)
{
    for (struct packet *p = s->first; p; p = p->next)
        (void)ws_conn_send_frame(s->ws, p->frame);
    drop_packets(s);
}

void polls_begin(struct eio_loop *l)
{
    pool_init(&l->packet_pool, sizeof(struct packet));
}

/* Socket.IO on a session: namespaces, acknowledgements, packets with attachments. What an event means is the namespace's. */
#include "base/encode.h"
#include "base/limits.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "realtime/inside.h"

struct assembly { /* a packet that waits for its attachments; in its own arena */
    struct arena arena;
    struct sio_packet packet;
    struct str attachments[SIO_ATTACHMENTS_MAX];
    unsigned count;
    size_t bytes;
};

static void protocol_error(struct client *c)
{
    eio_session_end(c->session, END_PROTOCOL);
}

static void assembly_end(struct client *c)
{
    if (!c->assembly)
        return;
    struct arena arena = c->assembly->arena;
    c->assembly = NULL;
    arena_free(&arena);
}

/* --- sending --------------------------------------------------------------------------------------- */

/* `4`, the packet's head, and what `json` gives, as one frame. */
static void send_packet(struct client *c, enum sio_type type, unsigned attachments, struct str nsp,
                        int64_t id, struct str json)
{
    struct buf head;
    buf_init(&head, &c->session->loop->scratch, SIO_NAMESPACE_BYTES_MAX + 64);
    buf_putc(&head, '0' + EIO_MESSAGE);
    sio_head_write(&head, type, attachments, nsp, id);
    eio_session_send_text(c->session, buf_str(&head), json);
}

static struct str event_json(struct rt_socket *s, const char *event, struct str arguments)
{
    const struct str parts[] = { S("[\""), str_from(event), arguments.n ? S("\",") : S("\""),
                                 arguments, S("]") };
    return str_join(&s->client->session->loop->scratch, parts, COUNTOF(parts));
}

void socket_emit(struct rt_socket *s, const char *event, struct str arguments)
{
    if (s->left)
        return;
    send_packet(s->client, SIO_EVENT, 0, str_from(s->nsp->name), -1,
                event_json(s, event, arguments));
}

void socket_ack(struct rt_socket *s, int64_t id, struct str arguments)
{
    const struct str parts[] = { S("["), arguments, S("]") };
    struct str json = str_join(&s->client->session->loop->scratch, parts, COUNTOF(parts));
    send_packet(s->client, SIO_ACK, 0, str_from(s->nsp->name), id, json);
}

void socket_send_binary(struct rt_socket *s, enum sio_type type, int64_t id, struct str json,
                        const struct str *attachments, unsigned count)
{
    send_packet(s->client, type, count, str_from(s->nsp->name), id, json);
    for (unsigned i = 0; i < count; i++)
        eio_session_send_binary(s->client->session, attachments[i]);
}

void socket_refuse(struct client *c, struct str nsp, err_t e)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, &c->session->loop->scratch, KIB(4));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "message", str_from(err_title(e)));
    jo_kz(&o, "data");
    jo_object(&o);
    jo_kstr(&o, "code", str_from(err_code(e)));
    jo_kstr(&o, "detail", str_from(err_detail()->text));
    jo_end(&o);
    jo_end(&o);
    send_packet(c, SIO_CONNECT_ERROR, 0, nsp, -1, buf_str(&b));
}

/* --- acknowledgements that we ask for ------------------------------------------------------------------ */

static void ack_end(struct rt_socket *s, struct ack **place, struct str arguments, bool timed_out)
{
    struct pool *pool = &s->client->session->loop->ack_pool;
    struct ack *a = *place;
    *place = a->next;
    deadline_clear(&a->deadline);
    a->done(s, arguments, timed_out); /* which may end the socket */
    pool_put(pool, a);
}

static struct ack **ack_place(struct rt_socket *s, int64_t id)
{
    struct ack **a = &s->acks;
    while (*a && (*a)->id != id)
        a = &(*a)->next;
    return a;
}

static void ack_timed_out(struct deadline *d, void *context)
{
    struct ack *a = (struct ack *)((char *)d - offsetof(struct ack, deadline));
    UNUSED(context);
    ack_end(a->socket, ack_place(a->socket, a->id), STR_NONE, true);
}

void socket_ask(struct rt_socket *s, const char *event, struct str arguments,
                void (*done)(struct rt_socket *s, struct str arguments, bool timed_out))
{
    struct rt_loop *l = s->client->session->loop;
    struct ack *a = POOL_NEW(&l->ack_pool, struct ack);
    if (!a) {
        done(s, STR_NONE, true);
        return;
    }
    a->id = s->next_ack++;
    a->socket = s;
    a->done = done;
    a->next = s->acks;
    s->acks = a;
    deadline_set(&l->deadlines, DEADLINE_ACK, &a->deadline);
    send_packet(s->client, SIO_EVENT, 0, str_from(s->nsp->name), a->id,
                event_json(s, event, arguments));
}

static void take_ack(struct rt_socket *s, const struct sio_packet *p)
{
    struct ack **place = ack_place(s, p->id);
    if (*place) /* one that we did not ask for, or too late: ignored */
        ack_end(s, place, str_sub(p->text, 1, p->text.n - 1), false);
}

/* --- rooms ------------------------------------------------------------------------------------------------- */

static void hear(struct listener *one, const struct delivery *d)
{
    struct eio_session *session = ((struct rt_socket *)one)->client->session; /* its first member */
    if (d->is_volatile && eio_session_is_behind(session)) {
        session->loop->dropped++;
        return;
    }
    for (unsigned i = 0; i < d->frame_count; i++)
        eio_session_send(session, d->frames[i]);
}

static const struct caller *caller_of(const struct listener *one)
{
    return &((const struct rt_socket *)one)->caller;
}

static void lose(struct listener *one, struct str room, struct str topic)
{
    struct str json = str_fmt(&one->loop->scratch, "{\"topic\":\"%.*s\"}", STR_ARG(topic));
    hub_leave(one, room);
    socket_emit((struct rt_socket *)one, "unsubscribed", json);
}

static const struct listener_kind SOCKET_LISTENER = { .hear = hear,
                                                      .caller = caller_of,
                                                      .lose = lose };

/* --- joining and leaving ---------------------------------------------------------------------------------- */

static bool random_id(struct arena *a, char ret[ID_BYTES])
{
    struct str text = entropy_token(a, 15);
    if (text.s)
        memcpy(ret, text.s, text.n);
    return text.s != NULL;
}

struct rt_socket *socket_join(struct client *c, const struct nsp *nsp, const struct caller *who)
{
    struct rt_loop *l = c->session->loop;
    struct rt_socket *s = POOL_NEW(&l->socket_pool, struct rt_socket);
    if (!s || !random_id(&l->scratch, s->id) || (who && !random_id(&l->scratch, s->pid))) {
        pool_put(&l->socket_pool, s);
        return NULL;
    }
    s->listener = (struct listener){ .kind = &SOCKET_LISTENER, .loop = l };
    s->client = c;
    s->nsp = nsp;
    if (who) {
        s->caller = *who;
        memcpy(s->handle, who->handle.s, who->handle.n);
        s->caller.handle = str_of(s->handle, who->handle.n);
    }
    s->next = c->sockets;
    c->sockets = s;
    eio_session_connected(c->session);
    conn_watch(l, &c->session->conn);
    return s;
}

/* The CONNECT answer; `pid` only where recovery is on. */
void socket_welcome(struct rt_socket *s)
{
    struct str json = s->pid[0]
                          ? str_fmt(&s->client->session->loop->scratch,
                                    "{\"sid\":\"%s\",\"pid\":\"%s\"}", s->id, s->pid)
                          : str_fmt(&s->client->session->loop->scratch, "{\"sid\":\"%s\"}", s->id);
    send_packet(s->client, SIO_CONNECT, 0, str_from(s->nsp->name), -1, json);
}

static bool may_recover(enum eio_end why)
{
    return why == END_GONE || why == END_SILENT;
}

static void socket_leave(struct rt_socket *s, enum eio_end why)
{
    struct client *c = s->client;
    struct rt_loop *l = c->session->loop;
    struct rt_socket **place = &c->sockets;
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    s->left = true;
    if (s->pid[0] && may_recover(why)) {
        mutex_lock(&l->rt->emitting);
        recovery_lose(&l->rt->recovery, s, clock_monotonic_ms());
        mutex_unlock(&l->rt->emitting);
    }
    if (s->nsp->left)
        s->nsp->left(s, why);
    hub_leave_all(&s->listener);
    while (s->acks)
        ack_end(s, &s->acks, STR_NONE, true);
    pool_put(&l->socket_pool, s);
}

void socket_disconnect(struct rt_socket *s)
{
    send_packet(s->client, SIO_DISCONNECT, 0, str_from(s->nsp->name), -1, STR_NONE);
    socket_leave(s, END_SERVER);
}

struct rt_socket *socket_find(struct rt_loop *l, struct str session_id, struct str socket_id)
{
    struct eio_session *session = eio_session_find(l, session_id);
    if (!session || session->user != &SOCKET_USER)
        return NULL;
    struct rt_socket *s = ((struct client *)session->state)->sockets;
    while (s && !str_eq(str_from(s->id), socket_id))
        s = s->next;
    return s;
}

/* --- packets ------------------------------------------------------------------------------------------------ */

static struct rt_socket *of_namespace(struct client *c, struct str name)
{
    struct rt_socket *s = c->sockets;
    while (s && !str_eq(str_from(s->nsp->name), name))
        s = s->next;
    return s;
}

static void take_connect(struct client *c, const struct sio_packet *p)
{
    static const struct str ROOT = { "/", 1 };
    struct eio_session *s = c->session;
    bool test = s->loop->rt->test;
    if (of_namespace(c, p->nsp) || (c->connecting && str_eq(p->nsp, ROOT)))
        protocol_error(c);
    else if (str_eq(p->nsp, ROOT))
        connect_begin(c, p->data, p->text);
    else if (test && str_eq(p->nsp, str_from(TEST_CUSTOM_NAMESPACE.name)))
        test_join(c, &TEST_CUSTOM_NAMESPACE, p->text);
    else
        send_packet(c, SIO_CONNECT_ERROR, 0, p->nsp, -1, S("{\"message\":\"Invalid namespace\"}"));
}

static void take_packet(struct client *c, const struct sio_packet *p, const struct str *attachments)
{
    if (p->type == SIO_CONNECT) {
        take_connect(c, p);
        return;
    }
    struct rt_socket *s = of_namespace(c, p->nsp);
    if (!s)
        protocol_error(c);
    else if (p->type == SIO_DISCONNECT)
        socket_leave(s, END_CLIENT);
    else if (p->type == SIO_ACK || p->type == SIO_BINARY_ACK)
        take_ack(s, p);
    else
        s->nsp->event(s, p, attachments);
}

static bool assembly_begin(struct client *c, struct str text)
{
    struct arena arena; /* holds the assembly itself, and moves into it */
    arena_init(&arena, SIO_ATTACHED_BYTES_MAX + KIB(64) + 4 * text.n);
    struct assembly *w = ARENA_NEW(&arena, struct assembly);
    struct str copy = str_dup(&arena, text);
    if (!w || sio_packet_parse(&arena, copy, &w->packet) != OK) {
        arena_free(&arena);
        return false;
    }
    w->arena = arena;
    c->assembly = w;
    return true;
}

static void take_attachment(struct client *c, struct str bytes)
{
    struct assembly *w = c->assembly;
    if (!w || w->bytes + bytes.n > SIO_ATTACHED_BYTES_MAX) {
        protocol_error(c);
        return;
    }
    struct str copy = bytes.n ? str_dup(&w->arena, bytes) : S("");
    if (arena_err(&w->arena)) {
        protocol_error(c);
        return;
    }
    w->bytes += bytes.n;
    w->attachments[w->count++] = copy;
    if (w->count < w->packet.attachments)
        return;
    c->assembly = NULL; /* what the packet does may end the client */
    take_packet(c, &w->packet, w->attachments);
    struct arena arena = w->arena;
    arena_free(&arena);
}

static void on_message(struct eio_session *session, bool binary, struct str data)
{
    struct client *c = session->state;
    struct sio_packet p;
    if (binary)
        take_attachment(c, data);
    else if (c->assembly || sio_packet_parse(&session->loop->scratch, data, &p) != OK)
        protocol_error(c);
    else if (p.attachments == 0)
        take_packet(c, &p, NULL);
    else if (!assembly_begin(c, data))
        protocol_error(c);
}

static void on_opened(struct eio_session *session)
{
    struct client *c = session->state = POOL_NEW(&session->loop->client_pool, struct client);
    if (c)
        c->session = session;
    else
        eio_session_end(session, END_GONE);
}

static void on_ended(struct eio_session *session, enum eio_end why)
{
    struct client *c = session->state;
    if (!c)
        return;
    while (c->sockets)
        socket_leave(c->sockets, why);
    assembly_end(c);
    pool_put(&session->loop->client_pool, c);
    session->state = NULL;
}

/* That of the product's namespace, once it is joined. */
static struct caller *credential_of(struct eio_session *session)
{
    const struct client *c = session->state;
    for (struct rt_socket *s = c->sockets; s; s = s->next)
        if (s->caller.known)
            return &s->caller;
    return &session->conn.caller;
}

/* DISCONNECT tells the official client not to come back by itself. */
static void sign_out(struct eio_session *session)
{
    struct client *c = session->state;
    while (c->sockets) {
        socket_emit(c->sockets, "signed_out", S("{}"));
        socket_disconnect(c->sockets);
    }
    eio_session_end(session, END_SERVER);
}

const struct eio_user SOCKET_USER = { .opened = on_opened,
                                      .message = on_message,
                                      .ended = on_ended,
                                      .caller = credential_of,
                                      .sign_out = sign_out };

void sockets_init(struct rt_loop *l)
{
    deadlines_queue(&l->deadlines, DEADLINE_ACK, SIO_ACK_TIMEOUT_MS, ack_timed_out);
}

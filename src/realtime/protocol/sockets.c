/* Socket.IO on a session: namespaces, acknowledgements, packets with attachments. What an event means is the namespace's. */
#include "realtime/protocol/sockets.h"

#include "base/encode.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "realtime/transport/engineio.h"

struct assembly { /* a packet that waits for its attachments; in its own arena */
    struct arena arena;
    struct sio_packet packet;
    struct str attachments[SIO_ATTACHMENTS_MAX];
    unsigned count;
    size_t bytes;
};

struct ack {
    struct ack *next;
    int64_t id;
    struct deadline deadline;
    struct rt_socket *socket;
    void (*done)(struct rt_socket *s, struct str arguments, bool timed_out);
};

/* --- the folder's part -------------------------------------------------------------------------------- */

struct sio_loop *sio_loop_of(const struct hub_loop *l)
{
    return hub_part_own(l, &SIO_PART);
}

static struct sio_loop *loop_of(const struct client *c)
{
    return sio_loop_of(c->session->loop->hub);
}

struct arena *socket_scratch(struct rt_socket *s)
{
    return eio_scratch(s->client->session);
}

void connect_move(struct client *c, enum connect_state to)
{
    static const bool MOVES[CONNECT_STATES][CONNECT_STATES] = {
        [CONNECT_NONE] = { [CONNECT_CHECKING] = true },
        [CONNECT_CHECKING] = { [CONNECT_JOINED] = true, [CONNECT_NONE] = true },
        [CONNECT_JOINED] = { [CONNECT_NONE] = true },
    };
    assert(MOVES[c->connect][to]);
    c->connect = to;
}

static bool is_root(struct str nsp)
{
    return str_eq(nsp, S("/"));
}

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
    buf_init(&head, eio_scratch(c->session), SIO_NAMESPACE_BYTES_MAX + 64);
    buf_putc(&head, '0' + EIO_MESSAGE);
    sio_head_write(&head, type, attachments, nsp, id);
    eio_session_send_text(c->session, buf_str(&head), json);
}

static struct str event_json(struct rt_socket *s, const char *event, struct str arguments)
{
    const struct str parts[] = { S("[\""), str_from(event), arguments.n ? S("\",") : S("\""),
                                 arguments, S("]") };
    return str_join(socket_scratch(s), parts, COUNTOF(parts));
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
    struct str json = str_join(socket_scratch(s), parts, COUNTOF(parts));
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
    buf_init(&b, eio_scratch(c->session), KIB(4));
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
    struct pool *pool = &loop_of(s->client)->ack_pool;
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
    struct sio_loop *l = loop_of(s->client);
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
    deadline_set(&l->acks, &a->deadline);
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

static void hear(struct listener *one, const struct delivery *d, struct ws_frame *const *frames,
                 unsigned count)
{
    struct eio_session *session = ((struct rt_socket *)one)->client->session; /* its first member */
    if (d->is_volatile && eio_session_is_behind(session)) {
        eio_session_dropped(session);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        eio_session_send(session, frames[i]);
}

static const struct caller *caller_of(const struct listener *one)
{
    return ((const struct rt_socket *)one)->caller;
}

static void lose(struct listener *one, struct str room, struct str topic)
{
    struct str json = str_fmt(&one->loop->scratch, "{\"topic\":\"%.*s\"}", STR_ARG(topic));
    hub_leave(one, room);
    socket_emit((struct rt_socket *)one, "unsubscribed", json);
}

static const struct listener_kind SOCKET_LISTENER = {
    .part = &SIO_PART, .hear = hear, .caller = caller_of, .lose = lose
};

/* --- joining and leaving ---------------------------------------------------------------------------------- */

enum { RANDOM_BYTES = 15 };

static bool write_id(struct arena *a, const char raw[RANDOM_BYTES], char ret[ID_BYTES])
{
    struct str text = base64url_encode(a, str_of(raw, RANDOM_BYTES));
    if (text.s)
        memcpy(ret, text.s, text.n);
    return text.s != NULL;
}

/* The session's, where that came with the same credential. */
static struct caller *keep_caller(struct client *c, const struct caller *who)
{
    struct hub_loop *l = c->session->loop->hub;
    struct caller *of_request = c->session->conn.caller;
    if (!who)
        return &l->stranger;
    if (of_request->known && of_request->credential == who->credential &&
        uuid_eq(of_request->credential_id, who->credential_id) &&
        uuid_eq(of_request->user_id, who->user_id))
        return caller_hold(l, of_request);
    return caller_keep(l, who);
}

/* Its ids, and who it is. False: no memory. */
static bool socket_begin(struct rt_socket *s, struct client *c, const struct caller *who)
{
    struct arena *a = &c->session->loop->hub->scratch;
    char raw[2][RANDOM_BYTES]; /* asked for at once: each time is a call to the kernel */
    entropy_fill(raw, sizeof raw);
    if (!write_id(a, raw[0], s->id) || (who && !write_id(a, raw[1], s->pid)))
        return false;
    s->caller = keep_caller(c, who);
    return s->caller != NULL;
}

struct rt_socket *socket_join(struct client *c, const struct nsp *nsp, const struct caller *who)
{
    struct hub_loop *l = c->session->loop->hub;
    struct pool *pool = &loop_of(c)->socket_pool;
    struct rt_socket *s = POOL_NEW(pool, struct rt_socket);
    if (s && !socket_begin(s, c, who)) {
        pool_put(pool, s);
        s = NULL;
    }
    if (is_root(str_from(nsp->name)))
        connect_move(c, s ? CONNECT_JOINED : CONNECT_NONE);
    if (!s)
        return NULL;
    s->listener = (struct listener){ .kind = &SOCKET_LISTENER, .loop = l };
    s->client = c;
    s->nsp = nsp;
    s->next = c->sockets;
    c->sockets = s;
    eio_session_connected(c->session);
    conn_watch(l, &c->session->conn);
    return s;
}

/* The CONNECT answer; `pid` only where recovery is on. */
void socket_welcome(struct rt_socket *s)
{
    const struct str parts[] = { S("{\"sid\":\""), str_from(s->id), S("\",\"pid\":\""),
                                 str_from(s->pid), S("\"}") };
    const struct str bare[] = { parts[0], parts[1], parts[4] };
    struct str json = s->pid[0] ? str_join(socket_scratch(s), parts, COUNTOF(parts))
                                : str_join(socket_scratch(s), bare, COUNTOF(bare));
    send_packet(s->client, SIO_CONNECT, 0, str_from(s->nsp->name), -1, json);
}

static bool may_recover(enum hub_end why)
{
    return why == END_GONE || why == END_SILENT;
}

static void socket_leave(struct rt_socket *s, enum hub_end why)
{
    struct client *c = s->client;
    struct sio_loop *l = loop_of(c);
    struct hub *hub = c->session->loop->eio->hub;
    struct rt_socket **place = &c->sockets;
    while (*place != s)
        place = &(*place)->next;
    *place = s->next;
    s->left = true;
    if (is_root(str_from(s->nsp->name)))
        connect_move(c, CONNECT_NONE);
    if (s->pid[0] && may_recover(why)) {
        hub_lock(hub);
        recovery_lose(&l->sio->recovery, &s->listener, s->pid, s->id, s->caller->user_id,
                      clock_monotonic_ms());
        hub_unlock(hub);
    }
    if (s->nsp->left)
        s->nsp->left(s, why);
    hub_leave_all(&s->listener);
    while (s->acks)
        ack_end(s, &s->acks, STR_NONE, true);
    caller_drop(s->listener.loop, s->caller);
    pool_put(&l->socket_pool, s);
}

void socket_disconnect(struct rt_socket *s)
{
    send_packet(s->client, SIO_DISCONNECT, 0, str_from(s->nsp->name), -1, STR_NONE);
    socket_leave(s, END_SERVER);
}

struct client *client_find(struct hub_loop *l, struct str session_id)
{
    struct eio_session *session = eio_session_find(l, session_id);
    return session && session->user == &SOCKET_USER ? session->state_of_user : NULL;
}

struct rt_socket *socket_find(struct hub_loop *l, struct str session_id, struct str socket_id)
{
    const struct client *c = client_find(l, session_id);
    struct rt_socket *s = c ? c->sockets : NULL;
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
    const struct sio *all = loop_of(c)->sio;
    size_t i = 0;
    while (i < all->namespace_count && !str_eq(p->nsp, str_from(all->namespaces[i]->name)))
        i++;
    if (of_namespace(c, p->nsp) || (is_root(p->nsp) && c->connect != CONNECT_NONE))
        protocol_error(c);
    else if (i < all->namespace_count)
        all->namespaces[i]->connect(c, p->data, p->text);
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
    struct client *c = session->state_of_user;
    struct sio_packet p;
    if (binary)
        take_attachment(c, data);
    else if (c->assembly || sio_packet_parse(eio_scratch(session), data, &p) != OK)
        protocol_error(c);
    else if (p.attachments == 0)
        take_packet(c, &p, NULL);
    else if (!assembly_begin(c, data))
        protocol_error(c);
}

static void on_opened(struct eio_session *session)
{
    struct client *c = session->state_of_user =
        POOL_NEW(&sio_loop_of(session->loop->hub)->client_pool, struct client);
    if (c)
        c->session = session;
    else
        eio_session_end(session, END_GONE);
}

static void on_ended(struct eio_session *session, enum hub_end why)
{
    struct client *c = session->state_of_user;
    if (!c)
        return;
    while (c->sockets)
        socket_leave(c->sockets, why);
    assembly_end(c);
    pool_put(&loop_of(c)->client_pool, c);
    session->state_of_user = NULL;
}

/* That of the product's namespace, once it is joined. */
static struct caller *credential_of(struct eio_session *session)
{
    const struct client *c = session->state_of_user;
    for (struct rt_socket *s = c->sockets; s; s = s->next)
        if (s->caller->known)
            return s->caller;
    return session->conn.caller;
}

/* DISCONNECT tells the official client not to come back by itself. */
static void sign_out(struct eio_session *session)
{
    struct client *c = session->state_of_user;
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

static void begin(struct hub_loop *hub, void *own)
{
    struct sio_loop *l = own;
    l->sio = hub_part_state(hub->hub, &SIO_PART);
    pool_init(&l->client_pool, sizeof(struct client));
    pool_init(&l->socket_pool, sizeof(struct rt_socket));
    pool_init(&l->ack_pool, sizeof(struct ack));
    deadlines_add(&hub->deadlines, &l->acks, SIO_ACK_TIMEOUT_MS, ack_timed_out, l);
}

static void end(void *own)
{
    struct sio_loop *l = own;
    pool_free(&l->client_pool);
    pool_free(&l->socket_pool);
    pool_free(&l->ack_pool);
}

const struct hub_part SIO_PART = { .name = "Socket.IO",
                                   .form = &SIO_FORM,
                                   .loop_bytes = sizeof(struct sio_loop),
                                   .begin = begin,
                                   .end = end };

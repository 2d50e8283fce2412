/* With VIVIM_TEST: what outside suites expect of a server. Engine.IO at /engine.io/ sends every message back; on
 * Socket.IO, who comes without a credential gets namespaces that echo. */
#include "realtime/protocol/sockets.h"

/* --- Engine.IO -------------------------------------------------------------------------------------- */

static void echo_opened(struct eio_session *s)
{
    eio_session_connected(s); /* there are no namespaces to wait for */
}

static void echo_message(struct eio_session *s, bool binary, struct str data)
{
    if (binary)
        eio_session_send_binary(s, data);
    else
        eio_session_send_text(s, S("4"), data);
}

static void echo_ended(struct eio_session *s, enum hub_end why)
{
    UNUSED(s);
    UNUSED(why);
}

const struct eio_user ECHO_USER = { .opened = echo_opened,
                                    .message = echo_message,
                                    .ended = echo_ended };

/* --- Socket.IO ------------------------------------------------------------------------------------------ */

static const struct str TEST_ROOM = { "test", 4 };

/* The arguments behind the event's name, as they came: text without the array's ends. */
static struct str arguments_of(const struct sio_packet *p)
{
    size_t at = 1, end = p->text.n - 1;
    while (p->text.s[at] != '"') /* white space; a name that is a number has no event here */
        at++;
    for (at++; p->text.s[at] != '"'; at++)
        if (p->text.s[at] == '\\')
            at++;
    at++;
    while (at < end && p->text.s[at] != ',')
        at++;
    return at < end ? str_sub(p->text, at + 1, end) : S("");
}

/* The arguments of a packet with attachments, written anew: what its placeholders name, in their order. */
struct rewritten {
    struct str arguments; /* behind the event's name */
    struct str attachments[SIO_ATTACHMENTS_MAX];
    unsigned count;
};

static bool rewrite(struct arena *a, const struct sio_packet *p, const struct str *attachments,
                    struct rewritten *ret)
{
    struct sio_renumber r = { .count = 0 };
    struct buf b;
    struct json_out o;
    struct json_iter it = json_iter(p->data);
    struct json item;
    buf_init(&b, a, EMISSION_BYTES_MAX);
    jo_init(&o, &b);
    (void)json_next(&it, NULL, &item); /* the name */
    jo_array(&o);
    while (json_next(&it, NULL, &item))
        if (sio_value_write(&o, item, &r) != OK)
            return false;
    jo_end(&o);
    if (buf_err(&b))
        return false;
    ret->arguments = str_sub(buf_str(&b), 1, b.n - 1);
    ret->count = r.count;
    for (unsigned i = 0; i < r.count; i++)
        ret->attachments[i] = attachments[r.order[i]];
    return true;
}

static void send_back(struct rt_socket *s, struct str arguments, const struct rewritten *w)
{
    if (!w->count) {
        socket_emit(s, "message-back", arguments);
        return;
    }
    struct str json = str_fmt(socket_scratch(s), "[\"message-back\",%.*s]", STR_ARG(w->arguments));
    socket_send_binary(s, SIO_BINARY_EVENT, -1, json, w->attachments, w->count);
}

static void acknowledge(struct rt_socket *s, int64_t id, struct str arguments,
                        const struct rewritten *w)
{
    if (!w->count) {
        socket_ack(s, id, arguments);
        return;
    }
    struct str json = str_fmt(socket_scratch(s), "[%.*s]", STR_ARG(w->arguments));
    socket_send_binary(s, SIO_BINARY_ACK, id, json, w->attachments, w->count);
}

static void broadcast(struct rt_socket *s, struct str arguments, const struct rewritten *w)
{
    const struct emission e = {
        .rooms = &TEST_ROOM,
        .room_count = 1,
        .event = "broadcast-back",
        .arguments = arguments,
        .attachments = w->attachments,
        .attachment_count = w->count,
    };
    hub_emit(s->listener.loop->hub, &e);
}

static void answered(struct rt_socket *s, struct str arguments, bool timed_out)
{
    socket_emit(s, "ask-answered", timed_out ? S("\"timeout\"") : arguments);
}

static void test_event(struct rt_socket *s, const struct sio_packet *p,
                       const struct str *attachments)
{
    struct str name = sio_event_name(p);
    struct rewritten w = { .count = 0 };
    if (!name.s || (p->attachments && !rewrite(socket_scratch(s), p, attachments, &w)))
        return;
    struct str arguments = p->attachments ? w.arguments : arguments_of(p);
    if (str_eq(name, S("message")))
        send_back(s, arguments, &w);
    else if (str_eq(name, S("message-with-ack")) && p->has_id)
        acknowledge(s, p->id, arguments, &w);
    else if (str_eq(name, S("ask")) && !w.count)
        socket_ask(s, "asked", arguments, answered);
    else if (str_eq(name, S("broadcast")))
        broadcast(s, arguments, &w);
}

static void no_event(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments)
{
    UNUSED(s);
    UNUSED(p);
    UNUSED(attachments);
}

static const struct nsp TEST_NAMESPACE = { .name = "/", .event = test_event };

static void join(struct client *c, const struct nsp *nsp, struct str auth)
{
    struct rt_socket *s = socket_join(c, nsp, NULL);
    if (!s) {
        socket_refuse(c, str_from(nsp->name), E_BUSY);
        return;
    }
    socket_welcome(s);
    if (nsp == &TEST_NAMESPACE && hub_join(&s->listener, TEST_ROOM) != OK)
        eio_session_end(c->session, END_SERVER);
    else
        socket_emit(s, "auth", auth.n ? auth : S("{}"));
}

void echo_stranger(struct client *c, struct str auth)
{
    join(c, &TEST_NAMESPACE, auth);
}

static void custom_connect(struct client *c, struct json auth, struct str text)
{
    UNUSED(auth);
    join(c, &TEST_CUSTOM_NAMESPACE, text);
}

const struct nsp TEST_CUSTOM_NAMESPACE = { .name = "/custom",
                                           .connect = custom_connect,
                                           .event = no_event };

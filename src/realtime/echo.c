/* With VIVIM_TEST: what outside suites expect of a server. Engine.IO at /engine.io/ sends every message back; on
 * Socket.IO, who comes without a credential gets namespaces that echo. */
#include "realtime/inside.h"

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

static void echo_ended(struct eio_session *s, enum eio_end why)
{
    UNUSED(s);
    UNUSED(why);
}

const struct eio_user ECHO_USER = { .opened = echo_opened,
                                    .message = echo_message,
                                    .ended = echo_ended };

/* --- Socket.IO ------------------------------------------------------------------------------------------ */

#define TEST_ROOM S("test")

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

static void send_back(struct rt_socket *s, const struct sio_packet *p,
                      const struct str *attachments)
{
    struct str arguments = arguments_of(p);
    if (!p->attachments) {
        socket_emit(s, "message-back", arguments);
        return;
    }
    struct str json =
        str_fmt(&s->client->session->loop->scratch, "[\"message-back\",%.*s]", STR_ARG(arguments));
    socket_send_binary(s, SIO_BINARY_EVENT, -1, json, attachments, p->attachments);
}

static void acknowledge(struct rt_socket *s, const struct sio_packet *p,
                        const struct str *attachments)
{
    struct str arguments = arguments_of(p);
    if (!p->attachments) {
        socket_ack(s, p->id, arguments);
        return;
    }
    struct str json = str_fmt(&s->client->session->loop->scratch, "[%.*s]", STR_ARG(arguments));
    socket_send_binary(s, SIO_BINARY_ACK, p->id, json, attachments, p->attachments);
}

static void answered(struct rt_socket *s, struct str arguments, bool timed_out)
{
    socket_emit(s, "ask-answered", timed_out ? S("\"timeout\"") : arguments);
}

static void test_event(struct rt_socket *s, const struct sio_packet *p,
                       const struct str *attachments)
{
    struct str name = sio_event_name(p);
    if (str_eq(name, S("message")))
        send_back(s, p, attachments);
    else if (str_eq(name, S("message-with-ack")) && p->has_id)
        acknowledge(s, p, attachments);
    else if (str_eq(name, S("ask")) && !p->attachments)
        socket_ask(s, "asked", arguments_of(p), answered);
    else if (str_eq(name, S("broadcast")) && !p->attachments)
        hub_emit(s->client->session->loop->rt, &(struct emission){ .rooms = &TEST_ROOM,
                                                                   .room_count = 1,
                                                                   .event = "broadcast-back",
                                                                   .arguments = arguments_of(p) });
}

static void no_event(struct rt_socket *s, const struct sio_packet *p, const struct str *attachments)
{
    UNUSED(s);
    UNUSED(p);
    UNUSED(attachments);
}

const struct nsp TEST_NAMESPACE = { .name = "/", .event = test_event };
const struct nsp TEST_CUSTOM_NAMESPACE = { .name = "/custom", .event = no_event };

void test_join(struct client *c, const struct nsp *nsp, struct str auth)
{
    struct rt_socket *s = socket_join(c, nsp, NULL);
    if (!s) {
        socket_refuse(c, str_from(nsp->name), E_BUSY);
        return;
    }
    socket_welcome(s);
    if (nsp == &TEST_NAMESPACE && hub_join(s, TEST_ROOM) != OK)
        eio_session_end(c->session, END_SERVER);
    else
        socket_emit(s, "auth", auth.n ? auth : S("{}"));
}

/* Engine.IO over HTTP: the checks of a request, in the order of the protocol, and whom it goes to. */
#include "base/utf8.h"
#include "os/file.h"
#include "realtime/transport/inside.h"

struct arrival { /* one request, on its way; in its arena */
    struct hub_loop *loop;
    const struct eio_user *user;
    struct str sid, transport;
    bool websocket; /* the transport that it asks for */
    bool upgrade;   /* the connection wants to become a WebSocket */
    bool version_4;
};

static void refuse(struct held *h, enum eio_error e)
{
    struct reply *rp = held_reply(h);
    reply_status(rp, eio_error_status(e));
    reply_bytes(rp, S("application/json"), eio_error_body(e));
    reply_close(rp);
    held_answer(h);
}

static bool has_control_characters(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.s[i] < 0x20 || s.s[i] == 0x7f)
            return true;
    return false;
}

/* --- a request of a session ------------------------------------------------------------------------ */

static err_t read_body(const struct req *rq, struct str *ret)
{
    *ret = rq->body;
    if (rq->body_fd < 0)
        return OK;
    char *bytes = arena_bytes(rq->arena, rq->body_bytes);
    if (!bytes)
        return arena_err(rq->arena);
    TRY(file_read_exactly(rq->body_fd, bytes, rq->body_bytes));
    *ret = str_of(bytes, rq->body_bytes);
    return OK;
}

/* Of a payload all is text; bytes travel in it as base64. */
static err_t body_of(const struct req *rq, struct str *ret)
{
    TRY(read_body(rq, ret));
    return utf8_ok(*ret) ? OK : err_note(E_BAD_ENCODING, NULL, "the payload is not valid UTF-8");
}

static void fail_post(struct eio_session *s, struct held *h, err_t e)
{
    eio_session_end(s, END_PROTOCOL);
    held_fail(h, e);
}

static void take_post(struct eio_session *s, struct held *h)
{
    struct req *rq = held_req(h);
    struct str body, type = req_header(rq, S("content-type"));
    err_t e = rq->body_excess || rq->body_bytes > s->loop->eio->payload_bytes_max
                  ? err_note(E_LIMIT, NULL, "a payload has at most %zu bytes",
                             s->loop->eio->payload_bytes_max)
              : str_starts(type, S("application/octet-stream"))
                  ? err_note(E_BAD_INPUT, "content-type", "bytes travel as base64 in revision 4")
                  : body_of(rq, &body);
    if (e != OK)
        fail_post(s, h, e);
    else
        eio_session_post(s, h, body);
}

static bool is_poll(const struct arrival *a, const struct req *rq)
{
    return rq->method == HTTP_GET && !a->websocket && !a->upgrade;
}

/* Of a session that is not there; but a poll may have been on its way when its client closed it. */
static void answer_unknown(const struct arrival *a, struct held *h)
{
    bool late = a->version_4 && is_poll(a, held_req(h)) &&
                closed_take(eio_loop_of(a->loop), a->sid, a->user);
    if (late)
        eio_answer_noop(h);
    else
        refuse(h, EIO_SID_UNKNOWN);
}

static void at_its_loop(struct held *h, void *arg)
{
    struct arrival *a = arg;
    struct req *rq = held_req(h);
    struct hub_loop *l = a->loop = hub_loop_of(a->loop->hub, held_loop(h));
    struct eio_session *s = eio_session_find(l, a->sid);
    if (held_is_gone(
            h)) { /* also a poll that nobody waits for any more: the session has lost its client */
        if (s && is_poll(a, rq))
            eio_session_end(s, END_GONE);
        held_answer(h);
    } else if (!s || (eio_session_is_open(s) && s->user != a->user))
        answer_unknown(a, h);
    else if (!a->version_4 || (!a->upgrade && (a->websocket || s->ws)))
        refuse(h, EIO_BAD_REQUEST);
    else if (a->websocket)
        eio_session_upgrade(s, h);
    else if (a->upgrade) /* polling is nothing that a WebSocket could do */
        eio_turn_away(s->loop, h);
    else if (rq->method == HTTP_GET)
        eio_session_poll(s, h);
    else if (rq->method == HTTP_POST)
        take_post(s, h);
    else
        refuse(h, EIO_BAD_REQUEST);
    hub_loop_leave(l);
}

/* --- a new session ------------------------------------------------------------------------------------ */

/* Pages of other origins may not: else any page could read over its visitor's shoulder. Programs name no origin. */
static bool may_open(const struct req *rq)
{
    struct str origin = req_header(rq, S("origin"));
    return !origin.s || http_origin_allowed(rq, origin);
}

static void begin_session(struct arrival *a, struct held *h)
{
    struct req *rq = held_req(h);
    if (rq->method != HTTP_GET)
        refuse(h, EIO_BAD_HANDSHAKE_METHOD);
    else if (a->websocket && !a->upgrade)
        refuse(h, EIO_BAD_REQUEST);
    else if (!may_open(rq))
        refuse(h, EIO_FORBIDDEN);
    else if (a->upgrade && !a->websocket)
        eio_turn_away(eio_loop_of(a->loop), h);
    else if (!a->version_4)
        refuse(h, EIO_UNSUPPORTED_VERSION);
    else
        eio_session_open(eio_loop_of(a->loop), h, a->user, a->websocket);
}

static void begin(struct held *h, void *arg)
{
    struct arrival *a = arg;
    struct req *rq = held_req(h);
    struct hub_loop *l = a->loop = hub_loop_of(hub_of(rq->app), held_loop(h));
    bool known = a->websocket || str_eq(a->transport, S("polling"));
    int number = a->sid.s ? conn_loop(req_server(rq), rq->arena, a->sid) : 0;
    if (!known)
        refuse(h, EIO_TRANSPORT_UNKNOWN);
    else if (has_control_characters(req_header(rq, S("origin"))) || req_query(rq, "j").s)
        refuse(h, EIO_BAD_REQUEST); /* `j`: JSONP is not spoken */
    else if (!a->sid.s)
        begin_session(a, h);
    else if (number < 0)
        refuse(h, EIO_SID_UNKNOWN);
    else {
        held_move(h, number, at_its_loop, a);
        return; /* the request may be at another loop already */
    }
    hub_loop_leave(l);
}

/* Does the list hold the word? In any case (RFC 9110 section 5.6.1). */
static bool list_names(struct str list, struct str word)
{
    struct str part;
    while (list.n && str_cut(&list, ',', &part))
        if (str_eq_nocase(str_trim(part), word))
            return true;
    return false;
}

static bool wants_upgrade(const struct req *rq)
{
    return str_eq_nocase(req_header(rq, S("upgrade")), S("websocket")) &&
           list_names(req_header(rq, S("connection")), S("upgrade"));
}

/* --- routes ----------------------------------------------------------------------------------------------- */

err_t eio_arrive(struct req *rq, struct reply *rp, const struct eio_user *user)
{
    struct arrival *a = ARENA_NEW(rq->arena, struct arrival);
    if (!a)
        return arena_err(rq->arena);
    a->user = user;
    a->sid = req_query(rq, "sid");
    a->transport = req_query(rq, "transport");
    a->websocket = str_eq(a->transport, S("websocket"));
    a->upgrade = wants_upgrade(rq);
    a->version_4 = str_eq(req_query(rq, "EIO"), S("4"));
    reply_hold(rq, rp, begin, a);
    return OK;
}

bool eio_wants_body(const struct req *rq)
{
    struct str sid = req_query(rq, "sid");
    return rq->method == HTTP_POST && sid.s && conn_is_known(hub_of(rq->app), rq->arena, sid);
}

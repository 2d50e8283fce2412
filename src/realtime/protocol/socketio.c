#include "realtime/protocol/socketio.h"

#define ID_MAX ((int64_t)1 << 53)

static err_t bad(const char *what)
{
    return err_note(E_BAD_INPUT, NULL, "%s", what);
}

/* --- the head --------------------------------------------------------------------------------- */

/* Decimal digits at *at, which moves on; -1: none; -2: too large. */
static int64_t digits(struct str s, size_t *at, int64_t max)
{
    size_t from = *at;
    int64_t n = 0;
    for (; *at < s.n && s.s[*at] >= '0' && s.s[*at] <= '9'; (*at)++) {
        n = n * 10 + (s.s[*at] - '0');
        if (n > max)
            return -2;
    }
    return *at == from ? -1 : n;
}

static bool is_binary(enum sio_type t)
{
    return t == SIO_BINARY_EVENT || t == SIO_BINARY_ACK;
}

static err_t parse_attachments(struct str s, size_t *at, struct sio_packet *p)
{
    int64_t n = digits(s, at, SIO_ATTACHMENTS_MAX);
    if (n < 1 || *at >= s.n || s.s[*at] != '-')
        return bad("a binary packet says how many attachments follow: 1 to 10 and a dash");
    (*at)++;
    p->attachments = (unsigned)n;
    return OK;
}

static err_t parse_namespace(struct str s, size_t *at, struct sio_packet *p)
{
    p->nsp = S("/");
    if (*at >= s.n || s.s[*at] != '/')
        return OK;
    size_t end = str_find_char(s, ',', *at);
    struct str nsp = str_sub(s, *at, end);
    if (nsp.n > SIO_NAMESPACE_BYTES_MAX)
        return bad("the namespace is too long");
    *at = end < s.n ? end + 1 : s.n;
    p->nsp = nsp;
    return OK;
}

/* --- the shape of the data ------------------------------------------------------------------------ */

static bool is_reserved(struct str name)
{
    static const char *const NAMES[] = { "connect",       "connect_error", "disconnect",
                                         "disconnecting", "newListener",   "removeListener" };
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        if (str_eq(name, str_from(NAMES[i])))
            return true;
    return false;
}

static err_t check_event(struct json data)
{
    if (!json_is(data, JSON_ARRAY) || json_count(data) == 0)
        return bad("an event is an array that begins with its name");
    struct json first = json_at(data, 0);
    if (json_is(first, JSON_I64) || json_is(first, JSON_U64) || json_is(first, JSON_F64))
        return OK;
    if (!json_is(first, JSON_STR) || is_reserved(json_str(first)))
        return bad("the event's name is not a string, or is a reserved one");
    return OK;
}

/* A placeholder's number is below the count of attachments, at any depth. */
static err_t check_placeholders(struct json v, unsigned attachments)
{
    if (json_is(v, JSON_OBJECT) && json_bool(json_get(v, S("_placeholder")), false)) {
        int64_t num = json_i64(json_get(v, S("num")), -1);
        return num >= 0 && num < attachments
                   ? OK
                   : bad("a placeholder names an attachment that does not follow");
    }
    struct json_iter it = json_iter(v);
    struct json item;
    while (json_next(&it, NULL, &item))
        TRY(check_placeholders(item, attachments));
    return OK;
}

static err_t check_shape(const struct sio_packet *p)
{
    bool none = json_is(p->data, JSON_NONE);
    switch (p->type) {
    case SIO_CONNECT:
        return none || json_is(p->data, JSON_OBJECT) ? OK
                                                     : bad("the data of a CONNECT is an object");
    case SIO_DISCONNECT:
        return none ? OK : bad("a DISCONNECT carries no data");
    case SIO_EVENT:
    case SIO_BINARY_EVENT:
        TRY(check_event(p->data));
        break;
    case SIO_ACK:
    case SIO_BINARY_ACK:
        if (!json_is(p->data, JSON_ARRAY) || !p->has_id)
            return bad("an ACK has an id and an array");
        break;
    case SIO_CONNECT_ERROR:
        return bad("a CONNECT_ERROR comes from the server alone");
    }
    return is_binary(p->type) ? check_placeholders(p->data, p->attachments) : OK;
}

err_t sio_packet_parse(struct arena *a, struct str text, struct sio_packet *ret)
{
    struct sio_packet p = { 0 };
    size_t at = 1;
    if (text.n == 0 || text.s[0] < '0' || text.s[0] > '6')
        return bad("the packet's type is unknown");
    p.type = (enum sio_type)(text.s[0] - '0');
    if (is_binary(p.type))
        TRY(parse_attachments(text, &at, &p));
    TRY(parse_namespace(text, &at, &p));
    int64_t id = digits(text, &at, ID_MAX);
    if (id == -2)
        return bad("the acknowledgement's id is too large");
    p.has_id = id >= 0;
    p.id = id;
    p.text = str_sub(text, at, text.n);
    if (p.text.n) {
        if (p.text.s[0] != '[' && p.text.s[0] != '{')
            return bad("the data is neither an array nor an object");
        TRY(json_parse(a, p.text, SIO_DEPTH_MAX, &p.data));
    }
    TRY(check_shape(&p));
    *ret = p;
    return OK;
}

struct str sio_event_name(const struct sio_packet *p)
{
    return json_str(json_at(p->data, 0));
}

void sio_head_write(struct buf *out, enum sio_type type, unsigned attachments, struct str nsp,
                    int64_t id)
{
    buf_putc(out, (char)('0' + type));
    if (is_binary(type)) {
        buf_put_i64(out, attachments);
        buf_putc(out, '-');
    }
    if (!str_eq(nsp, S("/"))) {
        buf_put(out, nsp);
        buf_putc(out, ',');
    }
    if (id >= 0)
        buf_put_i64(out, id);
}

static bool is_placeholder(struct json v)
{
    return json_is(v, JSON_OBJECT) && json_bool(json_get(v, S("_placeholder")), false);
}

static err_t write_placeholder(struct json_out *o, struct json v, struct sio_renumber *r)
{
    if (r->count == SIO_ATTACHMENTS_MAX)
        return err_note(E_LIMIT, NULL, "too many attachments");
    r->order[r->count] = (unsigned)json_i64(json_get(v, S("num")), 0);
    jo_object(o);
    jo_kbool(o, "_placeholder", true);
    jo_ki64(o, "num", r->count++);
    jo_end(o);
    return OK;
}

err_t sio_value_write(struct json_out *o, struct json v, struct sio_renumber *r)
{
    bool object = json_is(v, JSON_OBJECT);
    if (is_placeholder(v))
        return write_placeholder(o, v, r);
    if (!object && !json_is(v, JSON_ARRAY)) {
        jo_value(o, v);
        return OK;
    }
    struct json_iter it = json_iter(v);
    struct json item;
    struct str key;
    object ? jo_object(o) : jo_array(o);
    while (json_next(&it, &key, &item)) {
        if (object)
            jo_key(o, key);
        TRY(sio_value_write(o, item, r));
    }
    jo_end(o);
    return OK;
}

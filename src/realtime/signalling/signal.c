#include "realtime/signalling/signal.h"

#include "base/json_write.h"
#include "base/limits.h"

/* --- where members begin and end ---------------------------------------------------------------
 * Of text that json_parse has taken, so that nothing need be checked here but its end. */

struct place {
    struct str text;
    size_t at;
};

static char byte_at(const struct place *p)
{
    return p->at < p->text.n ? p->text.s[p->at] : 0;
}

/* Behind the string that begins here. */
static void pass_string(struct place *p)
{
    for (p->at++; p->at < p->text.n && byte_at(p) != '"'; p->at++)
        if (byte_at(p) == '\\')
            p->at++;
    p->at++;
}

/* To the comma or brace that ends the member, which begins here. */
static struct str pass_member(struct place *p)
{
    size_t from = p->at;
    for (int depth = 0; p->at < p->text.n;) {
        char c = byte_at(p);
        if (c == '"') {
            pass_string(p);
            continue;
        }
        if (depth == 0 && (c == ',' || c == '}'))
            break;
        depth += (c == '{' || c == '[') - (c == '}' || c == ']');
        p->at++;
    }
    return str_sub(p->text, from, p->at);
}

/* --- the message ---------------------------------------------------------------------------------- */

/* Members that we act on; `clients` is ours to write. */
enum known { TYPE, TOPIC, TOPICS, CLIENTS, KNOWN_COUNT };
static const char *const KNOWN[KNOWN_COUNT] = { "type", "topic", "topics", "clients" };

static enum known known_of(struct str key)
{
    int i = 0;
    while (i < KNOWN_COUNT && !str_eq(key, str_from(KNOWN[i])))
        i++;
    return (enum known)i;
}

static err_t check_once(struct json object)
{
    struct json_iter it = json_iter(object);
    struct json value;
    struct str key;
    unsigned seen[KNOWN_COUNT + 1] = { 0 };
    while (json_next(&it, &key, &value)) {
        enum known k = known_of(key);
        if (k < CLIENTS && seen[k]++)
            return err_note(E_BAD_INPUT, KNOWN[k], "a message has one %s", KNOWN[k]);
    }
    return OK;
}

static enum signal_type type_of(struct json object)
{
    static const char *const NAMES[] = { [SIGNAL_SUBSCRIBE] = "subscribe",
                                         [SIGNAL_UNSUBSCRIBE] = "unsubscribe",
                                         [SIGNAL_PUBLISH] = "publish",
                                         [SIGNAL_PING] = "ping" };
    struct str name = json_get_str(object, S("type"));
    for (int i = SIGNAL_SUBSCRIBE; i <= SIGNAL_PING; i++)
        if (str_eq(name, str_from(NAMES[i])))
            return (enum signal_type)i;
    return SIGNAL_OTHER;
}

static err_t take_topics(struct json object, struct signal *m)
{
    m->topics = json_get(object, S("topics"));
    if (json_exists(m->topics) && !json_is(m->topics, JSON_ARRAY))
        return err_note(E_INVALID, "topics", "a list of topics");
    return OK;
}

static err_t take_publish(struct json object, struct str text, struct signal *m)
{
    m->object = object;
    m->text = text;
    m->topic = json_get_str(object, S("topic"));
    return m->topic.n ? OK : err_note(E_INVALID, "topic", "the topic that this is for");
}

err_t signal_parse(struct arena *a, struct str text, struct signal *ret)
{
    struct signal m = { .type = SIGNAL_OTHER };
    struct json object;
    TRY(json_parse(a, text, SIGNAL_DEPTH_MAX, &object));
    if (!json_is(object, JSON_OBJECT))
        return err_note(E_BAD_INPUT, NULL, "a message is a JSON object with a type");
    TRY(check_once(object));
    m.type = type_of(object);
    if (m.type == SIGNAL_SUBSCRIBE || m.type == SIGNAL_UNSUBSCRIBE)
        TRY(take_topics(object, &m));
    if (m.type == SIGNAL_PUBLISH)
        TRY(take_publish(object, text, &m));
    *ret = m;
    return OK;
}

/* --- what is forwarded -------------------------------------------------------------------------------- */

static void put_topic(struct buf *out, struct str topic)
{
    struct json_out o;
    jo_init(&o, out);
    buf_put(out, S("\"topic\":"));
    jo_str(&o, topic);
}

/* Every member but `clients`, as it came; but the topic by its name. */
err_t signal_head(struct arena *a, const struct signal *m, struct str topic, struct str *ret)
{
    struct place p = { m->text, str_find_char(m->text, '{', 0) };
    struct json_iter it = json_iter(m->object);
    bool renamed = !str_eq(m->topic, topic);
    struct str key;
    struct buf out;
    struct json value;
    buf_init(&out, a, 2 * m->text.n + 6 * topic.n + KIB(1));
    buf_putc(&out, '{');
    while (json_next(&it, &key, &value)) {
        p.at++; /* the brace, or the comma */
        struct str member = pass_member(&p);
        if (known_of(key) == CLIENTS)
            continue;
        if (out.n > 1)
            buf_putc(&out, ',');
        if (renamed && known_of(key) == TOPIC)
            put_topic(&out, topic);
        else
            buf_put(&out, member);
    }
    *ret = buf_str(&out);
    return buf_err(&out);
}

struct str signal_tail(struct arena *a, unsigned clients)
{
    return str_fmt(a, ",\"clients\":%u}", clients);
}

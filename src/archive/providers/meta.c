/* Meta AI in the export of an account (your_ai_conversations.json, ai_conversations.json): labelled values in one another, the
 * newest message first; and the older form of its messages. What is no ASCII is UTF-8 whose bytes were taken for characters. */
#include "archive/builder.h"
#include "archive/providers/provider.h"
#include "base/utf8.h"

struct said {
    struct str text, name;
    int64_t at_ms;
    struct said *before;
};

/* "\u00e2\u0080\u0099" -> ’ */
static struct str mended(struct builder *b, struct str s)
{
    struct buf out;
    size_t at = 0;
    bool foreign = false;
    buf_init(&out, b->a, s.n + 1);
    while (at < s.n) {
        uint32_t point = utf8_next(s, &at);
        if (point > 0xff)
            return s; /* it was whole */
        foreign |= point > 0x7f;
        buf_putc(&out, (char)point);
    }
    return foreign && buf_err(&out) == OK && utf8_ok(buf_str(&out)) ? buf_str(&out) : s;
}

static bool is_meta(struct str name)
{
    return str_eq_nocase(name, S("Meta AI")) || str_eq_nocase(name, S("AI"));
}

/* --- labelled values ---------------------------------------------------------------------------------------------------------- */

static struct json titled(struct json list, struct str title)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v))
        if (str_eq(json_get_str(v, S("title")), title))
            return json_get(v, S("dict"));
    return (struct json){ 0 };
}

static struct said *read_labels(struct builder *b, struct json list)
{
    struct said *x = ARENA_NEW(b->a, struct said);
    struct json_iter it = json_iter(list);
    struct json v;
    if (!x)
        return NULL;
    x->at_ms = TIME_NONE;
    while (json_next(&it, NULL, &v)) {
        struct str label = json_get_str(v, S("label")), value = json_get_str(v, S("value"));
        if (str_eq(label, S("Message")) && value.n)
            x->text = mended(b, value);
        else if (str_eq(label, S("Name")))
            x->name = mended(b, value);
        if (json_exists(json_get(v, S("timestamp_value"))))
            x->at_ms = build_time(b, json_get(v, S("timestamp_value")));
    }
    return x;
}

static struct said *read_message(struct builder *b, struct json v)
{
    if (json_is(json_get(v, S("dict")), JSON_ARRAY))
        return read_labels(b, json_get(v, S("dict")));
    struct said *x = ARENA_NEW(b->a, struct said);
    if (!x)
        return NULL;
    struct str text = json_get_str(v, S("content"));
    x->text = mended(b, text.n ? text : json_get_str(v, S("text")));
    x->name = mended(b, json_get_str(v, S("sender_name")));
    x->at_ms = build_time(b, json_get(v, S("timestamp_ms")));
    return x;
}

/* --- who speaks ----------------------------------------------------------------------------------------------------------------- */

/* What the program itself says. */
static bool is_told(const struct said *x)
{
    return str_starts(x->text, S("Meta AI named the "));
}

/* A character's threads carry one name on all messages: then question and answer take turns. */
static void put_all(struct builder *b, const struct said *oldest_last)
{
    struct str one = STR_NONE;
    bool names_differ = false, ask = true;
    for (const struct said *x = oldest_last; x; x = x->before) {
        if (is_told(x))
            continue;
        names_differ |= one.s && !str_eq(one, x->name) && !is_meta(one) != !is_meta(x->name);
        one = one.s && is_meta(one) ? one : x->name;
    }
    for (const struct said *x = oldest_last; x; x = x->before) {
        if (!x->text.n)
            continue;
        bool told = is_told(x);
        enum role role = told           ? ROLE_SYSTEM
                         : names_differ ? is_meta(x->name) ? ROLE_ASSISTANT : ROLE_USER
                         : ask          ? ROLE_USER
                                        : ROLE_ASSISTANT;
        struct message *m = build_message(b, STR_NONE, STR_NONE, role);
        m->created_ms = x->at_ms;
        build_text(b, x->text);
        ask = told ? ask : !ask;
    }
    if (!names_differ)
        build_finding(b, FOUND_ROLE_INFERRED, S("the export does not say who speaks"));
}

static struct json messages_of(struct json root)
{
    struct json list = json_get(root, S("messages"));
    return json_is(list, JSON_ARRAY) ? list
                                     : titled(json_get(root, S("label_values")), S("Messages"));
}

static bool has_meta(struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v))
        if (is_meta(json_get_str(v, S("sender_name"))) || is_meta(json_get_str(v, S("name"))))
            return true;
    return false;
}

/* A talk with people is none of ours: one of the older form must have Meta AI in it. */
static bool meta_json_is_mine(struct json root)
{
    struct json list = json_get(root, S("messages"));
    if (json_is(json_get(root, S("label_values")), JSON_ARRAY))
        return json_is(messages_of(root), JSON_ARRAY);
    return json_is(list, JSON_ARRAY) && json_exists(json_get(json_at(list, 0), S("sender_name"))) &&
           (has_meta(list) || has_meta(json_get(root, S("participants"))));
}

static err_t meta_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json list = messages_of(root), v;
    struct builder b;
    struct said *last = NULL;
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "meta", ret);
    struct str title = mended(&b, json_get_str(root, S("title")));
    ret->title = str_starts(title, S("thread for mailbox")) ? STR_NONE : title;
    ret->source.id = build_id(&b, json_get(root, S("fbid")));
    if (!ret->source.id.n)
        ret->source.id = json_get_str(root, S("thread_path"));
    struct json_iter it = json_iter(list);
    while (json_next(&it, NULL, &v)) {
        struct said *x = read_message(&b, v);
        if (!x)
            break;
        x->before = last; /* the file has the newest first */
        last = x;
    }
    put_all(&b, last);
    if (b.err == OK && ret->message_count) {
        ret->created_ms = ret->messages[0].created_ms;
        ret->updated_ms = ret->messages[ret->message_count - 1].created_ms;
    }
    return build_end(&b);
}

const struct provider PROVIDER_META = { .name = "meta",
                                        .json_is_mine = meta_json_is_mine,
                                        .from_json = meta_from_json };

/* JSON in which each value is a conversation and says by its structure whose (providers.c): an array of them, JSON Lines, the
 * list in an object, or one alone. Exports hold other JSON too, in which nothing is a conversation: that is passed over
 * without a word; but as soon as one is found, what stood before it unknown is said. */
#include "archive/providers/extract.h"
#include "base/json_values.h"
#include "base/limits.h"
#include "imports/formats/formats.h"

enum { UNKNOWN_MAX = 1000 }; /* said one by one; more are counted */

struct values {
    struct json_values json;
    struct arena value; /* the one that is looked at: all of it goes with the next one */
    const struct provider *provider; /* of all; NULL: each says */
    bool speaks;                     /* what is unknown is said: there are conversations */
    struct str waiting;              /* a value that was looked at already, while … */
    size_t unknown[UNKNOWN_MAX];     /* … the places of those before it are said */
    size_t unknown_count, said;
};

/* --- values ---------------------------------------------------------------------------------------------------------------- */

static bool is_own(const struct source_head *h)
{
    size_t at = source_head_value(h, "format");
    return str_starts(str_sub(h->bytes, at, h->bytes.n), S("\"vivim.conversation/"));
}

err_t values_open(struct import_source *s, const char *const *lists,
                  const struct provider *provider)
{
    struct values *v = ARENA_NEW(s->arena, struct values);
    if (!v)
        return arena_err(s->arena);
    v->provider = provider;
    arena_init(&v->value, JSON_BYTES_MAX * 4);
    json_values_init(&v->json, s->reader, lists,
                     is_own(&s->head) ? IMPORT_OWN_BYTES : IMPORT_VALUE_BYTES);
    s->state = v;
    return OK;
}

void values_forget(struct import_source *s)
{
    struct values *v = s->state;
    arena_free(&v->value);
}

void values_close(struct import_source *s)
{
    struct values *v = s->state;
    if (!v)
        return;
    json_values_free(&v->json);
    arena_free(&v->value);
}

static err_t own(struct arena *a, struct json root, struct conversation *ret)
{
    struct str name = json_get_str(root, S("provider"));
    const struct provider *p = provider_by_name(name);
    if (!p)
        return err_note(E_INVALID, NULL, "its provider \"%.*s\" is not known",
                        STR_ARG(str_sub(name, 0, 40)));
    return conversation_read(a, root, p->name, ret);
}

/* Whose it is, where the conversation itself says so, by an id that tells accounts apart and nobody's name. The files that say
 * more of an account are not read (refused.c). */
static struct str account_of(struct json root)
{
    enum { ID_BYTES_MAX = 200 };
    const struct json said[] = { json_get(json_get(root, S("account")), S("uuid")),
                                 json_get(json_get(root, S("conversation")), S("user_id")),
                                 json_get(root, S("user_id")) };
    for (size_t i = 0; i < COUNTOF(said); i++)
        if (json_str(said[i]).n && json_str(said[i]).n <= ID_BYTES_MAX)
            return json_str(said[i]);
    return STR_NONE;
}

/* *ret_known: it is one, whatever became of it. */
static err_t read_value(struct import_source *s, struct values *v, struct arena *a,
                        struct json root, bool *ret_known, struct conversation *ret)
{
    s->own = conversation_is(root);
    *ret_known = true;
    if (s->own)
        return own(a, root, ret);
    err_t e = extract_json(a, root, v->provider, ret);
    *ret_known = e != E_NOT_FOUND;
    if (e == OK && !ret->source.account.n)
        ret->source.account = account_of(root);
    return *ret_known ? e : OK;
}

static err_t say_unknown(struct import_source *s, struct values *v)
{
    size_t more = v->unknown_count - v->said - 1;
    s->place = v->unknown[v->said++];
    bool last = !more || v->said == UNKNOWN_MAX;
    if (last)
        v->said = v->unknown_count = 0;
    if (!last || !more)
        return err_note(E_INVALID, NULL, "no conversation of a known provider");
    return err_note(E_INVALID, NULL, "no conversation of a known provider, and %zu more", more);
}

static void note_unknown(struct values *v, size_t place)
{
    if (v->unknown_count < UNKNOWN_MAX)
        v->unknown[v->unknown_count] = place;
    v->unknown_count++;
}

/* Something that calls itself so and is not understood is worth a word: the provider may have changed its form. */
static bool promises(const struct source_head *h)
{
    /* What stands beside the conversations in an archive of ours (docs/export.md). */
    size_t format = source_head_value(h, "format");
    if (str_starts(str_sub(h->bytes, format, h->bytes.n), S("\"vivim.export/")))
        return false;
    static const char *const NAMES[] = { "mapping",   "chat_messages", "conversations", "messages",
                                         "responses", "chats",         "history" };
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        if (source_head_names(h, NAMES[i]))
            return true;
    return false;
}

/* One value. E_NOT_FOUND with *ret_known false: it is none, the next one may be. */
static err_t take_value(struct import_source *s, struct values *v, struct arena *a, bool *ret_known,
                        struct conversation *ret)
{
    struct str text = v->waiting;
    struct json root;
    *ret_known = true;
    v->waiting = STR_NONE;
    err_t e = text.s ? OK : json_values_next(&v->json, &text, &s->list);
    s->place = v->json.place;
    TRY(e);
    arena_reset(&v->value);
    TRY(json_parse(&v->value, text, JSON_FOREIGN_DEPTH_MAX, &root));
    if (v->said == v->unknown_count)
        json_values_forget(&v->json);
    e = read_value(s, v, a, root, ret_known, ret);
    if (!*ret_known) {
        note_unknown(v, s->place);
        return E_NOT_FOUND;
    }
    v->speaks = true;
    if (v->said == v->unknown_count)
        return e;      /* and the text was let go */
    v->waiting = text; /* first what stood before it */
    return say_unknown(s, v);
}

err_t values_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct values *v = s->state;
    for (;;) {
        bool known;
        if (v->speaks && v->said < v->unknown_count)
            return say_unknown(s, v);
        err_t e = take_value(s, v, a, &known, ret);
        v->speaks |= known && e == E_NOT_FOUND && promises(&s->head);
        if (known && !(e == E_NOT_FOUND && v->speaks && v->said < v->unknown_count))
            return e;
        arena_reset(a);
    }
}

/* --- which values ------------------------------------------------------------------------------------------------------------- */

static bool json_sniff(const struct source_head *h)
{
    return h->json != HEAD_NO_JSON;
}

static bool begins(const struct source_head *h, const char *name, char c)
{
    size_t at = h->json == HEAD_OBJECT ? source_head_value(h, name) : SIZE_MAX;
    return at != SIZE_MAX && h->bytes.s[at] == c;
}

static err_t json_open(struct import_source *s)
{
    static const char *const CONVERSATIONS[] = { "conversations", "media_posts", NULL };
    static const char *const DATA[] = { "data", NULL }, *const CHATS[] = { "chats", NULL };
    const struct source_head *h = &s->head;
    if (begins(h, "conversations", '[') || begins(h, "media_posts", '['))
        return values_open(s, CONVERSATIONS, NULL);
    if (begins(h, "data", '['))
        return values_open(s, DATA,
                           source_head_names(h, "success") ? provider_by_name(S("qwen")) : NULL);
    if (begins(h, "chats", '['))
        return values_open(s, CHATS, NULL);
    size_t inner = source_head_value(h, "data");
    if (begins(h, "data", '{') &&
        str_find(str_sub(h->bytes, inner, h->bytes.n), S("\"chats\""), 0) < h->bytes.n - inner) {
        TRY(source_skip(s, inner));
        return values_open(s, CHATS, NULL);
    }
    return values_open(s, NULL, NULL);
}

const struct source_format FORMAT_JSON = {
    .name = "JSON",
    .kind = "export",
    .sniff = json_sniff,
    .open = json_open,
    .next = values_next,
    .forget = values_forget,
    .close = values_close,
};

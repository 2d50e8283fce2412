/* What to do with bytes whose kind is not known: decided by structure, never by name. */
#include "archive/providers/extract.h"

#include "archive/providers/dom.h"
#include "archive/providers/provider.h"
#include "base/charset.h"
#include "base/limits.h"

struct call {
    struct str url;
    extract_fn each;
    extract_skipped_fn skipped;
    void *context;
    size_t given, passed_over;
    const char *kind, *strategy;
};

static err_t give(struct call *c, struct conversation *conversation)
{
    conversation->source.kind = c->kind;
    if (!conversation->source.strategy)
        conversation->source.strategy = c->strategy;
    if (c->url.n)
        conversation->source.url = c->url;
    c->given++;
    return c->each(c->context, conversation);
}

/* One conversation from parsed JSON, in an arena of its own. */
static err_t give_json(struct call *c, const struct provider *p, struct json root)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct conversation conversation;
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    TRY(dom_is(root) ? dom_conversation(&a, root, &conversation)
                     : p->from_json(&a, root, &conversation));
    return give(c, &conversation);
}

/* A bad element of an export is passed over, and said: one of thousands does not end an import. */
static void pass_over(struct call *c, size_t place, const char *why)
{
    c->passed_over++;
    if (c->skipped)
        c->skipped(c->context, place, why);
    err_clear();
}

static err_t give_element(struct call *c, size_t place, struct json item)
{
    const struct provider *p = provider_of_json(item);
    size_t before = c->given;
    if (!p) {
        pass_over(c, place, "no conversation of a known provider");
        return OK;
    }
    err_t e = give_json(c, p, item);
    if (e == OK || c->given > before || e == E_BUSY)
        return e; /* the caller said stop, or nothing goes on */
    pass_over(c, place, err_detail()->text[0] ? err_detail()->text : err_title(e));
    return OK;
}

static err_t given_some(const struct call *c)
{
    return c->given ? OK
                    : err_note(E_INVALID, NULL,
                               "no conversation of a known provider is in this list of %zu",
                               c->passed_over);
}

static err_t give_list(struct call *c, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json item;
    for (size_t place = 1; json_next(&it, NULL, &item); place++)
        TRY(give_element(c, place, item));
    return given_some(c);
}

/* A value on each line; empty lines are none. */
static err_t from_lines(struct call *c, struct str bytes)
{
    struct str line;
    c->kind = "export";
    for (size_t place = 1; str_cut(&bytes, '\n', &line); place++) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct json item;
        if (!str_trim(line).n)
            continue;
        arena_init(&a, JSON_BYTES_MAX * 4);
        err_t e = json_parse(&a, line, JSON_FOREIGN_DEPTH_MAX, &item);
        if (e == E_BUSY)
            return e;
        if (e != OK)
            pass_over(c, place, err_detail()->text);
        else
            TRY(give_element(c, place, item));
    }
    return given_some(c);
}

/* Its first line is a whole object, and more follows. */
static bool are_lines(struct str bytes)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct json first;
    struct str head = str_sub(bytes, 0, str_find_char(bytes, '\n', 0));
    struct str rest = str_sub(bytes, head.n, bytes.n);
    if (!str_trim(rest).n || !str_starts(head, S("{")))
        return false;
    arena_init(&a, JSON_BYTES_MAX * 4);
    bool whole =
        json_parse(&a, head, JSON_FOREIGN_DEPTH_MAX, &first) == OK && json_is(first, JSON_OBJECT);
    err_clear();
    return whole;
}

static err_t from_json(struct call *c, struct str bytes)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct json root;
    arena_init(&a, JSON_BYTES_MAX * 4);
    TRY(json_parse(&a, bytes, JSON_FOREIGN_DEPTH_MAX, &root));
    if (json_is(root, JSON_ARRAY)) {
        c->kind = "export";
        return give_list(c, root);
    }
    c->kind = "file";
    const struct provider *p = provider_of_json(root);
    if (!p && !dom_is(root))
        return err_note(E_INVALID, NULL, "this JSON is no conversation of a known provider");
    return give_json(c, p, root);
}

static err_t from_html(struct call *c, struct str html, enum extract_kind *ret_kind)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, JSON_BYTES_MAX * 4);
    c->kind = "share";
    c->strategy = "embedded";
    for (size_t i = 0; PROVIDERS[i]; i++) {
        struct json root;
        err_t e = PROVIDERS[i]->embedded ? PROVIDERS[i]->embedded(&a, html, &root) : E_NOT_FOUND;
        if (e == OK)
            return give_json(c, PROVIDERS[i], root);
        if (e == E_BUSY || e == E_LIMIT)
            return e;
    }
    err_clear();
    *ret_kind = EXTRACT_NEEDS_BROWSER;
    return OK;
}

static bool looks_like_html(struct str bytes)
{
    struct str head = str_trim(str_sub(bytes, 0, KIB(4)));
    return head.n && head.s[0] == '<';
}

err_t extract_bytes(struct str bytes, struct str url_or_none, extract_fn each,
                    extract_skipped_fn skipped_or_null, void *context, enum extract_kind *ret_kind)
{
    struct call c = {
        .url = url_or_none, .each = each, .skipped = skipped_or_null, .context = context
    };
    CLEANUP(arena_free) struct arena decoding = { 0 };
    arena_init(&decoding, JSON_BYTES_MAX * 3);
    *ret_kind = EXTRACT_CONVERSATIONS;
    TRY(charset_decode(&decoding, bytes, &bytes));
    if (!str_trim(bytes).n)
        return err_note(E_INVALID, NULL, "the file is empty");
    if (looks_like_html(bytes))
        return from_html(&c, bytes, ret_kind);
    return are_lines(bytes) ? from_lines(&c, bytes) : from_json(&c, bytes);
}

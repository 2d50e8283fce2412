#include "archive/providers/chatgpt_text.h"

#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"

enum { CITATIONS_MAX = 1000 };

/* U+E200 … U+E2FF in UTF-8: EE 88 80 and on. */
#define MARK_OPEN  S("\xee\x88\x80")
#define MARK_CLOSE S("\xee\x88\x81")
#define MARK_PART  S("\xee\x88\x82")

struct cleaner {
    struct arena *a;
    struct json metadata;
    struct map references;
    bool has_references;
    struct buf out;
    struct chatgpt_text *text;
};

static void cite(struct cleaner *c, struct str url, struct str title)
{
    struct chatgpt_text *t = c->text;
    if (t->citation_count == CITATIONS_MAX)
        return;
    if (!t->citations &&
        !(t->citations = ARENA_ARRAY(c->a, struct chatgpt_citation, CITATIONS_MAX)))
        return;
    for (size_t i = 0; i < t->citation_count; i++)
        if (url.n && str_eq(t->citations[i].url, url))
            return;
    t->citations[t->citation_count++] = (struct chatgpt_citation){ url, title };
}

/* A reference names its targets in one of several places. */
static bool cite_all(struct cleaner *c, struct json reference)
{
    static const char *const LISTS[] = { "items", "sources", "fallback_items" };
    bool found = false;
    for (size_t i = 0; i < COUNTOF(LISTS); i++) {
        struct json_iter it = json_iter(json_get(reference, str_from(LISTS[i])));
        struct json item;
        while (json_next(&it, NULL, &item)) {
            struct str url = json_get_str(item, S("url"));
            if (url.n) {
                cite(c, url, json_get_str(item, S("title")));
                found = true;
            }
        }
        if (found)
            return true;
    }
    struct str url = json_get_str(reference, S("url")), name = json_get_str(reference, S("title"));
    if (!name.n)
        name = json_get_str(reference, S("name"));
    struct json_iter it = json_iter(json_get(reference, S("safe_urls")));
    struct json safe;
    if (!url.n && json_next(&it, NULL, &safe))
        url = json_str(safe);
    if (url.n || name.n)
        cite(c, url, name);
    return url.n || name.n;
}

/* References by the span that they explain; read when the first span is met. */
static err_t read_references(struct cleaner *c)
{
    struct json list = json_get(c->metadata, S("content_references"));
    struct json *all = ARENA_ARRAY(c->a, struct json, json_count(list) + 1);
    if (!all)
        return arena_err(c->a);
    map_init(&c->references, c->a);
    struct json_iter it = json_iter(list);
    for (; json_next(&it, NULL, all); all++) {
        struct str span = json_get_str(*all, S("matched_text"));
        if (!map_has(&c->references, span))
            TRY(map_put(&c->references, span, all));
    }
    c->has_references = true;
    return OK;
}

static struct json reference_of(struct cleaner *c, struct str span)
{
    if (!c->has_references && read_references(c) != OK)
        return (struct json){ 0 };
    const struct json *reference = map_get(&c->references, span);
    return reference ? *reference : (struct json){ 0 };
}

/* entity: its second part is ["kind", "name", "description"]; the name is a word of the sentence. */
static void entity(struct cleaner *c, struct str part)
{
    struct json v;
    if (json_parse(c->a, part, 8, &v) == OK && json_is(v, JSON_ARRAY))
        buf_put(&c->out, json_str(json_at(v, 1)));
    else
        buf_put(&c->out, part);
}

static bool is_citation(struct str kind)
{
    return str_eq(kind, S("cite")) || str_eq(kind, S("filecite")) || str_eq(kind, S("navlist")) ||
           str_eq(kind, S("video")) || str_eq(kind, S("source"));
}

/* One span, with its outer marks. */
static void take_span(struct cleaner *c, struct str span)
{
    struct str inner = str_sub(span, MARK_OPEN.n, span.n - MARK_CLOSE.n);
    size_t end = str_find(inner, MARK_PART, 0);
    struct str kind = str_sub(inner, 0, end), rest = str_sub(inner, end + MARK_PART.n, inner.n);
    struct str first = str_sub(rest, 0, str_find(rest, MARK_PART, 0));
    struct json reference = reference_of(c, span);
    if (str_eq(kind, S("entity"))) {
        entity(c, first);
        return;
    }
    if (str_eq(kind, S("navlist")))
        buf_put(&c->out, first);
    if (cite_all(c, reference) || !is_citation(kind))
        return;
    if (!c->text->unresolved)
        cite(c, STR_NONE, STR_NONE); /* that there was one is kept */
    c->text->unresolved = true;
}

/* Is it one of the private-use characters U+E200 … U+E2FF that ChatGPT uses for marks? */
static bool is_mark(struct str text, size_t at)
{
    return at + 2 < text.n && (unsigned char)text.s[at] == 0xee &&
           (unsigned char)text.s[at + 1] >= 0x88 && (unsigned char)text.s[at + 1] <= 0x8b;
}

err_t chatgpt_text_clean(struct arena *a, struct str text, struct json metadata,
                         struct chatgpt_text *ret)
{
    struct cleaner c = { .a = a, .metadata = metadata, .text = ret };
    *ret = (struct chatgpt_text){ .markdown = text };
    if (str_find(text, S("\xee"), 0) >= text.n)
        return OK;
    buf_init(&c.out, a, text.n + KIB(64));
    for (size_t at = 0; at < text.n;) {
        size_t next = str_find_char(text, (char)0xee, at);
        buf_put(&c.out, str_sub(text, at, next));
        at = next;
        if (at >= text.n)
            break;
        size_t close = str_starts(str_sub(text, at, text.n), MARK_OPEN)
                           ? str_find(text, MARK_CLOSE, at)
                           : text.n;
        if (close < text.n) {
            take_span(&c, str_sub(text, at, close + MARK_CLOSE.n));
            at = close + MARK_CLOSE.n;
        } else if (is_mark(text, at)) {
            at += 3; /* the passage between U+E203 and U+E204 stays */
        } else {
            buf_putc(&c.out, text.s[at++]);
        }
    }
    err_clear();
    ret->markdown = buf_str(&c.out);
    return buf_err(&c.out) == OK ? arena_err(a) : buf_err(&c.out);
}

#include "archive/providers/chatgpt_text.h"

#include "archive/markdown.h"
#include "base/buf.h"
#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"

/* U+E200 … U+E204 in UTF-8: EE 88 80 and on. Others of that area are characters of icon fonts. */
#define MARK_OPEN  S("\xee\x88\x80")
#define MARK_CLOSE S("\xee\x88\x81")
#define MARK_PART  S("\xee\x88\x82")
#define OLD_OPEN   S("\xe3\x80\x90") /* 【 */
#define OLD_CLOSE  S("\xe3\x80\x91") /* 】 */
#define DAGGER     S("\xe2\x80\xa0") /* † */
#define OAI_OPEN   S(":contentReference[oaicite:")

struct cleaner {
    struct builder *b;
    struct json metadata;
    struct map references; /* by the span that they explain; read when the first span is met */
    bool has_references;
    struct cited *ret;
    size_t old_seen; /* of 【…】 */
    size_t close;    /* the next closing mark, as far as looked for: each is found once */
};

/* --- references: what a span stands for ------------------------------------------------------ */

static bool cite_list(struct cleaner *c, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json item;
    bool found = false;
    while (json_next(&it, NULL, &item)) {
        struct str url = json_get_str(item, S("url"));
        if (url.n)
            cited_cite(c->ret, url, json_get_str(item, S("title")));
        found |= url.n > 0;
    }
    return found;
}

/* A reference names its targets in one of several places. */
static bool cite_all(struct cleaner *c, struct json reference)
{
    static const char *const LISTS[] = { "items", "sources", "fallback_items" };
    for (size_t i = 0; i < COUNTOF(LISTS); i++)
        if (cite_list(c, json_get(reference, str_from(LISTS[i]))))
            return true;
    struct str url = json_get_str(reference, S("url")), name = json_get_str(reference, S("title"));
    if (!name.n)
        name = json_get_str(reference, S("name"));
    if (!url.n)
        url = json_str(json_at(json_get(reference, S("safe_urls")), 0));
    if (url.n || name.n)
        cited_cite(c->ret, url, name);
    return url.n || name.n;
}

static void read_references(struct cleaner *c)
{
    struct json list = json_get(c->metadata, S("content_references"));
    struct json *all = ARENA_ARRAY(c->b->a, struct json, json_count(list) + 1);
    map_init(&c->references, c->b->a);
    c->has_references = true;
    struct json_iter it = json_iter(list);
    for (; all && json_next(&it, NULL, all); all++) {
        struct str span = json_get_str(*all, S("matched_text"));
        if (!map_has(&c->references, span))
            build_fail(c->b, map_put(&c->references, span, all));
    }
}

static struct json reference_of(struct cleaner *c, struct str span)
{
    if (!c->has_references)
        read_references(c);
    const struct json *reference = map_get(&c->references, span);
    return reference ? *reference : (struct json){ 0 };
}

/* --- what goes into the text --------------------------------------------------------------------- */

static void put_picture(struct cleaner *c, struct str url, struct str title)
{
    buf_put(&c->ret->out, S("!["));
    put_label(&c->ret->out, title);
    buf_putc(&c->ret->out, ']');
    put_target(&c->ret->out, url);
    buf_putc(&c->ret->out, '\n');
}

/* Pictures of a reference stand each on a line of its own. */
static bool put_pictures(struct cleaner *c, struct json reference)
{
    struct json_iter it = json_iter(json_get(reference, S("images")));
    struct json one;
    bool found = false;
    while (json_next(&it, NULL, &one)) {
        struct json result = json_get(one, S("image_result"));
        struct json from = json_is(result, JSON_OBJECT) ? result : one;
        struct str url = json_get_str(from, S("content_url"));
        if (!url.n)
            url = json_get_str(from, S("thumbnail_url"));
        if (!url.n)
            url = json_get_str(from, S("url"));
        if (!url.n)
            continue;
        if (!found && c->ret->out.n && c->ret->out.s[c->ret->out.n - 1] != '\n')
            buf_putc(&c->ret->out, '\n');
        put_picture(c, url, json_get_str(from, S("title")));
        found = true;
    }
    return found;
}

/* entity: its second part is ["kind", "name", …]; product_entity: ["id", "name", …]. The name is a word of the sentence. */
static bool put_name(struct cleaner *c, struct str part)
{
    struct json v;
    if (json_parse(c->b->a, part, 8, &v) != OK) {
        err_clear();
        buf_put(&c->ret->out, part);
        return part.n > 0;
    }
    struct str name = json_is(v, JSON_ARRAY) ? json_str(json_at(v, 1)) : json_get_str(v, S("name"));
    if (!name.n && json_is(v, JSON_STR))
        name = json_str(v);
    buf_put(&c->ret->out, name);
    return name.n > 0;
}

static void put_link(struct cleaner *c, struct str label, struct str href)
{
    if (!href.n) {
        buf_put(&c->ret->out, label);
        return;
    }
    buf_putc(&c->ret->out, '[');
    put_label(&c->ret->out, label.n ? label : href);
    buf_putc(&c->ret->out, ']');
    put_target(&c->ret->out, href);
}

/* Of a kind that is not known: the Markdown that stands for it (`alt`), or its label; else the loss is said. */
static void put_unknown(struct cleaner *c, struct str kind, struct str label, struct json reference)
{
    struct str alt = json_get_str(reference, S("alt"));
    if (str_eq(json_get_str(reference, S("type")), S("hidden")))
        return;
    if (alt.n)
        buf_put(&c->ret->out, alt);
    else if (cite_all(c, reference))
        return;
    else if (label.n && label.s[0] != '{' && label.s[0] != '[' && !str_starts(label, S("turn")))
        buf_put(&c->ret->out, label);
    else
        build_finding(c->b, FOUND_MARK_UNREADABLE, kind.n ? kind : S("a mark without a kind"));
}

static bool is_citation(struct str kind)
{
    static const char *const KINDS[] = { "cite", "filecite", "navlist", "video", "source" };
    for (size_t i = 0; i < COUNTOF(KINDS); i++)
        if (str_eq(kind, str_from(KINDS[i])))
            return true;
    return false;
}

static void unresolved(struct cleaner *c)
{
    cited_cite(c->ret, STR_NONE, STR_NONE); /* that there was one is kept */
    build_finding(c->b, FOUND_CITATION_UNRESOLVED,
                  S("the page does not say what a citation points to"));
}

/* One span, with its outer marks. */
static void take_span(struct cleaner *c, struct str span)
{
    struct str rest = str_sub(span, MARK_OPEN.n, span.n - MARK_CLOSE.n), parts[3] = { { 0 } };
    for (size_t i = 0; i < COUNTOF(parts) && rest.n; i++) {
        size_t end = str_find(rest, MARK_PART, 0);
        parts[i] = str_sub(rest, 0, end);
        rest = str_sub(rest, end + MARK_PART.n, rest.n);
    }
    struct str kind = parts[0], first = parts[1];
    struct json reference = reference_of(c, span);
    if (str_eq(kind, S("entity")) || str_eq(kind, S("product_entity"))) {
        if (!put_name(c, first))
            put_unknown(c, kind, STR_NONE, reference);
    } else if (str_eq(kind, S("url"))) {
        put_link(c, first, parts[2]);
    } else if (str_eq(kind, S("i")) || str_eq(kind, S("image_group"))) {
        if (!put_pictures(c, reference))
            put_unknown(c, kind, first, reference);
    } else if (is_citation(kind)) {
        if (str_eq(kind, S("navlist")))
            buf_put(&c->ret->out, first);
        if (!cite_all(c, reference))
            unresolved(c);
    } else {
        put_unknown(c, kind, first, reference);
    }
}

/* --- older marks --------------------------------------------------------------------------------------- */

/* metadata.citations by the number in the mark; by its place among the marks where it has none. */
static struct json old_citation(struct cleaner *c, int64_t number)
{
    struct json list = json_get(c->metadata, S("citations")), one;
    struct json_iter it = json_iter(list);
    while (json_next(&it, NULL, &one)) {
        struct json extra = json_get(json_get(one, S("metadata")), S("extra"));
        if (json_i64(json_get(extra, S("cited_message_idx")), -1) == number)
            return json_get(one, S("metadata"));
    }
    return json_get(json_at(list, c->old_seen), S("metadata"));
}

/* "【8†source】" at the beginning of `text`: its length, when the data explains it; 0: it is text. */
static size_t take_old(struct cleaner *c, struct str text)
{
    enum { LONGEST = 200 };
    struct str shown = str_sub(text, 0, LONGEST), inner;
    size_t close = str_find(shown, OLD_CLOSE, 0);
    int64_t number;
    if (close >= shown.n)
        return 0;
    inner = str_sub(shown, OLD_OPEN.n, close);
    size_t dagger = str_find(inner, DAGGER, 0);
    struct str digits = str_sub(inner, 0, str_find_char(str_sub(inner, 0, dagger), ':', 0));
    if (dagger >= inner.n || str_to_i64(digits, &number) != OK) {
        err_clear();
        return 0;
    }
    struct json source = old_citation(c, number);
    struct str url = json_get_str(source, S("url")), title = json_get_str(source, S("title"));
    if (!url.n && !title.n && !cite_all(c, reference_of(c, str_sub(text, 0, close + OLD_CLOSE.n))))
        return 0;
    if (url.n || title.n)
        cited_cite(c->ret, url, title);
    c->old_seen++;
    return close + OLD_CLOSE.n;
}

/* ":contentReference[oaicite:6]{index=6}" at the beginning of `text`: the same. */
static size_t take_oai(struct cleaner *c, struct str text)
{
    enum { LONGEST = 100 };
    size_t close = str_find_char(str_sub(text, 0, LONGEST), '}', 0);
    if (close >= text.n || close >= LONGEST)
        return 0;
    return cite_all(c, reference_of(c, str_sub(text, 0, close + 1))) ? close + 1 : 0;
}

/* --- the whole text ---------------------------------------------------------------------------------------- */

static bool is_mark(struct str rest)
{
    return rest.n > 2 && (unsigned char)rest.s[0] == 0xee && (unsigned char)rest.s[1] == 0x88 &&
           (unsigned char)rest.s[2] >= 0x80 && (unsigned char)rest.s[2] <= 0x84;
}

static size_t take_mark(struct cleaner *c, struct str text, size_t at)
{
    enum { MARK_BYTES = 3 };
    if (!str_starts(str_sub(text, at, text.n), MARK_OPEN))
        return MARK_BYTES; /* the passage between U+E203 and U+E204 stays */
    if (c->close <= at)
        c->close = str_find(text, MARK_CLOSE, at);
    struct str span = str_sub(text, at, c->close + MARK_CLOSE.n);
    if (c->close >= text.n || str_find(span, MARK_OPEN, MARK_BYTES) < span.n)
        return MARK_BYTES; /* it opens nothing */
    take_span(c, span);
    return span.n;
}

/* What stands at `at` is taken: how many bytes; 0: it is text. */
static size_t take(struct cited *to, size_t at, void *context)
{
    struct cleaner *c = context;
    struct str text = to->whole, rest = str_sub(text, at, text.n);
    if (is_mark(rest))
        return take_mark(c, text, at);
    if (str_starts(rest, OLD_OPEN))
        return take_old(c, rest);
    if (str_starts(rest, OAI_OPEN))
        return take_oai(c, rest);
    return 0;
}

void chatgpt_clean(struct builder *b, struct str text, struct json metadata, struct cited *ret)
{
    struct cleaner c = { .b = b, .metadata = metadata, .ret = ret };
    *ret = (struct cited){ .b = b, .text = text };
    if (str_find(text, S("\xee\x88"), 0) < text.n || str_find(text, OLD_OPEN, 0) < text.n ||
        str_find(text, OAI_OPEN, 0) < text.n)
        cited_read(b, text, "\xee\xe3:", true, take, &c, ret);
}

static void put_text(struct builder *b, struct str text, struct json metadata)
{
    struct cited c;
    chatgpt_clean(b, text, metadata, &c);
    build_cited(b, &c);
}

/* --- drafts: ":::writing{variant="email" subject="Hello"}" … ":::" on lines of their own ------------------------------ */

#define WRITING S(":::writing")

struct draft {
    struct str braces; /* what stands between them */
    size_t body, end;
    size_t next;   /* where the text after it goes on */
    size_t indent; /* of an item in which it stands */
};

/* The value of key="…" between the braces; a backslash stands before a quote in it. */
static struct str attribute(struct builder *b, struct str braces, struct str key)
{
    for (size_t i = 0; i < braces.n;) {
        struct buf value;
        size_t equals = str_find(braces, S("=\""), i);
        struct str name = str_trim(str_sub(braces, i, equals));
        buf_init(&value, b->a, braces.n + 1);
        for (i = equals + 2; i < braces.n && braces.s[i] != '"'; i++) {
            i += braces.s[i] == '\\' && i + 1 < braces.n;
            buf_putc(&value, braces.s[i]);
        }
        i++;
        if (str_eq(name, key))
            return buf_str(&value);
    }
    return STR_NONE;
}

static size_t count_colons(struct str s)
{
    size_t n = 0;
    while (n < s.n && s.s[n] == ':')
        n++;
    return n;
}

/* Behind the line: what closes a draft is a line of as many colons at least, outside of code. */
static size_t find_close(struct str text, size_t at, size_t colons, size_t *ret_next)
{
    size_t stop;
    for (; at < text.n; at = stop + 1) {
        stop = str_find_char(text, '\n', at);
        struct str line = str_trim(str_sub(text, at, stop));
        size_t n = count_colons(line);
        if (n >= colons && n == line.n) {
            *ret_next = stop < text.n ? stop + 1 : text.n;
            return at;
        }
        size_t fence = cited_fence_end(text, at);
        stop = fence > at ? fence : stop;
    }
    *ret_next = text.n;
    return text.n;
}

/* Is the line that begins at `at` the beginning of a draft? One whose end was cut off goes to the end of the text. */
static bool draft_at(struct str text, size_t at, struct draft *ret)
{
    enum { INDENT_MAX = 3 };
    size_t line = str_find_char(text, '\n', at), indent = 0;
    while (at + indent < line && text.s[at + indent] == ' ')
        indent++;
    struct str head = str_trim(str_sub(text, at + indent, line));
    size_t colons = count_colons(head);
    struct str name = str_sub(head, colons > 3 ? colons - 3 : 0, head.n), rest;
    if (indent > INDENT_MAX || line >= text.n || !str_starts(name, WRITING))
        return false;
    rest = str_sub(name, WRITING.n, name.n);
    if (rest.n && (rest.n < 2 || rest.s[0] != '{' || rest.s[rest.n - 1] != '}'))
        return false;
    *ret = (struct draft){ .braces = rest.n ? str_sub(rest, 1, rest.n - 1) : STR_NONE,
                           .body = line + 1,
                           .indent = indent };
    ret->end = find_close(text, line + 1, colons, &ret->next);
    return true;
}

static struct str without_indent(struct builder *b, struct str body, size_t indent)
{
    struct buf out;
    struct str line;
    if (!indent)
        return body;
    buf_init(&out, b->a, body.n + 1);
    while (str_cut(&body, '\n', &line)) {
        size_t n = 0;
        while (n < indent && n < line.n && line.s[n] == ' ')
            n++;
        buf_put(&out, str_sub(line, n, line.n));
        buf_put(&out, body.s ? S("\n") : S(""));
    }
    return buf_str(&out);
}

static void put_draft(struct builder *b, struct str text, const struct draft *d)
{
    struct str title = attribute(b, d->braces, S("subject"));
    build_artifact(b, attribute(b, d->braces, S("id")), attribute(b, d->braces, S("variant")),
                   title.n ? title : attribute(b, d->braces, S("title")),
                   str_trim(without_indent(b, str_sub(text, d->body, d->end), d->indent)));
}

void chatgpt_text(struct builder *b, struct str text, struct json metadata)
{
    size_t from = 0, line = 0;
    struct draft d;
    if (str_find(text, WRITING, 0) < text.n)
        text = markdown_lines(b->a, text);
    else
        line = text.n;
    while (line < text.n && b->err == OK) {
        if (draft_at(text, line, &d)) {
            put_text(b, str_sub(text, from, line), metadata);
            put_draft(b, text, &d);
            from = line = d.next;
        } else { /* what is in code is shown, not written */
            line = str_find_char(text, '\n', cited_fence_end(text, line)) + 1;
        }
    }
    put_text(b, str_sub(text, from, text.n), metadata);
}

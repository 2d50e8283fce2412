#include "archive/providers/sources.h"

#include "base/limits.h"

static struct str first_of(struct json v, const char *const *keys)
{
    for (; *keys; keys++)
        if (json_get_str(v, str_from(*keys)).n)
            return json_get_str(v, str_from(*keys));
    return STR_NONE;
}

static const char *const TITLES[] = { "title", "name", NULL };
static const char *const WORDS[] = { "snippet", "preview", "text", NULL };

void build_sources(struct builder *b, struct json list)
{
    struct buf text;
    struct json_iter it = json_iter(list);
    struct json one;
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &one)) {
        struct str lines[] = { first_of(one, TITLES), json_get_str(one, S("url")),
                               first_of(one, WORDS) };
        if (text.n)
            buf_putc(&text, '\n');
        for (size_t i = 0; i < COUNTOF(lines); i++)
            if (lines[i].n)
                buf_putf(&text, "%.*s\n", STR_ARG(lines[i]));
    }
    build_fail(b, buf_err(&text));
    if (text.n)
        build_result(b, STR_NONE, str_trim(buf_str(&text)), false);
}

struct numbered {
    struct str open, close;
    struct json sources;
};

static size_t take(struct cited *c, size_t at, void *context)
{
    enum { DIGITS_MAX = 6 };
    const struct numbered *n = context;
    struct str rest = str_sub(c->whole, at, c->whole.n);
    size_t digits = n->open.n;
    int64_t number;
    if (!str_starts(rest, n->open))
        return 0;
    while (digits < rest.n && digits < n->open.n + DIGITS_MAX && rest.s[digits] >= '0' &&
           rest.s[digits] <= '9')
        digits++;
    size_t end = digits + n->close.n;
    if (!str_starts(str_sub(rest, digits, rest.n), n->close) ||
        str_starts(str_sub(rest, end, rest.n), S("(")) || /* a link */
        str_to_i64(str_sub(rest, n->open.n, digits), &number) != OK || number < 1) {
        err_clear();
        return 0;
    }
    struct json source = json_at(n->sources, (size_t)number - 1);
    struct str url = json_get_str(source, S("url"));
    if (!url.n)
        return 0;
    cited_cite(c, url, first_of(source, TITLES));
    return end;
}

void build_numbered(struct builder *b, struct str text, struct str open, struct str close,
                    struct json sources)
{
    struct numbered n = { open, close, sources };
    const char begins[] = { open.s[0], 0 };
    struct cited c;
    cited_read(b, text, begins, false, take, &n, &c);
    build_cited(b, &c);
}

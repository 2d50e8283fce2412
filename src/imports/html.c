#include "imports/html.h"

#include "base/utf8.h"

enum { DEPTH_MAX = 64 };

enum what { LIST, NUMBERED, QUOTE, LINK, CELL };

struct open_tag {
    enum what what;
    int64_t number; /* of the next item */
    struct str url;
};

struct walk {
    struct buf *out;
    struct str html;
    size_t at, begin; /* begin: where our text begins in `out` */
    struct open_tag open[DEPTH_MAX];
    size_t depth, too_deep;
    int breaks; /* line ends that are due before the next word: 0, 1, 2 */
    bool space; /* a space is due */
    bool plain; /* words alone */
    bool in_pre, in_code, in_item, row_ended;
    size_t columns, head_columns; /* of the table's row; head_columns 0: no row has ended yet */
};

struct tag {
    struct str name, inside; /* lower case is compared; inside: attributes */
    bool closes;
};

/* --- out ------------------------------------------------------------------------------------------------------------------ */

static void indent(struct walk *w)
{
    for (size_t i = 0; i < w->depth; i++) {
        bool last_list = i + 1 == w->depth;
        if (w->open[i].what == QUOTE)
            buf_put(w->out, S("> "));
        else if ((w->open[i].what == LIST || w->open[i].what == NUMBERED) && !last_list)
            buf_put(w->out, w->open[i].what == LIST ? S("  ") : S("   "));
    }
}

static void settle(struct walk *w)
{
    bool anything = w->out->n > w->begin;
    if (w->breaks && anything && !w->plain) {
        for (int i = 0; i < w->breaks; i++) {
            buf_putc(w->out, '\n');
            if (i + 1 < w->breaks)
                indent(w);
        }
        indent(w);
        if (w->in_item && w->depth && w->open[w->depth - 1].what != QUOTE)
            buf_put(w->out, S("  "));
    } else if (w->breaks && !anything && !w->plain) {
        indent(w);
    } else if ((w->space || w->breaks) && anything) {
        buf_putc(w->out, ' ');
    }
    w->breaks = 0;
    w->space = false;
}

static void put(struct walk *w, struct str s)
{
    settle(w);
    buf_put(w->out, s);
}

static void mark(struct walk *w, struct str s) /* Markdown's, which words alone have not */
{
    if (!w->plain && !w->in_pre)
        put(w, s);
}

static void due(struct walk *w, int breaks)
{
    bool in_cell = w->depth && w->open[w->depth - 1].what == CELL;
    if (in_cell)
        w->space = true;
    else if (w->breaks < breaks)
        w->breaks = breaks;
}

/* --- entities ---------------------------------------------------------------------------------------------------------------- */

static uint32_t named(struct str name)
{
    static const struct {
        const char *name;
        uint32_t point;
    } ALL[] = {
        { "amp", '&' },      { "lt", '<' },       { "gt", '>' },        { "quot", '"' },
        { "apos", '\'' },    { "nbsp", ' ' },     { "emsp", ' ' },      { "ensp", ' ' },
        { "ndash", 0x2013 }, { "mdash", 0x2014 }, { "hellip", 0x2026 }, { "rsquo", 0x2019 },
        { "lsquo", 0x2018 }, { "ldquo", 0x201c }, { "rdquo", 0x201d },  { "bull", 0x2022 },
        { "copy", 0xa9 },    { "deg", 0xb0 },     { "times", 0xd7 },    { "rarr", 0x2192 }
    };
    for (size_t i = 0; i < COUNTOF(ALL); i++)
        if (str_eq(name, str_from(ALL[i].name)))
            return ALL[i].point;
    return 0;
}

static uint32_t numbered(struct str s)
{
    bool hex = str_starts(s, S("x")) || str_starts(s, S("X"));
    uint32_t point = 0;
    for (size_t i = hex; i < s.n; i++) {
        char c = s.s[i];
        uint32_t d = c >= '0' && c <= '9'          ? (uint32_t)(c - '0')
                     : hex && c >= 'a' && c <= 'f' ? (uint32_t)(c - 'a' + 10)
                     : hex && c >= 'A' && c <= 'F' ? (uint32_t)(c - 'A' + 10)
                                                   : 99;
        if (d == 99 || point > 0x10ffff)
            return 0;
        point = point * (hex ? 16 : 10) + d;
    }
    return point;
}

/* "&amp;" at the beginning of s; 0: it is none. */
static uint32_t entity(struct str s, size_t *ret_n)
{
    size_t end = str_find_char(str_sub(s, 0, 12), ';', 0);
    if (end >= s.n || end >= 12 || end < 2)
        return 0;
    *ret_n = end + 1;
    return s.s[1] == '#' ? numbered(str_sub(s, 2, end)) : named(str_sub(s, 1, end));
}

/* An attribute's value with its entities as they are; STR_NONE: it is not there. */
static struct str attribute(struct str inside, struct str name)
{
    for (size_t at = str_find(inside, name, 0); at < inside.n;
         at = str_find(inside, name, at + 1)) {
        size_t from = at + name.n;
        if ((at > 0 && inside.s[at - 1] > ' ') || from + 1 >= inside.n || inside.s[from] != '=')
            continue;
        char quote = inside.s[from + 1];
        if (quote != '"' && quote != '\'')
            return str_sub(inside, from + 1, str_find_char(inside, ' ', from));
        return str_sub(inside, from + 2, str_find_char(inside, quote, from + 2));
    }
    return STR_NONE;
}

static void put_plain(struct buf *out, struct str s)
{
    for (size_t at = 0; at < s.n;) {
        size_t amp = str_find_char(s, '&', at), n = 1;
        buf_put(out, str_sub(s, at, amp));
        if (amp >= s.n)
            return;
        uint32_t point = entity(str_sub(s, amp, s.n), &n);
        if (point)
            utf8_put(out, point);
        else
            buf_putc(out, '&');
        at = amp + (point ? n : 1);
    }
}

static void put_address(struct walk *w, struct str url)
{
    bool plain = str_find_char(url, ' ', 0) >= url.n && str_find_char(url, ')', 0) >= url.n;
    if (!plain)
        buf_putc(w->out, '<');
    put_plain(w->out, url);
    if (!plain)
        buf_putc(w->out, '>');
}

/* --- words ------------------------------------------------------------------------------------------------------------------- */

static void put_verbatim(struct walk *w, struct str text)
{
    struct str line;
    for (bool first = true; str_cut(&text, '\n', &line); first = false) {
        if (!first) {
            buf_putc(w->out, '\n');
            indent(w);
        }
        put_plain(w->out, line);
    }
}

/* How many bytes of white space begin at `at`: 0, 1, or the 2 of one that does not break, which is one where words alone count. */
static size_t space_at(const struct walk *w, struct str s, size_t at)
{
    if (at >= s.n)
        return 0;
    if (w->plain && s.s[at] == '\xc2' && at + 1 < s.n && s.s[at + 1] == '\xa0')
        return 2;
    return s.s[at] == ' ' || s.s[at] == '\n' || s.s[at] == '\t' || s.s[at] == '\r';
}

static void take_words(struct walk *w, struct str text)
{
    if (w->in_pre) {
        settle(w);
        put_verbatim(w, text);
        return;
    }
    for (size_t at = 0; at < text.n;) {
        size_t end = at;
        while (end < text.n && !space_at(w, text, end))
            end++;
        if (end > at) {
            settle(w);
            put_plain(w->out, str_sub(text, at, end));
        }
        for (at = end; space_at(w, text, at); at += space_at(w, text, at))
            w->space = true;
    }
}

/* --- tags ---------------------------------------------------------------------------------------------------------------------- */

static bool is(const struct tag *t, const char *name)
{
    return str_eq_nocase(t->name, str_from(name));
}

static void enter(struct walk *w, enum what what, struct str url)
{
    if (w->depth == DEPTH_MAX) {
        w->too_deep++;
        return;
    }
    w->open[w->depth++] = (struct open_tag){ what, 1, url };
}

/* Close the innermost of that kind, and what was left open inside it. */
static bool leave(struct walk *w, enum what what, struct str *ret_url)
{
    if (w->too_deep) {
        w->too_deep--;
        return false;
    }
    for (size_t i = w->depth; i-- > 0;)
        if (w->open[i].what == what) {
            if (ret_url)
                *ret_url = w->open[i].url;
            w->depth = i;
            return true;
        }
    return false;
}

static void take_list(struct walk *w, const struct tag *t, enum what what)
{
    due(w, w->depth && !w->plain ? 1 : 2);
    if (t->closes) {
        (void)leave(w, what, NULL);
        due(w, w->depth ? 1 : 2);
    } else {
        enter(w, what, STR_NONE);
    }
    w->in_item = false;
}

static void take_item(struct walk *w, const struct tag *t)
{
    struct open_tag *in = w->depth ? &w->open[w->depth - 1] : NULL;
    due(w, 1);
    w->in_item = false;
    if (t->closes)
        return;
    if (in && in->what == NUMBERED) {
        settle(w);
        if (!w->plain)
            buf_putf(w->out, "%lld. ", (long long)in->number++);
    } else {
        mark(w, S("- "));
    }
    w->in_item = true;
}

static void take_link(struct walk *w, const struct tag *t)
{
    struct str url;
    if (!t->closes) {
        url = attribute(t->inside, S("href"));
        mark(w, S("["));
        enter(w, LINK, url);
    } else if (leave(w, LINK, &url) && !w->plain && !w->in_pre) {
        buf_put(w->out, S("]("));
        put_address(w, url);
        buf_putc(w->out, ')');
    }
}

static void take_picture(struct walk *w, const struct tag *t)
{
    struct str source = attribute(t->inside, S("src"));
    if (w->plain || t->closes || !source.n || str_starts(source, S("data:")))
        return;
    put(w, S("!["));
    put_plain(w->out, attribute(t->inside, S("alt")));
    buf_put(w->out, S("]("));
    put_address(w, source);
    buf_putc(w->out, ')');
}

static struct str language_of(struct str inside)
{
    struct str class = attribute(inside, S("class"));
    size_t at = str_find(class, S("language-"), 0);
    struct str name = str_sub(class, at + 9, class.n);
    return at < class.n ? str_sub(name, 0, str_find_char(name, ' ', 0)) : STR_NONE;
}

/* <pre>, often with <code class="language-…"> inside: a fence that says the language. */
static void take_pre(struct walk *w, const struct tag *t)
{
    if (t->closes == !w->in_pre)
        return;
    if (t->closes) {
        w->in_pre = false;
        w->breaks = w->out->n && w->out->s[w->out->n - 1] == '\n' ? 0 : 1;
        if (!w->breaks)
            indent(w);
        put(w, S("```"));
        due(w, 2);
        return;
    }
    struct str rest = str_sub(w->html, w->at, w->html.n);
    struct str language = language_of(t->inside);
    if (!language.n && str_starts(str_trim(str_sub(rest, 0, 64)), S("<code")))
        language = language_of(str_sub(rest, 0, str_find_char(rest, '>', 0)));
    due(w, 2);
    put(w, S("```"));
    put_plain(w->out, str_sub(language, 0, 40));
    buf_putc(w->out, '\n');
    indent(w);
    w->in_pre = true;
    if (str_starts(rest, S("\n")))
        w->at++;
}

static void take_table(struct walk *w, const struct tag *t)
{
    due(w, 2);
    w->columns = w->head_columns = 0;
    UNUSED(t);
}

static void take_row(struct walk *w, const struct tag *t)
{
    if (!t->closes) {
        due(w, w->head_columns ? 1 : 2);
        w->columns = 0;
        return;
    }
    if (!w->columns || w->plain)
        return;
    put(w, S("|"));
    if (!w->head_columns) { /* Markdown's tables have a head */
        buf_putc(w->out, '\n');
        indent(w);
        for (size_t i = 0; i < w->columns && i < 256; i++)
            buf_put(w->out, S("|---"));
        buf_putc(w->out, '|');
        w->head_columns = w->columns;
    }
    w->breaks = 1;
}

static void take_cell(struct walk *w, const struct tag *t)
{
    if (t->closes) {
        (void)leave(w, CELL, NULL);
        w->space = true;
        return;
    }
    mark(w, S("| "));
    w->columns++;
    enter(w, CELL, STR_NONE);
}

static bool take_block_tag(struct walk *w, const struct tag *t)
{
    static const char *const PARTS[] = { "p", "div", "section", "article", "header", "figure" };
    for (size_t i = 0; i < COUNTOF(PARTS); i++)
        if (is(t, PARTS[i])) {
            due(w, i == 0 && !w->in_item ? 2 : 1);
            return true;
        }
    if (t->name.n == 2 && (t->name.s[0] | 32) == 'h' && t->name.s[1] >= '1' &&
        t->name.s[1] <= '6') {
        due(w, 2);
        if (!t->closes)
            mark(w, str_sub(S("###### "), (size_t)('6' - t->name.s[1]), 7));
        return true;
    }
    if (is(t, "blockquote")) {
        due(w, 2);
        if (t->closes)
            (void)leave(w, QUOTE, NULL);
        else
            enter(w, QUOTE, STR_NONE);
        return true;
    }
    return false;
}

static void take_tag(struct walk *w, const struct tag *t)
{
    if (is(t, "pre") && !w->plain)
        take_pre(w, t);
    else if (w->in_pre && !is(t, "br"))
        return;
    else if (is(t, "br"))
        w->in_pre ? put_verbatim(w, S("\n")) : due(w, 1);
    else if (is(t, "ul") || is(t, "menu"))
        take_list(w, t, LIST);
    else if (is(t, "ol"))
        take_list(w, t, NUMBERED);
    else if (is(t, "li"))
        take_item(w, t);
    else if (is(t, "a"))
        take_link(w, t);
    else if (is(t, "img"))
        take_picture(w, t);
    else if (is(t, "code") || is(t, "tt"))
        t->closes && !w->plain ? buf_putc(w->out, '`') : mark(w, S("`"));
    else if (is(t, "b") || is(t, "strong"))
        t->closes && !w->plain ? buf_put(w->out, S("**")) : mark(w, S("**"));
    else if (is(t, "i") || is(t, "em"))
        t->closes && !w->plain ? buf_putc(w->out, '*') : mark(w, S("*"));
    else if (is(t, "table"))
        take_table(w, t);
    else if (is(t, "tr"))
        take_row(w, t);
    else if (is(t, "td") || is(t, "th"))
        take_cell(w, t);
    else if (is(t, "hr") && !w->plain)
        due(w, 2), put(w, S("---")), due(w, 2);
    else
        (void)take_block_tag(w, t);
}

static bool is_name(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* From "<": `at` moves behind it. False: it is no tag but a sign. */
static bool cut_tag(struct walk *w, struct tag *t)
{
    struct str h = w->html;
    size_t from = w->at + 1, end;
    t->closes = from < h.n && h.s[from] == '/';
    from += t->closes;
    for (end = from; end < h.n && is_name(h.s[end]); end++)
        ;
    if (end == from)
        return false;
    t->name = str_sub(h, from, end);
    size_t close = end;
    for (char quote = 0; close < h.n && (quote || h.s[close] != '>'); close++)
        if (h.s[close] == quote)
            quote = 0;
        else if (!quote && (h.s[close] == '"' || h.s[close] == '\'') && h.s[close - 1] == '=')
            quote = h.s[close];
    t->inside = str_sub(h, end, close);
    w->at = close < h.n ? close + 1 : h.n;
    return true;
}

/* A comment, a doctype, or all of a script or style. */
static bool skip_furniture(struct walk *w)
{
    static const char *const SILENT[] = { "script", "style", "noscript", "template", "title" };
    struct str rest = str_sub(w->html, w->at, w->html.n);
    if (str_starts(rest, S("<!--"))) {
        w->at = str_find(w->html, S("-->"), w->at + 4);
        w->at = w->at < w->html.n ? w->at + 3 : w->at;
        return true;
    }
    if (str_starts(rest, S("<!")) || str_starts(rest, S("<?"))) {
        w->at = str_find_char(w->html, '>', w->at);
        w->at += w->at < w->html.n;
        return true;
    }
    for (size_t i = 0; i < COUNTOF(SILENT); i++) {
        struct str name = str_from(SILENT[i]);
        char after = rest.n > name.n + 1 ? rest.s[name.n + 1] : 0;
        if (!str_eq_nocase(str_sub(rest, 1, 1 + name.n), name) || is_name(after))
            continue;
        size_t end = w->at + 1;
        for (; end < w->html.n; end++) {
            end = str_find(w->html, S("</"), end);
            if (str_eq_nocase(str_sub(w->html, end + 2, end + 2 + name.n), name))
                break;
        }
        w->at = str_find_char(w->html, '>', end < w->html.n ? end : w->html.n);
        w->at += w->at < w->html.n;
        return true;
    }
    return false;
}

static void walk_html(struct walk *w)
{
    struct tag t;
    while (w->at < w->html.n && buf_err(w->out) == OK) {
        size_t tag = str_find_char(w->html, '<', w->at);
        if (tag > w->at)
            take_words(w, str_sub(w->html, w->at, tag));
        w->at = tag;
        if (tag >= w->html.n || skip_furniture(w))
            continue;
        if (cut_tag(w, &t)) {
            take_tag(w, &t);
        } else {
            take_words(w, S("<"));
            w->at++;
        }
    }
    if (w->in_pre)
        buf_put(w->out, S("\n```"));
}

void html_markdown(struct str html, struct buf *out)
{
    struct walk w = { .out = out, .html = html, .begin = out->n };
    walk_html(&w);
}

void html_words(struct str html, struct buf *out)
{
    struct walk w = { .out = out, .html = html, .begin = out->n, .plain = true };
    walk_html(&w);
}

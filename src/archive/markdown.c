/* From line to line: which containers it continues, what begins there (CommonMark 0.31, appendix A, phase 1). */
#include "archive/markdown_scan.h"

/* HTML and indented code stay as they are; s->at moves behind them. */
static void pass_html(struct scan *s, const struct line_start *l)
{
    struct str line = str_sub(s->text, l->next, line_end(s->text, l->next));
    for (;;) {
        s->at = line_after(s->text, s->at);
        struct place p = { .at = s->at };
        if (html_ends(line, l->html) || s->at >= s->text.n ||
            containers_match(s->text, &s->in, s->in.depth, &p) < s->in.depth)
            return;
        line = str_sub(s->text, p.at, line_end(s->text, p.at));
        if (l->html >= 6 && is_empty_line(line, false))
            return;
    }
}

static void pass_indented(struct scan *s)
{
    for (;;) {
        s->at = line_after(s->text, s->at);
        struct place p = { .at = s->at };
        if (s->at >= s->text.n || containers_match(s->text, &s->in, s->in.depth, &p) < s->in.depth)
            return;
        struct line_start l;
        line_look(s->text, p, false, false, &l);
        if (l.kind != LINE_INDENTED)
            return;
    }
}

/* A paragraph that is open ends, and with it the containers that the line does not continue. */
static err_t close_to(struct scan *s, size_t depth)
{
    TRY(end_paragraph(s));
    s->in.depth = depth;
    return OK;
}

static bool is_underline(struct str text, size_t at)
{
    char mark = text.s[at];
    if (mark != '=' && mark != '-')
        return false;
    struct str rest = str_trim(str_sub(text, at, line_end(text, at)));
    for (size_t i = 0; i < rest.n; i++)
        if (rest.s[i] != mark)
            return false;
    return true;
}

/* The first line of text that begins within a list which was cut off says how far that stands in. */
static void see_indent(struct scan *s, struct place p, unsigned indent)
{
    if (!s->fresh)
        return;
    s->fresh = false;
    for (size_t i = s->from; i < p.at; i++)
        if (!strchr(" \t\n", s->text.s[i]))
            return;
    s->dedent = p.col + indent >= CODE_INDENT ? p.col : 0;
}

/* What is no container: a paragraph's line, or something that ends one. `depth` containers hold it; `lazy`: more are open. */
static err_t take_leaf(struct scan *s, const struct line_start *l, size_t depth)
{
    bool lazy = s->line_count && depth < s->in.depth;
    size_t columns;
    if (l->kind == LINE_TEXT && s->line_count && !lazy && l->indent < CODE_INDENT &&
        is_underline(s->text, l->next)) {
        TRY(end_paragraph(s));
        s->at = line_after(s->text, s->at);
        return OK;
    }
    if (l->kind != LINE_TEXT || !s->line_count)
        TRY(close_to(s, depth));
    if (l->kind == LINE_FENCE)
        return take_fence(s, l);
    if (l->kind == LINE_TEXT && l->indent < CODE_INDENT && table_begins(s, l->next, &columns)) {
        TRY(end_paragraph(s));
        return take_table(s, l->next, columns);
    }
    if (l->kind == LINE_HTML) {
        pass_html(s, l);
    } else if (l->kind == LINE_INDENTED) {
        pass_indented(s);
    } else if (l->kind == LINE_HEADING) {
        TRY(add_line(s, l->next));
        TRY(end_paragraph(s));
    } else if (l->kind == LINE_TEXT) {
        TRY(add_line(s, l->next));
        if (s->marked)
            absorb_formula(s, l->next, depth);
    } else {
        s->at = line_after(s->text, s->at);
    }
    return OK;
}

static err_t take_line(struct scan *s)
{
    struct place p = { .at = s->at };
    size_t depth = containers_match(s->text, &s->in, s->in.depth, &p);
    struct line_start l;
    line_look(s->text, p, s->line_count > 0, depth == s->in.depth, &l);
    if (s->at < s->absorb)
        return add_line(s, l.next);
    if (l.kind == LINE_BLANK)
        return take_leaf(s, &l, depth);
    for (size_t i = 0; i < depth; i++)
        s->in.open[i].empty = false;
    see_indent(s, p, l.indent);
    s->interrupted = false;
    while ((l.kind == LINE_QUOTE || l.kind == LINE_ITEM) && depth < CONTAINERS_MAX) {
        TRY(close_to(s, depth));
        bool below = s->at > 1 && s->text.s[s->at - 2] != '\n';
        s->interrupted = s->interrupted || (l.kind == LINE_ITEM && below);
        s->in.open[s->in.depth++] = container_open(s->text, &p, &l);
        depth++;
        line_look(s->text, p, false, false, &l);
    }
    if (l.kind == LINE_QUOTE || l.kind == LINE_ITEM)
        l.kind = LINE_TEXT; /* too deep */
    return take_leaf(s, &l, depth);
}

struct str markdown_lines(struct arena *a, struct str text)
{
    struct buf b;
    struct str line;
    size_t at = str_find_char(text, '\r', 0);
    if (at >= text.n)
        return text;
    buf_init(&b, a, text.n);
    while (str_cut(&text, '\r', &line)) {
        buf_put(&b, line);
        if (text.s)
            buf_put(&b, text.n && text.s[0] == '\n' ? S("") : S("\n"));
    }
    return buf_str(&b);
}

err_t markdown_blocks(struct arena *a, struct conversation *c, struct str text, struct message *m)
{
    struct scan s = { .a = a, .c = c, .m = m, .text = markdown_lines(a, text) };
    s.lines = s.few_lines; /* most paragraphs have few */
    s.line_cap = COUNTOF(s.few_lines);
    while (s.at < s.text.n)
        TRY(take_line(&s));
    TRY(end_paragraph(&s));
    s.in.depth = 0;
    TRY(cut(&s, s.text.n, s.text.n));
    return arena_err(a);
}

/* What lies between the blocks: verbatim, but for pictures whose words stay, and for indentation that means nothing any more. */
#include "archive/markdown_scan.h"

bool grow(struct arena *a, void **items, size_t count, size_t *cap, size_t size)
{
    if (count < *cap)
        return true;
    size_t more = *cap ? *cap * 2 : 16;
    void *v = arena_array(a, more, size);
    if (!v)
        return false;
    if (count)
        memcpy(v, *items, count * size);
    *items = v;
    *cap = more;
    return true;
}

bool is_empty_line(struct str line, bool quote)
{
    for (size_t i = 0; i < line.n; i++)
        if (line.s[i] != ' ' && line.s[i] != '\t' && !(quote && line.s[i] == '>'))
            return false;
    return true;
}

/* Without empty lines at both ends; blanks at the first line's beginning may mean something. Where a quote was cut, lines of its
 * marks alone are empty too. */
static struct str trim_lines(struct str s, bool quote_before, bool quote_after)
{
    for (;;) {
        size_t end = line_end(s, 0);
        if (end >= s.n || !is_empty_line(str_sub(s, 0, end), quote_before))
            break;
        s = str_sub(s, end + 1, s.n);
    }
    for (;;) {
        while (s.n && (s.s[s.n - 1] == ' ' || s.s[s.n - 1] == '\t' || s.s[s.n - 1] == '\n'))
            s.n--;
        size_t line = s.n;
        if (!quote_after || !s.n || s.s[s.n - 1] != '>')
            return s;
        while (line && s.s[line - 1] != '\n')
            line--;
        if (!is_empty_line(str_sub(s, line, s.n), true))
            return s;
        s.n = line;
    }
}

/* Without the indentation, as far as all lines have it: the first that stands further out has left the list. */
static void put_dedented(struct buf *out, struct str text, unsigned columns)
{
    struct str line;
    for (bool first = true; str_cut(&text, '\n', &line); first = false) {
        struct place p = { 0 };
        size_t next;
        if (place_indent(line, p, &next) < columns && next < line.n)
            columns = 0;
        place_advance(line, &p, columns);
        buf_put(out, first ? S("") : S("\n"));
        for (unsigned col = p.col; p.split && col % 4; col++)
            buf_putc(out, ' ');
        buf_put(out, str_sub(line, p.at + p.split, line.n));
    }
}

/* The text with its edits, and without the indentation that it has from a list that was cut. */
static struct str edited(struct scan *s, struct str rest)
{
    struct buf b;
    size_t start = (size_t)(rest.s - s->text.s), at = start;
    buf_init(&b, s->a, 2 * rest.n + 1);
    for (size_t i = 0; i < s->edit_count; i++) {
        const struct edit *e = &s->edits[i];
        buf_put(&b, str_sub(s->text, at, e->start));
        buf_put(&b, e->words);
        at = e->end;
    }
    buf_put(&b, str_sub(s->text, at, start + rest.n));
    if (!s->dedent)
        return buf_str(&b);
    struct buf out;
    struct str all = buf_str(&b);
    buf_init(&out, s->a, 4 * all.n + 1); /* what is left of a tab becomes blanks */
    put_dedented(&out, all, s->dedent);
    return buf_str(&out);
}

static bool in_quote(const struct scan *s)
{
    for (size_t i = 0; i < s->in.depth; i++)
        if (s->in.open[i].quote)
            return true;
    return false;
}

err_t cut(struct scan *s, size_t to, size_t from)
{
    bool quote = in_quote(s);
    struct str rest = str_sub(s->text, s->from, to);
    if (s->edit_count || s->dedent)
        rest = edited(s, rest);
    rest = trim_lines(rest, s->from_quote, quote);
    bool empty = is_empty_line(rest, s->from_quote || quote);
    s->from = from;
    s->from_quote = quote;
    s->fresh = true;
    s->dedent = 0;
    s->edit_count = 0;
    if (empty)
        return OK;
    struct block *b = block_add(s->a, s->m, BLOCK_TEXT);
    if (!b)
        return build_err(s->a);
    b->text.markdown = rest;
    return OK;
}

err_t edit(struct scan *s, size_t start, size_t end, struct str words)
{
    void *v = s->edits;
    if (!grow(s->a, &v, s->edit_count, &s->edit_cap, sizeof *s->edits))
        return arena_err(s->a);
    s->edits = v;
    s->edits[s->edit_count++] = (struct edit){ start, end, words };
    return OK;
}

/* What stands before `at` in its line goes with the text before, unless it is marks of quotes alone. An item's mark right below
 * other words is a text of its own: without words it would be part of theirs, or make a heading of them. */
err_t cut_before(struct scan *s, size_t line, size_t at)
{
    bool quotes = is_empty_line(str_sub(s->text, line, at), true);
    if (s->interrupted) {
        size_t mark;
        place_indent(s->text, (struct place){ .at = line }, &mark);
        TRY(cut(s, line, mark));
    }
    return cut(s, quotes ? line : at, s->text.n);
}

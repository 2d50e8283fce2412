#include "archive/cited.h"

#include "archive/markdown.h"
#include "base/limits.h"

void cited_cite(struct cited *c, struct str url, struct str title)
{
    if (!c->marks)
        c->marks = ARENA_ARRAY(c->b->a, struct cited_mark, CITED_MARKS_MAX);
    if (!c->marks || c->count == CITED_MARKS_MAX)
        return;
    for (size_t i = c->count; url.n && i-- > 0 && c->marks[i].at == c->out.n;)
        if (str_eq(c->marks[i].url, url))
            return;
    c->marks[c->count++] = (struct cited_mark){ c->out.n, url, title };
}

void put_label(struct buf *out, struct str words)
{
    for (size_t i = 0; i < words.n; i++) {
        char ch = words.s[i];
        if (ch == '[' || ch == ']' || ch == '\\')
            buf_putc(out, '\\');
        buf_putc(out, ch == '\n' ? ' ' : ch);
    }
}

void put_target(struct buf *out, struct str url)
{
    bool plain = str_find_char(url, '(', 0) >= url.n && str_find_char(url, ')', 0) >= url.n &&
                 str_find_char(url, ' ', 0) >= url.n;
    buf_putf(out, plain ? "(%.*s)" : "(<%.*s>)", STR_ARG(url));
}

/* --- reading --------------------------------------------------------------------------------- */

struct fence_line {
    size_t quotes, marks; /* of the quotes around it; of the fence, 0: it is none */
    char mark;
    bool bare; /* nothing stands behind them: only such a line closes a fence */
};

static struct fence_line fence_line(struct str text, size_t at)
{
    struct fence_line l = { 0 };
    size_t end = str_find_char(text, '\n', at);
    for (; at < end && (text.s[at] == ' ' || text.s[at] == '\t' || text.s[at] == '>'); at++)
        l.quotes += text.s[at] == '>';
    l.mark = at < end ? text.s[at] : 0;
    while ((l.mark == '`' || l.mark == '~') && at + l.marks < end && text.s[at + l.marks] == l.mark)
        l.marks++;
    struct str info = str_trim(str_sub(text, at + l.marks, end));
    l.bare = info.n == 0;
    if (l.marks < 3 || (l.mark == '`' && str_find_char(info, '`', 0) < info.n))
        l.marks = 0;
    return l;
}

size_t cited_fence_end(struct str text, size_t at)
{
    struct fence_line open = fence_line(text, at), l;
    size_t line = str_find_char(text, '\n', at) + 1;
    if (!open.marks)
        return at;
    for (; line < text.n; line = str_find_char(text, '\n', line) + 1) {
        l = fence_line(text, line);
        if (l.quotes < open.quotes)
            return line - 1; /* its quote is over */
        if (l.marks >= open.marks && l.mark == open.mark && l.bare)
            return str_find_char(text, '\n', line);
    }
    return text.n;
}

/* Behind the span that begins at `at`; only its mark where it does not end in its paragraph. */
static size_t span_end(struct str text, size_t at)
{
    enum { SPAN_BYTES_MAX = 10000 };
    struct str shown = str_sub(text, 0, at + SPAN_BYTES_MAX);
    size_t n = 0, gap = str_find(shown, S("\n\n"), at);
    while (at + n < gap && text.s[at + n] == '`')
        n++;
    for (size_t i = at + n, k = 0; i < gap; i += k ? k : 1) {
        for (k = 0; i + k < gap && text.s[i + k] == '`'; k++) {
        }
        if (k == n)
            return i + k;
    }
    return at + n;
}

/* Where the code that begins at `at` ends; `at`: none begins. */
static size_t code_end(struct str text, size_t at)
{
    size_t end = at == 0 || text.s[at - 1] == '\n' ? cited_fence_end(text, at) : at;
    if (end > at)
        return end;
    return text.s[at] == '`' ? span_end(text, at) : at;
}

void cited_read(struct builder *b, struct str text, const char *begins, bool code, cited_take take,
                void *context, struct cited *ret)
{
    bool looked_at[256] = { 0 };
    text = markdown_lines(b->a, text); /* so that the blocks are views into it */
    *ret = (struct cited){ .b = b, .whole = text };
    buf_init(&ret->out, b->a, text.n + MIB(1));
    looked_at['`'] = looked_at['\n'] = !code;
    for (; *begins; begins++)
        looked_at[(unsigned char)*begins] = true;
    for (size_t at = 0; at < text.n && b->err == OK;) {
        size_t end = code ? at : code_end(text, at);
        if (end == at) {
            size_t taken = looked_at[(unsigned char)text.s[at]] ? take(ret, at, context) : 0;
            at += taken;
            if (taken)
                continue;
            for (end = at + 1;
                 end < text.n && !looked_at[(unsigned char)text.s[end]] && text.s[end - 1] != '\n';)
                end++;
        }
        buf_put(&ret->out, str_sub(text, at, end));
        at = end;
    }
    build_fail(b, buf_err(&ret->out));
    ret->text = buf_str(&ret->out);
}

/* --- blocks -------------------------------------------------------------------------------------- */

/* Puts citations behind blocks; code points are counted on from the last one. */
struct placer {
    struct builder *b;
    const struct cited *t;
    size_t next; /* of the citations */
    const char *counted;
    int64_t points;
};

static int64_t place_in(struct placer *p, struct str block, const char *at)
{
    const char *end = at > block.s + block.n ? block.s + block.n : at;
    if (!p->counted || p->counted < block.s) {
        p->counted = block.s;
        p->points = 0;
    }
    for (; p->counted < end; p->counted++)
        p->points += ((unsigned char)*p->counted & 0xc0) != 0x80;
    return p->points;
}

/* The citations that stand up to `end`, behind the block that was made last: `block`, or no text. */
static void put_citations(struct placer *p, const char *end, struct str block)
{
    const struct cited *t = p->t;
    for (; p->next < t->count && p->b->err == OK; p->next++) {
        const struct cited_mark *m = &t->marks[p->next];
        const char *at = t->text.s + m->at;
        if (at > end)
            return;
        build_cite(p->b, m->url, m->title);
        struct message *here = build_here(p->b);
        if (!here->block_count || !block.n || at < block.s)
            continue;
        struct block *x = &here->blocks[here->block_count - 1];
        x->citation.start = x->citation.end = place_in(p, block, at);
    }
}

/* The words of a block where they are a view into the text that it was cut from. */
static struct str view_of(const struct block *x, struct str text)
{
    struct str s = x->type == BLOCK_TEXT ? x->text.markdown : STR_NONE;
    return s.n && s.s >= text.s && s.s <= text.s + text.n ? s : STR_NONE;
}

void build_cited(struct builder *b, const struct cited *c)
{
    struct placer p = { .b = b, .t = c };
    struct str text = c->text;
    size_t first = build_here(b)->block_count;
    build_text(b, text);
    struct message *m = build_here(b), made = { 0 };
    if (!c->count || b->err != OK)
        return;
    made.block_count = m->block_count - first;
    made.blocks = ARENA_ARRAY(b->a, struct block, made.block_count + 1);
    if (!made.blocks)
        return;
    if (made.block_count)
        memcpy(made.blocks, m->blocks + first, made.block_count * sizeof *made.blocks);
    m->block_count = first;
    for (size_t i = 0; i < made.block_count && b->err == OK; i++) {
        struct str view = view_of(&made.blocks[i], text);
        if (view.n)
            put_citations(&p, view.s - 1, STR_NONE);
        struct block *x = block_add(b->a, build_here(b), made.blocks[i].type);
        if (!x) {
            build_fail(b, build_err(b->a));
            return;
        }
        *x = made.blocks[i];
        if (view.n)
            put_citations(&p, view.s + view.n, view);
    }
    put_citations(&p, text.s + text.n, STR_NONE);
}

/* Fenced code, without the marks of the containers around it, and diagrams. */
#include "archive/markdown_scan.h"

bool is_diagram(struct str code)
{
    static const char *const WORDS[] = { "graph",
                                         "flowchart",
                                         "sequenceDiagram",
                                         "classDiagram",
                                         "stateDiagram",
                                         "erDiagram",
                                         "journey",
                                         "gantt",
                                         "pie",
                                         "quadrantChart",
                                         "requirementDiagram",
                                         "gitGraph",
                                         "C4",
                                         "mindmap",
                                         "timeline",
                                         "zenuml" };
    struct str first = STR_NONE, rest = code;
    while (str_cut(&rest, '\n', &first) && !str_trim(first).n) {
    }
    first = str_trim(first);
    for (size_t i = 0; i < COUNTOF(WORDS); i++) {
        struct str w = str_from(WORDS[i]);
        if (!str_starts(first, w))
            continue;
        char next = first.n > w.n ? first.s[w.n] : ' ';
        bool ends = next == ' ' || next == '\t' || next == '-' || next == ':' || next == ';' ||
                    (w.n == 2 && next >= 'A' && next <= 'Z');
        if (ends)
            return true;
    }
    return false;
}

/* The lines behind the fence at s->at up to its end, which *ret_end is behind. */
static struct str fenced(struct scan *s, const struct fence *f, size_t *ret_end)
{
    size_t start = line_after(s->text, s->at), at = start, end = start;
    bool plain = !s->in.depth && !f->indent, first = true;
    struct buf b;
    buf_init(&b, s->a, 4 * s->text.n + 1);
    for (; at < s->text.n; end = at = line_after(s->text, at)) {
        struct place p = { .at = at };
        if (containers_match(s->text, &s->in, s->in.depth, &p) < s->in.depth)
            break;
        if (fence_closes(s->text, p, f)) {
            at = line_after(s->text, at);
            break;
        }
        if (plain)
            continue;
        place_advance(s->text, &p, f->indent);
        buf_put(&b, first ? S("") : S("\n"));
        for (unsigned col = p.col; p.split && col % 4; col++)
            buf_putc(&b, ' '); /* what is left of a tab */
        buf_put(&b, str_sub(s->text, p.at + p.split, line_end(s->text, p.at)));
        first = false;
    }
    *ret_end = at;
    if (!plain)
        return b.n ? buf_str(&b) : S("");
    struct str code = str_sub(s->text, start, end);
    code.n -= code.n && code.s[code.n - 1] == '\n';
    return code;
}

err_t take_fence(struct scan *s, const struct line_start *l)
{
    size_t end;
    TRY(cut_before(s, s->at, l->next));
    struct str code = fenced(s, &l->fence, &end), info = l->fence.info;
    struct str word =
        str_sub(info, 0, str_find_char(str_sub(info, 0, str_find_char(info, '\t', 0)), ' ', 0));
    bool diagram = str_eq_nocase(word, S("mermaid")) || (!word.n && is_diagram(code));
    struct block *b = block_add(s->a, s->m, diagram ? BLOCK_MERMAID : BLOCK_CODE);
    if (!b)
        return build_err(s->a);
    if (diagram) {
        b->mermaid.code = code;
    } else {
        b->code.language = word.n ? unescaped(s->a, word) : STR_NONE;
        b->code.code = code;
    }
    s->from = s->at = end;
    return OK;
}

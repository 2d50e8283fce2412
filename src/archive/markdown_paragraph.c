/* The lines of a paragraph, and the formulas and pictures in it. */
#include "archive/markdown_scan.h"

/* --- formulas and pictures ------------------------------------------------------------------------ */

/* Which line of the paragraph the place `at` is in. */
static size_t line_of(const struct scan *s, size_t at)
{
    size_t low = 0, high = s->line_count;
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        *(s->lines[middle].at <= at ? &low : &high) = middle;
    }
    return low;
}

/* Where a place of the paragraph stands in the text. */
static size_t in_text(const struct scan *s, size_t at)
{
    const struct segment *line = &s->lines[line_of(s, at)];
    return line->start + (at - line->at);
}

/* Behind what ends at `end` in the paragraph. */
static size_t end_in_text(const struct scan *s, size_t end)
{
    return in_text(s, end - 1) + 1;
}

/* Where text goes on behind what ends at `end` in the paragraph: blanks that would make code of it are passed. */
static size_t go_on(const struct scan *s, size_t end)
{
    size_t next, behind = end_in_text(s, end), line = line_of(s, end - 1) + 1;
    struct place p = { .at = behind };
    unsigned blanks = place_indent(s->text, p, &next);
    if (next < s->text.n && s->text.s[next] != '\n')
        return blanks >= CODE_INDENT ? next : behind;
    if (line < s->line_count &&
        is_empty_line(str_sub(s->text, next + 1, s->lines[line].start), false))
        return s->lines[line].start;
    return behind;
}

static bool is_data(struct str address)
{
    return str_eq_nocase(str_sub(address, 0, 5), S("data:"));
}

static void find_data(struct scan *s, struct str address)
{
    size_t end = 5;
    while (end < address.n && address.s[end] != ';' && address.s[end] != ',')
        end++;
    struct str kind = str_sub(address, 5, end < 60 ? end : 60);
    finding_add(s->a, s->c, FOUND_IMAGE_IN_TEXT, "%.*s, %zu bytes", STR_ARG(kind), address.n);
}

static err_t put_found(struct scan *s, const struct found *f)
{
    bool formula = f->kind == FOUND_FORMULA;
    struct block *b = block_add(s->a, s->m, formula ? BLOCK_MATH : BLOCK_IMAGE);
    if (!b)
        return build_err(s->a);
    if (formula) {
        b->math.tex = f->words;
        b->math.display = true;
    } else {
        struct str words = f->words.n ? f->words : f->title;
        b->image.alt = words.n ? unescaped(s->a, words) : STR_NONE;
        b->image.source_url = f->address;
    }
    return OK;
}

/* The picture at v[i] has a link around it: the link stays text with the picture's words, the link's pictures follow it. */
static err_t take_linked(struct scan *s, const struct found *v, size_t count, size_t *i)
{
    size_t first = *i, end = v[first].link_end;
    for (; *i < count && v[*i].link_end == end; (*i)++) {
        const struct found *f = &v[*i];
        TRY(edit(s, in_text(s, f->start), end_in_text(s, f->end),
                 f->words.n ? f->words : f->link_url));
        if (is_data(f->address))
            find_data(s, f->address);
    }
    for (size_t k = first; k < *i; k++) {
        size_t behind = end_in_text(s, end);
        if (is_data(v[k].address))
            continue;
        if (s->from < behind)
            TRY(cut(s, behind, go_on(s, end)));
        TRY(put_found(s, &v[k]));
    }
    return OK;
}

static err_t take_found(struct scan *s, const struct found *v, size_t count)
{
    for (size_t i = 0; i < count;) {
        if (v[i].link_end) {
            TRY(take_linked(s, v, count, &i));
            continue;
        }
        const struct found *f = &v[i++];
        size_t start = in_text(s, f->start), end = end_in_text(s, f->end);
        if (f->kind == FOUND_PICTURE && is_data(f->address)) {
            find_data(s, f->address);
            TRY(edit(s, start, end, f->words));
            continue;
        }
        TRY(cut(s, start, go_on(s, f->end)));
        TRY(put_found(s, f));
    }
    return OK;
}

/* --- paragraphs ----------------------------------------------------------------------------------- */

static bool holds_pair(struct str line, char first, char second)
{
    for (size_t i = str_find_char(line, first, 0); i + 1 < line.n;
         i = str_find_char(line, first, i + 1))
        if (line.s[i + 1] == second)
            return true;
    return false;
}

static bool may_hold(struct str line)
{
    return holds_pair(line, '!', '[') || holds_pair(line, '\\', '[') || holds_pair(line, '$', '$');
}

err_t add_line(struct scan *s, size_t start)
{
    void *v = s->lines;
    if (!grow(s->a, &v, s->line_count, &s->line_cap, sizeof *s->lines))
        return arena_err(s->a);
    s->lines = v;
    size_t end = line_end(s->text, start), at = 0;
    if (s->line_count) {
        const struct segment *last = &s->lines[s->line_count - 1];
        at = last->at + (last->end - last->start) + 1;
    }
    s->lines[s->line_count++] = (struct segment){ start, end, at };
    s->marked = s->marked || may_hold(str_sub(s->text, start, end));
    s->at = end < s->text.n ? end + 1 : end;
    return OK;
}

err_t end_paragraph(struct scan *s)
{
    struct found *found = NULL;
    size_t count = 0;
    if (s->marked) {
        const struct segment *last = &s->lines[s->line_count - 1];
        struct str all = str_sub(s->text, s->lines[0].start, s->lines[0].end);
        if (s->line_count > 1) {
            struct buf b;
            buf_init(&b, s->a, last->at + (last->end - last->start) + 1);
            for (size_t i = 0; i < s->line_count; i++) {
                buf_put(&b, i ? S("\n") : S(""));
                buf_put(&b, str_sub(s->text, s->lines[i].start, s->lines[i].end));
            }
            all = buf_str(&b);
        }
        TRY(inline_find(s->a, all, &found, &count));
        TRY(take_found(s, found, count));
    }
    s->line_count = 0;
    s->marked = false;
    return OK;
}

/* Does a formula open at the line's edge that the line does not close? 0: $$, 1: \[, -1: none. */
static int opens_formula(struct str line)
{
    line = str_trim(line);
    if (line.n < 2)
        return -1;
    bool ends = line.n > 2 && str_ends(line, S("\\[")) && line.s[line.n - 3] != '\\';
    if ((str_starts(line, S("\\[")) && str_find(line, S("\\]"), 2) >= line.n) || ends)
        return 1;
    if (!str_starts(line, S("$$")) && !str_ends(line, S("$$")))
        return -1;
    size_t count = 0;
    for (size_t at = str_find(line, S("$$"), 0); at < line.n; at = str_find(line, S("$$"), at + 2))
        count++;
    return count % 2 ? 0 : -1;
}

/* The lines of a formula are nobody's list or heading: where one opens at the edge of the line at `start`, inside the first `depth`
 * containers, and is closed in the same paragraph, its lines are of the paragraph. */
void absorb_formula(struct scan *s, size_t start, size_t depth)
{
    int kind = opens_formula(str_sub(s->text, start, line_end(s->text, start)));
    if (kind < 0 || start < s->open_end[kind])
        return;
    size_t at = line_after(s->text, start);
    while (at < s->text.n) {
        struct place p = { .at = at };
        if (containers_match(s->text, &s->in, depth, &p) < depth)
            break;
        struct line_start l;
        line_look(s->text, p, true, true, &l);
        struct str line = str_sub(s->text, l.next, line_end(s->text, l.next));
        if (l.kind == LINE_BLANK || l.kind == LINE_FENCE)
            break;
        at = line_after(s->text, at);
        if (str_find(line, kind ? S("\\]") : S("$$"), 0) < line.n) {
            s->absorb = at;
            return;
        }
    }
    s->open_end[kind] = at;
}

#include "archive/markdown.h"

enum { COLUMNS_MAX = 64 };

struct scan {
    struct arena *a;
    struct message *m;
    struct str text;
    size_t from; /* text that is not yet in a block begins here */
    size_t at;   /* the line that is looked at */
    /* The next "\]", "$$", "](", ")" and empty line, as far as looked for. */
    size_t brackets, dollars, targets, parentheses, gaps;
};

/* Where `mark` stands next at or behind `from`, which is not 0. Each place is found once, so that openings without an end cost nothing. */
static size_t next_mark(const struct scan *s, size_t *known, struct str mark, size_t from)
{
    if (*known < from)
        *known = str_find(s->text, mark, from);
    return *known;
}

static struct str line_at(const struct scan *s, size_t at)
{
    size_t end = str_find_char(s->text, '\n', at);
    struct str line = str_sub(s->text, at, end);
    if (line.n && line.s[line.n - 1] == '\r')
        line.n--;
    return line;
}

static size_t next_line(const struct scan *s, size_t at)
{
    size_t end = str_find_char(s->text, '\n', at);
    return end < s->text.n ? end + 1 : s->text.n;
}

/* Without empty lines at both ends; blanks at the first line's beginning may mean something. */
static struct str trim_lines(struct str s)
{
    for (;;) {
        size_t end = str_find_char(s, '\n', 0);
        if (end >= s.n || str_trim(str_sub(s, 0, end)).n)
            break;
        s = str_sub(s, end + 1, s.n);
    }
    while (s.n && (s.s[s.n - 1] == '\n' || s.s[s.n - 1] == '\r' || s.s[s.n - 1] == ' ' ||
                   s.s[s.n - 1] == '\t'))
        s.n--;
    return s;
}

static err_t flush(struct scan *s, size_t to)
{
    struct str rest = trim_lines(str_sub(s->text, s->from, to));
    if (rest.n && str_trim(rest).n) {
        struct block *b = block_add(s->a, s->m, BLOCK_TEXT);
        if (!b)
            return build_err(s->a);
        b->text.markdown = rest;
    }
    return OK;
}

/* --- fences --------------------------------------------------------------------------------------- */

struct fence {
    char mark;
    size_t count, indent;
    struct str info;
};

static bool fence_open(struct str line, struct fence *ret)
{
    size_t i = 0;
    while (i < line.n && (line.s[i] == ' ' || line.s[i] == '\t'))
        i++;
    size_t start = i;
    char mark = i < line.n ? line.s[i] : 0;
    if (mark != '`' && mark != '~')
        return false;
    while (i < line.n && line.s[i] == mark)
        i++;
    struct str info = str_trim(str_sub(line, i, line.n));
    if (i - start < 3 || (mark == '`' && str_find_char(info, '`', 0) < info.n))
        return false;
    *ret = (struct fence){ mark, i - start, start, info };
    return true;
}

static bool fence_closes(struct str line, const struct fence *f)
{
    line = str_trim(line);
    if (line.n < f->count)
        return false;
    for (size_t i = 0; i < line.n; i++)
        if (line.s[i] != f->mark)
            return false;
    return true;
}

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

/* The lines of a fence inside a list stand indented: as far as the fence itself, that is not the code's. */
static struct str dedent(struct arena *a, struct str code, size_t indent)
{
    if (!indent || !code.n)
        return code;
    struct buf b;
    struct str line;
    bool first = true;
    buf_init(&b, a, code.n + 1);
    while (str_cut(&code, '\n', &line)) {
        size_t i = 0;
        while (i < indent && i < line.n && (line.s[i] == ' ' || line.s[i] == '\t'))
            i++;
        if (!first)
            buf_putc(&b, '\n');
        buf_put(&b, str_sub(line, i, line.n));
        first = false;
    }
    return buf_str(&b);
}

static err_t take_fence(struct scan *s, const struct fence *f)
{
    TRY(flush(s, s->at));
    size_t start = next_line(s, s->at), at = start;
    while (at < s->text.n && !fence_closes(line_at(s, at), f))
        at = next_line(s, at);
    struct str code = dedent(s->a, str_sub(s->text, start, at), f->indent);
    if (code.n && code.s[code.n - 1] == '\n')
        code.n--;
    struct str word = str_sub(f->info, 0, str_find_char(f->info, ' ', 0));
    bool diagram = str_eq_nocase(word, S("mermaid")) || (!word.n && is_diagram(code));
    struct block *b = block_add(s->a, s->m, diagram ? BLOCK_MERMAID : BLOCK_CODE);
    if (!b)
        return build_err(s->a);
    if (diagram) {
        b->mermaid.code = code;
    } else {
        b->code.language = word.n ? word : STR_NONE;
        b->code.code = code;
    }
    s->from = s->at = next_line(s, at);
    return OK;
}

/* --- tables ------------------------------------------------------------------------------------------- */

/* Cells between bars; an escaped bar is text. The outer bars are no cells. Gives how many there are, also when they are more than fit. */
static size_t split_row(struct arena *a, struct str line, struct str cells[COLUMNS_MAX])
{
    size_t count = 0, start;
    line = str_trim(line);
    start = line.n && line.s[0] == '|' ? 1 : 0;
    for (size_t i = start; i <= line.n; i++) {
        if (i < line.n && line.s[i] == '\\' && i + 1 < line.n) {
            i++;
            continue;
        }
        if (i < line.n && line.s[i] != '|')
            continue;
        if (i == line.n && i == start && count)
            break; /* behind the last bar */
        struct str cell = str_trim(str_sub(line, start, i));
        size_t escaped = str_find(cell, S("\\|"), 0);
        if (escaped < cell.n && a) {
            struct buf b;
            buf_init(&b, a, cell.n + 1);
            for (size_t k = 0; k < cell.n; k++)
                if (!(cell.s[k] == '\\' && k + 1 < cell.n && cell.s[k + 1] == '|'))
                    buf_putc(&b, cell.s[k]);
            cell = buf_str(&b);
        }
        if (count < COLUMNS_MAX)
            cells[count] = cell;
        count++;
        start = i + 1;
    }
    return count;
}

static bool is_delimiter(struct str line, size_t *ret_columns)
{
    struct str cells[COLUMNS_MAX];
    if (str_find_char(line, '-', 0) >= line.n)
        return false;
    size_t n = split_row(NULL, line, cells);
    if (n > COLUMNS_MAX)
        return false; /* nobody reads it as a table, and nothing of it is lost as text */
    for (size_t i = 0; i < n; i++) {
        struct str c = cells[i];
        if (c.n && c.s[0] == ':')
            c = str_sub(c, 1, c.n);
        if (c.n && c.s[c.n - 1] == ':')
            c.n--;
        if (!c.n)
            return false;
        for (size_t k = 0; k < c.n; k++)
            if (c.s[k] != '-')
                return false;
    }
    *ret_columns = n;
    return n > 0 && (n > 1 || str_find_char(line, '|', 0) < line.n);
}

static bool table_begins(const struct scan *s, struct str line)
{
    struct str cells[COLUMNS_MAX];
    size_t columns, next = next_line(s, s->at);
    return str_find_char(line, '|', 0) < line.n && next < s->text.n &&
           is_delimiter(line_at(s, next), &columns) && split_row(NULL, line, cells) == columns;
}

static bool row_goes_on(struct str line)
{
    struct fence f;
    struct str t = str_trim(line);
    return t.n && !fence_open(line, &f) && t.s[0] != '#' && t.s[0] != '>' &&
           str_find_char(t, '|', 0) < t.n;
}

static err_t take_table(struct scan *s, struct str line)
{
    struct str cells[COLUMNS_MAX];
    TRY(flush(s, s->at));
    struct block *b = block_add(s->a, s->m, BLOCK_TABLE);
    if (!b)
        return build_err(s->a);
    size_t columns = split_row(s->a, line, cells), first = next_line(s, next_line(s, s->at)),
           at = first, rows = 0;
    while (at < s->text.n && row_goes_on(line_at(s, at))) {
        rows++;
        at = next_line(s, at);
    }
    b->table.columns = columns;
    b->table.rows = rows;
    b->table.header = ARENA_ARRAY(s->a, struct str, columns + 1);
    b->table.cells = arena_array(s->a, rows * columns + 1, sizeof(struct str));
    if (!b->table.header || !b->table.cells)
        return arena_err(s->a);
    memcpy(b->table.header, cells, columns * sizeof cells[0]);
    struct str *to = b->table.cells;
    for (size_t p = first; p < at; p = next_line(s, p), to += columns) {
        size_t n = split_row(s->a, line_at(s, p), cells);
        for (size_t i = 0; i < columns; i++)
            to[i] = i < n ? cells[i] : S("");
    }
    s->from = s->at = at;
    return OK;
}

/* --- formulas and pictures, inside a line --------------------------------------------------------------- */

/* The end of the formula that opens at `open`: where its closing mark begins, in the same paragraph; text.n: it is none. */
static size_t math_end(struct scan *s, size_t open)
{
    size_t end = s->text.s[open] == '$' ? next_mark(s, &s->dollars, S("$$"), open + 2)
                                        : next_mark(s, &s->brackets, S("\\]"), open + 2);
    return end < next_mark(s, &s->gaps, S("\n\n"), open + 2) ? end : s->text.n;
}

static err_t take_math(struct scan *s, size_t open, size_t end)
{
    TRY(flush(s, open));
    struct block *b = block_add(s->a, s->m, BLOCK_MATH);
    if (!b)
        return build_err(s->a);
    b->math.tex = str_trim(str_sub(s->text, open + 2, end));
    b->math.display = true;
    s->from = s->at = end + 2;
    return OK;
}

/* ![alt](url "title") at `open`, in a line that ends at `line_end`; gives its end, or `open` when it is none. */
static size_t image_end(struct scan *s, size_t open, size_t line_end, struct str *ret_alt,
                        struct str *ret_url)
{
    size_t close = next_mark(s, &s->targets, S("]("), open + 2);
    if (close >= line_end)
        return open;
    size_t end = next_mark(s, &s->parentheses, S(")"), close);
    if (end >= line_end)
        return open;
    struct str inside = str_trim(str_sub(s->text, close + 2, end));
    *ret_alt = str_sub(s->text, open + 2, close);
    *ret_url = str_sub(inside, 0, str_find_char(inside, ' ', 0));
    return end + 1;
}

static err_t take_image(struct scan *s, size_t open, size_t end, struct str alt, struct str url)
{
    TRY(flush(s, open));
    struct block *b = block_add(s->a, s->m, BLOCK_IMAGE);
    if (!b)
        return build_err(s->a);
    b->image.alt = alt.n ? alt : STR_NONE;
    b->image.source_url = url;
    s->from = s->at = end;
    return OK;
}

/* The end of a code span that begins at `at`, or `at` itself: what is in it is not looked at. */
static size_t code_span_end(struct str text, size_t at, size_t line_end)
{
    size_t n = 0;
    while (at + n < line_end && text.s[at + n] == '`')
        n++;
    for (size_t i = at + n; i < line_end; i++) {
        size_t k = 0;
        while (i + k < line_end && text.s[i + k] == '`')
            k++;
        if (k == n)
            return i + k;
        i += k ? k - 1 : 0;
    }
    return at + n;
}

/* Most of a text is none of the characters that can begin something. */
static size_t skip_words(struct str text, size_t at, size_t end)
{
    static const bool BEGINS[256] = { ['`'] = true, ['\\'] = true, ['$'] = true, ['!'] = true };
    while (at < end && !BEGINS[(unsigned char)text.s[at]])
        at++;
    return at;
}

/* Look through one line; true when something was taken out of it (then s->at has moved). */
static err_t look_inside(struct scan *s, struct str line, bool *ret_taken)
{
    size_t end = s->at + line.n;
    *ret_taken = false;
    for (size_t i = skip_words(s->text, s->at, end); i + 1 < end;
         i = skip_words(s->text, i + 1, end)) {
        char c = s->text.s[i], d = s->text.s[i + 1];
        struct str alt, url;
        if (c == '`') {
            i = code_span_end(s->text, i, end) - 1;
        } else if ((c == '\\' && d == '[') || (c == '$' && d == '$')) {
            size_t stop = math_end(s, i);
            if (stop == s->text.n)
                continue;
            *ret_taken = true;
            return take_math(s, i, stop);
        } else if (c == '\\') {
            i++;
        } else if (c == '!' && d == '[') {
            size_t stop = image_end(s, i, end, &alt, &url);
            if (stop == i || !url.n)
                continue;
            *ret_taken = true;
            return take_image(s, i, stop, alt, url);
        }
    }
    return OK;
}

err_t markdown_blocks(struct arena *a, struct str text, struct message *m)
{
    struct scan s = { .a = a, .m = m, .text = text };
    while (s.at < text.n) {
        struct str line = line_at(&s, s.at);
        struct fence f;
        bool taken = false;
        bool whole =
            s.at == 0 ||
            text.s[s.at - 1] == '\n'; /* after a formula the rest of its line is looked at too */
        if (whole && fence_open(line, &f)) {
            TRY(take_fence(&s, &f));
            continue;
        }
        if (whole && table_begins(&s, line)) {
            TRY(take_table(&s, line));
            continue;
        }
        TRY(look_inside(&s, line, &taken));
        if (!taken)
            s.at = next_line(&s, s.at + line.n);
    }
    TRY(flush(&s, text.n));
    return arena_err(a);
}

/* Tables (GFM 0.29, section 4.10). */
#include "archive/markdown_scan.h"

enum { COLUMNS_MAX = 64 };

static struct str without_escapes(struct arena *a, struct str cell)
{
    struct buf b;
    if (!a || str_find(cell, S("\\|"), 0) >= cell.n)
        return cell;
    buf_init(&b, a, cell.n + 1);
    for (size_t k = 0; k < cell.n; k++)
        if (!(cell.s[k] == '\\' && k + 1 < cell.n && cell.s[k + 1] == '|'))
            buf_putc(&b, cell.s[k]);
    return buf_str(&b);
}

/* Cells between bars; an escaped bar is text, and is unescaped when there is an arena. The outer bars are no cells. Gives how
 * many there are, also when they are more than fit. */
static size_t row_cells(struct arena *a, struct str line, struct str cells[COLUMNS_MAX])
{
    size_t count = 0, start;
    line = str_trim(line);
    start = line.n && line.s[0] == '|' ? 1 : 0;
    for (size_t i = start; i <= line.n; i++) {
        if (i + 1 < line.n && line.s[i] == '\\') {
            i++;
            continue;
        }
        if (i < line.n && line.s[i] != '|')
            continue;
        if (i == line.n && i == start && count)
            break; /* behind the last bar */
        if (count < COLUMNS_MAX)
            cells[count] = without_escapes(a, str_trim(str_sub(line, start, i)));
        count++;
        start = i + 1;
    }
    return count;
}

static bool is_delimiter_cell(struct str c)
{
    if (c.n && c.s[0] == ':')
        c = str_sub(c, 1, c.n);
    if (c.n && c.s[c.n - 1] == ':')
        c.n--;
    for (size_t k = 0; k < c.n; k++)
        if (c.s[k] != '-')
            return false;
    return c.n > 0;
}

static bool is_delimiter_row(struct str line, size_t *ret_columns)
{
    struct str cells[COLUMNS_MAX];
    if (str_find_char(line, '-', 0) >= line.n)
        return false;
    size_t n = row_cells(NULL, line, cells);
    if (n > COLUMNS_MAX)
        return false; /* nobody reads it as a table, and nothing of it is lost as text */
    for (size_t i = 0; i < n; i++)
        if (!is_delimiter_cell(cells[i]))
            return false;
    *ret_columns = n;
    return n > 1 ||
           (n && (str_find_char(line, '|', 0) < line.n || str_find_char(line, ':', 0) < line.n));
}

bool table_begins(const struct scan *s, size_t next, size_t *ret_columns)
{
    struct str cells[COLUMNS_MAX], line = str_sub(s->text, next, line_end(s->text, next));
    struct place p = { .at = line_after(s->text, next) };
    struct line_start under;
    if (p.at >= s->text.n || containers_match(s->text, &s->in, s->in.depth, &p) < s->in.depth)
        return false;
    place_indent(s->text, p, &under.next);
    char c = under.next < s->text.n ? s->text.s[under.next] : 0;
    if (c != '|' && c != ':' && c != '-')
        return false;
    line_look(s->text, p, true, true, &under);
    struct str ruler = str_sub(s->text, under.next, line_end(s->text, under.next));
    return under.indent < CODE_INDENT && under.kind == LINE_TEXT &&
           is_delimiter_row(ruler, ret_columns) && row_cells(NULL, line, cells) == *ret_columns;
}

/* The row at `at`, or an empty view: the table has ended. */
static struct str row_at(const struct scan *s, size_t at)
{
    struct place p = { .at = at };
    if (at >= s->text.n || containers_match(s->text, &s->in, s->in.depth, &p) < s->in.depth)
        return STR_NONE;
    struct line_start l;
    line_look(s->text, p, false, false, &l);
    return l.kind == LINE_TEXT ? str_sub(s->text, l.next, line_end(s->text, l.next)) : STR_NONE;
}

err_t take_table(struct scan *s, size_t next, size_t columns)
{
    struct str cells[COLUMNS_MAX], line;
    TRY(cut_before(s, s->at, next));
    struct block *b = block_add(s->a, s->m, BLOCK_TABLE);
    if (!b)
        return build_err(s->a);
    size_t first = line_after(s->text, line_after(s->text, next)), at = first, rows = 0;
    for (; row_at(s, at).n; at = line_after(s->text, at))
        rows++;
    b->table.columns = columns;
    b->table.rows = rows;
    b->table.header = ARENA_ARRAY(s->a, struct str, columns + 1);
    b->table.cells = arena_array(s->a, rows * columns + 1, sizeof(struct str));
    if (!b->table.header || !b->table.cells)
        return arena_err(s->a);
    row_cells(s->a, str_sub(s->text, next, line_end(s->text, next)), cells);
    memcpy(b->table.header, cells, columns * sizeof cells[0]);
    struct str *to = b->table.cells;
    for (size_t p = first; p < at; p = line_after(s->text, p), to += columns) {
        line = row_at(s, p);
        size_t n = row_cells(s->a, line, cells);
        for (size_t i = 0; i < columns; i++)
            to[i] = i < n ? cells[i] : S("");
    }
    s->from = s->at = at;
    return OK;
}

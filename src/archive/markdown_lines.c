/* The block structure of CommonMark 0.31 (sections 4 and 5), a line at a time. */
#include "archive/markdown_parts.h"

size_t line_end(struct str text, size_t at)
{
    return str_find_char(text, '\n', at);
}

size_t line_after(struct str text, size_t at)
{
    size_t end = line_end(text, at);
    return end < text.n ? end + 1 : text.n;
}

static bool is_blank_char(char c)
{
    return c == ' ' || c == '\t';
}

static bool ends_at(struct str text, size_t at)
{
    return at >= text.n || text.s[at] == '\n';
}

static bool blank_or_end(struct str text, size_t at)
{
    return ends_at(text, at) || is_blank_char(text.s[at]);
}

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.n && is_blank_char(text.s[at]))
        at++;
    return at;
}

void place_advance(struct str text, struct place *p, unsigned columns)
{
    while (columns && p->at < text.n && is_blank_char(text.s[p->at])) {
        unsigned width = text.s[p->at] == '\t' ? 4 - p->col % 4 : 1;
        p->split = width > columns;
        width = p->split ? columns : width;
        p->at += p->split ? 0 : 1;
        p->col += width;
        columns -= width;
    }
}

unsigned place_indent(struct str text, struct place p, size_t *ret_next)
{
    unsigned col = p.col;
    for (; p.at < text.n && is_blank_char(text.s[p.at]); p.at++)
        col += text.s[p.at] == '\t' ? 4 - col % 4 : 1;
    *ret_next = p.at;
    return col - p.col;
}

/* Behind the mark at `next`, which is `bytes` long. */
static void pass_mark(struct place *p, size_t next, unsigned indent, unsigned bytes)
{
    p->at = next + bytes;
    p->col += indent + bytes;
    p->split = false;
}

static void pass_quote(struct str text, struct place *p, size_t next, unsigned indent)
{
    pass_mark(p, next, indent, 1);
    place_advance(text, p, 1);
}

size_t containers_match(struct str text, const struct containers *c, size_t depth, struct place *p)
{
    size_t i = 0;
    for (; i < depth; i++) {
        const struct container *k = &c->open[i];
        size_t next;
        unsigned indent = place_indent(text, *p, &next);
        if (k->quote) {
            if (indent >= CODE_INDENT || next >= text.n || text.s[next] != '>')
                break;
            pass_quote(text, p, next, indent);
        } else if (ends_at(text, next)) {
            if (k->empty)
                break;
            place_advance(text, p, k->width);
        } else if (indent >= k->width) {
            place_advance(text, p, k->width);
        } else {
            break;
        }
    }
    return i;
}

static size_t run_of(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.n && text.s[end] == text.s[at])
        end++;
    return end - at;
}

static bool fence_opens(struct str text, size_t at, unsigned indent, struct fence *ret)
{
    size_t count = run_of(text, at), end = line_end(text, at);
    struct str info = str_trim(str_sub(text, at + count, end));
    if (count < 3 || (text.s[at] == '`' && str_find_char(info, '`', 0) < info.n))
        return false;
    *ret = (struct fence){ text.s[at], count, indent, info };
    return true;
}

bool fence_closes(struct str text, struct place p, const struct fence *f)
{
    size_t next;
    if (place_indent(text, p, &next) >= CODE_INDENT || next >= text.n || text.s[next] != f->mark)
        return false;
    size_t count = run_of(text, next);
    return count >= f->count && ends_at(text, skip_blanks(text, next + count));
}

static bool is_heading(struct str text, size_t at)
{
    size_t count = run_of(text, at);
    return count <= 6 && blank_or_end(text, at + count);
}

static bool is_rule(struct str text, size_t at)
{
    char mark = text.s[at];
    size_t count = 0;
    for (; !ends_at(text, at); at++) {
        if (text.s[at] == mark)
            count++;
        else if (!is_blank_char(text.s[at]))
            return false;
    }
    return count >= 3;
}

static bool is_item(struct str text, size_t at, struct line_start *l)
{
    size_t end = at;
    while (end < text.n && end - at < 10 && text.s[end] >= '0' && text.s[end] <= '9')
        end++;
    bool number = end > at;
    char mark = end < text.n ? text.s[end] : 0;
    bool marked = number ? mark == '.' || mark == ')' : mark == '-' || mark == '+' || mark == '*';
    if (end - at > 9 || !marked || !blank_or_end(text, end + 1))
        return false;
    l->first = !number || (end - at == 1 && text.s[at] == '1');
    l->mark_bytes = (unsigned)(end + 1 - at);
    l->empty = ends_at(text, skip_blanks(text, end + 1));
    return true;
}

struct container container_open(struct str text, struct place *p, const struct line_start *l)
{
    if (l->kind == LINE_QUOTE) {
        pass_quote(text, p, l->next, l->indent);
        return (struct container){ .quote = true };
    }
    pass_mark(p, l->next, l->indent, l->mark_bytes);
    size_t next;
    unsigned blanks = place_indent(text, *p, &next);
    if (blanks > CODE_INDENT || l->empty)
        blanks = 1;
    place_advance(text, p, blanks);
    return (struct container){ .empty = l->empty, .width = l->indent + l->mark_bytes + blanks };
}

/* --- HTML ------------------------------------------------------------------------------------------ */

/* The name of a tag at `at`, as one of those in `names`, each between spaces. */
static bool named(struct str text, size_t at, const char *names)
{
    char word[16] = " ";
    size_t n = 1;
    for (; at < text.n && n < sizeof word - 2; at++) {
        char c = text.s[at];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if (!((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9')))
            break;
        word[n++] = c;
    }
    word[n] = ' ';
    word[n + 1] = 0;
    bool ends = blank_or_end(text, at) || text.s[at] == '>' ||
                (text.s[at] == '/' && at + 1 < text.n && text.s[at + 1] == '>');
    return n > 1 && ends && strstr(names, word);
}

static const char RAW_NAMES[] = " pre script style textarea ";
static const char BLOCK_NAMES[] =
    " address article aside base basefont blockquote body caption center col colgroup dd details"
    " dialog dir div dl dt fieldset figcaption figure footer form frame frameset h1 h2 h3 h4 h5 h6"
    " head header hr html iframe legend li link main menu menuitem nav noframes ol optgroup option"
    " p param search section summary table tbody td tfoot th thead title tr track ul ";

/* Which of the seven begins at the "<" at `at`, or 0. */
static int html_kind(struct str text, size_t at, bool paragraph)
{
    struct str rest = str_sub(text, at, line_end(text, at));
    bool closing = rest.n > 1 && rest.s[1] == '/';
    if (!closing && named(rest, 1, RAW_NAMES))
        return 1;
    if (str_starts(rest, S("<!--")))
        return 2;
    if (str_starts(rest, S("<?")))
        return 3;
    if (str_starts(rest, S("<![CDATA[")))
        return 5;
    if (rest.n > 2 && rest.s[1] == '!' && ((rest.s[2] | 32) >= 'a' && (rest.s[2] | 32) <= 'z'))
        return 4;
    if (named(rest, closing ? 2 : 1, BLOCK_NAMES))
        return 6;
    size_t end = paragraph ? 0 : tag_end(rest, 0);
    return end && str_trim(str_sub(rest, end, rest.n)).n == 0 ? 7 : 0;
}

static bool holds(struct str line, const char *word)
{
    return str_find(line, str_from(word), 0) < line.n;
}

static bool ends_raw(struct str line)
{
    for (size_t at = str_find(line, S("</"), 0); at < line.n;
         at = str_find(line, S("</"), at + 2)) {
        size_t close = str_find_char(line, '>', at);
        if (close < line.n && close - at < 12 && named(line, at + 2, RAW_NAMES))
            return true;
    }
    return false;
}

bool html_ends(struct str line, int kind)
{
    return kind == 1   ? ends_raw(line)
           : kind == 2 ? holds(line, "-->")
           : kind == 3 ? holds(line, "?>")
           : kind == 4 ? holds(line, ">")
                       : kind == 5 && holds(line, "]]>");
}

/* --- what begins here -------------------------------------------------------------------------------- */

static enum line_kind look_at_mark(struct str text, struct line_start *l, bool paragraph, bool here)
{
    switch (text.s[l->next]) {
    case '>':
        return LINE_QUOTE;
    case '#':
        return is_heading(text, l->next) ? LINE_HEADING : LINE_TEXT;
    case '`':
    case '~':
        return fence_opens(text, l->next, l->indent, &l->fence) ? LINE_FENCE : LINE_TEXT;
    case '<':
        l->html = html_kind(text, l->next, paragraph);
        return l->html ? LINE_HTML : LINE_TEXT;
    case '-':
    case '*':
    case '_':
        if (is_rule(text, l->next))
            return LINE_RULE;
        break;
    default:
        break;
    }
    bool item = is_item(text, l->next, l) && !(paragraph && here && (l->empty || !l->first));
    return item ? LINE_ITEM : LINE_TEXT;
}

/* Most lines begin with a letter, and nothing else begins there. */
static bool may_begin(char c)
{
    static const bool MARKS[256] = {
        ['>'] = true, ['#'] = true, ['`'] = true, ['~'] = true, ['<'] = true,
        ['-'] = true, ['*'] = true, ['_'] = true, ['+'] = true, ['0'] = true,
        ['1'] = true, ['2'] = true, ['3'] = true, ['4'] = true, ['5'] = true,
        ['6'] = true, ['7'] = true, ['8'] = true, ['9'] = true
    };
    return MARKS[(unsigned char)c];
}

void line_look(struct str text, struct place p, bool paragraph, bool here, struct line_start *l)
{
    l->kind = LINE_TEXT;
    l->indent = place_indent(text, p, &l->next);
    if (ends_at(text, l->next))
        l->kind = LINE_BLANK;
    else if (l->indent >= CODE_INDENT)
        l->kind = paragraph ? LINE_TEXT : LINE_INDENTED;
    else if (may_begin(text.s[l->next]))
        l->kind = look_at_mark(text, l, paragraph, here);
}

/* What a reader of rendered Markdown would read, for previews and the search index: no marks of emphasis, headings, lists and
 * links. Not a parser of Markdown: what is doubtful stays as it is. One pass, a line at a time. */
#include "archive/markdown.h"

struct line_walk {
    struct str line;
    size_t at;
    size_t closing; /* the next closing parenthesis, as far as looked for */
    struct buf *out;
};

static bool is_blank(struct str line, size_t at) /* the edges of the line too */
{
    return at >= line.n || line.s[at] == ' ' || line.s[at] == '\t' || line.s[at] == '\r';
}

static bool is_word(struct str line, size_t at)
{
    unsigned char c = at < line.n ? (unsigned char)line.s[at] : ' ';
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t run_end(struct str line, size_t at)
{
    size_t end = at;
    while (end < line.n && line.s[end] == line.s[at])
        end++;
    return end;
}

/* "# ", "> ", "- " and the like; numbers of lists say something and stay. */
static struct str without_prefix(struct str line)
{
    for (;;) {
        line = str_trim(line);
        char c = line.n ? line.s[0] : 0;
        size_t end = c == '#' ? run_end(line, 0) : 1;
        bool bullet = c == '-' || c == '*' || c == '+' || (c == '#' && end <= 6);
        if (c != '>' && !(bullet && end < line.n && is_blank(line, end)))
            return line;
        line = str_sub(line, end, line.n);
    }
}

/* Emphasis touches a word on one side only: "2 * 3" and "a*b" are none. */
static void take_emphasis(struct line_walk *w)
{
    size_t end = run_end(w->line, w->at), before = w->at ? w->at - 1 : SIZE_MAX;
    bool one_side = is_blank(w->line, before) != is_blank(w->line, end) ||
                    is_word(w->line, before) != is_word(w->line, end);
    if (!one_side || (w->line.s[w->at] == '~' && end - w->at != 2))
        buf_put(w->out, str_sub(w->line, w->at, end));
    w->at = end;
}

/* A code span without its marks; inside it nothing is one. */
static void take_code(struct line_walk *w)
{
    size_t start = run_end(w->line, w->at), n = start - w->at, close = start;
    while (close < w->line.n) {
        size_t end = w->line.s[close] == '`' ? run_end(w->line, close) : close + 1;
        if (w->line.s[close] == '`' && end - close == n)
            break;
        close = end;
    }
    if (close >= w->line.n) {
        buf_put(w->out, str_sub(w->line, w->at, start));
        w->at = start;
        return;
    }
    buf_put(w->out, str_sub(w->line, start, close));
    w->at = close + n;
}

/* "[words](address)": its words. Brackets inside brackets are left alone. */
static void take_link(struct line_walk *w)
{
    size_t start = w->at + 1, close = start;
    while (close < w->line.n && w->line.s[close] != ']' && w->line.s[close] != '[')
        close++;
    if (w->closing < close)
        w->closing = str_find_char(w->line, ')', close);
    if (w->closing >= w->line.n || !str_starts(str_sub(w->line, close, w->line.n), S("]("))) {
        buf_put(w->out, str_sub(w->line, w->at, close));
        w->at = close;
        return;
    }
    buf_put(w->out, str_sub(w->line, start, close));
    w->at = w->closing + 1;
}

static void take_line(struct buf *out, struct str line)
{
    struct line_walk w = { .line = without_prefix(line), .out = out };
    while (w.at < w.line.n) {
        char c = w.line.s[w.at];
        if (c == '*' || c == '~') {
            take_emphasis(&w);
        } else if (c == '`') {
            take_code(&w);
        } else if (c == '[') {
            take_link(&w);
        } else if (c == '\\' && w.at + 1 < w.line.n && strchr("*_`~#>", w.line.s[w.at + 1])) {
            buf_putc(out, w.line.s[w.at + 1]); /* escaped: a letter like any other */
            w.at += 2;
        } else {
            buf_putc(out, c);
            w.at++;
        }
    }
}

void markdown_words(struct str text, struct buf *out)
{
    struct str line;
    for (bool first = true; str_cut(&text, '\n', &line); first = false) {
        if (!first)
            buf_putc(out, '\n');
        take_line(out, line);
    }
}

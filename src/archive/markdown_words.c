/* What a reader of rendered Markdown would read, for previews and the search index: no marks of emphasis, headings, lists and
 * links. Not a parser of Markdown: what is doubtful stays as it is. One pass, a paragraph at a time, because code and links
 * go on over its lines. */
#include "archive/markdown_parts.h"

struct walk {
    struct str text;  /* up to the paragraph's end */
    size_t first, at; /* the paragraph's beginning; what is looked at */
    struct code_spans code;
    struct buf *out;
};

/* Bytes that mean nothing but themselves wherever they stand: most of any text. */
static const bool PLAIN[256] = {
    ['!'] = true, ['"'] = true, ['%' ... ')'] = true, [',' ... '9'] = true, [':'] = true,
    [';'] = true, ['?'] = true, ['A' ... 'Z'] = true, ['a' ... 'z'] = true, [0x80 ... 0xff] = true,
};

static bool is_blank(struct str text, size_t at) /* the edges of the text too */
{
    return at >= text.n || text.s[at] == ' ' || text.s[at] == '\t' || text.s[at] == '\n' ||
           text.s[at] == '\r';
}

static bool is_word(struct str text, size_t at)
{
    unsigned char c = at < text.n ? (unsigned char)text.s[at] : ' ';
    return c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t run_end(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.n && text.s[end] == text.s[at])
        end++;
    return end;
}

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.n && text.s[at] != '\n' && is_blank(text, at))
        at++;
    return at;
}

/* Behind "# ", "> ", "- " and the like at a line's beginning; numbers of lists say something and stay. */
static size_t skip_prefix(struct str text, size_t at)
{
    for (;;) {
        at = skip_blanks(text, at);
        char c = at < text.n ? text.s[at] : 0;
        size_t end = c == '#' ? run_end(text, at) : at + 1;
        bool bullet = c == '-' || c == '*' || c == '+' || (c == '#' && end - at <= 6);
        if (c != '>' && !(bullet && end < text.n && text.s[end] != '\n' && is_blank(text, end)))
            return at;
        at = end;
    }
}

/* Emphasis touches a word on one side only: "2 * 3" and "a*b" are none. */
static void take_emphasis(struct walk *w)
{
    size_t end = run_end(w->text, w->at), before = w->at ? w->at - 1 : SIZE_MAX;
    bool one_side = is_blank(w->text, before) != is_blank(w->text, end) ||
                    is_word(w->text, before) != is_word(w->text, end);
    if (!one_side || (w->text.s[w->at] == '~' && end - w->at != 2))
        buf_put(w->out, str_sub(w->text, w->at, end));
    w->at = end;
}

/* A code span without its marks; inside it nothing is one. */
static void take_code(struct walk *w)
{
    struct str paragraph = str_sub(w->text, w->first, w->text.n);
    size_t n = run_end(w->text, w->at) - w->at;
    size_t end = w->first + code_span_end(&w->code, paragraph, w->at - w->first);
    bool closed = end > w->at + n;
    buf_put(w->out, str_sub(w->text, w->at + (closed ? n : 0), end - (closed ? n : 0)));
    w->at = end;
}

static void put_label(struct buf *out, struct str label)
{
    for (size_t i = 0; i < label.n; i++) {
        i += is_escape(label, i);
        buf_putc(out, label.s[i]);
    }
}

/* "[words](address)": its words. Brackets inside brackets are left alone. */
static void take_link(struct walk *w)
{
    size_t start = w->at + 1, close = start, end;
    struct str address, text = w->text;
    while (close < text.n && text.s[close] != ']' && text.s[close] != '[')
        close += is_escape(text, close) ? 2 : 1;
    close = close < text.n ? close : text.n;
    end = close < text.n && text.s[close] == ']' ? target_end(text, close + 1, &address) : close;
    if (end > close + 1) {
        put_label(w->out, str_sub(text, start, close));
        w->at = end;
    } else {
        buf_putc(w->out, '[');
        w->at = start;
    }
}

static void take_line_end(struct walk *w)
{
    buf_putc(w->out, '\n');
    w->at = skip_prefix(w->text, w->at + 1);
}

static void take_paragraph(struct walk *w)
{
    w->first = w->at;
    w->code.known = false;
    w->at = skip_prefix(w->text, w->at);
    while (w->at < w->text.n) {
        char c = w->text.s[w->at];
        if (c == '*' || c == '~') {
            take_emphasis(w);
        } else if (c == '`') {
            take_code(w);
        } else if (c == '[') {
            take_link(w);
        } else if (c == '\n') {
            take_line_end(w);
        } else if (c == '\\' && is_escape(w->text, w->at) &&
                   strchr("*_`~#>[]!|", w->text.s[w->at + 1])) {
            buf_putc(w->out, w->text.s[w->at + 1]); /* escaped: a letter like any other */
            w->at += 2;
        } else if (PLAIN[(unsigned char)c]) {
            size_t end = w->at + 1;
            while (end < w->text.n && PLAIN[(unsigned char)w->text.s[end]])
                end++;
            buf_put(w->out, str_sub(w->text, w->at, end));
            w->at = end;
        } else {
            size_t end = skip_blanks(w->text, w->at);
            if (end == w->at)
                end++;
            else if (end >= w->text.n || w->text.s[end] == '\n')
                w->at = end; /* blanks at a line's end */
            buf_put(w->out, str_sub(w->text, w->at, end));
            w->at = end;
        }
    }
}

/* The end of the paragraph that begins at `at`: an empty line. */
static size_t paragraph_end(struct str text, size_t at)
{
    for (at = str_find_char(text, '\n', at); at < text.n; at = str_find_char(text, '\n', at + 1)) {
        size_t next = skip_blanks(text, at + 1);
        if (next >= text.n || text.s[next] == '\n')
            return at;
    }
    return at;
}

void markdown_words(struct str text, struct buf *out)
{
    struct walk w = { .out = out };
    while (w.at < text.n) {
        w.text = str_sub(text, 0, paragraph_end(text, w.at));
        take_paragraph(&w);
        for (; w.at < text.n && text.s[w.at] == '\n'; w.at = skip_blanks(text, w.at + 1))
            buf_putc(out, '\n');
    }
}

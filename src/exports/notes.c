/* Sources named in a text become numbered notes. A citation's place is given in code points of the text block before it; a mark is set
 * at the end of that word, never inside of code, an address or a formula: it goes behind them. As web/src/model/citations.ts. */
#include "base/utf8.h"
#include "exports/inside.h"

static size_t number_of(struct arena *a, struct notes *n, const struct block *b)
{
    for (size_t i = 0; i < n->count; i++)
        if (str_eq(n->items[i].url, b->citation.url))
            return i;
    if (n->count == n->cap) {
        size_t cap = n->cap ? n->cap * 2 : 16;
        struct note *more = ARENA_ARRAY(a, struct note, cap);
        if (!more)
            return 0; /* the arena says so */
        if (n->count)
            memcpy(more, n->items, n->count * sizeof *more);
        n->items = more;
        n->cap = cap;
    }
    n->items[n->count] = (struct note){ b->citation.url, b->citation.title };
    return n->count++;
}

enum {
    CLOSED_BYTES_MAX = 4000
}; /* how far an opening looks for its end: hostile text costs what other text costs */

struct walk { /* through the text, forwards only: citations come in order, mostly */
    struct str text;
    int64_t code_points;
    size_t at;
};

static size_t go_to(struct walk *w, int64_t code_points)
{
    if (code_points < 0)
        return w->text.n;
    for (; w->code_points < code_points && w->at < w->text.n; w->code_points++)
        utf8_next(w->text, &w->at);
    return w->at;
}

static bool ends_address(char c)
{
    return c == ' ' || c == '\t' || c == '\n' || c == ')' || c == '>';
}

/* Where what begins at `from` ends, if no mark may be set into it; `from` itself otherwise. */
static size_t closed_end(struct str s, size_t from)
{
    struct str rest = str_sub(s, from, from + CLOSED_BYTES_MAX);
    size_t end = 0;
    if (rest.s[0] == '`') {
        size_t run = 0;
        while (run < rest.n && rest.s[run] == '`')
            run++;
        end = str_find(rest, str_sub(rest, 0, run), run);
        return end < rest.n ? from + end + run : from + run;
    }
    if (str_starts(rest, S("](")))
        end = str_find_char(rest, ')', 0);
    else if (str_starts(rest, S("\\(")))
        end = str_find(rest, S("\\)"), 0) + 1;
    else if (str_starts(rest, S("$$")))
        end = str_find(rest, S("$$"), 2) + 1;
    else if (str_starts(rest, S("http://")) || str_starts(rest, S("https://"))) {
        while (end < rest.n && !ends_address(rest.s[end]))
            end++;
        return from + end;
    } else
        return from;
    return end < rest.n ? from + end + 1 : from;
}

static size_t place_outside(struct str s, size_t i, size_t at)
{
    while (at && (s.s[at - 1] == ' ' || s.s[at - 1] == '\n'))
        at--;
    while (i < at) {
        size_t end = closed_end(s, i);
        if (end > at)
            return end;
        i = end > i ? end : i + 1;
    }
    return at;
}

struct str notes_set(struct arena *a, struct notes *notes, const struct block *blocks, size_t count,
                     size_t at, size_t first, struct str open, struct str close)
{
    struct str text = blocks[at].text.markdown;
    struct buf out;
    struct walk walk = { .text = text };
    size_t done = 0;
    if (at + 1 >= count || blocks[at + 1].type != BLOCK_CITATION)
        return text;
    buf_init(&out, a, MIB(64));
    for (size_t i = at + 1; i < count && blocks[i].type == BLOCK_CITATION; i++) {
        const struct block *b = &blocks[i];
        size_t place = place_outside(text, done, go_to(&walk, b->citation.end));
        if (place < done)
            place = done; /* they come in order, mostly */
        buf_put(&out, str_sub(text, done, place));
        buf_putf(&out, "%.*s%zu%.*s", STR_ARG(open), first + number_of(a, notes, b),
                 STR_ARG(close));
        done = place;
    }
    buf_put(&out, str_sub(text, done, text.n));
    return buf_str(&out);
}

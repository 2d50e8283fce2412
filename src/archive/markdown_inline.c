/* Formulas and pictures within a paragraph; what stands in code, tags, autolinks and behind escapes is neither. One pass: brackets
 * are kept on a stack (CommonMark 0.31, appendix A), what is looked for ahead is remembered. */
#include "archive/markdown_parts.h"

enum { BRACKETS_MAX = 1000 }; /* beyond it the outermost are forgotten */

struct bracket {
    size_t at;
    size_t first; /* what was found in it begins here */
    bool picture;
};

struct inline_scan {
    struct arena *a;
    struct str t;
    size_t at;
    struct found *found;
    size_t count, cap;
    struct bracket *open;
    size_t depth;
    size_t dead; /* links hold no links: an opening of one below this is none */
    struct code_spans code;
    size_t brackets, dollars; /* the next closing mark of a formula, as far as looked for */
    size_t comments, instructions, sections; /* "-->", "?>", "]]>" */
};

static size_t next_mark(const struct inline_scan *s, size_t *known, struct str mark, size_t from)
{
    if (*known < from)
        *known = str_find(s->t, mark, from);
    return *known;
}

/* --- code ------------------------------------------------------------------------------------------ */

static size_t backticks(struct str t, size_t at)
{
    size_t n = 0;
    while (at + n < t.n && t.s[at + n] == '`')
        n++;
    return n;
}

static void know_code(struct code_spans *c, struct str t)
{
    memset(c->last, 0, sizeof c->last);
    for (size_t i = str_find_char(t, '`', 0); i < t.n;) {
        size_t n = backticks(t, i);
        if (n <= CODE_MARKS_MAX)
            c->last[n] = i;
        i = str_find_char(t, '`', i + n);
    }
    c->known = true;
}

size_t code_span_end(struct code_spans *c, struct str t, size_t at)
{
    size_t n = backticks(t, at), i = at + n;
    if (!c->known)
        know_code(c, t);
    if (n > CODE_MARKS_MAX || c->last[n] < i)
        return i;
    for (;;) {
        i = str_find_char(t, '`', i);
        size_t k = backticks(t, i);
        i += k;
        if (k == n)
            return i;
    }
}

/* --- what is found -------------------------------------------------------------------------------- */

static void add(struct inline_scan *s, struct found f)
{
    if (s->count == s->cap) {
        size_t cap = s->cap ? s->cap * 2 : 8;
        struct found *v = ARENA_ARRAY(s->a, struct found, cap);
        if (!v)
            return;
        if (s->count)
            memcpy(v, s->found, s->count * sizeof *v);
        s->found = v;
        s->cap = cap;
    }
    s->found[s->count++] = f;
}

/* The mark that closes the formula opened at `open`: not in code, not behind a backslash, no other opening before it. */
static size_t formula_close(struct inline_scan *s, size_t open)
{
    bool dollars = s->t.s[open] == '$';
    size_t *known = dollars ? &s->dollars : &s->brackets, i = open + 2;
    if (*known >= i)
        return *known;
    while (i + 1 < s->t.n) {
        char c = s->t.s[i], d = s->t.s[i + 1];
        if (dollars ? c == '$' && d == '$' : c == '\\' && (d == ']' || d == '['))
            break;
        i = c == '`' ? code_span_end(&s->code, s->t, i) : c == '\\' ? i + 2 : i + 1;
    }
    *known = i + 1 < s->t.n ? i : s->t.n;
    return *known;
}

static size_t run_of_dollars(struct str t, size_t at)
{
    size_t end = at;
    while (end < t.n && t.s[end] == '$')
        end++;
    return end - at;
}

static bool holds_code(struct inline_scan *s, size_t from, size_t to)
{
    struct str inside = str_sub(s->t, 0, to);
    for (size_t i = str_find_char(inside, '`', from); i < to; i = str_find_char(inside, '`', i)) {
        size_t n = backticks(s->t, i), end = code_span_end(&s->code, s->t, i);
        if (end > i + n)
            return true;
        i = end;
    }
    return false;
}

/* s->at moves behind the formula, or its mark when it is none. */
static void take_formula(struct inline_scan *s)
{
    size_t open = s->at, close = formula_close(s, open), end = open;
    bool dollars = s->t.s[open] == '$';
    size_t run = dollars ? run_of_dollars(s->t, open) : 2;
    bool after = s->count && s->found[s->count - 1].end == open; /* "$$a$$$$b$$": two */
    bool fits = run == 2 && close < s->t.n;
    if (fits && dollars) {
        size_t closing = run_of_dollars(s->t, close);
        fits = (closing == 2 || closing == 4) && (after || !open || s->t.s[open - 1] != '$');
    } else if (fits) {
        fits = s->t.s[close + 1] == ']';
    }
    if (fits && !holds_code(s, open, close))
        end = formula_end(s->t, open, close);
    if (end > open)
        add(s, (struct found){ .kind = FOUND_FORMULA,
                               .start = open,
                               .end = end,
                               .words = str_trim(str_sub(s->t, open + 2, close)) });
    s->at = end > open ? end : open + run;
}

/* --- brackets ------------------------------------------------------------------------------------- */

static void open_bracket(struct inline_scan *s, bool picture)
{
    if (s->depth == BRACKETS_MAX) {
        size_t half = BRACKETS_MAX / 2;
        memmove(s->open, s->open + half, (BRACKETS_MAX - half) * sizeof *s->open);
        s->depth -= half;
        s->dead = s->dead > half ? s->dead - half : 0;
    }
    if (!s->open)
        s->open = ARENA_ARRAY(s->a, struct bracket, BRACKETS_MAX);
    if (s->open)
        s->open[s->depth++] = (struct bracket){ s->at, s->count, picture };
    s->at += picture ? 2 : 1;
}

static void close_picture(struct inline_scan *s, struct bracket b, size_t end, struct str address)
{
    s->count = b.first; /* what was found in its words is part of them */
    if (!address.n)
        return;
    add(s, (struct found){ .kind = FOUND_PICTURE,
                           .start = b.at,
                           .end = end,
                           .words = str_sub(s->t, b.at + 2, s->at),
                           .title = target_title(s->t, s->at + 1),
                           .address = unescaped(s->a, address) });
}

/* Pictures keep their link; formulas stay in it. */
static void close_link(struct inline_scan *s, struct bracket b, size_t end, struct str address)
{
    size_t kept = b.first;
    for (size_t i = b.first; i < s->count; i++) {
        if (s->found[i].kind != FOUND_PICTURE)
            continue;
        s->found[kept] = s->found[i];
        s->found[kept].link_end = end;
        s->found[kept++].link_url = address;
    }
    s->count = kept;
    s->dead = s->depth;
}

/* The "]" at s->at: with what follows it closes a picture, a link, or nothing. */
static void close_bracket(struct inline_scan *s)
{
    size_t next = s->at + 1;
    struct str address = STR_NONE;
    if (!s->depth) {
        s->at = next;
        return;
    }
    struct bracket b = s->open[--s->depth];
    bool dead = !b.picture && s->depth < s->dead;
    s->dead = s->dead < s->depth ? s->dead : s->depth;
    size_t end = target_end(s->t, next, &address);
    if (end == next && !b.picture && s->count > b.first && next < s->t.n && s->t.s[next] == '[') {
        size_t close = str_find_char(s->t, ']', next); /* [words][reference] */
        end = close < s->t.n ? close + 1 : next;
    }
    if (end > next && b.picture)
        close_picture(s, b, end, address);
    else if (end > next && !dead)
        close_link(s, b, end, address);
    s->at = end > next && !dead ? end : next;
}

/* --- tags ------------------------------------------------------------------------------------------ */

static void pass_tag(struct inline_scan *s)
{
    struct str rest = str_sub(s->t, s->at, s->t.n);
    size_t end = autolink_end(s->t, s->at), close = s->t.n, n = 2;
    if (end == s->at)
        end = tag_end(s->t, s->at);
    if (end == s->at && str_starts(rest, S("<!--"))) {
        close = next_mark(s, &s->comments, S("-->"), s->at + 2);
        n = 3;
    } else if (end == s->at && str_starts(rest, S("<?"))) {
        close = next_mark(s, &s->instructions, S("?>"), s->at + 2);
    } else if (end == s->at && str_starts(rest, S("<![CDATA["))) {
        close = next_mark(s, &s->sections, S("]]>"), s->at + 2);
        n = 3;
    }
    s->at = close < s->t.n ? close + n : end > s->at ? end : s->at + 1;
}

static bool skip_words(struct inline_scan *s)
{
    static const bool BEGINS[256] = { ['`'] = true, ['\\'] = true, ['$'] = true, ['!'] = true,
                                      ['['] = true, [']'] = true,  ['<'] = true };
    while (s->at < s->t.n && !BEGINS[(unsigned char)s->t.s[s->at]])
        s->at++;
    return s->at < s->t.n;
}

err_t inline_find(struct arena *a, struct str paragraph, struct found **ret, size_t *ret_count)
{
    struct inline_scan s = { .a = a, .t = paragraph };
    while (skip_words(&s)) {
        char c = s.t.s[s.at], d = s.at + 1 < s.t.n ? s.t.s[s.at + 1] : 0;
        if (c == '`')
            s.at = code_span_end(&s.code, s.t, s.at);
        else if ((c == '\\' && d == '[') || (c == '$' && d == '$'))
            take_formula(&s);
        else if (c == '\\')
            s.at += 2;
        else if ((c == '!' && d == '[') || c == '[')
            open_bracket(&s, c == '!');
        else if (c == ']')
            close_bracket(&s);
        else if (c == '<')
            pass_tag(&s);
        else
            s.at++;
    }
    *ret = s.found;
    *ret_count = s.count;
    return arena_err(a);
}

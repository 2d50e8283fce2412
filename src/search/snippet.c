/* The piece of text that shows why something was found, cut and marked with the walk that indexed
 * it. */
#include "base/utf8.h"
#include "search/inside.h"

enum {
    SPANS_MAX = 2000,    /* looked at in one text */
    CONTEXT_CHARS = 60,  /* before the first match */
    BOUNDARY_CHARS = 20, /* how far a cut moves to fall between words */
};

struct span {          /* one match of one term */
    size_t start, end; /* bytes */
    size_t at;         /* code points before it */
    size_t term;
};

struct spans {
    struct span *list;
    size_t count;
};

/* --- matches --------------------------------------------------------------------------------- */

static bool token_is(struct str token, struct str want, bool prefix)
{
    return prefix ? str_starts(token, want) : str_eq(token, want);
}

/* Does the term begin with `token`, the walk standing behind it? *ret_end: where the match ends. */
static bool matches(const struct search_term *term, const struct search_tokens *walk,
                    const struct search_token *token, size_t *ret_end)
{
    if (!token_is(token->text, term->tokens[0], term->prefix && term->count == 1))
        return false;
    bool single =
        term->count == 1 && term->prefix && token->dense; /* one character, found in a pair */
    *ret_end = single ? token->first_end : token->end;
    if (term->count == 1)
        return true;
    struct search_tokens ahead = *walk;
    struct search_token next;
    for (size_t i = 1; i < term->count; i++) {
        bool last = i + 1 == term->count;
        if (!search_tokens_next_running(&ahead, &next) ||
            !token_is(next.text, term->tokens[i], term->prefix && last))
            return false;
        *ret_end = last && term->prefix && next.dense ? next.first_end : next.end;
    }
    return true;
}

static err_t find_spans(struct arena *a, struct str text, const struct search_terms *q,
                        struct spans *ret)
{
    struct search_tokens walk;
    struct search_token token;
    size_t counted_to = 0, counted = 0;
    ret->count = 0;
    ret->list = ARENA_ARRAY(a, struct span, SPANS_MAX);
    if (!ret->list)
        return arena_err(a);
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (ret->count < SPANS_MAX && search_tokens_next_running(&walk, &token))
        for (size_t i = 0; i < q->count && ret->count < SPANS_MAX; i++) {
            struct span s = { .start = token.start, .term = i };
            if (q->terms[i].exclude || !matches(&q->terms[i], &walk, &token, &s.end))
                continue;
            counted += utf8_count(str_sub(text, counted_to, s.start));
            counted_to = s.start;
            s.at = counted;
            ret->list[ret->count++] = s;
        }
    return OK;
}

/* The first span of the window that shows the most different terms, then the most matches. */
static size_t best_span(const struct spans *s)
{
    size_t seen[SEARCH_TERMS_MAX] = { 0 }, different = 0, best = 0, best_score = 0, end = 0;
    for (size_t i = 0; i < s->count; i++) {
        for (; end < s->count &&
               s->list[end].at < s->list[i].at + SEARCH_SNIPPET_CHARS - CONTEXT_CHARS;
             end++)
            different += seen[s->list[end].term]++ == 0;
        size_t score = different * SPANS_MAX + (end - i);
        if (score > best_score) {
            best_score = score;
            best = i;
        }
        different -= --seen[s->list[i].term] == 0;
    }
    return best;
}

/* --- the cut --------------------------------------------------------------------------------- */

static bool is_space(uint32_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0x85 || c == 0xa0 || c == 0x2028 ||
           c == 0x2029 || c == 0x3000;
}

static size_t step_back(struct str text, size_t at)
{
    do
        at--;
    while (at > 0 && ((unsigned char)text.s[at] & 0xc0) == 0x80);
    return at;
}

/* Where the snippet begins: some context before `at`, if possible after a space. */
static size_t cut_before(struct str text, size_t at)
{
    size_t from = at, after_space = at;
    for (int i = 0; i < CONTEXT_CHARS && from > 0; i++) {
        size_t back = step_back(text, from), next = back;
        if (i > CONTEXT_CHARS - BOUNDARY_CHARS && is_space(utf8_next(text, &next))) {
            after_space = from;
            break;
        }
        from = back;
    }
    return from == 0 ? 0 : after_space < at ? after_space : from;
}

/* Where it ends: after SEARCH_SNIPPET_CHARS, or at the next space soon after. */
static size_t cut_after(struct str text, size_t from)
{
    size_t at = from;
    for (int i = 0; i < SEARCH_SNIPPET_CHARS + BOUNDARY_CHARS && at < text.n; i++) {
        size_t next = at;
        if (is_space(utf8_next(text, &next)) && i >= SEARCH_SNIPPET_CHARS)
            break;
        at = next;
    }
    return at;
}

struct writer {
    struct buf out;
    int64_t chars;
    bool space; /* the last one written was a space */
};

static void put_char(struct writer *w, struct str bytes, uint32_t c)
{
    bool space = is_space(c);
    if (space && (w->space || !w->chars))
        return;
    buf_put(&w->out, space ? S(" ") : bytes);
    w->chars++;
    w->space = space;
}

/* Copy the stretch, note where the matches fall in it. */
static void copy(struct writer *w, struct str text, size_t from, size_t to,
                 const struct spans *spans, struct search_snippet *ret)
{
    size_t span = 0, until = 0; /* until: bytes, the end of the highlight under way; 0: none */
    for (size_t at = from; at < to;) {
        while (span < spans->count && spans->list[span].start < at)
            span++;
        for (; span < spans->count && spans->list[span].start == at; span++) {
            if (until < spans->list[span].end && (until || ret->count < SEARCH_HIGHLIGHTS_MAX)) {
                if (!until)
                    ret->highlights[ret->count].start = w->chars;
                until = spans->list[span].end;
            }
        }
        size_t next = at;
        uint32_t c = utf8_next(text, &next);
        put_char(w, str_sub(text, at, next), c);
        at = next;
        if (until && (at >= until || at >= to)) {
            /* One that begins where this ends goes on with it. */
            bool goes_on = at < to && span < spans->count && spans->list[span].start == at;
            if (!goes_on) {
                struct search_range *h = &ret->highlights[ret->count];
                h->length = w->chars - h->start;
                ret->count += h->length > 0;
                until = 0;
            }
        }
    }
}

err_t search_snippet(struct arena *a, struct arena *scratch, struct str text,
                     const struct search_terms *query, struct search_snippet *ret)
{
    struct spans spans;
    struct search_snippet out = { 0 };
    struct writer w = { 0 };
    text = utf8_cut(text, SEARCH_TEXT_BYTES_MAX);
    TRY(find_spans(scratch, text, query, &spans));
    out.highlights = ARENA_ARRAY(a, struct search_range, SEARCH_HIGHLIGHTS_MAX);
    if (!out.highlights)
        return arena_err(a);
    size_t from = spans.count ? cut_before(text, spans.list[best_span(&spans)].start) : 0;
    size_t to = cut_after(text, from);
    buf_init(&w.out, a, KIB(16));
    if (from > 0)
        put_char(&w, S("…"), 0x2026);
    copy(&w, text, from, to, &spans, &out);
    if (to < text.n)
        put_char(&w, S("…"), 0x2026);
    TRY(buf_err(&w.out));
    out.text = w.out.s ? buf_str(&w.out) : S("");
    *ret = out;
    return OK;
}

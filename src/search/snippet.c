/* The piece of text that shows why something was found, cut and marked with the walk that indexed
 * it. */
#include <stdlib.h>

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

/* Was this token of a text found for that one of the query? As the index sees it: by the stem in one of the query's languages, or as it
 * was written; a beginning by either. */
static bool word_is(const struct search_token *token, const struct search_typed *want, size_t stems,
                    bool prefix)
{
    if (prefix)
        return str_starts(token->text, want->text) || str_starts(token->stem, want->text);
    bool is = str_eq(token->stem, want->text);
    for (size_t i = 0; i < stems && !is; i++)
        is = str_eq(token->stem, want->stems[i]);
    return is;
}

static size_t end_of(const struct search_token *token, bool prefix)
{
    return prefix && token->dense ? token->first_end
                                  : token->end; /* one character, found in a pair */
}

/* Of a phrase each token as it is written, among the running text. */
static bool phrase_is(const struct search_term *term, const struct search_tokens *walk,
                      const struct search_token *token, size_t *ret_end)
{
    struct search_tokens ahead = *walk;
    struct search_token next = *token;
    if (token->beside)
        return false;
    for (size_t i = 0; i < term->count; i++) {
        bool prefix = term->prefix && i + 1 == term->count;
        if (i && !search_tokens_next_running(&ahead, &next))
            return false;
        if (!(prefix ? str_starts(next.text, term->tokens[i].text)
                     : str_eq(next.text, term->tokens[i].text)))
            return false;
        *ret_end = end_of(&next, prefix);
    }
    return true;
}

/* Does the term begin with `token`, the walk standing behind it? *ret_end: where the match ends. */
static bool matches(const struct search_query *q, const struct search_term *term,
                    const struct search_tokens *walk, const struct search_token *token,
                    size_t *ret_end)
{
    if (term->phrase)
        return phrase_is(term, walk, token, ret_end);
    *ret_end = end_of(token, term->prefix);
    return word_is(token, term->tokens, q->languages.count, term->prefix);
}

static err_t find_spans(struct arena *a, struct str text, enum search_language language,
                        const struct search_query *q, const struct search_marks *marks,
                        struct spans *ret, struct str *ret_like)
{
    struct search_tokens walk;
    struct search_token token;
    size_t counted_to = 0, counted = 0;
    ret->count = 0;
    ret->list = ARENA_ARRAY(a, struct span, SPANS_MAX);
    if (!ret->list)
        return arena_err(a);
    search_tokens_init(&walk, text, language);
    while (ret->count < SPANS_MAX && search_tokens_next(&walk, &token))
        for (size_t i = 0; i <= q->count && ret->count < SPANS_MAX; i++) {
            struct span s = { .start = token.start, .end = token.end, .term = i };
            bool like = i == q->count && marks->like.n && str_eq(token.stem, marks->like);
            if (like && !ret_like->n)
                *ret_like = str_dup(a, token.text);
            if (!like && (i == q->count || !marks->terms[i] ||
                          !matches(q, &q->terms[i], &walk, &token, &s.end)))
                continue;
            if (s.start >=
                counted_to) { /* parts of camelCase stand behind their whole's beginning */
                counted += utf8_count(str_sub(text, counted_to, s.start));
                counted_to = s.start;
            }
            s.at = counted;
            ret->list[ret->count++] = s;
        }
    return OK;
}

static int by_start(const void *x, const void *y)
{
    const struct span *a = x, *b = y;
    if (a->start != b->start)
        return a->start < b->start ? -1 : 1;
    return a->end < b->end ? -1 : a->end > b->end;
}

/* The first span of the window that shows the most different terms, then the most matches. */
static size_t best_span(struct arena *a, const struct spans *s, size_t terms)
{
    size_t *seen = ARENA_ARRAY(a, size_t, terms + 1), different = 0, best = 0, best_score = 0,
           end = 0;
    if (!seen)
        return 0; /* the arena says so */
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
                     enum search_language language, const struct search_query *query,
                     const struct search_marks *marks, struct search_snippet *ret)
{
    struct spans spans;
    struct search_snippet out = { 0 };
    struct writer w = { 0 };
    text = utf8_cut(text, SEARCH_TEXT_BYTES_MAX);
    TRY(find_spans(scratch, text, language, query, marks, &spans, &out.like));
    qsort(spans.list, spans.count, sizeof *spans.list, by_start);
    out.highlights = ARENA_ARRAY(a, struct search_range, SEARCH_HIGHLIGHTS_MAX);
    if (!out.highlights)
        return arena_err(a);
    size_t best = best_span(scratch, &spans, query->count + 1);
    TRY(arena_err(scratch));
    size_t from = spans.count ? cut_before(text, spans.list[best].start) : 0;
    size_t to = cut_after(text, from);
    buf_init(&w.out, a, KIB(16));
    if (from > 0)
        put_char(&w, S("…"), 0x2026);
    copy(&w, text, from, to, &spans, &out);
    if (to < text.n)
        put_char(&w, S("…"), 0x2026);
    TRY(buf_err(&w.out));
    out.text = w.out.s ? buf_str(&w.out) : S("");
    if (out.like.n)
        out.like = str_dup(a, out.like);
    *ret = out;
    return arena_err(a);
}

/* What people type, to terms. Everything that is typed means something; only dates and sizes can be
 * wrong. */
#include "base/utf8.h"
#include "search/inside.h"

/* Compatibility forms may stand for several words (U+FDFA: 3 bytes, 4 words); at most a token for
 * each folded character. */
enum { TOKENS_PER_BYTE_MAX = 10 };

struct parser {
    struct arena *arena;
    struct search_terms *out;
    struct str q;
    size_t at;
    size_t typed; /* words and phrases, also those without a letter or digit */
};

static bool is_space(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* --- terms ------------------------------------------------------------------------------------ */

/* A run of a dense script in a query is found within a longer run: its last character, which stands
 * alone in the tokens, says nothing that the pair before it does not say; a run of one character is
 * the beginning of a pair. */
static void loosen_end(struct search_term *term, bool dense, size_t run)
{
    if (!dense)
        return;
    if (run > 1)
        term->count--;
    else
        term->prefix = true;
}

static err_t add_term(struct parser *p, struct str text, bool exclude, bool prefix)
{
    struct search_tokens walk;
    struct search_token token = { 0 };
    struct search_term term = { .exclude = exclude };
    size_t run = 0, room = text.n * TOKENS_PER_BYTE_MAX + 1; /* run: length of the last dense one */
    bool in_run = false;
    p->typed++;
    term.tokens = ARENA_ARRAY(p->arena, struct str, room);
    if (!term.tokens)
        return arena_err(p->arena);
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next_running(&walk, &token)) {
        if (term.count == room) /* a character that becomes more words than any known one */
            return err_note(E_INVALID, "q", "a word of the query has too many parts");
        term.tokens[term.count++] = str_dup(p->arena, token.text);
        run = !token.dense ? 0 : in_run ? run + 1 : 1;
        in_run = token.dense && !token.run_end;
    }
    TRY(arena_err(p->arena));
    if (!term.count)
        return OK; /* a dash, a smile: nothing that is indexed */
    /* One letter begins too many words: it would cost seconds and say nothing. */
    term.prefix = prefix && !token.dense && utf8_count(term.tokens[term.count - 1]) > 1;
    loosen_end(&term, token.dense, run);
    if (p->out->count == SEARCH_TERMS_MAX)
        return err_note(E_INVALID, "q", "the query has more than %d words", SEARCH_TERMS_MAX);
    p->out->terms[p->out->count++] = term;
    return OK;
}

/* --- filters --------------------------------------------------------------------------------- */

struct str search_filter_value(struct arena *a, struct str s)
{
    enum { BYTES_MAX = 40 };
    char *out = arena_bytes(a, BYTES_MAX);
    size_t n = 0;
    if (!out)
        return STR_NONE;
    for (size_t i = 0; i < s.n && n < BYTES_MAX; i++) {
        char c = s.s[i];
        if (c >= 'A' && c <= 'Z')
            c = (char)(c + 32);
        if ((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'))
            out[n++] = c;
    }
    return str_of(out, n);
}

static err_t add_filter(struct parser *p, struct search_filter *filters, size_t *count,
                        struct str value, bool exclude)
{
    struct str clean = search_filter_value(p->arena, value);
    TRY(arena_err(p->arena));
    p->typed++;
    if (!clean.n)
        return OK; /* names nothing */
    if (*count == SEARCH_FILTERS_MAX)
        return err_note(E_INVALID, "q", "the query has more than %d filters of one kind",
                        SEARCH_FILTERS_MAX);
    filters[(*count)++] = (struct search_filter){ clean, exclude };
    return OK;
}

/* "2026-01-01" (its first moment in UTC) or a whole RFC 3339 time. */
static err_t parse_date(struct arena *a, struct str key, struct str value, int64_t *ret)
{
    struct str whole = value.n == 10 ? str_fmt(a, "%.*sT00:00:00Z", STR_ARG(value)) : value;
    TRY(arena_err(a));
    if (time_parse(whole, ret) == OK)
        return OK;
    return err_note(E_INVALID, "q", "%.*s: wants a date such as 2026-01-31", STR_ARG(key));
}

/* Is `word` one of the filters? */
static err_t try_filter(struct parser *p, struct str word, bool exclude, bool *ret_is)
{
    struct str value = word, key;
    *ret_is = false;
    if (!str_cut(&value, ':', &key) || !value.n)
        return OK;
    struct search_terms *o = p->out;
    *ret_is = true;
    if (str_eq_nocase(key, S("provider")))
        return add_filter(p, o->providers, &o->provider_count, value, exclude);
    if (str_eq_nocase(key, S("role")))
        return add_filter(p, o->roles, &o->role_count, value, exclude);
    if (!exclude && str_eq_nocase(key, S("before")))
        return parse_date(p->arena, S("before"), value, &o->before_ms);
    if (!exclude && str_eq_nocase(key, S("after")))
        return parse_date(p->arena, S("after"), value, &o->after_ms);
    *ret_is = false; /* a word with a colon */
    return OK;
}

/* --- the line -------------------------------------------------------------------------------- */

static err_t parse_quoted(struct parser *p, bool exclude)
{
    size_t from = ++p->at;
    size_t end = str_find_char(p->q, '"', from); /* without an end: all that follows */
    p->at = end < p->q.n ? end + 1 : end;
    bool prefix = p->at < p->q.n && p->q.s[p->at] == '*';
    if (prefix)
        p->at++;
    return add_term(p, str_sub(p->q, from, end), exclude, prefix);
}

static err_t parse_word(struct parser *p, bool exclude)
{
    size_t from = p->at;
    while (p->at < p->q.n && !is_space(p->q.s[p->at]) && p->q.s[p->at] != '"')
        p->at++;
    struct str word = str_sub(p->q, from, p->at);
    bool is_filter;
    TRY(try_filter(p, word, exclude, &is_filter));
    if (is_filter)
        return OK;
    return add_term(p, word, exclude, str_ends(word, S("*")));
}

static bool asks_nothing(const struct search_terms *t)
{
    return !t->count && !t->provider_count && !t->role_count && t->before_ms == TIME_NONE &&
           t->after_ms == TIME_NONE;
}

err_t search_parse(struct arena *a, struct str q, struct search_terms *ret)
{
    struct search_terms out = { .before_ms = TIME_NONE, .after_ms = TIME_NONE };
    struct parser p = { .arena = a, .out = &out, .q = q };
    if (q.n > SEARCH_QUERY_BYTES_MAX)
        return err_note(E_INVALID, "q", "the query has more than %d bytes", SEARCH_QUERY_BYTES_MAX);
    if (!text_ok(q))
        return err_note(E_INVALID, "q", "the query is not valid text");
    while (p.at < q.n) {
        if (is_space(q.s[p.at])) {
            p.at++;
            continue;
        }
        bool exclude = q.s[p.at] == '-' && p.at + 1 < q.n && !is_space(q.s[p.at + 1]);
        p.at += exclude;
        TRY(q.s[p.at] == '"' ? parse_quoted(&p, exclude) : parse_word(&p, exclude));
    }
    if (!p.typed && asks_nothing(&out))
        return err_note(E_INVALID, "q", "type at least one word");
    out.nothing = asks_nothing(&out);
    *ret = out;
    return OK;
}

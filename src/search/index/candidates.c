/* What to look for, as FTS5 and PostgreSQL's full text want it said. Numbers and letters only, so quoting them is all the escaping there
 * is. Both kinds of expression are built by one walk; a dialect is a table of what stands between. */
#include "base/encode.h"
#include "db/full_text.h"
#include "search/index/inside.h"

enum { MATCH_BYTES_MAX = 1024 * 1024 };

struct dialect {
    struct str either, both, without; /* between operands */
    struct str nothing;               /* what no document has */
};
static const struct dialect FTS = { S(" OR "), S(" AND "), S(" NOT "), S("text : \"0\"") };
static const struct dialect TSQUERY = { S(" | "), S(" & "), S(" & !"), S("'0'") };

struct expression {
    struct buf *b;
    const struct dialect *d;
};

static bool is_fts(const struct expression *x)
{
    return x->d == &FTS;
}

/* --- words ------------------------------------------------------------------------------------ */

static void put_word(struct expression *x, const struct search_wanted *w)
{
    if (!w->count) {
        buf_put(x->b, x->d->nothing);
        return;
    }
    buf_put(x->b, is_fts(x) ? S("{text aside} : (") : S("("));
    for (size_t i = 0; i < w->count; i++) {
        if (i)
            buf_put(x->b, x->d->either);
        buf_putf(x->b, is_fts(x) ? "\"%u\"" : "'%u'", w->words[i]);
    }
    buf_putc(x->b, ')');
}

static void put_words(struct expression *x, const struct search_wanted *w, size_t count, bool all)
{
    buf_putc(x->b, '(');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_put(x->b, all ? x->d->both : x->d->either);
        put_word(x, &w[i]);
    }
    buf_putc(x->b, ')');
}

/* --- conditions ---------------------------------------------------------------------------------- */

/* Can it be said without a NOT? What an ALL cannot say the ranking asks for itself, from forward rows. */
static bool says(const struct search_need *n)
{
    size_t saying = 0;
    for (size_t i = 0; i < n->count; i++)
        saying += says(&n->parts[i]);
    switch (n->kind) {
    case SEARCH_NEED_WORD:
        return true;
    case SEARCH_NEED_NOT:
        return false;
    case SEARCH_NEED_ALL:
        return saying > 0;
    case SEARCH_NEED_ANY:
        return saying > 0 && saying == n->count;
    }
    return false;
}

static void put_need(struct expression *x, const struct search_need *n)
{
    if (n->kind == SEARCH_NEED_WORD) {
        put_word(x, &n->word);
        return;
    }
    size_t count = 0;
    buf_putc(x->b, '(');
    for (size_t i = 0; i < n->count; i++)
        if (says(&n->parts[i])) {
            if (count++)
                buf_put(x->b, n->kind == SEARCH_NEED_ANY ? x->d->either : x->d->both);
            put_need(x, &n->parts[i]);
        }
    buf_putc(x->b, ')');
}

/* The NOTs of the outermost ALL that forbid a word. Of a phrase its words alone are known here, so one that forbids a phrase is left
 * to the ranking. */
static void put_nots(struct expression *x, const struct search_need *n)
{
    const struct search_need *parts = n->kind == SEARCH_NEED_ALL ? n->parts : n;
    size_t count = n->kind == SEARCH_NEED_ALL ? n->count : 1;
    for (size_t i = 0; i < count; i++)
        if (parts[i].kind == SEARCH_NEED_NOT && parts[i].parts[0].kind == SEARCH_NEED_WORD &&
            parts[i].parts[0].word.count) {
            buf_put(x->b, x->d->without);
            put_word(x, &parts[i].parts[0].word);
        }
}

/* --- filters --------------------------------------------------------------------------------------- */

static void put_meta(struct expression *x, char letter, struct str value, bool begins)
{
    buf_putf(x->b, is_fts(x) ? "meta : \"%c%.*s\"" : "'_%c%.*s'", letter, STR_ARG(value));
    if (begins)
        buf_put(x->b, is_fts(x) ? S(" *") : S(":*"));
}

/* Those with this letter, of those that exclude or of those that do not: one of them is enough. */
static bool put_filters(struct expression *x, const struct search_match *m, char letter,
                        bool exclude, struct str lead)
{
    size_t n = 0;
    for (size_t i = 0; i < m->filter_count; i++) {
        const struct search_filter *f = &m->filters[i];
        if (f->letter != letter || f->exclude != exclude)
            continue;
        buf_put(x->b, n ? x->d->either : lead);
        if (!n++)
            buf_putc(x->b, '(');
        put_meta(x, letter, f->value, f->begins);
    }
    if (n)
        buf_putc(x->b, ')');
    return n > 0;
}

static const char LETTERS[] = { SEARCH_META_KIND,    SEARCH_META_ROLE,        SEARCH_META_PROVIDER,
                                SEARCH_META_MODEL,   SEARCH_META_HAS,         SEARCH_META_LANGUAGE,
                                SEARCH_META_ACCOUNT, SEARCH_META_CONVERSATION };

static void put_conversations(struct expression *x, struct arena *a, const struct search_match *m)
{
    for (size_t i = 0; i < m->conversation_count; i++) {
        struct str id = hex_encode(
            a, str_of((const char *)m->conversations[i].b, sizeof m->conversations[i].b));
        buf_put(x->b, i ? x->d->either : x->d->both);
        if (!i)
            buf_putc(x->b, '(');
        put_meta(x, SEARCH_META_CONVERSATION, id, false);
    }
    if (m->conversation_count)
        buf_putc(x->b, ')');
}

/* --- the whole ----------------------------------------------------------------------------------------- */

/* A word's number is its owner's alone; where no word is asked for, the owner stands in front. */
static void put_match(struct expression *x, struct arena *a, const struct search_match *m)
{
    size_t n = 0;
    buf_putc(x->b, '(');
    if (m->any_count) {
        put_words(x, m->any, m->any_count, m->all);
        n++;
    }
    if (m->need && says(m->need)) {
        if (n++)
            buf_put(x->b, x->d->both);
        put_need(x, m->need);
    }
    if (!n)
        put_meta(x, 'o', hex_encode(a, str_of((const char *)m->owner.b, sizeof m->owner.b)), false);
    for (size_t i = 0; i < COUNTOF(LETTERS); i++)
        put_filters(x, m, LETTERS[i], false, x->d->both);
    put_conversations(x, a, m);
    buf_putc(x->b, ')');
    for (size_t i = 0; i < COUNTOF(LETTERS); i++)
        put_filters(x, m, LETTERS[i], true, x->d->without);
    if (m->need)
        put_nots(x, m->need);
}

/* [[a word as a tsquery, its weight], …] */
static err_t weights(struct arena *a, const struct search_match *m, struct str *ret)
{
    struct buf b;
    buf_init(&b, a, MATCH_BYTES_MAX);
    buf_putc(&b, '[');
    for (size_t i = 0; i < m->any_count; i++) {
        struct expression x = { &b, &TSQUERY };
        buf_put(&b, i ? S(",[\"") : S("[\""));
        put_word(&x, &m->any[i]);
        buf_putf(&b, "\",%.9g]", m->any[i].weight);
    }
    buf_putc(&b, ']');
    *ret = buf_str(&b);
    return buf_err(&b);
}

/* The words of `any` are the first phrases of the expression. */
static err_t best_of(struct arena *a, const struct search_match *m, size_t limit, struct str *ret)
{
    struct db_best best = { .k1 = m->k1,
                            .b = m->b,
                            .average = m->average > 1 ? m->average : 1,
                            .columns = { 0, 1, 1.0 / SEARCH_ASIDE_AS_ONE },
                            .limit = (uint32_t)limit,
                            .words = (uint32_t)m->any_count };
    size_t phrases = 0;
    for (size_t i = 0; i < m->any_count; i++)
        phrases += m->any[i].count ? m->any[i].count : 1; /* what no document has is one */
    double *weights = ARENA_ARRAY(a, double, m->any_count);
    uint16_t *word_of = ARENA_ARRAY(a, uint16_t, phrases);
    if (!weights || !word_of)
        return arena_err(a);
    for (size_t i = 0; i < m->any_count; i++) {
        weights[i] = m->any[i].weight;
        for (size_t k = 0; k == 0 || k < m->any[i].count; k++)
            word_of[best.phrases++] = (uint16_t)i;
    }
    *ret = db_best_bytes(a, &best, weights, word_of);
    return arena_err(a);
}

err_t search_index_find(struct db *index, struct arena *a, const struct search_match *m,
                        enum search_order order, const struct search_after *after, size_t limit,
                        struct search_row **ret, size_t *ret_count)
{
    struct buf b;
    struct search_find f = {
        .words = S("[]"), .best = S(""), .from_ms = m->from_ms, .before_ms = m->before_ms
    };
    struct expression x = { &b, search_on_postgres(index) ? &TSQUERY : &FTS };
    buf_init(&b, a, MATCH_BYTES_MAX);
    put_match(&x, a, m);
    TRY(arena_err(a));
    TRY(buf_err(&b));
    f.match = buf_str(&b);
    if (!is_fts(&x))
        TRY(weights(a, m, &f.words));
    bool any_time = m->from_ms == TIME_NONE && m->before_ms == TIME_NONE;
    bool best = order == SEARCH_BEST && !after && any_time && m->any_count;
    if (best && is_fts(&x))
        TRY(best_of(a, m, limit, &f.best));
    if (best)
        return search_store_best(index, a, m->owner, &f, limit, ret, ret_count);
    return search_store_after(index, a, m->owner, &f, order, after, limit, ret, ret_count);
}

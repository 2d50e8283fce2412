/* The query's words in the numbers of each owner. What a word weighs is known from the reader's own documents alone; what others share is
 * only looked up in. A word that stands nowhere may be a slip of the fingers. */
#include <stdlib.h>

#include "base/encode.h"
#include "search/inside.h"
#include "search/query/spelling.h"

enum {
    LANGUAGES_OF_OWNER_MAX = 2,
    SHARE_MIN = 50,
    TITLES_MAX = 50,
    TEXTS_OF_ONE = SEARCH_STEMS_MAX + 1
};

/* --- languages ----------------------------------------------------------------------------------- */

static void add_language(struct search_languages *l, enum search_language language)
{
    for (size_t i = 0; i < l->count; i++)
        if (l->list[i] == language)
            return;
    if (language != SEARCH_LANGUAGE_NONE && l->count < SEARCH_STEMS_MAX)
        l->list[l->count++] = language;
}

/* That of the query, where it is plain, and those of the reader's documents, but for rare ones. */
err_t search_languages_of(struct db *index, struct arena *a, struct uuid reader, struct str q,
                          struct search_languages *ret)
{
    struct search_language_share *shares;
    size_t count;
    *ret = (struct search_languages){ 0 };
    add_language(ret, search_language_of(q));
    TRY(search_index_languages(index, a, reader, &shares, &count));
    for (size_t i = 0; i < count && i < LANGUAGES_OF_OWNER_MAX; i++)
        if (shares[i].documents * SHARE_MIN >= shares[0].documents && shares[i].language > 0 &&
            shares[i].language < SEARCH_LANGUAGE_COUNT)
            add_language(ret, (enum search_language)shares[i].language);
    return OK;
}

/* --- the different words of the query ---------------------------------------------------------------- */

struct entry {
    const struct search_typed *typed;
    size_t term;
    bool prefix, ranked, required, dense;
    enum search_word_class class;
    bool known;
    int64_t df;
};

struct entries {
    struct entry *list;
    size_t count, room;
    struct map by_text; /* text and whether it goes on -> entry's number + 1 */
};

static bool is_required(const struct search_node *n, size_t term)
{
    if (n->kind == SEARCH_NODE_TERM)
        return n->term == term;
    for (const struct search_node *part = n->parts; part; part = part->next)
        if (is_required(part, term))
            return true;
    return false;
}

static err_t add_entry(struct arena *a, struct entries *e, const struct entry *one, size_t *ret)
{
    struct str key = str_cat(a, one->typed->text, one->prefix ? S("*") : S(" "));
    TRY(arena_err(a));
    uintptr_t at = (uintptr_t)map_get(&e->by_text, key);
    if (at) {
        struct entry *is = &e->list[at - 1];
        is->ranked |= one->ranked;
        is->required |= one->required;
        *ret = at - 1;
        return OK;
    }
    if (e->count == e->room) {
        size_t room = e->room ? e->room * 2 : 64;
        struct entry *list = ARENA_ARRAY(a, struct entry, room);
        if (!list)
            return arena_err(a);
        if (e->count)
            memcpy(list, e->list, e->count * sizeof *list);
        e->list = list;
        e->room = room;
    }
    e->list[e->count] = *one;
    *ret = e->count++;
    return map_put(&e->by_text, key, (void *)(uintptr_t)e->count);
}

/* word_of: for now the number of the term's entry. */
static err_t collect(struct search_run *r, struct entries *e)
{
    const struct search_query *q = &r->query;
    enum search_language language =
        q->languages.count ? q->languages.list[0] : SEARCH_LANGUAGE_NONE;
    *e = (struct entries){ 0 };
    map_init(&e->by_text, r->a);
    r->rank.word_of = ARENA_ARRAY(r->a, size_t, q->count + 1);
    if (!r->rank.word_of)
        return arena_err(r->a);
    for (size_t t = 0; t < q->count; t++) {
        const struct search_term *term = &q->terms[t];
        r->rank.word_of[t] = SIZE_MAX;
        for (size_t i = 0; i < term->count && (term->ranked || !term->phrase); i++) {
            size_t at;
            struct entry one = { .typed = &term->tokens[i],
                                 .term = t,
                                 .prefix = term->prefix && i + 1 == term->count,
                                 .ranked = term->ranked,
                                 .required = !term->phrase && is_required(q->need, t),
                                 .dense = term->tokens[i].dense,
                                 .class = search_word_class(language, term->tokens[i].text) };
            TRY(add_entry(r->a, e, &one, &at));
            if (!term->phrase)
                r->rank.word_of[t] = at;
        }
    }
    return OK;
}

/* --- numbers --------------------------------------------------------------------------------------------- */

struct found { /* of one entry in one vocabulary */
    uint32_t *words;
    size_t count, room;
    int64_t df;
};

static err_t add_number(struct arena *a, struct found *f, int64_t word, int64_t df)
{
    for (size_t i = 0; i < f->count; i++)
        if (f->words[i] == (uint32_t)word)
            return OK;
    if (f->count == f->room) {
        size_t room = f->room ? f->room * 2 : 4;
        uint32_t *words = ARENA_ARRAY(a, uint32_t, room);
        if (!words)
            return arena_err(a);
        if (f->count)
            memcpy(words, f->words, f->count * sizeof *words);
        f->words = words;
        f->room = room;
    }
    f->words[f->count++] = (uint32_t)word;
    f->df += df;
    return OK;
}

/* Whole words, all in one question: a number of a text says which entry it is of. */
static err_t find_whole(struct search_run *r, struct uuid owner, const struct entries *e,
                        struct found *found)
{
    struct str *texts = ARENA_ARRAY(r->a, struct str, e->count * TEXTS_OF_ONE + 1);
    size_t *entry = ARENA_ARRAY(r->a, size_t, e->count * TEXTS_OF_ONE + 1), n = 0, count;
    struct search_known *known;
    if (!texts || !entry)
        return arena_err(r->a);
    for (size_t i = 0; i < e->count; i++) {
        if (e->list[i].prefix)
            continue;
        for (size_t k = 0; k <= r->query.languages.count; k++) {
            entry[n] = i;
            texts[n++] = k ? e->list[i].typed->stems[k - 1] : e->list[i].typed->text;
        }
    }
    TRY(search_index_stems(r->index, r->a, owner, texts, n, &known, &count));
    for (size_t i = 0; i < count; i++)
        TRY(add_number(r->a, &found[entry[known[i].at]], known[i].word, known[i].df));
    return OK;
}

static err_t find_beginnings(struct search_run *r, struct uuid owner, const struct entries *e,
                             struct found *found)
{
    for (size_t i = 0; i < e->count; i++) {
        struct search_known *known;
        size_t count;
        if (!e->list[i].prefix)
            continue;
        TRY(search_index_beginnings(r->index, r->a, owner, e->list[i].typed->text,
                                    SEARCH_BEGINNINGS_MAX, &known, &count));
        for (size_t k = 0; k < count; k++)
            TRY(add_number(r->a, &found[i], known[k].word, known[k].df));
    }
    return OK;
}

static err_t find_all(struct search_run *r, struct uuid owner, const struct entries *e,
                      struct found **ret)
{
    struct found *found = ARENA_ARRAY(r->a, struct found, e->count + 1);
    if (!found)
        return arena_err(r->a);
    TRY(find_whole(r, owner, e, found));
    TRY(find_beginnings(r, owner, e, found));
    *ret = found;
    return OK;
}

/* Does any of these words stand in what this source shares? Its owner's vocabulary knows more than that, and the reader shall not learn it. */
static err_t stands_in(struct search_run *r, size_t source, const uint32_t *words, size_t count,
                       bool *ret)
{
    const struct search_archive *s = &r->sources.list[source];
    struct search_wanted wanted = { words, count, 1 };
    struct search_match m = { .owner = s->owner,
                              .any = &wanted,
                              .any_count = 1,
                              .conversations = s->conversations,
                              .conversation_count = s->count,
                              .from_ms = TIME_NONE,
                              .before_ms = TIME_NONE };
    struct search_row *rows;
    size_t found = 0;
    *ret = count > 0;
    if (!*ret || !s->count)
        return OK;
    TRY(search_index_find(r->index, r->a, &m, SEARCH_BEST, NULL, 1, &rows, &found));
    *ret = found > 0;
    return OK;
}

/* What each word counts in the reader's documents; whether it stands anywhere it may be looked for. */
static err_t weigh(struct search_run *r, struct entries *e, struct found ***ret)
{
    struct found **by_source = ARENA_ARRAY(r->a, struct found *, r->sources.count + 1), *own;
    if (!by_source)
        return arena_err(r->a);
    TRY(find_all(r, r->reader, e, &own));
    for (size_t i = 0; i < e->count; i++) {
        e->list[i].known = own[i].count > 0;
        e->list[i].df =
            own[i].df < r->rank.statistics.documents ? own[i].df : r->rank.statistics.documents;
    }
    for (size_t s = 0; s < r->sources.count; s++) {
        by_source[s] = own;
        if (uuid_eq(r->sources.list[s].owner, r->reader))
            continue;
        TRY(find_all(r, r->sources.list[s].owner, e, &by_source[s]));
        for (size_t i = 0; i < e->count; i++)
            if (!e->list[i].known)
                TRY(stands_in(r, s, by_source[s][i].words, by_source[s][i].count,
                              &e->list[i].known));
    }
    *ret = by_source;
    return OK;
}

/* --- corrections --------------------------------------------------------------------------------------------- */

static err_t offer(struct search_run *r, struct search_spelling *s,
                   const struct search_known *known, size_t count)
{
    for (size_t i = 0; i < count; i++)
        TRY(search_spelling_offer(s, r->a, known[i].text, known[i].df));
    return OK;
}

/* Of what others share, the words that stand there. */
static err_t offer_shared(struct search_run *r, struct search_spelling *s)
{
    for (size_t source = 0; source < r->sources.count; source++) {
        struct uuid owner = r->sources.list[source].owner;
        struct search_known *known;
        size_t count;
        if (uuid_eq(owner, r->reader))
            continue;
        TRY(search_index_forms(r->index, r->a, owner, s->exact, s->exact_count, &known, &count));
        for (size_t i = 0; i < count; i++) {
            uint32_t word = (uint32_t)known[i].word;
            bool is;
            TRY(stands_in(r, source, &word, 1, &is));
            if (is)
                TRY(search_spelling_offer(s, r->a, known[i].text, 1));
        }
    }
    return OK;
}

static err_t nearest(struct search_run *r, struct str word, struct str *ret)
{
    struct search_spelling s;
    struct search_known *known;
    size_t count;
    *ret = STR_NONE;
    TRY(search_spelling_init(&s, r->a, word));
    if (!s.exact_count)
        return OK;
    TRY(search_index_forms(r->index, r->a, r->reader, s.exact, s.exact_count, &known, &count));
    TRY(offer(r, &s, known, count));
    if (!s.best.n && s.prefix.n) {
        TRY(search_index_beginnings(r->index, r->a, r->reader, s.prefix, SEARCH_SPELLING_PREFIX_MAX,
                                    &known, &count));
        TRY(offer(r, &s, known, count));
    }
    if (!s.best.n)
        TRY(offer_shared(r, &s));
    *ret = s.best;
    return OK;
}

static bool may_be_wrong(const struct search_run *r, const struct entry *e)
{
    const struct search_term *t = &r->query.terms[e->term];
    return !e->known && e->ranked && !e->prefix && !e->dense && !e->required && t->plain &&
           !t->beside && !t->phrase && e->class == SEARCH_WORD_CONTENT;
}

/* *ret: a word was replaced, so all is to be looked up again. */
static err_t correct(struct search_run *r, const struct entries *e, bool *ret)
{
    enum { CORRECTIONS_MAX = 4 };
    *ret = false;
    r->corrections = ARENA_ARRAY(r->a, struct search_correction, CORRECTIONS_MAX);
    if (!r->corrections)
        return arena_err(r->a);
    for (size_t i = 0; i < e->count && r->correction_count < CORRECTIONS_MAX; i++) {
        struct str best;
        struct search_typed typed;
        bool is;
        if (!may_be_wrong(r, &e->list[i]) || search_similar_knows(r, e->list[i].typed))
            continue;
        TRY(nearest(r, e->list[i].typed->text, &best));
        if (!best.n)
            continue;
        TRY(search_query_token(r->a, &r->query.languages, best, &typed, &is));
        if (!is)
            continue;
        r->corrections[r->correction_count++] =
            (struct search_correction){ .from = e->list[i].typed->typed, .to = best };
        *r->query.terms[e->list[i].term].tokens = typed;
        *ret = true;
    }
    return OK;
}

/* --- which of them count ----------------------------------------------------------------------------------------- */

/* Required ones first, then those that say something, the rare ones first. */
static int by_worth(const void *x, const void *y)
{
    const struct entry *a = *(const struct entry *const *)x, *b = *(const struct entry *const *)y;
    if (a->required != b->required)
        return a->required ? -1 : 1;
    if (a->class != b->class)
        return a->class < b->class ? -1 : 1;
    if (a->known != b->known)
        return a->known ? -1 : 1;
    if (a->df != b->df)
        return a->df < b->df ? -1 : 1;
    return a < b ? -1 : a > b;
}

/* keep[i]: the place of entry i among the words that rank, or SIZE_MAX. In the order in which they were typed. */
static err_t choose(struct search_run *r, const struct entries *e, size_t **ret)
{
    const struct entry **order = ARENA_ARRAY(r->a, const struct entry *, e->count + 1);
    size_t *keep = ARENA_ARRAY(r->a, size_t, e->count + 1), n = 0;
    if (!order || !keep)
        return arena_err(r->a);
    for (size_t i = 0; i < e->count; i++) {
        order[i] = &e->list[i];
        keep[i] = SIZE_MAX;
    }
    if (e->count > SEARCH_WORDS_MAX) {
        qsort(order, e->count, sizeof(const struct entry *), by_worth);
        search_query_hint(&r->query, "too_many_words", S(""),
                          S("the rarest words were looked for"));
    }
    for (size_t i = 0; i < e->count && i < SEARCH_WORDS_MAX; i++)
        keep[order[i] - e->list] = 0;
    for (size_t i = 0; i < e->count; i++)
        if (keep[i] == 0)
            keep[i] = n++;
    *ret = keep;
    return OK;
}

static void take_words(struct search_run *r, const struct entries *e, const size_t *keep)
{
    struct rank_query *k = &r->rank;
    for (size_t i = 0; i < e->count; i++) {
        const struct entry *from = &e->list[i];
        if (keep[i] == SIZE_MAX)
            continue;
        k->word_count++;
        k->words[keep[i]] = (struct rank_word){ .text = from->typed->text,
                                                .typed = from->typed->typed,
                                                .term = from->term,
                                                .class = from->class,
                                                .ranked = from->ranked,
                                                .known = from->known,
                                                .prefix = from->prefix,
                                                .dense = from->dense,
                                                .df = from->df };
    }
    for (size_t t = 0; t < r->query.count; t++)
        if (k->word_of[t] != SIZE_MAX)
            k->word_of[t] = keep[k->word_of[t]];
}

/* --- phrases --------------------------------------------------------------------------------------------------------- */

static err_t take_written(struct search_run *r, struct rank_phrase *p, size_t token,
                          const struct search_known *known, size_t count, int64_t at)
{
    struct rank_written *any = ARENA_ARRAY(r->a, struct rank_written, count + 1);
    if (!any)
        return arena_err(r->a);
    p->tokens[token].any = any;
    for (size_t i = 0; i < count; i++)
        if (at < 0 || known[i].at == at)
            any[p->tokens[token].count++] =
                (struct rank_written){ (uint32_t)known[i].word, (uint32_t)known[i].form };
    return OK;
}

static err_t find_phrase(struct search_run *r, struct uuid owner, const struct search_term *term,
                         struct rank_phrase *p)
{
    struct str *texts = ARENA_ARRAY(r->a, struct str, term->count);
    struct search_known *known;
    size_t count;
    p->tokens = arena_array(r->a, term->count, sizeof *p->tokens);
    if (!texts || !p->tokens)
        return arena_err(r->a);
    p->count = term->count;
    for (size_t i = 0; i < term->count; i++)
        texts[i] = term->tokens[i].text;
    TRY(search_index_forms(r->index, r->a, owner, texts, term->count, &known, &count));
    for (size_t i = 0; i < term->count; i++)
        TRY(take_written(r, p, i, known, count, (int64_t)i));
    if (!term->prefix)
        return OK;
    struct search_known *more;
    size_t more_count;
    TRY(search_index_beginnings(r->index, r->a, owner, texts[term->count - 1],
                                SEARCH_BEGINNINGS_MAX, &more, &more_count));
    p->tokens[term->count - 1].count = 0;
    return take_written(r, p, term->count - 1, more, more_count, -1);
}

static err_t fill_source(struct search_run *r, size_t source, const struct entries *e,
                         const size_t *keep, const struct found *found)
{
    struct rank_source *s = &r->ranked[source];
    s->owner = r->sources.list[source].owner;
    s->phrases = ARENA_ARRAY(r->a, struct rank_phrase, r->query.count + 1);
    if (!s->phrases)
        return arena_err(r->a);
    for (size_t i = 0; i < e->count; i++)
        if (keep[i] != SIZE_MAX)
            s->words[keep[i]] = (struct rank_numbers){ found[i].words, found[i].count };
    for (size_t t = 0; t < r->query.count; t++)
        if (r->query.terms[t].phrase)
            TRY(find_phrase(r, s->owner, &r->query.terms[t], &s->phrases[t]));
    return rank_source_ready(r->a, &r->rank, s);
}

/* --- filters ------------------------------------------------------------------------------------------------------------ */

static err_t add_filter(struct search_run *r, char letter, struct str value, bool exclude,
                        bool begins)
{
    struct str clean = search_meta_value(r->a, value);
    TRY(arena_err(r->a));
    if (clean.n)
        r->filters[r->filter_count++] = (struct search_filter){ letter, clean, exclude, begins };
    return OK; /* else it names nothing */
}

/* Conversations of one source whose titles have all these words. */
static err_t find_titles_in(struct search_run *r, size_t source, const struct entries *e,
                            struct uuid *to, size_t *io_count)
{
    const struct search_archive *s = &r->sources.list[source];
    struct search_filter kind = { SEARCH_META_KIND, S("conversation"), false, false };
    struct found *found;
    struct search_row *rows;
    struct search_wanted *wanted = ARENA_ARRAY(r->a, struct search_wanted, e->count + 1);
    size_t count;
    TRY(find_all(r, s->owner, e, &found));
    if (!wanted)
        return arena_err(r->a);
    for (size_t i = 0; i < e->count; i++)
        wanted[i] = (struct search_wanted){ found[i].words, found[i].count, 1 };
    struct search_match m = { .owner = s->owner,
                              .any = wanted,
                              .any_count = e->count,
                              .all = true,
                              .filters = &kind,
                              .filter_count = 1,
                              .conversations = s->conversations,
                              .conversation_count = s->count,
                              .from_ms = TIME_NONE,
                              .before_ms = TIME_NONE };
    TRY(search_index_find(r->index, r->a, &m, SEARCH_BEST, NULL, TITLES_MAX - *io_count, &rows,
                          &count));
    for (size_t i = 0; i < count; i++)
        to[(*io_count)++] = rows[i].id;
    return OK;
}

/* in:"a title": conversations that the reader may search whose titles have all these words. */
static err_t find_titles(struct search_run *r, const struct search_choice *c, struct uuid *to,
                         size_t *ret_count)
{
    struct search_clock clock = { .now_ms = r->ask->now_ms };
    struct search_run sub = { .app = r->app,
                              .index = r->index,
                              .a = r->a,
                              .reader = r->reader,
                              .ask = r->ask,
                              .sources = r->sources };
    struct entries e;
    *ret_count = 0;
    if (search_query_parse(r->a, c->value, c->begins, &clock, &r->query.languages, &sub.query) !=
        OK) {
        err_clear();
        return arena_err(r->a);
    }
    TRY(collect(&sub, &e));
    for (size_t s = 0; e.count && s < sub.sources.count && *ret_count < TITLES_MAX; s++)
        TRY(find_titles_in(&sub, s, &e, to, ret_count));
    return OK;
}

static err_t take_within(struct search_run *r, const struct search_choice *c)
{
    struct uuid list[TITLES_MAX];
    size_t count = 1;
    if (uuid_parse(c->value, &list[0]) != OK) {
        err_clear();
        TRY(find_titles(r, c, list, &count));
    }
    for (size_t i = 0; i < count; i++)
        if (c->exclude)
            TRY(add_filter(r, SEARCH_META_CONVERSATION,
                           hex_encode(r->a, str_of((const char *)list[i].b, sizeof list[i].b)),
                           true, false));
        else
            r->within[r->within_count++] = list[i];
    return OK;
}

/* kind: names a kind of thing that some room has. */
static err_t take_kind(struct search_run *r, const struct search_choice *c)
{
    struct buf kinds;
    bool any = false;
    buf_init(&kinds, r->a, KIB(1));
    for (const struct module *const *m = r->app ? r->app->modules : NULL; m && *m; m++)
        for (size_t i = 0; i < (*m)->entity_count; i++) {
            struct str name = str_from((*m)->entities[i].name);
            if (!(*m)->entities[i].text)
                continue;
            any |= str_eq_nocase(name, c->value) ||
                   (c->begins && c->value.n < name.n &&
                    str_eq_nocase(str_sub(name, 0, c->value.n), c->value));
            buf_putf(&kinds, "%s%.*s", kinds.n ? " or " : "", STR_ARG(name));
        }
    TRY(buf_err(&kinds));
    if (!any) {
        search_query_hint(&r->query, "no_kind", c->value, buf_str(&kinds));
        return OK;
    }
    return add_filter(r, SEARCH_META_KIND, c->value, c->exclude, c->begins);
}

static const char LETTER_OF[SEARCH_FIELDS] = {
    [SEARCH_FIELD_ROLE] = SEARCH_META_ROLE,         [SEARCH_FIELD_MODEL] = SEARCH_META_MODEL,
    [SEARCH_FIELD_PROVIDER] = SEARCH_META_PROVIDER, [SEARCH_FIELD_HAS] = SEARCH_META_HAS,
    [SEARCH_FIELD_ACCOUNT] = SEARCH_META_ACCOUNT,   [SEARCH_FIELD_LANGUAGE] = SEARCH_META_LANGUAGE,
};

static err_t take_choice(struct search_run *r, const struct search_choice *c)
{
    switch (c->field) {
    case SEARCH_FIELD_IN:
        return take_within(r, c);
    case SEARCH_FIELD_KIND:
        return take_kind(r, c);
    case SEARCH_FIELD_AUTHOR: /* rows are asked: search_passes */
        return OK;
    default:
        return add_filter(r, LETTER_OF[c->field], c->value, c->exclude, c->begins);
    }
}

static err_t take_filters(struct search_run *r)
{
    bool asked_within = false;
    r->filters = ARENA_ARRAY(r->a, struct search_filter, SEARCH_CHOICES_MAX * TITLES_MAX + 1);
    r->within = ARENA_ARRAY(r->a, struct uuid, SEARCH_CHOICES_MAX * TITLES_MAX);
    if (!r->filters || !r->within)
        return arena_err(r->a);
    for (size_t i = 0; i < r->query.choice_count; i++) {
        const struct search_choice *c = &r->query.choices[i];
        asked_within |= c->field == SEARCH_FIELD_IN && !c->exclude;
        TRY(take_choice(r, c));
    }
    if (r->ask->kind.n)
        TRY(add_filter(r, SEARCH_META_KIND, r->ask->kind, false, false));
    r->anything = !r->query.nothing && (!asked_within || r->within_count > 0);
    return OK;
}

/* --- all of it ------------------------------------------------------------------------------------------------------------ */

err_t search_resolve(struct search_run *r)
{
    struct entries e;
    struct found **found;
    size_t *keep;
    bool again = false;
    r->rank = (struct rank_query){ .query = &r->query, .column = RANK_WORDS_ALONE };
    TRY(take_filters(r));
    TRY(search_index_statistics(r->index, r->reader, &r->rank.statistics));
    TRY(collect(r, &e));
    TRY(weigh(r, &e, &found));
    if (!r->ask->exact)
        TRY(correct(r, &e, &again));
    if (again) {
        TRY(collect(r, &e));
        TRY(weigh(r, &e, &found));
    }
    TRY(choose(r, &e, &keep));
    take_words(r, &e, keep);
    rank_query_ready(&r->rank);
    r->rank.speaker = rank_speaker_of(r->a, r->query.words);
    TRY(search_take_dates(r));
    r->ranked = ARENA_ARRAY(r->a, struct rank_source, r->sources.count + 1);
    if (!r->ranked)
        return arena_err(r->a);
    for (size_t s = 0; s < r->sources.count; s++)
        TRY(fill_source(r, s, &e, keep, found[s]));
    return search_similar_begin(r);
}

/* An account's own table, from the words of its archive (vectors.h). */
#include "search/vectors/table_make.h"

enum { OWN_DIMS = 200, OWN_COUNT_MIN = 5, CHECK_EVERY = 500 };

struct own { /* one making */
    const struct search_corpus *corpus;
    const struct search_check *check;
    struct arena work;   /* ids, stems, the plan */
    struct arena counts; /* pairs */
    int32_t *row_of;     /* of each id; -1: none */
    struct word_count *kept;
    size_t kept_count;
    uint64_t words; /* in all */
};

/* Walk the corpus: f of each sequence. */
static err_t walk(struct own *o,
                  err_t (*f)(struct own *o, const struct search_sequence *s, void *context),
                  void *context)
{
    bool more = true;
    TRY(o->corpus->rewind(o->corpus->context));
    for (size_t n = 0; more; n++) {
        struct search_sequence s = { 0 };
        if (n % CHECK_EVERY == 0)
            TRY(search_check(o->check));
        TRY(o->corpus->next(o->corpus->context, &s, &more));
        TRY(f(o, &s, context));
    }
    return OK;
}

static err_t count_words(struct own *o, const struct search_sequence *s, void *context)
{
    uint32_t *counts = context;
    for (size_t i = 0; i < s->count; i++) {
        assert(s->words[i] < o->corpus->word_ids);
        counts[s->words[i]]++;
    }
    o->words += s->count;
    return OK;
}

static err_t choose(struct own *o)
{
    CLEANUP(arena_free) struct arena a;
    size_t ids = o->corpus->word_ids, n = 0;
    arena_init(&a, ids * sizeof(uint32_t) + KIB(4));
    uint32_t *counts = ARENA_ARRAY(&a, uint32_t, ids);
    TRY(arena_err(&a));
    TRY(walk(o, count_words, counts));
    for (size_t i = 0; i < ids; i++)
        n += counts[i] >= OWN_COUNT_MIN;
    o->kept = ARENA_ARRAY(&o->work, struct word_count, n);
    TRY(arena_err(&o->work));
    n = 0;
    for (size_t i = 0; i < ids; i++)
        if (counts[i] >= OWN_COUNT_MIN)
            o->kept[n++] = (struct word_count){ counts[i], (uint32_t)i };
    o->kept_count = word_counts_keep(o->kept, n, SEARCH_OWN_ROWS_MAX, OWN_COUNT_MIN);
    return OK;
}

static err_t plan(struct own *o, struct table_plan *ret)
{
    struct str *stems = ARENA_ARRAY(&o->work, struct str, o->kept_count);
    o->row_of = ARENA_ARRAY(&o->work, int32_t, o->corpus->word_ids);
    TRY(arena_err(&o->work));
    memset(o->row_of, 0xff, o->corpus->word_ids * sizeof *o->row_of);
    for (size_t i = 0; i < o->kept_count; i++) {
        struct str stem;
        TRY(o->corpus->stem(o->corpus->context, o->kept[i].id, &stem));
        stems[i] = str_dup(&o->work, stem);
    }
    TRY(arena_err(&o->work));
    return rows_plan(&o->work, o->kept, stems, o->kept_count, (double)o->words, NULL, o->row_of,
                     ret);
}

static err_t count_pairs(struct own *o, const struct search_sequence *s, void *context)
{
    enum { PIECE = 1024 };
    struct cooccurrence *c = context;
    int32_t rows[PIECE];
    for (size_t from = 0; from < s->count; from += PIECE) { /* a seam in a long text loses little */
        size_t n = s->count - from < PIECE ? s->count - from : PIECE;
        for (size_t i = 0; i < n; i++) {
            assert(s->words[from + i] < o->corpus->word_ids);
            rows[i] = o->row_of[s->words[from + i]];
        }
        cooccurrence_add(c, rows, n);
    }
    return OK;
}

static err_t make(struct own *o, struct arena *a, struct str *ret)
{
    struct table_plan p = { .kind = SEARCH_TABLE_OWN, .dims = OWN_DIMS };
    struct cooccurrence c;
    *ret = STR_NONE;
    TRY(choose(o));
    if (o->words < SEARCH_OWN_WORDS_MIN || !o->kept_count)
        return OK;
    TRY(plan(o, &p));
    TRY(table_counts_new(&o->counts, &c));
    TRY(walk(o, count_pairs, &c));
    return table_make(a, &p, &c, &o->counts, o->check, ret);
}

err_t search_own_table_make(struct arena *a, const struct search_corpus *corpus,
                            const struct search_check *check, struct str *ret)
{
    assert(corpus->word_ids >= 1 && corpus->word_ids <= SEARCH_WORD_IDS_MAX);
    struct own o = { .corpus = corpus, .check = check };
    arena_init(&o.work, MIB(256));
    arena_init(&o.counts, MIB(512));
    err_t e = make(&o, a, ret);
    arena_free(&o.work);
    arena_free(&o.counts);
    return e;
}

/* Table B: pairs of words of a language model (sources.h). */
#include "base/utf8.h"
#include "os/file.h"
#include "search/vectors/language_model.h"
#include "search/vectors/sources.h"
#include "search/words/words.h"

enum {
    WORDS_MAX = 24000 /* the most likely */,
    DIMS = 300,
    FILE_BYTES_MAX = 256 << 20,
    CHECK_EVERY = 500 /* words */
};

bool bigrams_there(const char *file)
{
    return file_exists(file);
}

struct reading {
    struct arena arena; /* all of this */
    struct language_model model;
    struct vocabulary *vocabulary;
    int32_t *ids; /* of each word of the model its stem's; -1: no single word of letters */
    struct word_count *weights;
    double *functions; /* of a stem: the weight of the function words among its words */
    int32_t *row_of;   /* of a stem */
};

/* A word of the model that is one word to us too; "don't" and "<s>" are not. */
static err_t stem_of(struct reading *r, struct str word, int32_t *ret, bool *ret_function)
{
    struct search_tokens walk;
    struct search_token t, more;
    uint32_t id;
    *ret = -1;
    if (!utf8_ok(word) || str_starts(word, S("<")))
        return OK;
    search_tokens_init(&walk, word, SEARCH_ENGLISH);
    if (!search_tokens_next_running(&walk, &t))
        return OK;
    TRY(vocabulary_id(r->vocabulary, t.stem, &id));
    *ret_function = search_word_class(SEARCH_ENGLISH, t.text) != SEARCH_WORD_CONTENT;
    *ret = search_tokens_next_running(&walk, &more) ? -1 : (int32_t)id;
    return OK;
}

static err_t read_stems(struct reading *r)
{
    size_t words = r->model.words;
    TRY(vocabulary_new(&r->arena, &r->vocabulary));
    r->ids = ARENA_ARRAY(&r->arena, int32_t, words);
    r->weights = ARENA_ARRAY(&r->arena, struct word_count, words);
    r->row_of = ARENA_ARRAY(&r->arena, int32_t, words);
    r->functions = ARENA_ARRAY(&r->arena, double, words);
    struct word_count *likely = ARENA_ARRAY(&r->arena, struct word_count, words);
    TRY(arena_err(&r->arena));
    for (size_t i = 0; i < words; i++) {
        likely[i] = (struct word_count){ language_model_word(&r->model, i), (uint32_t)i };
        r->weights[i].id = (uint32_t)i;
        r->row_of[i] = r->ids[i] = -1;
    }
    size_t kept = word_counts_keep(likely, words, WORDS_MAX, 1e-12);
    for (size_t i = 0; i < kept; i++) {
        uint32_t word = likely[i].id;
        bool function = false;
        TRY(stem_of(r, r->model.text[word], &r->ids[word], &function));
        if (r->ids[word] < 0)
            continue;
        r->weights[r->ids[word]].weight += likely[i].weight;
        r->functions[r->ids[word]] += function ? likely[i].weight : 0;
    }
    return OK;
}

static err_t plan(struct reading *r, struct table_plan *ret)
{
    size_t rows = word_counts_keep(r->weights, vocabulary_size(r->vocabulary), WORDS_MAX, 1e-12);
    struct str *stems = ARENA_ARRAY(&r->arena, struct str, rows);
    double all = 0;
    TRY(arena_err(&r->arena));
    for (size_t i = 0; i < rows; i++) {
        stems[i] = vocabulary_stem(r->vocabulary, r->weights[i].id);
        all += r->weights[i].weight;
    }
    if (!rows)
        return err_note(E_CORRUPT, NULL, "the language model has no words");
    return rows_plan(&r->arena, r->weights, stems, rows, all, r->functions, r->row_of, ret);
}

static int32_t row_of_word(const struct reading *r, size_t word)
{
    return r->ids[word] >= 0 ? r->row_of[r->ids[word]] : -1;
}

static err_t count_pairs(struct reading *r, const struct search_check *check,
                         struct cooccurrence *c)
{
    const struct language_model *m = &r->model;
    for (size_t second = 0; second < m->words; second++) {
        struct language_pair p;
        size_t from, to;
        int32_t row = row_of_word(r, second), other;
        if (second % CHECK_EVERY == 0)
            TRY(search_check(check));
        language_model_range(m, second, &from, &to);
        for (size_t at = from; row >= 0 && at < to; at++)
            if (language_model_pair(m, second, at, &p) && (other = row_of_word(r, p.first)) >= 0)
                cooccurrence_add_pair(c, (uint32_t)row, (uint32_t)other,
                                      (float)(language_model_word(m, p.first) * p.likelihood));
    }
    return OK;
}

static err_t make(struct reading *r, struct arena *counts, struct arena *a, const char *file,
                  const struct search_check *check, struct str *ret)
{
    struct table_plan p = { .kind = SEARCH_TABLE_BIGRAMS, .dims = DIMS };
    struct cooccurrence c;
    struct str bytes;
    TRY(file_read(&r->arena, file, FILE_BYTES_MAX, &bytes));
    TRY(language_model_open(&r->arena, bytes, &r->model));
    TRY(read_stems(r));
    TRY(plan(r, &p));
    TRY(table_counts_new(counts, &c));
    TRY(count_pairs(r, check, &c));
    return table_make(a, &p, &c, counts, check, ret);
}

err_t bigrams_table_make(struct arena *a, const char *file, const struct search_check *check,
                         struct str *ret)
{
    struct reading r = { 0 };
    struct arena counts;
    arena_init(&r.arena, FILE_BYTES_MAX + MIB(64));
    arena_init(&counts, MIB(512));
    err_t e = make(&r, &counts, a, file, check, ret);
    arena_free(&r.arena);
    arena_free(&counts);
    return e;
}

/* room: search
 *
 * Any bytes as a table of similar words, an epoch, a language model or a line of explanations. What opens is used: every word is
 * found again, rows are compared, every pair is read. The checksum of a table is set right first, so that what is behind it is met. */
#include "search/vectors/language_model.h"
#include "search/vectors/sources.h"
#include "search/vectors/table_file.h"

static void use_table(struct arena *a, struct str bytes)
{
    struct search_table t;
    struct search_space s;
    char *copy = arena_alloc(a, bytes.n);
    memcpy(copy, bytes.s, bytes.n);
    if (bytes.n >= sizeof(struct table_head))
        table_sum(str_of(copy, bytes.n), ((struct table_head *)(void *)copy)->sum);
    if (search_table_open(str_of(copy, bytes.n), &t) != OK)
        return;
    search_space_init(&s, t.kind == SEARCH_TABLE_GLOSSES ? &t : NULL,
                      t.kind == SEARCH_TABLE_BIGRAMS ? &t : NULL,
                      t.kind == SEARCH_TABLE_OWN ? &t : NULL);
    struct search_epoch e = { 0 };
    struct search_mean m;
    struct search_vector v;
    search_mean_init(&m);
    for (uint32_t i = 0; i < t.rows; i++) {
        struct str word = str_of(t.words + t.offsets[i], t.offsets[i + 1] - t.offsets[i]);
        struct search_word_rows w = search_space_word(&s, word);
        float cosine;
        assert(w.row[t.kind] == (int32_t)i);
        search_space_similar(&s, &w, 1, &w, 1, &cosine);
        assert(cosine == 1);
        search_mean_add(&m, &s, &w, 1);
        search_mean_end(&m, &s, &e);
        search_message_vector(&s, &e, &w, 1, &v);
        assert(v.scale >= 0);
    }
}

static void use_model(struct arena *a, struct str bytes)
{
    struct language_model m;
    struct language_pair p;
    size_t from, to;
    if (language_model_open(a, bytes, &m) != OK)
        return;
    for (size_t i = 0; i < m.words; i++) {
        double likely = language_model_word(&m, i);
        assert(likely >= 0 && likely <= 1);
        language_model_range(&m, i, &from, &to);
        for (size_t at = from; at < to; at++)
            if (language_model_pair(&m, i, at, &p))
                assert(p.first < m.words && p.likelihood >= 0 && p.likelihood <= 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str bytes = str_of((const char *)data, size);
    struct search_epoch e;
    struct buf b;
    arena_init(&a, MIB(64));
    buf_init(&b, &a, MIB(1));
    use_table(&a, bytes);
    use_model(&a, bytes);
    if (search_epoch_read(bytes, &e) == OK)
        assert(str_eq(search_epoch_write(&a, &e), bytes));
    (void)glosses_line(bytes, &b);
    return 0;
}

/* From counts to tables: each step against a plain computation of the same, and the whole on a language of which it is known what is
 * similar to what. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "corpus.h"
#include "search/vectors/table_file.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(512));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

#define ok(e) assert_int_equal((e), OK)

static double uniform(uint64_t *x)
{
    *x = *x * 6364136223846793005 + 1442695040888963407;
    return (double)(*x >> 11) / 9007199254740992.0 - 0.5;
}

static struct dense random_dense(size_t rows, size_t cols, uint64_t seed)
{
    struct dense d;
    ok(dense_new(&a, rows, cols, &d));
    for (size_t i = 0; i < rows * cols; i++)
        d.at[i] = (float)uniform(&seed);
    return d;
}

/* --- dense.c --------------------------------------------------------------------------------------------- */

static void products_and_grams(void **state)
{
    UNUSED(state);
    static const size_t ROWS[] = { 1, 5, 6, 7, 131, 1600 };
    enum { N = 32 };
    for (size_t k = 0; k < COUNTOF(ROWS); k++) {
        struct dense x = random_dense(ROWS[k], N, 1), b = random_dense(N, N, 2), y;
        double gram[N * N];
        ok(dense_new(&a, x.rows, N, &y));
        ok(dense_product(&x, b.at, NULL, &y));
        ok(dense_gram(&x, NULL, gram));
        for (size_t j = 0; j < N; j++) {
            for (size_t i = 0; i < x.rows; i++) {
                double sum = 0;
                for (size_t t = 0; t < N; t++)
                    sum += (double)x.at[i * N + t] * (double)b.at[t * N + j];
                assert_true(fabs(sum - (double)y.at[i * N + j]) < 1e-5);
            }
            for (size_t i = 0; i < N; i++) {
                double sum = 0;
                for (size_t t = 0; t < x.rows; t++)
                    sum += (double)x.at[t * N + i] * (double)x.at[t * N + j];
                assert_true(fabs(sum - gram[i * N + j]) < 1e-4);
            }
        }
    }
}

static void columns_become_orthonormal(void **state)
{
    UNUSED(state);
    enum { N = 32, ROWS = 200 };
    struct dense x = random_dense(ROWS, N, 3), spare;
    double gram[N * N];
    ok(dense_new(&a, ROWS, N, &spare));
    for (size_t i = 0; i < ROWS * N; i++) /* nearly dependent, so that one round is not enough */
        x.at[i] = x.at[i / N * N] + x.at[i] * 1e-2F;
    ok(dense_orthonormalise(&x, NULL, &spare));
    ok(dense_gram(&x, NULL, gram));
    for (size_t i = 0; i < N; i++)
        for (size_t j = 0; j < N; j++)
            assert_true(fabs(gram[i * N + j] - (i == j)) < 1e-4);
}

static void dependent_columns_stay_finite(void **state)
{
    UNUSED(state);
    enum { N = 32 };
    struct dense x, spare;
    ok(dense_new(
        &a, 5, N,
        &x)); /* five rows cannot have more than five independent columns; all zero has none */
    ok(dense_new(&a, 5, N, &spare));
    for (int round = 0; round < 2; round++) {
        ok(dense_orthonormalise(&x, NULL, &spare));
        for (size_t i = 0; i < 5 * N; i++)
            assert_true(isfinite(x.at[i]));
        x.at[7] = 3;
        x.at[70] = -2;
    }
}

static void eigenvectors(void **state)
{
    UNUSED(state);
    enum { N = 48 };
    struct dense x = random_dense(100, N, 4);
    double m[N * N], kept[N * N], values[N], vectors[N * N];
    ok(dense_gram(&x, NULL, m));
    memcpy(kept, m, sizeof m);
    ok(symmetric_eigen(&a, m, N, NULL, values, vectors));
    for (size_t v = 0; v < N; v++) {
        assert_true(!v || values[v - 1] >= values[v]);
        double length = 0;
        for (size_t i = 0; i < N; i++) {
            double sum = 0;
            for (size_t j = 0; j < N; j++)
                sum += kept[i * N + j] * vectors[j * N + v];
            assert_true(fabs(sum - values[v] * vectors[i * N + v]) < 1e-8);
            length += vectors[i * N + v] * vectors[i * N + v];
        }
        assert_true(fabs(length - 1) < 1e-9);
    }
}

/* --- cooccurrence.c, ppmi.c --------------------------------------------------------------------------------- */

enum { V = 20 };

/* Rows 0 .. V-1 and -1; the counts as a table. */
static void count_plainly(const int32_t *rows, size_t n, double to[V][V])
{
    for (size_t i = 0; i < n; i++)
        for (size_t j = i + 1; j < n && j <= i + 5; j++)
            if (rows[i] >= 0 && rows[j] >= 0) {
                to[rows[i]][rows[j]] += 1.0 / (double)(j - i);
                to[rows[j]][rows[i]] += 1.0 / (double)(j - i);
            }
}

static void random_rows(int32_t *rows, size_t n, uint64_t *seed)
{
    for (size_t i = 0; i < n; i++) {
        double u = uniform(seed) + 0.5;
        rows[i] = (int32_t)(u * u * (V + 1)) - 1;
    }
}

static void counts_are_those_of_a_plain_table(void **state)
{
    UNUSED(state);
    static double plain[V][V];
    static const size_t BUFFERS[] = { 10, 64, 100000 };
    for (size_t k = 0; k < COUNTOF(BUFFERS); k++) {
        struct cooccurrence c;
        uint64_t seed = 5;
        memset(plain, 0, sizeof plain);
        ok(cooccurrence_init(&c, &a, BUFFERS[k], 100000));
        for (int text = 0; text < 50; text++) {
            int32_t rows[30];
            size_t n = (size_t)text % 30;
            random_rows(rows, n, &seed);
            cooccurrence_add(&c, rows, n);
            count_plainly(rows, n, plain);
        }
        cooccurrence_end(&c);
        size_t seen = 0;
        for (size_t i = 0; i < c.count; i++) {
            uint32_t x = c.pairs[i].key >> 16, y = c.pairs[i].key & 0xffff;
            assert_true(x <= y && (!i || c.pairs[i - 1].key < c.pairs[i].key));
            double want = x == y ? plain[x][y] / 2 : plain[x][y];
            assert_true(fabs((double)c.pairs[i].weight - want) < 1e-3);
            seen++;
        }
        for (size_t x = 0; x < V; x++)
            for (size_t y = x; y < V; y++)
                seen -= plain[x][y] > 0;
        assert_int_equal(seen, 0);
    }
}

static void too_many_pairs_lose_the_lightest(void **state)
{
    UNUSED(state);
    struct cooccurrence c;
    uint32_t heavy = 0;
    ok(cooccurrence_init(&c, &a, 100, 500));
    for (uint32_t x = 0; x < 100; x++)
        for (uint32_t y = x; y < 100; y++)
            cooccurrence_add_pair(&c, x, y, x == y ? 100 : 0.2F);
    cooccurrence_end(&c);
    assert_true(c.count <= 500);
    for (size_t i = 0; i < c.count; i++)
        heavy += c.pairs[i].weight >= 100;
    assert_int_equal(heavy, 100);
}

static void information_is_that_of_a_plain_table(void **state)
{
    UNUSED(state);
    static double plain[V][V];
    struct cooccurrence c;
    struct sparse m[2];
    double sums[V] = { 0 }, all = 0;
    uint64_t seed = 6;
    memset(plain, 0, sizeof plain);
    ok(cooccurrence_init(&c, &a, 1000, 1000));
    for (int text = 0; text < 40; text++) {
        int32_t rows[20];
        random_rows(rows, 20, &seed);
        cooccurrence_add(&c, rows, 20);
        count_plainly(rows, 20, plain);
    }
    cooccurrence_end(&c);
    ok(ppmi(&a, &c, V, &m[0], &m[1]));
    for (size_t x = 0; x < V; x++)
        for (size_t y = 0; y < V; y++)
            sums[x] += plain[x][y];
    for (size_t y = 0; y < V; y++)
        all += pow(sums[y], 0.75);
    for (int t = 0; t < 2; t++)
        for (size_t x = 0; x < V; x++) {
            size_t at = m[t].starts[x];
            for (size_t y = 0; y < V; y++) {
                size_t word = t ? y : x, context = t ? x : y;
                double n = plain[word][context];
                double want = n > 0 ? log(n * all / (sums[word] * pow(sums[context], 0.75))) : 0;
                double got = 0;
                if (at < m[t].starts[x + 1] && m[t].cols[at] == y)
                    got = (double)m[t].values[at++];
                assert_true(fabs(got - fmax(0, want)) < 1e-4);
            }
            assert_int_equal(at, m[t].starts[x + 1]);
        }
}

/* --- svd.c ---------------------------------------------------------------------------------------------------- */

/* Singular values and U S of a small dense matrix by one-sided Jacobi on its rows: another method than ours. */
static void plain_svd(double *m, size_t n)
{
    for (int sweep = 0; sweep < 40; sweep++)
        for (size_t p = 0; p < n; p++)
            for (size_t q = p + 1; q < n; q++) {
                double pp = 0, qq = 0, pq = 0;
                for (size_t i = 0; i < n; i++) { /* columns p and q of m */
                    pp += m[i * n + p] * m[i * n + p];
                    qq += m[i * n + q] * m[i * n + q];
                    pq += m[i * n + p] * m[i * n + q];
                }
                if (fabs(pq) < 1e-14)
                    continue;
                double z = (qq - pp) / (2 * pq);
                double t = (z >= 0 ? 1 : -1) / (fabs(z) + sqrt(1 + z * z));
                double c = 1 / sqrt(1 + t * t), s = c * t;
                for (size_t i = 0; i < n; i++) {
                    double x = m[i * n + p], y = m[i * n + q];
                    m[i * n + p] = c * x - s * y;
                    m[i * n + q] = s * x + c * y;
                }
            }
}

static int descending(const void *x, const void *y)
{
    double p = *(const double *)x, q = *(const double *)y;
    return p < q ? 1 : p > q ? -1 : 0;
}

/* Sixty words of six topics: six strong directions, and weaker ones behind them. */
static void the_svd_is_that_of_a_plain_one(void **state)
{
    UNUSED(state);
    enum { N = 60, DIMS = 6 };
    struct sparse m[2];
    struct dense got;
    double values[DIMS], want[N], *plain = ARENA_ARRAY(&a, double, N *N);
    uint64_t seed = 9;
    struct cooccurrence c;
    ok(cooccurrence_init(&c, &a, 100000, 100000));
    for (uint32_t x = 0; x < N; x++)
        for (uint32_t y = x; y < N; y++)
            cooccurrence_add_pair(&c, x, y,
                                  x % 6 == y % 6 ? 4 + (float)uniform(&seed) + (float)(x % 6)
                                                 : 0.5F + (float)uniform(&seed) / 2);
    cooccurrence_end(&c);
    ok(ppmi(&a, &c, N, &m[0], &m[1]));
    for (size_t x = 0; x < N; x++)
        for (size_t i = m[0].starts[x]; i < m[0].starts[x + 1]; i++)
            plain[x * N + m[0].cols[i]] = (double)m[0].values[i];
    ok(randomised_svd(&a, &m[0], &m[1], DIMS, NULL, &got, values));
    plain_svd(plain, N);
    for (size_t k = 0; k < N; k++) {
        want[k] = 0;
        for (size_t i = 0; i < N; i++)
            want[k] += plain[i * N + k] * plain[i * N + k];
    }
    double lengths[N];
    memcpy(lengths, want, sizeof want);
    qsort(want, N, sizeof *want, descending);
    for (size_t k = 0; k < DIMS; k++)
        assert_true(fabs(values[k] - sqrt(want[k])) < 1e-3 * sqrt(want[0]));
    /* U S U' of the first six, entry by entry: the same subspace with the same weights. */
    for (size_t x = 0; x < N; x++)
        for (size_t y = 0; y < N; y++) {
            double ours = 0, theirs = 0;
            for (size_t k = 0; k < DIMS; k++)
                ours += values[k] * values[k] * (double)got.at[x * got.cols + k] *
                        (double)got.at[y * got.cols + k];
            for (size_t k = 0; k < N; k++)
                if (lengths[k] >= want[DIMS - 1])
                    theirs += plain[x * N + k] * plain[y * N + k];
            assert_true(fabs(ours - theirs) < 1e-3 * want[0]);
        }
}

/* --- the whole --------------------------------------------------------------------------------------------------- */

static struct search_table table_of_made_up(struct str *ret_bytes)
{
    struct made_up m;
    struct search_corpus c = made_up_corpus(&m);
    struct search_table t;
    ok(search_own_table_make(&a, &c, NULL, ret_bytes));
    assert_non_null(ret_bytes->s);
    ok(search_table_open(*ret_bytes, &t));
    return t;
}

static void words_of_a_topic_are_similar(void **state)
{
    UNUSED(state);
    struct str bytes;
    struct made_up m;
    struct search_space s;
    struct search_table t = table_of_made_up(&bytes);
    struct search_word_rows words[CORPUS_WORDS];
    static float cosines[CORPUS_WORDS * CORPUS_WORDS];
    assert_int_equal(t.kind, SEARCH_TABLE_OWN);
    assert_int_equal(t.rows, CORPUS_WORDS);
    search_space_init(&s, NULL, NULL, &t);
    for (uint32_t i = 0; i < CORPUS_WORDS; i++) {
        struct str stem;
        ok(made_up_stem(&m, i, &stem));
        words[i] = search_space_word(&s, stem);
        assert_true(search_word_in_space(&words[i]));
    }
    search_space_similar(&s, words, CORPUS_WORDS, words, CORPUS_WORDS, cosines);
    for (uint32_t i = SHARED_WORDS; i < CORPUS_WORDS; i++) {
        double same = 0, other = 0;
        uint32_t nearest = 0;
        for (uint32_t j = SHARED_WORDS; j < CORPUS_WORDS; j++) {
            float cosine = cosines[i * CORPUS_WORDS + j];
            bool of_topic = (i - SHARED_WORDS) / TOPIC_WORDS == (j - SHARED_WORDS) / TOPIC_WORDS;
            assert_true(i != j || cosine == 1);
            *(of_topic ? &same : &other) += i == j ? 0 : (double)cosine;
            if (i != j && (!nearest || cosine > cosines[i * CORPUS_WORDS + nearest]))
                nearest = j;
        }
        assert_int_equal((nearest - SHARED_WORDS) / TOPIC_WORDS, (i - SHARED_WORDS) / TOPIC_WORDS);
        assert_true(same / (TOPIC_WORDS - 1) > 0.5);
        assert_true(fabs(other) / (CORPUS_WORDS - SHARED_WORDS - TOPIC_WORDS) < 0.1);
    }
    /* Shares are those of the corpus: a shared word is one in 24 of all. */
    assert_true(fabsf(t.shares[words[0].row[SEARCH_TABLE_OWN]] - 1.F / 24) < 0.005F);
}

static void the_same_words_give_the_same_bytes(void **state)
{
    UNUSED(state);
    struct str first, second;
    table_of_made_up(&first);
    table_of_made_up(&second);
    assert_true(str_eq(first, second));
}

static err_t after_some(void *context)
{
    return ++*(int *)context > 9 ? E_STOPPING : OK;
}

static void making_ends_with_what_calls_it_off(void **state)
{
    UNUSED(state);
    struct made_up m;
    struct search_corpus c = made_up_corpus(&m);
    struct str bytes = S("as it was");
    int calls = 0;
    struct search_check check = { after_some, &calls };
    assert_int_equal(search_own_table_make(&a, &c, &check, &bytes), E_STOPPING);
    m.fail_at = SENTENCES / 2;
    assert_int_equal(search_own_table_make(&a, &c, NULL, &bytes), E_DB);
}

static err_t next_and_last(void *context, struct search_sequence *ret, bool *ret_more)
{
    TRY(made_up_next(context, ret, ret_more));
    *ret_more = false;
    return OK;
}

static void few_words_make_no_table(void **state)
{
    UNUSED(state);
    struct made_up m;
    struct search_corpus c = made_up_corpus(&m);
    struct str bytes = S("?");
    c.next = next_and_last;
    ok(search_own_table_make(&a, &c, NULL, &bytes));
    assert_null(bytes.s);
}

static void quantising_loses_little(void **state)
{
    UNUSED(state);
    enum { ROWS = 40, DIMS = 300 };
    struct dense d = random_dense(ROWS, 304, 8);
    struct str words[ROWS], bytes;
    float shares[ROWS] = { 0 };
    struct search_table t;
    struct search_space s;
    for (size_t i = 0; i < ROWS; i++)
        words[i] = str_fmt(&a, "w%02zu", i);
    for (size_t i = 0; i < ROWS * d.cols; i++) /* a few dimensions rule, as in real tables */
        d.at[i] *= 1 / (1 + (float)(i % d.cols) / 10);
    struct table_plan plan = {
        .kind = SEARCH_TABLE_GLOSSES, .dims = DIMS, .words = words, .shares = shares, .rows = ROWS
    };
    ok(table_write(&a, &plan, d.at, d.cols, &bytes));
    ok(search_table_open(bytes, &t));
    search_space_init(&s, &t, NULL, NULL);
    for (size_t i = 0; i < ROWS; i++)
        for (size_t j = 0; j < ROWS; j++) {
            double xy = 0, xx = 0, yy = 0;
            float got;
            struct search_word_rows x = search_space_word(&s, words[i]);
            struct search_word_rows y = search_space_word(&s, words[j]);
            for (size_t k = 0; k < DIMS; k++) {
                double p = (double)d.at[i * d.cols + k], q = (double)d.at[j * d.cols + k];
                xy += p * q;
                xx += p * p;
                yy += q * q;
            }
            search_space_similar(&s, &x, 1, &y, 1, &got);
            assert_true(fabs((double)got - xy / sqrt(xx * yy)) < 0.01);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(products_and_grams, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(columns_become_orthonormal, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(dependent_columns_stay_finite, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(eigenvectors, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(counts_are_those_of_a_plain_table, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(too_many_pairs_lose_the_lightest, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(information_is_that_of_a_plain_table, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(the_svd_is_that_of_a_plain_one, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(words_of_a_topic_are_similar, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(the_same_words_give_the_same_bytes, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(making_ends_with_what_calls_it_off, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(few_words_make_no_table, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(quantising_loses_little, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

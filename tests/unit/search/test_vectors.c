/* Tables and vectors as they are used: against plain computations, and with bytes that are wrong. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "search/vectors/bytes_dot.h"
#include "search/vectors/table_file.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(256));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

#define ok(e) assert_int_equal((e), OK)

static uint32_t random_below(uint64_t *x, uint32_t below)
{
    *x = *x * 6364136223846793005 + 1442695040888963407;
    return (uint32_t)((*x >> 33) % below);
}

static float random_float(uint64_t *x)
{
    return (float)random_below(x, 20001) / 10000 - 1;
}

/* A table of words "<prefix>000" … with random directions; every third word of the whole is missing. */
struct made {
    struct search_table table;
    struct str bytes;
    float *rows; /* unit vectors, dims of each */
};

enum { WORDS = 60 };

static struct made make_table(enum search_table_kind kind, uint32_t dims, size_t without)
{
    struct made m;
    struct str words[WORDS];
    float shares[WORDS], *vectors = ARENA_ARRAY(&a, float, WORDS *dims);
    uint64_t seed = 100 + kind;
    size_t rows = 0;
    for (size_t i = 0; i < WORDS; i++) {
        if (i % 3 == without)
            continue;
        double square = 0;
        words[rows] = str_fmt(&a, "word%02zu", i);
        shares[rows] = 0.0005F * (float)(i + 1);
        for (size_t k = 0; k < dims; k++) {
            vectors[rows * dims + k] = random_float(&seed);
            square += (double)vectors[rows * dims + k] * (double)vectors[rows * dims + k];
        }
        for (size_t k = 0; k < dims; k++)
            vectors[rows * dims + k] /= (float)sqrt(square);
        rows++;
    }
    struct table_plan plan = {
        .kind = kind, .dims = dims, .words = words, .shares = shares, .rows = rows
    };
    plan.id.b[0] = (uint8_t)(kind + 1);
    ok(table_write(&a, &plan, vectors, dims, &m.bytes));
    ok(search_table_open(m.bytes, &m.table));
    m.rows = vectors;
    return m;
}

/* --- a table's bytes --------------------------------------------------------------------------------------- */

static void a_table_is_read_as_it_was_written(void **state)
{
    UNUSED(state);
    struct made m = make_table(SEARCH_TABLE_GLOSSES, 50, 0);
    assert_int_equal(m.table.rows, 40);
    assert_int_equal(m.table.stride, 64);
    assert_int_equal(search_table_find(&m.table, S("word00")), -1);
    assert_int_equal(search_table_find(&m.table, S("word01")), 0);
    assert_int_equal(search_table_find(&m.table, S("word59")), 39);
    assert_int_equal(search_table_find(&m.table, S("")), -1);
    assert_int_equal(search_table_find(&m.table, S("word0")), -1);
    assert_int_equal(search_table_find(&m.table, S("word011")), -1);
    assert_int_equal(search_table_find(&m.table, S("zzz")), -1);
    for (size_t i = 0; i < 40; i++)
        for (size_t k = 0; k < 64; k++) {
            float got = m.table.scales[i] * (float)m.table.vectors[i * 64 + k];
            assert_true(fabsf(got - (k < 50 ? m.rows[i * 50 + k] : 0)) < 0.005F);
        }
}

/* Words that are gone are in it no more, and all others as they were. */
static void a_table_without_words(void **state)
{
    UNUSED(state);
    struct made m = make_table(SEARCH_TABLE_OWN, 50, 0);
    const struct str gone[] = { S("word01"), S("word59"), S("word29"), S("word29"), S("none") };
    struct str bytes;
    struct search_table left;
    ok(search_table_without(&a, &m.table, gone, COUNTOF(gone), &bytes));
    ok(search_table_open(bytes, &left));
    assert_int_equal(left.rows, m.table.rows - 3);
    assert_memory_equal(&left.id, &m.table.id, sizeof left.id);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(search_table_find(&left, gone[i]), -1);
        assert_int_equal(str_find(bytes, gone[i], 0), bytes.n);
    }
    for (size_t i = 0; i < left.rows; i++) {
        int32_t was = search_table_find(&m.table, search_table_word(&left, i));
        assert_true(was >= 0);
        assert_true(left.scales[i] == m.table.scales[was] && left.shares[i] == m.table.shares[was]);
        assert_memory_equal(left.vectors + i * left.stride,
                            m.table.vectors + (size_t)was * m.table.stride, left.stride);
    }
    struct str all[WORDS];
    for (size_t i = 0; i < m.table.rows; i++)
        all[i] = search_table_word(&m.table, i);
    ok(search_table_without(&a, &m.table, all, m.table.rows, &bytes));
    assert_int_equal(bytes.n, 0);
}

static struct str copy_of(struct str s)
{
    char *to = arena_alloc(&a, s.n);
    memcpy(to, s.s, s.n);
    return str_of(to, s.n);
}

static void a_damaged_table_is_refused(void **state)
{
    UNUSED(state);
    struct made m = make_table(SEARCH_TABLE_OWN, 20, 1);
    struct search_table t;
    struct str bytes = copy_of(m.bytes);
    char *b = (char *)(uintptr_t)bytes.s;
    for (size_t i = 0; i < bytes.n; i += i < 200 ? 1 : 37) {
        b[i] ^= 0x10;
        assert_int_equal(search_table_open(bytes, &t), E_CORRUPT);
        b[i] ^= 0x10;
    }
    for (size_t n = 0; n < bytes.n; n += 53)
        assert_int_equal(search_table_open(str_of(b, n), &t), E_CORRUPT);
    ok(search_table_open(bytes, &t));
}

/* With the checksum of what it says, so that it is looked at further. */
static err_t open_with_sum(struct str bytes)
{
    struct search_table t;
    struct table_head *h = (void *)(uintptr_t)bytes.s;
    table_sum(bytes, h->sum);
    return search_table_open(bytes, &t);
}

static void a_table_that_contradicts_itself_is_refused(void **state)
{
    UNUSED(state);
    struct made m = make_table(SEARCH_TABLE_OWN, 20, 1);
    const size_t rows = m.table.rows, scales = sizeof(struct table_head);
    const size_t offsets = scales + rows * 8, words = offsets + (rows + 1) * 4;
    struct str bytes;
    for (int k = 0; k < 7; k++) {
        bytes = copy_of(m.bytes);
        char *b = (char *)(uintptr_t)bytes.s;
        struct table_head *h = (void *)b;
        uint32_t *at = (void *)(b + offsets);
        float wrong = k == 0 ? NAN : -1;
        if (k < 2)
            memcpy(b + scales + (k ? rows * 4 : 0), &wrong, 4); /* a scale; a share */
        else if (k == 2)
            at[1] = at[2] + 1;
        else if (k == 3)
            at[rows] += 100;
        else if (k == 4)
            b[words + 5] = 0x7f; /* words no longer ascend */
        else if (k == 5)
            h->dims += 16;
        else
            h->version++;
        assert_int_equal(open_with_sum(bytes), E_CORRUPT);
    }
    ok(open_with_sum(copy_of(m.bytes)));
}

/* --- words compared ------------------------------------------------------------------------------------------ */

static void cosines_are_those_of_rows_side_by_side(void **state)
{
    UNUSED(state);
    struct made made[] = { make_table(SEARCH_TABLE_GLOSSES, 50, 0),
                           make_table(SEARCH_TABLE_BIGRAMS, 30, 1),
                           make_table(SEARCH_TABLE_OWN, 20, 2) };
    struct search_space s;
    struct search_word_rows words[WORDS + 1];
    static double plain[WORDS + 1][100];
    static float cosines[(WORDS + 1) * (WORDS + 1)];
    search_space_init(&s, &made[0].table, &made[1].table, &made[2].table);
    assert_int_equal(s.bytes, 64 + 32 + 32);
    for (size_t i = 0; i <= WORDS; i++) {
        size_t at = 0;
        words[i] = search_space_word(&s, str_fmt(&a, "word%02zu", i)); /* the last is none */
        for (int k = 0; k < 3; k++) {
            uint32_t dims = made[k].table.dims;
            for (uint32_t d = 0; d < dims; d++, at++)
                plain[i][at] = words[i].row[k] < 0
                                   ? 0
                                   : (double)made[k].rows[(uint32_t)words[i].row[k] * dims + d];
        }
    }
    assert_false(search_word_in_space(&words[WORDS]));
    search_space_similar(&s, words, WORDS + 1, words, WORDS + 1, cosines);
    for (size_t i = 0; i <= WORDS; i++)
        for (size_t j = 0; j <= WORDS; j++) {
            double xy = 0, xx = 0, yy = 0;
            for (size_t k = 0; k < 100; k++) {
                xy += plain[i][k] * plain[j][k];
                xx += plain[i][k] * plain[i][k];
                yy += plain[j][k] * plain[j][k];
            }
            double want = xx * yy > 0 ? xy / sqrt(xx * yy) : 0;
            assert_true(fabs((double)cosines[i * (WORDS + 1) + j] - want) < 0.01);
        }
}

static void an_empty_space_knows_no_word(void **state)
{
    UNUSED(state);
    struct search_space s;
    struct search_epoch e = { 0 };
    struct search_vector v;
    struct search_mean m;
    float cosine = 7;
    search_space_init(&s, NULL, NULL, NULL);
    struct search_word_rows w = search_space_word(&s, S("word01"));
    assert_false(search_word_in_space(&w));
    search_space_similar(&s, &w, 1, &w, 1, &cosine);
    assert_true(cosine == 0);
    search_mean_init(&m);
    search_mean_end(&m, &s, &e);
    search_message_vector(&s, &e, &w, 1, &v);
    assert_true(v.scale == 0 && search_vector_cosine(&v, &v, s.bytes) == 0);
}

/* --- messages ------------------------------------------------------------------------------------------------- */

/* Words of message i, some of them unknown. */
static size_t words_of(const struct search_space *s, int i, struct search_word_rows *to)
{
    uint64_t seed = (uint64_t)i * 977 + 1;
    size_t n = (size_t)i % 20;
    for (size_t k = 0; k < n; k++)
        to[k] = search_space_word(s, str_fmt(&a, "word%02u", random_below(&seed, WORDS + 10)));
    return n;
}

static void plain_average(const struct search_space *s, const struct search_word_rows *words,
                          size_t count, double *to)
{
    size_t known = 0;
    for (size_t i = 0; i < s->bytes; i++)
        to[i] = 0;
    for (size_t i = 0; i < count; i++) {
        double share = 0;
        bool in = false;
        for (int k = 0; k < SEARCH_TABLE_KINDS; k++)
            if (words[i].row[k] >= 0) { /* bigrams before glosses */
                share = (double)s->tables[k]->shares[words[i].row[k]];
                in = true;
            }
        known += in;
        for (int k = 0; in && k < SEARCH_TABLE_KINDS; k++) {
            const struct search_table *t = s->tables[k];
            for (uint32_t d = 0; words[i].row[k] >= 0 && d < t->stride; d++)
                to[s->at[k] + d] += 1e-3 / (1e-3 + share) * (double)t->scales[words[i].row[k]] *
                                    t->vectors[(uint32_t)words[i].row[k] * t->stride + d];
        }
    }
    for (size_t i = 0; known && i < s->bytes; i++)
        to[i] /= (double)known;
}

static void a_message_is_the_weighed_average_less_the_mean(void **state)
{
    UNUSED(state);
    enum { MESSAGES = 100 };
    struct made made[] = { make_table(SEARCH_TABLE_GLOSSES, 50, 0),
                           make_table(SEARCH_TABLE_BIGRAMS, 30, 1) };
    struct search_space s;
    struct search_word_rows words[32];
    struct search_mean mean;
    struct search_epoch e = { .number = 3, .messages = MESSAGES };
    static double plain[MESSAGES][128], middle[128];
    int counted = 0;
    search_space_init(&s, &made[0].table, &made[1].table, NULL);
    search_mean_init(&mean);
    for (int i = 0; i < MESSAGES; i++) {
        size_t n = words_of(&s, i, words);
        search_mean_add(&mean, &s, words, n);
        plain_average(&s, words, n, plain[i]);
        bool any = false;
        for (size_t k = 0; k < s.bytes; k++) {
            middle[k] += plain[i][k];
            any |= plain[i][k] != 0;
        }
        counted += any;
    }
    search_mean_end(&mean, &s, &e);
    for (size_t k = 0; k < s.bytes; k++)
        assert_true(fabs((double)e.mean[k] - middle[k] / counted) < 1e-5);
    for (int i = 0; i < MESSAGES; i++) {
        struct search_vector v, back;
        size_t n = words_of(&s, i, words);
        double square = 0;
        search_message_vector(&s, &e, words, n, &v);
        struct str row = search_vector_write(&a, &v, s.bytes);
        assert_int_equal(row.n, SEARCH_VECTOR_HEAD_BYTES + s.bytes);
        assert_true(search_vector_read(row, s.bytes, &back));
        assert_true(back.scale == v.scale && memcmp(back.v, v.v, s.bytes) == 0);
        assert_false(search_vector_read(row, s.bytes + 32, &back));
        if (!n) {
            assert_true(v.scale == 0);
            continue;
        }
        for (size_t k = 0; k < s.bytes; k++) {
            plain[i][k] -= (double)e.mean[k];
            square += plain[i][k] * plain[i][k];
        }
        for (size_t k = 0; v.scale > 0 && k < s.bytes; k++)
            assert_true(fabs((double)v.scale * v.v[k] - plain[i][k] / sqrt(square)) < 0.005);
        if (v.scale > 0)
            assert_true(fabsf(search_vector_cosine(&v, &v, s.bytes) - 1) < 0.02F);
    }
}

/* Whichever table says that it is one. */
static void a_function_word_counts_for_nothing(void **state)
{
    UNUSED(state);
    struct made glosses = make_table(SEARCH_TABLE_GLOSSES, 50, 0);
    struct made bigrams = make_table(SEARCH_TABLE_BIGRAMS, 30, 1);
    struct search_space s;
    struct search_epoch e = { 0 };
    struct search_mean mean;
    struct search_vector with, without;
    search_space_init(&s, &glosses.table, &bigrams.table, NULL);
    search_mean_init(&mean);
    search_mean_end(&mean, &s, &e);
    for (int k = 0; k < 2; k++) {
        struct search_word_rows words[] = { search_space_word(&s, S("word02")),
                                            search_space_word(&s, S("word05")) };
        const struct search_table *t = k ? &bigrams.table : &glosses.table;
        float *share = (float *)(uintptr_t)&t->shares[words[1].row[t->kind]], kept = *share;
        search_message_vector(&s, &e, words, 1, &without);
        search_message_vector(&s, &e, words, 2, &with);
        assert_memory_not_equal(with.v, without.v, s.bytes);
        *share = 1;
        search_message_vector(&s, &e, words, 2, &with);
        assert_memory_equal(with.v, without.v, s.bytes);
        search_message_vector(&s, &e, words + 1, 1, &with);
        assert_true(with.scale == 0);
        *share = kept;
    }
}

static void an_epoch_fits_its_tables_alone(void **state)
{
    UNUSED(state);
    struct made glosses = make_table(SEARCH_TABLE_GLOSSES, 50, 0);
    struct made bigrams = make_table(SEARCH_TABLE_BIGRAMS, 30, 1);
    struct search_space both, one;
    struct search_word_rows words[32];
    struct search_mean mean;
    struct search_epoch e = { .number = 3, .messages = 100 }, back;
    search_space_init(&both, &glosses.table, &bigrams.table, NULL);
    search_space_init(&one, &glosses.table, NULL, NULL);
    search_mean_init(&mean);
    search_mean_add(&mean, &both, words, words_of(&both, 17, words));
    search_mean_end(&mean, &both, &e);
    assert_true(search_epoch_fits(&e, &both));
    assert_false(search_epoch_fits(&e, &one));
    struct str row = search_epoch_write(&a, &e);
    ok(search_epoch_read(row, &back));
    assert_true(back.number == 3 && back.messages == 100 && back.bytes == e.bytes);
    assert_memory_equal(back.mean, e.mean, e.bytes * sizeof(float));
    assert_true(search_epoch_fits(&back, &both));
    for (size_t n = 0; n < row.n; n += 7)
        assert_int_equal(search_epoch_read(str_of(row.s, n), &back), E_CORRUPT);
    memset((char *)(uintptr_t)row.s + row.n - 4, 0xff, 4); /* not a number */
    assert_int_equal(search_epoch_read(row, &back), E_CORRUPT);
}

/* --- products, the scan ----------------------------------------------------------------------------------------- */

static void products_are_exact(void **state)
{
    UNUSED(state);
    int8_t x[SEARCH_VECTOR_BYTES_MAX], y[4 * SEARCH_VECTOR_BYTES_MAX];
    int16_t wide[SEARCH_VECTOR_BYTES_MAX];
    int32_t many[4];
    uint64_t seed = 2;
    for (size_t n = 16; n <= SEARCH_VECTOR_BYTES_MAX; n += 16) {
        for (size_t i = 0; i < n; i++)
            x[i] = n == 48 ? -128 : (int8_t)(random_below(&seed, 256) - 128);
        for (size_t i = 0; i < 4 * n; i++)
            y[i] = n == 48 ? -128 : (int8_t)(random_below(&seed, 256) - 128);
        bytes_widen(x, n, wide);
        bytes_dot_many(wide, y, n, n, 4, many);
        for (size_t i = 0; i < 4; i++) {
            assert_int_equal(many[i], bytes_dot_plain(wide, y + i * n, n));
            assert_int_equal(many[i], bytes_dot(wide, y + i * n, n));
        }
    }
}

enum { BYTES = 64, ITEMS = 3000, HITS = 20 };

static struct search_near_item item_of(uint32_t i)
{
    struct search_near_item item = { .created_ms = i, .meta = i % 5 };
    memcpy(item.id.b, &i, sizeof i);
    item.parent.b[0] = (uint8_t)(i % 7);
    return item;
}

static struct search_vector vector_of(uint32_t i, uint32_t salt)
{
    struct search_vector v = { .scale = 0.01F };
    uint64_t seed = i * 31 + salt;
    for (size_t k = 0; k < BYTES; k++)
        v.v[k] = (int8_t)(random_below(&seed, 255) - 127);
    if (i % 100 == 0) /* twins: order by id alone */
        memset(v.v, 5, sizeof v.v);
    return v;
}

static bool only_meta(const struct search_near_item *item, void *context)
{
    return item->meta == *(uint32_t *)context;
}

struct naive {
    float cosine;
    uint32_t i;
};

static int nearest_first(const void *x, const void *y)
{
    const struct naive *p = x, *q = y;
    if (p->cosine != q->cosine)
        return p->cosine > q->cosine ? -1 : 1;
    struct search_near_item m = item_of(p->i), n = item_of(q->i);
    return memcmp(&m.id, &n.id, sizeof m.id);
}

/* What is expected of item i: 0 not there, else the salt of its vector. */
static void compare_with_naive(const struct search_near *n, const uint32_t *there, uint32_t *meta,
                               const struct search_vector *query)
{
    static struct naive want[ITEMS];
    struct search_near_hit hits[HITS];
    size_t count = 0;
    for (uint32_t i = 0; i < ITEMS; i++) {
        if (!there[i] || (meta && item_of(i).meta != *meta))
            continue;
        struct search_vector v = vector_of(i, there[i]);
        int32_t dot = 0;
        for (size_t k = 0; k < BYTES; k++)
            dot += v.v[k] * query->v[k];
        want[count++] = (struct naive){ query->scale * v.scale * (float)dot, i };
    }
    qsort(want, count, sizeof *want, nearest_first);
    size_t got = search_near_scan(n, query, true, meta ? only_meta : NULL, meta, hits, HITS);
    assert_int_equal(got, count < HITS ? count : HITS);
    for (size_t k = 0; k < got; k++) {
        assert_true(hits[k].cosine == want[k].cosine);
        assert_int_equal(hits[k].item->created_ms, want[k].i);
    }
}

static void the_scan_finds_what_a_plain_one_finds(void **state)
{
    UNUSED(state);
    static uint32_t there[ITEMS];
    struct search_near *n;
    uint32_t meta = 3;
    ok(search_near_new(BYTES, BYTES / 2, MIB(64), &n));
    for (uint32_t i = 0; i < ITEMS; i++) {
        struct search_near_item item = item_of(i);
        struct search_vector v = vector_of(i, 1);
        ok(search_near_put(n, &item, &v));
        there[i] = 1;
    }
    struct search_vector query = vector_of(1700, 1);
    compare_with_naive(n, there, NULL, &query);
    compare_with_naive(n, there, &meta, &query);
    for (uint32_t i = 0; i < ITEMS; i += 3) { /* replaced, gone, and replaced by nothing */
        struct search_near_item item = item_of(i);
        struct search_vector v = vector_of(i, 2);
        there[i] = i % 9 == 0 ? 2 : 0;
        if (i % 9 == 6)
            v.scale = 0;
        if (i % 9 == 3)
            search_near_remove(n, item.id);
        else
            ok(search_near_put(n, &item, &v));
    }
    search_near_remove(n, (struct uuid){ { 0xff } });
    search_near_remove_children(n, (struct uuid){ { 2 } });
    for (uint32_t i = 2; i < ITEMS; i += 7)
        there[i] = 0;
    size_t live = 0;
    for (uint32_t i = 0; i < ITEMS; i++)
        live += there[i] != 0;
    assert_int_equal(search_near_live(n), live);
    assert_true(search_near_holes(n) > 0);
    compare_with_naive(n, there, NULL, &query);
    compare_with_naive(n, there, &meta, &query);
    struct search_vector twin = vector_of(100, 1), none = { 0 };
    compare_with_naive(n, there, NULL, &twin);
    struct search_near_hit hit;
    assert_int_equal(search_near_scan(n, &none, true, NULL, NULL, &hit, 1), 0);
    for (uint32_t i = 0; i < ITEMS; i++) { /* all back again, once more */
        struct search_near_item item = item_of(i);
        struct search_vector v = vector_of(i, 3);
        ok(search_near_put(n, &item, &v));
        there[i] = 3;
    }
    assert_int_equal(search_near_live(n), ITEMS);
    compare_with_naive(n, there, NULL, &query);
    search_near_free(n);
}

/* Another's reader compares the background's part alone: what the own table's part says changes nothing. */
static void a_part_alone(void **state)
{
    UNUSED(state);
    enum { PART = BYTES / 2 };
    struct search_near *n;
    struct search_near_hit hits[HITS];
    int64_t first[HITS];
    struct search_vector query = vector_of(1700, 1);
    for (int round = 0; round < 2; round++) {
        ok(search_near_new(BYTES, PART, MIB(64), &n));
        for (uint32_t i = 0; i < ITEMS; i++) {
            struct search_near_item item = item_of(i);
            struct search_vector v = vector_of(i, 1), other = vector_of(i, 9);
            if (round)
                memcpy(v.v + PART, other.v + PART, BYTES - PART);
            ok(search_near_put(n, &item, &v));
        }
        if (round)
            memset(query.v + PART, 7, BYTES - PART);
        size_t got = search_near_scan(n, &query, false, NULL, NULL, hits, HITS);
        assert_int_equal(got, HITS);
        for (size_t k = 0; k < got; k++) {
            const struct search_near_hit *hit = &hits[k];
            struct search_vector v = vector_of((uint32_t)hit->item->created_ms, 1);
            double dot = 0, x = 0, y = 0;
            for (size_t j = 0; j < PART; j++) {
                dot += v.v[j] * query.v[j];
                x += v.v[j] * v.v[j];
                y += query.v[j] * query.v[j];
            }
            assert_true(fabs((double)hit->cosine - dot / sqrt(x * y)) < 1e-5);
            assert_true(fabs((double)search_vector_cosine_part(&query, &v, PART) -
                             (double)hit->cosine) < 1e-5);
            if (round)
                assert_int_equal(hit->item->created_ms, first[k]);
            first[k] = hit->item->created_ms;
        }
        search_near_free(n);
    }
}

static void a_full_set_says_so_and_stays(void **state)
{
    UNUSED(state);
    struct search_near *n;
    struct search_vector v = vector_of(1, 1);
    struct search_near_hit hits[HITS];
    err_t e = OK;
    uint32_t i = 0;
    ok(search_near_new(BYTES, BYTES, KIB(600), &n));
    for (; e == OK; i++) {
        struct search_near_item item = item_of(i);
        v = vector_of(i, 1);
        e = search_near_put(n, &item, &v);
        assert_true(i < 100000);
    }
    assert_int_equal(e, E_LIMIT);
    assert_int_equal(search_near_live(n), i - 1);
    assert_int_equal(search_near_scan(n, &v, true, NULL, NULL, hits, HITS), HITS);
    search_near_free(n);
    search_near_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_table_is_read_as_it_was_written, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_damaged_table_is_refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_table_that_contradicts_itself_is_refused, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(cosines_are_those_of_rows_side_by_side, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(an_empty_space_knows_no_word, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_message_is_the_weighed_average_less_the_mean, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_function_word_counts_for_nothing, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(an_epoch_fits_its_tables_alone, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(products_are_exact, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(the_scan_finds_what_a_plain_one_finds, open_arena,
                                        close_arena),
        cmocka_unit_test_setup_teardown(a_part_alone, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_table_without_words, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(a_full_set_says_so_and_stays, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

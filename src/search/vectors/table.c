/* A table's bytes, and its words compared (vectors.h).
 *
 *   head (80 bytes, below) | scales | shares | offsets | words, padded to 16 | vectors
 *
 * Everything is checked when it is opened: where parts begin and end, that the words ascend, and a SHA-256 over all. */
#include <math.h>

#include "base/crypto.h"
#include "search/vectors/bytes_dot.h"
#include "search/vectors/table_file.h"

struct parts { /* where each begins */
    size_t scales, shares, offsets, words, vectors, end;
};

static struct parts parts_of(const struct table_head *h)
{
    struct parts p = { .scales = sizeof *h };
    p.shares = p.scales + h->rows * sizeof(float);
    p.offsets = p.shares + h->rows * sizeof(float);
    p.words = p.offsets + (h->rows + 1) * sizeof(uint32_t);
    p.vectors = (p.words + h->words_bytes + 15) / 16 * 16;
    p.end = p.vectors + (size_t)h->rows * h->stride;
    return p;
}

void table_sum(struct str bytes, uint8_t ret[32])
{
    struct sha256_ctx c;
    sha256_init(&c);
    sha256_add(&c, str_sub(bytes, 0, offsetof(struct table_head, sum)));
    sha256_add(&c, str_sub(bytes, sizeof(struct table_head), bytes.n));
    struct sha256 h = sha256_end(&c);
    memcpy(ret, h.b, 32);
}

static bool head_ok(const struct table_head *h, size_t bytes)
{
    return memcmp(h->magic, TABLE_MAGIC, sizeof h->magic) == 0 && h->version == TABLE_VERSION &&
           h->kind < SEARCH_TABLE_KINDS && h->rows >= 1 && h->rows <= SEARCH_TABLE_ROWS_MAX &&
           h->dims >= 1 && h->dims <= SEARCH_TABLE_DIMS_MAX &&
           h->stride == (h->dims + 15) / 16 * 16 && h->words_bytes <= SEARCH_TABLE_BYTES_MAX &&
           parts_of(h).end == bytes;
}

struct str search_table_word(const struct search_table *t, size_t row)
{
    return str_of(t->words + t->offsets[row], t->offsets[row + 1] - t->offsets[row]);
}

static bool words_ok(const struct search_table *t, size_t words_bytes)
{
    if (t->offsets[0] != 0 || t->offsets[t->rows] != words_bytes)
        return false;
    for (size_t i = 0; i < t->rows; i++)
        if (t->offsets[i + 1] <= t->offsets[i] || t->offsets[i + 1] > words_bytes ||
            (i && str_cmp(search_table_word(t, i - 1), search_table_word(t, i)) >= 0))
            return false;
    return true;
}

static bool numbers_ok(const struct search_table *t)
{
    for (size_t i = 0; i < t->rows; i++)
        if (!(t->scales[i] >= 0 && t->scales[i] <= 1) || !(t->shares[i] >= 0 && t->shares[i] <= 1))
            return false;
    return true;
}

err_t search_table_open(struct str bytes, struct search_table *ret)
{
    assert((uintptr_t)bytes.s % 8 == 0);
    const struct table_head *h = (const void *)bytes.s;
    uint8_t sum[32];
    if (bytes.n < sizeof *h || !head_ok(h, bytes.n))
        return err_note(E_CORRUPT, NULL, "this is no table of similar words of this version");
    table_sum(bytes, sum);
    if (memcmp(sum, h->sum, sizeof sum) != 0)
        return err_note(E_CORRUPT, NULL, "a table of similar words is damaged");
    struct parts p = parts_of(h);
    struct search_table t = { .kind = (enum search_table_kind)h->kind,
                              .id = h->id,
                              .rows = h->rows,
                              .dims = h->dims,
                              .stride = h->stride,
                              .scales = (const void *)(bytes.s + p.scales),
                              .shares = (const void *)(bytes.s + p.shares),
                              .offsets = (const void *)(bytes.s + p.offsets),
                              .words = bytes.s + p.words,
                              .vectors = (const void *)(bytes.s + p.vectors) };
    if (!words_ok(&t, h->words_bytes) || !numbers_ok(&t))
        return err_note(E_CORRUPT, NULL, "a table of similar words contradicts itself");
    *ret = t;
    return OK;
}

int32_t search_table_find(const struct search_table *t, struct str stem)
{
    size_t low = 0, high = t->rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = str_cmp(search_table_word(t, middle), stem);
        if (order == 0)
            return (int32_t)middle;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

/* --- writing --------------------------------------------------------------------------------------- */

float bytes_quantise(const float *from, size_t n, int8_t *to)
{
    float most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmaxf(most, fabsf(from[i]));
    for (size_t i = 0; i < n; i++)
        to[i] = most > 0 ? (int8_t)lrintf(from[i] / most * 127) : 0;
    return most / 127;
}

/* One row as a unit vector; a row of nothing stays nothing. */
static float write_row(const float *from, size_t dims, int8_t *to)
{
    float unit[SEARCH_TABLE_DIMS_MAX];
    double square = 0;
    for (size_t i = 0; i < dims; i++)
        square += (double)from[i] * (double)from[i];
    float by = square > 1e-30 ? (float)(1 / sqrt(square)) : 0;
    for (size_t i = 0; i < dims; i++)
        unit[i] = from[i] * by;
    return bytes_quantise(unit, dims, to);
}

err_t table_write(struct arena *a, const struct table_plan *plan, const float *vectors,
                  size_t width, struct str *ret)
{
    assert(plan->rows >= 1 && plan->rows <= SEARCH_TABLE_ROWS_MAX &&
           plan->dims <= SEARCH_TABLE_DIMS_MAX && width >= plan->dims);
    struct table_head h = { .magic = TABLE_MAGIC,
                            .version = TABLE_VERSION,
                            .kind = plan->kind,
                            .id = plan->id,
                            .rows = (uint32_t)plan->rows,
                            .dims = plan->dims,
                            .stride = (plan->dims + 15) / 16 * 16 };
    for (size_t i = 0; i < plan->rows; i++)
        h.words_bytes += (uint32_t)plan->words[i].n;
    struct parts p = parts_of(&h);
    char *to = arena_alloc(a, p.end);
    if (!to)
        return arena_err(a);
    float *scales = (void *)(to + p.scales);
    uint32_t *offsets = (void *)(to + p.offsets), at = 0;
    for (size_t i = 0; i < plan->rows; i++) {
        scales[i] =
            write_row(vectors + i * width, plan->dims, (int8_t *)to + p.vectors + i * h.stride);
        memcpy(to + p.words + at, plan->words[i].s, plan->words[i].n);
        offsets[i] = at;
        at += (uint32_t)plan->words[i].n;
    }
    offsets[plan->rows] = at;
    memcpy(to + p.shares, plan->shares, plan->rows * sizeof(float));
    memcpy(to, &h, sizeof h);
    table_sum(str_of(to, p.end), ((struct table_head *)(void *)to)->sum);
    *ret = str_of(to, p.end);
    return OK;
}

/* *to has room for all of it. Gives how many rows are left. */
static uint32_t copy_rows(const struct search_table *t, const bool *gone, char *to,
                          const struct parts *p)
{
    float *scales = (void *)(to + p->scales), *shares = (void *)(to + p->shares);
    uint32_t *offsets = (void *)(to + p->offsets), rows = 0, at = 0;
    for (size_t i = 0; i < t->rows; i++) {
        struct str word = search_table_word(t, i);
        if (gone[i])
            continue;
        scales[rows] = t->scales[i];
        shares[rows] = t->shares[i];
        offsets[rows] = at;
        memcpy(to + p->words + at, word.s, word.n);
        memcpy(to + p->vectors + (size_t)rows * t->stride, t->vectors + i * t->stride, t->stride);
        at += (uint32_t)word.n;
        rows++;
    }
    offsets[rows] = at;
    return rows;
}

/* The rows that go, and the head of what is left. */
static err_t choose_rows(struct arena *a, const struct search_table *t, const struct str *words,
                         size_t count, struct table_head *h, bool **ret_gone)
{
    bool *gone = ARENA_ARRAY(a, bool, t->rows);
    if (!gone)
        return arena_err(a);
    *h = (struct table_head){ .magic = TABLE_MAGIC,
                              .version = TABLE_VERSION,
                              .kind = t->kind,
                              .id = t->id,
                              .rows = t->rows,
                              .dims = t->dims,
                              .stride = t->stride,
                              .words_bytes = t->offsets[t->rows] };
    for (size_t i = 0; i < count; i++) {
        int32_t row = search_table_find(t, words[i]);
        if (row < 0 || gone[row])
            continue;
        gone[row] = true;
        h->rows--;
        h->words_bytes -= (uint32_t)words[i].n;
    }
    *ret_gone = gone;
    return OK;
}

err_t search_table_without(struct arena *a, const struct search_table *t, const struct str *words,
                           size_t count, struct str *ret)
{
    struct table_head h;
    bool *gone;
    *ret = S("");
    TRY(choose_rows(a, t, words, count, &h, &gone));
    if (!h.rows)
        return OK;
    struct parts p = parts_of(&h);
    char *to = arena_alloc(a, p.end);
    if (!to)
        return arena_err(a);
    memset(to, 0, p.end);
    uint32_t rows = copy_rows(t, gone, to, &p);
    assert(rows == h.rows);
    memcpy(to, &h, sizeof h);
    table_sum(str_of(to, p.end), ((struct table_head *)(void *)to)->sum);
    *ret = str_of(to, p.end);
    return OK;
}

/* --- words compared ---------------------------------------------------------------------------------- */

void search_space_init(struct search_space *s, const struct search_table *glosses,
                       const struct search_table *bigrams, const struct search_table *own)
{
    *s = (struct search_space){ .tables = { glosses, bigrams, own } };
    uint32_t at = 0;
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++) {
        s->at[k] = at;
        at += s->tables[k] ? s->tables[k]->stride : 0;
    }
    s->bytes = (at + 31) / 32 * 32;
    assert(s->bytes <= SEARCH_VECTOR_BYTES_MAX);
}

struct search_word_rows search_space_word(const struct search_space *s, struct str stem)
{
    struct search_word_rows w;
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++)
        w.row[k] = s->tables[k] ? search_table_find(s->tables[k], stem) : -1;
    return w;
}

static int tables_with(const struct search_word_rows *w)
{
    int n = 0;
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++)
        n += w->row[k] >= 0;
    return n;
}

bool search_word_in_space(const struct search_word_rows *w)
{
    return tables_with(w) > 0;
}

/* A word's vector is its rows side by side, nothing where it has none, so its length is the root of how many it has. */
static void compare(const struct search_space *s, const struct search_word_rows *query,
                    const struct search_word_rows *words, size_t count, float *ret)
{
    int16_t wide[SEARCH_TABLE_DIMS_MAX];
    memset(ret, 0, count * sizeof *ret);
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++) {
        const struct search_table *t = s->tables[k];
        if (query->row[k] < 0)
            continue;
        bytes_widen(t->vectors + (size_t)query->row[k] * t->stride, t->stride, wide);
        float scale = t->scales[query->row[k]];
        for (size_t i = 0; i < count; i++)
            if (words[i].row[k] >= 0)
                ret[i] += scale * t->scales[words[i].row[k]] *
                          (float)bytes_dot(wide, t->vectors + (size_t)words[i].row[k] * t->stride,
                                           t->stride);
    }
    for (size_t i = 0; i < count; i++) {
        int both = tables_with(query) * tables_with(&words[i]);
        if (both && memcmp(query, &words[i], sizeof *query) == 0)
            ret[i] = 1; /* itself, but for rounding */
        else if (both)
            ret[i] = fmaxf(-1, fminf(1, ret[i] / sqrtf((float)both)));
    }
}

void search_space_similar(const struct search_space *s, const struct search_word_rows *queries,
                          size_t query_count, const struct search_word_rows *words,
                          size_t word_count, float *ret)
{
    for (size_t q = 0; q < query_count; q++)
        compare(s, &queries[q], words, word_count, ret + q * word_count);
}

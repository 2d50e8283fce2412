/* Counts to information (table_make.h). */
#include <math.h>

#include "search/vectors/lanes.h"
#include "search/vectors/table_make.h"

struct marginals {
    double *counts;   /* of each row: all that stands near it */
    double *contexts; /* log of its share as a context */
    size_t rows;
};

static err_t find_marginals(struct arena *a, const struct cooccurrence *c, size_t rows,
                            struct marginals *ret)
{
    struct marginals m = { ARENA_ARRAY(a, double, rows), ARENA_ARRAY(a, double, rows), rows };
    if (!m.counts || !m.contexts)
        return arena_err(a);
    for (size_t i = 0; i < c->count; i++) {
        m.counts[c->pairs[i].key >> 16] += (double)c->pairs[i].weight;
        m.counts[c->pairs[i].key & 0xffff] += (double)c->pairs[i].weight;
    }
    double all = 0;
    for (size_t i = 0; i < rows; i++)
        all += pow(m.counts[i], 0.75);
    for (size_t i = 0; i < rows; i++)
        m.contexts[i] = 0.75 * log(m.counts[i]) - log(all);
    *ret = m;
    return OK;
}

static float information(const struct marginals *m, uint32_t x, uint32_t y, double weight)
{
    double bits = log(weight) - log(m->counts[x]) - m->contexts[y];
    return bits > 0 ? (float)bits : 0;
}

/* Both directions of each pair: f(row, col, weight). A word beside itself counts twice, once for either. */
struct entries {
    const struct cooccurrence *c;
    const struct marginals *m;
    bool transposed;
};

static float entry(const struct entries *e, uint32_t row, uint32_t col, float weight)
{
    double w = (double)weight * (row == col ? 2 : 1);
    return e->transposed ? information(e->m, col, row, w) : information(e->m, row, col, w);
}

/* Pairs are sorted by (lower, higher), so what has the row as its higher half comes first and in order, then what has it as its
 * lower half: the columns of each row ascend by themselves when all higher halves are placed before the lower ones. */
static size_t place(const struct entries *e, size_t *at, struct sparse *to)
{
    size_t n = 0;
    for (int half = 0; half < 2; half++)
        for (size_t i = 0; i < e->c->count; i++) {
            uint32_t low = e->c->pairs[i].key >> 16, high = e->c->pairs[i].key & 0xffff;
            uint32_t row = half ? low : high, col = half ? high : low;
            float value = half && low == high ? 0 : entry(e, row, col, e->c->pairs[i].weight);
            if (value <= 0)
                continue;
            if (to) {
                to->cols[at[row]] = (uint16_t)col;
                to->values[at[row]] = value;
            }
            at[row]++;
            n++;
        }
    return n;
}

static err_t fill(struct arena *a, const struct entries *e, struct sparse *ret)
{
    size_t rows = e->m->rows, sum = 0;
    struct sparse s = { .rows = rows, .starts = ARENA_ARRAY(a, size_t, rows + 1) };
    size_t *at = ARENA_ARRAY(a, size_t, rows);
    if (!s.starts || !at)
        return arena_err(a);
    size_t n = place(e, at, NULL);
    s.cols = ARENA_ARRAY(a, uint16_t, n);
    s.values = ARENA_ARRAY(a, float, n);
    if (!s.cols || !s.values)
        return arena_err(a);
    for (size_t i = 0; i < rows; i++) {
        s.starts[i] = sum;
        sum += at[i];
        at[i] = s.starts[i];
    }
    s.starts[rows] = sum;
    place(e, at, &s);
    *ret = s;
    return OK;
}

err_t ppmi(struct arena *a, const struct cooccurrence *c, size_t rows, struct sparse *ret,
           struct sparse *ret_transposed)
{
    struct marginals m;
    TRY(find_marginals(a, c, rows, &m));
    TRY(fill(a, &(struct entries){ c, &m, false }, ret));
    return fill(a, &(struct entries){ c, &m, true }, ret_transposed);
}

/* --- times a dense matrix: 64 columns at a time, whose part of x stays in the cache ------------------- */

LANES_BODY void sparse_block(const struct sparse *m, const float *x, float *to, size_t width,
                             size_t parts)
{
    for (size_t row = 0; row < m->rows; row++) {
        lanes sums[8] = { 0 };
        for (size_t i = m->starts[row]; i < m->starts[row + 1]; i++) {
            const float *from = x + m->cols[i] * width;
            for (size_t k = 0; k < parts; k++)
                sums[k] += m->values[i] * LANES_AT(from + k * LANES);
        }
        for (size_t k = 0; k < parts; k++)
            LANES_PUT(to + row * width + k * LANES, sums[k]);
    }
}

LANES_BODY void wide_block_body(const struct sparse *m, const float *x, float *to, size_t width)
{
    sparse_block(m, x, to, width, 8);
}
LANES_KERNEL(wide_block, (const struct sparse *m, const float *x, float *to, size_t width),
             (m, x, to, width))

LANES_BODY void narrow_block_body(const struct sparse *m, const float *x, float *to, size_t width)
{
    sparse_block(m, x, to, width, 2);
}
LANES_KERNEL(narrow_block, (const struct sparse *m, const float *x, float *to, size_t width),
             (m, x, to, width))

err_t sparse_product(const struct sparse *m, const struct dense *x,
                     const struct search_check *check, struct dense *ret)
{
    assert(m->rows == x->rows && ret->rows == x->rows && ret->cols == x->cols && ret->at != x->at);
    for (size_t col = 0; col < x->cols;) {
        size_t left = x->cols - col;
        TRY(search_check(check));
        (left >= 64 ? wide_block : narrow_block)(m, x->at + col, ret->at + col, x->cols);
        col += left >= 64 ? 64 : 16;
    }
    return OK;
}

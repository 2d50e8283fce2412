/* Products, Gram matrices and eigenvectors (dense.h). */
#include "search/vectors/dense.h"

#include <math.h>
#include <stdlib.h>

#include "search/vectors/lanes.h"

err_t dense_new(struct arena *a, size_t rows, size_t cols, struct dense *ret)
{
    assert(cols && cols % 16 == 0);
    struct dense d = { .rows = rows, .cols = cols };
    d.at = rows <= SIZE_MAX / cols ? ARENA_ARRAY(a, float, rows *cols) : NULL;
    if (!d.at)
        return arena_err(a) != OK ? arena_err(a) : E_LIMIT;
    *ret = d;
    return OK;
}

/* --- x b: tiles of rows x 16 columns that stay in registers --------------------------------------- */

LANES_BODY void product_tile(const float *x, size_t n, const float *b, float *to, size_t height)
{
    lanes sums[6][2] = { 0 };
    for (size_t k = 0; k < n; k++) {
        lanes left = LANES_AT(b + k * n), right = LANES_AT(b + k * n + LANES);
        for (size_t r = 0; r < height; r++) {
            sums[r][0] += x[r * n + k] * left;
            sums[r][1] += x[r * n + k] * right;
        }
    }
    for (size_t r = 0; r < height; r++) {
        LANES_PUT(to + r * n, sums[r][0]);
        LANES_PUT(to + r * n + LANES, sums[r][1]);
    }
}

LANES_BODY void product_body(const struct dense *x, const float *b, struct dense *ret)
{
    size_t n = x->cols, row = 0;
    for (; row + 6 <= x->rows; row += 6)
        for (size_t col = 0; col < n; col += 16)
            product_tile(x->at + row * n, n, b + col, ret->at + row * n + col, 6);
    for (; row < x->rows; row++)
        for (size_t col = 0; col < n; col += 16)
            product_tile(x->at + row * n, n, b + col, ret->at + row * n + col, 1);
}
LANES_KERNEL(product, (const struct dense *x, const float *b, struct dense *ret), (x, b, ret))

/* Rows between two checks: a multiple of the tiles' heights, so that all is summed as if in one go. */
enum { CHECK_ROWS = 6 * 128 };

static struct dense some_rows(const struct dense *x, size_t from)
{
    size_t rows = x->rows - from < CHECK_ROWS ? x->rows - from : CHECK_ROWS;
    return (struct dense){ x->at + from * x->cols, rows, x->cols };
}

err_t dense_product(const struct dense *x, const float *b, const struct search_check *check,
                    struct dense *ret)
{
    assert(ret->at != x->at && ret->rows == x->rows && ret->cols == x->cols);
    for (size_t from = 0; from < x->rows; from += CHECK_ROWS) {
        struct dense part = some_rows(x, from), to = some_rows(ret, from);
        TRY(search_check(check));
        product(&part, b, &to);
    }
    return OK;
}

/* --- x' x: a block of rows at a time in floats, the blocks summed in doubles ------------------------ */

enum { GRAM_ROWS = 128 };

LANES_BODY void gram_tile(const float *x, size_t rows, size_t n, size_t i, size_t j, double *ret)
{
    lanes sums[4][2] = { 0 };
    for (size_t r = 0; r < rows; r++) {
        const float *row = x + r * n;
        lanes left = LANES_AT(row + j), right = LANES_AT(row + j + LANES);
        for (size_t k = 0; k < 4; k++) {
            sums[k][0] += row[i + k] * left;
            sums[k][1] += row[i + k] * right;
        }
    }
    for (size_t k = 0; k < 4; k++)
        for (size_t l = 0; l < LANES; l++) {
            ret[(i + k) * n + j + l] += (double)sums[k][0][l];
            ret[(i + k) * n + j + LANES + l] += (double)sums[k][1][l];
        }
}

LANES_BODY void gram_body(const struct dense *x, double *ret)
{
    size_t n = x->cols;
    for (size_t from = 0; from < x->rows; from += GRAM_ROWS) {
        size_t rows = x->rows - from < GRAM_ROWS ? x->rows - from : GRAM_ROWS;
        for (size_t i = 0; i < n; i += 4)
            for (size_t j = i / 16 * 16; j < n; j += 16)
                gram_tile(x->at + from * n, rows, n, i, j, ret);
    }
}
LANES_KERNEL(gram, (const struct dense *x, double *ret), (x, ret))

err_t dense_gram(const struct dense *x, const struct search_check *check, double *ret)
{
    size_t n = x->cols;
    memset(ret, 0, n * n * sizeof *ret);
    for (size_t from = 0; from < x->rows; from += CHECK_ROWS) {
        struct dense part = some_rows(x, from);
        TRY(search_check(check));
        gram(&part, ret);
    }
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j < i; j++)
            ret[i * n + j] = ret[j * n + i];
    return OK;
}

/* --- orthonormal columns --------------------------------------------------------------------------- */

/* Replace m by the upper triangular R with R'R = m. A column that depends on those before it gets a pivot that rounding allows,
 * instead of the square root of nothing. */
static void cholesky(double *m, size_t n)
{
    double most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, m[i * n + i]);
    double least = most > 0 ? most * 1e-12 : 1;
    for (size_t k = 0; k < n; k++) {
        double pivot = sqrt(fmax(m[k * n + k], least));
        for (size_t j = k; j < n; j++)
            m[k * n + j] = j == k ? pivot : m[k * n + j] / pivot;
        for (size_t i = k + 1; i < n; i++)
            for (size_t j = i; j < n; j++)
                m[i * n + j] -= m[k * n + i] * m[k * n + j];
    }
}

/* The inverse of an upper triangular matrix, as floats. */
static void invert_upper(const double *r, size_t n, double *work, float *ret)
{
    memset(work, 0, n * n * sizeof *work);
    for (size_t j = 0; j < n; j++) {
        work[j * n + j] = 1 / r[j * n + j];
        for (size_t i = j; i-- > 0;) {
            double sum = 0;
            for (size_t k = i + 1; k <= j; k++)
                sum += r[i * n + k] * work[k * n + j];
            work[i * n + j] = -sum / r[i * n + i];
        }
    }
    for (size_t i = 0; i < n * n; i++)
        ret[i] = (float)work[i];
}

err_t dense_orthonormalise(struct dense *x, const struct search_check *check, struct dense *spare)
{
    size_t n = x->cols;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, n * n * 24 + KIB(4));
    double *gram_of = ARENA_ARRAY(&a, double, n *n), *work = ARENA_ARRAY(&a, double, n *n);
    float *inverse = ARENA_ARRAY(&a, float, n *n);
    if (!gram_of || !work || !inverse)
        return arena_err(&a);
    for (int round = 0; round < 2; round++) {
        TRY(dense_gram(x, check, gram_of));
        cholesky(gram_of, n);
        invert_upper(gram_of, n, work, inverse);
        TRY(dense_product(x, inverse, check, spare));
        struct dense swap = *x;
        *x = *spare;
        *spare = swap;
    }
    return OK;
}

/* --- eigenvectors ---------------------------------------------------------------------------------- */

/* Turn rows p and q by the angle. */
static void turn(double *m, size_t n, size_t p, size_t q, double c, double s)
{
    double *row_p = m + p * n, *row_q = m + q * n;
    for (size_t i = 0; i < n; i++) {
        double x = row_p[i], y = row_q[i];
        row_p[i] = c * x - s * y;
        row_q[i] = s * x + c * y;
    }
}

/* One rotation that makes m[p][q] zero. `basis` keeps the eigenvectors as rows. m stays symmetric: its columns are turned by
 * copying what the rows became. */
static void rotate(double *m, double *basis, size_t n, size_t p, size_t q)
{
    double off = m[p * n + q], pp = m[p * n + p], qq = m[q * n + q];
    double theta = (qq - pp) / (2 * off);
    double t = (theta >= 0 ? 1 : -1) / (fabs(theta) + sqrt(theta * theta + 1));
    double c = 1 / sqrt(t * t + 1), s = t * c;
    turn(m, n, p, q, c, s);
    for (size_t i = 0; i < n; i++) {
        m[i * n + p] = m[p * n + i];
        m[i * n + q] = m[q * n + i];
    }
    m[p * n + p] = pp - t * off;
    m[q * n + q] = qq + t * off;
    m[p * n + q] = m[q * n + p] = 0;
    turn(basis, n, p, q, c, s);
}

struct ranked {
    double value;
    size_t at;
};

static int by_value(const void *x, const void *y)
{
    const struct ranked *a = x, *b = y;
    if (a->value != b->value)
        return a->value > b->value ? -1 : 1;
    return a->at < b->at ? -1 : a->at > b->at;
}

err_t symmetric_eigen(struct arena *scratch, double *m, size_t n, const struct search_check *check,
                      double *ret_values, double *ret_vectors)
{
    enum { SWEEPS_MAX = 30 };
    double *basis = ARENA_ARRAY(scratch, double, n *n);
    struct ranked *order = ARENA_ARRAY(scratch, struct ranked, n);
    if (!basis || !order)
        return arena_err(scratch);
    double least = 1e-300; /* what is smaller is nothing beside the largest eigenvalue */
    for (size_t i = 0; i < n; i++) {
        basis[i * n + i] = 1;
        least = fmax(least, 1e-12 * fabs(m[i * n + i]));
    }
    for (int sweep = 0, turned = 1; sweep < SWEEPS_MAX && turned; sweep++) {
        turned = 0;
        for (size_t p = 0; p + 1 < n; p++) {
            TRY(search_check(check));
            for (size_t q = p + 1; q < n; q++)
                if (fabs(m[p * n + q]) > least) {
                    rotate(m, basis, n, p, q);
                    turned = 1;
                }
        }
    }
    for (size_t i = 0; i < n; i++)
        order[i] = (struct ranked){ m[i * n + i], i };
    qsort(order, n, sizeof *order, by_value);
    for (size_t i = 0; i < n; i++) {
        ret_values[i] = order[i].value;
        for (size_t k = 0; k < n; k++)
            ret_vectors[k * n + i] = basis[order[i].at * n + k];
    }
    return OK;
}

/* The randomised singular value decomposition (table_make.h). */
#include <math.h>

#include "search/vectors/table_make.h"

enum { SPARE_COLUMNS = 20, POWER_ITERATIONS = 2 };

/* Nearly normal numbers from a counter (splitmix64, Steele et al. 2014): the sum of four uniform ones, exact in a float's mantissa
 * on every machine. */
static float draw(uint64_t *state)
{
    uint64_t z = *state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    z ^= z >> 31;
    int32_t sum = (int32_t)(z & 0xffff) + (int32_t)(z >> 16 & 0xffff) +
                  (int32_t)(z >> 32 & 0xffff) + (int32_t)(z >> 48);
    return (float)(sum - 2 * 0xffff) / 65536;
}

static size_t width_for(size_t dims)
{
    return (dims + SPARE_COLUMNS + 15) / 16 * 16;
}

/* An orthonormal basis of nearly the space that the first singular vectors span, in *y. */
static err_t find_range(const struct sparse *m, const struct sparse *transposed,
                        const struct search_check *check, struct dense *y, struct dense *z)
{
    uint64_t seed = 14;
    for (size_t i = 0; i < z->rows * z->cols; i++)
        z->at[i] = draw(&seed);
    for (int i = 0; i <= POWER_ITERATIONS; i++) {
        TRY(sparse_product(m, z, check, y));
        TRY(dense_orthonormalise(y, check, z));
        TRY(sparse_product(transposed, y, check, z));
        if (i < POWER_ITERATIONS)
            TRY(dense_orthonormalise(z, check, y));
    }
    return OK;
}

err_t randomised_svd(struct arena *a, const struct sparse *m, const struct sparse *transposed,
                     size_t dims, const struct search_check *check, struct dense *ret,
                     double *values)
{
    struct dense y, z;
    size_t width = width_for(dims);
    TRY(dense_new(a, m->rows, width, &y));
    TRY(dense_new(a, m->rows, width, &z));
    TRY(find_range(m, transposed, check, &y, &z));
    /* z = m' y. The left singular vectors of m are y times the eigenvectors of z' z. */
    CLEANUP(arena_free) struct arena small;
    arena_init(&small, width * width * 64 + KIB(64));
    double *gram = ARENA_ARRAY(&small, double, width *width);
    double *vectors = ARENA_ARRAY(&small, double, width *width);
    double *squares = ARENA_ARRAY(&small, double, width);
    float *turn = ARENA_ARRAY(&small, float, width *width);
    TRY(arena_err(&small));
    TRY(dense_gram(&z, check, gram));
    TRY(symmetric_eigen(&small, gram, width, check, squares, vectors));
    for (size_t i = 0; i < width * width; i++)
        turn[i] = (float)vectors[i];
    TRY(dense_product(&y, turn, check, &z));
    for (size_t i = 0; i < dims; i++)
        values[i] = sqrt(fmax(0, squares[i]));
    *ret = z;
    return OK;
}

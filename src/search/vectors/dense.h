/* Tall dense matrices, and the small square ones that they come down to: what a randomised SVD needs. Single-threaded, in a fixed
 * order of sums. Private to search/vectors. */
#ifndef VIVIM_SEARCH_VECTORS_DENSE_H
#define VIVIM_SEARCH_VECTORS_DENSE_H

#include "search/vectors/vectors.h"

NODISCARD static inline err_t search_check(const struct search_check *c)
{
    return c && c->check ? c->check(c->context) : OK;
}

struct dense { /* row by row; cols is a multiple of 16 */
    float *at;
    size_t rows, cols;
};
NODISCARD err_t dense_new(struct arena *a, size_t rows, size_t cols, struct dense *ret); /* zeros */

/* ret = x b; b is x.cols x x.cols, row by row. ret has x's shape and is another matrix. Errors, here and below: the check's. */
NODISCARD err_t dense_product(const struct dense *x, const float *b,
                              const struct search_check *check, struct dense *ret);
/* ret (cols x cols) = x' x. */
NODISCARD err_t dense_gram(const struct dense *x, const struct search_check *check, double *ret);
/* Make the columns orthonormal, twice by the Cholesky factor of the Gram matrix (the second time mends what rounding left:
 * CholeskyQR2, Fukaya et al. 2014). Where they are not independent, the ones that are left over become noise of about unit
 * length: the caller's singular values tell. `spare` has the same shape; the result may be in either, so they are swapped. */
NODISCARD err_t dense_orthonormalise(struct dense *x, const struct search_check *check,
                                     struct dense *spare);

/* Eigenvalues (descending) and eigenvectors (column i of `vectors` belongs to values[i]) of a symmetric n x n matrix, which is
 * used up. Cyclic Jacobi: n = 320 takes about a second and needs no library (Golub, Van Loan, Matrix Computations, 8.5). */
NODISCARD err_t symmetric_eigen(struct arena *scratch, double *m, size_t n,
                                const struct search_check *check, double *ret_values,
                                double *ret_vectors);

#endif

/* From counts to a table. Private to search/vectors (and its tests).
 *
 *   words in order --cooccurrence--> pairs with weights --ppmi--> sparse matrix --svd--> rows of a table
 */
#ifndef VIVIM_SEARCH_VECTORS_TABLE_MAKE_H
#define VIVIM_SEARCH_VECTORS_TABLE_MAKE_H

#include "search/vectors/dense.h"
#include "search/vectors/vectors.h"

/* --- cooccurrence.c: how often what stands near what ------------------------------------------------- */

enum { COOCCURRENCE_WINDOW = 5 }; /* words on either side; one at distance d counts 1/d */

struct cooccurrence_pair {
    uint32_t key; /* row << 16 | col, row <= col */
    float weight;
};

/* Symmetric counts. Bounded: new pairs go through a buffer that is sorted and merged when it is full; when there are more than
 * pairs_max different ones, the lightest go, up to a weight that rises as far as it must. */
struct cooccurrence {
    struct cooccurrence_pair *buffer, *spare; /* of buffer_max */
    size_t buffered, buffer_max;
    struct cooccurrence_pair *pairs, *merged; /* of pairs_max; sorted by key, each once */
    size_t count, pairs_max;
    float lightest;
};
/* Memory from `a`: 16 bytes for each of pairs_max and buffer_max (touched as they fill). */
NODISCARD err_t cooccurrence_init(struct cooccurrence *c, struct arena *a, size_t buffer_max,
                                  size_t pairs_max);
/* rows of the table, < SEARCH_TABLE_ROWS_MAX; -1: a word without one, which keeps its place. */
void cooccurrence_add(struct cooccurrence *c, const int32_t *rows, size_t count);
void cooccurrence_add_pair(struct cooccurrence *c, uint32_t x, uint32_t y, float weight);
void cooccurrence_end(struct cooccurrence *c); /* then `pairs` and `count` are all there is */

/* --- ppmi.c ------------------------------------------------------------------------------------------ */

struct sparse { /* square, by rows; columns ascending in each */
    size_t rows;
    size_t *starts; /* rows + 1 */
    uint16_t *cols;
    float *values;
};
/* Positive pointwise mutual information of the pairs, the context's share smoothed by the exponent 0.75 (Levy, Goldberg, Dagan
 * 2015): max(0, log(n_xy / (n_x p(y)))), p(y) = n_y^0.75 / sum n^0.75. And its transpose. Both in `a`. */
NODISCARD err_t ppmi(struct arena *a, const struct cooccurrence *c, size_t rows, struct sparse *ret,
                     struct sparse *ret_transposed);
/* ret = m x. The check's errors. */
NODISCARD err_t sparse_product(const struct sparse *m, const struct dense *x,
                               const struct search_check *check, struct dense *ret);

/* --- svd.c --------------------------------------------------------------------------------------------- */

/* The first `dims` left singular vectors as rows of *ret (rows x at least dims), and singular values, largest first, by the
 * randomised method with two power iterations and 20 columns to spare (Halko, Martinsson, Tropp 2011, algorithms 4.4 and 5.1).
 * The sample is drawn from a fixed seed. In `a`. */
NODISCARD err_t randomised_svd(struct arena *a, const struct sparse *m,
                               const struct sparse *transposed, size_t dims,
                               const struct search_check *check, struct dense *ret, double *values);

struct table_plan {
    enum search_table_kind kind;
    struct search_table_id id;
    uint32_t dims;     /* at most; fewer where there are few rows */
    struct str *words; /* sorted by bytes, each once; 1 .. SEARCH_TABLE_ROWS_MAX */
    float *shares;     /* of each */
    size_t rows;
};

/* --- rows.c: which words get a row ----------------------------------------------------------------------- */

/* Where words come from as text: a stem, the first time it is met, gets the next id. */
struct vocabulary;
NODISCARD err_t vocabulary_new(struct arena *a, struct vocabulary **ret); /* all of it in `a` */
NODISCARD err_t vocabulary_id(struct vocabulary *v, struct str stem, uint32_t *ret);
size_t vocabulary_size(const struct vocabulary *v);
struct str vocabulary_stem(const struct vocabulary *v, uint32_t id);

struct word_count {
    double weight; /* how often, or how likely */
    uint32_t id;
};
/* Of the words counted, keep the `most` heaviest (of equals the lower ids), with a weight of at least `least`, ordered by id. */
size_t word_counts_keep(struct word_count *w, size_t count, size_t most, double least);

/* Their order in the table, by the bytes of their stems. `kept` is sorted that way; row_of[id] gets the row and is left alone for
 * other ids. plan: words, shares (of `all`, the weight of everything; 1 where more than half of an id's weight, by functions[id],
 * is that of function words; NULL: of none) and rows are set, in `a`. stems: of kept[i]. */
NODISCARD err_t rows_plan(struct arena *a, struct word_count *kept, struct str *stems, size_t count,
                          double all, const double *functions, int32_t *row_of,
                          struct table_plan *plan);

/* --- table_make.c ------------------------------------------------------------------------------------- */

/* Room for the counts of one table: 4 million pairs wait in the buffer, twelve million different ones are kept. */
NODISCARD err_t table_counts_new(struct arena *counts, struct cooccurrence *ret);
/* Count, factor, quantise. The plan's id is set here, of its words, their shares and the pairs. `c` is ended here; its memory, in the arena `counts`, is given back as soon as it is not needed. *ret in
 * `a`. E_BUSY, E_LIMIT, the check's. */
NODISCARD err_t table_make(struct arena *a, struct table_plan *plan, struct cooccurrence *c,
                           struct arena *counts, const struct search_check *check, struct str *ret);
/* Bytes of a table whose row i has the direction of vectors[i * width], of which dims count. For tests too. */
NODISCARD err_t table_write(struct arena *a, const struct table_plan *plan, const float *vectors,
                            size_t width, struct str *ret);

#endif

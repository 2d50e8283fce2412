/* Counts become a table (table_make.h). */
#include "search/vectors/table_make.h"

#include "base/crypto.h"
#include "search/vectors/table_file.h"

enum {
    BUFFER_PAIRS = 4000000,
    PAIRS_MAX = 12000000,
    MAKE_BYTES_MAX = 1 << 30,
};

err_t table_counts_new(struct arena *counts, struct cooccurrence *ret)
{
    return cooccurrence_init(ret, counts, BUFFER_PAIRS, PAIRS_MAX);
}

/* Of what the vectors are computed from, and by which version. */
static struct search_table_id id_of(const struct table_plan *plan, const struct cooccurrence *c)
{
    uint32_t head[] = { TABLE_VERSION, plan->kind, plan->dims, (uint32_t)plan->rows };
    struct sha256_ctx sum;
    struct search_table_id id;
    sha256_init(&sum);
    sha256_add(&sum, str_of((const char *)head, sizeof head));
    for (size_t i = 0; i < plan->rows; i++)
        sha256_add(&sum, str_of(plan->words[i].s, plan->words[i].n));
    sha256_add(&sum, str_of((const char *)plan->shares, plan->rows * sizeof *plan->shares));
    sha256_add(&sum, str_of((const char *)c->pairs, c->count * sizeof *c->pairs));
    struct sha256 h = sha256_end(&sum);
    memcpy(id.b, h.b, sizeof id.b);
    return id;
}

/* With a direction for every word all words would be equally far from each other: fewer for a small vocabulary. */
static uint32_t dims_for(const struct table_plan *plan)
{
    enum { DIMS_MIN = 16, ROWS_A_DIM = 8 };
    uint32_t most = (uint32_t)(plan->rows / ROWS_A_DIM);
    most = most < DIMS_MIN ? DIMS_MIN : most;
    return plan->dims < most ? plan->dims : most;
}

err_t table_make(struct arena *a, struct table_plan *plan, struct cooccurrence *c,
                 struct arena *counts, const struct search_check *check, struct str *ret)
{
    CLEANUP(arena_free) struct arena work;
    arena_init(&work, MAKE_BYTES_MAX);
    struct sparse m, transposed;
    struct dense vectors;
    double values[SEARCH_TABLE_DIMS_MAX];
    cooccurrence_end(c);
    plan->dims = dims_for(plan);
    plan->id = id_of(plan, c);
    TRY(search_check(check));
    TRY(ppmi(&work, c, plan->rows, &m, &transposed));
    arena_free(counts);
    TRY(randomised_svd(&work, &m, &transposed, plan->dims, check, &vectors, values));
    /* The singular vectors as they are: times their values, or the roots of these, a few directions rule, and what is asked is
     * found less often (Levy, Goldberg, Dagan 2015, "eigenvalue weighting"; measured in decision 0020). */
    return table_write(a, plan, vectors.at, vectors.cols, ret);
}

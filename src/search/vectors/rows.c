/* Which words get a row of a table, and which row (table_make.h). */
#include <stdlib.h>

#include "base/map.h"
#include "search/vectors/table_make.h"

struct vocabulary {
    struct arena *arena;
    struct map ids; /* stem -> its id + 1, as a pointer */
};

err_t vocabulary_new(struct arena *a, struct vocabulary **ret)
{
    struct vocabulary *v = ARENA_NEW(a, struct vocabulary);
    if (!v)
        return arena_err(a);
    v->arena = a;
    map_init(&v->ids, a);
    *ret = v;
    return OK;
}

err_t vocabulary_id(struct vocabulary *v, struct str stem, uint32_t *ret)
{
    uintptr_t known = (uintptr_t)map_get(&v->ids, stem);
    if (!known) {
        struct str kept = str_dup(v->arena, stem);
        TRY(arena_err(v->arena));
        known = v->ids.count + 1;
        TRY(map_put(&v->ids, kept, (void *)known));
    }
    *ret = (uint32_t)(known - 1);
    return OK;
}

size_t vocabulary_size(const struct vocabulary *v)
{
    return v->ids.count;
}

struct str vocabulary_stem(const struct vocabulary *v, uint32_t id)
{
    return v->ids.entries[id].key;
}

/* --- the heaviest ------------------------------------------------------------------------------------ */

static int heavier_first(const void *x, const void *y)
{
    const struct word_count *a = x, *b = y;
    if (a->weight != b->weight)
        return a->weight > b->weight ? -1 : 1;
    return a->id < b->id ? -1 : a->id > b->id;
}

static int by_id(const void *x, const void *y)
{
    const struct word_count *a = x, *b = y;
    return a->id < b->id ? -1 : a->id > b->id;
}

size_t word_counts_keep(struct word_count *w, size_t count, size_t most, double least)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (w[i].weight >= least)
            w[n++] = w[i];
    qsort(w, n, sizeof *w, heavier_first);
    if (n > most)
        n = most;
    qsort(w, n, sizeof *w, by_id);
    return n;
}

/* --- by their stems ---------------------------------------------------------------------------------- */

struct named {
    struct str stem;
    struct word_count count;
};

static int by_stem(const void *x, const void *y)
{
    const struct named *a = x, *b = y;
    int order = str_cmp(a->stem, b->stem);
    return order ? order : by_id(&a->count, &b->count);
}

err_t rows_plan(struct arena *a, struct word_count *kept, struct str *stems, size_t count,
                double all, const double *functions, int32_t *row_of, struct table_plan *plan)
{
    assert(count >= 1 && count <= SEARCH_TABLE_ROWS_MAX && all > 0);
    struct named *named = ARENA_ARRAY(a, struct named, count);
    plan->words = ARENA_ARRAY(a, struct str, count);
    plan->shares = ARENA_ARRAY(a, float, count);
    TRY(arena_err(a));
    for (size_t i = 0; i < count; i++)
        named[i] = (struct named){ stems[i], kept[i] };
    qsort(named, count, sizeof *named, by_stem);
    size_t rows = 0;
    for (size_t i = 0; i < count; i++) {
        const struct named *w = &named[i];
        /* Two ids of one stem, or an empty one: nobody's word, but no reason to fail. */
        if (!w->stem.n || (rows && str_eq(plan->words[rows - 1], w->stem)))
            continue;
        plan->words[rows] = w->stem;
        bool function = functions && functions[w->count.id] > w->count.weight / 2;
        plan->shares[rows] = function ? 1 : (float)(w->count.weight / all);
        row_of[w->count.id] = (int32_t)rows++;
    }
    plan->rows = rows;
    return OK;
}

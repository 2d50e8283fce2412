/* Counting in bounded memory (table_make.h). */
#include "search/vectors/table_make.h"

/* Not zeroed, so that what is never reached costs no memory. */
static struct cooccurrence_pair *room_for(struct arena *a, size_t count)
{
    char *p = arena_bytes(a, count * sizeof(struct cooccurrence_pair) + 16);
    return p ? (void *)(((uintptr_t)p + 15) & ~(uintptr_t)15) : NULL;
}

err_t cooccurrence_init(struct cooccurrence *c, struct arena *a, size_t buffer_max,
                        size_t pairs_max)
{
    assert(buffer_max >= 2 * COOCCURRENCE_WINDOW && pairs_max);
    *c = (struct cooccurrence){ .buffer_max = buffer_max,
                                .pairs_max = pairs_max,
                                .lightest = 0.25F };
    c->buffer = room_for(a, buffer_max);
    c->spare = room_for(a, buffer_max);
    c->pairs = room_for(a, pairs_max);
    c->merged = room_for(a, pairs_max);
    return arena_err(a);
}

/* By key; equal keys stay in the order in which they came, so that their sum is the same each time. */
static void sort_buffer(struct cooccurrence *c)
{
    enum { BITS = 11, BUCKETS = 1 << BITS, PASSES = 3 };
    for (int pass = 0; pass < PASSES; pass++) {
        size_t starts[BUCKETS] = { 0 }, at = 0;
        int shift = pass * BITS;
        for (size_t i = 0; i < c->buffered; i++)
            starts[c->buffer[i].key >> shift & (BUCKETS - 1)]++;
        for (size_t b = 0; b < BUCKETS; b++) {
            size_t n = starts[b];
            starts[b] = at;
            at += n;
        }
        for (size_t i = 0; i < c->buffered; i++)
            c->spare[starts[c->buffer[i].key >> shift & (BUCKETS - 1)]++] = c->buffer[i];
        struct cooccurrence_pair *swap = c->buffer;
        c->buffer = c->spare;
        c->spare = swap;
    }
}

/* Equal keys that stand together become one. */
static size_t sum_equal(struct cooccurrence_pair *p, size_t count)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (n && p[n - 1].key == p[i].key)
            p[n - 1].weight += p[i].weight;
        else
            p[n++] = p[i];
    return n;
}

static size_t drop_lighter(struct cooccurrence_pair *p, size_t count, float least)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        if (p[i].weight >= least)
            p[n++] = p[i];
    return n;
}

/* So many of the two lists, both sorted, that they fit. */
static void make_room(struct cooccurrence *c)
{
    while (c->count + c->buffered > c->pairs_max) {
        c->count = drop_lighter(c->pairs, c->count, c->lightest);
        if (c->count + c->buffered > c->pairs_max)
            c->buffered = drop_lighter(c->buffer, c->buffered, c->lightest);
        if (c->count + c->buffered > c->pairs_max)
            c->lightest *= 2;
    }
}

static void merge(struct cooccurrence *c)
{
    sort_buffer(c);
    c->buffered = sum_equal(c->buffer, c->buffered);
    make_room(c);
    size_t i = 0, j = 0, n = 0;
    while (i < c->count || j < c->buffered) {
        bool old = j == c->buffered || (i < c->count && c->pairs[i].key <= c->buffer[j].key);
        struct cooccurrence_pair p = old ? c->pairs[i++] : c->buffer[j++];
        if (old && j < c->buffered && c->buffer[j].key == p.key)
            p.weight += c->buffer[j++].weight;
        c->merged[n++] = p;
    }
    struct cooccurrence_pair *swap = c->pairs;
    c->pairs = c->merged;
    c->merged = swap;
    c->count = n;
    c->buffered = 0;
}

void cooccurrence_add_pair(struct cooccurrence *c, uint32_t x, uint32_t y, float weight)
{
    assert(x < SEARCH_TABLE_ROWS_MAX && y < SEARCH_TABLE_ROWS_MAX);
    if (c->buffered == c->buffer_max)
        merge(c);
    uint32_t key = x < y ? x << 16 | y : y << 16 | x;
    c->buffer[c->buffered++] = (struct cooccurrence_pair){ key, weight };
}

void cooccurrence_add(struct cooccurrence *c, const int32_t *rows, size_t count)
{
    static const float WEIGHTS[COOCCURRENCE_WINDOW + 1] = {
        0, 1, 1.F / 2, 1.F / 3, 1.F / 4, 1.F / 5
    };
    for (size_t i = 0; i < count; i++) {
        size_t last = count - i <= COOCCURRENCE_WINDOW ? count - i - 1 : COOCCURRENCE_WINDOW;
        for (size_t d = 1; d <= last && rows[i] >= 0; d++)
            if (rows[i + d] >= 0)
                cooccurrence_add_pair(c, (uint32_t)rows[i], (uint32_t)rows[i + d], WEIGHTS[d]);
    }
}

void cooccurrence_end(struct cooccurrence *c)
{
    merge(c);
}

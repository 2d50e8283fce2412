/* A query's words in the numbers of an owner, and what they weigh. */
#include <math.h>

#include "search/ranking/ranking.h"

double rank_idf(int64_t documents, int64_t df)
{
    double n = (double)(documents > df ? documents : df), d = (double)df;
    return log1p((n - d + 0.5) / (d + 0.5));
}

/* --- numbers to words ---------------------------------------------------------------------------- */

static size_t slot_of(const struct rank_source *s, uint32_t key)
{
    size_t at = (key * UINT32_C(2654435761)) & (s->room - 1); /* as the index's tallies */
    while (s->keys[at] && s->keys[at] != key)
        at = (at + 1) & (s->room - 1);
    return at;
}

err_t rank_source_ready(struct arena *a, const struct rank_query *q, struct rank_source *s)
{
    size_t count = 0;
    for (size_t i = 0; i < q->word_count; i++)
        count += s->words[i].count;
    for (s->room = 16; s->room < 4 * count;)
        s->room *= 2;
    s->keys = ARENA_ARRAY(a, uint32_t, s->room);
    s->masks = ARENA_ARRAY(a, uint64_t, s->room);
    if (!s->keys || !s->masks)
        return arena_err(a);
    for (size_t i = 0; i < q->word_count; i++)
        for (size_t k = 0; k < s->words[i].count; k++) {
            size_t at = slot_of(s, s->words[i].words[k]);
            s->keys[at] = s->words[i].words[k];
            s->masks[at] |= UINT64_C(1) << i;
        }
    return OK;
}

/* --- what ranks ------------------------------------------------------------------------------------ */

/* Function words and question words are weighed to nothing while others are left, in full when none is. */
static void choose_ranked(struct rank_query *q)
{
    for (int most = SEARCH_WORD_CONTENT; most <= SEARCH_WORD_STOP; most++) {
        q->ranked = 0;
        for (size_t i = 0; i < q->word_count; i++)
            if (q->words[i].ranked && (int)q->words[i].class <= most)
                q->ranked |= UINT64_C(1) << i;
        if (q->ranked)
            return;
    }
}

/* Neighbours among the words that rank: what was cut from between them does not part them. */
static void find_pairs(struct rank_query *q)
{
    size_t last = SIZE_MAX;
    q->pair_count = 0;
    for (size_t t = 0; t < q->query->count; t++) {
        const struct search_term *term = &q->query->terms[t];
        size_t w = q->word_of[t];
        if (!term->plain || !term->follows)
            last = SIZE_MAX; /* a phrase or a filter stands between */
        if (w == SIZE_MAX || !(q->ranked >> w & 1) || term->beside)
            continue;
        if (last != SIZE_MAX && last != w && q->pair_count < SEARCH_WORDS_MAX)
            q->pairs[q->pair_count++] = (struct rank_pair){ (uint8_t)last, (uint8_t)w };
        last = w;
    }
}

void rank_query_ready(struct rank_query *q)
{
    choose_ranked(q);
    for (size_t i = 0; i < q->word_count; i++)
        q->words[i].idf = rank_idf(q->statistics.documents, q->words[i].df);
    find_pairs(q);
}

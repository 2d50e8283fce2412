/* Words that are like the query's: for each word of the query its idf times the best of 1 where it stands, and 0.8 x clip((cos - 0.3) / 0.7)
 * of the nearest word of the message; the sum over 0.25 + 0.75 sqrt(n / average n) (research/retrieval.md section 2). */
#include <math.h>

#include "search/ranking/ranking.h"

static const double LIKE = 0.8, COSINE_MIN = 0.3, COSINE_RANGE = 0.7, LENGTH_MIN = 0.25,
                    LENGTH_PART = 0.75;

struct vocabulary {         /* the different words of all candidates that are in the space */
    struct search_tally at; /* number -> place in `rows` + 1; -1: not in the space */
    struct search_word_rows *rows;
    size_t count, room;
};

static err_t add_word(struct arena *a, struct vocabulary *v, uint32_t word,
                      struct search_word_rows rows)
{
    if (!search_word_in_space(&rows))
        return search_tally_add(&v->at, word, -1);
    if (v->count == v->room) {
        size_t room = v->room ? v->room * 2 : 1024;
        struct search_word_rows *list = ARENA_ARRAY(a, struct search_word_rows, room);
        if (!list)
            return arena_err(a);
        if (v->count)
            memcpy(list, v->rows, v->count * sizeof *list);
        v->rows = list;
        v->room = room;
    }
    v->rows[v->count++] = rows;
    return search_tally_add(&v->at, word, (int64_t)v->count);
}

static err_t collect(struct arena *a, struct vocabulary *v, const struct rank_source *source,
                     struct search_word_rows (*rows_of)(void *context, uint32_t word),
                     void *context, const struct rank_candidate *list, size_t count)
{
    search_tally_init(&v->at, a);
    for (size_t i = 0; i < count; i++) {
        struct search_walk walk = search_walk(list[i].row->words);
        struct search_word_at at;
        if (list[i].source != source)
            continue;
        while (search_walk_next(&walk, &at))
            if (at.word && !search_tally_get(&v->at, at.word))
                TRY(add_word(a, v, at.word, rows_of(context, at.word)));
    }
    return OK;
}

static double clipped(float cosine)
{
    double is = ((double)cosine - COSINE_MIN) / COSINE_RANGE;
    return is < 0 ? 0 : is > 1 ? LIKE : LIKE * is;
}

struct wanted { /* words of the query, in the space */
    struct search_word_rows rows[SEARCH_WORDS_MAX];
    size_t word[SEARCH_WORDS_MAX];
    size_t count;
};

/* Of each place in the vocabulary: is anything there like any of them? Most are not. */
static err_t near_any(struct arena *a, const float *similar, size_t words, size_t count, bool **ret)
{
    bool *near = ARENA_ARRAY(a, bool, count + 1);
    if (!near)
        return arena_err(a);
    for (size_t w = 0; w < words; w++)
        for (size_t k = 0; k < count; k++)
            near[k] |= similar[w * count + k] > COSINE_MIN;
    *ret = near;
    return OK;
}

static void measure(const struct rank_query *q, const struct vocabulary *v, const struct wanted *w,
                    const float *similar, const bool *near, struct rank_candidate *c)
{
    double best[SEARCH_WORDS_MAX] = { 0 }, sum = 0, most = 0;
    uint32_t like[SEARCH_WORDS_MAX] = { 0 };
    struct search_walk walk = search_walk(c->row->words);
    struct search_word_at at;
    while (search_walk_next(&walk, &at)) {
        int64_t place = search_tally_get(&v->at, at.word) - 1;
        if (place < 0 || !near[place])
            continue;
        for (size_t i = 0; i < w->count; i++) {
            double is =
                clipped(similar[i * v->count + (size_t)place]) * (at.aside ? RANK_ASIDE : 1);
            if (is > best[i]) {
                best[i] = is;
                like[i] = at.word;
            }
        }
    }
    for (size_t i = 0; i < w->count; i++) {
        size_t word = w->word[i];
        double part = q->words[word].idf * best[i];
        if ((c->words >> word & 1) || part <= most)
            continue;
        most = part;
        c->like = like[i];
        c->like_of = word;
    }
    for (size_t i = 0, k = 0; i < q->word_count; i++) {
        bool known = k < w->count && w->word[k] == i;
        double like_it = known ? best[k] : 0, stands = 0;
        if (c->words >> i & 1)
            stands = c->said >> i & 1 ? 1 : RANK_ASIDE;
        double is = stands > like_it ? stands : like_it;
        k += known;
        if (q->ranked >> i & 1)
            sum += q->words[i].idf * is;
    }
    double average = q->statistics.documents > 0
                         ? (double)q->statistics.words / (double)q->statistics.documents
                         : 0;
    double part = average > 0 ? (double)c->row->length / average : 1;
    c->soft = sum / (LENGTH_MIN + LENGTH_PART * sqrt(part));
}

err_t rank_soft(struct arena *scratch, const struct rank_query *q, const struct search_space *space,
                const struct rank_source *source,
                struct search_word_rows (*rows_of)(void *context, uint32_t word), void *context,
                struct rank_candidate *list, size_t count)
{
    struct vocabulary v = { .count = 0 };
    struct wanted w = { .count = 0 };
    bool *near;
    for (size_t i = 0; i < q->word_count; i++)
        if ((q->ranked >> i & 1) && search_word_in_space(&q->words[i].rows)) {
            w.rows[w.count] = q->words[i].rows;
            w.word[w.count++] = i;
        }
    TRY(collect(scratch, &v, source, rows_of, context, list, count));
    float *similar = ARENA_ARRAY(scratch, float, w.count *v.count + 1);
    if (!similar)
        return arena_err(scratch);
    if (w.count && v.count)
        search_space_similar(space, w.rows, w.count, v.rows, v.count, similar);
    TRY(near_any(scratch, similar, w.count, v.count, &near));
    for (size_t i = 0; i < count; i++)
        if (list[i].source == source)
            measure(q, &v, &w, similar, near, &list[i]);
    return OK;
}

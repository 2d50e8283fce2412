/* Words that are like the query's: for each word of the query its idf times the best of 1 where it stands, and 0.8 x clip((cos - 0.3) / 0.7)
 * of the nearest word of the message; the sum over 0.25 + 0.75 sqrt(n / average n) (research/retrieval.md section 2). */
#include <math.h>

#include "search/ranking/ranking.h"

static const double LIKE = 0.8, COSINE_MIN = 0.3, COSINE_RANGE = 0.7, LENGTH_MIN = 0.25,
                    LENGTH_PART = 0.75;

struct place {     /* of a word in the vocabulary */
    uint32_t word; /* 0: free */
    int32_t at;    /* in `rows`; -1: not in the space */
};
struct vocabulary {       /* the different words of all candidates that are in the space */
    struct place *places; /* a table by word's number */
    size_t place_count, place_room;
    struct search_word_rows *rows;
    uint32_t *words;     /* number of each */
    uint32_t *last_seen; /* the candidate that had it last + 1 */
    size_t count, room;
};
struct words_of { /* a candidate's different words that are in the space: a stretch of all */
    size_t from, count;
};
struct all_words {
    uint32_t *list; /* place << 1, and 1 where nobody said it */
    size_t count, room;
};
enum { WORDS_OF_ONE_MAX = 8000 }; /* of a longer text the first ones */

static err_t more_rows(struct arena *a, struct vocabulary *v)
{
    size_t room = v->room ? v->room * 2 : 1024;
    struct search_word_rows *rows = ARENA_ARRAY(a, struct search_word_rows, room);
    uint32_t *words = ARENA_ARRAY(a, uint32_t, room), *seen = ARENA_ARRAY(a, uint32_t, room);
    if (!rows || !words || !seen)
        return arena_err(a);
    if (v->count) {
        memcpy(rows, v->rows, v->count * sizeof *rows);
        memcpy(words, v->words, v->count * sizeof *words);
        memcpy(seen, v->last_seen, v->count * sizeof *seen);
    }
    v->rows = rows;
    v->words = words;
    v->last_seen = seen;
    v->room = room;
    return OK;
}

static struct place *place_of(const struct vocabulary *v, uint32_t word)
{
    size_t at = (word * UINT32_C(2654435761)) >> 7 & (v->place_room - 1);
    while (v->places[at].word && v->places[at].word != word)
        at = (at + 1) & (v->place_room - 1);
    return &v->places[at];
}

static err_t more_places(struct arena *a, struct vocabulary *v)
{
    struct vocabulary to = *v;
    to.place_room = v->place_room ? v->place_room * 2 : 4096;
    to.places = ARENA_ARRAY(a, struct place, to.place_room);
    if (!to.places)
        return arena_err(a);
    for (size_t i = 0; i < v->place_room; i++)
        if (v->places[i].word)
            *place_of(&to, v->places[i].word) = v->places[i];
    *v = to;
    return OK;
}

static err_t add_word(struct arena *a, struct vocabulary *v, uint32_t word,
                      struct search_word_rows rows, int32_t *ret)
{
    *ret = -1;
    if (search_word_in_space(&rows)) {
        if (v->count == v->room)
            TRY(more_rows(a, v));
        v->rows[v->count] = rows;
        v->words[v->count] = word;
        *ret = (int32_t)v->count++;
    }
    if (2 * ++v->place_count >= v->place_room)
        TRY(more_places(a, v));
    *place_of(v, word) = (struct place){ word, *ret };
    return OK;
}

struct source { /* whose words they are */
    const struct search_space *space;
    struct search_word_rows (*rows_of)(void *context, uint32_t word);
    void *context;
};

/* In the tables that the space has: another's own table is none of the reader's business. */
static struct search_word_rows rows_in(const struct search_space *space,
                                       struct search_word_rows rows)
{
    for (int k = 0; k < SEARCH_TABLE_KINDS; k++)
        if (!space->tables[k])
            rows.row[k] = -1;
    return rows;
}

static err_t keep_place(struct arena *a, struct all_words *all, uint32_t place)
{
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 16384;
        uint32_t *list = ARENA_ARRAY(a, uint32_t, room);
        if (!list)
            return arena_err(a);
        if (all->count)
            memcpy(list, all->list, all->count * sizeof *list);
        all->list = list;
        all->room = room;
    }
    all->list[all->count++] = place;
    return OK;
}

/* One candidate's, each once: the first time, which is where it was said if it was. */
static err_t collect_one(struct arena *a, struct vocabulary *v, const struct source *of,
                         const struct rank_candidate *c, uint32_t number, struct all_words *all,
                         struct words_of *ret)
{
    struct search_walk walk = search_walk(c->row->words);
    struct search_word_at at;
    ret->from = all->count;
    while (search_walk_next(&walk, &at) && all->count - ret->from < WORDS_OF_ONE_MAX) {
        if (!at.word)
            continue;
        const struct place *p = v->place_room ? place_of(v, at.word) : NULL;
        int32_t is = p && p->word ? p->at : -1;
        if (!p || !p->word)
            TRY(add_word(a, v, at.word, rows_in(of->space, of->rows_of(of->context, at.word)),
                         &is));
        if (is < 0 || v->last_seen[is] == number)
            continue;
        v->last_seen[is] = number;
        TRY(keep_place(a, all, (uint32_t)is << 1 | at.aside));
    }
    ret->count = all->count - ret->from;
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
                    const float *similar, const bool *near, const uint32_t *words, size_t count,
                    struct rank_candidate *c)
{
    double best[SEARCH_WORDS_MAX] = { 0 }, sum = 0, most = 0;
    uint32_t like[SEARCH_WORDS_MAX] = { 0 };
    for (size_t n = 0; n < count; n++) {
        size_t place = words[n] >> 1;
        bool aside = words[n] & 1;
        if (!near[place])
            continue;
        for (size_t i = 0; i < w->count; i++) {
            double is = clipped(similar[i * v->count + place]) * (aside ? RANK_ASIDE : 1);
            if (is > best[i]) {
                best[i] = is;
                like[i] = v->words[place];
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
    const struct source of = { space, rows_of, context };
    struct all_words all = { .list = ARENA_ARRAY(scratch, uint32_t, 1) };
    struct words_of *words = ARENA_ARRAY(scratch, struct words_of, count + 1);
    bool *near;
    if (!words || !all.list)
        return arena_err(scratch);
    for (size_t i = 0; i < q->word_count; i++) {
        struct search_word_rows rows = rows_in(space, q->words[i].rows);
        if ((q->ranked >> i & 1) && search_word_in_space(&rows)) {
            w.rows[w.count] = rows;
            w.word[w.count++] = i;
        }
    }
    for (size_t i = 0; i < count; i++)
        if (list[i].source == source)
            TRY(collect_one(scratch, &v, &of, &list[i], (uint32_t)i + 1, &all, &words[i]));
    float *similar = ARENA_ARRAY(scratch, float, w.count *v.count + 1);
    if (!similar)
        return arena_err(scratch);
    if (w.count && v.count)
        search_space_similar(space, w.rows, w.count, v.rows, v.count, similar);
    TRY(near_any(scratch, similar, w.count, v.count, &near));
    for (size_t i = 0; i < count; i++)
        if (list[i].source == source)
            measure(q, &v, &w, similar, near, all.list + words[i].from, words[i].count, &list[i]);
    return OK;
}

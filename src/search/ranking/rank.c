/* All candidates of a query: what makes them comparable, the score, the order. Sums run in one order, so that a score has the same bits
 * on every run. */
#include <math.h>
#include <stdlib.h>

#include "search/ranking/ranking.h"

enum { DAY_MS = 24 * 3600 * 1000 };

/* --- orders ------------------------------------------------------------------------------------------ */

static int compare_i64(int64_t x, int64_t y)
{
    return x < y ? -1 : x > y;
}

static int by_place(const void *x, const void *y)
{
    const struct search_row *a = ((const struct rank_candidate *)x)->row,
                            *b = ((const struct rank_candidate *)y)->row;
    int c = uuid_cmp(a->owner_id, b->owner_id);
    if (!c)
        c = uuid_cmp(a->parent_id, b->parent_id);
    if (!c)
        c = compare_i64(a->place, b->place);
    return c ? c : compare_i64(a->doc, b->doc);
}

void rank_in_places(struct rank_candidate *list, size_t count)
{
    if (count)
        qsort(list, count, sizeof *list, by_place);
}

static int64_t created_of(const struct search_row *r)
{
    return r->created_ms == TIME_NONE ? 0 : r->created_ms;
}

static int by_score(const void *x, const void *y)
{
    const struct rank_candidate *a = x, *b = y;
    if (a->score != b->score)
        return a->score > b->score ? -1 : 1;
    int c = compare_i64(created_of(b->row), created_of(a->row));
    return c ? c : uuid_cmp(b->row->id, a->row->id);
}

/* --- features ------------------------------------------------------------------------------------------ */

/* The one `step` places away in the same session, if it is among them. */
static const struct rank_candidate *beside(const struct rank_candidate *list, size_t count,
                                           size_t at, int64_t step)
{
    const struct search_row *row = list[at].row;
    size_t distance = (size_t)(step < 0 ? -step : step);
    if (uuid_is_nil(row->parent_id) || (step < 0 && at < distance))
        return NULL;
    /* They stand in order, so it is at most as many entries away. */
    for (size_t k = 1; k <= distance; k++) {
        size_t other = step < 0 ? at - k : at + k;
        if (other >= count)
            return NULL;
        const struct search_row *is = list[other].row;
        if (!uuid_eq(is->owner_id, row->owner_id) || !uuid_eq(is->parent_id, row->parent_id))
            return NULL;
        if (is->place == row->place + step)
            return is->session == row->session ? &list[other] : NULL;
    }
    return NULL;
}

static double bm_beside(const struct rank_candidate *list, size_t count, size_t at, int64_t step)
{
    const struct rank_candidate *c = beside(list, count, at, step);
    return c ? c->features[RANK_BM] : 0;
}

/* idf of the words that stand there, of that of all that stand somewhere. */
static double coverage(const struct rank_query *q, const struct rank_candidate *c)
{
    double is = 0, all = 0;
    for (size_t i = 0; i < q->word_count; i++) {
        if (!(q->ranked >> i & 1) || !q->words[i].known)
            continue;
        all += q->words[i].idf;
        if (c->words >> i & 1)
            is += q->words[i].idf * (c->said >> i & 1 ? 1 : RANK_ASIDE);
    }
    return all > 0 ? is / all : 0;
}

double rank_date(const struct search_date *d, int64_t said_ms)
{
    enum {
        AFTER_DAYS = 6,
        FALL_DAYS = 21
    }; /* a day counts for seven, a month for its own and six more */
    if (said_ms == TIME_NONE)
        return 0;
    struct search_date near = search_date_nearest(d, said_ms);
    int64_t end_ms = near.to_ms + (int64_t)AFTER_DAYS * DAY_MS;
    int64_t away_ms = said_ms < near.from_ms ? near.from_ms - said_ms
                      : said_ms >= end_ms    ? said_ms - end_ms
                                             : 0;
    double fall = 1 - (double)away_ms / ((double)FALL_DAYS * DAY_MS);
    return fall > 0 ? fall : 0;
}

static double best_date(const struct rank_query *q, int64_t said_ms)
{
    double best = 0;
    for (size_t i = 0; i < q->date_count; i++) {
        double is = rank_date(&q->dates[i], said_ms);
        best = is > best ? is : best;
    }
    return best;
}

static bool somebody_is_named(const struct rank_query *q, const struct rank_candidate *list,
                              size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (rank_names(q->query, list[i].row->author))
            return true;
    return false;
}

/* For who is said to be named; else by the role. */
static double about(const struct rank_query *q, const struct search_row *row, bool named)
{
    struct str role = search_meta_get(row->meta, SEARCH_META_ROLE);
    if (named)
        return rank_names(q->query, row->author);
    if (q->speaker == RANK_ASKER)
        return str_eq(role, S("user"));
    return q->speaker == RANK_ANSWERER && str_eq(role, S("assistant")) ? RANK_ANSWERS : 0;
}

static void set_about(const struct rank_query *q, struct rank_candidate *list, size_t count)
{
    bool named = somebody_is_named(q, list, count);
    for (size_t i = 0; i < count; i++)
        list[i].features[RANK_ABOUT] = about(q, list[i].row, named);
}

/* z-scores of the cosines, a quarter of each; how few words a message has takes off from its own (`sem`), not from what it lends its
 * neighbours (`semnb`). */
static double similar_of(const struct rank_candidate *c, double mean, double deviation)
{
    return c && c->has_vector && deviation > 0 ? (c->cosine - mean) / deviation / 4 : 0;
}

static void set_similar(struct rank_candidate *list, size_t count)
{
    const double SHRINK_WORDS = 8;
    double sum = 0, squares = 0, n = 0, best = 0;
    for (size_t i = 0; i < count; i++) {
        best = list[i].soft > best ? list[i].soft : best;
        sum += list[i].has_vector ? list[i].cosine : 0;
        n += list[i].has_vector;
    }
    double mean = n > 0 ? sum / n : 0;
    for (size_t i = 0; i < count; i++)
        squares += list[i].has_vector ? (list[i].cosine - mean) * (list[i].cosine - mean) : 0;
    double deviation = n > 0 ? sqrt(squares / n) : 0;
    for (size_t i = 0; i < count; i++) {
        double words = (double)list[i].row->length;
        list[i].features[RANK_SEM] =
            similar_of(&list[i], mean, deviation) * words / (words + SHRINK_WORDS);
        list[i].features[RANK_SEMNB] = similar_of(beside(list, count, i, -1), mean, deviation) +
                                       similar_of(beside(list, count, i, 1), mean, deviation);
        list[i].features[RANK_SOFT] = best > 0 ? list[i].soft / best : 0;
    }
}

static void set_own(const struct rank_query *q, struct rank_candidate *list, size_t count)
{
    double bm = 0, sess = 0;
    for (size_t i = 0; i < count; i++) {
        bm = list[i].bm > bm ? list[i].bm : bm;
        sess = list[i].sess > sess ? list[i].sess : sess;
    }
    for (size_t i = 0; i < count; i++) {
        struct rank_candidate *c = &list[i];
        c->features[RANK_BM] = bm > 0 ? c->bm / bm : 0;
        c->features[RANK_SESS] = sess > 0 ? c->sess / sess : 0;
        c->features[RANK_COV] = coverage(q, c);
        c->features[RANK_DATE] = best_date(q, c->row->said_ms);
    }
}

void rank_all(const struct rank_query *q, struct rank_candidate *list, size_t count)
{
    set_own(q, list, count);
    set_about(q, list, count);
    set_similar(list, count);
    for (size_t i = 0; i < count; i++) {
        struct rank_candidate *c = &list[i];
        c->features[RANK_NB1] = bm_beside(list, count, i, -1) + bm_beside(list, count, i, 1);
        c->features[RANK_NB2] = bm_beside(list, count, i, -2) + bm_beside(list, count, i, 2);
        c->score = 0;
        for (int f = 0; f < RANK_FEATURES; f++)
            c->score += RANK_WEIGHTS[q->column][f] * c->features[f];
    }
    if (count)
        qsort(list, count, sizeof *list, by_score);
}

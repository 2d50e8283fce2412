/* One document: which words of the query stand there, how often and how near to each other, and whether it meets the conditions. */
#include "search/ranking/ranking.h"

struct reading { /* a document's words, as far as the query asks for them */
    const struct rank_query *q;
    struct rank_candidate *c;
    double counts[SEARCH_WORDS_MAX]; /* what stands aside counts less */
    int64_t last[SEARCH_WORDS_MAX];  /* where each stood last; negative: nowhere yet */
    uint64_t near, near_aside;       /* pairs that stand adjacent or one apart */
    struct search_word_at *running;  /* kept where the query has phrases */
    size_t count, room;
    struct arena *scratch;
};

/* --- words ------------------------------------------------------------------------------------------ */

static uint64_t mask_of(const struct rank_source *s, uint32_t word)
{
    size_t at = (word * UINT32_C(2654435761)) & (s->room - 1);
    for (; s->keys[at]; at = (at + 1) & (s->room - 1))
        if (s->keys[at] == word)
            return s->masks[at];
    return 0;
}

static void see_pairs(struct reading *r, size_t word, int64_t at, uint64_t *near)
{
    enum { APART_MAX = 2 };
    for (size_t i = 0; i < r->q->pair_count; i++) {
        const struct rank_pair *p = &r->q->pairs[i];
        size_t other = p->first == word ? p->second : p->second == word ? p->first : SIZE_MAX;
        if (other != SIZE_MAX && r->last[other] >= 0 && at > r->last[other] &&
            at - r->last[other] <= APART_MAX)
            *near |= UINT64_C(1) << i;
    }
}

static void see(struct reading *r, uint64_t mask, int64_t at, bool aside)
{
    r->c->words |= mask;
    r->c->said |= aside ? 0 : mask;
    for (; mask; mask &= mask - 1) {
        size_t word = (size_t)__builtin_ctzll(mask);
        r->counts[word] += aside ? RANK_ASIDE : 1;
        see_pairs(r, word, at, aside ? &r->near_aside : &r->near);
        r->last[word] = at;
    }
}

static err_t keep(struct reading *r, struct search_word_at at)
{
    if (r->count == r->room) {
        size_t room = r->room ? r->room * 2 : 512;
        struct search_word_at *running = ARENA_ARRAY(r->scratch, struct search_word_at, room);
        if (!running)
            return arena_err(r->scratch);
        if (r->count)
            memcpy(running, r->running, r->count * sizeof *running);
        r->running = running;
        r->room = room;
    }
    r->running[r->count++] = at;
    return OK;
}

static bool has_phrases(const struct search_query *q)
{
    for (size_t i = 0; i < q->count; i++)
        if (q->terms[i].phrase)
            return true;
    return false;
}

static err_t read_words(struct reading *r)
{
    struct search_walk walk = search_walk(r->c->row->words);
    struct search_word_at at;
    int64_t place = 0;
    bool phrases = has_phrases(r->q->query);
    while (search_walk_next(&walk, &at)) {
        uint64_t mask = mask_of(r->c->source, at.word);
        if (mask)
            see(r, mask, place, at.aside);
        if (at.beside)
            continue; /* it stands where the next one does */
        place++;
        if (phrases)
            TRY(keep(r, at));
    }
    return walk.damaged ? err_note(E_CORRUPT, NULL, "the words of a text in the index are damaged")
                        : OK;
}

/* --- conditions --------------------------------------------------------------------------------------- */

static bool phrase_at(const struct reading *r, const struct rank_phrase *p, size_t from)
{
    for (size_t i = 0; i < p->count; i++) {
        const struct search_word_at *at = &r->running[from + i];
        bool is = false;
        for (size_t k = 0; k < p->tokens[i].count && !is; k++)
            is = p->tokens[i].any[k].word == at->word && p->tokens[i].any[k].form == at->form;
        if (!is)
            return false;
    }
    return true;
}

static bool has_term(const struct reading *r, size_t term)
{
    const struct search_term *t = &r->q->query->terms[term];
    if (!t->phrase) {
        size_t w = r->q->word_of[term];
        return w == SIZE_MAX ||
               (r->c->words >> w & 1); /* more words than are looked at: let it pass */
    }
    const struct rank_phrase *p = &r->c->source->phrases[term];
    for (size_t from = 0; from + p->count <= r->count; from++)
        if (phrase_at(r, p, from))
            return true;
    return false;
}

static bool meets(const struct reading *r, const struct search_node *n)
{
    switch (n->kind) {
    case SEARCH_NODE_TERM:
        return has_term(r, n->term);
    case SEARCH_NODE_NOT:
        return !meets(r, n->parts);
    case SEARCH_NODE_ALL:
        for (const struct search_node *part = n->parts; part; part = part->next)
            if (!meets(r, part))
                return false;
        return true;
    case SEARCH_NODE_ANY:
        for (const struct search_node *part = n->parts; part; part = part->next)
            if (meets(r, part))
                return true;
        return false;
    }
    return false;
}

/* --- the measure ---------------------------------------------------------------------------------------- */

double rank_bm25(const struct rank_query *q, const double *counts, int64_t length,
                 double average_length)
{
    double sum = 0, part = average_length > 0 ? (double)length / average_length : 1;
    double norm = RANK_K1 * (1 - RANK_B + RANK_B * part);
    for (size_t i = 0; i < q->word_count; i++)
        if (counts[i] > 0 && (q->ranked >> i & 1))
            sum += q->words[i].idf * counts[i] * (RANK_K1 + 1) / (counts[i] + norm);
    return sum;
}

static double average(int64_t sum, int64_t count)
{
    return count > 0 ? (double)sum / (double)count : 0;
}

double rank_average_length(const struct rank_query *q)
{
    return average(q->statistics.words, q->statistics.documents);
}

err_t rank_measure(struct arena *scratch, const struct rank_query *q, struct rank_candidate *c)
{
    enum { PAIRS_MAX = 3 };
    struct reading r = { .q = q, .c = c, .scratch = scratch };
    for (size_t i = 0; i < SEARCH_WORDS_MAX; i++)
        r.last[i] = -1;
    c->words = c->said = 0;
    TRY(read_words(&r));
    c->fits = meets(&r, q->query->need);
    c->bm = rank_bm25(q, r.counts, c->row->length, rank_average_length(q));
    double near =
        __builtin_popcountll(r.near) + RANK_ASIDE * __builtin_popcountll(r.near_aside & ~r.near);
    c->features[RANK_BI] = (near < PAIRS_MAX ? near : PAIRS_MAX) / PAIRS_MAX;
    return OK;
}

err_t rank_session(const struct rank_query *q, const struct rank_source *s,
                   const struct search_session *session, double *ret)
{
    double counts[SEARCH_WORDS_MAX] = { 0 };
    struct search_shares walk = search_shares(session->words);
    struct search_share share;
    while (search_shares_next(&walk, &share))
        for (uint64_t mask = mask_of(s, share.word); mask; mask &= mask - 1)
            counts[__builtin_ctzll(mask)] += share.count;
    if (walk.damaged)
        return err_note(E_CORRUPT, NULL, "the words of a session in the index are damaged");
    *ret = rank_bm25(q, counts, session->length,
                     average(q->statistics.session_words, q->statistics.sessions));
    return OK;
}

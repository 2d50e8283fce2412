/* What may answer: the best that each source's index knows, with two neighbours of each on both sides, measured from their forward rows
 * and ranked. A conversation that is asked for alone is measured whole. */
#include <stdlib.h>

#include "search/inside.h"

enum {
    NEIGHBOURS = 2,
    GROUPED_FETCHED = 400, /* chosen from, so that one conversation does not take all places */
    GROUPED_OF_ONE_MAX = 5,
    SIFTED_FETCHED = 4000, /* where the index cannot say all that is asked for */
    ROWS_MAX = 20000,
};

/* --- what is asked for ----------------------------------------------------------------------------- */

static struct search_wanted wanted_of(const struct search_run *r, size_t source, size_t word)
{
    const struct rank_numbers *n = &r->ranked[source].words[word];
    return (struct search_wanted){ n->words, n->count, r->rank.words[word].idf };
}

/* Rare words drive: a word that most documents have chooses none of them, and is left to the ranking. */
static size_t drive(const struct search_run *r, size_t source, struct search_wanted *any)
{
    uint64_t left = r->rank.ranked;
    int64_t sum = 0, most = r->space ? SEARCH_DRIVE_SIMILAR_MAX : SEARCH_DRIVE_MAX;
    size_t count = 0;
    while (left) {
        size_t rarest = SIZE_MAX;
        for (uint64_t m = left; m; m &= m - 1) {
            size_t w = (size_t)__builtin_ctzll(m);
            if (rarest == SIZE_MAX || r->rank.words[w].df < r->rank.words[rarest].df)
                rarest = w;
        }
        left &= ~(UINT64_C(1) << rarest);
        struct search_wanted w = wanted_of(r, source, rarest);
        if (!w.count)
            continue;
        sum += r->rank.words[rarest].df;
        if (count && sum > most)
            break;
        any[count++] = w;
    }
    return count;
}

static size_t all_words(const struct search_run *r, size_t source, struct search_wanted *any)
{
    size_t count = 0;
    for (uint64_t m = r->rank.ranked; m; m &= m - 1)
        any[count++] = wanted_of(r, source, (size_t)__builtin_ctzll(m));
    return count;
}

static size_t parts_of(const struct search_node *n)
{
    size_t count = 0;
    for (const struct search_node *part = n->parts; part; part = part->next)
        count++;
    return count;
}

/* A phrase: all its words must be there; where, the measure says. */
static err_t need_of_phrase(const struct search_run *r, size_t source, size_t term,
                            struct search_need *ret)
{
    const struct rank_phrase *p = &r->ranked[source].phrases[term];
    struct search_need *parts = ARENA_ARRAY(r->a, struct search_need, p->count + 1);
    if (!parts)
        return arena_err(r->a);
    for (size_t i = 0; i < p->count; i++) {
        uint32_t *words = ARENA_ARRAY(r->a, uint32_t, p->tokens[i].count + 1);
        if (!words)
            return arena_err(r->a);
        for (size_t k = 0; k < p->tokens[i].count; k++)
            words[k] = p->tokens[i].any[k].word;
        parts[i] = (struct search_need){ .kind = SEARCH_NEED_WORD,
                                         .word = { words, p->tokens[i].count, 1 } };
    }
    *ret = (struct search_need){ .kind = SEARCH_NEED_ALL, .parts = parts, .count = p->count };
    return OK;
}

static err_t need_of(const struct search_run *r, size_t source, const struct search_node *n,
                     struct search_need *ret)
{
    static const enum search_need_kind KINDS[] = { [SEARCH_NODE_ALL] = SEARCH_NEED_ALL,
                                                   [SEARCH_NODE_ANY] = SEARCH_NEED_ANY,
                                                   [SEARCH_NODE_NOT] = SEARCH_NEED_NOT };
    if (n->kind == SEARCH_NODE_TERM && r->query.terms[n->term].phrase)
        return need_of_phrase(r, source, n->term, ret);
    if (n->kind == SEARCH_NODE_TERM) {
        size_t w = r->rank.word_of[n->term];
        *ret = (struct search_need){ .kind = SEARCH_NEED_ALL }; /* not looked at: says nothing */
        if (w != SIZE_MAX)
            *ret =
                (struct search_need){ .kind = SEARCH_NEED_WORD, .word = wanted_of(r, source, w) };
        return OK;
    }
    struct search_need *parts = ARENA_ARRAY(r->a, struct search_need, parts_of(n) + 1);
    size_t count = 0;
    if (!parts)
        return arena_err(r->a);
    for (const struct search_node *part = n->parts; part; part = part->next)
        TRY(need_of(r, source, part, &parts[count++]));
    while (n->kind == SEARCH_NODE_NOT && count == 1 && parts[0].kind == SEARCH_NEED_ALL &&
           parts[0].count == 1)
        parts = (struct search_need *)parts[0].parts; /* a group of one */
    *ret = (struct search_need){ .kind = KINDS[n->kind], .parts = parts, .count = count };
    return OK;
}

static bool among(struct uuid id, const struct uuid *list, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (uuid_eq(id, list[i]))
            return true;
    return false;
}

/* Where a source and in: both say where. Of no conversation: a nil id, which none has. */
static err_t conversations_of(const struct search_run *r, const struct search_archive *s,
                              struct search_match *m)
{
    static const struct uuid NOWHERE = { { 0 } };
    if (!r->within_count || !s->count) {
        m->conversations = r->within_count ? r->within : s->conversations;
        m->conversation_count = r->within_count ? r->within_count : s->count;
        return OK;
    }
    struct uuid *both = ARENA_ARRAY(r->a, struct uuid, s->count);
    if (!both)
        return arena_err(r->a);
    m->conversation_count = 0;
    for (size_t i = 0; i < s->count; i++)
        if (among(s->conversations[i], r->within, r->within_count))
            both[m->conversation_count++] = s->conversations[i];
    m->conversations = both;
    if (!m->conversation_count) {
        m->conversations = &NOWHERE;
        m->conversation_count = 1;
    }
    return OK;
}

err_t search_match_of(const struct search_run *r, size_t source, bool all, struct search_match *ret)
{
    struct search_wanted *any = ARENA_ARRAY(r->a, struct search_wanted, SEARCH_WORDS_MAX);
    struct search_need *need = ARENA_NEW(r->a, struct search_need);
    if (!any || !need)
        return arena_err(r->a);
    *ret =
        (struct search_match){ .owner = r->sources.list[source].owner,
                               .any = any,
                               .any_count = all ? all_words(r, source, any) : drive(r, source, any),
                               .all = all,
                               .filters = r->filters,
                               .filter_count = r->filter_count,
                               .from_ms = r->query.from_ms,
                               .before_ms = r->query.before_ms,
                               .k1 = RANK_K1,
                               .b = RANK_B,
                               .average = rank_average_length(&r->rank) };
    if (r->query.need->parts) {
        TRY(need_of(r, source, r->query.need, need));
        ret->need = need;
    }
    return conversations_of(r, &r->sources.list[source], ret);
}

/* --- filters, from a row ------------------------------------------------------------------------------ */

/* Of several with one letter one is enough; each that excludes does. */
static bool passes_meta(const struct search_run *r, struct str meta)
{
    for (size_t i = 0; i < r->filter_count; i++) {
        const struct search_filter *f = &r->filters[i];
        bool any = search_meta_meets(meta, f);
        if (f->exclude && any)
            return false;
        for (size_t k = 0; k < r->filter_count && !f->exclude && !any; k++)
            any = !r->filters[k].exclude && r->filters[k].letter == f->letter &&
                  search_meta_meets(meta, &r->filters[k]);
        if (!f->exclude && !any)
            return false;
    }
    return true;
}

static bool has_token(struct str text, struct str want, bool begins)
{
    struct search_tokens walk;
    struct search_token token;
    search_tokens_init(&walk, text, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next(&walk, &token))
        if (begins ? str_starts(token.text, want) : str_eq(token.text, want))
            return true;
    return false;
}

/* Each word of the name that was asked for is one of the author's. */
static bool author_is(struct str author, const struct search_choice *c)
{
    struct search_tokens walk;
    struct search_token token;
    bool any = false;
    search_tokens_init(&walk, c->value, SEARCH_LANGUAGE_NONE);
    while (search_tokens_next_running(&walk, &token)) {
        if (!has_token(author, token.text, c->begins))
            return false;
        any = true;
    }
    return any;
}

/* What the user says in a conversation that somebody shares, that account says. */
static struct str author_of(const struct search_archive *s, const struct search_row *row)
{
    bool owner =
        !row->author.n && s->handle.n && search_meta_has(row->meta, SEARCH_META_ROLE, S("user"));
    return owner ? s->handle : row->author;
}

static bool passes_author(const struct search_run *r, struct str author)
{
    bool asked = false, any = false;
    for (size_t i = 0; i < r->query.choice_count; i++) {
        const struct search_choice *c = &r->query.choices[i];
        if (c->field != SEARCH_FIELD_AUTHOR)
            continue;
        bool is = author_is(author, c);
        if (is && c->exclude)
            return false;
        asked |= !c->exclude;
        any |= is && !c->exclude;
    }
    return any || !asked;
}

bool search_passes(const struct search_run *r, size_t source, const struct search_row *row)
{
    const struct search_archive *s = &r->sources.list[source];
    struct uuid conversation = uuid_is_nil(row->parent_id) ? row->id : row->parent_id;
    return search_query_at(&r->query, row->created_ms) &&
           (!s->count || among(conversation, s->conversations, s->count)) &&
           (!r->within_count || among(conversation, r->within, r->within_count)) &&
           passes_meta(r, row->meta) && passes_author(r, author_of(s, row));
}

/* --- gathering ------------------------------------------------------------------------------------------- */

struct gathered {
    struct search_run *r;
    size_t source;
    struct rank_candidate *list;
    size_t count, room;
};

static err_t add_row(struct gathered *g, const struct search_row *row, bool listed)
{
    if (g->count == ROWS_MAX)
        return OK;
    if (g->count == g->room) {
        size_t room = g->room ? g->room * 2 : 512;
        struct rank_candidate *list = ARENA_ARRAY(g->r->a, struct rank_candidate, room);
        if (!list)
            return arena_err(g->r->a);
        if (g->count)
            memcpy(list, g->list, g->count * sizeof *list);
        g->list = list;
        g->room = room;
    }
    g->list[g->count++] =
        (struct rank_candidate){ .row = row, .source = &g->r->ranked[g->source], .listed = listed };
    return OK;
}

/* One conversation, all of it, if it is not too long. *ret_done false: it is. */
static err_t gather_whole(struct gathered *g, struct uuid conversation, bool *ret_done)
{
    struct search_run *r = g->r;
    struct search_row *rows, *title = ARENA_NEW(r->a, struct search_row);
    size_t count;
    struct uuid owner = r->sources.list[g->source].owner;
    if (!title)
        return arena_err(r->a);
    TRY(search_index_places(r->index, r->a, owner, conversation, 0, INT64_MAX, SEARCH_WHOLE_MAX + 1,
                            &rows, &count));
    *ret_done = count <= SEARCH_WHOLE_MAX;
    if (!*ret_done)
        return OK;
    for (size_t i = 0; i < count; i++)
        TRY(add_row(g, &rows[i], true));
    err_t e = search_index_one(r->index, r->a, owner, S("conversation"), conversation, title);
    if (e == E_NOT_FOUND)
        return OK;
    TRY(e);
    return add_row(g, title, true);
}

/* Few from each conversation, so that many are seen. */
static void thin_out(struct search_row *rows, size_t *count)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count && kept < SEARCH_CANDIDATES_MAX; i++) {
        int same = 0;
        for (size_t k = 0; k < kept; k++)
            same +=
                !uuid_is_nil(rows[i].parent_id) && uuid_eq(rows[k].parent_id, rows[i].parent_id);
        if (same < GROUPED_OF_ONE_MAX)
            rows[kept++] = rows[i];
    }
    *count = kept;
}

/* Who said it, and spans of time beside one another, rows alone know. */
static bool rows_are_asked(const struct search_run *r)
{
    bool asked = r->query.span_count > 0;
    for (size_t i = 0; i < r->query.choice_count; i++)
        asked |= r->query.choices[i].field == SEARCH_FIELD_AUTHOR;
    return asked;
}

static void sift(const struct gathered *g, struct search_row *rows, size_t *count, size_t limit)
{
    size_t kept = 0;
    for (size_t i = 0; i < *count && kept < limit; i++)
        if (search_passes(g->r, g->source, &rows[i]))
            rows[kept++] = rows[i];
    *count = kept;
}

static err_t find_best(struct gathered *g, const struct search_match *m, struct search_row **ret,
                       size_t *ret_count)
{
    struct search_run *r = g->r;
    size_t limit = r->ask->grouped ? GROUPED_FETCHED : SEARCH_CANDIDATES_MAX;
    bool sifted = rows_are_asked(r);
    TRY(search_index_find(r->index, r->a, m, SEARCH_BEST, NULL, sifted ? SIFTED_FETCHED : limit,
                          ret, ret_count));
    if (sifted)
        sift(g, *ret, ret_count, limit);
    return OK;
}

/* From two places before to two places after each; stretches that touch are read at once. */
static err_t gather_neighbours(struct gathered *g, size_t from)
{
    struct search_run *r = g->r;
    size_t to = g->count;
    rank_in_places(g->list + from, to - from);
    for (size_t i = from; i < to;) {
        const struct search_row *first = g->list[i].row;
        int64_t end = first->place + NEIGHBOURS;
        size_t next = i + 1, count;
        struct search_row *rows;
        for (; next < to && uuid_eq(g->list[next].row->parent_id, first->parent_id) &&
               g->list[next].row->place <= end + NEIGHBOURS + 1;
             next++)
            end = g->list[next].row->place + NEIGHBOURS;
        if (!uuid_is_nil(first->parent_id)) {
            TRY(search_index_places(r->index, r->a, first->owner_id, first->parent_id,
                                    first->place - NEIGHBOURS, end, ROWS_MAX, &rows, &count));
            for (size_t k = 0; k < count; k++) {
                bool there = false;
                for (size_t c = i; c < next && !there; c++)
                    there = g->list[c].row->doc == rows[k].doc;
                if (!there)
                    TRY(add_row(g, &rows[k], true));
            }
        }
        i = next;
    }
    return OK;
}

static bool is_there(const struct gathered *g, size_t from, int64_t doc)
{
    for (size_t i = from; i < g->count; i++)
        if (g->list[i].row->doc == doc)
            return true;
    return false;
}

static err_t gather_source(struct gathered *g)
{
    struct search_run *r = g->r;
    struct search_match m;
    struct search_row *rows;
    size_t count, from = g->count;
    bool done = false;
    TRY(search_match_of(r, g->source, false, &m));
    if (!m.any_count && !r->similar[g->source].usable)
        return OK; /* no word that ranks stands anywhere in it */
    if (m.conversation_count == 1 && !uuid_is_nil(m.conversations[0]))
        TRY(gather_whole(g, m.conversations[0], &done));
    if (done)
        return OK;
    count = 0;
    if (m.any_count)
        TRY(find_best(g, &m, &rows, &count));
    if (r->ask->grouped)
        thin_out(rows, &count);
    for (size_t i = 0; i < count; i++)
        TRY(add_row(g, &rows[i], true));
    TRY(search_similar_nearest(r, g->source, SEARCH_CANDIDATES_MAX, &rows, &count));
    for (size_t i = 0; i < count; i++)
        if (!is_there(g, from, rows[i].doc))
            TRY(add_row(g, &rows[i], true));
    return gather_neighbours(g, from);
}

/* --- measuring --------------------------------------------------------------------------------------------- */

static err_t measure(struct gathered *g)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, MIB(64));
    for (size_t i = 0; i < g->count; i++) {
        TRY(rank_measure(&scratch, &g->r->rank, &g->list[i]));
        arena_reset(&scratch);
    }
    return OK;
}

/* They stand in the order of places, so those of one session follow each other. */
static err_t measure_sessions(struct gathered *g)
{
    struct search_run *r = g->r;
    for (size_t i = 0; i < g->count; i++) {
        struct rank_candidate *c = &g->list[i];
        const struct search_row *before = i ? g->list[i - 1].row : NULL;
        struct search_session session;
        if (uuid_is_nil(c->row->parent_id))
            continue;
        if (before && uuid_eq(before->owner_id, c->row->owner_id) &&
            uuid_eq(before->parent_id, c->row->parent_id) && before->session == c->row->session) {
            c->sess = g->list[i - 1].sess;
            continue;
        }
        err_t e = search_index_session(r->index, r->a, c->row->owner_id, c->row->parent_id,
                                       c->row->session, &session);
        if (e == E_NOT_FOUND)
            continue; /* its conversation is being written anew */
        TRY(e);
        TRY(rank_session(&r->rank, c->source, &session, &c->sess));
    }
    return OK;
}

/* --- which of them are shown ----------------------------------------------------------------------------------- */

static int by_bm(const void *x, const void *y)
{
    const struct rank_candidate *a = *(struct rank_candidate *const *)x,
                                *b = *(struct rank_candidate *const *)y;
    if (a->bm != b->bm)
        return a->bm > b->bm ? -1 : 1;
    return a->row->doc < b->row->doc ? -1 : a->row->doc > b->row->doc;
}

static int by_cosine(const void *x, const void *y)
{
    const struct rank_candidate *a = *(struct rank_candidate *const *)x,
                                *b = *(struct rank_candidate *const *)y;
    if (a->cosine != b->cosine)
        return a->cosine > b->cosine ? -1 : 1;
    return a->row->doc < b->row->doc ? -1 : a->row->doc > b->row->doc;
}

static bool has_words(const struct search_run *r, const struct rank_candidate *c)
{
    return (c->words & r->rank.ranked) != 0;
}

static size_t source_at(const struct search_run *r, const struct rank_candidate *c)
{
    return (size_t)(c->source - r->ranked);
}

/* In the order of places the neighbours of one stand beside it. */
static void list_neighbours(struct gathered *g, struct rank_candidate *of, int step)
{
    const struct rank_candidate *end = step < 0 ? g->list - 1 : g->list + g->count;
    for (struct rank_candidate *c = of + step; c != end; c += step) {
        int64_t away = (c->row->place - of->row->place) * step;
        if (away > NEIGHBOURS || !uuid_eq(c->row->parent_id, of->row->parent_id) ||
            !uuid_eq(c->row->owner_id, of->row->owner_id))
            return;
        c->listed = true;
    }
}

static void list_best(struct gathered *g, struct rank_candidate **order, size_t count,
                      bool neighbours)
{
    for (size_t i = 0; i < count && i < SEARCH_CANDIDATES_MAX; i++) {
        order[i]->listed = true;
        if (!neighbours || uuid_is_nil(order[i]->row->parent_id))
            continue;
        list_neighbours(g, order[i], -1);
        list_neighbours(g, order[i], 1);
    }
}

/* The best by words, the best by similar words, and two neighbours of each on both sides. Where a single word was asked for: what has it or
 * a word that is like it, and nothing else. */
static err_t choose_listed(struct gathered *g)
{
    struct search_run *r = g->r;
    struct rank_candidate **order = ARENA_ARRAY(r->a, struct rank_candidate *, g->count + 1);
    bool one_word = __builtin_popcountll(r->rank.ranked) < 2;
    size_t count = 0;
    if (!order)
        return arena_err(r->a);
    for (size_t i = 0; i < g->count; i++) {
        g->list[i].listed = false;
        if (has_words(r, &g->list[i]) && g->list[i].fits)
            order[count++] = &g->list[i];
    }
    qsort(order, count, sizeof(struct rank_candidate *), by_bm);
    list_best(g, order, count, !one_word);
    count = 0;
    for (size_t i = 0; i < g->count; i++)
        if (g->list[i].has_vector && g->list[i].fits && (!one_word || g->list[i].soft > 0))
            order[count++] = &g->list[i];
    qsort(order, count, sizeof(struct rank_candidate *), by_cosine);
    list_best(g, order, count, !one_word);
    for (size_t i = 0; i < g->count; i++) {
        struct rank_candidate *c = &g->list[i];
        c->listed &= c->fits && search_passes(r, source_at(r, c), c->row);
    }
    return OK;
}

err_t search_rank_head(struct search_run *r)
{
    struct gathered g = { .r = r };
    for (g.source = 0; g.source < r->sources.count; g.source++)
        TRY(gather_source(&g));
    rank_in_places(g.list, g.count);
    TRY(measure(&g));
    TRY(measure_sessions(&g));
    TRY(search_similar_measure(r, g.list, g.count));
    TRY(choose_listed(&g));
    rank_all(&r->rank, g.list, g.count);
    r->head = g.list;
    for (size_t i = 0; i < g.count; i++)
        if (g.list[i].listed)
            r->head[r->head_count++] = g.list[i];
    return arena_err(r->a);
}

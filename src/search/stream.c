/* All that is found, in order, from any place on: first what was ranked, then what else has all the words, the newest first. So a page can
 * always be followed by another, and who takes all of it gets all of it. */
#include <stdlib.h>

#include "search/inside.h"

enum { FETCHED_MIN = 50, NOT_RANKED = -1 };

/* --- places ----------------------------------------------------------------------------------------- */

static int64_t created_of(const struct search_row *r)
{
    return r->created_ms == TIME_NONE ? 0 : r->created_ms;
}

static struct search_place place_of(const struct search_row *row, enum search_stage stage,
                                    double score)
{
    return (struct search_place){
        .stage = stage, .score = score, .created = created_of(row), .id = row->id
    };
}

/* Does `x` stand behind `y`? In a stage: better, later, greater ids first. */
static bool is_behind(const struct search_place *x, const struct search_place *y)
{
    if (x->stage != y->stage)
        return x->stage > y->stage;
    if (x->score != y->score)
        return x->score < y->score;
    if (x->created != y->created)
        return x->created < y->created;
    return uuid_cmp(x->id, y->id) < 0;
}

/* --- what was ranked ----------------------------------------------------------------------------------- */

static struct search_hit head_hit(const struct search_run *r, size_t i)
{
    const struct rank_candidate *c = &r->head[i];
    return (struct search_hit){ .row = c->row,
                                .source = &r->sources.list[c->source - r->ranked],
                                .candidate = c,
                                .place = place_of(c->row, SEARCH_STAGE_HEAD, c->score),
                                .score = c->score };
}

size_t search_first_behind(const struct search_hit *hits, size_t count,
                           const struct search_place *from)
{
    size_t behind = count;
    for (size_t i = count; i-- > 0;) {
        if (hits[i].place.stage == from->stage && uuid_eq(hits[i].place.id, from->id))
            return i + 1;
        if (is_behind(&hits[i].place, from))
            behind = i;
    }
    return behind;
}

static err_t take_head(const struct search_run *r, const struct search_place *from, size_t limit,
                       struct search_hit *hits, size_t *ret_count)
{
    struct search_hit *all = ARENA_ARRAY(r->a, struct search_hit, r->head_count + 1);
    size_t count = 0;
    if (!all)
        return arena_err(r->a);
    for (size_t i = 0; i < r->head_count; i++)
        all[i] = head_hit(r, i);
    size_t first = from ? search_first_behind(all, r->head_count, from) : 0;
    for (size_t i = first; i < r->head_count && count < limit; i++)
        hits[count++] = all[i];
    *ret_count = count;
    return OK;
}

static bool in_head(const struct search_run *r, const struct search_row *row)
{
    for (size_t i = 0; i < r->head_count; i++)
        if (r->head[i].row->doc == row->doc && uuid_eq(r->head[i].row->owner_id, row->owner_id))
            return true;
    return false;
}

/* --- the rest ---------------------------------------------------------------------------------------------- */

struct piece { /* the next ones of all sources, in order */
    struct search_hit *list;
    size_t count;
    bool more;
};

static int by_place(const void *x, const void *y)
{
    const struct search_hit *a = x, *b = y;
    return is_behind(&a->place, &b->place) ? 1 : is_behind(&b->place, &a->place) ? -1 : 0;
}

static err_t fetch(const struct search_run *r, enum search_stage stage,
                   const struct search_place *after, size_t limit, struct piece *ret)
{
    struct search_after from;
    *ret = (struct piece){ .list =
                               ARENA_ARRAY(r->a, struct search_hit, limit * r->sources.count + 1) };
    if (!ret->list)
        return arena_err(r->a);
    if (after)
        from = (struct search_after){ 0, after->created, after->id };
    for (size_t s = 0; s < r->sources.count; s++) {
        struct search_match m;
        struct search_row *rows;
        size_t count;
        TRY(search_match_of(r, s, true, &m));
        TRY(search_index_find(r->index, r->a, &m, SEARCH_NEWEST, after ? &from : NULL, limit, &rows,
                              &count));
        ret->more |= count == limit;
        for (size_t i = 0; i < count; i++)
            ret->list[ret->count++] = (struct search_hit){
                .row = &rows[i],
                .source = &r->sources.list[s],
                .place = place_of(&rows[i], stage, 0),
            };
    }
    qsort(ret->list, ret->count, sizeof *ret->list, by_place);
    if (ret->count > limit) { /* what lies behind is asked for again, when all sources have been */
        ret->count = limit;
        ret->more = true;
    }
    return OK;
}

static err_t fits(const struct search_run *r, struct arena *scratch, const struct search_hit *hit,
                  bool *ret)
{
    size_t source = (size_t)(hit->source - r->sources.list);
    struct rank_candidate c = { .row = hit->row, .source = &r->ranked[source] };
    *ret = search_passes(r, source, hit->row);
    if (!*ret)
        return OK;
    TRY(rank_measure(scratch, &r->rank, &c));
    arena_reset(scratch);
    *ret = c.fits;
    return OK;
}

static err_t take_rest(const struct search_run *r, enum search_stage stage,
                       const struct search_place *from, size_t limit, struct search_hit *hits,
                       size_t *io_count)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct search_place after;
    bool more = true;
    arena_init(&scratch, MIB(64));
    if (from)
        after = *from;
    while (more && *io_count < limit) {
        struct piece piece;
        size_t wanted = limit - *io_count > FETCHED_MIN ? limit - *io_count : FETCHED_MIN;
        TRY(fetch(r, stage, from, wanted, &piece));
        for (size_t i = 0; i < piece.count && *io_count < limit; i++) {
            bool is;
            TRY(fits(r, &scratch, &piece.list[i], &is));
            after = piece.list[i].place;
            if (!is || (stage == SEARCH_STAGE_TAIL && in_head(r, piece.list[i].row)))
                continue;
            piece.list[i].score = NOT_RANKED;
            hits[(*io_count)++] = piece.list[i];
        }
        more = piece.more && piece.count;
        from = &after;
    }
    return OK;
}

err_t search_stream(const struct search_run *r, const struct search_place *from, size_t limit,
                    struct search_hit *hits, size_t *ret_count)
{
    size_t count = 0;
    bool by_time = r->ask->newest || !r->rank.ranked;
    enum search_stage rest = by_time ? SEARCH_STAGE_NEWEST : SEARCH_STAGE_TAIL;
    if (!from || from->stage == SEARCH_STAGE_HEAD) {
        TRY(take_head(r, from, limit, hits, &count));
        from = NULL;
    }
    *ret_count = count;
    if (!r->anything || (r->ask->grouped && !by_time))
        return OK; /* groups are made of what was ranked */
    TRY(take_rest(r, rest, from, limit, hits, ret_count));
    return OK;
}

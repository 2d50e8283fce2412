#include "archive/archive_fold.h"

#include <stdlib.h>

#include "base/limits.h"

bool rendering_is_partial(const struct rendering *r)
{
    return str_eq(r->row.outcome, S("partial"));
}

int rendering_compare_age(const void *x, const void *y)
{
    const struct rendering *r = *(struct rendering *const *)x, *s = *(struct rendering *const *)y;
    if (r->row.captured_ms != s->row.captured_ms)
        return r->row.captured_ms < s->row.captured_ms ? -1 : 1;
    int by_place = str_cmp(r->place, s->place);
    return by_place ? by_place : uuid_cmp(r->source_id, s->source_id);
}

/* --- what lies within what -------------------------------------------------------------------------- */

static bool is_shown(const struct merge_message *m)
{
    return m->on_path && !m->hidden;
}

static bool same_message(const struct merge_message *x, const struct merge_message *y)
{
    return (intern_says(x->origin) && x->origin == y->origin) ||
           memcmp(x->hash.b, y->hash.b, sizeof x->hash.b) == 0;
}

/* Is the branch of `part` in that of `whole`, in order? Between kinds of renderings only the questions can be compared. */
static bool holds(const struct merge_list *whole, const struct merge_list *part, bool questions)
{
    size_t at = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct merge_message *m = &part->m[i];
        if (!is_shown(m) || (questions && m->role != ROLE_USER))
            continue;
        while (at < whole->count && !(is_shown(&whole->m[at]) && same_message(m, &whole->m[at])))
            at++;
        if (at++ == whole->count)
            return false;
    }
    return true;
}

/* Of each in the other. */
static err_t covers(struct renderings *s, struct rendering *x, struct rendering *y, bool *ret_x,
                    bool *ret_y)
{
    bool questions = rendering_rank_of(x) != rendering_rank_of(y);
    TRY(rendering_open(s, x));
    TRY(rendering_open(s, y));
    *ret_x = holds(&x->list, &y->list, questions);
    *ret_y = holds(&y->list, &x->list, questions);
    rendering_close(s, x);
    rendering_close(s, y);
    return OK;
}

/* --- who leads ------------------------------------------------------------------------------------------ */

/* Does x stand for its source rather than y, which is of the same? */
static err_t stands_before(struct renderings *s, struct rendering *x, struct rendering *y,
                           bool *ret)
{
    bool x_is_newer = rendering_compare_age(&x, &y) > 0, older_holds = false, newer_holds;
    struct rendering *newer = x_is_newer ? x : y, *older = x_is_newer ? y : x;
    if (rendering_rank_of(newer) < rendering_rank_of(older) ||
        (rendering_is_partial(newer) && !rendering_is_partial(older)))
        TRY(covers(s, older, newer, &older_holds, &newer_holds));
    *ret = (older_holds ? older : newer) == x;
    return OK;
}

/* Of two sources: the one whose branch holds the other's; else the newer. */
static err_t leads_before(struct renderings *s, struct rendering *x, struct rendering *y, bool *ret)
{
    bool x_covers, y_covers;
    int x_rank = rendering_rank_of(x), y_rank = rendering_rank_of(y);
    TRY(covers(s, x, y, &x_covers, &y_covers));
    if (x_covers != y_covers)
        *ret = x_covers;
    else if (x_covers && x_rank != y_rank)
        *ret = x_rank > y_rank;
    else
        *ret = rendering_compare_age(&x, &y) > 0;
    return OK;
}

/* The place in the list. Walks it in order of age, so that the answer does not depend on the order of arrival. */
static err_t find_leader(struct renderings *s, struct rendering **list, size_t count, size_t *ret)
{
    size_t leader = count;
    for (size_t i = 0; i < count; i++) {
        bool stands = true, leads = true;
        for (size_t k = 0; k < count && stands; k++)
            if (k != i && uuid_eq(list[i]->source_id, list[k]->source_id))
                TRY(stands_before(s, list[i], list[k], &stands));
        if (stands && leader < count)
            TRY(leads_before(s, list[i], list[leader], &leads));
        if (stands && leads)
            leader = i;
    }
    *ret = leader < count ? leader : count - 1;
    return OK;
}

static int compare_weight(const void *x, const void *y)
{
    int r = rendering_rank_of(*(struct rendering *const *)x),
        s = rendering_rank_of(*(struct rendering *const *)y);
    return r != s ? (r < s ? -1 : 1) : rendering_compare_age(x, y);
}

/* Least first, the leader last. */
static err_t put_in_order(struct renderings *s, struct rendering **list, size_t count)
{
    size_t at;
    qsort(list, count, sizeof(struct rendering *), rendering_compare_age);
    TRY(find_leader(s, list, count, &at));
    struct rendering *leader = list[at];
    list[at] = list[count - 1];
    qsort(list, count - 1, sizeof(struct rendering *), compare_weight);
    list[count - 1] = leader;
    return OK;
}

/* --- folding ---------------------------------------------------------------------------------------------- */

static void know(struct str *mine, struct str of_other)
{
    if (!mine->n)
        *mine = of_other;
}

/* The origin's id: that of a conversation before that of a share, which ends the link. */
static void know_origin(struct archive_conversation *row, const struct archive_conversation *other)
{
    bool share_only = !row->origin_id.n || str_ends(row->source_url, row->origin_id);
    bool better = other->origin_id.n && !str_ends(other->source_url, other->origin_id);
    if (share_only && (better || !row->origin_id.n))
        row->origin_id = other->origin_id;
}

static void know_row(struct archive_conversation *row, const struct archive_conversation *other)
{
    know(&row->title, other->title);
    know(&row->model, other->model);
    know(&row->account, other->account);
    know(&row->context_cwd, other->context_cwd);
    know(&row->context_branch, other->context_branch);
    know(&row->context_tool, other->context_tool);
    know_origin(row, other);
    if (row->created_ms == TIME_NONE)
        row->created_ms = other->created_ms;
    if (row->updated_ms == TIME_NONE)
        row->updated_ms = other->updated_ms;
    if (row->captured_ms < other->captured_ms)
        row->captured_ms = other->captured_ms;
}

static int64_t count_shown(const struct merge_list *l)
{
    int64_t n = 0;
    for (size_t i = 0; i < l->count; i++)
        n += is_shown(&l->m[i]);
    return n;
}

void folded_free(struct folded *f)
{
    merge_list_free(&f->list);
}

/* Each message of the rendering is at its own place in the whole, until another one is laid over it. */
static err_t begin_places(struct renderings *s, struct rendering *r, size_t count)
{
    r->places = ARENA_ARRAY(s->a, uint32_t, count + 1);
    r->count = count;
    r->renamed = false;
    for (size_t i = 0; r->places && i < count; i++)
        r->places[i] = (uint32_t)i;
    return arena_err(s->a);
}

static void move_places(struct rendering **list, size_t count, const uint32_t *places)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < list[i]->count; k++)
            list[i]->places[k] = places[list[i]->places[k]];
}

/* list[at] over what those before it make. */
static err_t lay_over(struct renderings *s, struct rendering **list, size_t at, struct folded *f)
{
    static const struct merge_options O = { 0 };
    CLEANUP(arena_free) struct arena work = { 0 };
    CLEANUP(merge_list_free) struct merge_list below = f->list;
    struct merge_step *steps;
    uint32_t *places;
    struct rendering *r = list[at];
    arena_init(&work, MERGE_ARENA_BYTES_MAX);
    f->list = (struct merge_list){ 0 };
    TRY(rendering_take(s, r, &f->list));
    TRY(begin_places(s, r, f->list.count));
    TRY(merge_lists(&work, &s->texts, &f->list, &below, &O, &steps, &places));
    move_places(list, at, places);
    for (size_t i = 0; i < r->count && !r->renamed; i++)
        r->renamed = steps[i].renamed;
    return OK;
}

err_t rendering_fold(struct renderings *s, struct rendering **list, size_t count,
                     struct folded *ret)
{
    assert(count >= 1);
    *ret = (struct folded){ 0 };
    TRY(put_in_order(s, list, count));
    ret->row = list[count - 1]->row;
    for (size_t i = count - 1; i-- > 0;)
        know_row(&ret->row, &list[i]->row);
    TRY(rendering_take(s, list[0], &ret->list));
    TRY(begin_places(s, list[0], ret->list.count));
    for (size_t i = 1; i < count; i++)
        TRY(lay_over(s, list, i, ret));
    if (count > 1)
        ret->row.hash = sha256_tagged(s->a, merge_chain(&ret->list));
    TRY(arena_err(s->a));
    ret->row.message_count = count_shown(&ret->list);
    return OK;
}

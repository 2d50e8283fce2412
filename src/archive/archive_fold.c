#include "archive/archive_fold.h"

#include <stdlib.h>

#include "base/limits.h"
#include "base/map.h"

/* The measure of rendering_is_same. Providers have answers that stand in many conversations (greetings, refusals, who they are):
 * a run counts with two answers of some length, or one that is long. In bytes of the blocks' JSON. */
enum {
    STRONG_ID_BYTES = 16,
    SAME_IDS_MIN = 2,
    ANSWER_BYTES_MIN = 200,
    TWO_ANSWERS_BYTES_MIN = 600,
    ONE_ANSWER_BYTES_MIN = 1500
};

int rendering_rank(struct str source_kind, struct str strategy)
{
    if (str_eq(strategy, S("generic")))
        return RANK_GENERIC;
    if (str_eq(strategy, S("dom")) || (!strategy.n && str_eq(source_kind, S("share"))))
        return RANK_DOM;
    return RANK_DATA;
}

static int rank_of(const struct rendering *r)
{
    return rendering_rank(r->row.source_kind, r->row.strategy);
}

static bool is_partial(const struct rendering *r)
{
    return str_eq(r->row.outcome, S("partial"));
}

/* --- what lies within what -------------------------------------------------------------------------- */

static bool is_question(const struct archive_message *m)
{
    return str_eq(m->role, S("user"));
}

static bool is_shown(const struct archive_message *m)
{
    return m->on_path && !m->hidden;
}

static bool same_message(const struct archive_message *x, const struct archive_message *y)
{
    return (x->origin_id.n && str_eq(x->origin_id, y->origin_id)) || str_eq(x->hash, y->hash);
}

/* Is the branch of `part` in that of `whole`, in order? Between kinds of renderings only the questions can be compared. */
static bool covers(const struct rendering *whole, const struct rendering *part)
{
    bool questions = rank_of(whole) != rank_of(part);
    size_t at = 0;
    for (size_t i = 0; i < part->count; i++) {
        const struct archive_message *m = &part->messages[i];
        if (!is_shown(m) || (questions && !is_question(m)))
            continue;
        while (at < whole->count &&
               !(is_shown(&whole->messages[at]) && same_message(m, &whole->messages[at])))
            at++;
        if (at++ == whole->count)
            return false;
    }
    return true;
}

static bool names_all(const struct archive_message *x, const struct archive_message *of)
{
    return (x->author.n || !of->author.n) && (x->model.n || !of->model.n) &&
           (x->created_ms != TIME_NONE || of->created_ms == TIME_NONE);
}

static bool row_names_all(const struct archive_conversation *x,
                          const struct archive_conversation *of)
{
    return (x->title.n || !of->title.n) && (x->model.n || !of->model.n) &&
           (x->created_ms != TIME_NONE || of->created_ms == TIME_NONE) &&
           (x->updated_ms != TIME_NONE || of->updated_ms == TIME_NONE) &&
           (x->account.n || !of->account.n) && (x->context_cwd.n || !of->context_cwd.n) &&
           (x->context_branch.n || !of->context_branch.n) &&
           (x->context_tool.n || !of->context_tool.n);
}

static struct str key_of(struct arena *a, const struct archive_message *m)
{
    return str_fmt(a, "%.*s %.*s", STR_ARG(m->hash), STR_ARG(m->origin_id));
}

/* Does `whole` say all that `part` says, and name all that it names? */
static err_t says_all(const struct rendering *whole, const struct rendering *part, bool *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct map said;
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    map_init(&said, &a);
    *ret = row_names_all(&whole->row, &part->row);
    for (size_t i = 0; i < whole->count && *ret; i++)
        TRY(map_put(&said, key_of(&a, &whole->messages[i]), &whole->messages[i]));
    for (size_t i = 0; i < part->count && *ret; i++) {
        const struct archive_message *m = map_get(&said, key_of(&a, &part->messages[i]));
        *ret = m && names_all(m, &part->messages[i]);
    }
    return arena_err(&a);
}

/* --- which are kept ------------------------------------------------------------------------------------ */

static bool same_source(const struct rendering *x, const struct rendering *y)
{
    return uuid_eq(x->source_id, y->source_id);
}

static bool is_newer(const struct rendering *x, const struct rendering *than)
{
    return x->row.captured_ms > than->row.captured_ms;
}

/* Is x left out because of y? */
static err_t is_spare(const struct rendering *x, const struct rendering *y, bool y_came_later,
                      bool *ret)
{
    *ret = false;
    if (!same_source(x, y))
        return OK;
    if (x->row.captured_ms == y->row.captured_ms) {
        *ret = y_came_later; /* the same capture, read by other code */
        return OK;
    }
    bool whole = !is_partial(y),
         stands_above = is_newer(y, x) ? whole || is_partial(x) : whole && is_partial(x);
    return stands_above && rank_of(y) >= rank_of(x) ? says_all(y, x, ret) : OK;
}

static err_t drop_spare(struct arena *a, struct rendering *list, size_t *count)
{
    size_t kept = 0;
    bool *spare = ARENA_ARRAY(a, bool, *count + 1);
    if (!spare)
        return arena_err(a);
    for (size_t i = 0; i < *count; i++)
        for (size_t k = 0; k < *count && !spare[i]; k++)
            if (k != i && !spare[k])
                TRY(is_spare(&list[i], &list[k], k > i, &spare[i]));
    for (size_t i = 0; i < *count; i++)
        if (!spare[i])
            list[kept++] = list[i];
    *count = kept;
    return OK;
}

/* By time, then by place. */
static int compare_age(const void *x, const void *y)
{
    const struct rendering *r = x, *s = y;
    if (r->row.captured_ms != s->row.captured_ms)
        return r->row.captured_ms < s->row.captured_ms ? -1 : 1;
    int by_place = str_cmp(r->place, s->place);
    return by_place ? by_place : uuid_cmp(r->source_id, s->source_id);
}

static size_t count_of_source(const struct rendering *list, size_t count, struct uuid source)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += uuid_eq(list[i].source_id, source);
    return n;
}

/* list is in order of age. The oldest of the source and the next one become one. */
static err_t join_oldest(struct arena *a, struct rendering *list, size_t *count, struct uuid source)
{
    size_t first = *count;
    for (size_t i = 0; i < *count; i++) {
        if (!uuid_eq(list[i].source_id, source))
            continue;
        if (first == *count) {
            first = i;
            continue;
        }
        struct rendering pair[2] = { list[first], list[i] };
        struct folded whole;
        TRY(rendering_fold(a, pair, 2, &whole));
        list[i].messages = whole.messages;
        list[i].count = whole.count;
        int64_t captured_ms = list[i].row.captured_ms;
        list[i].row = whole.row;
        list[i].row.captured_ms = captured_ms;
        memmove(&list[first], &list[first + 1], (*count - first - 1) * sizeof *list);
        --*count;
        return OK;
    }
    return OK;
}

err_t rendering_retain(struct arena *a, struct rendering *list, size_t *count)
{
    TRY(drop_spare(a, list, count));
    qsort(list, *count, sizeof *list, compare_age);
    for (size_t i = 0; i < *count;) {
        if (count_of_source(list, *count, list[i].source_id) > SOURCE_RENDERINGS_MAX) {
            TRY(join_oldest(a, list, count, list[i].source_id));
            i = 0;
        } else {
            i++;
        }
    }
    return OK;
}

/* --- who leads ------------------------------------------------------------------------------------------ */

/* Does x stand for its source rather than y, which is of the same? */
static bool stands_before(const struct rendering *x, const struct rendering *y)
{
    const struct rendering *newer = compare_age(x, y) > 0 ? x : y, *older = newer == x ? y : x;
    bool older_stands =
        (rank_of(newer) < rank_of(older) || (is_partial(newer) && !is_partial(older))) &&
        covers(older, newer);
    return (older_stands ? older : newer) == x;
}

/* Of two sources: the one whose branch holds the other's; else the newer. */
static bool leads_before(const struct rendering *x, const struct rendering *y)
{
    bool x_covers = covers(x, y), y_covers = covers(y, x);
    if (x_covers != y_covers)
        return x_covers;
    if (x_covers && rank_of(x) != rank_of(y))
        return rank_of(x) > rank_of(y);
    return compare_age(x, y) > 0;
}

/* The place in the list. Walks it in order of age, so that the answer does not depend on the order of arrival. */
static size_t find_leader(const struct rendering *list, size_t count)
{
    size_t leader = count;
    for (size_t i = 0; i < count; i++) {
        bool stands = true;
        for (size_t k = 0; k < count && stands; k++)
            stands =
                k == i || !same_source(&list[i], &list[k]) || stands_before(&list[i], &list[k]);
        if (stands && (leader == count || leads_before(&list[i], &list[leader])))
            leader = i;
    }
    return leader < count ? leader : count - 1;
}

static int compare_weight(const void *x, const void *y)
{
    int r = rank_of(x), s = rank_of(y);
    return r != s ? (r < s ? -1 : 1) : compare_age(x, y);
}

/* Least first, the leader last. */
static void put_in_order(struct rendering *list, size_t count)
{
    qsort(list, count, sizeof *list, compare_age);
    size_t at = find_leader(list, count);
    struct rendering leader = list[at];
    list[at] = list[count - 1];
    qsort(list, count - 1, sizeof *list, compare_weight);
    list[count - 1] = leader;
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

static err_t rows_of_plan(struct arena *a, const struct merge_plan *plan,
                          struct archive_message **ret)
{
    struct archive_message *rows = ARENA_ARRAY(a, struct archive_message, plan->count + 1);
    if (!rows)
        return arena_err(a);
    for (size_t i = 0; i < plan->count; i++)
        rows[i] = plan->steps[i].row;
    *ret = rows;
    return OK;
}

static int64_t count_shown(const struct folded *f)
{
    int64_t n = 0;
    for (size_t i = 0; i < f->count; i++)
        n += is_shown(&f->messages[i]);
    return n;
}

static err_t own_ids(struct arena *a, struct rendering *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        list[i].whole_ids = ARENA_ARRAY(a, struct uuid, list[i].count + 1);
        for (size_t k = 0; list[i].whole_ids && k < list[i].count; k++)
            list[i].whole_ids[k] = list[i].messages[k].id;
    }
    return arena_err(a);
}

err_t rendering_fold(struct arena *a, struct rendering *list, size_t count, struct folded *ret)
{
    static const struct merge_options O = { 0 };
    assert(count >= 1);
    put_in_order(list, count);
    struct folded f = { .row = list[count - 1].row,
                        .messages = list[0].messages,
                        .count = list[0].count };
    TRY(own_ids(a, list, count));
    for (size_t i = count - 1; i-- > 0;)
        know_row(&f.row, &list[i].row);
    for (size_t i = 1; i < count; i++) {
        struct merge_plan plan;
        CLEANUP(arena_free) struct arena step = { 0 };
        arena_init(&step, CONVERSATION_ARENA_BYTES_MAX);
        TRY(merge_rows(&step, list[i].messages, list[i].count, f.messages, f.count, &O, &plan));
        for (size_t k = 0; k < list[i].count; k++)
            list[i].whole_ids[k] = plan.steps[k].row.id;
        TRY(rows_of_plan(a, &plan, &f.messages));
        f.count = plan.count;
        f.row.hash = str_dup(a, plan.hash);
    }
    TRY(arena_err(a));
    f.row.message_count = count_shown(&f);
    *ret = f;
    return OK;
}

/* --- is it the same? ------------------------------------------------------------------------------------------ */

bool rendering_id_is_strong(struct str origin_id)
{
    return origin_id.n >= STRONG_ID_BYTES;
}

bool rendering_words_count(const struct archive_message *answer)
{
    return answer->blocks.n >= ANSWER_BYTES_MIN;
}

static err_t count_ids(struct arena *a, const struct archive_message *x, size_t x_count,
                       const struct archive_message *y, size_t y_count, bool *ret)
{
    struct map ids;
    size_t all = 0, answers = 0;
    map_init(&ids, a);
    for (size_t i = 0; i < y_count; i++)
        if (rendering_id_is_strong(y[i].origin_id))
            TRY(map_put(&ids, y[i].origin_id, (void *)&y[i]));
    for (size_t i = 0; i < x_count; i++) {
        const struct archive_message *m =
            rendering_id_is_strong(x[i].origin_id) ? map_get(&ids, x[i].origin_id) : NULL;
        bool same = m && str_eq(m->role, x[i].role);
        all += same;
        answers += same && str_eq(x[i].role, S("assistant"));
    }
    *ret = all >= SAME_IDS_MIN && answers > 0;
    return OK;
}

struct streak {
    size_t answers, questions, bytes, longest;
};

static bool is_enough(const struct streak *r)
{
    return r->questions > 0 && ((r->answers >= 2 && r->bytes >= TWO_ANSWERS_BYTES_MIN) ||
                                r->longest >= ONE_ANSWER_BYTES_MIN);
}

static void add_to_run(struct streak *r, const struct archive_message *m)
{
    r->questions += is_question(m);
    if (!str_eq(m->role, S("assistant")) || !rendering_words_count(m))
        return;
    r->answers++;
    r->bytes += m->blocks.n;
    r->longest = m->blocks.n > r->longest ? m->blocks.n : r->longest;
}

/* The shown messages of the branch, in order. */
static const struct archive_message **branch_of(struct arena *a, const struct archive_message *m,
                                                size_t count, size_t *ret_count)
{
    const struct archive_message **list = ARENA_ARRAY(a, const struct archive_message *, count + 1);
    *ret_count = 0;
    for (size_t i = 0; list && i < count; i++)
        if (is_shown(&m[i]))
            list[(*ret_count)++] = &m[i];
    return list;
}

static err_t find_run(struct arena *a, const struct archive_message *x, size_t x_count,
                      const struct archive_message *y, size_t y_count, bool *ret)
{
    struct map first; /* hash -> the first of y's that says this */
    struct streak run = { 0 };
    size_t next = SIZE_MAX, n, k;
    const struct archive_message **xs = branch_of(a, x, x_count, &n),
                                 **ys = branch_of(a, y, y_count, &k);
    map_init(&first, a);
    *ret = false;
    if (!xs || !ys)
        return arena_err(a);
    for (size_t i = k; i-- > 0;)
        TRY(map_put(&first, ys[i]->hash, &ys[i]));
    for (size_t i = 0; i < n && !*ret; i++) {
        const struct archive_message **at = map_get(&first, xs[i]->hash);
        if (next >= k || !str_eq(ys[next]->hash, xs[i]->hash)) {
            run = (struct streak){ 0 };
            next = at ? (size_t)(at - ys) : SIZE_MAX;
        }
        if (next != SIZE_MAX) {
            add_to_run(&run, xs[i]);
            next++;
        }
        *ret = is_enough(&run);
    }
    return OK;
}

err_t rendering_is_same(struct arena *a, const struct archive_message *x, size_t x_count,
                        const struct archive_message *y, size_t y_count, bool *ret)
{
    TRY(count_ids(a, x, x_count, y, y_count, ret));
    return *ret ? OK : find_run(a, x, x_count, y, y_count, ret);
}

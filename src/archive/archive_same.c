/* Are two the same conversation, by what they say? */
#include "archive/archive_fold.h"
#include "base/limits.h"
#include "base/map.h"

/* Providers have answers that stand in many conversations (greetings, refusals, who they are): a run counts with two answers of
 * some length, or one that is long. In bytes of the blocks' JSON. */
enum {
    STRONG_ID_BYTES = 16,
    SAME_IDS_MIN = 2,
    ANSWER_BYTES_MIN = 200,
    TWO_ANSWERS_BYTES_MIN = 600,
    ONE_ANSWER_BYTES_MIN = 1500
};

bool rendering_id_is_strong(struct str origin_id)
{
    return origin_id.n >= STRONG_ID_BYTES;
}

bool rendering_words_count(const struct merge_message *answer)
{
    return answer->blocks_bytes >= ANSWER_BYTES_MIN;
}

/* --- by ids ------------------------------------------------------------------------------------------- */

static uint32_t last_origin(const struct merge_list *l)
{
    uint32_t last = 0;
    for (size_t i = 0; i < l->count; i++)
        last = l->m[i].origin > last ? l->m[i].origin : last;
    return last;
}

static err_t count_ids(struct arena *a, const struct intern *texts, const struct merge_list *x,
                       const struct merge_list *y, bool *ret)
{
    uint32_t last = last_origin(y);
    uint32_t *at =
        ARENA_ARRAY(a, uint32_t, (size_t)last + 1); /* the last of y with the id, from 1 */
    size_t all = 0, answers = 0;
    if (!at)
        return arena_err(a);
    for (size_t i = 0; i < y->count; i++)
        if (rendering_id_is_strong(intern_text(texts, y->m[i].origin)))
            at[y->m[i].origin] = (uint32_t)(i + 1);
    for (size_t i = 0; i < x->count; i++) {
        const struct merge_message *m = &x->m[i];
        uint32_t found = m->origin <= last ? at[m->origin] : 0;
        bool same = found && y->m[found - 1].role == m->role;
        all += same;
        answers += same && m->role == ROLE_ASSISTANT;
    }
    *ret = all >= SAME_IDS_MIN && answers > 0;
    return OK;
}

/* --- by a run of words ------------------------------------------------------------------------------------ */

struct streak {
    size_t answers, questions, bytes, longest;
};

static bool is_enough(const struct streak *r)
{
    return r->questions > 0 && ((r->answers >= 2 && r->bytes >= TWO_ANSWERS_BYTES_MIN) ||
                                r->longest >= ONE_ANSWER_BYTES_MIN);
}

static void add_to_run(struct streak *r, const struct merge_message *m)
{
    r->questions += m->role == ROLE_USER;
    if (m->role != ROLE_ASSISTANT || !rendering_words_count(m))
        return;
    r->answers++;
    r->bytes += m->blocks_bytes;
    r->longest = m->blocks_bytes > r->longest ? m->blocks_bytes : r->longest;
}

/* The shown messages of the branch, in order. */
static const struct merge_message **branch_of(struct arena *a, const struct merge_list *l,
                                              size_t *ret_count)
{
    const struct merge_message **list = ARENA_ARRAY(a, const struct merge_message *, l->count + 1);
    *ret_count = 0;
    for (size_t i = 0; list && i < l->count; i++)
        if (l->m[i].on_path && !l->m[i].hidden)
            list[(*ret_count)++] = &l->m[i];
    return list;
}

static bool same_words(const struct merge_message *x, const struct merge_message *y)
{
    return memcmp(x->hash.b, y->hash.b, sizeof x->hash.b) == 0;
}

struct branch {
    const struct merge_message **m;
    size_t count;
    uint32_t *slots; /* by hash: the first that says this, from 1; 0: free */
    size_t mask;
};

static uint32_t *slot_of(const struct branch *b, const struct merge_message *m)
{
    size_t at = (size_t)hash64(str_of((const char *)m->hash.b, sizeof m->hash.b)) & b->mask;
    while (b->slots[at] && !same_words(b->m[b->slots[at] - 1], m))
        at = (at + 1) & b->mask;
    return &b->slots[at];
}

static err_t branch_init(struct branch *b, struct arena *a, const struct merge_list *l)
{
    size_t slots = 2;
    b->m = branch_of(a, l, &b->count);
    while (slots < 2 * b->count)
        slots *= 2;
    b->slots = ARENA_ARRAY(a, uint32_t, slots);
    b->mask = slots - 1;
    if (!b->m || !b->slots)
        return arena_err(a);
    for (size_t i = b->count; i-- > 0;)
        *slot_of(b, b->m[i]) = (uint32_t)(i + 1);
    return OK;
}

static err_t find_run(struct arena *a, const struct merge_list *x, const struct merge_list *y,
                      bool *ret)
{
    struct branch b = { 0 };
    struct streak run = { 0 };
    size_t next = SIZE_MAX, n;
    const struct merge_message **xs = branch_of(a, x, &n);
    *ret = false;
    if (!xs)
        return arena_err(a);
    TRY(branch_init(&b, a, y));
    for (size_t i = 0; i < n && !*ret; i++) {
        if (next >= b.count || !same_words(b.m[next], xs[i])) {
            uint32_t first = *slot_of(&b, xs[i]);
            run = (struct streak){ 0 };
            next = first ? first - 1 : SIZE_MAX;
        }
        if (next != SIZE_MAX) {
            add_to_run(&run, xs[i]);
            next++;
        }
        *ret = is_enough(&run);
    }
    return OK;
}

err_t rendering_is_same(const struct intern *texts, const struct merge_list *x,
                        const struct merge_list *y, bool *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MERGE_ARENA_BYTES_MAX);
    TRY(count_ids(&a, texts, x, y, ret));
    return *ret ? OK : find_run(&a, x, y, ret);
}

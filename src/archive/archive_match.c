/* Which message of a list is which of another. */
#include "archive/archive_merge.h"
#include "base/map.h"

struct matcher {
    const struct merge_list *stored;
    struct merge_ids by_id; /* where messages keep their ids */
    uint32_t *by_origin;    /* number of the provider's id -> the first with it, from 1 */
    size_t origin_count;
    uint32_t *by_hash; /* slots: the first that says this and may still be taken, from 1; 0: free */
    size_t mask;       /* … half of which stay free */
    uint32_t *next_equal; /* the next one with the same hash, from 1; 0: none … */
    uint32_t *next_other; /* … and the next such one of another kind (kind_of) */
    bool *taken;
    size_t walked; /* matches by hash go forwards: those before it are behind the last one */
};

static struct str hash_key(const struct merge_message *m)
{
    return str_of((const char *)m->hash.b, sizeof m->hash.b);
}

static bool same_hash(const struct merge_message *x, const struct merge_message *y)
{
    return memcmp(x->hash.b, y->hash.b, sizeof x->hash.b) == 0;
}

static size_t slots_for(size_t count)
{
    size_t n = 2;
    while (n < 2 * count)
        n *= 2;
    return n;
}

/* --- by id ------------------------------------------------------------------------------------------ */

static uint32_t *slot_of_id(const struct merge_ids *ids, struct uuid id)
{
    size_t at = (size_t)hash64(str_of((const char *)id.b, sizeof id.b)) & ids->mask;
    while (ids->slots[at] && !uuid_eq(ids->list->m[ids->slots[at] - 1].id, id))
        at = (at + 1) & ids->mask;
    return &ids->slots[at];
}

err_t merge_ids_init(struct merge_ids *ids, struct arena *a, const struct merge_list *l)
{
    size_t slots = slots_for(l->count);
    *ids = (struct merge_ids){ l, ARENA_ARRAY(a, uint32_t, slots), slots - 1 };
    if (!ids->slots)
        return arena_err(a);
    for (size_t i = 0; i < l->count; i++) {
        uint32_t *slot = slot_of_id(ids, l->m[i].id);
        *slot = *slot ? *slot : (uint32_t)(i + 1);
    }
    return OK;
}

uint32_t merge_ids_find(const struct merge_ids *ids, struct uuid id)
{
    return ids->slots ? *slot_of_id(ids, id) : 0;
}

/* --- by what they say ----------------------------------------------------------------------------------- */

/* The slot of those that say this, or the free one where they belong. */
static uint32_t *slot_of_hash(const struct matcher *m, const struct merge_message *x)
{
    size_t at = (size_t)hash64(hash_key(x)) & m->mask;
    while (m->by_hash[at] && !same_hash(&m->stored->m[m->by_hash[at] - 1], x))
        at = (at + 1) & m->mask;
    return &m->by_hash[at];
}

/* Both have an id from one place, and these differ: two messages. From two places the same message may have two ids. */
static uint32_t kind_of(const struct merge_message *m)
{
    return intern_says(m->origin) ? m->source + 1 : 0;
}

static bool are_told_apart(const struct merge_message *given, const struct merge_message *stored)
{
    return kind_of(given) && kind_of(given) == kind_of(stored);
}

static void index_messages(struct matcher *m)
{
    for (size_t i = m->stored->count; i-- > 0;) {
        const struct merge_message *x = &m->stored->m[i];
        uint32_t *slot = slot_of_hash(m, x), next = *slot;
        bool alike = next && kind_of(&m->stored->m[next - 1]) == kind_of(x);
        m->next_equal[i] = next;
        m->next_other[i] = alike ? m->next_other[next - 1] : next;
        *slot = (uint32_t)(i + 1);
        if (intern_says(x->origin))
            m->by_origin[x->origin] = (uint32_t)(i + 1);
    }
}

static err_t matcher_init(struct matcher *m, struct arena *a, const struct merge_list *given,
                          const struct merge_list *stored, bool by_id)
{
    size_t slots = slots_for(stored->count);
    *m = (struct matcher){ .stored = stored, .mask = slots - 1 };
    for (size_t i = 0; i < stored->count; i++)
        if (stored->m[i].origin >= m->origin_count)
            m->origin_count = stored->m[i].origin + 1;
    m->by_hash = ARENA_ARRAY(a, uint32_t, slots);
    m->by_origin = ARENA_ARRAY(a, uint32_t, m->origin_count + 1);
    m->next_equal = ARENA_ARRAY(a, uint32_t, stored->count + 1);
    m->next_other = ARENA_ARRAY(a, uint32_t, stored->count + 1);
    m->taken = ARENA_ARRAY(a, bool, stored->count + 1);
    TRY(arena_err(a));
    index_messages(m);
    return by_id && given->count ? merge_ids_init(&m->by_id, a, stored) : OK;
}

static uint32_t take(struct matcher *m, uint32_t at)
{
    m->taken[at - 1] = true;
    return at;
}

/* What is taken, or behind the last match, is never asked for again, and those that are told apart from `given` are passed over
 * together: a million messages that say the same are walked over once. */
static uint32_t match_hash(struct matcher *m, const struct merge_message *given)
{
    uint32_t *first = slot_of_hash(m, given), at = *first;
    while (at && (m->taken[at - 1] || at - 1 < m->walked)) {
        *first = at; /* an empty slot would end the search for what stands behind it */
        at = m->next_equal[at - 1];
    }
    while (at) {
        bool apart = are_told_apart(given, &m->stored->m[at - 1]);
        if (!apart && at - 1 >= m->walked && !m->taken[at - 1]) {
            m->walked = at;
            return take(m, at);
        }
        at = apart ? m->next_other[at - 1] : m->next_equal[at - 1];
    }
    return 0;
}

/* Of two renderings one may name the messages and the other not (a page's JSON, its DOM): then what is equal is the same. */
static uint32_t match(struct matcher *m, const struct merge_message *given)
{
    uint32_t at = merge_ids_find(&m->by_id, given->id);
    if (!at && intern_says(given->origin) && given->origin < m->origin_count) {
        at = m->by_origin[given->origin];
        if (at && m->taken[at - 1] && m->stored->m[at - 1].source == given->source)
            return 0;
    }
    return at && !m->taken[at - 1] ? take(m, at) : match_hash(m, given);
}

/* --- what a rendering of another kind says in other words ------------------------------------------ */

/* The last answer of each turn that nothing was matched with: at the stored question's place, from 1. */
static void find_open_answers(const struct matcher *m, uint32_t *open)
{
    size_t question = m->stored->count;
    for (size_t i = 0; i < m->stored->count; i++) {
        const struct merge_message *x = &m->stored->m[i];
        if (!x->on_path || x->hidden)
            continue;
        if (x->role == ROLE_USER)
            question = i;
        else if (question < m->stored->count && x->role == ROLE_ASSISTANT && !m->taken[i] &&
                 x->rank)
            open[question] = (uint32_t)(i + 1);
    }
}

static bool other_kind(const struct merge_message *x, const struct merge_message *y)
{
    return x->rank && y->rank && x->rank != y->rank;
}

/* What a page shows and what its provider's data says differ in marks and tools; the answer to the same question, the last one
 * before the next question, is the same message. Only between kinds: two renderings of a kind that differ are two answers. */
static err_t match_answers(struct matcher *m, struct arena *a, const struct merge_list *given,
                           uint32_t *olds)
{
    uint32_t *open = ARENA_ARRAY(a, uint32_t, m->stored->count + 1);
    size_t question = m->stored->count, last = given->count;
    if (!open)
        return arena_err(a);
    find_open_answers(m, open);
    for (size_t i = 0; i <= given->count; i++) {
        bool asks = i == given->count || (given->m[i].on_path && given->m[i].role == ROLE_USER);
        if (!asks) {
            if (given->m[i].on_path && !given->m[i].hidden && given->m[i].role == ROLE_ASSISTANT)
                last = i;
            continue;
        }
        if (question < m->stored->count && last < given->count && !olds[last]) {
            uint32_t at = open[question];
            if (at && !m->taken[at - 1] && other_kind(&given->m[last], &m->stored->m[at - 1]))
                olds[last] = take(m, at);
        }
        question = i < given->count && olds[i] ? olds[i] - 1 : m->stored->count;
        last = given->count;
    }
    return OK;
}

err_t merge_match(struct arena *a, const struct merge_list *given, const struct merge_list *stored,
                  bool by_id, uint32_t **ret)
{
    struct matcher m;
    uint32_t *olds = ARENA_ARRAY(a, uint32_t, given->count + 1);
    if (!olds)
        return arena_err(a);
    TRY(matcher_init(&m, a, given, stored, by_id));
    for (size_t i = 0; i < given->count; i++)
        olds[i] = match(&m, &given->m[i]);
    TRY(match_answers(&m, a, given, olds));
    *ret = olds;
    return OK;
}

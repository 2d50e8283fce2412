/* Which renderings are kept: those that say something which the others do not. */
#include <stdlib.h>

#include "archive/archive_fold.h"
#include "archive/archive_keep.h"
#include "base/limits.h"
#include "base/map.h"

/* --- does one say all that another says ------------------------------------------------------------------ */

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

static bool names_all(const struct merge_message *x, const struct merge_message *of)
{
    return (intern_says(x->author) || !intern_says(of->author)) &&
           (intern_says(x->model) || !intern_says(of->model)) &&
           (x->created_ms != TIME_NONE || of->created_ms == TIME_NONE);
}

/* What it says and what the provider calls it. Equal ones have equal keys; of different ones hardly any. */
static uint64_t key_of(const struct merge_message *m)
{
    char said[sizeof m->hash.b + sizeof m->origin];
    uint32_t origin = intern_says(m->origin) ? m->origin : 0;
    memcpy(said, m->hash.b, sizeof m->hash.b);
    memcpy(said + sizeof m->hash.b, &origin, sizeof origin);
    return hash64(str_of(said, sizeof said));
}

static int compare_keys(const void *x, const void *y)
{
    uint64_t k = *(const uint64_t *)x, l = *(const uint64_t *)y;
    return k < l ? -1 : k > l;
}

/* Eight bytes a message stay, so that each rendering can be held against all others without being read again each time. */
static err_t make_keys(struct renderings *s, struct arena *a, struct rendering *r)
{
    if (r->keys)
        return OK;
    TRY(rendering_open(s, r));
    r->key_count = r->list.count;
    r->keys = ARENA_ARRAY(a, uint64_t, r->key_count + 1);
    for (size_t i = 0; r->keys && i < r->key_count; i++)
        r->keys[i] = key_of(&r->list.m[i]);
    rendering_close(s, r);
    if (!r->keys)
        return arena_err(a);
    qsort(r->keys, r->key_count, sizeof *r->keys, compare_keys);
    return OK;
}

/* Both are in order. */
static bool has_keys(const struct rendering *whole, const struct rendering *part)
{
    size_t at = 0;
    for (size_t i = 0; i < part->key_count; i++) {
        while (at < whole->key_count && whole->keys[at] < part->keys[i])
            at++;
        if (at == whole->key_count || whole->keys[at] != part->keys[i])
            return false;
    }
    return true;
}

struct said {
    const struct merge_list *list;
    uint32_t *slots; /* the last message of its kind, from 1; 0: free */
    size_t mask;
};

static uint32_t *slot_of(const struct said *t, const struct merge_message *m)
{
    size_t at = (size_t)key_of(m) & t->mask;
    for (; t->slots[at]; at = (at + 1) & t->mask) {
        const struct merge_message *x = &t->list->m[t->slots[at] - 1];
        if (intern_eq(x->origin, m->origin) && !memcmp(x->hash.b, m->hash.b, sizeof m->hash.b))
            break;
    }
    return &t->slots[at];
}

static err_t lists_say_all(const struct merge_list *whole, const struct merge_list *part, bool *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct said said = { .list = whole };
    size_t slots = 2;
    arena_init(&a, MERGE_ARENA_BYTES_MAX);
    while (slots < 2 * whole->count)
        slots *= 2;
    said.slots = ARENA_ARRAY(&a, uint32_t, slots);
    said.mask = slots - 1;
    if (!said.slots)
        return arena_err(&a);
    for (size_t i = 0; i < whole->count; i++)
        *slot_of(&said, &whole->m[i]) = (uint32_t)(i + 1);
    *ret = true;
    for (size_t i = 0; i < part->count && *ret; i++) {
        uint32_t at = *slot_of(&said, &part->m[i]);
        *ret = at && names_all(&whole->m[at - 1], &part->m[i]);
    }
    return OK;
}

/* Does `whole` say all that `part` says, and name all that it names? */
static err_t says_all(struct renderings *s, struct arena *a, struct rendering *whole,
                      struct rendering *part, bool *ret)
{
    *ret = false;
    if (!row_names_all(&whole->row, &part->row))
        return OK;
    TRY(make_keys(s, a, whole));
    TRY(make_keys(s, a, part));
    if (!has_keys(whole, part))
        return OK;
    TRY(rendering_open(s, whole));
    TRY(rendering_open(s, part));
    TRY(lists_say_all(&whole->list, &part->list, ret));
    rendering_close(s, whole);
    rendering_close(s, part);
    return OK;
}

/* --- what is spare ------------------------------------------------------------------------------------------ */

static bool is_newer(const struct rendering *x, const struct rendering *than)
{
    return x->row.captured_ms > than->row.captured_ms;
}

/* Is x left out because of y? */
static err_t is_spare(struct renderings *s, struct arena *a, struct rendering *x,
                      struct rendering *y, bool y_came_later, bool *ret)
{
    *ret = false;
    if (!uuid_eq(x->source_id, y->source_id))
        return OK;
    if (x->row.captured_ms == y->row.captured_ms) {
        *ret = y_came_later; /* the same capture, read by other code */
        return OK;
    }
    bool whole = !rendering_is_partial(y), stands_above = is_newer(y, x)
                                                              ? whole || rendering_is_partial(x)
                                                              : whole && rendering_is_partial(x);
    return stands_above && rendering_rank_of(y) >= rendering_rank_of(x) ? says_all(s, a, y, x, ret)
                                                                        : OK;
}

static err_t find_spare(struct renderings *s, struct arena *a, struct rendering **list,
                        size_t count, bool *spare)
{
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < count && !spare[i]; k++)
            if (k != i && !spare[k])
                TRY(is_spare(s, a, list[i], list[k], k > i, &spare[i]));
    return OK;
}

static err_t drop_spare(struct renderings *s, struct rendering **list, size_t *count)
{
    size_t kept = 0;
    CLEANUP(arena_free) struct arena work = { 0 };
    arena_init(&work, MERGE_ARENA_BYTES_MAX);
    bool *spare = ARENA_ARRAY(&work, bool, *count + 1);
    if (!spare)
        return arena_err(&work);
    err_t e = find_spare(s, &work, list, *count, spare);
    for (size_t i = 0; i < *count; i++)
        list[i]->keys = NULL; /* they end here */
    TRY(e);
    for (size_t i = 0; i < *count; i++) {
        if (!spare[i]) {
            list[kept++] = list[i];
        } else if (list[i]->is_open) {
            struct merge_list gone;
            TRY(rendering_take(s, list[i], &gone));
            merge_list_free(&gone);
        }
    }
    *count = kept;
    return OK;
}

/* --- what would be too many ------------------------------------------------------------------------------------ */

static size_t count_of_source(struct rendering *const *list, size_t count, struct uuid source)
{
    size_t n = 0;
    for (size_t i = 0; i < count; i++)
        n += uuid_eq(list[i]->source_id, source);
    return n;
}

/* Both become one, with the newer one's time. */
static err_t join(struct renderings *s, struct rendering *older, struct rendering *newer,
                  struct rendering **ret)
{
    CLEANUP(folded_free) struct folded whole = { 0 };
    CLEANUP(buf_free) struct buf form = { 0 };
    struct rendering *pair[2] = { older, newer }, *r = rendering_add(s);
    if (!r)
        return arena_err(s->a);
    buf_init(&form, NULL, RENDERING_BYTES_MAX);
    TRY(rendering_fold(s, pair, 2, &whole));
    r->source_id = newer->source_id;
    r->place = newer->place;
    r->row = whole.row;
    r->row.captured_ms = newer->row.captured_ms;
    TRY(keep_pack_list(s, &whole.list, pair[1], &r->row, r->place, &form));
    r->where = SAID_FORM;
    r->form = str_dup(s->a, buf_str(&form));
    *ret = r;
    return arena_err(s->a);
}

/* list is in order of age. The oldest of the source and the next one become one. */
static err_t join_oldest(struct renderings *s, struct rendering **list, size_t *count,
                         struct uuid source)
{
    size_t first = *count;
    for (size_t i = 0; i < *count; i++) {
        if (!uuid_eq(list[i]->source_id, source))
            continue;
        if (first == *count) {
            first = i;
            continue;
        }
        TRY(join(s, list[first], list[i], &list[i]));
        memmove(&list[first], &list[first + 1], (*count - first - 1) * sizeof(void *));
        --*count;
        return OK;
    }
    return OK;
}

err_t rendering_retain(struct renderings *s, struct rendering **list, size_t *count)
{
    TRY(drop_spare(s, list, count));
    qsort(list, *count, sizeof(void *), rendering_compare_age);
    for (size_t i = 0; i < *count;) {
        if (count_of_source(list, *count, list[i]->source_id) > SOURCE_RENDERINGS_MAX) {
            TRY(join_oldest(s, list, count, list[i]->source_id));
            i = 0;
        } else {
            i++;
        }
    }
    return OK;
}

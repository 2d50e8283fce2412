#include "base/intern.h"

#include "base/map.h"

enum { FIRST_TEXTS = 64, TEXTS_BEFORE = 2 /* the absent and the empty one */ };

void intern_init(struct intern *t, struct arena *a)
{
    *t = (struct intern){ .arena = a };
}

/* The slot that holds `s`, or the free one where it belongs. */
static uint32_t *slot_of(const struct intern *t, struct str s)
{
    size_t mask = t->slot_count - 1, at = (size_t)hash64(s) & mask;
    while (t->slots[at] && !str_eq(intern_text(t, t->slots[at]), s))
        at = (at + 1) & mask;
    return &t->slots[at];
}

err_t intern_reserve(struct intern *t, size_t more)
{
    size_t cap = t->count + more, slot_count = 2 * FIRST_TEXTS;
    if (cap <= t->cap)
        return OK;
    if (cap > UINT32_MAX / 4)
        return E_LIMIT;
    while (slot_count < cap + cap / 2) /* a third of them stays free */
        slot_count *= 2;
    struct str *texts = ARENA_ARRAY(t->arena, struct str, cap);
    uint32_t *slots = ARENA_ARRAY(t->arena, uint32_t, slot_count);
    if (!texts || !slots)
        return arena_err(t->arena);
    if (t->count)
        memcpy(texts, t->texts, t->count * sizeof *texts);
    t->texts = texts;
    t->slots = slots;
    t->cap = cap;
    t->slot_count = slot_count;
    for (size_t i = 0; i < t->count; i++)
        *slot_of(t, texts[i]) = (uint32_t)(i + TEXTS_BEFORE);
    return OK;
}

err_t intern_put(struct intern *t, struct str s, bool lasts, uint32_t *ret)
{
    if (!s.n) {
        *ret = s.s ? 1 : 0;
        return OK;
    }
    uint32_t *slot = t->cap ? slot_of(t, s) : NULL;
    if (slot && *slot) {
        *ret = *slot;
        return OK;
    }
    if (t->count == t->cap)
        TRY(intern_reserve(t, t->cap ? t->cap : FIRST_TEXTS));
    struct str kept = lasts ? s : str_dup(t->arena, s);
    if (!kept.s)
        return arena_err(t->arena);
    slot = slot_of(t, s);
    t->texts[t->count++] = kept;
    *slot = (uint32_t)(t->count - 1 + TEXTS_BEFORE);
    *ret = *slot;
    return OK;
}

struct str intern_text(const struct intern *t, uint32_t number)
{
    if (number < TEXTS_BEFORE)
        return number ? S("") : STR_NONE;
    assert(number - TEXTS_BEFORE < t->count);
    return t->texts[number - TEXTS_BEFORE];
}

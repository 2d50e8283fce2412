/* intern: texts by number. The same text has the same number, so what holds many texts of which most come again holds four
 * bytes for each, and compares numbers.
 *
 * Lives in an arena; the hash is that of map.h, keyed. 0 is the absent text, 1 the empty one. */
#ifndef VIVIM_BASE_INTERN_H
#define VIVIM_BASE_INTERN_H

#include "base/str.h"

struct intern {
    struct arena *arena;
    struct str *texts; /* texts[n - 2] is number n */
    uint32_t *slots;   /* a text's number; 0: free */
    size_t count, cap, slot_count;
};

void intern_init(struct intern *t, struct arena *a);
/* Room for so many more texts at once: a table that grows by doubling leaves as much again behind in the arena. */
NODISCARD err_t intern_reserve(struct intern *t, size_t more);
/* Its number. lasts: `s` outlives the table and need not be copied. E_LIMIT, E_BUSY. */
NODISCARD err_t intern_put(struct intern *t, struct str s, bool lasts, uint32_t *ret);
struct str intern_text(const struct intern *t, uint32_t number);

/* Is anything said: neither absent nor empty. */
static inline bool intern_says(uint32_t number)
{
    return number > 1;
}
/* Do two numbers say the same, as str_eq: absent and empty are alike. */
static inline bool intern_eq(uint32_t x, uint32_t y)
{
    return x == y || (!intern_says(x) && !intern_says(y));
}

#endif

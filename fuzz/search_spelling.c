/* room: search
 *
 * The first line is a word that stands nowhere, the others a vocabulary: the correction is the
 * nearest of them, by a plain table of distances. */
#include "base/utf8.h"
#include "search/query/spelling.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

enum { MOST = 60 };

static size_t letters(struct str s, uint32_t ret[MOST])
{
    size_t n = 0;
    for (size_t at = 0; at < s.n && n < MOST;)
        ret[n++] = utf8_next(s, &at);
    return n;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t distance(struct str x, struct str y)
{
    uint32_t a[MOST], b[MOST];
    size_t na = letters(x, a), nb = letters(y, b), d[MOST + 1][MOST + 1];
    for (size_t i = 0; i <= na; i++)
        for (size_t j = 0; j <= nb; j++) {
            d[i][j] = i && j ? d[i - 1][j - 1] + (a[i - 1] != b[j - 1]) : i + j;
            if (i && j)
                d[i][j] = least(d[i][j], least(d[i - 1][j], d[i][j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    return d[na][nb];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_spelling s;
    struct str word, best = STR_NONE, offer;
    size_t best_distance = 0;
    if (size > 2000)
        return 0;
    arena_init(&a, MIB(16));
    struct str rest = utf8_repair(&a, str_of((const char *)data, size));
    str_cut(&rest, '\n', &word);
    if (!word.s || utf8_count(word) >= MOST)
        return 0;
    CHECK(search_spelling_init(&s, &a, word) == OK);
    for (size_t i = 0; i < s.exact_count; i++) {
        CHECK(distance(word, s.exact[i]) == 1);
        CHECK(!i || str_cmp(s.exact[i - 1], s.exact[i]) < 0);
    }
    CHECK(!s.prefix.s || str_starts(word, s.prefix));
    while (str_cut(&rest, '\n', &offer)) {
        CHECK(search_spelling_offer(&s, &a, offer, 1) == OK);
        size_t d = utf8_count(offer) < MOST ? distance(word, offer) : MOST;
        bool counts = s.count && d >= 1 && d <= s.within;
        if (counts &&
            (!best.s || d < best_distance || (d == best_distance && str_cmp(offer, best) < 0))) {
            best = offer;
            best_distance = d;
        }
    }
    CHECK(best.s ? str_eq(best, s.best) && best_distance == s.best_distance : !s.best.s);
    return 0;
}

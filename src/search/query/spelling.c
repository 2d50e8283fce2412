/* Which words may have been meant: those at distance 1 are made and looked up, those at distance 2
 * are looked for among the words with the same beginning, where mistakes are rare. */
#include "search/query/spelling.h"

#include <stdlib.h>

#include "base/utf8.h"

enum {
    ONE_FROM_LETTERS = 4, /* words so long may have one mistake … */
    TWO_FROM_LETTERS = 8, /* … and two */
    PREFIX_LETTERS = 3,
    ALPHABET_MAX = 64,
    OFFERED_MAX = SEARCH_SPELLING_LETTERS_MAX + 2,
};

/* --- letters --------------------------------------------------------------------------------- */

/* At most `max` + 1 are counted. */
static size_t letters_of(struct str word, uint32_t *ret, size_t max)
{
    size_t count = 0;
    for (size_t at = 0; at < word.n && count <= max; count++) {
        uint32_t c = utf8_next(word, &at);
        if (count < max)
            ret[count] = c;
    }
    return count;
}

/* The letters of the script in which a word is written, as they stand in folded text; 0: it has no
 * alphabet, or the word is not of one. */
static size_t alphabet_of(const uint32_t *letters, size_t count, uint32_t ret[ALPHABET_MAX])
{
    static const struct {
        uint32_t from, to;
    } ALPHABETS[] = {
        { 'a', 'z' }, { 0x3b1, 0x3c9 }, { 0x430, 0x44f }, { 0x5d0, 0x5ea }, { 0x621, 0x64a },
    };
    for (size_t a = 0; a < COUNTOF(ALPHABETS); a++) {
        size_t n = 0, known = 0;
        for (uint32_t c = ALPHABETS[a].from; c <= ALPHABETS[a].to; c++)
            ret[n++] = c;
        for (size_t i = 0; i < count; i++)
            known += letters[i] >= ALPHABETS[a].from && letters[i] <= ALPHABETS[a].to;
        if (known == count)
            return n;
    }
    return 0;
}

/* --- words at distance 1 --------------------------------------------------------------------- */

struct maker {
    struct arena *arena;
    struct str *list;
    size_t count;
};

static void make(struct maker *m, const uint32_t *letters, size_t count)
{
    struct buf b;
    buf_init(&b, m->arena, 4 * OFFERED_MAX);
    for (size_t i = 0; i < count; i++)
        utf8_put(&b, letters[i]);
    m->list[m->count++] = b.s ? buf_str(&b) : S("");
}

static void make_edits_at(struct maker *m, const struct search_spelling *s, size_t at,
                          const uint32_t *alphabet, size_t size)
{
    uint32_t word[OFFERED_MAX];
    size_t n = s->count, after = n - at;
    const uint32_t *letters = s->letters;
    memcpy(word, letters, n * sizeof *word);
    if (at < n) { /* left out */
        memmove(word + at, letters + at + 1, (after - 1) * sizeof *word);
        make(m, word, n - 1);
        memcpy(word, letters, n * sizeof *word);
    }
    if (at + 1 < n) { /* changed places */
        word[at] = letters[at + 1];
        word[at + 1] = letters[at];
        make(m, word, n);
        memcpy(word, letters, n * sizeof *word);
    }
    for (size_t c = 0; at < n && c < size; c++) { /* another */
        word[at] = alphabet[c];
        make(m, word, n);
    }
    memcpy(word + at + 1, letters + at, after * sizeof *word);
    for (size_t c = 0; c < size; c++) { /* one more */
        word[at] = alphabet[c];
        make(m, word, n + 1);
    }
}

static int by_bytes(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

static err_t make_exact(struct search_spelling *s, struct arena *a, struct str word,
                        const uint32_t *alphabet, size_t size)
{
    size_t most = (2 * s->count + 1) * size + 2 * s->count, kept = 0;
    struct maker m = { .arena = a, .list = ARENA_ARRAY(a, struct str, most) };
    if (!m.list)
        return arena_err(a);
    for (size_t at = 0; at <= s->count; at++)
        make_edits_at(&m, s, at, alphabet, size);
    TRY(arena_err(a));
    qsort(m.list, m.count, sizeof *m.list, by_bytes);
    for (size_t i = 0; i < m.count; i++)
        if (!str_eq(m.list[i], word) && (!kept || !str_eq(m.list[i], m.list[kept - 1])))
            m.list[kept++] = m.list[i];
    s->exact = m.list;
    s->exact_count = kept;
    return OK;
}

err_t search_spelling_init(struct search_spelling *s, struct arena *a, struct str word)
{
    uint32_t alphabet[ALPHABET_MAX];
    *s = (struct search_spelling){ .count = 0 };
    size_t count = letters_of(word, s->letters, SEARCH_SPELLING_LETTERS_MAX);
    if (count < ONE_FROM_LETTERS || count > SEARCH_SPELLING_LETTERS_MAX)
        return OK;
    size_t size = alphabet_of(s->letters, count, alphabet);
    if (!size)
        return OK;
    s->count = count;
    s->within = count >= TWO_FROM_LETTERS ? 2 : 1;
    if (s->within == 2) {
        size_t bytes = 0;
        for (size_t i = 0; i < PREFIX_LETTERS; i++)
            utf8_next(word, &bytes);
        s->prefix = str_dup(a, str_sub(word, 0, bytes));
    }
    return make_exact(s, a, word, alphabet, size);
}

/* --- choosing -------------------------------------------------------------------------------- */

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Restricted Damerau-Levenshtein; more than `within` is within + 1. The two lengths differ by no
 * more than `within`. Only cells so near the diagonal can be that small. */
static size_t distance(const uint32_t *a, size_t na, const uint32_t *b, size_t nb, size_t within)
{
    size_t rows[3][OFFERED_MAX + 1] = { 0 }; /* of i - 2, i - 1 and i, in turn */
    for (size_t i = 0; i <= na; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3], *two_above = rows[(i + 1) % 3];
        for (size_t j = 0; j <= nb; j++) {
            if (i > j + within || j > i + within)
                row[j] = within + 1;
            else if (i == 0 || j == 0)
                row[j] = i + j;
            else {
                row[j] = least(above[j - 1] + (a[i - 1] != b[j - 1]), above[j] + 1);
                row[j] = least(row[j], row[j - 1] + 1);
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                    row[j] = least(row[j], two_above[j - 2] + 1);
            }
        }
    }
    return least(rows[na % 3][nb], within + 1);
}

err_t search_spelling_offer(struct search_spelling *s, struct arena *a, struct str word, int64_t df)
{
    uint32_t letters[OFFERED_MAX];
    if (!s->count)
        return OK;
    size_t n = letters_of(word, letters, OFFERED_MAX);
    if (n > OFFERED_MAX || n > s->count + s->within || s->count > n + s->within)
        return OK;
    size_t d = distance(s->letters, s->count, letters, n, s->within);
    if (d > s->within || d == 0)
        return OK;
    bool better = !s->best.s || d < s->best_distance ||
                  (d == s->best_distance &&
                   (df > s->best_df || (df == s->best_df && str_cmp(word, s->best) < 0)));
    if (!better)
        return OK;
    struct str kept = str_dup(a, word);
    TRY(arena_err(a));
    s->best = kept;
    s->best_distance = d;
    s->best_df = df;
    return OK;
}

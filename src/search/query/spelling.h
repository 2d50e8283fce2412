/* spelling: for a word that stands nowhere in the reader's archive, the nearest of the words that
 * do. Pure: the caller looks words up in the reader's own vocabulary, so nobody's corrections tell
 * of another's archive.
 *
 * Distance: Damerau-Levenshtein in its restricted form (no place is edited twice), over characters;
 * 1 for words of 4 letters and more, 2 for 8 and more. Ties: the more frequent word, then the first
 * in the order of bytes.
 *
 * Usage: init; look up all `exact` (they are all words at distance 1 that its letters can make) and
 * the words that begin with `prefix` (at distance 2 only those are looked for), at most
 * SEARCH_SPELLING_PREFIX_MAX of them, and offer each that exists. */
#ifndef VIVIM_SEARCH_QUERY_SPELLING_H
#define VIVIM_SEARCH_QUERY_SPELLING_H

#include "base/limits.h"
#include "base/str.h"

enum {
    SEARCH_SPELLING_LETTERS_MAX = 24, /* longer words are not corrected */
    SEARCH_SPELLING_PREFIX_MAX = 20000,
};

struct search_spelling {
    uint32_t letters[SEARCH_SPELLING_LETTERS_MAX]; /* of the word typed */
    size_t count;
    size_t within;      /* distance at most */
    struct str *exact;  /* sorted, each once; in the arena */
    size_t exact_count; /* 0: the word is not corrected (short, long, with digits, no alphabet) */
    struct str prefix;  /* STR_NONE: none to be looked for */
    struct str best;    /* STR_NONE: none so far; in the arena */
    size_t best_distance;
    int64_t best_df;
};

/* `word`: folded, as in the vocabulary. Errors: the arena's. */
NODISCARD err_t search_spelling_init(struct search_spelling *s, struct arena *a, struct str word);
/* A word of the vocabulary and in how many texts it stands. Words too far away are let pass. */
NODISCARD err_t search_spelling_offer(struct search_spelling *s, struct arena *a, struct str word,
                                      int64_t df);

#endif

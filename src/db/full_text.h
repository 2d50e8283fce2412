/* The best rows of a full text, on SQLite: BM25 of words with weights of the caller's, without measuring what cannot be among the best.
 *
 * FTS5's own bm25() looks up the size of every row that matches, each with a statement of its own: nine tenths of the time of a query
 * of frequent words. best_words() does so only where a row could still be among the best `limit` if it were as short as can be; of
 * the others it gives NULL. So it wants ORDER BY found DESC LIMIT limit, and gives the same rows as if it had measured all. */
#ifndef VIVIM_DB_FULL_TEXT_H
#define VIVIM_DB_FULL_TEXT_H

#include "base/arena.h"
#include "base/str.h"

enum { DB_BEST_COLUMNS_MAX = 4 };

struct db_best {
    double k1, b, average; /* of BM25; average > 0, in what `columns` makes of sizes */
    double columns[DB_BEST_COLUMNS_MAX]; /* what a word counts in each column */
    uint32_t limit;
    uint32_t words, phrases; /* phrases: the first so many of the expression; others do not count */
};
/* best_words' second argument: the words' weights, and of each phrase the word that it stands for. Of this process alone. "" when the
 * arena is full (its error says so). */
struct str db_best_bytes(struct arena *a, const struct db_best *best, const double *weights,
                         const uint16_t *word_of);

#endif

/* search/ranking: candidates in, an order out.
 *
 * The score is a sum of weights times features, none of them negative, each comparable within one query. Every feature is computed
 * here, from forward rows and the reader's own statistics, in a fixed order and in double: the same candidates have the same order
 * on every run and on both databases. Ties: the later one, then the greater id.
 *
 * constants.c  the one table of constants, with its source
 * words.c      a query's words in the numbers of an owner
 * measure.c    one document: which words stand there, how often, how near; does it meet the conditions
 * soft.c       words that are like the query's
 * rank.c       all candidates: features, score, order
 * about.c      does the query speak of what somebody said
 * The formulas for people: docs/search.md. */
#ifndef VIVIM_SEARCH_RANKING_RANKING_H
#define VIVIM_SEARCH_RANKING_RANKING_H

#include "search/index/index.h"
#include "search/query/query.h"
#include "search/vectors/vectors.h"

/* --- constants.c -------------------------------------------------------------------------------- */

enum rank_feature {
    RANK_BM,
    RANK_COV,
    RANK_BI,
    RANK_NB1,
    RANK_NB2,
    RANK_SESS,
    RANK_ABOUT,
    RANK_DATE,
    RANK_SEM,
    RANK_SEMNB,
    RANK_SOFT,
    RANK_FEATURES
};
enum rank_column { RANK_ALL, RANK_BACKGROUND, RANK_WORDS_ALONE, RANK_COLUMNS };
extern const double RANK_WEIGHTS[RANK_COLUMNS][RANK_FEATURES];
extern const char *const RANK_NAMES[RANK_FEATURES];
extern const double RANK_K1, RANK_B; /* of BM25 */
extern const double RANK_ANSWERS;    /* `about` of an answer, where it is of the answerer's words */
extern const double RANK_ASIDE;      /* a word that stands aside alone, of one that was said */

/* --- the query, as it is ranked -------------------------------------------------------------------- */

struct rank_word {
    struct str text, typed; /* folded, and as it was typed */
    size_t term;            /* of the query */
    enum search_word_class class;
    bool ranked; /* counts for the order; else only a condition asks for it */
    bool known;  /* it stands somewhere in what the reader may search */
    bool prefix, dense;
    int64_t df;                   /* in the reader's own documents */
    struct search_word_rows rows; /* in the space of similar words, where that is used */
    double idf;
};

struct rank_pair { /* of words that were typed as neighbours */
    uint8_t first, second;
};

struct rank_written { /* a way in which a token of a phrase may stand in a text */
    uint32_t word, form;
};
struct rank_phrase {
    size_t count; /* of tokens */
    struct {
        const struct rank_written *any;
        size_t count;
    } * tokens;
};

struct rank_numbers { /* of one word of the query in one owner's vocabulary */
    const uint32_t *words;
    size_t count;
};

struct rank_source { /* the query in the numbers of one owner */
    struct uuid owner;
    struct rank_numbers words[SEARCH_WORDS_MAX];
    struct rank_phrase *phrases; /* by term; of words empty */
    uint32_t *keys;              /* number -> which words of the query, a table */
    uint64_t *masks;
    size_t room; /* a power of two */
};

enum rank_speaker { RANK_ANYBODY, RANK_ASKER, RANK_ANSWERER }; /* whose words it speaks of */

struct rank_query {
    const struct search_query *query;
    struct rank_word words[SEARCH_WORDS_MAX];
    size_t word_count;
    uint64_t ranked; /* a bit for each word that counts */
    size_t *word_of; /* by term; SIZE_MAX: none */
    struct rank_pair pairs[SEARCH_WORDS_MAX];
    size_t pair_count;
    struct search_statistics statistics; /* of the reader */
    enum rank_speaker speaker;
    const struct search_date *dates; /* that it names */
    size_t date_count;
    enum rank_column column;
};

/* Which numbers a source's words have are looked up by number: call this when `words` is filled. */
NODISCARD err_t rank_source_ready(struct arena *a, const struct rank_query *q,
                                  struct rank_source *s);
/* BM25's idf: ln(1 + (n - df + 0.5) / (df + 0.5)) (Robertson and Zaragoza 2009, as Lucene has it: never negative). */
double rank_idf(int64_t documents, int64_t df);
/* idf of its words, and which of them are neighbours: call this when df and class are known. */
void rank_query_ready(struct rank_query *q);

/* --- about.c ----------------------------------------------------------------------------------------- */

/* Of the asker's words, if it is in the first person; of the answerer's, if it asks what "you" said or did, or for a summary. (English,
 * German, French, Spanish, Portuguese, Italian, Dutch) */
enum rank_speaker rank_speaker_of(struct arena *a, struct str words);
/* Is one of the names of `author` among the words? */
bool rank_names(const struct search_query *q, struct str author);

/* --- candidates ----------------------------------------------------------------------------------------- */

struct rank_candidate {
    const struct search_row *row;
    const struct rank_source *source;
    uint64_t words, said;  /* of the query, that stand there; that were said there */
    bool fits;             /* it meets the query's conditions */
    bool listed;           /* it may be shown (else it is only a neighbour) */
    double bm, sess, soft; /* not yet divided */
    bool has_vector;
    double cosine; /* with the query, where it has a vector */
    uint32_t
        like; /* the word that is most like one of the query's that does not stand there; 0: none … */
    size_t like_of;                 /* … and which that is */
    double features[RANK_FEATURES]; /* each times its weight is its part of the score */
    double score;
};

/* Fill words, fits, bm and RANK_BI from the row. E_CORRUPT: its words are damaged. */
NODISCARD err_t rank_measure(struct arena *scratch, const struct rank_query *q,
                             struct rank_candidate *c);
double rank_average_length(const struct rank_query *q); /* of the reader's documents, in words */
/* BM25 of a text that has these counts of the query's words. */
double rank_bm25(const struct rank_query *q, const double *counts, int64_t length,
                 double average_length);
/* BM25 of a session as one text. */
NODISCARD err_t rank_session(const struct rank_query *q, const struct rank_source *s,
                             const struct search_session *session, double *ret);

/* The feature `soft` of the candidates of one source: which of their words are like the query's. `rows_of` says where a word's number
 * stands in the space. E_LIMIT, E_BUSY. */
NODISCARD err_t rank_soft(struct arena *scratch, const struct rank_query *q,
                          const struct search_space *space, const struct rank_source *source,
                          struct search_word_rows (*rows_of)(void *context, uint32_t word),
                          void *context, struct rank_candidate *list, size_t count);

/* All features and the score of measured candidates, which stand in the order of (owner, parent, place), and whose `sess` is set.
 * Afterwards they stand best first. */
void rank_all(const struct rank_query *q, struct rank_candidate *list, size_t count);
/* The order of the candidates on the way in. */
void rank_in_places(struct rank_candidate *list, size_t count);
double rank_date(const struct search_date *d, int64_t said_ms); /* 0 .. 1 */

#endif

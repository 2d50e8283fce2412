/* Similar words: what stands near what, learned by counting, so that "kettle" finds "pot". No model, nothing downloaded.
 *
 * A *table* gives stems a vector: PPMI of what stands within five words of what, and its randomised SVD (table_make.c). Two are
 * made from Debian packages at first start (background.h): A from WordNet's glosses, B from a language model's bigrams; a third
 * is made from an account's own archive (own.c). A *space* is the tables that an account's vectors are made with, side by side; a word is its
 * row in each. A message is the average of its words (SIF), less the mean of the corpus, in int8. Space and mean together are an
 * *epoch*: it is stored, each stored vector bears its number, and vectors of two epochs are never compared.
 *
 * Everything here is a function of bytes: no store, no clock, no globals. The same input gives the same bytes on the same machine
 * type (arithmetic in a fixed order, no fused steps); between machines the last bit of a logarithm may differ, which is why a
 * table's identity is that of what it was made from. Numbers are of this machine's byte order: what is written is a derived
 * file or row, never moved to another kind of machine (it would be refused and made again).
 *
 * table.c       a table's bytes: checked, searched, words compared
 * message.c     the average of a message, the corpus's mean, epochs
 * scan.c        many vectors in memory, filtered, the nearest ones
 * table_make.c  counts -> table: cooccurrence.c, ppmi.c, svd.c, dense.c; which words: rows.c
 * own.c         an account's own table; glosses.c, bigrams.c (language_model.c): the other two
 * background.h  the two tables of a node and the thread that makes them
 * How it is made and why: docs/search.md, docs/decisions/0020-vectors-from-debian-packages.md. */
#ifndef VIVIM_SEARCH_VECTORS_VECTORS_H
#define VIVIM_SEARCH_VECTORS_VECTORS_H

#include "base/limits.h"
#include "base/str.h"
#include "base/uuid.h"

/* --- tables ------------------------------------------------------------------------------------ */

enum search_table_kind {
    SEARCH_TABLE_GLOSSES, /* A */
    SEARCH_TABLE_BIGRAMS, /* B */
    SEARCH_TABLE_OWN,
    SEARCH_TABLE_KINDS
};

/* What a table was made from and by which version of this code: equal ids can be used in each other's place. */
struct search_table_id {
    uint8_t b[16];
};

struct search_table { /* views into its bytes, which must outlive it; read-only, any thread */
    enum search_table_kind kind;
    struct search_table_id id;
    uint32_t rows, dims,
        stride;          /* stride: bytes of a row, dims padded with zeros to a multiple of 16 */
    const float *scales; /* of each row: unit vector = scale x int8 */
    const float *shares; /* of each row: the word's share of its corpus, 0..1; 1: a function word,
                            which says nothing of what a message is about */
    const uint32_t *offsets; /* rows + 1, into words */
    const char *words;       /* sorted by bytes */
    const int8_t *vectors;
};

/* Read a table from its bytes (8-byte aligned). E_CORRUPT: not a table, of another version, damaged (it has a checksum). */
NODISCARD err_t search_table_open(struct str bytes, struct search_table *ret);
/* The table without these words, with the same id: a word that no message has is in no message's vector. "" when none is left. */
NODISCARD err_t search_table_without(struct arena *a, const struct search_table *t,
                                     const struct str *words, size_t count, struct str *ret);
struct str search_table_word(const struct search_table *t, size_t row);   /* a view */
int32_t search_table_find(const struct search_table *t, struct str stem); /* its row; -1: none */

/* --- a space: tables side by side -------------------------------------------------------------- */

struct search_space {
    const struct search_table *tables[SEARCH_TABLE_KINDS]; /* NULL: without that one */
    uint32_t at[SEARCH_TABLE_KINDS]; /* where each begins in a message's vector */
    uint32_t bytes; /* of a message's vector: a multiple of 32, 0 .. SEARCH_VECTOR_BYTES_MAX */
};
/* Any of them may be NULL; with none the space is empty, and no word is in it. */
void search_space_init(struct search_space *s, const struct search_table *glosses,
                       const struct search_table *bigrams, const struct search_table *own);

/* A word in a space: what to keep beside a word's id (it holds until the space changes). */
struct search_word_rows {
    int32_t row[SEARCH_TABLE_KINDS]; /* -1: not in that table */
};
struct search_word_rows search_space_word(const struct search_space *s, struct str stem);
bool search_word_in_space(const struct search_word_rows *w);

/* Cosines (-1 .. 1) of each of `queries` with each of `words`: ret[q * word_count + w]; 0 where either is not in the space, 1 for
 * the same word. Cost: a product of two rows each, so make `words` the distinct ones of all candidates. */
void search_space_similar(const struct search_space *s, const struct search_word_rows *queries,
                          size_t query_count, const struct search_word_rows *words,
                          size_t word_count, float *ret);

/* --- epochs and the vectors of messages ---------------------------------------------------------- */

/* What vectors of one account at one time have in common. */
struct search_epoch {
    int64_t number;                                /* the caller's: 1, 2, 3 … for each account */
    struct search_table_id id[SEARCH_TABLE_KINDS]; /* all zero: without that table */
    int64_t messages;                              /* of the archive when it was made */
    uint32_t bytes;                                /* of mean, and of a vector */
    float mean[SEARCH_VECTOR_BYTES_MAX];
};
bool search_epoch_fits(const struct search_epoch *e, const struct search_space *s);
/* To a row and back. E_CORRUPT. */
struct str search_epoch_write(struct arena *a, const struct search_epoch *e);
NODISCARD err_t search_epoch_read(struct str bytes, struct search_epoch *ret);

struct search_vector {
    float
        scale; /* unit vector = scale x int8; 0: no word of it is in the space, and its cosine with all is 0 */
    int8_t v[SEARCH_VECTOR_BYTES_MAX]; /* space.bytes of them count */
};
/* `scale` and the int8s as bytes, for a row: 4 + bytes. */
enum { SEARCH_VECTOR_HEAD_BYTES = 4 };
struct str search_vector_write(struct arena *a, const struct search_vector *v, uint32_t bytes);
bool search_vector_read(struct str row, uint32_t bytes,
                        struct search_vector *ret); /* false: of another length */

/* The vector of a message or a query: its words in any order, as often as they stand there. Function and question words that a
 * background table knows count for nothing (with them on one side alone, recall falls by eight points), so all may be given. */
void search_message_vector(const struct search_space *s, const struct search_epoch *e,
                           const struct search_word_rows *words, size_t count,
                           struct search_vector *ret);
float search_vector_cosine(const struct search_vector *x, const struct search_vector *y,
                           uint32_t bytes);
/* The same of the first `part` bytes (a multiple of 16) alone: of what the background tables say, where the own table's part is nobody
 * else's business. */
float search_vector_cosine_part(const struct search_vector *x, const struct search_vector *y,
                                uint32_t part);

/* The mean of a corpus, over as many messages as are added (a few thousand, evenly chosen, are as good as all). */
struct search_mean {
    int64_t messages;
    double sum[SEARCH_VECTOR_BYTES_MAX];
};
void search_mean_init(struct search_mean *m);
void search_mean_add(struct search_mean *m, const struct search_space *s,
                     const struct search_word_rows *words, size_t count);
void search_mean_end(const struct search_mean *m, const struct search_space *s,
                     struct search_epoch *e); /* sets id, bytes, mean */

/* --- many vectors in memory, to be scanned --------------------------------------------------------- */

/* The vectors of one account's documents in one epoch. One writer, or many readers: the caller locks. Lives in its arena; a
 * document that is replaced or removed leaves a hole: when `holes` is more than `live`, free it and fill another. */
struct search_near_item {
    struct uuid id, parent;
    int64_t created_ms;
    uint32_t meta; /* the caller's: what it filters by */
};
struct search_near;
/* bytes: of a vector; part: of those, what may be compared alone. max_bytes: of its arena. E_BUSY. */
NODISCARD err_t search_near_new(uint32_t bytes, uint32_t part, size_t max_bytes,
                                struct search_near **ret);
void search_near_free(struct search_near *n); /* accepts NULL */
/* Add or replace. A vector of scale 0 is not kept (and what stood there goes). E_LIMIT, E_BUSY: it stands as before. */
NODISCARD err_t search_near_put(struct search_near *n, const struct search_near_item *item,
                                const struct search_vector *v);
void search_near_remove(struct search_near *n, struct uuid id);
/* With all that have this parent. Cost: all items. */
void search_near_remove_children(struct search_near *n, struct uuid parent);
size_t search_near_live(const struct search_near *n);
size_t search_near_holes(const struct search_near *n);

struct search_near_hit {
    const struct search_near_item *item; /* until the next put */
    float cosine;
};
/* The `limit` nearest to `query` among those that `keep` keeps (NULL: all), nearest first, ties by id. `hits` has room for
 * `limit`. Gives how many. `keep` is asked of every live item, before anything is compared. whole false: by
 * search_vector_cosine_part. */
size_t search_near_scan(const struct search_near *n, const struct search_vector *query, bool whole,
                        bool (*keep)(const struct search_near_item *item, void *context),
                        void *context, struct search_near_hit *hits, size_t limit);

/* --- an account's own table ------------------------------------------------------------------------- */

/* The words of an archive, message by message; walked twice, the same both times. */
struct search_sequence {
    const uint32_t
        *words; /* ids 0 .. word_ids - 1, in order, stop words included; until the next step */
    size_t count;
};
struct search_corpus {
    void *context;
    uint32_t word_ids; /* ids are below it; 1 .. SEARCH_WORD_IDS_MAX */
    err_t (*rewind)(void *context);
    /* false in *ret_more: that was the last. */
    err_t (*next)(void *context, struct search_sequence *ret, bool *ret_more);
    /* The stem of an id, until the next call: asked for the chosen ones only, in ascending order. */
    err_t (*stem)(void *context, uint32_t id, struct str *ret);
};

/* Asked between steps, some ten times a second: an error ends the work and is given. */
struct search_check {
    err_t (*check)(void *context); /* NULL: nobody calls it off */
    void *context;
};

/* Make a table of 200 dimensions from an archive. *ret: its bytes in `a`, at most SEARCH_OWN_TABLE_BYTES_MAX; STR_NONE: there are too
 * few words to learn from (under SEARCH_OWN_WORDS_MIN in all). Single-threaded: seconds of CPU and some hundred megabytes (in arenas of its own)
 * for a million words. Errors: the corpus's and the check's, E_LIMIT, E_BUSY. */
NODISCARD err_t search_own_table_make(struct arena *a, const struct search_corpus *corpus,
                                      const struct search_check *check, struct str *ret);

#endif

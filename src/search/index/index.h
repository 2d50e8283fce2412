/* search/index: what is stored of the texts, so that they are found and ranked without being read.
 *
 * Candidates in, features out: for a query this gives documents that may answer it (from FTS5 or
 * tsvector, which hold numbers of words and nothing else), and for a set of documents their *forward
 * rows*: the numbers of all their words in order. Every feature of the ranking is computed from forward
 * rows and the owner's statistics, so the same candidates give the same order on both databases, and an
 * index of another kind can take this one's place.
 *
 * A word's number belongs to one owner: `search_word` says its stem, and in how many of the owner's
 * documents it stands (df). So nobody's statistics tell of another's archive, a query walks its owner's
 * entries alone, and a word that nobody's text has any more is nowhere once its row is gone. A text's
 * words as they were written (forms) are kept where they are not their stems, for phrases.
 *
 * Documents with the same parent stand in its order (`place`), in *sessions*: runs without a gap of more
 * than SEARCH_SESSION_GAP_MS. A session has a row of its own: the numbers of its words, and how often each.
 *
 * forward.c      a document's and a session's words as bytes (pure)
 * batch.c        what changed, gathered and written together
 * batch_words.c  numbers of words, and their counts
 * sessions.c     places and sessions of a conversation
 * candidates.c   what to look for, for FTS5 and for tsquery
 * index_store.c  rows <-> structs */
#ifndef VIVIM_SEARCH_INDEX_INDEX_H
#define VIVIM_SEARCH_INDEX_INDEX_H

#include "base/json_write.h"
#include "base/map.h"
#include "base/timestamp.h"
#include "db/db.h"
#include "search/words/words.h"

/* --- a document's words: forward.c ------------------------------------------------------------- */

struct search_word_at {
    uint32_t word;
    uint32_t form; /* 0: it was written as its stem */
    bool beside;   /* takes no place in the running text (words.h) */
    bool aside;    /* nobody said it: thinking, what a tool was asked or gave */
};
struct search_walk { /* over a forward row; damaged bytes end it, and `damaged` says so */
    const uint8_t *at, *end;
    bool damaged;
    bool aside; /* what was said is behind it */
};
struct search_walk search_walk(struct str words);
bool search_walk_next(struct search_walk *w, struct search_word_at *ret);
void search_words_put(struct buf *b, struct search_word_at w);
/* What follows stands aside. */
void search_words_put_aside(struct buf *b);
/* Words aside count as one that was said: in lengths, in sessions, and in the ranking. */
enum { SEARCH_ASIDE_AS_ONE = 4 };

struct search_share { /* of a session: ascending by word */
    uint32_t word, count;
};
struct search_shares {
    const uint8_t *at, *end;
    uint32_t last;
    bool damaged;
};
struct search_shares search_shares(struct str words);
bool search_shares_next(struct search_shares *w, struct search_share *ret);
void search_shares_put(struct buf *b, uint32_t last, struct search_share s);

/* How often each number came: a table in an arena. */
struct search_tally {
    struct arena *arena;
    uint32_t *keys; /* 0: free */
    int64_t *counts;
    size_t count, room; /* room: a power of two */
};
void search_tally_init(struct search_tally *t, struct arena *a);
/* key > 0. E_LIMIT, E_BUSY. */
NODISCARD err_t search_tally_add(struct search_tally *t, uint32_t key, int64_t n);
int64_t search_tally_get(const struct search_tally *t, uint32_t key); /* 0: never */

/* --- writing: batch.c ---------------------------------------------------------------------------- */

struct search_doc {
    struct uuid owner_id, id, parent_id;
    struct str aside;                                        /* text that counts less */
    struct str entity, text, role, provider, model, account; /* STR_NONE: none */
    struct str author;                                       /* who said it, by name; STR_NONE */
    struct str has;     /* "code table", what it holds besides text; STR_NONE: nothing */
    int64_t position;   /* among those of its parent */
    int64_t created_ms; /* for filters and for the order by time; TIME_NONE */
    int64_t said_ms;    /* when it is known; TIME_NONE */
};

/* What changes together, in the caller's transaction on the index store. One at a time (the consumer). What was put
 * is there after search_batch_end alone. */
struct search_batch;
NODISCARD err_t search_batch_begin(struct db *index, struct search_batch **ret);
NODISCARD err_t search_batch_put(struct search_batch *b,
                                 const struct search_doc *doc); /* replaces */
/* The document, and those whose parent it is. */
NODISCARD err_t search_batch_remove(struct search_batch *b, struct uuid owner, struct str entity,
                                    struct uuid id);
NODISCARD err_t search_batch_remove_owner(struct search_batch *b, struct uuid owner);
NODISCARD err_t search_batch_clear(struct search_batch *b); /* everything */
NODISCARD err_t search_batch_end(struct search_batch *b);
void search_batch_free(struct search_batch *b); /* accepts NULL */
/* Without what was removed: FTS5 keeps numbers of removed documents' words until they are merged. */
NODISCARD err_t search_index_compact(struct db *index);

/* What filters ask for stands in `meta`, as words: a letter and ASCII letters and digits in lower case. */
enum search_meta {
    SEARCH_META_KIND = 'k',
    SEARCH_META_ROLE = 'r',
    SEARCH_META_PROVIDER = 'p',
    SEARCH_META_MODEL = 'm',
    SEARCH_META_ACCOUNT = 'a',
    SEARCH_META_LANGUAGE = 'l',
    SEARCH_META_HAS = 'h',
    SEARCH_META_CONVERSATION =
        'c', /* its id in hex: of the parent, or of the conversation itself */
};
/* The letters and digits of `s` in lower case, at most 40 of them; "" for none. */
struct str search_meta_value(struct arena *a, struct str s);
bool search_meta_has(struct str meta, char letter, struct str value);
/* The first value under a letter; STR_NONE. */
struct str search_meta_get(struct str meta, char letter);

/* --- reading: index_store.c ---------------------------------------------------------------------- */

struct search_statistics { /* of one owner */
    int64_t documents, words, sessions, session_words;
};
NODISCARD err_t search_index_statistics(struct db *index, struct uuid owner,
                                        struct search_statistics *ret); /* zeros: none */

/* How many of an owner's documents are in which language, the most frequent first; NONE is left out. */
struct search_language_share {
    int64_t language, documents; /* language: enum search_language */
};
NODISCARD err_t search_index_languages(struct db *index, struct arena *a, struct uuid owner,
                                       struct search_language_share **ret, size_t *ret_count);

struct search_known {   /* a word of an owner's vocabulary */
    int64_t at;         /* which of those that were asked for */
    int64_t word, form; /* form 0: the stem itself */
    int64_t df;
    struct str text;
};
/* Those of these stems that the owner's documents have. Cost: one query. */
NODISCARD err_t search_index_stems(struct db *index, struct arena *a, struct uuid owner,
                                   const struct str *stems, size_t count, struct search_known **ret,
                                   size_t *ret_count);
/* The same of words as they were written. */
NODISCARD err_t search_index_forms(struct db *index, struct arena *a, struct uuid owner,
                                   const struct str *texts, size_t count, struct search_known **ret,
                                   size_t *ret_count);
/* Stems and forms that begin so, the most frequent first. */
NODISCARD err_t search_index_beginnings(struct db *index, struct arena *a, struct uuid owner,
                                        struct str prefix, size_t limit, struct search_known **ret,
                                        size_t *ret_count);

struct search_row { /* a document as it is ranked */
    int64_t doc;
    struct uuid owner_id, id, parent_id;
    struct str entity, author, meta, words;
    int64_t place, session, created_ms, said_ms, length;
    int64_t language; /* by which it was stemmed: enum search_language */
    double found;     /* what the database's own index thinks of it; more is better */
};
/* Documents of one conversation, from place to place, in order. */
NODISCARD err_t search_index_places(struct db *index, struct arena *a, struct uuid owner,
                                    struct uuid parent, int64_t from, int64_t to, size_t limit,
                                    struct search_row **ret, size_t *ret_count);
NODISCARD err_t search_index_one(struct db *index, struct arena *a, struct uuid owner,
                                 struct str entity, struct uuid id,
                                 struct search_row *ret); /* E_NOT_FOUND */
struct search_session {
    int64_t length;
    struct str words;
};
NODISCARD err_t search_index_session(struct db *index, struct arena *a, struct uuid owner,
                                     struct uuid parent, int64_t session,
                                     struct search_session *ret); /* E_NOT_FOUND */

/* --- candidates: candidates.c -------------------------------------------------------------------- */

struct search_filter {
    char letter;      /* enum search_meta */
    struct str value; /* as search_meta_value gives it, not empty */
    bool exclude;
    bool begins; /* what begins so is meant as well */
};
bool search_meta_meets(struct str meta,
                       const struct search_filter *f); /* whatever `exclude` says */

struct search_wanted { /* one word of the query: any of these numbers */
    const uint32_t *words;
    size_t count;
    double weight; /* its idf */
};

/* A condition: a tree of words that must (or must not) be there. Phrases are words that must all be there; whether they
 * stand in their order is the ranking's question, which reads forward rows. */
enum search_need_kind { SEARCH_NEED_WORD, SEARCH_NEED_ALL, SEARCH_NEED_ANY, SEARCH_NEED_NOT };
struct search_need {
    enum search_need_kind kind;
    struct search_wanted word; /* of a WORD; without numbers nothing has it */
    const struct search_need *parts;
    size_t count; /* of parts; NOT has one */
};

struct search_match {
    struct uuid owner;
    const struct search_wanted *any; /* at least one of them (none: no such condition) */
    size_t any_count;
    bool all;                       /* … each of them */
    const struct search_need *need; /* NULL: none */
    const struct search_filter *filters;
    size_t filter_count;
    const struct uuid *conversations; /* only in these; count 0: anywhere */
    size_t conversation_count;
    int64_t from_ms, before_ms; /* TIME_NONE: any */
    double k1, b, average; /* of BM25, where the best are asked for; average: words of a document */
};

struct search_after { /* the last one that was given */
    double found;
    int64_t created; /* 0 where there is none */
    struct uuid id;
};
enum search_order { SEARCH_BEST, SEARCH_NEWEST };
/* Documents that match, best (or newest) first, after `after` (NULL: the first). */
NODISCARD err_t search_index_find(struct db *index, struct arena *a, const struct search_match *m,
                                  enum search_order order, const struct search_after *after,
                                  size_t limit, struct search_row **ret, size_t *ret_count);

/* Rows of these documents, in ascending order; those that are gone are left out. */
NODISCARD err_t search_index_rows(struct db *index, struct arena *a, struct uuid owner,
                                  const int64_t *docs, size_t count, struct search_row **ret,
                                  size_t *ret_count);

/* --- vectors: vector_store.c --------------------------------------------------------------------- */

/* What an owner's vectors have in common (search/vectors/vectors.h), as it is stored. Documents are numbered in the order in which they
 * are written (what is written again gets a new number), so those behind `upto` have no vector of it yet. */
struct search_epoch_row {
    int64_t number, upto;
    bool whole;       /* all that was there when it began has its vector: it may be used */
    struct str epoch; /* search_epoch_write */
    int64_t own_documents, own_version; /* of the own table: documents when it was made; changes */
};
/* The one that is used (the newest that is whole, else the newest), or the newest, which may still be made. E_NOT_FOUND. */
NODISCARD err_t search_index_epoch(struct db *index, struct arena *a, struct uuid owner,
                                   bool newest, struct search_epoch_row *ret);
/* own: the own table's bytes, "" without one. */
NODISCARD err_t search_index_epoch_add(struct db *index, struct uuid owner,
                                       const struct search_epoch_row *row, struct str own);
NODISCARD err_t search_index_epoch_upto(struct db *index, struct uuid owner,
                                        const struct search_epoch_row *row); /* upto, whole */
NODISCARD err_t search_index_own(struct db *index, struct arena *a, struct uuid owner,
                                 int64_t number, struct str *ret); /* E_NOT_FOUND */
/* When it had so many documents, they were too few for a table. */
NODISCARD err_t search_index_own_none(struct db *index, struct uuid owner, int64_t number,
                                      int64_t documents);
/* What is older than this epoch goes: epochs with their tables; vectors of so many documents. */
NODISCARD err_t search_index_epochs_end(struct db *index, struct uuid owner, int64_t number);
NODISCARD err_t search_index_vectors_end(struct db *index, struct uuid owner, int64_t number,
                                         size_t limit, int64_t *ret_count);
/* Owners that have documents, in the order of their ids. */
NODISCARD err_t search_index_owners(struct db *index, struct arena *a, struct uuid after,
                                    size_t limit, struct uuid **ret, size_t *ret_count);
struct search_doc_words {
    int64_t doc;
    struct str words;
};
/* Those written after `doc`, in order; or every so many-th. */
NODISCARD err_t search_index_docs_behind(struct db *index, struct arena *a, struct uuid owner,
                                         int64_t doc, size_t limit, struct search_doc_words **ret,
                                         size_t *ret_count);
NODISCARD err_t search_index_docs_sample(struct db *index, struct arena *a, struct uuid owner,
                                         int64_t step, size_t limit, struct search_doc_words **ret,
                                         size_t *ret_count);
struct search_vector_row {
    int64_t doc, created_ms;
    struct str vector; /* search_vector_write */
    struct uuid id, parent_id;
};
NODISCARD err_t search_index_vector_put(struct db *index, struct uuid owner, int64_t doc,
                                        int64_t number, struct str vector);
/* Of these documents (doc and vector alone), or of those behind `doc`, in order. */
NODISCARD err_t search_index_vectors(struct db *index, struct arena *a, struct uuid owner,
                                     const int64_t *docs, size_t count, int64_t number,
                                     struct search_vector_row **ret, size_t *ret_count);
NODISCARD err_t search_index_vectors_behind(struct db *index, struct arena *a, struct uuid owner,
                                            int64_t doc, int64_t number, size_t limit,
                                            struct search_vector_row **ret, size_t *ret_count);
/* Stems with numbers behind `word`, in order. */
NODISCARD err_t search_index_words_behind(struct db *index, struct arena *a, struct uuid owner,
                                          int64_t word, size_t limit, struct search_known **ret,
                                          size_t *ret_count);
NODISCARD err_t search_index_word_text(struct db *index, struct arena *a, struct uuid owner,
                                       int64_t word, struct str *ret); /* E_NOT_FOUND */
/* Changes when the index is emptied and numbers mean other things. */
NODISCARD err_t search_index_life(struct db *index, int64_t *ret);

/* For /metrics and doctor: over all owners. */
struct search_index_size {
    int64_t documents, owners, words, bytes;
};
NODISCARD err_t search_index_size(struct db *index, struct search_index_size *ret);

#endif

/* The index from inside: what its files hand each other. Private to the room (and its tests). */
#ifndef VIVIM_SEARCH_INDEX_INSIDE_H
#define VIVIM_SEARCH_INDEX_INSIDE_H

#include "search/index/index.h"

enum { SEARCH_NOT_PLACED = -1 };

struct search_stored { /* a document as it is written, read and removed */
    int64_t doc;
    struct str entity;
    struct uuid id, parent_id;
    int64_t position, place, session, created_ms, said_ms, length, language;
    struct str author, meta, words; /* author is not read back */
};

/* --- rows: index_store.c ------------------------------------------------------------------------- */

bool search_on_postgres(struct db *index);
NODISCARD err_t search_store_number(struct db *index, const char *name,
                                    int64_t *ret); /* 1 at first */
NODISCARD err_t search_store_number_set(struct db *index, const char *name, int64_t next);
NODISCARD err_t search_numbers_json(struct arena *a, const int64_t *numbers, size_t count,
                                    struct str *ret);
NODISCARD err_t search_store_vector_remove(struct db *index, struct uuid owner, int64_t doc);
NODISCARD err_t search_store_count(struct db *index, struct uuid owner,
                                   const struct search_statistics *more);
NODISCARD err_t search_store_language_add(struct db *index, struct uuid owner, int64_t language,
                                          int64_t documents);
/* E_NOT_FOUND. */
NODISCARD err_t search_store_doc(struct db *index, struct arena *a, struct uuid owner,
                                 struct str entity, struct uuid id, struct search_stored *ret);
/* Some of those with this parent; nil: of all. */
NODISCARD err_t search_store_docs(struct db *index, struct arena *a, struct uuid owner,
                                  struct uuid parent, size_t limit, struct search_stored **ret,
                                  size_t *ret_count);
NODISCARD err_t search_store_docs_from(struct db *index, struct arena *a, struct uuid owner,
                                       struct uuid parent, int64_t session,
                                       struct search_stored **ret, size_t *ret_count);
/* E_NOT_FOUND: there is none before. */
NODISCARD err_t search_store_session_before(struct db *index, struct uuid owner, struct uuid parent,
                                            int64_t position, int64_t *ret_session);
struct search_terms {       /* a document's words as the database's full text wants them */
    struct str said, aside; /* PostgreSQL has all of them in `said` */
};
NODISCARD err_t search_store_doc_add(struct db *index, struct uuid owner,
                                     const struct search_stored *d,
                                     const struct search_terms *terms);
NODISCARD err_t search_store_doc_remove(struct db *index, struct uuid owner,
                                        const struct search_stored *d,
                                        const struct search_terms *terms);
NODISCARD err_t search_store_doc_place(struct db *index, struct uuid owner,
                                       const struct search_stored *d);
NODISCARD err_t search_store_sessions_sum(struct db *index, struct uuid owner, struct uuid parent,
                                          int64_t session, int64_t *ret_count, int64_t *ret_length);
NODISCARD err_t search_store_sessions_remove(struct db *index, struct uuid owner,
                                             struct uuid parent, int64_t session);
NODISCARD err_t search_store_session_add(struct db *index, struct uuid owner, struct uuid parent,
                                         int64_t session, int64_t length, struct str words);
NODISCARD err_t search_store_form_numbers(struct db *index, struct arena *a, struct uuid owner,
                                          struct str forms, size_t limit, struct search_known **ret,
                                          size_t *ret_count);
NODISCARD err_t search_store_stems(struct db *index, struct arena *a, struct uuid owner,
                                   struct str texts, size_t limit, struct search_known **ret,
                                   size_t *ret_count);
NODISCARD err_t search_store_words_add(struct db *index, struct uuid owner, struct str words,
                                       struct str forms);
/* Change the counts of words (or forms) by so much, and drop what nothing has any more. */
NODISCARD err_t search_store_words_count(struct db *index, struct uuid owner, struct str counts);
/* Those of these words that nothing has any more, before they are dropped. */
NODISCARD err_t search_store_words_gone(struct db *index, struct arena *a, struct uuid owner,
                                        struct str counts, size_t limit, struct search_known **ret,
                                        size_t *ret_count);
/* … go from the owner's own tables of similar words, too (vector_store.c). */
NODISCARD err_t search_store_own_forget(struct db *index, struct uuid owner, struct str counts);
NODISCARD err_t search_store_forms_count(struct db *index, struct uuid owner, struct str counts);
NODISCARD err_t search_store_remove_owner(struct db *index, struct uuid owner);
NODISCARD err_t search_store_clear(struct db *index);

struct search_find {
    struct str match, words; /* expressions; words: JSON for PostgreSQL, "[]" on SQLite */
    struct str best;         /* db/full_text.h; "" on PostgreSQL */
    int64_t from_ms, before_ms;
};
NODISCARD err_t search_store_best(struct db *index, struct arena *a, struct uuid owner,
                                  const struct search_find *f, size_t limit,
                                  struct search_row **ret, size_t *ret_count);
NODISCARD err_t search_store_after(struct db *index, struct arena *a, struct uuid owner,
                                   const struct search_find *f, enum search_order order,
                                   const struct search_after *after, size_t limit,
                                   struct search_row **ret, size_t *ret_count);

/* Made from its forward row alone. */
NODISCARD err_t search_terms(struct arena *a, bool postgres, struct str words, struct str meta,
                             struct search_terms *ret);

/* --- numbers of words: batch_words.c -------------------------------------------------------------- */

struct search_entry { /* of a batch's vocabulary: a stem, or a form of one */
    struct str text;
    struct search_entry *stem; /* of a form; NULL for a stem */
    uint32_t number;           /* 0: not known yet */
    bool used;                 /* by a document that is written: only then it gets a new one */
};

struct search_recent { /* a word as it was written; form NULL: as its stem */
    struct search_entry *stem, *form;
};
struct search_vocabulary { /* of one owner, while a batch is gathered */
    struct arena *arena;
    struct map stems, forms;
    struct search_recent *recent;
    struct search_tally words_by, forms_by; /* by how many documents their counts change */
    int64_t next_word, next_form;
};
void search_vocabulary_init(struct search_vocabulary *v, struct arena *a);
/* *ret_form NULL: the text is its stem. */
NODISCARD err_t search_vocabulary_add(struct search_vocabulary *v, struct str text, struct str stem,
                                      struct search_entry **ret_stem,
                                      struct search_entry **ret_form);
/* Every entry has a number; new ones are stored, with counts of 0. */
NODISCARD err_t search_vocabulary_number(struct search_vocabulary *v, struct db *index,
                                         struct uuid owner);
/* A document that has these words comes (n = 1) or goes (-1). */
NODISCARD err_t search_vocabulary_count(struct search_vocabulary *v, struct str words, int64_t n);
NODISCARD err_t search_vocabulary_store(struct search_vocabulary *v, struct db *index,
                                        struct uuid owner);

/* --- sessions.c --------------------------------------------------------------------------------------- */

/* Give the documents of a conversation their places and sessions, from `position` on: those that are stored, and `fresh`
 * ones, which are not yet. Sessions are written anew from there; `by` learns how their statistics change. */
NODISCARD err_t search_sessions_remake(struct db *index, struct arena *a, struct uuid owner,
                                       struct uuid parent, int64_t position,
                                       struct search_stored *const *fresh, size_t fresh_count,
                                       struct search_statistics *by);

#endif

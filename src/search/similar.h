/* Similar words from inside: what the room keeps of some owners, and what its thread and its searches do with it. Private to similar*.c.
 *
 * similar.c         the thread that makes own tables, epochs and vectors
 * similar_kept.c    what is kept in memory of an owner
 * similar_own.c     the corpus of an own table
 * similar_search.c  in a search */
#ifndef VIVIM_SEARCH_SIMILAR_H
#define VIVIM_SEARCH_SIMILAR_H

#include "search/inside.h"
#include "search/vectors/background.h"

enum { SIMILAR_KEPT = 8, SIMILAR_LOADED_AT_ONCE = 2000 };

struct similar_kept { /* of one owner, under its mutex */
    struct mutex mutex;
    struct uuid owner; /* nil: of nobody */
    int64_t used_ms;
    int64_t life, last_word; /* of the index; words up to here are known */
    struct arena arena;      /* of `rows` and `at` */
    struct search_tally at;  /* word's number -> place in `rows` + 1 */
    struct search_word_rows *rows;
    size_t count, room;
    int64_t number; /* of the epoch that is read; 0: none */
    bool whole;
    struct search_epoch epoch;
    int64_t own_documents, own_version;
    struct arena own_arena;    /* of the own table */
    struct search_table own;   /* where the space has it */
    struct search_space space; /* the background's tables, and the own one */
    struct search_near *near;  /* its vectors */
    int64_t near_number, near_doc;
};

struct search_similar {
    struct arena arena; /* holds this struct */
    struct app *app;
    struct search_background *background;
    struct thread thread;
    struct mutex mutex;
    struct cond cond;
    bool stopping, ready;      /* under the mutex */
    int looks;                 /* that are still to be taken */
    struct search_space space; /* written before `ready`, then only read */
    struct similar_kept kept[SIMILAR_KEPT];
    struct similar_kept
        making; /* the thread's alone: it is in no hurry, and no search shall wait for it */
};

bool similar_ready(struct search_similar *s); /* the background's tables are there */
void similar_forget(struct similar_kept *k);  /* of nobody from here on */
/* An owner's place, locked; what was used longest ago makes room. */
struct similar_kept *similar_take(struct search_similar *s, struct uuid owner);
void similar_give(struct similar_kept **k); /* accepts NULL */
/* As the index has it now. `newest`: with the epoch that is made last; else with the one that is used. */
NODISCARD err_t similar_refresh(struct search_similar *s, struct similar_kept *k, struct db *index,
                                bool newest);
/* Its space has this own table ("": none) from here on, and its words are to be learned again. */
NODISCARD err_t similar_use_own(struct search_similar *s, struct similar_kept *k, struct str bytes);
NODISCARD err_t similar_learn_words(struct similar_kept *k, struct db *index);
/* Where a word stands in the space; `context`: struct similar_kept. */
struct search_word_rows similar_rows_of(void *context, uint32_t word);
/* A document's words in the space; what nobody said counts where nothing was said. */
NODISCARD err_t similar_rows_in(struct arena *a, struct similar_kept *k, struct str words,
                                struct search_word_rows **ret, size_t *ret_count);

#endif

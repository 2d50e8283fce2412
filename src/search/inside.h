/* search from inside: what its files hand each other. Private to the room (and its tests). */
#ifndef VIVIM_SEARCH_INSIDE_H
#define VIVIM_SEARCH_INSIDE_H

#include "base/limits.h"
#include "base/timestamp.h"
#include "os/thread.h"
#include "search/ranking/ranking.h"
#include "search/search.h"

/* --- archives.c: whose documents a reader may search ----------------------------------------------- */

struct search_archive {
    struct uuid owner;
    struct str handle;                /* STR_NONE: the reader's own */
    const struct uuid *conversations; /* count 0: all of the owner's */
    size_t count;
};
struct search_archives {
    struct search_archive *list; /* the reader's own first, where it is asked for */
    size_t count;
};
/* Rights are read from the rows now: a withdrawn one is not among them. E_NOT_FOUND ("conversation"). */
NODISCARD err_t search_archives_of(struct app *app, struct db *rows, struct arena *a,
                                   struct uuid reader, struct uuid conversation, bool own,
                                   bool shared, struct search_archives *ret);

/* --- resolve.c --------------------------------------------------------------------------------------- */

struct search_run { /* one search, from its parts to its page; everything lives in `a` */
    struct app *app;
    struct db *rows, *index;
    struct arena *a;
    struct uuid reader;
    const struct search_ask *ask;
    struct search_query query;
    struct search_archives sources;
    struct rank_query rank;
    struct rank_source *ranked; /* one for each of sources */
    struct search_filter *filters;
    size_t filter_count;
    bool anything;       /* what is asked for can be there: false where a filter names nothing */
    struct uuid *within; /* of in: conversations; count 0: no such filter */
    size_t within_count;
    const struct search_space *space;    /* of similar words; NULL: they take no part */
    struct search_similar_part *similar; /* one for each of sources */
    struct rank_candidate *head;         /* ranked, best first: candidates.c */
    size_t head_count;
    struct search_correction *corrections;
    size_t correction_count;
};

/* The languages in which the reader's words are stemmed. */
NODISCARD err_t search_languages_of(struct db *index, struct arena *a, struct uuid reader,
                                    struct str q, struct search_languages *ret);
/* Words, phrases and filters in numbers; words that stand nowhere corrected, unless `exact`. */
NODISCARD err_t search_resolve(struct search_run *r);

/* --- when.c ------------------------------------------------------------------------------------------ */

/* The dates among the query's words, when it is known which of them rank. */
NODISCARD err_t search_take_dates(struct search_run *r);

/* --- candidates.c ------------------------------------------------------------------------------------- */

/* What a source's index is asked for. `all`: every ranked word. */
NODISCARD err_t search_match_of(const struct search_run *r, size_t source, bool all,
                                struct search_match *ret);
/* Does it meet the filters? (Conditions are rank_measure's.) */
bool search_passes(const struct search_run *r, size_t source, const struct search_row *row);
/* Set head: measured, ranked, filtered. */
NODISCARD err_t search_rank_head(struct search_run *r);

/* --- similar.c: similar words take part -------------------------------------------------------------- */

struct
    search_similar; /* the room's: tables, the thread that makes vectors, what is kept in memory of some owners */
NODISCARD err_t search_similar_start(struct app *app, struct search_similar **ret);
void search_similar_stop(struct search_similar *s); /* accepts NULL */
/* The index has changed: there may be documents without vectors. Any thread; accepts NULL. */
void search_similar_wake(struct search_similar *s);

struct search_similar_part {     /* of one source, in one search */
    bool usable;                 /* it has an epoch, and all its documents had vectors once */
    bool own;                    /* it is the reader's: its own table takes part */
    int64_t number, own_version; /* of the epoch */
    uint32_t bytes, background;  /* of a vector; of the background's tables in it */
    struct search_vector *query;
};
/* The own table of an owner's archive (similar_own.c), from all its documents or, of a large one, every so many-th. *ret: its bytes, ""
 * where there is too little to learn from. The check's errors, E_DB, E_LIMIT, E_BUSY. */
NODISCARD err_t search_own_make(struct arena *a, struct db *index, struct uuid owner,
                                const struct search_statistics *of,
                                const struct search_check *check, struct str *ret);
/* Where the query's words are in the tables and the reader's documents have vectors: similar words take part. */
NODISCARD err_t search_similar_begin(struct search_run *r);
/* Is it a word that the tables know? Then it is no slip, wherever it stands. */
bool search_similar_knows(const struct search_run *r, const struct search_typed *word);
/* Documents of a source that are nearest to the query, wherever they are. */
NODISCARD err_t search_similar_nearest(struct search_run *r, size_t source, size_t limit,
                                       struct search_row **ret, size_t *ret_count);
/* Cosines and `soft` of candidates, those of a source standing together. */
NODISCARD err_t search_similar_measure(struct search_run *r, struct rank_candidate *list,
                                       size_t count);

/* --- stream.c -------------------------------------------------------------------------------------------- */

enum search_stage { SEARCH_STAGE_HEAD, SEARCH_STAGE_TAIL, SEARCH_STAGE_NEWEST };
struct search_hit {
    const struct search_row *row;
    const struct search_archive *source;
    const struct rank_candidate *candidate; /* NULL: it was not ranked */
    struct search_place place;
    double score;
};
/* Up to `limit` hits after `from` (NULL: the first), in order. Fewer: there are no more. */
NODISCARD err_t search_stream(const struct search_run *r, const struct search_place *from,
                              size_t limit, struct search_hit *hits, size_t *ret_count);
/* Of all that were ranked, the first behind that place; `count`: none. Where it is still among them, by the order that they have now: what
 * has come in since one page moves scores, and the next page shall neither miss nor repeat one. */
size_t search_first_behind(const struct search_hit *hits, size_t count,
                           const struct search_place *from);

/* --- results.c --------------------------------------------------------------------------------------------- */

/* E_NOT_FOUND: it has gone, and the index has not heard of it yet. `scratch` may be reset after. */
NODISCARD err_t search_complete(const struct search_run *r, struct arena *scratch,
                                const struct search_hit *hit, struct search_result *ret);
void search_write_corrections(struct search_page *page);
NODISCARD err_t search_facets(const struct search_run *r, struct search_page *page);

/* --- snippet.c ----------------------------------------------------------------------------------------------- */

struct search_marks {
    const bool *terms; /* by term: is it marked? */
    struct str like; /* a stem that is marked too: what it is like was asked for; STR_NONE: none */
};
struct search_snippet {
    struct str text;
    struct search_range *highlights;
    size_t count;
    struct str like; /* how that stem is written there, folded; STR_NONE: it does not stand there */
};
/* The stretch of `text` with the most of what is marked, at most SEARCH_SNIPPET_CHARS and a little more, white space as single
 * spaces, "…" where it was cut. Without a match the beginning. `language`: by which the text was stemmed for the index. */
NODISCARD err_t search_snippet(struct arena *a, struct arena *scratch, struct str text,
                               enum search_language language, const struct search_query *query,
                               const struct search_marks *marks, struct search_snippet *ret);

/* --- the consumer: search_consumer.c --------------------------------------------------------------------------- */

enum { SEARCH_CONSUMER_COUNT = 1 };
extern const struct op_consumer SEARCH_CONSUMERS[SEARCH_CONSUMER_COUNT];
/* The table of an entity that can be searched; NULL: no room has it, or it has no text. */
const struct entity *search_entity(const struct app *app, struct str name);

/* --- handles on the index: search.c ------------------------------------------------------------------------------ */

struct search_figures {                                      /* for /metrics, which asks no store */
    _Atomic int64_t documents, words, owners, bytes, lag_ms; /* as the consumer saw them last */
    _Atomic int64_t searches, micros;
    int64_t next_ms; /* the consumer's: when it looks again */
};
void search_figures_write(struct buf *out, void *context); /* of a room */

struct search_room {
    struct arena arena; /* holds this struct */
    struct mutex mutex;
    struct db *idle[WORKERS_MAX]; /* under the mutex; at most as many as there are workers */
    size_t idle_count;
    struct search_similar *_Atomic similar; /* NULL until the rooms start */
    struct search_figures figures;
};
NODISCARD err_t search_room_new(struct search_room **ret);
void search_room_free(struct search_room *room); /* accepts NULL */
NODISCARD err_t search_figures_look(struct search_room *room, struct db *index);
struct search_lent {
    struct search_room *room;
    struct db *db; /* NULL: none */
};
/* A handle that nobody else has until it is given back; from any thread. E_DB where a new one is needed. */
NODISCARD err_t search_lend(struct app *app, struct search_lent *ret);
void search_give_back(struct search_lent *l); /* accepts none */

#endif

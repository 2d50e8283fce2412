/* search from inside: tokens, the parsed query, the seam to indexes, snippets. Private to the room
 * (and its tests). */
#ifndef VIVIM_SEARCH_INSIDE_H
#define VIVIM_SEARCH_INSIDE_H

#include "base/limits.h"
#include "base/timestamp.h"
#include "os/thread.h"
#include "search/search.h"
#include "search/words/words.h"

/* --- query.c --------------------------------------------------------------------------------- */

struct search_term {
    struct str *tokens; /* several: they follow each other */
    size_t count;
    bool prefix; /* the last token may go on */
    bool exclude;
};

struct search_filter {
    struct str value; /* ASCII letters and digits in lower case, not empty */
    bool exclude;
};

struct search_terms { /* what a query asks for */
    struct search_term terms[SEARCH_TERMS_MAX];
    size_t count;
    struct search_filter providers[SEARCH_FILTERS_MAX], roles[SEARCH_FILTERS_MAX];
    size_t provider_count, role_count;
    int64_t before_ms, after_ms; /* TIME_NONE: any */
    bool nothing;                /* it has words, but no letter or digit in them: finds nothing */
};

/* Everything in `ret` lives in `a`. Errors: E_INVALID ("q"), E_LIMIT or E_BUSY of the arena. */
NODISCARD err_t search_parse(struct arena *a, struct str q, struct search_terms *ret);
/* How a role or provider stands in the index: its ASCII letters and digits in lower case. */
struct str search_filter_value(struct arena *a, struct str s);

/* --- snippet.c ------------------------------------------------------------------------------- */

struct search_snippet {
    struct str text;
    struct search_range *highlights;
    size_t count;
};
/* The stretch of `text` with the most of the query's terms, at most SEARCH_SNIPPET_CHARS and a
 * little more, white space as single spaces, "…" where it was cut.
 * Without a match the beginning. */
NODISCARD err_t search_snippet(struct arena *a, struct arena *scratch, struct str text,
                               const struct search_terms *query, struct search_snippet *ret);

/* --- the seam: kinds of index ---------------------------------------------------------------- */

struct search_doc {
    struct uuid owner_id, id, parent_id;
    struct str entity, text, role, provider;
    int64_t created_ms;
};

struct search_hit {
    struct str entity;
    struct uuid id, parent_id;
    int64_t created;
    double score;
};

/* One way of finding: words now, vectors later. Writers are called by the consumer inside its
 * transaction on the index store. `find` gives hits of this owner alone, best first, after `from`
 * (NULL: the first). */
struct search_index {
    const char *name;
    err_t (*put)(struct db *index, struct arena *a, const struct search_doc *doc); /* replaces */
    err_t (*remove)(struct db *index, struct uuid owner, struct str entity,
                    struct uuid id); /* and its children */
    err_t (*remove_owner)(struct db *index, struct uuid owner);
    err_t (*clear)(struct db *index);
    err_t (*find)(struct db *index, struct arena *a, struct uuid owner,
                  const struct search_terms *query, const struct search_place *from, size_t limit,
                  struct search_hit **ret, size_t *ret_count);
};
extern const struct search_index SEARCH_KEYWORD;

/* --- search_store.c: rows of the keyword index ----------------------------------------------- */

struct search_part { /* as the database's index wants it */
    struct str meta, text, rest;
};
NODISCARD err_t search_store_add(struct db *index, const struct search_doc *doc,
                                 const struct search_part *part);
NODISCARD err_t search_store_remove_one(struct db *index, struct uuid owner, struct str entity,
                                        struct uuid id);
NODISCARD err_t search_store_remove(struct db *index, struct uuid owner, struct str entity,
                                    struct uuid id); /* and its children */
NODISCARD err_t search_store_remove_owner(struct db *index, struct uuid owner);
NODISCARD err_t search_store_clear(struct db *index);
/* Without what was removed: SQLite keeps its words until then. */
NODISCARD err_t search_store_compact(struct db *index);
struct search_find {
    struct str match,
        words; /* expressions of the database's full text; `words` is what ranks (PostgreSQL) */
    int64_t before_ms, after_ms;
    struct search_place from;
    size_t limit;
};
NODISCARD err_t search_store_find(struct db *index, struct arena *a, struct uuid owner,
                                  const struct search_find *f, struct search_hit **ret,
                                  size_t *ret_count);

/* --- the consumer: search_consumer.c --------------------------------------------------------- */

enum { SEARCH_CONSUMER_COUNT = 1 };
extern const struct op_consumer SEARCH_CONSUMERS[SEARCH_CONSUMER_COUNT];
/* The table of an entity that can be searched; NULL: no room has it, or it has no text. */
const struct entity *search_entity(const struct app *app, struct str name);

/* --- handles on the index: search.c ---------------------------------------------------------- */

struct search_room {
    struct arena arena; /* holds this struct */
    struct mutex mutex;
    struct db *idle[WORKERS_MAX]; /* under the mutex; at most as many as there are workers */
    size_t idle_count;
};
NODISCARD err_t search_room_new(struct search_room **ret);
void search_room_free(struct search_room *room); /* accepts NULL */
struct search_lent {
    struct search_room *room;
    struct db *db; /* NULL: none */
};
/* A handle that nobody else has until it is given back; from any thread. E_DB where a new one is needed. */
NODISCARD err_t search_lend(struct app *app, struct search_lent *ret);
void search_give_back(struct search_lent *l); /* accepts none */

#endif

/* search: words find the messages again.
 *
 * A consumer of the op log keeps the index: it asks each room's `struct entity` for the text of
 * what changed and puts it into the index store, with its cursor in the same transaction. The index
 * is derived: it may be thrown away at any time and comes again from the rows. Title, snippet and
 * highlights are made from the rows when somebody searches, so a hit shows what is stored now, and
 * only what its owner may read: the owner is in every key and query, and the text is read again
 * under the owner's name.
 *
 * words/        what a word is: one folding and cutting for index, query and highlights; languages
 * query/        dates in words, corrections
 * query.c       what people type, to a tree of terms
 * search_index.c  the keyword index behind `struct search_index` (FTS5 or tsvector)
 * snippet.c     the piece of text that shows why
 * search.c      asks the indexes, merges, completes from the rows
 * What was weighed: docs/decisions/0005-keyword-index.md. */
#ifndef VIVIM_SEARCH_SEARCH_H
#define VIVIM_SEARCH_SEARCH_H

#include "registry/module.h"

struct search_range { /* code points of the snippet */
    int64_t start, length;
};

struct search_result {
    struct str kind; /* the entity: "message", "conversation" */
    struct uuid id;
    struct uuid conversation_id;     /* nil: none */
    struct uuid message_id;          /* nil: none */
    struct str title, snippet;       /* title STR_NONE: none */
    struct search_range *highlights; /* in order, without overlap; at most SEARCH_HIGHLIGHTS_MAX */
    size_t highlight_count;
    double score;              /* more is better; only comparable within one answer */
    const char *source;        /* the index that found it: "keyword" */
    struct str role, provider; /* STR_NONE: none */
    int64_t created_ms;        /* TIME_NONE: not known */
};

/* The last result that the client has seen; all of it is compared. Opaque outside. */
struct search_place {
    double score;
    int64_t created;
    struct uuid id;
};

struct search_page {
    struct search_result *items;
    size_t count;
    bool more;
    struct search_place next; /* when `more` */
};

/* Search what belongs to `owner`.
 *
 * rows   the caller's handle on the main store
 * q      as people type it: words are joined by AND, "a phrase", -without, begin* (two letters or
 *        more), provider:NAME, role:NAME (several of one kind are joined by OR), before:2026-01-01
 *        (earlier than that day, UTC), after:2026-01-01 (from that day on). Case, diacritics and
 *        width make no difference. Nothing that is typed is a syntax error.
 * from   NULL: from the best one on
 * limit  1 .. PAGE_ITEMS_MAX
 *
 * Errors: E_INVALID for "q" (empty, over SEARCH_QUERY_BYTES_MAX or SEARCH_TERMS_MAX, a date that is
 *         none), E_REBUILDING (the index was damaged, or is new), E_DB. */
NODISCARD err_t search_query(struct app *app, struct db *rows, struct arena *a, struct uuid owner,
                             struct str q, const struct search_place *from, size_t limit,
                             struct search_page *ret);

extern const struct module search_module;

#endif

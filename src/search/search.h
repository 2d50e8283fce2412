/* search: people ask in their own words, and the right place stands first.
 *
 * A consumer of the op log keeps the index: it asks each room's `struct entity` for the text of what changed and puts it into the index
 * store, with its cursor in the same transaction. The index is derived: it may be thrown away at any time and comes again from the rows.
 * Title, snippet and highlights are made from the rows when somebody searches, so a hit shows what is stored now, and only what its
 * reader may read: rights are asked at each search, and the text is read again under its owner's name.
 *
 * The room is folders with ranks, data flows downwards:
 *   words/    what a word is: one walk for index, query and marks; languages, stems
 *   vectors/  similar words, learned by counting
 *   query/    what people type, understood
 *   index/    what is stored: candidates in, features out
 *   ranking/  features, the one table of constants, the order
 * and here:
 *   search.c      the query from its beginning to its page
 *   archives.c    whose documents a reader may search
 *   resolve.c     the query's words in the numbers of each owner; corrections
 *   when.c        dates that the query names
 *   candidates.c  what may answer, with its neighbours and sessions, measured and ranked
 *   similar*.c    similar words: own tables, vectors, what is near (similar.h)
 *   stream.c      all that is found, in order, from any place on
 *   results.c     from hit to result, out of the rows
 *   snippet.c     the piece of text that shows why
 *   search_consumer.c  the index follows the log
 * The language and the formulas: docs/search.md. What was weighed: docs/decisions/0005-keyword-index.md. */
#ifndef VIVIM_SEARCH_SEARCH_H
#define VIVIM_SEARCH_SEARCH_H

#include "registry/module.h"

struct search_range { /* code points of the snippet */
    int64_t start, length;
};

struct search_part {  /* of a score */
    const char *name; /* of the feature (ranking/constants.c) */
    double value, weight;
};

struct search_result {
    struct str kind; /* the entity: "message", "conversation" */
    struct uuid id;
    struct uuid conversation_id;     /* nil: none */
    struct uuid message_id;          /* nil: none */
    struct str title, snippet;       /* title STR_NONE: none */
    struct search_range *highlights; /* in order, without overlap; at most SEARCH_HIGHLIGHTS_MAX */
    size_t highlight_count;
    double score;       /* more is better; only comparable within one answer */
    const char *source; /* how it was found: "keyword", "similar", "neighbour" */
    /* Where the snippet stands, if nobody said it: "thinking", "tool"; NULL: it was said. */
    const char *found_in;
    struct str role, provider, author; /* STR_NONE: none */
    struct str shared_by; /* the handle of its owner; STR_NONE: it is the reader's own */
    int64_t created_ms;   /* TIME_NONE: not known */
    struct str *words;    /* of the query, that stand there */
    size_t word_count;
    struct str *
        aside; /* those of them that nobody said: thinking or a tool has them alone, and they count a quarter */
    size_t aside_count;
    struct str like_of,
        like; /* a word of the query, and one that is like it and stands there; STR_NONE: none */
    struct search_part *parts; /* of the score, where they were asked for */
    size_t part_count;
};

/* The last result that the client has seen; all of it is compared. Opaque outside. */
struct search_place {
    int64_t stage;
    double score;
    int64_t created;
    struct uuid id;
};

struct search_ask {
    struct str q;             /* as people type it: docs/search.md */
    struct uuid conversation; /* only in this one; nil: anywhere */
    struct str kind;          /* only of this kind; STR_NONE: any */
    bool typing;              /* somebody is still at it: the last word may go on */
    bool exact;               /* correct nothing */
    bool newest;              /* by time: what has all the words, the newest first */
    bool
        every; /* all of the reader's own that has all the words, unranked: for who takes all of it */
    bool grouped;     /* by conversation: few from each, and each with the number of its hits */
    bool explain;     /* with the parts of each score */
    int64_t now_ms;   /* the clock, for dates in words */
    int zone_minutes; /* of the reader, east of UTC */
};

struct search_count { /* of the results that were ranked */
    struct str value;
    int64_t count;
};
struct search_facet {
    const char *name; /* "kind", "role", "provider", "language", "model", "has", "is", "date" */
    struct search_count *values;
    size_t count;
};
struct search_correction {
    struct str from, to;
};
struct search_hint_said {
    const char *code;
    struct str field, detail;
};
struct search_group {    /* a conversation, or something that stands alone */
    size_t first, shown; /* of the page's items */
    int64_t count;       /* of the places that were ranked */
};

struct search_page {
    struct search_result *items;
    size_t count;
    struct search_group *groups; /* where they were asked for: each a stretch of `items` */
    size_t group_count;
    bool more;
    struct search_place next; /* when `more` */
    struct search_facet *facets;
    size_t facet_count;
    struct search_correction *corrections; /* what was searched instead of what was typed */
    size_t correction_count;
    struct search_hint_said *hints;
    size_t hint_count;
    bool similar; /* similar words took part */
};

/* Search what belongs to `reader` and what others share with it.
 *
 * rows   the caller's handle on the main store
 * from   NULL: from the best one on
 * limit  items (or groups), 1 .. PAGE_ITEMS_MAX
 *
 * Nothing that is typed is a syntax error. Errors: E_INVALID for "q" (empty, over SEARCH_QUERY_BYTES_MAX, no text),
 * E_NOT_FOUND for "conversation" (there is none that the reader may see), E_REBUILDING (the index was damaged, or is new), E_DB. */
NODISCARD err_t search_query(struct app *app, struct db *rows, struct arena *a, struct uuid reader,
                             const struct search_ask *ask, const struct search_place *from,
                             size_t limit, struct search_page *ret);

extern const struct module search_module;

#endif

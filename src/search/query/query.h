/* search/query: what people type, understood. Everything that is typed means something: there is no syntax error.
 *
 *   kettle pot        plain words are ranked, not required: what has all of them comes first by its weight
 *   "the red kettle"  a phrase must be there, as it is written (case, diacritics and width make no difference)
 *   -word -"a phrase" must not be there
 *   tea OR coffee     one of them must be there; OR binds the words beside it
 *   (a b) OR c        parentheses group; in a group words are required
 *   kett*             words that begin so (two letters or more)
 *   role:user …       filters; several of one kind are alternatives (docs/search.md lists them)
 *
 * A field that is not known, or whose value is none, is searched as words, and a hint says so.
 *
 * parse.c     the line, to terms and conditions
 * fields.c    what stands in front of a colon
 * dates.c     days, months and spans in words
 * spelling.c  the nearest word for one that stands nowhere */
#ifndef VIVIM_SEARCH_QUERY_QUERY_H
#define VIVIM_SEARCH_QUERY_QUERY_H

#include "base/timestamp.h"
#include "base/uuid.h"
#include "search/query/dates.h"

enum { SEARCH_STEMS_MAX = 4 };
struct search_typed {                   /* a token of the query */
    struct str text;                    /* folded, as it was written */
    struct str stems[SEARCH_STEMS_MAX]; /* in each of the languages that were asked for */
    bool dense;
};
struct search_languages { /* in which a query's words are stemmed, the likeliest first */
    enum search_language list[SEARCH_STEMS_MAX];
    size_t count;
};

struct search_term {
    struct search_typed *tokens; /* one; of a phrase those of the running text, in order */
    size_t count;
    bool phrase;
    bool prefix;  /* the last token may go on */
    bool ranked;  /* a word that counts for the order: one that is not excluded */
    bool plain;   /* typed without quotes */
    bool beside;  /* a whole, whose parts are terms too, or a part of camelCase */
    bool follows; /* it stands right behind the term before it: they were typed as neighbours */
};

enum search_node_kind { SEARCH_NODE_TERM, SEARCH_NODE_ALL, SEARCH_NODE_ANY, SEARCH_NODE_NOT };
struct search_node {
    enum search_node_kind kind;
    size_t term;               /* of a TERM: its number */
    struct search_node *parts; /* of the others, a list; NOT has one */
    struct search_node *next;
};

enum search_field { /* filters of things that have one of a few values */
                    SEARCH_FIELD_KIND,
                    SEARCH_FIELD_ROLE,
                    SEARCH_FIELD_PROVIDER,
                    SEARCH_FIELD_MODEL,
                    SEARCH_FIELD_ACCOUNT,
                    SEARCH_FIELD_HAS,
                    SEARCH_FIELD_LANGUAGE,
                    SEARCH_FIELD_AUTHOR, /* from:NAME */
                    SEARCH_FIELD_IN,     /* a title, or the id of a conversation */
                    SEARCH_FIELDS
};
struct search_choice {
    enum search_field field;
    struct str value; /* as it was typed, not empty */
    bool exclude;
};

struct search_hint {
    const char *code; /* "unknown_field", "no_date", "not_yet", "too_many_words" */
    struct str field, detail;
};

enum { SEARCH_HINTS_MAX = 8, SEARCH_CHOICES_MAX = 32 };

struct search_query {
    struct search_term *terms;
    size_t count;
    struct search_node *need; /* an ALL; without parts: no condition */
    struct search_choice choices[SEARCH_CHOICES_MAX];
    size_t choice_count;
    int64_t from_ms, before_ms; /* TIME_NONE: any */
    bool shared;                /* is:shared: only what others share */
    struct search_hint hints[SEARCH_HINTS_MAX];
    size_t hint_count;
    struct search_languages languages;
    struct str words; /* its plain words as typed, with spaces between */
    bool nothing;     /* neither a letter nor a digit, and no filter: it finds nothing */
};

/* Everything in `ret` lives in `a`; `q` must live as long.
 *
 * typing  somebody is still at it: the last plain word may go on
 *
 * Errors: E_INVALID for "q": nothing is typed, over SEARCH_QUERY_BYTES_MAX, no valid text. E_LIMIT, E_BUSY of the arena. */
NODISCARD err_t search_query_parse(struct arena *a, struct str q, bool typing,
                                   const struct search_clock *clock,
                                   const struct search_languages *languages,
                                   struct search_query *ret);
/* A token of one word, such as a corrected one. False: it is none, or several. */
NODISCARD err_t search_query_token(struct arena *a, const struct search_languages *languages,
                                   struct str word, struct search_typed *ret, bool *ret_is);

/* fields.c: is `key` (without its colon) a field, and `value` one for it? Then it is in `q`, and *ret_is is true. What is not
 * leaves a hint where that helps. */
NODISCARD err_t search_query_field(struct arena *a, struct search_query *q, struct str key,
                                   struct str value, bool exclude, const struct search_clock *clock,
                                   bool *ret_is);
void search_query_hint(struct search_query *q, const char *code, struct str field,
                       struct str detail);

#endif

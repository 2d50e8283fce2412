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
 * A field that is not known, or whose value is none, is searched as words, and a hint says so. While somebody types, a field at the
 * end is not finished: its value may go on, and what is none yet is left out.
 *
 * signs.c     signs as keyboards write them, to those of the language
 * parse.c     the line, to terms and conditions
 * fields.c    what stands in front of a colon
 * hints.c     what may have been meant
 * dates.c     days, months and spans in words
 * spelling.c  the nearest word for one that stands nowhere */
#ifndef VIVIM_SEARCH_QUERY_QUERY_H
#define VIVIM_SEARCH_QUERY_QUERY_H

#include "base/timestamp.h"
#include "base/uuid.h"
#include "search/query/dates.h"

enum { SEARCH_STEMS_MAX = 4 };
struct search_typed {                   /* a token of the query */
    struct str typed;                   /* as it was typed */
    struct str text;                    /* the same folded */
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
    bool begins; /* it may go on: what begins so is meant */
};
struct search_span { /* of on: and during: */
    int64_t from_ms, to_ms;
    bool exclude;
};

struct search_hint {
    /* "unknown_field" (detail: the field that was meant, or the values that it takes), "no_value", "no_date", "not_yet", "operator"
     * (detail: the sign for it), "filter_everywhere", "no_kind" (detail: those that there are; it is left out), "date_alone" (the words say when and nothing else; detail: as during: takes it), "too_many_words" */
    const char *code;
    struct str field, detail;
};

enum { SEARCH_HINTS_MAX = 8, SEARCH_CHOICES_MAX = 32, SEARCH_SPANS_MAX = 16 };

struct search_query {
    struct search_term *terms;
    size_t count;
    struct search_node *need; /* an ALL; without parts: no condition */
    struct search_choice choices[SEARCH_CHOICES_MAX];
    size_t choice_count;
    int64_t from_ms, before_ms; /* TIME_NONE: any; around all spans that do not exclude */
    struct search_span
        spans[SEARCH_SPANS_MAX]; /* one of those that do not exclude, none of the others */
    size_t span_count;
    bool mine,
        shared; /* is:mine, is:shared: only what the reader owns, only what others share; both: all */
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

/* Is `t` neither before nor after the query's times, in one of its spans and in none that it excludes? TIME_NONE: not known. */
bool search_query_at(const struct search_query *q, int64_t t);

/* --- inside ------------------------------------------------------------------------------------ */

/* signs.c: no longer than `q`, which is *ret where it has none but the language's own. */
NODISCARD err_t search_query_signs(struct arena *a, struct str q, struct str *ret);

/* fields.c */
struct search_given {
    struct str key, value; /* key: without its colon */
    bool exclude;
    bool unfinished; /* somebody is still typing the value */
};
/* Is it a field, and the value one for it? Then it is in `q`, and true is given. What is not leaves a hint where that helps. */
bool search_query_field(struct search_query *q, const struct search_given *g,
                        const struct search_clock *clock);
/* on: and during: narrow the times of the whole; call this when all fields are there. */
void search_query_spans(struct search_query *q);

/* hints.c: each once. */
void search_query_hint(struct search_query *q, const char *code, struct str field,
                       struct str detail);
/* A key that is none may be near to one, or another word for it. */
void search_query_hint_key(struct search_query *q, struct str key);
/* A plain word of `line` may be an operator of another search: NOT, AND, +word. */
void search_query_hint_word(struct search_query *q, struct str word, struct str line);
/* The fields of the language, for hints; NULL at the end. */
extern const char *const SEARCH_QUERY_KEYS[];

#endif

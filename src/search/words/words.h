/* words: what a word is, in which language, and what it counts for.
 *
 * The index, the query and the marks cut and fold with the one walk in tokens.c, so they cannot
 * disagree: a text is marked exactly where it was matched. Pure: no store, no settings; memory of
 * its own only for what stemming keeps on each thread (stems.c).
 *
 * chars.c     kinds of characters: letters, scripts without spaces, emoji, what is not seen
 * tokens.c    the walk: cutting and folding, identifiers whole and in parts
 * stems.c     Snowball's stems, by language
 * language.c  the language of a text; function words (stop_words.txt) by language
 * What was weighed: docs/decisions/0005-keyword-index.md; for people: docs/search.md. */
#ifndef VIVIM_SEARCH_WORDS_WORDS_H
#define VIVIM_SEARCH_WORDS_WORDS_H

#include "base/limits.h"
#include "base/str.h"

/* --- languages: language.c -------------------------------------------------------------------- */

/* The numbers are stored: new ones go to the end. */
enum search_language {
    SEARCH_LANGUAGE_NONE = 0, /* unsure, or none that is known here */
    /* with stems and function words */
    SEARCH_ENGLISH = 1,
    SEARCH_GERMAN,
    SEARCH_FRENCH,
    SEARCH_SPANISH,
    SEARCH_PORTUGUESE,
    SEARCH_ITALIAN,
    SEARCH_DUTCH,
    SEARCH_SWEDISH,
    SEARCH_NORWEGIAN,
    SEARCH_DANISH,
    SEARCH_FINNISH,
    SEARCH_RUSSIAN,
    SEARCH_HUNGARIAN,
    SEARCH_ROMANIAN,
    SEARCH_TURKISH,
    SEARCH_ARABIC,
    /* with stems */
    SEARCH_GREEK,
    SEARCH_HINDI,
    SEARCH_TAMIL,
    /* with function words */
    SEARCH_POLISH,
    SEARCH_CZECH,
    SEARCH_UKRAINIAN,
    SEARCH_INDONESIAN,
    /* known by their script alone */
    SEARCH_CHINESE,
    SEARCH_JAPANESE,
    SEARCH_KOREAN,
    SEARCH_THAI,
    SEARCH_HEBREW,
    SEARCH_LANGUAGE_COUNT
};

/* "en", "de"; "" for none: ISO 639-1, in static storage. */
struct str search_language_code(enum search_language l);
/* The other way, also "EN" and "pt-BR"; SEARCH_LANGUAGE_NONE for what is not known. */
enum search_language search_language_from(struct str code);

/* In which language a text is written: by its script where that decides, else by its function words
 * and a few letters that only some alphabets have. Looks at the first SEARCH_LANGUAGE_BYTES_MAX
 * bytes and no more; the same text always has the same language. Short texts without a function
 * word have none: the caller then takes that of the texts around it. */
enum search_language search_language_of(struct str text);

enum search_word_class {
    SEARCH_WORD_CONTENT,
    SEARCH_WORD_QUESTION, /* makes a question ("mentioned", "list"): weighed to nothing while others
                             are left */
    SEARCH_WORD_STOP,     /* a function word: articles, pronouns, prepositions, auxiliaries */
};
/* `folded`: the text of a token. All words of a language without a list are content.
 * Source: stop_words.txt; the question words are those of retrieval studies on conversations. */
enum search_word_class search_word_class(enum search_language l, struct str folded);

/* --- the walk: tokens.c ----------------------------------------------------------------------
 *
 * A token is a run of letters, digits and their marks, folded: compatibility forms and case
 * (Unicode case folding) are one, diacritics are dropped. Scripts that put no spaces between words
 * (Han, Kana, Hangul, Thai, Lao, Khmer, Myanmar) give one token for each character: itself and the
 * next one; the last of a run stands alone. So a word of two characters is one token wherever it
 * stands, a longer one a phrase, and a single one a prefix. An emoji is a token.
 *
 * Identifiers are there whole and in parts. The tokens that are not `beside` are the running text,
 * one after another: phrases are looked for among them. Those that are `beside` stand at the place
 * of another and are only found as single words:
 *
 *   my snake_case x     my  (snakecase)  snake  case  x
 *   my camelCase x      my  camelcase  (camel)  (case)  x
 *   C++ .NET gpt-4      (c++) c  (.net) net  (gpt4) gpt 4
 *   src/main.c 1.2.3    (src/main.c) src main c  (1.2.3) 1 2 3
 *   ann@example.com     (ann@example.com) ann example com
 *
 * In a whole, `-` and `_` beside a letter are dropped (e-mail, gpt-4 and get_user are found as
 * email, gpt4 and getUser, and the other way); other joints stay, as the full-width forms of
 * themselves, which no folded text has. So tokens hold ASCII letters and digits and what is beyond
 * ASCII, and nothing that an expression of a database's full text could take for its own. */

struct search_token {
    struct str text;   /* folded, unstemmed; a view into the walk, until its next step */
    struct str stem;   /* by the walk's language, without diacritics; = text where there is none */
    size_t start, end; /* bytes of the source */
    size_t first_end;  /* where the first character ends, for `dense` */
    bool dense;        /* of a script without spaces */
    bool run_end;      /* dense: the last character of its run */
    bool beside;       /* takes no place in the running text: a whole with its parts behind it, or
                          a part of camelCase */
    bool part;         /* a part of an identifier whose whole came just before */
};

struct search_stems;

struct search_tokens { /* a walk; may be copied to look ahead, on the same thread */
    struct str source;
    enum search_language language;
    struct search_stems *stems; /* of the thread; NULL: none */
    size_t at;                  /* behind the pending ones */
    int32_t pending[20];        /* folded characters of one source character */
    uint8_t pending_at, pending_count;
    uint8_t chain;             /* the next word is a part of an identifier that was seen whole */
    size_t start, end;         /* of the pending ones' source */
    size_t camel_at, camel_to; /* parts of camelCase that are still to be given */
    char text[SEARCH_TOKEN_BYTES_MAX];
    char stem[SEARCH_TOKEN_BYTES_MAX];
};

/* `source`: valid UTF-8; must live as long as the walk, which stays on one thread. */
void search_tokens_init(struct search_tokens *t, struct str source, enum search_language language);
bool search_tokens_next(struct search_tokens *t, struct search_token *ret);
/* The same without those that stand beside another: the running text, in which phrases stand. */
bool search_tokens_next_running(struct search_tokens *t, struct search_token *ret);

/* Whoever keeps what a walk gives calls this before, on the same thread: E_BUSY, no memory for
 * stems. Without it words would stand unstemmed then, which a mere answer may. */
NODISCARD err_t search_stems_ready(enum search_language l);

#endif

/* words from inside: kinds of characters, stems. Private to the folder (and its tests). */
#ifndef VIVIM_SEARCH_WORDS_INSIDE_H
#define VIVIM_SEARCH_WORDS_INSIDE_H

#include "search/words/words.h"

/* --- chars.c --------------------------------------------------------------------------------- */

enum char_class { CHAR_APART, CHAR_WORD, CHAR_DENSE, CHAR_EMOJI };

/* 'a' .. 'z' and digits as themselves, 'A' .. 'Z' in lower case, 0 for all others. */
extern const char CHAR_ASCII[128];

enum { FOLDED_MAX = 20 }; /* characters that one may become */

enum char_class char_class(uint32_t folded);
/* Marks that change how a letter looks but not which word it is: accents, harakat, points, the
 * (han)dakuten. Those of Indic scripts are vowels and stay. */
bool char_is_diacritic(uint32_t c);
/* Not seen at all: soft hyphen, joiners, variation selectors, skin tones. */
bool char_is_ignored(uint32_t c);
bool char_is_flag_letter(uint32_t c); /* two make a flag */
/* One character of a text, folded; nothing where it is not seen at all. */
uint8_t char_fold(uint32_t c, int32_t ret[FOLDED_MAX]);
/* At most `max` bytes in all: what does not fit whole is left out. */
void char_put(char *out, size_t max, size_t *n, uint32_t c);

/* --- stems.c --------------------------------------------------------------------------------- */

/* What stemming keeps on this thread, until the thread ends: the stemmers of the languages met and
 * the stems of the last words. NULL: the language has none, or no memory. */
struct search_stems;
struct search_stems *stems_of_thread(enum search_language l);

/* The stem of a word, without diacritics, into `out`; gives its bytes, 0: the word is its own.
 * `word`: folded ASCII letters, or (`source`) as it stands in a text, for its accents. */
size_t stem_word(struct search_stems *s, enum search_language l, struct str word, bool source,
                 char out[SEARCH_TOKEN_BYTES_MAX]);

/* --- language.c ------------------------------------------------------------------------------ */

const char *language_stemmer(enum search_language l); /* Snowball's name; NULL: none */

/* stop_words.txt, in the order of bytes. Bits by language. */
struct stop_word {
    uint16_t at, n; /* in STOP_TEXT */
    uint32_t stop, question;
};
extern const char STOP_TEXT[];
extern const struct stop_word STOP_WORDS[];
extern const size_t STOP_WORD_COUNT;
static_assert(SEARCH_LANGUAGE_COUNT <= 32, "a bit for each");

#endif

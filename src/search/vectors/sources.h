/* What the background tables are made from. Private to search/vectors (and its tests). */
#ifndef VIVIM_SEARCH_VECTORS_SOURCES_H
#define VIVIM_SEARCH_VECTORS_SOURCES_H

#include "base/buf.h"
#include "search/vectors/table_make.h"

/* Debian: wordnet-base; pocketsphinx-en-us. */
#define GLOSSES_FOLDER "/usr/share/wordnet"
#define BIGRAMS_FILE   "/usr/share/pocketsphinx/model/en-us/en-us.lm.bin"

/* --- glosses.c --- */
bool glosses_there(const char *folder);
/* Table A from the folder's data.adj, data.adv, data.noun and data.verb: for each set of synonyms, these and then what explains
 * them, as one text. *ret in `a`. E_NOT_FOUND (which file), E_CORRUPT (nothing of that form in them), E_IO, E_BUSY, the check's. */
NODISCARD err_t glosses_table_make(struct arena *a, const char *folder,
                                   const struct search_check *check, struct str *ret);
/* One line of such a file: its synonyms and the explanation, into `to`, which is emptied first. False: not such a line. For tests
 * and fuzzing. */
bool glosses_line(struct str line, struct buf *to);

/* --- bigrams.c --- */
bool bigrams_there(const char *file);
/* Table B from a language model's pairs of words, each counting its probability, in both directions. *ret in `a`. E_NOT_FOUND,
 * E_CORRUPT, E_IO, E_BUSY, the check's. */
NODISCARD err_t bigrams_table_make(struct arena *a, const char *file,
                                   const struct search_check *check, struct str *ret);

#endif

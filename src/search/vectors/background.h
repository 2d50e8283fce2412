/* The two background tables of a node: made once from Debian packages, kept as derived files, used from memory maps.
 *
 *   <folder>/glosses.table   A, from wordnet-base          made by one thread at the lowest priority in a minute or two,
 *   <folder>/bigrams.table   B, from pocketsphinx-en-us    again when absent, damaged or of another version
 *   <folder>/lock            held while tables are made: several programs may share a folder, one of them makes
 *
 * A file is written whole, synced and renamed; a process that dies meanwhile leaves the name as it was, and the next one begins
 * again. Without the packages there is no table, search answers by words alone, and that is said once.
 *
 *   OFF
 *   LOOKING --> MAKING --> READY
 *      |`--------------------^       at least one table, and no more will be
 *      `------> ABSENT               neither a table nor what it is made from (or it cannot be made: the log says why)
 */
#ifndef VIVIM_SEARCH_VECTORS_BACKGROUND_H
#define VIVIM_SEARCH_VECTORS_BACKGROUND_H

#include "search/vectors/vectors.h"

enum search_background_state {
    SEARCH_BACKGROUND_OFF, /* not wanted */
    SEARCH_BACKGROUND_LOOKING,
    SEARCH_BACKGROUND_MAKING,
    SEARCH_BACKGROUND_READY,
    SEARCH_BACKGROUND_ABSENT,
};

/* Where the packages' files are. NULL: where Debian puts them. */
struct search_sources {
    const char *glosses_folder, *bigrams_file;
};

struct search_background;

/* `folder` is made where it is absent; NULL: the state is OFF for ever. Starts the thread. `changed` (may be NULL) is called on it
 * when READY is reached, which may be before this returns: spaces can be made now. The strings are copied. E_BUSY. */
NODISCARD err_t search_background_start(const char *folder, const struct search_sources *sources,
                                        void (*changed)(void *context, struct search_background *b),
                                        void *context, struct search_background **ret);
/* Ends the making within a second or two; nothing half-made stays under the tables' names. Tables that were given are gone.
 * Accepts NULL. */
void search_background_stop(struct search_background *b);

/* The state now. Where it is READY, the tables that there are, else NULL; they live until the stop. Any thread. */
enum search_background_state search_background_tables(struct search_background *b,
                                                      const struct search_table **ret_glosses,
                                                      const struct search_table **ret_bigrams);

/* What is there, for people: "25000 words of glosses, 14313 of bigrams", or what is missing and which package brings it. Looks at
 * the files alone, needs no server. In `a`. *ret_whole: both tables are there. */
struct str search_background_look(struct arena *a, const char *folder,
                                  const struct search_sources *sources, bool *ret_whole);

#endif

/* The two background tables of a node: made once from Debian packages, kept as a derived file, used from memory maps.
 *
 *   <folder>/similar-glosses.table   A, from wordnet-base          made in a minute or two by one thread at the lowest
 *   <folder>/similar-bigrams.table   B, from pocketsphinx-en-us    priority, again when absent, damaged or of another version
 *
 * A file is written whole, synced and renamed; a process that dies meanwhile leaves the name as it was, and the next one begins
 * again. Without the packages there is no table, search answers by words alone, and that is said once.
 *
 *      OFF          ABSENT (no packages) <--.
 *                                            \
 *   starting -> LOOKING -> MAKING -> READY    `-- LOOKING, MAKING
 *                     `------------> READY
 */
#ifndef VIVIM_SEARCH_VECTORS_BACKGROUND_H
#define VIVIM_SEARCH_VECTORS_BACKGROUND_H

#include "search/vectors/vectors.h"

enum search_background_state {
    SEARCH_BACKGROUND_OFF,     /* not wanted */
    SEARCH_BACKGROUND_LOOKING, /* the files are being opened */
    SEARCH_BACKGROUND_MAKING,
    SEARCH_BACKGROUND_READY,  /* at least one table is there, and no more will be */
    SEARCH_BACKGROUND_ABSENT, /* neither table, nor what it is made from */
};

struct search_background;

/* `folder` must exist; NULL: the state is OFF for ever. Starts its thread, which says what it does in the log. `changed` (may be
 * NULL) is called on that thread when READY is reached: spaces can be made now. E_BUSY. */
NODISCARD err_t search_background_start(const char *folder, void (*changed)(void *context),
                                        void *context, struct search_background **ret);
/* Ends the making within a second or so; nothing half-made stays. Tables that were given are gone. Accepts NULL. */
void search_background_stop(struct search_background *b);

/* The state now; where it is READY, the tables there are (else NULL each), which live until the stop. Any thread. */
enum search_background_state search_background_tables(struct search_background *b,
                                                      const struct search_table **ret_glosses,
                                                      const struct search_table **ret_bigrams);
/* "ready: 25000 + 14313 words" and the like, for `vivim doctor` and people, without a server: looks at the files alone. In `a`. */
struct str search_background_look(struct arena *a, const char *folder);

#endif

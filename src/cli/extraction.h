/* Files to conversations in the normal form, a line each, without a server: what `vivim extract` prints and what is sent of a coding
 * agent's sessions (importing.h). */
#ifndef VIVIM_CLI_EXTRACTION_H
#define VIVIM_CLI_EXTRACTION_H

#include <stdio.h>

#include "imports/source.h"

struct extraction {
    FILE *
        to; /* NULL: `put` takes the lines, and `keep` the pictures that stand in the file itself */
    err_t (*put)(void *into, struct str line);
    err_t (*keep)(void *into, const struct import_media *m, struct str sha256);
    void *into;
    struct buf line;
    size_t given, skipped;
    bool json; /* what is passed over is said there too, as a line vivim.skipped/1 */
    bool (*wanted)(void *context, const struct conversation *c); /* hashed; NULL: each one */
    void *context;
};

void extraction_init(struct extraction *x, FILE *to);
void extraction_free(struct extraction *x); /* for CLEANUP; accepts a zeroed one */

/* All conversations of one entry. What is passed over is said on standard error with its place; of a file that was given alone what
 * is wrong with it as a whole is the error. E_IO, E_FULL, E_BUSY, E_CANCELLED end it. */
NODISCARD err_t extraction_entry(struct extraction *x, const struct import_reading *reading,
                                 struct import_files *f, size_t entry);

/* Is this what ends the whole, and not one place of it? */
bool extraction_ends(err_t e);

#endif

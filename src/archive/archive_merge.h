/* Which stored message is which of a new rendering. Pure: rows in, a plan out. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_MERGE_H
#define VIVIM_ARCHIVE_ARCHIVE_MERGE_H

#include "archive/archive.h"

enum merge_kind {
    MERGE_NEW,
    MERGE_UNCHANGED,
    MERGE_MOVED,   /* says the same; its place, its branch or what is known of it is another */
    MERGE_CHANGED, /* says something else */
    MERGE_GONE,    /* the rendering lacks it, and it was on the path until now */
};

struct merge_step {
    enum merge_kind kind;
    /* Names of what changed, parted by commas, as a message's JSON has them; NULL for one that is new or unchanged. */
    const char *fields;
    struct archive_message row; /* as it shall be; for MERGE_GONE off the path, behind the others */
};

struct merge_plan {
    struct merge_step *steps;
    size_t count;
    struct str
        hash; /* of the conversation as it shall be: where a poorer rendering is not taken over, not that of the new one */
};

/* Match by the provider's message id; where the source gives none, by equal hashes in order.
 *
 * A message that was without an id keeps the one that a later rendering gives it.
 *
 * stored    the rows of the conversation in tree order, may be none
 * new_id    gives the id of a new message (entropy comes from outside: a test can repeat it)
 * Author, model and time are kept where a rendering names none.
 * A changed rendering that is poorer (the provider redacted a tool's output since, a picture has expired) counts as unchanged.
 * Errors: the arena's. */
NODISCARD err_t merge_messages(struct arena *a, struct uuid conversation_id,
                               const struct conversation *c, const struct archive_message *stored,
                               size_t stored_count, struct uuid (*new_id)(void),
                               struct merge_plan *ret);

#endif

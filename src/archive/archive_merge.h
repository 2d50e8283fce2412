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
    MERGE_DROPPED, /* with merge_options.drop: it belongs to another conversation */
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

struct merge_options {
    /* Gives the id of a new message (entropy comes from outside: a test can repeat it). NULL: the one that its row has. */
    struct uuid (*new_id)(void);
    bool by_id;    /* rows of the same id are the same message */
    bool as_given; /* what is poorer was weighed already: what comes is taken */
    bool drop;     /* what does not come goes */
};

/* Match by the provider's message id; where one of two has none, or they come from two places, by equal hashes in order; and
 * between kinds of renderings (rank), the answers to the same question.
 *
 * A message that was without an id keeps the one that a later rendering gives it.
 *
 * new       in tree order, with ids of their own, which their parents name
 * stored    the rows of the conversation in tree order, may be none
 * Author, model and time are kept where a rendering names none.
 * A changed rendering that is poorer (the provider redacted a tool's output since, a picture has expired, it is of a kind that
 * tells less) counts as unchanged. Linear but for rows that say the same. Errors: the arena's. */
NODISCARD err_t merge_rows(struct arena *a, const struct archive_message *new, size_t count,
                           const struct archive_message *stored, size_t stored_count,
                           const struct merge_options *o, struct merge_plan *ret);

/* One message as a row, without ids. Views into m; its blocks in `a`. */
NODISCARD err_t merge_row_of(struct arena *a, const struct message *m, size_t position,
                             struct archive_message *ret);
/* A rendering's messages as rows, with ids of their own that count up from 1. */
NODISCARD err_t merge_rows_of(struct arena *a, struct uuid conversation_id,
                              const struct conversation *c, struct uuid source_id, int rank,
                              struct archive_message **ret);

/* Both: a rendering from nowhere in particular onto rows. */
NODISCARD err_t merge_messages(struct arena *a, struct uuid conversation_id,
                               const struct conversation *c, const struct archive_message *stored,
                               size_t stored_count, struct uuid (*new_id)(void),
                               struct merge_plan *ret);

#endif

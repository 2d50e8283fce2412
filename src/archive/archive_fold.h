/* What several renderings of one conversation make together: of the share and of the export, of today's capture and last month's.
 * A function of the set: in whichever order they came, the rows are the same.
 *
 *   leader   gives order, branch, title and times. Of one source the newest rendering, unless it is of a kind that tells less
 *            and has no more questions, or is partial and lies within an older one; of several sources the newest one of those
 *            whose branch is not a part of another's.
 *   words    of a message that several have: the newest, unless it is poorer (archive_merge.h).
 *   rest     what the leader does not have stays, off the branch, behind; what it does not name is taken from the others.
 *
 * Two lists are in memory at a time, whatever the number of renderings.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_FOLD_H
#define VIVIM_ARCHIVE_ARCHIVE_FOLD_H

#include "archive/archive_rendering.h"

/* Leave out what a newer rendering of the same source says as well, or what is the same capture read again; `list` is in order of
 * arrival and keeps room for none beyond. At most SOURCE_RENDERINGS_MAX of a source stay: beyond that the two oldest become one.
 * Errors: those of reading them. */
NODISCARD err_t rendering_retain(struct renderings *s, struct rendering **list, size_t *count);

struct folded {
    struct archive_conversation row; /* without id, version, and what is the owner's */
    struct merge_list list;          /* the leader's messages first, each at its place */
};
void folded_free(struct folded *f); /* for CLEANUP */
/* count >= 1. Ids of messages are those of the renderings, the first one's where several have it. The list is put in order, the
 * leader last; places, count and renamed of each are set. Errors: those of reading them; *ret is to be freed in any case. */
NODISCARD err_t rendering_fold(struct renderings *s, struct rendering **list, size_t count,
                               struct folded *ret);

/* By time, then by place: for qsort over pointers. */
int rendering_compare_age(const void *x, const void *y);
bool rendering_is_partial(const struct rendering *r);

/* archive_same.c: are these the same conversation, by what they say? docs/decisions/0014-identity.md has the measure:
 * two messages, one of them an answer, whose ids at the provider are the same and long enough to be nobody else's; or a run of
 * messages that say the same, with answers that two conversations do not have in common by chance. */
NODISCARD err_t rendering_is_same(const struct intern *texts, const struct merge_list *x,
                                  const struct merge_list *y, bool *ret);
/* Can this id of a message be only one's in the world: at least 16 bytes. */
bool rendering_id_is_strong(struct str origin_id);
/* Is this answer long enough to count in a run? */
bool rendering_words_count(const struct merge_message *answer);

#endif

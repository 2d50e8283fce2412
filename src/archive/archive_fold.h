/* What several renderings of one conversation make together: of the share and of the export, of today's capture and last month's.
 * Pure, and a function of the set: in whichever order they came, the rows are the same.
 *
 *   leader   gives order, branch, title and times. Of one source the newest rendering, unless it is of a kind that tells less
 *            and has no more questions, or is partial and lies within an older one; of several sources the newest one of those
 *            whose branch is not a part of another's.
 *   words    of a message that several have: the newest, unless it is poorer (archive_merge.h).
 *   rest     what the leader does not have stays, off the branch, behind; what it does not name is taken from the others.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_FOLD_H
#define VIVIM_ARCHIVE_ARCHIVE_FOLD_H

#include "archive/archive_merge.h"

struct rendering {
    struct uuid source_id;
    struct str place;                /* of the source: with the time, it orders */
    struct archive_conversation row; /* its title, times, findings … and captured_ms */
    struct archive_message *messages;
    size_t count;
    struct uuid *whole_ids; /* set by rendering_fold: the id of each message in the whole */
};

enum { RANK_GENERIC = 1, RANK_DOM, RANK_DATA };
/* How much a kind of rendering tells: by structure alone, by a recipe for the page, or the provider's own data. A share whose strategy
 * is not known counts as a page. */
int rendering_rank(struct str source_kind, struct str strategy);

/* Leave out what a newer rendering of the same source says as well, or what is the same capture read again; `list` is in order of
 * arrival and keeps room for none beyond. At most SOURCE_RENDERINGS_MAX of a source stay: beyond that the two oldest become one.
 * Errors: the arena's. */
NODISCARD err_t rendering_retain(struct arena *a, struct rendering *list, size_t *count);

struct folded {
    struct archive_conversation row; /* without id, version, and what is the owner's */
    struct archive_message *messages;
    size_t count;
};
/* count >= 1. Ids of messages are those of the renderings, the first one's where several have it. The list is put in order.
 * Errors: the arena's. */
NODISCARD err_t rendering_fold(struct arena *a, struct rendering *list, size_t count,
                               struct folded *ret);

/* Are these the same conversation, by what they say? docs/decisions/0014-identity.md has the measure:
 * two messages, one of them an answer, whose ids at the provider are the same and long enough to be nobody else's; or a run of
 * messages that say the same, with answers that two conversations do not have in common by chance. */
NODISCARD err_t rendering_is_same(struct arena *a, const struct archive_message *x, size_t x_count,
                                  const struct archive_message *y, size_t y_count, bool *ret);
/* Can this id of a message be only one's in the world: at least 16 bytes. */
bool rendering_id_is_strong(struct str origin_id);
/* Is this answer long enough to count in a run? */
bool rendering_words_count(const struct archive_message *answer);

#endif

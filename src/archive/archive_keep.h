/* What a conversation is made of, kept beside its rows where these do not say all of it; and what it was made of before something
 * that can be undone. Inside the room only. All want an open transaction, before rows are changed.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_KEEP_H
#define VIVIM_ARCHIVE_ARCHIVE_KEEP_H

#include "archive/archive_fold.h"

/* The renderings of a conversation, those that are kept, or its rows as the only one. list: in s->a. */
NODISCARD err_t keep_load(struct renderings *s, const struct archive_conversation *row,
                          struct rendering ***ret, size_t *ret_count);
/* Those that it was made of before the first change under the mark; none: nothing is kept. */
NODISCARD err_t keep_load_before(struct renderings *s, struct uuid mark, struct uuid conversation,
                                 struct rendering ***ret, size_t *ret_count);

/* In place of those that are kept of the conversation. whole: of rendering_fold, laid over the rows, with the steps of that: its
 * messages have the ids that they have there. */
NODISCARD err_t keep_renderings(struct renderings *s, struct uuid conversation,
                                struct rendering *const *list, size_t count,
                                const struct merge_list *whole, const struct merge_step *steps);
/* Unless something is kept under the mark already: only the first change under it has what was before it. */
NODISCARD err_t keep_before(struct renderings *s, struct uuid mark, struct uuid conversation,
                            struct rendering *const *list, size_t count);

/* A whole as one rendering, in bytes. leader: the last one of what was folded. */
NODISCARD err_t keep_pack_list(struct renderings *s, const struct merge_list *whole,
                               const struct rendering *leader,
                               const struct archive_conversation *row, struct str place,
                               struct buf *out);

#endif

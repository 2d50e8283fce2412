/* What the messages of a whole say: each one's blocks, out of the rendering that they are taken from. Inside the room only. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_SAID_H
#define VIVIM_ARCHIVE_ARCHIVE_SAID_H

#include "archive/archive_fold.h"

struct said_visit {
    bool (*wants)(void *context, size_t i); /* its blocks */
    /* For every message, in order. blocks: end with the call; STR_NONE where they are not wanted. */
    err_t (*each)(void *context, size_t i, struct str blocks);
    void *context;
};
/* whole: of rendering_fold, with whatever stands behind it; leader: the last one of what was folded. The leader is read along; what
 * is wanted of other renderings is held in memory meanwhile. Errors: those of reading, the visit's. */
NODISCARD err_t said_each(struct renderings *s, const struct merge_list *whole,
                          const struct rendering *leader, const struct said_visit *visit);

enum { SAID_HASH_BYTES = 80 };
/* Message i of the list as a row; all views. hash: room for its text. */
void said_row(const struct renderings *s, const struct merge_list *l, size_t i, struct str blocks,
              char hash[SAID_HASH_BYTES], struct archive_message *ret);

#endif

/* Pictures expire at the provider: a later rendering may name one whose bytes cannot be had any more, but were stored before. Pure;
 * archive_adopt_pictures (archive.h), which reads rows, stands in the same file. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_PICTURES_H
#define VIVIM_ARCHIVE_ARCHIVE_PICTURES_H

#include "archive/conversation.h"

/* Is the new rendering the stored one, but for pictures whose bytes it lacks? Both are JSON of blocks. Addresses count without
 * their query, which only signs them. Any other difference, and what cannot be read, is false. */
bool pictures_were_lost(struct str stored_blocks, struct str new_blocks);

#endif

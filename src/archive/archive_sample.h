/* A made-up archive to look around in: three conversations that are part of the program, added
 * and removed in one step. They go the way of any stored file: extract_json, then archive_put. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_SAMPLE_H
#define VIVIM_ARCHIVE_ARCHIVE_SAMPLE_H

#include "archive/archive.h"

/* Add them to the owner's archive; those that are there already stay as they are. */
NODISCARD err_t archive_sample_add(struct db *db, struct uuid owner, int64_t now_ms,
                                   size_t *ret_added);
/* Remove them; OK when there are none. */
NODISCARD err_t archive_sample_remove(struct db *db, struct uuid owner, int64_t now_ms,
                                      size_t *ret_removed);

#endif

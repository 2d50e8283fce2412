/* What its owner had added to a conversation in an archive of ours (vivim.annotations/1, docs/export.md): it stands beside the
 * conversations, in files of its own. Private to imports.
 *
 * Of those files only where each line begins is kept, and the text of the one that was asked for last: they stand in the order
 * of the conversations, so that each is read about once. */
#ifndef VIVIM_IMPORTS_ANNOTATIONS_H
#define VIVIM_IMPORTS_ANNOTATIONS_H

#include "imports/source.h"

/* One line's value. Strings are views into it. E_INVALID: it is not ours; E_LIMIT, E_BUSY. */
NODISCARD err_t annotation_read(struct arena *a, struct json root, struct archive_added *ret);
/* For `c` as conversation_read gave it; nothing at all where nothing was added, or where what stands there is damaged (which is said
 * where its file is read for itself, formats/annotations.c). E_LIMIT, E_BUSY. */
NODISCARD err_t annotations_find(struct import_files *f, struct arena *a,
                                 const struct conversation *c, struct archive_added *ret);
void annotations_close(struct import_files *f);

#endif

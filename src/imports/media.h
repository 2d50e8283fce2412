/* Where the bytes of a conversation's pictures and files lie among the entries. Private to imports.
 *
 * Names are looked at here and only here: a provider's reference is an id, or a name beside the source. */
#ifndef VIVIM_IMPORTS_MEDIA_H
#define VIVIM_IMPORTS_MEDIA_H

#include "imports/source.h"

/* Fills s->media for `c`, the conversation given last; what the source names and the entries lack becomes a finding.
 * E_LIMIT, E_BUSY. */
NODISCARD err_t media_attach(struct import_source *s, struct arena *a, struct conversation *c);

/* The entry whose name's last part is `id`, or begins with it and goes on with one of "-._"; or that lies in a folder of this
 * name as "content". SIZE_MAX: none. O(log n) but for the first call. */
size_t media_by_id(struct import_files *f, struct str id);
/* The one entry with this last part of a name; SIZE_MAX: none, or several. */
size_t media_by_name(struct import_files *f, struct str name);

/* What a name's last part is. */
struct str media_last_part(struct str name);

#endif

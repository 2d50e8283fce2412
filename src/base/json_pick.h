/* Some members of an object's JSON text, copied out of it as they stand, so that the rest is never parsed: in what programs log
 * most of a line is often a copy of what is wanted anyway. */
#ifndef VIVIM_BASE_JSON_PICK_H
#define VIVIM_BASE_JSON_PICK_H

#include "base/buf.h"

/* Append an object of those members of the top object in `text` whose names, as they are written there, are in `names`; where one
 * stands twice, both. What is passed over is looked through for its end and no more: what is given is for json_parse, which says
 * whether it is JSON.
 * E_BAD_JSON: `text` is no object, or breaks off; out's errors. Costs about what memchr over the text does. */
NODISCARD err_t json_pick(struct str text, const struct str *names, size_t count, struct buf *out);

#endif

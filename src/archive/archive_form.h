/* A rendering as bytes, kept beside the rows (archive_source_store.h): zstd of JSON Lines. On the first line what is known of the
 * whole, then a message on each: a million of them are neither written nor read as one value. Inside the room only.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_FORM_H
#define VIVIM_ARCHIVE_ARCHIVE_FORM_H

#include "archive/archive.h"
#include "base/compress.h"

struct form_writer {
    struct zstd_out z;
    struct buf line;
    size_t count, bytes; /* messages, and unpacked bytes, so far */
};
/* place: the source's. `out` outlives it. E_LIMIT: over RENDERING_BYTES_MAX, with the numbers; E_BUSY. */
NODISCARD err_t form_begin(struct form_writer *w, const struct archive_conversation *row,
                           struct str place, struct buf *out);
NODISCARD err_t form_add(struct form_writer *w, const struct archive_message *m);
NODISCARD err_t form_end(struct form_writer *w);
void form_writer_free(struct form_writer *w); /* for CLEANUP; accepts a zeroed one */

/* Who reads a rendering's messages, one behind the other. */
struct message_visit {
    /* NULL: all of them. Of one that is not wanted nothing is made. */
    bool (*wants)(void *context, size_t i);
    err_t (*each)(void *context, size_t i,
                  const struct archive_message *m); /* m ends with the call */
    void *context;
};

/* What form_begin was given, in `a`, and then each message as form_add got it. place and row may be NULL, and visit: then
 * no more than the first line is unpacked.
 * E_CORRUPT: it is damaged; the arena's; the visit's. */
NODISCARD err_t form_read(struct arena *a, struct str form, struct archive_conversation *row,
                          struct str *place, const struct message_visit *visit);

#endif

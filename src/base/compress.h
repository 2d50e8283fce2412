/* zstd (RFC 8878) for what is stored, gzip (RFC 1952) for the wire. */
#ifndef VIVIM_BASE_COMPRESS_H
#define VIVIM_BASE_COMPRESS_H

#include "base/buf.h"

/* Appends one frame to `out`. level 1..19; 3 is the default of the raw store. */
NODISCARD err_t zstd_pack(struct str bytes, int level, struct buf *out);
/* Appends the content; never more than out->max_bytes, whatever the frame claims (E_LIMIT).
 * E_CORRUPT otherwise. On an error `out` is as it was. */
NODISCARD err_t zstd_unpack(struct str frame, struct buf *out);
NODISCARD err_t gzip_pack(struct str bytes, int level, struct buf *out);

#endif

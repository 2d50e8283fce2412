/* zstd (RFC 8878) for what is stored, gzip (RFC 1952) for the wire. */
#ifndef VIVIM_BASE_COMPRESS_H
#define VIVIM_BASE_COMPRESS_H

#include "base/buf.h"
#include "base/reader.h"

/* Appends one frame to `out`. level 1..19; 3 is the default of the raw store. */
NODISCARD err_t zstd_pack(struct str bytes, int level, struct buf *out);
/* Appends the content; never more than out->max_bytes, whatever the frame claims (E_LIMIT).
 * E_CORRUPT otherwise. On an error `out` is as it was. */
NODISCARD err_t zstd_unpack(struct str frame, struct buf *out);

/* The same in pieces, for what would be too large as a whole. Packing appends to `out`, which outlives it. */
struct zstd_out {
    struct buf *out;
    int level;
    struct buf
        held; /* what fits is packed at once, which takes memory by its size; a stream takes megabytes */
    void *stream; /* NULL: all is held */
};
NODISCARD err_t zstd_out_begin(struct zstd_out *z, int level, struct buf *out);
NODISCARD err_t zstd_out_put(struct zstd_out *z, struct str bytes);
NODISCARD err_t zstd_out_end(struct zstd_out *z); /* the frame is whole */
void zstd_out_free(struct zstd_out *z);           /* for CLEANUP; accepts a zeroed one */
/* A reader of a frame's content. Its errors: E_CORRUPT, E_BUSY. The frame is not owned. */
struct zstd_reader {
    struct reader reader;
    void *stream;
    struct str frame;
    size_t at;
    bool ended;
};
NODISCARD err_t zstd_reader_init(struct zstd_reader *z, struct str frame);
void zstd_reader_free(struct zstd_reader *z); /* for CLEANUP; accepts a zeroed one */

NODISCARD err_t gzip_pack(struct str bytes, int level, struct buf *out);

#endif

/* A zip (APPNOTE 6.3.10) that is written from its beginning to its end: no seeking, and of each member only its entry in the
 * directory is kept (some 100 bytes). Members are given whole, so that their sizes and checksums stand before them and every
 * reader can stream them, too. Zip64 where it is needed. Why it is our own: docs/decisions/0019-exports.md. */
#ifndef VIVIM_EXPORTS_ZIP_OUT_H
#define VIVIM_EXPORTS_ZIP_OUT_H

#include "base/buf.h"

struct zip_out {
    err_t (*put)(void *context, struct str bytes);
    void *context;
    struct buf directory, packed; /* on the heap */
    struct libdeflate_compressor *deflate;
    uint64_t at, count;
    uint32_t date_time; /* of MS-DOS, UTC */
};

/* E_BUSY. zip_out_free in any case. */
NODISCARD err_t zip_out_init(struct zip_out *z, err_t (*put)(void *context, struct str bytes),
                             void *context, int64_t now_ms);
void zip_out_free(struct zip_out *z); /* for CLEANUP; accepts a zeroed one */
/* name: valid UTF-8, relative, '/' between folders, at most 65,535 bytes (assert). `pack`: deflate it where that makes it smaller.
 * E_LIMIT: a member of 4 GiB or more, EXPORT_ZIP_MEMBERS_MAX; E_BUSY; what `put` gives. */
NODISCARD err_t zip_out_add(struct zip_out *z, struct str name, struct str bytes, bool pack);
NODISCARD err_t zip_out_end(struct zip_out *z);

#endif

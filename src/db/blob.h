/* Blobs: bytes in files under owner and SHA-256 (blobs/<owner>/<2 hex>/<64 hex>), synced before
 * the transaction that names them. The same bytes of one owner are one file. What no row names
 * is swept later (blob_sweep), when it is old enough: storing bytes again makes their file young again. */
#ifndef VIVIM_DB_BLOB_H
#define VIVIM_DB_BLOB_H

#include "base/crypto.h"
#include "base/uuid.h"

struct blob_store {
    char *root; /* data folder + "/blobs" */
};

/* Store `bytes`; durable when it returns. `pack` compresses with zstd (blob_read undoes it). E_IO, E_FULL. */
NODISCARD err_t blob_put(const struct blob_store *b, struct uuid owner, struct str bytes, bool pack,
                         struct sha256 *ret);
/* The content, checked against its hash (E_CORRUPT). E_NOT_FOUND, E_LIMIT. The hash is of the unpacked bytes. */
NODISCARD err_t blob_read(const struct blob_store *b, struct arena *a, struct uuid owner,
                          struct sha256 h, size_t max_bytes, struct str *ret);
bool blob_exists(const struct blob_store *b, struct uuid owner, struct sha256 h);
void blob_remove(const struct blob_store *b, struct uuid owner, struct sha256 h);
/* Remove all that the owner has (an erasure). E_LIMIT: the path is too long. */
NODISCARD err_t blob_forget(const struct blob_store *b, struct uuid owner);
/* Remove files older than min_age_ms that `named` does not claim; ret_removed may be NULL. */
NODISCARD err_t blob_sweep(const struct blob_store *b, int64_t min_age_ms,
                           bool (*named)(void *context, struct uuid owner, struct sha256 h),
                           void *context, size_t *ret_removed);

#endif

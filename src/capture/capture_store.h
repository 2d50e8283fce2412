/* Rows of captures <-> structs. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_STORE_H
#define VIVIM_CAPTURE_CAPTURE_STORE_H

#include "base/crypto.h"
#include "capture/capture.h"

NODISCARD err_t capture_store_insert(struct db *db, struct uuid owner,
                                     const struct capture_row *row);
NODISCARD err_t capture_store_end(struct db *db, struct uuid owner, const struct capture_row *row);
NODISCARD err_t capture_store_count_since(struct db *db, struct uuid owner, int64_t since_ms,
                                          int64_t *ret);
NODISCARD err_t capture_store_evidence(struct db *db, struct uuid owner, struct uuid capture,
                                       const char *kind, struct sha256 h, int64_t bytes,
                                       int64_t now_ms);
NODISCARD err_t capture_store_forget(struct db *db, struct uuid owner);

#endif

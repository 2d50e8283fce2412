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
NODISCARD err_t capture_store_names_blob(struct db *db, struct uuid owner, struct sha256 h,
                                         bool *ret); /* left alone where none does */
/* The captures that a conversation came from, at most limit. */
NODISCARD err_t capture_store_of(struct db *db, struct arena *a, struct uuid owner,
                                 struct uuid conversation, size_t limit, struct capture_row **ret,
                                 size_t *ret_count);
/* It is of another conversation now. */
NODISCARD err_t capture_store_move(struct db *db, struct uuid owner, struct uuid id,
                                   struct uuid conversation);
NODISCARD err_t capture_store_forget_one(struct db *db, struct uuid owner, struct uuid id);
NODISCARD err_t capture_store_forget(struct db *db, struct uuid owner);

#endif

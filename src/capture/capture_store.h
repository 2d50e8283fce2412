/* Rows of captures <-> structs. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_STORE_H
#define VIVIM_CAPTURE_CAPTURE_STORE_H

#include "archive/archive.h"
#include "base/crypto.h"
#include "capture/capture.h"
#include "capture/reread.h"

/* What was stored of it. */
void capture_row_put(struct capture_row *row, const struct archive_put_result *put);
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
/* How often captures ended so, over all days and since one. */
struct tally_row {
    struct str provider, recipe, strategy, outcome;
    int64_t captures, lately, last_ms;
};
enum { TALLIES_MAX = 2000 };
NODISCARD err_t capture_store_tally(struct db *db, struct str provider, struct str recipe,
                                    struct str strategy, struct str outcome, int64_t now_ms);
NODISCARD err_t capture_store_tallies(struct db *db, struct arena *a, int64_t since_ms,
                                      struct tally_row **ret, size_t *ret_count);
/* Days before TALLY_DAYS_MS become one, and of that what did not happen for TALLY_KEEP_MS goes: the rows stay few, however
 * many years a server runs. In an open transaction. */
NODISCARD err_t capture_store_tally_gather(struct db *db, int64_t now_ms);

struct evidence_row {
    struct str kind, sha256; /* 32 bytes */
};
enum { EVIDENCE_KINDS_MAX = 16 };
NODISCARD err_t capture_store_evidence_of(struct db *db, struct arena *a, struct uuid owner,
                                          struct uuid capture, struct evidence_row **ret,
                                          size_t *ret_count);
/* Those that a rereading looks at, from the id on. provider STR_NONE: any. */
NODISCARD err_t capture_store_to_reread(struct db *db, struct arena *a, struct uuid owner,
                                        struct str provider, struct uuid from, size_t limit,
                                        struct capture_row **ret, size_t *ret_count);
NODISCARD err_t capture_store_to_reread_count(struct db *db, struct uuid owner, struct str provider,
                                              int64_t *ret);
NODISCARD err_t capture_store_reread(struct db *db, struct uuid owner, struct uuid job,
                                     const struct reread_row *row); /* once for each capture */
NODISCARD err_t capture_store_rereads(struct db *db, struct arena *a, struct uuid owner,
                                      struct uuid job, struct str finding_or_none,
                                      struct uuid after, size_t limit, struct reread_row **ret,
                                      size_t *ret_count);
struct reread_count {
    struct str finding;
    int64_t captures;
};
NODISCARD err_t capture_store_reread_counts(struct db *db, struct arena *a, struct uuid owner,
                                            struct uuid job, struct reread_count **ret,
                                            size_t *ret_count);
/* The last capture that the job looked at; nil: none. */
NODISCARD err_t capture_store_reread_last(struct db *db, struct arena *a, struct uuid owner,
                                          struct uuid job, struct uuid *ret);
NODISCARD err_t capture_store_reread_forget(struct db *db, struct uuid owner, struct uuid but_job);
NODISCARD err_t capture_store_forget_one(struct db *db, struct uuid owner, struct uuid id);
NODISCARD err_t capture_store_forget(struct db *db, struct uuid owner);

#endif

/* Rows of imports <-> structs. Inside the room only. All but the reads want an open transaction. */
#ifndef VIVIM_IMPORTS_IMPORTS_STORE_H
#define VIVIM_IMPORTS_IMPORTS_STORE_H

#include "imports/imports.h"

NODISCARD err_t import_store_insert(struct db *db, struct uuid owner, const struct import_row *r);
/* Newest first; before_ms, before_id: the last one seen (INT64_MAX and nil at first). */
NODISCARD err_t import_store_list(struct db *db, struct arena *a, struct uuid owner,
                                  int64_t before_ms, struct uuid before_id, size_t limit,
                                  struct import_row **ret, size_t *ret_count);
NODISCARD err_t import_store_bytes(struct db *db, struct uuid owner, struct uuid id, int64_t bytes);
/* It is at entry and place now, with so many rows of its report more, of which `c` says what came of them. */
NODISCARD err_t import_store_advance(struct db *db, struct uuid owner, struct uuid id,
                                     int64_t entry, int64_t place, int64_t items,
                                     const struct import_counts *c);
NODISCARD err_t import_store_end(struct db *db, struct uuid owner, struct uuid id,
                                 const char *state, struct str code, struct str detail,
                                 int64_t now_ms);
/* *ret_done: it was in the state `from`. */
NODISCARD err_t import_store_state(struct db *db, struct uuid owner, struct uuid id,
                                   const char *from, const char *to, bool *ret_done);
NODISCARD err_t import_store_path(struct db *db, struct uuid owner, struct uuid id,
                                  struct str path);
NODISCARD err_t import_store_undone(struct db *db, struct uuid owner, struct uuid id,
                                    int64_t undone, int64_t kept);
NODISCARD err_t import_store_open_of_path(struct db *db, struct uuid owner, struct str path,
                                          int64_t *ret);
NODISCARD err_t import_store_delete(struct db *db, struct uuid owner, struct uuid id);
NODISCARD err_t import_store_forget(struct db *db, struct uuid owner); /* uploads too */

NODISCARD err_t import_store_item(struct db *db, struct uuid owner, struct uuid import,
                                  const struct import_item *i);
/* What the import leaves of a conversation that it had reported before. */
NODISCARD err_t import_store_item_again(struct db *db, struct uuid owner, struct uuid import,
                                        struct uuid conversation, int64_t version,
                                        int64_t captured_ms);
NODISCARD err_t import_store_item_undone(struct db *db, struct uuid owner, struct uuid import,
                                         int64_t number, const char *outcome, const char *code,
                                         const char *reason);
/* Behind number `after`; outcome STR_NONE: all. */
NODISCARD err_t import_store_items(struct db *db, struct arena *a, struct uuid owner,
                                   struct uuid import, struct str outcome, int64_t after,
                                   size_t limit, struct import_item **ret, size_t *ret_count);
/* What imports brought that is still there, newest first. Reads all messages of it. */
struct import_storage {
    struct uuid id;
    struct str label;
    int64_t created_ms, conversations, text_bytes, media_bytes;
};
NODISCARD err_t import_store_storage(struct db *db, struct arena *a, struct uuid owner,
                                     size_t limit, struct import_storage **ret, size_t *ret_count);
NODISCARD err_t import_store_item_count(struct db *db, struct uuid owner, struct uuid import,
                                        const char *outcome, int64_t *ret);

/* The conversation that said just this when it was imported last, and is as it was then; E_NOT_FOUND. */
struct import_seen {
    struct uuid conversation_id;
    int64_t version, captured_ms;
};
NODISCARD err_t import_store_seen(struct db *db, struct arena *a, struct uuid owner,
                                  struct sha256 digest, struct import_seen *ret);
NODISCARD err_t import_store_seen_put(struct db *db, struct uuid owner, struct sha256 digest,
                                      struct uuid conversation, int64_t version);
/* The conversation is gone. */
NODISCARD err_t import_store_forget_conversation(struct db *db, struct uuid owner,
                                                 struct uuid conversation);

/* Of all accounts: reports older than before_ms that have ended; dry runs that ended before it and have files. */
struct import_old {
    struct uuid owner_id, id;
    struct str path, state;
};
NODISCARD err_t import_store_old(struct db *db, struct arena *a, int64_t before_ms, bool waiting,
                                 size_t limit, struct import_old **ret, size_t *ret_count);

/* --- uploads --------------------------------------------------------------------------------------- */

struct upload {
    struct uuid id;
    struct str name, metadata;
    int64_t bytes, received, expires_ms;
};
NODISCARD err_t upload_store_insert(struct db *db, struct uuid owner, const struct upload *u);
NODISCARD err_t upload_store_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                 struct upload *ret);
NODISCARD err_t upload_store_count(struct db *db, struct uuid owner, int64_t *ret);
/* *ret_done: it stood at `from` until now. */
NODISCARD err_t upload_store_received(struct db *db, struct uuid owner, struct uuid id,
                                      int64_t from, int64_t received, int64_t expires_ms,
                                      bool *ret_done);
NODISCARD err_t upload_store_delete(struct db *db, struct uuid owner, struct uuid id,
                                    bool *ret_done);
struct upload_old {
    struct uuid owner_id, id;
};
NODISCARD err_t upload_store_expired(struct db *db, struct arena *a, int64_t now_ms, size_t limit,
                                     struct upload_old **ret, size_t *ret_count);

#endif

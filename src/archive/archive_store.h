/* Rows of the archive <-> structs. Inside the room only. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_STORE_H
#define VIVIM_ARCHIVE_ARCHIVE_STORE_H

#include "archive/archive.h"

NODISCARD err_t archive_store_insert(struct db *db, struct uuid owner,
                                     const struct archive_conversation *row);
NODISCARD err_t archive_store_update(struct db *db, struct uuid owner,
                                     const struct archive_conversation *row);
NODISCARD err_t archive_store_message_insert(struct db *db, struct uuid owner,
                                             const struct archive_message *m);
/* Parent, position, the provider's id and flags only. */
NODISCARD err_t archive_store_message_place(struct db *db, struct uuid owner,
                                            const struct archive_message *m);
/* Keep what it says now as a version, then say what `m` says. */
NODISCARD err_t archive_store_message_replace(struct db *db, struct uuid owner,
                                              const struct archive_message *m, int64_t now_ms);
/* An earlier wording of `m`, which is v->version; and how many wordings there have been. */
NODISCARD err_t archive_store_version_add(struct db *db, struct uuid owner,
                                          const struct archive_message *m,
                                          const struct archive_version *v);
NODISCARD err_t archive_store_message_version(struct db *db, struct uuid owner, struct uuid id,
                                              int64_t version);
NODISCARD err_t archive_store_message_delete(struct db *db, struct uuid owner, struct uuid id);
struct
    archive_message_text { /* of a message that is shown, with what its conversation says of it */
    struct uuid conversation_id;
    struct str role, author, model, blocks, title, provider, account;
    int64_t position, created_ms, captured_ms;
};
/* E_NOT_FOUND: also one that is hidden, or in the trash. */
NODISCARD err_t archive_store_message_text(struct db *db, struct arena *a, struct uuid owner,
                                           struct uuid id, struct archive_message_text *ret);
NODISCARD err_t archive_store_media(struct db *db, struct uuid owner, struct uuid conversation,
                                    const struct archive_media *m);
NODISCARD err_t archive_store_names_blob(struct db *db, struct uuid owner, struct sha256 h,
                                         bool *ret); /* left alone where none does */
NODISCARD err_t archive_store_rename(struct db *db, struct uuid owner, struct uuid id,
                                     struct str title);
NODISCARD err_t archive_store_forget(struct db *db, struct uuid owner); /* everything of theirs */
/* Also one in the trash. */
NODISCARD err_t archive_store_any(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                  struct archive_conversation *ret);
/* *ret_done: it was not there (in the trash) until now. */
NODISCARD err_t archive_store_trash(struct db *db, struct uuid owner, struct uuid id,
                                    int64_t now_ms, bool *ret_done);
NODISCARD err_t archive_store_restore(struct db *db, struct uuid owner, struct uuid id,
                                      bool *ret_done);
struct archive_owned {
    struct uuid owner_id, id;
};
NODISCARD err_t archive_store_trash_old(struct db *db, struct arena *a, int64_t before_ms,
                                        size_t limit, struct archive_owned **ret,
                                        size_t *ret_count);
NODISCARD err_t archive_store_exists(struct db *db, struct uuid owner,
                                     struct uuid id); /* E_NOT_FOUND */
NODISCARD err_t archive_store_delete(struct db *db, struct uuid owner, struct uuid id);
NODISCARD err_t archive_store_each_conversation(
    struct db *db, err_t (*visit)(void *context, struct uuid owner, struct uuid id), void *context);
NODISCARD err_t archive_store_each_message(
    struct db *db, err_t (*visit)(void *context, struct uuid owner, struct uuid id), void *context);

#endif

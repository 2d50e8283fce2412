/* Rows of sources and renderings <-> structs. Inside the room only. All but the reads want an open transaction. */
#ifndef VIVIM_ARCHIVE_ARCHIVE_SOURCE_STORE_H
#define VIVIM_ARCHIVE_ARCHIVE_SOURCE_STORE_H

#include "archive/archive.h"

/* Wait for the turn of the account: who stores for it does so one behind the other, until the transaction ends. */
NODISCARD err_t source_store_turn(struct db *db, struct uuid owner);
/* At this place, or with this id at the provider, of whichever account, "" first. At most CONVERSATION_SOURCES_MAX. */
NODISCARD err_t source_store_at(struct db *db, struct arena *a, struct uuid owner,
                                struct str provider, struct str place, struct archive_source **ret,
                                size_t *ret_count);
NODISCARD err_t source_store_of_origin(struct db *db, struct arena *a, struct uuid owner,
                                       struct str provider, struct str origin_id,
                                       struct archive_source **ret, size_t *ret_count);
NODISCARD err_t source_store_insert(struct db *db, struct uuid owner,
                                    const struct archive_source *s);
NODISCARD err_t source_store_update(struct db *db, struct uuid owner,
                                    const struct archive_source *s); /* but place and link */

/* Renderings that are kept, in order, without their bytes, of which one at a time is enough (archive_form.h). */
struct kept_form {
    struct uuid source_id;
    int64_t number;
};
/* Those of a conversation; none where the rows say all. */
NODISCARD err_t source_store_forms(struct db *db, struct arena *a, struct uuid owner,
                                   struct uuid conversation, struct kept_form **ret,
                                   size_t *ret_count);
NODISCARD err_t source_store_form(struct db *db, struct arena *a, struct uuid owner,
                                  struct uuid conversation, int64_t number, struct str *ret);
/* A number behind all that are kept. */
NODISCARD err_t source_store_next_number(struct db *db, struct uuid owner, struct uuid conversation,
                                         int64_t *ret);
NODISCARD err_t source_store_keep(struct db *db, struct uuid owner, struct uuid conversation,
                                  int64_t number, struct uuid source, struct str form);
NODISCARD err_t source_store_renumber(struct db *db, struct uuid owner, struct uuid conversation,
                                      int64_t number, int64_t to);
NODISCARD err_t source_store_drop(struct db *db, struct uuid owner, struct uuid conversation,
                                  int64_t number);

/* What a conversation was made of before something that can be undone (archive_undo), kept under the mark: put there, or copied from
 * what is kept of the conversation under the number `from`. */
NODISCARD err_t source_store_before_count(struct db *db, struct uuid owner, struct uuid mark,
                                          struct uuid conversation, int64_t *ret);
NODISCARD err_t source_store_before_keep(struct db *db, struct uuid owner, struct uuid mark,
                                         struct uuid conversation, int64_t number,
                                         struct uuid source, struct str form);
NODISCARD err_t source_store_before_copy(struct db *db, struct uuid owner, struct uuid mark,
                                         struct uuid conversation, int64_t from, int64_t number);
NODISCARD err_t source_store_before_forms(struct db *db, struct arena *a, struct uuid owner,
                                          struct uuid mark, struct uuid conversation,
                                          struct kept_form **ret, size_t *ret_count);
NODISCARD err_t source_store_before_form(struct db *db, struct arena *a, struct uuid owner,
                                         struct uuid mark, struct uuid conversation, int64_t number,
                                         struct str *ret);
NODISCARD err_t source_store_delete(struct db *db, struct uuid owner, struct uuid source);

NODISCARD err_t source_store_tell_apart(struct db *db, struct uuid owner, struct uuid source,
                                        struct uuid other);
/* Were sources of these two conversations told apart? */
NODISCARD err_t source_store_are_apart(struct db *db, struct uuid owner, struct uuid conversation,
                                       struct uuid other, bool *ret);
/* Conversations of the provider that hold an answer with this id, or (by_id false) with this hash; at most limit. */
NODISCARD err_t source_store_answer(struct db *db, struct arena *a, struct uuid owner,
                                    struct str provider, struct str said, bool by_id, size_t limit,
                                    struct uuid **ret, size_t *ret_count);
NODISCARD err_t source_store_copy_media(struct db *db, struct uuid owner, struct uuid from,
                                        struct uuid to);
/* Media that none of its messages, nor what they said before, names. */
NODISCARD err_t source_store_drop_unnamed_media(struct db *db, struct uuid owner,
                                                struct uuid conversation);

#endif

/* Rows of grants <-> structs. Inside the room only. */
#ifndef VIVIM_SHARING_SHARING_STORE_H
#define VIVIM_SHARING_SHARING_STORE_H

#include "sharing/sharing.h"

enum { GRANTS_PER_ENTITY_MAX = 200, GRANTS_LISTED_MAX = 20000 };

enum { GRANTS_OF_ID_MAX = 16 }; /* things of different owners under one id */
/* The grants of the actor under this id, oldest first. */
NODISCARD err_t sharing_store_of_actor(struct db *db, struct arena *a, struct uuid actor,
                                       const char *entity, struct uuid id, struct grant **ret,
                                       size_t *ret_count);
/* The actor's grant on the thing that io names (owner, entity, id); E_NOT_FOUND. */
NODISCARD err_t sharing_store_one(struct db *db, struct arena *a, struct uuid actor,
                                  struct grant *io);
/* All that the owner has given, at most GRANTS_LISTED_MAX; without handles. */
NODISCARD err_t sharing_store_given(struct db *db, struct arena *a, struct uuid owner,
                                    struct grant **ret, size_t *ret_count);
NODISCARD err_t sharing_store_put(struct db *db, const struct grant *g, int64_t now_ms);
NODISCARD err_t sharing_store_remove(struct db *db, const struct grant *g, int64_t *ret_removed);
NODISCARD err_t sharing_store_forget(struct db *db, struct uuid owner, struct str entity,
                                     struct uuid id);
NODISCARD err_t sharing_store_forget_account(struct db *db, struct uuid account);

/* sharing.c: a thing or an account is gone, and with it its grants; who got them is told ("access deleted" in their log).
 * Inside an open transaction. */
NODISCARD err_t sharing_forget_thing(struct db *db, struct arena *a, struct uuid owner,
                                     struct str entity, struct uuid id, int64_t now_ms);
NODISCARD err_t sharing_forget_account(struct db *db, struct arena *a, struct uuid account,
                                       int64_t now_ms);
/* What the account shares is not seen while it is put away; its grants stay. The same words are said: "access deleted",
 * then "access created". */
NODISCARD err_t sharing_hide_account(struct db *db, struct arena *a, struct uuid account,
                                     bool hidden, int64_t now_ms);

#endif

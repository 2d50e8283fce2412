/* Rows of grants <-> structs. Inside the room only. */
#ifndef VIVIM_SHARING_SHARING_STORE_H
#define VIVIM_SHARING_SHARING_STORE_H

#include "sharing/sharing.h"

enum { GRANTS_PER_ENTITY_MAX = 200 };

/* The grant that reaches the actor; E_NOT_FOUND. */
NODISCARD err_t sharing_store_of_actor(struct db *db, struct arena *a, struct uuid actor,
                                       const char *entity, struct uuid id, struct grant *ret);
NODISCARD err_t sharing_store_put(struct db *db, const struct grant *g, int64_t now_ms);
NODISCARD err_t sharing_store_remove(struct db *db, const struct grant *g, int64_t *ret_removed);
NODISCARD err_t sharing_store_forget(struct db *db, struct uuid owner, struct str entity,
                                     struct uuid id);
NODISCARD err_t sharing_store_forget_account(struct db *db, struct uuid account);

#endif

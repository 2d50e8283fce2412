/* Rows of presence. Writes want an open transaction. */
#ifndef VIVIM_REALTIME_PRESENCE_PRESENCE_STORE_H
#define VIVIM_REALTIME_PRESENCE_PRESENCE_STORE_H

#include "db/db.h"

struct presence_row {
    int64_t last_seen_ms;
    bool invisible;
};
NODISCARD err_t presence_store_get(struct db *db, struct arena *a, struct uuid owner,
                                   struct presence_row *ret); /* E_NOT_FOUND */
NODISCARD err_t presence_store_seen(struct db *db, struct uuid owner, int64_t seen_ms);
NODISCARD err_t presence_store_invisible(struct db *db, struct uuid owner, bool invisible,
                                         int64_t now_ms);
NODISCARD err_t presence_store_forget(struct db *db, struct uuid owner);

#endif

#include "realtime/presence/presence_store.h"

#include "presence_sql.h"

static const struct db_col PRESENCE_COLS[] = {
    DB_COL(presence_row, last_seen_ms, DB_I64),
    DB_COL(presence_row, invisible, DB_BOOL),
};

err_t presence_store_get(struct db *db, struct arena *a, struct uuid owner,
                         struct presence_row *ret)
{
    return db_one(db, a, &SQL_PRESENCE_GET, DB_ARGS(DBU(owner)), PRESENCE_COLS,
                  COUNTOF(PRESENCE_COLS), ret);
}

err_t presence_store_seen(struct db *db, struct uuid owner, int64_t seen_ms)
{
    return db_exec(db, &SQL_PRESENCE_SEEN, DB_ARGS(DBU(owner), DBI(seen_ms)), NULL);
}

err_t presence_store_invisible(struct db *db, struct uuid owner, bool invisible, int64_t now_ms)
{
    return db_exec(db, &SQL_PRESENCE_INVISIBLE, DB_ARGS(DBU(owner), DBI(now_ms), DBB(invisible)),
                   NULL);
}

err_t presence_store_forget(struct db *db, struct uuid owner)
{
    return db_exec(db, &SQL_PRESENCE_FORGET, DB_ARGS(DBU(owner)), NULL);
}

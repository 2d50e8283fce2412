#include "sharing/sharing_store.h"

#include "sharing_sql.h"

static const struct db_col GRANT_COLS[] = {
    DB_COL(grant, owner_id, DB_UUID),  DB_COL(grant, entity, DB_STR),
    DB_COL(grant, entity_id, DB_UUID), DB_COL(grant, grantee_id, DB_UUID),
    DB_COL(grant, role, DB_STR),       DB_COL(grant, version, DB_I64),
    DB_COL(grant, created_ms, DB_I64), DB_COL(grant, handle, DB_STR),
};

err_t sharing_store_of_actor(struct db *db, struct arena *a, struct uuid actor, const char *entity,
                             struct uuid id, struct grant **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_SHARING_OF_ACTOR,
                   DB_ARGS(DBU(actor), DBS(str_from(entity)), DBU(id), DBI(GRANTS_OF_ID_MAX)),
                   GRANT_COLS, COUNTOF(GRANT_COLS), sizeof **ret, GRANTS_OF_ID_MAX, ret, ret_count);
}

err_t sharing_store_one(struct db *db, struct arena *a, struct uuid actor, struct grant *io)
{
    return db_one(db, a, &SQL_SHARING_ONE,
                  DB_ARGS(DBU(io->owner_id), DBS(io->entity), DBU(io->entity_id), DBU(actor)),
                  GRANT_COLS, COUNTOF(GRANT_COLS), io);
}

err_t sharing_store_put(struct db *db, const struct grant *g, int64_t now_ms)
{
    return db_exec(db, &SQL_SHARING_PUT,
                   DB_ARGS(DBU(g->owner_id), DBS(g->entity), DBU(g->entity_id), DBU(g->grantee_id),
                           DBS(g->role), DBI(now_ms)),
                   NULL);
}

err_t sharing_store_remove(struct db *db, const struct grant *g, int64_t *ret_removed)
{
    return db_exec(db, &SQL_SHARING_REMOVE,
                   DB_ARGS(DBU(g->owner_id), DBS(g->entity), DBU(g->entity_id), DBU(g->grantee_id)),
                   ret_removed);
}

err_t sharing_store_forget(struct db *db, struct uuid owner, struct str entity, struct uuid id)
{
    return db_exec(db, &SQL_SHARING_FORGET_ENTITY, DB_ARGS(DBU(owner), DBS(entity), DBU(id)), NULL);
}

err_t sharing_store_forget_account(struct db *db, struct uuid account)
{
    return db_exec(db, &SQL_SHARING_FORGET_ACCOUNT, DB_ARGS(DBU(account)), NULL);
}

err_t sharing_members(struct db *db, struct arena *a, struct uuid owner, const char *entity,
                      struct uuid id, struct grant **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_SHARING_MEMBERS,
                   DB_ARGS(DBU(owner), DBS(str_from(entity)), DBU(id), DBI(GRANTS_PER_ENTITY_MAX)),
                   GRANT_COLS, COUNTOF(GRANT_COLS), sizeof **ret, GRANTS_PER_ENTITY_MAX, ret,
                   ret_count);
}

err_t sharing_store_given(struct db *db, struct arena *a, struct uuid owner, struct grant **ret,
                          size_t *ret_count)
{
    return db_rows(db, a, &SQL_SHARING_GIVEN, DB_ARGS(DBU(owner), DBI(GRANTS_LISTED_MAX)),
                   GRANT_COLS, COUNTOF(GRANT_COLS), sizeof **ret, GRANTS_LISTED_MAX, ret,
                   ret_count);
}

err_t sharing_shared_with(struct db *db, struct arena *a, struct uuid actor, const char *entity,
                          const struct sharing_page *page, struct grant **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_SHARING_WITH_ACTOR,
                   DB_ARGS(DBU(actor), DBS(str_from(entity)), DBI(page->before_ms),
                           DBU(page->before_id), DBI((int64_t)page->limit)),
                   GRANT_COLS, COUNTOF(GRANT_COLS), sizeof **ret, page->limit, ret, ret_count);
}

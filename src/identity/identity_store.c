/* Rows of identity <-> structs; the only file of the room that runs queries. */
#include "identity/identity_store.h"

#include "base/limits.h"
#include "base/timestamp.h"
#include "identity_sql.h"

static struct db_value hash_value(const struct sha256 *h)
{
    return DBX(str_of((const char *)h->b, sizeof h->b));
}

/* --- accounts ----------------------------------------------------------------------------- */

static const struct db_col ACCOUNT_COLS[] = {
    DB_COL(account, id, DB_UUID),        DB_COL(account, handle, DB_STR),
    DB_COL(account, admin, DB_BOOL),     DB_COL(account, version, DB_I64),
    DB_COL(account, created_ms, DB_I64), DB_COL(account, disabled_ms, DB_I64),
    DB_COL(account, deleted_ms, DB_I64),
};

err_t identity_store_account_any(struct db *db, bool *ret)
{
    int64_t n;
    TRY(db_i64(db, &SQL_IDENTITY_ACCOUNT_ANY, DB_NO_ARGS, &n));
    *ret = n > 0;
    return OK;
}

err_t identity_store_account_by_handle(struct db *db, struct arena *a, struct str handle,
                                       struct account *ret)
{
    return db_one(db, a, &SQL_IDENTITY_ACCOUNT_BY_HANDLE, DB_ARGS(DBS(handle)), ACCOUNT_COLS,
                  COUNTOF(ACCOUNT_COLS), ret);
}

err_t identity_store_account_by_id(struct db *db, struct arena *a, struct uuid id,
                                   struct account *ret)
{
    return db_one(db, a, &SQL_IDENTITY_ACCOUNT_BY_ID, DB_ARGS(DBU(id)), ACCOUNT_COLS,
                  COUNTOF(ACCOUNT_COLS), ret);
}

err_t identity_store_account_list(struct db *db, struct arena *a, size_t limit,
                                  struct account **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_IDENTITY_ACCOUNT_LIST, DB_ARGS(DBI((int64_t)limit)), ACCOUNT_COLS,
                   COUNTOF(ACCOUNT_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t identity_store_account_list_living(struct db *db, struct arena *a, size_t limit,
                                         struct account **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_IDENTITY_ACCOUNT_LIST_LIVING, DB_ARGS(DBI((int64_t)limit)),
                   ACCOUNT_COLS, COUNTOF(ACCOUNT_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t identity_store_account_due(struct db *db, struct arena *a, int64_t before_ms, size_t limit,
                                 struct account **ret, size_t *ret_count)
{
    return db_rows(db, a, &SQL_IDENTITY_ACCOUNT_DUE, DB_ARGS(DBI(before_ms), DBI((int64_t)limit)),
                   ACCOUNT_COLS, COUNTOF(ACCOUNT_COLS), sizeof **ret, limit, ret, ret_count);
}

err_t identity_store_account_first_admin(struct db *db, struct arena *a, struct account *ret)
{
    return db_one(db, a, &SQL_IDENTITY_ACCOUNT_FIRST_ADMIN, DB_NO_ARGS, ACCOUNT_COLS,
                  COUNTOF(ACCOUNT_COLS), ret);
}

err_t identity_store_account_insert(struct db *db, const struct account *x)
{
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_INSERT,
                   DB_ARGS(DBU(x->id), DBS(x->handle), DBB(x->admin), DBI(x->created_ms)), NULL);
}

err_t identity_store_account_set_disabled(struct db *db, struct uuid id, int64_t disabled_ms)
{
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_SET_DISABLED, DB_ARGS(DBT(disabled_ms), DBU(id)),
                   NULL);
}

err_t identity_store_account_put_away(struct db *db, struct uuid id, int64_t now_ms,
                                      int64_t *ret_changed)
{
    TRY(identity_store_session_delete_others(db, id, (struct uuid){ 0 }, NULL));
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_PUT_AWAY, DB_ARGS(DBI(now_ms), DBU(id)), ret_changed);
}

err_t identity_store_account_restore(struct db *db, struct uuid id, int64_t before_ms,
                                     int64_t *ret_changed)
{
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_RESTORE, DB_ARGS(DBU(id), DBI(before_ms)),
                   ret_changed);
}

err_t identity_store_account_bump(struct db *db, struct uuid id)
{
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_BUMP, DB_ARGS(DBU(id)), NULL);
}

err_t identity_store_account_delete(struct db *db, struct uuid id)
{
    TRY(db_exec(db, &SQL_IDENTITY_PASSWORD_DELETE, DB_ARGS(DBU(id)), NULL));
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_DELETE, DB_ARGS(DBU(id)), NULL);
}

err_t identity_store_account_delete_due(struct db *db, struct uuid id, int64_t before_ms,
                                        int64_t *ret_changed)
{
    TRY(db_exec(db, &SQL_IDENTITY_ACCOUNT_DELETE_DUE, DB_ARGS(DBU(id), DBI(before_ms)),
                ret_changed));
    return *ret_changed ? db_exec(db, &SQL_IDENTITY_PASSWORD_DELETE, DB_ARGS(DBU(id)), NULL) : OK;
}

err_t identity_store_account_hold_admins(struct db *db)
{
    return db_exec(db, &SQL_IDENTITY_ACCOUNT_LOCK_ADMINS, DB_NO_ARGS, NULL);
}

err_t identity_store_account_other_admins(struct db *db, struct uuid id, int64_t *ret)
{
    return db_i64(db, &SQL_IDENTITY_ACCOUNT_OTHER_ADMINS, DB_ARGS(DBU(id)), ret);
}

static const struct db_col LOGIN_COLS[] = {
    DB_COL(account_login, id, DB_UUID),        DB_COL(account_login, handle, DB_STR),
    DB_COL(account_login, admin, DB_BOOL),     DB_COL(account_login, version, DB_I64),
    DB_COL(account_login, created_ms, DB_I64), DB_COL(account_login, disabled_ms, DB_I64),
    DB_COL(account_login, encoded, DB_STR),
};

err_t identity_store_login_lookup(struct db *db, struct arena *a, struct str handle,
                                  struct account_login *ret)
{
    return db_one(db, a, &SQL_IDENTITY_LOGIN_LOOKUP, DB_ARGS(DBS(handle)), LOGIN_COLS,
                  COUNTOF(LOGIN_COLS), ret);
}

err_t identity_store_password_get(struct db *db, struct arena *a, struct uuid owner,
                                  struct str *ret)
{
    static const struct db_col COLS[] = { DB_COL(account_login, encoded, DB_STR) };
    struct account_login row = { 0 };
    TRY(db_one(db, a, &SQL_IDENTITY_PASSWORD_GET, DB_ARGS(DBU(owner)), COLS, COUNTOF(COLS), &row));
    *ret = row.encoded;
    return OK;
}

err_t identity_store_password_put(struct db *db, struct uuid owner, struct str encoded,
                                  int64_t now_ms)
{
    return db_exec(db, &SQL_IDENTITY_PASSWORD_PUT, DB_ARGS(DBU(owner), DBS(encoded), DBI(now_ms)),
                   NULL);
}

/* --- sessions ------------------------------------------------------------------------------ */

err_t identity_store_session_insert(struct db *db, struct uuid owner, struct sha256 hash,
                                    const struct session *s)
{
    return db_exec(db, &SQL_IDENTITY_SESSION_INSERT,
                   DB_ARGS(DBU(owner), DBU(s->id), hash_value(&hash), DBI(s->created_ms),
                           DBI(s->expires_ms), DBS(s->user_agent), DBS(s->address)),
                   NULL);
}

err_t identity_store_session_by_hash(struct db *db, struct arena *a, struct sha256 hash,
                                     struct credential_row *ret)
{
    static const struct db_col COLS[] = {
        DB_COL(credential_row, owner_id, DB_UUID),    DB_COL(credential_row, id, DB_UUID),
        DB_COL(credential_row, last_used_ms, DB_I64), DB_COL(credential_row, expires_ms, DB_I64),
        DB_COL(credential_row, handle, DB_STR),       DB_COL(credential_row, admin, DB_BOOL),
        DB_COL(credential_row, closed_ms, DB_I64),
    };
    return db_one(db, a, &SQL_IDENTITY_SESSION_BY_HASH, DB_ARGS(hash_value(&hash)), COLS,
                  COUNTOF(COLS), ret);
}

err_t identity_store_session_list(struct db *db, struct arena *a, struct uuid owner,
                                  struct uuid before, int64_t now_ms, size_t limit,
                                  struct session **ret, size_t *ret_count)
{
    static const struct db_col COLS[] = {
        DB_COL(session, id, DB_UUID),          DB_COL(session, created_ms, DB_I64),
        DB_COL(session, last_used_ms, DB_I64), DB_COL(session, expires_ms, DB_I64),
        DB_COL(session, user_agent, DB_STR),   DB_COL(session, address, DB_STR),
    };
    return db_rows(db, a, &SQL_IDENTITY_SESSION_LIST,
                   DB_ARGS(DBU(owner), DBU(before), DBI(now_ms), DBI(now_ms - SESSION_IDLE_MS),
                           DBI((int64_t)limit)),
                   COLS, COUNTOF(COLS), sizeof **ret, limit, ret, ret_count);
}

err_t identity_store_session_delete(struct db *db, struct uuid owner, struct uuid id,
                                    int64_t *ret_changed)
{
    return db_exec(db, &SQL_IDENTITY_SESSION_DELETE, DB_ARGS(DBU(owner), DBU(id)), ret_changed);
}

err_t identity_store_session_delete_others(struct db *db, struct uuid owner, struct uuid keep,
                                           int64_t *ret_changed)
{
    TRY(db_exec(db, &SQL_IDENTITY_LOGIN_LINK_DELETE, DB_ARGS(DBU(owner)), NULL));
    return db_exec(db, &SQL_IDENTITY_SESSION_DELETE_OTHERS, DB_ARGS(DBU(owner), DBU(keep)),
                   ret_changed);
}

struct session_id {
    struct uuid id;
};

err_t identity_store_session_surplus(struct db *db, struct arena *a, struct uuid owner,
                                     int64_t keep, struct uuid **ret, size_t *ret_count)
{
    static const struct db_col COLS[] = { DB_COL(session_id, id, DB_UUID) };
    return db_rows(db, a, &SQL_IDENTITY_SESSION_SURPLUS,
                   DB_ARGS(DBU(owner), DBI(SESSIONS_TRIMMED_MAX), DBI(keep)), COLS, COUNTOF(COLS),
                   sizeof **ret, SESSIONS_TRIMMED_MAX, ret, ret_count);
}

err_t identity_store_session_touch(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms)
{
    return db_exec(db, &SQL_IDENTITY_SESSION_TOUCH, DB_ARGS(DBI(now_ms), DBU(owner), DBU(id)),
                   NULL);
}

err_t identity_store_session_sweep(struct db *db, int64_t now_ms)
{
    return db_exec(db, &SQL_IDENTITY_SESSION_SWEEP,
                   DB_ARGS(DBI(now_ms), DBI(now_ms - SESSION_IDLE_MS)), NULL);
}

/* --- until when ------------------------------------------------------------------------------ */

static const int64_t NEVER = INT64_MAX;

err_t identity_store_session_ends(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_ms)
{
    return db_i64(db, &SQL_IDENTITY_CALLER_SESSION,
                  DB_ARGS(DBI(SESSION_IDLE_MS), DBU(owner), DBU(id)), ret_ms);
}

err_t identity_store_token_ends(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_ms)
{
    return db_i64(db, &SQL_IDENTITY_CALLER_TOKEN, DB_ARGS(DBI(NEVER), DBU(owner), DBU(id)), ret_ms);
}

err_t identity_store_account_ends(struct db *db, struct uuid owner, int64_t *ret_ms)
{
    return db_i64(db, &SQL_IDENTITY_CALLER_ACCOUNT, DB_ARGS(DBI(NEVER), DBU(owner)), ret_ms);
}

/* --- tokens --------------------------------------------------------------------------------- */

err_t identity_store_token_insert(struct db *db, struct uuid owner, struct sha256 hash,
                                  const struct token *t)
{
    return db_exec(db, &SQL_IDENTITY_TOKEN_INSERT,
                   DB_ARGS(DBU(owner), DBU(t->id), hash_value(&hash), DBS(t->prefix), DBS(t->name),
                           DBI(t->scopes), DBI(t->created_ms), DBT(t->expires_ms)),
                   NULL);
}

err_t identity_store_token_by_hash(struct db *db, struct arena *a, struct sha256 hash,
                                   struct credential_row *ret)
{
    static const struct db_col COLS[] = {
        DB_COL(credential_row, owner_id, DB_UUID),  DB_COL(credential_row, id, DB_UUID),
        DB_COL(credential_row, scopes, DB_I64),     DB_COL(credential_row, last_used_ms, DB_I64),
        DB_COL(credential_row, expires_ms, DB_I64), DB_COL(credential_row, handle, DB_STR),
        DB_COL(credential_row, admin, DB_BOOL),     DB_COL(credential_row, closed_ms, DB_I64),
    };
    return db_one(db, a, &SQL_IDENTITY_TOKEN_BY_HASH, DB_ARGS(hash_value(&hash)), COLS,
                  COUNTOF(COLS), ret);
}

err_t identity_store_token_list(struct db *db, struct arena *a, struct uuid owner,
                                struct uuid before, size_t limit, struct token **ret,
                                size_t *ret_count)
{
    static const struct db_col COLS[] = {
        DB_COL(token, id, DB_UUID),        DB_COL(token, prefix, DB_STR),
        DB_COL(token, name, DB_STR),       DB_COL(token, scopes, DB_I64),
        DB_COL(token, created_ms, DB_I64), DB_COL(token, last_used_ms, DB_I64),
        DB_COL(token, expires_ms, DB_I64),
    };
    return db_rows(db, a, &SQL_IDENTITY_TOKEN_LIST,
                   DB_ARGS(DBU(owner), DBU(before), DBI((int64_t)limit)), COLS, COUNTOF(COLS),
                   sizeof **ret, limit, ret, ret_count);
}

err_t identity_store_token_count(struct db *db, struct uuid owner, int64_t *ret)
{
    return db_i64(db, &SQL_IDENTITY_TOKEN_COUNT, DB_ARGS(DBU(owner)), ret);
}

err_t identity_store_token_delete(struct db *db, struct uuid owner, struct uuid id,
                                  int64_t *ret_changed)
{
    return db_exec(db, &SQL_IDENTITY_TOKEN_DELETE, DB_ARGS(DBU(owner), DBU(id)), ret_changed);
}

err_t identity_store_token_delete_all(struct db *db, struct uuid owner)
{
    return db_exec(db, &SQL_IDENTITY_TOKEN_DELETE_ALL, DB_ARGS(DBU(owner)), NULL);
}

err_t identity_store_token_touch(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms)
{
    return db_exec(db, &SQL_IDENTITY_TOKEN_TOUCH, DB_ARGS(DBI(now_ms), DBU(owner), DBU(id)), NULL);
}

/* --- the setup link --------------------------------------------------------------------------- */

err_t identity_store_setup_put(struct db *db, struct sha256 hash, int64_t expires_ms)
{
    return db_exec(db, &SQL_IDENTITY_SETUP_PUT, DB_ARGS(hash_value(&hash), DBI(expires_ms)), NULL);
}

err_t identity_store_setup_get(struct db *db, struct arena *a, struct setup_row *ret)
{
    static const struct db_col COLS[] = { DB_COL(setup_row, hash, DB_BYTES),
                                          DB_COL(setup_row, expires_ms, DB_I64) };
    return db_one(db, a, &SQL_IDENTITY_SETUP_GET, DB_NO_ARGS, COLS, COUNTOF(COLS), ret);
}

err_t identity_store_setup_take(struct db *db, struct sha256 hash, bool *ret_taken)
{
    int64_t changed;
    TRY(db_exec(db, &SQL_IDENTITY_SETUP_TAKE, DB_ARGS(hash_value(&hash)), &changed));
    *ret_taken = changed == 1;
    return OK;
}

err_t identity_store_setup_clear(struct db *db)
{
    return db_exec(db, &SQL_IDENTITY_SETUP_CLEAR, DB_NO_ARGS, NULL);
}

/* --- the master key's check ------------------------------------------------------------------- */

struct key_check_row {
    struct str sealed;
};

err_t identity_store_key_check_get(struct db *db, struct arena *a, struct str *ret)
{
    static const struct db_col COLS[] = { DB_COL(key_check_row, sealed, DB_BYTES) };
    struct key_check_row row;
    TRY(db_one(db, a, &SQL_IDENTITY_KEY_CHECK_GET, DB_NO_ARGS, COLS, COUNTOF(COLS), &row));
    *ret = row.sealed;
    return OK;
}

err_t identity_store_key_check_put(struct db *db, struct str sealed)
{
    return db_exec(db, &SQL_IDENTITY_KEY_CHECK_PUT, DB_ARGS(DBX(sealed)), NULL);
}

err_t identity_store_key_check_delete(struct db *db)
{
    return db_exec(db, &SQL_IDENTITY_KEY_CHECK_DELETE, DB_NO_ARGS, NULL);
}

/* --- sign-in links ---------------------------------------------------------------------------- */

err_t identity_store_login_link_put(struct db *db, struct uuid owner, struct sha256 hash,
                                    int64_t expires_ms)
{
    return db_exec(db, &SQL_IDENTITY_LOGIN_LINK_PUT,
                   DB_ARGS(DBU(owner), hash_value(&hash), DBI(expires_ms)), NULL);
}

err_t identity_store_login_link_get(struct db *db, struct arena *a, struct sha256 hash,
                                    struct login_link_row *ret)
{
    static const struct db_col COLS[] = { DB_COL(login_link_row, owner_id, DB_UUID),
                                          DB_COL(login_link_row, expires_ms, DB_I64) };
    return db_one(db, a, &SQL_IDENTITY_LOGIN_LINK_GET, DB_ARGS(hash_value(&hash)), COLS,
                  COUNTOF(COLS), ret);
}

err_t identity_store_login_link_take(struct db *db, struct sha256 hash, bool *ret_taken)
{
    int64_t changed;
    TRY(db_exec(db, &SQL_IDENTITY_LOGIN_LINK_TAKE, DB_ARGS(hash_value(&hash)), &changed));
    *ret_taken = changed == 1;
    return OK;
}

err_t identity_store_login_link_sweep(struct db *db, int64_t now_ms)
{
    return db_exec(db, &SQL_IDENTITY_LOGIN_LINK_SWEEP, DB_ARGS(DBI(now_ms)), NULL);
}

/* --- failed sign-ins -------------------------------------------------------------------------- */

static err_t keep_throttle(void *context, const void *row)
{
    *(struct throttle *)context = *(const struct throttle *)row;
    return OK;
}

err_t identity_store_throttle_get(struct db *db, struct str key, struct throttle *ret)
{
    static const struct db_col COLS[] = { DB_COL(throttle, failures, DB_I64),
                                          DB_COL(throttle, last_ms, DB_I64) };
    struct throttle found = { 0 };
    TRY(db_each(db, &SQL_IDENTITY_THROTTLE_GET, DB_ARGS(DBS(key)), COLS, COUNTOF(COLS),
                sizeof found, keep_throttle, &found));
    *ret = found;
    return OK;
}

err_t identity_store_throttle_hold(struct db *db, struct str key, int64_t now_ms,
                                   struct throttle *ret)
{
    TRY(db_exec(db, &SQL_IDENTITY_THROTTLE_HOLD, DB_ARGS(DBS(key), DBI(now_ms)), NULL));
    return identity_store_throttle_get(db, key, ret);
}

err_t identity_store_throttle_set(struct db *db, struct str key, const struct throttle *t)
{
    return db_exec(db, &SQL_IDENTITY_THROTTLE_SET,
                   DB_ARGS(DBI(t->failures), DBI(t->last_ms), DBS(key)), NULL);
}

err_t identity_store_throttle_back(struct db *db, struct str key, int64_t charged_ms,
                                   int64_t before_ms)
{
    TRY(db_exec(db, &SQL_IDENTITY_THROTTLE_BACK, DB_ARGS(DBI(charged_ms), DBI(before_ms), DBS(key)),
                NULL));
    return db_exec(db, &SQL_IDENTITY_THROTTLE_DELETE_SPENT, DB_ARGS(DBS(key)), NULL);
}

err_t identity_store_throttle_delete(struct db *db, struct str key)
{
    return db_exec(db, &SQL_IDENTITY_THROTTLE_DELETE, DB_ARGS(DBS(key)), NULL);
}

err_t identity_store_throttle_delete_under(struct db *db, struct str prefix)
{
    return db_exec(db, &SQL_IDENTITY_THROTTLE_DELETE_UNDER, DB_ARGS(DBS(prefix)), NULL);
}

err_t identity_store_throttle_sweep(struct db *db, int64_t before_ms)
{
    return db_exec(db, &SQL_IDENTITY_THROTTLE_SWEEP, DB_ARGS(DBI(before_ms)), NULL);
}

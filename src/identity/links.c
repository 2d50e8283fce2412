/* A one-time link that lets an account in without its password: for who forgot it, or is kept waiting
 * because somebody guesses at it. Whoever runs the server makes it, on its machine. */
#include "base/timestamp.h"
#include "identity/inside.h"
#include "os/entropy.h"

err_t identity_login_link(struct db *db, struct arena *a, struct str handle, struct str base_url,
                          int64_t now_ms, struct str *ret)
{
    struct account x;
    struct str token = entropy_token(a, 32);
    struct str link = str_fmt(a, "%.*s/login#%.*s", STR_ARG(base_url), STR_ARG(token));
    TRY(arena_err(a));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_user_get(db, a, handle, &x));
    if (x.disabled_ms != TIME_NONE)
        return err_note(
            E_CONFLICT, "handle",
            "the account \"%.*s\" is disabled; let it in again first: vivim user enable "
            "%.*s",
            STR_ARG(x.handle), STR_ARG(x.handle));
    TRY(identity_store_login_link_put(db, x.id, sha256_of(token), now_ms + LOGIN_LINK_MS));
    TRY(db_txn_commit(&tx));
    *ret = link;
    return OK;
}

static err_t no_link(void)
{
    return err_note(E_FORBIDDEN, "token",
                    "this link does not let anybody in (any more): it works once, and a newer one "
                    "takes its place; ask whoever runs this server for another");
}

static err_t take(struct db *db, struct arena *a, struct sha256 hash, int64_t now_ms,
                  struct account *ret)
{
    struct login_link_row row = { .expires_ms = 0 };
    bool taken;
    err_t e = identity_store_login_link_get(db, a, hash, &row);
    if (e == E_NOT_FOUND)
        return no_link();
    TRY(e);
    if (now_ms >= row.expires_ms)
        return err_note(E_GONE, "token",
                        "this link is older than %d minutes; ask whoever runs this server for "
                        "another",
                        LOGIN_LINK_MS / 60000);
    TRY(identity_store_login_link_take(db, hash, &taken));
    if (!taken)
        return no_link();
    return identity_user_by_id(db, a, row.owner_id, ret);
}

err_t identity_login_by_link(struct identity *id, struct db *db, struct arena *a, struct str token,
                             const struct login *l, int64_t now_ms, struct signed_in *ret)
{
    struct signed_in s = { 0 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(take(db, a, sha256_of(token), now_ms, &s.account));
    TRY(identity_session_begin(id, db, a, &s.account, l, now_ms, &s));
    TRY(identity_revoke(id, db, &tx, NULL, now_ms));
    *ret = s;
    return OK;
}

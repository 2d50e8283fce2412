/* The first account: a one-time link that `serve` prints while there is none. */
#include "identity/inside.h"
#include "os/entropy.h"

err_t identity_setup_link(struct db *db, struct arena *a, struct str base_url, int64_t now_ms,
                          struct str *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    bool any;
    TRY(identity_store_account_any(db, &any));
    if (any) {
        *ret = STR_NONE;
        return OK;
    }
    struct str token = entropy_token(a, 32);
    struct str link = str_fmt(a, "%.*s/setup#%.*s", STR_ARG(base_url), STR_ARG(token));
    TRY(arena_err(a));
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_setup_put(db, sha256_of(token), now_ms + SETUP_LINK_MS));
    TRY(db_txn_commit(&tx));
    *ret = link;
    return OK;
}

static err_t too_late(void)
{
    return err_note(E_GONE, "token", "this server has its first account already; sign in instead");
}

/* Is this the link of the last start, in time? Looked at before the password is hashed, and
 * again, by taking it, in the transaction. */
static err_t check_link(struct db *db, struct arena *a, struct sha256 hash, int64_t now_ms)
{
    bool any;
    TRY(identity_store_account_any(db, &any));
    if (any)
        return too_late();
    struct setup_row row;
    err_t e = identity_store_setup_get(db, a, &row);
    if (e == OK &&
        (row.hash.n != sizeof hash.b || !bytes_equal_ct(row.hash.s, hash.b, sizeof hash.b)))
        e = E_NOT_FOUND;
    if (e == E_NOT_FOUND)
        return err_note(
            E_FORBIDDEN, "token",
            "this is not the setup link of the server's last start; use the one it printed last");
    TRY(e);
    if (now_ms >= row.expires_ms)
        return err_note(
            E_GONE, "token",
            "this setup link is older than %d minutes; start the server again for a new one",
            SETUP_LINK_MS / 60000);
    return OK;
}

static err_t make_first(struct identity *id, struct db *db, struct arena *a, struct sha256 hash,
                        struct str encoded, const struct login *l, int64_t now_ms,
                        struct signed_in *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct signed_in s = { 0 };
    bool taken, any;
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_setup_take(db, hash, &taken));
    TRY(identity_store_account_any(db, &any));
    if (!taken || any)
        return too_late();
    TRY(identity_account_make(db, l->handle, encoded, true, now_ms, &s.account));
    TRY(identity_session_begin(id, db, a, &s.account, l, now_ms, &s));
    TRY(identity_revoke(id, db, &tx, NULL, now_ms));
    *ret = s;
    return OK;
}

err_t identity_setup(struct identity *id, struct db *db, struct arena *a, struct str token,
                     const struct login *l, int64_t now_ms, struct signed_in *ret,
                     int64_t *ret_retry_ms)
{
    struct sha256 hash = sha256_of(token);
    TRY(check_link(db, a, hash, now_ms));
    TRY(identity_handle_check(l->handle));
    TRY(identity_password_rules(l->handle, l->password));
    struct str encoded;
    {
        CLEANUP(identity_slot_end) struct hash_slot slot = { 0 };
        TRY(identity_slot_take(&slot, &id->gate, ret_retry_ms));
        TRY(identity_hash(&slot, a, l->password, &encoded));
    }
    return make_first(id, db, a, hash, encoded, l, now_ms, ret);
}

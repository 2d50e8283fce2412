/* Signing in with a password, and the sessions that come of it. */
#include "base/timestamp.h"
#include "base/utf8.h"
#include "identity/inside.h"
#include "os/entropy.h"

/* --- a new session ------------------------------------------------------------------------- */

static struct str kept_text(struct arena *a, struct str s, size_t max_bytes)
{
    struct str cut = str_sub(s, 0, max_bytes);
    return s.s ? utf8_repair(a, utf8_cut(cut, max_bytes)) : S("");
}

/* The one that this browser shows still, whosever it was. */
static err_t end_old(const struct identity *id, struct db *db, struct arena *a,
                     struct str old_session, int64_t now_ms)
{
    struct credential_row row = { .scopes = 0 };
    bool ended;
    err_t e = identity_store_session_by_hash(db, a, sha256_of(old_session), &row);
    if (e == E_NOT_FOUND) {
        err_clear();
        return OK;
    }
    TRY(e);
    return identity_credential_remove(id, db, CREDENTIAL_SESSION, row.owner_id, row.id, now_ms,
                                      &ended);
}

static err_t end_surplus(const struct identity *id, struct db *db, struct arena *a,
                         struct uuid owner, int64_t now_ms)
{
    struct uuid *surplus;
    size_t count;
    bool ended;
    TRY(identity_store_session_surplus(db, a, owner, SESSIONS_PER_ACCOUNT_MAX, &surplus, &count));
    for (size_t i = 0; i < count; i++)
        TRY(identity_credential_remove(id, db, CREDENTIAL_SESSION, owner, surplus[i], now_ms,
                                       &ended));
    return OK;
}

err_t identity_session_begin(const struct identity *id, struct db *db, struct arena *a,
                             const struct account *account, const struct login *l, int64_t now_ms,
                             struct signed_in *ret)
{
    struct str cookie = entropy_token(a, 32);
    struct session s = {
        .id = uuid_new(),
        .created_ms = now_ms,
        .expires_ms = now_ms + SESSION_LIFE_MS,
        .user_agent = kept_text(a, l->user_agent, USER_AGENT_BYTES_MAX),
        .address = kept_text(a, l->address, USER_AGENT_BYTES_MAX),
    };
    TRY(arena_err(a));
    if (l->old_session.s)
        TRY(end_old(id, db, a, l->old_session, now_ms));
    TRY(identity_store_session_insert(db, account->id, sha256_of(cookie), &s));
    TRY(end_surplus(id, db, a, account->id, now_ms));
    ret->cookie = cookie;
    ret->session_id = s.id;
    return OK;
}

/* --- signing in ------------------------------------------------------------------------------ */

static err_t bad_login(void)
{
    return err_note(E_BAD_LOGIN, NULL, "the handle or the password is wrong");
}

/* The password of an account that may not exist, at the same cost either way. E_BAD_LOGIN and
 * E_FORBIDDEN: it was compared. */
static err_t check_password(const struct hash_slot *slot, struct db *db, struct arena *a,
                            const struct login *l, struct account_login *ret)
{
    struct account_login row = { .encoded = STR_NONE };
    bool right;
    err_t e = identity_store_login_lookup(db, a, l->handle, &row);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(identity_hash_check(slot, a, row.encoded, l->password, &right));
    if (!right)
        return bad_login();
    if (row.disabled_ms != TIME_NONE)
        return err_note(E_FORBIDDEN, NULL,
                        "this account is disabled; ask whoever runs this server");
    *ret = row;
    return OK;
}

/* The password may have been changed, or the account disabled or removed, while the hash was
 * computed. */
static err_t still_so(struct db *db, struct arena *a, const struct account_login *seen,
                      struct account *ret)
{
    struct account_login row = { .encoded = STR_NONE };
    err_t e = identity_store_login_lookup(db, a, seen->handle, &row);
    if (e == E_NOT_FOUND)
        return bad_login();
    TRY(e);
    if (!uuid_eq(row.id, seen->id) || !str_eq(row.encoded, seen->encoded) ||
        row.disabled_ms != TIME_NONE)
        return bad_login();
    *ret = (struct account){ .id = row.id,
                             .handle = row.handle,
                             .admin = row.admin,
                             .version = row.version,
                             .created_ms = row.created_ms,
                             .disabled_ms = row.disabled_ms,
                             .deleted_ms = TIME_NONE };
    return OK;
}

/* Counted as a failure until it is known to be right: what is known of it then is in *ret_charge. */
static err_t compare(struct identity *id, struct db *db, struct arena *a, const struct login *l,
                     int64_t now_ms, struct account_login *ret, struct throttle_charge *ret_charge,
                     int64_t *ret_retry_ms)
{
    struct throttle_keys keys = identity_throttle_keys(a, l->handle, l->address);
    TRY(arena_err(a));
    TRY(identity_throttle_look(db, &keys, now_ms, ret_retry_ms));
    CLEANUP(identity_slot_end) struct hash_slot slot = { 0 };
    TRY(identity_slot_take(&slot, &id->gate, ret_retry_ms));
    TRY(identity_throttle_charge(db, &keys, now_ms, ret_charge, ret_retry_ms));
    err_t e = check_password(&slot, db, a, l, ret);
    bool compared = e == OK || e == E_BAD_LOGIN || e == E_FORBIDDEN;
    return compared ? e : identity_throttle_spared(db, ret_charge, e);
}

static err_t let_in(struct identity *id, struct db *db, struct arena *a, const struct login *l,
                    const struct account_login *row, const struct throttle_charge *charge,
                    int64_t now_ms, struct signed_in *ret)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(still_so(db, a, row, &ret->account));
    TRY(identity_throttle_clear(db, charge));
    TRY(identity_session_begin(id, db, a, &ret->account, l, now_ms, ret));
    return identity_revoke(id, db, &tx, NULL, now_ms);
}

err_t identity_login(struct identity *id, struct db *db, struct arena *a, const struct login *l,
                     int64_t now_ms, struct signed_in *ret, int64_t *ret_retry_ms)
{
    if (l->handle.n > HANDLE_BYTES_MAX || l->password.n > PASSWORD_BYTES_MAX)
        return bad_login(); /* nobody's; says nothing about who exists */
    struct account_login row = { .encoded = STR_NONE };
    struct throttle_charge charge;
    struct signed_in s = { 0 };
    TRY(compare(id, db, a, l, now_ms, &row, &charge, ret_retry_ms));
    err_t e = let_in(id, db, a, l, &row, &charge, now_ms, &s);
    if (e != OK && e != E_BAD_LOGIN)
        return identity_throttle_spared(db, &charge, e); /* it was right */
    TRY(e);
    *ret = s;
    return OK;
}

/* --- the account's own password --------------------------------------------------------------- */

struct change {
    struct uuid user;
    struct str old_password, new_password;
    struct str seen, encoded; /* hashes: of the one in force when it was compared, of the new one */
    struct throttle_charge charge;
};

static err_t not_yours(void)
{
    return err_note(E_INVALID, "old_password", "this is not your password");
}

static err_t hash_both(const struct hash_slot *slot, struct db *db, struct arena *a,
                       struct change *c, bool *ret_right)
{
    err_t e = identity_store_password_get(db, a, c->user, &c->seen);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(identity_hash_check(slot, a, c->seen, c->old_password, ret_right));
    return *ret_right ? identity_hash(slot, a, c->new_password, &c->encoded) : OK;
}

/* Check the old one, hash the new one: both in one slot. */
static err_t old_for_new(struct identity *id, struct db *db, struct arena *a, struct change *c,
                         int64_t now_ms, int64_t *ret_retry_ms)
{
    struct throttle_keys keys = identity_throttle_change_keys(a, c->user);
    TRY(arena_err(a));
    TRY(identity_throttle_look(db, &keys, now_ms, ret_retry_ms));
    CLEANUP(identity_slot_end) struct hash_slot slot = { 0 };
    bool right = false;
    TRY(identity_slot_take(&slot, &id->gate, ret_retry_ms));
    TRY(identity_throttle_charge(db, &keys, now_ms, &c->charge, ret_retry_ms));
    err_t e = hash_both(&slot, db, a, c, &right);
    if (e != OK)
        return identity_throttle_spared(db, &c->charge, e);
    return right ? OK : not_yours();
}

static err_t new_password_rules(const struct account *x, struct str old_password,
                                struct str new_password)
{
    err_t e = identity_password_rules(x->handle, new_password);
    if (e == E_INVALID) {
        char text[sizeof err_detail()->text];
        memcpy(text, err_detail()->text, sizeof text);
        return err_note(E_INVALID, "new_password", "%s", text);
    }
    TRY(e);
    if (str_eq(old_password, new_password))
        return err_note(E_INVALID, "new_password", "this is the password you have already");
    return OK;
}

static err_t put_new_password(struct identity *id, struct db *db, struct arena *a,
                              const struct account *x, struct uuid keep, const struct change *c,
                              int64_t now_ms)
{
    struct op_new op = identity_account_op(x, "updated", "password");
    struct str current = STR_NONE;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_account_bump(db, x->id)); /* holds the account's row until the end */
    TRY(identity_store_password_get(db, a, x->id, &current));
    if (!str_eq(current, c->seen))
        return err_note(E_CONFLICT, NULL, "the password was changed elsewhere at this moment");
    TRY(identity_store_password_put(db, x->id, c->encoded, now_ms));
    TRY(identity_store_session_delete_others(db, x->id, keep, NULL));
    TRY(identity_throttle_clear(db, &c->charge));
    return identity_revoke(id, db, &tx, &op, now_ms);
}

err_t identity_password_change(struct identity *id, struct db *db, struct arena *a,
                               struct uuid user, struct uuid keep, struct str old_password,
                               struct str new_password, int64_t now_ms, int64_t *ret_retry_ms)
{
    struct account x;
    struct change c = {
        .user = user, .old_password = old_password, .new_password = new_password, .seen = STR_NONE
    };
    TRY(identity_store_account_by_id(db, a, user, &x));
    TRY(new_password_rules(&x, old_password, new_password));
    TRY(old_for_new(id, db, a, &c, now_ms, ret_retry_ms));
    err_t e = put_new_password(id, db, a, &x, keep, &c, now_ms);
    if (e != OK)
        return identity_throttle_spared(db, &c.charge, e); /* the old one was right */
    return OK;
}

/* --- sessions that exist ---------------------------------------------------------------------- */

struct uuid identity_id_last(void)
{
    struct uuid u;
    memset(u.b, 0xff, sizeof u.b);
    return u;
}

err_t identity_session_list(struct db *db, struct arena *a, struct uuid user, struct uuid before,
                            size_t limit, int64_t now_ms, struct session **ret, size_t *ret_count)
{
    TRY(identity_store_session_list(db, a, user, before, now_ms, limit, ret, ret_count));
    for (size_t i = 0; i < *ret_count; i++) {
        struct session *s = &(*ret)[i];
        int64_t idle_at_ms = s->last_used_ms + SESSION_IDLE_MS;
        if (idle_at_ms < s->expires_ms)
            s->expires_ms = idle_at_ms;
    }
    return OK;
}

err_t identity_session_revoke(struct identity *id, struct db *db, struct uuid user,
                              struct uuid session, int64_t now_ms)
{
    bool ended;
    TRY(identity_credential_end(id, db, CREDENTIAL_SESSION, user, session, now_ms, &ended));
    return ended ? OK : err_note(E_NOT_FOUND, NULL, "there is no such session");
}

err_t identity_logout(struct identity *id, struct db *db, struct uuid user, struct uuid session,
                      int64_t now_ms)
{
    bool ended;
    return identity_credential_end(id, db, CREDENTIAL_SESSION, user, session, now_ms, &ended);
}

err_t identity_session_revoke_others(struct identity *id, struct db *db, struct arena *a,
                                     struct uuid user, struct uuid keep, int64_t now_ms,
                                     int64_t *ret_ended)
{
    struct account x;
    struct op_new op;
    int64_t ended;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_session_delete_others(db, user, keep, &ended));
    if (ended) {
        TRY(identity_store_account_bump(db, user)); /* holds the account's row until the end */
        TRY(identity_store_account_by_id(db, a, user, &x));
        op = identity_account_op(&x, "updated", "sessions");
        op.version = x.version;
    }
    TRY(identity_revoke(id, db, &tx, ended ? &op : NULL, now_ms));
    if (ret_ended)
        *ret_ended = ended;
    return OK;
}

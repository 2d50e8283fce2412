/* Accounts: made, listed, changed and removed by the operator and by the setup link. */
#include "base/limits.h"
#include "base/log.h"
#include "base/timestamp.h"
#include "identity/inside.h"
#include "os/entropy.h"

struct op_new identity_account_op(const struct account *x, const char *kind, const char *fields)
{
    return (struct op_new){ .owner_id = x->id,
                            .actor_id = x->id,
                            .entity = "account",
                            .kind = kind,
                            .fields = fields,
                            .entity_id = x->id,
                            .version = x->version + 1 };
}

/* The end of a change of the account: what it is let in by, and its rights, are looked at anew. */
static err_t changed(struct identity *id, struct db *db, struct db_txn *tx, const struct account *x,
                     const char *fields, int64_t now_ms)
{
    struct op_new op = identity_account_op(x, "updated", fields);
    return identity_revoke(id, db, tx, &op, now_ms);
}

err_t identity_any_account(struct db *db, bool *ret)
{
    return identity_store_account_any(db, ret);
}

static err_t no_such(struct str handle)
{
    return err_note(E_NOT_FOUND, "handle",
                    "there is no account \"%.*s\"; `vivim user list` shows all",
                    STR_ARG(str_sub(handle, 0, HANDLE_BYTES_MAX)));
}

static err_t no_more(const struct account *x)
{
    return err_note(E_NOT_FOUND, "handle",
                    "the account \"%.*s\" is deleted; `vivim user restore %.*s` brings it back, "
                    "`vivim user delete %.*s --now` erases it at once",
                    STR_ARG(x->handle), STR_ARG(x->handle), STR_ARG(x->handle));
}

/* Also one that was deleted and is not erased yet. */
static err_t find(struct db *db, struct arena *a, struct str handle, struct account *ret)
{
    err_t e = identity_store_account_by_handle(db, a, handle, ret);
    return e == E_NOT_FOUND ? no_such(handle) : e;
}

err_t identity_user_get(struct db *db, struct arena *a, struct str handle, struct account *ret)
{
    struct account x;
    TRY(find(db, a, handle, &x));
    if (x.deleted_ms != TIME_NONE)
        return no_more(&x);
    *ret = x;
    return OK;
}

err_t identity_user_by_id(struct db *db, struct arena *a, struct uuid user, struct account *ret)
{
    struct account x;
    TRY(identity_store_account_by_id(db, a, user, &x));
    if (x.deleted_ms != TIME_NONE)
        return E_NOT_FOUND;
    *ret = x;
    return OK;
}

err_t identity_user_list(struct db *db, struct arena *a, struct account **ret, size_t *ret_count)
{
    return identity_store_account_list(db, a, ACCOUNTS_LISTED_MAX, ret, ret_count);
}

err_t identity_default_user(struct db *db, struct arena *a, struct account *ret)
{
    struct account *found;
    size_t count;
    TRY(identity_store_account_list_living(db, a, 2, &found, &count));
    if (count == 0)
        return err_note(E_NOT_FOUND, NULL,
                        "there is no account yet; make one: vivim user add HANDLE --admin");
    if (count == 1) {
        *ret = found[0];
        return OK;
    }
    err_t e = identity_store_account_first_admin(db, a, ret);
    if (e == E_NOT_FOUND)
        return err_note(
            E_NOT_FOUND, NULL,
            "there are several accounts and none is an admin; say which: --user HANDLE");
    return e;
}

err_t identity_account_make(struct db *db, struct str handle, struct str encoded, bool admin,
                            int64_t now_ms, struct account *ret)
{
    struct account x = { .id = uuid_new(),
                         .handle = handle,
                         .admin = admin,
                         .version = 1,
                         .created_ms = now_ms,
                         .disabled_ms = TIME_NONE,
                         .deleted_ms = TIME_NONE };
    err_t e = identity_store_account_insert(db, &x);
    if (e == E_CONFLICT)
        return err_note(E_CONFLICT, "handle", "the handle \"%.*s\" is taken", STR_ARG(handle));
    TRY(e);
    TRY(identity_store_password_put(db, x.id, encoded, now_ms));
    struct op_new op = identity_account_op(&x, "created", "handle,admin");
    op.version = x.version;
    TRY(ops_append(db, &op, now_ms));
    *ret = x;
    return OK;
}

/* A hash by somebody who waits as long as it takes: the operator's commands. */
static err_t hash_password(struct identity *id, struct arena *a, struct str password,
                           struct str *ret)
{
    int64_t retry_ms;
    CLEANUP(identity_slot_end) struct hash_slot slot = { 0 };
    TRY(identity_slot_take(&slot, &id->gate, &retry_ms));
    return identity_hash(&slot, a, password, ret);
}

/* Its handle stays taken, for it may come back. */
static err_t not_put_away(struct db *db, struct arena *a, struct str handle)
{
    struct account x;
    err_t e = identity_store_account_by_handle(db, a, handle, &x);
    if (e == E_NOT_FOUND || (e == OK && x.deleted_ms == TIME_NONE))
        return OK;
    TRY(e);
    (void)no_more(&x); /* its words, with another code: here the handle is in the way */
    char text[sizeof err_detail()->text];
    memcpy(text, err_detail()->text, sizeof text);
    return err_note(E_CONFLICT, "handle", "%s", text);
}

err_t identity_user_add(struct identity *id, struct db *db, struct arena *a, struct str handle,
                        struct str password, bool admin, int64_t now_ms, struct account *ret)
{
    TRY(identity_handle_check(handle));
    TRY(identity_password_rules(handle, password));
    struct str encoded;
    struct account x;
    TRY(not_put_away(db, a, handle));
    TRY(hash_password(id, a, password, &encoded));
    struct str kept = str_dup(a, handle);
    TRY(arena_err(a));

    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_account_make(db, kept, encoded, admin, now_ms, &x));
    TRY(identity_store_setup_clear(db));
    TRY(db_txn_commit(&tx));
    *ret = x;
    return OK;
}

err_t identity_user_passwd(struct identity *id, struct db *db, struct arena *a, struct str handle,
                           struct str password, int64_t now_ms)
{
    struct account x;
    TRY(identity_user_get(db, a, handle, &x));
    TRY(identity_password_rules(handle, password));
    struct str encoded;
    TRY(hash_password(id, a, password, &encoded));

    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_user_get(db, a, handle, &x));
    TRY(identity_store_account_bump(db, x.id));
    TRY(identity_store_password_put(db, x.id, encoded, now_ms));
    TRY(identity_store_session_delete_others(db, x.id, (struct uuid){ 0 }, NULL));
    TRY(identity_throttle_forget(db, a, &x));
    return changed(id, db, &tx, &x, "password", now_ms);
}

/* --- away and back ---------------------------------------------------------------------------- */

/* Inside a transaction that holds the admins: somebody must be left who may administer. */
static err_t not_the_last_admin(struct db *db, const struct account *x)
{
    int64_t others;
    if (!x->admin || x->deleted_ms != TIME_NONE)
        return OK;
    TRY(identity_store_account_other_admins(db, x->id, &others));
    if (others)
        return OK;
    return err_note(
        E_CONFLICT, "handle",
        "\"%.*s\" is the last admin who may sign in; make another one first: vivim user "
        "add HANDLE --admin (to remove everything, stop the server and delete its data "
        "folder)",
        STR_ARG(x->handle));
}

err_t identity_user_disable(struct identity *id, struct db *db, struct arena *a, struct str handle,
                            bool disabled, int64_t now_ms)
{
    struct account x;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_account_hold_admins(db));
    TRY(identity_user_get(db, a, handle, &x));
    if ((x.disabled_ms != TIME_NONE) == disabled)
        return OK; /* nothing to change */
    if (disabled)
        TRY(not_the_last_admin(db, &x));
    TRY(identity_store_account_set_disabled(db, x.id, disabled ? now_ms : TIME_NONE));
    if (disabled)
        TRY(identity_store_session_delete_others(db, x.id, (struct uuid){ 0 }, NULL));
    return changed(id, db, &tx, &x, "disabled", now_ms);
}

static err_t put_away(struct db *db, const struct account *x, int64_t now_ms)
{
    int64_t put;
    if (x->deleted_ms != TIME_NONE)
        return no_more(x);
    TRY(identity_store_account_put_away(db, x->id, now_ms, &put));
    return put ? OK : no_more(x);
}

err_t identity_user_delete(struct identity *id, struct db *db, struct arena *a, struct str handle,
                           enum account_end end, int64_t now_ms)
{
    struct account x;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_account_hold_admins(db));
    TRY(find(db, a, handle, &x));
    TRY(not_the_last_admin(db, &x));
    if (end == ACCOUNT_PUT_AWAY) {
        TRY(put_away(db, &x, now_ms));
        return changed(id, db, &tx, &x, "deleted", now_ms);
    }
    struct op_new op = identity_account_op(&x, "deleted", NULL);
    TRY(identity_credentials_remove_all(id, db, x.id));
    TRY(identity_store_account_delete(db, x.id));
    TRY(identity_throttle_forget(db, a, &x)); /* its keys hold the handle */
    return identity_revoke(id, db, &tx, &op, now_ms);
}

err_t identity_user_restore(struct identity *id, struct db *db, struct arena *a, struct str handle,
                            int64_t now_ms)
{
    struct account x;
    int64_t back;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(find(db, a, handle, &x));
    if (x.deleted_ms == TIME_NONE)
        return err_note(E_CONFLICT, "handle", "the account \"%.*s\" is not deleted",
                        STR_ARG(x.handle));
    TRY(identity_store_account_restore(db, x.id, now_ms - ACCOUNT_GRACE_MS, &back));
    if (!back)
        return err_note(
            E_GONE, "handle",
            "the account \"%.*s\" was deleted more than %d days ago and is being erased",
            STR_ARG(x.handle), (int)(ACCOUNT_GRACE_MS / (24 * 3600 * 1000)));
    return changed(id, db, &tx, &x, "restored", now_ms);
}

/* Each in a transaction of its own. Of two processes one erases it; one that was restored
 * meanwhile stays. */
static err_t erase_due(struct identity *id, struct db *db, struct arena *a, const struct account *x,
                       int64_t before_ms, int64_t now_ms)
{
    struct op_new op = identity_account_op(x, "deleted", NULL);
    int64_t erased;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_account_delete_due(db, x->id, before_ms, &erased));
    if (!erased)
        return OK;
    TRY(identity_credentials_remove_all(id, db, x->id));
    TRY(identity_throttle_forget(db, a, x)); /* its keys hold the handle */
    TRY(identity_revoke(id, db, &tx, &op, now_ms));
    log_at(LOG_INFO, "account.erased", LS("user", uuid_str(a, x->id)));
    return OK;
}

err_t identity_erase_due(struct identity *id, struct db *db, int64_t now_ms)
{
    struct account *due;
    size_t count;
    int64_t before_ms = now_ms - ACCOUNT_GRACE_MS;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    TRY(identity_store_account_due(db, &a, before_ms, ACCOUNTS_ERASED_AT_ONCE, &due, &count));
    for (size_t i = 0; i < count; i++)
        TRY(erase_due(id, db, &a, &due[i], before_ms, now_ms));
    return OK;
}

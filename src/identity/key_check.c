/* Is the master key the one of this store? Without the question a start whose master.key was lost would make another
 * one in silence, and what was sealed under the first would be found closed much later, when no copy is left. */
#include "base/limits.h"
#include "identity/inside.h"
#include "os/file.h"

#define CHECK_PURPOSE S("key_check")
#define CHECK_TEXT    S("the master key of this store")

static const struct uuid NOBODY = { { 0 } };

static const char *place_of(struct str setting)
{
    return setting.n ? "VIVIM_MASTER_KEY" : "master.key";
}

static err_t compare(struct arena *a, const uint8_t key[32], struct str sealed, struct str setting)
{
    struct str plain;
    err_t e = identity_secret_open(a, key, NOBODY, CHECK_PURPOSE, sealed, &plain);
    if (e == E_CORRUPT)
        return err_note(
            E_MASTER_KEY, "master_key",
            "%s holds another key than the one this store's secrets are sealed under; put "
            "the right one back (`vivim doctor` checks it)",
            place_of(setting));
    return e;
}

/* The store knows a key: the one here must be it. */
static err_t open_known(struct arena *a, struct str sealed, struct str setting,
                        const char *data_dir, uint8_t ret[32])
{
    err_t e = identity_master_key_there(setting, data_dir, ret);
    if (e == E_NOT_FOUND)
        return err_note(
            E_MASTER_KEY, "master_key",
            "master.key is missing in %s, and this store has one; put your copy back, or set "
            "VIVIM_MASTER_KEY (`vivim migrate --forget-master-key` if it is lost for good)",
            data_dir);
    if (e == E_INVALID || e == E_IO || e == E_LIMIT)
        return err_note(E_MASTER_KEY, "master_key", "%s; put your copy of it back",
                        err_detail()->text);
    TRY(e);
    return compare(a, ret, sealed, setting);
}

static err_t remember(struct db *db, struct arena *a, const uint8_t key[32])
{
    struct str sealed;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(identity_secret_seal(a, key, NOBODY, CHECK_PURPOSE, CHECK_TEXT, &sealed));
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_key_check_put(db, sealed));
    return db_txn_commit(&tx);
}

err_t identity_key_open(struct db *db, struct str setting, const char *data_dir, uint8_t ret[32],
                        bool *ret_made)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str sealed;
    bool made = false;
    arena_init(&a, KIB(64));
    err_t e = identity_store_key_check_get(db, &a, &sealed);
    if (e == E_NOT_FOUND) {
        TRY(identity_master_key(setting, data_dir, ret, &made));
        TRY(remember(db, &a, ret));
        TRY(identity_store_key_check_get(db, &a,
                                         &sealed)); /* another process may have been first */
        e = compare(&a, ret, sealed, setting);
    } else if (e == OK) {
        e = open_known(&a, sealed, setting, data_dir, ret);
    }
    TRY(e);
    *ret_made = made;
    return OK;
}

err_t identity_key_known(struct db *db, struct str setting, const char *data_dir)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    uint8_t key[32];
    struct str sealed;
    arena_init(&a, KIB(64));
    TRY(identity_store_key_check_get(db, &a, &sealed));
    err_t e = open_known(&a, sealed, setting, data_dir, key);
    bytes_wipe(key, sizeof key);
    return e;
}

err_t identity_key_forget(struct db *db)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_key_check_delete(db));
    return db_txn_commit(&tx);
}

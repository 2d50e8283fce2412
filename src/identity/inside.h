/* What the files of identity share among themselves. Other rooms include identity.h. */
#ifndef VIVIM_IDENTITY_INSIDE_H
#define VIVIM_IDENTITY_INSIDE_H

#include <stdatomic.h>

#include "base/limits.h"
#include "identity/identity_store.h"
#include "ops/ops.h"
#include "os/thread.h"

/* --- hashing.c: at most PASSWORD_HASHES_AT_ONCE at a time, PASSWORD_HASHES_WAITING_MAX wait --- */

struct hash_gate {
    struct mutex mutex;
    struct cond freed;
    int running, waiting;
    int64_t mib;                      /* of one hash */
    char nobody[PASSWORD_HASH_BYTES]; /* what a hash of nobody's password looks like */
};
struct hash_slot {
    struct hash_gate *gate; /* NULL: not held */
};
void identity_gate_init(struct hash_gate *g, int64_t mib); /* of one hash: password_hash() */
void identity_gate_free(struct hash_gate *g);
/* E_BUSY with *ret_retry_ms: too many wait, or none came free within PASSWORD_HASH_WAIT_MS. */
NODISCARD err_t identity_slot_take(struct hash_slot *s, struct hash_gate *g, int64_t *ret_retry_ms);
void identity_slot_end(struct hash_slot *s); /* for CLEANUP */
/* Both want a slot. `encoded` STR_NONE: the work of a check that cannot succeed. */
NODISCARD err_t identity_hash(const struct hash_slot *s, struct arena *a, struct str password,
                              struct str *ret);
struct str identity_nobody(const struct hash_gate *g); /* what STR_NONE is checked against */
/* E_BUSY: no memory to find out, which is no answer about the password. */
NODISCARD err_t identity_hash_check(const struct hash_slot *s, struct arena *a, struct str encoded,
                                    struct str password, bool *ret);

#define TOKEN_PREFIX "vvm_" /* makes a leaked token easy to find and to tell apart */

/* --- credentials.c: the kinds of credentials, and who was let in a moment ago ------------------- */

struct credential_shown {
    struct str text;
    struct sha256 hash; /* of the text: what the store knows */
};

/* One kind. All that tells a session from a token stands in its row; who adds a kind adds a number to
 * enum credential_kind and a row, and it is let in, cached, touched, revoked and closed as the others are. */
struct credential_type {
    enum credential_kind kind;
    const char *entity; /* in the operation log: "session" */
    enum credential_place place;
    bool (*recognise)(struct str text); /* pure: is this text one of them, by its form? */
    /* E_NOT_FOUND: there is none. One that expired may be given still. */
    err_t (*look_up)(struct db *db, struct arena *a, const struct credential_shown *s,
                     struct credential_row *ret);
    /* Inside an open transaction. "Last used" never goes back. NULL: not kept. */
    err_t (*touch)(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms);
    /* Inside an open transaction; *ret_changed 0: there was none. */
    err_t (*remove)(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_changed);
    /* Inside an open transaction: all of an account that is erased. */
    err_t (*remove_all)(struct db *db, struct uuid owner);
    /* As identity_store_session_ends. */
    err_t (*ends)(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_ms);
    /* Idle rule: it dies when it was not used for so long. 0: use makes no difference. */
    int64_t idle_ms;
    /* Inside an open transaction: remove what has died, so that it stays dead when the clock steps back. NULL: it is kept,
     * and listed as expired. */
    err_t (*sweep)(struct db *db, int64_t now_ms);
    const char *refusal; /* what is said to who shows one that opens nothing */
};

enum {
    CREDENTIAL_WAYS = 4,
    CREDENTIAL_SETS = CREDENTIAL_CACHE_ENTRIES / CREDENTIAL_WAYS,
    CREDENTIAL_LOCKS = 16
};

struct credential_entry {
    struct sha256 hash;
    uint64_t epoch;     /* of the cache when it was read; another one: not valid. 0: empty */
    int64_t checked_ms; /* monotonic: when it was read */
    int64_t idle_at_ms; /* wall: when it dies unused; INT64_MAX without an idle rule */
    int64_t ends_ms;    /* wall: when it dies in any case */
    int64_t touched_ms; /* wall: "last used" as written or waiting */
    struct uuid owner_id, id;
    unsigned scopes;
    enum credential_kind kind;
    bool admin;
    uint8_t handle_bytes;
    char handle[HANDLE_BYTES_MAX];
};

struct touch {
    struct uuid owner_id, id;
    enum credential_kind kind;
    int64_t ms;
};

struct identity {
    struct arena arena; /* holds this struct and what hangs on it */
    struct db_store *store;
    struct hash_gate gate;

    const struct credential_type *types; /* IDENTITY_CREDENTIALS; a test puts its own */
    size_t type_count;

    /* Entries by hash; a set is guarded by lock[set % CREDENTIAL_LOCKS]. Any revocation moves
     * the epoch, which empties all: revocations are rare and reading again is one indexed row. */
    struct credential_entry (*sets)[CREDENTIAL_WAYS];
    struct mutex locks[CREDENTIAL_LOCKS];
    _Atomic uint64_t epoch;

    /* "Last used" that waits to be written, and the thread that does it. */
    struct mutex keeper_mutex;
    struct cond keeper_wake;
    struct touch *touches;
    size_t touch_count;
    bool sweep_wanted, stopping;
    struct thread keeper;
};

extern const struct credential_type IDENTITY_CREDENTIALS[2];

/* The one way in which credentials end, and accounts change: append the op that says so, commit, and forget
 * the cache. Who holds sockets and requests open for them hears of it by the op. `op` NULL: the transaction
 * has appended what there is to say. */
NODISCARD err_t identity_revoke(struct identity *id, struct db *db, struct db_txn *tx,
                                const struct op_new *op, int64_t now_ms);
/* Revoke one credential, in a transaction of its own. *ret_ended false: there was none. */
NODISCARD err_t identity_credential_end(struct identity *id, struct db *db,
                                        enum credential_kind kind, struct uuid owner,
                                        struct uuid credential, int64_t now_ms, bool *ret_ended);
/* The same inside an open transaction, which identity_revoke ends: the row goes and the op is appended. */
NODISCARD err_t identity_credential_remove(const struct identity *id, struct db *db,
                                           enum credential_kind kind, struct uuid owner,
                                           struct uuid credential, int64_t now_ms, bool *ret_ended);
/* Inside an open transaction: every credential of an account that is erased. */
NODISCARD err_t identity_credentials_remove_all(const struct identity *id, struct db *db,
                                                struct uuid owner);
NODISCARD err_t identity_credentials_sweep(const struct identity *id, struct db *db,
                                           int64_t now_ms);
/* What identity_revoke does last; a test does it alone. */
void identity_forget(struct identity *id);

/* --- throttle.c ------------------------------------------------------------------------------- */

struct throttle_policy {
    int64_t free;    /* failures without a wait */
    int64_t base_ms; /* the first wait; doubles with each failure */
    int64_t cap_ms;
    int64_t window_ms; /* failures are forgotten after this long without one */
};
extern const struct throttle_policy THROTTLE_PAIR, THROTTLE_ADDRESS;

/* Pure: how long an attempt must wait, 0: may go. A clock that stepped back counts as no time
 * passed. */
int64_t identity_throttle_wait(const struct throttle *t, const struct throttle_policy *p,
                               int64_t now_ms);
/* Pure: of an account from one network, while `account` failed so often from all of them. 0 where
 * this network has not failed, whatever others do. */
int64_t identity_throttle_pair_wait(const struct throttle *pair, const struct throttle *account,
                                    int64_t now_ms);
/* Pure: the row after a further failure. */
struct throttle identity_throttle_failed(const struct throttle *t, const struct throttle_policy *p,
                                         int64_t now_ms);

struct throttle_keys {
    struct str pair;             /* (account, network) */
    struct str address, account; /* STR_NONE: not counted */
};
/* The keys of a sign-in; an IPv6 address counts by its /64. */
struct throttle_keys identity_throttle_keys(struct arena *a, struct str handle, struct str address);
/* Of who is signed in and gives the old password for a new one: nobody else's failures count, and
 * from whatever network these are one row. */
struct throttle_keys identity_throttle_change_keys(struct arena *a, struct uuid user);
/* May it be tried now? One to three indexed reads. E_RATE with *ret_retry_ms. */
NODISCARD err_t identity_throttle_look(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                                       int64_t *ret_retry_ms);

struct throttle_charge { /* what was counted, and when each had failed last before */
    struct throttle_keys keys;
    int64_t at_ms, pair_ms, address_ms, account_ms;
};
/* Count the attempt as failed before the password is looked at, so that many at once gain
 * nothing. E_RATE. */
NODISCARD err_t identity_throttle_charge(struct db *db, const struct throttle_keys *k,
                                         int64_t now_ms, struct throttle_charge *ret,
                                         int64_t *ret_retry_ms);
/* No wrong password was seen after all (no memory, the store failed): take the charge back. Gives
 * `why` with its detail. */
NODISCARD err_t identity_throttle_spared(struct db *db, const struct throttle_charge *c, err_t why);
/* It was right: inside an open transaction, forget what this network failed at the account, and
 * give network and account their charge back. */
NODISCARD err_t identity_throttle_clear(struct db *db, const struct throttle_charge *c);
/* Inside an open transaction: forget every failed sign-in of the account. */
NODISCARD err_t identity_throttle_forget(struct db *db, struct arena *a, const struct account *x);

/* --- sessions.c, accounts.c ------------------------------------------------------------------- */

/* Inside an open transaction that identity_revoke ends: a new session for the account. The one that the
 * browser shows, and the oldest beyond SESSIONS_PER_ACCOUNT_MAX, end with the op that says so. */
NODISCARD err_t identity_session_begin(const struct identity *id, struct db *db, struct arena *a,
                                       const struct account *account, const struct login *l,
                                       int64_t now_ms, struct signed_in *ret);
/* Erase the accounts whose time to come back is over; at most ACCOUNTS_ERASED_AT_ONCE. */
NODISCARD err_t identity_erase_due(struct identity *id, struct db *db, int64_t now_ms);
/* Inside an open transaction: the account's row, its password and the op. */
NODISCARD err_t identity_account_make(struct db *db, struct str handle, struct str encoded,
                                      bool admin, int64_t now_ms, struct account *ret);
/* An op about the account as it was read before the change: "updated" with the fields, or another kind. */
struct op_new identity_account_op(const struct account *x, const char *kind, const char *fields);

#endif

/* Rows of identity: the room's own; other rooms include identity.h. Writes want an open
 * transaction. */
#ifndef VIVIM_IDENTITY_STORE_H
#define VIVIM_IDENTITY_STORE_H

#include "identity/identity.h"

struct account_login { /* an account with its password */
    struct uuid id;
    struct str handle;
    bool admin;
    int64_t version, created_ms, disabled_ms;
    struct str encoded; /* STR_NONE: none set */
};

struct credential_row { /* a credential with its account */
    struct uuid owner_id, id;
    int64_t last_used_ms, expires_ms; /* TIME_NONE: never */
    int64_t scopes;                   /* bit (1 << enum scope); -1: all that the account may do */
    struct str handle;
    bool admin;
    int64_t closed_ms; /* TIME_NONE: neither disabled nor deleted */
};

struct login_link_row {
    struct uuid owner_id;
    int64_t expires_ms;
};

struct setup_row {
    struct str hash;
    int64_t expires_ms;
};

struct throttle {
    int64_t failures, last_ms;
};

/* accounts */
NODISCARD err_t identity_store_account_any(struct db *db, bool *ret);
NODISCARD err_t identity_store_account_by_handle(struct db *db, struct arena *a, struct str handle,
                                                 struct account *ret);
NODISCARD err_t identity_store_account_by_id(struct db *db, struct arena *a, struct uuid id,
                                             struct account *ret);
NODISCARD err_t identity_store_account_list(struct db *db, struct arena *a, size_t limit,
                                            struct account **ret, size_t *ret_count);
/* The same without the deleted ones. */
NODISCARD err_t identity_store_account_list_living(struct db *db, struct arena *a, size_t limit,
                                                   struct account **ret, size_t *ret_count);
/* Those that were deleted at before_ms or earlier. */
NODISCARD err_t identity_store_account_due(struct db *db, struct arena *a, int64_t before_ms,
                                           size_t limit, struct account **ret, size_t *ret_count);
NODISCARD err_t identity_store_account_first_admin(struct db *db, struct arena *a,
                                                   struct account *ret);
NODISCARD err_t identity_store_account_insert(
    struct db *db, const struct account *x); /* E_CONFLICT: the handle is taken */
NODISCARD err_t identity_store_account_set_disabled(struct db *db, struct uuid id,
                                                    int64_t disabled_ms);
/* Deleted, and all its sessions; *ret_changed 0: it was before. */
NODISCARD err_t identity_store_account_put_away(struct db *db, struct uuid id, int64_t now_ms,
                                                int64_t *ret_changed);
/* Back, where it was deleted after before_ms. */
NODISCARD err_t identity_store_account_restore(struct db *db, struct uuid id, int64_t before_ms,
                                               int64_t *ret_changed);
NODISCARD err_t identity_store_account_bump(struct db *db, struct uuid id); /* its version */
NODISCARD err_t identity_store_account_delete(
    struct db *db, struct uuid id); /* with its password; its credentials go by themselves */
/* The same where it was deleted at before_ms or earlier; *ret_changed 0: it was not. */
NODISCARD err_t identity_store_account_delete_due(struct db *db, struct uuid id, int64_t before_ms,
                                                  int64_t *ret_changed);
/* Hold the admins' rows until the transaction ends, so that two do not remove each other. */
NODISCARD err_t identity_store_account_hold_admins(struct db *db);
/* How many admins but this account may sign in? */
NODISCARD err_t identity_store_account_other_admins(struct db *db, struct uuid id, int64_t *ret);
NODISCARD err_t identity_store_login_lookup(struct db *db, struct arena *a, struct str handle,
                                            struct account_login *ret);
NODISCARD err_t identity_store_password_get(struct db *db, struct arena *a, struct uuid owner,
                                            struct str *ret);
NODISCARD err_t identity_store_password_put(struct db *db, struct uuid owner, struct str encoded,
                                            int64_t now_ms);

/* sessions */
NODISCARD err_t identity_store_session_insert(struct db *db, struct uuid owner, struct sha256 hash,
                                              const struct session *s);
NODISCARD err_t identity_store_session_by_hash(struct db *db, struct arena *a, struct sha256 hash,
                                               struct credential_row *ret);
NODISCARD err_t identity_store_session_list(struct db *db, struct arena *a, struct uuid owner,
                                            struct uuid before, int64_t now_ms, size_t limit,
                                            struct session **ret, size_t *ret_count);
NODISCARD err_t identity_store_session_delete(struct db *db, struct uuid owner, struct uuid id,
                                              int64_t *ret_changed);
/* All but `keep`, and the sign-in link, which would be one more. */
NODISCARD err_t identity_store_session_delete_others(struct db *db, struct uuid owner,
                                                     struct uuid keep, int64_t *ret_changed);
/* All but the `keep` that were used last. */
NODISCARD err_t identity_store_session_surplus(struct db *db, struct arena *a, struct uuid owner,
                                               int64_t keep, struct uuid **ret, size_t *ret_count);
NODISCARD err_t identity_store_session_touch(struct db *db, struct uuid owner, struct uuid id,
                                             int64_t now_ms);
NODISCARD err_t identity_store_session_sweep(struct db *db, int64_t now_ms);

/* When it ends unless it is used (INT64_MAX: never). E_NOT_FOUND: it, or an account that may sign in, is not there any
 * more. */
NODISCARD err_t identity_store_session_ends(struct db *db, struct uuid owner, struct uuid id,
                                            int64_t *ret_ms);
NODISCARD err_t identity_store_token_ends(struct db *db, struct uuid owner, struct uuid id,
                                          int64_t *ret_ms);
NODISCARD err_t identity_store_account_ends(struct db *db, struct uuid owner, int64_t *ret_ms);

/* tokens */
NODISCARD err_t identity_store_token_insert(struct db *db, struct uuid owner, struct sha256 hash,
                                            const struct token *t);
NODISCARD err_t identity_store_token_by_hash(struct db *db, struct arena *a, struct sha256 hash,
                                             struct credential_row *ret);
NODISCARD err_t identity_store_token_list(struct db *db, struct arena *a, struct uuid owner,
                                          struct uuid before, size_t limit, struct token **ret,
                                          size_t *ret_count);
NODISCARD err_t identity_store_token_count(struct db *db, struct uuid owner, int64_t *ret);
NODISCARD err_t identity_store_token_delete(struct db *db, struct uuid owner, struct uuid id,
                                            int64_t *ret_changed);
NODISCARD err_t identity_store_token_delete_all(struct db *db, struct uuid owner);
NODISCARD err_t identity_store_token_touch(struct db *db, struct uuid owner, struct uuid id,
                                           int64_t now_ms);

/* the setup link */
NODISCARD err_t identity_store_setup_put(struct db *db, struct sha256 hash, int64_t expires_ms);
NODISCARD err_t identity_store_setup_get(struct db *db, struct arena *a, struct setup_row *ret);
NODISCARD err_t identity_store_setup_take(struct db *db, struct sha256 hash, bool *ret_taken);
NODISCARD err_t identity_store_setup_clear(struct db *db);

/* what was sealed under the master key, to know it again */
NODISCARD err_t identity_store_key_check_get(struct db *db, struct arena *a,
                                             struct str *ret); /* E_NOT_FOUND */
NODISCARD err_t identity_store_key_check_put(struct db *db, struct str sealed);
NODISCARD err_t identity_store_key_check_delete(struct db *db);

/* sign-in links */
NODISCARD err_t identity_store_login_link_put(struct db *db, struct uuid owner, struct sha256 hash,
                                              int64_t expires_ms);
/* E_NOT_FOUND also while the account may not sign in. */
NODISCARD err_t identity_store_login_link_get(struct db *db, struct arena *a, struct sha256 hash,
                                              struct login_link_row *ret);
NODISCARD err_t identity_store_login_link_take(struct db *db, struct sha256 hash, bool *ret_taken);
NODISCARD err_t identity_store_login_link_sweep(struct db *db, int64_t now_ms);

/* failed sign-ins */
NODISCARD err_t identity_store_throttle_get(struct db *db, struct str key,
                                            struct throttle *ret); /* zero when there is none */
NODISCARD err_t identity_store_throttle_hold(struct db *db, struct str key, int64_t now_ms,
                                             struct throttle *ret);
NODISCARD err_t identity_store_throttle_set(struct db *db, struct str key,
                                            const struct throttle *t);
/* One failure less; where the last one was at charged_ms, it is at before_ms again. Without
 * any left the row goes: a handle stands in some keys. */
NODISCARD err_t identity_store_throttle_back(struct db *db, struct str key, int64_t charged_ms,
                                             int64_t before_ms);
NODISCARD err_t identity_store_throttle_delete(struct db *db, struct str key);
/* Every key that begins so. Reads the whole table, which holds an hour's failures. */
NODISCARD err_t identity_store_throttle_delete_under(struct db *db, struct str prefix);
NODISCARD err_t identity_store_throttle_sweep(struct db *db, int64_t before_ms);

#endif

/* identity: who may come in, and as whom.
 *
 * An account has a handle and signs in with a password (argon2id). A browser then holds a session
 * (256 random bits in a cookie), a program an API token (`vvm_` and 256 random bits) with scopes.
 * The store knows only the SHA-256 of both, so a stolen copy of it opens nothing. Opaque ids and
 * not JWTs, because they are small and can be revoked (docs/decisions/0004-credentials.md).
 *
 * Promises
 *   - A revoked session or token, a disabled or deleted account: refused at once by this process, by
 *     another on the same database when it hears of the op (identity_heard), and within CREDENTIAL_CACHE_MS
 *     whatever happens.
 *   - A wrong handle costs the same time as a wrong password. Both are counted, before the password
 *     is looked at, by (account, network) and by network; waiting times double. Success forgets. What
 *     was not compared (no memory, no free slot, the store failed) is not counted. Failures from
 *     everywhere make an account's waits longer, but a network that has not failed is let through:
 *     nobody shuts the owner out (docs/operations.md).
 *   - At most PASSWORD_HASHES_AT_ONCE hashes run (64 MiB each), a bounded number waits, the rest is
 *     E_BUSY.
 *   - While no account exists, the link of the last start makes the first one, once.
 *   - A reading request never waits for a write: "last used" is written by the room's own thread.
 *   - Every change of an account or a token appends an op in its transaction: "account" (created,
 *     updated, deleted), "token" (created, deleted), "session" (deleted, also when a new one takes its
 *     place). What ends all sessions is an "account updated". So whoever holds something open for a
 *     credential learns when to close it.
 *
 * A deleted account is put away: closed and unseen at once ("account updated", field "deleted"; then
 * "restored"), its handle taken, erased by identity_sweep after ACCOUNT_GRACE_MS. The last admin who
 * may sign in is neither disabled nor deleted.
 *
 * Erasing an account removes its rows here and appends "account deleted" in one transaction; from
 * then on nobody is let in as it. The other rooms consume that op and remove what they hold of the
 * owner. Never the other way round: an owner whose data is erased while still signed in would write
 * again.
 *
 * Rules in accounts.c, setup.c, links.c, sessions.c, tokens.c, policy.c (handles, passwords), throttle.c;
 * the kinds of credentials, the check of each request, its cache and the one way to revoke in credentials.c; hashing.c bounds the hashes; rows in
 * identity_store.c; routes in identity_http.c, handlers beside it; the master key and the sealing
 * of secrets in secrets.c. Functions take the time, so tests choose it. They open their own
 * transactions; durable when they return OK.
 */
#ifndef VIVIM_IDENTITY_IDENTITY_H
#define VIVIM_IDENTITY_IDENTITY_H

#include "registry/module.h"

extern const struct module identity_module;

/* The room's shared object: the cache of credentials, the hashing slots, the thread that writes
 * "last used". */
struct identity;

/* Made by the module's init; a test makes its own. The store must outlive it. `password_mib`: of one
 * hash, as password_hash(). E_BUSY (no memory). */
NODISCARD err_t identity_new(struct db_store *store, int64_t password_mib, struct identity **ret);
void identity_free(
    struct identity *id); /* its thread, where started, writes what waits and ends; accepts NULL */
struct identity *identity_of(struct app *app);

/* --- the check of each request ---------------------------------------------------------------- */

/* For http_options.identify: `Authorization: Bearer` if there is one, else the session cookie. A
 * cookie that is not (any more) a session makes a stranger; a token that is none is
 * E_UNAUTHENTICATED. Over the local socket (rq->local): the account of `X-Vivim-User`, else
 * identity_default_user. Whoever may open that socket may read the whole store, so there an
 * AUTH_ADMIN route takes anybody, also while no account exists (user_id nil). */
NODISCARD err_t identity_identify(struct req *rq, struct caller *ret);

/* How a credential was shown. A browser sends its cookies unasked, so what may be a cookie is never taken
 * as a bearer's, nor the other way round. */
enum credential_place { SHOWN_AS_COOKIE, SHOWN_AS_BEARER };
/* The same for one credential's text; its kind is recognised by it. ret->by_cookie is left false; the
 * handle lives in `a`. Cost: a hash and a short lock when seen within CREDENTIAL_CACHE_MS, else
 * one indexed read; no write. Errors: E_UNAUTHENTICATED, and those of the store. */
NODISCARD err_t identity_check(struct identity *id, struct db *db, struct arena *a,
                               enum credential_place place, struct str text, int64_t now_ms,
                               struct caller *ret);

/* These ops stand in the log, from this node or another: what they end is not in the cache from here on. For who consumes the
 * log on every node, before it closes what stood on a credential: or that would come back and be let in once more. */
void identity_heard(struct identity *id, const struct op *ops, size_t count);

/* Is the credential that a caller came with still one (not revoked, not expired, the account not disabled)? For who
 * holds a connection open. A caller without one (the local socket) is good while the account is. io->expires_ms is
 * brought up to date. One read. */
NODISCARD err_t identity_still_good(struct identity *id, struct db *db, int64_t now_ms,
                                    struct caller *io, bool *ret);

/* Is an entity of the operation log a kind of credential? Its op "deleted" then says that the one with
 * its id opens nothing any more. The name may be any bytes. */
bool identity_is_credential(const struct identity *id, struct str entity);

/* --- accounts --------------------------------------------------------------------------------- */

struct account {
    struct uuid id;
    struct str handle;
    bool admin;
    int64_t version, created_ms;
    int64_t disabled_ms; /* TIME_NONE: may sign in */
    int64_t deleted_ms;  /* TIME_NONE: not deleted; else it is erased ACCOUNT_GRACE_MS later */
};

/* E_INVALID, field "handle": what is wrong with it (length, characters, a name that routes use). */
NODISCARD err_t identity_handle_check(struct str handle);
/* E_INVALID, field "password": too short, too long, too common, or the handle itself. */
NODISCARD err_t identity_password_rules(struct str handle, struct str password);

/* Make an account. The setup link ends with the first one. E_INVALID, E_CONFLICT (handle taken),
 * E_BUSY. */
NODISCARD err_t identity_user_add(struct identity *id, struct db *db, struct arena *a,
                                  struct str handle, struct str password, bool admin,
                                  int64_t now_ms, struct account *ret);
/* In order of creation, the deleted ones too, at most ACCOUNTS_LISTED_MAX. */
NODISCARD err_t identity_user_list(struct db *db, struct arena *a, struct account **ret,
                                   size_t *ret_count);
NODISCARD err_t identity_user_get(struct db *db, struct arena *a, struct str handle,
                                  struct account *ret); /* E_NOT_FOUND, also when it is deleted */
NODISCARD err_t identity_user_by_id(struct db *db, struct arena *a, struct uuid user,
                                    struct account *ret);
/* Set the password as the operator; ends every session of the account and forgets its failed
 * sign-ins. */
NODISCARD err_t identity_user_passwd(struct identity *id, struct db *db, struct arena *a,
                                     struct str handle, struct str password, int64_t now_ms);
/* Disabled: sessions end, tokens and the password are refused; nothing is removed. false lets it
 * in again. E_CONFLICT: the last admin who may sign in. */
NODISCARD err_t identity_user_disable(struct identity *id, struct db *db, struct arena *a,
                                      struct str handle, bool disabled, int64_t now_ms);
/* Put away: nobody is let in as it and nobody sees it or what it shared; identity_user_restore brings
 * it back. Erased: its rows go (see above); one that was put away may be erased too. E_CONFLICT: the
 * last admin who may sign in. */
enum account_end { ACCOUNT_PUT_AWAY, ACCOUNT_ERASE_NOW };
NODISCARD err_t identity_user_delete(struct identity *id, struct db *db, struct arena *a,
                                     struct str handle, enum account_end end, int64_t now_ms);
/* Back with everything but its sessions. E_CONFLICT (not deleted), E_GONE (too late). */
NODISCARD err_t identity_user_restore(struct identity *id, struct db *db, struct arena *a,
                                      struct str handle, int64_t now_ms);
/* Whom commands act for: the only account that is not deleted, else the first admin. E_NOT_FOUND: no account, or
 * several without an admin. */
NODISCARD err_t identity_default_user(struct db *db, struct arena *a, struct account *ret);
NODISCARD err_t identity_any_account(struct db *db, bool *ret); /* deleted ones count */

/* --- the first account ------------------------------------------------------------------------ */

/* A new one-time link ("{base}/setup#TOKEN", SETUP_LINK_MS) in place of an earlier one; STR_NONE
 * once an account exists. */
NODISCARD err_t identity_setup_link(struct db *db, struct arena *a, struct str base_url,
                                    int64_t now_ms, struct str *ret);

/* --- signing in ------------------------------------------------------------------------------- */

struct login {
    struct str handle, password;
    struct str address, user_agent; /* address: as text; both kept with the session */
    struct str
        old_session; /* the cookie the browser shows now; that session ends. STR_NONE: none */
};
struct signed_in {
    struct str cookie; /* the session's secret: to the browser and nowhere else */
    struct uuid session_id;
    struct account account;
};
/* E_BAD_LOGIN, E_FORBIDDEN (right password, disabled account), E_RATE and E_BUSY with
 * *ret_retry_ms filled. */
NODISCARD err_t identity_login(struct identity *id, struct db *db, struct arena *a,
                               const struct login *l, int64_t now_ms, struct signed_in *ret,
                               int64_t *ret_retry_ms);
/* Make the first account, an admin, and sign in. `token` from the link. E_FORBIDDEN (not this
 * link), E_GONE (used, too old, an account exists), E_INVALID, E_BUSY with *ret_retry_ms. Of two
 * at once one wins. */
NODISCARD err_t identity_setup(struct identity *id, struct db *db, struct arena *a,
                               struct str token, const struct login *l, int64_t now_ms,
                               struct signed_in *ret, int64_t *ret_retry_ms);
/* A one-time link that signs the account in without its password ("{base}/login#TOKEN",
 * LOGIN_LINK_MS), in place of an earlier one; it ends with everything that ends the account's
 * sessions. For the operator alone. E_NOT_FOUND, E_CONFLICT (disabled). */
NODISCARD err_t identity_login_link(struct db *db, struct arena *a, struct str handle,
                                    struct str base_url, int64_t now_ms, struct str *ret);
/* Sign in with the token of such a link; handle and password of `l` are not looked at. E_FORBIDDEN
 * (not such a link, or used), E_GONE (too old). Of two at once one gets in. */
NODISCARD err_t identity_login_by_link(struct identity *id, struct db *db, struct arena *a,
                                       struct str token, const struct login *l, int64_t now_ms,
                                       struct signed_in *ret);
/* End the session; OK when it has ended already. */
NODISCARD err_t identity_logout(struct identity *id, struct db *db, struct uuid user,
                                struct uuid session, int64_t now_ms);
/* The account's own change; ends every session but `keep` (nil: all). Wrong old passwords slow down
 * further ones, whoever fails to sign in meanwhile. E_INVALID (field old_password or new_password),
 * E_RATE, E_BUSY. */
NODISCARD err_t identity_password_change(struct identity *id, struct db *db, struct arena *a,
                                         struct uuid user, struct uuid keep,
                                         struct str old_password, struct str new_password,
                                         int64_t now_ms, int64_t *ret_retry_ms);

struct session {
    struct uuid id;
    int64_t created_ms, last_used_ms;
    int64_t expires_ms; /* the earlier of both limits */
    struct str user_agent, address;
};
/* Living ones, newest first, older than `before` (identity_id_last() at first). */
NODISCARD err_t identity_session_list(struct db *db, struct arena *a, struct uuid user,
                                      struct uuid before, size_t limit, int64_t now_ms,
                                      struct session **ret, size_t *ret_count);
NODISCARD err_t identity_session_revoke(struct identity *id, struct db *db, struct uuid user,
                                        struct uuid session, int64_t now_ms); /* E_NOT_FOUND */
/* End all but `keep` (nil: all). ret_ended may be NULL. */
NODISCARD err_t identity_session_revoke_others(struct identity *id, struct db *db, struct arena *a,
                                               struct uuid user, struct uuid keep, int64_t now_ms,
                                               int64_t *ret_ended);

/* --- API tokens ------------------------------------------------------------------------------- */

struct token {
    struct uuid id;
    struct str prefix, name;
    int64_t scopes;                               /* bit (1 << enum scope) */
    int64_t created_ms, last_used_ms, expires_ms; /* TIME_NONE: never */
};
/* All that an account may do; what a token gets when nothing is said. */
enum { SCOPES_ALL = 1 << SCOPE_READ | 1 << SCOPE_WRITE | 1 << SCOPE_CAPTURE | 1 << SCOPE_ADMIN };

const char *identity_scope_name(enum scope s); /* NULL for SCOPE_NONE and beyond */
/* One name into *io (or-ed). E_INVALID, field "scopes", names the known ones. */
NODISCARD err_t identity_scope_add(struct str name, unsigned *io);
/* "read,write"; at least one. */
NODISCARD err_t identity_scopes_parse(struct str list, unsigned *ret);

struct token_new {
    struct str name;    /* 1 .. TOKEN_NAME_BYTES_MAX bytes */
    unsigned scopes;    /* of SCOPES_ALL, at least one */
    int64_t expires_ms; /* TIME_NONE: never */
};
/* ret_secret: the token itself, this once. E_INVALID, E_CONFLICT (TOKENS_PER_ACCOUNT_MAX). */
NODISCARD err_t identity_token_create(struct db *db, struct arena *a, struct uuid user,
                                      const struct token_new *n, int64_t now_ms, struct token *ret,
                                      struct str *ret_secret);
/* Newest first, expired ones too, older than `before` (identity_id_last() at first). */
NODISCARD err_t identity_token_list(struct db *db, struct arena *a, struct uuid user,
                                    struct uuid before, size_t limit, struct token **ret,
                                    size_t *ret_count);
NODISCARD err_t identity_token_revoke(struct identity *id, struct db *db, struct uuid user,
                                      struct uuid token, int64_t now_ms); /* E_NOT_FOUND */
struct uuid identity_id_last(void); /* after every id: where a list begins */

/* --- upkeep ----------------------------------------------------------------------------------- */

/* Start the thread that writes "last used" and removes what has expired (module start; a test
 * calls the two below). */
NODISCARD err_t identity_keeper_start(struct identity *id);
NODISCARD err_t identity_flush(struct identity *id,
                               struct db *db); /* write what waits; one transaction */
/* Remove expired sessions and links, old failures, and accounts whose grace is over. */
NODISCARD err_t identity_sweep(struct identity *id, struct db *db, int64_t now_ms);

/* --- secrets ---------------------------------------------------------------------------------- */

/* The key that seals secrets: `setting` (64 hexadecimal digits), or when it is empty
 * `master.key` in the data folder, made there (mode 0600, whole or not at all) when absent. Two
 * starts at once agree on one. ret_made (may be NULL): a new file was made; say where it is and
 * that it must be saved apart. Errors: E_INVALID (not 64 digits; a file that others may read),
 * E_IO. */
NODISCARD err_t identity_master_key(struct str setting, const char *data_dir, uint8_t ret[32],
                                    bool *ret_made);

/* The same without making one: E_NOT_FOUND when there is none. */
NODISCARD err_t identity_master_key_there(struct str setting, const char *data_dir,
                                          uint8_t ret[32]);

/* The store remembers its key: a known text sealed under it (key_check.c). identity_key_open gives the key of this
 * store; it is made, and remembered, only where the store knows none yet. E_MASTER_KEY: the store knows one, and the
 * one here is another, damaged or gone; the note says what to do. Otherwise as identity_master_key, E_DB.
 * identity_key_known only looks: also E_NOT_FOUND, when the store knows none. */
NODISCARD err_t identity_key_open(struct db *db, struct str setting, const char *data_dir,
                                  uint8_t ret[32], bool *ret_made);
NODISCARD err_t identity_key_known(struct db *db, struct str setting, const char *data_dir);
/* The key is lost for good: let the next start make a new one. What was sealed under the old one stays closed. */
NODISCARD err_t identity_key_forget(struct db *db);

/* Seal a secret for the store, bound to its owner and to what it is for
 * ("provider_key:anthropic"): moved to another row or another purpose it does not open. ret in
 * `a`. E_LIMIT (SECRET_BYTES_MAX). */
NODISCARD err_t identity_secret_seal(struct arena *a, const uint8_t master_key[32],
                                     struct uuid owner, struct str purpose, struct str plain,
                                     struct str *ret);
/* E_CORRUPT: damaged, of another owner or purpose, or sealed under another master key. */
NODISCARD err_t identity_secret_open(struct arena *a, const uint8_t master_key[32],
                                     struct uuid owner, struct str purpose, struct str sealed,
                                     struct str *ret);

#endif

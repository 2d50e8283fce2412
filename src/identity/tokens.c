/* API tokens: what a program signs in with. */
#include "base/timestamp.h"
#include "base/utf8.h"
#include "identity/inside.h"
#include "os/entropy.h"

enum {
    PREFIX_SHOWN_BYTES = sizeof TOKEN_PREFIX - 1 + 6
}; /* tells tokens apart; 220 bits stay secret */

const char *identity_scope_name(enum scope s)
{
    switch (s) {
    case SCOPE_READ:
        return "read";
    case SCOPE_WRITE:
        return "write";
    case SCOPE_CAPTURE:
        return "capture";
    case SCOPE_ADMIN:
        return "admin";
    case SCOPE_NONE:
        break;
    }
    return NULL;
}

err_t identity_scope_add(struct str name, unsigned *io)
{
    for (enum scope s = SCOPE_READ; s <= SCOPE_ADMIN; s++)
        if (str_eq(name, str_from(identity_scope_name(s)))) {
            *io |= 1u << s;
            return OK;
        }
    return err_note(E_INVALID, "scopes",
                    "\"%.*s\" is no scope; there are read, write, capture and admin",
                    STR_ARG(utf8_cut(str_sub(name, 0, 40), 40)));
}

err_t identity_scopes_parse(struct str list, unsigned *ret)
{
    unsigned scopes = 0;
    struct str part;
    while (str_cut(&list, ',', &part))
        TRY(identity_scope_add(str_trim(part), &scopes));
    if (!scopes)
        return err_note(E_INVALID, "scopes", "name at least one of read, write, capture and admin");
    *ret = scopes;
    return OK;
}

static err_t check_new(const struct token_new *n, int64_t now_ms)
{
    assert((n->scopes & ~(unsigned)SCOPES_ALL) == 0);
    if (n->name.n < 1 || n->name.n > TOKEN_NAME_BYTES_MAX || !text_ok(n->name))
        return err_note(E_INVALID, "name", "a token's name has 1 to %d bytes",
                        TOKEN_NAME_BYTES_MAX);
    if (!n->scopes)
        return err_note(E_INVALID, "scopes", "name at least one of read, write, capture and admin");
    if (n->expires_ms != TIME_NONE && n->expires_ms <= now_ms)
        return err_note(E_INVALID, "expires_days", "the token would have expired already");
    return OK;
}

/* A new token ends nothing, and no check of it can have been remembered. */
static err_t add(struct db *db, struct arena *a, struct uuid user, struct str secret,
                 const struct token *t)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct op_new op = { .owner_id = user,
                         .actor_id = user,
                         .entity = "token",
                         .kind = "created",
                         .fields = "name,scopes",
                         .entity_id = t->id,
                         .version = 1 };
    struct account x;
    int64_t count;
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_account_by_id(db, a, user, &x)); /* may have gone in the meantime */
    TRY(identity_store_token_count(db, user, &count));
    if (count >= TOKENS_PER_ACCOUNT_MAX)
        return err_note(E_CONFLICT, NULL,
                        "an account has at most %d tokens; delete one that is not used",
                        TOKENS_PER_ACCOUNT_MAX);
    TRY(identity_store_token_insert(db, user, sha256_of(secret), t));
    TRY(ops_append(db, &op, t->created_ms));
    return db_txn_commit(&tx);
}

err_t identity_token_create(struct db *db, struct arena *a, struct uuid user,
                            const struct token_new *n, int64_t now_ms, struct token *ret,
                            struct str *ret_secret)
{
    TRY(check_new(n, now_ms));
    struct str secret = str_cat(a, S(TOKEN_PREFIX), entropy_token(a, 32));
    struct token t = {
        .id = uuid_new(),
        .prefix = str_sub(secret, 0, PREFIX_SHOWN_BYTES),
        .name = str_dup(a, n->name),
        .scopes = n->scopes,
        .created_ms = now_ms,
        .last_used_ms = TIME_NONE,
        .expires_ms = n->expires_ms,
    };
    TRY(arena_err(a));
    TRY(add(db, a, user, secret, &t));
    *ret = t;
    *ret_secret = secret;
    return OK;
}

err_t identity_token_list(struct db *db, struct arena *a, struct uuid user, struct uuid before,
                          size_t limit, struct token **ret, size_t *ret_count)
{
    return identity_store_token_list(db, a, user, before, limit, ret, ret_count);
}

err_t identity_token_revoke(struct identity *id, struct db *db, struct uuid user, struct uuid token,
                            int64_t now_ms)
{
    bool ended;
    TRY(identity_credential_end(id, db, CREDENTIAL_TOKEN, user, token, now_ms, &ended));
    return ended ? OK : err_note(E_NOT_FOUND, NULL, "there is no such token");
}

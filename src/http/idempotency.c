/* Idempotency-Key: a write that is sent again, because its answer was lost, gives the first answer and does nothing
 * twice. The key's row is made before the handler runs, so two at once cannot both run; it is forgotten when the
 * handler failed on our side, so that trying again is possible. */
#include "base/crypto.h"
#include "base/utf8.h"
#include "http/checks.h"
#include "http_sql.h"

enum {
    KEY_BYTES_MAX = 200,
    KEPT_BODY_BYTES_MAX = 256 * 1024,
    UNCLEAR = 0 /* a status: the handler's COMMIT may have taken place */
};
#define KEPT_MS      ((int64_t)24 * 3600 * 1000)
#define ABANDONED_MS ((int64_t)10 * 60 * 1000) /* the process died under it */

struct key_row {
    struct str fingerprint, body;
    int64_t status, created_ms;
};

static const struct db_col KEY_COLS[] = {
    DB_COL(key_row, fingerprint, DB_BYTES),
    DB_COL(key_row, status, DB_I64),
    DB_COL(key_row, body, DB_STR),
    DB_COL(key_row, created_ms, DB_I64),
};

static struct str key_of(struct call *c)
{
    const struct route *r = c->rq.route;
    return r->method == HTTP_GET || r->auth == AUTH_PUBLIC || c->rq.body_cut ||
                   uuid_is_nil(c->rq.caller.user_id)
               ? STR_NONE
               : req_header(&c->rq, S("idempotency-key"));
}

bool idempotency_asked(const struct call *c)
{
    return req_header(&c->rq, S("idempotency-key")).s;
}

static err_t fingerprint(struct call *c, struct sha256 *ret)
{
    struct sha256_ctx ctx;
    sha256_init(&ctx);
    sha256_add(&ctx, c->exchange->method);
    sha256_add(&ctx, c->exchange->target);
    sha256_add(&ctx, S("\n"));
    sha256_add(&ctx, c->rq.body);
    *ret = sha256_end(&ctx);
    return OK;
}

static err_t forget(struct call *c, struct str key)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, c->rq.db));
    TRY(db_exec(c->rq.db, &SQL_HTTP_KEY_FORGET, DB_ARGS(DBU(c->rq.caller.user_id), DBS(key)),
                NULL));
    return db_txn_commit(&tx);
}

static err_t claim(struct call *c, struct str key, struct str print)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, c->rq.db));
    TRY(db_exec(c->rq.db, &SQL_HTTP_KEYS_EXPIRE, DB_ARGS(DBI(c->rq.now_ms - KEPT_MS)), NULL));
    err_t e =
        db_exec(c->rq.db, &SQL_HTTP_KEY_BEGIN,
                DB_ARGS(DBU(c->rq.caller.user_id), DBS(key), DBX(print), DBI(c->rq.now_ms)), NULL);
    if (e == E_CONFLICT)
        return err_note(E_IDEMPOTENCY, "idempotency-key",
                        "a request with this key is under way; ask again in a moment");
    TRY(e);
    e = db_txn_commit(&tx);
    if (e != E_UNCLEAR)
        return e;
    struct err_detail why = *err_detail(); /* what was asked for has not begun */
    (void)!forget(c, key);
    err_note(E_STORE, NULL, "the database does not answer; nothing was done; try again");
    return err_cause(E_STORE, "%s", why.cause);
}

static err_t replay(struct call *c, const struct key_row *row, struct str print, bool *ret_replayed)
{
    if (!str_eq(row->fingerprint, print))
        return err_note(E_IDEMPOTENCY, "idempotency-key",
                        "this key was used for another request; take a new one");
    if (row->status == UNCLEAR)
        return err_note(E_IDEMPOTENCY, "idempotency-key",
                        "it is not known whether the first request with this key was carried out; "
                        "look, and if it was not, send it with a new key");
    if (row->status == INT64_MIN)
        return err_note(E_IDEMPOTENCY, "idempotency-key",
                        "a request with this key is under way; ask again in a moment");
    c->rp.status = (int)row->status;
    if (row->body.n)
        reply_bytes(&c->rp,
                    row->status >= 400 ? S("application/problem+json") : S("application/json"),
                    row->body);
    reply_header(&c->rp, "Idempotency-Replayed", S("true"));
    *ret_replayed = true;
    return OK;
}

err_t idempotency_begin(struct call *c, bool *ret_replayed)
{
    struct str key = key_of(c);
    struct sha256 hash;
    struct key_row row;
    if (!key.s)
        return OK;
    if (key.n == 0 || key.n > KEY_BYTES_MAX || !text_ok(key))
        return err_note(E_INVALID, "idempotency-key", "a key is 1 to %d bytes of text",
                        KEY_BYTES_MAX);
    TRY(fingerprint(c, &hash));
    struct str print = str_of((const char *)hash.b, sizeof hash.b);
    err_t e =
        db_one(c->rq.db, c->rq.arena, &SQL_HTTP_KEY_FIND,
               DB_ARGS(DBU(c->rq.caller.user_id), DBS(key)), KEY_COLS, COUNTOF(KEY_COLS), &row);
    if (e == OK) {
        int64_t age = c->rq.now_ms - row.created_ms;
        bool abandoned = row.status == INT64_MIN && age > ABANDONED_MS;
        if (age < KEPT_MS && !abandoned)
            return replay(c, &row, print, ret_replayed);
        TRY(forget(c, key));
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    return claim(c, key, print);
}

static err_t remember(struct call *c, struct str key, int64_t status, struct str body)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, c->rq.db));
    TRY(db_exec(c->rq.db, &SQL_HTTP_KEY_END,
                DB_ARGS(DBI(status), DBS(body), DBU(c->rq.caller.user_id), DBS(key)), NULL));
    return db_txn_commit(&tx);
}

void idempotency_end(struct call *c, err_t e)
{
    struct str key = key_of(c);
    if (!key.s)
        return;
    struct err_detail detail = *err_detail();
    struct str body = c->rp.has_json ? buf_str(&c->rp.json) : c->rp.body;
    /* Only answers that are worth repeating: what failed may be tried again, a secret is not stored. */
    bool keep = e == OK && !c->rp.secret && body.n <= KEPT_BODY_BYTES_MAX && c->rp.file_fd < 0 &&
                !c->rp.stream && !c->rp.held;
    err_t kept = keep             ? remember(c, key, c->rp.status, body.n ? body : STR_NONE)
                 : e == E_UNCLEAR ? remember(c, key, UNCLEAR, STR_NONE)
                                  : forget(c, key);
    if (kept != OK)
        err_clear(); /* the answer itself stands; the key says "under way" until it is abandoned */
    if (e != OK)
        err_restore(&detail);
}

err_t http_forget(struct db *db, struct uuid account)
{
    return db_exec(db, &SQL_HTTP_FORGET, DB_ARGS(DBU(account)), NULL);
}

/* The check of each request: a credential's text -> who it is; and the one way in which credentials end. What tells the
 * kinds apart stands in IDENTITY_CREDENTIALS, and nowhere else in this file. */
#include <stdlib.h>

#include "base/timestamp.h"
#include "identity/inside.h"
#include "os/clock.h"

enum { SECRET_TEXT_BYTES = 43 }; /* 32 bytes in base64url */

/* --- the kinds ------------------------------------------------------------------------------ */

static bool secret_text(struct str s)
{
    if (s.n != SECRET_TEXT_BYTES)
        return false;
    for (size_t i = 0; i < s.n; i++) {
        char c = s.s[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
              c == '-' || c == '_'))
            return false;
    }
    return true;
}

static bool token_text(struct str s)
{
    return str_starts(s, S(TOKEN_PREFIX)) && secret_text(str_sub(s, sizeof TOKEN_PREFIX - 1, s.n));
}

static err_t session_look_up(struct db *db, struct arena *a, const struct credential_shown *s,
                             struct credential_row *ret)
{
    TRY(identity_store_session_by_hash(db, a, s->hash, ret));
    ret->scopes = -1;
    return OK;
}

static err_t session_remove_all(struct db *db, struct uuid owner)
{
    return identity_store_session_delete_others(db, owner, (struct uuid){ 0 }, NULL);
}

static err_t token_look_up(struct db *db, struct arena *a, const struct credential_shown *s,
                           struct credential_row *ret)
{
    return identity_store_token_by_hash(db, a, s->hash, ret);
}

const struct credential_type IDENTITY_CREDENTIALS[2] = {
    { .kind = CREDENTIAL_SESSION,
      .entity = "session",
      .place = SHOWN_AS_COOKIE,
      .recognise = secret_text,
      .look_up = session_look_up,
      .touch = identity_store_session_touch,
      .remove = identity_store_session_delete,
      .remove_all = session_remove_all,
      .ends = identity_store_session_ends,
      .idle_ms = SESSION_IDLE_MS,
      .sweep = identity_store_session_sweep,
      .refusal = "this session has ended; sign in again" },
    { .kind = CREDENTIAL_TOKEN,
      .entity = "token",
      .place = SHOWN_AS_BEARER,
      .recognise = token_text,
      .look_up = token_look_up,
      .touch = identity_store_token_touch,
      .remove = identity_store_token_delete,
      .remove_all = identity_store_token_delete_all,
      .ends = identity_store_token_ends,
      .refusal = "this token is unknown, revoked or expired" },
};

/* NULL: none, and CREDENTIAL_NONE is none. */
static const struct credential_type *type_of(const struct identity *id, enum credential_kind kind)
{
    for (size_t i = 0; i < id->type_count; i++)
        if (id->types[i].kind == kind)
            return &id->types[i];
    return NULL;
}

bool identity_is_credential(const struct identity *id, struct str entity)
{
    for (size_t i = 0; i < id->type_count; i++)
        if (str_eq(entity, str_from(id->types[i].entity)))
            return true;
    return false;
}

/* --- the cache ------------------------------------------------------------------------------ */

static size_t set_of(const struct sha256 *h)
{
    return ((size_t)h->b[0] << 8 | h->b[1]) % CREDENTIAL_SETS;
}

static struct mutex *lock_of(struct identity *id, const struct sha256 *h)
{
    return &id->locks[set_of(h) % CREDENTIAL_LOCKS];
}

void identity_forget(struct identity *id)
{
    atomic_fetch_add(&id->epoch, 1);
}

static bool ends_something(const struct op *op)
{
    bool deleted = str_eq(op->kind, S("deleted"));
    if (str_eq(op->entity, S("account")))
        return !str_eq(op->kind, S("created"));
    return deleted && (str_eq(op->entity, S("session")) || str_eq(op->entity, S("token")));
}

void identity_heard(struct identity *id, const struct op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (ends_something(&ops[i])) {
            identity_forget(id);
            return;
        }
}

static struct credential_entry *find(struct identity *id, const struct sha256 *h,
                                     enum credential_kind kind)
{
    struct credential_entry *ways = id->sets[set_of(h)];
    uint64_t epoch = atomic_load(&id->epoch);
    int64_t oldest_ms = clock_monotonic_ms() - CREDENTIAL_CACHE_MS;
    for (int i = 0; i < CREDENTIAL_WAYS; i++)
        if (ways[i].epoch == epoch && ways[i].checked_ms > oldest_ms && ways[i].kind == kind &&
            bytes_equal_ct(&ways[i].hash, h, sizeof *h))
            return &ways[i];
    return NULL;
}

/* True when "last used" is due; then it counts as done. */
static bool touch_due(struct credential_entry *e, int64_t now_ms)
{
    if (e->touched_ms != TIME_NONE && now_ms - e->touched_ms < CREDENTIAL_TOUCH_MS)
        return false;
    e->touched_ms = now_ms;
    return true;
}

static bool cache_get(struct identity *id, const struct sha256 *h, enum credential_kind kind,
                      int64_t now_ms, struct credential_entry *ret, bool *ret_touch)
{
    mutex_lock(lock_of(id, h));
    struct credential_entry *e = find(id, h, kind);
    if (e) {
        *ret_touch = touch_due(e, now_ms);
        *ret = *e;
    }
    mutex_unlock(lock_of(id, h));
    return e;
}

/* Over the same hash, else over what is empty or oldest. An entry that was read before a
 * revocation carries the epoch of then, and so is dead already. */
static void cache_put(struct identity *id, const struct credential_entry *e)
{
    mutex_lock(lock_of(id, &e->hash));
    struct credential_entry *ways = id->sets[set_of(&e->hash)], *place = &ways[0];
    for (int i = 0; i < CREDENTIAL_WAYS; i++) {
        if (bytes_equal_ct(&ways[i].hash, &e->hash, sizeof e->hash)) {
            place = &ways[i];
            break;
        }
        if (ways[i].checked_ms < place->checked_ms)
            place = &ways[i];
    }
    *place = *e;
    mutex_unlock(lock_of(id, &e->hash));
}

/* --- "last used" ------------------------------------------------------------------------------ */

static void keep_touch(struct identity *id, const struct credential_entry *e, int64_t now_ms)
{
    mutex_lock(&id->keeper_mutex);
    if (id->touch_count < CREDENTIAL_TOUCHES_MAX)
        id->touches[id->touch_count++] = (struct touch){ e->owner_id, e->id, e->kind, now_ms };
    cond_signal(&id->keeper_wake);
    mutex_unlock(&id->keeper_mutex);
}

static void want_sweep(struct identity *id)
{
    mutex_lock(&id->keeper_mutex);
    id->sweep_wanted = true;
    cond_signal(&id->keeper_wake);
    mutex_unlock(&id->keeper_mutex);
}

static int compare_touches(const void *x, const void *y)
{
    const struct touch *a = x, *b = y;
    return a->kind != b->kind ? (int)a->kind - (int)b->kind : uuid_cmp(a->id, b->id);
}

static err_t write_touches(const struct identity *id, struct db *db, const struct touch *touches,
                           size_t count)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    for (size_t i = 0; i < count; i++) {
        const struct touch *t = &touches[i];
        TRY(type_of(id, t->kind)->touch(db, t->owner_id, t->id, t->ms));
    }
    return db_txn_commit(&tx);
}

err_t identity_flush(struct identity *id, struct db *db)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, sizeof(struct touch) * CREDENTIAL_TOUCHES_MAX + KIB(64));
    mutex_lock(&id->keeper_mutex);
    size_t count = id->touch_count;
    struct touch *touches = ARENA_ARRAY(&scratch, struct touch, count);
    if (touches) {
        memcpy(touches, id->touches, count * sizeof *touches);
        id->touch_count = 0;
    }
    mutex_unlock(&id->keeper_mutex);
    TRY(arena_err(&scratch));
    if (count == 0)
        return OK;
    /* In one order everywhere, so that two processes on one PostgreSQL do not wait for each
     * other in a circle. */
    qsort(touches, count, sizeof *touches, compare_touches);
    return write_touches(id, db, touches, count);
}

/* --- the check -------------------------------------------------------------------------------- */

static err_t refuse(const struct credential_type *t)
{
    return err_note(E_UNAUTHENTICATED, NULL, "%s", t->refusal);
}

/* Which kind is this text? E_UNAUTHENTICATED, in the words of the first that is shown there, when it is none. */
static err_t recognise(const struct identity *id, enum credential_place place, struct str text,
                       const struct credential_type **ret)
{
    const struct credential_type *first = NULL;
    for (size_t i = 0; i < id->type_count; i++) {
        const struct credential_type *t = &id->types[i];
        if (t->place != place)
            continue;
        if (t->recognise(text)) {
            *ret = t;
            return OK;
        }
        if (!first)
            first = t;
    }
    assert(first);
    return refuse(first);
}

static bool alive(const struct credential_entry *e, int64_t now_ms)
{
    return now_ms < e->idle_at_ms && now_ms < e->ends_ms;
}

static err_t look_up(struct db *db, struct arena *a, const struct credential_type *t,
                     const struct credential_shown *s, struct credential_entry *ret)
{
    struct credential_row row = { .scopes = 0 };
    err_t e = t->look_up(db, a, s, &row);
    if (e == E_NOT_FOUND || (e == OK && row.closed_ms != TIME_NONE))
        return refuse(t);
    TRY(e);
    unsigned scopes = (unsigned)row.scopes | 1u << SCOPE_NONE;
    *ret = (struct credential_entry){
        .hash = s->hash,
        .checked_ms = clock_monotonic_ms(),
        .idle_at_ms = t->idle_ms ? row.last_used_ms + t->idle_ms : INT64_MAX,
        .ends_ms = row.expires_ms == TIME_NONE ? INT64_MAX : row.expires_ms,
        .touched_ms = row.last_used_ms,
        .owner_id = row.owner_id,
        .id = row.id,
        .scopes = scopes,
        .kind = t->kind,
        .admin = row.admin && (scopes & 1u << SCOPE_ADMIN),
    };
    assert(row.handle.n <= sizeof ret->handle);
    ret->handle_bytes = (uint8_t)row.handle.n;
    memcpy(ret->handle, row.handle.s, row.handle.n);
    return OK;
}

static err_t fill(struct arena *a, const struct credential_entry *e, struct caller *ret)
{
    struct caller c = {
        .known = true,
        .credential = e->kind,
        .user_id = e->owner_id,
        .credential_id = e->id,
        .handle = str_dup(a, str_of(e->handle, e->handle_bytes)),
        .admin = e->admin,
        .scopes = e->scopes,
        .expires_ms = e->idle_at_ms < e->ends_ms ? e->idle_at_ms : e->ends_ms,
    };
    TRY(arena_err(a));
    *ret = c;
    return OK;
}

err_t identity_check(struct identity *id, struct db *db, struct arena *a,
                     enum credential_place place, struct str text, int64_t now_ms,
                     struct caller *ret)
{
    const struct credential_type *t;
    TRY(recognise(id, place, text, &t));
    struct credential_shown shown = { .text = text, .hash = sha256_of(text) };
    struct credential_entry entry = { .epoch = 0 };
    bool touch = false;
    if (!cache_get(id, &shown.hash, t->kind, now_ms, &entry, &touch)) {
        uint64_t epoch = atomic_load(&id->epoch); /* before reading: see cache_put */
        TRY(look_up(db, a, t, &shown, &entry));
        touch = alive(&entry, now_ms) && touch_due(&entry, now_ms);
        entry.epoch = epoch;
        cache_put(id, &entry);
    }
    if (!alive(&entry, now_ms)) {
        if (t->sweep)
            want_sweep(id);
        return refuse(t);
    }
    if (touch && t->touch)
        keep_touch(id, &entry, now_ms);
    return fill(a, &entry, ret);
}

err_t identity_still_good(struct identity *id, struct db *db, int64_t now_ms, struct caller *io,
                          bool *ret)
{
    int64_t ends_ms = 0;
    const struct credential_type *t = type_of(id, io->credential);
    err_t e = t ? t->ends(db, io->user_id, io->credential_id, &ends_ms)
                : identity_store_account_ends(db, io->user_id, &ends_ms);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    err_clear();
    *ret = e == OK && now_ms < ends_ms;
    if (*ret)
        io->expires_ms = ends_ms;
    return OK;
}

/* --- the end of one ------------------------------------------------------------------------- */

err_t identity_revoke(struct identity *id, struct db *db, struct db_txn *tx,
                      const struct op_new *op, int64_t now_ms)
{
    if (op)
        TRY(ops_append(db, op, now_ms));
    TRY(db_txn_commit(tx));
    identity_forget(id);
    return OK;
}

err_t identity_credential_remove(const struct identity *id, struct db *db,
                                 enum credential_kind kind, struct uuid owner,
                                 struct uuid credential, int64_t now_ms, bool *ret_ended)
{
    const struct credential_type *t = type_of(id, kind);
    int64_t removed;
    assert(t);
    struct op_new op = { .owner_id = owner,
                         .actor_id = owner,
                         .entity = t->entity,
                         .kind = "deleted",
                         .entity_id = credential,
                         .version = 2 };
    TRY(t->remove(db, owner, credential, &removed));
    *ret_ended = removed > 0;
    return removed ? ops_append(db, &op, now_ms) : OK;
}

err_t identity_credential_end(struct identity *id, struct db *db, enum credential_kind kind,
                              struct uuid owner, struct uuid credential, int64_t now_ms,
                              bool *ret_ended)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    bool ended;
    TRY(db_txn_begin(&tx, db));
    TRY(identity_credential_remove(id, db, kind, owner, credential, now_ms, &ended));
    if (ended)
        TRY(identity_revoke(id, db, &tx, NULL, now_ms));
    *ret_ended = ended;
    return OK;
}

err_t identity_credentials_remove_all(const struct identity *id, struct db *db, struct uuid owner)
{
    for (size_t i = 0; i < id->type_count; i++)
        TRY(id->types[i].remove_all(db, owner));
    return OK;
}

err_t identity_credentials_sweep(const struct identity *id, struct db *db, int64_t now_ms)
{
    for (size_t i = 0; i < id->type_count; i++)
        if (id->types[i].sweep)
            TRY(id->types[i].sweep(db, now_ms));
    return OK;
}

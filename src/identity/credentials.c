/* The check of each request: a session's or a token's text -> who it is. */
#include <stdlib.h>

#include "base/timestamp.h"
#include "identity/inside.h"
#include "os/clock.h"

enum { SECRET_TEXT_BYTES = 43 }; /* 32 bytes in base64url */

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

static struct credential_entry *find(struct identity *id, const struct sha256 *h,
                                     enum credential kind)
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

static bool cache_get(struct identity *id, const struct sha256 *h, enum credential kind,
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

static err_t write_touches(struct db *db, const struct touch *touches, size_t count)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    for (size_t i = 0; i < count; i++) {
        const struct touch *t = &touches[i];
        if (t->kind == CREDENTIAL_SESSION)
            TRY(identity_store_session_touch(db, t->owner_id, t->id, t->ms));
        else
            TRY(identity_store_token_touch(db, t->owner_id, t->id, t->ms));
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
    return write_touches(db, touches, count);
}

/* --- the check -------------------------------------------------------------------------------- */

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

static err_t refuse(enum credential kind)
{
    return err_note(E_UNAUTHENTICATED, NULL, "%s",
                    kind == CREDENTIAL_TOKEN ? "this token is unknown, revoked or expired"
                                             : "this session has ended; sign in again");
}

static bool alive(const struct credential_entry *e, int64_t now_ms)
{
    return now_ms < e->idle_at_ms && now_ms < e->ends_ms;
}

static err_t look_up(struct db *db, struct arena *a, enum credential kind, const struct sha256 *h,
                     struct credential_entry *ret)
{
    struct credential_row row = { .scopes = 0 };
    err_t e = kind == CREDENTIAL_SESSION ? identity_store_session_by_hash(db, a, *h, &row)
                                         : identity_store_token_by_hash(db, a, *h, &row);
    if (e == E_NOT_FOUND || (e == OK && row.closed_ms != TIME_NONE))
        return refuse(kind);
    TRY(e);
    bool session = kind == CREDENTIAL_SESSION;
    unsigned scopes = session ? ~0u : (unsigned)row.scopes | 1u << SCOPE_NONE;
    *ret = (struct credential_entry){
        .hash = *h,
        .checked_ms = clock_monotonic_ms(),
        .idle_at_ms = session ? row.last_used_ms + SESSION_IDLE_MS : INT64_MAX,
        .ends_ms = row.expires_ms == TIME_NONE ? INT64_MAX : row.expires_ms,
        .touched_ms = row.last_used_ms,
        .owner_id = row.owner_id,
        .id = row.id,
        .scopes = scopes,
        .kind = kind,
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
        .user_id = e->owner_id,
        .handle = str_dup(a, str_of(e->handle, e->handle_bytes)),
        .admin = e->admin,
        .scopes = e->scopes,
        .expires_ms = e->idle_at_ms < e->ends_ms ? e->idle_at_ms : e->ends_ms,
    };
    if (e->kind == CREDENTIAL_SESSION)
        c.session_id = e->id;
    else
        c.token_id = e->id;
    TRY(arena_err(a));
    *ret = c;
    return OK;
}

err_t identity_check(struct identity *id, struct db *db, struct arena *a, enum credential kind,
                     struct str text, int64_t now_ms, struct caller *ret)
{
    struct str secret = text;
    if (kind == CREDENTIAL_TOKEN) {
        if (!str_starts(text, S(TOKEN_PREFIX)))
            return refuse(kind);
        secret = str_sub(text, sizeof TOKEN_PREFIX - 1, text.n);
    }
    if (!secret_text(secret))
        return refuse(kind);

    struct sha256 h = sha256_of(text);
    struct credential_entry entry = { .epoch = 0 };
    bool touch = false;
    if (!cache_get(id, &h, kind, now_ms, &entry, &touch)) {
        uint64_t epoch = atomic_load(&id->epoch); /* before reading: see cache_put */
        TRY(look_up(db, a, kind, &h, &entry));
        touch = alive(&entry, now_ms) && touch_due(&entry, now_ms);
        entry.epoch = epoch;
        cache_put(id, &entry);
    }
    if (!alive(&entry, now_ms)) {
        if (kind == CREDENTIAL_SESSION)
            want_sweep(id); /* removed, so that it stays dead when the clock steps back */
        return refuse(kind);
    }
    if (touch)
        keep_touch(id, &entry, now_ms);
    return fill(a, &entry, ret);
}

err_t identity_still_good(struct db *db, int64_t now_ms, struct caller *io, bool *ret)
{
    int64_t ends_ms = 0;
    err_t e = identity_store_caller_ends(db, io, &ends_ms);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    err_clear();
    *ret = e == OK && now_ms < ends_ms;
    if (*ret)
        io->expires_ms = ends_ms;
    return OK;
}

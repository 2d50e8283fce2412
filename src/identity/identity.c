/* The room's shared object, and the thread that keeps its rows in order. */
#include "base/log.h"
#include "identity/inside.h"
#include "os/clock.h"

enum {
    GATHER_MS = 1000, /* between the first "last used" that waits and writing all that came */
    SWEEP_EVERY_MS = 10 * 60 * 1000 /* also when nothing has asked for it */
};

err_t identity_new(struct db_store *store, int64_t password_mib, struct identity **ret)
{
    struct arena a;
    arena_init(&a, MIB(2));
    struct identity *id = ARENA_NEW(&a, struct identity);
    struct touch *touches = ARENA_ARRAY(&a, struct touch, CREDENTIAL_TOUCHES_MAX);
    void *sets = arena_array(&a, CREDENTIAL_SETS, sizeof *id->sets);
    if (arena_err(&a) != OK) {
        arena_free(&a);
        return E_BUSY;
    }
    id->arena = a;
    id->store = store;
    id->types = IDENTITY_CREDENTIALS;
    id->type_count = COUNTOF(IDENTITY_CREDENTIALS);
    id->touches = touches;
    id->sets = sets;
    atomic_init(&id->epoch, 1);
    identity_gate_init(&id->gate, password_mib);
    for (size_t i = 0; i < CREDENTIAL_LOCKS; i++)
        mutex_init(&id->locks[i]);
    mutex_init(&id->keeper_mutex);
    cond_init(&id->keeper_wake);
    *ret = id;
    return OK;
}

void identity_free(struct identity *id)
{
    if (!id)
        return;
    mutex_lock(&id->keeper_mutex);
    id->stopping = true;
    cond_signal(&id->keeper_wake);
    mutex_unlock(&id->keeper_mutex);
    thread_join(&id->keeper);
    cond_free(&id->keeper_wake);
    mutex_free(&id->keeper_mutex);
    for (size_t i = 0; i < CREDENTIAL_LOCKS; i++)
        mutex_free(&id->locks[i]);
    identity_gate_free(&id->gate);
    struct arena a = id->arena; /* which holds *id */
    arena_free(&a);
}

/* --- the keeper ---------------------------------------------------------------------------- */

static err_t sweep_rows(const struct identity *id, struct db *db, int64_t now_ms)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_credentials_sweep(id, db, now_ms));
    TRY(identity_store_login_link_sweep(db, now_ms));
    TRY(identity_store_throttle_sweep(db, now_ms - THROTTLE_PAIR.window_ms));
    return db_txn_commit(&tx);
}

err_t identity_sweep(struct identity *id, struct db *db, int64_t now_ms)
{
    TRY(sweep_rows(id, db, now_ms));
    return identity_erase_due(id, db, now_ms);
}

struct keeper_turn {
    bool stop, sweep;
};

/* Sleep until something waits to be written and a little longer, for what comes with it. */
static struct keeper_turn keeper_wait(struct identity *id)
{
    mutex_lock(&id->keeper_mutex);
    if (!id->stopping && !id->touch_count && !id->sweep_wanted)
        cond_wait_ms(&id->keeper_wake, &id->keeper_mutex, SWEEP_EVERY_MS);
    int64_t until_ms = clock_monotonic_ms() + GATHER_MS;
    while (!id->stopping && clock_monotonic_ms() < until_ms)
        cond_wait_ms(&id->keeper_wake, &id->keeper_mutex, GATHER_MS);
    struct keeper_turn turn = { id->stopping, id->sweep_wanted };
    id->sweep_wanted = false;
    mutex_unlock(&id->keeper_mutex);
    return turn;
}

static void keep(struct identity *id, struct db *db)
{
    int64_t swept_ms = clock_monotonic_ms();
    struct keeper_turn turn = { 0 };
    while (!turn.stop) {
        turn = keeper_wait(id);
        err_t e = identity_flush(id, db);
        int64_t now_ms = clock_monotonic_ms();
        if (e == OK && !turn.stop && (turn.sweep || now_ms - swept_ms >= SWEEP_EVERY_MS)) {
            e = identity_sweep(id, db, clock_wall_ms());
            swept_ms = now_ms;
        }
        if (e != OK)
            log_at(LOG_WARN, "identity.upkeep", LZ("error", err_code(e)),
                   LZ("detail", err_log_text()));
        err_clear();
    }
}

static void keeper_main(void *context)
{
    struct identity *id = context;
    struct db *db;
    err_t e = db_connect(id->store, &db);
    if (e != OK) {
        log_at(LOG_ERROR, "identity.upkeep", LZ("error", err_code(e)),
               LZ("detail", err_log_text()));
        return;
    }
    keep(id, db);
    db_disconnect(db);
}

err_t identity_keeper_start(struct identity *id)
{
    id->sweep_wanted = true; /* what fell due while no process ran */
    return thread_start(&id->keeper, "identity", keeper_main, id);
}

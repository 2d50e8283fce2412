/* Handing out durable jobs: one thread starts a slot's thread where a job is due, renews the leases
 * of what runs, hears of cancels that other processes were asked for, joins what has ended. */
#include "base/log.h"
#include "ops/inside.h"
#include "os/clock.h"

enum {
    POLL_MS = 5000,
    POLL_POSTGRES_MS = 1000, /* jobs that other processes queued, or asked to cancel */
    TROUBLE_MS = 1000,       /* the store failed: look again after */
    SWEEP_EVERY_MS = 3600 * 1000,
};

/* Until the next wake-up or the stop, at most wait_ms; and not before OPS_GATHER_MS after the last round, for each commit
 * wakes. */
static void rest(struct jobs *j, int64_t wait_ms, int64_t began_ms)
{
    int64_t left_ms;
    mutex_lock(&j->mutex);
    if (wait_ms > 0 && !j->wake && !j->stopping)
        UNUSED(cond_wait_ms(&j->cond, &j->mutex, wait_ms));
    j->gathering = true;
    while (!j->stopping && (left_ms = began_ms + OPS_GATHER_MS - clock_real_ms()) > 0)
        UNUSED(cond_wait_ms(&j->cond, &j->mutex, left_ms));
    j->gathering = j->wake = false;
    mutex_unlock(&j->mutex);
}

/* --- the thread that hands out --------------------------------------------------------------- */

static void set_free(struct jobs *j, struct job_run *run)
{
    mutex_lock(&j->mutex);
    run->slot = SLOT_FREE;
    mutex_unlock(&j->mutex);
}

/* Join what has ended; `all`: also what has not, by waiting for it. */
static void join_slots(struct jobs *j, bool all)
{
    for (size_t i = 0; i < j->kind_count; i++)
        for (int k = 0; k < j->kinds[i].count; k++) {
            struct job_run *run = &j->kinds[i].runs[k];
            mutex_lock(&j->mutex);
            bool join = run->slot == SLOT_ENDED || (all && run->slot == SLOT_BUSY);
            mutex_unlock(&j->mutex);
            if (!join)
                continue;
            thread_join(&run->thread);
            set_free(j, run);
        }
}

/* A slot to start a thread in, marked as busy; NULL: none is free. */
static struct job_run *free_slot(struct jobs *j, struct job_slots *kind)
{
    struct job_run *found = NULL;
    mutex_lock(&j->mutex);
    for (int k = 0; k < kind->count && !found; k++)
        if (kind->runs[k].slot == SLOT_FREE)
            found = &kind->runs[k];
    if (found)
        found->slot = SLOT_BUSY;
    mutex_unlock(&j->mutex);
    return found;
}

/* A thread for each due job while there are slots. */
static err_t start_slots(struct jobs *j, struct job_slots *kind)
{
    struct job_run *run = free_slot(j, kind);
    int64_t due = 0;
    if (!run)
        return OK;
    err_t e = ops_store_job_due_count(j->db, kind->kind->name, clock_wall_ms(), &due);
    for (; e == OK && run && due > 0; due--) {
        e = thread_start(&run->thread, "job", job_worker_run, run);
        if (e == OK)
            run = due > 1 ? free_slot(j, kind) : NULL;
    }
    if (run)
        set_free(j, run);
    return e;
}

/* Keep the lease, and hear of a cancel that another process was asked for. */
static err_t renew_one(struct jobs *j, struct job_run *run, const struct job_lease *lease,
                       bool postgres)
{
    int64_t now_ms = clock_monotonic_ms();
    bool held = true, cancel = false;
    mutex_lock(&j->mutex);
    bool due = now_ms - run->renewed_ms >= run->kind->lease_ms / 3;
    mutex_unlock(&j->mutex);
    if (due) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, j->db));
        TRY(ops_store_job_renew(j->db, lease, clock_wall_ms() + run->kind->lease_ms, &held));
        TRY(db_txn_commit(&tx));
    }
    if (due || postgres)
        TRY(ops_store_job_cancel_asked(j->db, lease, &cancel));
    mutex_lock(&j->mutex);
    if (run->active && uuid_eq(run->lease.token, lease->token)) {
        run->lost = run->lost || !held;
        run->cancel = run->cancel || cancel;
        if (due)
            run->renewed_ms = now_ms;
    }
    mutex_unlock(&j->mutex);
    return OK;
}

static void renew(struct jobs *j, struct job_run *run, bool postgres)
{
    mutex_lock(&j->mutex);
    bool active = run->active;
    struct job_lease lease = run->lease;
    mutex_unlock(&j->mutex);
    if (!active)
        return;
    err_t e = renew_one(j, run, &lease, postgres);
    if (e == OK)
        return;
    log_at(LOG_WARN, "job.not_renewed", LZ("kind", run->kind->name), LZ("code", err_code(e)));
    mutex_lock(&j->mutex);
    if (run->active && uuid_eq(run->lease.token, lease.token) &&
        clock_monotonic_ms() - run->renewed_ms > run->kind->lease_ms)
        run->lost = true; /* somebody else may run it by now */
    mutex_unlock(&j->mutex);
}

/* One round over the kinds; *wait_ms shrinks to when the next is needed. */
static err_t round_of_kinds(struct jobs *j, bool postgres, int64_t *wait_ms)
{
    for (size_t i = 0; i < j->kind_count; i++) {
        struct job_slots *kind = &j->kinds[i];
        for (int k = 0; k < kind->count; k++)
            renew(j, &kind->runs[k], postgres);
        TRY(start_slots(j, kind));
        int64_t now_ms = clock_wall_ms(), next_ms = INT64_MIN;
        TRY(ops_store_job_next_ms(j->db, kind->kind->name, now_ms, &next_ms));
        if (next_ms != INT64_MIN && next_ms - now_ms < *wait_ms)
            *wait_ms = next_ms - now_ms;
        if (kind->kind->lease_ms / 4 < *wait_ms)
            *wait_ms = kind->kind->lease_ms / 4;
    }
    return OK;
}

static void sweep(struct jobs *j)
{
    if (clock_monotonic_ms() < j->next_sweep_ms)
        return;
    j->next_sweep_ms = clock_monotonic_ms() + SWEEP_EVERY_MS;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    err_t e = db_txn_begin(&tx, j->db);
    if (e == OK)
        e = ops_store_job_sweep(j->db, clock_wall_ms() - JOB_KEEP_MS);
    if (e == OK)
        e = db_txn_commit(&tx);
    if (e != OK)
        log_at(LOG_WARN, "job.not_swept", LZ("code", err_code(e)));
}

static void hand_out(void *arg)
{
    struct ops *ops = arg;
    struct jobs *j = &ops->jobs;
    bool postgres = db_backend(ops->app->store) == DB_POSTGRES;
    while (!jobs_stopping(j)) {
        int64_t wait_ms = postgres ? POLL_POSTGRES_MS : POLL_MS, began_ms = clock_real_ms();
        join_slots(j, false);
        err_t e = j->db ? OK : db_connect(ops->app->store, &j->db);
        if (e == OK) {
            sweep(j);
            e = round_of_kinds(j, postgres, &wait_ms);
        }
        if (e != OK) {
            log_at(LOG_ERROR, "job.store_failed", LZ("code", err_code(e)),
                   LZ("detail", err_log_text()));
            wait_ms = TROUBLE_MS;
        }
        rest(j, wait_ms, began_ms);
    }
    join_slots(j, true);
    db_disconnect(j->db);
    j->db = NULL;
}

/* --- start and stop -------------------------------------------------------------------------- */

static err_t make_slots(struct ops *ops, struct job_slots *slots, const struct job_kind *kind)
{
    int parallel = kind->parallel_of ? kind->parallel_of(ops->app) : kind->parallel;
    assert(kind->name && kind->run && parallel >= 1 && parallel <= 64);
    assert(kind->attempts_max >= 1 && kind->lease_ms >= 1000);
    slots->kind = kind;
    slots->count = parallel;
    slots->runs = ARENA_ARRAY(&ops->arena, struct job_run, (size_t)parallel);
    if (!slots->runs)
        return arena_err(&ops->arena);
    for (int k = 0; k < slots->count; k++) {
        slots->runs[k].ops = ops;
        slots->runs[k].kind = kind;
    }
    return OK;
}

/* The only process on a SQLite store is this one: what was running ran in a process that is
 * dead. */
static err_t requeue_left(struct ops *ops)
{
    if (db_backend(ops->app->store) != DB_SQLITE)
        return OK;
    struct db *db;
    TRY(db_connect(ops->app->store, &db));
    struct db_txn tx = { 0 };
    err_t e = db_txn_begin(&tx, db);
    if (e == OK)
        e = ops_store_job_requeue_all(db, clock_wall_ms());
    if (e == OK)
        e = db_txn_commit(&tx);
    db_txn_end(&tx);
    db_disconnect(db);
    return e;
}

err_t jobs_start(struct ops *ops)
{
    struct jobs *j = &ops->jobs;
    const struct module *const *modules = ops->app->modules;
    size_t count = 0;
    for (size_t i = 0; modules[i]; i++)
        count += modules[i]->job_count;
    j->kinds = ARENA_ARRAY(&ops->arena, struct job_slots, count);
    if (!j->kinds)
        return arena_err(&ops->arena);
    for (size_t i = 0; modules[i]; i++)
        for (size_t k = 0; k < modules[i]->job_count; k++)
            TRY(make_slots(ops, &j->kinds[j->kind_count++], &modules[i]->jobs[k]));
    TRY(requeue_left(ops));
    return thread_start(&j->thread, "jobs", hand_out, ops);
}

void jobs_wake(struct ops *ops)
{
    struct jobs *j = &ops->jobs;
    mutex_lock(&j->mutex);
    j->wake = true;
    if (!j->gathering)
        cond_broadcast(&j->cond);
    mutex_unlock(&j->mutex);
}

void jobs_stop(struct ops *ops)
{
    struct jobs *j = &ops->jobs;
    mutex_lock(&j->mutex);
    j->stopping = true;
    cond_broadcast(&j->cond);
    mutex_unlock(&j->mutex);
    thread_join(&j->thread);
}

err_t jobs_idle(struct ops *ops, struct db *db, bool *ret)
{
    struct jobs *j = &ops->jobs;
    *ret = false;
    for (size_t i = 0; i < j->kind_count; i++) {
        int64_t due = 0, running = 0;
        TRY(ops_store_job_due_count(db, j->kinds[i].kind->name, clock_wall_ms(), &due));
        TRY(ops_store_job_running_count(db, j->kinds[i].kind->name, &running));
        if (due || running)
            return OK;
    }
    *ret = true;
    return OK;
}

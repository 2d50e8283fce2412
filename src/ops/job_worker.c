/* Running durable jobs: one thread hands out slots, renews leases and joins; a slot's thread takes jobs of its kind
 * until none is due, then ends, so that an idle server has no worker threads. Every write to a job's row names
 * the token of the run: a run whose lease was taken over cannot write any more. */
#include "base/log.h"
#include "ops/inside.h"
#include "os/clock.h"
#include "os/entropy.h"

enum {
    POLL_MS = 5000,
    POLL_POSTGRES_MS = 1000, /* jobs that other processes queued, or asked to cancel */
    TROUBLE_MS = 1000,       /* the store failed: look again after */
    SWEEP_EVERY_MS = 3600 * 1000,
    FINISH_TRIES = 5,
};

static bool stopping(struct jobs *j)
{
    mutex_lock(&j->mutex);
    bool yes = j->stopping;
    mutex_unlock(&j->mutex);
    return yes;
}

/* Until the next wake-up or the stop, at most wait_ms. */
static void rest(struct jobs *j, int64_t wait_ms)
{
    mutex_lock(&j->mutex);
    if (wait_ms > 0 && !j->wake && !j->stopping)
        UNUSED(cond_wait_ms(&j->cond, &j->mutex, wait_ms));
    j->wake = false;
    mutex_unlock(&j->mutex);
}

/* The store failed: do not turn in circles. Ends with the stop. */
static void rest_in_trouble(struct jobs *j)
{
    mutex_lock(&j->mutex);
    if (!j->stopping)
        UNUSED(cond_wait_ms(&j->cond, &j->mutex, TROUBLE_MS));
    mutex_unlock(&j->mutex);
}

/* --- from inside a run -------------------------------------------------------------------------- */

err_t job_check(struct job_run *run)
{
    struct jobs *j = &run->ops->jobs;
    mutex_lock(&j->mutex);
    err_t e = run->cancel ? E_CANCELLED : run->lost || j->stopping ? E_STOPPING : OK;
    mutex_unlock(&j->mutex);
    return e;
}

/* The row as it is now, for telling. */
static struct job_row row_now(struct job_run *run, char phase[JOB_PHASE_BYTES_MAX + 1])
{
    struct job_row row = run->record.row;
    mutex_lock(&run->ops->jobs.mutex);
    memcpy(phase, run->phase, sizeof run->phase);
    row.progress_done = run->done;
    row.progress_total = run->total;
    mutex_unlock(&run->ops->jobs.mutex);
    row.phase = str_from(phase);
    return row;
}

static void tell(struct job_run *run)
{
    char phase[JOB_PHASE_BYTES_MAX + 1];
    struct job_row row = row_now(run, phase);
    run->told_ms = clock_monotonic_ms();
    jobs_tell(run->ops->app, run->db, run->kind, &row);
}

static void set_phase(struct job_run *run, struct str phase, int64_t done, int64_t total)
{
    assert(phase.n <= JOB_PHASE_BYTES_MAX);
    memset(run->phase, 0, sizeof run->phase);
    if (phase.n)
        memcpy(run->phase, phase.s, phase.n);
    run->done = done;
    run->total = total;
}

err_t job_phase(struct job_run *run, const char *phase, struct str state)
{
    TRY(job_check(run));
    struct jobs *j = &run->ops->jobs;
    int64_t now_ms = clock_wall_ms(), began_ms = clock_monotonic_ms();
    bool held = false;
    {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, run->db));
        TRY(ops_store_job_phase(run->db, &run->lease, phase, state, now_ms + run->kind->lease_ms,
                                now_ms, &held));
        TRY(db_txn_commit(&tx));
    }
    if (state.s)
        run->record.row.state = str_dup(&run->arena, state);
    run->record.row.updated_ms = now_ms;
    mutex_lock(&j->mutex);
    run->lost = run->lost || !held;
    run->renewed_ms = began_ms;
    set_phase(run, str_from(phase), 0, -1);
    mutex_unlock(&j->mutex);
    TRY(arena_err(&run->arena));
    TRY(job_check(run));
    tell(run);
    return OK;
}

void job_progress(struct job_run *run, int64_t done, int64_t total)
{
    mutex_lock(&run->ops->jobs.mutex);
    run->done = done;
    run->total = total;
    mutex_unlock(&run->ops->jobs.mutex);
    if (done == total || clock_monotonic_ms() - run->told_ms >= JOB_TELL_MS)
        tell(run);
}

/* --- the end of a run ------------------------------------------------------------------------------ */

static bool may_try_again(err_t e)
{
    return e == E_BUSY || e == E_TIMEOUT || e == E_UPSTREAM || e == E_IO || e == E_DB ||
           e == E_FULL || e == E_READ_ONLY || e == E_STOPPING;
}

/* Doubled each time, between half and all of it: many that failed together do not come back together. */
static int64_t backoff_ms(int64_t attempt)
{
    int64_t most = (int64_t)JOB_RETRY_MS << (attempt < 1 ? 0 : attempt > 20 ? 19 : attempt - 1);
    if (most > JOB_RETRY_MAX_MS)
        most = JOB_RETRY_MAX_MS;
    uint32_t random;
    entropy_fill(&random, sizeof random);
    return most / 2 + (int64_t)(random % (uint64_t)(most / 2 + 1));
}

/* It ends for good: done, failed or cancelled. */
static err_t end_for_good(struct job_run *run, err_t e, struct str detail, bool *ret_held)
{
    struct job_row *row = &run->record.row;
    struct job_end end = {
        .status = e == OK            ? "done"
                  : e == E_CANCELLED ? "cancelled"
                                     : "failed",
        .code = e == OK ? STR_NONE : str_from(err_code(e)),
        .detail = e == OK ? STR_NONE : detail,
        .done = run->done,
        .total = run->total,
    };
    TRY(ops_store_job_end(run->db, &run->lease, &end, clock_wall_ms(), ret_held));
    struct job job = job_of(row);
    if (*ret_held && e != OK && run->kind->failed)
        TRY(run->kind->failed(run->ops->app, run->db, &run->arena, &job, e, detail));
    row->status = str_from(end.status);
    row->error_code = end.code;
    row->error_detail = end.detail;
    return OK;
}

static err_t put_back(struct job_run *run, err_t e, struct str detail, bool *ret_held)
{
    struct job_row *row = &run->record.row;
    bool stopped = e == E_STOPPING && stopping(&run->ops->jobs); /* not the job's fault */
    int64_t now_ms = clock_wall_ms();
    TRY(ops_store_job_requeue(run->db, &run->lease, row->attempt - stopped,
                              now_ms + (stopped ? 0 : backoff_ms(row->attempt)),
                              str_from(err_code(e)), detail, now_ms, ret_held));
    row->status = S("queued");
    return OK;
}

static err_t finish_once(struct job_run *run, err_t e, struct str detail, bool *ret_held)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, run->db));
    bool cancel;
    TRY(ops_store_job_cancel_asked(run->db, &run->lease, &cancel));
    bool stopped = e == E_STOPPING && stopping(&run->ops->jobs);
    if (cancel && may_try_again(e))
        e = E_CANCELLED;
    if (may_try_again(e) && (stopped || run->record.row.attempt < run->kind->attempts_max))
        TRY(put_back(run, e, detail, ret_held));
    else
        TRY(end_for_good(run, e, detail, ret_held));
    run->record.row.updated_ms = clock_wall_ms();
    return db_txn_commit(&tx);
}

/* A store that fails for a moment does not lose the result; one that goes on failing leaves the lease to end, and the
 * job runs again. */
static void finish(struct job_run *run, err_t e)
{
    struct str detail = str_dup(&run->arena, str_from(err_detail()->text));
    if (!detail.s)
        detail = S("");
    struct jobs *j = &run->ops->jobs;
    struct job_record claimed = run->record;
    bool held = false;
    err_t stored = E_DB;
    for (int i = 0; i < FINISH_TRIES; i++) {
        run->record = claimed;
        stored = finish_once(run, e, detail, &held);
        if (stored == OK || i + 1 == FINISH_TRIES)
            break;
        rest_in_trouble(j);
    }
    char id[UUID_TEXT_BYTES + 1];
    uuid_text(run->lease.id, id);
    if (stored != OK)
        log_at(LOG_ERROR, "job.not_stored", LZ("kind", run->kind->name), LZ("job", id),
               LZ("code", err_code(stored)), LZ("detail", err_detail()->text));
    else if (!held)
        log_at(LOG_WARN, "job.lease_lost", LZ("kind", run->kind->name), LZ("job", id));
    else
        log_at(e == OK || e == E_CANCELLED || e == E_STOPPING ? LOG_INFO : LOG_WARN, "job.run",
               LZ("kind", run->kind->name), LZ("job", id), LS("status", run->record.row.status),
               LI("attempt", run->record.row.attempt), LZ("code", err_code(e)));
    mutex_lock(&j->mutex);
    run->active = false; /* from now on the row knows best */
    mutex_unlock(&j->mutex);
    if (stored == OK && held)
        tell(run);
}

/* --- a slot's thread --------------------------------------------------------------------------------- */

/* Take the next due job. E_NOT_FOUND: none. */
static err_t take(struct job_run *run)
{
    struct jobs *j = &run->ops->jobs;
    int64_t due = 0, now_ms = clock_wall_ms(), began_ms = clock_monotonic_ms();
    TRY(ops_store_job_due_count(run->db, run->kind->name, now_ms, &due));
    if (due <= 0)
        return E_NOT_FOUND; /* without taking the writer's turn */
    struct job_record record;
    struct uuid token = uuid_new();
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, run->db));
    TRY(ops_store_job_claim(run->db, &run->arena, run->kind->name, token,
                            now_ms + run->kind->lease_ms, now_ms, &record));
    TRY(db_txn_commit(&tx));
    mutex_lock(&j->mutex);
    run->record = record;
    run->lease = (struct job_lease){ record.row.owner_id, record.row.id, token };
    run->cancel = record.cancel;
    run->lost = false;
    run->active = true;
    run->renewed_ms = began_ms;
    set_phase(run, str_sub(record.row.phase, 0, JOB_PHASE_BYTES_MAX), record.row.progress_done,
              record.row.progress_total);
    mutex_unlock(&j->mutex);
    /* Who asked between the claim and this found no run to mark. */
    bool cancel = false;
    if (ops_store_job_cancel_asked(run->db, &run->lease, &cancel) == OK && cancel)
        jobs_cancel_here(run->ops, run->lease.id);
    return OK;
}

static err_t run_job(struct job_run *run)
{
    struct job job = job_of(&run->record.row);
    if (run->record.cancel)
        return E_CANCELLED; /* its run ended with the process before it could */
    if (job.attempt > run->kind->attempts_max)
        return err_note(E_INTERNAL, NULL,
                        "it was begun %d times and each time the server stopped before its end",
                        run->kind->attempts_max);
    tell(run);
    return run->kind->run(run->ops->app, run->db, &run->arena, &job, run);
}

void job_worker_run(void *arg)
{
    struct job_run *run = arg;
    struct jobs *j = &run->ops->jobs;
    err_t e = db_connect(run->ops->app->store, &run->db);
    arena_init(&run->arena, JOB_ARENA_BYTES_MAX);
    while (e == OK && !stopping(j)) {
        arena_reset(&run->arena);
        e = take(run);
        if (e != OK)
            break;
        err_clear();
        err_t result = run_job(run);
        assert(!db_in_txn(run->db));
        finish(run, result);
    }
    arena_free(&run->arena);
    db_disconnect(run->db);
    run->db = NULL;
    if (e != OK && e != E_NOT_FOUND) {
        log_at(e == E_BUSY ? LOG_WARN : LOG_ERROR, "job.not_taken", LZ("kind", run->kind->name),
               LZ("code", err_code(e)), LZ("detail", err_detail()->text));
        rest_in_trouble(j);
    }
    mutex_lock(&j->mutex);
    run->slot = SLOT_ENDED;
    j->wake = true;
    cond_broadcast(&j->cond);
    mutex_unlock(&j->mutex);
}

/* --- the thread that hands out --------------------------------------------------------------------------- */

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
    while (!stopping(j)) {
        int64_t wait_ms = postgres ? POLL_POSTGRES_MS : POLL_MS;
        join_slots(j, false);
        err_t e = j->db ? OK : db_connect(ops->app->store, &j->db);
        if (e == OK) {
            sweep(j);
            e = round_of_kinds(j, postgres, &wait_ms);
        }
        if (e != OK) {
            log_at(LOG_ERROR, "job.store_failed", LZ("code", err_code(e)),
                   LZ("detail", err_detail()->text));
            wait_ms = TROUBLE_MS;
        }
        rest(j, wait_ms);
    }
    join_slots(j, true);
    db_disconnect(j->db);
    j->db = NULL;
}

/* --- start and stop ------------------------------------------------------------------------------------------ */

static err_t make_slots(struct ops *ops, struct job_slots *slots, const struct job_kind *kind)
{
    assert(kind->name && kind->run && kind->parallel >= 1 && kind->parallel <= 64);
    assert(kind->attempts_max >= 1 && kind->lease_ms >= 1000);
    slots->kind = kind;
    slots->count = kind->parallel;
    slots->runs = ARENA_ARRAY(&ops->arena, struct job_run, (size_t)kind->parallel);
    if (!slots->runs)
        return arena_err(&ops->arena);
    for (int k = 0; k < slots->count; k++) {
        slots->runs[k].ops = ops;
        slots->runs[k].kind = kind;
    }
    return OK;
}

/* The only process on a SQLite store is this one: what was running ran in a process that is dead. */
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

/* Running durable jobs, in a slot's thread (job_dispatch.c starts it): it takes jobs of its kind
 * until none is due, then ends, so that an idle server has no worker threads. Every write to a
 * job's row names the token of the run: a run whose lease was taken over cannot write any more. */
#include "base/log.h"
#include "base/utf8.h"
#include "ops/inside.h"
#include "os/clock.h"
#include "os/entropy.h"

enum {
    TROUBLE_MS = 1000, /* the store failed: look again after */
    FINISH_TRIES = 5,
};

/* The store failed: do not turn in circles. Ends with the stop. */
static void rest_in_trouble(struct jobs *j)
{
    mutex_lock(&j->mutex);
    if (!j->stopping)
        UNUSED(cond_wait_ms(&j->cond, &j->mutex, TROUBLE_MS));
    mutex_unlock(&j->mutex);
}

/* --- from inside a run ----------------------------------------------------------------------- */

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

/* --- the end of a run ------------------------------------------------------------------------ */

static bool may_try_again(err_t e)
{
    return e == E_BUSY || e == E_TIMEOUT || e == E_UPSTREAM || e == E_IO || e == E_DB ||
           e == E_STORE || e == E_UNCLEAR || e == E_FULL || e == E_READ_ONLY || e == E_STOPPING;
}

/* Doubled each time, between half and all of it: many that failed together do not come back
 * together. */
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
    bool stopped = e == E_STOPPING && jobs_stopping(&run->ops->jobs); /* not the job's fault */
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
    bool stopped = e == E_STOPPING && jobs_stopping(&run->ops->jobs);
    if (cancel && may_try_again(e))
        e = E_CANCELLED;
    if (may_try_again(e) && (stopped || run->record.row.attempt < run->kind->attempts_max))
        TRY(put_back(run, e, detail, ret_held));
    else
        TRY(end_for_good(run, e, detail, ret_held));
    run->record.row.updated_ms = clock_wall_ms();
    return db_txn_commit(&tx);
}

/* A store that fails for a moment does not lose the result; one that goes on failing leaves the
 * lease to end, and the job runs again. */
static void finish(struct job_run *run, err_t e)
{
    struct str detail = utf8_repair(&run->arena, str_from(err_detail()->text));
    detail = str_dup(&run->arena, detail);
    if (!detail.s)
        detail = S("");
    struct jobs *j = &run->ops->jobs;
    struct job_record claimed = run->record;
    bool held = false;
    err_t stored = E_STORE;
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
               LZ("code", err_code(stored)), LZ("detail", err_log_text()));
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

/* --- a slot's thread ------------------------------------------------------------------------- */

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
    if (run->record.row.deaths >= JOB_DEATHS_MAX)
        return err_note(E_CRASHED, NULL,
                        "it was begun %d times and each time the server ended before its end; it "
                        "is not tried again by itself",
                        (int)run->record.row.deaths);
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
    if (e == OK)
        db_set_patience(run->db, DB_FOR_WORK);
    arena_init(&run->arena, JOB_ARENA_BYTES_MAX);
    while (e == OK && !jobs_stopping(j)) {
        arena_reset(&run->arena);
        e = take(run);
        if (e != OK)
            break;
        err_clear();
        err_t result = run_job(run);
        assert(!db_in_txn(run->db));
        finish(run, result);
        arena_give_back();
    }
    arena_free(&run->arena);
    db_disconnect(run->db);
    run->db = NULL;
    if (e != OK && e != E_NOT_FOUND) {
        log_at(e == E_BUSY ? LOG_WARN : LOG_ERROR, "job.not_taken", LZ("kind", run->kind->name),
               LZ("code", err_code(e)), LZ("detail", err_log_text()));
        rest_in_trouble(j);
    }
    mutex_lock(&j->mutex);
    run->slot = SLOT_ENDED;
    j->wake = true;
    cond_broadcast(&j->cond);
    mutex_unlock(&j->mutex);
}

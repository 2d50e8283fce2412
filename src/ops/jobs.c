/* Durable jobs from outside: queued, looked at, cancelled. Running them is job_worker.c. */
#include "ops/inside.h"
#include "os/clock.h"
#include "os/entropy.h"

/* --- queueing ------------------------------------------------------------------------------- */

static err_t add_or_find(struct db *db, struct arena *a, struct uuid owner, const char *kind,
                         struct str payload, struct str dedup, int64_t now_ms, struct uuid *ret_id,
                         bool *ret_existing)
{
    err_t e = dedup.s ? ops_store_job_live(db, a, owner, kind, dedup, ret_id) : E_NOT_FOUND;
    if (e != E_NOT_FOUND) {
        *ret_existing = true;
        return e;
    }
    struct uuid id = uuid_new();
    bool inserted;
    TRY(ops_store_job_insert(db, owner, id, kind, payload, dedup, now_ms, &inserted));
    if (!inserted)
        return E_CONFLICT; /* another transaction queued it in the meantime */
    *ret_id = id;
    *ret_existing = false;
    return OK;
}

err_t job_add(struct db *db, struct arena *a, struct uuid owner, const char *kind,
              struct str payload, struct str dedup, int64_t now_ms, struct uuid *ret_id,
              bool *ret_existing)
{
    assert(db_in_txn(db));
    assert(kind && payload.s && !uuid_is_nil(owner));
    if (payload.n > JOB_PAYLOAD_BYTES_MAX)
        return err_note(E_LIMIT, NULL, "the job's input has more than %zu bytes",
                        JOB_PAYLOAD_BYTES_MAX);
    struct uuid id;
    bool existing = false;
    err_t e = E_CONFLICT;
    for (int tries = 0; tries < 3 && e == E_CONFLICT; tries++)
        e = add_or_find(db, a, owner, kind, payload, dedup, now_ms, &id, &existing);
    if (e != OK)
        return e == E_CONFLICT ? E_BUSY : e;
    db_txn_mark(db, DB_MARK_JOBS);
    *ret_id = id;
    if (ret_existing)
        *ret_existing = existing;
    return OK;
}

/* --- looking ---------------------------------------------------------------------------------- */

struct job_run *jobs_run_of(struct ops *ops, struct uuid id)
{
    for (size_t i = 0; i < ops->jobs.kind_count; i++)
        for (int j = 0; j < ops->jobs.kinds[i].count; j++) {
            struct job_run *run = &ops->jobs.kinds[i].runs[j];
            if (run->active && uuid_eq(run->lease.id, id))
                return run;
        }
    return NULL;
}

/* What memory knows better than the row. */
static err_t overlay(struct ops *ops, struct arena *a, struct job_row *row)
{
    if (!ops || !str_eq(row->status, S("running")))
        return OK;
    char phase[JOB_PHASE_BYTES_MAX + 1];
    mutex_lock(&ops->jobs.mutex);
    struct job_run *run = jobs_run_of(ops, row->id);
    if (run) {
        memcpy(phase, run->phase, sizeof phase);
        row->progress_done = run->done;
        row->progress_total = run->total;
    }
    mutex_unlock(&ops->jobs.mutex);
    if (run)
        row->phase = str_dup(a, str_from(phase));
    return arena_err(a);
}

static err_t complete(struct app *app, struct db *db, struct arena *a, struct job_record *r)
{
    r->row.position = 0;
    if (str_eq(r->row.status, S("queued")))
        TRY(ops_store_job_position(db, r));
    return overlay(app->ops, a, &r->row);
}

err_t job_get(struct app *app, struct db *db, struct arena *a, struct uuid owner, struct uuid id,
              struct job_row *ret)
{
    struct job_record r;
    TRY(ops_store_job_one(db, a, owner, id, &r));
    TRY(complete(app, db, a, &r));
    *ret = r.row;
    return OK;
}

err_t job_list(struct app *app, struct db *db, struct arena *a, struct uuid owner, const char *kind,
               int64_t before_ms, struct uuid before_id, size_t limit, struct job_row **ret,
               size_t *ret_count)
{
    struct job_record *found;
    size_t count;
    TRY(ops_store_job_list(db, a, owner, kind, before_ms, before_id, limit, &found, &count));
    struct job_row *rows = ARENA_ARRAY(a, struct job_row, count);
    if (!rows)
        return arena_err(a);
    for (size_t i = 0; i < count; i++) {
        TRY(complete(app, db, a, &found[i]));
        rows[i] = found[i].row;
    }
    *ret = rows;
    *ret_count = count;
    return OK;
}

/* --- cancelling ------------------------------------------------------------------------------ */

const struct job_kind *jobs_kind(const struct app *app, struct str name)
{
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->job_count; j++)
            if (str_eq(str_from(app->modules[i]->jobs[j].name), name))
                return &app->modules[i]->jobs[j];
    return NULL;
}

struct job job_of(const struct job_row *row)
{
    return (struct job){
        .id = row->id,
        .owner_id = row->owner_id,
        .kind = row->kind,
        .payload = row->payload,
        .state = row->state,
        .attempt = row->attempt,
    };
}

bool jobs_stopping(struct jobs *j)
{
    mutex_lock(&j->mutex);
    bool yes = j->stopping;
    mutex_unlock(&j->mutex);
    return yes;
}

void jobs_cancel_here(struct ops *ops, struct uuid id)
{
    if (!ops)
        return;
    mutex_lock(&ops->jobs.mutex);
    struct job_run *run = jobs_run_of(ops, id);
    if (run)
        run->cancel = true;
    mutex_unlock(&ops->jobs.mutex);
}

/* Inside a transaction: it ends now, and its room hears of it. */
static err_t end_queued(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                        int64_t now_ms, bool *ret_done)
{
    const struct job_kind *kind = jobs_kind(app, row->kind);
    struct job job = job_of(row);
    TRY(ops_store_job_cancel_queued(db, row->owner_id, row->id, now_ms, ret_done));
    return *ret_done && kind && kind->failed ? kind->failed(app, db, a, &job, E_CANCELLED, S(""))
                                             : OK;
}

static err_t cancel_queued(struct app *app, struct db *db, struct arena *a, struct job_row *row,
                           bool *ret_done)
{
    const struct job_kind *kind = jobs_kind(app, row->kind);
    int64_t now_ms = clock_wall_ms();
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(end_queued(app, db, a, row, now_ms, ret_done));
    TRY(db_txn_commit(&tx));
    row->status = S("cancelled");
    row->updated_ms = now_ms;
    if (*ret_done)
        jobs_tell(app, db, kind, row);
    return OK;
}

static err_t cancel_running(struct app *app, struct db *db, const struct job_row *row,
                            bool *ret_done)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(ops_store_job_cancel_running(db, row->owner_id, row->id, clock_wall_ms(), ret_done));
    TRY(db_txn_commit(&tx));
    if (*ret_done)
        jobs_cancel_here(app->ops, row->id);
    return OK;
}

err_t job_cancel(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, OPS_ARENA_BYTES_MAX);
    /* It may begin to run, or be queued again, between looking and writing: look again. */
    for (int tries = 0; tries < 5; tries++) {
        struct job_record r;
        bool done = false;
        TRY(ops_store_job_one(db, &a, owner, id, &r));
        if (str_eq(r.row.status, S("queued")))
            TRY(cancel_queued(app, db, &a, &r.row, &done));
        else if (str_eq(r.row.status, S("running")))
            TRY(cancel_running(app, db, &r.row, &done));
        else
            return err_note(E_CONFLICT, NULL, "it has ended already (%.*s)", STR_ARG(r.row.status));
        if (done)
            return OK;
    }
    return E_BUSY;
}

err_t jobs_end_of(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                  int64_t until_ms)
{
    enum { AT_ONCE = 100 };
    struct uuid after = { { 0 } };
    int64_t now_ms = clock_wall_ms();
    for (size_t count = AT_ONCE; count == AT_ONCE;) {
        struct job_record *live;
        TRY(ops_store_job_live_of(db, a, owner, until_ms, after, AT_ONCE, &live, &count));
        for (size_t i = 0; i < count; i++) {
            const struct job_row *row = &live[i].row;
            bool done = false;
            after = row->id;
            if (str_eq(row->status, S("queued")))
                TRY(end_queued(app, db, a, row, now_ms, &done));
            if (!done) /* on PostgreSQL it may have begun to run meanwhile */
                TRY(ops_store_job_cancel_running(db, owner, row->id, now_ms, &done));
            jobs_cancel_here(app->ops, row->id);
        }
    }
    return OK;
}

/* --- telling --------------------------------------------------------------------------------- */

static void write_count(struct json_out *o, const char *key, int64_t n)
{
    if (n < 0)
        jo_knull(o, key);
    else
        jo_ki64(o, key, n);
}

void job_write(struct json_out *o, const struct job_row *j)
{
    jo_kstr(o, "status", j->status);
    jo_kstr(o, "phase", j->phase.n ? j->phase : STR_NONE);
    jo_kz(o, "progress");
    jo_object(o);
    write_count(o, "done", j->progress_done);
    write_count(o, "total", j->progress_total);
    jo_end(o);
    write_count(o, "position", str_eq(j->status, S("queued")) ? j->position : -1);
    if (str_eq(j->status, S("failed")) && j->error_code.n) {
        jo_kz(o, "error");
        jo_object(o);
        jo_kstr(o, "code", j->error_code);
        jo_kstr(o, "detail", j->error_detail);
        jo_end(o);
    } else {
        jo_knull(o, "error");
    }
    jo_ktime(o, "created_at", j->created_ms);
    jo_ktime(o, "updated_at", j->updated_ms);
}

void jobs_tell(struct app *app, struct db *db, const struct job_kind *kind,
               const struct job_row *row)
{
    if (!app->tell)
        return;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(4));
    struct buf b;
    struct json_out o;
    buf_init(&b, &a, MIB(1));
    jo_init(&o, &b);
    err_t e = OK;
    if (kind && kind->write) {
        e = kind->write(app, db, &a, row, &o);
    } else {
        jo_object(&o);
        jo_kuuid(&o, "id", row->id);
        jo_kstr(&o, "kind", row->kind);
        job_write(&o, row);
        jo_end(&o);
    }
    char id[UUID_TEXT_BYTES + 1];
    uuid_text(row->id, id);
    struct str topic = str_fmt(&a, "%.*s:%s", STR_ARG(row->kind), id);
    bool last = !str_eq(row->status, S("queued")) && !str_eq(row->status, S("running"));
    /* What cannot be told is not lost: it stands in the row. */
    if (e == OK && buf_err(&b) == OK && topic.s)
        app->tell(app, topic, "progress", buf_str(&b), last);
}

err_t job_forget(struct db *db, struct uuid owner, struct uuid id)
{
    assert(db_in_txn(db));
    return ops_store_job_forget(db, owner, id);
}

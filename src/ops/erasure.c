/* What was deleted leaves the disk.
 *
 * What an account that is put away or disabled has queued or running ends. An account that goes takes along what each room holds of it, in one transaction (module.forget). After that, and after
 * every deletion of something that a room holds, the job "erase" has the rendered pages forgotten, removes the files that no row names any more, has the rooms
 * rewrite what still holds deleted words (module.scrub), and cuts the databases' logs. SQLite overwrites what it deletes
 * (secure_delete), so then no byte is left in the data folder (DESIGN section 7). PostgreSQL keeps deleted rows until its
 * own vacuum.
 * The job "sweep" has the rooms remove what has lain long enough (module.sweep), and looks for files without a row, now and then:
 * of captures that died, of transactions that failed. */
#include "base/limits.h"
#include "base/log.h"
#include "db/blob.h"
#include "ops/inside.h"
#include "os/clock.h"
#include "os/entropy.h"

enum {
    SWEEP_FIRST_MS = 10 * 60 * 1000, /* after the start */
    SWEEP_EVERY_MS = 60 * 60 * 1000,
    CONSUMERS_WAIT_MS = 10 * 1000,
    LOOK_MS = 20,
    LEASE_MS = 5 * 60 * 1000,
    ATTEMPTS_MAX = 1000
};

/* Whose jobs these are: no account's, so none takes them along. */
static const struct uuid NOBODY = { { [15] = 1 } };

/* --- an account that goes ----------------------------------------------------------------------------- */

static err_t forget_account(struct app *app, struct db *db, struct arena *a, struct uuid account)
{
    TRY(http_forget(db, account));
    TRY(jobs_end_of(app, db, a, account, INT64_MAX)); /* what runs ends before it writes again */
    TRY(ops_store_job_delete_owner(db, account));
    TRY(ops_store_readers_forget_account(db, account));
    for (size_t i = 0; app->modules[i]; i++)
        if (app->modules[i]->forget)
            TRY(app->modules[i]->forget(app, db, account));
    return OK;
}

/* Put away or disabled: nothing goes on in its name, though its rows stay. "disabled" is also told of one that is let in
 * again: what it queued earlier has ended by then. */
static bool is_shut_out(const struct op *op)
{
    return str_eq(op->kind, S("updated")) &&
           (str_eq(op->fields, S("deleted")) || str_eq(op->fields, S("disabled")));
}

static err_t forget_accounts(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                             const struct op *ops, size_t count)
{
    UNUSED(rows);
    for (size_t i = 0; i < count; i++) {
        const struct op *op = &ops[i];
        if (!str_eq(op->entity, S("account")))
            continue;
        if (str_eq(op->kind, S("deleted")))
            TRY(forget_account(app, effects, a, op->entity_id));
        else if (is_shut_out(op))
            TRY(jobs_end_of(app, effects, a, op->entity_id, op->created_ms));
    }
    return OK;
}

/* --- asking for the jobs ---------------------------------------------------------------------------------- */

/* One that waits is enough; one that runs may have passed what is to be erased now. */
static err_t ask_for(struct db *db, const char *kind, int64_t at_ms)
{
    int64_t waiting;
    bool inserted;
    TRY(ops_store_job_queued_count(db, kind, &waiting));
    if (waiting)
        return OK;
    TRY(ops_store_job_insert(db, NOBODY, uuid_new(), kind, S("{}"), STR_NONE, at_ms, &inserted));
    db_txn_mark(db, DB_MARK_JOBS);
    return OK;
}

/* An account goes with all its things; sessions, tokens and grants hold nobody's words. */
static bool leaves_bytes(const struct app *app, const struct op *op)
{
    const struct entity *e = app_entity(app, op->entity);
    return str_eq(op->kind, S("deleted")) &&
           (str_eq(op->entity, S("account")) || (e && entity_has_words(e)));
}

static err_t ask_to_erase(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                          const struct op *ops, size_t count)
{
    UNUSED(rows);
    UNUSED(a);
    for (size_t i = 0; i < count; i++)
        if (leaves_bytes(app, &ops[i]))
            return ask_for(effects, "erase", clock_wall_ms());
    return OK;
}

static err_t erasure_start(struct app *app)
{
    struct db *db;
    TRY(db_connect(app->store, &db));
    struct db_txn tx = { 0 };
    err_t e = db_txn_begin(&tx, db);
    if (e == OK)
        e = ask_for(db, "sweep", clock_wall_ms() + SWEEP_FIRST_MS);
    if (e == OK)
        e = db_txn_commit(&tx);
    db_txn_end(&tx);
    db_disconnect(db);
    return e;
}

/* --- files that no row names ---------------------------------------------------------------------------------- */

struct naming {
    struct app *app;
    struct db *db;
    struct job_run *run;
    err_t e; /* once something failed nothing more is removed */
};

static bool is_named(void *context, struct uuid owner, struct sha256 h)
{
    struct naming *n = context;
    if (n->e == OK)
        n->e = job_check(n->run);
    bool named = false;
    for (size_t i = 0; n->e == OK && !named && n->app->modules[i]; i++)
        if (n->app->modules[i]->names_blob)
            n->e = n->app->modules[i]->names_blob(n->db, owner, h, &named);
    return named || n->e != OK;
}

static err_t sweep_blobs(struct app *app, struct db *db, struct job_run *run)
{
    struct naming n = { .app = app, .db = db, .run = run };
    size_t removed;
    if (!app->blobs)
        return OK;
    TRY(blob_sweep(app->blobs, BLOB_SWEEP_AGE_MS, is_named, &n, &removed));
    if (removed)
        log_at(LOG_INFO, "blobs.swept", LI("removed", (int64_t)removed));
    return n.e;
}

static err_t sweep(struct app *app, struct db *db, struct arena *a, const struct job *job,
                   struct job_run *run)
{
    UNUSED(job);
    for (size_t i = 0; app->modules[i]; i++) {
        TRY(job_check(run));
        if (app->modules[i]->sweep)
            TRY(app->modules[i]->sweep(app, db, a, clock_wall_ms()));
    }
    TRY(sweep_blobs(app, db, run));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(ask_for(db, "sweep", clock_wall_ms() + SWEEP_EVERY_MS));
    return db_txn_commit(&tx);
}

static err_t sweep_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                          err_t why, struct str detail)
{
    UNUSED(app);
    UNUSED(a);
    UNUSED(job);
    UNUSED(why);
    UNUSED(detail);
    return ask_for(db, "sweep", clock_wall_ms() + SWEEP_EVERY_MS);
}

/* --- everything that was deleted ------------------------------------------------------------------------------ */

/* The rooms forget and the index lets go at the consumers' pace; only then can it be gone. */
static err_t wait_for_consumers(struct app *app, struct db *db, struct db *index,
                                struct job_run *run)
{
    bool idle = false;
    for (int waited_ms = 0; waited_ms < CONSUMERS_WAIT_MS; waited_ms += LOOK_MS) {
        TRY(job_check(run));
        TRY(consumers_idle(app->ops, db, index, &idle));
        if (idle)
            return OK;
        clock_sleep_ms(LOOK_MS);
    }
    return E_BUSY; /* tried again later */
}

static err_t scrub_index(struct app *app, struct db *index)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, index));
    for (size_t i = 0; app->modules[i]; i++)
        if (app->modules[i]->scrub)
            TRY(app->modules[i]->scrub(index));
    return db_txn_commit(&tx);
}

static err_t erase_with(struct app *app, struct db *db, struct db *index, struct job_run *run)
{
    TRY(wait_for_consumers(app, db, index, run));
    struct http_server *server = app->server;
    if (server) /* else no page is kept */
        http_pages_forget(server);
    TRY(sweep_blobs(app, db, run));
    if (index) {
        TRY(scrub_index(app, index));
        TRY(db_cut_log(app->index));
    }
    return db_cut_log(app->store);
}

static err_t erase(struct app *app, struct db *db, struct arena *a, const struct job *job,
                   struct job_run *run)
{
    UNUSED(a);
    UNUSED(job);
    struct db *index = NULL;
    if (app->index)
        TRY(db_connect(app->index, &index));
    if (index)
        db_set_patience(index, DB_FOR_LONG); /* scrubbing rewrites all of it */
    err_t e = erase_with(app, db, index, run);
    db_disconnect(index);
    return e;
}

/* --- the module -------------------------------------------------------------------------------------------------- */

static const struct op_consumer CONSUMERS[] = {
    { .name = "ops_accounts", .consume = forget_accounts },
    { .name = "ops_erase", .consume = ask_to_erase },
};

static const struct job_kind JOBS[] = {
    { .name = "erase",
      .parallel = 1,
      .attempts_max = ATTEMPTS_MAX,
      .lease_ms = LEASE_MS,
      .run = erase },
    { .name = "sweep",
      .parallel = 1,
      .attempts_max = ATTEMPTS_MAX,
      .lease_ms = LEASE_MS,
      .run = sweep,
      .failed = sweep_failed },
};

const struct module ops_module = {
    .name = "ops",
    .start = erasure_start,
    .consumers = CONSUMERS,
    .consumer_count = COUNTOF(CONSUMERS),
    .jobs = JOBS,
    .job_count = COUNTOF(JOBS),
};

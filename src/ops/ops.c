/* Start, stop, and waiting until everything that follows from the commits so far has been done. */
#include "ops/inside.h"
#include "os/clock.h"

/* Called by the store after the durable commit of a transaction that appended ops or queued a job, here or on another node.
 * Each is woken for its own alone: small writes are thousands a second, and jobs are few. */
static void committed(void *context, unsigned marks)
{
    struct ops *ops = context;
    if (marks & DB_MARK_OPS)
        consumers_wake(ops);
    if (marks & DB_MARK_JOBS)
        jobs_wake(ops);
}

/* Made, not started: mutexes and conditions are there, so that it can be stopped from any state. */
static err_t ops_new(struct app *app, struct ops **ret)
{
    struct arena arena;
    arena_init(&arena, MIB(4));
    struct ops *ops = ARENA_NEW(&arena, struct ops);
    if (!ops)
        return arena_err(&arena);
    ops->arena = arena; /* it holds itself */
    ops->app = app;
    mutex_init(&ops->consumers.mutex);
    cond_init(&ops->consumers.cond);
    mutex_init(&ops->jobs.mutex);
    cond_init(&ops->jobs.cond);
    *ret = ops;
    return OK;
}

static void ops_free(struct ops *ops)
{
    cond_free(&ops->jobs.cond);
    mutex_free(&ops->jobs.mutex);
    cond_free(&ops->consumers.cond);
    mutex_free(&ops->consumers.mutex);
    struct arena arena = ops->arena;
    arena_free(&arena);
}

static err_t check_log(struct app *app)
{
    struct db *db;
    TRY(db_connect(app->store, &db));
    db_set_patience(db, DB_FOR_LONG);
    err_t e = ops_log_check(db);
    db_disconnect(db);
    return e;
}

err_t ops_start(struct app *app)
{
    assert(!app->ops && app->store && app->modules);
    TRY(check_log(app));
    struct ops *ops = NULL;
    TRY(ops_new(app, &ops));
    app->ops = ops; /* before a job can ask for it */
    db_on_commit(app->store, committed, ops);
    err_t e = db_doorbell_open(app->store);
    if (e == OK)
        e = consumers_start(ops);
    if (e == OK)
        e = jobs_start(ops);
    if (e != OK)
        ops_stop(app);
    return e;
}

void ops_stop(struct app *app)
{
    struct ops *ops = app->ops;
    if (!ops)
        return;
    jobs_stop(ops);
    consumers_stop(ops);
    db_doorbell_close(app->store);
    db_on_commit(app->store, NULL, NULL);
    app->ops = NULL;
    ops_free(ops);
}

/* --- settling -------------------------------------------------------------------------------- */

static err_t settled(struct ops *ops, struct db *db, struct db *index, bool *ret)
{
    struct op_cursor before = { 0 }, after = { 0 };
    bool consumed = false, worked = false;
    *ret = false;
    err_t e = ops_store_last(db, &before);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(jobs_idle(ops, db, &worked));
    if (!worked)
        return OK;
    TRY(consumers_idle(ops, db, index, &consumed));
    if (!consumed)
        return OK;
    TRY(jobs_idle(ops, db, &worked)); /* a consumer may have queued some */
    e = ops_store_last(db, &after);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *ret = worked && op_cursor_cmp(before, after) == 0;
    return OK;
}

err_t ops_settle(struct app *app, int64_t timeout_ms)
{
    enum { LOOK_MS = 5 };
    assert(app->ops);
    struct db *db = NULL, *index = NULL;
    bool done = false;
    err_t e = db_connect(app->store, &db);
    if (e == OK && app->index)
        e = db_connect(app->index, &index);
    /* Counted in waits, not by the clock, which a test may have stopped. */
    for (int64_t waited_ms = 0; e == OK; waited_ms += LOOK_MS) {
        e = settled(app->ops, db, index, &done);
        if (e != OK || done)
            break;
        if (waited_ms >= timeout_ms) {
            e = err_note(E_TIMEOUT, NULL, "consumers or jobs have not come to an end");
            break;
        }
        committed(app->ops, DB_MARK_ALL);
        clock_sleep_ms(LOOK_MS);
    }
    db_disconnect(index);
    db_disconnect(db);
    return e;
}

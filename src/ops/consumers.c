/* The consumers of the op log: one thread hands each its next batch, inside a transaction that also
 * stores its cursor, so that effects and cursor are there together or not at all. It is woken after
 * each commit that appended, here or on another node (db_doorbell_open); a slow poll is the net for a
 * doorbell that was not heard, and for ops that an older open transaction still hides (PostgreSQL). */
#include "base/log.h"
#include "ops/inside.h"
#include "os/clock.h"

enum {
    POLL_MS = 5000, /* SQLite: this is the only process that writes */
    POLL_POSTGRES_MS = 1000,
    EAGER_MS = 5, /* PostgreSQL: after a wake-up, doubled up to the poll */
    PRUNE_EVERY_MS = 3600 * 1000,
};

/* --- one batch ------------------------------------------------------------------------------- */

static struct db *effects_of(struct consumers *c, const struct op_consumer *is)
{
    return is->on_index ? c->index : c->rows;
}

/* Whoever listens has missed something and is told so; from here on it goes on. */
static err_t begin_again(struct ops *ops, struct consumer *one, struct arena *a)
{
    TRY(ops_head(ops->consumers.rows, &one->at));
    return one->is->rebuild ? one->is->rebuild(ops->app, ops->consumers.rows, NULL, a) : OK;
}

static err_t rebuild_effects(struct ops *ops, struct consumer *one, struct db *effects,
                             struct arena *a)
{
    const struct op_consumer *is = one->is;
    struct consumers *c = &ops->consumers;
    struct op_cursor cursor, head;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, effects));
    TRY(ops_store_cursor_hold(effects, is->name, clock_wall_ms(), &cursor));
    TRY(ops_head(c->rows, &head)); /* before the rows are read: what comes later is read again */
    if (is->rebuild)
        TRY(is->rebuild(ops->app, c->rows, effects, a));
    TRY(ops_store_cursor_set(effects, is->name, head, clock_wall_ms()));
    return db_txn_commit(&tx);
}

static err_t rebuild_on_node(struct ops *ops, struct consumer *one, struct arena *a)
{
    struct consumers *c = &ops->consumers;
    struct op_cursor head;
    TRY(ops_head(c->rows, &head)); /* before the rows are read: what comes later is read again */
    if (one->is->rebuild)
        TRY(one->is->rebuild(ops->app, c->rows, NULL, a));
    TRY(node_cursor_set(ops->app, a, one->is->name, head));
    one->at = head;
    one->placed = true;
    return OK;
}

static err_t rebuild(struct ops *ops, struct consumer *one, struct arena *a)
{
    const struct op_consumer *is = one->is;
    struct db *effects = effects_of(&ops->consumers, is);
    if (is->live)
        return begin_again(ops, one, a);
    log_at(LOG_WARN, "ops.rebuild", LZ("consumer", is->name));
    if (is->on_node)
        return rebuild_on_node(ops, one, a);
    db_set_patience(effects, DB_FOR_LONG); /* it begins by emptying all that there is */
    err_t e = rebuild_effects(ops, one, effects, a);
    db_set_patience(effects, DB_FOR_WORK);
    return e;
}

/* A live one has no effects in the store: what it has told is told. */
static err_t consume_live(struct ops *ops, struct consumer *one, struct arena *a, bool *ret_more)
{
    struct consumers *c = &ops->consumers;
    struct op *batch;
    size_t count;
    struct op_cursor to = one->at;
    TRY(ops_batch_read(&c->batch, c->rows, &to, OPS_BATCH_MAX, &batch, &count, ret_more));
    if (!count)
        return OK;
    TRY(one->is->consume(ops->app, c->rows, NULL, a, batch, count));
    one->at = to;
    one->next_ms = clock_monotonic_ms() + one->is->rest_ms;
    return OK;
}

/* After a failure one at a time: what can be done is done, and the log names the op that cannot. */
static size_t batch_limit(const struct consumer *one)
{
    return one->failures ? 1 : OPS_BATCH_MAX;
}

/* The effects first: where we end in between they come again, and are not missing. */
static err_t consume_on_node(struct ops *ops, struct consumer *one, struct arena *a, bool *ret_more)
{
    struct consumers *c = &ops->consumers;
    const struct op_consumer *is = one->is;
    struct op *batch;
    size_t count;
    if (!one->placed)
        TRY(node_cursor_get(ops->app, a, is->name, &one->at));
    one->placed = true;
    struct op_cursor to = one->at;
    TRY(ops_batch_read(&c->batch, c->rows, &to, batch_limit(one), &batch, &count, ret_more));
    if (!count)
        return OK;
    TRY(is->consume(ops->app, c->rows, NULL, a, batch, count));
    TRY(node_cursor_set(ops->app, a, is->name, to));
    one->at = to;
    return OK;
}

static err_t consume(struct ops *ops, struct consumer *one, struct arena *a, bool *ret_more)
{
    struct consumers *c = &ops->consumers;
    const struct op_consumer *is = one->is;
    struct db *effects = effects_of(c, is);
    struct op_cursor from, held, to;
    if (one->begin_again)
        return E_CURSOR_EXPIRED;
    TRY(ops_store_cursor_get(effects, is->name, &from));
    to = from;
    struct op *batch;
    size_t count;
    TRY(ops_batch_read(&c->batch, c->rows, &to, batch_limit(one), &batch, &count, ret_more));
    if (!count)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, effects));
    TRY(ops_store_cursor_hold(effects, is->name, clock_wall_ms(), &held));
    if (op_cursor_cmp(held, from) != 0)
        return OK; /* another process was faster */
    TRY(is->consume(ops->app, c->rows, effects, a, batch, count));
    TRY(ops_store_cursor_set(effects, is->name, to, clock_wall_ms()));
    return db_txn_commit(&tx);
}

static void failed(struct consumer *one, err_t e)
{
    int64_t wait_ms = (int64_t)OPS_RETRY_MS << (one->failures < 16 ? one->failures : 16);
    if (wait_ms > OPS_RETRY_MAX_MS)
        wait_ms = OPS_RETRY_MAX_MS;
    one->failures++;
    one->next_ms = clock_monotonic_ms() + wait_ms;
    log_at(LOG_ERROR, "ops.consumer_failed", LZ("consumer", one->is->name), LZ("code", err_code(e)),
           LZ("detail", err_log_text()), LI("failures", one->failures), LI("retry_ms", wait_ms));
}

/* Not the consumer's fault, so it is not counted against it, and it goes on as soon as the store does. Said once. */
static bool no_store(struct consumers *c, err_t e)
{
    bool away = e == E_STORE || e == E_UNCLEAR || e == E_STOPPING;
    if (away && !c->store_away)
        log_at(LOG_WARN, "ops.no_store", LZ("code", err_code(e)), LZ("detail", err_log_text()));
    if (e == OK && c->store_away)
        log_at(LOG_INFO, "ops.store_again");
    if (away || e == OK)
        c->store_away = away;
    return away;
}

/* A batch of one consumer. *ret_wait_ms shrinks to when it wants to be called again. */
static void step(struct ops *ops, struct consumer *one, struct arena *a, int64_t *ret_wait_ms)
{
    int64_t now_ms = clock_monotonic_ms();
    if (one->next_ms > now_ms) {
        if (one->next_ms - now_ms < *ret_wait_ms)
            *ret_wait_ms = one->next_ms - now_ms;
        return;
    }
    bool more = false;
    if (one->is->on_index && !ops->consumers.index)
        return; /* it is mended first */
    err_clear();
    err_t e = one->is->live      ? consume_live(ops, one, a, &more)
              : one->is->on_node ? consume_on_node(ops, one, a, &more)
                                 : consume(ops, one, a, &more);
    if (e == E_CURSOR_EXPIRED)
        e = rebuild(ops, one, a);
    arena_reset(a);
    if (no_store(&ops->consumers, e)) {
        one->next_ms = now_ms + OPS_NO_STORE_MS;
        *ret_wait_ms = *ret_wait_ms < OPS_NO_STORE_MS ? *ret_wait_ms : OPS_NO_STORE_MS;
        return;
    }
    if (e == E_BUSY &&
        !db_is_read_only(ops->app->store)) { /* the turn, or another process has it */
        *ret_wait_ms = *ret_wait_ms < OPS_RETRY_MS ? *ret_wait_ms : OPS_RETRY_MS;
        return;
    }
    if (e == E_REBUILDING) {
        *ret_wait_ms = 0;
        return;
    }
    if (e != OK) {
        failed(one, e);
        more = true; /* look at its time again */
    } else {
        one->failures = 0;
        if (!more)
            index_caught_up(ops, one);
    }
    if (more)
        *ret_wait_ms = 0;
    if (one->next_ms > now_ms && one->next_ms - now_ms < *ret_wait_ms)
        *ret_wait_ms = one->next_ms - now_ms; /* it rests: look again when that is over */
}

/* --- the thread ------------------------------------------------------------------------------ */

static err_t connect_handles(struct ops *ops)
{
    struct consumers *c = &ops->consumers;
    if (!c->rows)
        TRY(db_connect(ops->app->store, &c->rows));
    db_set_patience(c->rows, DB_FOR_WORK);
    db_set_joins(c->rows); /* nobody waits for cursors */
    index_mend(ops);
    err_t e = c->index || !ops->app->index ? OK : db_connect(ops->app->index, &c->index);
    if (c->index)
        db_set_patience(c->index, DB_FOR_WORK);
    if (e != E_REBUILDING)
        return e;
    err_clear(); /* the rows' consumers go on */
    return OK;
}

static void prune(struct ops *ops, struct arena *a)
{
    struct consumers *c = &ops->consumers;
    if (clock_monotonic_ms() < c->next_prune_ms)
        return;
    bool more = false;
    err_t e = ops_log_prune(c->rows, a, clock_wall_ms(), &more);
    arena_reset(a);
    if (e != OK)
        log_at(LOG_ERROR, "ops.prune_failed", LZ("code", err_code(e)));
    c->next_prune_ms = clock_monotonic_ms() + (more ? 1000 : PRUNE_EVERY_MS);
}

/* Until the next wake-up, at most wait_ms. True: woken. */
static bool rest(struct consumers *c, int64_t wait_ms)
{
    mutex_lock(&c->mutex);
    if (wait_ms > 0 && !c->wake && !c->stopping)
        UNUSED(cond_wait_ms(&c->cond, &c->mutex, wait_ms));
    bool woken = c->wake;
    c->wake = false;
    mutex_unlock(&c->mutex);
    return woken;
}

/* A commit every few hundred microseconds is no reason for as many rounds: nobody is woken by one meanwhile. */
static void gather(struct consumers *c, int64_t until_ms)
{
    int64_t left_ms;
    mutex_lock(&c->mutex);
    c->gathering = true;
    while (!c->stopping && (left_ms = until_ms - clock_real_ms()) > 0)
        UNUSED(cond_wait_ms(&c->cond, &c->mutex, left_ms));
    c->gathering = c->wake = false;
    mutex_unlock(&c->mutex);
}

static bool stopping(struct consumers *c)
{
    mutex_lock(&c->mutex);
    bool yes = c->stopping;
    mutex_unlock(&c->mutex);
    return yes;
}

static int64_t poll_every_ms(const struct ops *ops, bool postgres)
{
    const struct settings *s = ops->app->settings; /* NULL in unit tests */
    if (s && s->log_poll_ms)
        return s->log_poll_ms;
    return postgres ? POLL_POSTGRES_MS : POLL_MS;
}

static void run(void *arg)
{
    struct ops *ops = arg;
    struct consumers *c = &ops->consumers;
    bool postgres = db_backend(ops->app->store) == DB_POSTGRES;
    int64_t poll_ms = poll_every_ms(ops, postgres), eager_ms = poll_ms;
    struct arena a;
    thread_gives_way();
    arena_init(&a, OPS_ARENA_BYTES_MAX);
    arena_init(&c->batch.arena, OPS_ARENA_BYTES_MAX);
    while (!stopping(c)) {
        int64_t wait_ms = poll_ms, began_ms = clock_real_ms();
        err_t e = connect_handles(ops);
        if (e != OK) {
            log_at(LOG_ERROR, "ops.no_store", LZ("code", err_code(e)),
                   LZ("detail", err_log_text()));
            wait_ms = 1000;
        } else {
            prune(ops, &a);
            for (size_t i = 0; i < c->count && !stopping(c); i++)
                step(ops, &c->list[i], &a, &wait_ms);
            ops_batch_forget(&c->batch);
        }
        if (postgres && wait_ms > eager_ms)
            wait_ms = eager_ms;
        eager_ms = eager_ms * 2 < poll_ms ? eager_ms * 2 : poll_ms;
        if (rest(c, wait_ms)) {
            eager_ms = EAGER_MS;
            gather(c, began_ms + OPS_GATHER_MS);
        }
    }
    arena_free(&a);
    arena_free(&c->batch.arena);
    db_disconnect(c->rows);
    db_disconnect(c->index);
    c->rows = c->index = NULL;
}

static void add(struct consumers *c, const struct op_consumer *is)
{
    assert(c->count < OPS_CONSUMERS_MAX);
    assert(is->name && is->consume);
    assert(is->on_index + is->on_node + is->live <= 1);
    for (size_t i = 0; i < c->count; i++)
        assert(strcmp(c->list[i].is->name, is->name) != 0);
    c->list[c->count++].is = is;
}

/* The living hear all that is committed from here on, also before the thread has come to it. */
static err_t begin_live(struct consumers *c, struct db *rows)
{
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].is->live)
            TRY(ops_head(rows, &c->list[i].at));
    return OK;
}

static err_t begin(struct ops *ops)
{
    struct db *rows = NULL;
    err_t e = db_connect(ops->app->store, &rows);
    if (e == OK)
        e = begin_live(&ops->consumers, rows);
    if (e == OK)
        e = index_begin(ops, rows);
    db_disconnect(rows);
    return e;
}

static void wake_to_mend(void *ops)
{
    consumers_wake(ops);
}

err_t consumers_start(struct ops *ops)
{
    struct consumers *c = &ops->consumers;
    for (size_t i = 0; ops->app->modules[i]; i++)
        for (size_t j = 0; j < ops->app->modules[i]->consumer_count; j++)
            add(c, &ops->app->modules[i]->consumers[j]);
    TRY(begin(ops));
    if (consumers_derived(ops))
        derived_on_damage(consumers_derived(ops), wake_to_mend, ops);
    return thread_start(&c->thread, "consumers", run, ops);
}

void consumers_wake(struct ops *ops)
{
    struct consumers *c = &ops->consumers;
    mutex_lock(&c->mutex);
    c->wake = true;
    if (!c->gathering)
        cond_signal(&c->cond);
    mutex_unlock(&c->mutex);
}

void consumers_stop(struct ops *ops)
{
    struct consumers *c = &ops->consumers;
    mutex_lock(&c->mutex);
    c->stopping = true;
    cond_signal(&c->cond);
    mutex_unlock(&c->mutex);
    thread_join(&c->thread);
    if (consumers_derived(ops))
        derived_on_damage(consumers_derived(ops), NULL, NULL);
}

static err_t cursor_of(struct ops *ops, const struct op_consumer *is, struct db *db,
                       struct db *index, struct op_cursor *ret)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    return is->on_node ? node_cursor_get(ops->app, &a, is->name, ret)
                       : ops_store_cursor_get(is->on_index ? index : db, is->name, ret);
}

err_t consumers_idle(struct ops *ops, struct db *db, struct db *index, bool *ret)
{
    struct consumers *c = &ops->consumers;
    struct op_cursor last = { 0 }, floor;
    err_t e = ops_store_last(db, &last);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(ops_store_floor(db, &floor));
    if (op_cursor_cmp(last, floor) < 0)
        last = floor; /* a consumer behind it has to rebuild */
    *ret = false;
    for (size_t i = 0; i < c->count; i++) {
        struct op_cursor at;
        if (c->list[i].is->live)
            continue; /* it tells and leaves nothing to wait for */
        TRY(cursor_of(ops, c->list[i].is, db, index, &at));
        if (op_cursor_cmp(at, last) < 0)
            return OK;
    }
    *ret = true;
    return OK;
}

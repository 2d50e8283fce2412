/* Consumers: effects and cursor together, a crash between them, backoff, rebuilding, both stores.
 * */
#include <stdatomic.h>

#include "base/log.h"
#include "ops/fixture.h"
#include "ops/inside.h"

static _Atomic int calls, failures_left, consumed, rebuilt, others;
static _Atomic int64_t last_version;
static struct uuid seen[4096];
static bool append_in_rebuild;

/* The effect that is stored is a cursor row of another name: a table that both stores have. */
static err_t leave_effect(struct db *effects, int64_t version)
{
    struct op_cursor c;
    TRY(ops_store_cursor_hold(effects, "effect", 1, &c));
    return ops_store_cursor_set(effects, "effect", (struct op_cursor){ version, c.seq + 1 }, 1);
}

static err_t take(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                  const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    assert_true(count > 0 && count <= OPS_BATCH_MAX);
    assert_non_null(arena_alloc(a, 1000));
    calls++;
    TRY(leave_effect(effects, ops[count - 1].version));
    if (failures_left > 0) { /* after the effect, before the cursor */
        failures_left--;
        return E_UPSTREAM;
    }
    for (size_t i = 0; i < count; i++)
        seen[(consumed + (int)i) % 4096] = ops[i].entity_id;
    consumed += (int)count;
    last_version = ops[count - 1].version;
    return OK;
}

static err_t again(struct app *app, struct db *rows, struct db *effects, struct arena *a)
{
    UNUSED(app);
    UNUSED(a);
    struct op_cursor head;
    TRY(ops_head(rows, &head)); /* the rows can be read */
    rebuilt++;
    if (append_in_rebuild) { /* on the consumers' own handle, which is free: the effects are elsewhere */
        struct op_new op = {
            .owner_id = f.owner, .entity = "message", .kind = "created", .entity_id = uuid_new()
        };
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        TRY(db_txn_begin(&tx, rows));
        TRY(ops_append(rows, &op, NOW));
        TRY(db_txn_commit(&tx));
    }
    return leave_effect(effects, 1000);
}

static err_t other(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                   const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    UNUSED(effects);
    UNUSED(a);
    UNUSED(ops);
    others += (int)count;
    return OK;
}

static const struct op_consumer MAIN_CONSUMERS[] = {
    { .name = "taker", .consume = take, .rebuild = again },
    { .name = "other", .consume = other },
};
static const struct op_consumer INDEX_CONSUMERS[] = {
    { .name = "taker", .on_index = true, .consume = take, .rebuild = again },
    { .name = "other", .consume = other },
};
static const struct module ON_MAIN = { .name = "test",
                                       .consumers = MAIN_CONSUMERS,
                                       .consumer_count = 2 };
static const struct module ON_INDEX = { .name = "test",
                                        .consumers = INDEX_CONSUMERS,
                                        .consumer_count = 2 };
static const struct module *const MAIN_MODULES[] = { &ON_MAIN, NULL };
static const struct module *const INDEX_MODULES[] = { &ON_INDEX, NULL };

static int open_clean(void **state)
{
    calls = failures_left = consumed = rebuilt = others = 0;
    append_in_rebuild = false;
    last_version = -1;
    return fixture_open(state);
}

static int64_t effect(struct db *db)
{
    struct op_cursor c;
    ok(ops_store_cursor_get(db, "effect", &c));
    return c.seq;
}

static void both_stores(const struct module *const *modules, struct db *effects)
{
    append(f.owner, "message", uuid_new(), "created"); /* before the start */
    go(modules);
    for (int i = 0; i < 20; i++)
        append(f.owner, "message", uuid_new(), "created");
    settle();
    assert_int_equal(consumed, 21);
    assert_int_equal(others, 21);
    assert_int_equal(effect(effects), calls);
    ops_stop(&f.app);
    append(f.owner, "message", uuid_new(), "created");
    go(modules); /* goes on where it was */
    settle();
    assert_int_equal(consumed, 22);
    assert_int_equal(rebuilt, 0);
}

static void effects_in_the_main_store(void **state)
{
    UNUSED(state);
    both_stores(MAIN_MODULES, f.db);
}

static void effects_in_the_index_store(void **state)
{
    UNUSED(state);
    both_stores(INDEX_MODULES, f.index);
}

static void more_than_a_batch(void **state)
{
    UNUSED(state);
    struct op_new op = { .owner_id = f.owner, .entity = "message", .kind = "created" };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    for (int i = 0; i < 2 * OPS_BATCH_MAX + 1; i++) {
        op.entity_id = uuid_new();
        op.version = i;
        ok(ops_append(f.db, &op, NOW));
    }
    ok(db_txn_commit(&tx));
    go(MAIN_MODULES);
    settle();
    assert_int_equal(consumed, 2 * OPS_BATCH_MAX + 1);
    assert_int_equal(calls, 3);
    assert_int_equal(last_version, 2 * OPS_BATCH_MAX);
}

/* Between effect and cursor: the effect is undone with it, and comes again. */
static void failure_repeats_harmlessly(void **state)
{
    UNUSED(state);
    failures_left = 3;
    go(INDEX_MODULES);
    for (int i = 0; i < 5; i++)
        append(f.owner, "message", uuid_new(), "created");
    settle();
    assert_int_equal(failures_left, 0);
    assert_int_equal(consumed, 5);
    assert_int_equal(others, 5);
    assert_int_equal(effect(f.index), calls - 3); /* what the failing calls wrote is not there */
}

/* One that always fails holds nobody else up. */
static void others_go_on(void **state)
{
    UNUSED(state);
    failures_left = 1000000;
    go(MAIN_MODULES);
    append(f.owner, "message", uuid_new(), "created");
    for (int i = 0; i < 400 && others < 1; i++)
        clock_sleep_ms(5);
    assert_int_equal(others, 1);
    assert_int_equal(consumed, 0);
    int before = calls;
    append(f.owner, "message", uuid_new(), "created");
    for (int i = 0; i < 400 && others < 2; i++)
        clock_sleep_ms(5);
    assert_int_equal(others, 2);
    assert_true(calls - before < 50); /* it waits between its tries */
    assert_int_equal(ops_settle(&f.app, 50), E_TIMEOUT);
}

/* Three ops, of which the consumer has seen two when all of them leave the log. */
static void expire_cursor(void)
{
    bool more;
    clock_fake(NOW);
    append(f.owner, "message", uuid_new(), "created");
    append(f.owner, "message", uuid_new(), "created");
    go(INDEX_MODULES);
    settle();
    ops_stop(&f.app);
    append(f.owner, "message", uuid_new(), "created");
    struct op_cursor head, last;
    do { /* PostgreSQL: another transaction of the server may still hide it from the prune */
        ok(ops_head(f.db, &head));
        ok(ops_store_last(f.db, &last));
    } while (op_cursor_cmp(head, last) < 0);
    ok(ops_log_prune(f.db, &f.arena, NOW + OPS_KEEP_MS + 1, &more)); /* all three */
    assert_int_equal(consumed, 2);
}

static void expired_cursor_rebuilds(void **state)
{
    UNUSED(state);
    expire_cursor();
    go(INDEX_MODULES);
    settle();
    append(f.owner, "message", uuid_new(), "created");
    settle();
    assert_int_equal(rebuilt, 1);
    assert_int_equal(consumed, 3); /* the two before, and the one after the rebuild */
    struct op_cursor e;
    ok(ops_store_cursor_get(f.index, "effect", &e));
    assert_int_equal(e.txid, 1);
}

/* What is committed while the rows are read may be missing from what was read: the cursor stands before it. */
static void what_comes_during_a_rebuild_is_consumed_after_it(void **state)
{
    UNUSED(state);
    expire_cursor();
    append_in_rebuild = true;
    go(INDEX_MODULES);
    settle();
    assert_int_equal(rebuilt, 1);
    assert_int_equal(consumed, 3); /* the two before, and the one that came during the rebuild */
}

/* The index store was thrown away: with its cursor, so everything comes again. */
static void lost_index(void **state)
{
    UNUSED(state);
    go(INDEX_MODULES);
    for (int i = 0; i < 3; i++)
        append(f.owner, "message", uuid_new(), "created");
    settle();
    ops_stop(&f.app);
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.index));
    ok(ops_store_cursor_set(f.index, "taker", (struct op_cursor){ 0 }, NOW));
    ok(db_txn_commit(&tx));
    go(INDEX_MODULES);
    settle();
    assert_int_equal(consumed, 6);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_clean, fixture_close)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        OPEN(effects_in_the_main_store),
        OPEN(effects_in_the_index_store),
        OPEN(more_than_a_batch),
        OPEN(failure_repeats_harmlessly),
        OPEN(others_go_on),
        OPEN(expired_cursor_rebuilds),
        OPEN(what_comes_during_a_rebuild_is_consumed_after_it),
        OPEN(lost_index),
    };
    RUN_ON_BOTH(tests);
}

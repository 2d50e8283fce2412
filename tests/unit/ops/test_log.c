/* The operation log: order, cursors, retention, and that nothing appears behind a reader. */
#include "ops/fixture.h"
#include "ops/inside.h"
#include "ops/visible.h"

static size_t read_now(struct op_cursor *c, size_t limit, struct op **ret)
{
    size_t count;
    ok(ops_read(f.db, &f.arena, c, limit, ret, &count));
    return count;
}

static size_t read_some(struct op_cursor *c, size_t limit, struct op **ret)
{
    wait_until_visible();
    return read_now(c, limit, ret);
}

static size_t read_batch(struct ops_batch *b, struct op_cursor *c, size_t limit, struct op **ret,
                         bool *ret_more)
{
    size_t count;
    ok(ops_batch_read(b, f.db, c, limit, ret, &count, ret_more));
    return count;
}

/* What one consumer has read the next ones have from it, each what is behind it; what came since is read at the end. */
static void the_log_is_read_once_for_all(void **state)
{
    UNUSED(state);
    struct ops_batch b = { .count = 0 };
    struct op_cursor one = { 0 }, two = { 0 }, three = { 0 };
    struct op *ops;
    bool more;
    arena_init(&b.arena, MIB(1));
    for (int i = 0; i < 4; i++)
        append(f.owner, "message", uuid_new(), "created");
    wait_until_visible();
    assert_int_equal(read_batch(&b, &one, 3, &ops, &more), 3);
    assert_true(more); /* of what was read */
    append(f.owner, "message", uuid_new(), "updated");
    wait_until_visible();
    assert_int_equal(read_batch(&b, &two, OPS_BATCH_MAX, &ops, &more), 4);
    assert_false(more);
    assert_str(ops[3].kind, "created"); /* the log was not looked at */
    assert_int_equal(read_batch(&b, &one, OPS_BATCH_MAX, &ops, &more), 1);
    assert_int_equal(op_cursor_cmp(one, two), 0);
    assert_int_equal(read_batch(&b, &one, OPS_BATCH_MAX, &ops, &more), 1);
    assert_str(ops[0].kind, "updated");                                      /* now it was */
    assert_int_equal(read_batch(&b, &three, OPS_BATCH_MAX, &ops, &more), 5); /* from before it */
    ops_batch_forget(&b);
    assert_int_equal(read_batch(&b, &two, 1, &ops, &more), 1);
    assert_int_equal(op_cursor_cmp(one, two), 0);
    arena_free(&b.arena);
}

static void order_and_fields(void **state)
{
    UNUSED(state);
    struct op_cursor c = { 0 }, head;
    struct op *ops;
    assert_int_equal(read_some(&c, 10, &ops), 0);
    ok(ops_head(f.db, &head));
    assert_int_equal(op_cursor_cmp(head, c), 0);

    struct uuid ids[5];
    clock_fake(NOW);
    for (size_t i = 0; i < COUNTOF(ids); i++) {
        ids[i] = uuid_new();
        append(f.owner, "message", ids[i], "created");
    }
    struct op_new full = { .owner_id = f.owner,
                           .actor_id = ids[0],
                           .device_id = ids[1],
                           .entity = "conversation",
                           .kind = "updated",
                           .fields = "title,model",
                           .entity_id = ids[2],
                           .version = 7 };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_append(f.db, &full, NOW + 5));
    ok(db_txn_commit(&tx));

    assert_int_equal(read_some(&c, 3, &ops), 3);
    for (size_t i = 0; i < 3; i++)
        assert_true(uuid_eq(ops[i].entity_id, ids[i]));
    assert_str(ops[0].entity, "message");
    assert_str(ops[0].kind, "created");
    assert_str(ops[0].fields, "");
    assert_int_equal(ops[0].created_ms, NOW);
    assert_true(ops[0].hlc >> 16 == NOW);
    assert_true(ops[1].hlc > ops[0].hlc &&
                ops[2].hlc > ops[1].hlc); /* within one millisecond too */
    assert_int_equal(read_some(&c, 10, &ops), 3);
    assert_str(ops[2].fields, "title,model");
    assert_int_equal(ops[2].version, 7);
    assert_true(uuid_eq(ops[2].actor_id, ids[0]) && uuid_eq(ops[2].device_id, ids[1]));
    assert_int_equal(read_some(&c, 10, &ops), 0);
    ok(ops_head(f.db, &head));
    assert_int_equal(op_cursor_cmp(head, c), 0);

    struct op_cursor again;
    ok(op_cursor_parse(op_cursor_text(&f.arena, c), &again));
    assert_int_equal(op_cursor_cmp(c, again), 0);
}

static void clock_set_back(void **state)
{
    UNUSED(state);
    struct op_cursor c = { 0 };
    struct op *ops;
    clock_fake(NOW);
    append(f.owner, "message", uuid_new(), "created");
    clock_fake(NOW - 3600 * 1000);
    append(f.owner, "message", uuid_new(), "created");
    assert_int_equal(read_some(&c, 10, &ops), 2);
    assert_true(ops[1].hlc > ops[0].hlc);
}

static void rolled_back_is_not_there(void **state)
{
    UNUSED(state);
    struct op_new op = {
        .owner_id = f.owner, .entity = "message", .kind = "created", .entity_id = uuid_new()
    };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_append(f.db, &op, NOW));
    db_txn_end(&tx);
    append(f.owner, "message", uuid_new(), "created");
    struct op_cursor c = { 0 };
    struct op *ops;
    assert_int_equal(read_some(&c, 10, &ops), 1);
    assert_false(uuid_eq(ops[0].entity_id, op.entity_id));
}

static void bad_cursors(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "", "1", ".", "1.", ".1", "-1.2", "1.-2", "1.2.3", "a.b", "1 .2", "99999999999999999999.1"
    };
    struct op_cursor c;
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(op_cursor_parse(str_from(BAD[i]), &c), E_BAD_INPUT);
    /* From a store that had more: restored from an older backup. */
    append(f.owner, "message", uuid_new(), "created");
    ok(ops_head(f.db, &c));
    c.seq += 10;
    struct op *ops;
    size_t count;
    assert_int_equal(ops_read(f.db, &f.arena, &c, 10, &ops, &count), E_CURSOR_EXPIRED);
}

static void retention(void **state)
{
    UNUSED(state);
    struct op_cursor start = { 0 }, middle = { 0 }, end, head;
    struct op *ops;
    size_t count;
    bool more;
    clock_fake(NOW);
    for (int i = 0; i < 3; i++)
        append(f.owner, "message", uuid_new(), "created");
    assert_int_equal(read_some(&middle, 2, &ops), 2);
    clock_fake(NOW + OPS_KEEP_MS);
    append(f.owner, "message", uuid_new(), "created");
    wait_until_visible();
    ok(ops_log_prune(f.db, &f.arena, NOW + OPS_KEEP_MS, &more)); /* exactly as old as is kept */
    assert_int_equal(read_some(&start, 10, &ops), 4);
    start = (struct op_cursor){ 0 };
    ok(ops_log_prune(f.db, &f.arena, NOW + OPS_KEEP_MS + 1, &more));
    assert_false(more);
    assert_int_equal(ops_read(f.db, &f.arena, &start, 10, &ops, &count), E_CURSOR_EXPIRED);
    assert_int_equal(ops_read(f.db, &f.arena, &middle, 10, &ops, &count), E_CURSOR_EXPIRED);
    ok(ops_store_floor(f.db, &end)); /* who had read all that was pruned has missed nothing */
    assert_int_equal(read_some(&end, 10, &ops), 1);
    /* All of it: numbers go on, and a cursor at the end stays good. */
    ok(ops_log_prune(f.db, &f.arena, NOW + 3 * OPS_KEEP_MS, &more));
    assert_int_equal(read_some(&end, 10, &ops), 0);
    ok(ops_head(f.db, &head));
    assert_int_equal(op_cursor_cmp(head, end), 0);
    append(f.owner, "message", uuid_new(), "created");
    assert_int_equal(read_some(&end, 10, &ops), 1);
    assert_true(ops[0].seq > head.seq);
}

/* --- 16 writers, one reader ------------------------------------------------------------------ */

enum { WRITERS = 16, OPS_EACH = 60 };

struct writer {
    struct thread thread;
    int number;
    int failed;
};

static void write_ops(void *arg)
{
    struct writer *w = arg;
    struct db *db = NULL;
    w->failed = db_connect(f.app.store, &db) != OK;
    for (int i = 0; i < OPS_EACH && !w->failed; i++) {
        struct op_new op = { .owner_id = f.owner,
                             .entity = "message",
                             .kind = "created",
                             .version = w->number * OPS_EACH + i };
        op.entity_id = uuid_new();
        struct db_txn tx = { 0 };
        err_t e = db_txn_begin(&tx, db);
        if (e == OK)
            e = ops_append(db, &op, clock_wall_ms());
        if (e == OK && i % 10 == 9) { /* some think better of it */
            db_txn_end(&tx);
            continue;
        }
        if (e == OK)
            e = db_txn_commit(&tx);
        db_txn_end(&tx);
        w->failed = e != OK;
    }
    db_disconnect(db);
}

static void nothing_is_skipped(void **state)
{
    UNUSED(state);
    static struct writer writers[WRITERS];
    static bool seen[WRITERS * OPS_EACH];
    memset(seen, 0, sizeof seen);
    memset(writers, 0, sizeof writers);
    for (int i = 0; i < WRITERS; i++) {
        writers[i].number = i;
        ok(thread_start(&writers[i].thread, "writer", write_ops, &writers[i]));
    }
    struct op_cursor c = { 0 };
    int64_t last[WRITERS];
    memset(last, -1, sizeof last);
    size_t want = WRITERS * OPS_EACH * 9 / 10, got = 0;
    for (int64_t began_ms = clock_monotonic_ms();
         got < want && clock_monotonic_ms() - began_ms < 60000;) {
        struct op *ops;
        struct op_cursor before = c;
        size_t count = read_now(&c, 7, &ops);
        assert_true(count == 0 ? op_cursor_cmp(before, c) == 0 : op_cursor_cmp(before, c) < 0);
        for (size_t i = 0; i < count; i++) {
            int64_t writer = ops[i].version / OPS_EACH;
            assert_false(seen[ops[i].version]);         /* once */
            assert_true(ops[i].version > last[writer]); /* in the order of its writer */
            seen[ops[i].version] = true;
            last[writer] = ops[i].version;
        }
        got += count;
        arena_reset(&f.arena);
    }
    for (int i = 0; i < WRITERS; i++) {
        thread_join(&writers[i].thread);
        assert_false(writers[i].failed);
    }
    assert_int_equal(got, want);
    struct op *ops;
    assert_int_equal(read_some(&c, 10, &ops), 0);
}

/* A transaction that takes its number early and commits late. */
static void held_open(void **state)
{
    UNUSED(state);
    if (!on_postgres)
        return; /* SQLite has one writer */
    struct db *other;
    ok(db_connect(f.app.store, &other));
    struct op_new early = { .owner_id = f.owner,
                            .entity = "message",
                            .kind = "created",
                            .version = 1,
                            .entity_id = uuid_new() };
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, other));
    ok(ops_append(other, &early, NOW));
    append(f.owner, "message", uuid_new(), "created"); /* later, and committed first */
    append(f.owner, "message", uuid_new(), "created");
    struct op_cursor c = { 0 }, head;
    struct op *ops;
    assert_int_equal(read_now(&c, 10, &ops), 0); /* not early … */
    ok(ops_head(f.db, &head));
    assert_int_equal(op_cursor_cmp(head, c), 0);
    ok(db_txn_commit(&tx));
    assert_int_equal(read_some(&c, 10, &ops), 3); /* … and not skipped */
    assert_true(uuid_eq(ops[0].entity_id, early.entity_id));
    db_disconnect(other);
}

/* Rows restored into a server whose transaction numbers are lower. */
static void another_server(void **state)
{
    UNUSED(state);
    if (!on_postgres)
        return;
    append(f.owner, "message", uuid_new(), "created");
    struct op_cursor c = { 0 };
    struct op *ops;
    size_t count;
    assert_int_equal(read_some(&c, 10, &ops), 1);
    PGconn *pg = pg_open(str_cstr(&f.arena, pg_url(&f.arena, f.database)));
    pg_do(pg, "UPDATE op SET txid = txid + 1000000000");
    PQfinish(pg);
    c.txid += 1000000000;
    ok(ops_log_check(f.db));
    assert_int_equal(ops_read(f.db, &f.arena, &c, 10, &ops, &count), E_CURSOR_EXPIRED);
    append(f.owner, "message", uuid_new(), "created");
    c = (struct op_cursor){ 0 };
    assert_int_equal(read_some(&c, 10, &ops), 1);
    ok(ops_log_check(f.db)); /* and only once */
    c = (struct op_cursor){ 0 };
    assert_int_equal(read_some(&c, 10, &ops), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_log_is_read_once_for_all), TEST(order_and_fields), TEST(clock_set_back),
        TEST(rolled_back_is_not_there),     TEST(bad_cursors),      TEST(retention),
        TEST(nothing_is_skipped),           TEST(held_open),        TEST(another_server),
    };
    RUN_ON_BOTH(tests);
}

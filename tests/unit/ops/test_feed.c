/* What one reader hears of: its own, what it is a reader of, in the order of the log, and nothing of anybody else's. */
#include "ops/fixture.h"
#include "ops/visible.h"

static struct uuid friend_id;

static size_t read_for(struct uuid reader, struct op_cursor *c, size_t limit, struct op **ret,
                       bool *ret_more)
{
    size_t count;
    wait_until_visible();
    ok(ops_read_for(f.db, &f.arena, reader, c, limit, ret, &count, ret_more));
    return count;
}

static void listen(struct uuid owner, struct uuid id, struct uuid reader, bool yes)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    if (yes)
        ok(ops_reader_add(f.db, owner, "conversation", id, reader));
    else
        ok(ops_reader_remove(f.db, owner, "conversation", id, reader));
    ok(db_txn_commit(&tx));
}

static void own_and_listened_to_in_one_order(void **state)
{
    UNUSED(state);
    struct uuid theirs = uuid_new(), mine = uuid_new(), other = uuid_new();
    struct op_cursor c = { 0 };
    struct op *ops;
    bool more;
    friend_id = uuid_new();
    append(f.owner, "conversation", theirs, "created"); /* before the friend hears of it */
    listen(f.owner, theirs, friend_id, true);
    listen(f.owner, theirs, friend_id, true); /* twice is once */
    append(f.owner, "conversation", theirs, "updated");
    append(friend_id, "conversation", mine, "created");
    append(f.owner, "conversation", other, "created");
    append(f.owner, "message", theirs, "created"); /* the same id, another kind of thing */
    append(f.owner, "conversation", theirs, "updated");
    listen(f.owner, theirs, friend_id, false);
    append(f.owner, "conversation", theirs, "deleted");

    assert_int_equal(read_for(friend_id, &c, 10, &ops, &more), 3);
    assert_false(more);
    assert_true(uuid_eq(ops[0].entity_id, theirs) && uuid_eq(ops[0].owner_id, f.owner));
    assert_true(uuid_eq(ops[1].entity_id, mine));
    assert_true(uuid_eq(ops[2].entity_id, theirs));
    struct op_cursor head;
    ok(ops_head(f.db, &head));
    assert_int_equal(op_cursor_cmp(c, head), 0); /* past what others wrote */
    assert_int_equal(read_for(friend_id, &c, 10, &ops, &more), 0);

    c = (struct op_cursor){ 0 };
    assert_int_equal(read_for(f.owner, &c, 100, &ops, &more), 6);
    c = (struct op_cursor){ 0 };
    assert_int_equal(read_for(uuid_new(), &c, 100, &ops, &more), 0);
}

static void pages_lose_nothing_between_them(void **state)
{
    UNUSED(state);
    enum { ALL = 25 };
    struct uuid theirs = uuid_new();
    struct op_cursor c = { 0 };
    struct op *ops;
    bool more = true;
    friend_id = uuid_new();
    listen(f.owner, theirs, friend_id, true);
    for (int i = 0; i < ALL; i++)
        append(i % 3 ? friend_id : f.owner, "conversation", theirs, "updated");
    int64_t txid = -1, seq = -1;
    size_t total = 0;
    while (more) {
        size_t count = read_for(friend_id, &c, 4, &ops, &more);
        for (size_t i = 0; i < count; i++) {
            assert_true(ops[i].txid > txid || (ops[i].txid == txid && ops[i].seq > seq));
            txid = ops[i].txid;
            seq = ops[i].seq;
        }
        total += count;
    }
    assert_int_equal(total, ALL);
}

static void what_is_pruned_or_forgotten_leaves_the_streams(void **state)
{
    UNUSED(state);
    struct uuid theirs = uuid_new();
    struct op_cursor c = { 0 }, last;
    struct op *ops;
    size_t count;
    bool more;
    friend_id = uuid_new();
    listen(f.owner, theirs, friend_id, true);
    append(f.owner, "conversation", theirs, "updated");
    append(f.owner, "conversation", theirs, "updated");
    struct op_cursor first = { 0 };
    assert_int_equal(read_for(friend_id, &first, 1, &ops, &more), 1);
    ok(ops_store_last(f.db, &last));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_prune(f.db, first));
    ok(db_txn_commit(&tx));
    assert_int_equal(ops_read_for(f.db, &f.arena, friend_id, &c, 10, &ops, &count, &more),
                     E_CURSOR_EXPIRED);
    assert_int_equal(read_for(friend_id, &first, 10, &ops, &more), 1);
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_readers_forget_account(f.db, f.owner)); /* the owner goes: nothing more is heard */
    ok(db_txn_commit(&tx));
    append(f.owner, "conversation", theirs, "updated");
    assert_int_equal(read_for(friend_id, &first, 10, &ops, &more), 0);
}

/* PostgreSQL: a transaction that took its number early and commits late is not passed by. */
static void nothing_appears_behind_a_reader(void **state)
{
    UNUSED(state);
    struct uuid theirs = uuid_new();
    struct op_cursor c = { 0 };
    struct op *ops;
    bool more;
    size_t count;
    struct db *slow;
    friend_id = uuid_new();
    listen(f.owner, theirs, friend_id, true);
    if (!on_postgres)
        return; /* one writer at a time: there is no late one */
    ok(db_connect(f.app.store, &slow));
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, slow));
    struct op_new op = { .owner_id = f.owner,
                         .entity = "conversation",
                         .kind = "updated",
                         .entity_id = theirs,
                         .version = 1 };
    ok(ops_append(slow, &op, clock_wall_ms()));
    append(f.owner, "conversation", theirs,
           "updated"); /* commits before the one that began first */
    ok(ops_read_for(f.db, &f.arena, friend_id, &c, 10, &ops, &count, &more));
    assert_int_equal(count, 0);
    ok(db_txn_commit(&tx));
    db_disconnect(slow);
    assert_int_equal(read_for(friend_id, &c, 10, &ops, &more), 2);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(own_and_listened_to_in_one_order),
        TEST(pages_lose_nothing_between_them),
        TEST(what_is_pruned_or_forgotten_leaves_the_streams),
        TEST(nothing_appears_behind_a_reader),
    };
    RUN_ON_BOTH(tests);
}

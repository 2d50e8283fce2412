/* The operation log: appended inside the transaction of the change, read from a cursor. */
#include "ops/inside.h"

err_t ops_append(struct db *db, const struct op_new *op, int64_t now_ms)
{
    assert(db_in_txn(db));
    assert(op->entity && op->kind && !uuid_is_nil(op->owner_id) && !uuid_is_nil(op->entity_id));
    TRY(ops_store_append(db, op, now_ms));
    db_txn_mark(db, DB_MARK_OPS);
    return OK;
}

static err_t expired(void)
{
    return err_note(E_CURSOR_EXPIRED, "cursor",
                    "what changed since then is not kept any more; read everything again and go "
                    "on from there");
}

/* Has the log lost something that this cursor has not seen (pruned, or the rows were restored from
 * a time before it)? Looked at after reading: a prune that ended before the
 * read is visible by now. */
static err_t check_cursor(struct db *db, struct op_cursor c, bool at_end)
{
    struct op_cursor floor;
    TRY(ops_store_floor(db, &floor));
    if (op_cursor_cmp(c, floor) < 0)
        return expired();
    if (!at_end)
        return OK;
    struct op_cursor head;
    TRY(ops_head(db, &head));
    return op_cursor_cmp(c, head) > 0 ? expired() : OK;
}

err_t ops_read(struct db *db, struct arena *a, struct op_cursor *cursor, size_t limit,
               struct op **ret, size_t *ret_count)
{
    assert(limit > 0 && limit <= OPS_READ_MAX);
    struct op *ops;
    size_t count;
    TRY(ops_store_read(db, a, *cursor, limit, &ops, &count));
    TRY(check_cursor(db, *cursor, count == 0));
    if (count)
        *cursor = (struct op_cursor){ ops[count - 1].txid, ops[count - 1].seq };
    *ret = ops;
    *ret_count = count;
    return OK;
}

/* The head is looked at first: everything up to it is there to be read, so whoever has read it all goes on from there. */
err_t ops_read_for(struct db *db, struct arena *a, struct uuid reader, struct op_cursor *cursor,
                   size_t limit, struct op **ret, size_t *ret_count, bool *ret_more)
{
    assert(limit > 0 && limit <= OPS_READ_MAX);
    struct op *ops;
    struct op_cursor head;
    size_t count;
    TRY(ops_head(db, &head));
    TRY(ops_store_read_for(db, a, reader, *cursor, head, limit, &ops, &count));
    TRY(check_cursor(db, *cursor, count == 0));
    *ret_more = count == limit;
    if (*ret_more)
        *cursor = (struct op_cursor){ ops[count - 1].txid, ops[count - 1].seq };
    else if (op_cursor_cmp(head, *cursor) > 0)
        *cursor = head;
    *ret = ops;
    *ret_count = count;
    return OK;
}

err_t ops_head(struct db *db, struct op_cursor *ret)
{
    struct op_cursor floor, head;
    TRY(ops_store_floor(db, &floor));
    err_t e = ops_store_head(db, &head);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    *ret = e == OK && op_cursor_cmp(head, floor) > 0 ? head : floor;
    return OK;
}

struct str op_cursor_text(struct arena *a, struct op_cursor c)
{
    return str_fmt(a, "%lld.%lld", (long long)c.txid, (long long)c.seq);
}

err_t op_cursor_parse(struct str text, struct op_cursor *ret)
{
    struct op_cursor c;
    struct str rest = text, txid;
    if (!str_cut(&rest, '.', &txid) || !rest.s || str_to_i64(txid, &c.txid) != OK ||
        str_to_i64(rest, &c.seq) != OK || c.txid < 0 || c.seq < 0)
        return err_note(E_BAD_INPUT, "cursor", "this is no cursor of the operation log");
    *ret = c;
    return OK;
}

/* --- retention ------------------------------------------------------------------------------ */

err_t ops_log_prune(struct db *db, struct arena *a, int64_t now_ms, bool *ret_more)
{
    struct op_age *oldest;
    size_t count, old = 0;
    *ret_more = false;
    TRY(ops_store_oldest(db, a, OPS_READ_MAX, &oldest, &count));
    while (old < count && oldest[old].created_ms < now_ms - OPS_KEEP_MS)
        old++; /* a prefix of the log: where a clock was set back, the rest waits */
    if (!old)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(ops_store_prune(db, (struct op_cursor){ oldest[old - 1].txid, oldest[old - 1].seq }));
    TRY(db_txn_commit(&tx));
    *ret_more = old == OPS_READ_MAX;
    return OK;
}

err_t ops_log_check(struct db *db)
{
    bool foreign;
    TRY(ops_store_log_foreign(db, &foreign));
    if (!foreign)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(ops_store_log_empty(db));
    return db_txn_commit(&tx);
}

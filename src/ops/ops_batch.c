/* What the consumers read of the log. They stand at about the same place: what one has read in a round the next ones need not
 * read again, and what came since is told by the next wake-up. */
#include "ops/inside.h"

void ops_batch_forget(struct ops_batch *b)
{
    arena_reset(&b->arena);
    b->count = 0;
}

/* The rest behind a cursor of what has been read already; 0: nothing. */
static size_t rest_of_batch(const struct ops_batch *b, struct op_cursor from, struct op **ret)
{
    size_t at = 0;
    if (!b->count || op_cursor_cmp(from, b->from) < 0)
        return 0;
    while (at < b->count &&
           op_cursor_cmp((struct op_cursor){ b->ops[at].txid, b->ops[at].seq }, from) <= 0)
        at++;
    *ret = b->ops + at;
    return b->count - at;
}

err_t ops_batch_read(struct ops_batch *b, struct db *rows, struct op_cursor *io_at, size_t limit,
                     struct op **ret, size_t *ret_count, bool *ret_more)
{
    size_t count = rest_of_batch(b, *io_at, ret);
    if (!count) {
        struct op_cursor to = *io_at;
        ops_batch_forget(b);
        TRY(ops_read(rows, &b->arena, &to, OPS_BATCH_MAX, ret, &count));
        b->from = *io_at;
        b->ops = *ret;
        b->count = count;
    }
    *ret_more = count > limit || b->count == OPS_BATCH_MAX;
    *ret_count = count < limit ? count : limit;
    if (count)
        *io_at = (struct op_cursor){ (*ret)[*ret_count - 1].txid, (*ret)[*ret_count - 1].seq };
    return OK;
}

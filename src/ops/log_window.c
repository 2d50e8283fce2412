/* What the consumers read of the log, once for all of them: they go through the same ops one after another, and reading them
 * anew for each was a good part of what an import cost. Nothing ever appears behind a cursor that has passed it, so what stands in
 * the window stays true; what was committed since is read by the round that its commit asks for. */
#include "base/limits.h"
#include "ops/inside.h"

void log_window_init(struct log_window *w)
{
    *w = (struct log_window){ 0 };
    arena_init(&w->arena, OPS_ARENA_BYTES_MAX);
}

void log_window_free(struct log_window *w)
{
    arena_free(&w->arena);
}

static struct op_cursor cursor_of(const struct op *op)
{
    return (struct op_cursor){ op->txid, op->seq };
}

/* The first op behind `at`; false: the window does not begin before it, or ends with it. */
static bool find(const struct log_window *w, struct op_cursor at, size_t *ret)
{
    size_t low = 0, high = w->count;
    if (op_cursor_cmp(at, w->from) < 0)
        return false;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (op_cursor_cmp(cursor_of(&w->ops[middle]), at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    *ret = low;
    return low < w->count;
}

err_t log_window_read(struct log_window *w, struct db *rows, struct op_cursor *io_at, size_t limit,
                      struct op **ret, size_t *ret_count)
{
    size_t first;
    assert(limit > 0 && limit <= OPS_BATCH_MAX);
    if (!find(w, *io_at, &first)) {
        struct op_cursor to = *io_at;
        w->count = first = 0;
        arena_reset(&w->arena);
        TRY(ops_read(rows, &w->arena, &to, OPS_BATCH_MAX, &w->ops, &w->count));
        w->from = *io_at;
    }
    *ret_count = w->count - first < limit ? w->count - first : limit;
    *ret = w->ops + first;
    if (*ret_count)
        *io_at = cursor_of(*ret + *ret_count - 1);
    return OK;
}

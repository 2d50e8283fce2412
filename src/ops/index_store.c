/* The index store and the log: is all that the log says in it? It is derived (db/derived.h), so it may be found damaged, or
 * be new beside rows that are old; then its consumers begin at the beginning, and until they have come to the end of the
 * log nobody may take what it finds for all there is. */
#include "base/log.h"
#include "ops/inside.h"
#include "os/clock.h"

struct derived *consumers_derived(struct ops *ops)
{
    return ops->app->index ? db_derived(ops->app->index) : NULL;
}

/* How far it stands from the log: an index without a place in it (new, or made again) has all before it, one whose place
 * is behind the log's end came from another life of the store (rows that were restored from a backup). */
static err_t look_at_place(struct consumer *one, struct db *rows, struct db *index)
{
    struct op_cursor at, last = { 0 }, floor;
    TRY(ops_store_cursor_get(index, one->is->name, &at));
    err_t e = ops_store_last(rows, &last);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    TRY(ops_store_floor(rows, &floor));
    if (op_cursor_cmp(last, floor) < 0)
        last = floor;
    bool nothing = at.txid == 0 && at.seq == 0;
    one->begin_again = db_backend(db_store_of(rows)) == DB_SQLITE && op_cursor_cmp(at, last) > 0;
    one->behind = one->begin_again || (nothing && op_cursor_cmp(last, at) > 0);
    return OK;
}

static err_t look_at_index(struct ops *ops, struct db *rows, struct db *index)
{
    struct consumers *c = &ops->consumers;
    bool any = false;
    for (size_t i = 0; i < c->count; i++) {
        if (!c->list[i].is->on_index)
            continue;
        TRY(look_at_place(&c->list[i], rows, index));
        any |= c->list[i].behind;
    }
    c->index_behind = any;
    return OK;
}

/* Before anybody can ask the index. */
err_t index_begin(struct ops *ops, struct db *rows)
{
    struct db *index = NULL;
    if (!ops->app->index)
        return OK;
    err_t e = db_connect(ops->app->index, &index);
    if (e == OK)
        e = look_at_index(ops, rows, index);
    db_disconnect(index);
    return e == E_REBUILDING ? OK : e; /* the thread mends it first of all */
}

/* --- while it runs ---------------------------------------------------------------------------- */

/* A damaged index is set aside here, on the one thread that writes it; then its consumers have all before them. */
void index_mend(struct ops *ops)
{
    struct consumers *c = &ops->consumers;
    struct derived *d = consumers_derived(ops);
    if (!d || !derived_is_damaged(d) || clock_monotonic_ms() < c->next_mend_ms)
        return;
    db_disconnect(c->index);
    c->index = NULL;
    c->index_behind = true;
    for (size_t i = 0; i < c->count; i++)
        if (c->list[i].is->on_index) {
            c->list[i].behind = true;
            c->list[i].begin_again = false;
            c->list[i].failures = 0;
            c->list[i].next_ms = 0;
        }
    err_t e = derived_mend(d);
    if (e == OK)
        return;
    c->next_mend_ms = clock_monotonic_ms() + OPS_RETRY_MAX_MS;
    log_at(LOG_ERROR, "derived.not_mended", LZ("store", d->name), LZ("code", err_code(e)),
           LZ("detail", err_detail()->text));
}

/* It has come to the end of the log once: from here on the index is as whole as it ever is. */
void index_caught_up(struct ops *ops, struct consumer *one)
{
    struct consumers *c = &ops->consumers;
    bool any = false;
    one->begin_again = false;
    if (!one->behind)
        return;
    one->behind = false;
    for (size_t i = 0; i < c->count; i++)
        any |= c->list[i].behind;
    c->index_behind = any;
    log_at(LOG_INFO, "derived.rebuilt", LZ("consumer", one->is->name));
}

err_t ops_index_whole(struct app *app)
{
    return app->ops && app->ops->consumers.index_behind
               ? err_note(E_REBUILDING, NULL,
                          "the index is being made again from the rows; try again soon")
               : OK;
}

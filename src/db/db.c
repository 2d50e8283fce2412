#include "db/db_inside.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "os/clock.h"

/* --- handles ------------------------------------------------------------------------------------ */

enum db_backend db_backend(const struct db_store *s)
{
    return s->backend;
}

/* What a derived store's errors mean is its own matter. */
static err_t said(struct db *db, err_t e)
{
    return e != OK && db->store->is_derived ? db_derived_error(db, e) : e;
}

static err_t ready(struct db *db)
{
    return db->store->is_derived ? said(db, db_derived_ready(db)) : OK;
}

/* A commit that was handed over is waited for before this handle is used again, and reads that were put down are over. */
static err_t settled(struct db *db)
{
    db_reads_drop(db);
    if (db->handed)
        db->handed_error = db_group_settle(db);
    return db->handed_error;
}

static err_t connect_to(struct db_store *s, bool inside, struct db **ret)
{
    struct db *db = calloc(1, sizeof *db);
    if (!db)
        return E_BUSY;
    db->store = s;
    db->inside = inside;
    db->generation = s->generation;
    err_t e = s->is_derived && !inside ? derived_usable(&s->derived) : OK;
    if (e == OK)
        e = said(db, s->driver->connect(db));
    if (e != OK) {
        free(db);
        return e;
    }
    *ret = db;
    return OK;
}

err_t db_connect(struct db_store *s, struct db **ret)
{
    return connect_to(s, false, ret);
}

err_t db_connect_inside(struct db_store *s, struct db **ret)
{
    return connect_to(s, true, ret);
}

void db_disconnect(struct db *db)
{
    if (!db)
        return;
    assert(!db->in_txn && !db->in_reads && !db->handed);
    db_reads_drop(db);
    db->store->driver->disconnect(db);
    free(db);
}

void db_set_patience(struct db *db, enum db_patience p)
{
    assert(!db->in_txn);
    db->patience = p;
}

void db_set_joins(struct db *db)
{
    db->joins = true;
}

void db_stopping(struct db_store *s)
{
    int64_t none = 0;
    if (s)
        atomic_compare_exchange_strong(&s->stop_ms, &none, clock_real_ms() + s->waits.stopping_ms);
}

struct db_store *db_store_of(struct db *db)
{
    return db->store;
}

bool db_is_read_only(const struct db_store *s)
{
    return s->read_only;
}

err_t db_integrity(struct db *db)
{
    return db->store->driver->integrity(db);
}

err_t db_prepare_check(struct db *db, const struct db_query *q)
{
    return db->store->driver->prepare_check(db, q);
}

void db_on_commit(struct db_store *s, void (*hook)(void *context, unsigned marks), void *context)
{
    s->hook = hook;
    s->hook_context = context;
}

void db_stats(struct db_store *s, struct db_stats *ret)
{
    *ret = (struct db_stats){ s->commits, s->groups, s->failed_groups, s->checkpoints };
}

/* --- rows ----------------------------------------------------------------------------------------- */

static void close_cursor(struct db_cursor *c)
{
    if (c->statement)
        c->db->store->driver->done(c);
    c->statement = NULL;
    if (c->db)
        c->db->cursors--;
    c->db = NULL;
}

static err_t map_row(struct db_cursor *c, struct arena *a, const struct db_col *cols,
                     size_t col_count, void *row)
{
    const struct db_driver *d = c->db->store->driver;
    for (size_t i = 0; i < col_count; i++)
        TRY(said(c->db, d->value(c, c->index[i], cols[i].type, a, (char *)row + cols[i].offset)));
    return OK;
}

/* Neither a zero byte nor what is no UTF-8 goes to a store as text, from wherever it came: PostgreSQL refuses both
 * (22021) or loses what stands behind the zero byte, SQLite keeps them, and what one keeps the other must take. Rooms
 * repair what comes from outside; this is for what they forgot, and the same on both. */
static err_t check_texts(const struct db_query *q, struct db_args args)
{
    for (int i = 0; i < args.count; i++)
        if (args.values[i].type == DB_STR && !text_ok(args.values[i].str))
            return err_note(E_INVALID, NULL,
                            "a text holds a zero byte or is not valid UTF-8 and cannot be stored "
                            "(%s, value %d)",
                            q->name, i + 1);
    return OK;
}

static err_t run(struct db *db, const struct db_query *q, struct db_args args,
                 const struct db_col *cols, size_t col_count, struct db_cursor *ret)
{
    assert(args.count == q->param_count && col_count <= DB_COLUMNS_MAX);
    if (db->in_txn && db->txn_error != OK)
        return db->txn_error;
    TRY(check_texts(q, args));
    TRY(settled(db));
    TRY(ready(db));
    *ret = (struct db_cursor){ .db = db };
    db->cursors++;
    return said(db, db->store->driver->run(db, q, args, cols, col_count, ret));
}

static err_t next_row(struct db_cursor *c, bool *ret_row)
{
    return said(c->db, c->db->store->driver->next(c, ret_row));
}

err_t db_rows(struct db *db, struct arena *a, const struct db_query *q, struct db_args args,
              const struct db_col *cols, size_t col_count, size_t row_size, size_t limit,
              void *ret_rows, size_t *ret_count)
{
    CLEANUP(close_cursor) struct db_cursor c = { 0 };
    TRY(run(db, q, args, cols, col_count, &c));
    size_t count = 0, cap = limit < 16 ? limit : 16;
    char *rows = arena_array(a, cap + 1, row_size);
    bool more = false;
    for (; count < limit; count++) {
        if (!rows)
            return arena_err(a);
        TRY(next_row(&c, &more));
        if (!more)
            break;
        if (count == cap) {
            size_t larger = cap * 2 < limit ? cap * 2 : limit;
            char *moved = arena_array(a, larger + 1, row_size);
            if (!moved)
                return arena_err(a);
            memcpy(moved, rows, count * row_size);
            rows = moved;
            cap = larger;
        }
        TRY(map_row(&c, a, cols, col_count, rows + count * row_size));
    }
    *(void **)ret_rows = rows;
    *ret_count = count;
    return OK;
}

err_t db_one(struct db *db, struct arena *a, const struct db_query *q, struct db_args args,
             const struct db_col *cols, size_t col_count, void *ret_row)
{
    CLEANUP(close_cursor) struct db_cursor c = { 0 };
    bool row = false;
    TRY(run(db, q, args, cols, col_count, &c));
    TRY(next_row(&c, &row));
    return row ? map_row(&c, a, cols, col_count, ret_row) : E_NOT_FOUND;
}

err_t db_each(struct db *db, const struct db_query *q, struct db_args args,
              const struct db_col *cols, size_t col_count, size_t row_size,
              err_t (*each)(void *context, const void *row), void *context)
{
    CLEANUP(close_cursor) struct db_cursor c = { 0 };
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, (size_t)512 << 20);
    TRY(run(db, q, args, cols, col_count, &c));
    for (;;) {
        bool more = false;
        arena_reset(&a);
        void *row = arena_alloc(&a, row_size);
        if (!row)
            return arena_err(&a);
        TRY(next_row(&c, &more));
        if (!more)
            return OK;
        TRY(map_row(&c, &a, cols, col_count, row));
        TRY(each(context, row));
    }
}

err_t db_exec(struct db *db, const struct db_query *q, struct db_args args, int64_t *ret_changed)
{
    CLEANUP(close_cursor) struct db_cursor c = { 0 };
    bool row;
    assert(db->in_txn); /* a write outside a transaction is our own mistake */
    db->later = db->together && !ret_changed && db->store->driver->together_end;
    bool later = db->later;
    err_t e = run(db, q, args, NULL, 0, &c);
    db->later = false;
    if (e != OK || later)
        return e;
    TRY(next_row(&c, &row));
    if (ret_changed)
        *ret_changed = db->store->driver->changed(&c);
    return OK;
}

err_t db_i64(struct db *db, const struct db_query *q, struct db_args args, int64_t *ret)
{
    CLEANUP(close_cursor) struct db_cursor c = { 0 };
    bool row = false;
    TRY(run(db, q, args, NULL, 0, &c));
    TRY(next_row(&c, &row));
    if (!row)
        return E_NOT_FOUND;
    return db->store->driver->value(&c, 0, DB_I64, NULL, ret);
}

void db_reads_begin(struct db *db)
{
    const struct db_driver *d = db->store->driver;
    assert(!db->in_txn && !db->in_reads);
    db->in_reads = db->put_down && db->put_down_at == db->store->groups;
    if (db->in_reads) {
        db->put_down = false;
        return;
    }
    db->put_down_at = db->store->groups; /* before the first read shows the store as it is */
    if (settled(db) != OK || ready(db) != OK)
        return;                                          /* the first read says why */
    db->in_reads = d->reads_begin && d->reads_begin(db); /* else each read is on its own */
}

void db_reads_end(struct db *db)
{
    db->put_down = db->in_reads;
    db->in_reads = false;
    if (!db->keeps_reads)
        db_reads_drop(db);
}

void db_reads_keep(struct db *db)
{
    db->keeps_reads = true;
}

void db_reads_drop(struct db *db)
{
    if (db->put_down)
        db->store->driver->reads_end(db);
    db->put_down = false;
}

/* --- transactions ------------------------------------------------------------------------------------- */

err_t db_txn_begin(struct db_txn *tx, struct db *db)
{
    assert(!db->in_txn && !db->in_reads && !tx->db);
    if (db->store->read_only)
        return err_note(
            E_READ_ONLY, NULL,
            "a write could not be brought to the disk; restart the server when the disk is sound");
    db->txn_error = OK;
    db->marks = 0;
    db->together = 0;
    TRY(settled(db));
    TRY(ready(db));
    TRY(said(db, db->store->driver->begin(db)));
    db->generation = db->store->generation; /* SQLite: the writer's connection is of this one */
    db->in_txn = true;
    tx->db = db;
    return OK;
}

err_t db_txn_commit(struct db_txn *tx)
{
    struct db *db = tx->db;
    assert(db && db->in_txn);
    if (db->txn_error != OK) {
        err_t e = db->txn_error;
        db_txn_end(tx);
        return e;
    }
    err_t e = said(db, db->store->driver->commit(db));
    db->in_txn = false;
    tx->db = NULL;
    return e;
}

void db_txn_end(struct db_txn *tx)
{
    if (!tx->db)
        return;
    tx->db->store->driver->rollback(tx->db);
    tx->db->in_txn = false;
    tx->db = NULL;
}

void db_together_begin(struct db *db)
{
    assert(db->in_txn);
    db->together++;
}

err_t db_together_end(struct db *db)
{
    assert(db->in_txn && db->together);
    if (db->txn_error != OK)
        return db->txn_error;
    return --db->together == 0 && db->store->driver->together_end
               ? said(db, db->store->driver->together_end(db))
               : OK;
}

bool db_in_txn(const struct db *db)
{
    return db->in_txn;
}

void db_txn_mark(struct db *db, unsigned marks)
{
    assert(db->in_txn);
    db->marks |= marks;
}

/* --- hand-over ------------------------------------------------------------------------------------------ */

void db_hand_over_begin(struct db *db)
{
    assert(!db->in_txn && !db->hands_over);
    db->hands_over = db->store->backend == DB_SQLITE;
    db->handed_error = OK;
}

err_t db_hand_over_end(struct db *db, struct db_handed *h, bool *ret_told)
{
    assert(!db->in_txn);
    err_t e = db->handed_error;
    db->hands_over = false;
    db->handed_error = OK;
    *ret_told = false;
    return db->handed ? db_group_hand_over(db, h, ret_told) : e;
}

void db_flush(struct db_store *s)
{
    if (s->writer)
        db_group_flush(s);
}

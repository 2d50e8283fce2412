/* SQLite behind the one door: statements run, values in and out. The store's connections are one writer (db_group.c) and
 * one reader for each thread (sqlite_connection.h); readers never write, never checkpoint. */
#include <stdlib.h>

#include "db/sqlite_connection.h"

static struct sqlite_connection *connection_of(struct db *db)
{
    return db->in_txn ? db_writer_connection(db->store) : db->connection;
}

/* The values stand until the statement is done with them: the cursor is closed before their caller goes on (db.c). */
static int bind(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
    switch (v->type) {
    case DB_NULL:
        return sqlite3_bind_null(stmt, at);
    case DB_I64:
    case DB_BOOL:
        return sqlite3_bind_int64(stmt, at, v->i64);
    case DB_F64:
        return sqlite3_bind_double(stmt, at, v->f64);
    case DB_STR:
        return sqlite3_bind_text64(stmt, at, v->str.s, v->str.n, SQLITE_STATIC, SQLITE_UTF8);
    case DB_BYTES:
        return v->str.s ? sqlite3_bind_blob64(stmt, at, v->str.s, v->str.n, SQLITE_STATIC)
                        : sqlite3_bind_zeroblob(stmt, at, 0);
    case DB_UUID:
        return sqlite3_bind_blob(stmt, at, v->uuid.b, sizeof v->uuid.b, SQLITE_STATIC);
    }
    return SQLITE_MISUSE;
}

static void find_columns(struct sqlite_statement *s, const struct db_col *cols, size_t count)
{
    if (s->cols == cols)
        return;
    int n = sqlite3_column_count(s->stmt);
    for (size_t i = 0; i < count; i++) {
        int at = 0;
        while (at < n && strcmp(sqlite3_column_name(s->stmt, at), cols[i].name) != 0)
            at++;
        assert(at < n); /* the names of the table and of the query must match */
        s->index[i] = (uint8_t)at;
    }
    s->cols = cols;
}

static err_t sqlite_run(struct db *db, const struct db_query *q, struct db_args args,
                        const struct db_col *cols, size_t col_count, struct db_cursor *ret)
{
    struct sqlite_connection *c = connection_of(db);
    struct sqlite_statement *s;
    err_t e = sqlite_statement_of(c, q, &s);
    if (e != OK)
        return db_group_statement_failed(db, e);
    s->busy = true;
    for (int i = 0; i < args.count; i++)
        if (bind(s->stmt, i + 1, &args.values[i]) != SQLITE_OK)
            e = sqlite_fail(c, q->name);
    find_columns(s, cols, col_count);
    ret->statement = s;
    ret->index = s->index;
    return e;
}

static err_t sqlite_next(struct db_cursor *cursor, bool *ret_row)
{
    struct sqlite_statement *s = cursor->statement;
    int code = sqlite3_step(s->stmt);
    if (code == SQLITE_ROW || code == SQLITE_DONE) {
        *ret_row = code == SQLITE_ROW;
        return OK;
    }
    err_t e = sqlite_fail(connection_of(cursor->db), s->query->name);
    return db_group_statement_failed(cursor->db, e);
}

/* `bytes` is NULL where there are none, or where SQLite found no memory to hand them out. */
static err_t copy(struct arena *a, const void *bytes, int n, struct str *ret)
{
    if (!bytes && n)
        return E_BUSY;
    char *to = arena_bytes(a, (size_t)n + 1);
    if (!to)
        return arena_err(a);
    if (n)
        memcpy(to, bytes, (size_t)n);
    to[n] = 0;
    *ret = str_of(to, (size_t)n);
    return OK;
}

/* The value is asked for once: each question to a column finds its row and its type anew. */
static err_t sqlite_value(struct db_cursor *cursor, int column, enum db_type t, struct arena *a,
                          void *to)
{
    sqlite3_value *v =
        sqlite3_column_value(((struct sqlite_statement *)cursor->statement)->stmt, column);
    if (sqlite3_value_type(v) == SQLITE_NULL) {
        db_set_null(t, to);
        return OK;
    }
    switch (t) {
    case DB_I64:
        *(int64_t *)to = sqlite3_value_int64(v);
        return OK;
    case DB_BOOL:
        *(bool *)to = sqlite3_value_int64(v) != 0;
        return OK;
    case DB_F64:
        *(double *)to = sqlite3_value_double(v);
        return OK;
    case DB_STR: {
        const void *text = sqlite3_value_text(v);
        return text ? copy(a, text, sqlite3_value_bytes(v), to)
                    : E_BUSY; /* also "" has an address */
    }
    case DB_BYTES: {
        const void *bytes = sqlite3_value_blob(v);
        return copy(a, bytes, sqlite3_value_bytes(v), to);
    }
    case DB_UUID:
        if (sqlite3_value_bytes(v) != (int)sizeof(struct uuid))
            return err_note(E_CORRUPT, NULL, "a stored id has the wrong length");
        memcpy(to, sqlite3_value_blob(v), sizeof(struct uuid));
        return OK;
    case DB_NULL:
        return OK;
    }
    return E_INTERNAL;
}

static int64_t sqlite_changed(struct db_cursor *cursor)
{
    struct sqlite_statement *s = cursor->statement;
    return sqlite3_changes64(sqlite3_db_handle(s->stmt));
}

static void sqlite_done(struct db_cursor *cursor)
{
    struct sqlite_statement *s = cursor->statement;
    sqlite3_reset(s->stmt);
    sqlite3_clear_bindings(s->stmt);
    s->busy = false;
    if (s->temporary) {
        sqlite3_finalize(s->stmt);
        free(s);
    }
}

/* --- the driver ---------------------------------------------------------------------------------------------- */

static err_t sqlite_connect(struct db *db)
{
    struct sqlite_connection *c;
    TRY(sqlite_connection_open(db->store, false, &c));
    db->connection = c;
    return OK;
}

static void sqlite_disconnect(struct db *db)
{
    sqlite_connection_close(db->connection);
}

static bool sqlite_reads_begin(struct db *db)
{
    return sqlite_control(db->connection, CONTROL_BEGIN) == OK;
}

static void sqlite_reads_end(struct db *db)
{
    if (sqlite_control(db->connection, CONTROL_COMMIT) != OK) /* nothing was written */
        (void)!sqlite_control(db->connection, CONTROL_ROLLBACK);
}

static err_t sqlite_script(struct db *db, const char *sql)
{
    return sqlite_exec(connection_of(db), sql);
}

static err_t sqlite_prepare_check(struct db *db, const struct db_query *q)
{
    struct sqlite_statement *s;
    TRY(sqlite_prepare(db->connection, q, 0, &s));
    int params = sqlite3_bind_parameter_count(s->stmt);
    sqlite3_finalize(s->stmt);
    free(s);
    return params == q->param_count
               ? OK
               : err_note(E_DB, NULL, "%s: %d parameters, not %d", q->name, params, q->param_count);
}

static err_t sqlite_integrity(struct db *db)
{
    struct sqlite_connection *c = db->connection;
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v2(c->handle, "PRAGMA quick_check(1)", -1, &stmt, NULL) != SQLITE_OK)
        return sqlite_fail(c, "quick_check");
    int code = sqlite3_step(stmt);
    const char *text =
        code == SQLITE_ROW ? (const char *)sqlite3_column_text(stmt, 0) : sqlite3_errmsg(c->handle);
    err_t e = text && strcmp(text, "ok") == 0
                  ? OK
                  : err_note(E_CORRUPT, NULL, "the store is damaged: %s", text ? text : "");
    sqlite3_finalize(stmt);
    return e;
}

const struct db_driver DB_DRIVER_SQLITE = {
    .connect = sqlite_connect,
    .disconnect = sqlite_disconnect,
    .run = sqlite_run,
    .next = sqlite_next,
    .value = sqlite_value,
    .changed = sqlite_changed,
    .done = sqlite_done,
    .reads_begin = sqlite_reads_begin,
    .reads_end = sqlite_reads_end,
    .begin = db_group_begin,
    .commit = db_group_commit,
    .rollback = db_group_rollback,
    .script = sqlite_script,
    .prepare_check = sqlite_prepare_check,
    .integrity = sqlite_integrity,
};

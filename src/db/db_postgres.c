/* PostgreSQL over libpq: a connection for each thread, statements prepared once on each, values as text
 * (bytes in binary). A statement inside a transaction that fails is undone alone, as with SQLite: a
 * savepoint stands before each, and goes to the server in one turn with it. Writes that wait for each other's turn no more
 * (db_together_begin) have one for all of them. A lost connection is opened again outside transactions. How long each answer is
 * waited for stands in pg_link.c. */
#include <stdio.h>
#include <stdlib.h>

#include "base/encode.h"
#include "db/pg_link.h"
#include "os/clock.h"

enum { VALUES_MAX = 64, NUMBER_BYTES = 40, PIPED_MAX = 3000 };
#define SAVEPOINT "SAVEPOINT statement"
#define RELEASE   "RELEASE SAVEPOINT statement"

struct pg_prepared {
    const struct db_query *query;
    const struct db_col *cols;
    uint8_t index[DB_COLUMNS_MAX];
};

struct pg_connection {
    struct pg_link link;
    enum db_patience told; /* the limits that the server keeps to on this connection */
    bool piping;           /* writes are on their way that nobody has waited for */
    struct pg_prepared cache[DB_STATEMENTS_MAX];
};

/* --- errors ----------------------------------------------------------------------------------------- */

static err_t fail(struct pg_connection *c, const char *doing, const PGresult *r)
{
    const char *state = PQresultErrorField(r, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(r, PG_DIAG_MESSAGE_PRIMARY);
    return link_error(state, doing, text ? text : PQerrorMessage(c->link.handle));
}

static void clear(PGresult **r)
{
    PQclear(*r);
}

static err_t check(struct pg_connection *c, const char *doing, const PGresult *r)
{
    ExecStatusType status = PQresultStatus(r);
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK ? OK : fail(c, doing, r);
}

static err_t command(struct pg_connection *c, const char *sql)
{
    CLEANUP(clear) PGresult *r = NULL;
    TRY(link_exec(&c->link, sql, &r));
    return check(c, sql, r);
}

/* --- connections ---------------------------------------------------------------------------------------- */

/* The server gives up a little before we do, and says so; where it says nothing at all we do. */
static err_t tell_limits(struct db *db, struct pg_connection *c)
{
    const struct db_waits *w = &db->store->waits;
    char statement[NUMBER_BYTES], lock[NUMBER_BYTES];
    const char *const values[] = { statement, lock };
    const struct pg_params params = { .count = 2, .values = values };
    CLEANUP(clear) PGresult *r = NULL;
    snprintf(statement, sizeof statement, "%d", w->statement_ms[db->patience]);
    snprintf(lock, sizeof lock, "%d", w->lock_ms[db->patience]);
    TRY(link_params(&c->link,
                    "SELECT set_config('statement_timeout', $1, false), "
                    "set_config('lock_timeout', $2, false)",
                    &params, &r));
    TRY(check(c, "setting limits", r));
    c->told = db->patience;
    return OK;
}

static err_t set_up(struct db *db, struct pg_connection *c)
{
    TRY(command(c, "SET synchronous_commit = on; SET standard_conforming_strings = on; SET "
                   "client_encoding = 'UTF8'; SET TimeZone = 'UTC'"));
    TRY(tell_limits(db, c));
    if (db->store->kind == DB_MAIN)
        return OK;
    /* What is derived lies in a schema of its own. Two processes may make it at once: the second one finds it. */
    err_t e = command(c, "CREATE SCHEMA IF NOT EXISTS vivim_index");
    if (e == E_CONFLICT)
        err_clear();
    else
        TRY(e);
    return command(c, "SET search_path = vivim_index");
}

/* The connection itself is made when something is asked. */
static err_t pg_connect(struct db *db)
{
    struct pg_connection *c = calloc(1, sizeof *c);
    if (!c)
        return E_BUSY;
    c->link.store = db->store;
    db->connection = c;
    return OK;
}

static void pg_disconnect(struct db *db)
{
    struct pg_connection *c = db->connection;
    link_close(&c->link);
    free(c);
}

static err_t connect_anew(struct db *db, int64_t limit_ms)
{
    struct pg_connection *c = db->connection;
    link_close(&c->link);
    c->piping = false;
    memset(c->cache, 0, sizeof c->cache);
    TRY(link_open(&c->link, limit_ms));
    err_t e = set_up(db, c);
    if (e != OK)
        link_close(&c->link);
    return e;
}

/* How long the next answers are waited for: longer than the server may take; together no longer than a caller has, or
 * than looking whether a silence is over may take. */
static void set_limits(struct db *db, bool probe)
{
    struct pg_connection *c = db->connection;
    const struct db_waits *w = &db->store->waits;
    int64_t most_ms = db->once_ms;
    if (probe && (!most_ms || most_ms > w->probe_ms))
        most_ms = w->probe_ms;
    c->link.limit_ms = w->statement_ms[db->patience] + w->grace_ms;
    c->link.until_ms = most_ms ? clock_real_ms() + most_ms : 0;
}

/* Before each statement. Outside a transaction nothing is lost by opening a connection again: a broken one, or one that
 * was last heard of before the store fell silent, for it may have died without a word. */
static err_t ready(struct db *db)
{
    struct pg_connection *c = db->connection;
    struct db_store *s = db->store;
    bool probe;
    if (db->in_txn)
        return link_usable(&c->link)
                   ? OK
                   : link_error(NULL, "a transaction", "the connection was lost in its midst");
    TRY(link_ask(s, &probe));
    set_limits(db, probe);
    if (!link_usable(&c->link) || c->link.heard_ms < s->silent_ms)
        return connect_anew(db, s->waits.connect_ms);
    return c->told == db->patience ? OK : tell_limits(db, c);
}

/* --- statements -------------------------------------------------------------------------------------------- */

static void name_of(const struct db_query *q, char ret[64])
{
    snprintf(ret, 64, "%s", q->name);
}

static bool is_prepared(struct pg_connection *c, const struct db_query *q, struct pg_prepared **ret)
{
    size_t mask = DB_STATEMENTS_MAX - 1, at = ((uintptr_t)q >> 4) * 0x9e3779b1u & mask;
    while (c->cache[at].query && c->cache[at].query != q)
        at = (at + 1) & mask;
    *ret = &c->cache[at];
    return (*ret)->query == q;
}

static err_t prepare(struct pg_connection *c, const struct db_query *q, struct pg_prepared *p)
{
    char name[64];
    name_of(q, name);
    CLEANUP(clear) PGresult *r = NULL;
    TRY(link_prepare(&c->link, name, q->postgres, &r));
    TRY(check(c, name, r));
    *p = (struct pg_prepared){ .query = q };
    return OK;
}

struct pg_values {
    const char *values[VALUES_MAX];
    int lengths[VALUES_MAX], formats[VALUES_MAX];
    char numbers[VALUES_MAX][NUMBER_BYTES];
    char *copies[VALUES_MAX]; /* texts need a terminator */
    int count;
};

static void free_values(struct pg_values *v)
{
    for (int i = 0; i < v->count; i++)
        free(v->copies[i]);
}

static err_t put_value(struct pg_values *v, int i, const struct db_value *from)
{
    char *number = v->numbers[i];
    v->values[i] = number;
    switch (from->type) {
    case DB_NULL:
        v->values[i] = NULL;
        return OK;
    case DB_I64:
        snprintf(number, NUMBER_BYTES, "%lld", (long long)from->i64);
        return OK;
    case DB_BOOL:
        snprintf(number, NUMBER_BYTES, "%s", from->i64 ? "t" : "f");
        return OK;
    case DB_F64:
        snprintf(number, NUMBER_BYTES, "%.17g", from->f64);
        return OK;
    case DB_UUID:
        uuid_text(from->uuid, number);
        return OK;
    case DB_STR:
        v->copies[i] = malloc(from->str.n + 1);
        if (!v->copies[i])
            return E_BUSY;
        memcpy(v->copies[i], from->str.s, from->str.n);
        v->copies[i][from->str.n] = 0;
        v->values[i] = v->copies[i];
        return OK;
    case DB_BYTES:
        v->values[i] = from->str.n ? from->str.s : "";
        v->lengths[i] = (int)from->str.n;
        v->formats[i] = 1;
        return OK;
    }
    return E_INTERNAL;
}

static err_t put_values(struct pg_values *v, struct db_args args)
{
    assert(args.count <= VALUES_MAX);
    for (int i = 0; i < args.count; i++) {
        v->count = i + 1;
        v->lengths[i] = v->formats[i] = 0;
        v->copies[i] = NULL;
        TRY(put_value(v, i, &args.values[i]));
    }
    return OK;
}

static void find_columns(struct pg_prepared *p, const PGresult *r, const struct db_col *cols,
                         size_t count)
{
    if (p->cols == cols)
        return;
    for (size_t i = 0; i < count; i++) {
        int at = PQfnumber(r, cols[i].name);
        assert(at >= 0); /* the names of the table and of the query must match */
        p->index[i] = (uint8_t)at;
    }
    p->cols = cols;
}

/* After a failed statement the transaction goes on from the savepoint. Where that cannot be had it is lost, whatever the
 * statement's own error was: a conflict would tell the client that it was at fault. */
static err_t statement_failed(struct db *db, err_t e)
{
    struct pg_connection *c = db->connection;
    if (!db->in_txn)
        return e;
    struct err_detail detail = *err_detail();
    if (!link_usable(&c->link) || command(c, "ROLLBACK TO SAVEPOINT statement") != OK)
        db->txn_error = e = e == E_CONFLICT ? E_STORE : e;
    err_restore(&detail);
    return e;
}

/* On its way, and no more; or with its answer. */
static err_t send(struct pg_connection *c, const struct db_query *q, struct db_args args,
                  PGresult **ret_or_null)
{
    CLEANUP(free_values) struct pg_values v;
    char name[64];
    v.count = 0;
    TRY(put_values(&v, args));
    name_of(q, name);
    const struct pg_params params = { args.count, v.values, v.lengths, v.formats };
    return ret_or_null ? link_run(&c->link, name, &params, ret_or_null)
                       : link_pipe_run(&c->link, name, &params);
}

static err_t execute(struct pg_connection *c, const struct db_query *q, struct db_args args,
                     PGresult **ret)
{
    PGresult *r = NULL;
    TRY(send(c, q, args, &r));
    err_t e = check(c, q->name, r);
    if (e != OK)
        PQclear(r);
    else
        *ret = r;
    return e;
}

/* All that is on its way is answered; the first that failed says why. */
static err_t end_pipe(struct pg_connection *c, const char *doing, size_t keep, PGresult **ret)
{
    CLEANUP(clear) PGresult *failed = NULL;
    c->piping = false;
    TRY(link_pipe_end(&c->link, doing, keep, ret, &failed));
    return failed ? fail(c, doing, failed) : OK;
}

/* The savepoint, the statement, and the end of the savepoint, in one turn. */
static err_t execute_in_txn(struct db *db, const struct db_query *q, struct db_args args,
                            PGresult **ret)
{
    struct pg_connection *c = db->connection;
    err_t e = link_pipe_begin(&c->link);
    if (e == OK)
        e = link_pipe_sql(&c->link, SAVEPOINT);
    if (e == OK)
        e = send(c, q, args, NULL);
    if (e == OK)
        e = link_pipe_sql(&c->link, RELEASE);
    struct err_detail why = *err_detail();
    err_t ended = end_pipe(c, q->name, 1, ret);
    if (e == OK)
        return ended == OK ? OK : statement_failed(db, ended);
    PQclear(ended == OK ? *ret : NULL);
    err_restore(&why);
    return statement_failed(db, e);
}

/* Writes that nobody has waited for are there, or all of them are undone. */
static err_t pg_together_end(struct db *db)
{
    struct pg_connection *c = db->connection;
    PGresult *none;
    if (!c->piping)
        return OK;
    err_t sent = link_usable(&c->link) ? link_pipe_sql(&c->link, RELEASE) : OK;
    err_t e = end_pipe(c, "writes", SIZE_MAX, &none);
    e = e == OK ? sent : e;
    return e == OK ? OK : statement_failed(db, e);
}

static err_t execute_later(struct db *db, const struct db_query *q, struct db_args args)
{
    struct pg_connection *c = db->connection;
    if (!c->piping) {
        TRY(link_pipe_begin(&c->link));
        c->piping = true;
        TRY(link_pipe_sql(&c->link, SAVEPOINT));
    }
    TRY(send(c, q, args, NULL));
    return c->link.piped < PIPED_MAX ? OK : pg_together_end(db);
}

/* Known to this connection, in a transaction behind a savepoint of its own. */
static err_t know(struct db *db, const struct db_query *q, struct pg_prepared **ret)
{
    struct pg_connection *c = db->connection;
    if (is_prepared(c, q, ret))
        return OK;
    if (!db->in_txn)
        return prepare(c, q, *ret);
    TRY(pg_together_end(db));
    err_t e = command(c, SAVEPOINT);
    if (e != OK)
        return db->txn_error = e;
    e = prepare(c, q, *ret);
    if (e != OK)
        return statement_failed(db, e);
    e = command(c, RELEASE);
    return e == OK ? OK : (db->txn_error = e);
}

static err_t pg_run(struct db *db, const struct db_query *q, struct db_args args,
                    const struct db_col *cols, size_t col_count, struct db_cursor *ret)
{
    struct pg_connection *c = db->connection;
    struct pg_prepared *p;
    PGresult *r = NULL;
    TRY(ready(db));
    TRY(know(db, q, &p));
    if (db->later)
        return execute_later(db, q, args);
    TRY(pg_together_end(db));
    TRY(db->in_txn ? execute_in_txn(db, q, args, &r) : execute(c, q, args, &r));
    find_columns(p, r, cols, col_count);
    ret->statement = r;
    ret->index = p->index;
    ret->row = -1;
    ret->rows = PQntuples(r);
    return OK;
}

static err_t pg_next(struct db_cursor *cursor, bool *ret_row)
{
    cursor->row++;
    *ret_row = cursor->row < cursor->rows;
    return OK;
}

static err_t bytes_of(struct arena *a, const char *text, struct str *ret)
{
    if (text[0] != '\\' || text[1] != 'x')
        return err_note(E_DB, NULL, "PostgreSQL gives bytes in another form than hexadecimal");
    return hex_decode(a, str_from(text + 2), ret);
}

static err_t pg_value(struct db_cursor *cursor, int column, enum db_type t, struct arena *a,
                      void *to)
{
    if (PQgetisnull(cursor->statement, cursor->row, column)) {
        db_set_null(t, to);
        return OK;
    }
    const char *text = PQgetvalue(cursor->statement, cursor->row, column);
    struct str s = str_of(text, (size_t)PQgetlength(cursor->statement, cursor->row, column));
    switch (t) {
    case DB_I64:
        return str_to_i64(s, to);
    case DB_BOOL:
        *(bool *)to = s.n && (s.s[0] == 't' || s.s[0] == '1');
        return OK;
    case DB_F64:
        return str_to_f64(s, to);
    case DB_STR: {
        struct str copy = str_dup(a, s);
        if (!copy.s)
            return arena_err(a);
        *(struct str *)to = copy;
        return OK;
    }
    case DB_BYTES:
        return bytes_of(a, text, to);
    case DB_UUID:
        return uuid_parse(s, to);
    case DB_NULL:
        return OK;
    }
    return E_INTERNAL;
}

static int64_t pg_changed(struct db_cursor *cursor)
{
    int64_t n;
    return str_to_i64(str_from(PQcmdTuples(cursor->statement)), &n) == OK ? n : 0;
}

static void pg_done(struct db_cursor *cursor)
{
    PQclear(cursor->statement);
}

/* --- transactions --------------------------------------------------------------------------------------------- */

static err_t pg_begin(struct db *db)
{
    TRY(ready(db));
    return command(db->connection, "BEGIN");
}

/* The connection ended over the COMMIT: the server may have done it, and its word was lost. */
static err_t unclear(void)
{
    struct err_detail why = *err_detail();
    err_note(E_UNCLEAR, NULL,
             "the database did not answer at the end: this may have been done or not; look before "
             "you send it again");
    return err_cause(E_UNCLEAR, "%s", why.cause[0] ? why.cause : why.text);
}

static err_t send_commit(struct db *db)
{
    struct pg_connection *c = db->connection;
    CLEANUP(clear) PGresult *r = NULL;
    if (!link_usable(&c->link))
        return link_error(NULL, "COMMIT", "the connection was lost before it");
    err_t e = link_exec(&c->link, "COMMIT", &r);
    if (e == OK)
        e = check(c, "COMMIT", r);
    if (e != OK)
        return c->link.sent && !link_usable(&c->link) ? unclear() : e;
    if (strcmp(PQcmdStatus(r), "COMMIT") != 0) /* an aborted transaction answers ROLLBACK */
        return err_note(E_DB, NULL, "the transaction was rolled back");
    return OK;
}

static void pg_rollback(struct db *db)
{
    struct pg_connection *c = db->connection;
    struct err_detail why = *err_detail(); /* of what is undone */
    PGresult *none;
    if (c->piping)
        (void)!end_pipe(c, "writes", SIZE_MAX, &none);
    if (link_usable(&c->link) && command(c, "ROLLBACK") != OK)
        c->link.lost = true; /* nothing may follow in a transaction that is still open */
    err_restore(&why);
}

/* A COMMIT that the server refused has ended its transaction; one that it did not come to has not. */
static void end_failed(struct db *db)
{
    struct pg_connection *c = db->connection;
    if (link_usable(&c->link) && PQtransactionStatus(c->link.handle) != PQTRANS_IDLE)
        pg_rollback(db);
}

static err_t pg_commit(struct db *db)
{
    struct db_store *s = db->store;
    err_t e = pg_together_end(db);
    if (e == OK)
        e = send_commit(db);
    if (db->marks && (e == OK || e == E_UNCLEAR))
        db_doorbell_ring(s);
    if (e != OK) {
        end_failed(db);
        return e;
    }
    s->commits++;
    s->groups++;
    if (db->marks && s->hook)
        s->hook(s->hook_context, db->marks);
    return OK;
}

static err_t pg_script(struct db *db, const char *sql)
{
    return command(db->connection, sql);
}

static err_t pg_prepare_check(struct db *db, const struct db_query *q)
{
    struct pg_connection *c = db->connection;
    CLEANUP(clear) PGresult *r = NULL, *d = NULL;
    TRY(ready(db));
    TRY(link_prepare(&c->link, "", q->postgres, &r));
    TRY(check(c, q->name, r));
    TRY(link_describe(&c->link, "", &d));
    TRY(check(c, q->name, d));
    return PQnparams(d) == q->param_count ? OK
                                          : err_note(E_DB, NULL, "%s: %d parameters, not %d",
                                                     q->name, PQnparams(d), q->param_count);
}

static err_t pg_integrity(struct db *db)
{
    TRY(ready(db));
    return command(db->connection, "SELECT 1");
}

const struct db_driver DB_DRIVER_POSTGRES = {
    .connect = pg_connect,
    .disconnect = pg_disconnect,
    .run = pg_run,
    .next = pg_next,
    .value = pg_value,
    .changed = pg_changed,
    .done = pg_done,
    .together_end = pg_together_end,
    .begin = pg_begin,
    .commit = pg_commit,
    .rollback = pg_rollback,
    .script = pg_script,
    .prepare_check = pg_prepare_check,
    .integrity = pg_integrity,
};

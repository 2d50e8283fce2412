/* A fresh store for each test, on SQLite or, where VIVIM_TEST_PG_URL is set, on PostgreSQL. */
#ifndef VIVIM_TEST_DB_FIXTURE_H
#define VIVIM_TEST_DB_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "db/db_inside.h"
#include "os/file.h"
#include "postgres.h"

struct fixture {
    struct arena arena;
    char *folder;
    char database[64];
    struct db_options options;
    struct db_store *store;
    struct db *db;
    bool postgres;
};
static struct fixture f;

/* A table of our own, made through the driver's script as a migration would. */
static const struct db_query Q_MAKE = {
    "t_make",
    "CREATE TABLE thing (id BLOB PRIMARY KEY, n INTEGER, x REAL, flag INTEGER, word TEXT UNIQUE, "
    "bytes BLOB) STRICT",
    "CREATE TABLE thing (id UUID PRIMARY KEY, n BIGINT, x DOUBLE PRECISION, flag BOOLEAN, word "
    "TEXT UNIQUE, bytes BYTEA)",
    NULL, 0
};
static const struct db_query Q_PUT = {
    "t_put", "INSERT INTO thing (id, n, x, flag, word, bytes) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    "INSERT INTO thing (id, n, x, flag, word, bytes) VALUES ($1, $2, $3, $4, $5, $6)", NULL, 6
};
static const struct db_query Q_ALL = { "t_all",
                                       "SELECT word, id, n, x, flag, bytes FROM thing ORDER BY id",
                                       "SELECT word, id, n, x, flag, bytes FROM thing ORDER BY id",
                                       NULL, 0 };
static const struct db_query Q_ONE = {
    "t_one", "SELECT word, id, n, x, flag, bytes FROM thing WHERE id = ?1",
    "SELECT word, id, n, x, flag, bytes FROM thing WHERE id = $1", NULL, 1
};
static const struct db_query Q_COUNT = { "t_count", "SELECT COUNT(*) FROM thing",
                                         "SELECT COUNT(*) FROM thing", NULL, 0 };
static const struct db_query Q_MAX = { "t_max", "SELECT MAX(n) FROM thing",
                                       "SELECT MAX(n) FROM thing", NULL, 0 };
static const struct db_query Q_DELETE = { "t_delete", "DELETE FROM thing WHERE n >= ?1",
                                          "DELETE FROM thing WHERE n >= $1", NULL, 1 };

struct thing {
    struct uuid id;
    int64_t n;
    double x;
    bool flag;
    struct str word, bytes;
};
static const struct db_col THING[] = {
    DB_COL(thing, id, DB_UUID),   DB_COL(thing, n, DB_I64),    DB_COL(thing, x, DB_F64),
    DB_COL(thing, flag, DB_BOOL), DB_COL(thing, word, DB_STR), DB_COL(thing, bytes, DB_BYTES),
};

static struct uuid id_of(int64_t n)
{
    struct uuid u = { { 0 } };
    for (int i = 0; i < 8; i++)
        u.b[15 - i] = (uint8_t)((uint64_t)n >> (8 * i));
    return u;
}

static void open_store(void)
{
    assert_int_equal(db_open(&f.options, &f.store), OK);
    assert_int_equal(db_connect(f.store, &f.db), OK);
}

static void close_store(void)
{
    db_disconnect(f.db);
    db_close(f.store);
    f.db = NULL;
    f.store = NULL;
}

static int set_up(bool postgres)
{
    static int number;
    memset(&f, 0, sizeof f);
    f.postgres = postgres;
    arena_init(&f.arena, MIB(64));
    assert_int_equal(folder_temp(&f.arena, "vivim-db-", &f.folder), OK);
    f.options = (struct db_options){ .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    if (postgres) {
        snprintf(f.database, sizeof f.database, "vivim_db_%d_%d", (int)getpid(), number++);
        pg_admin("CREATE DATABASE %s", f.database);
        f.options.url = pg_url(&f.arena, f.database);
    }
    open_store();
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(f.store->driver->script(f.db, postgres ? Q_MAKE.postgres : Q_MAKE.sqlite), OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    return 0;
}

static int tear_down(void **state)
{
    UNUSED(state);
    close_store();
    if (f.postgres)
        pg_database_drop(f.database);
    folder_remove(f.folder);
    arena_free(&f.arena);
    return 0;
}

static int sqlite_up(void **state)
{
    UNUSED(state);
    return set_up(false);
}
static int __attribute__((unused)) postgres_up(void **state)
{
    UNUSED(state);
    return set_up(true);
}

static err_t put(struct db *db, int64_t n, struct str word)
{
    return db_exec(
        db, &Q_PUT,
        DB_ARGS(DBU(id_of(n)), DBI(n), DBF(0.5), DBB(true), DBS(word), DBX(S("\x00\xff"))), NULL);
}

/* One row in a transaction of its own. */
static err_t __attribute__((unused)) put_durable(struct db *db, int64_t n)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    char word[32];
    snprintf(word, sizeof word, "w%lld", (long long)n);
    TRY(db_txn_begin(&tx, db));
    TRY(put(db, n, str_from(word)));
    return db_txn_commit(&tx);
}

static int64_t __attribute__((unused)) count_things(struct db *db)
{
    int64_t n = -1;
    assert_int_equal(db_i64(db, &Q_COUNT, DB_NO_ARGS, &n), OK);
    return n;
}

#endif

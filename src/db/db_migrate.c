#include "db/db_inside.h"

#include "base/encode.h"
#include "db_sql.h"
#include "os/clock.h"

enum { MIGRATIONS_MAX = 1000 };

struct applied_row {
    int64_t number;
    struct str name, checksum;
};

static const struct db_col APPLIED_COLS[] = {
    DB_COL(applied_row, number, DB_I64),
    DB_COL(applied_row, name, DB_STR),
    DB_COL(applied_row, checksum, DB_STR),
};

static const struct db_migration *migrations_of(const struct db_store *s)
{
    return s->kind == DB_MAIN ? DB_MIGRATIONS_MAIN : DB_MIGRATIONS_INDEX;
}

static const char *text_of(const struct db_store *s, const struct db_migration *m)
{
    return s->backend == DB_SQLITE ? m->sqlite : m->postgres;
}

static void disconnect(struct db **db)
{
    db_disconnect(*db);
}

static err_t has_table(struct db *db, bool *ret)
{
    int64_t n;
    TRY(db_i64(db, &SQL_DB_MIGRATION_TABLE, DB_NO_ARGS, &n));
    *ret = n > 0;
    return OK;
}

static err_t read_applied(struct db *db, struct arena *a, struct applied_row **ret,
                          size_t *ret_count)
{
    bool there;
    *ret = NULL;
    *ret_count = 0;
    TRY(has_table(db, &there));
    return there ? db_rows(db, a, &SQL_DB_MIGRATIONS_APPLIED, DB_NO_ARGS, APPLIED_COLS,
                           COUNTOF(APPLIED_COLS), sizeof **ret, MIGRATIONS_MAX, ret, ret_count)
                 : OK;
}

/* What has run here is what this program knows, unchanged, and no more. */
static err_t check_applied(const struct db_store *s, struct arena *a,
                           const struct applied_row *rows, size_t count)
{
    const struct db_migration *m = migrations_of(s);
    for (size_t i = 0; i < count; i++, m++) {
        while (m->number && m->number < rows[i].number)
            m++; /* one that waits */
        if (m->number != rows[i].number)
            return err_note(E_SCHEMA, NULL,
                            "the store was written by a newer vivim (migration %lld); use that "
                            "version, or restore an older backup",
                            (long long)rows[i].number);
        struct str sum = sha256_hex(a, sha256_of(str_from(text_of(s, m))));
        if (!str_eq(sum, rows[i].checksum))
            return err_note(E_SCHEMA, NULL,
                            "migration %d (%s) is not the one that ran on this store", m->number,
                            m->name);
    }
    return OK;
}

err_t db_schema_known(struct db_store *s)
{
    CLEANUP(disconnect) struct db *db = NULL;
    CLEANUP(arena_free) struct arena a = { 0 };
    struct applied_row *rows;
    size_t count;
    arena_init(&a, (size_t)16 << 20);
    TRY(db_connect_inside(s, &db));
    TRY(read_applied(db, &a, &rows, &count));
    return check_applied(s, &a, rows, count);
}

static bool is_applied(const struct applied_row *rows, size_t count, int number)
{
    for (size_t i = 0; i < count; i++)
        if (rows[i].number == number)
            return true;
    return false;
}

static err_t apply(struct db *db, struct arena *a, const struct db_migration *m)
{
    const char *text = text_of(db->store, m);
    struct str sum = sha256_hex(a, sha256_of(str_from(text)));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(arena_err(a));
    TRY(db_txn_begin(&tx, db));
    err_t e = db->store->driver->script(db, text);
    if (e != OK) {
        struct err_detail why = *err_detail();
        err_note(e, NULL, "migration %d (%s): %s", m->number, m->name, why.text);
        return err_cause(e, "migration %d (%s): %s", m->number, m->name,
                         why.cause[0] ? why.cause : why.text);
    }
    TRY(db_exec(db, &SQL_DB_MIGRATION_RECORD,
                DB_ARGS(DBI(m->number), DBS(str_from(m->name)), DBS(sum), DBI(clock_wall_ms())),
                NULL));
    return db_txn_commit(&tx);
}

/* The table of migrations itself; two processes that start at once take turns (PostgreSQL: an advisory lock). */
static err_t prepare_table(struct db *db)
{
    bool there;
    TRY(has_table(db, &there));
    if (there)
        return OK;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    const struct db_query *q = &SQL_DB_MIGRATION_CREATE;
    TRY(db->store->driver->script(db, db->store->backend == DB_SQLITE ? q->sqlite : q->postgres));
    return db_txn_commit(&tx);
}

err_t db_migrate(struct db_store *s, int *ret_applied)
{
    CLEANUP(disconnect) struct db *db = NULL;
    CLEANUP(arena_free) struct arena a = { 0 };
    struct applied_row *rows;
    size_t count;
    int applied = 0;
    arena_init(&a, (size_t)16 << 20);
    TRY(db_connect_inside(s, &db));
    db_set_patience(db, DB_FOR_LONG);
    TRY(prepare_table(db));
    TRY(read_applied(db, &a, &rows, &count));
    TRY(check_applied(s, &a, rows, count));
    for (const struct db_migration *m = migrations_of(s); m->number; m++)
        if (!is_applied(rows, count, m->number)) {
            TRY(apply(db, &a, m));
            applied++;
        }
    if (ret_applied)
        *ret_applied = applied;
    return OK;
}

err_t db_migration_status(struct db_store *s, struct arena *a, struct db_migration_row **ret,
                          size_t *ret_count)
{
    CLEANUP(disconnect) struct db *db = NULL;
    struct applied_row *rows;
    size_t count, n = 0;
    TRY(db_connect_inside(s, &db));
    TRY(read_applied(db, a, &rows, &count));
    const struct db_migration *m = migrations_of(s);
    while (m[n].number)
        n++;
    *ret = ARENA_ARRAY(a, struct db_migration_row, n + 1);
    if (!*ret)
        return arena_err(a);
    for (size_t i = 0; i < n; i++)
        (*ret)[i] = (struct db_migration_row){ m[i].number, m[i].name,
                                               is_applied(rows, count, m[i].number) };
    *ret_count = n;
    return OK;
}

err_t db_check(struct db *db, int64_t timeout_ms)
{
    int64_t n;
    db->once_ms = timeout_ms;
    err_t e = db_i64(db, &SQL_DB_MIGRATION_TABLE, DB_NO_ARGS, &n);
    db->once_ms = 0;
    return e;
}

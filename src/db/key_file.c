#include "db/key_file.h"

#include <limits.h>
#include <sqlite3.h>
#include <stdlib.h>

enum { GET, NEXT, QUERY_COUNT, STEPS_BETWEEN = 10000, STEPS_MAX = 20000, KEY_BYTES_MAX = 4096 };

struct key_file {
    sqlite3 *handle;
    sqlite3_stmt *statements[KEY_TABLE_COUNT][QUERY_COUNT];
    bool has[KEY_TABLE_COUNT];
    int steps; /* of the question that runs, in STEPS_BETWEEN */
};

static const char *const NAMES[KEY_TABLE_COUNT] = { "ItemTable", "cursorDiskKV" };
/* Keys are text in both; the type is asked for, so that an index over the column is used. */
static const char *const SQL[KEY_TABLE_COUNT][QUERY_COUNT] = {
    { "SELECT value FROM ItemTable WHERE key = ?1",
      "SELECT key FROM ItemTable WHERE key > ?1 AND key >= ?2 ORDER BY key LIMIT 1" },
    { "SELECT value FROM cursorDiskKV WHERE key = ?1",
      "SELECT key FROM cursorDiskKV WHERE key > ?1 AND key >= ?2 ORDER BY key LIMIT 1" },
};

static err_t fail(struct key_file *f)
{
    int code = sqlite3_errcode(f->handle) & 0xff;
    switch (code) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return err_note(E_BUSY, NULL, "another program has locked it");
    case SQLITE_NOMEM:
        return E_BUSY;
    case SQLITE_TOOBIG:
        return err_note(E_LIMIT, NULL, "a value in it is too large");
    case SQLITE_INTERRUPT:
        return err_note(E_LIMIT, NULL, "looking something up in it takes too long");
    case SQLITE_CANTOPEN:
        return err_note(E_NOT_FOUND, NULL, "it cannot be opened");
    case SQLITE_IOERR:
        return err_note(E_IO, NULL, "reading it failed");
    default:
        return err_note(E_CORRUPT, NULL, "it is no whole SQLite database: %s",
                        sqlite3_errmsg(f->handle));
    }
}

static int too_long(void *context)
{
    struct key_file *f = context;
    return ++f->steps > STEPS_MAX;
}

/* Its own pages and no more: root 0 is a view or a virtual table, which would run what the file says. */
static err_t look(struct key_file *f)
{
    static const char LIST[] = "SELECT name FROM sqlite_schema WHERE type = 'table' AND rootpage > "
                               "0 AND name IN ('ItemTable', 'cursorDiskKV')";
    sqlite3_stmt *list = NULL;
    int code = sqlite3_prepare_v2(f->handle, LIST, -1, &list, NULL);
    while (code == SQLITE_OK || code == SQLITE_ROW) {
        code = sqlite3_step(list);
        const char *name = code == SQLITE_ROW ? (const char *)sqlite3_column_text(list, 0) : NULL;
        for (size_t i = 0; name && i < KEY_TABLE_COUNT; i++)
            f->has[i] |= strcmp(name, NAMES[i]) == 0;
    }
    err_t e = code == SQLITE_DONE ? OK : fail(f);
    sqlite3_finalize(list);
    return e;
}

err_t key_file_open(const char *path, size_t value_bytes_max, struct key_file **ret)
{
    struct key_file *f = calloc(1, sizeof *f);
    assert(value_bytes_max <= INT_MAX / 2);
    if (!f)
        return E_BUSY;
    /* For writing, because the log beside it is read through shared memory, which is made; query_only keeps us from the rest. */
    int code = sqlite3_open_v2(path, &f->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
    err_t e = !f->handle ? E_BUSY : code == SQLITE_OK ? OK : fail(f);
    if (e == OK) {
        sqlite3_db_config(f->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        sqlite3_db_config(f->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        sqlite3_db_config(f->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
        sqlite3_db_config(f->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
        sqlite3_limit(f->handle, SQLITE_LIMIT_LENGTH, (int)value_bytes_max);
        sqlite3_limit(f->handle, SQLITE_LIMIT_ATTACHED, 0);
        sqlite3_progress_handler(f->handle, STEPS_BETWEEN, too_long, f);
        code = sqlite3_exec(f->handle,
                            "PRAGMA query_only=ON; PRAGMA cell_size_check=ON; PRAGMA mmap_size=0; "
                            "PRAGMA temp_store=MEMORY",
                            NULL, NULL, NULL);
        e = code == SQLITE_OK ? look(f) : fail(f);
    }
    if (e != OK) {
        key_file_close(f);
        return e;
    }
    *ret = f;
    return OK;
}

void key_file_close(struct key_file *f)
{
    if (!f)
        return;
    for (size_t t = 0; t < KEY_TABLE_COUNT; t++)
        for (size_t q = 0; q < QUERY_COUNT; q++)
            sqlite3_finalize(f->statements[t][q]);
    sqlite3_close(f->handle);
    free(f);
}

bool key_file_has(struct key_file *f, enum key_table t)
{
    return f->has[t];
}

static bool bind(sqlite3_stmt *stmt, int at, struct str s)
{
    return sqlite3_bind_text(stmt, at, s.n ? s.s : "", (int)s.n, SQLITE_STATIC) == SQLITE_OK;
}

/* One row of one column; bytes, whatever the column's type is. */
static err_t ask(struct key_file *f, struct arena *a, enum key_table t, int query, struct str one,
                 struct str two, struct str *ret)
{
    if (!f->has[t] || one.n > KEY_BYTES_MAX || two.n > KEY_BYTES_MAX)
        return E_NOT_FOUND;
    sqlite3_stmt **kept = &f->statements[t][query];
    f->steps = 0;
    if (!*kept && sqlite3_prepare_v2(f->handle, SQL[t][query], -1, kept, NULL) != SQLITE_OK)
        return fail(f);
    sqlite3_stmt *stmt = *kept;
    err_t e = bind(stmt, 1, one) && (query == GET || bind(stmt, 2, two)) ? OK : E_BUSY;
    int code = e == OK ? sqlite3_step(stmt) : SQLITE_DONE;
    if (e == OK && code != SQLITE_ROW)
        e = code == SQLITE_DONE ? E_NOT_FOUND : fail(f);
    if (e == OK && sqlite3_column_type(stmt, 0) == SQLITE_NULL)
        e = E_NOT_FOUND;
    if (e == OK) {
        const void *bytes = sqlite3_column_blob(stmt, 0);
        int n = sqlite3_column_bytes(stmt, 0);
        *ret = str_dup(a, str_of(n ? bytes : "", (size_t)n));
        e = arena_err(a);
    }
    sqlite3_reset(stmt);
    return e;
}

err_t key_file_get(struct key_file *f, struct arena *a, enum key_table t, struct str key,
                   struct str *ret)
{
    return ask(f, a, t, GET, key, STR_NONE, ret);
}

err_t key_file_next(struct key_file *f, struct arena *a, enum key_table t, struct str prefix,
                    struct str after, struct str *ret_key)
{
    struct str key;
    TRY(ask(f, a, t, NEXT, after, prefix, &key));
    if (!str_starts(key, prefix))
        return E_NOT_FOUND;
    *ret_key = key;
    return OK;
}

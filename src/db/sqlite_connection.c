#include "db/sqlite_connection.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "os/clock.h"
#include "os/file.h"

enum {
    APPLICATION_ID = 0x5649564d, /* "VIVM" */
    BUSY_MS = 5000,
    RESTART_MS = 100,
    /* Of the writer, as it is used: the pages of indexes in whose order nothing comes (hashes, providers' ids) stay in it for some
     * hundred thousand messages. */
    CACHE_KIB = 8192,
};

/* --- errors --------------------------------------------------------------------------------------- */

static err_t error_of(int code)
{
    if (code == SQLITE_IOERR_SHORT_READ)
        return E_CORRUPT; /* the file ends too early */
    switch (code & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return OK;
    case SQLITE_CONSTRAINT:
        return E_CONFLICT;
    case SQLITE_FULL:
        return E_FULL;
    case SQLITE_IOERR:
        return E_IO;
    case SQLITE_NOMEM:
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return E_BUSY;
    case SQLITE_READONLY:
        return E_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return E_CORRUPT;
    default:
        return E_DB;
    }
}

/* A disk that is full or mounted read-only shows in many of SQLite's codes; the disk itself says which it is. */
static err_t disk_error(struct sqlite_connection *c, int code)
{
    const char *path = sqlite3_db_filename(c->handle, "main");
    int kind = code & 0xff;
    bool disk = kind == SQLITE_IOERR || kind == SQLITE_CANTOPEN || kind == SQLITE_READONLY;
    return disk && path && path[0] ? disk_state(path) : OK;
}

err_t sqlite_fail(struct sqlite_connection *c, const char *doing)
{
    int code = sqlite3_extended_errcode(c->handle);
    c->last_was_sync = code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC;
    err_t e = error_of(code), disk = disk_error(c, code);
    if (disk != OK)
        return err_note(disk, NULL, "%s: %s: %s (%d)", doing,
                        disk == E_FULL ? "the disk is full; free some space"
                                       : "the file system is mounted read-only",
                        sqlite3_errmsg(c->handle), code);
    return err_note(e == OK ? E_DB : e, NULL, "%s: %s (%d)", doing, sqlite3_errmsg(c->handle),
                    code);
}

/* --- connections ------------------------------------------------------------------------------------- */

static int note_wal(void *context, sqlite3 *handle, const char *name, int pages)
{
    UNUSED(handle);
    UNUSED(name);
    ((struct sqlite_connection *)context)->wal_pages = pages;
    return SQLITE_OK;
}

/* Another process holds a lock. The wait ends earlier when the program stops, which SQLite's own timeout does not know. */
static int on_busy(void *context, int times)
{
    static const int64_t STEPS_MS[] = { 1, 2, 5, 10, 15, 20, 25, 50 };
    struct sqlite_connection *c = context;
    if (times == 0)
        c->busy_began_ms = clock_real_ms();
    int64_t left_ms = db_wait_left(c->store, c->busy_began_ms, c->busy_ms);
    if (left_ms <= 0)
        return 0;
    int64_t step_ms = STEPS_MS[times < (int)COUNTOF(STEPS_MS) ? times : (int)COUNTOF(STEPS_MS) - 1];
    clock_sleep_ms(step_ms < left_ms ? step_ms : left_ms);
    return 1;
}

void sqlite_wait_for_others(struct sqlite_connection *c, bool wait)
{
    c->busy_ms = wait ? BUSY_MS : 0;
}

void db_temp_dir(const char *folder)
{
    sqlite3_free(sqlite3_temp_directory);
    sqlite3_temp_directory = sqlite3_mprintf("%s", folder); /* NULL: where the system has them */
}

static err_t configure(struct sqlite_connection *c, bool writer)
{
    char sql[512];
    sqlite_wait_for_others(c, true);
    sqlite3_busy_handler(c->handle, on_busy, c);
    sqlite3_extended_result_codes(c->handle, 1);
    sqlite3_db_config(c->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(c->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    if (!writer)
        sqlite3_db_config(c->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    /* What undoes a member of a group (its savepoint's pages) would be in memory otherwise: all that a large transaction
     * changes, and walked over by each of its statements. In a file, once it is more than 64 KiB (db_temp_dir). */
    snprintf(sql, sizeof sql,
             "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; PRAGMA "
             "wal_autocheckpoint=0;"
             "PRAGMA secure_delete=ON; PRAGMA temp_store=FILE; PRAGMA cache_size=-%d;",
             CACHE_KIB);
    /* Not mapped into memory: the map is made anew after each change, and a read that fails would be a signal. */
    const char *reader =
        "PRAGMA query_only=ON; PRAGMA wal_autocheckpoint=0; PRAGMA temp_store=MEMORY;";
    if (sqlite3_exec(c->handle, writer ? sql : reader, NULL, NULL, NULL) != SQLITE_OK)
        return sqlite_fail(c, "opening the store");
    if (writer)
        sqlite3_wal_hook(c->handle, note_wal, c);
    return OK;
}

/* A file that is another program's is left alone. */
static err_t check_application(struct sqlite_connection *c)
{
    sqlite3_stmt *stmt = NULL;
    char sql[64];
    if (sqlite3_prepare_v2(c->handle, "PRAGMA application_id", -1, &stmt, NULL) != SQLITE_OK ||
        sqlite3_step(stmt) != SQLITE_ROW) {
        sqlite3_finalize(stmt);
        return sqlite_fail(c, "opening the store");
    }
    int id = sqlite3_column_int(stmt, 0);
    sqlite3_finalize(stmt);
    if (id != 0 && id != APPLICATION_ID)
        return err_note(E_SCHEMA, NULL,
                        "the database file belongs to another program (application id %#x)",
                        (unsigned)id);
    snprintf(sql, sizeof sql, "PRAGMA application_id=%d", APPLICATION_ID);
    return id ? OK : sqlite_exec(c, sql);
}

/* Once, before SQLite begins: without its statistics of memory, for which each allocation of each thread would take
 * one lock of the whole process. A program that began SQLite itself (a test's file system) keeps them. */
static void set_up_library(void)
{
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

/* A new file has mode 0600 whatever the umask is, and its log and shared memory take that from it. One that is there is
 * not touched: to close a descriptor of it would give up the locks of our other connections (POSIX). */
static void make_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd >= 0)
        close(fd);
}

err_t sqlite_connection_open(struct db_store *s, bool writer, struct sqlite_connection **ret)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, set_up_library);
    struct sqlite_connection *c = calloc(1, sizeof *c);
    if (!c)
        return E_BUSY;
    c->store = s;
    /* Readers open for writing too: WAL wants its shared memory; query_only keeps them from it. */
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (writer ? SQLITE_OPEN_CREATE : 0);
    if (writer)
        make_private(s->path_or_url);
    err_t e = OK;
    if (sqlite3_open_v2(s->path_or_url, &c->handle, flags, NULL) != SQLITE_OK) {
        err_t disk = disk_state(s->path_or_url);
        e = err_note(disk != OK ? disk : E_DB, NULL, "opening %s: %s", s->path_or_url,
                     c->handle ? sqlite3_errmsg(c->handle) : "no memory");
    }
    if (e == OK)
        e = configure(c, writer);
    if (e == OK)
        e = sqlite_best_register(c);
    if (e == OK && writer)
        e = check_application(c);
    if (e != OK) {
        sqlite_connection_close(c);
        return e;
    }
    *ret = c;
    return OK;
}

void sqlite_connection_close(struct sqlite_connection *c)
{
    if (!c)
        return;
    for (size_t i = 0; i < CONTROL_COUNT; i++)
        sqlite3_finalize(c->control[i]);
    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++)
        if (c->cache[i]) {
            sqlite3_finalize(c->cache[i]->stmt);
            free(c->cache[i]);
        }
    sqlite3_close(c->handle);
    free(c);
}

err_t sqlite_exec(struct sqlite_connection *c, const char *sql)
{
    return sqlite3_exec(c->handle, sql, NULL, NULL, NULL) == SQLITE_OK ? OK : sqlite_fail(c, sql);
}

err_t sqlite_control(struct sqlite_connection *c, enum sqlite_control which)
{
    static const char *const SQL[] = {
        [CONTROL_BEGIN] = "BEGIN",
        [CONTROL_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
        [CONTROL_COMMIT] = "COMMIT",
        [CONTROL_ROLLBACK] = "ROLLBACK",
        [CONTROL_SAVEPOINT] = "SAVEPOINT member",
        [CONTROL_SAVEPOINT_RELEASE] = "RELEASE member",
        [CONTROL_SAVEPOINT_ROLLBACK] = "ROLLBACK TO member",
    };
    sqlite3_stmt **stmt = &c->control[which];
    if (!*stmt && sqlite3_prepare_v3(c->handle, SQL[which], -1, SQLITE_PREPARE_PERSISTENT, stmt,
                                     NULL) != SQLITE_OK)
        return sqlite_fail(c, SQL[which]);
    err_t e = sqlite3_step(*stmt) == SQLITE_DONE ? OK : sqlite_fail(c, SQL[which]);
    sqlite3_reset(*stmt);
    return e;
}

bool sqlite_in_transaction(struct sqlite_connection *c)
{
    return !sqlite3_get_autocommit(c->handle);
}

bool sqlite_last_was_sync(struct sqlite_connection *c)
{
    return c->last_was_sync;
}

int sqlite_wal_pages(struct sqlite_connection *c)
{
    return c->wal_pages;
}

/* Passive never waits for readers, and the log begins again only in a moment when nobody reads from it. The others wait
 * a little for those who do (new ones read the database alone meanwhile). */
err_t sqlite_checkpoint(struct sqlite_connection *c, enum checkpoint how, bool *ret_done)
{
    static const int MODES[] = { [CHECKPOINT_PASSIVE] = SQLITE_CHECKPOINT_PASSIVE,
                                 [CHECKPOINT_RESTART] = SQLITE_CHECKPOINT_RESTART,
                                 [CHECKPOINT_TRUNCATE] = SQLITE_CHECKPOINT_TRUNCATE };
    c->busy_ms = RESTART_MS;
    int code = sqlite3_wal_checkpoint_v2(c->handle, NULL, MODES[how], NULL, NULL);
    err_t e = code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY ? OK : sqlite_fail(c, "checkpoint");
    sqlite_wait_for_others(c, true);
    *ret_done = code == SQLITE_OK;
    return e;
}

/* --- statements ------------------------------------------------------------------------------------------ */

/* A statement of ours that cannot be prepared finds another schema than the migrations made. */
static err_t statement_error(struct sqlite_connection *c, const struct db_query *q)
{
    err_t e = sqlite_fail(c, q->name);
    return e == E_DB && sqlite3_errcode(c->handle) == SQLITE_ERROR ? E_SCHEMA : e;
}

err_t sqlite_prepare(struct sqlite_connection *c, const struct db_query *q, unsigned flags,
                     struct sqlite_statement **ret)
{
    struct sqlite_statement *s = calloc(1, sizeof *s);
    if (!s)
        return E_BUSY;
    s->query = q;
    if (sqlite3_prepare_v3(c->handle, q->sqlite, -1, flags, &s->stmt, NULL) != SQLITE_OK) {
        free(s);
        return statement_error(c, q);
    }
    *ret = s;
    return OK;
}

/* The cached statement of a query; one of its own when that one is running (a query inside its own walk). */
err_t sqlite_statement_of(struct sqlite_connection *c, const struct db_query *q,
                          struct sqlite_statement **ret)
{
    size_t mask = DB_STATEMENTS_MAX - 1, at = ((uintptr_t)q >> 4) * 0x9e3779b1u & mask;
    for (size_t i = 0; i < DB_STATEMENTS_MAX; i++, at = (at + 1) & mask) {
        struct sqlite_statement *s = c->cache[at];
        if (s && s->query != q)
            continue;
        if (s && !s->busy) {
            *ret = s;
            return OK;
        }
        if (!s) {
            TRY(sqlite_prepare(c, q, SQLITE_PREPARE_PERSISTENT, &c->cache[at]));
            *ret = c->cache[at];
            return OK;
        }
        break;
    }
    TRY(sqlite_prepare(c, q, 0, ret));
    (*ret)->temporary = true;
    return OK;
}

/* Our own calls of the C library, SQLite and libpq, through the linker's --wrap: only those of our own objects, never
 * what a library does inside. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <libpq-fe.h>
#include <sqlite3.h>

#include "fault/fault.h"

/* --- memory -------------------------------------------------------------------------------------------- */

void *__real_malloc(size_t n);
void *__real_calloc(size_t count, size_t n);
void *__real_realloc(void *p, size_t n);
void *__wrap_malloc(size_t n);
void *__wrap_calloc(size_t count, size_t n);
void *__wrap_realloc(void *p, size_t n);

void *__wrap_malloc(size_t n)
{
    return fault_strikes(FAULT_ALLOCATION) ? NULL : __real_malloc(n);
}

void *__wrap_calloc(size_t count, size_t n)
{
    return fault_strikes(FAULT_ALLOCATION) ? NULL : __real_calloc(count, n);
}

void *__wrap_realloc(void *p, size_t n)
{
    return fault_strikes(FAULT_ALLOCATION) ? NULL : __real_realloc(p, n);
}

/* --- files ----------------------------------------------------------------------------------------------- */

ssize_t __real_write(int fd, const void *bytes, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_mkdir(const char *path, mode_t mode);
ssize_t __wrap_write(int fd, const void *bytes, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_mkdir(const char *path, mode_t mode);

static void tell(enum file_change change, int fd, const void *bytes, size_t n)
{
    char link[64], path[4096];
    fault_observer *observer = fault_observing();
    if (!observer)
        return;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0)
        return;
    path[length] = 0;
    observer(change, path, bytes, (long long)n, -1);
}

ssize_t __wrap_write(int fd, const void *bytes, size_t n)
{
    bool full = fault_strikes(FAULT_WRITE_FULL);
    if (full || fault_strikes(FAULT_WRITE)) {
        errno = full ? ENOSPC : EIO;
        return -1;
    }
    tell(FILE_WRITE, fd, bytes, n);
    return __real_write(fd, bytes, n);
}

int __wrap_fsync(int fd)
{
    if (fault_strikes(FAULT_SYNC)) {
        errno = EIO;
        return -1;
    }
    int code = __real_fsync(fd);
    if (code == 0)
        tell(FILE_SYNC, fd, NULL, 0);
    return code;
}

int __wrap_rename(const char *from, const char *to)
{
    if (fault_strikes(FAULT_WRITE)) {
        errno = EIO;
        return -1;
    }
    if (fault_observing())
        fault_observing()(FILE_RENAME, from, to, 0, 0);
    return __real_rename(from, to);
}

int __wrap_mkdir(const char *path, mode_t mode)
{
    if (fault_strikes(FAULT_WRITE)) {
        errno = EIO;
        return -1;
    }
    if (fault_observing() && access(path, F_OK) != 0)
        fault_observing()(FILE_MAKE_FOLDER, path, NULL, 0, 0);
    return __real_mkdir(path, mode);
}

/* --- the database ------------------------------------------------------------------------------------------ */

int __real_sqlite3_step(sqlite3_stmt *stmt);
int __real_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags,
                              sqlite3_stmt **stmt, const char **tail);
int __wrap_sqlite3_step(sqlite3_stmt *stmt);
int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags,
                              sqlite3_stmt **stmt, const char **tail);

/* A failed call that its connection knows of (sqlite3_errcode), as after a real one. */
static int call_fails(sqlite3 *db)
{
    sqlite3_stmt *none = NULL;
    int code = __real_sqlite3_prepare_v3(db, "a call that fails", -1, 0, &none, NULL);
    sqlite3_finalize(none);
    return code;
}

int __wrap_sqlite3_step(sqlite3_stmt *stmt)
{
    return fault_strikes(FAULT_CALL) ? call_fails(sqlite3_db_handle(stmt))
                                     : __real_sqlite3_step(stmt);
}

int __wrap_sqlite3_prepare_v3(sqlite3 *db, const char *sql, int n, unsigned flags,
                              sqlite3_stmt **stmt, const char **tail)
{
    return fault_strikes(FAULT_CALL) ? call_fails(db)
                                     : __real_sqlite3_prepare_v3(db, sql, n, flags, stmt, tail);
}

int __real_PQsendQuery(PGconn *c, const char *sql);
int __real_PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int format);
int __real_PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types);
int __real_PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *values,
                               const int *lengths, const int *formats, int format);
int __wrap_PQsendQuery(PGconn *c, const char *sql);
int __wrap_PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int format);
int __wrap_PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types);
int __wrap_PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *values,
                               const int *lengths, const int *formats, int format);

/* The connection breaks before the server hears of the call. */
static void may_break(PGconn *c)
{
    if (fault_strikes(FAULT_CALL))
        shutdown(PQsocket(c), SHUT_RDWR);
}

int __wrap_PQsendQuery(PGconn *c, const char *sql)
{
    may_break(c);
    return __real_PQsendQuery(c, sql);
}

int __wrap_PQsendQueryParams(PGconn *c, const char *sql, int n, const Oid *types,
                             const char *const *values, const int *lengths, const int *formats,
                             int format)
{
    may_break(c);
    return __real_PQsendQueryParams(c, sql, n, types, values, lengths, formats, format);
}

int __wrap_PQsendPrepare(PGconn *c, const char *name, const char *sql, int n, const Oid *types)
{
    may_break(c);
    return __real_PQsendPrepare(c, name, sql, n, types);
}

int __wrap_PQsendQueryPrepared(PGconn *c, const char *name, int n, const char *const *values,
                               const int *lengths, const int *formats, int format)
{
    may_break(c);
    return __real_PQsendQueryPrepared(c, name, n, values, lengths, formats, format);
}

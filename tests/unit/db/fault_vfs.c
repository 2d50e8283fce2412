#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_vfs *real;
static sqlite3_vfs fault;
static sqlite3_mem_methods real_memory;
static _Atomic int armed_kind, armed_file, countdown, stays, happened;
static void (*observe)(enum file_change, const char *, const void *, long long, long long);

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    const char *path;   /* NULL: a temporary file */
    int is_database;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

void fault_arm(enum fault_kind kind, int after, int persistent)
{
    fault_arm_file(kind, FAULT_ANY_FILE, after, persistent);
}

void fault_arm_file(enum fault_kind kind, enum fault_file file, int after, int persistent)
{
    happened = 0;
    armed_file = (int)file;
    countdown = after;
    stays = persistent;
    armed_kind = (int)kind;
}

void fault_disarm(void)
{
    armed_kind = FAULT_NONE;
}

int fault_happened(void)
{
    return happened;
}

void fault_observe(void (*observer)(enum file_change, const char *, const void *, long long,
                                    long long))
{
    observe = observer;
}

static void tell(enum file_change change, sqlite3_file *f, const void *bytes, long long n,
                 long long at)
{
    const char *path = ((struct file *)f)->path;
    if (observe && path)
        observe(change, path, bytes, n, at);
}

/* Is it this call's turn to fail? */
static int strikes(int kind, int is_database)
{
    if (armed_kind != kind || (armed_file == FAULT_DATABASE && !is_database))
        return 0;
    if (atomic_fetch_sub(&countdown, 1) > 1)
        return 0;
    if (!stays)
        armed_kind = FAULT_NONE;
    happened = 1;
    return 1;
}

static int strikes_file(int kind, sqlite3_file *f)
{
    return strikes(kind, ((struct file *)f)->is_database);
}

/* --- files --------------------------------------------------------------------------------------- */

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    if (strikes_file(FAULT_READ, f))
        return SQLITE_IOERR_READ;
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (strikes_file(FAULT_WRITE_IO, f))
        return SQLITE_IOERR_WRITE;
    if (strikes_file(FAULT_WRITE_FULL, f))
        return SQLITE_FULL;
    tell(FILE_WRITE, f, p, n, at);
    return real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}
static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    tell(FILE_TRUNCATE, f, NULL, n, 0);
    return real_of(f)->pMethods->xTruncate(real_of(f), n);
}
static int f_sync(sqlite3_file *f, int flags)
{
    if (strikes_file(FAULT_SYNC, f))
        return SQLITE_IOERR_FSYNC;
    int code = real_of(f)->pMethods->xSync(real_of(f), flags);
    if (code == SQLITE_OK)
        tell(FILE_SYNC, f, NULL, 0, 0);
    return code;
}
static int f_size(sqlite3_file *f, sqlite3_int64 *n)
{
    return real_of(f)->pMethods->xFileSize(real_of(f), n);
}
static int f_lock(sqlite3_file *f, int l)
{
    return real_of(f)->pMethods->xLock(real_of(f), l);
}
static int f_unlock(sqlite3_file *f, int l)
{
    return real_of(f)->pMethods->xUnlock(real_of(f), l);
}
static int f_reserved(sqlite3_file *f, int *l)
{
    return real_of(f)->pMethods->xCheckReservedLock(real_of(f), l);
}
static int f_control(sqlite3_file *f, int op, void *p)
{
    return real_of(f)->pMethods->xFileControl(real_of(f), op, p);
}
static int f_sector(sqlite3_file *f)
{
    return real_of(f)->pMethods->xSectorSize(real_of(f));
}
static int f_device(sqlite3_file *f)
{
    return real_of(f)->pMethods->xDeviceCharacteristics(real_of(f));
}
static int f_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **p)
{
    return real_of(f)->pMethods->xShmMap(real_of(f), page, size, extend, p);
}
static int f_shm_lock(sqlite3_file *f, int at, int n, int flags)
{
    return real_of(f)->pMethods->xShmLock(real_of(f), at, n, flags);
}
static void f_shm_barrier(sqlite3_file *f)
{
    real_of(f)->pMethods->xShmBarrier(real_of(f));
}
static int f_shm_unmap(sqlite3_file *f, int flag)
{
    return real_of(f)->pMethods->xShmUnmap(real_of(f), flag);
}

static const sqlite3_io_methods METHODS = {
    .iVersion = 2,
    .xClose = f_close,
    .xRead = f_read,
    .xWrite = f_write,
    .xTruncate = f_truncate,
    .xSync = f_sync,
    .xFileSize = f_size,
    .xLock = f_lock,
    .xUnlock = f_unlock,
    .xCheckReservedLock = f_reserved,
    .xFileControl = f_control,
    .xSectorSize = f_sector,
    .xDeviceCharacteristics = f_device,
    .xShmMap = f_shm_map,
    .xShmLock = f_shm_lock,
    .xShmBarrier = f_shm_barrier,
    .xShmUnmap = f_shm_unmap,
};

static int f_open(sqlite3_vfs *vfs, const char *name, sqlite3_file *f, int flags, int *out)
{
    (void)vfs;
    struct file *file = (struct file *)f;
    memset(file, 0, sizeof *file);
    file->real = (sqlite3_file *)(file + 1);
    file->path = name; /* lives as long as the file is open */
    file->is_database = flags & SQLITE_OPEN_MAIN_DB ? 1 : 0;
    int code = real->xOpen(real, name, file->real, flags, out);
    if (file->real->pMethods)
        file->base.pMethods = &METHODS;
    return code;
}

static int f_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (observe)
        observe(FILE_DELETE, name, NULL, 0, 0);
    return real->xDelete(real, name, sync_folder);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void *m_malloc(int n)
{
    return strikes(FAULT_MEMORY, 0) ? NULL : real_memory.xMalloc(n);
}

static void *m_realloc(void *p, int n)
{
    return strikes(FAULT_MEMORY, 0) ? NULL : real_memory.xRealloc(p, n);
}

void fault_vfs_install(void)
{
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real_memory);
    sqlite3_mem_methods memory = real_memory;
    memory.xMalloc = m_malloc;
    memory.xRealloc = m_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &memory);
    real = sqlite3_vfs_find(NULL);
    fault = *real;
    fault.zName = "fault";
    fault.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    fault.xOpen = f_open;
    fault.xDelete = f_delete;
    sqlite3_vfs_register(&fault, 1);
}

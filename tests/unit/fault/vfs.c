/* SQLite's files and memory. */
#include <sqlite3.h>
#include <string.h>

#include "fault/fault.h"

static sqlite3_vfs *real;
static sqlite3_vfs fault;
static sqlite3_mem_methods real_memory;

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
    const char *path;   /* NULL: a temporary file */
    bool is_database;
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

static void tell(enum file_change change, sqlite3_file *f, const void *bytes, long long n,
                 long long at)
{
    const char *path = ((struct file *)f)->path;
    if (path && fault_observing())
        fault_observing()(change, path, bytes, n, at);
}

static bool strikes(sqlite3_file *f, enum fault_kind kind)
{
    return fault_strikes_file(kind, ((struct file *)f)->is_database);
}

/* --- files --------------------------------------------------------------------------------------- */

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    if (strikes(f, FAULT_READ))
        return SQLITE_IOERR_READ;
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    if (strikes(f, FAULT_WRITE))
        return SQLITE_IOERR_WRITE;
    if (strikes(f, FAULT_WRITE_FULL))
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
    if (strikes(f, FAULT_SYNC))
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
    file->is_database = (flags & SQLITE_OPEN_MAIN_DB) != 0;
    int code = real->xOpen(real, name, file->real, flags, out);
    if (file->real->pMethods)
        file->base.pMethods = &METHODS;
    return code;
}

static int f_delete(sqlite3_vfs *vfs, const char *name, int sync_folder)
{
    (void)vfs;
    if (fault_observing())
        fault_observing()(FILE_DELETE, name, NULL, 0, 0);
    return real->xDelete(real, name, sync_folder);
}

/* --- memory ------------------------------------------------------------------------------------------ */

static void *m_malloc(int n)
{
    return fault_strikes(FAULT_ALLOCATION) ? NULL : real_memory.xMalloc(n);
}

static void *m_realloc(void *p, int n)
{
    return fault_strikes(FAULT_ALLOCATION) ? NULL : real_memory.xRealloc(p, n);
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

#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

static sqlite3_vfs *real;
static sqlite3_vfs fault;
static _Atomic int armed_kind, countdown, stays, happened;

struct file {
    sqlite3_file base;
    sqlite3_file *real; /* behind this struct */
};

static sqlite3_file *real_of(sqlite3_file *f)
{
    return ((struct file *)f)->real;
}

void fault_arm(enum fault_kind kind, int after, int persistent)
{
    happened = 0;
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

static int strikes(int is_sync)
{
    int kind = armed_kind;
    if (kind == FAULT_NONE || (kind == FAULT_SYNC) != is_sync)
        return SQLITE_OK;
    if (atomic_fetch_sub(&countdown, 1) > 1)
        return SQLITE_OK;
    if (!stays)
        armed_kind = FAULT_NONE;
    happened = 1;
    return kind == FAULT_SYNC         ? SQLITE_IOERR_FSYNC
           : kind == FAULT_WRITE_FULL ? SQLITE_FULL
                                      : SQLITE_IOERR_WRITE;
}

static int f_close(sqlite3_file *f)
{
    return real_of(f)->pMethods->xClose(real_of(f));
}
static int f_read(sqlite3_file *f, void *p, int n, sqlite3_int64 at)
{
    return real_of(f)->pMethods->xRead(real_of(f), p, n, at);
}
static int f_write(sqlite3_file *f, const void *p, int n, sqlite3_int64 at)
{
    int bad = strikes(0);
    return bad ? bad : real_of(f)->pMethods->xWrite(real_of(f), p, n, at);
}
static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    return real_of(f)->pMethods->xTruncate(real_of(f), n);
}
static int f_sync(sqlite3_file *f, int flags)
{
    int bad = strikes(1);
    return bad ? bad : real_of(f)->pMethods->xSync(real_of(f), flags);
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
    int code = real->xOpen(real, name, file->real, flags, out);
    if (file->real->pMethods)
        file->base.pMethods = &METHODS;
    return code;
}

void fault_vfs_install(void)
{
    real = sqlite3_vfs_find(NULL);
    fault = *real;
    fault.zName = "fault";
    fault.szOsFile = (int)sizeof(struct file) + real->szOsFile;
    fault.xOpen = f_open;
    sqlite3_vfs_register(&fault, 1);
}

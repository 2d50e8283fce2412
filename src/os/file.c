#include "os/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/limits.h"
#include "os/clock.h"

enum { PATH_BYTES_MAX = 4096, DEPTH_MAX = 32, LOCK_LOOK_MS = 20 };

static err_t fail(const char *doing, const char *path)
{
    int code = errno;
    char text[128];
    const char *why = strerror_r(code, text, sizeof text);
    err_t e = code == ENOENT || code == ENOTDIR  ? E_NOT_FOUND
              : code == ENOSPC || code == EDQUOT ? E_FULL
              : code == EROFS                    ? E_READ_ONLY
                                                 : E_IO;
    return err_note(e, NULL, "%s %s: %s", doing, path, why);
}

void fd_close(struct fd *f)
{
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
}

/* --- reading -------------------------------------------------------------------------------- */

err_t file_read(struct arena *a, const char *path, size_t max_bytes, struct str *ret)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_RDONLY | O_CLOEXEC) };
    if (f.fd < 0)
        return fail("opening", path);
    struct stat st;
    if (fstat(f.fd, &st) != 0)
        return fail("reading", path);
    if (S_ISDIR(st.st_mode))
        return err_note(E_IO, NULL, "%s is a folder", path);
    struct buf b;
    buf_init(&b, a, max_bytes);
    bool sized = S_ISREG(st.st_mode) && st.st_size > 0;
    size_t step = sized ? (size_t)st.st_size : 65536;
    if (sized && step > max_bytes)
        return err_note(E_LIMIT, NULL, "%s is larger than %zu bytes", path, max_bytes);
    for (;;) {
        if (b.n == max_bytes) { /* one byte more would be too many: is there one? */
            char probe;
            if (read(f.fd, &probe, 1) > 0)
                return err_note(E_LIMIT, NULL, "%s is larger than %zu bytes", path, max_bytes);
            break;
        }
        size_t room = max_bytes - b.n < step ? max_bytes - b.n : step;
        char *to = buf_reserve(&b, room);
        if (!to)
            return buf_err(&b);
        ssize_t n = read(f.fd, to, room);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("reading", path);
        if (n == 0)
            break;
        b.n += (size_t)n;
    }
    *ret = b.s ? buf_str(&b) : S("");
    return OK;
}

static err_t read_piece(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct file_reader *f = (struct file_reader *)r;
    ssize_t n;
    do
        n = read(f->fd.fd, to, max);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return fail("reading", f->name);
    *ret_n = (size_t)n;
    return OK;
}

err_t file_reader_open(struct file_reader *f, const char *path)
{
    size_t n = strlen(path);
    struct stat st;
    *f = (struct file_reader){ .reader = { read_piece },
                               .fd = { open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY) } };
    snprintf(f->name, sizeof f->name, "%s",
             n < sizeof f->name ? path : path + n - sizeof f->name + 1);
    if (f->fd.fd < 0)
        return fail("opening", path);
    if (fstat(f->fd.fd, &st) == 0 && S_ISREG(st.st_mode))
        return OK;
    file_reader_close(f);
    return err_note(E_IO, NULL, "%s is %s", path,
                    S_ISDIR(st.st_mode) ? "a folder" : "no ordinary file");
}

void file_reader_close(struct file_reader *f)
{
    fd_close(&f->fd);
}

err_t file_map_open(const char *path, size_t max_bytes, struct file_map *ret)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_RDONLY | O_CLOEXEC) };
    struct stat st;
    if (f.fd < 0 || fstat(f.fd, &st) != 0)
        return fail("opening", path);
    if (!S_ISREG(st.st_mode) || st.st_size <= 0)
        return err_note(E_IO, NULL, "%s is no file, or empty", path);
    if ((uint64_t)st.st_size > max_bytes)
        return err_note(E_LIMIT, NULL, "%s is larger than %zu bytes", path, max_bytes);
    void *at = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, f.fd, 0);
    if (at == MAP_FAILED)
        return fail("mapping", path);
    ret->bytes = str_of(at, (size_t)st.st_size);
    return OK;
}

void file_map_rest(const struct file_map *m)
{
    (void)madvise((void *)(uintptr_t)m->bytes.s, m->bytes.n, MADV_DONTNEED);
}

void file_map_close(struct file_map *m)
{
    if (m->bytes.n)
        munmap((void *)(uintptr_t)m->bytes.s, m->bytes.n);
    *m = (struct file_map){ 0 };
}

/* --- writing ----------------------------------------------------------------------------------- */

err_t file_write_all(int fd, struct str bytes)
{
    while (bytes.n) {
        ssize_t n = write(fd, bytes.s, bytes.n);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return fail("writing", "a file");
        bytes = str_sub(bytes, (size_t)n, bytes.n);
    }
    return OK;
}

static err_t folder_of(const char *path, char ret[PATH_BYTES_MAX])
{
    size_t n = strlen(path);
    if (n >= PATH_BYTES_MAX)
        return err_note(E_LIMIT, NULL, "the path is longer than %d bytes", PATH_BYTES_MAX);
    memcpy(ret, path, n + 1);
    char *slash = strrchr(ret, '/');
    if (!slash)
        memcpy(ret, ".", 2);
    else
        slash[slash == ret ? 1 : 0] = 0;
    return OK;
}

err_t folder_sync(const char *path)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
    if (f.fd < 0)
        return fail("opening", path);
    return fsync(f.fd) == 0 ? OK : fail("syncing", path);
}

static err_t write_and_sync(const char *path, struct str bytes, unsigned mode)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode) };
    if (f.fd < 0)
        return fail("making", path);
    TRY(file_write_all(f.fd, bytes));
    return fsync(f.fd) == 0 ? OK : fail("syncing", path);
}

err_t file_write_atomic(const char *path, struct str bytes, unsigned mode)
{
    static _Atomic unsigned serial;
    char folder[PATH_BYTES_MAX], beside[PATH_BYTES_MAX + 32];
    TRY(folder_of(path, folder));
    snprintf(beside, sizeof beside, "%s.%d.%u.new", path, (int)getpid(), serial++);
    err_t e = write_and_sync(beside, bytes, mode);
    if (e == OK && rename(beside, path) != 0)
        e = fail("renaming to", path);
    if (e != OK) {
        unlink(beside);
        return e;
    }
    return folder_sync(folder);
}

/* --- folders ----------------------------------------------------------------------------------------- */

err_t file_read_exactly(int fd, char *bytes, size_t n)
{
    for (size_t done = 0; done < n;) {
        ssize_t got = read(fd, bytes + done, n - done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return E_IO;
        done += (size_t)got;
    }
    return OK;
}

err_t folder_make(const char *path, unsigned mode)
{
    char part[PATH_BYTES_MAX];
    size_t n = strlen(path);
    if (n == 0 || n >= sizeof part)
        return err_note(E_INVALID, NULL, "the path of a folder is empty or longer than %d bytes",
                        PATH_BYTES_MAX);
    memcpy(part, path, n + 1);
    for (size_t i = 1; i <= n; i++) {
        if (part[i] != '/' && part[i] != 0)
            continue;
        char kept = part[i], above[PATH_BYTES_MAX];
        part[i] = 0;
        bool made = mkdir(part, mode) == 0;
        if (!made && errno != EEXIST)
            return fail("making the folder", part);
        if (made) {
            TRY(folder_of(part, above));
            TRY(folder_sync(above));
        }
        part[i] = kept;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return fail("looking at", path);
    return S_ISDIR(st.st_mode) ? OK : err_note(E_IO, NULL, "%s is not a folder", path);
}

static void remove_in(int parent, const char *name, int depth)
{
    if (unlinkat(parent, name, 0) == 0 || errno == ENOENT || depth > DEPTH_MAX)
        return;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            remove_in(fd, e->d_name, depth + 1);
    closedir(dir);
    unlinkat(parent, name, AT_REMOVEDIR);
}

void folder_remove(const char *path)
{
    remove_in(AT_FDCWD, path, 0);
}

bool file_exists(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0;
}

int64_t file_size(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (int64_t)st.st_size : -1;
}

err_t folder_temp(struct arena *a, const char *prefix, char **ret)
{
    const char *root = getenv("TMPDIR");
    struct str path = str_fmt(a, "%s/%sXXXXXX", root && root[0] == '/' ? root : "/tmp", prefix);
    char *z = str_cstr(a, path);
    if (!z)
        return arena_err(a);
    if (!mkdtemp(z))
        return fail("making a folder like", z);
    *ret = z;
    return OK;
}

err_t file_lock(const char *path, struct fd *ret)
{
    CLEANUP(fd_close) struct fd f = { open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600) };
    if (f.fd < 0)
        return fail("opening", path);
    int bad = flock(f.fd, LOCK_EX | LOCK_NB);
    /* A child that a killed holder had just begun to start has it until it becomes its program (os/process.h). */
    for (int waited_ms = 0; bad && errno == EWOULDBLOCK && waited_ms < FILE_LOCK_WAIT_MS;
         waited_ms += LOCK_LOOK_MS) {
        clock_sleep_ms(LOCK_LOOK_MS);
        bad = flock(f.fd, LOCK_EX | LOCK_NB);
    }
    if (bad)
        return errno == EWOULDBLOCK ? err_note(E_CONFLICT, NULL, "another process holds %s", path)
                                    : fail("locking", path);
    *ret = f;
    f.fd = -1;
    return OK;
}

/* --- whose it is, and whether it can be written ---------------------------------------------------- */

static void close_in(int parent, const char *name, struct closing *c, bool all, int depth);

static void close_entries(int parent, const char *name, struct closing *c, bool all, int depth)
{
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0)
            close_in(fd, e->d_name, c, all, depth + 1);
    closedir(dir);
}

static void close_in(int parent, const char *name, struct closing *c, bool all, int depth)
{
    struct stat st;
    if (depth > DEPTH_MAX || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        S_ISLNK(st.st_mode))
        return;
    bool open_to_others = st.st_mode & (S_IRWXG | S_IRWXO);
    if (open_to_others) {
        bool done =
            fchmodat(parent, name, st.st_mode & 07700 & ~(mode_t)(S_ISUID | S_ISVTX), 0) == 0;
        c->closed += done;
        c->refused += !done;
    }
    if (S_ISDIR(st.st_mode) && (open_to_others || all))
        close_entries(parent, name, c, all || open_to_others, depth);
}

void file_close_to_others(const char *path, bool all, struct closing *io)
{
    close_in(AT_FDCWD, path, io, all, 0);
}

err_t disk_state(const char *path)
{
    struct statvfs fs;
    if (statvfs(path, &fs) != 0)
        return OK;
    if (fs.f_flag & ST_RDONLY)
        return E_READ_ONLY;
    return fs.f_bavail == 0 ? E_FULL : OK;
}

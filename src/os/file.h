/* Files: whole reads with a bound, atomic and durable writes, folders. Paths are zero-terminated. */
#ifndef VIVIM_OS_FILE_H
#define VIVIM_OS_FILE_H

#include "base/buf.h"
#include "base/reader.h"

/* Read a whole file. E_NOT_FOUND, E_LIMIT (over max_bytes), E_IO; the note names the path. */
NODISCARD err_t file_read(struct arena *a, const char *path, size_t max_bytes, struct str *ret);
/* Write beside it, fsync, rename over `path`, fsync the folder: afterwards the old or the new
 * content is there, whatever happens. E_IO, E_FULL, E_READ_ONLY. */
NODISCARD err_t file_write_atomic(const char *path, struct str bytes, unsigned mode);
NODISCARD err_t file_write_all(int fd, struct str bytes); /* handles short writes; E_IO, E_FULL */
/* `n` bytes from the descriptor's position; fewer are E_IO. */
NODISCARD err_t file_read_exactly(int fd, char *bytes, size_t n);
/* With parents; fine when it is there. The names that are new are on the disk. */
NODISCARD err_t folder_make(const char *path, unsigned mode);
NODISCARD err_t folder_sync(const char *path);
void folder_remove(const char *path); /* recursively, without following links; best effort */
bool file_exists(const char *path);
int64_t file_size(const char *path); /* -1: absent */
/* A new private folder under the system's temporary folder; ret lives in `a`. */
NODISCARD err_t folder_temp(struct arena *a, const char *prefix, char **ret);

/* Take from everybody but its owner every right on a file or folder (a set bit of the group or of others goes), and, where
 * that was a folder that others could enter, on all that lies in it; `all`: look into it in any case. Links are not
 * followed. Counts what was closed, and what could not be (not ours, a read-only file system). */
struct closing {
    size_t closed, refused;
};
void file_close_to_others(const char *path, bool all, struct closing *io);
/* What a disk that fails says of itself: E_READ_ONLY (mounted so), E_FULL (no room left for us), else OK. */
NODISCARD err_t disk_state(const char *path);

struct fd {
    int fd;
};
#define FD_NONE ((struct fd){ -1 })
void fd_close(struct fd *f); /* for CLEANUP; accepts -1 */

/* A file from its beginning, in pieces. `path` is copied for the notes of errors. E_NOT_FOUND, E_IO (also for what is no ordinary
 * file: nobody waits for who would write into a pipe; and later for a read that fails). */
struct file_reader {
    struct reader reader;
    struct fd fd;
    char name[128]; /* the path's end */
};
NODISCARD err_t file_reader_open(struct file_reader *f, const char *path);
void file_reader_close(struct file_reader *f); /* for CLEANUP; accepts one that failed to open */

/* A whole file to read where it lies: its pages are the machine's, shared by all who look, and need no copy. It must be replaced
 * (file_write_atomic), never written or cut, while it is mapped. E_NOT_FOUND, E_LIMIT, E_IO (also for one without a byte). */
struct file_map {
    struct str bytes;
};
NODISCARD err_t file_map_open(const char *path, size_t max_bytes, struct file_map *ret);
void file_map_rest(const struct file_map *m); /* it counts as memory again when it is read again */
void file_map_close(struct file_map *m);      /* for CLEANUP; accepts a zeroed one */

/* An exclusive flock on `path`, made when absent; gone with the process. E_CONFLICT when another process
 * holds it, and still after FILE_LOCK_WAIT_MS. */
NODISCARD err_t file_lock(const char *path, struct fd *ret);

#endif

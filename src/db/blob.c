#include "db/blob.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compress.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

enum { PATH_BYTES = 4096, ZSTD_LEVEL = 3 };
/* The first bytes of a zstd frame (RFC 8878 section 3.1.1) behind our own mark, so that content that happens to begin like one is not unpacked. */
#define PACKED S("VVZ1")

static err_t path_of(const struct blob_store *b, struct uuid owner, struct sha256 h,
                     char folder[PATH_BYTES], char path[PATH_BYTES])
{
    static const char DIGITS[] = "0123456789abcdef";
    char id[UUID_TEXT_BYTES + 1], hex[65];
    uuid_text(owner, id);
    for (int i = 0; i < 32; i++) {
        hex[2 * i] = DIGITS[h.b[i] >> 4];
        hex[2 * i + 1] = DIGITS[h.b[i] & 15];
    }
    hex[64] = 0;
    int n = snprintf(folder, PATH_BYTES, "%s/%s/%.2s", b->root, id, hex);
    int m = n < 0 || n >= PATH_BYTES ? -1 : snprintf(path, PATH_BYTES, "%s/%s", folder, hex);
    return m < 0 || m >= PATH_BYTES ? err_note(E_LIMIT, NULL, "the data folder's path is too long")
                                    : OK;
}

/* A new folder is durable only when the one above it was synced; another thread may have made it and not be that far. */
static err_t make_durable_folder(const struct blob_store *b, const char *folder)
{
    TRY(folder_make(folder, 0700));
    char above[PATH_BYTES];
    snprintf(above, sizeof above, "%s", folder);
    char *slash = strrchr(above, '/');
    *slash = 0;
    TRY(folder_sync(above));
    return folder_sync(b->root);
}

/* Between the sweeper's last look at a file and its removal nobody may begin to count on that file. */
static pthread_mutex_t sweeping = PTHREAD_MUTEX_INITIALIZER;

/* The same bytes are here already. Then the file is young again, so that the sweeper leaves it until the transaction
 * that names it is through; and its name is on the disk, also when the thread that made it is not that far yet. */
static err_t use_again(const char *folder, const char *path, bool *ret_there)
{
    pthread_mutex_lock(&sweeping);
    *ret_there = utimensat(AT_FDCWD, path, NULL, 0) == 0;
    pthread_mutex_unlock(&sweeping);
    return *ret_there ? folder_sync(folder) : OK;
}

static err_t write_blob(const char *path, struct str bytes, bool pack)
{
    CLEANUP(buf_free) struct buf packed = { 0 };
    bool smaller = false, marked = str_starts(bytes, PACKED);
    buf_init(&packed, NULL, bytes.n + bytes.n / 8 + 1024);
    buf_put(&packed, PACKED);
    if (pack || marked) {
        TRY(zstd_pack(bytes, ZSTD_LEVEL, &packed));
        smaller = packed.n < bytes.n || marked;
    }
    return file_write_atomic(path, smaller ? buf_str(&packed) : bytes, 0600);
}

err_t blob_put(const struct blob_store *b, struct uuid owner, struct str bytes, bool pack,
               struct sha256 *ret)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct sha256 h = sha256_of(bytes);
    bool there;
    TRY(path_of(b, owner, h, folder, path));
    TRY(use_again(folder, path, &there));
    if (!there) {
        TRY(make_durable_folder(b, folder));
        TRY(write_blob(path, bytes, pack));
    }
    *ret = h;
    return OK;
}

err_t blob_read(const struct blob_store *b, struct arena *a, struct uuid owner, struct sha256 h,
                size_t max_bytes, struct str *ret)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    struct str stored;
    TRY(path_of(b, owner, h, folder, path));
    TRY(file_read(a, path, max_bytes + 4096, &stored));
    if (str_starts(stored, PACKED)) {
        struct buf plain;
        buf_init(&plain, a, max_bytes);
        TRY(zstd_unpack(str_sub(stored, PACKED.n, stored.n), &plain));
        stored = buf_str(&plain);
    }
    if (stored.n > max_bytes)
        return E_LIMIT;
    struct sha256 now = sha256_of(stored);
    if (memcmp(now.b, h.b, sizeof now.b) != 0)
        return err_note(E_CORRUPT, NULL,
                        "a stored file is damaged: its content does not fit its name");
    *ret = stored;
    return OK;
}

bool blob_exists(const struct blob_store *b, struct uuid owner, struct sha256 h)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    return path_of(b, owner, h, folder, path) == OK && file_exists(path);
}

void blob_remove(const struct blob_store *b, struct uuid owner, struct sha256 h)
{
    char folder[PATH_BYTES], path[PATH_BYTES];
    if (path_of(b, owner, h, folder, path) == OK)
        unlink(path);
}

/* --- sweeping ------------------------------------------------------------------------------------------ */

err_t blob_forget(const struct blob_store *b, struct uuid owner)
{
    char path[PATH_BYTES], name[UUID_TEXT_BYTES + 1];
    uuid_text(owner, name);
    if (snprintf(path, sizeof path, "%s/%s", b->root, name) >= (int)sizeof path)
        return E_LIMIT;
    folder_remove(path);
    return OK;
}

struct sweep {
    bool (*named)(void *context, struct uuid owner, struct sha256 h);
    void *context;
    int64_t before_ms;
    size_t removed;
};

/* A young one may be waiting for the transaction that names it. */
static bool is_old(const struct sweep *s, const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && (int64_t)st.st_mtim.tv_sec * 1000 <= s->before_ms;
}

static void sweep_file(struct sweep *s, struct uuid owner, const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct sha256 h;
    if (snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path || !is_old(s, path))
        return;
    if (sha256_parse(str_from(name), &h) && s->named(s->context, owner, h))
        return;
    pthread_mutex_lock(&sweeping);
    if (is_old(s, path))
        s->removed += unlink(path) == 0;
    pthread_mutex_unlock(&sweeping);
}

static void each_entry(const char *folder,
                       void (*visit)(struct sweep *, struct uuid, const char *, const char *),
                       struct sweep *s, struct uuid owner)
{
    DIR *dir = opendir(folder);
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        if (e->d_name[0] != '.')
            visit(s, owner, folder, e->d_name);
    if (dir)
        closedir(dir);
}

static void sweep_prefix(struct sweep *s, struct uuid owner, const char *folder, const char *name)
{
    char path[PATH_BYTES];
    if (snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        each_entry(path, sweep_file, s, owner);
}

static void sweep_owner(struct sweep *s, struct uuid none, const char *folder, const char *name)
{
    char path[PATH_BYTES];
    struct uuid owner;
    UNUSED(none);
    if (uuid_parse(str_from(name), &owner) == OK &&
        snprintf(path, sizeof path, "%s/%s", folder, name) < (int)sizeof path)
        each_entry(path, sweep_prefix, s, owner);
}

err_t blob_sweep(const struct blob_store *b, int64_t min_age_ms,
                 bool (*named)(void *context, struct uuid owner, struct sha256 h), void *context,
                 size_t *ret_removed)
{
    struct sweep s = { .named = named,
                       .context = context,
                       .before_ms = clock_wall_ms() - min_age_ms };
    each_entry(b->root, sweep_owner, &s, (struct uuid){ { 0 } });
    if (ret_removed)
        *ret_removed = s.removed;
    return OK;
}

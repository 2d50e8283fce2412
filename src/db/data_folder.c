#include "db/data_folder.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

enum { PATH_BYTES = 4096, KIND_BYTES_MAX = 64 };

/* What this program makes in the folder, and what people put there for it. */
static const char *const OURS[] = { "vivim.db",     "vivim.db-wal", "vivim.db-shm",  "index.db",
                                    "index.db-wal", "index.db-shm", "index.rebuilt", "blobs",
                                    "tmp",          "lock",         "vivim.sock",    "master.key",
                                    "store",        "vivim.conf",   "similar" };

static bool path_in(const char *folder, const char *name, char ret[PATH_BYTES])
{
    int n = snprintf(ret, PATH_BYTES, "%s/%s", folder, name);
    return n > 0 && n < PATH_BYTES;
}

static bool holds(const char *folder, const char *name)
{
    char path[PATH_BYTES];
    return path_in(folder, name, path) && file_exists(path);
}

/* For messages: where a relative path leads, as far as it exists. */
static const char *absolute(const char *path, char ret[PATH_BYTES])
{
    char here[PATH_BYTES], *real = realpath(path, NULL);
    if (real)
        snprintf(ret, PATH_BYTES, "%s", real);
    else if (path[0] != '/' && getcwd(here, sizeof here))
        snprintf(ret, PATH_BYTES, "%.2000s/%.2000s", here, path);
    else
        snprintf(ret, PATH_BYTES, "%s", path);
    free(real);
    return ret;
}

/* --- ours alone ---------------------------------------------------------------------------------------- */

static bool is_ours(const char *name)
{
    for (size_t i = 0; i < COUNTOF(OURS); i++)
        if (strcmp(name, OURS[i]) == 0)
            return true;
    return false;
}

/* A folder with nothing in it, or with something of ours: it may be closed to others. Somebody's home may not, nor one
 * that is meant for everybody (/tmp) because a store was once made in it. */
static bool may_be_closed(const char *path, bool for_everybody)
{
    DIR *dir = opendir(path);
    bool empty = true, ours = false;
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
        ours |= is_ours(e->d_name);
        empty &= e->d_name[0] == '.' || strcmp(e->d_name, "lost+found") == 0;
    }
    if (dir)
        closedir(dir);
    return dir && (empty || (ours && !for_everybody));
}

/* The folder itself; a link to it is followed, for people put data elsewhere that way. */
static err_t close_folder(const char *path, const struct stat *st)
{
    char real[PATH_BYTES];
    absolute(path, real);
    if (!may_be_closed(path, st->st_mode & S_ISVTX))
        return err_note(E_INVALID, "data",
                        "%s is open to other users and holds what is not VIVIM's; use a folder of "
                        "its own as --data",
                        real);
    if (chmod(path, 0700) == 0)
        return OK;
    if (errno == EROFS)
        return OK; /* what comes next says it */
    return err_note(E_INVALID, "data",
                    "%s is open to other users and belongs to another one (uid %u); its owner must "
                    "run: chmod 700 %s",
                    real, (unsigned)st->st_uid, real);
}

static err_t close_to_others(const char *path)
{
    struct stat st;
    struct closing c = { 0 };
    if (stat(path, &st) != 0)
        return OK;
    bool wide = st.st_mode & (S_IRWXG | S_IRWXO);
    if (wide)
        TRY(close_folder(path, &st));
    c.closed += wide;
    for (size_t i = 0; i < COUNTOF(OURS); i++) {
        char file[PATH_BYTES];
        if (path_in(path, OURS[i], file))
            file_close_to_others(file, wide, &c);
    }
    if (c.closed)
        log_at(LOG_WARN, "data.closed_to_others", LZ("data", path), LI("files", (int64_t)c.closed),
               LZ("detail",
                  "the data folder or files in it were open to other users; now they are not"));
    if (c.refused)
        log_at(
            LOG_WARN, "data.open_to_others", LZ("data", path), LI("files", (int64_t)c.refused),
            LZ("advice", "files in the data folder belong to another user and are open to others"));
    return OK;
}

static err_t can_be_written(const char *path)
{
    char real[PATH_BYTES];
    struct stat st;
    absolute(path, real);
    if (access(path, R_OK | W_OK | X_OK) == 0)
        return OK;
    if (errno == EROFS)
        return err_note(E_READ_ONLY, "data",
                        "the data folder %s lies on a file system that is mounted read-only; mount "
                        "it for writing, or use another --data",
                        real);
    unsigned owner = stat(path, &st) == 0 ? (unsigned)st.st_uid : 0;
    return err_note(
        E_IO, "data",
        "the data folder %s cannot be read and written by this user (uid %u; it belongs "
        "to uid %u); run as its owner, or use another --data",
        real, (unsigned)geteuid(), owner);
}

static err_t take_lock(const char *path, struct fd *ret)
{
    char file[PATH_BYTES];
    if (!path_in(path, "lock", file))
        return err_note(E_LIMIT, "data", "the data folder's path is too long");
    err_t e = file_lock(file, ret);
    if (e == E_CONFLICT)
        return err_note(E_CONFLICT, NULL,
                        "another vivim process works on %s; stop it first, or use another --data",
                        path);
    return e;
}

err_t data_folder_open(const char *path, struct fd *ret_lock)
{
    TRY(folder_make(path, 0700));
    TRY(close_to_others(path));
    TRY(can_be_written(path));
    return take_lock(path, ret_lock);
}

/* --- what it belongs to ---------------------------------------------------------------------------------- */

/* The words of the file `store`. An SQLite file elsewhere is a kind of its own: without its path a command would begin
 * another one in the folder. */
static const char *kind_of(struct str url)
{
    return !str_starts(url, S("sqlite:")) ? "postgresql" : url.n == 7 ? "sqlite" : "sqlite file";
}

/* "" where there is none, or an old folder, from before it was remembered. */
static err_t read_kind(const char *path, char ret[KIND_BYTES_MAX])
{
    char file[PATH_BYTES];
    struct str text;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, 4096);
    ret[0] = 0;
    if (!path_in(path, "store", file) || !file_exists(file))
        return OK;
    TRY(file_read(&a, file, KIND_BYTES_MAX - 1, &text));
    text = str_trim(text);
    snprintf(ret, KIND_BYTES_MAX, "%.*s", STR_ARG(text));
    return OK;
}

static bool rows_path(const char *folder, struct str url, char ret[PATH_BYTES])
{
    if (url.n == 7)
        return path_in(folder, "vivim.db", ret);
    int n = snprintf(ret, PATH_BYTES, "%.*s", STR_ARG(str_sub(url, 7, url.n)));
    return n > 0 && n < PATH_BYTES;
}

static bool has_blobs(const char *folder)
{
    char path[PATH_BYTES];
    DIR *dir = path_in(folder, "blobs", path) ? opendir(path) : NULL;
    bool any = false;
    for (struct dirent *e = dir ? readdir(dir) : NULL; e && !any; e = readdir(dir))
        any = e->d_name[0] != '.';
    if (dir)
        closedir(dir);
    return any;
}

/* What is made after the first rows, and so never without them. */
static const char *trace_of_rows(const char *folder)
{
    if (holds(folder, "store"))
        return "the file store";
    if (holds(folder, "master.key"))
        return "master.key";
    if (has_blobs(folder))
        return "blobs/";
    return NULL;
}

/* A log without its database. Once that is open it has one in any case. */
static const char *trace_of_log(const char *folder)
{
    char file[PATH_BYTES];
    return path_in(folder, "vivim.db-wal", file) && file_size(file) > 0 ? "vivim.db-wal" : NULL;
}

bool data_folder_has_store(const char *path, struct str url)
{
    char file[PATH_BYTES];
    bool rows = str_starts(url, S("sqlite:")) && rows_path(path, url, file) && file_exists(file);
    return rows || trace_of_rows(path) || holds(path, "vivim.db");
}

err_t data_folder_need_store(const char *path, struct str url)
{
    char real[PATH_BYTES];
    if (data_folder_has_store(path, url))
        return OK;
    return err_note(
        E_NO_STORE, NULL,
        "there is no store in %s; pass --data FOLDER or set VIVIM_DATA (`vivim serve` or "
        "`vivim user add` make a new one)",
        absolute(path, real));
}

static err_t lost(const char *path, const char *what, const char *trace)
{
    char real[PATH_BYTES];
    return err_note(
        E_STORE_LOST, NULL,
        "%s in %s, though %s says that it has a store; put it back from a backup, or set "
        "VIVIM_DATABASE_URL if the rows are elsewhere (to begin anew use another --data)",
        what, absolute(path, real), trace);
}

err_t data_folder_check(const char *path, struct str url)
{
    char kind[KIND_BYTES_MAX], real[PATH_BYTES], file[PATH_BYTES];
    TRY(read_kind(path, kind));
    absolute(path, real);
    if (kind[0] && strcmp(kind, kind_of(url)) != 0) {
        const char *right = strcmp(kind, "postgresql") == 0 ? "to its postgresql:// address"
                            : strcmp(kind, "sqlite file") == 0
                                ? "to sqlite: and the path of its file"
                            : strcmp(kind, "sqlite") == 0 ? "to nothing, or sqlite:"
                                                          : NULL;
        if (!right)
            return err_note(
                E_STORE_KIND, NULL,
                "%s/store is damaged: it must hold sqlite, \"sqlite file\" or postgresql", real);
        return err_note(E_STORE_KIND, NULL,
                        "%s belongs to a store of the kind %s, not %s: set VIVIM_DATABASE_URL %s",
                        real, kind, kind_of(url), right);
    }
    const char *trace = trace_of_rows(path) ? trace_of_rows(path) : trace_of_log(path);
    if (!trace || !str_starts(url, S("sqlite:")) || !rows_path(path, url, file))
        return OK;
    int64_t size = file_size(file);
    if (size > 0)
        return OK;
    return lost(path, size < 0 ? "there is no vivim.db" : "vivim.db is empty", trace);
}

err_t data_folder_check_rows(const char *path, struct db_store *store)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct db_migration_row *rows;
    size_t count, applied = 0;
    const char *trace = trace_of_rows(path);
    if (!trace)
        return OK;
    arena_init(&a, (size_t)1 << 20);
    TRY(db_migration_status(store, &a, &rows, &count));
    for (size_t i = 0; i < count; i++)
        applied += rows[i].applied;
    return applied ? OK : lost(path, "the database holds nothing, and there are no rows", trace);
}

err_t data_folder_remember(const char *path, struct str url)
{
    char kind[KIND_BYTES_MAX], file[PATH_BYTES], text[KIND_BYTES_MAX];
    TRY(read_kind(path, kind));
    if (kind[0])
        return OK;
    if (!path_in(path, "store", file))
        return err_note(E_LIMIT, "data", "the data folder's path is too long");
    snprintf(text, sizeof text, "%s\n", kind_of(url));
    return file_write_atomic(file, str_from(text), 0600);
}

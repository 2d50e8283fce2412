/* The watched folder (VIVIM_IMPORT_FOLDER): what is put there is imported where it lies, and moves to done/ or failed/ beside it
 * afterwards. Files in the folder itself are the default account's, those in a folder with an account's handle that account's.
 * One thread; it looks when the kernel says that something changed, and again when a file was too young to be whole. */
#include <dirent.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "identity/identity.h"
#include "imports/imports_inside.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

enum { QUIET_MS = 1000, AGAIN_MS = 500, FAILED_MS = 30000 };

struct imports_watch {
    struct arena arena; /* holds this */
    struct app *app;
    struct thread thread;
    struct fd events, stop;
    char *folder;
    struct db *db;
};

/* --- one look ------------------------------------------------------------------------------------------------- */

struct looking {
    struct imports_watch *w;
    struct arena *a;
    bool again; /* something was too young, or could not be begun */
};

static err_t begin(struct looking *k, const struct account *who, const char *path, const char *name)
{
    struct db *db = k->w->db;
    int64_t open;
    struct uuid id;
    TRY(import_store_open_of_path(db, who->id, str_from(path), &open));
    if (open)
        return OK;
    const struct import_order order = {
        .owner_id = who->id, .label = str_from(name), .path = str_from(path), .way = "watch"
    };
    return import_start(k->w->app, db, k->a, &order, clock_wall_ms(), &id);
}

static void look_at_file(struct looking *k, const struct account *who, const char *path,
                         const char *name, const struct stat *st)
{
    int64_t changed_ms = (int64_t)st->st_mtim.tv_sec * 1000 + st->st_mtim.tv_nsec / 1000000;
    if (clock_wall_ms() - changed_ms < QUIET_MS) {
        k->again = true; /* whoever writes it may not have ended */
        return;
    }
    if (!text_ok(str_from(path)) || begin(k, who, path, name) != OK) {
        log_at(LOG_WARN, "import.not_begun", LZ("detail", err_log_text()));
        err_clear();
        k->again = true;
    }
}

static bool is_hidden(const char *name)
{
    return name[0] == '.';
}

static void look_in(struct looking *k, const char *folder, const struct account *who, bool handles);

static void look_at(struct looking *k, const char *folder, const char *name,
                    const struct account *who, bool handles)
{
    struct account other;
    struct stat st;
    char *path = str_cstr(k->a, str_fmt(k->a, "%s/%s", folder, name));
    if (!path || lstat(path, &st) != 0)
        return;
    if (S_ISREG(st.st_mode) && who)
        look_at_file(k, who, path, name, &st);
    else if (S_ISDIR(st.st_mode) && handles &&
             identity_user_get(k->w->db, k->a, str_from(name), &other) == OK) {
        (void)!inotify_add_watch(k->w->events.fd, path, IN_CLOSE_WRITE | IN_MOVED_TO);
        look_in(k, path, &other, false);
    }
    err_clear();
}

static void look_in(struct looking *k, const char *folder, const struct account *who, bool handles)
{
    DIR *dir = opendir(folder);
    for (struct dirent *d; dir && (d = readdir(dir));)
        if (!is_hidden(d->d_name))
            look_at(k, folder, d->d_name, who, handles);
    if (dir)
        closedir(dir);
}

/* When to look again unasked; -1: when something changes. */
static int look(struct imports_watch *w)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct looking k = { .w = w, .a = &a };
    struct account who;
    arena_init(&a, MIB(16));
    err_t e = identity_default_user(w->db, &a, &who);
    if (e != OK && e != E_NOT_FOUND) {
        err_clear();
        return FAILED_MS;
    }
    look_in(&k, w->folder, e == OK ? &who : NULL, true);
    err_clear();
    return k.again ? AGAIN_MS : -1;
}

/* --- the thread -------------------------------------------------------------------------------------------------- */

static void drain(int fd)
{
    char bytes[4096];
    while (read(fd, bytes, sizeof bytes) > 0)
        ;
}

static void watch(void *arg)
{
    struct imports_watch *w = arg;
    struct pollfd fds[] = { { w->events.fd, POLLIN, 0 }, { w->stop.fd, POLLIN, 0 } };
    int wait_ms = look(w);
    while (poll(fds, COUNTOF(fds), wait_ms) >= 0 && !(fds[1].revents & POLLIN)) {
        drain(w->events.fd);
        wait_ms = look(w);
    }
}

static err_t open_all(struct imports_watch *w)
{
    TRY(folder_make(w->folder, 0700));
    w->events.fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    w->stop.fd = eventfd(0, EFD_CLOEXEC);
    if (w->events.fd < 0 || w->stop.fd < 0 ||
        inotify_add_watch(w->events.fd, w->folder,
                          IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_ONLYDIR) < 0)
        return err_note(E_IO, NULL, "watching the folder %s failed", w->folder);
    TRY(db_connect(w->app->store, &w->db));
    return thread_start(&w->thread, "import-folder", watch, w);
}

err_t imports_watch_start(struct app *app, struct imports_watch **ret)
{
    struct arena arena; /* holds the watch itself, and moves into it */
    arena_init(&arena, MIB(1));
    struct imports_watch *w = ARENA_NEW(&arena, struct imports_watch);
    char *folder = str_cstr(&arena, app->settings->import_folder);
    if (!w || !folder) {
        err_t e = arena_err(&arena);
        arena_free(&arena);
        return e;
    }
    *w = (struct imports_watch){
        .arena = arena, .app = app, .events = FD_NONE, .stop = FD_NONE, .folder = folder
    };
    err_t e = folder[0] == '/'
                  ? open_all(w)
                  : err_note(E_INVALID, NULL, "VIVIM_IMPORT_FOLDER must be an absolute path");
    if (e != OK) {
        imports_watch_stop(w);
        return e;
    }
    *ret = w;
    return OK;
}

void imports_watch_stop(struct imports_watch *w)
{
    if (!w)
        return;
    uint64_t one = 1;
    if (w->thread.started)
        (void)!write(w->stop.fd, &one, sizeof one);
    thread_join(&w->thread);
    db_disconnect(w->db);
    fd_close(&w->events);
    fd_close(&w->stop);
    struct arena arena = w->arena;
    arena_free(&arena);
}

#include "cli/watch_folders.h"

#include <dirent.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"

enum { PATH_BYTES_MAX = 4096 };

#define EVENTS                                                                              \
    (IN_MODIFY | IN_CLOSE_WRITE | IN_CREATE | IN_MOVED_TO | IN_DELETE_SELF | IN_MOVE_SELF | \
     IN_DONT_FOLLOW)

err_t watch_folders_open(struct watch_folders *w)
{
    *w = (struct watch_folders){ .events = { inotify_init1(IN_CLOEXEC | IN_NONBLOCK) } };
    return w->events.fd >= 0 ? OK
                             : err_note(E_IO, NULL,
                                        "the kernel has no word of changes left for this user "
                                        "(fs.inotify.max_user_instances)");
}

void watch_folders_close(struct watch_folders *w)
{
    fd_close(&w->events);
}

static void add_one(struct watch_folders *w, const char *path)
{
    if (inotify_add_watch(w->events.fd, path, EVENTS) >= 0 || errno == ENOENT || errno == ENOTDIR ||
        w->complained)
        return;
    w->complained = true;
    fprintf(stderr,
            "vivim: not every folder can be watched (%s%s): what grows there is seen every "
            "minute\n",
            path, errno == ENOSPC ? ", fs.inotify.max_user_watches" : "");
}

static void add_below(struct watch_folders *w, const char *path, int depth)
{
    DIR *dir = opendir(path);
    add_one(w, path);
    for (struct dirent *d; dir && depth < IMPORT_DEPTH_MAX && (d = readdir(dir));) {
        char below[PATH_BYTES_MAX];
        struct stat st;
        if (strcmp(d->d_name, ".") == 0 || strcmp(d->d_name, "..") == 0 ||
            (d->d_type != DT_DIR && d->d_type != DT_UNKNOWN))
            continue;
        int n = snprintf(below, sizeof below, "%s/%s", path, d->d_name);
        if (n > 0 && (size_t)n < sizeof below && lstat(below, &st) == 0 && S_ISDIR(st.st_mode))
            add_below(w, below, depth + 1);
    }
    if (dir)
        closedir(dir);
}

void watch_folders_add(struct watch_folders *w, const char *path)
{
    char folder[PATH_BYTES_MAX];
    struct stat st;
    if (stat(path, &st) != 0)
        return;
    if (S_ISDIR(st.st_mode)) {
        add_below(w, path, 0);
        return;
    }
    int n = snprintf(folder, sizeof folder, "%s", path);
    while (n > 1 && n < PATH_BYTES_MAX && folder[n - 1] != '/')
        n--;
    if (n >= PATH_BYTES_MAX)
        return;
    folder[n] = 0;
    add_one(w, n > 0 && folder[0] == '/' ? folder : ".");
}

bool watch_folders_wait(struct watch_folders *w, int64_t ms, const sigset_t *during)
{
    struct pollfd fd = { w->events.fd, POLLIN, 0 };
    struct timespec for_so_long = { ms / 1000, ms % 1000 * 1000000 };
    char bytes[4096];
    bool told = ppoll(&fd, 1, &for_so_long, during) > 0;
    while (told && read(w->events.fd, bytes, sizeof bytes) > 0)
        ;
    return told;
}

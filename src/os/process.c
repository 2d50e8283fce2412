#include "os/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"

extern char **environ;

enum { SAFE_FD = 100, MAP_MAX = 8, POLL_MS = 5, DESCENDANTS_MAX = 256 };

/* --- starting -------------------------------------------------------------------------------- */

/* What the child is to do before it becomes the program, as posix_spawn keeps it. */
struct spawn {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int away[MAP_MAX]; /* our descriptors of the map, at numbers that nobody asked for */
    size_t count;
};

static void spawn_free(struct spawn *s)
{
    for (size_t i = 0; i < s->count; i++)
        close(s->away[i]);
    posix_spawn_file_actions_destroy(&s->actions);
    posix_spawnattr_destroy(&s->attributes);
}

/* First away to numbers that nobody asked for, then to their places: otherwise one clobbers the other. All else is closed
 * before the program runs, whether or not it was opened with close-on-exec. */
static bool place_descriptors(struct spawn *s, const struct process_fd *map, size_t count)
{
    int bad = 0, last = 2;
    for (; s->count < count; s->count++)
        if ((s->away[s->count] = fcntl(map[s->count].ours, F_DUPFD_CLOEXEC, SAFE_FD)) < 0)
            return false;
    for (int fd = 0; fd <= 2; fd++)
        bad |= posix_spawn_file_actions_addopen(&s->actions, fd, "/dev/null", O_RDWR, 0);
    for (size_t i = 0; i < count; i++) {
        bad |= posix_spawn_file_actions_adddup2(&s->actions, s->away[i], map[i].theirs);
        if (map[i].theirs > last)
            last = map[i].theirs;
    }
    return !(bad | posix_spawn_file_actions_addclosefrom_np(&s->actions, last + 1));
}

/* A group of its own, no signal blocked, none handled or ignored. */
static bool set_attributes(struct spawn *s)
{
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    return !(posix_spawnattr_setflags(&s->attributes, POSIX_SPAWN_SETPGROUP |
                                                          POSIX_SPAWN_SETSIGMASK |
                                                          POSIX_SPAWN_SETSIGDEF) |
             posix_spawnattr_setpgroup(&s->attributes, 0) |
             posix_spawnattr_setsigmask(&s->attributes, &none) |
             posix_spawnattr_setsigdefault(&s->attributes, &all));
}

err_t process_start(struct process *p, char *const argv[], char *const env_or_null[],
                    const struct process_fd *map, size_t map_count)
{
    CLEANUP(spawn_free) struct spawn s = { 0 };
    char text[128];
    assert(map_count <= MAP_MAX);
    for (size_t i = 0; i < map_count; i++)
        assert(map[i].theirs >= 0 && map[i].theirs < SAFE_FD);
    posix_spawn_file_actions_init(&s.actions);
    posix_spawnattr_init(&s.attributes);
    if (!place_descriptors(&s, map, map_count) || !set_attributes(&s))
        return err_note(E_BUSY, NULL, "no more descriptors");
    pid_t pid;
    int code = posix_spawnp(&pid, argv[0], &s.actions, &s.attributes, argv,
                            env_or_null ? env_or_null : environ);
    if (code)
        return err_note(code == ENOENT ? E_NOT_FOUND : E_BUSY, NULL, "starting %s: %s", argv[0],
                        strerror_r(code, text, sizeof text));
    p->pid = pid;
    return OK;
}

/* --- ending ---------------------------------------------------------------------------------- */

void process_kill_group(struct process *p, int signal)
{
    if (p->pid > 0)
        kill(-p->pid, signal);
}

/* Its parent and its group. The name in brackets may hold anything, also blanks and brackets. */
static bool read_stat(const char *pid, int *ret_parent, int *ret_group)
{
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *after = strrchr(text, ')');
    return after && sscanf(after + 1, " %*c %d %d", ret_parent, ret_group) == 2;
}

static bool is_listed(const pid_t *list, size_t n, int64_t pid)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == pid)
            return true;
    return false;
}

/* Add to the list those in /proc whose parent stands in it, each stopped at once; gives the new count. */
static size_t stop_children(pid_t *list, size_t n)
{
    DIR *dir = opendir("/proc");
    if (!dir)
        return n;
    for (struct dirent *e = readdir(dir); e && n < DESCENDANTS_MAX; e = readdir(dir)) {
        int64_t pid;
        int parent, group;
        if (str_to_i64(str_from(e->d_name), &pid) == OK && read_stat(e->d_name, &parent, &group) &&
            is_listed(list, n, parent) && !is_listed(list, n, pid)) {
            list[n++] = (pid_t)pid;
            kill((pid_t)pid, SIGSTOP);
        }
    }
    closedir(dir);
    return n;
}

/* What is stopped starts nothing more (fork fails while a signal waits), so a look that finds nobody new has found all. */
void process_end(struct process *p)
{
    pid_t list[DESCENDANTS_MAX] = { p->pid };
    size_t n = 1, before = 0;
    if (p->pid <= 0)
        return;
    kill(-p->pid, SIGSTOP);
    while (n > before && n < DESCENDANTS_MAX) {
        before = n;
        n = stop_children(list, n);
    }
    err_clear();
    kill(-p->pid, SIGKILL);
    for (size_t i = 1; i < n; i++) /* those that have left the group */
        kill(list[i], SIGKILL);
    process_wait(p, -1, NULL);
}

bool process_wait(struct process *p, int64_t timeout_ms, int *ret_status)
{
    int64_t deadline = clock_monotonic_ms() + timeout_ms;
    int status = 0;
    while (p->pid > 0) {
        pid_t got = waitpid(p->pid, &status, timeout_ms < 0 ? 0 : WNOHANG);
        if (got == p->pid || (got < 0 && errno == ECHILD))
            break;
        if (timeout_ms >= 0 && clock_monotonic_ms() >= deadline)
            return false;
        if (got == 0)
            clock_sleep_ms(POLL_MS);
    }
    p->pid = 0;
    if (ret_status)
        *ret_status = status;
    return true;
}

void process_stop(struct process *p, int64_t grace_ms)
{
    if (p->pid <= 0)
        return;
    pid_t group = p->pid;
    process_kill_group(p, SIGTERM);
    if (!process_wait(p, grace_ms, NULL)) {
        kill(-group, SIGKILL);
        process_wait(p, -1, NULL);
    }
    kill(-group, SIGKILL); /* what it started and left behind */
}

/* --- memory --------------------------------------------------------------------------------------------- */

static size_t pss_of(const char *pid)
{
    char path[300], line[128];
    unsigned long long kib = 0;
    snprintf(path, sizeof path, "/proc/%s/smaps_rollup", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return 0;
    while (fgets(line, sizeof line, f))
        if (sscanf(line, "Pss: %llu kB", &kib) == 1)
            break;
    fclose(f);
    return (size_t)kib * 1024;
}

static bool in_group(const char *pid, pid_t group)
{
    int parent, its_group;
    return read_stat(pid, &parent, &its_group) && its_group == group;
}

size_t process_group_memory(const struct process *p)
{
    size_t sum = 0;
    DIR *dir = p->pid > 0 ? opendir("/proc") : NULL;
    if (!dir)
        return 0;
    for (struct dirent *e = readdir(dir); e; e = readdir(dir))
        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' && in_group(e->d_name, p->pid))
            sum += pss_of(e->d_name);
    closedir(dir);
    return sum;
}

size_t process_raise_open_files(void)
{
    struct rlimit r;
    if (getrlimit(RLIMIT_NOFILE, &r) != 0)
        return 0;
    if (r.rlim_cur < r.rlim_max) {
        r.rlim_cur = r.rlim_max;
        if (setrlimit(RLIMIT_NOFILE, &r) != 0 && getrlimit(RLIMIT_NOFILE, &r) != 0)
            return 0;
    }
    return (size_t)r.rlim_cur;
}

bool process_stop_asked(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}

void memory_in_large_pages(void *p, size_t n)
{
    enum { LARGE_BYTES = 2 * 1024 * 1024 };
    uintptr_t from = ((uintptr_t)p + LARGE_BYTES - 1) & ~(uintptr_t)(LARGE_BYTES - 1);
    uintptr_t to = ((uintptr_t)p + n) & ~(uintptr_t)(LARGE_BYTES - 1);
    if (from < to)
        (void)madvise((void *)from, to - from, MADV_HUGEPAGE);
}

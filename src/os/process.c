#include "os/process.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "os/clock.h"

extern char **environ;

enum { SAFE_FD = 100, MAP_MAX = 8, POLL_MS = 5, LAST_FD = 65536 };

/* --- the child's side: only async-signal-safe calls between fork and exec ------------------- */

static void close_from(int first)
{
#ifdef __linux__
    if (close_range((unsigned)first, ~0U, 0) == 0)
        return;
#endif
    for (int fd = first; fd < LAST_FD; fd++)
        close(fd);
}

/* First away to numbers that nobody asked for, then to their places: otherwise one clobbers the other. */
static bool place_descriptors(const struct process_fd *map, size_t count)
{
    int away[MAP_MAX], last = 2;
    for (size_t i = 0; i < count; i++)
        if ((away[i] = fcntl(map[i].ours, F_DUPFD, SAFE_FD)) < 0)
            return false;
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2; fd++)
        if (null < 0 || dup2(null, fd) < 0)
            return false;
    for (size_t i = 0; i < count; i++) {
        if (dup2(away[i], map[i].theirs) < 0)
            return false;
        if (map[i].theirs > last)
            last = map[i].theirs;
    }
    close_from(last + 1);
    return true;
}

static void reset_signals(void)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    for (int s = 1; s < 32; s++)
        signal(s, SIG_DFL);
}

static void become(const char *file, char *const argv[], char *const env[],
                   const struct process_fd *map, size_t count, int tell)
{
    setpgid(0, 0);
    reset_signals();
    /* The pipe that tells a failure is kept above the others until exec closes it. */
    int told = fcntl(tell, F_DUPFD_CLOEXEC, LAST_FD / 2);
    if (told < 0)
        told = tell;
    struct process_fd with_tell[MAP_MAX];
    int top = 3;
    for (size_t i = 0; i < count; i++) {
        with_tell[i] = map[i];
        if (map[i].theirs >= top)
            top = map[i].theirs + 1;
    }
    with_tell[count] = (struct process_fd){ told, top };
    if (place_descriptors(with_tell, count + 1)) {
        fcntl(top, F_SETFD, FD_CLOEXEC);
        told = top;
        execvpe(file, argv, env);
    }
    int code = errno;
    if (write(told, &code, sizeof code) < 0)
        _exit(126);
    _exit(127);
}

/* --- ours ------------------------------------------------------------------------------------------ */

/* The child closes the pipe by exec, or writes why it could not. */
static err_t await_exec(struct process *p, int fd, const char *name)
{
    int code = 0;
    ssize_t n;
    do
        n = read(fd, &code, sizeof code);
    while (n < 0 && errno == EINTR);
    if (n == 0)
        return OK;
    waitpid(p->pid, NULL, 0);
    p->pid = 0;
    char text[128];
    return err_note(code == ENOENT ? E_NOT_FOUND : E_BUSY, NULL, "starting %s: %s", name,
                    strerror_r(code, text, sizeof text));
}

err_t process_start(struct process *p, char *const argv[], char *const env_or_null[],
                    const struct process_fd *map, size_t map_count)
{
    assert(map_count < MAP_MAX);
    int tell[2];
    if (pipe2(tell, O_CLOEXEC) != 0)
        return err_note(E_BUSY, NULL, "no more descriptors");
    pid_t pid = fork();
    if (pid == 0)
        become(argv[0], argv, env_or_null ? env_or_null : environ, map, map_count, tell[1]);
    close(tell[1]);
    if (pid < 0) {
        close(tell[0]);
        return err_note(E_BUSY, NULL, "no more processes");
    }
    setpgid(pid, pid); /* both sides do it: whoever is first */
    p->pid = pid;
    err_t e = await_exec(p, tell[0], argv[0]);
    close(tell[0]);
    return e;
}

void process_kill_group(struct process *p, int signal)
{
    if (p->pid > 0)
        kill(-p->pid, signal);
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
    char path[300], text[512];
    snprintf(path, sizeof path, "/proc/%s/stat", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        return false;
    size_t n = fread(text, 1, sizeof text - 1, f);
    fclose(f);
    text[n] = 0;
    const char *after =
        strrchr(text, ')'); /* the name may hold anything, also blanks and brackets */
    int parent, its_group;
    return after && sscanf(after + 1, " %*c %d %d", &parent, &its_group) == 2 && its_group == group;
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

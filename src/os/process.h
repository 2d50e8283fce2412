/* Child processes, each in a process group of its own, so that stopping one ends all it started.
 * The child inherits only descriptors 0-2 (/dev/null unless given) and those of `map`.
 *
 * Started with posix_spawn and not with fork: between fork and exec a copy of this process holds every descriptor of it, also
 * the sockets it listens on, for as long as copying its memory and waiting for a core take. What closes on exec closes then, and
 * a successor of a server that was killed meanwhile would find its port taken. What remains of that moment is waited for by
 * whoever needs the port (net_listen) or the folder (file_lock). */
#ifndef VIVIM_OS_PROCESS_H
#define VIVIM_OS_PROCESS_H

#include <sys/types.h>

#include "base/str.h"

struct process_fd {
    int ours, theirs; /* our descriptor becomes number `theirs` in the child */
};

struct process {
    pid_t pid; /* 0: none */
};

/* Start argv[0] (looked up in PATH). env_or_null NULL: inherits. E_NOT_FOUND, E_BUSY. */
NODISCARD err_t process_start(struct process *p, char *const argv[], char *const env_or_null[],
                              const struct process_fd *map, size_t map_count);
void process_kill_group(struct process *p, int signal); /* accepts none */
/* Wait for the end; < 0 waits for ever. False: still running. ret_status as of waitpid, may be NULL. */
bool process_wait(struct process *p, int64_t timeout_ms, int *ret_status);
/* SIGTERM to the group, grace_ms, SIGKILL, reaped. For CLEANUP-like use; accepts none. */
void process_stop(struct process *p, int64_t grace_ms);
/* SIGKILL to the group and to those of its descendants that have left it (setsid), reaped. Takes milliseconds whatever they
 * do. Accepts none. */
void process_end(struct process *p);
/* Proportional memory (PSS, /proc) of the whole group in bytes; 0 when unknown. */
size_t process_group_memory(const struct process *p);

/* Ask for large pages of memory inside this stretch: a wish, which costs nothing where the system has none. */
void memory_in_large_pages(void *p, size_t n);

/* Has SIGTERM or SIGINT come, which this process keeps blocked, and has nobody taken it yet? So that whoever waits
 * for another program before the server is up ends in time too. */
bool process_stop_asked(void);

/* As many open files as this process may have: the soft limit is raised to the hard one. Gives it. */
size_t process_raise_open_files(void);

#endif

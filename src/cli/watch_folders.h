/* Word from the kernel that something changed in folders, and in those that come into them. It says that, and not what: who hears it
 * looks at all of it, so that nothing that was lost on the way is lost. */
#ifndef VIVIM_CLI_WATCH_FOLDERS_H
#define VIVIM_CLI_WATCH_FOLDERS_H

#include <signal.h>

#include "os/file.h"

struct watch_folders {
    struct fd events;
    bool complained; /* not everything can be watched: it was said */
};

NODISCARD err_t watch_folders_open(struct watch_folders *w);
void watch_folders_close(struct watch_folders *w); /* for CLEANUP; accepts .events = FD_NONE */
/* Watch the folder and what is below it, or the folder of a file; again, where it is watched already, costs a look. */
void watch_folders_add(struct watch_folders *w, const char *path);
/* Until something changed (true), `ms` are over or one of the signals came that `during` lets through (false). What was told is
 * forgotten. */
bool watch_folders_wait(struct watch_folders *w, int64_t ms, const sigset_t *during);

#endif

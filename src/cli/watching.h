/* What `vivim watch` is at: cmd_watch.c waits, and watch_look.c looks at what is there and takes what is not as it was taken. */
#ifndef VIVIM_CLI_WATCHING_H
#define VIVIM_CLI_WATCHING_H

#include "cli/cli.h"
#include "cli/watch_folders.h"
#include "cli/watch_state.h"

struct watching {
    struct cli *c;
    struct watch_state state;
    struct watch_folders folders;
    struct map taken_ms; /* path -> int64_t *: when, on the monotonic clock */
    struct arena arena;  /* of the map, and what lives as long as this */
    sigset_t during;     /* signals that come while it waits */
    int64_t retry_ms;    /* 0: the server answered last time */
    bool again;          /* something changed that is not to be taken yet */
};

/* E_CANCELLED: a signal came that ends it. */
err_t watch_not_ended(void);
/* Look at all places once, and take what changed; what may not be taken yet sets w->again. Errors: those of reading, and of asking the
 * server. */
NODISCARD err_t watch_look_once(struct watching *w);

#endif

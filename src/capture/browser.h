/* The headless browser: started on demand, shared by the captures, recycled, never left behind.
 *
 * Driven over --remote-debugging-pipe (devtools.h), in a process group of its own, with a fresh profile for each
 * start. Its default proxy leads nowhere: only a context with a proxy of its own (egress.h) reaches anything. As an ordinary
 * user Chromium keeps its own sandbox; as root it is off, with a warning.
 */
#ifndef VIVIM_CAPTURE_BROWSER_H
#define VIVIM_CAPTURE_BROWSER_H

#include "capture/devtools.h"
#include "os/patience.h"

struct browser_pool;

/* The setting, else chromium-headless-shell, else chromium, as a path that can be started. E_NOT_FOUND with what to install. */
NODISCARD err_t browser_find(struct arena *a, struct str setting, struct str *ret);

/* temp_dir: where profiles are made and removed. Starts nothing yet. */
NODISCARD err_t browser_pool_new(struct str setting, const char *temp_dir,
                                 struct browser_pool **ret);
void browser_pool_free(struct browser_pool *p); /* ends the browser; accepts NULL */

/* The running browser, started where none is. Give it back with browser_release. Blocks for a second or so when it starts.
 * E_NOT_FOUND (no browser), E_UPSTREAM (it does not start), what called the patience off: a browser that was just being
 * started has been ended then. */
NODISCARD err_t browser_acquire(struct browser_pool *p, const struct patience *patience,
                                struct devtools **ret);
enum browser_state {
    BROWSER_WELL,
    BROWSER_SLOW, /* it, or a page of it, did not answer: it gets no new work, and ends when the others are done */
    BROWSER_BROKEN, /* it did not answer: it is ended now */
};
void browser_release(struct browser_pool *p, struct devtools *d, enum browser_state state);
/* As the running browser names itself ("HeadlessChrome/156.0…"); "" while none runs. */
struct str browser_version(struct browser_pool *p, struct arena *a);

#endif

/* What is derived from the rows and may be lost: the full-text index now, others beside it later.
 *
 * Whoever keeps such a thing (a database, files of its own) embeds a `struct derived` and asks it before each use.
 * Damage may be found at the start or in the middle of a request: derived_damaged says so once, and from then on every
 * use is E_REBUILDING (503, never a 500) until derived_mend, called by one thread that uses nothing of it itself, has
 * set aside what is there and put an empty one in its place. The consumers of the op log then fill it again from the
 * rows (ops/consumers.c). Nothing here knows what kind of store it is.
 *
 * What was set aside is removed as soon as the new one stands: it holds people's words, and an erasure must reach
 * everything in the data folder. A folder that lies where the file should be is not ours: it is kept, and said.
 */
#ifndef VIVIM_DB_DERIVED_H
#define VIVIM_DB_DERIVED_H

#include "base/arena.h"
#include "base/err.h"
#include "base/str.h"
#include "os/thread.h"

struct derived {
    const char *name; /* "index": in the log; its note is <folder>/<name>.rebuilt */
    char *folder;     /* the data folder; the keeper's memory */
    /* Set aside what is there and stand there empty and usable. `context` is the keeper. */
    err_t (*renew)(void *context);
    void *context;
    struct mutex lock;
    _Atomic bool damaged;
    char why[200];               /* under lock */
    void (*tell)(void *context); /* under lock */
    void *tell_context;
};

void derived_init(struct derived *d, const char *name, char *folder, err_t (*renew)(void *context),
                  void *context);
void derived_free(struct derived *d);
/* Who is to call derived_mend is told when damage is found, on the thread that found it. NULL: nobody. */
void derived_on_damage(struct derived *d, void (*tell)(void *context), void *context);

/* OK, or E_REBUILDING: it may not be used. */
NODISCARD err_t derived_usable(struct derived *d);
bool derived_is_damaged(const struct derived *d);
/* It was found damaged; why stands in the thread's err_detail. Always E_REBUILDING, for the request that found it. */
NODISCARD err_t derived_damaged(struct derived *d);
/* Renew it, where it is damaged; log it and leave a note for `vivim doctor`. The renewer's errors: then it stays as it is. */
NODISCARD err_t derived_mend(struct derived *d);

/* For renewers whose store is a file: `path` and those beside it that belong to it (`tails`, ended by NULL) are gone from
 * their names afterwards. E_IO, E_READ_ONLY. */
NODISCARD err_t derived_remove_files(const char *path, const char *const *tails);
/* The note of the last time it was made again: "<time> <why>". STR_NONE: never. */
struct str derived_note(struct arena *a, const char *folder, const char *name);
/* Write that note. Best effort: it is only for people. */
void derived_leave_note(const char *folder, const char *name, const char *why);

#endif

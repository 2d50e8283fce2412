/* What the room keeps as long as the program runs: its browsers, what it knows of the providers, and whom it may reach. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_ROOM_H
#define VIVIM_CAPTURE_CAPTURE_ROOM_H

#include "archive/providers/provider_data.h"
#include "capture/browser.h"
#include "net/address.h"
#include "os/thread.h"
#include "registry/module.h"

/* How many captures ended so since the process began; a name that does not fit is cut. */
enum { CAPTURE_COUNTS_MAX = 512, CAPTURE_WORD_BYTES = 40 };
struct capture_count {
    char provider[CAPTURE_WORD_BYTES], recipe[CAPTURE_WORD_BYTES], strategy[CAPTURE_WORD_BYTES],
        outcome[CAPTURE_WORD_BYTES];
    int64_t captures;
};

/* The room's shared object. */
struct capture_room {
    struct arena arena; /* holds the object itself */
    struct browser_pool *browsers;
    struct provider_table providers;
    struct address_policy policy;
    struct mutex counting; /* what follows: jobs count, /metrics reads */
    struct capture_count *counts;
    size_t count_count;
};

/* Reads what is known of the providers and makes the pool; no browser is started. E_INVALID (a file, named), E_IO, E_BUSY. */
NODISCARD err_t capture_room_new(struct app *app, struct capture_room **ret);
void capture_room_free(struct capture_room *room); /* ends the browsers; accepts NULL */
/* Count one; beyond CAPTURE_COUNTS_MAX kinds no more are told apart in /metrics. Any thread. */
void capture_room_count(struct capture_room *room, struct str provider, struct str recipe,
                        struct str strategy, struct str outcome);
struct capture_room *capture_room(const struct app *app); /* NULL before its init */

#endif

/* What `vivim watch` has taken already: of each file its size and time, of each conversation what it said. One file for each server
 * and account, in the state folder of whoever runs it (XDG_STATE_HOME, else ~/.local/state), written whole after each taking. */
#ifndef VIVIM_CLI_WATCH_STATE_H
#define VIVIM_CLI_WATCH_STATE_H

#include "base/map.h"

struct watch_state {
    struct arena arena;
    char path[4096];
    struct map known; /* key -> struct str * */
};

/* server: what tells it from others (an address, a data folder). Nothing is there yet, or it is damaged: it begins empty. E_INVALID:
 * nobody says where the state folder is; E_IO, E_BUSY. */
NODISCARD err_t watch_state_open(struct watch_state *s, struct str server, struct str user);
void watch_state_free(struct watch_state *s);                            /* for CLEANUP */
struct str watch_state_get(const struct watch_state *s, struct str key); /* STR_NONE */
NODISCARD err_t watch_state_put(struct watch_state *s, struct str key, struct str value);
/* Keep what `keep` says yes to, and write it. E_IO, E_FULL, E_BUSY. */
NODISCARD err_t watch_state_save(struct watch_state *s, bool (*keep)(void *context, struct str key),
                                 void *context);

#endif

/* Inside the room: the hub itself. */
#ifndef VIVIM_HUB_INSIDE_H
#define VIVIM_HUB_INSIDE_H

#include "hub/hub.h"

struct part_place { /* a part that has been added */
    const struct hub_part *part;
    void *state;
    char *loops;               /* its states on the loops, one behind the other */
    _Atomic int64_t listeners; /* that are in rooms, and hear in its form */
};

struct hub {
    struct arena arena; /* holds this struct and the loops */
    struct app *app;
    struct hub_loop *loops;
    struct part_place parts[HUB_PARTS_MAX];
    int part_count;
    struct mutex knowing; /* of the next two, and of changes in the loops' tables of connections */
    struct table tallies; /* how many there are of kinds that have limits */
    struct pool tally_pool;
    struct mutex emitting;    /* one order of emissions for all loops */
    _Atomic bool stopping;    /* the loops take no letters any more; set under the lock */
    _Atomic uint64_t emitted; /* written under the lock */
    struct ring *ring;
    _Atomic uint64_t withdrawals; /* rights and credentials that went */
};

/* Its place among the parts; -1: none. */
int part_index(const struct hub *h, const struct hub_part *p);
/* conns.c */
void conns_init(struct hub_loop *l);
void callers_begin(struct hub_loop *l);
void conns_begin(struct hub *h); /* the tallies */
void conns_free(struct hub *h);

/* loops.c */
void hub_loop_free(struct hub_loop *l); /* accepts one that was never begun */

/* sse.c */
extern const struct hub_part SSE_PART;

#endif

/* What was emitted lately, for who comes back and for who comes just then: in no protocol's form, so that it can be given in
 * any. Bounded by count, bytes and age. Not locked: it is the hub's, under its lock (hub_lock). */
#ifndef VIVIM_HUB_RING_H
#define VIVIM_HUB_RING_H

#include "base/buf.h"
#include "base/limits.h"

struct emission {
    const struct str *rooms; /* who is in several hears it once */
    size_t room_count;
    const char *event;
    struct str arguments;          /* JSON values, parted by commas; may be empty */
    const struct str *attachments; /* bytes that go with them, in protocols that can carry such */
    unsigned attachment_count;
    bool is_volatile; /* who is behind does not get it, and nobody gets it later */
    bool keep;        /* for who comes back: its number goes with it, where the protocol says it */
    bool last;        /* of its topic: a stream that tells of that alone ends with it */
    struct str
        about; /* with keep: the shared topics that it speaks of, each with a zero byte behind it; may be empty */
};

struct kept { /* one emission of the ring */
    uint64_t number;
    int64_t at_ms;
    bool last;
    /* Names of rooms, then of topics that it speaks of, each with a zero byte behind it; the event's name, the same; its
     * arguments. */
    struct buf bytes;
    size_t rooms_bytes, about_bytes, event_bytes;
};

struct ring {
    struct kept kept[RECOVERY_EMISSIONS_MAX];
    size_t next;
    size_t bytes;
};

void ring_free(struct ring *r);
/* rooms: those of the emission, as they are kept. One that does not fit takes all before it with it: nobody is to come back
 * over a gap. */
void ring_keep(struct ring *r, uint64_t number, const struct emission *e, struct str rooms,
               int64_t now_ms);
/* Is the emission of that number kept, not longer than RECOVERY_MS? Then so is every later one: numbers only grow. */
bool ring_has(const struct ring *r, uint64_t number, int64_t now_ms);
/* Each kept emission after that number that went to one of the rooms, oldest first. */
void ring_replay(const struct ring *r, uint64_t after, struct str rooms,
                 void (*each)(void *context, const struct emission *e, uint64_t number),
                 void *context);
/* The shared topics that those speak of, each once. *out may fail for want of room. */
void ring_about(const struct ring *r, uint64_t after, struct str rooms, struct buf *out);
/* The last one to this room, not older than max_ms. False: there is none. It ends with the hold of the lock. */
bool ring_last(const struct ring *r, struct str room, int64_t max_ms, int64_t now_ms,
               struct emission *ret, uint64_t *ret_number);

#endif

/* Which stored message is which of a new rendering. Pure: two lists in, one out.
 *
 * A list holds of each message what matching asks for, and not what it says: a conversation may have a million of them, and what
 * they say is read once more, one behind the other, where it is written (archive_rendering.h).
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_MERGE_H
#define VIVIM_ARCHIVE_ARCHIVE_MERGE_H

#include "archive/archive.h"
#include "base/intern.h"

struct merge_message {
    struct uuid id;
    struct sha256 hash;
    int64_t created_ms;
    uint32_t parent;                        /* its place in the list, from 1; 0: none */
    uint32_t origin, author, model, source; /* texts by number; source: the 16 bytes of its id */
    uint32_t picture;                       /* its blocks, where a picture may be in them; else 0 */
    uint32_t blocks_bytes;
    uint32_t position, version;
    uint32_t said_by,
        said_at;  /* where its blocks are: of which rendering, and which message of it */
    uint8_t role; /* enum role */
    uint8_t rank; /* how much its rendering tells (archive_fold.h); 0: not known */
    bool hidden : 1, on_path : 1;
    bool gone : 1;     /* renderings before the last one had it */
    bool redacted : 1; /* the provider has put a note in place of what it said */
};

/* In an arena of its own: it may be larger than all else, and goes as soon as it is not asked any more. */
struct merge_list {
    struct arena a;
    struct merge_message *m;
    size_t count, room;
};
/* Room for so many; E_LIMIT over MERGE_MESSAGES_MAX, with both numbers. */
NODISCARD err_t merge_list_init(struct merge_list *l, size_t room);
NODISCARD err_t merge_list_make_room(struct merge_list *l, size_t more);
void merge_list_free(struct merge_list *l); /* accepts a zeroed one */
/* Where the message of each id is. E_LIMIT, E_BUSY. */
struct merge_ids {
    const struct merge_list *list;
    uint32_t *slots; /* a place, from 1; 0: free */
    size_t mask;
};
NODISCARD err_t merge_ids_init(struct merge_ids *ids, struct arena *a, const struct merge_list *l);
uint32_t merge_ids_find(const struct merge_ids *ids, struct uuid id); /* from 1; 0: none */

/* What blocks tell beside what they say; texts: keeps those with pictures. */
NODISCARD err_t merge_look_at(struct intern *texts, struct str blocks, struct merge_message *m);

enum merge_kind {
    MERGE_NEW,
    MERGE_UNCHANGED,
    MERGE_MOVED,   /* says the same; its place, its branch or what is known of it is another */
    MERGE_CHANGED, /* says something else */
    MERGE_GONE,    /* the rendering lacks it, and it was on the path until now */
    MERGE_DROPPED, /* with merge_options.drop: it belongs to another conversation */
};

struct merge_step {
    uint8_t kind;    /* enum merge_kind */
    bool renamed;    /* it has another id in the whole than it had in its list */
    uint16_t fields; /* what changed, for merge_fields; 0 for one that is new or unchanged */
};

struct merge_options {
    /* Gives the id of a new message (entropy comes from outside: a test can repeat it). NULL: the one that it has. */
    struct uuid (*new_id)(void);
    bool by_id;    /* messages of the same id are the same */
    bool as_given; /* what is poorer was weighed already: what comes is taken */
    bool drop;     /* what does not come goes */
};

/* Match by the provider's message id; where one of two has none, or they come from two places, by equal hashes in order; and
 * between kinds of renderings (rank), the answers to the same question.
 *
 * A message that was without an id keeps the one that a later rendering gives it.
 *
 * given        in tree order; becomes the whole: its messages as they shall be, in place, and behind them those of `stored`
 *              that it lacks
 * stored       in tree order, may be empty
 * texts        whose numbers both lists hold
 * ret_steps    in `a`, for each message of the whole; NULL: nobody asks
 * ret_places   in `a`, for each of `stored`: where it is in the whole (from 0); NULL: nobody asks
 *
 * Author, model and time are kept where a rendering names none.
 * A changed rendering that is poorer (the provider redacted a tool's output since, a picture has expired, it is of a kind that
 * tells less) counts as unchanged. Linear. Errors: the arenas'; E_LIMIT as merge_list_init. */
NODISCARD err_t merge_lists(struct arena *a, const struct intern *texts, struct merge_list *given,
                            const struct merge_list *stored, const struct merge_options *o,
                            struct merge_step **ret_steps, uint32_t **ret_places);

/* Names of what changed, parted by commas, as a message's JSON has them; NULL for 0. */
enum { MERGE_FIELDS_BYTES = 160 };
const char *merge_fields(uint16_t fields, char to[MERGE_FIELDS_BYTES]);
/* Over the messages on the path. A conversation whose poorer rendering is not taken over has not the hash of that one. */
struct sha256 merge_chain(const struct merge_list *l);

/* One message as a row, without ids. Views into m; its blocks in `a`. */
NODISCARD err_t merge_row_of(struct arena *a, const struct message *m, size_t position,
                             struct archive_message *ret);

/* archive_match.c: for each of `given` the place of the stored message that it is, from 1; 0: none. In `a`, like what finds them. */
NODISCARD err_t merge_match(struct arena *a, const struct merge_list *given,
                            const struct merge_list *stored, bool by_id, uint32_t **ret);

#endif

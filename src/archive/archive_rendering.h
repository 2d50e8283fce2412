/* Renderings: what one link, export or file said of a conversation, wherever its messages are just now. They are read one behind the
 * other, as often as somebody asks; what is held of one in memory is its list for matching (archive_merge.h), and of large ones
 * that only while it is looked at. Inside the room only.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_RENDERING_H
#define VIVIM_ARCHIVE_ARCHIVE_RENDERING_H

#include "archive/archive_form.h"
#include "archive/archive_merge.h"

struct rendering {
    struct uuid source_id;
    struct str place;                /* of the source: with the time, it orders */
    struct archive_conversation row; /* its title, times, findings … and captured_ms */
    enum {
        SAID_GIVEN,  /* it just came: `given`, the first `given_count` messages */
        SAID_ROWS,   /* the rows of `conversation_id`, which it alone made */
        SAID_KEPT,   /* kept beside these rows, under `number` */
        SAID_BEFORE, /* kept under `mark_id`, for an undo */
        SAID_FORM    /* `form` */
    } where;
    const struct conversation *given;
    size_t given_count;
    struct uuid conversation_id, mark_id;
    int64_t number;
    struct str form;

    uint32_t name; /* said_by of its messages */
    /* Set and used while it is compared and folded: */
    struct merge_list list; /* while is_open */
    bool is_open;
    uint64_t *keys; /* of its messages, in order (archive_retain.c); NULL: nobody asked yet */
    size_t key_count;
    uint32_t *places; /* where each of its messages is in the whole */
    size_t count;     /* … once it is folded */
    bool renamed;     /* messages have other ids in the whole than here */
};

/* Those of one piece of work. All in `a`, which outlives them, but the lists. */
struct renderings {
    struct db *db;
    struct arena *a;
    struct uuid owner;
    struct intern texts;      /* whose numbers all their lists hold */
    struct rendering **all;   /* by name */
    size_t count, room, held; /* held: messages of lists that stay open */
};
void renderings_init(struct renderings *s, struct db *db, struct arena *a, struct uuid owner);
void renderings_free(struct renderings *s); /* the lists; accepts a zeroed one, for CLEANUP */
/* An empty one, with a name. NULL: the arena's error. */
struct rendering *rendering_add(struct renderings *s);

enum { RANK_GENERIC = 1, RANK_DOM, RANK_DATA };
/* How much a kind of rendering tells: by structure alone, by a recipe for the page, or the provider's own data. A share whose strategy
 * is not known counts as a page. */
int rendering_rank(struct str source_kind, struct str strategy);
int rendering_rank_of(const struct rendering *r);

/* Its messages with what they say, in order. Of one that was given, ids are places (uuid_of_place) and parents absent.
 * E_CORRUPT, the store's, the visit's. */
NODISCARD err_t rendering_each(struct renderings *s, const struct rendering *r,
                               const struct message_visit *visit);
/* So many messages may be in lists that stay open; a test lowers it. */
extern size_t rendering_held_max;
/* Have r->list; after the last use of it rendering_close. It may stay open, if all that do have few messages. */
NODISCARD err_t rendering_open(struct renderings *s, struct rendering *r);
void rendering_close(struct renderings *s, struct rendering *r);
/* Which source it is of is known now. */
NODISCARD err_t rendering_is_of(struct renderings *s, struct rendering *r, struct uuid source_id);
/* The list is the caller's. */
NODISCARD err_t rendering_take(struct renderings *s, struct rendering *r, struct merge_list *ret);

/* The rows of a conversation as a list; rank: of all of them. Their source is that of each row. */
NODISCARD err_t rendering_rows(struct renderings *s, struct uuid conversation, int rank,
                               struct merge_list *ret);
NODISCARD err_t rendering_each_row(struct renderings *s, struct uuid conversation,
                                   const struct message_visit *visit);

/* An id within a rendering that has none of its own: the place, which no other message has. */
struct uuid uuid_of_place(size_t place);

#endif

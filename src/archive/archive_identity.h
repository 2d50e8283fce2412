/* Which stored conversation a rendering is of (docs/decisions/0014-identity.md). Inside the room only.
 *
 * A source is a place (a share link; a conversation's id; for a file that names neither, what it says) in an account. The same
 * place is the same source. Sources are of one conversation when they have the provider's id of it in common, or when they say
 * the same (archive_fold.h, rendering_is_same), unless they name two conversations or two accounts, or were told apart by hand.
 */
#ifndef VIVIM_ARCHIVE_ARCHIVE_IDENTITY_H
#define VIVIM_ARCHIVE_ARCHIVE_IDENTITY_H

#include "archive/archive_rendering.h"

enum { IDENTITY_JOINED_MAX = 8 };

struct identity {
    struct archive_source source; /* id nil: seen for the first time */
    /* The conversations that it is of, the one that stays first. Several: what they lacked to be one is here. */
    struct uuid conversations[IDENTITY_JOINED_MAX];
    size_t count;   /* 0: a new one */
    bool undecided; /* only the first rows were given, and the others count: ask again with all */
};

/* What a rendering says of where it comes from: place, account and so on, without id and conversation. Views into c and `a`. */
struct archive_source identity_source(struct arena *a, const struct conversation *c,
                                      struct str outcome, int64_t captured_ms);

/* Inside the open transaction, after source_store_turn. list: that of the rendering, or, where `more` follow, of its first messages:
 * of what was never seen some answers say so, and no more need be looked at.
 * ret->source: as identity_source gives it; what is known of the stored one is in it where it is there. */
NODISCARD err_t identity_find(struct renderings *set, const struct archive_source *source,
                              const struct merge_list *list, bool more, struct identity *ret);

/* The row of the conversation that came from this place, also one in the trash; E_NOT_FOUND. */
NODISCARD err_t archive_find(struct db *db, struct arena *a, struct uuid owner,
                             const struct conversation *c, struct archive_conversation *ret);

#endif

/* Topics: what a client may ask to hear of (seed 6.1, steps 6 and 7). */
#ifndef VIVIM_REALTIME_TOPICS_TOPICS_H
#define VIVIM_REALTIME_TOPICS_TOPICS_H

#include "registry/module.h"

/* What a client asks to hear of, read once. However it was typed, one thing has one name and one room: both are built
 * from this, never from the text. */
struct topic {
    const char
        *own; /* the account's own ("feed", "notifications"), in static storage; or NULL and … */
    const struct entity *entity; /* … the kind of thing that it names */
    struct uuid id;              /* of the thing, or of the account */
};
/* E_INVALID: no topic. It asks nobody whether the thing is there. */
NODISCARD err_t topic_parse(const struct app *app, const struct caller *who, struct str text,
                            struct topic *ret);
/* The same for what names a document that can be shared, and nothing else. */
NODISCARD err_t topic_parse_document(const struct app *app, const struct caller *who,
                                     struct str text, struct topic *ret);
struct str topic_name(struct arena *a, const struct topic *t); /* "conversation:<id>", "feed" */
struct str topic_room(struct arena *a,
                      const struct topic *t); /* "conversation:<id>", "feed:<id>" */
struct str topic_of_entity(struct arena *a, const char *entity, struct uuid id);
/* May this caller hear of it? E_NOT_FOUND, E_FORBIDDEN (scope). */
NODISCARD err_t topic_check(struct app *app, struct db *db, struct arena *a,
                            const struct caller *who, const struct topic *t);
/* For a room that a lost socket was in: may it be in it again? */
NODISCARD err_t room_check(struct app *app, struct db *db, struct arena *a,
                           const struct caller *who, struct str room);
/* Where everything is told that concerns the account: "user:<id>". */
struct str caller_room(struct arena *a, struct uuid user);

#endif

/* Entities: the kinds of things that accounts own. A room's table says what the others need to know of each; sharing, the
 * change feed, presence, topics and the search index serve every kind in the tables, and know none by name. */
#ifndef VIVIM_REGISTRY_ENTITY_H
#define VIVIM_REGISTRY_ENTITY_H

#include "base/json.h"
#include "base/uuid.h"
#include "db/db.h"

struct app;
struct field; /* http/http.h */

/* --- what a client changes ------------------------------------------------------------------------ */

enum change_kind { CHANGE_CREATE, CHANGE_UPDATE, CHANGE_DELETE };

/* One change of one thing, asked for by a client: the same for a REST request and for an operation that a device pushes. */
struct entity_change {
    enum change_kind kind;
    struct uuid owner_id,
        id; /* whose row, and which; a client may have chosen the id of a new one */
    struct uuid actor_id, device_id; /* who acts, and on which device (nil: not said) */
    int64_t version;                 /* the one that was changed; 0: whatever it is now */
    struct json
        fields; /* an object with members of the entity's table; JSON_NONE with a deletion */
    int64_t now_ms;
};

/* --- what a room says of a kind of thing ----------------------------------------------------------- */

/* What the search index needs of an entity: its text, read from the rows. */
struct index_text {
    struct uuid owner_id, id;
    struct uuid parent_id;  /* the conversation of a message; nil: none. It goes with its parent */
    struct str title, text; /* the title is shown with a hit, `text` is searched */
    struct str aside;       /* the same, where nobody said it: it counts less … */
    size_t thinking_bytes;  /* … so much of it is thinking, the rest is of tools */
    struct str role, provider, model, account; /* for the filters; STR_NONE: none */
    struct str author;                         /* who says it, by name; STR_NONE */
    struct str
        has; /* what it holds besides text, parted by spaces ("code table"); STR_NONE: nothing */
    int64_t position;   /* among those with the same parent, in reading order */
    int64_t created_ms; /* TIME_NONE: not known; before: and after: then leave it out */
    bool said;          /* created_ms is when it was said, and not when it was captured */
};

/* A row with a name alone (a session, a grant) holds nobody's words: it is named in the log and in the feed, and that is all. */
struct entity {
    const char *name; /* "message": in ops, topics, grants and the index; never renamed */
    /* Its place in paths, /api/v1/<plural>/{id}. NULL: it has none, and can be neither shared nor a topic. */
    const char *plural;
    /* Its owner may give others a role on it. Who has one hears of its changes and presence, and may subscribe to its topic;
     * routes with {shareable} stand for it too. Wants plural and exists. */
    bool shareable;
    const struct field *fields; /* what a client may change; NULL: nothing */
    size_t field_count;
    /* Apply a client's change inside the open transaction: look at the version, write the rows, append the ops. Who asks has
     * been checked (sharing_access). *ret_version: the one that it has now. E_NOT_FOUND, E_PRECONDITION (another version),
     * E_INVALID naming the field. NULL: clients change none of it. */
    err_t (*apply)(struct app *app, struct db *db, struct arena *a, const struct entity_change *c,
                   int64_t *ret_version);
    /* The text to index; E_NOT_FOUND when it is gone or has none (then it leaves the index).
     * NULL: not searched. */
    err_t (*text)(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                  struct uuid id, struct index_text *ret);
    /* Every entity of the store, for a rebuild of the index. */
    err_t (*each)(struct app *app, struct db *db,
                  err_t (*visit)(void *context, struct uuid owner, struct uuid id), void *context);
    /* Does the owner have it? OK or E_NOT_FOUND. For rooms that speak of any entity (sharing).
     * NULL: cannot be asked. */
    err_t (*exists)(struct app *app, struct db *db, struct uuid owner, struct uuid id);
};

/* The entity of that name in the tables of all rooms; NULL when there is none. The name may be any bytes, also
 * foreign. */
const struct entity *app_entity(const struct app *app, struct str name);
/* The same, if its owner may share it. */
const struct entity *app_shareable(const struct app *app, struct str name);

/* Does it hold somebody's words, as opposed to a record of who may come in or read? */
bool entity_has_words(const struct entity *e);

/* One change in a transaction of its own, durable when it returns OK. E_METHOD: clients make no such change of this kind of thing;
 * else as `apply`. */
NODISCARD err_t entity_change(struct app *app, struct db *db, struct arena *a,
                              const struct entity *e, const struct entity_change *c,
                              int64_t *ret_version);
/* The same without the commit: for who reads what has become of it in the same transaction. */
NODISCARD err_t entity_change_begin(struct app *app, struct db *db, struct arena *a,
                                    const struct entity *e, const struct entity_change *c,
                                    struct db_txn *tx, int64_t *ret_version);

#endif

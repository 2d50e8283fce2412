/* An entry of the operation log, and what reads it: DESIGN section 3. The log itself is ops/. */
#ifndef VIVIM_REGISTRY_OP_H
#define VIVIM_REGISTRY_OP_H

#include "base/uuid.h"
#include "db/db.h"

struct app;

struct op {            /* DESIGN section 3 */
    int64_t txid, seq; /* its place in the log: struct op_cursor of ops.h */
    struct uuid owner_id, actor_id, device_id;
    int64_t hlc;       /* hybrid logical clock: milliseconds << 16 | counter */
    struct str entity; /* "conversation", "message", … */
    struct uuid entity_id;
    struct str kind; /* "created", "updated", "deleted" */
    int64_t version;
    struct str fields; /* names of the changed ones, parted by commas */
    int64_t created_ms;
};

/* A consumer reads the log from its stored cursor, in order, one batch a call, and stores its
 * effects with the cursor: `consume` gets the handle with a transaction already open on the store
 * named by `on_index` (its cursor lies there too); rows are read from `app->store`. Called from one
 * thread. Of several nodes on one PostgreSQL one takes each batch, whichever is first: what it leaves
 * must be in a store that all of them share. */
struct op_consumer {
    const char *name; /* key of its cursor; never rename */
    bool on_index;    /* effects and cursor in the index store */
    /* Effects in files of the room's in this node's data folder, and the cursor in one beside them (ops/node_cursor.c): each
     * node takes every batch for itself. `effects` is NULL and no transaction is open. What `consume` leaves is durable when it
     * returns OK; the cursor follows, so after a crash a batch may come again. A cursor that is lost or damaged begins at the
     * beginning; E_CURSOR_EXPIRED from `consume` says that the files are gone or useless, and has them made again.
     * For an index that is a file and not a table, such as one of word vectors. No room keeps one yet. */
    bool on_node;
    /* For what only the living hear (sockets): the cursor is in memory and begins at the head with the
     * process; `effects` is NULL and no transaction is open. Each process has one, so each hears all. */
    bool live;
    int64_t
        rest_ms; /* after a batch, before the next: what comes meanwhile comes together. 0: none */
    err_t (*consume)(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                     const struct op *ops, size_t count);
    /* Start again from the rows: the cursor expired, or the effects are gone. */
    err_t (*rebuild)(struct app *app, struct db *rows, struct db *effects, struct arena *a);
};

/* What it is about (owner, id and kind) as bytes: one key for all ops about one thing. STR_NONE: no memory. */
struct str op_thing(struct arena *a, const struct op *op);

#endif

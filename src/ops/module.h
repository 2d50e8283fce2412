/* module.h: what a room says of itself: its routes, jobs, consumers of the op log, entities.
 *
 * app.c holds THE table of modules; http, ops, search (and later sync, realtime) serve every room
 * from these tables without including one. Tables and function pointers only, no room's types.
 */
#ifndef VIVIM_OPS_MODULE_H
#define VIVIM_OPS_MODULE_H

#include "http/http.h"
#include "os/settings.h"

struct ops;
struct module;

/* What the program hands to every room; made by app.c, lives as long as the process. Rooms keep
 * their own shared objects behind `room_state`, by the index of their module. */
enum { APP_ROOMS_MAX = 32 };
struct app {
    const struct settings *settings;
    struct db_store *store, *index;
    struct blob_store *blobs;
    struct ops *ops;
    struct http_server *_Atomic server; /* NULL until it serves; jobs run before and after */
    const uint8_t *master_key;          /* 32 bytes */
    const char *data_dir;
    const struct module *const *modules; /* NULL-terminated, in order of rank */
    /* What must be told at once and is no op (a job's progress). May be NULL. */
    void (*tell)(struct app *app, struct str topic, const char *event, struct str json, bool last);
    void *room_state[APP_ROOMS_MAX]; /* by index of the module; NULL before its init */
};

/* --- the op log ------------------------------------------------------------------------------- */

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
 * thread. */
struct op_consumer {
    const char *name; /* key of its cursor; never rename */
    bool on_index;    /* effects and cursor in the index store */
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

/* --- durable jobs ---------------------------------------------------------------------------- */

struct job {
    struct uuid id, owner_id;
    struct str kind, payload; /* payload: JSON text */
    struct str state;         /* JSON text that the job left at its last phase; "" at first */
    int64_t attempt;          /* 1 at the first run */
};

struct job_run; /* progress and cancel: ops.h */
struct job_row;

struct job_kind {
    const char *name;
    int parallel; /* runs at a time, 1..64, where parallel_of is NULL */
    /* The same, asked once when the jobs start: for a room whose setting says it. */
    int (*parallel_of)(const struct app *app);
    int attempts_max; /* afterwards the dead letter; runs that our stop ended do not count */
    int64_t lease_ms; /* renewed while it runs; another run starts after a crash when it ends */
    /* Run to the end; OK is done. E_BUSY, E_TIMEOUT, E_UPSTREAM, E_IO, E_DB, E_STORE, E_FULL, E_READ_ONLY
     * and E_STOPPING are tried again with backoff; others fail for good. May run twice after a
     * crash, but not for ever: after JOB_DEATHS_MAX runs that ended with their process it fails for
     * good with E_CRASHED. Called without an open transaction. */
    err_t (*run)(struct app *app, struct db *db, struct arena *a, const struct job *job,
                 struct job_run *run);
    /* It failed for good, or was cancelled (why is E_CANCELLED, also for one that never ran):
     * record that in the room's rows, inside the given open transaction. May be NULL. */
    err_t (*failed)(struct app *app, struct db *db, struct arena *a, const struct job *job,
                    err_t why, struct str detail);
    /* What is told of it on "<kind>:<id>": one JSON value. NULL: job_write. May read the rows. */
    err_t (*write)(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                   struct json_out *o);
};

/* --- entities -------------------------------------------------------------------------------- */

/* What the search index needs of an entity: its text, read from the rows. */
struct index_text {
    struct uuid owner_id, id;
    struct uuid parent_id;  /* the conversation of a message; nil: none. It goes with its parent */
    struct str title, text; /* the title is shown with a hit, `text` is searched */
    struct str role, provider; /* for the filters; STR_NONE: none */
    int64_t created_ms;        /* TIME_NONE: not known; before: and after: then leave it out */
};

struct entity {
    const char *name; /* "message" */
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

/* --- events of sockets ------------------------------------------------------------------------- */

struct socket_event;

/* One event that a client sent (realtime/ reads it, runs it on a worker and answers). */
struct socket_call {
    struct app *app;
    struct db *db;
    struct arena *arena;         /* ends with the call */
    const struct caller *caller; /* known */
    const struct socket_event *event;
    struct json argument;   /* the event's one argument, an object; JSON_NONE: none came */
    struct json_out *reply; /* the acknowledgement: an object that is open */
    struct str socket_id;
    int64_t now_ms;
};

struct socket_event {
    const char *name;           /* "subscribe" */
    enum auth auth;             /* AUTH_USER or AUTH_ADMIN */
    enum scope scope;           /* what a token must be allowed */
    const struct field *fields; /* of the argument: socket_fields */
    size_t field_count;
    /* An error is answered in the acknowledgement: {error: {code, detail, field}}. */
    err_t (*run)(struct socket_call *c);
};

/* Fill a struct from the argument by the event's field table. E_INVALID naming the field. */
static inline err_t socket_fields(struct socket_call *c, void *out)
{
    return fields_read(c->arena, c->argument, c->event->fields, c->event->field_count, out);
}

/* --- the module ------------------------------------------------------------------------------ */

struct module {
    const char *name;
    /* Each may be NULL. init: after the stores are open and migrated; start: when the addresses are
     * bound and the jobs run, before anybody is answered; stop: in reverse order. */
    err_t (*init)(struct app *app);
    err_t (*start)(struct app *app);
    void (*stop)(struct app *app);
    /* An account was deleted: remove what this room's rows (and files) hold of it, inside the given open transaction
     * on the main store. May be called again. */
    err_t (*forget)(struct app *app, struct db *db, struct uuid account);
    /* Does a row of this room name that blob of the owner's? A file that no room names is removed. Leaves *ret alone
     * where it does not. */
    err_t (*names_blob)(struct db *db, struct uuid owner, struct sha256 h, bool *ret);
    /* Something was deleted: rewrite what still holds words of it in the index store, inside the given open
     * transaction there. */
    err_t (*scrub)(struct db *index);
    const struct route *routes;
    size_t route_count;
    const struct job_kind *jobs;
    size_t job_count;
    const struct op_consumer *consumers;
    size_t consumer_count;
    const struct entity *entities;
    size_t entity_count;
    const struct socket_event *events;
    size_t event_count;
};

/* Where a room keeps its shared object: set in its init, given up in its stop. Asserts that the
 * module is in the table. */
static inline void **app_room_state(struct app *app, const struct module *m)
{
    size_t i = 0;
    while (app->modules[i] != m) {
        assert(app->modules[i]);
        i++;
    }
    assert(i < APP_ROOMS_MAX);
    return &app->room_state[i];
}

/* The entity of that name in the tables of all rooms; NULL when there is none. The name may be any bytes, also foreign. */
static inline const struct entity *app_entity_named(const struct app *app, struct str name)
{
    for (size_t i = 0; app->modules[i]; i++)
        for (size_t j = 0; j < app->modules[i]->entity_count; j++)
            if (str_eq(str_from(app->modules[i]->entities[j].name), name))
                return &app->modules[i]->entities[j];
    return NULL;
}
static inline const struct entity *app_entity(const struct app *app, const char *name)
{
    return app_entity_named(app, str_from(name));
}

#endif

/* registry: what a room says of itself, and what the program hands to each.
 *
 * A room fills one `struct module`: its routes, jobs, consumers of the op log, entities, socket events. app.c holds THE table of
 * them; http, ops, sharing, search, realtime serve every room from these tables without including one. Tables and function
 * pointers only, no room's types: so the registry stands below all rooms that read it, and none includes upward.
 */
#ifndef VIVIM_REGISTRY_MODULE_H
#define VIVIM_REGISTRY_MODULE_H

#include "http/http.h"
#include "os/settings.h"
#include "registry/entity.h"
#include "registry/job.h"
#include "registry/op.h"
#include "registry/socket_event.h"

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
    /* Now and then: remove what has lain long enough, a bounded number at a time. Outside a transaction; it opens its own. */
    err_t (*sweep)(struct app *app, struct db *db, struct arena *a, int64_t now_ms);
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
void **app_room_state(struct app *app, const struct module *m);
/* The same to read, for a room's files below its table of routes, which that table names: they know the room by its name. NULL
 * before its init. Asserts that a module of that name is in the table. */
void *app_room(const struct app *app, const char *name);

/* The routes of all rooms, as the server takes them: one table for each module. A row whose path holds {shareable} becomes one row
 * for each kind of thing that can be shared, with its plural in that place and the entity in the row. In `a`, which must live as
 * long as the server. */
struct route_tables {
    const struct route **tables;
    size_t *counts;
    size_t count;
};
NODISCARD err_t registry_routes(struct arena *a, const struct app *app, struct route_tables *ret);
/* Say what kinds there are in /openapi.json (schemas Entity and ShareableEntity), from which the client's types are made. */
NODISCARD err_t registry_schemas(struct arena *a, const struct app *app);

#endif

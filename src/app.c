#include "app.h"

#include <unistd.h>

#include "archive/archive.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/map.h"
#include "capture/capture.h"
#include "db/data_folder.h"
#include "exports/exports.h"
#include "hub/hub.h"
#include "identity/identity.h"
#include "imports/imports.h"
#include "net/conn.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "realtime/realtime.h"
#include "search/search.h"
#include "sharing/sharing.h"

/* In order of rank; each may use those before it. */
static const struct module *const MODULES[] = {
    &ops_module,      /* the log, jobs, erasure */
    &identity_module, /* accounts, sessions, tokens */
    &hub_module,      /* who listens, and what they hear */
    &sharing_module,  /* who may do what with a thing */
    &archive_module,  /* conversations */
    &capture_module,  /* from a share link into the archive */
    &search_module,   /* the index, and what is found in it */
    &imports_module,  /* exports and files into the archive */
    &exports_module,  /* out again, in forms that read without us */
    &realtime_module, /* sockets, rooms, presence, the change feed */
    NULL,
};

struct running {
    struct app app;
    struct arena arena; /* paths, for as long as the process runs */
    struct fd lock;
    struct blob_store blobs;
    uint8_t master_key[32];
    int initialised, started; /* modules */
    bool ops;
};

/* A path in the data folder. */
static char *in_data(struct running *r, const char *name)
{
    return str_cstr(&r->arena, str_fmt(&r->arena, "%s/%s", r->app.data_dir, name));
}

/* --- stores -------------------------------------------------------------------------------- */

static struct db_options store_options(struct running *r, enum db_kind kind)
{
    const struct settings *s = r->app.settings;
    return (struct db_options){
        .url = s->database_url,
        .data_dir = r->app.data_dir,
        .kind = kind,
        .no_group_commit = s->no_group_commit,
    };
}

static err_t open_rows(struct running *r)
{
    struct db_options options = store_options(r, DB_MAIN);
    int applied = 0;
    TRY(data_folder_check(options.data_dir, options.url));
    TRY(db_open(&options, &r->app.store));
    TRY(data_folder_check_rows(options.data_dir, r->app.store));
    TRY(db_migrate(r->app.store, &applied));
    if (applied)
        log_at(LOG_INFO, "store.migrated", LZ("store", "main"), LI("migrations", applied));
    return OK;
}

static err_t open_master_key(struct running *r)
{
    bool made = false;
    struct db *db;
    TRY(db_connect(r->app.store, &db));
    err_t e =
        identity_key_open(db, r->app.settings->master_key, r->app.data_dir, r->master_key, &made);
    db_disconnect(db);
    TRY(e);
    if (made)
        log_at(LOG_WARN, "master_key.made", LZ("path", in_data(r, "master.key")),
               LZ("advice", "keep a copy of it apart: without it sealed secrets cannot be opened"));
    r->app.master_key = r->master_key;
    return OK;
}

/* What can be judged without a store is judged before anything is made. */
static err_t check_settings(struct running *r, enum app_mode mode)
{
    const struct settings *s = r->app.settings;
    uint8_t key[32] = { 0 };
    r->app.data_dir = str_cstr(&r->arena, s->data);
    if (!r->app.data_dir)
        return arena_err(&r->arena);
    char *socket = in_data(r, "vivim.sock");
    TRY(arena_err(&r->arena));
    TRY(net_listen_unix_check(socket));
    if (mode == APP_SERVER)
        TRY(net_listen_check(s->listen));
    if (s->master_key.n)
        TRY(identity_master_key_there(s->master_key, r->app.data_dir, key));
    bytes_wipe(key, sizeof key);
    return http_base_url_check(s->base_url);
}

static err_t open_data(struct running *r)
{
    /* One process works on a folder at a time: the SQLite files, the socket and the temporary files are its own. With
     * PostgreSQL each node has a folder of its own. */
    TRY(data_folder_open(r->app.data_dir, &r->lock));
    db_temp_dir(in_data(r, "tmp"));
    TRY(open_rows(r));
    TRY(open_master_key(r));
    r->blobs.root = in_data(r, "blobs");
    TRY(folder_make(r->blobs.root, 0700));
    TRY(folder_make(in_data(r, "tmp"), 0700));
    struct db_options options = store_options(r, DB_INDEX);
    TRY(db_open_derived(&options, &r->app.index));
    r->app.blobs = &r->blobs;
    return data_folder_remember(r->app.data_dir, r->app.settings->database_url);
}

/* --- the server ------------------------------------------------------------------------------ */

static err_t listen_on(struct running *r, enum app_mode mode)
{
    const struct settings *s = r->app.settings;
    struct route_tables routes;
    TRY(registry_routes(&r->arena, &r->app, &routes));
    TRY(registry_schemas(&r->arena, &r->app));
    struct http_options options = {
        .listen = mode == APP_SERVER ? s->listen : STR_NONE,
        .unix_path = in_data(r, "vivim.sock"),
        .base_url = s->base_url,
        .trusted_proxies = s->trusted_proxies,
        .loops = mode == APP_SERVER ? (int)s->loops : 1,
        .workers_max = (int)s->workers,
        .store = r->app.store,
        .blobs = &r->blobs,
        .app = &r->app,
        .tables = routes.tables,
        .table_counts = routes.counts,
        .table_count = routes.count,
        .identify = identity_identify,
        .temp_dir = in_data(r, "tmp"),
        .rate_factor = s->rate_factor,
        .cors_any = s->test,
        .test_routes = s->test,
    };
    TRY(arena_err(&r->arena));
    return http_server_start(&options, &r->app.server);
}

static err_t start_rooms(struct running *r, enum app_mode mode)
{
    for (; MODULES[r->initialised]; r->initialised++)
        if (MODULES[r->initialised]->init)
            TRY(MODULES[r->initialised]->init(&r->app));
    TRY(listen_on(r, mode)); /* before the jobs: none begins in a process that cannot serve */
    TRY(ops_start(&r->app));
    r->ops = true;
    for (; MODULES[r->started]; r->started++)
        if (MODULES[r->started]->start)
            TRY(MODULES[r->started]->start(&r->app));
    return OK;
}

err_t app_start(const struct settings *settings, enum app_mode mode, struct app **ret)
{
    struct arena arena; /* holds the running app itself, and moves into it */
    arena_init(&arena, MIB(1));
    struct running *r = ARENA_NEW(&arena, struct running);
    if (!r)
        return arena_err(&arena);
    r->arena = arena;
    r->lock = FD_NONE;
    r->app.settings = settings;
    r->app.modules = MODULES;
    r->app.tell = hub_tell;
    err_t e = check_settings(r, mode);
    if (e == OK)
        e = open_data(r);
    if (e == OK)
        e = start_rooms(r, mode);
    if (e != OK) {
        app_stop(&r->app);
        return e;
    }
    *ret = &r->app;
    return OK;
}

err_t app_accept(struct app *app)
{
    return http_server_accept(app->server);
}

void app_stop(struct app *app)
{
    if (!app)
        return;
    struct running *r = (struct running *)app; /* app is its first member */
    db_stopping(app->store);                   /* whoever waits for a store that hangs is let go */
    db_stopping(app->index);
    http_server_stop(app->server);
    if (r->ops)
        ops_stop(app);
    http_server_free(app->server); /* what jobs told until they ended went there */
    app->server = NULL;
    for (int i = r->initialised - 1; i >= 0; i--)
        if (MODULES[i]->stop)
            MODULES[i]->stop(app);
    db_close(app->index);
    db_close(app->store);
    if (r->lock.fd >= 0 && app->data_dir)
        unlink(in_data(r, "vivim.sock"));
    fd_close(&r->lock);
    bytes_wipe(r->master_key, sizeof r->master_key);
    struct arena arena = r->arena;
    arena_free(&arena);
}

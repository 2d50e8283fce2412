/* A store that is derived (db.h): how it is opened, and how an empty one comes into its place, at the start or while other
 * threads hold handles on it (db_derived.c). */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "db/db_inside.h"
#include "db_sql.h"
#include "os/file.h"

static const char *const TAILS[] = { "-wal", "-shm", NULL };

/* --- an empty one in its place ------------------------------------------------------------------------------- */

static err_t remove_files(struct db_store *s)
{
    return derived_remove_files(s->path_or_url, TAILS);
}

/* PostgreSQL: what is derived lies in a schema of its own. Two processes that find the damage at once take turns (an
 * advisory lock); the second one makes it empty once more, and they fill it together. */
static err_t clear_schema(struct db_store *s)
{
    struct db *db;
    TRY(db_connect_inside(s, &db));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    err_t e = db_txn_begin(&tx, db);
    if (e == OK)
        e = s->driver->script(db, SQL_DB_DERIVED_CLEAR.postgres);
    if (e == OK)
        e = db_txn_commit(&tx);
    db_txn_end(&tx);
    db_disconnect(db);
    return e;
}

/* Called by one thread, which holds no transaction (derived_mend). */
static err_t renew(void *context)
{
    struct db_store *s = context;
    if (s->backend == DB_SQLITE)
        TRY(db_writer_renew(s, remove_files));
    else
        TRY(clear_schema(s));
    TRY(db_migrate(s, NULL));
    s->generation++;
    return OK;
}

/* --- opening ------------------------------------------------------------------------------------------------- */

/* What opening says of a store that must be made anew. Out of memory or disk, and a PostgreSQL that is away, say nothing
 * of it. */
static bool is_damage_at_start(const struct db_options *o, err_t e)
{
    if (e == E_CORRUPT || e == E_SCHEMA)
        return true;
    return str_starts(o->url, S("sqlite:")) && (e == E_DB || e == E_IO || e == E_READ_ONLY);
}

/* A process that died between renaming and removing has left these. */
static void remove_leftovers(const struct db_options *o)
{
    DIR *dir = opendir(o->data_dir);
    char path[4096];
    for (struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir))
        if (strncmp(e->d_name, "index.db", 8) == 0 && strstr(e->d_name, ".damaged-") &&
            snprintf(path, sizeof path, "%s/%s", o->data_dir, e->d_name) < (int)sizeof path)
            unlink(path); /* not a folder: unlink leaves that */
    if (dir)
        closedir(dir);
}

/* SQLite takes a file without a byte for a new store. */
static err_t check_size(const struct db_store *s)
{
    if (s->backend == DB_SQLITE && file_size(s->path_or_url) == 0)
        return err_note(E_CORRUPT, NULL, "%s is empty", s->path_or_url);
    return OK;
}

static err_t open_whole(struct db_store *s, const struct db_options *o)
{
    TRY(check_size(s));
    TRY(db_open_connections(s, o));
    TRY(db_schema_known(s));
    return db_migrate(s, NULL);
}

static err_t begin_again(struct db_store *s, const struct db_options *o)
{
    char why[sizeof((struct err_detail *)0)->text];
    snprintf(why, sizeof why, "%s", err_detail()->text);
    log_at(LOG_ERROR, "derived.damaged", LZ("store", s->derived.name), LZ("detail", why),
           LZ("advice", "it is set aside and made again from the rows; nothing is lost"));
    db_writer_close(s);
    if (s->backend == DB_SQLITE)
        TRY(remove_files(s));
    else
        TRY(clear_schema(s));
    TRY(open_whole(s, o));
    derived_leave_note(o->data_dir, s->derived.name, why);
    log_at(LOG_WARN, "derived.set_aside", LZ("store", s->derived.name), LZ("detail", why));
    return OK;
}

err_t db_open_derived(const struct db_options *o, struct db_store **ret)
{
    struct db_store *s;
    assert(o->kind == DB_INDEX);
    TRY(db_store_new(o, &s));
    char *folder = strdup(o->data_dir);
    if (!folder) {
        db_close(s);
        return E_BUSY;
    }
    derived_init(&s->derived, "index", folder, renew, s);
    s->is_derived = true;
    remove_leftovers(o);
    err_t e = open_whole(s, o);
    if (e != OK && is_damage_at_start(o, e))
        e = begin_again(s, o);
    if (e != OK) {
        db_close(s);
        return e;
    }
    *ret = s;
    return OK;
}

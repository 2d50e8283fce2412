/* Handles on a store that is derived: what its errors mean, and how a handle follows when an empty one has come into its
 * place (db_open_derived.c). A renewed store is of a new generation; a handle of an older one connects again by itself at
 * its next use, outside transactions. */
#include <sys/stat.h>

#include "db/db_inside.h"
#include "os/clock.h"

/* A plain error of SQLite may come from damage that no code tells; it may also be a mistake of ours that comes again. */
enum { SUSPICION_EVERY_MS = 3600 * 1000 };

/* --- errors ----------------------------------------------------------------------------------------------- */

static bool is_regular(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static bool is_damage(struct db_store *s, err_t e)
{
    if (e == E_CORRUPT || e == E_SCHEMA)
        return true;
    if (e != E_DB || s->backend != DB_SQLITE)
        return false;
    int64_t now_ms = clock_monotonic_ms();
    if (is_regular(s->path_or_url) && s->suspected_ms &&
        now_ms - s->suspected_ms < SUSPICION_EVERY_MS)
        return false;
    s->suspected_ms = now_ms;
    return true;
}

err_t db_derived_error(struct db *db, err_t e)
{
    struct db_store *s = db->store;
    if (db->inside || e == OK)
        return e;
    if (db->generation != s->generation) /* of the one that was set aside meanwhile */
        return derived_is_damaged(&s->derived) ? derived_usable(&s->derived) : E_BUSY;
    return is_damage(s, e) ? derived_damaged(&s->derived) : e;
}

err_t db_derived_ready(struct db *db)
{
    struct db_store *s = db->store;
    if (db->inside)
        return OK;
    TRY(derived_usable(&s->derived));
    unsigned now = s->generation;
    if (db->generation == now || db->in_txn || db->in_reads || db->cursors)
        return OK;
    struct db old = *db;
    db->generation = now;
    err_t e = s->driver->connect(db);
    if (e != OK) {
        db->generation = old.generation;
        return e;
    }
    s->driver->disconnect(&old);
    return OK;
}

struct derived *db_derived(struct db_store *s)
{
    return s->is_derived ? &s->derived : NULL;
}

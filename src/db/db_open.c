/* Opening and closing a store. It is looked at for whether this program knows its schema, so this stands above handles and
 * migrations. */
#include <stdio.h>
#include <stdlib.h>

#include "base/limits.h"
#include "db/db_inside.h"
#include "os/entropy.h"

static char *copy_path(const struct db_options *o)
{
    struct str rest = str_sub(o->url, 7, o->url.n); /* behind "sqlite:" */
    const char *name = o->kind == DB_MAIN ? "vivim.db" : "index.db";
    size_t n = (rest.n ? rest.n : strlen(o->data_dir)) + 32;
    char *path = malloc(n);
    if (!path)
        return NULL;
    if (rest.n && o->kind == DB_MAIN)
        snprintf(path, n, "%.*s", STR_ARG(rest));
    else if (rest.n)
        snprintf(path, n, "%.*s.index", STR_ARG(rest));
    else
        snprintf(path, n, "%s/%s", o->data_dir, name);
    return path;
}

static char *copy_url(struct str url)
{
    char *z = malloc(url.n + 1);
    if (z) {
        memcpy(z, url.s, url.n);
        z[url.n] = 0;
    }
    return z;
}

static const struct db_waits WAITS = {
    .statement_ms = { DB_STATEMENT_MS, DB_WORK_STATEMENT_MS, DB_LONG_STATEMENT_MS },
    .lock_ms = { DB_LOCK_MS, DB_WORK_LOCK_MS, DB_WORK_LOCK_MS },
    .grace_ms = DB_GRACE_MS,
    .connect_ms = DB_CONNECT_MS,
    .ask_again_ms = DB_ASK_AGAIN_MS,
    .probe_ms = DB_PROBE_MS,
    .stopping_ms = DB_STOPPING_MS,
    .doorbell_gap_ms = DB_DOORBELL_GAP_MS,
};

err_t db_store_new(const struct db_options *o, struct db_store **ret)
{
    struct db_store *s = calloc(1, sizeof *s);
    if (!s)
        return E_BUSY;
    bool sqlite = str_starts(o->url, S("sqlite:"));
    s->backend = sqlite ? DB_SQLITE : DB_POSTGRES;
    s->driver = sqlite ? &DB_DRIVER_SQLITE : &DB_DRIVER_POSTGRES;
    s->kind = o->kind;
    s->waits = WAITS;
    uuid_text(uuid_new(), s->node);
    s->path_or_url = sqlite ? copy_path(o) : copy_url(o->url);
    if (!s->path_or_url) {
        db_close(s);
        return E_BUSY;
    }
    *ret = s;
    return OK;
}

err_t db_open_connections(struct db_store *s, const struct db_options *o)
{
    return s->backend == DB_SQLITE ? db_writer_open(s, !o->no_group_commit) : pq_load();
}

err_t db_open(const struct db_options *o, struct db_store **ret)
{
    struct db_store *s;
    TRY(db_store_new(o, &s));
    err_t e = db_open_connections(s, o);
    if (e == OK)
        e = db_schema_known(s);
    if (e != OK) {
        db_close(s);
        return e;
    }
    *ret = s;
    return OK;
}

void db_close(struct db_store *s)
{
    if (!s)
        return;
    assert(!s->doorbell);
    db_writer_close(s);
    if (s->is_derived) {
        derived_free(&s->derived);
        free(s->derived.folder);
    }
    free(s->path_or_url);
    free(s);
}

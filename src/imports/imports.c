#include "imports/imports_inside.h"

#include <stdio.h>

#include "archive/archive.h"
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "ops/ops.h"
#include "os/entropy.h"
#include "os/file.h"

err_t import_say(struct db *db, struct uuid owner, struct uuid id, const char *kind,
                 const char *fields, int64_t now_ms)
{
    struct op_new op = { .owner_id = owner,
                         .actor_id = owner,
                         .entity = "import",
                         .kind = kind,
                         .fields = fields,
                         .entity_id = id,
                         .version = 1 };
    return ops_append(db, &op, now_ms);
}

/* --- where it lies ---------------------------------------------------------------------------------------- */

static bool is_ours(struct str path)
{
    return path.n && path.s[0] != '/';
}

const char *import_path(const struct app *app, struct arena *a, const struct import_row *row)
{
    return str_cstr(a, is_ours(row->path) ? str_fmt(a, "%s/%.*s", app->data_dir, STR_ARG(row->path))
                                          : row->path);
}

/* The file's new name beside it: <folder>/done/<name>. */
static void move_aside(struct arena *a, struct str path, const char *outcome)
{
    size_t slash = path.n;
    while (slash > 0 && path.s[slash - 1] != '/')
        slash--;
    char *folder = str_cstr(a, str_fmt(a, "%.*s%s", (int)slash, path.s, outcome));
    char *from = str_cstr(a, path);
    if (!folder || !from || folder_make(folder, 0700) != OK)
        return;
    struct str name = str_sub(path, slash, path.n);
    char *to = str_cstr(a, str_fmt(a, "%s/%.*s", folder, STR_ARG(name)));
    for (int i = 1; to && file_exists(to) && i < 1000; i++)
        to = str_cstr(a, str_fmt(a, "%s/%d-%.*s", folder, i, STR_ARG(name)));
    if (to && rename(from, to) != 0)
        log_at(LOG_WARN, "import.not_moved", LS("path", path));
}

void import_files_end(const struct app *app, const struct import_row *row, const char *outcome)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(256));
    if (is_ours(row->path)) {
        const char *path = import_path(app, &a, row);
        if (path && (!row->dry_run || !str_eq(str_from(outcome), S("done"))))
            folder_remove(path);
    } else if (str_eq(row->way, S("watch"))) {
        move_aside(&a, row->path, outcome);
    }
    err_clear();
}

err_t import_folder_make(const struct app *app, struct arena *a, struct uuid owner,
                         const char *what, struct uuid id, struct str *ret_relative)
{
    char of[UUID_TEXT_BYTES + 1], name[UUID_TEXT_BYTES + 1];
    uuid_text(owner, of);
    uuid_text(id, name);
    struct str relative = str_fmt(a, "%s/%s/%s", what, of, name);
    char *path = str_cstr(a, str_fmt(a, "%s/%.*s", app->data_dir, STR_ARG(relative)));
    if (!path)
        return arena_err(a);
    *ret_relative = relative;
    return folder_make(path, 0700);
}

/* --- beginning ------------------------------------------------------------------------------------------------ */

static err_t check_order(const struct app *app, struct arena *a, const struct import_order *order)
{
    if (order->provider.n && !provider_by_name(order->provider))
        return err_note(E_INVALID, "provider", "there is no provider \"%.*s\"",
                        (int)(order->provider.n < 60 ? order->provider.n : 60), order->provider.s);
    struct import_row row = { .path = order->path };
    const char *path = import_path(app, a, &row);
    if (!path)
        return arena_err(a);
    if (!file_exists(path))
        return err_note(E_NOT_FOUND, "path",
                        "there is no file or folder %s that the server can read", path);
    return OK;
}

static err_t insert(struct db *db, struct arena *a, const struct import_order *order,
                    int64_t now_ms, struct uuid *ret_id)
{
    struct import_row row = {
        .label = utf8_repair(a, utf8_cut(order->label, IMPORT_NAME_BYTES_MAX)),
        .path = order->path,
        .way = str_from(order->way),
        .provider = order->provider,
        .account = order->account,
        .dry_run = order->dry_run,
        .created_ms = now_ms,
    };
    bool existing;
    TRY(job_add(db, a, order->owner_id, "import", S("{}"), STR_NONE, now_ms, &row.id, &existing));
    TRY(import_store_insert(db, order->owner_id, &row));
    *ret_id = row.id;
    return import_say(db, order->owner_id, row.id, "created", NULL, now_ms);
}

err_t import_start(struct app *app, struct db *db, struct arena *a,
                   const struct import_order *order, int64_t now_ms, struct uuid *ret_id)
{
    TRY(check_order(app, a, order));
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(insert(db, a, order, now_ms, ret_id));
    return db_txn_commit(&tx);
}

err_t import_take(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                  struct uuid id, int64_t now_ms, struct uuid *ret_id)
{
    struct import_row row;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(import_get(db, a, owner, id, &row));
    const char *path = import_path(app, a, &row);
    if (!row.dry_run || !str_eq(row.state, S("done")))
        return err_note(E_CONFLICT, NULL, "only a dry run that has ended can be taken");
    if (!row.path.n || !path || !file_exists(path))
        return err_note(E_CONFLICT, NULL, "what was given is not kept any more; give it again");
    const struct import_order order = { .owner_id = owner,
                                        .label = row.label,
                                        .path = row.path,
                                        .way = str_cstr(a, row.way),
                                        .provider = row.provider,
                                        .account = row.account };
    TRY(insert(db, a, &order, now_ms, ret_id));
    TRY(import_store_path(db, owner, id, S("")));
    return db_txn_commit(&tx);
}

/* --- undoing, deleting --------------------------------------------------------------------------------------------- */

static bool has_ended(const struct import_row *row)
{
    return !str_eq(row->state, S("open")) && !str_eq(row->state, S("undoing"));
}

err_t import_undo(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                  struct uuid id, int64_t now_ms)
{
    char text[UUID_TEXT_BYTES + 1];
    struct import_row row;
    struct uuid job;
    bool existing, done;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(import_get(db, a, owner, id, &row));
    if (!has_ended(&row) || row.dry_run || str_eq(row.state, S("undone")))
        return err_note(E_CONFLICT, NULL, "%s",
                        row.dry_run        ? "a dry run has changed nothing"
                        : !has_ended(&row) ? "it has not ended; cancel it first"
                                           : "it is undone already");
    uuid_text(id, text);
    TRY(import_store_state(db, owner, id, str_cstr(a, row.state), "undoing", &done));
    if (!done)
        return err_note(E_CONFLICT, NULL, "it is being undone already");
    TRY(job_add(db, a, owner, "import_undo", str_fmt(a, "{\"import\":\"%s\"}", text),
                str_from(text), now_ms, &job, &existing));
    TRY(import_say(db, owner, id, "updated", "status", now_ms));
    TRY(db_txn_commit(&tx));
    import_tell(app, db, owner, id, false);
    return OK;
}

err_t import_delete(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                    struct uuid id)
{
    struct import_row row;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(import_get(db, a, owner, id, &row));
    if (!has_ended(&row))
        return err_note(E_CONFLICT, NULL, "it has not ended; cancel it first");
    TRY(archive_forget_mark(db, owner, id));
    TRY(import_store_delete(db, owner, id));
    TRY(import_say(db, owner, id, "deleted", NULL, row.created_ms));
    TRY(db_txn_commit(&tx));
    if (row.dry_run)
        import_files_end(app, &row, "deleted");
    return OK;
}

/* --- now and then --------------------------------------------------------------------------------------------------- */

static err_t drop_old(struct app *app, struct db *db, const struct import_old *x)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    err_t e = import_delete(app, db, &a, x->owner_id, x->id);
    return e == E_NOT_FOUND || e == E_CONFLICT ? OK : e;
}

static err_t drop_files(struct app *app, struct db *db, const struct import_old *x)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct import_row row = { .path = x->path, .dry_run = true };
    TRY(db_txn_begin(&tx, db));
    TRY(import_store_path(db, x->owner_id, x->id, S("")));
    TRY(db_txn_commit(&tx));
    import_files_end(app, &row, "deleted");
    return OK;
}

err_t imports_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms)
{
    enum { AT_ONCE = 200 };
    struct import_old *list;
    size_t count;
    TRY(import_store_old(db, a, now_ms - IMPORT_FILES_KEEP_MS, true, AT_ONCE, &list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(drop_files(app, db, &list[i]));
    TRY(import_store_old(db, a, now_ms - IMPORT_KEEP_MS, false, AT_ONCE, &list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(drop_old(app, db, &list[i]));
    return uploads_sweep(app, db, a, now_ms);
}

err_t imports_consume(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                      const struct op *ops, size_t count)
{
    UNUSED(app);
    UNUSED(rows);
    UNUSED(a);
    for (size_t i = 0; i < count; i++)
        if (str_eq(ops[i].entity, S("conversation")) && str_eq(ops[i].kind, S("deleted")))
            TRY(import_store_forget_conversation(effects, ops[i].owner_id, ops[i].entity_id));
    return OK;
}

/* --- JSON ---------------------------------------------------------------------------------------------------------------- */

static void write_count(struct json_out *o, const char *name, int64_t v)
{
    if (v < 0)
        jo_knull(o, name);
    else
        jo_ki64(o, name, v);
}

static void write_counts(struct json_out *o, const struct import_row *r)
{
    jo_kz(o, "counts");
    jo_object(o);
    jo_ki64(o, "new", r->count_made);
    jo_ki64(o, "changed", r->count_changed);
    jo_ki64(o, "unchanged", r->count_unchanged);
    jo_ki64(o, "skipped", r->count_skipped);
    jo_ki64(o, "failed", r->count_failed);
    jo_end(o);
    jo_kz(o, "media");
    jo_object(o);
    jo_ki64(o, "count", r->media);
    jo_ki64(o, "bytes", r->media_bytes);
    jo_end(o);
}

static void write_undo(struct json_out *o, const struct import_row *r)
{
    jo_kz(o, "undo");
    if (!str_eq(r->state, S("undone")) && !str_eq(r->state, S("undoing"))) {
        jo_null(o);
        return;
    }
    jo_object(o);
    jo_ki64(o, "undone", r->undone);
    jo_ki64(o, "kept", r->kept);
    jo_end(o);
}

err_t import_write_with(const struct import_row *r, const struct job_row *job, struct json_out *o)
{
    static const struct job_row NO_JOB = { .status = { "failed", 6 } };
    const struct job_row *j = job ? job : &NO_JOB;
    bool open = str_eq(r->state, S("open"));
    bool running = open && str_eq(j->status, S("running"));
    jo_object(o);
    jo_kuuid(o, "id", r->id);
    jo_kstr(o, "label", r->label);
    jo_kstr(o, "way", r->way);
    jo_kstr(o, "provider", r->provider);
    jo_kstr(o, "account", r->account);
    jo_kbool(o, "dry_run", r->dry_run);
    jo_kbool(o, "can_be_taken", r->dry_run && str_eq(r->state, S("done")) && r->path.n);
    jo_kstr(o, "status", open ? j->status : r->state);
    jo_kstr(o, "phase", running && j->phase.n ? j->phase : open ? S("queue") : STR_NONE);
    jo_kz(o, "progress");
    jo_object(o);
    write_count(o, "done", running ? j->progress_done : -1);
    write_count(o, "total", running ? j->progress_total : -1);
    jo_end(o);
    if (open && str_eq(j->status, S("queued")))
        jo_ki64(o, "position", j->position);
    else
        jo_knull(o, "position");
    jo_ki64(o, "bytes", r->bytes);
    write_counts(o, r);
    write_undo(o, r);
    jo_kz(o, "error");
    if (r->error_code.n) {
        jo_object(o);
        jo_kstr(o, "code", r->error_code);
        jo_kstr(o, "detail", r->error_detail);
        jo_end(o);
    } else {
        jo_null(o);
    }
    jo_ktime(o, "created_at", r->created_ms);
    jo_ktime(o, "ended_at", r->ended_ms);
    jo_end(o);
    return OK;
}

err_t import_write(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                   const struct import_row *row, struct json_out *o)
{
    struct job_row job;
    err_t e =
        str_eq(row->state, S("open")) ? job_get(app, db, a, owner, row->id, &job) : E_NOT_FOUND;
    if (e != OK && e != E_NOT_FOUND)
        return e;
    return import_write_with(row, e == OK ? &job : NULL, o);
}

void import_tell(struct app *app, struct db *db, struct uuid owner, struct uuid id, bool last)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    char text[UUID_TEXT_BYTES + 1];
    struct import_row row;
    struct json_out o;
    struct buf b;
    arena_init(&a, MIB(1));
    buf_init(&b, &a, KIB(64));
    jo_init(&o, &b);
    uuid_text(id, text);
    if (app->tell && import_get(db, &a, owner, id, &row) == OK &&
        import_write(app, db, &a, owner, &row, &o) == OK && buf_err(&b) == OK)
        app->tell(app, str_fmt(&a, "import:%s", text), "progress", buf_str(&b), last);
    err_clear();
}

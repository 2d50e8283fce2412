/* The job of an import: look at what there is, read it conversation by conversation, store in batches, end. */
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "capture/extract_page.h"
#include "imports/imports_inside.h"
#include "imports/imports_run.h"
#include "imports/zip.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/file.h"

/* --- what was given ---------------------------------------------------------------------------------------- */

/* A zip in a folder is looked into as if it had been given alone. */
static bool is_zip_in_folder(const struct import_files *f, size_t i)
{
    const struct import_entry *e = &f->entries[i];
    return f->folder && e->path && !e->refused && zip_looks_like_one(e->path);
}

static err_t look(struct import_run *w, const char *path, int64_t *io_bytes)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    arena_init(&a, IMPORT_LIST_BYTES_MAX);
    TRY(job_check(w->run));
    TRY(import_files_open(&f, &a, path));
    for (size_t i = 0; i < f.count; i++) {
        err_t e = is_zip_in_folder(&f, i) ? look(w, f.entries[i].path, io_bytes) : E_NOT_FOUND;
        if (e == E_CANCELLED || e == E_STOPPING)
            return e;
        if (e != OK) /* what is wrong with it is said when it is read */
            *io_bytes += f.entries[i].bytes;
    }
    err_clear();
    return OK;
}

/* --- one conversation ------------------------------------------------------------------------------------------ */

static struct str reason(err_t e)
{
    return str_from(err_detail()->text[0] ? err_detail()->text : err_title(e));
}

static const char *passed_over(const struct import_run *w, const struct conversation *c,
                               const char **ret_code)
{
    if (!c->message_count) {
        *ret_code = "empty";
        return "it has no messages";
    }
    if (w->row.provider.n && !str_eq(w->row.provider, str_from(c->provider))) {
        *ret_code = "other_provider";
        return "it is of another provider than was asked for";
    }
    return NULL;
}

static err_t hash(struct batch_item *i)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, CONVERSATION_BYTES_MAX);
    return conversation_hash(&i->a, &scratch, &i->c);
}

/* Is it known just as it is? Then its pictures need not be looked at either. */
static err_t is_seen(struct import_run *w, struct batch_item *i, bool *ret)
{
    struct import_seen seen;
    err_t e = import_store_seen(w->db, &i->a, w->job->owner_id, i->digest, &seen);
    *ret = e == OK;
    return e == E_NOT_FOUND ? OK : e;
}

static err_t prepare(struct import_run *w, struct import_source *s, struct batch_item *i)
{
    bool seen;
    if (w->row.account.n) /* who gives it knows better */
        i->c.source.account = w->row.account;
    TRY(hash(i));
    i->digest = import_digest(&i->c, s->media, s->media_count, s->added.title);
    TRY(is_seen(w, i, &seen));
    if (seen || w->row.dry_run)
        return OK;
    TRY(import_media_keep(w, s, i));
    return i->media_count ? hash(i) : OK;
}

static err_t take(struct import_run *w, struct import_source *s, struct batch_item *i,
                  struct str name)
{
    const char *code = NULL, *why = passed_over(w, &i->c, &code);
    if (why)
        return batch_report(w, name, s->place, "skipped", code, str_from(why));
    err_t e = prepare(w, s, i);
    if (e != OK && !import_is_passing(e))
        return batch_report(w, name, s->place, "failed", err_code(e), reason(e));
    TRY(e);
    if (i->a.used_bytes > IMPORT_BATCH_BYTES)
        arena_give_back();                                   /* reading it took more than it is */
    i->own = s->own && i->c.source.captured_ms != TIME_NONE; /* `vivim extract` is no archive */
    i->added = s->added;
    i->row.entry = str_dup(&i->a, name);
    i->row.place = (int64_t)s->place;
    TRY(arena_err(&i->a));
    batch_keep(w, i);
    return OK;
}

/* --- one entry ----------------------------------------------------------------------------------------------------- */

/* How far into the entry its reader is. */
static int64_t bytes_read(const struct import_source *s, const struct import_entry *e)
{
    if (s->bytes.zip)
        return e->bytes - (int64_t)s->bytes.zip->left;
    off_t at = s->bytes.file ? lseek(s->bytes.file->fd.fd, 0, SEEK_CUR) : 0;
    return at < 0 ? 0 : at;
}

static err_t read_one(struct import_run *w, struct import_source *s, struct str name)
{
    struct batch_item *i;
    TRY(job_check(w->run));
    TRY(batch_next(w, &i));
    err_t e = import_source_next(s, &i->a, &i->c);
    if (e == E_NOT_FOUND)
        return e;
    w->place++;
    if (w->entry == w->row.entry && w->place <= w->row.place)
        return OK; /* it is in the report already */
    job_progress(w->run, w->done_bytes + bytes_read(s, &s->files->entries[s->entry]), w->row.bytes);
    if (e == OK)
        return take(w, s, i, name);
    if (e == E_BUSY || e == E_CANCELLED || e == E_STOPPING)
        return e;
    return batch_report(w, name, s->place, "failed", err_code(e), reason(e));
}

/* What is refused says what it is: as the field of its note. */
static const char *code_of(err_t e)
{
    return e == E_INVALID && err_detail()->field[0] ? err_detail()->field : err_code(e);
}

static bool is_refusal(err_t e)
{
    return e == E_INVALID || e == E_FORBIDDEN;
}

static err_t read_entry(struct import_run *w, struct import_files *f, size_t entry, struct str name)
{
    CLEANUP(arena_free) struct arena of_source = { 0 };
    CLEANUP(import_source_close) struct import_source s = { 0 };
    bool reported = w->entry == w->row.entry && w->row.place > 0;
    arena_init(&of_source, JSON_BYTES_MAX * 4);
    w->place = 0;
    err_t e = import_source_open(&s, &of_source, &w->reading, f, entry);
    if (e == OK) {
        while (e == OK)
            e = read_one(w, &s, name);
        return e == E_NOT_FOUND ? OK : e;
    }
    if (e == E_NOT_FOUND || reported)
        return OK;
    if (e == E_BUSY || e == E_CANCELLED || e == E_STOPPING)
        return e;
    w->place = 1;
    return batch_report(w, name, 0, is_refusal(e) ? "skipped" : "failed", code_of(e), reason(e));
}

/* --- all of it ---------------------------------------------------------------------------------------------------------- */

static err_t read_all(struct import_run *w, const char *path, struct str prefix);

static err_t read_part(struct import_run *w, struct import_files *f, size_t i, struct str prefix)
{
    const struct import_entry *e = &f->entries[i];
    struct str name = str_cat(f->arena, prefix, e->name);
    TRY(arena_err(f->arena));
    if (is_zip_in_folder(f, i)) {
        err_t inner = read_all(w, e->path, str_cat(f->arena, name, S("/")));
        if (inner == OK || inner == E_BUSY || inner == E_CANCELLED || inner == E_STOPPING ||
            import_is_passing(inner))
            return inner;
        w->entry++;
        w->place = 1;
        if (w->entry < w->row.entry || (w->entry == w->row.entry && w->row.place))
            return OK;
        return batch_report(w, name, 0, "failed", err_code(inner), reason(inner));
    }
    w->entry++;
    if (w->entry >= w->row.entry)
        TRY(read_entry(w, f, i, name));
    w->done_bytes += e->bytes;
    job_progress(w->run, w->done_bytes, w->row.bytes);
    return OK;
}

static err_t read_all(struct import_run *w, const char *path, struct str prefix)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    arena_init(&a, IMPORT_LIST_BYTES_MAX);
    TRY(import_files_open(&f, &a, path));
    for (size_t i = 0; i < f.count; i++)
        TRY(read_part(w, &f, i, prefix));
    return OK;
}

/* --- the end ------------------------------------------------------------------------------------------------------------- */

static err_t end(struct import_run *w)
{
    struct import_row now;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, w->db));
    TRY(import_get(w->db, w->a, w->job->owner_id, w->row.id, &now));
    bool nothing = !now.items;
    TRY(import_store_end(w->db, w->job->owner_id, now.id, nothing ? "failed" : "done",
                         nothing ? S("nothing_found") : STR_NONE,
                         nothing ? S("there is no conversation of a known provider in it")
                                 : STR_NONE,
                         clock_wall_ms()));
    TRY(import_say(w->db, w->job->owner_id, now.id, "updated", "status", clock_wall_ms()));
    TRY(db_txn_commit(&tx));
    import_files_end(w->app, &now, nothing ? "failed" : "done");
    log_at(LOG_INFO, "import.done", LI("new", now.count_made), LI("changed", now.count_changed),
           LI("unchanged", now.count_unchanged), LI("skipped", now.count_skipped),
           LI("failed", now.count_failed), LI("bytes", now.bytes));
    return OK;
}

/* --- the run -------------------------------------------------------------------------------------------------------------- */

static err_t not_called_off(void *context)
{
    struct import_run *w = context;
    return job_check(w->run);
}

static err_t render(void *context, struct arena *a, struct str html, struct str url,
                    struct str *ret_dom)
{
    struct import_run *w = context;
    struct patience patience = { clock_monotonic_ms() + CAPTURE_DEADLINE_MS, not_called_off, w };
    return capture_extract_page(a, w->app->settings, html, url, &patience, ret_dom);
}

static err_t set_bytes(struct import_run *w)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, w->db));
    TRY(import_store_bytes(w->db, w->job->owner_id, w->row.id, w->row.bytes));
    return db_txn_commit(&tx);
}

static err_t steps(struct import_run *w)
{
    const char *path = import_path(w->app, w->a, &w->row);
    if (!path)
        return arena_err(w->a);
    TRY(job_phase(w->run, "look", STR_NONE));
    w->row.bytes = 0;
    TRY(look(w, path, &w->row.bytes));
    TRY(set_bytes(w));
    TRY(job_phase(w->run, "read", STR_NONE));
    TRY(read_all(w, path, S("")));
    TRY(job_phase(w->run, "store", STR_NONE));
    TRY(batch_flush(w));
    return end(w);
}

err_t import_run_job(struct app *app, struct db *db, struct arena *a, const struct job *job,
                     struct job_run *run)
{
    struct import_run w = { .app = app, .db = db, .a = a, .job = job, .run = run };
    err_t e = import_get(db, a, job->owner_id, job->id, &w.row);
    if (e == OK && !str_eq(w.row.state, S("open")))
        return OK; /* a crash came after the last step */
    TRY(e);
    w.reading = (struct import_reading){ .render = render, .context = &w };
    w.number = w.row.items + 1;
    w.media_deadline_ms = clock_monotonic_ms() + IMPORT_FETCH_ALL_MS;
    w.batch = ARENA_ARRAY(a, struct batch_item, IMPORT_BATCH_MAX);
    if (!w.batch)
        return arena_err(a);
    for (size_t i = 0; i < IMPORT_BATCH_MAX; i++)
        arena_init(&w.batch[i].a, JSON_BYTES_MAX * 4);
    e = steps(&w);
    struct err_detail detail = *err_detail();
    for (size_t i = 0; i < IMPORT_BATCH_MAX; i++)
        arena_free(&w.batch[i].a);
    err_restore(&detail);
    /* Somebody else put the same thing in meanwhile (two transactions of PostgreSQL): the next run finds it there. */
    return e == E_CONFLICT ? E_BUSY : e;
}

err_t import_job_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                        err_t why, struct str detail)
{
    struct import_row row;
    err_t e = import_get(db, a, job->owner_id, job->id, &row);
    if (e == E_NOT_FOUND || (e == OK && !str_eq(row.state, S("open"))))
        return OK;
    TRY(e);
    bool cancelled = why == E_CANCELLED;
    int64_t now_ms = clock_wall_ms();
    TRY(import_store_end(db, job->owner_id, job->id, cancelled ? "cancelled" : "failed",
                         cancelled ? STR_NONE : str_from(err_code(why)),
                         cancelled  ? STR_NONE
                         : detail.n ? utf8_repair(a, detail)
                                    : str_from(err_title(why)),
                         now_ms));
    TRY(import_say(db, job->owner_id, job->id, "updated", "status", now_ms));
    import_files_end(app, &row, "failed");
    return OK;
}

err_t import_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *j,
                       struct json_out *o)
{
    struct import_row row;
    UNUSED(app);
    TRY(import_get(db, a, j->owner_id, j->id, &row));
    return import_write_with(&row, j, o);
}

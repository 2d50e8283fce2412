/* Undoing an import, conversation by conversation: each in a transaction of its own with its row of the report, so that a job that is
 * killed goes on where it was. */
#include "archive/archive.h"
#include "base/limits.h"
#include "base/log.h"
#include "imports/imports_inside.h"
#include "imports/imports_run.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "sharing/sharing.h"

struct undo {
    struct app *app;
    struct db *db;
    struct arena *a;
    struct job_run *run;
    struct uuid owner, import;
    int64_t done, total;
};

static err_t undone_id(struct arena *a, const struct job *job, struct uuid *ret)
{
    struct json root;
    TRY(json_parse(a, job->payload, JSON_DEPTH_MAX, &root));
    return uuid_parse(json_get_str(root, S("import")), ret);
}

/* --- one conversation ---------------------------------------------------------------------------------------- */

struct left {
    const char *code, *reason; /* why it stays; NULL: it does not */
};

/* Who changed, shared or captured it since has made it more than the import did. */
static err_t find_why_it_stays(struct undo *u, const struct import_item *i, struct left *ret)
{
    struct archive_conversation c;
    struct grant *grants;
    size_t count;
    *ret = (struct left){ 0 };
    if (uuid_is_nil(i->conversation_id)) {
        *ret = (struct left){ "gone", "it was deleted" };
        return OK;
    }
    err_t e = archive_get(u->db, u->a, u->owner, i->conversation_id, &c);
    if (e == E_NOT_FOUND)
        return OK; /* in the trash already: another row of this import, or somebody's hand, put it there */
    TRY(e);
    TRY(sharing_members(u->db, u->a, u->owner, "conversation", c.id, &grants, &count));
    if (count)
        *ret = (struct left){ "shared", "it is shared with somebody" };
    else if (c.version != i->version && c.title_own)
        *ret = (struct left){ "renamed", "its title or something else of it was changed since" };
    else if (c.version != i->version)
        *ret = (struct left){ "changed_since", "something changed it since" };
    else if (c.captured_ms != i->captured_ms)
        *ret = (struct left){ "captured_since", "it was captured or imported again since" };
    else if (i->reason_code.n && str_eq(i->reason_code, S("joined")))
        *ret = (struct left){ "joined", "the import made one conversation of several" };
    return OK;
}

static err_t revert(struct undo *u, const struct import_item *i, struct left *io)
{
    struct archive_conversation now;
    int64_t version;
    int64_t now_ms = clock_wall_ms();
    if (str_eq(i->outcome, S("new"))) {
        err_t e = archive_trash(u->db, u->a, u->owner, i->conversation_id, now_ms, &version);
        return e == E_NOT_FOUND ? OK : e;
    }
    err_t e = archive_undo(u->db, u->a, u->owner, i->conversation_id, u->import, i->source_id,
                           now_ms, &version);
    if (e == E_NOT_FOUND) {
        err_t there = archive_get(u->db, u->a, u->owner, i->conversation_id, &now);
        if (there == OK)
            *io = (struct left){ "not_kept", "what it was before is not kept" };
        return there == E_NOT_FOUND ? OK : there;
    }
    TRY(e);
    TRY(archive_get(u->db, u->a, u->owner, i->conversation_id, &now));
    return import_store_item_again(u->db, u->owner, u->import, now.id, now.version,
                                   now.captured_ms);
}

static err_t undo_one(struct undo *u, const struct import_item *i)
{
    struct left left;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, u->db));
    TRY(find_why_it_stays(u, i, &left));
    if (!left.code)
        TRY(revert(u, i, &left));
    TRY(import_store_item_undone(u->db, u->owner, u->import, i->number,
                                 left.code ? "kept" : "undone", left.code, left.reason));
    TRY(import_store_undone(u->db, u->owner, u->import, !left.code, left.code != NULL));
    return db_txn_commit(&tx);
}

/* --- all of them ------------------------------------------------------------------------------------------------- */

static err_t undo_all_of(struct undo *u, struct str outcome)
{
    enum { AT_ONCE = 100 };
    for (;;) {
        CLEANUP(arena_free) struct arena page = { 0 };
        struct import_item *items;
        size_t count;
        arena_init(&page, MIB(16));
        TRY(import_store_items(u->db, &page, u->owner, u->import, outcome, 0, AT_ONCE, &items,
                               &count));
        for (size_t i = 0; i < count; i++) {
            TRY(job_check(u->run));
            arena_reset(u->a);
            TRY(undo_one(u, &items[i]));
            job_progress(u->run, ++u->done, u->total);
        }
        import_tell(u->app, u->db, u->owner, u->import, false);
        if (count < AT_ONCE)
            return OK;
    }
}

static err_t end(struct undo *u)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    int64_t now_ms = clock_wall_ms();
    bool done;
    TRY(db_txn_begin(&tx, u->db));
    TRY(archive_forget_mark(u->db, u->owner, u->import));
    TRY(import_store_state(u->db, u->owner, u->import, "undoing", "undone", &done));
    TRY(import_say(u->db, u->owner, u->import, "updated", "status", now_ms));
    TRY(db_txn_commit(&tx));
    import_tell(u->app, u->db, u->owner, u->import, true);
    log_at(LOG_INFO, "import.undone", LI("conversations", u->done));
    return OK;
}

/* The newest first: what it changed of what it made goes with that. */
static err_t undo_all(struct undo *u)
{
    int64_t made, changed;
    TRY(import_store_item_count(u->db, u->owner, u->import, "new", &made));
    TRY(import_store_item_count(u->db, u->owner, u->import, "changed", &changed));
    u->total = made + changed;
    TRY(job_phase(u->run, "undo", STR_NONE));
    TRY(undo_all_of(u, S("new")));
    TRY(undo_all_of(u, S("changed")));
    return end(u);
}

err_t import_undo_job(struct app *app, struct db *db, struct arena *a, const struct job *job,
                      struct job_run *run)
{
    CLEANUP(arena_free) struct arena work = { 0 };
    struct undo u = { .app = app, .db = db, .a = &work, .run = run, .owner = job->owner_id };
    struct import_row row;
    TRY(undone_id(a, job, &u.import));
    err_t e = import_get(db, a, u.owner, u.import, &row);
    if (e == E_NOT_FOUND || (e == OK && !str_eq(row.state, S("undoing"))))
        return OK;
    TRY(e);
    arena_init(&work, JOB_ARENA_BYTES_MAX);
    return undo_all(&u);
}

/* It can be asked for again: what is undone stays so. */
err_t import_undo_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                         err_t why, struct str detail)
{
    struct uuid import;
    bool done;
    UNUSED(app);
    UNUSED(why);
    UNUSED(detail);
    TRY(undone_id(a, job, &import));
    TRY(import_store_state(db, job->owner_id, import, "undoing", "done", &done));
    return import_say(db, job->owner_id, import, "updated", "status", clock_wall_ms());
}

err_t import_undo_write(struct app *app, struct db *db, struct arena *a, const struct job_row *j,
                        struct json_out *o)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    jo_object(o);
    jo_kuuid(o, "id", j->id);
    job_write(o, j);
    jo_end(o);
    return OK;
}

/* What is stored together: conversations, the rows of the report about them, and how far the import is. */
#include "base/limits.h"
#include "imports/imports_run.h"
#include "ops/ops.h"
#include "os/clock.h"

bool import_is_passing(err_t e)
{
    switch (e) {
    case E_BUSY:
    case E_TIMEOUT:
    case E_UPSTREAM:
    case E_IO:
    case E_DB:
    case E_STORE:
    case E_UNCLEAR:
    case E_FULL:
    case E_READ_ONLY:
    case E_STOPPING:
    case E_CANCELLED:
        return true;
    default:
        return false;
    }
}

/* --- what it says ---------------------------------------------------------------------------------------- */

static void add_str(struct sha256_ctx *h, struct str s)
{
    uint64_t n = s.s ? s.n : UINT64_MAX; /* absent is not empty */
    sha256_add(h, str_of((const char *)&n, sizeof n));
    sha256_add(h, s);
}

static void add_i64(struct sha256_ctx *h, int64_t v)
{
    sha256_add(h, str_of((const char *)&v, sizeof v));
}

static void add_message(struct sha256_ctx *h, const struct message *m)
{
    add_str(h, m->id);
    add_str(h, m->parent_id);
    add_str(h, m->author);
    add_str(h, m->model);
    add_i64(h, m->created_ms);
    add_i64(h, m->role * 4 + m->hidden * 2 + m->on_path);
    add_str(h, m->hash);
}

struct sha256 import_digest(const struct conversation *c, const struct import_media *media,
                            size_t media_count, struct str own_title)
{
    struct sha256_ctx h;
    const struct str texts[] = { str_from(c->provider), c->title,          c->model,
                                 c->source.id,          c->source.url,     c->source.account,
                                 c->context.cwd,        c->context.branch, c->context.tool };
    sha256_init(&h);
    for (size_t i = 0; i < COUNTOF(texts); i++)
        add_str(&h, texts[i]);
    add_i64(&h, c->created_ms);
    add_i64(&h, c->updated_ms);
    for (size_t i = 0; i < c->message_count; i++)
        add_message(&h, &c->messages[i]);
    for (size_t i = 0; i < c->finding_count; i++) {
        add_i64(&h, c->findings[i].code);
        add_str(&h, c->findings[i].detail);
    }
    for (size_t i = 0; i < media_count; i++) {
        add_i64(&h, (int64_t)media[i].message);
        add_i64(&h, (int64_t)media[i].block);
    }
    if (own_title.n)
        add_str(&h, own_title);
    return sha256_end(&h);
}

/* --- filling --------------------------------------------------------------------------------------------------- */

err_t batch_next(struct import_run *w, struct batch_item **ret)
{
    if (w->batch_count == IMPORT_BATCH_MAX || w->batch_bytes >= IMPORT_BATCH_BYTES)
        TRY(batch_flush(w));
    struct batch_item *i = &w->batch[w->batch_count];
    struct arena a = i->a;
    arena_reset(&a);
    *i = (struct batch_item){ .a = a };
    *ret = i;
    return OK;
}

void batch_keep(struct import_run *w, struct batch_item *i)
{
    assert(i == &w->batch[w->batch_count]);
    i->row.number = w->number++;
    i->entry = w->entry;
    i->place = w->place;
    w->batch_bytes += i->a.used_bytes;
    w->batch_count++;
}

err_t batch_report(struct import_run *w, struct str entry, size_t place, const char *outcome,
                   const char *code, struct str reason)
{
    struct batch_item *i;
    struct err_detail why = *err_detail(); /* code and reason may be views of it */
    TRY(batch_next(w, &i));
    err_restore(&why);
    i->row = (struct import_item){ .outcome = str_from(outcome),
                                   .entry = str_dup(&i->a, entry),
                                   .place = (int64_t)place,
                                   .reason_code = str_dup(&i->a, str_from(code)),
                                   .reason = str_dup(&i->a, reason) };
    TRY(arena_err(&i->a));
    batch_keep(w, i);
    return OK;
}

/* --- storing ------------------------------------------------------------------------------------------------------ */

/* An archive of ours says when it was. A session says as of its last record, whenever its file is read: of two that go on with one
 * conversation the one that was at work last leads, and reading both again changes nothing. */
static int64_t captured_ms(const struct batch_item *i, int64_t now_ms)
{
    bool session = str_eq(str_from(i->c.source.kind), S("session"));
    int64_t said = i->own ? i->c.source.captured_ms : session ? i->c.updated_ms : TIME_NONE;
    return said > 0 && said < now_ms ? said : now_ms;
}

static err_t put(struct import_run *w, struct batch_item *i, struct import_item *row)
{
    struct archive_put_result put;
    struct import_seen seen;
    struct uuid owner = w->job->owner_id;
    const struct archive_put_options options = { .dry = w->row.dry_run,
                                                 .media = i->media,
                                                 .media_count = i->media_count,
                                                 .mark = w->row.id,
                                                 .archived = i->own };
    err_t e = import_store_seen(w->db, &i->a, owner, i->digest, &seen);
    if (e == OK) {
        row->outcome = S("unchanged");
        row->conversation_id = seen.conversation_id;
        row->version = seen.version;
        row->captured_ms = seen.captured_ms;
        return OK;
    }
    if (e != E_NOT_FOUND)
        return e;
    int64_t now_ms = clock_wall_ms();
    i->c.source.captured_ms = captured_ms(i, now_ms);
    db_together_begin(w->db);
    TRY(archive_put_in(w->db, &i->a, owner, &i->c, &options, now_ms, &put));
    bool titled = false;
    TRY(put.created
            ? archive_add(w->db, &i->a, owner, put.id, &i->c, &i->added, now_ms)
            : archive_add_title(w->db, &i->a, owner, put.id, i->added.title, now_ms, &titled));
    row->outcome = put.created ? S("new") : put.changed || titled ? S("changed") : S("unchanged");
    row->conversation_id = put.id;
    row->version = put.version;
    if (put.joined && put.changed) {
        row->reason_code = S("joined");
        row->reason = S("it made one conversation of several");
    } else if (titled) {
        row->reason_code = S("titled");
        row->reason = S("it has the title that its owner gave it elsewhere");
    }
    if (put.source_new && !put.created)
        row->source_id = put.source_id;
    struct archive_conversation now;
    TRY(archive_get(w->db, &i->a, owner, put.id, &now));
    row->version = now.version;
    row->captured_ms = now.captured_ms;
    TRY(import_store_item_again(w->db, owner, w->row.id, put.id, now.version, now.captured_ms));
    TRY(import_store_seen_put(w->db, owner, i->digest, put.id, now.version));
    return db_together_end(w->db); /* here, so that what fails is this one's */
}

static void count(struct import_counts *c, const struct batch_item *i,
                  const struct import_item *row)
{
    struct {
        struct str name;
        int64_t *count;
    } all[] = { { S("new"), &c->made },
                { S("changed"), &c->changed },
                { S("unchanged"), &c->unchanged },
                { S("skipped"), &c->skipped },
                { S("failed"), &c->failed } };
    for (size_t k = 0; k < COUNTOF(all); k++)
        *all[k].count += str_eq(row->outcome, all[k].name);
    for (size_t k = 0; k < i->media_count && !str_eq(row->outcome, S("unchanged")); k++) {
        c->media++;
        c->media_bytes += i->media[k].bytes;
    }
}

/* What came of each; *ret_bad: the one that failed. */
static err_t put_all(struct import_run *w, struct import_item *rows, size_t *ret_bad)
{
    for (size_t i = 0; i < w->batch_count; i++) {
        rows[i] = w->batch[i].row;
        if (rows[i].outcome.n)
            continue;
        *ret_bad = i;
        TRY(put(w, &w->batch[i], &rows[i]));
        for (size_t k = 0; k < i; k++) /* the same conversation twice in one file */
            if (uuid_eq(rows[k].conversation_id, rows[i].conversation_id)) {
                rows[k].version = rows[i].version;
                rows[k].captured_ms = rows[i].captured_ms;
            }
    }
    *ret_bad = SIZE_MAX;
    return OK;
}

static err_t report_all(struct import_run *w, struct import_item *rows)
{
    const struct batch_item *last = &w->batch[w->batch_count - 1];
    struct import_counts c = { 0 };
    db_together_begin(w->db);
    for (size_t i = 0; i < w->batch_count; i++) {
        count(&c, &w->batch[i], &rows[i]);
        if (w->row.dry_run && str_eq(rows[i].outcome, S("new")))
            rows[i].conversation_id = rows[i].source_id = (struct uuid){ { 0 } };
        TRY(import_store_item(w->db, w->job->owner_id, w->row.id, &rows[i]));
    }
    TRY(import_store_advance(w->db, w->job->owner_id, w->row.id, last->entry, last->place,
                             (int64_t)w->batch_count, &c));
    return db_together_end(w->db);
}

/* A dry run looks what would come of it, lets that go, and stores its report alone. */
static err_t store(struct import_run *w, struct import_item *rows, size_t *ret_bad)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, w->db));
    TRY(put_all(w, rows, ret_bad));
    if (w->row.dry_run) {
        db_txn_end(&tx);
        tx = (struct db_txn){ 0 };
        TRY(db_txn_begin(&tx, w->db));
    }
    TRY(report_all(w, rows));
    return db_txn_commit(&tx);
}

/* One that cannot be stored is reported, and is not the end of those beside it. */
static err_t set_aside(struct batch_item *i, err_t e)
{
    const char *text = err_detail()->text[0] ? err_detail()->text : err_title(e);
    i->row.outcome = S("failed");
    i->row.reason_code = str_from(err_code(e));
    i->row.reason = str_dup(&i->a, str_from(text));
    i->media_count = 0;
    if (!i->row.reason.s)
        i->row.reason = str_from(err_title(e));
    return OK;
}

err_t batch_flush(struct import_run *w)
{
    struct import_item rows[IMPORT_BATCH_MAX];
    err_t e = OK;
    if (!w->batch_count)
        return OK;
    for (size_t tries = 0; tries <= w->batch_count; tries++) {
        size_t bad = SIZE_MAX;
        e = store(w, rows, &bad);
        if (e == OK || import_is_passing(e) || bad == SIZE_MAX)
            break;
        TRY(set_aside(&w->batch[bad], e));
        err_clear();
    }
    if (e == E_UNCLEAR)
        return err_note(E_STORE, NULL, "%s", err_detail()->text); /* the next run looks */
    TRY(e);
    w->batch_count = w->batch_bytes = 0;
    return OK;
}

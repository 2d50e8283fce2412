#include "capture/reread.h"

#include "base/limits.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "capture/judge.h"
#include "ops/ops.h"
#include "os/clock.h"

enum { AT_ONCE = 50 };

/* Everything of one capture lives in `a`. */
struct reread {
    struct app *app;
    struct db *db;
    struct arena *a;
    const struct job *job;
    struct job_run *run;
    struct capture_room *room;
    struct str provider; /* STR_NONE: all */
    bool write;
    const struct capture_row *row;
    struct page_result page;
    struct str dom;
    struct verdict verdict;
    struct reread_row found;
};

/* --- what is asked ------------------------------------------------------------------------------- */

static struct str payload_json(struct arena *a, struct str provider, bool write)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, KIB(1));
    jo_init(&o, &b);
    jo_object(&o);
    jo_kstr(&o, "provider", provider);
    jo_kbool(&o, "write", write);
    jo_end(&o);
    return buf_str(&b);
}

static err_t read_payload(struct arena *a, struct str payload, struct str *ret_provider,
                          bool *ret_write)
{
    struct json root;
    TRY(json_parse(a, payload, JSON_DEPTH_MAX, &root));
    *ret_provider = json_get_str(root, S("provider"));
    *ret_write = json_bool(json_get(root, S("write")), false);
    return OK;
}

static err_t same_as_running(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                             struct uuid id, struct str payload)
{
    struct job_row running;
    TRY(job_get(app, db, a, owner, id, &running));
    return str_eq(running.payload, payload)
               ? OK
               : err_note(E_CONFLICT, NULL,
                          "the evidence is being read again already, for something else; wait for "
                          "its end, or cancel it");
}

err_t reread_start(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                   struct str provider, bool write, int64_t now_ms, struct uuid *ret_id)
{
    struct str payload = payload_json(a, provider, write);
    TRY(arena_err(a));
    if (provider.n && !provider_data_of(&capture_room(app)->providers, provider))
        return err_note(E_INVALID, "provider", "there is no provider of this name");
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    bool existing;
    TRY(job_add(db, a, owner, "reextract", payload, S("reextract"), now_ms, ret_id, &existing));
    if (existing)
        return same_as_running(app, db, a, owner, *ret_id, payload);
    TRY(capture_store_reread_forget(db, owner, *ret_id));
    return db_txn_commit(&tx);
}

/* --- the evidence ---------------------------------------------------------------------------------- */

static err_t read_meta(struct reread *r, struct str text)
{
    struct json root;
    struct page_result *p = &r->page;
    TRY(json_parse(r->a, text, JSON_DEPTH_MAX, &root));
    p->final_url = json_get_str(root, S("final_url"));
    p->error = json_get_str(root, S("error"));
    p->status = json_i64(json_get(root, S("status")), 0);
    p->json_status = json_i64(json_get(root, S("json_status")), 0);
    p->json_id_at = json_get_str(root, S("json_id_at"));
    p->challenged = json_bool(json_get(root, S("challenged")), false);
    p->json_challenged = json_bool(json_get(root, S("json_challenged")), false);
    p->timed_out = json_bool(json_get(root, S("timed_out")), false);
    return OK;
}

static err_t read_piece(struct reread *r, const struct evidence_row *e)
{
    struct sha256 h;
    struct str bytes;
    bool json = str_eq(e->kind, S("json")), html = str_eq(e->kind, S("html")),
         dom = str_eq(e->kind, S("dom")), meta = str_eq(e->kind, S("meta"));
    if ((!json && !html && !dom && !meta) || e->sha256.n != sizeof h.b)
        return OK;
    memcpy(h.b, e->sha256.s, sizeof h.b);
    TRY(blob_read(r->app->blobs, r->a, r->job->owner_id, h, MIB(64), &bytes));
    if (meta)
        return read_meta(r, bytes);
    *(json ? &r->page.json : html ? &r->page.html : &r->dom) = bytes;
    return OK;
}

/* Captures of before did not keep where the answer names its share; every answer that has such a place is asked. */
static void know_id_place(struct reread *r, const struct provider_data *data)
{
    for (size_t i = 0; i < data->response_count && !r->page.json_id_at.n; i++)
        r->page.json_id_at = data->responses[i].id_at;
}

static struct str bare_id(struct str share_id)
{
    return str_sub(share_id, str_find_char(share_id, ':', 0) + 1, share_id.n);
}

static err_t read_evidence(struct reread *r, const struct provider_data *data)
{
    struct evidence_row *list;
    size_t count;
    TRY(capture_store_evidence_of(r->db, r->a, r->job->owner_id, r->row->id, &list, &count));
    for (size_t i = 0; i < count; i++)
        TRY(read_piece(r, &list[i]));
    r->page.share_id = bare_id(r->row->share_id);
    know_id_place(r, data);
    return OK;
}

/* As when it came: the data first, then the rendered page. */
static err_t judge(struct reread *r)
{
    struct asked asked = { .providers = &r->room->providers,
                           .provider = provider_by_name(r->row->provider),
                           .url = r->row->url,
                           .share_id = r->row->share_id };
    if (!asked.provider)
        return OK;
    TRY(judge_data(r->a, &asked, &r->page, &r->verdict));
    return r->verdict.outcome == OUTCOME_NONE
               ? judge_dom(r->a, &asked, &r->page, r->dom, &r->verdict)
               : OK;
}

/* --- what comes of it -------------------------------------------------------------------------------- */

static void describe(struct reread *r, const struct archive_put_result *put)
{
    struct reread_row *f = &r->found;
    const struct archive_measure *b = &put->before, *a = &put->after;
    bool less = a->messages < b->messages || a->words < b->words;
    bool more = a->messages > b->messages || a->words > b->words;
    f->messages_before = b->messages;
    f->messages_after = a->messages;
    f->words_before = b->words;
    f->words_after = a->words;
    f->warnings_before = b->warnings;
    f->warnings_after = a->warnings;
    bool fewer_warnings = a->warnings < b->warnings;
    f->finding = put->created                ? S("new")
                 : !put->changed             ? S("unchanged")
                 : less && !fewer_warnings   ? S("poorer")
                 : (more || fewer_warnings)  ? S("better")
                 : a->warnings > b->warnings ? S("poorer")
                                             : S("changed");
}

/* As the capture was stored, or would have been, had it been understood. */
static err_t prepare(struct reread *r, const struct provider_data *data)
{
    struct conversation *c = r->verdict.found;
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct archive_source source;
    bool good = !str_eq(r->row->outcome, S("format_changed"));
    err_t e =
        archive_of_link(r->db, r->a, r->job->owner_id, r->row->provider, r->row->url, &source);
    if (e != OK && e != E_NOT_FOUND)
        return e;
    c->source = (struct source){
        .kind = "share",
        .url = r->row->url,
        .id = c->source.id.n ? c->source.id : bare_id(r->row->share_id),
        .account = c->source.account,
        .strategy = r->verdict.strategy,
        .recipe = data->recipe,
        .captured_ms = e == OK && good ? source.captured_ms : r->row->ended_ms,
    };
    if (e == OK)
        TRY(archive_adopt_pictures(r->db, r->a, r->job->owner_id, source.conversation_id, c));
    arena_init(&scratch, CONVERSATION_ARENA_BYTES_MAX);
    return conversation_hash(r->a, &scratch, c);
}

static err_t put(struct reread *r, bool dry, struct archive_put_result *ret)
{
    const struct conversation *c = r->verdict.found;
    struct archive_put_options options = { .outcome = str_from(outcome_name(r->verdict.outcome)),
                                           .dry = dry,
                                           .measure = true,
                                           .leaves_trash = true };
    return archive_put(r->db, r->a, r->job->owner_id, c, &options, c->source.captured_ms, ret);
}

static err_t record_finding(struct reread *r)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, r->db));
    TRY(capture_store_reread(r->db, r->job->owner_id, r->job->id, &r->found));
    return db_txn_commit(&tx);
}

/* The capture says now how it ended by the code of today. */
static err_t record_outcome(struct reread *r, const struct archive_put_result *put)
{
    struct capture_row end = *r->row;
    struct op_new op = { .owner_id = r->job->owner_id,
                         .actor_id = r->job->owner_id,
                         .entity = "capture",
                         .kind = "updated",
                         .fields = "outcome",
                         .entity_id = end.id,
                         .version = 1 };
    end.outcome = str_from(outcome_name(r->verdict.outcome));
    end.error_code = end.error_detail = STR_NONE;
    if (str_eq(end.outcome, r->row->outcome) && uuid_eq(put->id, r->row->conversation_id))
        return OK;
    capture_row_put(&end, put);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, r->db));
    TRY(capture_store_end(r->db, r->job->owner_id, &end));
    TRY(ops_append(r->db, &op, clock_wall_ms()));
    return db_txn_commit(&tx);
}

/* The finding is there before what it says is done: who goes on after a crash looks at the last one again. */
static err_t weigh(struct reread *r, const struct provider_data *data)
{
    struct archive_put_result result;
    TRY(prepare(r, data));
    TRY(put(r, true, &result));
    r->found.title = r->verdict.found->title;
    if (!result.created)
        r->found.conversation_id = result.id;
    describe(r, &result);
    TRY(record_finding(r));
    if (!r->write || str_eq(r->found.finding, S("poorer")))
        return OK;
    if (!str_eq(r->found.finding, S("unchanged")))
        TRY(put(r, false, &result));
    return record_outcome(r, &result);
}

/* Bytes that are gone or damaged are a finding; what is the store's own, or says stop, ends the run. */
static bool is_of_evidence(err_t e)
{
    return e == E_NOT_FOUND || e == E_CORRUPT || e == E_BAD_JSON || e == E_LIMIT || e == E_INVALID;
}

static err_t reread_one(struct reread *r)
{
    const struct provider_data *data = provider_data_of(&r->room->providers, r->row->provider);
    r->page = (struct page_result){ .loaded = true };
    r->dom = STR_NONE;
    r->verdict = (struct verdict){ 0 };
    r->found = (struct reread_row){ .capture_id = r->row->id,
                                    .conversation_id = r->row->conversation_id,
                                    .provider = r->row->provider,
                                    .finding = S("unreadable") };
    err_t e = data ? read_evidence(r, data) : OK;
    if (e == OK && data)
        e = judge(r);
    if (e == OK && r->verdict.found) {
        e = weigh(r, data);
        if (e == OK || !is_of_evidence(e))
            return e;
    }
    if (e != OK && !is_of_evidence(e))
        return e;
    if (e != OK) {
        r->found.finding = S("failed");
        r->found.detail =
            str_dup(r->a, str_from(err_detail()->text[0] ? err_detail()->text : err_title(e)));
        err_clear();
    } else {
        enum outcome o = data ? r->verdict.outcome : OUTCOME_INVALID_URL;
        r->found.detail = r->verdict.detail.n ? r->verdict.detail : str_from(outcome_advice(o));
    }
    return record_finding(r);
}

/* --- the job ------------------------------------------------------------------------------------------ */

static err_t reread_some(struct reread *r, struct arena *all, struct uuid *from, int64_t *done,
                         int64_t total, bool *ret_more)
{
    struct capture_row *rows;
    size_t count;
    TRY(capture_store_to_reread(r->db, all, r->job->owner_id, r->provider, *from, AT_ONCE + 1,
                                &rows, &count));
    *ret_more = count > AT_ONCE;
    for (size_t i = 0; i < count && i < AT_ONCE; i++) {
        CLEANUP(arena_free) struct arena one = { 0 };
        TRY(job_check(r->run));
        arena_init(&one, CONVERSATION_ARENA_BYTES_MAX);
        struct reread of_one = *r;
        of_one.a = &one;
        of_one.row = &rows[i];
        TRY(reread_one(&of_one));
        ++*done;
        job_progress(r->run, *done, total > *done ? total : *done);
    }
    if (*ret_more)
        *from = rows[AT_ONCE].id;
    return OK;
}

err_t reread_run(struct app *app, struct db *db, struct arena *a, const struct job *job,
                 struct job_run *run)
{
    struct reread r = { .app = app, .db = db, .job = job, .run = run, .room = capture_room(app) };
    struct uuid from = { { 0 } };
    struct reread_count *counts;
    int64_t total, done = 0;
    size_t kinds;
    bool more = true;
    TRY(read_payload(a, job->payload, &r.provider, &r.write));
    TRY(job_phase(run, "read", STR_NONE));
    TRY(capture_store_to_reread_count(db, job->owner_id, r.provider, &total));
    TRY(capture_store_reread_last(db, a, job->owner_id, job->id, &from));
    TRY(capture_store_reread_counts(db, a, job->owner_id, job->id, &counts, &kinds));
    for (size_t i = 0; i < kinds; i++)
        done += counts[i].captures;
    done -= done > 0; /* the last one is looked at again */
    while (more) {
        CLEANUP(arena_free) struct arena some = { 0 };
        arena_init(&some, MIB(16));
        TRY(reread_some(&r, &some, &from, &done, total, &more));
    }
    return OK;
}

/* --- JSON ------------------------------------------------------------------------------------------------ */

static const char *const FINDINGS[] = { "new",    "better",     "changed", "unchanged",
                                        "poorer", "unreadable", "failed" };

bool reread_finding_is(struct str word)
{
    for (size_t i = 0; i < COUNTOF(FINDINGS); i++)
        if (str_eq(word, str_from(FINDINGS[i])))
            return true;
    return false;
}

static int64_t count_of(const struct reread_count *counts, size_t n, const char *finding)
{
    for (size_t i = 0; i < n; i++)
        if (str_eq(counts[i].finding, str_from(finding)))
            return counts[i].captures;
    return 0;
}

err_t reread_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *j,
                       struct json_out *o)
{
    struct str provider;
    struct reread_count *counts;
    size_t n;
    bool write;
    UNUSED(app);
    TRY(read_payload(a, j->payload, &provider, &write));
    TRY(capture_store_reread_counts(db, a, j->owner_id, j->id, &counts, &n));
    jo_object(o);
    jo_kuuid(o, "id", j->id);
    jo_kstr(o, "provider", provider);
    jo_kbool(o, "write", write);
    job_write(o, j);
    jo_kz(o, "findings");
    jo_object(o);
    for (size_t i = 0; i < COUNTOF(FINDINGS); i++)
        jo_ki64(o, FINDINGS[i], count_of(counts, n, FINDINGS[i]));
    jo_end(o);
    jo_end(o);
    return OK;
}

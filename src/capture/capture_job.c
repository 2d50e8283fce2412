#include "capture/capture_work.h"

#include "base/limits.h"
#include "base/log.h"
#include "base/utf8.h"
#include "capture/capture_store.h"
#include "capture/doctor.h"
#include "capture/pictures.h"
#include "capture/url_policy.h"
#include "ops/ops.h"
#include "os/clock.h"

enum { BROWSER_DEATHS_MAX = 2, SERVER_ERRORS_MAX = 2 };

/* --- phases ---------------------------------------------------------------------------------------- */

static struct str state_json(struct work *w)
{
    return str_fmt(w->a, "{\"browser_deaths\":%lld,\"server_errors\":%lld}",
                   (long long)w->browser_deaths, (long long)w->server_errors);
}

static err_t phase(struct work *w, const char *name)
{
    return job_phase(w->run, name, state_json(w));
}

/* Where a capture that found nothing came to its end: what is told of it says no more than what happened. */
static const char *last_phase(const struct work *w, enum outcome outcome)
{
    if (outcome == OUTCOME_FORMAT_CHANGED)
        return "extract";
    return w->result.status ? "load" : "navigate";
}

static void read_state(struct work *w)
{
    struct json root;
    if (!w->job->state.n || json_parse(w->a, w->job->state, JSON_DEPTH_MAX, &root) != OK)
        return;
    w->browser_deaths = json_i64(json_get(root, S("browser_deaths")), 0);
    w->server_errors = json_i64(json_get(root, S("server_errors")), 0);
}

/* --- the page ----------------------------------------------------------------------------------------- */

/* The whole of a conversation, or the provider's own word about it: then the page need not be rendered. */
static err_t enough(void *context, const struct page_result *r, bool *ret)
{
    struct work *w = context;
    TRY(judge_data(w->a, &w->asked, r, &w->verdict));
    *ret = w->verdict.found ? !misses_turns(&w->verdict)
                            : r->json_status && w->verdict.outcome != OUTCOME_NONE;
    return OK;
}

static err_t check(void *context)
{
    struct work *w = context;
    if (egress_over_limit(w->egress))
        return err_note(E_LIMIT, NULL, "the page is larger than %zu MiB",
                        CAPTURE_PAGE_BYTES_MAX / MIB(1));
    return job_check(w->run);
}

static struct str bare_id(struct str share_id)
{
    return str_sub(share_id, str_find_char(share_id, ':', 0) + 1, share_id.n);
}

static err_t open_page(struct work *w)
{
    struct egress_options out = {
        .policy = w->room->policy,
        .bytes_max = CAPTURE_PAGE_BYTES_MAX,
        .deadline_ms =
            clock_monotonic_ms() + w->app->settings->capture_deadline_ms + CAPTURE_STEP_MS,
    };
    w->deadline = clock_monotonic_ms() + w->app->settings->capture_deadline_ms;
    TRY(phase(w, "navigate"));
    TRY(egress_start(&out, &w->egress));
    struct patience patience = { w->deadline, check, w };
    TRY(browser_acquire(w->room->browsers, &patience, &w->browser));
    w->page_options = (struct page_options){
        .devtools = w->browser,
        .data = w->data,
        .url = w->row.url,
        .share_id = bare_id(w->row.share_id),
        .is_short = url_is_short(w->row.share_id),
        .proxy_port = egress_port(w->egress),
        .proxy_user = S(EGRESS_USER),
        .proxy_password = egress_password(w->egress),
        .insecure_tls = w->room->policy.insecure_tls,
        .deadline = w->deadline,
        .enough = enough,
        .check = check,
        .context = w,
    };
    TRY(phase(w, "load"));
    return page_open(w->a, &w->page_options, &w->page, &w->result);
}

/* A page that did not answer may still be closed by its browser, which then does its other pages to their ends and no new ones:
 * what one page does is not the end of another's capture. */
static void close_page(struct work *w)
{
    bool unclosed = false, hurry = job_check(w->run) != OK;
    page_close(w->page, hurry, &unclosed);
    if (w->browser)
        browser_release(w->room->browsers, w->browser,
                        unclosed && !hurry             ? BROWSER_BROKEN
                        : unclosed || w->result.broken ? BROWSER_SLOW
                                                       : BROWSER_WELL);
    egress_stop(w->egress);
    w->page = NULL;
    w->browser = NULL;
    w->egress = NULL;
}

/* The data first; the rendered page only when the data gave nothing, or not all of the turns. What is gone, or a wall, is not
 * read. */
static err_t read_page(struct work *w)
{
    struct verdict data;
    egress_refused(w->egress, w->a, &w->result.refused);
    if (!w->verdict.found)
        TRY(judge_data(w->a, &w->asked, &w->result, &w->verdict));
    if (w->verdict.found || w->verdict.outcome == OUTCOME_NONE)
        TRY(phase(w, "extract"));
    data = w->verdict;
    if (data.outcome == OUTCOME_NONE || misses_turns(&data)) {
        bool readable = w->result.loaded || w->result.html.n;
        err_t e =
            readable && !w->result.broken ? page_read_dom(w->page, w->a, true, &w->dom) : E_TIMEOUT;
        if (e == E_UPSTREAM || e == E_CANCELLED || e == E_STOPPING)
            return e;
        if (e == E_TIMEOUT && readable)
            w->result.broken = w->result.timed_out =
                true; /* a page in an endless loop answers nothing */
        TRY(judge_dom(w->a, &w->asked, &w->result, w->dom, &w->verdict));
    }
    bool more = w->verdict.found && data.found &&
                w->verdict.found->message_count > data.found->message_count;
    if (data.found && !more)
        w->verdict = data;
    if (!w->result.enough && !w->result.broken)
        w->screenshot = page_screenshot(w->page, w->a);
    return OK;
}

/* The bytes decided. A page that runs already is worth its picture; to run one for it costs more than all the rest, so that
 * is for the operator to say (docs/decisions/0009). */
static bool wants_picture(const struct work *w)
{
    return w->result.enough && (w->result.entered || w->app->settings->capture_screenshot);
}

/* The conversation is stored, or the provider's word recorded; only now its page is looked at. It comes too late to change
 * anything: a page that stalls, crashes or is too large has no picture. */
static void take_picture(struct work *w)
{
    if (!page_show(w->page, &w->page_options, &w->result))
        return;
    w->screenshot = page_screenshot(w->page, w->a);
    err_t e = w->screenshot.n ? evidence_add_picture(w) : OK;
    if (e != OK)
        log_at(LOG_WARN, "capture.no_picture", LZ("code", err_code(e)),
               LZ("detail", err_log_text()));
}

/* The page stays open where its bytes decided. */
static err_t visit(struct work *w)
{
    err_t e = open_page(w);
    if (e == OK)
        e = read_page(w);
    struct err_detail detail = *err_detail();
    bool over = w->egress && egress_over_limit(w->egress);
    w->bytes = w->egress ? egress_bytes(w->egress) : 0;
    if (e != OK || over || !wants_picture(w))
        close_page(w);
    if (over || e == E_LIMIT) {
        w->verdict = (struct verdict){ .outcome = OUTCOME_TOO_LARGE };
        return OK;
    }
    if (e == E_NOT_FOUND) {
        w->verdict = (struct verdict){ .outcome = OUTCOME_BROWSER_FAILED,
                                       .detail = str_dup(w->a, str_from(detail.text)) };
        return OK;
    }
    if (e == E_TIMEOUT) {
        w->verdict = (struct verdict){ .outcome = OUTCOME_TIMEOUT };
        return OK;
    }
    return e == OK ? OK : err_note(e, NULL, "%s", detail.text);
}

/* --- the end ------------------------------------------------------------------------------------------------ */

static err_t record(struct work *w, enum outcome outcome, struct str detail,
                    const struct archive_put_result *put_or_none)
{
    bool good = outcome == OUTCOME_OK || outcome == OUTCOME_PARTIAL;
    struct capture_row end = w->row;
    if (!good)
        TRY(phase(w, last_phase(w, outcome)));
    end.outcome = str_from(outcome_name(outcome));
    if (put_or_none)
        capture_row_put(&end, put_or_none);
    end.ended_ms = clock_wall_ms();
    end.error_code = good ? STR_NONE : end.outcome;
    struct str advice = str_from(outcome_advice(outcome));
    detail = utf8_repair(w->a, detail); /* it may quote what the page named */
    end.error_detail = good       ? STR_NONE
                       : detail.n ? str_fmt(w->a, "%.*s (%.*s)", STR_ARG(advice), STR_ARG(detail))
                                  : advice;
    struct op_new op = { .owner_id = w->job->owner_id,
                         .actor_id = w->job->owner_id,
                         .entity = "capture",
                         .kind = "updated",
                         .fields = "outcome,result",
                         .entity_id = w->row.id,
                         .version = 1 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, w->db));
    TRY(capture_store_end(w->db, w->job->owner_id, &end));
    TRY(doctor_count(w->app, w->db, w->row.provider, w->data ? w->data->recipe : STR_NONE,
                     str_from(w->verdict.strategy), end.outcome, end.ended_ms));
    TRY(ops_append(w->db, &op, end.ended_ms));
    TRY(db_txn_commit(&tx));
    log_at(LOG_INFO, "capture.done", LS("provider", w->row.provider), LS("outcome", end.outcome),
           LZ("strategy", w->verdict.strategy), LI("bytes", w->bytes),
           LI("ms", end.ended_ms - w->began_ms));
    return OK;
}

static err_t still_wanted(void *context)
{
    struct work *w = context;
    return job_check(w->run);
}

static void count_pictures(void *context, size_t done, size_t total)
{
    struct work *w = context;
    job_progress(w->run, (int64_t)done, (int64_t)total);
}

static err_t keep_pictures(struct work *w, struct archive_put_options *options)
{
    struct archive_media *media;
    struct pictures_options o = { .blobs = w->app->blobs,
                                  .owner = w->job->owner_id,
                                  .policy = &w->room->policy,
                                  .deadline_ms = w->deadline,
                                  .check = still_wanted,
                                  .progress = count_pictures,
                                  .context = w };
    TRY(pictures_keep(w->a, &o, w->verdict.found, &media, &options->media_count));
    options->media = media;
    return OK;
}

static err_t store(struct work *w)
{
    struct conversation *c = w->verdict.found;
    struct archive_put_options options = { .outcome = str_from(outcome_name(w->verdict.outcome)) };
    struct archive_put_result put;
    CLEANUP(arena_free) struct arena scratch = { 0 };
    arena_init(&scratch, JOB_ARENA_BYTES_MAX);
    c->source = (struct source){
        .kind = "share",
        .url = w->row.url,
        .id = c->source.id.n ? c->source.id : w->result.share_id,
        .account = c->source.account,
        .strategy = w->verdict.strategy,
        .recipe = w->data->recipe,
        .captured_ms = clock_wall_ms(),
    };
    TRY(keep_pictures(w, &options));
    TRY(phase(w, "validate"));
    TRY(conversation_hash(w->a, &scratch, c));
    TRY(phase(w, "store"));
    job_progress(w->run, 0, (int64_t)c->message_count);
    TRY(archive_put(w->db, w->a, w->job->owner_id, c, &options, c->source.captured_ms, &put));
    job_progress(w->run, (int64_t)c->message_count, (int64_t)c->message_count);
    return record(w, w->verdict.outcome, STR_NONE, &put);
}

/* The browser died under the capture: once more, then no more. */
static err_t browser_died(struct work *w)
{
    struct err_detail detail = *err_detail();
    w->browser_deaths++;
    if (w->browser_deaths < BROWSER_DEATHS_MAX) {
        TRY(phase(w, "queue"));
        return err_note(E_UPSTREAM, NULL, "%s", detail.text);
    }
    return record(w, OUTCOME_BROWSER_FAILED, str_dup(w->a, str_from(detail.text)), NULL);
}

static err_t visit_and_store(struct work *w)
{
    err_t e = visit(w);
    if (e == E_UPSTREAM)
        return browser_died(w);
    TRY(e);
    if (w->verdict.outcome == OUTCOME_SERVER_ERROR && ++w->server_errors < SERVER_ERRORS_MAX) {
        TRY(phase(w, "queue")); /* a connection that was cut, a server that was overloaded */
        return err_note(E_UPSTREAM, NULL, "the provider's server answered with an error");
    }
    TRY(evidence_keep(w));
    if (w->verdict.found)
        return store(w);
    if (w->verdict.outcome == OUTCOME_BLOCKED && w->result.refused.n && !w->verdict.detail.n)
        w->verdict.detail = w->result.refused;
    return record(w, w->verdict.outcome, w->verdict.detail, NULL);
}

err_t capture_run(struct app *app, struct db *db, struct arena *a, const struct job *job,
                  struct job_run *run)
{
    struct work w = { .app = app,
                      .db = db,
                      .a = a,
                      .job = job,
                      .run = run,
                      .room = capture_room(app),
                      .began_ms = clock_wall_ms() };
    TRY(capture_get(db, a, job->owner_id, job->id, &w.row));
    if (w.row.outcome.n)
        return OK; /* a crash came after the last step */
    read_state(&w);
    w.data = provider_data_of(&w.room->providers, w.row.provider);
    w.asked = (struct asked){ .providers = &w.room->providers,
                              .provider = provider_by_name(w.row.provider),
                              .url = w.row.url,
                              .share_id = w.row.share_id };
    if (!w.data || !w.asked.provider)
        return record(&w, OUTCOME_INVALID_URL, STR_NONE, NULL);
    err_t e = visit_and_store(&w);
    struct err_detail detail = *err_detail();
    if (e == OK && w.page)
        take_picture(&w);
    close_page(&w);
    return e == OK ? OK : err_note(e, NULL, "%s", detail.text);
}

/* It failed for good, or was cancelled: inside the open transaction of ops. */
err_t capture_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                     err_t why, struct str detail)
{
    struct capture_row row, end = { .id = job->id, .ended_ms = clock_wall_ms() };
    end.error_code = str_from(err_code(why));
    end.error_detail = detail.n ? detail : str_from(err_title(why));
    enum outcome outcome = why == E_CRASHED ? OUTCOME_CRASHED : OUTCOME_BROWSER_FAILED;
    end.outcome = why == E_CANCELLED ? STR_NONE : str_from(outcome_name(outcome));
    TRY(capture_store_end(db, job->owner_id, &end));
    if (!end.outcome.n)
        return OK;
    TRY(capture_get(db, a, job->owner_id, job->id, &row));
    return doctor_count(app, db, row.provider, STR_NONE, STR_NONE, end.outcome, end.ended_ms);
}

/* --- JSON ------------------------------------------------------------------------------------------------------- */

static bool is_good(struct str outcome)
{
    return str_eq(outcome, S("ok")) || str_eq(outcome, S("partial"));
}

static void write_error(struct json_out *o, struct str code, struct str detail)
{
    jo_kz(o, "error");
    if (!code.n) {
        jo_null(o);
        return;
    }
    jo_object(o);
    jo_kstr(o, "code", code);
    jo_kstr(o, "detail", detail);
    jo_end(o);
}

static void write_result(struct json_out *o, struct arena *a, const struct capture_row *c)
{
    jo_kz(o, "result");
    if (!c->change.n) {
        jo_null(o);
        return;
    }
    jo_object(o);
    jo_kstr(o, "change", c->change);
    jo_kstr(o, "words", capture_words(a, c));
    jo_kstr(o, "title", c->title);
    jo_ki64(o, "messages_new", c->messages_new);
    jo_ki64(o, "messages_changed", c->messages_changed);
    jo_ki64(o, "message_count", c->message_count);
    jo_end(o);
}

/* docs/api.md "Captures". A job that ended well may have found that there was nothing to capture: that is `failed` to who asked. */
err_t capture_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *j,
                        struct json_out *o)
{
    UNUSED(app);
    struct capture_row c;
    TRY(capture_get(db, a, j->owner_id, j->id, &c));
    bool waits = str_eq(j->status, S("queued"));
    bool failed = str_eq(j->status, S("done")) && !is_good(c.outcome);
    jo_object(o);
    jo_kuuid(o, "id", j->id);
    jo_kstr(o, "url", c.url);
    jo_kstr(o, "provider", c.provider);
    jo_kstr(o, "status", failed ? S("failed") : j->status);
    jo_kstr(o, "phase",
            j->phase.n && !waits ? j->phase
                                 : S("queue")); /* the link was checked before there was a job */
    jo_kz(o, "progress");
    jo_object(o);
    if (j->progress_done < 0)
        jo_knull(o, "done");
    else
        jo_ki64(o, "done", j->progress_done);
    if (j->progress_total < 0)
        jo_knull(o, "total");
    else
        jo_ki64(o, "total", j->progress_total);
    jo_end(o);
    if (waits)
        jo_ki64(o, "position", j->position);
    else
        jo_knull(o, "position");
    jo_kstr(o, "outcome", c.outcome);
    if (uuid_is_nil(c.conversation_id))
        jo_knull(o, "conversation_id");
    else
        jo_kuuid(o, "conversation_id", c.conversation_id);
    write_result(o, a, &c);
    bool job_failed = str_eq(j->status, S("failed"));
    write_error(o,
                c.error_code.n ? c.error_code
                : job_failed   ? j->error_code
                               : STR_NONE,
                c.error_code.n ? c.error_detail : j->error_detail);
    jo_ktime(o, "created_at", j->created_ms);
    jo_ktime(o, "updated_at", j->updated_ms);
    jo_end(o);
    return OK;
}

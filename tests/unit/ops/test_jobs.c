/* Durable jobs: run, tried again, cancelled, lost with their process, dead; their progress and who
 * hears of it. */
#include <stdatomic.h>

#include "base/json.h"
#include "base/log.h"
#include "ops/fixture.h"
#include "ops/inside.h"

enum { LEASE_MS = 3000, ATTEMPTS = 3 };

/* --- a kind of job that does what its payload says ------------------------------------------- */

static _Atomic int runs, running, most_running, hooks, told, told_last;
static _Atomic bool hold; /* "hold" jobs run while it is set */
static _Atomic err_t hook_why;
static struct mutex told_mutex;
static char told_topic[200], told_json[2000];

static err_t hold_on(struct job_run *run)
{
    while (hold) {
        err_t e = job_check(run);
        if (e != OK)
            return e;
        clock_sleep_ms(2);
    }
    return OK;
}

static err_t do_job(struct app *app, struct db *db, struct arena *a, const struct job *job,
                    struct job_run *run)
{
    struct json payload;
    assert_ptr_equal(app, &f.app);
    assert_false(db_in_txn(db));
    runs++;
    int now = ++running;
    if (now > most_running)
        most_running = now;
    err_t e = json_parse(a, job->payload, 8, &payload);
    struct str what = json_get_str(payload, S("do"));
    if (e == OK && str_eq(what, S("steps"))) {
        e = job_phase(run, "load", S("{\"at\":1}"));
        for (int i = 1; i <= 10; i++)
            job_progress(run, i, 10);
        if (e == OK)
            e = job_phase(run, "store", STR_NONE);
        job_progress(run, 3, -1);
    } else if (e == OK && str_eq(what, S("hold"))) {
        e = job_phase(run, "hold", S("{\"held\":true}"));
        job_progress(run, 5, 7);
        if (e == OK)
            e = hold_on(run);
    } else if (e == OK && str_eq(what, S("busy"))) {
        e = err_note(E_UPSTREAM, NULL, "attempt %d", (int)job->attempt);
    } else if (e == OK && str_eq(what, S("twice"))) {
        e = job->attempt < 2 ? E_TIMEOUT : OK;
    } else if (e == OK && str_eq(what, S("bad"))) {
        e = err_note(E_INVALID, NULL, "this cannot work");
    }
    running--;
    return e;
}

static err_t on_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                       err_t why, struct str detail)
{
    UNUSED(app);
    UNUSED(a);
    UNUSED(detail);
    assert_true(db_in_txn(db));
    assert_str(job->kind, "test");
    hooks++;
    hook_why = why;
    return OK;
}

static void on_tell(struct app *app, struct str topic, const char *event, struct str json,
                    bool last)
{
    UNUSED(app);
    assert_string_equal(event, "progress");
    mutex_lock(&told_mutex);
    snprintf(told_topic, sizeof told_topic, "%.*s", STR_ARG(topic));
    snprintf(told_json, sizeof told_json, "%.*s", STR_ARG(json));
    mutex_unlock(&told_mutex);
    told++;
    told_last += last;
}

static const struct job_kind KINDS[] = {
    { .name = "test",
      .parallel = 2,
      .attempts_max = ATTEMPTS,
      .lease_ms = LEASE_MS,
      .run = do_job,
      .failed = on_failed },
    { .name = "plain",
      .parallel = 1,
      .attempts_max = ATTEMPTS,
      .lease_ms = LEASE_MS,
      .run = do_job },
};
static const struct module MODULE = { .name = "test", .jobs = KINDS, .job_count = COUNTOF(KINDS) };
static const struct module *const MODULES[] = { &MODULE, NULL };

static int open_jobs(void **state)
{
    runs = running = most_running = hooks = told = told_last = 0;
    hold = false;
    hook_why = OK;
    told_json[0] = told_topic[0] = 0;
    mutex_init(&told_mutex);
    fixture_open(state);
    f.app.modules = MODULES;
    f.app.tell = on_tell;
    return 0;
}

static int close_jobs(void **state)
{
    hold = false;
    fixture_close(state);
    mutex_free(&told_mutex);
    return 0;
}

static struct uuid add_for(struct uuid owner, const char *kind, const char *payload,
                           struct str dedup, bool *existing)
{
    struct uuid id;
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(job_add(f.db, &f.arena, owner, kind, str_from(payload), dedup, clock_wall_ms(), &id,
               existing));
    ok(db_txn_commit(&tx));
    return id;
}

static struct uuid add(const char *payload)
{
    return add_for(f.owner, "test", payload, STR_NONE, NULL);
}

static struct job_row get(struct uuid id)
{
    struct job_row row;
    ok(job_get(&f.app, f.db, &f.arena, f.owner, id, &row));
    return row;
}

static void wait_for(struct uuid id, const char *status)
{
    for (int i = 0; i < 4000; i++) {
        if (str_eq(get(id).status, str_from(status)))
            return;
        jobs_wake(f.app.ops);
        clock_sleep_ms(5);
    }
    fail_msg("never %s but %.*s", status, STR_ARG(get(id).status));
}

static void wait_for_phase(struct uuid id, const char *phase)
{
    for (int i = 0; i < 4000 && !str_eq(get(id).phase, str_from(phase)); i++)
        clock_sleep_ms(5);
    assert_str(get(id).phase, phase);
}

/* --- tests ----------------------------------------------------------------------------------- */

static void runs_to_its_end(void **state)
{
    UNUSED(state);
    struct uuid before = add("{\"do\":\"steps\"}"); /* queued before anything runs */
    struct uuid second = add("{}");
    assert_str(get(before).status, "queued");
    assert_int_equal(get(before).position, 0);
    assert_int_equal(get(second).position, 1);
    go(MODULES);
    struct uuid after = add("{}");
    settle();
    struct job_row row = get(before);
    assert_str(row.status, "done");
    assert_str(row.phase, "store");
    assert_str(row.state, "{\"at\":1}"); /* kept by the phase that left none */
    assert_int_equal(row.progress_done, 3);
    assert_int_equal(row.progress_total, -1);
    assert_int_equal(row.attempt, 1);
    assert_null(row.error_code.s);
    assert_str(get(after).status, "done");
    assert_int_equal(hooks, 0);
    ops_stop(&f.app);
    assert_int_equal(told_last, 3); /* each told its end once */
}

static void rolled_back_never_runs(void **state)
{
    UNUSED(state);
    go(MODULES);
    struct uuid id;
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(job_add(f.db, &f.arena, f.owner, "test", S("{}"), STR_NONE, clock_wall_ms(), &id, NULL));
    db_txn_end(&tx);
    settle();
    struct job_row row;
    assert_int_equal(job_get(&f.app, f.db, &f.arena, f.owner, id, &row), E_NOT_FOUND);
    assert_int_equal(runs, 0);
}

static void owners_are_apart(void **state)
{
    UNUSED(state);
    struct uuid other = uuid_new(), id = add("{}");
    struct job_row row, *rows;
    size_t count;
    assert_int_equal(job_get(&f.app, f.db, &f.arena, other, id, &row), E_NOT_FOUND);
    assert_int_equal(job_cancel(&f.app, f.db, other, id), E_NOT_FOUND);
    ok(job_list(&f.app, f.db, &f.arena, other, "test", INT64_MAX, (struct uuid){ 0 }, 10, &rows,
                &count));
    assert_int_equal(count, 0);
}

static void listed_by_pages(void **state)
{
    UNUSED(state);
    struct uuid ids[5];
    clock_fake(NOW);
    for (size_t i = 0; i < COUNTOF(ids); i++)
        ids[i] = add("{}"); /* all in one millisecond */
    struct job_row *rows;
    size_t count;
    int64_t before_ms = INT64_MAX;
    struct uuid before = { 0 };
    for (size_t i = 0; i < COUNTOF(ids); i++) {
        ok(job_list(&f.app, f.db, &f.arena, f.owner, "test", before_ms, before, 1, &rows, &count));
        assert_int_equal(count, 1);
        assert_true(uuid_eq(rows[0].id, ids[COUNTOF(ids) - 1 - i]));
        before_ms = rows[0].created_ms;
        before = rows[0].id;
    }
    ok(job_list(&f.app, f.db, &f.arena, f.owner, "test", before_ms, before, 1, &rows, &count));
    assert_int_equal(count, 0);
    ok(job_list(&f.app, f.db, &f.arena, f.owner, "plain", INT64_MAX, (struct uuid){ 0 }, 10, &rows,
                &count));
    assert_int_equal(count, 0);
}

static void payload_limit(void **state)
{
    UNUSED(state);
    char *text = arena_bytes(&f.arena, JOB_PAYLOAD_BYTES_MAX + 1);
    memset(text, ' ', JOB_PAYLOAD_BYTES_MAX + 1);
    struct uuid id;
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(job_add(f.db, &f.arena, f.owner, "test", str_of(text, JOB_PAYLOAD_BYTES_MAX), STR_NONE, NOW,
               &id, NULL));
    assert_int_equal(job_add(f.db, &f.arena, f.owner, "test",
                             str_of(text, JOB_PAYLOAD_BYTES_MAX + 1), STR_NONE, NOW, &id, NULL),
                     E_LIMIT);
    db_txn_end(&tx);
}

static void one_for_each_dedup(void **state)
{
    UNUSED(state);
    bool existing;
    struct uuid first = add_for(f.owner, "test", "{\"do\":\"hold\"}", S("share/1"), &existing);
    assert_false(existing);
    assert_true(uuid_eq(add_for(f.owner, "test", "{}", S("share/1"), &existing), first));
    assert_true(existing);
    assert_false(uuid_eq(add_for(f.owner, "test", "{}", S("share/2"), &existing), first));
    assert_false(existing);
    assert_false(uuid_eq(add_for(uuid_new(), "test", "{}", S("share/1"), &existing), first));
    assert_false(uuid_eq(add_for(f.owner, "plain", "{}", S("share/1"), &existing), first));
    hold = true;
    go(MODULES);
    wait_for(first, "running");
    assert_true(uuid_eq(add_for(f.owner, "test", "{}", S("share/1"), &existing),
                        first)); /* while it runs */
    hold = false;
    settle();
    assert_false(
        uuid_eq(add_for(f.owner, "test", "{}", S("share/1"), &existing), first)); /* not after */
    settle();
}

static void parallel_as_the_kind_says(void **state)
{
    UNUSED(state);
    hold = true;
    go(MODULES);
    for (int i = 0; i < 6; i++)
        add("{\"do\":\"hold\"}");
    for (int i = 0; i < 2000 && running < 2; i++)
        clock_sleep_ms(2);
    clock_sleep_ms(30);
    assert_int_equal(running, 2);
    hold = false;
    settle();
    assert_int_equal(runs, 6);
    assert_int_equal(most_running, 2);
}

static int three(const struct app *app)
{
    assert_ptr_equal(app, &f.app);
    return 3;
}

static void parallel_as_the_room_answers(void **state)
{
    UNUSED(state);
    static const struct job_kind kinds[] = { { .name = "test",
                                               .parallel_of = three,
                                               .attempts_max = ATTEMPTS,
                                               .lease_ms = LEASE_MS,
                                               .run = do_job } };
    static const struct module module = { .name = "test", .jobs = kinds, .job_count = 1 };
    static const struct module *const modules[] = { &module, NULL };
    hold = true;
    f.app.modules = modules;
    go(modules);
    for (int i = 0; i < 5; i++)
        add("{\"do\":\"hold\"}");
    for (int i = 0; i < 2000 && running < 3; i++)
        clock_sleep_ms(2);
    assert_int_equal(running, 3);
    hold = false;
    settle();
    assert_int_equal(runs, 5);
    assert_int_equal(most_running, 3);
}

static void progress_in_memory(void **state)
{
    UNUSED(state);
    hold = true;
    go(MODULES);
    struct uuid id = add("{\"do\":\"hold\"}");
    wait_for_phase(id, "hold");
    struct job_row row = get(id);
    for (int i = 0; i < 400 && row.progress_done != 5; i++, row = get(id))
        clock_sleep_ms(2);
    assert_int_equal(row.progress_done, 5);
    assert_int_equal(row.progress_total, 7);
    assert_str(row.state, "{\"held\":true}");
    struct job_record stored; /* the row has the phase, not the counts */
    ok(ops_store_job_one(f.db, &f.arena, f.owner, id, &stored));
    assert_str(stored.row.phase, "hold");
    assert_int_equal(stored.row.progress_done, 0);
    hold = false;
    settle();
    assert_int_equal(get(id).progress_done, 5);

    ops_stop(&f.app);
    struct json j;
    ok(json_parse(&f.arena, str_from(told_json), 8, &j));
    assert_str(json_get_str(j, S("status")), "done");
    assert_str(json_get_str(j, S("phase")), "hold");
    assert_int_equal(json_i64(json_get(json_get(j, S("progress")), S("done")), -1), 5);
    assert_int_equal(json_i64(json_get(json_get(j, S("progress")), S("total")), -1), 7);
    assert_true(json_is(json_get(j, S("error")), JSON_NULL));
    assert_true(json_is(json_get(j, S("position")), JSON_NULL));
    char topic[64], text[UUID_TEXT_BYTES + 1];
    uuid_text(id, text);
    snprintf(topic, sizeof topic, "test:%s", text);
    assert_string_equal(told_topic, topic);
}

static void fails_for_good(void **state)
{
    UNUSED(state);
    go(MODULES);
    struct uuid id = add("{\"do\":\"bad\"}");
    settle();
    struct job_row row = get(id);
    assert_str(row.status, "failed");
    assert_str(row.error_code, "invalid_field");
    assert_str(row.error_detail, "this cannot work");
    assert_int_equal(runs, 1);
    assert_int_equal(hooks, 1);
    assert_int_equal(hook_why, E_INVALID);
    ops_stop(&f.app);
    struct json j;
    ok(json_parse(&f.arena, str_from(told_json), 8, &j));
    assert_str(json_get_str(json_get(j, S("error")), S("code")), "invalid_field");
    assert_int_equal(told_last, 1);
}

/* Tried again later and later; after the last attempt the dead letter keeps why. */
static void retry_and_dead_letter(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    go(MODULES);
    struct uuid id = add("{\"do\":\"busy\"}");
    for (int attempt = 1; attempt < ATTEMPTS; attempt++) {
        settle(); /* one that waits for its time is not waited for */
        struct job_record r;
        ok(ops_store_job_one(f.db, &f.arena, f.owner, id, &r));
        assert_str(r.row.status, "queued");
        assert_int_equal(r.row.attempt, attempt);
        int64_t wait_ms = r.run_ms - clock_wall_ms(), most = JOB_RETRY_MS << (attempt - 1);
        assert_true(wait_ms >= most / 2 && wait_ms <= most);
        clock_fake_advance(wait_ms - 1);
        settle();
        assert_int_equal(runs, attempt); /* not before its time */
        clock_fake_advance(1);
        settle();
        assert_int_equal(runs, attempt + 1);
    }
    struct job_row row = get(id);
    assert_str(row.status, "failed");
    assert_str(row.error_code, "upstream_failed");
    assert_str(row.error_detail, "attempt 3");
    assert_int_equal(hooks, 1);
    clock_fake_advance(24 * 3600 * 1000);
    settle();
    assert_int_equal(runs, ATTEMPTS);
}

static void succeeds_at_the_second_try(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    go(MODULES);
    struct uuid id = add("{\"do\":\"twice\"}");
    settle();
    clock_fake_advance(JOB_RETRY_MS);
    settle();
    assert_str(get(id).status, "done");
    assert_int_equal(get(id).attempt, 2);
    assert_int_equal(hooks, 0);
}

static void cancel_queued(void **state)
{
    UNUSED(state);
    struct uuid id = add("{}");
    ok(job_cancel(&f.app, f.db, f.owner, id)); /* nothing runs yet */
    assert_str(get(id).status, "cancelled");
    assert_int_equal(hooks, 1);
    assert_int_equal(hook_why, E_CANCELLED);
    assert_int_equal(told_last, 1);
    assert_int_equal(job_cancel(&f.app, f.db, f.owner, id), E_CONFLICT);
    go(MODULES);
    settle();
    assert_int_equal(runs, 0);
}

static void cancel_running(void **state)
{
    UNUSED(state);
    bool existing;
    hold = true;
    go(MODULES);
    struct uuid id = add_for(f.owner, "test", "{\"do\":\"hold\"}", S("share/1"), &existing);
    wait_for_phase(id, "hold");
    ok(job_cancel(&f.app, f.db, f.owner, id));
    /* A new one need not wait for the old one's end. */
    assert_false(uuid_eq(add_for(f.owner, "test", "{}", S("share/1"), &existing), id));
    settle();
    assert_str(get(id).status, "cancelled");
    assert_int_equal(hook_why, E_CANCELLED);
    assert_int_equal(hooks, 1);
    assert_int_equal(job_cancel(&f.app, f.db, f.owner, id), E_CONFLICT);
    assert_int_equal(job_cancel(&f.app, f.db, f.owner, uuid_new()), E_NOT_FOUND);
}

/* Stopping puts running jobs back, without counting the attempt. */
static void stop_puts_back(void **state)
{
    UNUSED(state);
    hold = true;
    go(MODULES);
    struct uuid id = add("{\"do\":\"hold\"}");
    wait_for_phase(id, "hold");
    ops_stop(&f.app);
    struct job_row row = get(id);
    assert_str(row.status, "queued");
    assert_int_equal(row.attempt, 0);
    assert_str(row.state, "{\"held\":true}"); /* for the next run */
    assert_int_equal(hooks, 0);
    hold = false;
    go(MODULES);
    settle();
    assert_str(get(id).status, "done");
    assert_int_equal(get(id).attempt, 1);
}

/* Claimed by a process that then dies: as another process would, under a token of its own. */
static void claim_and_die(struct uuid id)
{
    struct job_record r;
    struct db_txn tx = { 0 };
    int64_t now_ms = clock_wall_ms();
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_claim(f.db, &f.arena, "test", uuid_new(), now_ms + LEASE_MS, now_ms, &r));
    ok(db_txn_commit(&tx));
    assert_true(uuid_eq(r.row.id, id));
    assert_str(get(id).status, "running");
}

static void lease_ends(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    struct uuid id = add("{}");
    claim_and_die(id);
    go(MODULES);
    if (on_postgres) { /* another process may still run it */
        clock_fake_advance(LEASE_MS - 1);
        jobs_wake(f.app.ops);
        clock_sleep_ms(100);
        assert_int_equal(runs, 0);
        clock_fake_advance(1);
    } /* on SQLite this is the only process: at once */
    wait_for(id, "done");
    assert_int_equal(runs, 1);
    assert_int_equal(get(id).attempt, 2);
}

static void lease_ends_while_we_run(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    go(MODULES);
    hold = true; /* both slots are busy, so that the third is ours to claim */
    struct uuid one = add("{\"do\":\"hold\"}"), two = add("{\"do\":\"hold\"}");
    wait_for_phase(one, "hold");
    wait_for_phase(two, "hold");
    struct uuid id = add("{}");
    claim_and_die(id);
    hold = false;
    wait_for(one, "done");
    wait_for(two, "done");
    clock_sleep_ms(50);
    assert_str(get(id).status, "running");
    clock_fake_advance(LEASE_MS);
    wait_for(id, "done");
    assert_int_equal(get(id).attempt, 2);
}

/* A job that takes its server down each time is set aside after three times, and its room hears why. */
static void a_job_that_ends_the_process_is_tried_three_times(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    struct uuid id = add("{}");
    for (int i = 0; i < JOB_DEATHS_MAX; i++) {
        claim_and_die(id);
        clock_fake_advance(LEASE_MS);
    }
    go(MODULES);
    settle();
    struct job_row row = get(id);
    assert_str(row.status, "failed");
    assert_str(row.error_code, "crashed");
    assert_true(str_starts(row.error_detail, S("it was begun 3 times and each time the server")));
    assert_int_equal(row.deaths, JOB_DEATHS_MAX);
    assert_int_equal(runs, 0);
    assert_int_equal(hooks, 1);
    assert_int_equal(hook_why, E_CRASHED);
}

static void two_deaths_are_not_three(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    struct uuid id = add("{}");
    for (int i = 0; i + 1 < JOB_DEATHS_MAX; i++) {
        claim_and_die(id);
        clock_fake_advance(LEASE_MS);
    }
    go(MODULES);
    wait_for(id, "done");
    assert_int_equal(get(id).deaths, JOB_DEATHS_MAX - 1);
    assert_int_equal(runs, 1);
    assert_int_equal(hooks, 0);
}

/* As the worker does. E_NOT_FOUND: none is due. */
static err_t claim(struct job_record *ret)
{
    struct db_txn tx = { 0 };
    int64_t due, now_ms = clock_wall_ms();
    ok(ops_store_job_due_count(f.db, "test", now_ms, &due));
    ok(db_txn_begin(&tx, f.db));
    err_t e =
        ops_store_job_claim(f.db, &f.arena, "test", uuid_new(), now_ms + LEASE_MS, now_ms, ret);
    ok(db_txn_commit(&tx));
    assert_int_equal(due > 0, e == OK); /* else its thread would turn in circles */
    return e;
}

/* Two ran when the process ended: one of them may be the cause, the other must not go with it. */
static void what_died_together_is_tried_one_by_one(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    struct uuid one = add("{}"), two = add("{}");
    struct job_record r;
    ok(claim(&r));
    ok(claim(&r));
    assert_int_equal(claim(&r), E_NOT_FOUND);
    clock_fake_advance(LEASE_MS);
    ok(claim(&r));
    struct uuid first = r.row.id, other = uuid_eq(first, one) ? two : one;
    assert_int_equal(r.row.deaths, 1);
    assert_int_equal(claim(&r), E_NOT_FOUND); /* while the first one runs … */
    struct uuid blameless = add("{}");
    ok(claim(&r));
    assert_true(uuid_eq(r.row.id, blameless)); /* … which holds up nobody else */
    clock_fake_advance(LEASE_MS); /* it was the cause: the other one's turn comes before it */
    go(MODULES);
    settle();
    assert_str(get(first).status, "done");
    assert_str(get(other).status, "done");
    assert_int_equal(get(first).deaths, 2);
    assert_int_equal(get(other).deaths, 1);
    assert_int_equal(get(blameless).deaths, 1);
    assert_int_equal(most_running, 1);
}

static _Atomic bool chosen;

static void choose(void *arg)
{
    struct arena a;
    struct db *db;
    arena_init(&a, 1 << 20);
    ok(db_connect(f.app.store, &db));
    struct db_txn tx = { 0 };
    struct job_record r;
    ok(db_txn_begin(&tx, db));
    *(err_t *)arg = ops_store_job_claim(db, &a, "test", uuid_new(), clock_wall_ms() + LEASE_MS,
                                        clock_wall_ms(), &r);
    ok(db_txn_commit(&tx));
    db_disconnect(db);
    arena_free(&a);
    chosen = true;
}

/* The same when two workers choose at the same moment: who cannot see yet what the other takes waits for it. */
static void what_died_together_is_not_taken_at_once(void **state)
{
    UNUSED(state);
    clock_fake(NOW);
    add("{}");
    add("{}");
    struct job_record r;
    ok(claim(&r));
    ok(claim(&r));
    clock_fake_advance(LEASE_MS);
    struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_claim(f.db, &f.arena, "test", uuid_new(), clock_wall_ms() + LEASE_MS,
                           clock_wall_ms(), &r));
    struct thread other;
    err_t theirs = OK;
    chosen = false;
    ok(thread_start(&other, "chooser", choose, &theirs));
    for (int i = 0; i < 100 && !chosen; i++)
        clock_sleep_ms(2);
    ok(db_txn_commit(&tx));
    thread_join(&other);
    assert_int_equal(theirs, E_NOT_FOUND);
}

/* A run whose lease went to another writes nothing any more. */
static void lost_lease(void **state)
{
    UNUSED(state);
    hold = true;
    go(MODULES);
    struct uuid id = add("{\"do\":\"hold\"}");
    wait_for_phase(id, "hold");
    struct db_txn tx = { 0 };
    struct job_record r;
    ok(db_txn_begin(&tx, f.db));
    ok(ops_store_job_requeue_all(f.db, 0)); /* somebody takes it away … */
    ok(ops_store_job_claim(f.db, &f.arena, "test", uuid_new(), clock_wall_ms() + 60000,
                           clock_wall_ms(), &r));
    ok(db_txn_commit(&tx));
    hold = false;
    for (int i = 0; i < 2000 && running > 0; i++)
        clock_sleep_ms(2);
    ops_stop(&f.app);
    assert_str(get(id).status, "running"); /* … and still has it */
    assert_int_equal(told_last, 0);
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_jobs, close_jobs)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        OPEN(runs_to_its_end),
        OPEN(rolled_back_never_runs),
        OPEN(owners_are_apart),
        OPEN(listed_by_pages),
        OPEN(payload_limit),
        OPEN(one_for_each_dedup),
        OPEN(parallel_as_the_kind_says),
        OPEN(parallel_as_the_room_answers),
        OPEN(progress_in_memory),
        OPEN(fails_for_good),
        OPEN(retry_and_dead_letter),
        OPEN(succeeds_at_the_second_try),
        OPEN(cancel_queued),
        OPEN(cancel_running),
        OPEN(stop_puts_back),
        OPEN(lease_ends),
        OPEN(lease_ends_while_we_run),
        OPEN(a_job_that_ends_the_process_is_tried_three_times),
        OPEN(two_deaths_are_not_three),
        OPEN(what_died_together_is_tried_one_by_one),
        OPEN(what_died_together_is_not_taken_at_once),
        OPEN(lost_lease),
    };
    RUN_ON_BOTH(tests);
}

/* What was deleted leaves: an account's rows and jobs, files that no row names, what the index still holds, the log. */
#include <fcntl.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/log.h"
#include "db/blob.h"
#include "ops/fixture.h"
#include "ops/inside.h"

/* --- a room that remembers what it is asked ----------------------------------------------------------------- */

static struct sha256 kept;
static _Atomic int forgotten, scrubbed, asked, going, stopped;
static _Atomic err_t naming;

static err_t forget(struct app *app, struct db *db, struct uuid account)
{
    assert_ptr_equal(app, &f.app);
    assert_true(db_in_txn(db));
    forgotten += uuid_eq(account, f.owner);
    return OK;
}

static err_t names_blob(struct db *db, struct uuid owner, struct sha256 h, bool *ret)
{
    assert_non_null(db);
    asked++;
    if (uuid_eq(owner, f.owner) && memcmp(h.b, kept.b, sizeof h.b) == 0)
        *ret = true;
    return naming;
}

static err_t scrub(struct db *index)
{
    assert_true(db_in_txn(index));
    scrubbed++;
    return OK;
}

static err_t work(struct app *app, struct db *db, struct arena *a, const struct job *job,
                  struct job_run *run)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(job);
    UNUSED(run);
    return OK;
}

/* Runs until it is told to end. */
static err_t go_on(struct app *app, struct db *db, struct arena *a, const struct job *job,
                   struct job_run *run)
{
    err_t e = OK;
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(job);
    for (going++; e == OK; e = job_check(run))
        clock_sleep_ms(2);
    return e;
}

static err_t cancelled(struct app *app, struct db *db, struct arena *a, const struct job *job,
                       err_t why, struct str detail)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(a);
    UNUSED(job);
    UNUSED(detail);
    stopped += why == E_CANCELLED;
    return OK;
}

static err_t exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    UNUSED(app);
    UNUSED(db);
    UNUSED(owner);
    UNUSED(id);
    return OK;
}

/* It holds words, as all that can be asked for does. */
static const struct entity ENTITIES[] = { { .name = "note", .exists = exists } };
static const struct job_kind JOBS[] = {
    { .name = "work", .parallel = 1, .attempts_max = 3, .lease_ms = 60000, .run = work },
    { .name = "long",
      .parallel = 2,
      .attempts_max = 3,
      .lease_ms = 60000,
      .run = go_on,
      .failed = cancelled },
};
static const struct module ROOM = { .name = "room",
                                    .forget = forget,
                                    .names_blob = names_blob,
                                    .scrub = scrub,
                                    .jobs = JOBS,
                                    .job_count = COUNTOF(JOBS),
                                    .entities = ENTITIES,
                                    .entity_count = COUNTOF(ENTITIES) };
static const struct module QUIET = { .name = "quiet" };
static const struct module *const MODULES[] = { &ops_module, &QUIET, &ROOM, NULL };

static struct blob_store blobs;

static int open_room(void **state)
{
    fixture_open(state);
    forgotten = scrubbed = asked = going = stopped = 0;
    naming = OK;
    blobs.root = str_cstr(&f.arena, str_fmt(&f.arena, "%s/blobs", f.folder));
    ok(folder_make(blobs.root, 0700));
    f.app.blobs = &blobs;
    return 0;
}

/* --- blobs ---------------------------------------------------------------------------------------------------- */

static void make_old(struct uuid owner, struct sha256 h)
{
    char id[UUID_TEXT_BYTES + 1];
    struct str hex = sha256_hex(&f.arena, h);
    uuid_text(owner, id);
    char *path = str_cstr(
        &f.arena, str_fmt(&f.arena, "%s/%s/%.2s/%.*s", blobs.root, id, hex.s, STR_ARG(hex)));
    struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
}

static struct sha256 put_old(struct uuid owner, struct str bytes)
{
    struct sha256 h;
    ok(blob_put(&blobs, owner, bytes, false, &h));
    make_old(owner, h);
    return h;
}

static void a_deletion_sweeps_scrubs_and_cuts(void **state)
{
    UNUSED(state);
    struct sha256 loose = put_old(f.owner, S("loose")), young;
    kept = put_old(f.owner, S("kept"));
    ok(blob_put(&blobs, f.owner, S("young"), false, &young));
    go(MODULES);
    append(f.owner, "note", uuid_new(), "deleted");
    settle();
    assert_int_equal(scrubbed, 1);
    assert_false(blob_exists(&blobs, f.owner, loose));
    assert_true(blob_exists(&blobs, f.owner, kept));
    assert_true(blob_exists(&blobs, f.owner, young)); /* its row may be on the way */
    if (!on_postgres) {
        /* The end of the job itself is all that may have been written since. */
        char *log = str_cstr(&f.arena, str_fmt(&f.arena, "%s/vivim.db-wal", f.folder));
        assert_true(file_size(log) < 100000);
        log = str_cstr(&f.arena, str_fmt(&f.arena, "%s/index.db-wal", f.folder));
        assert_int_equal(file_size(log), 0);
    }
}

/* --- accounts that are shut out ------------------------------------------------------------------------------- */

static struct uuid add_long(struct uuid owner)
{
    struct uuid id;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(job_add(f.db, &f.arena, owner, "long", S("{}"), STR_NONE, clock_wall_ms(), &id, NULL));
    ok(db_txn_commit(&tx));
    return id;
}

static void shut_out(struct uuid account, const char *kind, const char *fields)
{
    struct op_new op = { .owner_id = account,
                         .actor_id = account,
                         .entity = "account",
                         .kind = kind,
                         .fields = fields,
                         .entity_id = account,
                         .version = 2 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_append(f.db, &op, clock_wall_ms()));
    ok(db_txn_commit(&tx));
}

static void wait_for(const _Atomic int *n, int wanted)
{
    for (int i = 0; i < 2000 && *n < wanted; i++)
        clock_sleep_ms(5);
    assert_int_equal(*n, wanted);
}

static struct str status_of(struct uuid owner, struct uuid id)
{
    struct job_row row;
    ok(job_get(&f.app, f.db, &f.arena, owner, id, &row));
    return row.status;
}

static void settle_one(struct uuid owner, struct uuid id)
{
    for (int i = 0; i < 2000 && !str_eq(status_of(owner, id), S("cancelled")); i++)
        clock_sleep_ms(5);
    assert_str(status_of(owner, id), "cancelled");
}

/* Nothing goes on in the name of who was put away or disabled: what runs ends, what waits never runs; others' goes on. */
static void jobs_of_who_is_shut_out_end(void **state)
{
    UNUSED(state);
    static const char *const HOW[] = { "deleted", "disabled" };
    struct uuid other = uuid_new(), theirs = add_long(other);
    go(MODULES);
    for (int i = 0; i < (int)COUNTOF(HOW); i++) {
        struct uuid runs = add_long(f.owner), waits = add_long(f.owner);
        jobs_wake(f.app.ops);
        wait_for(&going, 2 + i);
        shut_out(f.owner, "updated", "password"); /* ends nothing */
        shut_out(f.owner, "updated", HOW[i]);
        wait_for(&stopped, 2 * (i + 1));
        settle_one(f.owner, runs);
        settle_one(f.owner, waits);
    }
    assert_str(status_of(other, theirs), "running");
    shut_out(f.owner, "updated", "restored");
    add_long(f.owner);
    jobs_wake(f.app.ops);
    wait_for(&going, 4); /* who is back may have jobs again */
    shut_out(f.owner, "deleted", NULL);
    wait_for(&forgotten, 1);
    shut_out(other, "updated", "deleted");
    settle(); /* also what ran for the erased one has ended */
}

static void only_what_rooms_hold_leaves_bytes(void **state)
{
    UNUSED(state);
    go(MODULES);
    append(f.owner, "session", uuid_new(), "deleted");
    append(f.owner, "note", uuid_new(), "updated");
    settle();
    assert_int_equal(scrubbed, 0);
}

/* While one runs, another waits: whatever was deleted meanwhile is not forgotten. */
static void many_deletions_share_passes(void **state)
{
    UNUSED(state);
    go(MODULES);
    for (int i = 0; i < 50; i++)
        append(f.owner, "note", uuid_new(), "deleted");
    settle();
    assert_true(scrubbed >= 1 && scrubbed <= 50);
    int64_t waiting;
    ok(ops_store_job_queued_count(f.db, "erase", &waiting));
    assert_int_equal(waiting, 0);
}

/* When a room cannot say, nothing is removed, and it is tried again. */
static void a_store_that_fails_removes_nothing(void **state)
{
    UNUSED(state);
    struct sha256 loose = put_old(f.owner, S("loose"));
    naming = E_DB;
    go(MODULES);
    append(f.owner, "note", uuid_new(), "deleted");
    for (int i = 0; i < 2000 && !asked; i++)
        clock_sleep_ms(5);
    settle();
    assert_true(asked > 0);
    assert_true(blob_exists(&blobs, f.owner, loose));
    assert_int_equal(scrubbed, 0);
    naming = OK;
    for (int i = 0; i < 2000 && !scrubbed; i++)
        clock_sleep_ms(5);
    assert_int_equal(scrubbed, 1);
    assert_false(blob_exists(&blobs, f.owner, loose));
}

/* Also without any deletion: the job that looks now and then, and asks for its next turn. */
static void now_and_then(void **state)
{
    UNUSED(state);
    struct sha256 loose = put_old(f.owner, S("loose"));
    int64_t next, waiting;
    go(MODULES);
    ok(ops_module.start(&f.app));
    ok(ops_module.start(&f.app)); /* another process: one that waits is enough */
    ok(ops_store_job_queued_count(f.db, "sweep", &waiting));
    assert_int_equal(waiting, 1);
    ok(ops_store_job_next_ms(f.db, "sweep", clock_wall_ms(), &next));
    assert_true(next > clock_wall_ms() + 60000);
    assert_true(blob_exists(&blobs, f.owner, loose));
    ops_stop(&f.app);
    clock_fake(next + 1);
    go(MODULES);
    for (int i = 0; i < 2000 && blob_exists(&blobs, f.owner, loose); i++)
        clock_sleep_ms(5);
    settle();
    assert_false(blob_exists(&blobs, f.owner, loose));
    ok(ops_store_job_next_ms(f.db, "sweep", clock_wall_ms(), &next));
    assert_true(next > clock_wall_ms());
}

/* --- an account ------------------------------------------------------------------------------------------------- */

static struct uuid add_for(struct uuid owner)
{
    struct uuid id;
    bool existing;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(job_add(f.db, &f.arena, owner, "work", S("{}"), STR_NONE, clock_wall_ms(), &id, &existing));
    ok(db_txn_commit(&tx));
    return id;
}

static void an_account_takes_its_jobs_along(void **state)
{
    UNUSED(state);
    struct uuid other = uuid_new(), mine = add_for(f.owner), theirs = add_for(other);
    struct job_row row;
    go(MODULES);
    settle();
    append(f.owner, "account", f.owner, "deleted");
    settle();
    assert_int_equal(forgotten, 1);
    assert_int_equal(scrubbed, 1);
    assert_int_equal(job_get(&f.app, f.db, &f.arena, f.owner, mine, &row), E_NOT_FOUND);
    ok(job_get(&f.app, f.db, &f.arena, other, theirs, &row));
}

static void one_job_is_forgotten_when_it_has_ended(void **state)
{
    UNUSED(state);
    struct uuid job = add_for(f.owner);
    struct job_row row;
    for (int ended = 0; ended < 2; ended++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        ok(db_txn_begin(&tx, f.db));
        ok(job_forget(f.db, f.owner, job));
        ok(db_txn_commit(&tx));
        assert_int_equal(job_get(&f.app, f.db, &f.arena, f.owner, job, &row),
                         ended ? E_NOT_FOUND : OK);
        if (!ended) {
            go(MODULES);
            settle();
        }
    }
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_room, fixture_close)

int main(void)
{
    log_init(2, LOG_JSON, LOG_ERROR + 1);
    const struct CMUnitTest tests[] = {
        OPEN(a_deletion_sweeps_scrubs_and_cuts),  OPEN(jobs_of_who_is_shut_out_end),
        OPEN(only_what_rooms_hold_leaves_bytes),  OPEN(many_deletions_share_passes),
        OPEN(a_store_that_fails_removes_nothing), OPEN(now_and_then),
        OPEN(an_account_takes_its_jobs_along),    OPEN(one_job_is_forgotten_when_it_has_ended),
    };
    RUN_ON_BOTH(tests);
}

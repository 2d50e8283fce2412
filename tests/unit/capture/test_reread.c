/* Evidence read again: what it finds, what it writes, and that a second time changes nothing; counters of how captures ended. */
#include "archive/archive.h"
#include "base/check.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "capture/doctor.h"
#include "capture/reread.h"
#include "ops/fixture.h"

#define SHARE                 "11111111-1111-4111-8111-1111111111"
#define URL                   "https://claude.ai/share/" SHARE
#define SAYS(id, who, text)   "{\"uuid\":\"" id "\",\"sender\":\"" who "\",\"text\":\"" text "\"}"
#define TALK(title, messages) "{\"name\":\"" title "\",\"chat_messages\":[" messages "]}"
#define ONE                   SAYS("a", "human", "Why two tides?")
#define TWO                   ONE "," SAYS("b", "assistant", "The far side is pulled less.")

static const struct job_kind JOBS[] = { { .name = "reextract",
                                          .parallel = 1,
                                          .attempts_max = 3,
                                          .lease_ms = 30000,
                                          .run = reread_run,
                                          .write = reread_job_write } };
static const struct module ROOM = { .name = "capture", .jobs = JOBS, .job_count = 1 };
static const struct module *const MODULES[] = { &ROOM, NULL };
static struct capture_room room;
static struct blob_store blobs;
static struct settings settings;

static void start(void)
{
    room = (struct capture_room){ 0 };
    ok(provider_table_load(&f.arena, &room.providers));
    room.counts = ARENA_ARRAY(&f.arena, struct capture_count, CAPTURE_COUNTS_MAX);
    mutex_init(&room.counting);
    f.app.modules = MODULES;
    *app_room_state(&f.app, &ROOM) = &room;
    f.app.settings = &settings;
    blobs.root = str_cstr(&f.arena, str_fmt(&f.arena, "%s/blobs", f.folder));
    ok(folder_make(blobs.root, 0700));
    f.app.blobs = &blobs;
    go(MODULES);
}

static void keep(struct uuid id, const char *kind, const char *bytes)
{
    struct sha256 h;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(blob_put(&blobs, f.owner, str_from(bytes), true, &h));
    ok(db_txn_begin(&tx, f.db));
    ok(capture_store_evidence(f.db, f.owner, id, kind, h, (int64_t)strlen(bytes), NOW));
    ok(db_txn_commit(&tx));
}

/* A capture of link n that ended so, with this answer of the provider as its evidence. */
static struct uuid captured(int n, const char *outcome, const char *json, int64_t at_ms)
{
    struct capture_row row = { .id = uuid_new(),
                               .url = str_fmt(&f.arena, URL "%02d", n),
                               .provider = S("claude"),
                               .share_id = str_fmt(&f.arena, "share:" SHARE "%02d", n),
                               .outcome = str_from(outcome),
                               .created_ms = at_ms,
                               .ended_ms = at_ms };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(capture_store_insert(f.db, f.owner, &row));
    ok(capture_store_end(f.db, f.owner, &row));
    ok(db_txn_commit(&tx));
    keep(row.id, "meta",
         str_cstr(&f.arena,
                  str_fmt(&f.arena, "{\"final_url\":\"%.*s\",\"status\":200,\"json_status\":200}",
                          STR_ARG(row.url))));
    if (json)
        keep(row.id, "json", json);
    return row.id;
}

static struct job_row reread(const char *provider, bool write)
{
    struct uuid id;
    struct job_row job;
    ok(reread_start(&f.app, f.db, &f.arena, f.owner, str_from(provider), write, NOW, &id));
    settle();
    ok(job_get(&f.app, f.db, &f.arena, f.owner, id, &job));
    assert_str(job.status, "done");
    return job;
}

/* "better 2-2 4-9 0-0, …" in the order of captures. */
static void assert_found(const struct job_row *job, const char *want)
{
    struct reread_row *rows;
    size_t count;
    struct buf b;
    buf_init(&b, &f.arena, KIB(16));
    ok(capture_store_rereads(f.db, &f.arena, f.owner, job->id, STR_NONE, (struct uuid){ { 0 } },
                             100, &rows, &count));
    for (size_t i = 0; i < count; i++)
        buf_putf(&b, "%s%.*s %d-%d %d-%d", i ? ", " : "", STR_ARG(rows[i].finding),
                 (int)rows[i].messages_before, (int)rows[i].messages_after,
                 (int)rows[i].words_before, (int)rows[i].words_after);
    assert_str(buf_str(&b), want);
}

static struct archive_conversation *all(size_t *ret_count)
{
    struct archive_page page = { .before_ms = INT64_MAX, .limit = 50 };
    struct archive_conversation *rows;
    ok(archive_list(f.db, &f.arena, f.owner, &page, &rows, ret_count));
    return rows;
}

static void what_was_not_understood_gives_a_conversation(void **state)
{
    UNUSED(state);
    size_t n;
    struct capture_row row;
    start();
    struct uuid id = captured(1, "format_changed", TALK("Tides", TWO), NOW);
    struct job_row job = reread(NULL, false);
    assert_found(&job, "new 0-2 0-9");
    all(&n);
    assert_int_equal(n, 0); /* said, not done */
    ok(capture_get(f.db, &f.arena, f.owner, id, &row));
    assert_str(row.outcome, "format_changed");
    job = reread("claude", true);
    assert_found(&job, "new 0-2 0-9");
    assert_str(all(&n)->title, "Tides");
    assert_int_equal(n, 1);
    ok(capture_get(f.db, &f.arena, f.owner, id, &row));
    assert_str(row.outcome, "ok");
    assert_true(uuid_eq(row.conversation_id, all(&n)->id) && !row.error_code.s);
    job = reread(NULL, true);
    assert_found(&job, "unchanged 2-2 9-9");
    assert_int_equal(all(&n)->version, 1);
}

/* What an older version stored of this evidence. */
static void stored_before(int n, size_t messages, const char *second, int64_t at_ms)
{
    CLEANUP(arena_free) struct arena scratch = { 0 };
    struct archive_put_options options = { .outcome = S("ok") };
    struct archive_put_result r;
    struct conversation c;
    arena_init(&scratch, MIB(16));
    conversation_init(&c, "claude");
    c.title = S("Tides");
    c.source = (struct source){ .kind = "share",
                                .url = str_fmt(&f.arena, URL "%02d", n),
                                .id = str_fmt(&f.arena, SHARE "%02d", n),
                                .strategy = "network",
                                .recipe = S("claude@1"),
                                .captured_ms = at_ms };
    for (size_t i = 0; i < messages; i++) {
        struct message *m = message_add(&f.arena, &c);
        m->id = i ? S("b") : S("a");
        m->role = i ? ROLE_ASSISTANT : ROLE_USER;
        block_add(&f.arena, m, BLOCK_TEXT)->text.markdown =
            i ? str_from(second) : S("Why two tides?");
    }
    ok(conversation_hash(&f.arena, &scratch, &c));
    ok(archive_put(f.db, &f.arena, f.owner, &c, &options, at_ms, &r));
}

static void better_is_written_and_poorer_is_not(void **state)
{
    UNUSED(state);
    size_t n;
    struct archive_version *versions;
    start();
    captured(1, "ok", TALK("Tides", TWO), NOW);
    stored_before(1, 2, "The far side.", NOW + 5);
    captured(2, "ok", TALK("Tides", TWO), NOW);
    stored_before(2, 2, "The far side is pulled less, and much was said that is lost now.",
                  NOW + 6);
    captured(3, "ok", TALK("Tides", TWO), NOW);
    stored_before(3, 2, "The far side is pulled less!", NOW + 7);
    static const char SAID[] = "better 2-2 6-9, poorer 2-2 17-9, changed 2-2 9-9";
    struct job_row job = reread(NULL, false);
    assert_found(&job, SAID);
    assert_int_equal(all(&n)[0].version + all(&n)[1].version + all(&n)[2].version, 3);
    job = reread(NULL, true);
    assert_found(&job, SAID);
    struct archive_conversation *rows = all(&n); /* newest capture first: 3, 2, 1 */
    assert_int_equal(n, 3);
    assert_true(rows[0].version == 2 && rows[1].version == 1 && rows[2].version == 2);
    assert_true(rows[2].captured_ms == NOW + 5); /* it was captured then, and no time later */
    ok(archive_versions(f.db, &f.arena, f.owner, rows[2].id, (struct uuid){ { 0 } }, 0, 10,
                        &versions, &n));
    assert_int_equal(n, 1);
    assert_true(str_find(versions[0].blocks, S("The far side.\""), 0) < versions[0].blocks.n);
    job = reread(NULL, true);
    assert_found(&job, "unchanged 2-2 9-9, poorer 2-2 17-9, unchanged 2-2 9-9");
}

static void of_each_link_the_last_one(void **state)
{
    UNUSED(state);
    size_t n;
    start();
    captured(1, "ok", TALK("Tides", ONE), NOW);     /* another was understood behind it */
    captured(1, "ok", TALK("Tides", TWO), NOW + 1); /* this one */
    captured(1, "format_changed", TALK("Tides", TWO "," SAYS("c", "human", "Thanks")), NOW + 2);
    captured(2, "gone", TALK("Tides", TWO), NOW); /* the provider's word is no evidence of ours */
    captured(3, "ok", NULL, NOW);                 /* nothing was kept */
    stored_before(1, 2, "The far side is pulled less.", NOW + 1);
    struct job_row job = reread(NULL, true);
    assert_found(&job, "unchanged 2-2 9-9, better 2-3 9-10");
    assert_true(all(&n)->message_count == 3 && all(&n)->captured_ms == NOW + 2);
    job = reread(NULL, true); /* what is understood now stands for the link */
    assert_found(&job, "unchanged 3-3 10-10");
}

static void what_cannot_be_read_is_said(void **state)
{
    UNUSED(state);
    struct reread_row *rows;
    size_t n;
    start();
    captured(1, "format_changed", "{\"what\":\"is this\"}", NOW);
    struct uuid lost = captured(2, "ok", NULL, NOW);
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(capture_store_evidence(f.db, f.owner, lost, "json", (struct sha256){ { 7 } }, 9, NOW));
    ok(db_txn_commit(&tx));
    captured(3, "format_changed", TALK("Tides", TWO),
             NOW); /* what is broken before does not stop it */
    struct job_row job = reread(NULL, false);
    assert_found(&job, "unreadable 0-0 0-0, failed 0-0 0-0, new 0-2 0-9");
    ok(capture_store_rereads(f.db, &f.arena, f.owner, job.id, STR_NONE, (struct uuid){ { 0 } }, 9,
                             &rows, &n));
    assert_true(rows[0].detail.n > 10 && rows[1].detail.n > 5);
    ok(capture_store_rereads(f.db, &f.arena, f.owner, job.id, S("failed"), (struct uuid){ { 0 } },
                             9, &rows, &n));
    assert_int_equal(n, 1);
}

/* As after a crash: what was looked at stays, the last one is looked at again. */
static void it_goes_on_where_it_was(void **state)
{
    UNUSED(state);
    struct job_row job;
    size_t n;
    start();
    ops_stop(&f.app);
    f.app.ops = NULL;
    struct uuid one = captured(1, "format_changed", TALK("Tides", TWO), NOW), id;
    struct uuid two = captured(2, "format_changed", TALK("Tides", TWO), NOW);
    ok(reread_start(&f.app, f.db, &f.arena, f.owner, STR_NONE, true, NOW, &id));
    const struct reread_row before[] = {
        { .capture_id = one, .provider = S("claude"), .finding = S("unchanged") },
        { .capture_id = two, .provider = S("claude"), .finding = S("better") },
    };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        ok(db_txn_begin(&tx, f.db));
        ok(capture_store_reread(f.db, f.owner, id, &before[i]));
        ok(db_txn_commit(&tx));
    }
    go(MODULES);
    settle();
    ok(job_get(&f.app, f.db, &f.arena, f.owner, id, &job));
    assert_str(job.status, "done");
    assert_found(&job, "unchanged 0-0 0-0, better 0-0 0-0");
    all(&n);
    assert_int_equal(n, 1); /* the second was written now */
}

static void who_asks_wrongly_is_told(void **state)
{
    UNUSED(state);
    struct uuid id, again;
    start();
    assert_int_equal(reread_start(&f.app, f.db, &f.arena, f.owner, S("nobody"), false, NOW, &id),
                     E_INVALID);
    assert_string_equal(err_detail()->field, "provider");
    ops_stop(&f.app);
    f.app.ops = NULL;
    ok(reread_start(&f.app, f.db, &f.arena, f.owner, STR_NONE, false, NOW, &id));
    ok(reread_start(&f.app, f.db, &f.arena, f.owner, STR_NONE, false, NOW, &again));
    assert_true(uuid_eq(id, again));
    assert_int_equal(reread_start(&f.app, f.db, &f.arena, f.owner, STR_NONE, true, NOW, &id),
                     E_CONFLICT);
}

/* --- counters ------------------------------------------------------------------------------------------ */

static void count(const char *provider, const char *strategy, const char *outcome, int n,
                  int64_t at_ms)
{
    for (int i = 0; i < n; i++) {
        CLEANUP(db_txn_end) struct db_txn tx = { 0 };
        ok(db_txn_begin(&tx, f.db));
        ok(doctor_count(&f.app, f.db, str_from(provider), strategy ? S("x@1") : STR_NONE,
                        str_from(strategy), str_from(outcome), at_ms));
        ok(db_txn_commit(&tx));
    }
}

static struct json provider_in(struct json doctor, const char *name)
{
    struct json_iter it = json_iter(json_get(doctor, S("providers")));
    struct json p;
    while (json_next(&it, NULL, &p))
        if (str_eq(json_get_str(p, S("provider")), str_from(name)))
            return p;
    fail_msg("there is no %s", name);
    return p;
}

static void what_the_doctor_says(void **state)
{
    UNUSED(state);
    const int64_t OLD = NOW - INT64_C(30) * 86400000;
    struct buf b, metrics;
    struct json_out o;
    struct json root;
    start();
    settings.browser = S("/nowhere/browser");
    count("claude", "network", "ok", 5, OLD);
    count("claude", "dom", "ok", 1, NOW - 3000);
    count("claude", NULL, "format_changed", 3, NOW - 1000);
    count("chatgpt", "embedded", "ok", 4, NOW - 2000);
    count("chatgpt", NULL, "gone", 9, NOW - 1000); /* the link's fault */
    count("grok", NULL, "challenge", 1, NOW);
    count("kimi", "network", "ok", 1, OLD);
    buf_init(&b, &f.arena, MIB(1));
    jo_init(&o, &b);
    ok(doctor_write(&f.app, f.db, &f.arena, NOW, &o));
    ok(json_parse(&f.arena, buf_str(&b), 16, &root));
    static const struct {
        const char *provider, *state;
    } WANT[] = {
        { "claude", "drift" }, { "chatgpt", "well" }, { "grok", "failing" },
        { "kimi", "quiet" },   { "qwen", "unused" },
    };
    for (size_t i = 0; i < COUNTOF(WANT); i++) {
        struct json p = provider_in(root, WANT[i].provider);
        assert_str(json_get_str(p, S("state")), WANT[i].state);
        assert_true(json_get_str(p, S("advice")).n > 10);
    }
    struct json claude = provider_in(root, "claude");
    assert_int_equal(json_i64(json_get(claude, S("captures")), 0), 9);
    assert_int_equal(json_i64(json_get(claude, S("lately")), 0), 4);
    assert_true(json_f64(json_get(claude, S("format_changed")), 0) == 0.75);
    assert_str(json_get_str(json_get(claude, S("last")), S("outcome")), "format_changed");
    assert_str(json_get_str(json_get(claude, S("works")), S("strategy")), "dom");
    assert_true(json_get_str(json_get(root, S("browser")), S("problem")).n > 10);
    buf_init(&metrics, &f.arena, MIB(1));
    doctor_metrics(&metrics, &f.app);
    assert_true(str_find(buf_str(&metrics),
                         S("vivim_captures_total{provider=\"claude\",recipe=\"\",strategy=\"\","
                           "outcome=\"format_changed\"} 3\n"),
                         0) < metrics.n);
}

static int64_t tally_rows(void)
{
    static const struct db_query COUNT = { .name = "tallies",
                                           .sqlite = "SELECT COUNT(*) FROM capture_tally",
                                           .postgres = "SELECT COUNT(*) FROM capture_tally" };
    int64_t n;
    ok(db_i64(f.db, &COUNT, DB_NO_ARGS, &n));
    return n;
}

/* Two years of captures on every day: the rows do not grow with them, and what the doctor counts stays. */
static void counters_of_old_days_become_one(void **state)
{
    UNUSED(state);
    const int64_t DAY = 86400000;
    struct tally_row *rows;
    size_t n;
    start();
    count("kimi", "network", "ok", 1, NOW - 400 * DAY);
    for (int i = 0; i < 100; i++)
        count("claude", "network", "ok", 1, NOW - (100 + i % 50) * DAY);
    count("claude", "network", "ok", 2, NOW - 90 * DAY); /* keeps its day */
    count("claude", "network", "ok", 3, NOW);
    assert_int_equal(tally_rows(), 53);
    for (int again = 0; again < 2; again++) {
        ok(doctor_sweep(&f.app, f.db, &f.arena, NOW));
        assert_int_equal(tally_rows(), 3);
        ok(capture_store_tallies(f.db, &f.arena, NOW - 14 * DAY, &rows, &n));
        assert_int_equal(n, 1); /* kimi's was more than a year ago */
        assert_true(rows[0].captures == 105 && rows[0].lately == 3 && rows[0].last_ms == NOW);
    }
    ok(doctor_sweep(&f.app, f.db, &f.arena, NOW + 91 * DAY)); /* added to what is gathered */
    assert_int_equal(tally_rows(), 1);
    ok(capture_store_tallies(f.db, &f.arena, NOW, &rows, &n));
    assert_true(n == 1 && rows[0].captures == 105 && rows[0].last_ms == NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_not_understood_gives_a_conversation),
        TEST(better_is_written_and_poorer_is_not),
        TEST(of_each_link_the_last_one),
        TEST(what_cannot_be_read_is_said),
        TEST(it_goes_on_where_it_was),
        TEST(who_asks_wrongly_is_told),
        TEST(what_the_doctor_says),
        TEST(counters_of_old_days_become_one),
    };
    RUN_ON_BOTH(tests);
}

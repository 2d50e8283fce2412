/* Asking for a capture while memory, database, writes and syncs fail at every place: job and row, or neither. */
#include "capture/capture.h"
#include "capture/capture_room.h"
#include "capture/capture_store.h"
#include "fault/fault.h"
#include "ops/fixture.h"

enum { NUMBERS_MAX = 20000 };
static struct uuid ids[NUMBERS_MAX];

/* A share id that only number i has. */
static struct str url_of(char text[128], int i)
{
    return str_of(text, (size_t)snprintf(
                            text, 128, "https://chatgpt.com/share/%08x-1234-4234-8234-0123456789ab",
                            (unsigned)i));
}

static err_t asked(int i)
{
    char url[128];
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    return capture_start(&f.app, f.db, &a, f.owner, url_of(url, i), false, NOW, &ids[i]);
}

static void asked_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct job_row *jobs;
    struct capture_row row;
    int64_t rows;
    size_t count;
    arena_init(&a, MIB(32));
    ok(job_list(&f.app, f.db, &a, f.owner, "capture", INT64_MAX, (struct uuid){ { 0 } }, 5000,
                &jobs, &count));
    ok(capture_store_count_since(f.db, f.owner, 0, &rows));
    assert_int_equal(rows, count);
    if (done)
        ok(capture_get(f.db, &a, f.owner, ids[i], &row));
}

/* Its evidence is named, and it ends. */
static err_t ended(int i)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    struct sha256 h = { { (uint8_t)i, 1 } };
    TRY(asked(i));
    struct capture_row row = { .id = ids[i], .outcome = S("ok"), .ended_ms = NOW };
    TRY(db_txn_begin(&tx, f.db));
    TRY(capture_store_evidence(f.db, f.owner, ids[i], "json", h, 10, NOW));
    TRY(capture_store_end(f.db, f.owner, &row));
    return db_txn_commit(&tx);
}

static void ended_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct capture_row row;
    arena_init(&a, MIB(1));
    asked_check(i, false);
    if (!done)
        return;
    ok(capture_get(f.db, &a, f.owner, ids[i], &row));
    assert_str(row.outcome, "ok");
}

static const struct fault_case CASES[] = {
    { "a capture asked for", asked, asked_check },
    { "a capture ended", ended, ended_check },
};

/* The room as far as asking needs it: what it knows of the providers, and no browsers. */
static const struct module ROOM = { .name = "capture" };
static const struct module *const MODULES[] = { &ROOM, NULL };

static void all_or_nothing(void **state)
{
    UNUSED(state);
    struct capture_room room = { 0 };
    ok(provider_table_load(&f.arena, &room.providers));
    f.app.modules = MODULES;
    *app_room_state(&f.app, &ROOM) = &room;
    struct settings settings = { .capture_rate_per_hour = 1000000, .blocked_domains = S("") };
    f.app.settings = &settings;
    fault_each(CASES, COUNTOF(CASES), on_postgres, stores_reopen);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing) };
    RUN_ON_BOTH(tests);
}

/* Two nodes on one store: what each derives on its own disk it derives whole, whatever the other has read; a lost or damaged
 * cursor begins at the beginning; and, on PostgreSQL, what one commits rings at the other. */
#include <stdatomic.h>

#include "ops/fixture.h"
#include "ops/inside.h"

static struct app
    second; /* the other node: a folder of its own, and on PostgreSQL connections of its own */
static _Atomic int taken[2], rebuilt[2], live[2];
static _Atomic bool files_gone;

static int node_of(const struct app *app)
{
    return app == &second;
}

static err_t take(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                  const struct op *ops, size_t count)
{
    UNUSED(rows);
    UNUSED(a);
    UNUSED(ops);
    assert_null(effects);
    if (files_gone)
        return E_CURSOR_EXPIRED;
    taken[node_of(app)] += (int)count;
    return OK;
}

static err_t again(struct app *app, struct db *rows, struct db *effects, struct arena *a)
{
    struct op_cursor head;
    UNUSED(a);
    assert_null(effects);
    rebuilt[node_of(app)]++;
    files_gone = false;
    return ops_head(rows, &head);
}

static err_t hear(struct app *app, struct db *rows, struct db *effects, struct arena *a,
                  const struct op *ops, size_t count)
{
    UNUSED(rows);
    UNUSED(effects);
    UNUSED(a);
    UNUSED(ops);
    live[node_of(app)] += (int)count;
    return OK;
}

static const struct op_consumer CONSUMERS[] = {
    { .name = "files", .on_node = true, .consume = take, .rebuild = again },
    { .name = "ears", .live = true, .consume = hear },
};
static const struct module NODE = { .name = "test", .consumers = CONSUMERS, .consumer_count = 2 };
static const struct module *const MODULES[] = { &NODE, NULL };

static void add(int count)
{
    for (int i = 0; i < count; i++)
        append(f.owner, "message", uuid_new(), "created");
}

static void start_second(void)
{
    second.modules = MODULES;
    ok(ops_start(&second));
}

static void settle_second(void)
{
    ok(ops_settle(&second, 30000));
}

static int open_both(void **state)
{
    for (int i = 0; i < 2; i++)
        taken[i] = rebuilt[i] = live[i] = 0;
    files_gone = false;
    fixture_open(state);
    second = (struct app){ .store = f.app.store };
    if (on_postgres)
        second.store = store_open(DB_MAIN);
    char *folder;
    ok(folder_temp(&f.arena, "vivim-node-", &folder));
    second.data_dir = folder;
    return 0;
}

static int close_both(void **state)
{
    ops_stop(&second);
    ops_stop(&f.app);
    if (on_postgres)
        db_close(second.store);
    folder_remove(second.data_dir);
    return fixture_close(state);
}

static void each_node_derives_all_of_it(void **state)
{
    UNUSED(state);
    add(3);
    go(MODULES);
    settle(); /* the first is through with these before the second begins */
    start_second();
    add(20);
    settle();
    settle_second();
    assert_int_equal(taken[0], 23);
    assert_int_equal(taken[1], 23);
    ops_stop(&second);
    add(5); /* while it is away */
    settle();
    start_second();
    settle_second();
    assert_int_equal(taken[0], 28);
    assert_int_equal(taken[1], 28);
    assert_int_equal(rebuilt[0] + rebuilt[1], 0);
}

static void write_cursor(const char *text)
{
    ok(file_write_atomic(str_cstr(&f.arena, str_fmt(&f.arena, "%s/files.cursor", second.data_dir)),
                         str_from(text), 0600));
}

static void a_cursor_that_cannot_be_read_begins_at_the_beginning(void **state)
{
    UNUSED(state);
    static const char *const DAMAGED[] = {
        "",
        "\n",
        "0.",
        "0.7",
        "7\n",
        "0.7\n8",
        "0.-7\n",
        "x.y\n",
        "0.99999999999999999999\n",
        "0.7 and much that nobody wrote, in a file that is larger than any cursor could be\n",
    };
    add(9);
    for (size_t i = 0; i < COUNTOF(DAMAGED); i++) {
        taken[1] = 0;
        write_cursor(DAMAGED[i]);
        start_second();
        settle_second();
        if (taken[1] != 9)
            fail_msg("\"%s\": %d", DAMAGED[i], taken[1]);
        ops_stop(&second);
    }
}

static void a_cursor_behind_the_end_makes_the_effects_again(void **state)
{
    UNUSED(state);
    add(9);
    write_cursor("999999999.999999999\n"); /* of another life of the store */
    start_second();
    settle_second();
    while (!rebuilt[1]) /* settling takes a cursor behind the end for one at the end */
        settle_second();
    add(2);
    while (taken[1] < 2) /* … also while what was rebuilt is not marked yet */
        settle_second();
    assert_int_equal(taken[1], 2);
    assert_int_equal(rebuilt[1], 1);
}

static void a_consumer_can_say_that_its_files_are_gone(void **state)
{
    UNUSED(state);
    start_second();
    add(4);
    settle_second();
    files_gone = true;
    add(1);
    settle_second();
    assert_int_equal(rebuilt[1], 1);
    add(2);
    settle_second();
    assert_int_equal(taken[1], 6);
}

/* --- what one commits rings at the other: neither looks by itself here, nor is it asked to settle ------- */

static const struct settings SELDOM = { .log_poll_ms = 3600 * 1000 };

static void start_both(void)
{
    f.app.settings = second.settings = &SELDOM;
    go(MODULES);
    start_second();
}

static void second_hears(int all)
{
    int64_t began_ms = clock_real_ms();
    while (live[1] < all && clock_real_ms() - began_ms < 60000)
        clock_sleep_ms(1);
    assert_int_equal(live[1], all);
}

static void what_one_commits_rings_at_the_other(void **state)
{
    UNUSED(state);
    if (!on_postgres)
        return;
    start_both();
    for (int all = 1; all <= 5; all++) {
        add(1);
        second_hears(all);
    }
    for (int all = 25; all <= 105; all += 20) { /* the last of many as well */
        add(20);
        second_hears(all);
    }
}

#undef TEST
#define TEST(name) cmocka_unit_test_setup_teardown(name, open_both, close_both)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_node_derives_all_of_it),
        TEST(a_cursor_that_cannot_be_read_begins_at_the_beginning),
        TEST(a_cursor_behind_the_end_makes_the_effects_again),
        TEST(a_consumer_can_say_that_its_files_are_gone),
        TEST(what_one_commits_rings_at_the_other),
    };
    RUN_ON_BOTH(tests);
}

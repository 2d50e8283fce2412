/* Blobs: same content once, damage found, what nobody names is swept. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/limits.h"
#include "db/blob.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/thread.h"

static struct arena arena;
static struct blob_store store;
static const struct uuid OWNER = { { 1 } }, OTHER = { { 2 } };

static int up(void **state)
{
    UNUSED(state);
    arena_init(&arena, MIB(64));
    return folder_temp(&arena, "vivim-blob-", &store.root) == OK ? 0 : -1;
}

static int down(void **state)
{
    UNUSED(state);
    folder_remove(store.root);
    arena_free(&arena);
    return 0;
}

static void stored_and_read(void **state)
{
    UNUSED(state);
    struct sha256 h, again;
    struct str bytes;
    char *large = arena_bytes(&arena, 300000);
    memset(large, 'x', 300000);
    struct str contents[] = { S(""), S("hello"), str_of(large, 300000),
                              S("VVZ1 begins like our own mark") };
    for (size_t i = 0; i < COUNTOF(contents); i++)
        for (int pack = 0; pack < 2; pack++) {
            assert_int_equal(blob_put(&store, OWNER, contents[i], pack, &h), OK);
            assert_int_equal(blob_put(&store, OWNER, contents[i], !pack, &again), OK);
            assert_memory_equal(h.b, again.b, 32);
            assert_int_equal(blob_read(&store, &arena, OWNER, h, MIB(1), &bytes), OK);
            assert_true(str_eq(bytes, contents[i]));
            assert_int_equal(blob_read(&store, &arena, OTHER, h, MIB(1), &bytes), E_NOT_FOUND);
            blob_remove(&store, OWNER, h);
            assert_false(blob_exists(&store, OWNER, h));
        }
    assert_int_equal(blob_put(&store, OWNER, contents[2], true, &h), OK);
    assert_int_equal(blob_read(&store, &arena, OWNER, h, 299999, &bytes), E_LIMIT);
}

static void damage_is_found(void **state)
{
    UNUSED(state);
    struct sha256 h;
    struct str bytes;
    assert_int_equal(blob_put(&store, OWNER, S("precious"), false, &h), OK);
    struct str hex = sha256_hex(&arena, h);
    char *path =
        str_cstr(&arena, str_fmt(&arena, "%s/01000000-0000-0000-0000-000000000000/%.2s/%.*s",
                                 store.root, hex.s, STR_ARG(hex)));
    assert_true(file_exists(path));
    assert_int_equal(file_write_atomic(path, S("precioux"), 0600), OK);
    assert_int_equal(blob_read(&store, &arena, OWNER, h, MIB(1), &bytes), E_CORRUPT);
}

static struct sha256 kept;
static bool named(void *context, struct uuid owner, struct sha256 h)
{
    UNUSED(context);
    return owner.b[0] == 1 && memcmp(h.b, kept.b, 32) == 0;
}

static void what_nobody_names_is_swept(void **state)
{
    UNUSED(state);
    struct sha256 loose, of_other;
    size_t removed;
    assert_int_equal(blob_put(&store, OWNER, S("kept"), false, &kept), OK);
    assert_int_equal(blob_put(&store, OWNER, S("loose"), false, &loose), OK);
    assert_int_equal(blob_put(&store, OTHER, S("kept"), false, &of_other), OK);
    assert_int_equal(blob_sweep(&store, 3600000, named, NULL, &removed), OK);
    assert_int_equal(removed, 0); /* all too young: their transaction may be on its way */
    clock_fake(clock_wall_ms() + 7200000);
    assert_int_equal(blob_sweep(&store, 3600000, named, NULL, &removed), OK);
    clock_real();
    assert_int_equal(removed, 2);
    assert_true(blob_exists(&store, OWNER, kept));
    assert_false(blob_exists(&store, OWNER, loose));
    assert_false(blob_exists(&store, OTHER, of_other));
}

/* Bytes that are stored again while their file is old and nobody names it yet are not swept before they are named. */
static void what_is_stored_again_is_young_again(void **state)
{
    UNUSED(state);
    struct sha256 h;
    size_t removed;
    assert_int_equal(blob_put(&store, OTHER, S("again"), false, &h), OK);
    struct str hex = sha256_hex(&arena, h);
    char *path =
        str_cstr(&arena, str_fmt(&arena, "%s/02000000-0000-0000-0000-000000000000/%.2s/%.*s",
                                 store.root, hex.s, STR_ARG(hex)));
    struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    assert_int_equal(blob_put(&store, OTHER, S("again"), false, &h), OK);
    assert_int_equal(blob_sweep(&store, 3600000, named, NULL, &removed), OK);
    assert_int_equal(removed, 0);
    assert_int_equal(utimensat(AT_FDCWD, path, long_ago, 0), 0);
    assert_int_equal(blob_sweep(&store, 3600000, named, NULL, &removed), OK);
    assert_int_equal(removed, 1);
}

/* While a sweeper runs all the time, whatever blob_put has said is stored stays for as long as the sweeper's age says. */
static _Atomic int sweeping_ends;
static bool nobody(void *context, struct uuid owner, struct sha256 h)
{
    UNUSED(context);
    UNUSED(owner);
    UNUSED(h);
    return false;
}

static void keep_sweeping(void *arg)
{
    UNUSED(arg);
    while (!sweeping_ends)
        (void)!blob_sweep(&store, 3600000, nobody, NULL, NULL);
}

static void a_sweeper_beside_writers(void **state)
{
    UNUSED(state);
    struct thread sweeper = { 0 };
    struct sha256 h;
    assert_int_equal(blob_put(&store, OWNER, S("raced"), false, &h), OK);
    struct str hex = sha256_hex(&arena, h);
    char *path =
        str_cstr(&arena, str_fmt(&arena, "%s/01000000-0000-0000-0000-000000000000/%.2s/%.*s",
                                 store.root, hex.s, STR_ARG(hex)));
    struct timespec long_ago[2] = { { 1000, 0 }, { 1000, 0 } };
    sweeping_ends = 0;
    assert_int_equal(thread_start(&sweeper, "sweeper", keep_sweeping, NULL), OK);
    for (int i = 0; i < 300; i++) {
        (void)!utimensat(AT_FDCWD, path, long_ago, 0);
        assert_int_equal(blob_put(&store, OWNER, S("raced"), false, &h), OK);
        for (int k = 0; k < 20; k++)
            assert_true(blob_exists(&store, OWNER, h));
    }
    sweeping_ends = 1;
    thread_join(&sweeper);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(stored_and_read, up, down),
        cmocka_unit_test_setup_teardown(damage_is_found, up, down),
        cmocka_unit_test_setup_teardown(what_nobody_names_is_swept, up, down),
        cmocka_unit_test_setup_teardown(what_is_stored_again_is_young_again, up, down),
        cmocka_unit_test_setup_teardown(a_sweeper_beside_writers, up, down),
    };
    return cmocka_run_group_tests_name("db/blob", tests, NULL, NULL);
}

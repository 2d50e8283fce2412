/* Another program's file: its keys are found, and what its schema says is never run. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sqlite3.h>

#include "base/limits.h"
#include "db/key_file.h"
#include "os/file.h"

static struct arena arena;
static char *folder, path[512];

static int up(void **state)
{
    UNUSED(state);
    arena_init(&arena, MIB(64));
    if (folder_temp(&arena, "vivim-keys-", &folder) != OK)
        return -1;
    snprintf(path, sizeof path, "%s/state.vscdb", folder);
    return 0;
}

static int down(void **state)
{
    UNUSED(state);
    folder_remove(folder);
    arena_free(&arena);
    return 0;
}

static void make(const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(db);
}

#define TABLE "CREATE TABLE cursorDiskKV (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB);"

static err_t get(struct key_file *f, const char *key, const char *want)
{
    struct str value;
    err_t e = key_file_get(f, &arena, KEY_TABLE_CURSOR, str_from(key), &value);
    if (e == OK)
        assert_true(str_eq(value, str_from(want)));
    return e;
}

static void keys_are_found_in_order(void **state)
{
    UNUSED(state);
    struct key_file *f;
    struct str key = STR_NONE;
    const char *const want[] = { "c:1", "c:2", "c:\xc3\xa9" };
    make(TABLE "INSERT INTO cursorDiskKV VALUES ('c:2', 'two'), ('c:1', x'6f6e65'), ('c:\xc3\xa9', "
               "NULL), ('d', 'x'), "
               "('b', 'y'), (NULL, 'z')");
    assert_int_equal(key_file_open(path, MIB(1), &f), OK);
    assert_true(key_file_has(f, KEY_TABLE_CURSOR));
    assert_false(key_file_has(f, KEY_TABLE_ITEMS));
    for (size_t i = 0; i < COUNTOF(want); i++) {
        assert_int_equal(key_file_next(f, &arena, KEY_TABLE_CURSOR, S("c:"), key, &key), OK);
        assert_true(str_eq(key, str_from(want[i])));
    }
    assert_int_equal(key_file_next(f, &arena, KEY_TABLE_CURSOR, S("c:"), key, &key), E_NOT_FOUND);
    assert_int_equal(get(f, "c:1", "one"), OK);
    assert_int_equal(get(f, "c:2", "two"), OK);
    assert_int_equal(get(f, "c:\xc3\xa9", ""), E_NOT_FOUND);
    assert_int_equal(get(f, "c:3", ""), E_NOT_FOUND);
    assert_int_equal(key_file_get(f, &arena, KEY_TABLE_ITEMS, S("c:1"), &key), E_NOT_FOUND);
    key_file_close(f);
}

static void a_large_value_is_a_limit(void **state)
{
    UNUSED(state);
    struct key_file *f;
    make(TABLE "INSERT INTO cursorDiskKV VALUES ('a', zeroblob(100000)), ('b', 'small')");
    assert_int_equal(key_file_open(path, 50000, &f), OK);
    assert_int_equal(get(f, "a", ""), E_LIMIT);
    assert_int_equal(get(f, "b", "small"), OK);
    key_file_close(f);
}

/* A view would be a program of the file's. */
static void what_is_no_plain_table_is_not_there(void **state)
{
    UNUSED(state);
    struct key_file *f;
    make("CREATE VIEW cursorDiskKV AS WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM "
         "c) "
         "SELECT n AS key, n AS value FROM c; CREATE VIRTUAL TABLE ItemTable USING fts5(key, "
         "value)");
    assert_int_equal(key_file_open(path, MIB(1), &f), OK);
    assert_false(key_file_has(f, KEY_TABLE_CURSOR));
    assert_false(key_file_has(f, KEY_TABLE_ITEMS));
    assert_int_equal(get(f, "1", ""), E_NOT_FOUND);
    key_file_close(f);
}

static void what_is_no_database_is_said(void **state)
{
    UNUSED(state);
    struct key_file *f;
    struct str whole;
    assert_int_equal(key_file_open(path, MIB(1), &f), E_NOT_FOUND);
    assert_int_equal(
        file_write_atomic(path,
                          S("SQLite format 3 it is not, however it begins "
                            "........................................................"),
                          0600),
        OK);
    assert_int_equal(key_file_open(path, MIB(1), &f), E_CORRUPT);
    assert_int_equal(remove(path), 0);
    make("PRAGMA page_size=512;" TABLE
         "INSERT INTO cursorDiskKV VALUES ('a', zeroblob(20000)), ('b', zeroblob(20000))");
    assert_int_equal(file_read(&arena, path, MIB(1), &whole), OK);
    for (size_t n = 100; n < whole.n; n += 997) { /* cut off anywhere */
        assert_int_equal(file_write_atomic(path, str_sub(whole, 0, n), 0600), OK);
        if (key_file_open(path, MIB(1), &f) != OK)
            continue;
        struct str value;
        err_t e = key_file_get(f, &arena, KEY_TABLE_CURSOR, S("b"), &value);
        assert_true(e == E_CORRUPT || e == E_NOT_FOUND || e == E_IO ||
                    (e == OK && value.n == 20000));
        key_file_close(f);
    }
    key_file_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(keys_are_found_in_order, up, down),
        cmocka_unit_test_setup_teardown(a_large_value_is_a_limit, up, down),
        cmocka_unit_test_setup_teardown(what_is_no_plain_table_is_not_there, up, down),
        cmocka_unit_test_setup_teardown(what_is_no_database_is_said, up, down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Settings: precedence, errors that name key and place, secrets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "os/file.h"
#include "os/settings.h"

static struct arena arena;
static char *folder;

static int up(void **state)
{
    UNUSED(state);
    arena_init(&arena, MIB(4));
    return folder_temp(&arena, "vivim-settings-", &folder) == OK ? 0 : -1;
}

static int down(void **state)
{
    UNUSED(state);
    folder_remove(folder);
    arena_free(&arena);
    return 0;
}

static char *path(const char *name)
{
    return str_cstr(&arena, str_fmt(&arena, "%s/%s", folder, name));
}

static void write_file(const char *name, const char *text)
{
    assert_int_equal(file_write_atomic(path(name), str_from(text), 0600), OK);
}

static char *data_variable(void)
{
    return str_cstr(&arena, str_fmt(&arena, "VIVIM_DATA=%s", folder));
}

static err_t load(char *const environment[], const struct setting_flag *flags, size_t n,
                  struct settings *ret)
{
    err_clear();
    return settings_load(&arena, flags, n, NULL, environment, ret);
}

static const char *origin_of(const struct settings *s, const char *key, struct str *ret_value)
{
    const struct setting_row *rows;
    size_t n = settings_rows(&arena, s, &rows);
    for (size_t i = 0; i < n; i++)
        if (strcmp(rows[i].key, key) == 0) {
            *ret_value = rows[i].value;
            return rows[i].origin;
        }
    return "";
}

static void flag_before_environment_before_file_before_default(void **state)
{
    UNUSED(state);
    struct settings s;
    struct str value;
    char *environment[] = { data_variable(), (char *)"VIVIM_LISTEN=127.0.0.1:2",
                            (char *)"PATH=/bin", NULL };
    assert_int_equal(load(environment, NULL, 0, &s), OK);
    assert_true(str_eq(s.log_level, S("info")));
    write_file("vivim.conf",
               "# comment\n\nlisten = 127.0.0.1:1\nlog_level = warn\n VIVIM_WORKERS = 7 \n");
    assert_int_equal(load(environment, NULL, 0, &s), OK);
    assert_true(str_eq(s.listen, S("127.0.0.1:2")) && str_eq(s.log_level, S("warn")) &&
                s.workers == 7);
    struct setting_flag flag = { S("listen"), S("127.0.0.1:3") };
    assert_int_equal(load(environment, &flag, 1, &s), OK);
    assert_true(str_eq(s.listen, S("127.0.0.1:3")));
    assert_string_equal(origin_of(&s, "VIVIM_LISTEN", &value), "flag");
    assert_string_equal(origin_of(&s, "VIVIM_WORKERS", &value), "file");
    assert_string_equal(origin_of(&s, "VIVIM_LOOPS", &value), "default");
}

static void what_is_wrong_is_named(void **state)
{
    UNUSED(state);
    struct settings s;
    static const struct {
        const char *variable, *says;
    } CASES[] = {
        { "VIVIM_LISTN=x", "VIVIM_LISTEN" },
        { "VIVIM_WORKERS=0", "1 to 64" },
        { "VIVIM_WORKERS=65", "1 to 64" },
        { "VIVIM_WORKERS=x", "VIVIM_WORKERS" },
        { "VIVIM_TEST=maybe", "VIVIM_TEST" },
        { "VIVIM_LOG_LEVEL=loud", "debug" },
        { "VIVIM_DATABASE_URL=mysql://x", "sqlite:" },
        { "VIVIM_DATA=", "VIVIM_DATA" },
        { "VIVIM_CAPTURE_RESOLVE=a:1=127.0.0.1:2", "VIVIM_TEST=1" },
        { "VIVIM_QWERTYUIOP=1", "QWERTYUIOP" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        char *environment[] = { data_variable(), (char *)(uintptr_t)CASES[i].variable, NULL };
        assert_int_equal(load(environment, NULL, 0, &s), E_INVALID);
        assert_non_null(strstr(err_detail()->text, CASES[i].says));
    }
    char *environment[] = { data_variable(), NULL };
    write_file("vivim.conf", "listen = 127.0.0.1:1\nwrokers = 3\n");
    assert_int_equal(load(environment, NULL, 0, &s), E_INVALID);
    assert_non_null(strstr(err_detail()->text, "vivim.conf line 2"));
    assert_non_null(strstr(err_detail()->text, "VIVIM_WORKERS"));
    write_file("vivim.conf", "just words\n");
    assert_int_equal(load(environment, NULL, 0, &s), E_INVALID);
}

static void test_keys_do_not_go_with_a_public_address(void **state)
{
    UNUSED(state);
    struct settings s;
    char *open[] = { data_variable(), (char *)"VIVIM_TEST=1", (char *)"VIVIM_LISTEN=0.0.0.0:80",
                     NULL };
    assert_int_equal(load(open, NULL, 0, &s), E_INVALID);
    char *closed[] = { data_variable(), (char *)"VIVIM_TEST=1", (char *)"VIVIM_LISTEN=[::1]:80",
                       NULL };
    assert_int_equal(load(closed, NULL, 0, &s), OK);
}

static void secrets_come_from_files_and_are_never_shown(void **state)
{
    UNUSED(state);
    struct settings s;
    struct str value;
    write_file("key", "abcdef\nsecond line\n");
    char *variable = str_cstr(&arena, str_fmt(&arena, "VIVIM_MASTER_KEY_FILE=%s", path("key")));
    char *environment[] = { data_variable(), variable, (char *)"VIVIM_SHARED=ignored", NULL };
    assert_int_equal(load(environment, NULL, 0, &s), OK);
    assert_true(str_eq(s.master_key, S("abcdef")));
    assert_string_equal(origin_of(&s, "VIVIM_MASTER_KEY", &value), "environment");
    assert_true(str_eq(value, S("(set)")));
    char *missing[] = { data_variable(), (char *)"VIVIM_MASTER_KEY_FILE=/nowhere/at/all", NULL };
    assert_int_equal(load(missing, NULL, 0, &s), E_NOT_FOUND);
}

static void flag_names(void **state)
{
    UNUSED(state);
    struct suggestion near = suggest(S("base-ulr")), far = suggest(S("something-else-entirely")),
                      tests = suggest(S("capture-resolv"));
    assert_true(setting_known(S("base-url")));
    assert_false(setting_known(S("base-ulr")));
    settings_suggest(&near);
    assert_true(str_eq(suggest_best(&near), S("base-url")));
    settings_suggest(&far);
    assert_null(suggest_best(&far).s);
    settings_suggest(&tests); /* what is for tests alone is no help to anybody */
    assert_null(suggest_best(&tests).s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(flag_before_environment_before_file_before_default, up,
                                        down),
        cmocka_unit_test_setup_teardown(what_is_wrong_is_named, up, down),
        cmocka_unit_test_setup_teardown(test_keys_do_not_go_with_a_public_address, up, down),
        cmocka_unit_test_setup_teardown(secrets_come_from_files_and_are_never_shown, up, down),
        cmocka_unit_test_setup_teardown(flag_names, up, down),
    };
    return cmocka_run_group_tests_name("os/settings", tests, NULL, NULL);
}

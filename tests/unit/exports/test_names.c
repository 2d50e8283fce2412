/* Names of files in an export. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "exports/names.h"

static struct arena a;

static void is(struct str got, const char *expected)
{
    char text[512];
    snprintf(text, sizeof text, "%.*s", STR_ARG(got));
    assert_string_equal(text, expected);
}

static void titles_become_names_that_every_system_takes(void **state)
{
    UNUSED(state);
    static const struct {
        const char *title, *name;
    } CASES[] = {
        { "A plain title", "A plain title" },
        { "", "Untitled" },
        { "...", "Untitled" },
        { "../../etc/passwd", "etc passwd" },
        { "C:\\Windows\\system32", "C Windows system32" },
        { "what? \"this\" <is> |it|", "what this is it" },
        { "[[link]] #tag ^ref 100%", "link tag ref 100" },
        { "trailing dots...  ", "trailing dots" },
        { "a\nb\tc", "a b c" },
        { "CON", "_CON" },
        { "con.txt", "_con.txt" },
        { "Lpt1", "_Lpt1" },
        { "com\xc2\xb9.x", "_com\xc2\xb9.x" },
        { "console", "console" },
        { "com10", "com10" },
        { "\xf0\x9f\x90\x88 cat", "\xf0\x9f\x90\x88 cat" },
        { "abc\xe2\x80\xae"
          "gpj.exe",
          "abc gpj.exe" }, /* right-to-left override */
        { "broken \xff utf", "broken utf" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++)
        is(name_safe(&a, str_from(CASES[i].title)), CASES[i].name);
    is(name_safe(&a, str_of("a\0b", 3)), "a b");
}

static void long_titles_are_cut_between_characters(void **state)
{
    UNUSED(state);
    char text[400];
    for (size_t i = 0; i < 300; i += 3)
        memcpy(text + i, "\xe6\xbc\xa2", 3);
    struct str name = name_safe(&a, str_of(text, 300));
    assert_true(name.n <= EXPORT_NAME_BYTES_MAX && name.n > EXPORT_NAME_BYTES_MAX - 3);
    assert_true(utf8_ok(name));
    memset(text, 'x', 300);
    text[EXPORT_NAME_BYTES_MAX - 1] = '.';
    assert_int_equal(name_safe(&a, str_of(text, 300)).n, EXPORT_NAME_BYTES_MAX - 1);
}

static void names_are_given_once(void **state)
{
    UNUSED(state);
    struct names n;
    struct str name;
    names_init(&n, &a);
    static const char *const GIVEN[][2] = {
        { "A 2", "A 2" }, { "A", "A" },       { "a", "a 3" }, { "A", "A 4" },
        { "A?", "A 5" },  { "A 2", "A 2 2" }, { "B", "B" },
    };
    for (size_t i = 0; i < COUNTOF(GIVEN); i++) {
        assert_int_equal(names_unique(&n, str_from(GIVEN[i][0]), &name), OK);
        is(name, GIVEN[i][1]);
    }
}

static void many_of_one_title_cost_no_more(void **state)
{
    UNUSED(state);
    struct names n;
    struct str name;
    names_init(&n, &a);
    for (int i = 0; i < 20000; i++)
        assert_int_equal(names_unique(&n, S("Same"), &name), OK);
    is(name, "Same 20000");
}

static void a_download_says_its_name_to_old_and_new_browsers(void **state)
{
    UNUSED(state);
    is(name_disposition(&a, S("Caf\xc3\xa9 \"x\".md")),
       "attachment; filename=\"Caf_ _x_.md\"; filename*=UTF-8''Caf%C3%A9%20%22x%22.md");
    is(name_ending(S("image/PNG; q=1")), ".png");
    is(name_ending(S("text/html")), ".html.txt");
    is(name_ending(S("who/knows")), ".bin");
}

static int setup(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(64));
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(titles_become_names_that_every_system_takes),
        cmocka_unit_test(long_titles_are_cut_between_characters),
        cmocka_unit_test(names_are_given_once),
        cmocka_unit_test(many_of_one_title_cost_no_more),
        cmocka_unit_test(a_download_says_its_name_to_old_and_new_browsers),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

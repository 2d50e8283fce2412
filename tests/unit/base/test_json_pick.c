/* Some members of an object: as they stand, whatever stands between them. */
#include <stdio.h>

#include "base/check.h"
#include "base/json_pick.h"

static const struct str NAMES[] = { S("a"), S("long name") };

static void picks(const char *text, const char *want)
{
    CLEANUP(buf_free) struct buf out = { 0 };
    buf_init(&out, NULL, 4096);
    err_t e = json_pick(str_from(text), NAMES, COUNTOF(NAMES), &out);
    buf_putc(&out, 0);
    assert_string_equal(e == OK ? out.s : err_code(e), want);
    err_clear();
}

static void what_is_wanted_comes_as_it_stands(void **state)
{
    UNUSED(state);
    picks("{}", "{}");
    picks(" { \"b\" : 1 } ", "{}");
    picks("{\"a\":1}", "{\"a\":1}");
    picks("{\"b\":{\"a\":2},\"a\" : [1, {\"x\":\"]}\"}] ,\"c\":null}",
          "{\"a\" : [1, {\"x\":\"]}\"}]}");
    picks("{\"long name\":\"x\\\\\",\"b\":\"\\\\\\\"}\",\"a\":\"\\\"\"}",
          "{\"long name\":\"x\\\\\",\"a\":\"\\\"\"}");
    picks("{\"a\":1,\"a\":2}", "{\"a\":1,\"a\":2}");
    picks("{\"aa\":1,\"\":2,\"a\\u0020\":3}", "{}");
}

static void what_is_none_or_breaks_off_is_said(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = { "",           "[]",          "\"a\"",       "{",
                                       "{\"a\"",     "{\"a\":",     "{\"a\":1",    "{\"a\":1,",
                                       "{\"a\":1,}", "{\"a\" 1}",   "{a:1}",       "{\"a\":\"x",
                                       "{\"a\":[1}", "{\"a\":1} x", "{\"a\":1}{}", "{\"a\":\"\\\"}",
                                       "{,}",        "{\"a\":}",    "{\"a\":1 2}" };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        picks(BAD[i], "bad_json");
}

static void a_limit_is_said(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf out = { 0 };
    buf_init(&out, NULL, 4);
    assert_int_equal(json_pick(S("{\"a\":\"words\"}"), NAMES, COUNTOF(NAMES), &out), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_wanted_comes_as_it_stands),
        cmocka_unit_test(what_is_none_or_breaks_off_is_said),
        cmocka_unit_test(a_limit_is_said),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

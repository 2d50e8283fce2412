/* Values out of JSON text that comes in pieces of every size: what is whole is given, what is broken is said. */
#include <stdio.h>

#include "base/check.h"
#include "base/json_values.h"
#include "drip.h"

static const char *const LISTS[] = { "conversations", "posts", NULL };

/* All that comes, as "list:place=text|…|how it ended". */
static void all(const char *text, size_t step, const char *const *lists, size_t max, char *to,
                size_t size)
{
    struct drip d = { { drip_read }, str_from(text), step };
    CLEANUP(json_values_free) struct json_values v;
    struct str value, list;
    size_t n = 0;
    err_t e;
    json_values_init(&v, &d.reader, lists, max);
    do {
        e = json_values_next(&v, &value, &list);
        if (e == OK)
            n += (size_t)snprintf(to + n, size - n, "%.*s:%zu=%.*s|", STR_ARG(list), v.place,
                                  STR_ARG(value));
        else
            n += (size_t)snprintf(to + n, size - n, "%s|", err_code(e));
        if (e == OK && step % 2)
            json_values_forget(&v);
    } while (e == OK || e == E_LIMIT);
    err_clear();
}

static void gives_within(const char *text, const char *const *lists, size_t max, const char *want)
{
    char got[4096];
    for (size_t step = 1; step < 40; step++) {
        all(text, step, lists, max, got, sizeof got);
        assert_string_equal(got, want);
    }
}
#define GIVES(text, want)       gives_within(text, NULL, 1000, want)
#define GIVES_LISTS(text, want) gives_within(text, LISTS, 1000, want)

static void elements_of_an_array(void **state)
{
    UNUSED(state);
    GIVES(" [1, \"a,]b\" ,{\"x\":[{}]},[],null,-1.5e3]\n",
          ":1=1|:2=\"a,]b\"|:3={\"x\":[{}]}|:4=[]|:5=null|:6=-1.5e3|not_found|");
    GIVES("[]", "not_found|");
    GIVES("\xef\xbb\xbf[true]", ":1=true|not_found|");
    GIVES("", "not_found|");
    GIVES(" \n", "not_found|");
}

static void strings_hide_brackets_quotes_and_backslashes(void **state)
{
    UNUSED(state);
    GIVES(
        "[{\"a\":\"}\\\"]\"},{\"b\\\\\":\"\\\\\"},\"\\\\\\\"\",\"\\\\\\\\\"]",
        ":1={\"a\":\"}\\\"]\"}|:2={\"b\\\\\":\"\\\\\"}|:3=\"\\\\\\\"\"|:4=\"\\\\\\\\\"|not_found|");
}

static void lists_of_an_object(void **state)
{
    UNUSED(state);
    GIVES_LISTS("{\"v\":{\"conversations\":[9]},\"conversations\":[{\"a\":1},2],\"n\":\"x\","
                "\"posts\":[3],\"z\":1}",
                "conversations:1={\"a\":1}|conversations:2=2|posts:1=3|not_found|");
    GIVES_LISTS("{\"conversations\":7,\"posts\":[]}", "not_found|");
    GIVES_LISTS("{}", "not_found|");
    GIVES("{\"conversations\":[1]}",
          ":1={\"conversations\":[1]}|not_found|"); /* none was asked for */
}

static void one_on_each_line(void **state)
{
    UNUSED(state);
    GIVES("{\"a\":1}\n\n{\"b\":\r\n [2]}\n",
          ":1={\"a\":1}|:3={\"b\":|:4=[2]}|not_found|"); /* lines end values */
    GIVES("{\"a\":1}\n{\"b\":2}\n{\"c\":", ":1={\"a\":1}|:2={\"b\":2}|:3={\"c\":|not_found|");
    GIVES("1 \n 2", ":1=1|:2=2|not_found|");
}

static void what_is_cut_is_said(void **state)
{
    UNUSED(state);
    GIVES("[{\"a\":1},{\"b\":", ":1={\"a\":1}|bad_json|");
    GIVES("[1,2", ":1=1|:2=2|bad_json|");
    GIVES("[1 2]", ":1=1|bad_json|");
    GIVES("[,1]", "bad_json|");
    GIVES("[1,,2]", ":1=1|bad_json|");
    GIVES("[1,]", ":1=1|not_found|"); /* the one thing that is forgiven */
    GIVES("{\"a", "bad_json|");
    GIVES_LISTS("{\"conversations\":[1", "conversations:1=1|bad_json|");
    GIVES_LISTS("{\"conversations\" [1]}", "bad_json|");
    GIVES_LISTS("{1:2}", "bad_json|");
    GIVES_LISTS("{\"a\":}", "bad_json|");
}

static void what_is_too_large_is_passed_over(void **state)
{
    UNUSED(state);
    gives_within("[1,{\"a\":\"0123456789\\\\\",\"b\":[\"}\"]},2,\"01234567890123\",3]", NULL, 8,
                 ":1=1|too_large|:3=2|too_large|:5=3|not_found|");
    gives_within("{\"a\":1}\n{\"b\":123456789}\n{\"c\":3}", NULL, 8,
                 ":1={\"a\":1}|too_large|:3={\"c\":3}|not_found|");
    gives_within("[12345678,123456789]", NULL, 8, ":1=12345678|too_large|not_found|");
}

/* What a large value took does not stay while it is worked on. */
static void a_large_value_is_let_go(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str text = str_fmt(&a, "[\"%0*d\", 2]", 5000000, 0), value, list;
    struct drip d = { { drip_read }, text, 100000 };
    CLEANUP(json_values_free) struct json_values v;
    json_values_init(&v, &d.reader, NULL, MIB(16));
    assert_int_equal(json_values_next(&v, &value, &list), OK);
    assert_int_equal(value.n, 5000002);
    json_values_forget(&v);
    assert_true(v.window.cap < 500000);
    assert_int_equal(json_values_next(&v, &value, &list), OK);
    assert_str(value, "2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_large_value_is_let_go),
        cmocka_unit_test(elements_of_an_array),
        cmocka_unit_test(strings_hide_brackets_quotes_and_backslashes),
        cmocka_unit_test(lists_of_an_object),
        cmocka_unit_test(one_on_each_line),
        cmocka_unit_test(what_is_cut_is_said),
        cmocka_unit_test(what_is_too_large_is_passed_over),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

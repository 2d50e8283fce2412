#include "check.h"

#include "base/json_build.h"
#include "base/json_write.h"

/* What was built, as text; and that the result reads like a parsed one. */
static void assert_built(struct json_build *b, const char *want)
{
    struct json v;
    CLEANUP(buf_free) struct buf text = { 0 };
    struct json_out o;
    buf_init(&text, NULL, MIB(16));
    assert_int_equal(json_build_end(b, &v), OK);
    jo_init(&o, &text);
    jo_value(&o, v);
    assert_str(buf_str(&text), want);
}

static struct json parsed(struct arena *a, const char *text)
{
    struct json v;
    assert_int_equal(json_parse(a, str_from(text), JSON_FOREIGN_DEPTH_MAX, &v), OK);
    return v;
}

static void containers_of_every_kind_of_value(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json_build b;
    struct json doc = parsed(&a, "[\"key\",\"\",true,null,-7,18446744073709551615,0.5,{\"in\":[1,"
                                 "{}]},\"\xc3\xa9\"]");
    json_build_init(&b, &a, doc, 0);
    json_build_object(&b);
    json_build_put(&b, json_at(doc, 0));
    json_build_array(&b);
    for (size_t i = 1; i < json_count(doc); i++)
        json_build_put(&b, json_at(doc, i));
    json_build_null(&b);
    json_build_put(&b, (struct json){ 0 });
    json_build_close(&b);
    json_build_put(&b, json_at(doc, 8));
    json_build_object(&b);
    json_build_close(&b);
    json_build_close(&b);
    assert_built(&b, "{\"key\":[\"\",true,null,-7,18446744073709551615,0.5,{\"in\":[1,{}]},"
                     "\"\xc3\xa9\",null,null],\"\xc3\xa9\":{}}");
}

static void members_are_found_and_counted(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json_build b;
    struct json v, doc = parsed(&a, "[\"a\",\"b\",5]");
    json_build_init(&b, &a, doc, 1000);
    json_build_object(&b);
    json_build_put(&b, json_at(doc, 0));
    json_build_array(&b);
    for (int i = 0; i < 3; i++)
        json_build_put(&b, json_at(doc, 2));
    json_build_close(&b);
    json_build_put(&b, json_at(doc, 1));
    json_build_put(&b, json_at(doc, 2));
    json_build_close(&b);
    assert_int_equal(json_build_end(&b, &v), OK);
    assert_int_equal(json_count(v), 2);
    assert_int_equal(json_count(json_get(v, S("a"))), 3);
    assert_int_equal(json_i64(json_get(v, S("b")), 0), 5);
    assert_false(json_exists(json_get(v, S("c"))));
}

static void a_tape_grows(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json_build b;
    struct json v, doc = parsed(&a, "[41,\"x\"]");
    json_build_init(&b, &a, doc, 0);
    json_build_array(&b);
    for (int i = 0; i < 10000; i++)
        json_build_put(&b, json_at(doc, (size_t)i % 2));
    json_build_close(&b);
    assert_int_equal(json_build_end(&b, &v), OK);
    assert_int_equal(json_count(v), 10000);
    assert_int_equal(json_i64(json_at(v, 9998), 0), 41);
    assert_str(json_str(json_at(v, 9999)), "x");
}

static void depth_has_a_limit(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v, doc = parsed(&a, "1");
    for (int over = 0; over < 2; over++) {
        struct json_build b;
        json_build_init(&b, &a, doc, 0);
        for (int i = 0; i < JSON_BUILD_DEPTH_MAX + over; i++)
            json_build_array(&b);
        for (int i = 0; i < JSON_BUILD_DEPTH_MAX + over; i++)
            json_build_close(&b);
        assert_int_equal(json_build_end(&b, &v), over ? E_LIMIT : OK);
    }
}

static void a_full_arena_is_an_error(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, KIB(4));
    struct json_build b;
    struct json v, doc = parsed(&a, "1");
    json_build_init(&b, &a, doc, 0);
    json_build_array(&b);
    for (int i = 0; i < 1000; i++)
        json_build_put(&b, doc);
    json_build_close(&b);
    assert_int_equal(json_build_end(&b, &v), E_LIMIT);
}

static void a_literal_is_unquoted(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b = { 0 };
    buf_init(&b, NULL, KIB(1));
    assert_int_equal(json_unquote(S("\"a\\n\\u00e9\\ud83d\\ude00\""), &b), OK);
    assert_int_equal(json_unquote(S("\"\""), &b), OK);
    assert_int_equal(json_unquote(S("\"b\""), &b), OK);
    assert_str(buf_str(&b), "a\n\xc3\xa9\xf0\x9f\x98\x80"
                            "b");
    assert_int_equal(json_unquote(S("\"\\x41\""), &b), E_BAD_JSON);
    assert_int_equal(json_unquote(S("\"a\" \"b\""), &b), E_BAD_JSON);
    assert_int_equal(json_unquote(S("[\"a\"]"), &b), E_BAD_JSON);
    assert_int_equal(json_unquote(S("1"), &b), E_BAD_JSON);
    assert_str(buf_str(&b), "a\n\xc3\xa9\xf0\x9f\x98\x80"
                            "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(containers_of_every_kind_of_value),
        cmocka_unit_test(members_are_found_and_counted),
        cmocka_unit_test(a_tape_grows),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(a_full_arena_is_an_error),
        cmocka_unit_test(a_literal_is_unquoted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

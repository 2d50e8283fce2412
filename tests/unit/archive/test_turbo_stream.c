#include "check.h"

#include "archive/providers/turbo_stream.h"
#include "base/json_write.h"

/* The value at index 0 of the lines, as JSON. */
static void assert_root(const char *lines, const char *want)
{
    TEST_ARENA(a);
    struct turbo t;
    struct json v;
    struct buf b;
    struct json_out o;
    assert_ok(turbo_from_text(&a, json_text(&a, lines), &t));
    assert_ok(turbo_hydrate(&a, &t, 0, &v));
    buf_init(&b, &a, MIB(1));
    jo_init(&o, &b);
    jo_value(&o, v);
    assert_str(buf_str(&b), json_text(&a, want).s);
}

static void keys_and_values_are_references(void **state)
{
    UNUSED(state);
    assert_root("[{'_1':2,'_3':4},'a','text','b',[5,6,7],true,null,1.5]",
                "{'a':'text','b':[true,null,1.5]}");
    assert_root("[[1,2],7,-3]", "[7,-3]"); /* a number at a slot is literal */
    assert_root("['only']", "'only'");
}

static void constants(void **state)
{
    UNUSED(state);
    assert_root("[[-5,-2,-3,-4,-6,-99]]", "[null,null,null,null,null,null]");
    assert_root("[{'_1':-7,'_2':-1,'_3':-5},'undefined','hole','null']", "{'null':null}");
    assert_root("[[-7,-1]]", "[null,null]");
}

static void what_points_nowhere(void **state)
{
    UNUSED(state);
    assert_root("[[1,9,2],'a']", "['a',null,null]");
    assert_root("[{'_1':2,'_9':2,'x':2,'_':2,'_2':2,'_-1':2},'k',5]", "{'k':5}");
    assert_root("[{'_1':'text'},'k']", "{}"); /* a member's value is an index */
    assert_root("[[1],[true]]", "[[null]]");
}

static void cycles_become_null(void **state)
{
    UNUSED(state);
    assert_root("[{'_1':0,'_2':3},'self','list',[0,3,4],5]", "{'self':null,'list':[null,null,5]}");
}

static void shared_values_stand_in_every_place(void **state)
{
    UNUSED(state);
    assert_root("[[1,1,1],{'_2':3},'k',[4],'v']", "[{'k':['v']},{'k':['v']},{'k':['v']}]");
}

static void typed_arrays_stay_as_they_are(void **state)
{
    UNUSED(state);
    assert_root("[[1],['P',5]]", "[['P',5]]");
    assert_root("[[1],['D',{'x':[1.5,null]}]]", "[['D',{'x':[1.5,null]}]]");
}

static void later_lines_go_on_with_the_same_array(void **state)
{
    UNUSED(state);
    assert_root("[[1,2,3],'a']\nP12:['b']\n\nE3:['c']\n", "['a','b','c']");
    assert_root("\n[[1,2],'a']\nP1:'no array'\nP2:['b']", "['a','b']");
    assert_root("[[1,2],'a']\nP1:[broken\nP2:['b']",
                "['a',null]"); /* then the first alone counts */
}

static void members_are_found_by_name(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct turbo t;
    assert_ok(turbo_from_text(&a, S("[{\"_1\":2,\"_3\":-5},\"a\",5,\"b\"]"), &t));
    assert_int_equal(turbo_member(&t, 0, S("a")), 2);
    assert_int_equal(turbo_member(&t, 0, S("b")), -5);
    assert_int_equal(turbo_member(&t, 0, S("c")), -1);
    assert_int_equal(turbo_member(&t, 1, S("a")), -1);
    assert_int_equal(turbo_member(&t, -5, S("a")), -1);
    assert_int_equal(turbo_member(&t, INT64_MAX, S("a")), -1);
}

/* n arrays, each of which holds the next `width` times. */
static err_t hydrate_nest(size_t n, size_t width)
{
    CLEANUP(arena_free) struct arena a;
    struct turbo t;
    struct json v;
    struct buf b;
    arena_init(&a, MIB(1024));
    buf_init(&b, &a, MIB(1));
    buf_putc(&b, '[');
    for (size_t i = 0; i < n; i++) {
        buf_put(&b, S("["));
        for (size_t k = 0; k < width; k++)
            buf_putf(&b, "%s%zu", k ? "," : "", i + 1);
        buf_put(&b, S("],"));
    }
    buf_put(&b, S("1]"));
    assert_ok(turbo_from_text(&a, buf_str(&b), &t));
    return turbo_hydrate(&a, &t, 0, &v);
}

static void depth_and_size_have_limits(void **state)
{
    UNUSED(state);
    assert_int_equal(hydrate_nest(JSON_BUILD_DEPTH_MAX, 1), OK);
    assert_int_equal(hydrate_nest(JSON_BUILD_DEPTH_MAX + 1, 1), E_LIMIT);
    assert_int_equal(hydrate_nest(100000, 1), E_LIMIT);
    assert_int_equal(hydrate_nest(10, 2), OK);
    assert_int_equal(hydrate_nest(64, 16), E_LIMIT); /* sixteen to the 64th */
}

/* --- in a page --------------------------------------------------------------------------------- */

static err_t from_page(struct arena *a, const char *html, struct turbo *ret)
{
    return turbo_from_html(a, str_from(html), ret);
}

static void chunks_in_a_page(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct turbo t;
    struct json v;
    assert_ok(from_page(&a,
                        "<script>x.streamController.enqueue(\"[[1,2],\\\"a \\\\\\\"q\\\\\\\" "
                        "\\\\u00e9\");</script><script>streamController.enqueue(variable);"
                        "streamController.enqueue(\"\\x41\");x.streamController.enqueue(\"\\\"]\\n"
                        "P1:[5]\\n\");streamController.enqueue(\"never closed",
                        &t));
    assert_ok(turbo_hydrate(&a, &t, 0, &v));
    assert_str(json_str(json_at(v, 0)), "a \"q\" \xc3\xa9");
    assert_int_equal(json_i64(json_at(v, 1), 0), 5);
}

static void pages_without_state(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct turbo t;
    assert_int_equal(from_page(&a, "", &t), E_NOT_FOUND);
    assert_int_equal(from_page(&a, "<html>streamController.enqueue(", &t), E_NOT_FOUND);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"\\", &t), E_NOT_FOUND);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"\\\"", &t), E_NOT_FOUND);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"{}\")", &t), E_BAD_INPUT);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"not json\")", &t), E_BAD_INPUT);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"[]\")", &t), E_NOT_FOUND);
    assert_int_equal(from_page(&a, "streamController.enqueue(\"[1],[2\")", &t), E_BAD_INPUT);
}

static void the_conversation_is_found_whatever_the_route_is_called(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v;
    const struct provider *chatgpt = provider_by_name(S("chatgpt"));
    struct str lines =
        json_text(&a, "[{'_1':2},'loaderData',{'_3':4,'_5':6},'root',{},'routes/any',"
                      "{'_7':8},'serverResponse',{'_9':10},'data',{'_11':12},"
                      "'mapping',{'_13':14},'n',{}]");
    struct buf page;
    struct json_out o;
    buf_init(&page, &a, KIB(4));
    buf_put(&page, S("<script>streamController.enqueue("));
    jo_init(&o, &page);
    jo_str(&o, lines);
    buf_put(&page, S(")</script>"));
    assert_ok(chatgpt->embedded(&a, buf_str(&page), &v));
    assert_true(json_is(json_get(json_get(v, S("mapping")), S("n")), JSON_OBJECT));
    assert_ok(
        chatgpt->embedded(&a,
                          S("<script id=\"__NEXT_DATA__\" type=\"application/json\">{\"props\":"
                            "{\"pageProps\":{\"serverResponse\":{\"data\":{\"mapping\":{}}}}}}"
                            "</script>"),
                          &v));
    assert_int_equal(chatgpt->embedded(&a, S("<script id=\"__NEXT_DATA__\">{}</script>"), &v),
                     E_NOT_FOUND);
    assert_int_equal(chatgpt->embedded(&a, S("id=\"__NEXT_DATA__\""), &v), E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_and_values_are_references),
        cmocka_unit_test(constants),
        cmocka_unit_test(what_points_nowhere),
        cmocka_unit_test(cycles_become_null),
        cmocka_unit_test(shared_values_stand_in_every_place),
        cmocka_unit_test(typed_arrays_stay_as_they_are),
        cmocka_unit_test(later_lines_go_on_with_the_same_array),
        cmocka_unit_test(members_are_found_by_name),
        cmocka_unit_test(depth_and_size_have_limits),
        cmocka_unit_test(chunks_in_a_page),
        cmocka_unit_test(pages_without_state),
        cmocka_unit_test(the_conversation_is_found_whatever_the_route_is_called),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

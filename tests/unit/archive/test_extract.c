/* One value or one page of a kind that is not known: cut anywhere, nobody's, and somebody's. */
#include "archive/providers/extract.h"
#include "base/limits.h"
#include "check.h"

#define CONVERSATION                                                                              \
    "{\"title\":\"T\\u00e9\",\"create_time\":1.5e0,\"mapping\":{\"q\":{\"parent\":null,"          \
    "\"message\":{"                                                                               \
    "\"author\":{\"role\":\"user\"},\"content\":{\"content_type\":\"text\",\"parts\":["           \
    "\"Q\\n\\ud83d\\ude00\xc3\xa9\""                                                              \
    "]}}},\"a\":{\"parent\":\"q\",\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{" \
    "\"content_type\":\"text\",\"parts\":[\"A\",null,true,-1]}}}}}"

static err_t extracted(struct str bytes, size_t *ret_messages)
{
    TEST_ARENA(a);
    struct json root;
    struct conversation c = { 0 };
    TRY(json_parse(&a, bytes, JSON_FOREIGN_DEPTH_MAX, &root));
    TRY(extract_json(&a, root, NULL, &c));
    *ret_messages = c.message_count;
    return OK;
}

/* What was not written to its end gives nothing, and an error with words. */
static void cut_anywhere(void **state)
{
    UNUSED(state);
    struct str whole = S(CONVERSATION);
    size_t messages = 0;
    assert_int_equal(extracted(whole, &messages), OK);
    assert_int_equal(messages, 2);
    for (size_t i = 0; i < whole.n; i++) {
        err_t e = extracted(str_sub(whole, 0, i), &messages);
        assert_true(e != OK && err_detail()->text[0]);
    }
}

static void what_is_nobodys(void **state)
{
    UNUSED(state);
    static const char *const NOBODYS[] = { "null", "1", "\"x\"", "[]", "{}", "{\"x\":1}" };
    size_t messages;
    for (size_t i = 0; i < COUNTOF(NOBODYS); i++)
        assert_int_equal(extracted(str_from(NOBODYS[i]), &messages), E_NOT_FOUND);
    assert_int_equal(extracted(S("{\"mapping\":{},\"create_time\":1}"), &messages), E_INVALID);
}

static void a_page_without_state(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_int_equal(extract_page(&a, S("<!DOCTYPE html><p>words"), &c), E_NOT_FOUND);
    assert_int_equal(extract_page(&a, S(""), &c), E_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(cut_anywhere),
                                        cmocka_unit_test(what_is_nobodys),
                                        cmocka_unit_test(a_page_without_state) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

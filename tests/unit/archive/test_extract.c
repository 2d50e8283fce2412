/* Bytes of a kind that is not known: cut anywhere, of another encoding, and lists in which not every element is one. */
#include "archive/providers/extract.h"
#include "check.h"

#define CONVERSATION                                                                              \
    "{\"title\":\"T\\u00e9\",\"create_time\":1.5e0,\"mapping\":{\"q\":{\"parent\":null,"          \
    "\"message\":{"                                                                               \
    "\"author\":{\"role\":\"user\"},\"content\":{\"content_type\":\"text\",\"parts\":["           \
    "\"Q\\n\\ud83d\\ude00\xc3\xa9\""                                                              \
    "]}}},\"a\":{\"parent\":\"q\",\"message\":{\"author\":{\"role\":\"assistant\"},\"content\":{" \
    "\"content_type\":\"text\",\"parts\":[\"A\",null,true,-1]}}}}}"

struct seen {
    size_t conversations, skipped;
};

static err_t each(void *context, struct conversation *c)
{
    struct seen *s = context;
    s->conversations++;
    assert_true(c->message_count > 0);
    return OK;
}

static void skipped(void *context, size_t place, const char *why)
{
    struct seen *s = context;
    s->skipped++;
    assert_true(place > 0 && why[0]);
}

static err_t extracted(struct str bytes, struct seen *ret)
{
    enum extract_kind kind;
    *ret = (struct seen){ 0 };
    return extract_bytes(bytes, STR_NONE, each, skipped, ret, &kind);
}

/* A file that was not written to its end gives nothing, and an error with words. */
static void cut_anywhere(void **state)
{
    UNUSED(state);
    struct str whole = S(CONVERSATION), list = S("[" CONVERSATION "," CONVERSATION "]");
    struct seen seen;
    assert_int_equal(extracted(whole, &seen), OK);
    assert_int_equal(seen.conversations, 1);
    for (size_t i = 0; i < whole.n; i++) {
        err_t e = extracted(str_sub(whole, 0, i), &seen);
        assert_true(e != OK && seen.conversations == 0 && err_detail()->text[0]);
    }
    for (size_t i = 0; i < list.n; i += 7) {
        assert_true(extracted(str_sub(list, 0, i), &seen) != OK && seen.conversations == 0);
    }
}

/* Of lines those that came whole are given, and the rest is said. */
static void lines_cut_anywhere(void **state)
{
    UNUSED(state);
    struct str line = S(CONVERSATION "\n"), lines = S(CONVERSATION "\n" CONVERSATION "\n");
    struct seen seen;
    for (size_t i = line.n + 1; i < lines.n - 1; i++) {
        assert_int_equal(extracted(str_sub(lines, 0, i), &seen), OK);
        assert_int_equal(seen.conversations, 1);
        assert_int_equal(seen.skipped, 1);
    }
}

static void lists_with_anything_in_them(void **state)
{
    UNUSED(state);
    struct seen seen;
    assert_int_equal(extracted(S("[null,1,\"x\",[],{},{\"x\":1},{\"mapping\":{},\"create_time\":1},"
                                 "{\"mapping\":[],\"create_time\":1},{\"chat_messages\":null,"
                                 "\"uuid\":1}," CONVERSATION "]"),
                               &seen),
                     OK);
    assert_int_equal(seen.conversations, 1);
    assert_int_equal(seen.skipped, 9);
    assert_int_equal(extracted(S("[]"), &seen), E_INVALID);
    assert_int_equal(extracted(S("[null]"), &seen), E_INVALID);
}

static void encodings(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str text = S(CONVERSATION);
    struct seen seen;
    struct buf wide;
    buf_init(&wide, &a, 4096);
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.s[i] >= 0x80)
            continue;
        buf_putc(&wide, text.s[i]);
        buf_putc(&wide, 0);
    }
    assert_int_equal(extracted(buf_str(&wide), &seen), OK);
    assert_int_equal(seen.conversations, 1);
    assert_int_equal(extracted(str_cat(&a, S("\xef\xbb\xbf"), text), &seen), OK);
    assert_int_equal(extracted(S("{\"a\":\"\xe9\"}"), &seen), E_BAD_ENCODING);
    assert_int_equal(extracted(S(" \n\t"), &seen), E_INVALID);
    assert_int_equal(extracted(STR_NONE, &seen), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(cut_anywhere),
                                        cmocka_unit_test(lines_cut_anywhere),
                                        cmocka_unit_test(lists_with_anything_in_them),
                                        cmocka_unit_test(encodings) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

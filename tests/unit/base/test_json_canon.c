#include "check.h"

#include "base/json_write.h"

/* The canonical form of `text`, in the arena. */
static err_t canonical(struct arena *a, const char *text, struct str *ret)
{
    struct json v;
    struct buf b;
    buf_init(&b, a, MIB(1));
    TRY(json_parse(a, str_from(text), JSON_DEPTH_MAX, &v));
    TRY(json_canonical(a, v, &b));
    *ret = buf_str(&b);
    return OK;
}

/* RFC 8785: section 3.2.2, section 3.2.3, and the files of its test suite. */
static const char *const VECTORS[][2] = {
    { "{\"numbers\": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],"
      "\"string\": \"\\u20ac$\\u000F\\u000aA'\\u0042\\u0022\\u005c\\\\\\\"\\/\","
      "\"literals\": [null, true, false]}",
      "{\"literals\":[null,true,false],\"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],"
      "\"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}" },
    { "{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\", \"\\ufb33\": \"Hebrew Letter "
      "Dalet With "
      "Dagesh\", \"1\": \"One\", \"\\ud83d\\ude00\": \"Emoji: Grinning Face\", \"\\u0080\": "
      "\"Control\", "
      "\"\\u00f6\": \"Latin Small Letter O With Diaeresis\"}",
      "{\"\\r\":\"Carriage Return\",\"1\":\"One\",\"\xc2\x80\":\"Control\",\"ö\":\"Latin Small "
      "Letter O "
      "With Diaeresis\",\"€\":\"Euro Sign\",\"😀\":\"Emoji: Grinning "
      "Face\",\"\xef\xac\xb3\":\"Hebrew "
      "Letter Dalet With Dagesh\"}" },
    /* weird.json */
    { "{\"\\u20ac\": \"Euro Sign\", \"\\r\": \"Carriage Return\", \"\\u000a\": \"Newline\", \"1\": "
      "\"One\", "
      "\"\\u0080\": \"Control\\u007f\", \"\\ud83d\\ude02\": \"Smiley\", \"\\u00f6\": \"Latin Small "
      "Letter O "
      "With Diaeresis\", \"\\ufb33\": \"Hebrew Letter Dalet With Dagesh\", \"</script>\": "
      "\"Browser "
      "Challenge\"}",
      "{\"\\n\":\"Newline\",\"\\r\":\"Carriage Return\",\"1\":\"One\",\"</script>\":\"Browser "
      "Challenge\","
      "\"\xc2\x80\":\"Control\x7f\",\"ö\":\"Latin Small Letter O With Diaeresis\",\"€\":\"Euro "
      "Sign\","
      "\"😂\":\"Smiley\",\"\xef\xac\xb3\":\"Hebrew Letter Dalet With Dagesh\"}" },
    /* structures.json */
    { "{\"1\": {\"f\": {\"f\": \"hi\",\"F\": 5} ,\"\\n\": 56.0}, \"10\": { }, \"\": \"empty\", "
      "\"a\": { }, "
      "\"111\": [ {\"e\": \"yes\",\"E\": \"no\" } ], \"A\": { } }",
      "{\"\":\"empty\",\"1\":{\"\\n\":56,\"f\":{\"F\":5,\"f\":\"hi\"}},\"10\":{},\"111\":[{\"E\":"
      "\"no\","
      "\"e\":\"yes\"}],\"A\":{},\"a\":{}}" },
    /* arrays.json */
    { "[56, { \"d\": true, \"10\": null, \"1\": [ ] }]", "[56,{\"1\":[],\"10\":null,\"d\":true}]" },
    /* french.json: by code units, not by any language */
    { "{\"peach\": \"This sorting order\",\"péché\": \"is wrong according to French\","
      "\"pêche\": \"but canonicalization MUST\",\"sin\": \"ignore locale\"}",
      "{\"peach\":\"This sorting order\",\"péché\":\"is wrong according to French\","
      "\"pêche\":\"but canonicalization MUST\",\"sin\":\"ignore locale\"}" },
    /* unicode.json: no normalisation */
    { "{\"Unnormalized Unicode\":\"A\\u030a\"}", "{\"Unnormalized Unicode\":\"A\xcc\x8a\"}" },
};

static void vectors_of_the_rfc(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(VECTORS); i++) {
        struct str got = STR_NONE;
        assert_int_equal(canonical(&a, VECTORS[i][0], &got), OK);
        assert_str(got, VECTORS[i][1]);
        assert_int_equal(canonical(&a, VECTORS[i][1], &got), OK); /* it stays as it is */
        assert_str(got, VECTORS[i][1]);
    }
}

/* RFC 8785, appendix B. */
static void numbers_of_the_rfc(void **state)
{
    UNUSED(state);
    static const struct {
        uint64_t bits;
        const char *text;
    } NUMBERS[] = {
        { 0x0000000000000000, "0" },
        { 0x8000000000000000, "0" },
        { 0x0000000000000001, "5e-324" },
        { 0x8000000000000001, "-5e-324" },
        { 0x7fefffffffffffff, "1.7976931348623157e+308" },
        { 0xffefffffffffffff, "-1.7976931348623157e+308" },
        { 0x4340000000000000, "9007199254740992" },
        { 0xc340000000000000, "-9007199254740992" },
        { 0x4430000000000000, "295147905179352830000" },
        { 0x44b52d02c7e14af5, "9.999999999999997e+22" },
        { 0x44b52d02c7e14af6, "1e+23" },
        { 0x44b52d02c7e14af7, "1.0000000000000001e+23" },
        { 0x444b1ae4d6e2ef4e, "999999999999999700000" },
        { 0x444b1ae4d6e2ef4f, "999999999999999900000" },
        { 0x444b1ae4d6e2ef50, "1e+21" },
        { 0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7" },
        { 0x3eb0c6f7a0b5ed8d, "0.000001" },
        { 0x41b3de4355555553, "333333333.3333332" },
        { 0x41b3de4355555554, "333333333.33333325" },
        { 0x41b3de4355555555, "333333333.3333333" },
        { 0x41b3de4355555556, "333333333.3333334" },
        { 0x41b3de4355555557, "333333333.33333343" },
        { 0xbecbf647612f3696, "-0.0000033333333333333333" },
        { 0x43143ff3c1cb0959, "1424953923781206.2" },
    };
    for (size_t i = 0; i < COUNTOF(NUMBERS); i++) {
        double v;
        char text[32];
        memcpy(&v, &NUMBERS[i].bits, sizeof v);
        assert_int_equal(double_text(v, text), strlen(NUMBERS[i].text));
        assert_string_equal(text, NUMBERS[i].text);
    }
}

static void keys_sort_by_utf16(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str got;
    /* U+E000 and U+FFFF stand behind U+10000 in UTF-16, before it in UTF-8 */
    assert_int_equal(canonical(&a,
                               "{\"\xef\xbf\xbf\":1,\"\xee\x80\x80\":2,\"\xf0\x90\x80\x80\":3,"
                               "\"\xf4\x8f\xbf\xbf\":4,\"\xed\x9f\xbf\":5,\"a\":6,\"\":7,\"aa\":8}",
                               &got),
                     OK);
    assert_str(got, "{\"\":7,\"a\":6,\"aa\":8,\"\xed\x9f\xbf\":5,\"\xf0\x90\x80\x80\":3,"
                    "\"\xf4\x8f\xbf\xbf\":4,\"\xee\x80\x80\":2,\"\xef\xbf\xbf\":1}");
}

static void integers(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const GOOD[][2] = {
        { "9007199254740992", "9007199254740992" },
        { "9007199254740994", "9007199254740994" },
        { "-9223372036854775808", "-9223372036854776000" },
        { "-9223372036854776000.0", "-9223372036854776000" },
        { "1152921504606846976", "1152921504606847000" }, /* 2^60 */
        { "1152921504606847000", "1152921504606847000" }, /* as ECMAScript writes it */
        { "9223372036854775808", "9223372036854776000" },
        { "18446744073709549568", "18446744073709550000" },
        { "-0", "0" },
        { "1.0", "1" },
        { "1e20", "100000000000000000000" },
    };
    for (size_t i = 0; i < COUNTOF(GOOD); i++) {
        struct str got;
        assert_int_equal(canonical(&a, GOOD[i][0], &got), OK);
        assert_str(got, GOOD[i][1]);
    }
    static const char *const BAD[] = { "9007199254740993", "-9007199254740993",
                                       "9223372036854775807", "18446744073709551615",
                                       "1152921504606847001" };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        struct str got;
        err_clear();
        assert_int_equal(canonical(&a, BAD[i], &got), E_BAD_INPUT);
        assert_non_null(strstr(err_detail()->text, BAD[i]));
    }
}

static void duplicate_keys(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str got;
    assert_int_equal(canonical(&a, "[{\"b\":1,\"a\":2,\"\\u0062\":3}]", &got), E_BAD_INPUT);
    assert_non_null(strstr(err_detail()->text, "\"b\""));
    assert_int_equal(canonical(&a, "[{\"b\":1},{\"b\":1}]", &got), OK);
}

static void limits(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v;
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, 4);
    assert_int_equal(json_parse(&a, S("{\"a\":1}"), 8, &v), OK);
    assert_int_equal(json_canonical(&a, v, &b), E_LIMIT);
    CLEANUP(arena_free) struct arena small;
    arena_init(&small, 16);
    buf_free(&b);
    buf_init(&b, NULL, 100);
    assert_int_equal(json_canonical(&small, v, &b), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_of_the_rfc), cmocka_unit_test(numbers_of_the_rfc),
        cmocka_unit_test(keys_sort_by_utf16), cmocka_unit_test(integers),
        cmocka_unit_test(duplicate_keys),     cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

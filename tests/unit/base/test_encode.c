#include "check.h"

#include "base/encode.h"

static void base64_of_the_rfc(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const PAIRS[][2] = {
        { "", "" },
        { "f", "Zg==" },
        { "fo", "Zm8=" },
        { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" },
        { "fooba", "Zm9vYmE=" },
        { "foobar", "Zm9vYmFy" },
    };
    for (size_t i = 0; i < COUNTOF(PAIRS); i++) {
        struct str back, text = base64_encode(&a, str_from(PAIRS[i][0]));
        assert_str(text, PAIRS[i][1]);
        assert_int_equal(base64_decode(&a, text, &back), OK);
        assert_str(back, PAIRS[i][0]);
        struct str url = base64url_encode(&a, str_from(PAIRS[i][0]));
        assert_true(str_starts(text, url) && str_find_char(url, '=', 0) == url.n);
        assert_int_equal(base64url_decode(&a, url, &back), OK);
        assert_str(back, PAIRS[i][0]);
    }
    assert_str(base64_encode(&a, S("\xfb\xff\xfe")), "+//+");
    assert_str(base64url_encode(&a, S("\xfb\xff\xfe")), "-__-");
}

static void base64_has_one_spelling(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const BAD[] = {
        "Z",    "Zg",       "Zg=",    "Zh==", "Zm9=", "Zg===", "====",     "=",
        "Z===", "Zg==Zg==", "Zm9v\n", " Zm9", "Zm 9", "-__-",  "Zm8=Zm8=", "Z=g=",
    };
    struct str out = S("kept");
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        if (base64_decode(&a, str_from(BAD[i]), &out) != E_BAD_INPUT)
            fail_msg("\"%s\" was taken", BAD[i]);
    static const char *const BAD_URL[] = { "Z", "Zg==", "Zh", "Zm9", "+//+", "Zm9v=", "Zg\n" };
    for (size_t i = 0; i < COUNTOF(BAD_URL); i++)
        if (base64url_decode(&a, str_from(BAD_URL[i]), &out) != E_BAD_INPUT)
            fail_msg("\"%s\" was taken", BAD_URL[i]);
    assert_str(out, "kept");
}

static void hexadecimal(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str out;
    assert_str(hex_encode(&a, str_of("\0\x9a\xff", 3)), "009aff");
    assert_int_equal(hex_decode(&a, S("009AfF"), &out), OK);
    assert_true(str_eq(out, str_of("\0\x9a\xff", 3)));
    assert_int_equal(hex_decode(&a, S(""), &out), OK);
    assert_int_equal(out.n, 0);
    assert_int_equal(hex_decode(&a, S("0"), &out), E_BAD_INPUT);
    assert_int_equal(hex_decode(&a, S("0g"), &out), E_BAD_INPUT);
    assert_int_equal(hex_decode(&a, S("0 "), &out), E_BAD_INPUT);
}

/* draft-msporny-base58 and bitcoin's own vectors. */
static void base58_vectors(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const PAIRS[][2] = {
        /* hexadecimal, base58 */
        { "", "" },
        { "61", "2g" },
        { "626262", "a3gV" },
        { "48656c6c6f20576f726c6421", "2NEpo7TZRRrLZSi2U" },
        { "0000287fb4cd", "11233QC4" },
        { "00eb15231dfceb60925886b67d065299925915aeb172c06647",
          "1NS17iag9jJgTHD1VXjvLCEnZuQ3rJDE9L" },
        { "00000000000000000000", "1111111111" },
    };
    for (size_t i = 0; i < COUNTOF(PAIRS); i++) {
        struct str bytes, text, back;
        assert_int_equal(hex_decode(&a, str_from(PAIRS[i][0]), &bytes), OK);
        assert_int_equal(base58_encode(&a, bytes, &text), OK);
        assert_str(text, PAIRS[i][1]);
        assert_int_equal(base58_decode(&a, text, &back), OK);
        assert_true(str_eq(back, bytes));
    }
}

static void base58_edges(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char bytes[129];
    memset(bytes, 0xFF, sizeof bytes);
    struct str text, back;
    assert_int_equal(base58_encode(&a, str_of(bytes, 128), &text), OK);
    assert_in_range(text.n, 170, 176);
    assert_int_equal(base58_decode(&a, text, &back), OK);
    assert_true(str_eq(back, str_of(bytes, 128)));
    assert_int_equal(base58_encode(&a, str_of(bytes, 129), &text), E_LIMIT);
    char digits[177];
    memset(digits, 'z', sizeof digits);
    assert_int_equal(base58_decode(&a, str_of(digits, 176), &back), OK);
    assert_int_equal(base58_decode(&a, str_of(digits, 177), &back), E_LIMIT);
    static const char *const BAD[] = { "0", "O", "I", "l", "a+b", " 2g", "2g\n" };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(base58_decode(&a, str_from(BAD[i]), &back), E_BAD_INPUT);
    assert_int_equal(base58_decode(&a, str_of("2\0g", 3), &back), E_BAD_INPUT);
}

static void percent(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str out;
    assert_str(percent_encode(&a, S("a-b._~/ä +%")), "a-b._~%2F%C3%A4%20%2B%25");
    assert_int_equal(percent_decode(&a, S("a%2fb+c%C3%a4"), false, &out), OK);
    assert_str(out, "a/b+cä");
    assert_int_equal(percent_decode(&a, S("a+b%2B"), true, &out), OK);
    assert_str(out, "a b+");
    assert_int_equal(percent_decode(&a, S("%00"), true, &out), OK);
    assert_true(str_eq(out, str_of("\0", 1)));
    static const char *const BAD[] = { "%", "a%1", "%g0", "%0g", "%%20", "%+1" };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(percent_decode(&a, str_from(BAD[i]), true, &out), E_BAD_INPUT);
}

static void a_full_arena(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 2);
    struct str out;
    assert_null(base64_encode(&a, S("foo")).s);
    assert_int_equal(hex_decode(&a, S("00"), &out), E_LIMIT); /* not bad input: the arena's error */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(base64_of_the_rfc), cmocka_unit_test(base64_has_one_spelling),
        cmocka_unit_test(hexadecimal),       cmocka_unit_test(base58_vectors),
        cmocka_unit_test(base58_edges),      cmocka_unit_test(percent),
        cmocka_unit_test(a_full_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

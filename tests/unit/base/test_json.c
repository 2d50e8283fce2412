#include "check.h"

#include "base/json.h"
#include "base/utf8.h"

static struct json parsed(struct arena *a, const char *text)
{
    struct json v = { 0 };
    if (json_parse(a, str_from(text), JSON_DEPTH_MAX, &v) != OK)
        fail_msg("%s: %s", text, err_detail()->text);
    return v;
}

static void types(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *text;
        enum json_type type;
    } CASES[] = {
        { "null", JSON_NULL },
        { " true ", JSON_BOOL },
        { "false", JSON_BOOL },
        { "\"\"", JSON_STR },
        { "[]", JSON_ARRAY },
        { "{}", JSON_OBJECT },
        { "0", JSON_I64 },
        { "-0", JSON_I64 },
        { "1.0", JSON_F64 },
        { "1e2", JSON_F64 },
        { "9223372036854775807", JSON_I64 },
        { "-9223372036854775808", JSON_I64 },
        { "9223372036854775808", JSON_U64 },
        { "18446744073709551615", JSON_U64 },
        { "18446744073709551616", JSON_F64 },
        { "-9223372036854775809", JSON_F64 },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++)
        if (json_type(parsed(&a, CASES[i].text)) != CASES[i].type)
            fail_msg("%s has another type", CASES[i].text);
    struct json none = { 0 };
    assert_int_equal(json_type(none), JSON_NONE);
}

static void integers_are_exact(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v = parsed(&a, "[9007199254740991,9007199254740993,-9007199254740993,"
                               "9223372036854775807,-9223372036854775808]");
    static const int64_t WANT[] = { 9007199254740991, 9007199254740993, -9007199254740993,
                                    INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < COUNTOF(WANT); i++)
        assert_true(json_i64(json_at(v, i), 0) == WANT[i]);
    assert_true(json_u64(parsed(&a, "18446744073709551615"), 0) == UINT64_MAX);
    assert_true(json_i64(parsed(&a, "9223372036854775808"), 7) == 7);
    assert_true(json_u64(parsed(&a, "-1"), 7) == 7);
    assert_true(json_u64(parsed(&a, "5"), 7) == 5);
    assert_true(json_f64(parsed(&a, "18446744073709551615"), 0) == 0x1p64);
}

static void doubles_as_integers(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_true(json_i64(parsed(&a, "3.0"), 7) == 3);
    assert_true(json_i64(parsed(&a, "3.5"), 7) == 7);
    assert_true(json_i64(parsed(&a, "-9223372036854775808.0"), 7) == INT64_MIN);
    assert_true(json_i64(parsed(&a, "9223372036854775808.0"), 7) == 7);
    assert_true(json_i64(parsed(&a, "1e300"), 7) == 7);
    assert_true(json_u64(parsed(&a, "1e19"), 7) == UINT64_C(10000000000000000000));
    assert_true(json_u64(parsed(&a, "1e20"), 7) == 7);
    assert_true(json_f64(parsed(&a, "5"), 0) == 5);
}

/* What simdjson alone refuses, though it is JSON. */
static void huge_integers_become_doubles(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v = parsed(&a, "{\"x\":[123456789012345678901234567890,-99999999999999999999,"
                               "\"12345678901234567890123\",18446744073709551616],\"y\":1}");
    struct json x = json_get(v, S("x"));
    assert_true(json_f64(json_at(x, 0), 0) == 123456789012345678901234567890.0);
    assert_true(json_f64(json_at(x, 1), 0) == -99999999999999999999.0);
    assert_str(json_str(json_at(x, 2)), "12345678901234567890123");
    assert_true(json_f64(json_at(x, 3), 0) == 0x1p64);
    assert_int_equal(json_i64(json_get(v, S("y")), 0), 1);
}

static void strings(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(json_str(parsed(&a, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u20ac\\uD83D\\uDe02é\"")),
               "\"\\/\b\f\n\r\t€😂é");
    struct str zero = json_str(parsed(&a, "\"a\\u0000b\""));
    assert_true(str_eq(zero, str_of("a\0b", 3)));
    struct str empty = json_str(parsed(&a, "\"\""));
    assert_non_null(empty.s); /* an empty string is not an absent one */
    assert_int_equal(empty.n, 0);
}

/* Such things stand in exports whose maker cut a string inside an emoji. */
static void halves_of_surrogates_become_replacements(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const PAIRS[][2] = {
        { "\"a\\ud83d\"", "a\uFFFD" },
        { "\"\\ude02b\"", "\uFFFDb" },
        { "\"\\ud83dx\"", "\uFFFDx" },
        { "\"\\ud83d\\n\"", "\uFFFD\n" },
        { "\"\\ud83d\\ud83d\\ude02\"", "\uFFFD😂" },
        { "\"\\ude02\\ud83d\"", "\uFFFD\uFFFD" },
        { "\"\\ud83d\\u0041\"", "\uFFFDA" },
        { "\"\\ud83d\\ude02\\ud83d\"", "😂\uFFFD" },
    };
    for (size_t i = 0; i < COUNTOF(PAIRS); i++) {
        struct str got = json_str(parsed(&a, PAIRS[i][0]));
        assert_str(got, PAIRS[i][1]);
        assert_true(utf8_ok(got));
    }
}

static void absent_things_are_harmless(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json none = { 0 };
    struct json deep = json_get(json_at(json_get(parsed(&a, "{\"a\":1}"), S("a")), 3), S("x"));
    assert_true(json_is(deep, JSON_NONE));
    assert_null(json_str(none).s);
    assert_null(json_get_str(none, S("x")).s);
    assert_int_equal(json_i64(none, -5), -5);
    assert_true(json_f64(none, 2.5) == 2.5);
    assert_true(json_bool(none, true));
    assert_false(json_exists(none));
    assert_int_equal(json_count(none), 0);
    struct json_iter it = json_iter(none);
    assert_false(json_next(&it, NULL, &none));
    assert_false(json_exists(parsed(&a, "null")));
    assert_true(json_exists(parsed(&a, "false")));
    assert_false(json_bool(parsed(&a, "false"), true));
    assert_true(json_bool(parsed(&a, "1"), true)); /* another type: the fallback */
}

static void objects(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v = parsed(&a, "{\"a\":{\"b\":[1,2]},\"\":2,\"k\":\"first\",\"k\":\"second\"}");
    assert_str(json_get_str(v, S("k")), "first");
    assert_int_equal(json_i64(json_get(v, S("")), 0), 2);
    assert_int_equal(json_i64(json_at(json_get(json_get(v, S("a")), S("b")), 1), 0), 2);
    assert_true(json_is(json_get(v, S("b")), JSON_NONE)); /* not from inside */
    assert_true(json_is(json_get(v, S("first")), JSON_NONE));
    assert_int_equal(json_count(v), 4);
    assert_true(json_is(json_at(v, 0), JSON_NONE)); /* an object has no places */
}

static void walking(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v = parsed(&a, "{\"a\":[1,[2],{}],\"b\":1.5,\"c\":\"s\",\"d\":null}");
    static const char *const KEYS[] = { "a", "b", "c", "d" };
    static const enum json_type TYPES[] = { JSON_ARRAY, JSON_F64, JSON_STR, JSON_NULL };
    struct json_iter it = json_iter(v);
    struct str key;
    struct json item;
    size_t n = 0;
    for (; json_next(&it, &key, &item); n++) {
        assert_str(key, KEYS[n]);
        assert_int_equal(json_type(item), TYPES[n]);
    }
    assert_int_equal(n, 4);
    assert_false(json_next(&it, &key, &item));
    it = json_iter(json_get(v, S("a")));
    assert_true(json_next(&it, &key, &item));
    assert_null(key.s);
    assert_true(json_next(&it, NULL, &item) && json_count(item) == 1);
    assert_true(json_next(&it, NULL, &item) && json_is(item, JSON_OBJECT));
    assert_false(json_next(&it, NULL, &item));
    it = json_iter(parsed(&a, "[]"));
    assert_false(json_next(&it, NULL, &item));
}

/* Words of numbers that look like tags must not confuse anything. */
static void numbers_that_look_like_tags(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    /* '"' << 56, 'l' << 56, ']' << 56, '[' << 56 */
    struct json v = parsed(&a, "[\"s\",2449958197289549824,7782220156096217088,6701356245527298048,"
                               "6557241057451442176]");
    assert_int_equal(json_count(v), 5);
    assert_str(json_str(json_at(v, 0)), "s");
    assert_true(json_i64(json_at(v, 4), 0) == 6557241057451442176);
}

static char *nested(struct arena *a, int depth, const char *inside)
{
    size_t n = strlen(inside);
    char *text = arena_alloc(a, (size_t)depth * 2 + n + 1);
    assert_non_null(text);
    memset(text, '[', (size_t)depth);
    memcpy(text + depth, inside, n);
    memset(text + (size_t)depth + n, ']', (size_t)depth);
    return text;
}

static void depth_is_exact(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const int LIMITS[] = { 1, 2, 64, 256, 511, 512 };
    for (size_t i = 0; i < COUNTOF(LIMITS); i++) {
        int max = LIMITS[i];
        struct json v;
        for (int empty = 0; empty < 2; empty++) {
            const char *inside = empty ? "" : "1";
            assert_int_equal(json_parse(&a, str_from(nested(&a, max, inside)), max, &v), OK);
            assert_int_equal(json_parse(&a, str_from(nested(&a, max + 1, inside)), max, &v),
                             E_LIMIT);
        }
        assert_int_equal(json_parse(&a, str_from(nested(&a, max, "{}")), max, &v), E_LIMIT);
    }
    struct json v;
    assert_int_equal(json_parse(&a, str_from(nested(&a, 100000, "")), 512, &v), E_LIMIT);
    assert_non_null(strstr(err_detail()->text, "at byte 512 "));
    assert_int_equal(json_parse(&a, S("[[1],[[]],[{}],[[1]]]"), 2, &v), E_LIMIT);
    assert_non_null(strstr(err_detail()->text, "at byte 6 "));
    assert_int_equal(json_parse(&a, S("[[1],[],{},[2]]"), 2, &v), OK);
    assert_int_equal(json_count(v), 4);
}

static void errors_have_places(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *text, *want;
    } CASES[] = {
        { "", "at byte 0 (line 1, column 1): the text is empty" },
        { "  \n ", "at byte 4 (line 2, column 2): the text is empty" },
        { "{\"a\": 1,\n \"b\": tru }", "at byte 18 (line 2, column 10): only true" },
        { "[1,]", "at byte 3 (line 1, column 4): a value" },
        { "[,1]", "at byte 1 (line 1, column 2): a value" },
        { "[1 2]", "at byte 3 (line 1, column 4): a comma or ]" },
        { "{\"a\" 1}", "at byte 5 (line 1, column 6): a colon" },
        { "{\"a\":1,}", "at byte 7 (line 1, column 8): a name" },
        { "{a:1}", "at byte 1 (line 1, column 2): a name" },
        { "{\"a\":1 ]", "at byte 7 (line 1, column 8): a comma or }" },
        { "[1", "at byte 2 (line 1, column 3): a comma or ]" },
        { "\"abc", "at byte 4 (line 1, column 5): the text ends inside a string" },
        { "\"a\nb\"", "at byte 2 (line 1, column 3): a control character" },
        { "\"a\\x\"", "at byte 3 (line 1, column 4): there is no such escape" },
        { "\"\\u12g4\"", "at byte 5 (line 1, column 6): four hexadecimal" },
        { "\"\\ud800\\u12\"", "at byte 11 (line 1, column 12): four hexadecimal" },
        { "[1] x", "at byte 4 (line 1, column 5): something follows" },
        { "1 2", "at byte 2 (line 1, column 3): something follows" },
        { "01", "at byte 0 (line 1, column 1): a number must not begin" },
        { "-", "at byte 1 (line 1, column 2): a digit" },
        { "[1.]", "at byte 3 (line 1, column 4): a digit" },
        { "[.5]", "at byte 1 (line 1, column 2): a value" },
        { "[1e+]", "at byte 4 (line 1, column 5): the exponent" },
        { "[1, 1e999]", "at byte 4 (line 1, column 5): this number is out of range" },
        { "NaN", "at byte 0 (line 1, column 1): a value" },
        { "'a'", "at byte 0 (line 1, column 1): a value" },
        { "[1]//x", "at byte 3 (line 1, column 4): something follows" },
        { "\"abc\xff\"", "at byte 4 (line 1, column 5): this byte is not valid UTF-8" },
        { "\"\xed\xa0\x80\"", "at byte 1 (line 1, column 2): this byte is not valid UTF-8" },
        { "\"\xe2\x82\"", "at byte 1 (line 1, column 2): this byte is not valid UTF-8" },
        { "[\xc3\xa4]", "at byte 1 (line 1, column 2): a value" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct json v = { .at = 77 };
        err_clear();
        err_t e = json_parse(&a, str_from(CASES[i].text), JSON_DEPTH_MAX, &v);
        if (e != E_BAD_JSON ||
            strncmp(err_detail()->text, CASES[i].want, strlen(CASES[i].want)) != 0)
            fail_msg("%s: %s \"%s\"", CASES[i].text, err_code(e), err_detail()->text);
        assert_int_equal(v.at, 77);
    }
    struct json v;
    assert_int_equal(json_parse(&a, str_of("[1\0]", 4), 8, &v), E_BAD_JSON);
}

static void nothing_is_no_document(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v;
    assert_int_equal(json_parse(&a, STR_NONE, 8, &v), E_BAD_JSON);
    assert_int_equal(json_parse(&a, S(""), 8, &v), E_BAD_JSON);
    assert_int_equal(json_parse(&a, S(" \n"), 8, &v), E_BAD_JSON);
}

static void a_byte_order_mark_is_skipped(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(json_count(parsed(&a, "\xEF\xBB\xBF[1,2]")), 2);
    struct json v;
    assert_int_equal(json_parse(&a, S("[\xEF\xBB\xBF]"), 8, &v), E_BAD_JSON);
}

/* A text that ends at the very end of its memory, at every length around the wide registers. */
static void every_length(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (size_t n = 2; n < 300; n++) {
        char *text = arena_bytes(&a, n);
        memset(text, 'x', n);
        text[0] = text[n - 1] = '"';
        struct json v;
        assert_int_equal(json_parse(&a, str_of(text, n), 1, &v), OK);
        assert_true(str_eq(json_str(v), str_of(text + 1, n - 2)));
        assert_int_equal(json_parse(&a, str_of(text, n - 1), 1, &v), E_BAD_JSON);
    }
}

static void big_strings_and_documents(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    size_t n = MIB(5); /* more than a thread keeps */
    char *text = arena_bytes(&a, n);
    memset(text, 'y', n);
    text[0] = text[n - 1] = '"';
    struct json v;
    size_t before = a.used_bytes;
    assert_int_equal(json_parse(&a, str_of(text, n), 1, &v), OK);
    assert_int_equal(json_str(v).n, n - 2);
    assert_true(a.used_bytes - before < n + 200); /* not what the parser reserved */
    arena_reset(&a);
    assert_int_equal(json_i64(parsed(&a, "5"), 0), 5);
}

/* simdjson counts up to 2^24 - 1; what says so may have more, and is walked. */
static void more_elements_than_the_tape_counts(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v = parsed(&a, "[1,[2,3],{\"a\":4}]");
    uint64_t tape[20];
    size_t words = (size_t)(v.tape[0] << 8 >> 8);
    assert_in_range(words, 2, COUNTOF(tape));
    memcpy(tape, v.tape, words * sizeof *tape);
    tape[1] |= UINT64_C(0xFFFFFF) << 32;
    assert_int_equal(json_count((struct json){ tape, v.strings, 1 }), 3);
}

static void the_arena_is_the_limit(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 60);
    struct json v;
    assert_int_equal(json_parse(&a, S("[1]"), 8, &v), OK);
    assert_int_equal(json_parse(&a, S("[1,2,3,4]"), 8, &v), E_LIMIT);
}

static void too_much_text(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct json v;
    assert_int_equal(json_parse(&a, str_of("", JSON_BYTES_MAX + 1), 8, &v), E_LIMIT);
    assert_non_null(strstr(err_detail()->text, "256 MiB"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(integers_are_exact),
        cmocka_unit_test(doubles_as_integers),
        cmocka_unit_test(huge_integers_become_doubles),
        cmocka_unit_test(strings),
        cmocka_unit_test(halves_of_surrogates_become_replacements),
        cmocka_unit_test(absent_things_are_harmless),
        cmocka_unit_test(objects),
        cmocka_unit_test(walking),
        cmocka_unit_test(numbers_that_look_like_tags),
        cmocka_unit_test(depth_is_exact),
        cmocka_unit_test(errors_have_places),
        cmocka_unit_test(nothing_is_no_document),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(every_length),
        cmocka_unit_test(big_strings_and_documents),
        cmocka_unit_test(more_elements_than_the_tape_counts),
        cmocka_unit_test(the_arena_is_the_limit),
        cmocka_unit_test(too_much_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

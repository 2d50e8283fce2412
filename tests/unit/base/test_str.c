#include "check.h"

#include "base/err.h"

static void comparing(void **state)
{
    UNUSED(state);
    assert_true(str_eq(S(""), STR_NONE));
    assert_true(str_eq_nocase(S("Content-TYPE"), S("content-type")));
    assert_false(str_eq_nocase(S("@["), S("`{"))); /* only letters have a case */
    assert_true(str_cmp(S("a"), S("ab")) < 0);
    assert_true(str_cmp(S("b"), S("ab")) > 0);
    assert_true(str_cmp(S("\xff"), S("a")) > 0);
    assert_int_equal(str_cmp(STR_NONE, S("")), 0);
    assert_true(str_starts(S("abc"), S("")));
    assert_true(str_starts(S("abc"), S("ab")));
    assert_false(str_starts(S("a"), S("ab")));
    assert_true(str_ends(S("abc"), S("bc")));
    assert_true(str_ends(STR_NONE, STR_NONE));
    assert_false(str_ends(S("c"), S("bc")));
}

static void finding(void **state)
{
    UNUSED(state);
    struct str s = S("one two one");
    assert_int_equal(str_find(s, S("one"), 0), 0);
    assert_int_equal(str_find(s, S("one"), 1), 8);
    assert_int_equal(str_find(s, S("three"), 0), s.n);
    assert_int_equal(str_find(s, S(""), 3), 3);
    assert_int_equal(str_find(s, S("e"), 99), s.n);
    assert_int_equal(str_find_char(s, ' ', 4), 7);
    assert_int_equal(str_find_char(STR_NONE, 'x', 0), 0);
    assert_str(str_sub(s, 4, 7), "two");
    assert_str(str_sub(s, 8, 99), "one");
    assert_str(str_sub(s, 9, 4), "");
    assert_str(str_trim(S(" \t\r\n x y \f")), "x y");
    assert_str(str_trim(S("   ")), "");
}

static void cutting(void **state)
{
    UNUSED(state);
    struct str rest = S("a,,b"), part;
    assert_true(str_cut(&rest, ',', &part));
    assert_str(part, "a");
    assert_true(str_cut(&rest, ',', &part));
    assert_str(part, "");
    assert_true(str_cut(&rest, ',', &part));
    assert_str(part, "b");
    assert_false(str_cut(&rest, ',', &part));
    assert_str(part, "b"); /* left alone */
    rest = S("a,");        /* what follows the last separator is an empty part */
    assert_true(str_cut(&rest, ',', &part));
    assert_true(str_cut(&rest, ',', &part));
    assert_str(part, "");
    assert_false(str_cut(&rest, ',', &part));
}

static void signed_numbers(void **state)
{
    UNUSED(state);
    int64_t v = 7;
    assert_int_equal(str_to_i64(S("9223372036854775807"), &v), OK);
    assert_int_equal(v, INT64_MAX);
    assert_int_equal(str_to_i64(S("-9223372036854775808"), &v), OK);
    assert_int_equal(v, INT64_MIN);
    assert_int_equal(str_to_i64(S("-0"), &v), OK);
    assert_int_equal(v, 0);
    static const char *const BAD[] = {
        "9223372036854775808",
        "-9223372036854775809",
        "",
        "-",
        "--1",
        "+1",
        " 1",
        "1 ",
        "0x10",
        "1.0",
    };
    v = 7;
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(str_to_i64(str_from(BAD[i]), &v), E_BAD_INPUT);
    assert_int_equal(v, 7);
}

static void unsigned_numbers(void **state)
{
    UNUSED(state);
    uint64_t v = 7;
    assert_int_equal(str_to_u64(S("18446744073709551615"), &v), OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(str_to_u64(S("0000000000000000000000000000000000009"), &v), OK);
    assert_true(v == 9);
    assert_int_equal(str_to_u64(S("18446744073709551616"), &v), E_BAD_INPUT);
    assert_int_equal(str_to_u64(S("99999999999999999999999"), &v), E_BAD_INPUT);
    assert_int_equal(str_to_u64(S("-1"), &v), E_BAD_INPUT);
    assert_int_equal(str_to_u64(str_of("1\0", 2), &v), E_BAD_INPUT);
    assert_true(v == 9);
}

static void decimal_numbers(void **state)
{
    UNUSED(state);
    double v = 7;
    assert_int_equal(str_to_f64(S("-12.5e-1"), &v), OK);
    assert_true(v == -1.25);
    assert_int_equal(str_to_f64(S("0.1"), &v), OK);
    assert_true(v == 0.1);
    assert_int_equal(str_to_f64(S("1E+3"), &v), OK);
    assert_true(v == 1000);
    assert_int_equal(str_to_f64(S("5e-324"), &v), OK);
    assert_true(v == 0x1p-1074);
    assert_int_equal(str_to_f64(S("1.7976931348623157e308"), &v), OK);
    assert_true(v == 0x1.fffffffffffffp1023);
    v = 7;
    static const char *const BAD[] = {
        "",    "-",     ".",     "1.", ".5", "1e",  "1e+", "nan",
        "inf", "0x1p3", "1e309", " 1", "1 ", "1,5", "+1",
    };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(str_to_f64(str_from(BAD[i]), &v), E_BAD_INPUT);
    assert_true(v == 7);
}

static void copies(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char text[] = "Abc";
    struct str copy = str_dup(&a, str_of(text, 3));
    text[0] = 'x';
    assert_str(copy, "Abc");
    assert_non_null(str_dup(&a, S("")).s);
    assert_string_equal(str_cstr(&a, S("abc")), "abc");
    assert_string_equal(str_cstr(&a, STR_NONE), "");
    char *z = "untouched";
    assert_int_equal(str_to_cstr(&a, S("a\0b"), &z), E_BAD_INPUT);
    assert_int_equal(str_to_cstr(&a, S("\0"), &z), E_BAD_INPUT);
    assert_string_equal(z, "untouched");
    assert_int_equal(str_to_cstr(&a, S("abc"), &z), OK);
    assert_string_equal(z, "abc");
    assert_int_equal(str_to_cstr(&a, STR_NONE, &z), OK);
    assert_string_equal(z, "");
    assert_str(str_lower(&a, S("ÄBC-1")), "Äbc-1"); /* ASCII only */
    assert_str(str_fmt(&a, "%s-%d", "x", 5), "x-5");
    assert_str(str_fmt(&a, "%s", ""), "");
    assert_str(str_cat(&a, S("a"), STR_NONE), "a");
    assert_str(str_cat(&a, S("a"), S("b")), "ab");
    assert_str(str_join(&a, (const struct str[]){ S("a"), STR_NONE, S("bc"), S("d") }, 4), "abcd");
    assert_str(str_join(&a, NULL, 0), "");
}

static void copies_in_a_full_arena(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 4);
    assert_null(str_dup(&a, S("12345")).s);
    assert_null(str_fmt(&a, "1").s); /* sticky */
    assert_null(str_cstr(&a, S("1")));
    char *z;
    assert_int_equal(str_to_cstr(&a, S("1"), &z), E_LIMIT);
    assert_int_equal(arena_err(&a), E_LIMIT);
}

static void errors_table(void **state)
{
    UNUSED(state);
    for (int e = 0; e < ERR_COUNT; e++) {
        assert_in_range(err_status((err_t)e), 200, 507);
        assert_true(strlen(err_code((err_t)e)) > 1 && strlen(err_title((err_t)e)) > 1);
        for (int other = 0; other < e; other++)
            assert_string_not_equal(err_code((err_t)e), err_code((err_t)other));
    }
    assert_int_equal(err_status(E_LIMIT), 413);
    assert_string_equal(err_code(E_NOT_FOUND), "not_found");
}

static void error_detail(void **state)
{
    UNUSED(state);
    assert_int_equal(err_note(E_INVALID, "url", "port %d", 80), E_INVALID);
    assert_string_equal(err_detail()->field, "url");
    assert_string_equal(err_detail()->text, "port 80");
    assert_int_equal(err_note(E_BUSY, NULL, "again: %s", err_detail()->text), E_BUSY);
    assert_string_equal(err_detail()->field, "");
    assert_string_equal(err_detail()->text, "again: port 80");
    err_clear();
    assert_string_equal(err_detail()->text, "");
}

static void error_detail_is_cut_between_characters(void **state)
{
    UNUSED(state);
    char text[600];
    for (size_t pad = 0; pad < 3;
         pad++) { /* 3-byte characters; one of these is cut in each place */
        memset(text, 'x', pad);
        size_t n = pad;
        for (; n + 3 < sizeof text; n += 3)
            memcpy(text + n, "€", 3);
        text[n] = 0;
        (void)err_note(E_INVALID, text, "%s", text);
        size_t got = strlen(err_detail()->text);
        assert_in_range(got, 397, 399);
        assert_int_equal((got - pad) % 3, 0);
        assert_int_equal((strlen(err_detail()->field) - pad) % 3, 0);
        assert_memory_equal(err_detail()->text, text, got);
    }
}

/* What is looked for begins with a byte that is everywhere, or nowhere: the same is found. */
static void found_wherever_it_begins(void **state)
{
    UNUSED(state);
    char text[2000];
    for (size_t at = 0; at + 3 <= sizeof text; at += 7) {
        memset(text, 'a', sizeof text);
        text[at] = 'b';
        text[at + 1] = 'c';
        struct str s = str_of(text, sizeof text);
        assert_int_equal(str_find(s, S("bc"), 0), at);
        assert_int_equal(str_find(s, S("bca"), at), at);
        assert_int_equal(str_find(s, S("bc"), at + 1), s.n);
        if (at)
            assert_int_equal(str_find(s, S("abc"), 0), at - 1);
        assert_int_equal(str_find(s, S("aab0"), 0), s.n);
    }
    assert_int_equal(str_find(str_of(text, sizeof text), S("ca"), 0), 1996);
    assert_int_equal(str_find(str_of(text, 5), S("aaaaa"), 0), 0);
    assert_int_equal(str_find(str_of(text, 5), S("a"), 4), 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_wherever_it_begins),
        cmocka_unit_test(comparing),
        cmocka_unit_test(finding),
        cmocka_unit_test(cutting),
        cmocka_unit_test(signed_numbers),
        cmocka_unit_test(unsigned_numbers),
        cmocka_unit_test(decimal_numbers),
        cmocka_unit_test(copies),
        cmocka_unit_test(copies_in_a_full_arena),
        cmocka_unit_test(errors_table),
        cmocka_unit_test(error_detail),
        cmocka_unit_test(error_detail_is_cut_between_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include "base/utf8.h"

static const char *const GOOD[] = {
    "",       "a",          "\x7f",         "\xc2\x80",
    "\u07ff", "\u0800",     "\xed\x9f\xbf", "\xee\x80\x80",
    "\uffff", "\U00010000", "\U0010ffff",   "日本語 ελληνικά 😂",
};

/* The edges of each row of Unicode's table 3-7. */
static const char *const BAD[] = {
    "\x80",
    "\xbf",
    "\xc0\x80",
    "\xc1\xbf",
    "\xc2",
    "\xc2\x7f",
    "\xc2\xc0",
    "\xe0\x9f\xbf",
    "\xe0\xa0",
    "\xed\xa0\x80",
    "\xed\xbf\xbf",
    "\xef\xbf",
    "\xf0\x8f\xbf\xbf",
    "\xf0\x90\x80",
    "\xf4\x90\x80\x80",
    "\xf5\x80\x80\x80",
    "\xfe",
    "\xff",
    "a\xe2\x82z",
};

/* Each sequence alone (the short way) and behind 100 letters (the wide registers). */
static void valid_and_invalid(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str padding = str_fmt(&a, "%0100d", 0);
    for (size_t i = 0; i < COUNTOF(GOOD); i++) {
        assert_true(utf8_ok(str_from(GOOD[i])));
        assert_true(utf8_ok(str_cat(&a, padding, str_from(GOOD[i]))));
    }
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_false(utf8_ok(str_from(BAD[i])));
        assert_false(utf8_ok(str_cat(&a, padding, str_from(BAD[i]))));
        assert_false(utf8_ok(str_cat(&a, str_from(BAD[i]), padding)));
    }
}

static void zero_bytes(void **state)
{
    UNUSED(state);
    assert_true(utf8_ok(str_of("a\0b", 3)));
    assert_false(text_ok(str_of("a\0b", 3)));
    assert_true(text_ok(S("ab")));
    assert_true(text_ok(STR_NONE));
    assert_false(text_ok(S("\xff")));
}

static void every_code_point_both_ways(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, 16);
    for (uint32_t c = 0; c <= 0x10FFFF; c += c < 0x11000 ? 1 : 37) {
        if (c == 0xD800)
            c = 0xE000;
        buf_clear(&b);
        utf8_put(&b, c);
        size_t at = 0;
        if (utf8_next(buf_str(&b), &at) != c || at != b.n || !utf8_ok(buf_str(&b)))
            fail_msg("U+%04X", (unsigned)c);
    }
    buf_clear(&b);
    utf8_put(&b, 0xD800);
    utf8_put(&b, 0x110000);
    assert_str(buf_str(&b), "\uFFFD\uFFFD");
}

static void next_steps_one_byte_over_what_is_wrong(void **state)
{
    UNUSED(state);
    size_t at = 0;
    struct str s = S("\xe2\x82z");
    assert_int_equal(utf8_next(s, &at), 0xFFFD);
    assert_int_equal(at, 1);
    assert_int_equal(utf8_next(s, &at), 0xFFFD);
    assert_int_equal(utf8_next(s, &at), 'z');
    assert_int_equal(at, 3);
}

static void cutting(void **state)
{
    UNUSED(state);
    struct str s = S("a€😂");
    static const char *const WANT[] = { "", "a", "a", "a", "a€", "a€", "a€", "a€", "a€😂", "a€😂" };
    for (size_t n = 0; n < COUNTOF(WANT); n++)
        assert_str(utf8_cut(s, n), WANT[n]);
    assert_int_equal(utf8_cut(S("\x80\x80\x80\x80\x80\x80"), 5).n, 5); /* nothing to keep whole */
    assert_int_equal(utf8_count(s), 3);
    assert_int_equal(utf8_count(STR_NONE), 0);
}

static void repairing(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str good = S("gut €");
    assert_ptr_equal(utf8_repair(&a, good).s, good.s);
    assert_str(utf8_repair(&a, str_of("a\0\xff\xe2\x82€", 8)), "a\uFFFD\uFFFD\uFFFD\uFFFD€");
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_true(text_ok(utf8_repair(&a, str_from(BAD[i]))));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(valid_and_invalid),
        cmocka_unit_test(zero_bytes),
        cmocka_unit_test(every_code_point_both_ways),
        cmocka_unit_test(next_steps_one_byte_over_what_is_wrong),
        cmocka_unit_test(cutting),
        cmocka_unit_test(repairing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

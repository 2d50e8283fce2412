#include "check.h"

#include "base/charset.h"

#define BYTES(text) ((struct str){ (char *)(uintptr_t)(text), sizeof(text) - 1 })

static void decoded(void **state)
{
    UNUSED(state);
    static const struct {
        struct str bytes;
        const char *want;
    } CASES[] = {
        { { "", 0 }, "" },
        { { "{}", 2 }, "{}" },
        { { "\xef\xbb\xbf{}", 5 }, "{}" },
        { { "\xff\xfe{\0}\0", 6 }, "{}" },
        { { "\xfe\xff\0{\0}", 6 }, "{}" },
        { { "{\0}\0", 4 }, "{}" },
        { { "\0{\0}", 4 }, "{}" },
        { { "\xff\xfe\x3d\xd8\x00\xde", 6 }, "\xf0\x9f\x98\x80" },
        { { "\xff\xfe\x3d\xd8", 4 }, "\xef\xbf\xbd" },     /* half a character */
        { { "\xff\xfe\x00\xde{\0", 6 }, "\xef\xbf\xbd{" }, /* the other half */
        { { "\xff\xfe{\0}", 5 }, "{\xef\xbf\xbd" },        /* half a unit */
        { { "<p>\xe9\x80\x93 \xff", 8 }, "<p>é€“ ÿ" },     /* no UTF-8: as browsers do */
        { { "<p>\xc3\xa9", 5 }, "<p>é" },
        { { "<p>\xc3\xa9\xc3", 6 }, "<p>é" }, /* cut */
        { { "{\xf0\x9f\x98", 4 }, "{" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        struct str got;
        assert_int_equal(charset_decode(&a, CASES[i].bytes, &got), OK);
        assert_str(got, CASES[i].want);
    }
}

static void refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str got;
    assert_int_equal(charset_decode(&a, BYTES("{\"a\":\"\xe9\"}"), &got), E_BAD_ENCODING);
    assert_non_null(strstr(err_detail()->text, "at byte 6"));
    assert_int_equal(charset_decode(&a, BYTES("{\"\xef\xbf\xbd\xed\xa0\x80\"}"), &got),
                     E_BAD_ENCODING);
    assert_non_null(strstr(err_detail()->text, "at byte 5"));
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(decoded), cmocka_unit_test(refused) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include <math.h>

#include "base/timestamp.h"

static const struct pair {
    int64_t ms;
    const char *text;
} BOTH_WAYS[] = {
    { 0, "1970-01-01T00:00:00Z" },
    { 1, "1970-01-01T00:00:00.001Z" },
    { -1, "1969-12-31T23:59:59.999Z" },
    { 951782400000, "2000-02-29T00:00:00Z" }, /* divisible by 400: a leap year */
    { 1709251199999, "2024-02-29T23:59:59.999Z" },
    { 1709251200000, "2024-03-01T00:00:00Z" },
    { -2203891200000, "1900-03-01T00:00:00Z" }, /* 1900 was none */
    { -2203977600000, "1900-02-28T00:00:00Z" },
    { 4107542400000, "2100-03-01T00:00:00Z" },
    { 1769130123456, "2026-01-23T01:02:03.456Z" },
    { -62167219200000, "0000-01-01T00:00:00Z" },
    { 253402300799999, "9999-12-31T23:59:59.999Z" },
};

static void both_ways(void **state)
{
    UNUSED(state);
    for (size_t i = 0; i < COUNTOF(BOTH_WAYS); i++) {
        char text[TIME_TEXT_BYTES + 1];
        int64_t ms = 42;
        assert_int_equal(time_text(BOTH_WAYS[i].ms, text), strlen(BOTH_WAYS[i].text));
        assert_string_equal(text, BOTH_WAYS[i].text);
        assert_int_equal(time_parse(str_from(text), &ms), OK);
        assert_int_equal(ms, BOTH_WAYS[i].ms);
    }
}

static void every_day_of_nine_centuries(void **state)
{
    UNUSED(state);
    for (int64_t day = -150000; day < 180000; day++) {
        char text[TIME_TEXT_BYTES + 1];
        int64_t ms = 0, want = day * 86400000 + 43200000;
        size_t n = time_text(want, text);
        if (time_parse(str_of(text, n), &ms) != OK || ms != want)
            fail_msg("day %lld was written %s", (long long)day, text);
    }
}

static void outside_is_clamped(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(time_str(&a, INT64_MAX), "9999-12-31T23:59:59.999Z");
    assert_str(time_str(&a, INT64_MIN + 1), "0000-01-01T00:00:00Z");
    assert_null(time_str(&a, TIME_NONE).s);
}

static void other_spellings(void **state)
{
    UNUSED(state);
    static const struct pair SPELLINGS[] = {
        { 1769130123000, "2026-01-23T02:02:03+01:00" },
        { 1769130123000, "2026-01-22T15:32:03-09:30" },
        { 1769130123000, "2026-01-23T01:02:03-00:00" },
        { 1769130123000, "2026-01-23t01:02:03z" },
        { 1769130123400, "2026-01-23T01:02:03.4Z" },
        { 1769130123999, "2026-01-23T01:02:03.999999999999999999999Z" }, /* cut, not rounded */
        { 1483228799999, "2016-12-31T23:59:60Z" },                       /* leap seconds */
        { 1483228799999, "2016-12-31T15:59:60.5-08:00" },
        { 1709251199000, "2024-03-01T00:59:59+01:00" },
    };
    for (size_t i = 0; i < COUNTOF(SPELLINGS); i++) {
        int64_t ms = 0;
        assert_int_equal(time_parse(str_from(SPELLINGS[i].text), &ms), OK);
        assert_int_equal(ms, SPELLINGS[i].ms);
    }
}

static void bad_texts(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "",
        "2026",
        "2026-01-23",
        "2026-01-23T01:02:03",
        "2026-01-23 01:02:03Z",
        "2026-01-23T01:02:03ZZ",
        "2026-01-23T01:02:03.Z",
        "2026-01-23T01:02Z",
        "2026-1-23T01:02:03Z",
        "2026-00-23T01:02:03Z",
        "2026-13-23T01:02:03Z",
        "2026-01-00T01:02:03Z",
        "2026-01-32T01:02:03Z",
        "2026-04-31T01:02:03Z",
        "2026-02-29T01:02:03Z",
        "1900-02-29T01:02:03Z",
        "2026-01-23T24:00:00Z",
        "2026-01-23T01:60:00Z",
        "2026-01-23T01:02:61Z",
        "2026-01-23T01:02:60Z", /* no leap second in the middle of a day */
        "2026-01-23T01:02:03+24:00",
        "2026-01-23T01:02:03+01:60",
        "2026-01-23T01:02:03+0100",
        "2026-01-23T01:02:03+1",
        "+026-01-23T01:02:03Z",
        " 2026-01-23T01:02:03Z",
    };
    int64_t ms = 42;
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        if (time_parse(str_from(BAD[i]), &ms) != E_BAD_INPUT)
            fail_msg("\"%s\" was taken", BAD[i]);
    assert_int_equal(ms, 42);
}

static void seconds(void **state)
{
    UNUSED(state);
    assert_int_equal(time_from_seconds(1.0005), 1001);
    assert_int_equal(time_from_seconds(-1.25), -1250);
    assert_int_equal(time_from_seconds(1769130123.456), 1769130123456);
    assert_int_equal(time_from_seconds(253402300799.999), 253402300799999);
    assert_int_equal(time_from_seconds(253402300800.0), TIME_NONE);
    assert_int_equal(time_from_seconds(-1e18), TIME_NONE);
    assert_int_equal(time_from_seconds(NAN), TIME_NONE);
    assert_int_equal(time_from_seconds(INFINITY), TIME_NONE);
    assert_int_equal(time_from_seconds(1e308), TIME_NONE);
}

static void http_dates(void **state)
{
    UNUSED(state);
    char text[30];
    time_http(784111777000, text); /* the example of RFC 9110, 5.6.7 */
    assert_string_equal(text, "Sun, 06 Nov 1994 08:49:37 GMT");
    time_http(1795519024999, text);
    assert_string_equal(text, "Tue, 24 Nov 2026 11:17:04 GMT");
    time_http(-1, text);
    assert_string_equal(text, "Wed, 31 Dec 1969 23:59:59 GMT");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),          cmocka_unit_test(every_day_of_nine_centuries),
        cmocka_unit_test(outside_is_clamped), cmocka_unit_test(other_spellings),
        cmocka_unit_test(bad_texts),          cmocka_unit_test(seconds),
        cmocka_unit_test(http_dates),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Dates in words, on fixed clocks. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/timestamp.h"
#include "search/query/dates.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(4));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

static struct search_clock clock_at(const char *now, const char *language)
{
    struct search_clock c = { .language = search_language_from(str_from(language)) };
    assert_int_equal(time_parse(str_from(now), &c.now_ms), OK);
    return c;
}

/* "2025-11-01 2025-12-01 month", "" for none. */
static struct str date_text(bool is, const struct search_date *d)
{
    static const char *const UNITS[] = { "day", "week", "month", "season", "year", "span" };
    if (!is)
        return S("");
    assert_true(d->from_ms < d->to_ms && d->start < d->end);
    return str_fmt(&a, "%.10s %.10s %s", time_str(&a, d->from_ms).s, time_str(&a, d->to_ms).s,
                   UNITS[d->unit]);
}

struct value_case {
    const char *language, *value, *want;
};

static void check_values(const char *now, const struct value_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct search_clock c = clock_at(now, cases[i].language);
        struct search_date d;
        struct str got = date_text(search_date_value(str_from(cases[i].value), &c, &d), &d);
        if (!str_eq(got, str_from(cases[i].want)))
            fail_msg("%s (%s) is \"%.*s\", not \"%s\"", cases[i].value, cases[i].language,
                     STR_ARG(got), cases[i].want);
    }
}

/* A Monday. */
#define NOW "2026-11-30T12:00:00Z"

static void numbers(void **state)
{
    UNUSED(state);
    static const struct value_case CASES[] = {
        { "en", "2025-11-05", "2025-11-05 2025-11-06 day" },
        { "en", "2025/11/05", "2025-11-05 2025-11-06 day" },
        { "en", "2025-11", "2025-11-01 2025-12-01 month" },
        { "en", "2025-12", "2025-12-01 2026-01-01 month" },
        { "en", "2025", "2025-01-01 2026-01-01 year" },
        { "en", "2024-02-29", "2024-02-29 2024-03-01 day" },
        { "en", "2025-02-29", "" },
        { "en", "2000-02-29", "2000-02-29 2000-03-01 day" },
        { "en", "1900-02-29", "" },
        { "en", "2025-13", "" },
        { "en", "2025-00", "" },
        { "en", "2025-11-31", "" },
        { "en", "2025-11-05-06", "" },
        { "en", "5/6/2024", "2024-05-06 2024-05-07 day" },
        { "en", "25/6/2024", "2024-06-25 2024-06-26 day" },
        { "de", "5/6/2024", "2024-06-05 2024-06-06 day" },
        { "de", "5.6.2024", "2024-06-05 2024-06-06 day" },
        { "en", "5.6.2024", "2024-06-05 2024-06-06 day" },
        { "fr", "05/06/24", "2024-06-05 2024-06-06 day" },
        { "fr", "05/06/98", "1998-06-05 1998-06-06 day" },
        { "fr", "05/06/27", "2027-06-05 2027-06-06 day" },
        { "fr", "05/06/28", "1928-06-05 1928-06-06 day" },
        { "it", "31-12-2024", "2024-12-31 2025-01-01 day" },
        { "it", "32-12-2024", "" },
        { "en", "1899", "" },
        { "en", "2200", "" },
        { "en", "12", "" },
        { "en", "99999999999999999999", "" },
        { "en", "", "" },
        { "en", " - ", "" },
    };
    check_values(NOW, CASES, COUNTOF(CASES));
}

static void english(void **state)
{
    UNUSED(state);
    static const struct value_case CASES[] = {
        { "en", "today", "2026-11-30 2026-12-01 day" },
        { "en", "Yesterday", "2026-11-29 2026-11-30 day" },
        { "en", "the day before yesterday", "2026-11-28 2026-11-29 day" },
        { "en", "3 days ago", "2026-11-27 2026-11-28 day" },
        { "en", "three weeks ago", "2026-11-09 2026-11-16 week" },
        { "en", "a month ago", "2026-10-01 2026-11-01 month" },
        { "en", "2 years ago", "2024-01-01 2025-01-01 year" },
        { "en", "1001 days ago", "" },
        { "en", "last week", "2026-11-23 2026-11-30 week" },
        { "en", "this week", "2026-11-30 2026-12-07 week" },
        { "en", "last weekend", "2026-11-28 2026-11-30 week" },
        { "en", "last month", "2026-10-01 2026-11-01 month" },
        { "en", "last quarter", "2026-07-01 2026-10-01 season" },
        { "en", "last year", "2025-01-01 2026-01-01 year" },
        { "en", "last March", "2026-03-01 2026-04-01 month" },
        { "en", "last November", "2025-11-01 2025-12-01 month" },
        { "en", "last December", "2025-12-01 2026-01-01 month" },
        { "en", "this November", "2026-11-01 2026-12-01 month" },
        { "en", "December", "2025-12-01 2026-01-01 month" },
        { "en", "november", "2026-11-01 2026-12-01 month" },
        { "en", "in May 2024", "2024-05-01 2024-06-01 month" },
        { "en", "may", "2026-05-01 2026-06-01 month" },
        { "en", "March of last year", "2025-03-01 2025-04-01 month" },
        { "en", "on 5 June", "2026-06-05 2026-06-06 day" },
        { "en", "5th of June, 2024", "2024-06-05 2024-06-06 day" },
        { "en", "June 5th, 2024", "2024-06-05 2024-06-06 day" },
        { "en", "Jun 5", "2026-06-05 2026-06-06 day" },
        { "en", "december 5", "2025-12-05 2025-12-06 day" },
        { "en", "29 February", "2024-02-29 2024-03-01 day" },
        { "en", "30 February", "" },
        { "en", "31 March", "2026-03-31 2026-04-01 day" },
        { "en", "32 March", "" },
        { "en", "123 March", "" },
        { "en", "March 2020 2021", "" },
        { "en", "last Monday", "2026-11-23 2026-11-24 day" },
        { "en", "Monday", "2026-11-30 2026-12-01 day" },
        { "en", "on Tuesday", "2026-11-24 2026-11-25 day" },
        { "en", "Friday, 5 June 2026", "2026-06-05 2026-06-06 day" },
        { "en", "summer 2024", "2024-06-01 2024-09-01 season" },
        { "en", "winter of 2024", "2024-12-01 2025-03-01 season" },
        { "en", "last summer", "2026-06-01 2026-09-01 season" },
        { "en", "last autumn", "2025-09-01 2025-12-01 season" },
        { "en", "this fall", "2026-09-01 2026-12-01 season" },
        { "en", "Q3 2024", "2024-07-01 2024-10-01 season" },
        { "en", "last 7 days", "2026-11-24 2026-12-01 span" },
        { "en", "the past two weeks", "2026-11-17 2026-12-01 span" },
        { "en", "last 2 years", "2024-11-30 2026-12-01 span" },
        { "en", "last 200 years", "" },
        { "en", "last 3 months", "2026-08-30 2026-12-01 span" },
        { "en", "kettle", "" },
        { "en", "last kettle", "" },
        { "en", "yesterday kettle", "" },
        { "en", "gestern", "2026-11-29 2026-11-30 day" },
        { "en", "hier", "" },
        { "en", "mars 2024", "" },
        { "", "gestern", "2026-11-29 2026-11-30 day" },
        { "en", "next week", "" },
    };
    check_values(NOW, CASES, COUNTOF(CASES));
}

static void other_languages(void **state)
{
    UNUSED(state);
    static const struct value_case CASES[] = {
        { "de", "heute", "2026-11-30 2026-12-01 day" },
        { "de", "vorgestern", "2026-11-28 2026-11-29 day" },
        { "de", "vor drei Tagen", "2026-11-27 2026-11-28 day" },
        { "de", "vor einer Woche", "2026-11-23 2026-11-30 week" },
        { "de", "letzte Woche", "2026-11-23 2026-11-30 week" },
        { "de", "letzten März", "2026-03-01 2026-04-01 month" },
        { "de", "im Mai", "2026-05-01 2026-06-01 month" },
        { "de", "am 5. Juni 2024", "2024-06-05 2024-06-06 day" },
        { "de", "im Jahr 2024", "2024-01-01 2025-01-01 year" },
        { "de", "Sommer 2024", "2024-06-01 2024-09-01 season" },
        { "de", "letzten Dienstag", "2026-11-24 2026-11-25 day" },
        { "de", "die letzten 3 Tage", "2026-11-28 2026-12-01 span" },
        { "de", "last week", "2026-11-23 2026-11-30 week" },
        { "fr", "aujourd'hui", "2026-11-30 2026-12-01 day" },
        { "fr", "aujourd’hui", "2026-11-30 2026-12-01 day" },
        { "fr", "hier", "2026-11-29 2026-11-30 day" },
        { "fr", "avant-hier", "2026-11-28 2026-11-29 day" },
        { "fr", "il y a 3 jours", "2026-11-27 2026-11-28 day" },
        { "fr", "il y a un an", "2025-01-01 2026-01-01 year" },
        { "fr", "la semaine dernière", "2026-11-23 2026-11-30 week" },
        { "fr", "le mois passé", "2026-10-01 2026-11-01 month" },
        { "fr", "en mars", "2026-03-01 2026-04-01 month" },
        { "fr", "mars dernier", "2026-03-01 2026-04-01 month" },
        { "fr", "le 1er juin 2024", "2024-06-01 2024-06-02 day" },
        { "fr", "l'été 2024", "2024-06-01 2024-09-01 season" },
        { "fr", "les 3 derniers jours", "2026-11-28 2026-12-01 span" },
        { "es", "ayer", "2026-11-29 2026-11-30 day" },
        { "es", "hace tres días", "2026-11-27 2026-11-28 day" },
        { "es", "la semana pasada", "2026-11-23 2026-11-30 week" },
        { "es", "el 5 de junio de 2024", "2024-06-05 2024-06-06 day" },
        { "es", "marzo pasado", "2026-03-01 2026-04-01 month" },
        { "es", "en mayo", "2026-05-01 2026-06-01 month" },
        { "es", "el lunes pasado", "2026-11-23 2026-11-24 day" },
        { "pt", "ontem", "2026-11-29 2026-11-30 day" },
        { "pt", "anteontem", "2026-11-28 2026-11-29 day" },
        { "pt", "há 3 dias", "2026-11-27 2026-11-28 day" },
        { "pt", "3 dias atrás", "2026-11-27 2026-11-28 day" },
        { "pt", "no mês passado", "2026-10-01 2026-11-01 month" },
        { "pt", "5 de março de 2024", "2024-03-05 2024-03-06 day" },
        { "pt", "terça-feira passada", "2026-11-24 2026-11-25 day" },
        { "pt", "em março", "2026-03-01 2026-04-01 month" },
        { "it", "ieri", "2026-11-29 2026-11-30 day" },
        { "it", "l'altro ieri", "2026-11-28 2026-11-29 day" },
        { "it", "tre giorni fa", "2026-11-27 2026-11-28 day" },
        { "it", "la settimana scorsa", "2026-11-23 2026-11-30 week" },
        { "it", "a maggio", "2026-05-01 2026-06-01 month" },
        { "it", "il 5 giugno 2024", "2024-06-05 2024-06-06 day" },
        { "it", "nell'estate 2024", "2024-06-01 2024-09-01 season" },
    };
    check_values(NOW, CASES, COUNTOF(CASES));
}

static void around_the_year(void **state)
{
    UNUSED(state);
    static const struct value_case NEW_YEAR[] = {
        /* a Friday */
        { "en", "yesterday", "2026-12-31 2027-01-01 day" },
        { "en", "last month", "2026-12-01 2027-01-01 month" },
        { "en", "last week", "2026-12-21 2026-12-28 week" },
        { "en", "this week", "2026-12-28 2027-01-04 week" },
        { "en", "december", "2026-12-01 2027-01-01 month" },
        { "en", "1 january", "2027-01-01 2027-01-02 day" },
        { "en", "2 january", "2026-01-02 2026-01-03 day" },
        { "en", "this winter", "2026-12-01 2027-03-01 season" },
        { "en", "last winter", "2025-12-01 2026-03-01 season" },
        { "en", "two months ago", "2026-11-01 2026-12-01 month" },
        { "en", "last quarter", "2026-10-01 2027-01-01 season" },
    };
    static const struct value_case LEAP_DAY[] = {
        { "en", "today", "2028-02-29 2028-03-01 day" },
        { "en", "february", "2028-02-01 2028-03-01 month" },
        { "en", "29 february", "2028-02-29 2028-03-01 day" },
        { "en", "a year ago", "2027-01-01 2028-01-01 year" },
    };
    static const struct value_case FIRST_DAY[] = {
        { "en", "this winter", "2026-12-01 2027-03-01 season" },
        { "en", "last autumn", "2026-09-01 2026-12-01 season" },
        { "en", "december", "2026-12-01 2027-01-01 month" },
        { "en", "last december", "2025-12-01 2026-01-01 month" },
    };
    check_values("2026-12-01T00:00:00Z", FIRST_DAY, COUNTOF(FIRST_DAY));
    check_values("2027-01-01T00:00:00Z", NEW_YEAR, COUNTOF(NEW_YEAR));
    check_values("2028-02-29T23:59:59Z", LEAP_DAY, COUNTOF(LEAP_DAY));
}

static void zones(void **state)
{
    UNUSED(state);
    struct search_clock c = clock_at("2026-11-30T23:30:00Z", "en");
    struct search_date d;
    int64_t midnight;
    c.zone_minutes = 60; /* it is tomorrow there */
    assert_true(search_date_value(S("today"), &c, &d));
    assert_int_equal(time_parse(S("2026-12-01T00:00:00+01:00"), &midnight), OK);
    assert_int_equal(d.from_ms, midnight);
    assert_int_equal(d.to_ms, midnight + 24 * 3600 * 1000);
    c.zone_minutes = -300;
    assert_true(search_date_value(S("2026-11-30"), &c, &d));
    assert_int_equal(time_parse(S("2026-11-30T00:00:00-05:00"), &midnight), OK);
    assert_int_equal(d.from_ms, midnight);
    c.zone_minutes = INT32_MIN;
    assert_true(search_date_value(S("today"), &c, &d));
    c.now_ms = INT64_MAX;
    assert_true(search_date_value(S("last winter"), &c, &d));
    c.now_ms = INT64_MIN;
    assert_true(search_date_value(S("1000 months ago"), &c, &d) && d.from_ms < d.to_ms);
}

static void without_a_year(void **state)
{
    UNUSED(state);
    static const struct {
        const char *value, *said, *want;
    } CASES[] = {
        { "5 June", "2024-06-20T00:00:00Z", "2024-06-05 2024-06-06 day" },
        { "5 June", "2024-01-20T00:00:00Z", "2024-06-05 2024-06-06 day" },
        { "5 December", "2024-01-20T00:00:00Z", "2023-12-05 2023-12-06 day" },
        { "1 January", "2024-12-31T23:59:59Z", "2025-01-01 2025-01-02 day" },
        { "29 February", "2023-06-01T00:00:00Z", "2024-02-29 2024-03-01 day" },
        { "May", "2019-06-20T00:00:00Z", "2019-05-01 2019-06-01 month" },
        { "December", "2019-12-31T00:00:00Z", "2019-12-01 2020-01-01 month" },
        { "5 June 2026", "2024-06-20T00:00:00Z", "2026-06-05 2026-06-06 day" },
        { "May 2026", "2019-06-20T00:00:00Z", "2026-05-01 2026-06-01 month" },
        { "last May", "2019-06-20T00:00:00Z", "2026-05-01 2026-06-01 month" },
        { "yesterday", "2019-06-20T00:00:00Z", "2026-11-29 2026-11-30 day" },
    };
    struct search_clock c = clock_at(NOW, "en");
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_date d, near;
        int64_t said;
        assert_int_equal(time_parse(str_from(CASES[i].said), &said), OK);
        assert_true(search_date_value(str_from(CASES[i].value), &c, &d));
        near = search_date_nearest(&d, said);
        struct str got = date_text(true, &near);
        if (!str_eq(got, str_from(CASES[i].want)))
            fail_msg("%s for %s is %.*s, not %s", CASES[i].value, CASES[i].said, STR_ARG(got),
                     CASES[i].want);
    }
    struct search_date d;
    c.zone_minutes = -300;
    assert_true(search_date_value(S("5 June"), &c, &d));
    struct search_date same = search_date_nearest(&d, c.now_ms);
    assert_true(same.from_ms == d.from_ms && same.to_ms == d.to_ms);
    same = search_date_nearest(&d, INT64_MIN);
    assert_true(same.from_ms == d.from_ms);
}

/* What a question names: "the words [range]|…" */
static struct str dates_in(struct str text, const struct search_clock *c)
{
    struct buf b;
    struct search_date d;
    buf_init(&b, &a, KIB(64));
    for (size_t at = 0; search_date_in(text, &at, c, &d);) {
        assert_int_equal(at, d.end);
        if (b.n)
            buf_putc(&b, '|');
        buf_put(&b, str_sub(text, d.start, d.end));
        buf_putf(&b, " [%.*s]", STR_ARG(date_text(true, &d)));
    }
    return b.n ? buf_str(&b) : S("");
}

static void in_questions(void **state)
{
    UNUSED(state);
    static const char *const CASES[][3] = {
        { "en", "What did we decide on 5 June about the kettle?",
          "5 June [2026-06-05 2026-06-06 day]" },
        { "en", "what happened in May", "May [2026-05-01 2026-06-01 month]" },
        { "en", "what may happen in 2024 words", "2024 [2024-01-01 2025-01-01 year]" },
        { "en", "the 2024 budget and 5/6 of it, version 1.2.3", "" },
        { "en", "march on, Jan and April", "" },
        { "en", "versions 10.2.24, 1.10.2.2024 and 10.2.2024.1", "" },
        { "de", "am 10.2.24", "10.2.24 [2024-02-10 2024-02-11 day]" },
        { "en", "the last kettle of this house, 5 days, the last 3 kettles, 32 June", "" },
        { "en", "in the last 200 years, 1/1/1800, q5 2024, x1 2024, qqq1 2024", "" },
        { "en", "the november week of the last kettle", "november [2026-11-01 2026-12-01 month]" },
        { "en", "How did November go?", "November [2026-11-01 2026-12-01 month]" },
        { "en", "between March 3 and the 7th of April (2025)",
          "March 3 [2026-03-03 2026-03-04 day]|7th of April [2026-04-07 2026-04-08 day]" },
        { "en", "notes of yesterday, last week and 2 days ago",
          "yesterday [2026-11-29 2026-11-30 day]|last week [2026-11-23 2026-11-30 week]|"
          "2 days ago [2026-11-28 2026-11-29 day]" },
        { "en", "the Tuesday meeting on Tuesday", "Tuesday [2026-11-24 2026-11-25 day]" },
        { "en", "Since the summer of 2023, what", "summer of 2023 [2023-06-01 2023-09-01 season]" },
        { "en", "released 2025-11-05!", "2025-11-05 [2025-11-05 2025-11-06 day]" },
        { "en", "port 8080 in 1500 days", "" },
        { "de", "Was haben wir am 5. Juni besprochen?", "5. Juni [2026-06-05 2026-06-06 day]" },
        { "de", "was war letzten Monat", "letzten Monat [2026-10-01 2026-11-01 month]" },
        { "fr", "qu'avons-nous dit le 5 juin 2024 ?", "5 juin 2024 [2024-06-05 2024-06-06 day]" },
        { "es", "lo que hablamos hace dos semanas",
          "hace dos semanas [2026-11-16 2026-11-23 week]" },
        { "pt", "o que decidimos ontem", "ontem [2026-11-29 2026-11-30 day]" },
        { "it", "cosa abbiamo deciso il mese scorso", "mese scorso [2026-10-01 2026-11-01 month]" },
        { "", "今天 2025-11-05 新闻", "2025-11-05 [2025-11-05 2025-11-06 day]" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_clock c = clock_at(NOW, CASES[i][0]);
        struct str got = dates_in(str_from(CASES[i][1]), &c);
        if (!str_eq(got, str_from(CASES[i][2])))
            fail_msg("\"%s\" names %.*s, not %s", CASES[i][1], STR_ARG(got), CASES[i][2]);
    }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(numbers), TEST(english),        TEST(other_languages), TEST(around_the_year),
        TEST(zones),   TEST(without_a_year), TEST(in_questions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

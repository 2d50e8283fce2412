/* What is offered for a name that is not known: what fits, or nothing. */
#include "check.h"

#include "base/suggest.h"

static struct str best(const char *given)
{
    static const char *const NAMES[] = { "serve",      "capture",    "search", "tail",
                                         "extract",    "user",       "token",  "config",
                                         "log-level",  "log-format", "data",   "listen",
                                         "healthcheck" };
    struct suggestion s = suggest(str_from(given));
    for (size_t i = 0; i < COUNTOF(NAMES); i++)
        suggest_offer(&s, str_from(NAMES[i]));
    return suggest_best(&s);
}

static void near_names_are_offered(void **state)
{
    UNUSED(state);
    static const char *const CASES[][2] = {
        { "captur", "capture" },     { "serach", "search" },
        { "usr", "user" },           { "SERVE", "serve" },
        { "tokens", "token" },       { "LOG_LEVL", "log-level" },
        { "lisen", "listen" },       { "dta", "data" },
        { "health", "healthcheck" }, { "healthchekc", "healthcheck" },
        { "conf", "config" },        { "exrtact", "extract" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str got = best(CASES[i][0]);
        if (!str_eq(got, str_from(CASES[i][1])))
            fail_msg("%s: %.*s", CASES[i][0], STR_ARG(got));
    }
}

static void nothing_silly_is_offered(void **state)
{
    UNUSED(state);
    static const char *const CASES[] = { "",
                                         "x",
                                         "foo",
                                         "log",
                                         "init",
                                         "start",
                                         "delete",
                                         "ab",
                                         "date-of-birth",
                                         "verse1",
                                         "port",
                                         "tool",
                                         "userland-of-plenty",
                                         "tale-of-two",
                                         "s" };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str got = best(CASES[i]);
        if (got.s)
            fail_msg("%s: %.*s", CASES[i], STR_ARG(got));
    }
    char long_one[500];
    memset(long_one, 'a', sizeof long_one);
    long_one[sizeof long_one - 1] = 0;
    assert_null(best(long_one).s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(near_names_are_offered),
        cmocka_unit_test(nothing_silly_is_offered),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

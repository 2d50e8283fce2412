/* What stands in front of a colon: filters, dates, what is left out while somebody types, hints. */
#include "search/asked.h"

static int64_t ms_of(const char *text)
{
    int64_t ms;
    assert_int_equal(time_parse(str_from(text), &ms), OK);
    return ms;
}

static void filters(void **state)
{
    UNUSED(state);
    struct search_query q =
        parsed("provider:ChatGPT PROVIDER:claude -role:tool word from:me "
               "from:Ann in:\"my trip\" -in:x has:code has:Photo lang:EN lang:Deutsch "
               "kind:message role:AI -(from:bot) model:gpt-5 account:a@b.example");
    static const struct {
        enum search_field field;
        const char *value;
        bool exclude;
    } WANT[] = {
        { SEARCH_FIELD_PROVIDER, "ChatGPT", false },
        { SEARCH_FIELD_PROVIDER, "claude", false },
        { SEARCH_FIELD_ROLE, "tool", true },
        { SEARCH_FIELD_ROLE, "user", false },
        { SEARCH_FIELD_AUTHOR, "Ann", false },
        { SEARCH_FIELD_IN, "my trip", false },
        { SEARCH_FIELD_IN, "x", true },
        { SEARCH_FIELD_HAS, "code", false },
        { SEARCH_FIELD_HAS, "image", false },
        { SEARCH_FIELD_LANGUAGE, "en", false },
        { SEARCH_FIELD_LANGUAGE, "de", false },
        { SEARCH_FIELD_KIND, "message", false },
        { SEARCH_FIELD_ROLE, "assistant", false },
        { SEARCH_FIELD_ROLE, "assistant", true },
        { SEARCH_FIELD_MODEL, "gpt-5", false },
        { SEARCH_FIELD_ACCOUNT, "a@b.example", false },
    };
    assert_int_equal(q.choice_count, COUNTOF(WANT));
    for (size_t i = 0; i < COUNTOF(WANT); i++) {
        assert_int_equal(q.choices[i].field, WANT[i].field);
        assert_true(str_eq(q.choices[i].value, str_from(WANT[i].value)));
        assert_int_equal(q.choices[i].exclude, WANT[i].exclude);
        assert_false(q.choices[i].begins);
    }
    assert_true(str_eq(q.words, S("word ")));
    assert_int_equal(q.hint_count, 0);
}

static void whose(void **state)
{
    UNUSED(state);
    static const struct {
        const char *q;
        bool mine, shared;
    } CASES[] = {
        { "x", false, false },         { "is:shared", false, true },
        { "is:Mine", true, false },    { "-is:shared", true, false },
        { "-is:mine x", false, true }, { "is:mine is:shared", true, true },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_query q = parsed(CASES[i].q);
        if (q.mine != CASES[i].mine || q.shared != CASES[i].shared || q.nothing || q.hint_count)
            fail_msg("%s: mine %d, shared %d", CASES[i].q, q.mine, q.shared);
    }
}

/* Which of these moments does a query let through? */
static void times(void **state)
{
    UNUSED(state);
    static const char *const MOMENTS[] = { "2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z",
                                           "2026-01-15T12:00:00Z", "2026-02-01T00:00:00Z",
                                           "2026-09-20T08:00:00Z" };
    static const struct {
        const char *q, *in; /* a digit for each moment; n: one whose time is not known */
    } CASES[] = {
        { "kettle", "01234n" },
        { "after:2026-01-01", "1234" },
        { "before:2026-01-01", "0" },
        { "-before:2026-01-01", "1234" },
        { "-after:2026-01-01", "0" },
        { "during:2026-01", "12" },
        { "-during:2026-01", "034n" },
        { "on:2026-01-15 on:yesterday", "24" }, /* alternatives, as with every filter */
        { "during:2026 -during:2026-01", "34" },
        { "during:2026 after:2026-01-02 before:2026-09-01", "23" },
        { "-on:2026-01-15 -on:yesterday", "013n" },
        { "during:\"last January\"", "12" },
        { "during:januar", "12" },
        { "during:\"letzten Januar\"", "12" },
        { "during:\"mars 2025\" OR on:ieri", "4" },
        { "during:\"enero de 2026\"", "12" },
        { "during:\"janvier 2026\" OR during:2025", "012" },
        { "before:2026-01-15T12:00:00Z after:2026-01-01T00:00:00Z", "1" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_query q = parsed(CASES[i].q);
        char in[16] = "";
        for (size_t m = 0; m < COUNTOF(MOMENTS); m++)
            if (search_query_at(&q, ms_of(MOMENTS[m])))
                in[strlen(in)] = (char)('0' + m);
        if (search_query_at(&q, TIME_NONE))
            in[strlen(in)] = 'n';
        if (strcmp(in, CASES[i].in) != 0 || q.hint_count || q.nothing)
            fail_msg("%s lets %s through, not %s", CASES[i].q, in, CASES[i].in);
    }
    struct search_query q = parsed("on:2026-01-02 on:2026-03-01"); /* what the index is asked for */
    assert_int_equal(q.from_ms, ms_of("2026-01-02T00:00:00Z"));
    assert_int_equal(q.before_ms, ms_of("2026-03-02T00:00:00Z"));
}

static bool is_begun(const struct search_query *q, enum search_field field, const char *value)
{
    return q->choice_count == 1 && q->choices[0].field == field && q->choices[0].begins &&
           str_eq(q->choices[0].value, str_from(value));
}

/* A value at the end may go on; what is none yet takes nothing away and says nothing. */
static void while_somebody_types(void **state)
{
    UNUSED(state);
    struct search_query q = parsed_while("kettle provider:cl", true);
    assert_true(is_begun(&q, SEARCH_FIELD_PROVIDER, "cl"));
    q = parsed_while("in:\"my tr", true);
    assert_true(is_begun(&q, SEARCH_FIELD_IN, "my tr"));
    q = parsed_while("in:\"my tr\"", true);
    assert_false(q.choices[0].begins);
    q = parsed_while("provider:cl kettle", true);
    assert_false(q.choices[0].begins);
    q = parsed_while("kettle role:as", true);
    assert_true(q.choice_count == 1 && str_eq(q.choices[0].value, S("assistant")));
    static const char *const OPEN[] = { "kettle role:",    "kettle role:x",        "kettle has:",
                                        "kettle before:2", "kettle before:\"last", "kettle is:",
                                        "kettle lang:",    "kettle on:yester",     "kettle in:\"" };
    for (size_t i = 0; i < COUNTOF(OPEN); i++) {
        q = parsed_while(OPEN[i], true);
        if (q.hint_count || !str_eq(q.words, S("kettle ")))
            fail_msg("%s: %zu hints, words %.*s", OPEN[i], q.hint_count, STR_ARG(q.words));
        q = parsed(OPEN[i]); /* when it is sent off, it is said */
        if (!q.hint_count)
            fail_msg("%s: no hint", OPEN[i]);
    }
}

/* Nothing is an error: what is no filter is a word, and where that helps it is said. */
static void hints(void **state)
{
    UNUSED(state);
    static const struct {
        const char *q, *code, *detail, *words;
    } CASES[] = {
        { "before:soonish", "no_date", "soonish", "before:soonish " },
        { "tag:work", "not_yet", "work", "tag:work " },
        { "is:starred", "not_yet", "starred", "is:starred " },
        { "is:archived x", "not_yet", "archived", "is:archived x " },
        { "is:banana", "unknown_field", "mine or shared", "is:banana " },
        { "role:banana", "unknown_field", "user, assistant, system or tool", "role:banana " },
        { "has:cheese", "unknown_field", NULL, "has:cheese " },
        { "lang:klingon", "unknown_field", NULL, "lang:klingon " },
        { "providr:claude", "unknown_field", "provider", "providr:claude " },
        { "title:trip", "unknown_field", "in", "title:trip " },
        { "since:yesterday", "unknown_field", "after", "since:yesterday " },
        { "role: user", "no_value", "", "role: user " },
        { "tea NOT milk", "operator", "-word", "tea NOT milk " },
        { "tea AND milk", "operator", "\"word\"", "tea AND milk " },
        { "TEA AND MILK", NULL, NULL, "TEA AND MILK " },
        { "tea +milk", "operator", "\"word\"", "tea +milk " },
        { "c++ +1", NULL, NULL, "c++ +1 " },
        { "tea OR role:user", "filter_everywhere", "", "tea " },
        { "role:tool OR role:user tea", NULL, NULL, "tea " },
        { "note:this", NULL, NULL, "note:this " },
        { "12:30 https://x.example", NULL, NULL, "12:30 https://x.example " },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_query q = parsed(CASES[i].q);
        if (q.hint_count != (CASES[i].code != NULL))
            fail_msg("%s: %zu hints", CASES[i].q, q.hint_count);
        if (CASES[i].code)
            assert_string_equal(q.hints[0].code, CASES[i].code);
        if (CASES[i].detail && !str_eq(q.hints[0].detail, str_from(CASES[i].detail)))
            fail_msg("%s: %.*s", CASES[i].q, STR_ARG(q.hints[0].detail));
        if (!str_eq(q.words, str_from(CASES[i].words)))
            fail_msg("%s gives %.*s", CASES[i].q, STR_ARG(q.words));
    }
    struct search_query q = parsed("role: x role: y role: z");
    assert_int_equal(q.hint_count, 1); /* once */
}

#define OPEN(name) cmocka_unit_test_setup_teardown(name, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = { OPEN(filters), OPEN(whose), OPEN(times),
                                        OPEN(while_somebody_types), OPEN(hints) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

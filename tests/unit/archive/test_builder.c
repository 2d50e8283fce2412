/* Times in every form that sources write, and the tree: which nodes are the branch, whatever links are given. */
#include "archive/tree.h"
#include "check.h"

/* --- times ----------------------------------------------------------------------------------- */

static int64_t time_of(struct arena *a, const char *text, size_t *ret_findings)
{
    struct json v;
    struct conversation c;
    struct builder b;
    assert_ok(json_parse(a, str_from(text), 4, &v));
    build_begin(&b, a, "chatgpt", &c);
    int64_t ms = build_time(&b, v);
    assert_ok(build_end(&b));
    *ret_findings = c.finding_count;
    return ms;
}

static void times(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        int64_t want;
    } CASES[] = {
        { "0", 0 },
        { "-1", -1000 },
        { "-1.5", -1500 },
        { "1767500000", 1767500000000 },
        { "1767500000.123", 1767500000123 },
        { "1767500000123", 1767500000123 },
        { "1767500000123456", 1767500000123 },
        { "1767500000123456789", 1767500000123 },
        { "\"1767500000123456\"", 1767500000123 },
        { "\"1767500000\"", 1767500000000 },
        { "\"2026-01-04T04:13:20.123456Z\"", 1767500000123 },
        { "\"2026-01-04T06:13:20+02:00\"", 1767500000000 },
        { "\"2026-01-04 04:13:20\"", 1767500000000 },
        { "\"2026-01-04T04:13:20.123456\"", 1767500000123 },
        { "\"2026-01-04 04:13:20.5 UTC\"", 1767500000500 },
        { "\"2026-01-04T06:13:20+0200\"", 1767500000000 },
        { "\" 2026-01-04 04:13:20 GMT \"", 1767500000000 },
        { "{\"$date\":\"2026-01-04T04:13:20Z\"}", 1767500000000 },
        { "{\"$date\":{\"$numberLong\":\"1767500000000\"}}", 1767500000000 },
        { "\"Sun, 04 Jan 2026 04:13:20 GMT\"", 1767500000000 },
        { "\"4 Jan 2026 06:13:20 +0200\"", 1767500000000 },
        { "\"2026-01-04T04:13Z\"", 1767499980000 },
        { "\"2026-01-04 06:13 +0200\"", 1767499980000 },
        { "null", TIME_NONE },
        { "\"\"", TIME_NONE },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        size_t findings;
        int64_t ms = time_of(&a, CASES[i].text, &findings);
        if (ms != CASES[i].want || findings)
            fail_msg("%s gives %lld, %zu findings", CASES[i].text, (long long)ms, findings);
    }
}

static void what_is_no_time_is_said(void **state)
{
    UNUSED(state);
    static const char *const CASES[] = { "1e300",
                                         "-1e300",
                                         "1e21",
                                         "true",
                                         "[]",
                                         "{\"$date\":[]}",
                                         "\"soon\"",
                                         "\"NaN\"",
                                         "\"2026-01-04\"",
                                         "\"2026-02-30T00:00:00Z\"",
                                         "\"2026-01-04 25:00:00\"",
                                         "\"99999-01-01T00:00:00Z\"",
                                         "\"2026-01-04T04:13:20+99\"",
                                         "\"Sun, 04 Foo 2026 04:13:20 GMT\"",
                                         "\"Sun, 32 Jan 2026 04:13:20 GMT\"",
                                         "\"-4 Jan 2026 04:13:20 GMT\"",
                                         "\"2026-01-04T04:1\"",
                                         "\"2026-01-04T04:13:20 o'clock\"" };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        size_t findings;
        int64_t ms = time_of(&a, CASES[i], &findings);
        if (ms != TIME_NONE || findings != 1)
            fail_msg("%s gives %lld, %zu findings", CASES[i], (long long)ms, findings);
    }
}

/* --- the tree -------------------------------------------------------------------------------- */

static void write_node(struct builder *b, const struct tree_node *n, void *context)
{
    UNUSED(context);
    build_message(b, n->id, n->above, ROLE_USER)->on_path = n->on_path;
}

/* Each node as "id<parent", with "(child,child)" where it names some, "!" in front where it is silent, "@7" for its time;
 * gives "id<above" in the order of writing, "-" in front of what is off the path. */
static struct str drawn(struct arena *a, struct str nodes, struct str current, struct str *findings)
{
    struct tree_node list[8];
    struct conversation c;
    struct builder b;
    struct str one, id;
    struct buf out, found;
    size_t n = 0;
    build_begin(&b, a, "chatgpt", &c);
    while (str_cut(&nodes, ' ', &one)) {
        struct tree_node *v = &list[n++];
        *v = (struct tree_node){ .at_ms = TIME_NONE, .silent = str_starts(one, S("!")) };
        one = str_sub(one, v->silent, one.n);
        size_t time = str_find_char(one, '@', 0), names = str_find_char(one, '(', 0);
        if (time < one.n)
            v->at_ms = one.s[time + 1];
        if (names < one.n) {
            struct str text = str_fmt(a, "[\"%.*s\"]",
                                      STR_ARG(str_sub(one, names + 1, str_find_char(one, ')', 0))));
            assert_ok(
                json_parse(a, build_replace(&b, text, S(","), S("\",\""), true), 4, &v->children));
        }
        one = str_sub(one, 0, names < time ? names : time);
        (void)str_cut(&one, '<', &id);
        v->id = id;
        v->parent = one.n ? one : STR_NONE;
    }
    tree_write(&b, list, n, current, write_node, NULL);
    assert_ok(build_end(&b));
    buf_init(&out, a, 4096);
    buf_init(&found, a, 4096);
    for (size_t i = 0; i < c.message_count; i++)
        buf_putf(&out, "%s%s%.*s<%.*s", i ? " " : "", c.messages[i].on_path ? "" : "-",
                 STR_ARG(c.messages[i].id), STR_ARG(c.messages[i].parent_id));
    for (size_t i = 0; i < c.finding_count; i++)
        buf_putf(&found, "%s ", finding_name(c.findings[i].code));
    *findings = buf_str(&found);
    return buf_str(&out);
}

static void which_nodes_are_the_branch(void **state)
{
    UNUSED(state);
    static const struct {
        const char *nodes, *current, *want, *findings;
    } CASES[] = {
        /* only parents, only children, both, in any order */
        { "a< b<a c<b", "", "a< b<a c<b", "" },
        { "c<b b<a a<", "", "a< b<a c<b", "" },
        { "c b(c) a(b)", "", "a< b<a c<b", "" },
        { "a(b,c) b c", "", "a< c<a -b<a", "" },
        { "a(b,c) b c", "b", "a< b<a -c<a", "" },
        { "a(b)< b<gone c<b", "", "a< b<a c<b", "" }, /* the child's word is worthless */
        { "a(c) b(c) c", "", "a< c<a -b<", "" },
        { "a(b,b,b,a) b(a)", "", "a< b<a", "cycle_broken " },
        /* the leaf that counts */
        { "a< b<a@5 c<a@3", "", "a< b<a -c<a", "" },
        { "a< b<a@5 c<a@5", "", "a< c<a -b<a", "" },
        { "a< b<a c<a", "zzz", "a< c<a -b<a", "" },
        { "a< b<a c<b", "a", "a< -b<a -c<b", "" },
        /* nodes without words */
        { "!r a<r b<a", "r", "a< b<a", "" },
        { "!r !s<r a<s b<a", "s", "a< b<a", "" },
        { "!r a<r !t<a b<t", "t", "a< -b<a", "" },
        { "!r !s<r", "s", "", "" },
        /* no links at all: a list */
        { "a b c", "", "a< b< c<", "" },
        { "a@3 b@2 c@1", "a", "a< b< c<", "" },
        { "!r a b", "r", "a< b<", "" },
        /* what is broken */
        { "a<b b<a", "", "a< b<a", "cycle_broken " },
        { "a<a b<a", "", "a< b<a", "cycle_broken " },
        { "a<gone b<a", "", "a< b<a", "parent_missing " },
        { "a< a<gone b<a", "", "a< b<a -a<", "parent_missing " }, /* two with one id: the last */
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        struct str findings,
            got = drawn(&a, str_from(CASES[i].nodes), str_from(CASES[i].current), &findings);
        if (!str_eq(got, str_from(CASES[i].want)) || !str_eq(findings, str_from(CASES[i].findings)))
            fail_msg("%s (%s) gives %.*s, %.*s", CASES[i].nodes, CASES[i].current, STR_ARG(got),
                     STR_ARG(findings));
    }
}

/* --- words ----------------------------------------------------------------------------------- */

static void words_in_any_form(void **state)
{
    UNUSED(state);
    static const struct {
        const char *json, *want;
        size_t findings;
    } CASES[] = {
        { "\"a\"", "a", 0 },
        { "[\"a\",null,\"\",{\"text\":\"b\"},3]", "a\nb\n3", 0 },
        { "{\"text\":\"a\"}", "a", 0 },
        { "{\"text\":null,\"value\":{\"content\":\"a\"}}", "a", 0 },
        { "{\"text\":[\"a\",\"b\"]}", "a\nb", 0 },
        { "{\"text\":\"\",\"value\":\"x\"}", "", 0 },
        { "{\"x\":1}", "{\"x\":1}", 1 },
        { "[\"a\",[\"b\"]]", "a\n[\"b\"]", 1 },
        { "1.5", "1.5", 0 },
        { "null", "", 0 },
        { "false", "", 0 },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        struct json v;
        struct conversation c;
        struct builder b;
        assert_ok(json_parse(&a, str_from(CASES[i].json), 8, &v));
        build_begin(&b, &a, "chatgpt", &c);
        assert_str(build_words(&b, v), CASES[i].want);
        assert_ok(build_end(&b));
        assert_int_equal(c.finding_count, CASES[i].findings);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(times),
                                        cmocka_unit_test(what_is_no_time_is_said),
                                        cmocka_unit_test(words_in_any_form),
                                        cmocka_unit_test(which_nodes_are_the_branch) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

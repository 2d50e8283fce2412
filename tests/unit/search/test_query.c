/* How a query is read, where the snippet and its highlights fall: without a store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "search/inside.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(64));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

/* --- queries --------------------------------------------------------------------------------- */

static struct search_terms parsed(const char *q)
{
    struct search_terms t;
    err_t e = search_parse(&a, str_from(q), &t);
    if (e != OK)
        fail_msg("%s: %s", q, err_detail()->text);
    return t;
}

/* "+word", "-word", "word*", a phrase with dots. */
static struct str terms_text(const struct search_terms *t)
{
    struct buf b;
    buf_init(&b, &a, KIB(64));
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            buf_putc(&b, ' ');
        buf_putc(&b, t->terms[i].exclude ? '-' : '+');
        for (size_t j = 0; j < t->terms[i].count; j++) {
            if (j)
                buf_putc(&b, '.');
            buf_put(&b, t->terms[i].tokens[j]);
        }
        if (t->terms[i].prefix)
            buf_putc(&b, '*');
    }
    return b.n ? buf_str(&b) : S("");
}

static void queries(void **state)
{
    UNUSED(state);
    static const char *const CASES[][2] = {
        { "one", "+one" },
        { "  One   TWO ", "+one +two" },
        { "\"One two\" three", "+one.two +three" },
        { "\"open end", "+open.end" },
        { "a\"b c\"d", "+a +b.c +d" },
        { "-no yes -\"not this\"", "-no +yes -not.this" },
        { "pre* \"one tw\"*", "+pre* +one.tw*" },
        { "snake_case re-do", "+snake.case +re.do" },
        { "--x - x- *x x** xy**",
          "-x +x +x +x +xy*" }, /* "--x" excludes "-x"; one letter is no beginning */
        { "key:value http://example.com/a?b=c", "+key.value +http.example.com.a.b.c" },
        { "新闻", "+新闻" },
        { "新", "+新*" },
        { "今天重", "+今天.天重" },
        { "C语言 \"用 C\"", "+c.语言 +用.c" },
        { "\"的 新\"", "+的.新*" },
        { "AND OR NOT NEAR(a b) ^x {a}:b", "+and +or +not +near.a +b +x +a.b" },
        { "😀", "+😀" },
        { "—", "" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_terms t = parsed(CASES[i][0]);
        struct str got = terms_text(&t), want = str_from(CASES[i][1]);
        if (!str_eq(got, want))
            fail_msg("\"%s\" gives %.*s, not %.*s", CASES[i][0], STR_ARG(got), STR_ARG(want));
        assert_int_equal(t.nothing, got.n == 0);
    }
}

static void filters(void **state)
{
    UNUSED(state);
    struct search_terms t = parsed("provider:ChatGPT PROVIDER:claude -role:tool role:us-er word "
                                   "before:2026-01-02 after:2025-12-31T23:00:00Z");
    assert_int_equal(t.count, 1);
    assert_int_equal(t.provider_count, 2);
    assert_true(str_eq(t.providers[0].value, S("chatgpt")) && !t.providers[0].exclude);
    assert_true(str_eq(t.providers[1].value, S("claude")));
    assert_int_equal(t.role_count, 2);
    assert_true(t.roles[0].exclude && str_eq(t.roles[1].value, S("user")));
    int64_t ms;
    assert_int_equal(time_parse(S("2026-01-02T00:00:00Z"), &ms), OK);
    assert_int_equal(t.before_ms, ms);
    assert_int_equal(t.after_ms, ms - 25 * 3600 * 1000);
    t = parsed("role:user");
    assert_false(t.nothing);
    t = parsed("role: provider:");
    assert_int_equal(t.role_count + t.provider_count, 0);
    assert_true(str_eq(terms_text(&t), S("+role +provider"))); /* plain words */
    t = parsed("role:--");                                     /* names nothing */
    assert_int_equal(t.role_count, 0);
}

static void refused(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = { "", "   \t", "before:yesterday", "x after:2026-13-01",
                                       "before:2026-1-1" };
    struct search_terms t;
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(search_parse(&a, str_from(BAD[i]), &t), E_INVALID);
        assert_string_equal(err_detail()->field, "q");
        assert_true(strlen(err_detail()->text) > 5);
    }
    assert_int_equal(search_parse(&a, str_of("a\0b", 3), &t), E_INVALID);
    assert_int_equal(search_parse(&a, S("a\xff"), &t), E_INVALID);
}

static void limits(void **state)
{
    UNUSED(state);
    char text[SEARCH_QUERY_BYTES_MAX + 1];
    struct search_terms t;
    memset(text, 'x', sizeof text);
    assert_int_equal(search_parse(&a, str_of(text, SEARCH_QUERY_BYTES_MAX), &t), OK);
    assert_int_equal(search_parse(&a, str_of(text, SEARCH_QUERY_BYTES_MAX + 1), &t), E_INVALID);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? ' ' : 'x';
    assert_int_equal(search_parse(&a, str_of(text, SEARCH_TERMS_MAX * 2), &t), OK);
    assert_int_equal(t.count, SEARCH_TERMS_MAX);
    assert_int_equal(search_parse(&a, str_of(text, SEARCH_TERMS_MAX * 2 + 1), &t), E_INVALID);
    /* Characters that stand for four words each. */
    size_t n = 0;
    for (; n + 3 <= SEARCH_QUERY_BYTES_MAX; n += 3)
        memcpy(text + n, "\uFDFA", 3);
    assert_int_equal(search_parse(&a, str_of(text, n), &t), OK);
    assert_int_equal(t.count, 1);
}

/* --- snippets -------------------------------------------------------------------------------- */

/* The snippet with [ ] around its highlights. */
static struct str marked(struct str text, const char *q)
{
    struct search_terms t = parsed(q);
    struct search_snippet s;
    struct arena scratch;
    arena_init(&scratch, MIB(64));
    assert_int_equal(search_snippet(&a, &scratch, text, &t, &s), OK);
    arena_free(&scratch);
    assert_true(utf8_ok(s.text));
    struct buf b;
    buf_init(&b, &a, KIB(64));
    size_t h = 0;
    int64_t chars = 0, end = -1;
    for (size_t at = 0; at < s.text.n; chars++) {
        if (chars == end)
            buf_putc(&b, ']');
        if (h < s.count && s.highlights[h].start == chars) {
            assert_true(s.highlights[h].length > 0);
            assert_true(chars >= end || end < 0);
            end = chars + s.highlights[h++].length;
            buf_putc(&b, '[');
        }
        size_t from = at;
        utf8_next(s.text, &at);
        buf_put(&b, str_sub(s.text, from, at));
    }
    if (chars == end)
        buf_putc(&b, ']');
    assert_int_equal(h, s.count);
    assert_true(chars <= SEARCH_SNIPPET_CHARS + 25);
    return b.n ? buf_str(&b) : S("");
}

static void highlights(void **state)
{
    UNUSED(state);
    static const char *const CASES[][3] = {
        { "Hello brave new world", "new", "Hello brave [new] world" },
        { "Hello brave new world", "BRAVE world", "Hello [brave] new [world]" },
        { "Crème brûlée, crème caramel", "creme", "[Crème] brûlée, [crème] caramel" },
        { "cafe\u0301s cafe\u0301", "café", "cafe\u0301s [cafe\u0301]" },
        { "prefixes pre premature", "pre*", "[prefixes] [pre] [premature]" },
        { "one two three one three", "\"one two\"", "[one two] three one three" },
        { "one, TWO. one three", "\"one two\"", "[one, TWO]. one three" },
        { "one two two", "\"one tw\"*", "[one two] two" },
        { "yes no yes", "yes -no", "[yes] no [yes]" },
        { "今天重大新闻。", "新闻", "今天重大[新闻]。" },
        { "今天重大新闻。", "新", "今天重大[新]闻。" },
        { "今天重大新闻。", "天重大", "今[天重大]新闻。" },
        { "新闻新闻", "新闻", "[新闻新闻]" },
        { "ガラス", "カラス", "[ガラス]" },
        { "it's snake_case", "snake_case", "it's [snake_case]" },
        { "a  b\n\n\tc d", "c", "a b [c] d" },
        { "\n\n lead", "lead", "[lead]" },
        { "nothing here", "other", "nothing here" },
        { "nothing here", "role:user", "nothing here" },
        { "", "x", "" },
        { "Straße", "strasse", "[Straße]" },
        { "ab cd ef", "\"ab cd\" \"cd ef\"", "[ab cd ef]" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str got = marked(str_from(CASES[i][0]), CASES[i][1]);
        if (!str_eq(got, str_from(CASES[i][2])))
            fail_msg("%s in \"%s\" gives %.*s, not %s", CASES[i][1], CASES[i][0], STR_ARG(got),
                     CASES[i][2]);
    }
}

static struct str repeat(const char *text, int times)
{
    struct buf b;
    buf_init(&b, &a, MIB(8));
    for (int i = 0; i < times; i++)
        buf_put(&b, str_from(text));
    return buf_str(&b);
}

static bool has(struct str s, const char *part)
{
    return str_find(s, str_from(part), 0) < s.n;
}

static void long_texts(void **state)
{
    UNUSED(state);
    struct str filler = repeat("lorem ipsum dolor ", 500);
    struct str text = str_cat(&a, str_cat(&a, filler, S("red apple and green pear ")), filler);
    struct str got = marked(text, "apple pear");
    assert_true(str_starts(got, S("…")) && str_ends(got, S("…")));
    assert_true(has(got, "red [apple] and green [pear] lorem"));
    assert_false(has(got, "… ")); /* cut between words, no space left over */
    /* The window with both words, not the one with the first. */
    text = str_cat(&a, str_cat(&a, S("apple "), filler), text);
    assert_true(has(marked(text, "apple pear"), "[apple] and green [pear]"));
    /* Without spaces. */
    text = str_cat(&a, str_cat(&a, repeat("汉", 1000), S("新闻")), repeat("字", 1000));
    assert_true(has(marked(text, "新闻"), "[新闻]"));
    /* More matches than are marked. */
    text = repeat("x ", 5000);
    struct search_terms t = parsed("x");
    struct search_snippet s;
    struct arena scratch;
    arena_init(&scratch, MIB(64));
    assert_int_equal(search_snippet(&a, &scratch, text, &t, &s), OK);
    assert_int_equal(s.count, SEARCH_HIGHLIGHTS_MAX);
    arena_free(&scratch);
    /* A match longer than the snippet. */
    marked(repeat("y", 3000), "y*");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(queries, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(filters, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(limits, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(highlights, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(long_texts, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

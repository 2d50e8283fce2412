/* What people type: terms, conditions, filters, hints; and the marks in a snippet. */
#include "search/asked.h"

#include "base/utf8.h"
#include "search/inside.h"

/* --- terms ------------------------------------------------------------------------------------- */

static void put_term(struct buf *b, const struct search_term *t)
{
    if (t->phrase)
        buf_putc(b, '"');
    for (size_t i = 0; i < t->count; i++) {
        if (i)
            buf_putc(b, ' ');
        buf_put(b, t->tokens[i].text);
    }
    if (t->phrase)
        buf_putc(b, '"');
    if (t->prefix)
        buf_putc(b, '*');
}

/* The words that rank, then the conditions: "a b | need". */
static void put_node(struct buf *b, const struct search_query *q, const struct search_node *n)
{
    static const char *const SIGNS[] = {
        [SEARCH_NODE_ALL] = "&", [SEARCH_NODE_ANY] = "/", [SEARCH_NODE_NOT] = "-"
    };
    if (n->kind == SEARCH_NODE_TERM) {
        put_term(b, &q->terms[n->term]);
        return;
    }
    if (n->kind == SEARCH_NODE_ALL && n->parts && !n->parts->next) {
        put_node(b, q, n->parts);
        return;
    }
    buf_putf(b, "%s(", SIGNS[n->kind]);
    for (const struct search_node *part = n->parts; part; part = part->next) {
        put_node(b, q, part);
        if (part->next)
            buf_putc(b, ' ');
    }
    buf_putc(b, ')');
}

static struct str text_of(const struct search_query *q)
{
    struct buf b;
    size_t n = 0;
    buf_init(&b, &a, KIB(64));
    for (size_t i = 0; i < q->count; i++) {
        if (!q->terms[i].ranked || q->terms[i].phrase || q->terms[i].beside)
            continue;
        if (n++)
            buf_putc(&b, ' ');
        put_term(&b, &q->terms[i]);
    }
    if (q->need->parts) {
        buf_put(&b, n ? S(" | ") : S("| "));
        put_node(&b, q, q->need);
    }
    return b.n ? buf_str(&b) : S("");
}

static void terms(void **state)
{
    UNUSED(state);
    static const char *const CASES[][2] = {
        { "one", "one" },
        { "  One   TWO ", "one two" },
        { "\"One two\" three", "three | \"one two\"" },
        { "\"open end", "| \"open end\"" },
        { "a\"b c\"d", "a d | \"b c\"" },
        { "-no yes -\"not this\"", "yes | &(-(no) -(\"not this\"))" },
        { "pre* \"one tw\"*", "pre* | \"one tw\"*" },
        { "snake_case", "snake case" },
        { "x - *x x** xy**", "x x x xy*" }, /* one letter is no beginning */
        { "--x", "| -(x)" },
        { "tea OR coffee", "tea coffee | /(tea coffee)" },
        { "cup tea OR coffee OR \"hot milk\" now",
          "cup tea coffee now | /(tea coffee \"hot milk\")" },
        { "(a b)", "a b" }, /* a way of writing, no condition */
        { "(a b) OR c", "a b c | /(&(a b) c)" },
        { "-(a b) c", "c | -(&(a b))" },
        { "-(a OR b) c", "c | -(/(a b))" },
        { "a or b", "a or b" }, /* a word */
        { "OR a OR", "or a or" },
        { "((((a", "a" },
        { "a )( '' \\ ; -- :*", "a" },
        { "key:value http://example.com/a?b=c", "key value http example com a b c" },
        { "新闻", "新闻" },
        { "新", "新*" },
        { "今天重", "今天 天重" },
        { "\"今天重\"", "| \"今天 天重\"" },

    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_query q = parsed(CASES[i][0]);
        struct str got = text_of(&q), want = str_from(CASES[i][1]);
        if (!str_eq(got, want))
            fail_msg("\"%s\" gives %.*s, not %.*s", CASES[i][0], STR_ARG(got), STR_ARG(want));
    }
    struct search_query q = parsed("-- -");
    assert_true(q.nothing);
}

static void while_somebody_types(void **state)
{
    UNUSED(state);
    struct search_query q = parsed_while("red kett", true);
    assert_true(str_eq(text_of(&q), S("red kett*")));
    q = parsed_while("red kett ", true); /* that word is done */
    assert_true(str_eq(text_of(&q), S("red kett")));
    q = parsed_while("red k", true);
    assert_true(str_eq(text_of(&q), S("red k")));
    q = parsed_while("red \"kett\"", true);
    assert_true(str_eq(text_of(&q), S("red | \"kett\"")));
    q = parsed_while("pot \"red kett", true);
    assert_true(str_eq(text_of(&q), S("pot | \"red kett\"*")));
    q = parsed_while("tea OR", true); /* of two, one is not there yet */
    assert_true(str_eq(text_of(&q), S("tea")));
    q = parsed_while("tea OR co", true);
    assert_true(str_eq(text_of(&q), S("tea co* | /(tea co*)")));
}

static void stems_in_each_language(void **state)
{
    UNUSED(state);
    struct search_languages two = { .list = { SEARCH_ENGLISH, SEARCH_GERMAN }, .count = 2 };
    struct search_query q;
    assert_int_equal(search_query_parse(&a, S("kettles \"kettles boil\""), false, &CLOCK, &two, &q),
                     OK);
    assert_true(str_eq(q.terms[0].tokens[0].text, S("kettles")));
    assert_true(str_eq(q.terms[0].tokens[0].stems[0], S("kettl")));
    assert_true(q.terms[0].tokens[0].stems[1].n > 0);
    assert_true(str_eq(q.terms[1].tokens[1].stems[0], S("boil")));
}

/* --- what is refused ------------------------------------------------------------------------------ */

static void refused(void **state)
{
    UNUSED(state);
    struct search_query q;
    char text[SEARCH_QUERY_BYTES_MAX + 1];
    const struct str BAD[] = { S(""), S("   \t"), S("a\0b"), S("a\xff") };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(search_query_parse(&a, BAD[i], false, &CLOCK, &ENGLISH, &q), E_INVALID);
        assert_string_equal(err_detail()->field, "q");
    }
    memset(text, 'x', sizeof text);
    assert_int_equal(search_query_parse(&a, str_of(text, sizeof text), false, &CLOCK, &ENGLISH, &q),
                     E_INVALID);
    assert_int_equal(
        search_query_parse(&a, str_of(text, sizeof text - 1), false, &CLOCK, &ENGLISH, &q), OK);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = i % 2 ? ' ' : (char)('a' + i % 26);
    assert_int_equal(
        search_query_parse(&a, str_of(text, sizeof text - 1), false, &CLOCK, &ENGLISH, &q), OK);
    assert_int_equal(q.count, SEARCH_QUERY_BYTES_MAX / 2);
    memset(text, '*', sizeof text);
    assert_int_equal(
        search_query_parse(&a, str_of(text, sizeof text - 1), false, &CLOCK, &ENGLISH, &q), OK);
    assert_true(q.nothing);
    memset(text, '(', sizeof text);
    assert_int_equal(
        search_query_parse(&a, str_of(text, sizeof text - 1), false, &CLOCK, &ENGLISH, &q), OK);
    assert_true(q.nothing);
}

/* --- marks ------------------------------------------------------------------------------------------ */

/* The snippet with [ ] around its highlights. */
static struct str marked(struct str text, const char *line)
{
    struct search_query q = parsed(line);
    struct search_snippet s;
    struct arena scratch;
    bool *terms = ARENA_ARRAY(&a, bool, q.count + 1);
    for (size_t i = 0; i < q.count; i++)
        terms[i] = q.terms[i].ranked;
    arena_init(&scratch, MIB(64));
    struct search_marks marks = { .terms = terms };
    assert_int_equal(search_snippet(&a, &scratch, text, SEARCH_ENGLISH, &q, &marks, &s), OK);
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

static void marks(void **state)
{
    UNUSED(state);
    static const char *const CASES[][3] = {
        { "Hello brave new world", "new", "Hello brave [new] world" },
        { "Hello brave new world", "BRAVE world", "Hello [brave] new [world]" },
        { "Kettles boil, a kettle boiled", "kettle boiling",
          "[Kettles] [boil], a [kettle] [boiled]" },
        { "Kettles boil, a kettle boiled", "\"kettle boiled\"", "Kettles boil, a [kettle boiled]" },
        { "Crème brûlée, crème caramel", "creme", "[Crème] brûlée, [crème] caramel" },
        { "prefixes pre premature", "pre*", "[prefixes] [pre] [premature]" },
        { "one two three one three", "\"one two\"", "[one two] three one three" },
        { "one, TWO. one three", "\"one two\"", "[one, TWO]. one three" },
        { "one two two", "\"one tw\"*", "[one two] two" },
        { "yes no yes", "yes -no", "[yes] no [yes]" },
        { "今天重大新闻。", "新闻", "今天重大[新闻]。" },
        { "今天重大新闻。", "新", "今天重大[新]闻。" },
        { "今天重大新闻。", "天重大", "今[天重大]新闻。" },
        { "ガラス", "カラス", "[ガラス]" },
        { "a  b\n\n\tzz d", "zz", "a b [zz] d" },
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

static void marks_in_long_texts(void **state)
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
    marked(repeat("x ", 5000), "x");  /* more matches than are marked */
    marked(repeat("y", 3000), "yy*"); /* a match longer than the snippet */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(terms, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(while_somebody_types, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(stems_in_each_language, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(refused, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(marks, open_arena, close_arena),
        cmocka_unit_test_setup_teardown(marks_in_long_texts, open_arena, close_arena),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

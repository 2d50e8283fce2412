/* Markdown to HTML in which nothing can act. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

#include "exports/inside.h"

static struct arena a;

static struct str render(struct str markdown)
{
    struct buf out;
    buf_init(&out, &a, MIB(128));
    assert_int_equal(page_text(&out, &a, markdown), OK);
    return buf_str(&out);
}

static void is(const char *markdown, const char *html)
{
    char text[4000];
    snprintf(text, sizeof text, "%.*s", STR_ARG(render(str_from(markdown))));
    assert_string_equal(text, html);
}

static void markdown_becomes_html(void **state)
{
    UNUSED(state);
    is("a *b* **c** `d<e`", "<p>a <em>b</em> <strong>c</strong> <code>d&lt;e</code></p>\n");
    is("# x", "<h3>x</h3>\n");
    is("- [x] done", "<ul>\n<li class=\"task\">☑ done</li>\n</ul>\n");
    is("> q", "<blockquote><p>q</p>\n</blockquote>\n");
    is("3. c", "<ol start=\"3\">\n<li>c</li>\n</ol>\n");
}

static void nothing_of_the_texts_own_acts(void **state)
{
    UNUSED(state);
    is("<script>alert(1)</script>", "<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>\n");
    is("<img src=x onerror=alert(1)>", "<p>&lt;img src=x onerror=alert(1)&gt;</p>\n");
    is("[a](javascript:alert(1))", "<p>a</p>\n");
    is("[a](JaVaScRiPt:alert(1))", "<p>a</p>\n");
    is("[a](javascript&#58;alert(1))", "<p>a</p>\n");
    is("[a](data:text/html,x)", "<p>a</p>\n");
    is("[a](file:///etc/passwd)", "<p>a</p>\n");
    is("![a](https://x.example/t.png)",
       "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x.example/t.png\">[picture: "
       "a]</a></p>\n");
    is("[a](<https://x.example/\" onclick=\"y>)",
       "<p><a rel=\"noopener noreferrer nofollow\" href=\"https://x.example/&quot; "
       "onclick=&quot;y\">a</a></p>\n");
    is("[a](https://x.example/?b&amp;c)", "<p><a rel=\"noopener noreferrer nofollow\" "
                                          "href=\"https://x.example/?b&amp;c\">a</a></p>\n");
}

static void formulas_stay_tex(void **state)
{
    UNUSED(state);
    is("where \\(a_1 * b_2\\) is", "<p>where <span class=\"tex\">a_1 * b_2</span> is</p>\n");
    is("$x^2$ and $5 or $6", "<p><span class=\"tex\">x^2</span> and $5 or $6</p>\n");
    is("`$x$` is code", "<p><code>$x$</code> is code</p>\n");
    is("\\(<script>\\)", "<p><span class=\"tex\">&lt;script&gt;</span></p>\n");
    is("\\(a`b\\)", "<p><span class=\"tex\">a`b</span></p>\n");
    is("\\$5 and \\\\(", "<p>$5 and \\(</p>\n");
    is("\xee\x80\x82x", "<p>x</p>\n"); /* our own mark, in foreign text */
}

/* Each of these once cost somebody's renderer minutes. */
static void hostile_text_costs_no_more_than_other_text(void **state)
{
    UNUSED(state);
    static const char *const PIECES[] = { "[",        "![",     "*a",    "`",           "$",
                                          "\\(",      "> ",     "- ",    "| a ",        "[a](",
                                          "<",        "&a",     "a_",    "**a *",       "``a`",
                                          "[a]: b\n", "|-|\n|", "\\[$$", "http://a.b ", "1. " };
    for (size_t i = 0; i < COUNTOF(PIECES); i++) {
        struct buf b;
        clock_t begin = clock();
        buf_init(&b, &a, MIB(8));
        while (b.n < KIB(200))
            buf_put(&b, str_from(PIECES[i]));
        (void)render(buf_str(&b));
        double seconds = (double)(clock() - begin) / CLOCKS_PER_SEC;
        if (seconds > 4)
            fail_msg("200 KiB of \"%s\" take %.1f s", PIECES[i], seconds);
        arena_reset(&a);
    }
}

/* A table of many columns and short rows would become many times its size. */
static void what_would_grow_without_end_is_shown_as_it_is(void **state)
{
    UNUSED(state);
    struct buf b;
    buf_init(&b, &a, MIB(8));
    for (int i = 0; i < 100; i++)
        buf_put(&b, S("|a"));
    buf_put(&b, S("|\n"));
    for (int i = 0; i < 100; i++)
        buf_put(&b, S("|---"));
    buf_put(&b, S("|\n"));
    for (int i = 0; i < 20000; i++)
        buf_put(&b, S("|x|\n"));
    struct str html = render(buf_str(&b));
    assert_true(html.n < b.n * 14);
    assert_true(str_starts(html, S("<pre class=\"plain\">")));
}

/* Marks of citations. */
static struct str noted(const char *markdown, int64_t end)
{
    struct notes notes = { 0 };
    struct block blocks[2] = {
        { .type = BLOCK_TEXT, .text = { str_from(markdown) } },
        { .type = BLOCK_CITATION, .citation = { S("https://a.example/"), S("A"), 0, end } },
    };
    return notes_set(&a, &notes, blocks, 2, 0, 7, S("<"), S(">"));
}

static void marks_stand_at_the_word_and_never_inside_of_code(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        int64_t end;
        const char *expected;
    } CASES[] = {
        { "one two", 3, "one<7> two" },
        { "one two", 4, "one<7> two" },
        { "one two", -1, "one two<7>" },
        { "one two", 99, "one two<7>" },
        { "z\xc3\xbc"
          "ge x",
          4,
          "z\xc3\xbc"
          "ge<7> x" },
        { "a `b c` d", 4, "a `b c`<7> d" },
        { "a [b](http://c d) e", 8, "a [b](http://c d)<7> e" },
        { "a \\(b c\\) d", 5, "a \\(b c\\)<7> d" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str got = noted(CASES[i].text, CASES[i].end);
        if (!str_eq(got, str_from(CASES[i].expected)))
            fail_msg("%s: %.*s", CASES[i].text, STR_ARG(got));
    }
}

static int setup(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(512));
    return 0;
}

static int teardown(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(markdown_becomes_html),
        cmocka_unit_test(nothing_of_the_texts_own_acts),
        cmocka_unit_test(formulas_stay_tex),
        cmocka_unit_test(hostile_text_costs_no_more_than_other_text),
        cmocka_unit_test(what_would_grow_without_end_is_shown_as_it_is),
        cmocka_unit_test(marks_stand_at_the_word_and_never_inside_of_code),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}

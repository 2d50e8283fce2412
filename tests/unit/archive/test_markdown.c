#include "check.h"

#include "archive/markdown.h"

static void assert_blocks(const char *markdown, const char *want)
{
    TEST_ARENA(a);
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "test");
    assert_ok(markdown_blocks(&a, &c, str_from(markdown), &m));
    assert_str(said(&a, &m), want);
}

/* It is one text, as it stands. */
static void assert_stays(const char *markdown)
{
    TEST_ARENA(a);
    struct str want = str_fmt(&a, "text: %s\n", markdown);
    assert_blocks(markdown, str_cstr(&a, want));
}

static void blocks_in_document_order(void **state)
{
    UNUSED(state);
    assert_blocks("# One\n\nwords\n```js\nlet a;\n```\nmore\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n"
                  "\\[ x^2 \\]\n![a cat](cat.png)\n```mermaid\ngraph TD\n```\nend\n",
                  "text: # One\n\nwords\ncode js: let a;\ntext: more\ntable: a|b / 1|2\n"
                  "math display: x^2\nimage cat.png: a cat\nmermaid: graph TD\ntext: end\n");
}

static void text_stays_as_it_is(void **state)
{
    UNUSED(state);
    assert_blocks("", "");
    assert_blocks(" \n\t\n", "");
    assert_blocks("\n\n    indented\n\n- a\n  - b\\*\n\n", "text:     indented\n\n- a\n  - b\\*\n");
    assert_blocks("a & <b> \\( x \\) $1 and $2", "text: a & <b> \\( x \\) $1 and $2\n");
}

static void fences(void **state)
{
    UNUSED(state);
    assert_blocks("```\n```", "code\n");
    assert_blocks("```python title=\"x\"\nif a:\n\n    b\n```", "code python: if a:\n\n    b\n");
    assert_blocks("````md\n```js\n1\n```\n````\n", "code md: ```js\n1\n```\n");
    assert_blocks("~~~ c\na ``` b\n~~~\n", "code c: a ``` b\n");
    assert_blocks("```\n1\n```  \nafter", "code: 1\ntext: after\n");
    assert_blocks("``` a`b ```\n", "text: ``` a`b ```\n"); /* a code span */
    assert_blocks("``\n1\n``", "text: ``\n1\n``\n");
    assert_blocks("```js\r\na\r\n```\r\nb\r\n", "code js: a\ntext: b\n");
}

static void a_fence_in_a_list_loses_its_indent(void **state)
{
    UNUSED(state);
    assert_blocks("1. first\n   ```py\n   if a:\n       b\n   ```\n2. second",
                  "text: 1. first\ncode py: if a:\n    b\ntext: 2. second\n");
}

static void a_fence_that_never_closes_takes_the_rest(void **state)
{
    UNUSED(state);
    assert_blocks("a\n```js\nb\n~~~\n| c |\n|---|\n", "text: a\ncode js: b\n~~~\n| c |\n|---|\n");
    assert_blocks("```", "code\n");
    assert_blocks("a\n   ```", "text: a\ncode\n");
    assert_blocks("   ```\n   ```", "code\n");
}

static void diagrams(void **state)
{
    UNUSED(state);
    assert_blocks("```Mermaid\nanything\n```", "mermaid: anything\n");
    assert_blocks("```\n\n  sequenceDiagram\nA->>B: x\n```",
                  "mermaid: \n  sequenceDiagram\nA->>B: x\n");
    assert_blocks("```\ngraph LR\n```", "mermaid: graph LR\n");
    assert_blocks("```\ngraphics card\n```", "code: graphics card\n");
    assert_blocks("```\npiece\n```", "code: piece\n");
    assert_blocks("```text\ngraph LR\n```", "code text: graph LR\n");
    assert_true(is_diagram(S("stateDiagram-v2\n[*] --> A")));
    assert_true(is_diagram(S("C4Context")));
    assert_false(is_diagram(S("C4 is an explosive")) && is_diagram(S("C4a")));
    assert_false(is_diagram(S("")));
    assert_false(is_diagram(STR_NONE));
}

static void tables(void **state)
{
    UNUSED(state);
    assert_blocks("a | b\n:-- | --:\n1 | 2\n3 | 4", "table: a|b / 1|2 / 3|4\n");
    assert_blocks("|a|b|\n|-|-|\n|1|\n|1|2|3|\n", "table: a|b / 1| / 1|2\n");
    assert_blocks("| a |\n|---|\n| x \\| y |\n", "table: a / x | y\n");
    assert_blocks("| a |  |\n|---|---|\n|  | b |\n", "table: a| / |b\n");
    assert_blocks("before\n| a | b |\n|---|---|\n1 | 2\n\nafter",
                  "text: before\ntable: a|b / 1|2\ntext: after\n");
    assert_blocks("| a | b |\n|---|---|\nno bar\n> quoted",
                  "table: a|b / no bar|\ntext: > quoted\n"); /* GFM 0.29, example 201 */
    assert_blocks("| a | b |\n|---|---|\n| 1 | 2 |\n# | head\n",
                  "table: a|b / 1|2\ntext: # | head\n");
}

static void what_is_no_table(void **state)
{
    UNUSED(state);
    assert_blocks("| a | b |\n|---|\n", "text: | a | b |\n|---|\n");
    assert_blocks("a\n---\nb", "text: a\n---\nb\n"); /* a heading */
    assert_blocks("| a |\n| :: |\n", "text: | a |\n| :: |\n");
    assert_blocks("a | b", "text: a | b\n");
    assert_blocks("|---|---|", "text: |---|---|\n");
}

static void tables_end_as_gfm_says(void **state)
{
    UNUSED(state);
    assert_blocks("|a|b|\n|-|-|\n|1|2|\n# head", "table: a|b / 1|2\ntext: # head\n");
    assert_blocks("|a|b|\n|-|-|\n- x | y", "table: a|b\ntext: - x | y\n");
    assert_blocks("|a|b|\n|-|-|\n```\nx | y\n```", "table: a|b\ncode: x | y\n");
    assert_blocks("|a|b|\n|-|-|\n---", "table: a|b\ntext: ---\n");
    assert_blocks("|a|\n|-|\n`x \\| y` \\\\| z\n", "table: a / `x | y` \\\\\n");
    assert_blocks("- | a | b |\n  |---|---|\n  | 1 | 2 |\n- c",
                  "text: -\ntable: a|b / 1|2\ntext: - c\n");
    assert_blocks("> | a |\n> |---|\n> | 1 |\n>\n> c", "table: a / 1\ntext: > c\n");
    assert_blocks("|a|b|\r\n|-|-|\r\n|1|2|\r\nc\rd | e", "table: a|b / 1|2 / c| / d|e\n");
}

static void formulas(void **state)
{
    UNUSED(state);
    assert_blocks("so\n\\[\nE = mc^2\n\\]\nand $$a+b$$ done",
                  "text: so\nmath display: E = mc^2\ntext: and\nmath display: a+b\ntext:  done\n");
    assert_blocks("\\[x\\]", "math display: x\n");
    assert_blocks("\\[ never closed", "text: \\[ never closed\n");
    assert_blocks("\\\\[ x \\\\]", "text: \\\\[ x \\\\]\n");
    assert_blocks("pay $$ now\n\nor $$ later", "text: pay $$ now\n\nor $$ later\n");
    assert_blocks("$$a$$$$b$$", "math display: a\nmath display: b\n");
    assert_blocks("\\[ a \\\\[2pt] b \\]", "math display: a \\\\[2pt] b\n");
    assert_blocks("The area \\[A = \\pi r^2\\] is",
                  "text: The area\nmath display: A = \\pi r^2\ntext:  is\n");
    assert_blocks("1. so:\n   \\[\n   x\n   \\]\n   and",
                  "text: 1. so:\nmath display: x\ntext: and\n");
    assert_blocks("> so\n> $$\n> x\n> $$\n> and", "text: > so\nmath display: x\ntext: > and\n");
}

/* A line of a formula may look like a list, a heading or a rule. */
static void lines_of_a_formula_begin_nothing(void **state)
{
    UNUSED(state);
    assert_blocks("\\[\na\n- b\n+ c\n= d\n===\n# e\n> f\n\\]\nend",
                  "math display: a\n- b\n+ c\n= d\n===\n# e\n> f\ntext: end\n");
    assert_blocks("where $$\na\n- b\n$$", "text: where\nmath display: a\n- b\n");
    assert_blocks("- so\n  $$\n  a\n  - b\n  $$", "text: - so\nmath display: a\n- b\n");
    assert_blocks("\\[ a\n- b\n\nc \\]", "text: \\[ a\n- b\n\nc \\]\n");
    assert_blocks("$$\n```\n$$\n```", "text: $$\ncode: $$\n");
}

static void money_and_prose_are_no_formulas(void **state)
{
    UNUSED(state);
    static const char *const PROSE[] = {
        "cost is $$5 and $$10 total.",
        "$5 and $10",
        "See \\[1\\] and \\[optional\\].",
        "\\[1\\]",
        "\\[see below\\]",
        "run it \\[--quick\\] or \\[x=1\\]",
        "a $$-$$$ place",
        "pay $$ now or $$ later",
        "$$, $$$ or $$$$",
        "\\[\\]",
        "$$ $$",
        "[1] \\[x\\](y)",
        "- \\[x\\] done\n- \\[ \\] open",
        "$$100 each,\nor $$200",
    };
    for (size_t i = 0; i < COUNTOF(PROSE); i++)
        assert_stays(PROSE[i]);
}

static void nothing_is_taken_out_of_code(void **state)
{
    UNUSED(state);
    assert_stays("`\\[ x \\]` and `` $$ ` $$ ``");
    assert_stays("`a\n\\[ x \\] ![x](u)\nb`");
    assert_stays("w\n\n    \\[ x^2 \\]\n    ![x](u)\n\n    $$a+b$$");
    assert_stays("> `a\n> $$x^2$$\n> b`");
    assert_stays("<pre>\n\\[ x^2 \\]\n\n![x](u)\n</pre>");
    assert_stays("a <b title=\"![x](u)\">c</b> <https://x/![x](u)>");
    assert_stays("[a $$x^2$$](u)");
    assert_blocks("> ```tex\n> \\[x^2\\]\n> $$y$$\n> ```\n\nTail",
                  "code tex: \\[x^2\\]\n$$y$$\ntext: Tail\n");
    assert_blocks("pay $$ now\n\n```\n$$\n```", "text: pay $$ now\ncode: $$\n");
    assert_blocks("\\[ `\\]` \\] x^2", "text: \\[ `\\]` \\] x^2\n");
}

static void pictures(void **state)
{
    UNUSED(state);
    assert_blocks("a ![x](u.png \"title\") b", "text: a\nimage u.png: x\ntext:  b\n");
    assert_blocks("![](u.png \"ti\\\"tle\") ![](<u v.png> (t)) ![x](u.png 't') ![](u.png)",
                  "image u.png: ti\"tle\nimage u v.png: t\nimage u.png: x\nimage u.png\n");
    assert_blocks("![](u.png)", "image u.png\n");
    assert_blocks("![x]() ![y](\n![z] (u)", "text: ![x]() ![y](\n![z] (u)\n");
    assert_blocks("`![x](u.png)` \\![x](u.png)", "text: `![x](u.png)` \\![x](u.png)\n");
    assert_blocks("![a](u_(1).png)![b](<v w(.png>)", "image u_(1).png: a\nimage v w(.png: b\n");
    assert_blocks("![a](u 't)')![b](v (t))![c](w \"\\\")\")",
                  "image u: a\nimage v: b\nimage w: c\n");
    assert_blocks("![a \\[b\\] [c] &amp;](u?a&amp;b)", "image u?a&b: a [b] [c] &\n");
    assert_blocks("![a\nb](u)", "image u: a\nb\n");
    assert_blocks("![a ![b](v)](u)", "image u: a ![b](v)\n");
    assert_stays("![a ![b](v)]()");
    assert_blocks("# ![a](u)\n> ![b](v)\n>\n> c", "text: #\nimage u: a\nimage v: b\ntext: > c\n");
}

static void a_picture_in_a_link_keeps_the_link(void **state)
{
    UNUSED(state);
    assert_blocks("[![x](u.png)](link)", "text: [x](link)\nimage u.png: x\n");
    assert_blocks("a [b ![c](u) d ![](v)](w) e",
                  "text: a [b c d w](w)\nimage u: c\nimage v\ntext:  e\n");
    assert_blocks("[![x](u)][ref] and [![y](v)]",
                  "text: [x][ref]\nimage u: x\ntext:  and [\nimage v: y\ntext: ]\n");
}

static void a_picture_in_the_address_is_a_finding(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "test");
    assert_ok(markdown_blocks(&a, &c,
                              S("a ![b](data:image/png;base64,AA==) c "
                                "[![d](DATA:image/gif,x)](l)"),
                              &m));
    assert_str(said(&a, &m), "text: a b c [d](l)\n");
    assert_int_equal(c.finding_count, 2);
    assert_int_equal(c.findings[0].code, FOUND_IMAGE_IN_TEXT);
    assert_str(c.findings[0].detail, "image/png, 26 bytes");
}

static void containers(void **state)
{
    UNUSED(state);
    assert_blocks("> a\n> ~~~~\n> ```\n>   b\n> ~~~~\n>\n> c",
                  "text: > a\ncode: ```\n  b\ntext: > c\n");
    assert_blocks("> ```\n> a\nb", "code: a\ntext: b\n"); /* no lazy line in code */
    assert_blocks("- a\n  - b\n\n    ```c\n    x\n\n      y\n    ```\n\n    after\n  - d\n- e",
                  "text: - a\n  - b\ncode c: x\n\n  y\ntext: after\n  - d\n- e\n");
    assert_blocks("- ```\n  a\n  ```\n- b", "text: -\ncode: a\ntext: - b\n");
    assert_blocks("a\n- ```\n  b\n  ```", "text: a\ntext: -\ncode: b\n");
    assert_blocks("-\t```\n\ta\n\t\tb\n\t```", "text: -\ncode: a\n\tb\n");
    assert_blocks("> - ```\n>   a\n> - b", "text: > -\ncode: a\ntext: > - b\n");
    assert_blocks("a\n    ```\nb", "text: a\n    ```\nb\n"); /* a paragraph's line */
    assert_blocks("- a\n\n      ```\n      $$x^2$$\n      ```",
                  "text: - a\n\n      ```\n      $$x^2$$\n      ```\n"); /* indented code */
}

static void line_ends(void **state)
{
    UNUSED(state);
    assert_blocks("a\rb\r\n\r\nc\n\r", "text: a\nb\n\nc\n");
    assert_blocks("```c\r\nint x;\r\rint y;\r\n```\rz", "code c: int x;\n\nint y;\ntext: z\n");
    assert_blocks("$$\r\nx\r\n$$", "math display: x\n");
}

static void assert_words(const char *markdown, const char *want)
{
    CLEANUP(buf_free) struct buf b = { 0 };
    buf_init(&b, NULL, MIB(1));
    markdown_words(str_from(markdown), &b);
    assert_str(buf_str(&b), want);
}

static void words_without_marks(void **state)
{
    UNUSED(state);
    assert_words("", "");
    assert_words("## Head\n\n> quoted\n> > twice\n- one\n  * two\n3. three",
                 "Head\n\nquoted\ntwice\none\ntwo\n3. three");
    assert_words("**07:30** Shape *it* (***all***), ~~not~~.", "07:30 Shape it (all), not.");
    assert_words("2 * 3, a*b, snake_case, ~/x, #tag, -5, 5*",
                 "2 * 3, a*b, snake_case, ~/x, #tag, -5, 5");
    assert_words("`a *b*\n*c* d` *e*\n\n`f\n\n*g*`", "a *b*\n*c* d e\n\n`f\n\ng`");
    assert_words("[a \\[b\\]](u_(1) 'x)') [c](<d e)>) [f](g\n\"h\") \\[1\\]", "a [b] c f [1]");
    assert_words("a  \n> b\t\n\n\n  - c", "a\nb\n\n\nc");
    assert_words("use `**kwargs` or ``a ` b``, `open", "use **kwargs or a ` b, `open");
    assert_words("see [the **docs**](https://x/y) and [1] or [a [b](c)",
                 "see the **docs** and [1] or [a b");
    assert_words("\\*kept\\* \\( x^2 \\) C:\\dir", "*kept* \\( x^2 \\) C:\\dir");
    assert_words("**\xc3\xbc** \xe2\x80\x9c*x*\xe2\x80\x9d",
                 "\xc3\xbc \xe2\x80\x9c*x*\xe2\x80\x9d");
}

/* The message's words, however they are cut up. */
static void assert_survives(const char *unit, size_t bytes)
{
    CLEANUP(arena_free) struct arena a;
    CLEANUP(buf_free) struct buf b = { 0 };
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "test");
    arena_init(&a, MIB(256));
    buf_init(&b, NULL, MIB(64));
    while (b.n < bytes)
        buf_put(&b, str_from(unit));
    err_t e = markdown_blocks(&a, &c, buf_str(&b), &m);
    CLEANUP(buf_free) struct buf words = { 0 };
    buf_init(&words, NULL, MIB(64));
    markdown_words(buf_str(&b), &words);
    assert_int_equal(buf_err(&words), OK);
    assert_true(e == OK || e == E_LIMIT);
    assert_true(m.block_count <= MESSAGE_BLOCKS_MAX);
}

/* Openings without an end must not be searched for again and again. */
static void hostile_text_takes_linear_time(void **state)
{
    UNUSED(state);
    static const char *const UNITS[] = {
        "\\[",     "$$ x\n\n",  "![",         "![](",         "!",        "`",
        "``a",     "|",         "|a|\n|-|\n", "```a`\n",      "~~~\n",    "[",
        "[a](",    "*a",        "\\*",        "\\",           "\n",       "| a | b |\n",
        "\\[\\]",  "![x](y)",   "- ",         "    ```\n",    ">",        "> ",
        "> \\[\n", "\\[\n- ",   "$$\n",       "$$",           "[a](b \"", "[a](b 'c ",
        "[a](<b",  "![a](((((", "<a b=\"",    "<!--",         "<?x",      "<![CDATA[",
        "<x:",     "]",         "[![a](b)][", "[![a](b)](c)", "1. ",      "-\n",
        "> ```\n", "- ```\n",   "<div>\n",    "<pre>\n",      "</pre",    "```\n> ",
        "\r",      "a\n",       "    a\n",    "> a\n",        "$$a\n$$ ", "`\\[",
        "\t- ",    "&amp;"
    };
    for (size_t i = 0; i < COUNTOF(UNITS); i++)
        assert_survives(UNITS[i], KIB(256));
}

static void put_times(struct buf *b, const char *unit, size_t times)
{
    for (size_t i = 0; i < times; i++)
        buf_put(b, str_from(unit));
}

/* Quotes and lists in one another, and lines below them that each could continue all of them. */
static void deep_nesting_takes_linear_time(void **state)
{
    UNUSED(state);
    enum { DEPTH = 10000 };
    static const struct {
        const char *open, *line;
    } NESTS[] = { { "> ", "a\n" },    { "- ", "\n" },      { "1. ", "\n" }, { "> - ", "\n" },
                  { ">", "> ```\n" }, { "- ", "  ```\n" }, { "[", "](u)" }, { "![", "](u)" } };
    for (size_t i = 0; i < COUNTOF(NESTS); i++) {
        CLEANUP(arena_free) struct arena a;
        CLEANUP(buf_free) struct buf b = { 0 };
        struct message m = { 0 };
        struct conversation c;
        conversation_init(&c, "test");
        arena_init(&a, MIB(256));
        buf_init(&b, NULL, MIB(64));
        put_times(&b, NESTS[i].open, DEPTH);
        buf_put(&b, S("a\n"));
        put_times(&b, NESTS[i].line, 10 * (size_t)DEPTH);
        err_t e = markdown_blocks(&a, &c, buf_str(&b), &m);
        assert_true(e == OK || e == E_LIMIT);
    }
}

static void too_many_blocks_are_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "test");
    struct buf b;
    buf_init(&b, &a, MIB(16));
    for (size_t i = 0; i < MESSAGE_BLOCKS_MAX; i++)
        buf_put(&b, S("$$x$$"));
    assert_ok(markdown_blocks(&a, &c, buf_str(&b), &m));
    assert_int_equal(m.block_count, MESSAGE_BLOCKS_MAX);
    assert_int_equal(markdown_blocks(&a, &c, S("one more"), &m), E_LIMIT);
}

static void wide_tables_stay_text(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct message m = { 0 };
    struct conversation c;
    conversation_init(&c, "test");
    struct buf b;
    buf_init(&b, &a, KIB(64));
    for (int line = 0; line < 3; line++) {
        for (int i = 0; i < 300; i++)
            buf_put(&b, line == 1 ? S("|-") : S("|a"));
        buf_put(&b, S("|\n"));
    }
    assert_ok(markdown_blocks(&a, &c, buf_str(&b), &m));
    assert_int_equal(m.block_count, 1);
    assert_int_equal(m.blocks[0].type, BLOCK_TEXT);
    assert_int_equal(m.blocks[0].text.markdown.n, b.n - 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_in_document_order),
        cmocka_unit_test(text_stays_as_it_is),
        cmocka_unit_test(fences),
        cmocka_unit_test(a_fence_in_a_list_loses_its_indent),
        cmocka_unit_test(a_fence_that_never_closes_takes_the_rest),
        cmocka_unit_test(diagrams),
        cmocka_unit_test(tables),
        cmocka_unit_test(what_is_no_table),
        cmocka_unit_test(tables_end_as_gfm_says),
        cmocka_unit_test(formulas),
        cmocka_unit_test(lines_of_a_formula_begin_nothing),
        cmocka_unit_test(money_and_prose_are_no_formulas),
        cmocka_unit_test(nothing_is_taken_out_of_code),
        cmocka_unit_test(pictures),
        cmocka_unit_test(a_picture_in_a_link_keeps_the_link),
        cmocka_unit_test(a_picture_in_the_address_is_a_finding),
        cmocka_unit_test(containers),
        cmocka_unit_test(line_ends),
        cmocka_unit_test(words_without_marks),
        cmocka_unit_test(hostile_text_takes_linear_time),
        cmocka_unit_test(deep_nesting_takes_linear_time),
        cmocka_unit_test(too_many_blocks_are_refused),
        cmocka_unit_test(wide_tables_stay_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

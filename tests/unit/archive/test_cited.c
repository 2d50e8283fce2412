/* Marks of citations in Markdown: read outside of code only, kept at their places in the blocks. */
#include "check.h"

#include "archive/cited.h"

/* "@" is a mark. */
static size_t take(struct cited *c, size_t at, void *context)
{
    UNUSED(context);
    if (c->whole.s[at] != '@')
        return 0;
    cited_cite(c, S("https://example.org"), S("t"));
    return 1;
}

/* The blocks of `markdown`, each citation with its place. */
static struct str read_cited(struct arena *a, const char *markdown)
{
    struct conversation c;
    struct builder b;
    struct cited cited;
    struct buf out;
    build_begin(&b, a, "test", &c);
    build_message(&b, S("m"), STR_NONE, ROLE_ASSISTANT);
    cited_read(&b, str_from(markdown), "@", false, take, NULL, &cited);
    build_cited(&b, &cited);
    assert_ok(build_end(&b));
    buf_init(&out, a, MIB(1));
    const struct message *m = &c.messages[0];
    for (size_t i = 0; i < m->block_count; i++) {
        if (m->blocks[i].type == BLOCK_CITATION)
            buf_putf(&out, "citation %d\n", (int)m->blocks[i].citation.start);
        else
            put_block(&out, &m->blocks[i]);
    }
    return buf_str(&out);
}

static void assert_cited(const char *markdown, const char *want)
{
    TEST_ARENA(a);
    assert_str(read_cited(&a, markdown), want);
}

static void marks_stand_in_their_block(void **state)
{
    UNUSED(state);
    assert_cited("a@ b\n\n```\nc\n```\n\nd e@",
                 "text: a b\ncitation 1\ncode: c\ntext: d e\ncitation 3\n");
}

static void other_line_ends_lose_no_place(void **state)
{
    UNUSED(state);
    assert_cited("a\r\nb@\r\n\r\n$$x$$\r\nc@", "text: a\nb\ncitation 3\nmath display: x\n"
                                               "text: c\ncitation 1\n");
}

static void code_holds_no_marks(void **state)
{
    UNUSED(state);
    assert_cited("`@` b@", "text: `@` b\ncitation 5\n");
    assert_cited("````md\n```\n@\n```\n@\n````\nb@",
                 "code md: ```\n@\n```\n@\ntext: b\ncitation 1\n");
    assert_cited("~~~\n```\n@\n~~~\nb@", "code: ```\n@\ntext: b\ncitation 1\n");
    assert_cited("> ```\n> @\n> ```\n>\n> b@", "code: @\ntext: > b\ncitation 3\n");
    assert_cited("```md\n```sh\n@\n```\nb@", "code md: ```sh\n@\ntext: b\ncitation 1\n");
    assert_cited("> ```\n> @\n\nb@", "code: @\ntext: b\ncitation 1\n");
    assert_cited("``` a`b\n@", "text: ``` a`b\ncitation -1\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_stand_in_their_block),
        cmocka_unit_test(other_line_ends_lose_no_place),
        cmocka_unit_test(code_holds_no_marks),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

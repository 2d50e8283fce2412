/* vivim.dom/1: what the runner gives is foreign too, for it comes out of a page. */
#include "check.h"

#include "archive/providers/dom.h"
#include "archive/providers/provider_data.h"

static err_t read_text(struct arena *a, const char *text, struct conversation *ret)
{
    return dom_conversation(a, json_of(a, text), ret);
}

#define HEAD "{'format':'vivim.dom/1','recipe':'chatgpt@1','provider':'chatgpt','title':'T',"

static void every_kind_of_block(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(
        &a,
        HEAD "'messages':[{'id':'m1','role':'user','blocks':[{'type':'text','markdown':'hi'}]},"
             "{'id':null,'role':'assistant','blocks':[{'type':'code','language':'c','code':'1'},"
             "{'type':'table','header':['a','b'],'rows':[['1'],['2','3','4']]},"
             "{'type':'math','tex':' x ','display':true},{'type':'mermaid','code':'graph'},"
             "{'type':'image','source_url':'u','alt':'x','width':1,'height':2},"
             "{'type':'file','name':'f','media_type':'m/t'},"
             "{'type':'thinking','text':'t','summary':'s'},"
             "{'type':'citation','url':'u','title':'c'},"
             "{'type':'tool_call','name':'n','arguments':'{}'},"
             "{'type':'tool_result','content':'r'},"
             "{'type':'artifact','kind':'text/markdown','title':'p','content':'q'},"
             "{'type':'nonsense'}]}]}",
        &c));
    assert_str(told(&a, &c), "user\ntext: hi\nassistant\ncode c: 1\ntable: a|b / 1| / 2|3\n"
                             "math display: x\nmermaid: graph\nimage u: x (1 x 2)\nfile f: m/t\n"
                             "thinking s: t\ncitation u: c\ntool_call n: {}\ntool_result: r\n"
                             "artifact text/markdown: q\n");
    assert_str(c.title, "T");
    assert_str(str_from(c.source.strategy), "dom");
    assert_str(c.source.recipe, "chatgpt@1");
    assert_str(c.messages[0].id, "m1");
    assert_null(c.messages[1].id.s);
}

static void missing_fields_are_absent(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        HEAD "'messages':[{'blocks':[{'type':'text'},{'type':'image'},{'type':"
                             "'citation'},{'type':5},7,null]},{'role':'tool'},'x']}",
                        &c));
    assert_str(told(&a, &c), "assistant\ntext\nimage\ncitation\ntool\nassistant\n");
    assert_int_equal(c.messages[0].blocks[1].image.width, -1);
    assert_int_equal(c.messages[0].blocks[2].citation.start, -1);
}

static void a_citation_has_its_place(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        HEAD "'messages':[{'blocks':[{'type':'text','markdown':'abc'},"
                             "{'type':'citation','url':'u','start':3,'end':3}]}]}",
                        &c));
    assert_int_equal(c.messages[0].blocks[1].citation.start, 3);
    assert_int_equal(c.messages[0].blocks[1].citation.end, 3);
}

/* Also of a provider of which nothing but the page is known. */
static void every_provider_with_a_page_is_known(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct provider_table table;
    struct conversation c;
    assert_ok(provider_table_load(&a, &table));
    for (size_t i = 0; i < table.count; i++) {
        struct str text =
            str_fmt(&a, "{'format':'vivim.dom/1','provider':'%.*s'}", STR_ARG(table.list[i].name));
        assert_ok(read_text(&a, str_cstr(&a, text), &c));
        assert_str(str_from(c.provider), str_cstr(&a, table.list[i].name));
    }
}

static void findings_are_our_words(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        HEAD "'contiguous':false,'messages':[{'role':'user','role_inferred':true}],"
                             "'findings':[{'code':'code_truncated','detail':'4 of 24'},{'code':"
                             "'anything a page likes','detail':'x'}]}",
                        &c));
    assert_true(found(&c, "role_inferred"));
    assert_true(found(&c, "code_truncated"));
    assert_true(found(&c, "element_skipped"));
    assert_true(found(&c, "turns_not_contiguous"));
    assert_int_equal(c.finding_count, 4);
}

static void what_is_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    struct buf wide;
    assert_int_equal(read_text(&a, "{'format':'vivim.dom/2','provider':'chatgpt'}", &c), E_INVALID);
    assert_int_equal(read_text(&a, "{'format':'vivim.dom/1','provider':'nobody'}", &c), E_INVALID);
    assert_int_equal(read_text(&a, "[]", &c), E_INVALID);
    assert_int_equal(read_text(&a, HEAD "'messages':[{'blocks':[{'type':'table'}]}]}", &c),
                     E_INVALID);
    buf_init(&wide, &a, KIB(64));
    buf_put(&wide, S(HEAD "'messages':[{'blocks':[{'type':'table','rows':[],'header':['h'"));
    for (int i = 0; i < 256; i++)
        buf_put(&wide, S(",'h'"));
    buf_put(&wide, S("]}]}]}"));
    assert_int_equal(read_text(&a, str_cstr(&a, buf_str(&wide)), &c), E_INVALID);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_block),
        cmocka_unit_test(missing_fields_are_absent),
        cmocka_unit_test(a_citation_has_its_place),
        cmocka_unit_test(every_provider_with_a_page_is_known),
        cmocka_unit_test(findings_are_our_words),
        cmocka_unit_test(what_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

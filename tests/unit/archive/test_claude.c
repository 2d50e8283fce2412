/* Claude's snapshots and exports: content before text, artifacts replayed, what a person attached, the tree. */
#include "check.h"

#define ROOT "00000000-0000-4000-8000-000000000000"

static err_t read_text(struct arena *a, const char *text, struct conversation *ret)
{
    return provider_by_name(S("claude"))->from_json(a, json_of(a, text), ret);
}

static void read_message(struct arena *a, const char *message, struct conversation *ret)
{
    struct str text = str_fmt(a, "{'uuid':'u','name':'n','chat_messages':[%s]}", message);
    assert_ok(read_text(a, str_cstr(a, text), ret));
}

static void assert_message(const char *message, const char *want)
{
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, message, &c);
    assert_str(told(&a, &c), want);
}

static void content_counts_where_there_is_some(void **state)
{
    UNUSED(state);
    assert_message("{'sender':'human','text':'poor','content':[{'type':'text','text':'rich'}]}",
                   "user\ntext: rich\n");
    assert_message("{'sender':'assistant','text':'only text','content':null}",
                   "assistant\ntext: only text\n");
    assert_message("{'sender':'assistant','text':'only text','content':[]}",
                   "assistant\ntext: only text\n");
    assert_message("{'sender':'assistant','text':'','content':[]}", "assistant\n");
}

static void the_text_of_what_is_not_understood(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, "{'sender':'human','text':'words','content':[{'type':'new','x':1}]}", &c);
    assert_str(told(&a, &c), "user\nunknown: {\"type\":\"new\",\"x\":1}\ntext: words\n");
    assert_true(found(&c, "unmodelled_block"));
}

static void content_in_other_forms(void **state)
{
    UNUSED(state);
    assert_message("{'sender':'human','content':'alone'}", "user\ntext: alone\n");
    assert_message("{'sender':'human','content':{'type':'text','text':'one'}}",
                   "user\ntext: one\n");
    assert_message("{'sender':'human','content':['one',{'type':'text','text':['two',3]}]}",
                   "user\ntext: one\ntext: two\n3\n");
    assert_message("{'sender':'human','text':['one',{'type':'text','text':'two'}]}",
                   "user\ntext: one\ntext: two\n");
    assert_message("{'sender':'assistant','content':[{'type':'thinking','thinking':['a','b']},"
                   "{'type':'tool_result','content':{'type':'text','text':'2'}},"
                   "{'type':'tool_result','content':['3']}]}",
                   "assistant\nthinking: a\nb\ntool_result: 2\ntool_result: 3\n");
}

static void what_is_no_message(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, "null,{'sender':'human','text':'a'},null", &c);
    assert_str(told(&a, &c), "user\ntext: a\n");
    assert_int_equal(c.finding_count, 0);
    read_message(&a, "'bare'", &c);
    assert_str(told(&a, &c), "system\ntext: bare\n");
    assert_true(found(&c, "unrecognised_role"));
}

static void ids_that_are_numbers(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'uuid':7,'current_leaf_message_uuid':2,'chat_messages':["
                        "{'uuid':1,'sender':'human','text':'a'},"
                        "{'uuid':2,'sender':'assistant','text':'b','parent_message_uuid':1},"
                        "{'uuid':3,'sender':'assistant','text':'c','parent_message_uuid':1}]}",
                        &c));
    assert_str(c.source.id, "7");
    assert_str(c.messages[0].id, "1");
    assert_str(c.messages[1].parent_id, "1");
    assert_str(told(&a, &c), "user\ntext: a\nassistant\ntext: b\nassistant off\ntext: c\n");
}

static void a_placeholder_is_no_word_of_the_conversation(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a,
                 "{'sender':'assistant','text':'This block is not supported on your current device "
                 "yet.','content':[]}",
                 &c);
    assert_str(told(&a, &c), "assistant\n");
    assert_true(found(&c, "text_placeholder_ignored"));
}

static void every_kind_of_content(void **state)
{
    UNUSED(state);
    assert_message(
        "{'sender':'assistant','content':["
        "{'type':'thinking','thinking':'I look.','summaries':[{'summary':'Looking'},{'summary':"
        "'Seeing'}]},{'type':'thinking','thinking':''},"
        "{'type':'token_budget','remaining':1},{'type':'flag'},"
        "{'type':'text','text':'A\\n```c\\n1\\n```','citations':[{'title':'T','details':{'url':"
        "'https://a'},'start_index':0,'end_index':1},{'url':'https://b'}]},"
        "{'type':'tool_use','id':'t1','name':'calc','input':{'e':'1+1'}},"
        "{'type':'tool_result','tool_use_id':'t1','content':[{'type':'text','text':'2'},{'type':"
        "'image','x':1}]},"
        "{'type':'tool_result','is_error':true,'content':'no'},"
        "{'type':'voice_note','text':'spoken'}]}",
        "assistant\nthinking Seeing: I look.\ntext: A\ncode c: 1\ncitation https://a: T\n"
        "citation https://b\ntool_call calc: {\"e\":\"1+1\"}\n"
        "tool_result: 2\n{\"type\":\"image\",\"x\":1}\ntool_result error: no\ntext: spoken\n");
}

static void a_call_and_its_result_belong_together(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a,
                 "{'sender':'assistant','content':[{'type':'tool_use','id':'t1','name':'x',"
                 "'input':{}},{'type':'tool_result','tool_use_id':'t1','content':''},{'type':"
                 "'text','text':'y','citations':[{'url':'u','start_index':3,'end_index':7}]}]}",
                 &c);
    const struct block *b = c.messages[0].blocks;
    assert_str(b[0].tool_call.id, "t1");
    assert_str(b[1].tool_result.call_id, "t1");
    assert_int_equal(b[3].citation.start, 3);
    assert_int_equal(b[3].citation.end, 7);
}

#define ARTIFACT(fields) "{'type':'tool_use','name':'artifacts','input':{'id':'p'," fields "}}"

static void artifacts_are_replayed(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(
        &a,
        "{'sender':'assistant','content':[" ARTIFACT(
            "'command':'create','type':'text/"
            "markdown','title':'Plan','content':'one two "
            "one'") "," ARTIFACT("'command':'update','old_"
                                 "str':'one','new_str':'"
                                 "1'") "," ARTIFACT("'comm"
                                                    "and':"
                                                    "'upda"
                                                    "te','"
                                                    "old_"
                                                    "str':"
                                                    "'nowh"
                                                    "ere',"
                                                    "'new_"
                                                    "str':"
                                                    "'!'") "," ARTIFACT("'command':'"
                                                                        "update','old_str'"
                                                                        ":'','new_str':'!"
                                                                        "'") "," ARTIFACT("'command"
                                                                                          "':'"
                                                                                          "rewrite'"
                                                                                          ",'"
                                                                                          "content'"
                                                                                          ":'anew'") "]}",
        &c);
    static const char *const WANT[] = { "one two one", "1 two one", "1 two one", "1 two one",
                                        "anew" };
    assert_int_equal(c.messages[0].block_count, 10);
    for (size_t i = 0; i < COUNTOF(WANT); i++) {
        const struct block *b = &c.messages[0].blocks[2 * i + 1];
        assert_int_equal(b->type, BLOCK_ARTIFACT);
        assert_str(b->artifact.id, "p");
        assert_str(b->artifact.kind, "text/markdown");
        assert_str(b->artifact.title, "Plan");
        assert_str(b->artifact.content, WANT[i]);
    }
}

/* Each update makes a whole new text: ten thousand of them on a large one are more than a conversation may take. */
static void artifacts_have_a_limit(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a, input;
    struct buf b;
    struct json root;
    struct conversation c;
    arena_init(&a, MIB(64));
    arena_init(&input, MIB(64));
    buf_init(&b, &input, MIB(16));
    buf_put(
        &b,
        S("{\"uuid\":\"u\",\"chat_messages\":[{\"sender\":\"assistant\",\"content\":[{"
          "\"type\":\"tool_use\",\"name\":\"artifacts\",\"input\":{\"id\":\"p\",\"content\":\""));
    for (size_t i = 0; i < MIB(1); i++)
        buf_putc(&b, 'x');
    buf_put(&b, S("\"}}"));
    for (int i = 0; i < 2000; i++)
        buf_put(&b, S(",{\"type\":\"tool_use\",\"name\":\"artifacts\",\"input\":{\"id\":\"p\","
                      "\"command\":\"update\",\"old_str\":\"x\",\"new_str\":\"x\"}}"));
    buf_put(&b, S("]}]}"));
    assert_ok(json_parse(&input, buf_str(&b), JSON_FOREIGN_DEPTH_MAX, &root));
    assert_int_equal(provider_by_name(S("claude"))->from_json(&a, root, &c), E_LIMIT);
}

static void what_a_person_attached(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a,
                 "{'sender':'human','text':'see','attachments':[{'file_name':'a.txt','file_type':"
                 "'text/plain','extracted_content':'inside'}],'files':[{'file_name':'b.png'}]}",
                 &c);
    assert_str(told(&a, &c), "user\ntext: see\nfile a.txt: text/plain\nfile b.png\n");
    assert_str(c.messages[0].blocks[1].file.text, "inside");
}

static void an_unknown_sender(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, "{'sender':'narrator','text':'x'}", &c);
    assert_true(found(&c, "unrecognised_role"));
}

static void the_head(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'uuid':'share','conversation_uuid':'conv','snapshot_name':'S','name':'N',"
                        "'model':'m','created_at':'2026-01-02T03:04:05Z','chat_messages':[]}",
                        &c));
    assert_str(c.title, "S");
    assert_str(c.model, "m");
    assert_str(c.source.id, "conv");
    assert_true(c.created_ms == INT64_C(1767323045000) && c.updated_ms == TIME_NONE);
    read_message(&a, "{'uuid':'m1','sender':'human','text':'x','created_at':'yesterday'}", &c);
    assert_str(c.title, "n");
    assert_str(c.source.id, "u");
    assert_true(c.messages[0].created_ms == TIME_NONE);
    assert_str(c.messages[0].id, "m1");
}

static void the_path_ends_in_the_newest_message(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a,
                 "{'uuid':'a','sender':'human','text':'a','parent_message_uuid':'" ROOT "'},"
                 "{'uuid':'b','sender':'assistant','text':'b','parent_message_uuid':'a'},"
                 "{'uuid':'c','sender':'assistant','text':'c','parent_message_uuid':'a'}",
                 &c);
    assert_str(told(&a, &c), "user\ntext: a\nassistant\ntext: c\nassistant off\ntext: b\n");
    assert_null(c.messages[0].parent_id.s);
    assert_str(c.messages[1].parent_id, "a");
}

static void without_parents_the_order_is_the_path(void **state)
{
    UNUSED(state);
    assert_message("{'sender':'human','text':'a'},{'sender':'assistant','text':'b'}",
                   "user\ntext: a\nassistant\ntext: b\n");
}

static void a_cycle_ends(void **state)
{
    UNUSED(state);
    assert_message("{'uuid':'a','sender':'human','text':'a','parent_message_uuid':'b'},"
                   "{'uuid':'b','sender':'assistant','text':'b','parent_message_uuid':'a'}",
                   "user\ntext: a\nassistant\ntext: b\n");
}

static void what_is_no_conversation(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_int_equal(read_text(&a, "{'error':{'type':'permission_error'}}", &c), E_FORBIDDEN);
    assert_int_equal(read_text(&a, "{'error':{'type':'not_found_error'}}", &c), E_GONE);
    assert_int_equal(read_text(&a, "{'error':{'type':'overloaded'}}", &c), E_INVALID);
    assert_int_equal(read_text(&a, "{'chat_messages':{}}", &c), E_INVALID);
    assert_int_equal(read_text(&a, "'x'", &c), E_INVALID);
}

static void the_leaf_that_is_named_counts(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(
        provider_by_name(S("claude"))
            ->from_json(
                &a,
                json_of(&a,
                        "{'uuid':'u','current_leaf_message_uuid':'b','chat_messages':["
                        "{'uuid':'b','sender':'assistant','text':'b','parent_message_uuid':'a'},"
                        "{'uuid':'a','sender':'human','text':'a','parent_message_uuid':'" ROOT "'},"
                        "{'uuid':'c','sender':'assistant','text':'c','parent_message_uuid':'a'}]}"),
                &c));
    assert_str(told(&a, &c), "user\ntext: a\nassistant\ntext: b\nassistant off\ntext: c\n");
}

/* Files that the answer writes and changes: each state is an artifact under the path that links name. */
static void files_that_are_written(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(
        &a,
        "{'sender':'assistant','content':[{'type':'tool_use','name':'create_file','input':{"
        "'path':'/o/notes.md','file_text':'alpha'}},{'type':'tool_use','name':'str_replace',"
        "'input':{'path':'/o/notes.md','old_str':'alpha','new_str':'beta'}},"
        "{'type':'tool_use','name':'str_replace','input':{'path':'/o/notes.md',"
        "'old_str':'gamma','new_str':'x'}},{'type':'tool_use','name':'str_replace',"
        "'input':{'path':'/elsewhere','old_str':'a','new_str':'b'}}]}",
        &c);
    const struct message *m = &c.messages[0];
    assert_int_equal(m->block_count, 7);
    assert_str(m->blocks[1].artifact.content, "alpha");
    assert_str(m->blocks[1].artifact.title, "notes.md");
    assert_str(m->blocks[3].artifact.content, "beta");
    assert_str(m->blocks[3].artifact.id, "/o/notes.md");
    assert_str(m->blocks[5].artifact.content, "beta");
    assert_int_equal(m->blocks[6].type, BLOCK_TOOL_CALL);
    assert_true(found(&c, "artifact_change_unreadable"));
}

static void placeholders_are_no_words(void **state)
{
    UNUSED(state);
    assert_message("{'sender':'assistant','text':'One.\\n```\\nThis block is not supported on your "
                   "current device yet.\\n```\\nTwo.'}",
                   "assistant\ntext: One.\n\nTwo.\n");
    assert_message("{'sender':'assistant','text':'One. Viewing artifacts created via the Analysis "
                   "Tool web feature preview isn\u2019t yet supported on mobile. Two.'}",
                   "assistant\ntext: One.  Two.\n");
    /* In fences of any length, and never in what somebody says of it. */
#define SENTENCE "This block is not supported on your current device yet."
    assert_message("{'sender':'assistant','text':'One.\\n~~~~\\n" SENTENCE "\\n~~~~\\n  "
                   "```\\n" SENTENCE "\\n  ```\\nTwo.'}",
                   "assistant\ntext: One.\n\n\nTwo.\n");
    assert_message("{'sender':'human','text':'Why " SENTENCE "'}",
                   "user\ntext: Why " SENTENCE "\n");
    assert_message("{'sender':'assistant','text':'`" SENTENCE "` is said\\n```\\na\\n" SENTENCE
                   "\\n```'}",
                   "assistant\ntext: `" SENTENCE "` is said\ncode: a\n" SENTENCE "\n");
#undef SENTENCE
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(content_counts_where_there_is_some),
        cmocka_unit_test(the_text_of_what_is_not_understood),
        cmocka_unit_test(content_in_other_forms),
        cmocka_unit_test(what_is_no_message),
        cmocka_unit_test(ids_that_are_numbers),
        cmocka_unit_test(a_placeholder_is_no_word_of_the_conversation),
        cmocka_unit_test(every_kind_of_content),
        cmocka_unit_test(a_call_and_its_result_belong_together),
        cmocka_unit_test(artifacts_are_replayed),
        cmocka_unit_test(artifacts_have_a_limit),
        cmocka_unit_test(what_a_person_attached),
        cmocka_unit_test(an_unknown_sender),
        cmocka_unit_test(the_head),
        cmocka_unit_test(the_path_ends_in_the_newest_message),
        cmocka_unit_test(without_parents_the_order_is_the_path),
        cmocka_unit_test(a_cycle_ends),
        cmocka_unit_test(the_leaf_that_is_named_counts),
        cmocka_unit_test(files_that_are_written),
        cmocka_unit_test(placeholders_are_no_words),
        cmocka_unit_test(what_is_no_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

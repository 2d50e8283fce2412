/* Each row of the table of kinds that stand on a share page's path, the marks in its text, the tree, and what it refuses. */
#include "check.h"

#include "archive/providers/chatgpt_text.h"

static err_t read_text(struct arena *a, const char *text, struct conversation *ret)
{
    return provider_by_name(S("chatgpt"))->from_json(a, json_of(a, text), ret);
}

/* A conversation of one message. */
static void read_message(struct arena *a, const char *message, struct conversation *ret)
{
    struct str text =
        str_fmt(a,
                "{'title':'t','default_model_slug':'m-1','current_node':'n','mapping':"
                "{'n':{'id':'n','parent':'r','message':%s},'r':{'id':'r'}}}",
                message);
    assert_ok(read_text(a, str_cstr(a, text), ret));
}

#define AUTHOR(role) "'author':{'role':'" role "'}"

static void assert_message(const char *message, const char *want)
{
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, message, &c);
    assert_str(told(&a, &c), want);
}

static void words_of_both_sides(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'text','parts':['Why?']}}",
                   "user\ntext: Why?\n");
    assert_message("{" AUTHOR("assistant") ",'recipient':'all','content':{'content_type':'text',"
                                           "'parts':['Because.','```c\\n1\\n```']}}",
                   "assistant\ntext: Because.\ncode c: 1\n");
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':['']}}",
                   "assistant\n"); /* before a tool call: no answer */
}

static void one_part_where_a_list_is_usual(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'text','parts':'Why?'}}",
                   "user\ntext: Why?\n");
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'multimodal_text','parts':"
                                      "{'content_type':'audio_transcription','text':'Said'}}}",
                   "user\ntext: Said\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'text','parts':'Found'}}",
                   "tool\ntool_result: Found\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'multimodal_text','parts':"
                                      "['Found',{'text':'more'},{'content_type':'new'}]}}",
                   "tool\ntool_result: Found\nmore\nunknown: {\"content_type\":\"new\"}\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'execution_output','text':"
                                      "['1','2']}}",
                   "tool\ntool_result: 1\n2\n");
}

static void hidden_ones(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("user") ",'metadata':{'is_visually_hidden_from_conversation':true},"
                                      "'content':{'content_type':'text','parts':['Original']}}",
                   "user hidden\ntext: Original\n");
    assert_message("{" AUTHOR("system") ",'content':{'content_type':'text','parts':['']}}",
                   "system hidden\n");
    assert_message("{" AUTHOR("system") ",'content':{'content_type':'text','parts':['Be kind.']}}",
                   "system\ntext: Be kind.\n");
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'user_editable_context',"
                                      "'user_profile':'p'}}",
                   "user hidden\nunknown: {\"content_type\":\"user_editable_context\","
                   "\"user_profile\":\"p\"}\n");
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'model_editable_context',"
                                           "'model_set_context':''}}",
                   "assistant hidden\nunknown: {\"content_type\":\"model_editable_context\","
                   "\"model_set_context\":\"\"}\n");
}

static void thinking_and_its_recap(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(
        &a,
        "{'create_time':1,'current_node':'c','mapping':{"
        "'a':{'message':{" AUTHOR(
            "assistant") ",'content':{'content_type':'thoughts','thoughts':"
                         "[{'summary':'First','content':'I "
                         "look.'},{'summary':'','content':''},{'content':'I see.'}]"
                         "}}},"
                         "'b':{'parent':'a','message':{" AUTHOR(
                             "assistant") ",'content':{'content_type':"
                                          "'thoughts','thoughts':[{'summary':'','content':''}]}}},"
                                          "'c':{'parent':'b','message':{" AUTHOR(
                                              "assistant") ",'content':{'content_type':"
                                                           "'reasoning_recap','content':'Thought "
                                                           "for 7s'}}}}}",
        &c));
    assert_str(told(&a, &c), "assistant\nthinking Thought for 7s: **First**\n\nI look.\n\nI see.\n"
                             "assistant\nassistant\n");
}

static void a_recap_belongs_to_its_own_answer(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'create_time':1,'current_node':'c','mapping':{"
                        "'a':{'message':{" AUTHOR(
                            "assistant") ",'content':{'content_type':'thoughts','thoughts':"
                                         "[{'content':'I look.'}]}}},"
                                         "'b':{'parent':'a','message':{" AUTHOR(
                                             "user") ",'content':{'content_type':'text','parts':"
                                                     "['and?']}}},"
                                                     "'c':{'parent':'b','message':{" AUTHOR(
                                                         "assistant") ",'content':{'content_type':"
                                                                      "'reasoning_recap','content':"
                                                                      "'Thought for 7s'}}}}}",
                        &c));
    assert_str(told(&a, &c), "assistant\nthinking: I look.\nuser\ntext: and?\nassistant\n");
}

static void tools(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("assistant") ",'recipient':'python','content':{'content_type':'code',"
                                           "'language':'unknown','text':'1+1'}}",
                   "assistant\ntool_call python: 1+1\n");
    assert_message("{" AUTHOR("assistant") ",'recipient':'all','content':{'content_type':'code',"
                                           "'language':'python','text':'1+1'}}",
                   "assistant\ncode python: 1+1\n");
    assert_message("{" AUTHOR("assistant") ",'recipient':'web','content':{'content_type':'text',"
                                           "'parts':['']}}",
                   "assistant\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'text','parts':['2','3']}}",
                   "tool\ntool_result: 2\n3\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'execution_output','text':'2'}}",
                   "tool\ntool_result: 2\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'tether_browsing_display',"
                                      "'result':'L0: x','summary':'s'}}",
                   "tool\ntool_result: L0: x\n");
    assert_message("{" AUTHOR("tool") ",'content':{'content_type':'system_error','name':'E',"
                                      "'text':'boom'}}",
                   "tool\ntool_result error: boom\n");
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'tether_quote','text':'q'}}",
                   "assistant\ntool_result: q\n");
}

static void a_picture_of_a_tool(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("tool") ",'weight':0,'content':{'content_type':'multimodal_text',"
                                      "'parts':[{'content_type':'image_asset_pointer','asset_"
                                      "pointer':'sediment://file_1','width':3,'height':4}]}}",
                   "tool\ntool_result\nimage sediment://file_1 (3 x 4)\n");
    assert_message(
        "{" AUTHOR("tool") ",'content':{'content_type':'multimodal_text','parts':['Done.'"
                           ",{'content_type':'image_asset_pointer',"
                           "'asset_pointer':'sediment://file_1'}]}}",
        "tool\ntool_result: Done.\nimage sediment://file_1\n");
}

static void a_redacted_tool(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a,
                 "{" AUTHOR("tool") ",'content':{'content_type':'text','parts':['The output of "
                                    "this plugin was redacted.']}}",
                 &c);
    assert_true(found(&c, "tool_output_redacted"));
}

static void what_a_person_attached(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'multimodal_text','parts':["
                                      "{'content_type':'image_asset_pointer','asset_pointer':"
                                      "'file-service://file-A','width':1,'height':2},'What is "
                                      "it?']},'metadata':{'attachments':[{'id':'file-A','name':"
                                      "'a.png'},{'id':'file-B','name':'b.pdf','mime_type':"
                                      "'application/pdf'},{'name':'c','mimeType':'x/y'}]}}",
                   "user\nimage file-service://file-A (1 x 2)\ntext: What is it?\n"
                   "file b.pdf: application/pdf\nfile c: x/y\n");
    assert_message("{" AUTHOR("user") ",'content':{'content_type':'multimodal_text','parts':["
                                      "{'content_type':'audio_transcription','text':'Hello'},"
                                      "null]}}",
                   "user\ntext: Hello\n");
}

static void what_is_not_understood_is_kept(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(&a, "{" AUTHOR("narrator") ",'content':{'content_type':'hologram','beams':[1,2]}}",
                 &c);
    assert_str(told(&a, &c), "system\nunknown: {\"content_type\":\"hologram\",\"beams\":[1,2]}\n");
    assert_true(found(&c, "unmodelled_content_type"));
    assert_true(found(&c, "unrecognised_role"));
    read_message(&a,
                 "{" AUTHOR("user") ",'content':{'content_type':'text','parts':[{'content_type':"
                                    "'smell','x':1},'rest']}}",
                 &c);
    assert_str(told(&a, &c), "user\nunknown: {\"content_type\":\"smell\",\"x\":1}\ntext: rest\n");
    assert_message("{" AUTHOR("assistant") ",'recipient':'tool.x','content':{'content_type':"
                                           "'hologram'}}",
                   "assistant\nunknown: {\"content_type\":\"hologram\"}\n");
    assert_message("{" AUTHOR("user") "}", "user\nunknown: null\n");
}

static void who_when_and_which_model(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'title':null,'create_time':1769130000.5,'update_time':1769130001,"
                        "'conversation_id':'conv','id':'other','current_node':'n','model':{'slug':"
                        "'m-2'},'mapping':{'n':{'message':{'author':{'role':'assistant','name':"
                        "'web'},'create_time':1769130000.25,'metadata':{'model_slug':'m-3'},"
                        "'content':{'content_type':'text','parts':['x']}}}}}",
                        &c));
    assert_str(c.source.id, "conv");
    assert_str(c.model, "m-2");
    assert_null(c.title.s);
    assert_true(c.created_ms == INT64_C(1769130000500) && c.updated_ms == INT64_C(1769130001000));
    assert_str(c.messages[0].model, "m-3");
    assert_str(c.messages[0].author, "web");
    assert_true(c.messages[0].created_ms == INT64_C(1769130000250));
    read_message(&a, "{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':['x']}}",
                 &c);
    assert_str(c.messages[0].model, "m-1");
    assert_true(c.messages[0].created_ms == TIME_NONE && c.created_ms == TIME_NONE);
    read_message(&a, "{" AUTHOR("user") ",'content':{'content_type':'text','parts':['x']}}", &c);
    assert_null(c.messages[0].model.s);
}

/* --- the tree -------------------------------------------------------------------------------- */

#define NODE(id, parent)                         \
    "'" id "':{'id':'" id "','parent':" parent   \
    ",'message':{" AUTHOR("user") ",'content':{" \
                                  "'content_type':'text','parts':['" id "']}}}"

static void branches_stay_behind_the_path(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(
        &a,
        "{'create_time':1,'current_node':'c','mapping':{" NODE("z", "'y'") "," NODE(
            "y", "'a'") "," NODE("c",
                                 "'b'") "," NODE("b",
                                                 "'a'") "," NODE("a",
                                                                 "'root'") ",'root':{'id':'root','"
                                                                           "message':null,'parent':"
                                                                           "null}}}",
        &c));
    assert_str(told(&a, &c), "user\ntext: a\nuser\ntext: b\nuser\ntext: c\nuser off\ntext: y\n"
                             "user off\ntext: z\n");
    assert_null(c.messages[0].parent_id.s); /* the root has no words: it is no message */
    assert_str(c.messages[2].parent_id, "b");
    assert_str(c.messages[4].parent_id, "y");
}

static void without_a_current_node_the_newest_leaf_counts(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'create_time':1,'mapping':{" NODE("a", "null") "," NODE(
                            "b", "'a'") ",'c':{'parent':'a','message':{'create_time':"
                                        "5," AUTHOR("user") ",'content':{'content_type':'"
                                                            "text','parts':['c']}}}}}",
                        &c));
    assert_str(told(&a, &c), "user\ntext: a\nuser\ntext: c\nuser off\ntext: b\n");
}

static void broken_trees(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    assert_ok(read_text(&a,
                        "{'create_time':1,'current_node':'b','mapping':{" NODE("a", "'b'") "," NODE(
                            "b", "'a'") "," NODE("q", "'q'") "}}",
                        &c));
    assert_true(found(&c, "cycle_broken"));
    assert_int_equal(c.message_count, 3);
    assert_ok(read_text(
        &a, "{'create_time':1,'current_node':'b','mapping':{" NODE("b", "'gone'") "}}", &c));
    assert_true(found(&c, "parent_missing"));
    assert_str(told(&a, &c), "user\ntext: b\n");
    assert_null(c.messages[0].parent_id.s);
}

/* Below thirty thousand nodes without words hang as many with: the way up must not be walked for each. */
static void a_deep_tree(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    struct buf b;
    struct json root;
    struct conversation c;
    arena_init(&a, MIB(512));
    buf_init(&b, &a, MIB(16));
    buf_put(&b, S("{\"create_time\":1,\"mapping\":{\"n0\":{\"message\":{}}"));
    for (int i = 1; i < 30000; i++)
        buf_putf(&b, ",\"n%d\":{\"parent\":\"n%d\"}", i, i - 1);
    for (int i = 0; i < 15000; i++)
        buf_putf(&b, ",\"m%d\":{\"parent\":\"n29999\",\"message\":{\"author\":{}}}", i);
    buf_put(&b, S("}}"));
    assert_ok(json_parse(&a, buf_str(&b), JSON_FOREIGN_DEPTH_MAX, &root));
    assert_ok(provider_by_name(S("chatgpt"))->from_json(&a, root, &c));
    assert_int_equal(c.message_count, 15001);
    assert_str(c.messages[15000].parent_id, "n0");
}

static void what_is_no_conversation(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        err_t want;
    } CASES[] = {
        { "{'status':'COMPLETE'}", E_INVALID },
        { "{'mapping':{}}", E_INVALID },
        { "{'mapping':[1]}", E_INVALID },
        { "[]", E_INVALID },
        { "{'detail':{'code':'shared_conversation_deleted'}}", E_GONE },
        { "{'detail':{'code':'conversation_not_found'}}", E_GONE },
        { "{'detail':'Conversation not found'}", E_GONE },
        { "{'detail':{'code':'permission_denied'}}", E_FORBIDDEN },
        { "{'detail':'Something else'}", E_INVALID },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        TEST_ARENA(a);
        struct conversation c;
        if (read_text(&a, CASES[i].text, &c) != CASES[i].want)
            fail_msg("%s", CASES[i].text);
    }
}

/* --- marks in the text ---------------------------------------------------------------------- */

#define OPEN  "\xee\x88\x80"
#define CLOSE "\xee\x88\x81"
#define PART  "\xee\x88\x82"

static struct conversation made; /* its findings are those of the text that was read last */

static struct cited cleaned_str(struct arena *a, struct str text, struct json metadata)
{
    struct builder b;
    struct cited t;
    build_begin(&b, a, "chatgpt", &made);
    chatgpt_clean(&b, text, metadata, &t);
    assert_ok(build_end(&b));
    return t;
}

static struct cited cleaned(struct arena *a, const char *text, const char *metadata)
{
    return cleaned_str(a, str_from(text), json_of(a, metadata));
}

static void a_citation_is_taken_out_and_resolved(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct cited t =
        cleaned(&a, "Tides rise" OPEN "cite" PART "turn0search1" CLOSE ".",
                "{'content_references':[{'matched_text':'other','items':[{'url':'https://no'}]},"
                "{'matched_text':'" OPEN "cite" PART "turn0search1" CLOSE "','items':["
                "{'url':'https://a.example','title':'A'},{'url':'https://b.example'},"
                "{'url':'https://a.example','title':'again'}]}]}");
    assert_str(t.text, "Tides rise.");
    assert_int_equal(t.count, 2);
    assert_str(t.marks[0].url, "https://a.example");
    assert_str(t.marks[0].title, "A");
    assert_str(t.marks[1].url, "https://b.example");
    assert_false(found(&made, "citation_unresolved"));
}

static void a_citation_without_a_target_is_remembered(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct cited t = cleaned(&a, "x" OPEN "filecite" PART "turn0file0" CLOSE "y", "{}");
    assert_str(t.text, "xy");
    assert_true(found(&made, "citation_unresolved"));
    assert_int_equal(t.count, 1);
    assert_null(t.marks[0].url.s);
}

static void a_named_thing_is_a_word_of_the_sentence(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(cleaned(&a,
                       "In " OPEN "entity" PART "[\"city\",\"Z\xc3\xbcrich\",\"in CH\"]" CLOSE
                       " it rains.",
                       "{}")
                   .text,
               "In Z\xc3\xbcrich it rains.");
    assert_str(cleaned(&a, "In " OPEN "entity" PART "not json" CLOSE ".", "{}").text,
               "In not json.");
}

static void a_list_of_links_keeps_its_title(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct cited t =
        cleaned(&a, OPEN "navlist" PART "Read on" PART "turn0news1,turn0news2" CLOSE, "{}");
    assert_str(t.text, "Read on");
    assert_true(found(&made, "citation_unresolved"));
}

static void no_private_mark_stays(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    /* U+E203 and U+E204 round a passage; an opening mark that never closes; other text with the same first byte */
    assert_str(cleaned(&a, "```c\n1\n```\xee\x88\x84\n\xee\x88\x83kept\xee\x88\x84", "{}").text,
               "```c\n1\n```\nkept");
    assert_str(cleaned(&a, "a" OPEN "cite" PART "b", "{}").text, "aciteb");
    assert_str(cleaned(&a, CLOSE PART "a" OPEN, "{}").text, "a");
    assert_str(cleaned(&a, "\xee\x80\x80 \xee\xbf\xbf", "{}").text, "\xee\x80\x80 \xee\xbf\xbf");
}

static void a_fence_closes_in_spite_of_a_mark(void **state)
{
    UNUSED(state);
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':['"
                                           "\xee\x88\x83```c\\n1\\n```\xee\x88\x84\\nafter']}}",
                   "assistant\ncode c: 1\ntext: after\n");
}

static void many_marks_are_bounded(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct buf b;
    buf_init(&b, &a, MIB(8));
    for (int i = 0; i < 50000; i++)
        buf_put(&b, S(OPEN "cite" PART "x" CLOSE OPEN));
    struct cited t = cleaned_str(&a, buf_str(&b), (struct json){ 0 });
    assert_int_equal(t.text.n % 4, 0);
    assert_true(t.count <= 4000);
}

static void what_other_marks_say_stays(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(cleaned(&a,
                       "See " OPEN "url" PART "the (old) manual" PART
                       "https://x.example/a_(1)" CLOSE ".",
                       "{}")
                   .text,
               "See [the (old) manual](<https://x.example/a_(1)>).");
    assert_str(
        cleaned(&a, OPEN "product_entity" PART "[\"p1\",\"Blue Kettle\"]" CLOSE "!", "{}").text,
        "Blue Kettle!");
    assert_int_equal(made.finding_count, 0);
    assert_str(cleaned(&a, "a " OPEN "novel" PART "turn0x1" CLOSE "b",
                       "{'content_references':[{'matched_text':'" OPEN "novel" PART "turn0x1" CLOSE
                       "','alt':'([N](https://n.example))'}]}")
                   .text,
               "a ([N](https://n.example))b");
    assert_str(cleaned(&a, "a" OPEN "novel" PART "turn0x1" CLOSE "b", "{}").text, "ab");
    assert_true(found(&made, "mark_unreadable"));
}

static void pictures_of_a_mark_stand_before_the_words_after_it(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
#define STRIP OPEN "i" PART "turn0image0" CLOSE
    assert_str(cleaned(&a, "So." STRIP "Berlin is large.",
                       "{'content_references':[{'matched_text':'" STRIP "','images':["
                       "{'content_url':'https://x.example/b.jpg','title':'Berlin [1]'},"
                       "{'image_result':{'thumbnail_url':'https://x.example/c.jpg'}}]}]}")
                   .text,
               "So.\n![Berlin \\[1\\]](https://x.example/b.jpg)\n![](https://x.example/c.jpg)\n"
               "Berlin is large.");
#undef STRIP
}

static void older_citations(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const char *known =
        "{'citations':[{'metadata':{'url':'https://a.example','extra':{'cited_message_idx':8}}}],"
        "'content_references':[{'matched_text':':contentReference[oaicite:6]{index=6}',"
        "'items':[{'url':'https://b.example'}]}]}";
    struct cited t =
        cleaned(&a,
                "Hot\xe3\x80\x90"
                "8\xe2\x80\xa0source\xe3\x80\x91, cold:contentReference[oaicite:6]{index=6}.",
                known);
    assert_str(t.text, "Hot, cold.");
    assert_int_equal(t.count, 2);
    assert_int_equal(t.marks[0].at, 3);
    /* what the data does not explain may be a word of the text */
    assert_str(cleaned(&a,
                       "\xe3\x80\x90"
                       "8\xe2\x80\xa0source\xe3\x80\x91 \xe3\x80\x90x\xe3\x80\x91",
                       "{}")
                   .text,
               "\xe3\x80\x90"
               "8\xe2\x80\xa0source\xe3\x80\x91 \xe3\x80\x90x\xe3\x80\x91");
}

static void a_citation_stands_behind_its_words(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
#define CITE(n) OPEN "cite" PART "s" n CLOSE
    read_message(
        &a,
        "{" AUTHOR("assistant") ",'metadata':{'content_references':["
                                "{'matched_text':'" CITE(
                                    "1") "','items':[{'url':'https://1.example'}]},"
                                         "{'matched_text':'" CITE(
                                             "2") "','items':[{'url':'https://2.example'}]},"
                                                  "{'matched_text':'" CITE(
                                                      "3") "','items':[{'url':'https://"
                                                           "3.example'}]}]},"
                                                           "'content':{'content_type':'text','"
                                                           "parts':['\xc3\xbc\xc3\xbc" CITE(
                                                               "1") " one.\\n\\n|a|b|\\n|-|-|\\n|"
                                                                    "c" CITE("2") "|d|"
                                                                                  "\\n\\nlas"
                                                                                  "t" CITE(
                                                                                      "3") "']}}",
        &c);
#undef CITE
    assert_str(told(&a, &c), "assistant\ntext: \xc3\xbc\xc3\xbc one.\ncitation https://1.example\n"
                             "table: a|b / c|d\ncitation https://2.example\ntext: last\n"
                             "citation https://3.example\n");
    assert_int_equal(c.messages[0].blocks[1].citation.start, 2);
    assert_int_equal(c.messages[0].blocks[3].citation.start, -1);
    assert_int_equal(c.messages[0].blocks[5].citation.end, 4);
}

static void a_draft_is_an_artifact(void **state)
{
    UNUSED(state);
    assert_message(
        "{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':['Before\\n\\n"
                                ":::writing{variant=\\\"email\\\" id=\\\"1\\\" subject=\\\"A "
                                "\\\\\\\"b\\\\\\\"\\\"}\\nDear S\\n:::\\nAfter\\n"
                                ":::writing{variant=\\\"document\\\"}\\ncut']}}",
        "assistant\ntext: Before\nartifact email: Dear S\ntext: After\n"
        "artifact document: cut\n");
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':["
                                           "'say :::writing{x} here']}}",
                   "assistant\ntext: say :::writing{x} here\n");
    /* Shown in code it is code; in a draft, code may hold what looks like its end; an item may hold one. */
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':['```\\n"
                                           ":::writing{variant=\\\"email\\\"}\\nDear\\n:::\\n"
                                           "```']}}",
                   "assistant\ncode: :::writing{variant=\"email\"}\nDear\n:::\n");
    assert_message("{" AUTHOR("assistant") ",'content':{'content_type':'text','parts':["
                                           "'::::writing{subject=\\\"id card\\\" "
                                           "variant=\\\"x\\\"}\\n```\\n::::\\n```\\n:::\\nb\\n"
                                           "::::\\r\\n1. a\\n\\n   :::writing\\n   c\\n    d\\n"
                                           "   :::\\nend']}}",
                   "assistant\nartifact x: ```\n::::\n```\n:::\nb\ntext: 1. a\n"
                   "artifact: c\n d\ntext: end\n");
}

/* A document of the canvas is made and changed by calls; what cannot be replayed is kept as the call. */
static void documents_of_the_canvas(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
#define CALL(id, parent, to, arguments)                                                         \
    "'" id "':{'id':'" id "','parent':'" parent                                                 \
    "','message':{" AUTHOR("assistant") ",'recipient':'canmore." to                             \
                                        "','content':{'content_type':'code','text':'" arguments \
                                        "'}}}"
    assert_ok(read_text(
        &a,
        "{'create_time':1,'current_node':'d','mapping':{" CALL(
            "a", "", "create_textdoc",
            "{\\\"name\\\":\\\"P\\\",\\\"type\\\":\\\"document\\\",\\\"content\\\":"
            "\\\"one two.\\\"}") "," CALL("b", "a", "update_textdoc",
                                          "{\\\"updates\\\":[{\\\"pattern\\\":"
                                          "\\\"two\\\\\\\\.\\\",\\\"replacement\\\":"
                                          "\\\"three\\\"}]}") "," CALL("c", "b", "update_textdoc",
                                                                       "{\\\"updates\\\":"
                                                                       "[{"
                                                                       "\\\"pattern\\\":"
                                                                       "\\\".*\\\","
                                                                       "\\\"replacement\\"
                                                                       "\":\\\"new\\\"}]"
                                                                       "}") "," CALL("d", "c",
                                                                                     "upd"
                                                                                     "ate"
                                                                                     "_te"
                                                                                     "xtd"
                                                                                     "oc",
                                                                                     "{\\"
                                                                                     "\"u"
                                                                                     "pda"
                                                                                     "tes"
                                                                                     "\\"
                                                                                     "\":"
                                                                                     "[{"
                                                                                     "\\"
                                                                                     "\"p"
                                                                                     "att"
                                                                                     "ern"
                                                                                     "\\"
                                                                                     "\":"
                                                                                     "\\"
                                                                                     "\"n"
                                                                                     "[ae"
                                                                                     "iou"
                                                                                     "]w"
                                                                                     "\\"
                                                                                     "\","
                                                                                     "\\"
                                                                                     "\"r"
                                                                                     "epl"
                                                                                     "ace"
                                                                                     "men"
                                                                                     "t\\"
                                                                                     "\":"
                                                                                     "\\"
                                                                                     "\"x"
                                                                                     "\\"
                                                                                     "\"}"
                                                                                     "]}") "}}",
        &c));
#undef CALL
    assert_str(said(&a, &c.messages[0]), "artifact document: one two.\n");
    assert_str(said(&a, &c.messages[1]), "artifact document: one three\n");
    assert_str(said(&a, &c.messages[2]), "artifact document: new\n");
    assert_int_equal(c.messages[3].blocks[0].type, BLOCK_TOOL_CALL);
    assert_true(found(&c, "artifact_change_unreadable"));
}

/* The report of a research stands where the page shows it: in place of the empty answer; without one, with who carries it. */
static void a_report_is_an_artifact(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
#define STATE \
    "{\\\"report_message\\\":{\\\"content\\\":{\\\"parts\\\":[\\\"# R\\\\n\\\\nbody\\\"]}}}"
#define TREE(more)                                                                                \
    "{'create_time':1,'mapping':{'u':{'parent':null,'message':{" AUTHOR(                          \
        "user") ",'content':{'content_type':'text','parts':['q']}}},'t':{'parent':'u','message':" \
                "{" AUTHOR("tool") ",'metadata':{'chatgpt_sdk':{'widget_state':'" STATE           \
                                   "'}},'content':{'content_type':'text','parts':['']}}}" more    \
                                   "}}"
    assert_ok(read_text(&a,
                        TREE(",'a':{'parent':'t','message':{" AUTHOR(
                            "assistant") ",'content':{'content_type':'text','parts':['']}}}"),
                        &c));
    assert_str(told(&a, &c),
               "user\ntext: q\ntool\ntool_result\nassistant\nartifact report: # R\n\nbody\n");
    assert_str(c.messages[2].blocks[0].artifact.title, "R");
    assert_ok(read_text(&a, TREE(""), &c));
    assert_str(told(&a, &c), "user\ntext: q\ntool\ntool_result\nartifact report: # R\n\nbody\n");
#undef TREE
#undef STATE
}

static void plots_and_times_of_any_form(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    read_message(
        &a,
        "{" AUTHOR(
            "tool") ",'create_time':'2026-01-04T12:00:01.5Z','content':{'content_type':"
                    "'execution_output','text':'done'},'metadata':{'aggregate_result':{'messages':["
                    "{'message_type':'stream'},{'message_type':'image','image_url':'file-service://"
                    "f',"
                    "'width':6,'height':4}]}}}",
        &c);
    assert_str(told(&a, &c), "tool\ntool_result: done\nimage file-service://f (6 x 4)\n");
    assert_int_equal(c.messages[0].created_ms, INT64_C(1767528001500));
    read_message(&a, "{" AUTHOR("user") ",'create_time':1767500000123,'content':{}}", &c);
    assert_int_equal(c.messages[0].created_ms, INT64_C(1767500000123));
    read_message(&a, "{" AUTHOR("user") ",'create_time':'soon','content':{}}", &c);
    assert_true(c.messages[0].created_ms == TIME_NONE);
    assert_true(found(&c, "time_unreadable"));
}

static void a_tree_that_names_only_children(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
#define SAID(id, children)           \
    "'" id "':{'children':" children \
    ",'message':{" AUTHOR("user") ",'content':{'content_type':'text','parts':['" id "']}}}"
    assert_ok(read_text(&a,
                        "{'create_time':1,'mapping':{" SAID("c", "[]") "," SAID("b", "[]") "," SAID(
                            "a", "['b','c']") "}}",
                        &c));
    assert_str(told(&a, &c), "user\ntext: a\nuser\ntext: b\nuser off\ntext: c\n");
    assert_str(c.messages[1].parent_id, "a");
#undef SAID
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_of_both_sides),
        cmocka_unit_test(one_part_where_a_list_is_usual),
        cmocka_unit_test(hidden_ones),
        cmocka_unit_test(thinking_and_its_recap),
        cmocka_unit_test(a_recap_belongs_to_its_own_answer),
        cmocka_unit_test(tools),
        cmocka_unit_test(a_picture_of_a_tool),
        cmocka_unit_test(a_redacted_tool),
        cmocka_unit_test(what_a_person_attached),
        cmocka_unit_test(what_is_not_understood_is_kept),
        cmocka_unit_test(who_when_and_which_model),
        cmocka_unit_test(branches_stay_behind_the_path),
        cmocka_unit_test(without_a_current_node_the_newest_leaf_counts),
        cmocka_unit_test(broken_trees),
        cmocka_unit_test(a_deep_tree),
        cmocka_unit_test(what_is_no_conversation),
        cmocka_unit_test(a_citation_is_taken_out_and_resolved),
        cmocka_unit_test(a_citation_without_a_target_is_remembered),
        cmocka_unit_test(a_named_thing_is_a_word_of_the_sentence),
        cmocka_unit_test(a_list_of_links_keeps_its_title),
        cmocka_unit_test(no_private_mark_stays),
        cmocka_unit_test(a_fence_closes_in_spite_of_a_mark),
        cmocka_unit_test(many_marks_are_bounded),
        cmocka_unit_test(what_other_marks_say_stays),
        cmocka_unit_test(pictures_of_a_mark_stand_before_the_words_after_it),
        cmocka_unit_test(older_citations),
        cmocka_unit_test(a_citation_stands_behind_its_words),
        cmocka_unit_test(a_draft_is_an_artifact),
        cmocka_unit_test(documents_of_the_canvas),
        cmocka_unit_test(a_report_is_an_artifact),
        cmocka_unit_test(plots_and_times_of_any_form),
        cmocka_unit_test(a_tree_that_names_only_children),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* The normal form: its hash, its JSON and back, its words, and the check whether it is a conversation at all. */
#include "check.h"

#include "archive/conversation_check.h"

/* Blocks as they are stored; the same way back is what is tested. */
static struct message message_of(struct arena *a, enum role role, const char *blocks)
{
    struct message m = { .role = role, .on_path = true, .created_ms = TIME_NONE };
    assert_ok(blocks_read(a, json_of(a, blocks), &m.blocks, &m.block_count));
    return m;
}

static struct str hash_of(struct arena *a, enum role role, const char *blocks)
{
    CLEANUP(arena_free) struct arena scratch;
    struct message m = message_of(a, role, blocks);
    struct conversation c;
    arena_init(&scratch, MIB(64));
    conversation_init(&c, "chatgpt");
    c.messages = &m;
    c.message_count = 1;
    assert_ok(conversation_hash(a, &scratch, &c));
    return m.hash;
}

static void assert_same_hash(const char *one, const char *other, bool same)
{
    TEST_ARENA(a);
    struct str x = hash_of(&a, ROLE_ASSISTANT, one), y = hash_of(&a, ROLE_ASSISTANT, other);
    if (str_eq(x, y) != same)
        fail_msg("%s and %s: %.*s", one, other, STR_ARG(x));
}

/* The canonical text by hand, hashed by sha256sum. */
static void a_hash_is_over_canonical_json(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct message m = message_of(&a, ROLE_USER, "[{'type':'text','markdown':'Z\xc3\xbcrich\\n'}]");
    struct buf b;
    buf_init(&b, &a, KIB(4));
    assert_ok(message_canonical(&a, &m, &b));
    assert_str(buf_str(&b), "{\"blocks\":[{\"markdown\":\"Z\xc3\xbcrich\\n\",\"type\":\"text\"}],"
                            "\"role\":\"user\"}");
    assert_str(hash_of(&a, ROLE_USER, "[{'type':'text','markdown':'Z\xc3\xbcrich\\n'}]"),
               "sha256:606c584a4d2f616b6da8b232a829bbe41bcc99e490b54d414a3df8dd981f51cf");
}

/* What is written with its members in order right away is what sorting them gives, byte for byte. */
static void blocks_that_are_written_at_once_are_canonical(void **state)
{
    UNUSED(state);
    static const enum block_type TYPES[] = { BLOCK_TEXT, BLOCK_CODE, BLOCK_TOOL_CALL,
                                             BLOCK_TOOL_RESULT, BLOCK_THINKING };
    static const struct str WORDS[] = {
        { NULL, 0 }, { "", 0 }, { "a \"quoted\" \\ \x01\t\xc3\xa9 \xff", 19 }, { "one\r\ntwo", 8 }
    };
    for (size_t i = 0; i < COUNTOF(TYPES); i++)
        for (size_t k = 0; k < COUNTOF(WORDS); k++) {
            TEST_ARENA(a);
            struct message m = { .role = ROLE_ASSISTANT };
            struct buf at_once, sorted;
            struct json root;
            for (int n = 0; n < 2; n++) {
                struct block *b = block_add(&a, &m, TYPES[i]);
                struct str *members = (struct str *)&b->text; /* all of them begin with these */
                members[0] = members[1] = WORDS[k];
                if (TYPES[i] == BLOCK_TOOL_CALL)
                    b->tool_call.arguments = WORDS[k];
            }
            buf_init(&at_once, &a, KIB(8));
            buf_init(&sorted, &a, KIB(8));
            assert_ok(message_canonical(&a, &m, &at_once));
            assert_ok(json_parse(&a, buf_str(&at_once), JSON_DEPTH_MAX, &root));
            assert_ok(json_canonical(&a, root, &sorted));
            assert_true(str_eq(buf_str(&at_once), buf_str(&sorted)));
            struct json blocks = json_get(root, S("blocks"));
            struct str type = json_get_str(json_at(blocks, 1), S("type"));
            assert_true(str_eq(type, str_from(block_type_name(TYPES[i]))));
        }
}

static void numbers_and_order_are_canonical(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct message m = message_of(&a, ROLE_TOOL,
                                  "[{'type':'unknown','raw':{'z':1.0,'a':[1e21,"
                                  "0.000001,-0.0],'\\u00e9':null}}]");
    struct buf b;
    buf_init(&b, &a, KIB(4));
    assert_ok(message_canonical(&a, &m, &b));
    assert_str(buf_str(&b), "{\"blocks\":[{\"raw\":{\"a\":[1e+21,0.000001,0],\"z\":1,\"\xc3\xa9\":"
                            "null},\"type\":\"unknown\"}],\"role\":\"tool\"}");
}

static void volatile_parts_do_not_count(void **state)
{
    UNUSED(state);
    static const char *const SAME[][2] = {
        { "[{'type':'text','markdown':'a\\r\\nb'}]", "[{'type':'text','markdown':'a\\nb'}]" },
        { "[{'type':'code','code':'a\\r\\nb'}]", "[{'type':'code','code':'a\\nb'}]" },
        { "[{'type':'mermaid','code':'a\\r\\nb'}]", "[{'type':'mermaid','code':'a\\nb'}]" },
        { "[{'type':'tool_call','id':'1','name':'n'}]",
          "[{'type':'tool_call','id':'2','name':'n'}]" },
        { "[{'type':'tool_result','call_id':'1','content':'a\\r\\nb'}]",
          "[{'type':'tool_result','call_id':'2','content':'a\\nb'}]" },
        { "[{'type':'artifact','id':'1','content':'c'}]",
          "[{'type':'artifact','id':'2','content':'c'}]" },
        { "[{'type':'image','source_url':'https://x/p?sig=1'}]",
          "[{'type':'image','source_url':'https://x/p?sig=2'}]" },
        { "[{'type':'image','sha256':'ab','source_url':'https://x/p'}]",
          "[{'type':'image','sha256':'ab','source_url':'https://y/q'}]" },
        { "[{'type':'citation','url':'https://x/?a=1&utm_source=chatgpt.com','start':1,'end':2}]",
          "[{'type':'citation','url':'https://x/?a=1','start':3,'end':4}]" },
        { "[{'type':'citation','url':'https://x/?utm_source=chatgpt.com'}]",
          "[{'type':'citation','url':'https://x/'}]" },
    };
    for (size_t i = 0; i < COUNTOF(SAME); i++)
        assert_same_hash(SAME[i][0], SAME[i][1], true);
}

static void everything_else_counts(void **state)
{
    UNUSED(state);
    static const char *const OTHER[][2] = {
        { "[{'type':'text','markdown':'a'}]", "[{'type':'text','markdown':'a '}]" },
        { "[{'type':'text','markdown':'e\xcc\x81'}]", "[{'type':'text','markdown':'\xc3\xa9'}]" },
        { "[{'type':'text','markdown':'a\\rb'}]", "[{'type':'text','markdown':'ab'}]" },
        { "[{'type':'code','code':'a'}]", "[{'type':'code','language':'c','code':'a'}]" },
        { "[{'type':'image','sha256':'ab'}]", "[{'type':'image','sha256':'cd'}]" },
        { "[{'type':'image','source_url':'https://x/p'}]",
          "[{'type':'image','source_url':'https://x/q'}]" },
        { "[{'type':'tool_result','content':'a'}]",
          "[{'type':'tool_result','content':'a','is_error':true}]" },
        { "[{'type':'citation','url':'https://x/?a=1'}]",
          "[{'type':'citation','url':'https://x/?a=2'}]" },
        { "[]", "[{'type':'text','markdown':''}]" },
    };
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(OTHER); i++)
        assert_same_hash(OTHER[i][0], OTHER[i][1], false);
    assert_false(str_eq(hash_of(&a, ROLE_USER, "[]"), hash_of(&a, ROLE_ASSISTANT, "[]")));
}

static void the_conversation_chains_the_path(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    CLEANUP(arena_free) struct arena scratch;
    struct conversation c;
    struct message m[3] = { message_of(&a, ROLE_USER,
                                       "[{'type':'text','markdown':'Z\xc3\xbcrich\\n'}]"),
                            message_of(&a, ROLE_USER, "[]"), message_of(&a, ROLE_ASSISTANT, "[]") };
    arena_init(&scratch, MIB(16));
    conversation_init(&c, "claude");
    c.messages = m;
    assert_ok(conversation_hash(&a, &scratch, &c));
    assert_str(c.hash, "sha256:0000000000000000000000000000000000000000000000000000000000000000");
    c.message_count = 1;
    assert_ok(conversation_hash(&a, &scratch, &c));
    assert_str(c.hash, "sha256:7eaf10ee13ba82d377de7a69e5e04718793eabe69fdbeec4b23dab760740327e");
    struct str one = c.hash;
    c.message_count = 2;
    m[1].on_path = false;
    assert_ok(conversation_hash(&a, &scratch, &c));
    assert_true(str_eq(c.hash, one)); /* a side branch has a hash and is not in the chain */
    assert_true(m[1].hash.n > 0);
    m[1].on_path = true;
    m[1].hidden = true;
    assert_ok(conversation_hash(&a, &scratch, &c));
    assert_false(str_eq(c.hash, one));
}

static void blocks_come_back_as_they_went(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char TEXT[] =
        "[{'type':'text','markdown':'a'},{'type':'code','language':null,'code':'b'},"
        "{'type':'table','header':['x','y'],'rows':[['1','2']]},"
        "{'type':'math','tex':'t','display':true},{'type':'mermaid','code':'g'},"
        "{'type':'image','sha256':null,'source_url':'u','alt':null,'width':1,'height':null},"
        "{'type':'file','name':'n','media_type':null,'sha256':null,'text':'inside'},"
        "{'type':'tool_call','id':null,'name':'n','arguments':'{}'},"
        "{'type':'tool_result','call_id':'c','content':'r','is_error':false},"
        "{'type':'thinking','text':'t','summary':null},"
        "{'type':'citation','url':'u','title':null,'start':1,'end':null},"
        "{'type':'artifact','id':'i','kind':'k','title':'t','content':null},"
        "{'type':'unknown','raw':{'a':[1]}}]";
    struct message m = message_of(&a, ROLE_USER, TEXT);
    struct buf b;
    struct json_out o;
    buf_init(&b, &a, KIB(8));
    jo_init(&o, &b);
    blocks_write(&o, m.blocks, m.block_count);
    assert_str(buf_str(&b), json_text(&a, TEXT).s);
    buf_clear(&b);
    blocks_text(m.blocks, m.block_count, BLOCKS_ALL, &b);
    assert_str(buf_str(&b), "a\nb\nx\ny\n1\n2\nt\ng\nn\ninside\nr\nt\nt");
    buf_clear(&b);
    blocks_text(m.blocks, m.block_count, BLOCKS_SAID, &b);
    assert_str(buf_str(&b), "a\nb\nx\ny\n1\n2\nt\ng\nn\ninside\nt");
    buf_clear(&b);
    blocks_text(m.blocks, m.block_count, BLOCKS_THINKING, &b);
    assert_str(buf_str(&b), "t");
    buf_clear(&b);
    blocks_text(m.blocks, m.block_count, BLOCKS_TOOLS, &b);
    assert_str(buf_str(&b), "n\n{}\nr");
    assert_int_equal(
        blocks_read(&a, json_of(&a, "[{'type':'hologram'}]"), &m.blocks, &m.block_count),
        E_CORRUPT);
    assert_int_equal(blocks_read(&a, json_of(&a, "{}"), &m.blocks, &m.block_count), E_CORRUPT);
}

/* What no canonical form exists for, and what nests deeper than a request may, is kept as text. */
static void anything_can_be_kept(void **state)
{
    UNUSED(state);
    static const char *const TEXTS[] = { "{\"id\":1234567890123456789}", "{\"a\":1,\"a\":2}", "" };
    for (size_t i = 0; i < COUNTOF(TEXTS); i++) {
        TEST_ARENA(a);
        struct buf text;
        struct json v;
        buf_init(&text, &a, KIB(8));
        buf_put(&text, str_from(TEXTS[i]));
        for (int depth = 0; i == 2 && depth < 200; depth++)
            buf_put(&text, S("["));
        for (int depth = 0; i == 2 && depth < 200; depth++)
            buf_put(&text, S("]"));
        assert_ok(json_parse(&a, buf_str(&text), JSON_FOREIGN_DEPTH_MAX, &v));
        struct block b = { .type = BLOCK_UNKNOWN };
        assert_ok(block_keep_raw(&a, &b, v));
        struct message m = { .blocks = &b, .block_count = 1 };
        struct buf canonical, stored;
        struct json_out o;
        struct json root;
        buf_init(&canonical, &a, KIB(8));
        assert_ok(message_canonical(&a, &m, &canonical));
        buf_init(&stored, &a, KIB(8));
        jo_init(&o, &stored);
        blocks_write(&o, &b, 1);
        assert_ok(json_parse(&a, buf_str(&stored), JSON_DEPTH_MAX, &root));
        assert_true(str_eq(json_get_str(json_at(root, 0), S("raw")), buf_str(&text)));
    }
}

/* --- is it one? --------------------------------------------------------------------------------- */

static enum check_verdict verdict(struct arena *a, const char *messages)
{
    struct str text = str_fmt(a, "{'uuid':'u','chat_messages':%s}", messages);
    struct conversation c;
    struct check_result r;
    assert_ok(provider_by_name(S("claude"))->from_json(a, json_of(a, str_cstr(a, text)), &c));
    assert_ok(conversation_check(a, &c, &r));
    assert_true((r.verdict == CHECK_OK) == (r.reason.n == 0));
    return r.verdict;
}

static void a_question_and_an_answer_are_one(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(
        verdict(&a, "[{'sender':'human','text':'q'},{'sender':'assistant','text':'a'}]"), CHECK_OK);
    assert_int_equal(verdict(&a, "[{'sender':'human','text':'q'}]"), CHECK_NOT_ONE);
    assert_int_equal(verdict(&a, "[{'sender':'assistant','text':'a'}]"), CHECK_NOT_ONE);
    assert_int_equal(verdict(&a, "[]"), CHECK_NOT_ONE);
    assert_int_equal(
        verdict(&a, "[{'sender':'human','text':''},{'sender':'assistant','text':'a'}]"),
        CHECK_NOT_ONE);
    assert_int_equal(verdict(&a, "[{'sender':'human','text':'q'},{'sender':'assistant','content':[{"
                                 "'type':'thinking','thinking':'hm'}]}]"),
                     CHECK_NOT_ONE);
}

static void a_wall_is_none(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(verdict(&a, "[{'sender':'human','text':'Just a moment...'},{'sender':"
                                 "'assistant','text':'Verify you are human by waiting.'}]"),
                     CHECK_NOT_ONE);
    assert_int_equal(verdict(&a,
                             "[{'sender':'human','text':'What does it mean: Just a moment...?'},"
                             "{'sender':'assistant','text':'That a check is running.'}]"),
                     CHECK_OK);
}

static void missing_turns_make_it_partial(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct conversation c;
    struct check_result r;
    assert_ok(
        provider_by_name(S("claude"))
            ->from_json(&a,
                        json_of(&a, "{'uuid':'u','chat_messages':[{'sender':'human','text':'q'},"
                                    "{'sender':'assistant','text':'a'}]}"),
                        &c));
    finding_add(&a, &c, FOUND_TURNS_NOT_CONTIGUOUS, "x");
    assert_ok(conversation_check(&a, &c, &r));
    assert_int_equal(r.verdict, CHECK_PARTIAL);
}

/* --- limits of the lists ------------------------------------------------------------------------ */

static void lists_have_limits(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a = { 0 };
    struct conversation c;
    struct message m = { 0 };
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    conversation_init(&c, "claude");
    for (int i = 0; i < CONVERSATION_MESSAGES_MAX; i++)
        assert_non_null(message_add(&a, &c));
    assert_null(message_add(&a, &c));
    assert_int_equal(build_err(&a), E_LIMIT);
    for (int i = 0; i < MESSAGE_BLOCKS_MAX; i++)
        assert_non_null(block_add(&a, &m, BLOCK_TEXT));
    assert_null(block_add(&a, &m, BLOCK_TEXT));
    for (int i = 0; i < 300; i++)
        finding_add(&a, &c, FOUND_ELEMENT_SKIPPED, "%d", i / 2); /* equal ones once */
    assert_int_equal(c.finding_count, 150);
    for (int i = 0; i < 300; i++)
        finding_add(&a, &c, FOUND_SHAPE_MISMATCH, "%0300d\xc3\xa9", i);
    assert_int_equal(c.finding_count, 200);
    assert_true(c.findings[199].detail.n <= 300);
}

static void every_finding_has_words(void **state)
{
    UNUSED(state);
    for (int i = 0; i < FOUND_COUNT; i++) {
        enum finding_code code = (enum finding_code)i, back;
        const char *words = finding_words(code);
        size_t n = strlen(words);
        assert_true(finding_parse(str_from(finding_name(code)), &back) && back == code);
        if (n < 20 || words[0] < 'A' || words[0] > 'Z' || words[n - 1] != '.')
            fail_msg("%s: \"%s\" is no sentence", finding_name(code), words);
        for (int k = 0; k < i; k++)
            assert_string_not_equal(words, finding_words((enum finding_code)k));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_finding_has_words),
        cmocka_unit_test(a_hash_is_over_canonical_json),
        cmocka_unit_test(blocks_that_are_written_at_once_are_canonical),
        cmocka_unit_test(numbers_and_order_are_canonical),
        cmocka_unit_test(volatile_parts_do_not_count),
        cmocka_unit_test(everything_else_counts),
        cmocka_unit_test(the_conversation_chains_the_path),
        cmocka_unit_test(blocks_come_back_as_they_went),
        cmocka_unit_test(anything_can_be_kept),
        cmocka_unit_test(a_question_and_an_answer_are_one),
        cmocka_unit_test(a_wall_is_none),
        cmocka_unit_test(missing_turns_make_it_partial),
        cmocka_unit_test(lists_have_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What came back, judged: each outcome from bytes and numbers alone. */
#include "base/check.h"
#include "capture/judge.h"

#define NODE(id, parent, role, text)                                               \
    "\"" id "\":{\"id\":\"" id "\",\"parent\":" parent                             \
    ",\"children\":[],\"message\":{\"id\":\"" id "\",\"author\":{\"role\":\"" role \
    "\"},\"content\":{\"content_type\":\"text\",\"parts\":[\"" text                \
    "\"]},\"weight\":1,\"recipient\":\"all\",\"metadata\":{}}}"
#define TALK                                                                                    \
    "{\"title\":\"Tides\",\"conversation_id\":\"c\",\"current_node\":\"b\",\"mapping\":{" NODE( \
        "a", "null", "user",                                                                    \
        "Why are there two tides?") "," NODE("b", "\"a\"", "assistant",                         \
                                             "The far side is pulled less.") "}}"

static struct arena a;
static struct provider_table table;

#define SHARE_ID "11111111-1111-4111-8111-111111111111"

static const struct asked *of(const char *provider)
{
    static struct asked asked;
    asked = (struct asked){ .providers = &table,
                            .provider = provider_by_name(str_from(provider)),
                            .url = S("https://chatgpt.com/share/" SHARE_ID),
                            .share_id = S("share:" SHARE_ID) };
    return &asked;
}

static struct verdict data(struct page_result r)
{
    struct verdict v;
    assert_int_equal(judge_data(&a, of("chatgpt"), &r, &v), OK);
    return v;
}

static struct verdict dom(struct page_result r, const char *text)
{
    struct verdict v = { 0 };
    assert_int_equal(judge_dom(&a, of("chatgpt"), &r, text ? str_from(text) : STR_NONE, &v), OK);
    return v;
}

static void outcome(struct verdict v, const char *want)
{
    if (strcmp(outcome_name(v.outcome), want) != 0)
        fail_msg("%s, want %s (%.*s)", outcome_name(v.outcome), want, STR_ARG(v.detail));
    assert_int_equal(v.found != NULL, strcmp(want, "ok") == 0 || strcmp(want, "partial") == 0);
}

static void json_of_the_provider(void **state)
{
    UNUSED(state);
    struct verdict v = data((struct page_result){ .json = S(TALK), .json_status = 200 });
    outcome(v, "ok");
    assert_string_equal(v.strategy, "network");
    assert_int_equal(v.found->message_count, 2);
    outcome(data((struct page_result){
                .json = S("{\"detail\":{\"code\":\"shared_conversation_deleted\"}}"),
                .json_status = 404 }),
            "gone");
    outcome(
        data((struct page_result){ .json = S("{\"status\":\"COMPLETE\"}"), .json_status = 200 }),
        "");
    outcome(data((struct page_result){ .json = S("{not json"), .json_status = 200 }), "");
    outcome(data((struct page_result){ .json = S("{not json"), .json_status = 410 }), "gone");
    outcome(data((struct page_result){ .json = S("slow down"), .json_status = 429 }),
            "rate_limited");
    outcome(data((struct page_result){ .json_status = 401 }), "private");
}

static void a_question_without_an_answer_is_no_conversation(void **state)
{
    UNUSED(state);
    struct str half = S("{\"title\":\"Tides\",\"conversation_id\":\"c\",\"current_node\":\"a\","
                        "\"mapping\":{" NODE("a", "null", "user", "Why?") "}}");
    struct verdict v = data((struct page_result){ .json = half, .json_status = 200 });
    outcome(v, "");
    assert_true(v.detail.n > 0);
}

static void status_of_the_document(void **state)
{
    UNUSED(state);
    static const struct {
        int64_t status;
        const char *html, *want;
    } cases[] = {
        { 404, "<title>x</title>", "gone" },
        { 410, "", "gone" },
        { 429, "", "rate_limited" },
        { 401, "", "private" },
        { 403, "<h1>Forbidden</h1>", "private" },
        { 403, "<title>Just a moment...</title>", "challenge" },
        { 503, "", "server_error" },
        { 503, "<form id=\"challenge-form\">", "challenge" },
        { 502, "", "server_error" },
        { 200, "<title>Just a moment...</title>", "" }, /* the page may still become one */
        { 500, "", "server_error" },
        { 0, "", "" },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        outcome(data((struct page_result){ .status = cases[i].status,
                                           .html = str_from(cases[i].html) }),
                cases[i].want);
}

static void what_our_own_proxy_refused(void **state)
{
    UNUSED(state);
    struct page_result r = { .status = 403,
                             .final_url = S("http://169.254.169.254/latest/"),
                             .refused = S("169.254.169.254") };
    outcome(data(r), "blocked");
    r.refused = S("10.0.0.1"); /* another host: the 403 is the provider's own */
    outcome(data(r), "private");
    r.refused = STR_NONE;
    outcome(data(r), "private");
}

static void the_rendered_page(void **state)
{
    UNUSED(state);
    const char *two =
        "{\"format\":\"vivim.dom/1\",\"provider\":\"chatgpt\",\"title\":\"Tides\",\"messages\":["
        "{\"role\":\"user\",\"blocks\":[{\"type\":\"text\",\"markdown\":\"Why?\"}]},"
        "{\"role\":\"assistant\",\"blocks\":[{\"type\":\"text\",\"markdown\":\"Because.\"}]}]}";
    const char *one =
        "{\"format\":\"vivim.dom/1\",\"provider\":\"chatgpt\",\"title\":\"Tides\",\"messages\":["
        "{\"role\":\"assistant\",\"blocks\":[{\"type\":\"text\",\"markdown\":\"Because.\"}]}]}";
    struct verdict v = dom((struct page_result){ .loaded = true }, two);
    outcome(v, "ok");
    assert_string_equal(v.strategy, "dom");
    v = dom((struct page_result){ .timed_out = true }, two); /* more may have been to come */
    outcome(v, "partial");
    assert_true(v.detail.n > 0);
    outcome(dom((struct page_result){ .loaded = true, .html = S("<p>hello</p>") }, NULL),
            "format_changed");
    outcome(dom((struct page_result){ .loaded = true }, "{\"messages\":[]}"), "format_changed");
    outcome(dom((struct page_result){ .loaded = true }, "[1,"), "format_changed");
    outcome(dom((struct page_result){ .html = S("<p>Verify you are human</p>") }, NULL),
            "challenge");
    outcome(dom((struct page_result){ .timed_out = true }, NULL), "timeout");
    v = dom((struct page_result){ .timed_out = true }, one);
    outcome(v, "timeout");
    assert_null(v.detail.s);
    v = dom((struct page_result){ .loaded = true }, one);
    outcome(v, "format_changed");
    assert_true(v.detail.n > 0); /* why it is no conversation */
    outcome(dom((struct page_result){ .error = S("net::ERR_TIMED_OUT") }, NULL), "timeout");
    outcome(dom((struct page_result){ .error = S("net::ERR_CONNECTION_RESET") }, NULL),
            "server_error");
    /* a tunnel that our proxy refused, and one whose name nobody knows */
    outcome(dom((struct page_result){ .error = S("net::ERR_TUNNEL_CONNECTION_FAILED"),
                                      .refused = S("10.0.0.1") },
                NULL),
            "blocked");
    outcome(dom((struct page_result){ .error = S("net::ERR_TUNNEL_CONNECTION_FAILED") }, NULL),
            "server_error");
    outcome(dom((struct page_result){ .error = S("net::ERR_BLOCKED_BY_CLIENT") }, NULL), "blocked");
    outcome(dom((struct page_result){ .error = S("net::ERR_ABORTED") }, NULL), "format_changed");
}

static void walls(void **state)
{
    UNUSED(state);
    assert_false(is_wall(S("<script src=/cdn-cgi/challenge-platform/x></script><p>Hello</p>")));
    assert_true(is_wall(S("<html><head><title>Just a moment...</title></head></html>")));
    assert_false(is_wall(S("a talk about tides")));
    assert_false(is_wall(STR_NONE));
    struct buf b;
    buf_init(&b, &a, MIB(1));
    while (b.n < 200000)
        buf_put(&b, S("words of a talk "));
    buf_put(&b, S("Verify you are human")); /* far down: somebody talks about it */
    assert_false(is_wall(buf_str(&b)));
}

static void every_outcome_has_a_name_and_advice(void **state)
{
    UNUSED(state);
    for (int o = OUTCOME_OK; o < OUTCOME_COUNT; o++) {
        assert_true(strlen(outcome_name((enum outcome)o)) > 1);
        assert_true(strlen(outcome_advice((enum outcome)o)) > 5);
        for (int k = OUTCOME_OK; k < o; k++)
            assert_string_not_equal(outcome_name((enum outcome)o), outcome_name((enum outcome)k));
    }
}

static void what_came_in_words(void **state)
{
    UNUSED(state);
    static const struct {
        const char *change;
        int64_t fresh, changed, all;
        const char *words;
    } CASES[] = {
        { "new", 12, 0, 12, "new: 12 messages" },
        { "new", 1, 0, 1, "new: 1 message" },
        { "updated", 3, 0, 9, "updated: 3 new messages" },
        { "updated", 1, 2, 9, "updated: 1 new message, 2 changed" },
        { "updated", 0, 1, 9, "updated: 1 message changed" },
        { "updated", 0, 0, 9, "updated: no new messages" },
        { "unchanged", 0, 0, 9, "nothing new" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct capture_row row = { .change = str_from(CASES[i].change),
                                   .messages_new = CASES[i].fresh,
                                   .messages_changed = CASES[i].changed,
                                   .message_count = CASES[i].all };
        assert_str(capture_words(&a, &row), CASES[i].words);
    }
    assert_false(capture_words(&a, &(struct capture_row){ 0 }).n);
}

/* Only what comes from where the link points is stored as the share, however well it reads. */
static void a_page_from_elsewhere(void **state)
{
    UNUSED(state);
    static const struct {
        const char *final_url, *want;
    } CASES[] = {
        { "https://chatgpt.com/", "gone" },
        { "https://chatgpt.com/share/00000000-0000-4000-8000-000000000000", "gone" },
        { "https://chatgpt.com/auth/login?next=x", "private" },
        { "https://auth.openai.com/authorize", "private" },
        { "https://evil.example/share/" SHARE_ID, "format_changed" },
        { "https://chatgpt.com/share/" SHARE_ID "?x=y#z", "ok" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct page_result r = { .status = 200,
                                 .final_url = str_from(CASES[i].final_url),
                                 .json = S(TALK),
                                 .json_status = 200 };
        struct verdict v;
        assert_int_equal(judge_data(&a, of("chatgpt"), &r, &v), OK);
        outcome(v, CASES[i].want);
        assert_true(v.found || v.detail.n > 0);
    }
}

/* The page itself says where it is when it is read. */
static void a_page_whose_script_went_elsewhere(void **state)
{
    UNUSED(state);
    const char *page =
        "{\"format\":\"vivim.dom/1\",\"provider\":\"chatgpt\",\"title\":\"Tides\",\"url\":\"%s\","
        "\"messages\":[{\"role\":\"user\",\"blocks\":[{\"type\":\"text\",\"markdown\":\"Why?\"}]},"
        "{\"role\":\"assistant\",\"blocks\":[{\"type\":\"text\",\"markdown\":\"So.\"}]}]}";
    struct page_result r = { .loaded = true };
    outcome(dom(r, str_cstr(&a, str_fmt(&a, page, "https://chatgpt.com/share/" SHARE_ID))), "ok");
    outcome(dom(r, str_cstr(&a, str_fmt(&a, page, "https://chatgpt.com/share/2" SHARE_ID))),
            "gone");
}

static void data_of_another_share(void **state)
{
    UNUSED(state);
    struct page_result r = {
        .status = 200, .share_id = S("d1"), .json_id_at = S("/share/id"), .json_status = 200
    };
    struct verdict v;
#define SHARE(id)                                                                                 \
    "{\"share\":{\"id\":\"" id "\",\"chat\":{\"id\":\"c\"},\"messages\":[{\"id\":\"m\",\"role\":" \
    "\"user\",\"blocks\":[{\"text\":{\"content\":\"q\"}}]},{\"id\":\"n\",\"parentId\":\"m\","     \
    "\"role\":"                                                                                   \
    "\"assistant\",\"blocks\":[{\"text\":{\"content\":\"a\"}}]}]}}"
    r.json = S(SHARE("d1"));
    assert_int_equal(judge_data(&a, of("kimi"), &r, &v), OK);
    outcome(v, "ok");
    r.json = S(SHARE("d2"));
    assert_int_equal(judge_data(&a, of("kimi"), &r, &v), OK);
    outcome(v, "format_changed");
#undef SHARE
}

static void an_answer_that_says_it_is_a_check(void **state)
{
    UNUSED(state);
    outcome(data((struct page_result){ .status = 403, .challenged = true }), "challenge");
    outcome(dom((struct page_result){ .loaded = true,
                                      .html = S("<form><input type=\"password\"></form>") },
                NULL),
            "private");
}

int main(void)
{
    arena_init(&a, MIB(64));
    if (provider_table_load(&a, &table) != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_of_the_provider),
        cmocka_unit_test(a_question_without_an_answer_is_no_conversation),
        cmocka_unit_test(status_of_the_document),
        cmocka_unit_test(what_our_own_proxy_refused),
        cmocka_unit_test(the_rendered_page),
        cmocka_unit_test(walls),
        cmocka_unit_test(a_page_from_elsewhere),
        cmocka_unit_test(a_page_whose_script_went_elsewhere),
        cmocka_unit_test(data_of_another_share),
        cmocka_unit_test(an_answer_that_says_it_is_a_check),
        cmocka_unit_test(every_outcome_has_a_name_and_advice),
        cmocka_unit_test(what_came_in_words),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&a);
    return failed;
}

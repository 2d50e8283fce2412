/* Which links may be captured: every provider's form, and what nearly looks like it. */
#include "base/check.h"
#include "capture/url_policy.h"

static struct arena data;
static struct provider_table table;

#define UUID "69807432-337c-8003-9975-57b27ce55c6f"

static err_t check(struct arena *a, const char *url, struct share_url *ret)
{
    return url_policy_check(&table, a, str_from(url), S("blocked.example,.evil.example"), ret);
}

static void accepted(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *url, *provider, *id, *canonical;
    } cases[] = {
        { "https://chatgpt.com/share/" UUID, "chatgpt", "share:" UUID,
          "https://chatgpt.com/share/" UUID },
        { "https://chat.openai.com/share/" UUID, "chatgpt", "share:" UUID,
          "https://chatgpt.com/share/" UUID },
        { "HTTPS://ChatGPT.com/share/69807432-337C-8003-9975-57B27CE55C6F", "chatgpt",
          "share:" UUID, "https://chatgpt.com/share/" UUID },
        { "https://chatgpt.com/share/" UUID "/", "chatgpt", "share:" UUID,
          "https://chatgpt.com/share/" UUID },
        { "  https://chatgpt.com/share/" UUID "?utm_source=a&b=https://x#frag\n", "chatgpt",
          "share:" UUID, "https://chatgpt.com/share/" UUID },
        { "https://claude.ai/share/" UUID, "claude", "share:" UUID,
          "https://claude.ai/share/" UUID },
        { "https://chatgpt.com/s/t_0123aB", "chatgpt", "message:t_0123aB",
          "https://chatgpt.com/s/t_0123aB" },
        { "https://gemini.google.com/share/0123456789AB", "gemini", "share:0123456789ab",
          "https://gemini.google.com/share/0123456789ab" },
        { "https://grok.com/share/bGVnYWN5_" UUID "?rid=x", "grok", "share:bGVnYWN5_" UUID,
          "https://grok.com/share/bGVnYWN5_" UUID },
        { "https://x.com/i/grok/share/aBc", "grok", "x:aBc", "https://x.com/i/grok/share/aBc" },
        { "https://chat.deepseek.com/share/abc123", "deepseek", "share:abc123",
          "https://chat.deepseek.com/share/abc123" },
        { "https://kimi.com/share/en/d0abC", "kimi", "share:d0abC",
          "https://www.kimi.com/share/d0abC" },
        { "https://chat.qwen.ai/s/t_" UUID "?fev=1", "qwen", "message:t_" UUID,
          "https://chat.qwen.ai/s/t_" UUID },
        { "https://chat.z.ai/s/" UUID, "zai", "share:" UUID, "https://chat.z.ai/s/" UUID },
        { "https://copilot.microsoft.com/shares/aBc", "copilot", "share:aBc",
          "https://copilot.microsoft.com/shares/aBc" },
        { "https://perplexity.ai/search/how-do-Tides.work", "perplexity",
          "search:how-do-Tides.work", "https://www.perplexity.ai/search/how-do-Tides.work" },
        { "https://chat.mistral.ai/share/" UUID, "mistral", "share:" UUID,
          "https://chat.mistral.ai/share/" UUID },
        { "https://poe.com/s/abcDEF", "poe", "share:abcDEF", "https://poe.com/s/abcDEF" },
        { "https://arena.ai/c/" UUID, "lmarena", "share:" UUID, "https://lmarena.ai/c/" UUID },
        { "https://meta.ai/share/aBc", "meta", "share:aBc", "https://www.meta.ai/share/aBc" },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct share_url u;
        if (check(&a, cases[i].url, &u) != OK)
            fail_msg("%s: %s", cases[i].url, err_detail()->text);
        assert_str(u.provider->name, cases[i].provider);
        assert_str(u.id, cases[i].id);
        assert_str(u.url, cases[i].canonical);
    }
}

/* Every refusal says what to do: a word of it is looked for. */
static void refused(struct arena *a, const char *url, const char *word)
{
    struct share_url u;
    if (check(a, url, &u) != E_INVALID_URL)
        fail_msg("%s was not refused", url);
    if (!strstr(err_detail()->text, word))
        fail_msg("%s: \"%s\" does not say \"%s\"", url, err_detail()->text, word);
    assert_string_equal(err_detail()->field, "url");
}

static void forms_that_cannot_be_captured(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const private_chats[] = {
        "https://chatgpt.com/c/" UUID,        "https://chat.openai.com/c/" UUID,
        "https://claude.ai/chat/" UUID,       "https://gemini.google.com/app/0123456789ab",
        "https://chat.mistral.ai/chat/" UUID,
    };
    for (size_t i = 0; i < COUNTOF(private_chats); i++)
        refused(&a, private_chats[i], "private chat");
    refused(&a, "https://chatgpt.com/share/e/" UUID, "workspace");
}

static void near_misses(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *url, *word;
    } cases[] = {
        { "", "1 to" },
        { "   ", "1 to" },
        { "chatgpt.com/share/" UUID, "https://" },
        { "http://chatgpt.com/share/" UUID, "https://" },
        { "ftp://chatgpt.com/share/" UUID, "https://" },
        { "javascript://chatgpt.com/share/" UUID, "https://" },
        { "https:///share/" UUID, "no host" },
        { "https://u@chatgpt.com/share/" UUID, "user name" },
        { "https://u:p@chatgpt.com/share/" UUID, "user name" },
        { "https://chatgpt.com@127.0.0.1/share/" UUID, "user name" },
        { "https://chatgpt.com:443/share/" UUID, "port" },
        { "https://[::1]/share/" UUID, "port" },
        { "https://chatgpt.com./share/" UUID, "dot" },
        { "https://chatgpt.com\\@x/share/" UUID, "character" },
        { "https://chatgpt.com/share/" UUID " x", "character" },
        { "https://chatgpt.com/sh\xc3\xa4re/" UUID, "character" },
        { "https://chatgpt.com/", "not a share link" },
        { "https://chatgpt.com", "not a share link" },
        { "https://chatgpt.com/share/", "not a share link" },
        { "https://chatgpt.com/share/" UUID "x", "not a share link" },
        { "https://chatgpt.com/share/" UUID "/x", "not a share link" },
        { "https://chatgpt.com//share/" UUID, "not a share link" },
        { "https://chatgpt.com/x/share/" UUID, "not a share link" },
        { "https://chatgpt.com/Share/" UUID, "not a share link" },
        { "https://chatgpt.com/share/6980743-2337c-8003-9975-57b27ce55c6f", "not a share link" },
        { "https://chatgpt.com/share/g9807432-337c-8003-9975-57b27ce55c6f", "not a share link" },
        { "https://chatgpt.com/share/%36" UUID, "not a share link" },
        { "https://chatgpt.com/?next=/share/" UUID, "not a share link" },
        { "https://chatgpt.com.evil.org/share/" UUID, "did you mean chatgpt.com" },
        { "https://www.chatgpt.com/share/" UUID, "did you mean chatgpt.com" },
        { "https://evilchatgpt.com/share/" UUID, "did you mean chatgpt.com" },
        { "https://example.org/chatgpt.com/share/" UUID, "not a known provider" },
        { "https://127.0.0.1/share/" UUID, "not a known provider" },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        refused(&a, cases[i].url, cases[i].word);
    char *longest =
        str_cstr(&a, str_fmt(&a, "https://chatgpt.com/share/" UUID "?%0*d", 2048 - 63, 0));
    struct share_url u;
    assert_int_equal(strlen(longest), URL_BYTES_MAX);
    assert_int_equal(check(&a, longest, &u), OK);
    refused(&a, str_cstr(&a, str_fmt(&a, "%s0", longest)), "1 to");
    assert_int_equal(
        url_policy_check(&table, &a, S("https://chatgpt.com/share/\0" UUID), STR_NONE, &u),
        E_INVALID_URL);
}

static void an_address_and_the_share_that_it_is(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *url, *provider, *id;
        bool is;
    } cases[] = {
        { "https://chatgpt.com/share/" UUID "?x=y#z", "chatgpt", "share:" UUID, true },
        { "https://claude.ai/share/" UUID, "chatgpt", "share:" UUID, false },
        { "https://chatgpt.com/", "chatgpt", "share:" UUID, false },
        { "https://gemini.google.com/share/0123456789ab", "gemini", "short:aBc", true },
        { "https://g.co/gemini/share/other", "gemini", "short:aBc", false },
        { "https://g.co/gemini/share/aBc", "gemini", "short:aBc", true },
        { "https://chatgpt.com/share/" UUID, "gemini", "short:aBc", false },
        { "https://gemini.google.com/", "gemini", "short:aBc", false },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        if (url_is_share(&table, &a, str_from(cases[i].url), str_from(cases[i].provider),
                         str_from(cases[i].id)) != cases[i].is)
            fail_msg("%s", cases[i].url);
}

static void blocked_domains(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct share_url u;
    assert_int_equal(check(&a, "https://blocked.example/share/" UUID, &u), E_BLOCKED);
    assert_int_equal(check(&a, "https://a.b.BLOCKED.example/x", &u), E_BLOCKED);
    assert_int_equal(check(&a, "https://www.evil.example/x", &u), E_BLOCKED);
    assert_int_equal(check(&a, "https://evil.example/x", &u), E_BLOCKED);
    assert_int_equal(check(&a, "https://localhost/share/" UUID, &u), E_BLOCKED); /* built in */
    assert_int_equal(check(&a, "https://notblocked.example/x", &u), E_INVALID_URL);
    assert_int_equal(check(&a, "https://blocked.example.org/x", &u), E_INVALID_URL);
    assert_true(domain_is_listed(S("x.com"), S("# a comment\n\n  x.com \n"), '\n'));
    assert_false(domain_is_listed(S("a comment"), S("# a comment\n"), '\n'));
    assert_false(domain_is_listed(S("com"), S("x.com"), ','));
    assert_false(domain_is_listed(S("x.com"), STR_NONE, ','));
}

static void any_page(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *url, *provider, *id; /* id NULL: refused */
        err_t err;
    } cases[] = {
        { "https://Talk.example/log?id=7#end", "generic", "page:talk.example/log?id=7", OK },
        { "https://talk.example", "generic", "page:talk.example/", OK },
        { "https://xn--mnchen-3ya.example/a", "generic", "page:xn--mnchen-3ya.example/a", OK },
        { "https://chatgpt.com/share/" UUID, "chatgpt", "share:" UUID, OK },
        { "https://chatgpt.com/c/" UUID, NULL, NULL, E_INVALID_URL },
        { "https://kimi.com/", NULL, NULL, E_INVALID_URL },
        { "http://talk.example/", NULL, NULL, E_INVALID_URL },
        { "https://talk.example:8443/", NULL, NULL, E_INVALID_URL },
        { "https://a:b@talk.example/", NULL, NULL, E_INVALID_URL },
        { "https://127.0.0.1/", NULL, NULL, E_INVALID_URL },
        { "https://2130706433/", NULL, NULL, E_INVALID_URL },
        { "https://0x7f.1/", NULL, NULL, E_INVALID_URL },
        { "https://intranet/", NULL, NULL, E_INVALID_URL },
        { "https://localhost/", NULL, NULL, E_BLOCKED },
        { "https://x.blocked.example/", NULL, NULL, E_BLOCKED },
        { "https://a..example/", NULL, NULL, E_INVALID_URL },
        { "https://a_b.example/", NULL, NULL, E_INVALID_URL },
        { "no link", NULL, NULL, E_INVALID_URL },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++) {
        struct share_url u;
        err_t e = url_policy_check_any(&table, &a, str_from(cases[i].url),
                                       S("blocked.example,.evil.example"), &u);
        if (e != cases[i].err ||
            (e == OK && (!str_eq(u.id, str_from(cases[i].id)) ||
                         !str_eq(u.provider->name, str_from(cases[i].provider)))))
            fail_msg("%s: %s", cases[i].url, err_code(e));
    }
    struct str id = S("page:talk.example/log?id=7");
    assert_true(url_is_share(&table, &a, S("https://talk.example/log?id=7#x"), S("generic"), id));
    assert_false(url_is_share(&table, &a, S("https://talk.example/log?id=8"), S("generic"), id));
    assert_false(url_is_share(&table, &a, S("https://talk.example/log"), S("generic"), id));
    assert_false(url_is_share(&table, &a, S("https://other.example/log?id=7"), S("generic"), id));
    assert_false(url_is_share(&table, &a, S("http://talk.example/log?id=7"), S("generic"), id));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_page),
        cmocka_unit_test(accepted),
        cmocka_unit_test(forms_that_cannot_be_captured),
        cmocka_unit_test(near_misses),
        cmocka_unit_test(an_address_and_the_share_that_it_is),
        cmocka_unit_test(blocked_domains),
    };
    arena_init(&data, MIB(4));
    if (provider_table_load(&data, &table) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&data);
    return failed;
}

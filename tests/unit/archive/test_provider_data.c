/* What is known of the providers: all of it loads, and its patterns find what is meant and nothing near it. */
#include <stdio.h>

#include "check.h"

#include "archive/providers/provider_data.h"

static struct arena data;
static struct provider_table table;

static const struct provider_data *of(const char *name)
{
    const struct provider_data *p = provider_data_of(&table, str_from(name));
    assert_non_null(p);
    return p;
}

static void every_provider_has_both_its_files(void **state)
{
    UNUSED(state);
    assert_true(table.count >= 14);
    for (size_t i = 0; i < table.count; i++) {
        const struct provider_data *p = &table.list[i];
        const struct provider *code = provider_by_name(p->name);
        if (!code)
            fail_msg("%.*s has no code", STR_ARG(p->name));
        /* Nothing leads to the reader of any page but who asks for it. */
        assert_true(!p->generic || (!p->host_count && !p->link_count));
        assert_int_equal(p->embedded, code->embedded != NULL);
        assert_true(p->response_count == 0 || code->from_json != NULL);
        assert_int_equal(p->host_count > 0, p->link_count > 0);
        if (p->host_count || p->generic)
            assert_true(str_starts(p->recipe, p->name) && (p->generic || p->detect.n));
    }
    for (size_t i = 0; PROVIDERS[i]; i++)
        assert_non_null(provider_data_of(&table, str_from(PROVIDERS[i]->name)));
    assert_null(provider_data_of(&table, S("nobody")));
    assert_null(provider_data_of(&table, STR_NONE));
}

static void paths(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const struct {
        const char *pattern, *path, *id; /* NULL: it does not fit */
    } CASES[] = {
        { "/share/{uuid}", "/share/0A1B2C3D-0000-8000-8000-000000000001",
          "0a1b2c3d-0000-8000-8000-000000000001" },
        { "/share/{uuid}", "/share/0a1b2c3d-0000-8000-8000-000000000001/",
          "0a1b2c3d-0000-8000-8000-000000000001" },
        { "/share/{uuid}", "/share/0a1b2c3d-0000-8000-8000-00000000000", NULL },
        { "/share/{uuid}", "/share/0a1b2c3d-0000-8000-8000-000000000001/x", NULL },
        { "/share/{uuid}", "/x/share/0a1b2c3d-0000-8000-8000-000000000001", NULL },
        { "/share/{uuid}", "/share/", NULL },
        { "/share/{uuid}", "//share/0a1b2c3d-0000-8000-8000-000000000001", NULL },
        { "/s/{id:t_}", "/s/t_aB-9", "t_aB-9" },
        { "/s/{id:t_}", "/s/x_aB-9", NULL },
        { "/s/{id:t_}", "/s/t_", NULL },
        { "/s/{hex:cx_}", "/s/cx_0AbC", "cx_0abc" },
        { "/s/{hex:cx_}", "/s/cx_0xbC", NULL },
        { "/share/{lang}/{id}", "/share/en/Ab.c", "Ab.c" },
        { "/share/{lang}/{id}", "/share/eng/Ab.c", NULL },
        { "/share/{id}", "/share/a%2e", NULL },
        { "/share/{id}", "/share/a b", NULL },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct str id;
        bool fits =
            provider_path_fits(&a, str_from(CASES[i].pattern), str_from(CASES[i].path), &id);
        if (fits != (CASES[i].id != NULL) || (fits && !str_eq(id, str_from(CASES[i].id))))
            fail_msg("%s: %s gives %.*s", CASES[i].pattern, CASES[i].path, STR_ARG(id));
    }
    assert_str(provider_path_with(&a, S("/share/{lang}/{id}"), S("x")), "/share/x");
    assert_str(provider_path_with(&a, S("https://h.example/s/{id}"), S("x")),
               "https://h.example/s/x");
}

static void the_response_of_a_share_and_no_other(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
#define ID "0a1b2c3d-0000-8000-8000-000000000001"
    static const struct {
        const char *provider, *method, *url, *id;
        bool is;
    } CASES[] = {
        { "claude", "GET", "https://claude.ai/api/chat_snapshots/" ID "?rendering_mode=messages",
          ID, true },
        { "claude", "GET",
          "https://claude.ai/api/chat_snapshots/0A1B2C3D-0000-8000-8000-000000000001", ID, true },
        { "claude", "OPTIONS", "https://claude.ai/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "http://claude.ai/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "https://evil.example/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "https://claude.ai.evil.example/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "https://claude.ai:8443/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "https://claude.ai@evil.example/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET", "https://claude.ai/api/chat_snapshots/" ID "/x", ID, false },
        { "claude", "GET", "https://claude.ai/x/api/chat_snapshots/" ID, ID, false },
        { "claude", "GET",
          "https://claude.ai/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000002", ID, false },
        { "deepseek", "GET", "https://chat.deepseek.com/api/v0/share/content?share_id=abc", "abc",
          true },
        { "deepseek", "GET", "https://chat.deepseek.com/api/v0/share/content?share_id=abd", "abc",
          false },
        { "deepseek", "GET", "https://chat.deepseek.com/api/v0/share/content", "abc", false },
        { "gemini", "POST",
          "https://gemini.google.com/_/BardChatUi/data/"
          "batchexecute?rpcids=ujx1Bf&source-path=%2Fshare%2Fab12&rt=c",
          "ab12", true },
        { "gemini", "POST",
          "https://gemini.google.com/_/BardChatUi/data/"
          "batchexecute?rpcids=other&source-path=%2Fshare%2Fab12",
          "ab12", false },
        { "kimi", "POST",
          "https://www.kimi.com/apiv2/kimi.gateway.chat.v1.ChatService/GetChatShare", "d0", true },
    };
#undef ID
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        bool is = provider_response_of(&a, of(CASES[i].provider), str_from(CASES[i].method),
                                       str_from(CASES[i].url), str_from(CASES[i].id)) != NULL;
        if (is != CASES[i].is)
            fail_msg("%s %s", CASES[i].method, CASES[i].url);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_provider_has_both_its_files),
        cmocka_unit_test(paths),
        cmocka_unit_test(the_response_of_a_share_and_no_other),
    };
    arena_init(&data, MIB(4));
    if (provider_table_load(&data, &table) != OK) {
        fprintf(stderr, "%s\n", err_detail()->text);
        return 1;
    }
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&data);
    return failed;
}

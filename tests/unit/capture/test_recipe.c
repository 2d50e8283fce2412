/* Recipes: all of them load, and their patterns find the one response that is meant. */
#include "archive/providers/provider.h"
#include "base/check.h"
#include "capture/recipe.h"

static const struct recipe *recipes;
static size_t count;

static void they_load(void **state)
{
    UNUSED(state);
    assert_true(count >= 2);
    for (size_t i = 0; i < count; i++) {
        assert_non_null(provider_by_name(recipes[i].provider));
        assert_true(str_starts(recipes[i].id, recipes[i].provider));
        assert_true(str_find_char(recipes[i].id, '@', 0) < recipes[i].id.n);
        assert_true(recipes[i].embedded || recipes[i].network_count);
        assert_ptr_equal(recipe_of(recipes, count, recipes[i].provider), &recipes[i]);
    }
    assert_null(recipe_of(recipes, count, S("nobody")));
    assert_null(recipe_of(recipes, count, STR_NONE));
    assert_true(str_starts(str_trim(recipe_runner()), S("(")) ||
                str_find(recipe_runner(), S("function"), 0) < recipe_runner().n);
}

static void the_response_that_is_kept(void **state)
{
    UNUSED(state);
    const struct recipe *r = recipe_of(recipes, count, S("claude"));
    struct str id = S("0a1b2c3d-0000-8000-8000-000000000001");
    static const struct {
        const char *url;
        bool kept;
    } cases[] = {
        { "https://claude.ai/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000001", true },
        { "https://claude.ai/api/chat_snapshots/"
          "0A1B2C3D-0000-8000-8000-000000000001?rendering_mode=messages",
          true },
        { "https://claude.ai/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000002", false },
        { "https://claude.ai/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000001/x", false },
        { "https://claude.ai/x/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000001", false },
        { "https://claude.ai/?u=/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000001", false },
        { "https://claude.ai/api/chat_snapshots/", false },
        { "https://claude.ai", false },
        { "/api/chat_snapshots/0a1b2c3d-0000-8000-8000-000000000001", false },
        { "", false },
    };
    for (size_t i = 0; i < COUNTOF(cases); i++)
        if (recipe_keeps(r, str_from(cases[i].url), id) != cases[i].kept)
            fail_msg("%s is %skept", cases[i].url, cases[i].kept ? "not " : "");
}

static void a_path_without_an_id(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct recipe r = { .network = { S("/state.json") }, .network_count = 1 };
    assert_true(recipe_keeps(&r, S("https://x.example/state.json?y"), S("id")));
    assert_false(recipe_keeps(&r, S("https://x.example/state.jsonx"), S("id")));
    assert_str(recipe_url_pattern(&r, 0, S("id"), &a), "*/state.json*");
    struct recipe none = { 0 };
    assert_false(recipe_keeps(&none, S("https://x.example/state.json"), S("id")));
}

static void the_pattern_of_the_browser(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const struct recipe *r = recipe_of(recipes, count, S("chatgpt"));
    assert_str(recipe_url_pattern(r, 0, S("abc"), &a), "*/backend-api/share/abc*");
    struct recipe middle = { .network = { S("/a/{id}/b") }, .network_count = 1 };
    assert_str(recipe_url_pattern(&middle, 0, S("7"), &a), "*/a/7/b*");
    assert_true(recipe_keeps(&middle, S("https://x.example/a/7/b"), S("7")));
    assert_false(recipe_keeps(&middle, S("https://x.example/a/7"), S("7")));
}

int main(void)
{
    static struct arena a;
    arena_init(&a, MIB(8));
    if (recipes_load(&a, &recipes, &count) != OK)
        return 1;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(they_load),
        cmocka_unit_test(the_response_that_is_kept),
        cmocka_unit_test(a_path_without_an_id),
        cmocka_unit_test(the_pattern_of_the_browser),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&a);
    return failed;
}

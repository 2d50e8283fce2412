/* Recipes: all of them load, and their patterns find the one response that is meant. */
#include <ctype.h>

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

/* Is `object.key` a word of the runner's text? */
static bool runner_reads(struct arena *a, const char *object, struct str key)
{
    struct str text = recipe_runner(), word = str_fmt(a, "%s.%.*s", object, STR_ARG(key));
    for (size_t at = 0; (at = str_find(text, word, at)) < text.n; at += word.n) {
        char next = at + word.n < text.n ? text.s[at + word.n] : ' ';
        char before = at ? text.s[at - 1] : ' ';
        if (!isalnum((unsigned char)next) && !isalnum((unsigned char)before))
            return true;
    }
    return false;
}

/* A key that nobody reads looks as if it did something. */
static void every_key_is_read_by_somebody(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const OURS[] = {
        "id", "provider", "detect", "network", "embedded", "waitFor"
    };
    for (size_t i = 0; i < count; i++) {
        struct json root, v;
        struct str key;
        assert_int_equal(OK, json_parse(&a, recipes[i].json, 16, &root));
        struct json_iter it = json_iter(root);
        while (json_next(&it, &key, &v)) {
            bool read = runner_reads(&a, "recipe", key);
            for (size_t k = 0; k < COUNTOF(OURS); k++)
                read |= str_eq(key, str_from(OURS[k]));
            if (!read)
                fail_msg("%.*s: nobody reads %.*s", STR_ARG(recipes[i].id), STR_ARG(key));
        }
        struct json_iter messages = json_iter(json_get(root, S("messages")));
        while (json_next(&messages, &key, &v))
            if (!runner_reads(&a, "m", key))
                fail_msg("%.*s: nobody reads messages.%.*s", STR_ARG(recipes[i].id), STR_ARG(key));
    }
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
        cmocka_unit_test(every_key_is_read_by_somebody),
        cmocka_unit_test(the_response_that_is_kept),
        cmocka_unit_test(a_path_without_an_id),
        cmocka_unit_test(the_pattern_of_the_browser),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&a);
    return failed;
}

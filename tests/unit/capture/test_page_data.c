/* How pages are read: every key of the data is one that the runner knows. */
#include <ctype.h>

#include "base/check.h"
#include "capture/page_state.h"

static struct arena data;
static struct provider_table table;

/* Is `object.key` a word of the runner's text? */
static bool runner_reads(struct arena *a, const char *object, struct str key)
{
    struct str text = page_runner(), word = str_fmt(a, "%s.%.*s", object, STR_ARG(key));
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
    static const char *const OURS[] = { "version", "detect", "waitFor" };
    for (size_t i = 0; i < table.count; i++) {
        struct json root, v;
        struct str key;
        if (!table.list[i].page.n)
            continue; /* it has no pages, only files */
        assert_int_equal(OK, json_parse(&a, table.list[i].page, 16, &root));
        struct json_iter it = json_iter(root);
        while (json_next(&it, &key, &v)) {
            bool read = runner_reads(&a, "recipe", key);
            for (size_t k = 0; k < COUNTOF(OURS); k++)
                read |= str_eq(key, str_from(OURS[k]));
            if (!read)
                fail_msg("%.*s: nobody reads %.*s", STR_ARG(table.list[i].recipe), STR_ARG(key));
        }
        struct json_iter messages = json_iter(json_get(root, S("messages")));
        while (json_next(&messages, &key, &v))
            if (!runner_reads(&a, "m", key))
                fail_msg("%.*s: nobody reads messages.%.*s", STR_ARG(table.list[i].recipe),
                         STR_ARG(key));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_key_is_read_by_somebody) };
    arena_init(&data, MIB(4));
    if (provider_table_load(&data, &table) != OK)
        return 1;
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    arena_free(&data);
    return failed;
}

/* Corrections of words that stand nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "search/query/spelling.h"

static struct arena a;

static int open_arena(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(64));
    return 0;
}

static int close_arena(void **state)
{
    UNUSED(state);
    arena_free(&a);
    return 0;
}

static struct search_spelling begun(const char *word)
{
    struct search_spelling s;
    assert_int_equal(search_spelling_init(&s, &a, str_from(word)), OK);
    return s;
}

static bool makes(const struct search_spelling *s, const char *word)
{
    size_t found = 0;
    for (size_t i = 0; i < s->exact_count; i++)
        found += str_eq(s->exact[i], str_from(word));
    assert_true(found <= 1);
    return found == 1;
}

static void which_words_are_corrected(void **state)
{
    UNUSED(state);
    static const struct {
        const char *word;
        size_t within;
        const char *prefix;
    } CASES[] = {
        { "", 0, NULL },
        { "tea", 0, NULL },
        { "teas", 1, NULL },
        { "kettles", 1, NULL },
        { "kettless", 2, "ket" },
        { "чайничек", 2, "чай" },
        { "abcdefghijklmnopqrstuvwx", 2, "abc" },
        { "abcdefghijklmnopqrstuvwxy", 0, NULL },
        { "word2", 0, NULL },
        { "新闻新闻", 0, NULL },
        { "mixедный", 0, NULL },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct search_spelling s = begun(CASES[i].word);
        assert_int_equal(s.within, CASES[i].within);
        assert_int_equal(s.exact_count > 0, CASES[i].within > 0);
        assert_true(str_eq(s.prefix, str_from(CASES[i].prefix)));
    }
}

static void words_at_distance_one(void **state)
{
    UNUSED(state);
    struct search_spelling s = begun("teas");
    /* All of n deletions, n - 1 transpositions, 25 n substitutions and 26 (n + 1) insertions, each
     * once: an insertion of a letter beside itself comes twice. */
    assert_int_equal(s.exact_count, 4 + 3 + 25 * 4 + 26 * 5 - 4);
    assert_true(makes(&s, "eas") && makes(&s, "tea") && makes(&s, "etas") && makes(&s, "tesa"));
    assert_true(makes(&s, "seas") && makes(&s, "team") && makes(&s, "xteas") && makes(&s, "teass"));
    assert_false(makes(&s, "teas") || makes(&s, "te") || makes(&s, "sate"));
    s = begun("чайник");
    assert_true(makes(&s, "чайники") && makes(&s, "чайнк"));
}

/* The best of the offers, "" for none. */
static struct str best(const char *word, const char *const *offers, const int64_t *df, size_t count)
{
    struct search_spelling s = begun(word);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(search_spelling_offer(&s, &a, str_from(offers[i]), df[i]), OK);
    return s.best.s ? s.best : S("");
}

static void choosing(void **state)
{
    UNUSED(state);
    static const struct {
        const char *word, *offers[4];
        int64_t df[4];
        const char *want;
    } CASES[] = {
        { "kettel", { "kettle", "settle", "metal", "kettels" }, { 1, 900, 900, 0 }, "kettle" },
        { "recieved", { "received", "relieve" }, { 1, 50 }, "received" },
        { "recievd", { "received", "recieve" }, { 50, 1 }, "recieve" },
        { "recieevd", { "received", "believed" }, { 1, 9 }, "received" }, /* distance 2 */
        { "teas", { "team", "teal", "seas", "tea" }, { 3, 5, 5, 5 }, "seas" },
        { "teas", { "team", "teas", "te", "xxxx" }, { 0, 9, 9, 9 }, "team" },
        { "tea", { "team", "teas", "te", "tee" }, { 9, 9, 9, 9 }, "" },
        { "abcd", { "badc", "dcba", "", "abcdefghijklmnopqrstuvwxyzabcdef" }, { 9, 9, 9, 9 }, "" },
        { "чайнек", { "чайник", "чаинка" }, { 1, 9 }, "чайник" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        size_t count = 0;
        while (count < 4 && CASES[i].offers[count])
            count++;
        struct str got = best(CASES[i].word, CASES[i].offers, CASES[i].df, count);
        if (!str_eq(got, str_from(CASES[i].want)))
            fail_msg("%s gives %.*s, not %s", CASES[i].word, STR_ARG(got), CASES[i].want);
    }
}

static void offers_do_not_depend_on_their_order(void **state)
{
    UNUSED(state);
    static const char *const FORTH[] = { "kettle", "kettal", "kettes" };
    static const char *const BACK[] = { "kettes", "kettal", "kettle" };
    static const int64_t DF[] = { 2, 2, 2 };
    assert_true(str_eq(best("kettel", FORTH, DF, 3), S("kettal")));
    assert_true(str_eq(best("kettel", BACK, DF, 3), S("kettal")));
}

static void memory_that_is_refused(void **state)
{
    UNUSED(state);
    struct arena small;
    struct search_spelling s;
    arena_init(&small, KIB(4));
    assert_int_equal(search_spelling_init(&s, &small, S("kettles")), E_LIMIT);
    arena_free(&small);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, open_arena, close_arena)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(which_words_are_corrected),           TEST(words_at_distance_one),  TEST(choosing),
        TEST(offers_do_not_depend_on_their_order), TEST(memory_that_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

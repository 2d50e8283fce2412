/* The background tables of a node: made from what the packages hold, found again, made again when damaged, and whatever happens
 * meanwhile. The sources are small ones of the same form. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "os/clock.h"
#include "search/vectors/background.h"
#include "search/vectors/language_model.h"
#include "search/vectors/sources.h"
#include "sources_made_up.h"

static struct arena a;
static char *folder, *tables;
static struct search_sources sources;

#define ok(e) assert_int_equal((e), OK)

static int open_folder(void **state)
{
    UNUSED(state);
    arena_init(&a, MIB(64));
    ok(folder_temp(&a, "similar", &folder));
    tables = str_cstr(&a, str_fmt(&a, "%s/tables", folder));
    char *model = str_cstr(&a, str_fmt(&a, "%s/model", folder));
    write_glosses(&a, folder);
    ok(file_write_atomic(model, model_bytes(&a), 0600));
    sources = (struct search_sources){ folder, model };
    return 0;
}

static int close_folder(void **state)
{
    UNUSED(state);
    folder_remove(folder);
    arena_free(&a);
    return 0;
}

static char *in_tables(const char *name)
{
    return str_cstr(&a, str_fmt(&a, "%s/%s", tables, name));
}

/* --- what they are made from --------------------------------------------------------------------------------- */

static void an_explanation_is_its_synonyms_and_what_is_said_of_them(void **state)
{
    UNUSED(state);
    static const struct {
        const char *line, *want; /* NULL: not such a line */
    } CASES[] = {
        { "00001740 03 n 01 entity 0 003 ~ 00001930 n 0000 | that which is",
          "entity  that which is" },
        { "1 06 v 0b a 0 b 0 c 0 d 0 e 0 f 0 g 0 h 0 i 0 j 0 k_l 0 000 | x",
          "a b c d e f g h i j k l  x" },
        { "  1 This software and database is | licensed", NULL },
        { "", NULL },
        { "00001740 03 n 01 entity 0 003", NULL },
        { "00001740 03 n zz entity 0 | x", NULL },
        { "00001740 03 n 05 entity 0 | x", NULL }, /* fewer than it says */
        { "00001740 03 n 00000001 entity 0 | x", NULL },
        { "|", NULL },
    };
    struct buf b;
    buf_init(&b, &a, KIB(64));
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        bool is = glosses_line(str_from(CASES[i].line), &b);
        assert_int_equal(is, CASES[i].want != NULL);
        if (is)
            assert_true(str_eq(buf_str(&b), str_from(CASES[i].want)));
    }
}

static void a_language_model_says_what_was_put_in(void **state)
{
    UNUSED(state);
    struct str bytes = model_bytes(&a);
    struct language_model m;
    size_t n = 0;
    ok(language_model_open(&a, bytes, &m));
    assert_int_equal(m.words, MODEL_WORDS);
    assert_true(str_eq(m.text[2], S("wordc")));
    for (size_t second = 0; second < m.words; second++) {
        size_t from, to;
        assert_true(fabs(language_model_word(&m, second) - 1.0 / (4 + (double)second)) < 1e-5);
        language_model_range(&m, second, &from, &to);
        assert_int_equal(from, n);
        for (; n < to; n++) {
            struct language_pair p;
            assert_true(language_model_pair(&m, second, n, &p));
            assert_int_equal(p.first % 2, second % 2);
            assert_true(fabs(p.likelihood - 1.0 / (2 + (double)n)) < 1e-5);
        }
    }
    assert_true(n > 40);
    for (size_t cut = 0; cut < bytes.n; cut += cut < 100 ? 1 : 4999)
        assert_int_equal(language_model_open(&a, str_sub(bytes, 0, cut), &m), E_CORRUPT);
}

/* --- the files ------------------------------------------------------------------------------------------------- */

static struct search_background *start(const char *where)
{
    struct search_background *b;
    ok(search_background_start(where, &sources, NULL, NULL, &b));
    return b;
}

/* Until it is done, however slow the machine. */
static enum search_background_state wait_for(struct search_background *b,
                                             const struct search_table **glosses,
                                             const struct search_table **bigrams)
{
    int64_t until = clock_monotonic_ms() + 120000;
    enum search_background_state state;
    do {
        state = search_background_tables(b, glosses, bigrams);
        usleep(2000);
    } while ((state == SEARCH_BACKGROUND_LOOKING || state == SEARCH_BACKGROUND_MAKING) &&
             clock_monotonic_ms() < until);
    return state;
}

static void hold_that_both_are_there(void)
{
    struct search_background *b = start(tables);
    const struct search_table *glosses, *bigrams;
    bool whole;
    assert_int_equal(wait_for(b, &glosses, &bigrams), SEARCH_BACKGROUND_READY);
    assert_true(glosses && glosses->kind == SEARCH_TABLE_GLOSSES && bigrams &&
                bigrams->kind == SEARCH_TABLE_BIGRAMS);
    assert_true(search_table_find(glosses, S("vessel")) >= 0);
    assert_true(search_table_find(bigrams, S("wordc")) >= 0);
    assert_int_equal(search_table_find(bigrams, S("s")), -1);
    assert_int_equal(search_table_find(bigrams, S("don")), -1);
    assert_true(glosses->shares[search_table_find(glosses, S("for"))] == 1); /* a function word */
    assert_true(glosses->shares[search_table_find(glosses, S("vessel"))] < 0.1F);
    search_background_stop(b);
    search_background_look(&a, tables, &sources, &whole);
    assert_true(whole);
}

static struct str bytes_of(const char *name)
{
    struct str s;
    ok(file_read(&a, in_tables(name), MIB(8), &s));
    return s;
}

static void both_are_made_and_found_again(void **state)
{
    UNUSED(state);
    hold_that_both_are_there();
    struct str first = bytes_of("glosses.table");
    hold_that_both_are_there();
    assert_true(str_eq(first, bytes_of("glosses.table")));
}

static void what_is_damaged_or_half_written_is_made_again(void **state)
{
    UNUSED(state);
    hold_that_both_are_there();
    struct str whole = bytes_of("glosses.table");
    char *wrong = arena_alloc(&a, whole.n);
    memcpy(wrong, whole.s, whole.n);
    wrong[whole.n / 2] ^= 1;
    ok(file_write_atomic(in_tables("glosses.table"), str_of(wrong, whole.n), 0600));
    ok(file_write_atomic(in_tables("bigrams.table"), S("half"), 0600));
    ok(file_write_atomic(in_tables("bigrams.table.17.0.new"), S("half"), 0600));
    hold_that_both_are_there();
    assert_true(str_eq(whole, bytes_of("glosses.table")));
    assert_false(file_exists(in_tables("bigrams.table.17.0.new")));
    /* The one under the name of the other is not it. */
    ok(file_write_atomic(in_tables("bigrams.table"), whole, 0600));
    hold_that_both_are_there();
}

static void a_process_that_is_killed_leaves_nothing_half_made(void **state)
{
    UNUSED(state);
    for (int round = 0; round < 3; round++) {
        pid_t child = fork();
        if (child == 0) {
            const struct search_table *x, *y;
            struct search_background *b;
            if (search_background_start(tables, &sources, NULL, NULL, &b) == OK)
                wait_for(b, &x, &y);
            _exit(0);
        }
        assert_true(child > 0);
        /* At another moment each time: as soon as it has begun, has one table, has ended. */
        const char *sign = in_tables(round == 0   ? "lock"
                                     : round == 1 ? "glosses.table"
                                                  : "bigrams.table");
        int64_t until = clock_monotonic_ms() + 60000;
        while (!file_exists(sign) && clock_monotonic_ms() < until)
            usleep(200);
        kill(child, SIGKILL);
        waitpid(child, NULL, 0);
        hold_that_both_are_there();
        unlink(in_tables("bigrams.table"));
        if (round == 0)
            unlink(in_tables("glosses.table"));
    }
}

static void a_stop_while_it_makes_leaves_nothing(void **state)
{
    UNUSED(state);
    struct search_background *b = start(tables);
    search_background_stop(b);
    hold_that_both_are_there();
}

static void two_that_share_a_folder_make_once(void **state)
{
    UNUSED(state);
    const struct search_table *x, *y;
    struct search_background *b[2] = { start(tables), start(tables) };
    for (int i = 0; i < 2; i++) {
        assert_int_equal(wait_for(b[i], &x, &y), SEARCH_BACKGROUND_READY);
        assert_true(x && y);
    }
    for (int i = 0; i < 2; i++)
        search_background_stop(b[i]);
}

static void without_the_packages_words_are_all_there_is(void **state)
{
    UNUSED(state);
    struct search_background *b;
    const struct search_table *glosses, *bigrams;
    bool whole;
    struct search_sources kept = sources;
    sources.glosses_folder = "/nowhere";
    assert_int_equal(wait_for(b = start(tables), &glosses, &bigrams), SEARCH_BACKGROUND_READY);
    assert_true(!glosses && bigrams);
    search_background_stop(b);
    sources.bigrams_file = "/nowhere";
    tables = in_tables("other");
    assert_int_equal(wait_for(b = start(tables), &glosses, &bigrams), SEARCH_BACKGROUND_ABSENT);
    assert_true(!glosses && !bigrams);
    search_background_stop(b);
    struct str said = search_background_look(&a, tables, &sources, &whole);
    assert_false(whole);
    assert_true(str_find(said, S("wordnet-base"), 0) < said.n &&
                str_find(said, S("pocketsphinx-en-us"), 0) < said.n);
    sources = kept;
    b = start(NULL);
    assert_int_equal(search_background_tables(b, &glosses, &bigrams), SEARCH_BACKGROUND_OFF);
    search_background_stop(b);
    search_background_stop(NULL);
}

static void what_is_no_source_makes_no_table(void **state)
{
    UNUSED(state);
    const struct search_table *glosses, *bigrams;
    ok(file_write_atomic(sources.bigrams_file, S("Trie Language Model\x03 and no more"), 0600));
    struct search_background *b = start(tables);
    assert_int_equal(wait_for(b, &glosses, &bigrams), SEARCH_BACKGROUND_READY);
    assert_true(glosses && !bigrams);
    search_background_stop(b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_explanation_is_its_synonyms_and_what_is_said_of_them,
                                        open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_language_model_says_what_was_put_in, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(both_are_made_and_found_again, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(what_is_damaged_or_half_written_is_made_again, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(a_process_that_is_killed_leaves_nothing_half_made,
                                        open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_stop_while_it_makes_leaves_nothing, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(two_that_share_a_folder_make_once, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(without_the_packages_words_are_all_there_is, open_folder,
                                        close_folder),
        cmocka_unit_test_setup_teardown(what_is_no_source_makes_no_table, open_folder,
                                        close_folder),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

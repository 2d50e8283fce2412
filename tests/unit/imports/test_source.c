/* Every format from samples that were made up in its form (samples/), and what is broken in one.
 *
 * What a sample gives stands beside it in <name>.told; with TELL=1 in the environment that file is written anew, to be read. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "drip.h"
#include "imports/lines.h"
#include "imports/told.h"
#include "os/file.h"

#define SAMPLES "tests/unit/imports/samples"

/* --- samples ----------------------------------------------------------------------------------------------------------------- */

static void compare(struct arena *a, struct str name)
{
    const char *path = str_cstr(a, str_fmt(a, SAMPLES "/%.*s", STR_ARG(name)));
    const char *beside = str_cstr(a, str_fmt(a, SAMPLES "/%.*s.told", STR_ARG(name)));
    struct str got = told_path(a, path), again = told_path(a, path), want = STR_NONE;
    assert_true(utf8_ok(got));
    assert_true(str_eq(got, again)); /* the same file again gives the same ids */
    if (getenv("TELL"))
        assert_ok(file_write_atomic(beside, got, 0644));
    assert_ok(file_read(a, beside, MIB(1), &want));
    if (!str_eq(got, want))
        fail_msg("%s gives\n%.*s\n-- and not\n%.*s", path, STR_ARG(got), STR_ARG(want));
}

static void samples_give_what_stands_beside_them(void **state)
{
    UNUSED(state);
    DIR *dir = opendir(SAMPLES);
    size_t count = 0;
    assert_non_null(dir);
    for (struct dirent *d; (d = readdir(dir));) {
        TEST_ARENA(a);
        struct str name = str_from(d->d_name);
        if (name.s[0] == '.' || str_ends(name, S(".told")))
            continue;
        compare(&a, str_dup(&a, name));
        count++;
    }
    closedir(dir);
    assert_true(count >= 20);
}

/* --- one file of bytes ----------------------------------------------------------------------------------------------------------- */

static struct str told_bytes(struct arena *a, struct str bytes)
{
    char *folder;
    assert_ok(folder_temp(a, "vivim-source-", &folder));
    const char *path = str_cstr(a, str_fmt(a, "%s/file", folder));
    assert_ok(file_write_atomic(path, bytes, 0600));
    struct str got = told_path(a, path);
    folder_remove(folder);
    return got;
}

#define TELLS(a, bytes, want) assert_str(told_bytes(&a, bytes), want)
#define ONE(id, words)                                                                          \
    "{'conversation_id':'" id "','create_time':1,'mapping':{'r':{'id':'r','message':null},"     \
    "'m':{'id':'m','parent':'r','message':{'author':{'role':'user'},'content':{'content_type':" \
    "'text','parts':['" words "']}}}}}"
#define SAID(id, words) "== chatgpt export " id " 1970-01-01T00:00:01Z\nuser\ntext: " words "\n"

static void what_is_cut_off_costs_what_stands_behind(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(a, json_text(&a, "[" ONE("a", "one") "," ONE("b", "two")),
          "-- file: JSON\n" SAID("a", "one")
              SAID("b", "two") "  2: bad_json: the text ends inside a list at byte "
                               "394\n");
    TELLS(a, json_text(&a, "[" ONE("a", "one") ",{'mapping':{"),
          "-- file: JSON\n" SAID(
              "a", "one") "  2: bad_json: the text ends inside a value at byte 210\n");
}

static void lines_cut_anywhere_give_those_that_are_whole(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str first = json_text(&a, ONE("a", "one") "\n"),
               both = json_text(&a, ONE("a", "one") "\n" ONE("b", "two") "\n");
    for (size_t i = first.n + 1; i < both.n - 1; i += 3) {
        struct str got = told_bytes(&a, str_sub(both, 0, i));
        assert_true(str_starts(got, S("-- file: JSON\n" SAID("a", "one") "  2: bad_json: ")));
    }
}

static void one_bad_element_costs_itself(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(
        a,
        json_text(&a, "[" ONE("a", "one") ",{'what':1},{'mapping':{'a':tru}}," ONE("b", "two") "]"),
        "-- file: JSON\n" SAID(
            "a", "one") "  2: invalid_field: no conversation of a known provider\n"
                        "  3: bad_json: at byte 19 (line 1, column 20): only true, false and null "
                        "are written without quotes\n" SAID("b", "two"));
}

/* Where nothing was found yet they wait; of very many some are counted. */
static void unknown_elements_are_said_once_something_is_known(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct buf b;
    buf_init(&b, &a, MIB(1));
    buf_putc(&b, '[');
    for (int i = 0; i < 2500; i++)
        buf_put(&b, S("{\"x\":1},"));
    buf_put(&b, json_text(&a, ONE("a", "one") ",{'x':1}]"));
    struct str got = told_bytes(&a, buf_str(&b));
    assert_true(str_starts(
        got, S("-- file: JSON\n  1: invalid_field: no conversation of a known provider\n  2: ")));
    assert_true(str_ends(
        got, S("  1000: invalid_field: no conversation of a known provider, and 1500 more\n" SAID(
                 "a", "one") "  2502: invalid_field: no conversation of a known provider\n")));
}

static void the_same_id_twice_is_given_twice(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(a, json_text(&a, "[" ONE("a", "one") "," ONE("a", "two") "]"),
          "-- file: JSON\n" SAID("a", "one") SAID("a", "two"));
}

static void other_json_is_passed_over_without_a_word(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(a, json_text(&a, "[{'id':'s','title':'a share'},{'id':'t'}]"), "-- file: JSON\n");
    TELLS(a, json_text(&a, "{'theme':'dark'}"), "-- file: JSON\n");
    TELLS(a, S("[]"), "-- file: JSON\n");
    TELLS(a, S("not JSON at all"), "");
    TELLS(a, S(""), "");
}

static void what_calls_itself_conversations_and_is_none_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(a, json_text(&a, "{'conversations':[{'a':1},{'a':2}]}"),
          "-- file: JSON\n  1: invalid_field: no conversation of a known provider\n  2: "
          "invalid_field: no conversation of a known provider\n");
}

static void utf_16_is_read(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str text = json_text(&a, "[" ONE("a", "gr\\u00fcn \xf0\x9f\x8c\x8a \xc3\xa9") "]");
    for (int big = 0; big < 2; big++)
        for (int mark = 0; mark < 2; mark++) {
            struct buf b;
            buf_init(&b, &a, MIB(1));
            for (size_t at = 0; at < text.n || (mark && !b.n);) {
                uint32_t point = mark && !b.n ? 0xfeff : utf8_next(text, &at);
                uint32_t units[2] = { point, 0 };
                if (point > 0xffff) {
                    units[0] = 0xd800 + ((point - 0x10000) >> 10);
                    units[1] = 0xdc00 + ((point - 0x10000) & 0x3ff);
                }
                for (int i = 0; i < 2 && (i == 0 || units[1]); i++) {
                    buf_putc(&b, (char)(big ? units[i] >> 8 : units[i]));
                    buf_putc(&b, (char)(big ? units[i] : units[i] >> 8));
                }
            }
            TELLS(a, buf_str(&b),
                  "-- file: JSON\n" SAID("a", "gr\xc3\xbcn \xf0\x9f\x8c\x8a \xc3\xa9"));
        }
}

static void what_is_no_utf_8_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(a, json_text(&a, "[" ONE("a", "gr\xfcn") "," ONE("b", "two") "]"),
          "-- file: JSON\n  1: bad_json: at byte 188 (line 1, column 189): this byte is not valid "
          "UTF-8\n" SAID("b", "two"));
    TELLS(a, S("Conversation,Time,Author,Message\nTea,x,AI,gr\xfcn\n"),
          "-- file\n  0: bad_encoding: the text is not valid UTF-8\n");
}

static void account_data_is_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    TELLS(
        a, json_text(&a, "[{'uuid':'u','full_name':'N','email_address':'e'}]"),
        "-- file\n  0: invalid_field: it holds who the account belongs to, which is never kept\n");
    TELLS(a, json_text(&a, "{'user':{},'apiKeys':[{'secret':'x'}]}"),
          "-- file\n  0: invalid_field: it holds keys or sessions of an account, which is never "
          "kept\n");
    TELLS(a, json_text(&a, "{'balance_map':{}}"),
          "-- file\n  0: invalid_field: it holds payments, which is never kept\n");
}

static void a_zip_in_a_zip_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *folder;
    assert_ok(folder_temp(&a, "vivim-source-", &folder));
    assert_ok(file_write_atomic(
        str_cstr(&a, str_fmt(&a, "%s/inner.zip", folder)),
        S("PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\4\0\0\0a.js"), 0600));
    assert_ok(file_write_atomic(
        str_cstr(&a, str_fmt(&a, "%s/a.docx", folder)),
        S("PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\23\0\0\0[Content_Types].xml"),
        0600));
    assert_str(
        told_path(&a, folder),
        "-- inner.zip\n  0: invalid_field: it is a zip inside of one, which is not gone into: "
        "give it alone\n");
    folder_remove(folder);
}

static void a_row_that_does_not_end_is_said_behind_what_was_read(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str got =
        told_bytes(&a, S("Conversation,Time,Author,Message\r\nTea,2026-07-26T12:00:00,AI,Hot.\r\n"
                         "Tea,2026-07-26T12:00:00,Human,\"How"));
    assert_true(str_find(got, S("text: Hot."), 0) < got.n);
    assert_true(str_ends(got, S("invalid_field: the text ends inside the quotes of line 3\n")));
}

/* A conversation without an id has one made of where and how it begins; growing changes nothing, two alike are two. */
static void ids_are_made_where_there_are_none(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
#define CHAT(more) "{'chunkedPrompt':{'chunks':[{'role':'user','text':'Tea?'}" more "]}}"
    struct str one = told_bytes(&a, json_text(&a, CHAT("")));
    struct str grown = told_bytes(&a, json_text(&a, CHAT(",{'role':'model','text':'Yes.'}")));
    struct str twice = told_bytes(&a, json_text(&a, "[" CHAT("") "," CHAT("") "]"));
    struct str id = str_sub(one, str_find(one, S("made:"), 0), str_find(one, S("\nuser"), 0));
    assert_int_equal(id.n, S("made:0123456789abcdef").n);
    assert_true(str_find(grown, id, 0) < grown.n);
    assert_true(str_find(twice, str_cat(&a, id, S("\n")), 0) < twice.n);
    assert_true(str_find(twice, str_cat(&a, id, S("-2\n")), 0) < twice.n);
}

/* --- how long it lives --------------------------------------------------------------------------------------------------------------- */

enum { KEPT_MAX = 64 };
static struct kept {
    struct arena a, telling;
    struct conversation c;
    struct str told;
} kept[KEPT_MAX];

static size_t read_kept(const char *path)
{
    CLEANUP(arena_free) struct arena of_files = { 0 };
    CLEANUP(import_files_close) struct import_files f = { 0 };
    const struct import_reading reading = { 0 };
    size_t count = 0;
    arena_init(&of_files, MIB(64));
    assert_ok(import_files_open(&f, &of_files, path));
    for (size_t i = 0; i < f.count; i++) {
        CLEANUP(arena_free) struct arena of_source = { 0 };
        CLEANUP(import_source_close) struct import_source s = { 0 };
        arena_init(&of_source, MIB(64));
        err_t e = import_source_open(&s, &of_source, &reading, &f, i);
        while (e == OK && count < KEPT_MAX) {
            struct kept *k = &kept[count];
            arena_init(&k->a, MIB(64));
            arena_init(&k->telling, MIB(64));
            e = import_source_next(&s, &k->a, &k->c);
            if (e == OK)
                kept[count++].told = told(&k->telling, &k->c);
            else
                arena_free(&k->a), arena_free(&k->telling);
        }
    }
    return count;
}

/* Conversations are stored together, when the file that they are of has long been closed, and the next one read. */
static void what_was_read_outlives_its_file(void **state)
{
    UNUSED(state);
    static const char *const PATHS[] = { "copilot.csv", "takeout",     "takeout_page",
                                         "chatgpt",     "claude",      "Tea in the studio",
                                         "jan",         "saved.mhtml", "singlefile.html",
                                         "mistral",     "grok",        "lmstudio" };
    size_t all = 0;
    for (size_t i = 0; i < COUNTOF(PATHS); i++) {
        TEST_ARENA(a);
        size_t count = read_kept(str_cstr(&a, str_fmt(&a, SAMPLES "/%s", PATHS[i])));
        for (size_t k = 0; k < count; k++) {
            assert_str(told(&kept[k].telling, &kept[k].c),
                       str_cstr(&kept[k].telling, kept[k].told));
            assert_true(!kept[k].c.source.id.n || kept[k].c.source.id.s[0]);
            arena_free(&kept[k].a);
            arena_free(&kept[k].telling);
        }
        all += count;
    }
    assert_true(all >= 15);
}

/* --- our own form ------------------------------------------------------------------------------------------------------------------ */

static struct str written(struct arena *a, const struct conversation *c)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, MIB(16));
    jo_init(&o, &b);
    conversation_write(&o, c);
    assert_int_equal(buf_err(&b), OK);
    return buf_str(&b);
}

/* Of each sample: written, read and written again it is the same to the byte. */
static void round_trip(struct arena *a, const char *path, size_t *io_count)
{
    CLEANUP(import_files_close) struct import_files f = { 0 };
    const struct import_reading reading = { 0 };
    assert_ok(import_files_open(&f, a, path));
    for (size_t i = 0; i < f.count; i++) {
        CLEANUP(arena_free) struct arena of_source = { 0 }, one = { 0 }, scratch = { 0 };
        CLEANUP(import_source_close) struct import_source s = { 0 };
        struct conversation c, again;
        arena_init(&of_source, MIB(256));
        arena_init(&one, MIB(256));
        arena_init(&scratch, MIB(256));
        if (import_source_open(&s, &of_source, &reading, &f, i) != OK)
            continue;
        for (err_t e; (e = import_source_next(&s, &one, &c)) != E_NOT_FOUND;) {
            struct json root;
            if (e != OK)
                continue;
            assert_ok(conversation_hash(&one, &scratch, &c));
            struct str text = written(&one, &c);
            assert_ok(json_parse(&one, text, JSON_FOREIGN_DEPTH_MAX, &root));
            assert_true(conversation_is(root));
            assert_ok(conversation_read(&one, root, c.provider, &again));
            assert_str(written(&one, &again), str_cstr(&one, text));
            struct str hash = again.hash;
            assert_ok(conversation_hash(&one, &scratch, &again));
            assert_true(str_eq(hash, again.hash));
            ++*io_count;
        }
    }
}

static void our_own_form_comes_back_to_the_byte(void **state)
{
    UNUSED(state);
    static const char *const PATHS[] = { "chatgpt",        "claude",      "grok",        "takeout",
                                         "mistral",        "meta.json",   "copilot.csv", "lmstudio",
                                         "librechat.json", "lines.jsonl", "claude_code", "codex",
                                         "gemini_cli",     "cursor" };
    size_t count = 0;
    for (size_t i = 0; i < COUNTOF(PATHS); i++) {
        TEST_ARENA(a);
        round_trip(&a, str_cstr(&a, str_fmt(&a, SAMPLES "/%s", PATHS[i])), &count);
    }
    assert_true(count >= 15);
}

static void our_own_form_is_checked(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
#define OWN(members) "{'format':'vivim.conversation/1','provider':'chatgpt'," members "}\n"
    TELLS(a,
          json_text(&a, OWN("'source':{'kind':'share','id':'share:x'},'messages':[{'role':'user','"
                            "blocks':[{'type':'text','markdown':'Tea?'}]}]")),
          "-- file: JSON\n== chatgpt share share:x\nuser\ntext: Tea?\n");
    TELLS(
        a, json_text(&a, OWN("'messages':[{'role':'nobody','blocks':[]}]")),
        "-- file: JSON\n  1: invalid_field: it is no whole conversation: a message has no role\n");
    TELLS(a, json_text(&a, OWN("'messages':[{'role':'user','blocks':[{'type':'no'}]}]")),
          "-- file: JSON\n  1: invalid_field: it is no whole conversation: a stored block is "
          "damaged: its type is unknown\n");
    TELLS(a, json_text(&a, "{'format':'vivim.conversation/1','provider':'tomorrow'}"),
          "-- file: JSON\n  1: invalid_field: its provider \"tomorrow\" is not known\n");
}

/* A session that is sent comes as one value, and may be larger than what a provider gives for one. */
static void in_the_normal_form_it_may_be_larger(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 2 * IMPORT_VALUE_BYTES);
    struct str own =
        json_text(&a, OWN("'source':{'kind':'share','id':'share:x'},'messages':[{'role':"
                          "'user','blocks':[{'type':'text','markdown':'Tea?'}]}]"));
    size_t n = IMPORT_VALUE_BYTES + 1000, last = own.n - 2; /* the brace and the line's end */
    char *large = arena_bytes(&a, n + own.n);
    assert_non_null(large);
    memcpy(large, own.s, last);
    memset(large + last, ' ', n);
    memcpy(large + last + n, own.s + last, own.n - last);
    TELLS(a, str_of(large, n + own.n),
          "-- file: JSON\n== chatgpt share share:x\nuser\ntext: Tea?\n");
}

/* --- sessions, which grow while they are read ------------------------------------------------------------------------------------ */

static struct str sample(struct arena *a, const char *name)
{
    struct str text;
    assert_ok(file_read(a, str_cstr(a, str_fmt(a, SAMPLES "/%s", name)), MIB(1), &text));
    return text;
}

#define CLAUDE_SESSION \
    "claude_code/projects/-home-me-tides/5e000000-0000-4000-8000-000000000001.jsonl"

/* What is cut off anywhere is a session so far: no error, and nothing that could not be read. */
static void a_session_that_is_half_written_waits_for_its_end(void **state)
{
    UNUSED(state);
    static const char *const NAMES[] = {
        CLAUDE_SESSION,
        "codex/sessions/2026/06/01/"
        "rollout-2026-06-01T08-00-00-c0de0000-0000-7000-8000-000000000001.jsonl",
        "gemini_cli/tmp/tides/chats/session-2026-06-05T09-00-bbbb2222.jsonl",
    };
    for (size_t i = 0; i < COUNTOF(NAMES); i++) {
        TEST_ARENA(a);
        struct str text = sample(&a, NAMES[i]);
        for (size_t n = 300; n < text.n; n += 211) {
            TEST_ARENA(one);
            struct str got = told_bytes(&one, str_sub(text, 0, n));
            assert_true(str_starts(got, S("-- file: ")));
            assert_int_equal(str_find(got, S("element_skipped"), 0), got.n);
            assert_int_equal(str_find(got, S("bad_json"), 0), got.n);
        }
    }
}

static void a_line_that_is_broken_and_not_the_last_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str line =
        json_text(&a, "{'type':'user','uuid':'u1','sessionId':'s','message':{'content':'Tea?'}}\n");
    struct str broken = S("{\"type\":\"user\",\"message\":tru}\n");
    const char *want = "-- file: Claude Code session\n== claude_code session s\nuser\ntext: Tea?\n"
                       "  found element_skipped: line 2 could not be read\n";
    TELLS(a, str_fmt(&a, "%.*s%.*s\n\n", STR_ARG(line), STR_ARG(broken)), want);
    TELLS(a, str_fmt(&a, "%.*s\\x\n{\"type\":", STR_ARG(line)), want);
}

static void a_cycle_of_records_ends(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str got = told_bytes(
        &a, json_text(&a, "{'type':'user','uuid':'a','parentUuid':'b','sessionId':'s','message':{"
                          "'content':'One'}}\n{'type':'user','uuid':'b','parentUuid':'a',"
                          "'sessionId':'s','message':{'content':'Two'}}\n"));
    assert_true(str_find(got, S("One"), 0) < got.n && str_find(got, S("Two"), 0) < got.n);
    assert_true(str_find(got, S("cycle_broken"), 0) < got.n);
}

static void lines_come_whole_however_they_are_read(void **state)
{
    UNUSED(state);
    for (size_t step = 1; step < 9; step++) {
        CLEANUP(lines_free) struct lines l = { 0 };
        struct drip d = { { drip_read }, S("one\n\n \r\ntoo long for it\n\ttwo \r\nhalf"), step };
        struct str line;
        lines_init(&l, &d.reader, 8);
        assert_ok(lines_next(&l, &line));
        assert_true(str_eq(line, S("one")) && l.place == 1 && l.whole);
        assert_int_equal(lines_next(&l, &line), E_LIMIT);
        assert_int_equal(l.place, 4);
        assert_ok(lines_next(&l, &line));
        assert_true(str_eq(line, S("two")) && l.place == 5 && l.whole);
        assert_ok(lines_next(&l, &line));
        assert_true(str_eq(line, S("half")) && l.place == 6 && !l.whole);
        assert_int_equal(lines_next(&l, &line), E_NOT_FOUND);
    }
    err_clear();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_session_that_is_half_written_waits_for_its_end),
        cmocka_unit_test(a_line_that_is_broken_and_not_the_last_is_said),
        cmocka_unit_test(a_cycle_of_records_ends),
        cmocka_unit_test(in_the_normal_form_it_may_be_larger),
        cmocka_unit_test(lines_come_whole_however_they_are_read),
        cmocka_unit_test(samples_give_what_stands_beside_them),
        cmocka_unit_test(what_is_cut_off_costs_what_stands_behind),
        cmocka_unit_test(lines_cut_anywhere_give_those_that_are_whole),
        cmocka_unit_test(one_bad_element_costs_itself),
        cmocka_unit_test(unknown_elements_are_said_once_something_is_known),
        cmocka_unit_test(the_same_id_twice_is_given_twice),
        cmocka_unit_test(other_json_is_passed_over_without_a_word),
        cmocka_unit_test(what_calls_itself_conversations_and_is_none_is_said),
        cmocka_unit_test(utf_16_is_read),
        cmocka_unit_test(what_is_no_utf_8_is_said),
        cmocka_unit_test(account_data_is_refused),
        cmocka_unit_test(a_zip_in_a_zip_is_said),
        cmocka_unit_test(a_row_that_does_not_end_is_said_behind_what_was_read),
        cmocka_unit_test(ids_are_made_where_there_are_none),
        cmocka_unit_test(what_was_read_outlives_its_file),
        cmocka_unit_test(our_own_form_comes_back_to_the_byte),
        cmocka_unit_test(our_own_form_is_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* What is received: forms in pieces of every size, and names that lead nowhere. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/limits.h"
#include "drip.h"
#include "imports/imports_inside.h"
#include "imports/multipart.h"

#define TYPE S("multipart/form-data; boundary=\"b-b\"")

/* All parts, as name|file|content; and how it ended. */
static err_t read_form(struct arena *a, struct str body, size_t at_once, size_t max,
                       struct str *ret)
{
    struct drip d = { { drip_read }, body, at_once };
    struct multipart m;
    struct multipart_part part;
    struct buf out;
    char bytes[4096];
    err_t e;
    buf_init(&out, a, MIB(1));
    TRY(multipart_init(&m, a, TYPE, &d.reader));
    while ((e = multipart_next(&m, a, &part)) == OK) {
        size_t n = 1;
        buf_putf(&out, "%.*s|%.*s|", STR_ARG(part.name), STR_ARG(part.file_name));
        while (n) {
            TRY(multipart_read(&m, bytes, max, &n));
            buf_put(&out, str_of(bytes, n));
        }
        buf_putc(&out, ';');
    }
    *ret = buf_str(&out);
    return e == E_NOT_FOUND ? OK : e;
}

static void forms_come_in_pieces_of_any_size(void **state)
{
    static const char FORM[] =
        "preamble\r\n--b-b\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\nfield\r\n"
        "--b-b\r\ncontent-disposition: form-data; name=f; filename=\"x \\\"y\\\";.json\"\r\n"
        "Content-Type: text/plain\r\n\r\nline\r\n--b\r\n--b-c\r\n\r\n--b-b  \r\n"
        "Content-Disposition: form-data; name=\"f\"; filename=\"z\"; "
        "filename*=UTF-8''%c3%a4.zip\r\n\r\n\r\n--b-b--\r\nepilogue --b-b";
    static const char WANT[] = "a||field;f|x \"y\";.json|line\r\n--b\r\n--b-c\r\n;f|\xc3\xa4.zip|;";
    UNUSED(state);
    for (size_t at_once = 1; at_once < 90; at_once++) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct str got;
        arena_init(&a, MIB(4));
        assert_int_equal(read_form(&a, str_from(FORM), at_once, 1 + at_once % 7, &got), OK);
        if (!str_eq(got, str_from(WANT)))
            fail_msg("%zu at once: %.*s", at_once, STR_ARG(got));
    }
}

static void a_large_part_goes_through_a_small_buffer(void **state)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    CLEANUP(buf_free) struct buf body = { 0 };
    UNUSED(state);
    arena_init(&a, MIB(1));
    buf_init(&body, NULL, MIB(8));
    buf_put(&body, S("--b-b\r\nContent-Disposition: form-data; name=f; filename=f\r\n\r\n"));
    for (int i = 0; i < 300000; i++)
        buf_put(&body, S("\r\n--b-"));
    buf_put(&body, S("\r\n--b-b--"));
    struct memory_reader r;
    struct multipart m;
    struct multipart_part part;
    char bytes[5000];
    size_t all = 0, n = 1;
    memory_reader_init(&r, buf_str(&body));
    assert_int_equal(multipart_init(&m, &a, TYPE, &r.reader), OK);
    assert_int_equal(multipart_next(&m, &a, &part), OK);
    for (; n; all += n)
        assert_int_equal(multipart_read(&m, bytes, sizeof bytes, &n), OK);
    assert_int_equal(all, 300000 * 6);
    assert_int_equal(multipart_next(&m, &a, &part), E_NOT_FOUND);
    assert_int_equal(multipart_next(&m, &a, &part), E_NOT_FOUND);
}

static void what_is_cut_or_no_form_is_said(void **state)
{
    static const char *const BAD[] = {
        "",
        "nothing",
        "--b-b",
        "--b-b\r\n",
        "--b-b\r\nContent-Disposition: form-data",
        "--b-b\r\n\r\ncut",
        "--b-b\r\n\r\ncut\r\n--b-",
        "--b-b\r\n\r\nwhole\r\n--b-b",
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        CLEANUP(arena_free) struct arena a = { 0 };
        struct str got;
        arena_init(&a, MIB(1));
        if (read_form(&a, str_from(BAD[i]), 3, 100, &got) != E_BAD_INPUT)
            fail_msg("taken: %s", BAD[i]);
    }
}

static void names_stay_in_their_folder(void **state)
{
    static const struct {
        const char *given, *want;
    } NAMES[] = {
        { "a.json", "a.json" },
        { "../../etc/passwd", "etc/passwd" },
        { "/abs/olute", "abs/olute" },
        { "c:\\users\\me\\x.zip", "c:/users/me/x.zip" },
        { "..", "file" },
        { "", "file" },
        { "./.hidden/..x", "hidden/x" },
        { "line\nfeed", "line_feed" },
        { "a//b", "a/b" },
        { "\xff.zip", "\xef\xbf\xbd.zip" },
    };
    UNUSED(state);
    for (size_t i = 0; i < COUNTOF(NAMES); i++) {
        CLEANUP(arena_free) struct arena a = { 0 };
        arena_init(&a, MIB(1));
        struct str got = import_safe_name(&a, str_from(NAMES[i].given));
        if (!str_eq(got, str_from(NAMES[i].want)))
            fail_msg("%s: %.*s", NAMES[i].given, STR_ARG(got));
    }
}

static void a_long_name_is_cut_and_deep_ones_end(void **state)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    char name[20000];
    UNUSED(state);
    arena_init(&a, MIB(1));
    memset(name, 'x', sizeof name);
    assert_true(import_safe_name(&a, str_of(name, sizeof name)).n <= IMPORT_NAME_BYTES_MAX);
    for (size_t i = 1; i < sizeof name; i += 2)
        name[i] = '/';
    assert_true(import_safe_name(&a, str_of(name, sizeof name)).n < 2 * IMPORT_DEPTH_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(forms_come_in_pieces_of_any_size),
        cmocka_unit_test(a_large_part_goes_through_a_small_buffer),
        cmocka_unit_test(what_is_cut_or_no_form_is_said),
        cmocka_unit_test(names_stay_in_their_folder),
        cmocka_unit_test(a_long_name_is_cut_and_deep_ones_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

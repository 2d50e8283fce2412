/* Folders and zips as entries: what is read, what is refused, and with which words. */
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "imports/files.h"
#include "imports/zips.h"
#include "os/file.h"

/* "name=bytes|name!why|…", or the error of the whole. */
static struct str told_files(struct arena *a, const char *path)
{
    CLEANUP(import_files_close) struct import_files f = { 0 };
    struct buf b;
    buf_init(&b, a, MIB(4));
    err_t e = import_files_open(&f, a, path);
    if (e != OK)
        return str_fmt(a, "%s: %s", err_code(e), err_detail()->text);
    for (size_t i = 0; i < f.count; i++) {
        CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
        struct str all = STR_NONE;
        e = import_bytes_open(&f, i, &bytes);
        if (e == OK)
            e = reader_all(bytes.reader, a, MIB(1), &all);
        assert_true(import_files_find(&f, f.entries[i].name) < f.count);
        buf_putf(&b, "%.*s%s%.*s|", STR_ARG(f.entries[i].name), e == OK ? "=" : "!",
                 STR_ARG(e == OK ? all : str_from(err_detail()->text)));
        err_clear();
    }
    return buf_str(&b);
}

static struct str told_zip(struct arena *a, struct str zip)
{
    char *folder;
    struct str got = told_files(a, file_of(a, zip, &folder));
    folder_remove(folder);
    return got;
}

#define ZIP_TELLS(want, ...)                                               \
    do {                                                                   \
        const struct zipped list_[] = { __VA_ARGS__ };                     \
        assert_str(told_zip(&a, zip_of(&a, list_, COUNTOF(list_))), want); \
    } while (0)

/* --- zips ---------------------------------------------------------------------------------------------------------------------- */

static void a_zip_is_its_files_by_name(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str words = S("words words words words words words");
    ZIP_TELLS("a/b.json=[]|c.txt=words words words words words words|empty=|",
              { "c.txt", deflated(&a, words), 8, 0, (uint32_t)words.n, 0,
                (uint32_t)crc32(0, (const unsigned char *)words.s, (unsigned)words.n), 0 },
              { .name = "a/", .bytes = S("") }, { .name = "a/b.json", .bytes = S("[]") },
              { .name = "empty", .bytes = S("") });
    assert_str(told_zip(&a, zip_of(&a, NULL, 0)), "");
}

static void what_leads_out_is_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const OUT[] = { "../up", "a/../../up",  "/etc/passwd", "..\\up",
                                       "C:\\x", "\\\\host\\x", "a/.." };
    for (size_t i = 0; i < COUNTOF(OUT); i++) {
        const struct zipped one = { .name = OUT[i], .bytes = S("x") };
        struct str got = told_zip(&a, zip_of(&a, &one, 1));
        if (!str_ends(got, S("!its name leads out of the zip|")))
            fail_msg("%s: %.*s", OUT[i], STR_ARG(got));
    }
    ZIP_TELLS("..a/b..=x|", { .name = "..a/b..", .bytes = S("x") });
}

static void links_are_not_followed(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    ZIP_TELLS("link!a link, which is not followed|",
              { .name = "link", .bytes = S("/etc/passwd"), .attributes = 0120777u << 16 });
}

static void an_encrypted_file_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    ZIP_TELLS("open=x|secret!encrypted; unpack it with its password and give what was in it|",
              { .name = "secret", .bytes = S("0123456789abcdef"), .flags = 1 },
              { .name = "open", .bytes = S("x") });
}

static void an_unknown_packing_is_said(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    ZIP_TELLS("odd!packed in a way that is not known here; unpack it and give what was in it|",
              { .name = "odd", .bytes = S("0123456789abcdef"), .method = 96 });
}

static void a_wrong_checksum_is_found_at_the_end(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    ZIP_TELLS("bad!it is damaged in the zip: CRC error|good=x|",
              { .name = "bad", .bytes = S("xyz"), .crc = 7 }, { .name = "good", .bytes = S("x") });
}

/* More comes out than the zip says: what was said is believed by nobody. */
static void a_file_larger_than_it_says_ends(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *zeros = arena_alloc(&a, KIB(64));
    struct str all = str_of(zeros, KIB(64));
    const struct zipped one = { "zeros",
                                deflated(&a, all),
                                8,
                                0,
                                100,
                                0,
                                (uint32_t)crc32(0, (const unsigned char *)zeros, (unsigned)all.n),
                                0 };
    struct str got = told_zip(&a, zip_of(&a, &one, 1));
    assert_true(str_starts(got, S("zeros!")));
}

static void bombs_are_refused_before_they_are_opened(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const struct zipped one = {
        .name = "bomb", .bytes = S("\3\0"), .method = 8, .unpacked = 4000000000u, .crc = 1
    };
    struct str got = told_zip(&a, zip_of(&a, &one, 1));
    assert_true(str_starts(got, S("too_large: this zip of ")));
}

/* Two names for the same bytes: the second lies in the first. */
static void files_over_one_another_are_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *bytes = arena_bytes(&a, 4000);
    memset(bytes, 'x', 4000);
    const struct zipped inner = { .name = "inner", .bytes = str_of(bytes, 2000) };
    struct zipped list[4];
    for (size_t i = 0; i < 4; i++)
        list[i] = inner;
    struct str zip = str_dup(&a, zip_of(&a, list, 4));
    char *z = (char *)zip.s;
    /* Of all four the list says that they begin where the first does; what lay there is cut out. */
    size_t names = str_find(zip, S("PK\1\2"), 0), first_end = 30 + 5 + 2000;
    for (size_t i = 0, at = names; i < 4; i++, at += 46 + 5)
        memset(z + at + 42, 0, 4);
    struct buf b;
    buf_init(&b, &a, MIB(1));
    buf_put(&b, str_sub(zip, 0, first_end));
    buf_put(&b, str_sub(zip, names, zip.n - 6));
    put32(&b, (uint32_t)first_end);
    put16(&b, 0);
    struct str got = told_zip(&a, buf_str(&b));
    if (!str_starts(got, S("invalid_field: ")))
        fail_msg("%.*s", STR_ARG(got));
}

static void a_zip_that_was_cut_is_said_wherever_it_ends(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const struct zipped two[] = { { .name = "one.json", .bytes = S("[1,2,3]") },
                                  { .name = "two.json", .bytes = S("[4,5,6]") } };
    struct str zip = zip_of(&a, two, 2);
    for (size_t n = 4; n < zip.n; n++) {
        struct str got = told_zip(&a, str_sub(zip, 0, n));
        if (!str_eq(got, S("invalid_field: the zip is broken or was cut off (a download that did "
                           "not end?)")))
            fail_msg("cut at %zu: %.*s", n, STR_ARG(got));
    }
}

/* Each byte of a zip turned over: an error, or what it was, never anything else. */
static void a_damaged_byte_is_found_or_does_no_harm(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    const struct zipped one = { .name = "one.json", .bytes = S("[1,2,3]") };
    struct str zip = str_dup(&a, zip_of(&a, &one, 1));
    for (size_t i = 4; i < zip.n; i++) { /* of the first four it is no zip */
        CLEANUP(arena_free) struct arena scratch;
        arena_init(&scratch, MIB(64));
        ((char *)zip.s)[i] ^= 0x41;
        struct str got = told_zip(&scratch, zip);
        ((char *)zip.s)[i] ^= 0x41;
        size_t equals = str_find_char(got, '=', 0);
        if (equals < got.n && !str_eq(str_sub(got, equals, got.n), S("=[1,2,3]|")))
            fail_msg("byte %zu: %.*s", i, STR_ARG(got));
    }
}

/* --- folders ------------------------------------------------------------------------------------------------------------------ */

static void a_folder_is_its_files_by_name(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *folder;
    assert_ok(folder_temp(&a, "vivim-files-", &folder));
    assert_ok(folder_make(str_cstr(&a, str_fmt(&a, "%s/b/c", folder)), 0700));
    assert_ok(file_write_atomic(str_cstr(&a, str_fmt(&a, "%s/b/c/d", folder)), S("deep"), 0600));
    assert_ok(file_write_atomic(str_cstr(&a, str_fmt(&a, "%s/a", folder)), S("top"), 0600));
    assert_int_equal(symlink("/etc/passwd", str_cstr(&a, str_fmt(&a, "%s/link", folder))), 0);
    assert_int_equal(mkfifo(str_cstr(&a, str_fmt(&a, "%s/pipe", folder)), 0600), 0);
    assert_str(told_files(&a, folder),
               "a=top|b/c/d=deep|link!a link, which is not followed|pipe!no ordinary file|");
    /* Alone it is refused as well: opening one waited for who writes into it, and with it the server's end. */
    struct file_reader reader;
    const char *pipe = str_cstr(&a, str_fmt(&a, "%s/pipe", folder));
    assert_str(told_files(&a, pipe), "pipe!no ordinary file|");
    assert_int_equal(file_reader_open(&reader, pipe), E_IO);
    assert_str(told_files(&a, str_cstr(&a, str_fmt(&a, "%s/b/c/d", folder))), "d=deep|");
    assert_true(
        str_starts(told_files(&a, str_cstr(&a, str_fmt(&a, "%s/no", folder))), S("not_found: ")));
    folder_remove(folder);
}

static void folders_too_deep_in_one_another_are_refused(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (int deep = IMPORT_DEPTH_MAX; deep <= IMPORT_DEPTH_MAX + 1; deep++) {
        char *folder;
        struct buf path;
        assert_ok(folder_temp(&a, "vivim-files-", &folder));
        buf_init(&path, &a, 4096);
        buf_putf(&path, "%s", folder);
        for (int i = 0; i < deep; i++)
            buf_put(&path, S("/x"));
        assert_ok(folder_make(str_cstr(&a, buf_str(&path)), 0700));
        struct str got = told_files(&a, folder);
        folder_remove(folder);
        assert_int_equal(str_starts(got, S("too_large: ")), deep > IMPORT_DEPTH_MAX);
    }
}

/* What is added while it is read is read; what is taken away is an end. */
static void a_file_may_grow_while_it_is_read(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    CLEANUP(import_files_close) struct import_files f = { 0 };
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    char *folder, part[4];
    size_t n;
    struct str rest;
    const char *path = file_of(&a, S("[1,"), &folder);
    assert_ok(import_files_open(&f, &a, path));
    assert_ok(import_bytes_open(&f, 0, &bytes));
    assert_ok(bytes.reader->read(bytes.reader, part, 3, &n));
    FILE *more = fopen(path, "a");
    assert_non_null(more);
    fputs("2]", more);
    fclose(more);
    assert_ok(reader_all(bytes.reader, &a, 100, &rest));
    assert_str(rest, "2]");
    folder_remove(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_zip_is_its_files_by_name),
        cmocka_unit_test(what_leads_out_is_refused),
        cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(an_encrypted_file_is_said),
        cmocka_unit_test(an_unknown_packing_is_said),
        cmocka_unit_test(a_wrong_checksum_is_found_at_the_end),
        cmocka_unit_test(a_file_larger_than_it_says_ends),
        cmocka_unit_test(bombs_are_refused_before_they_are_opened),
        cmocka_unit_test(files_over_one_another_are_refused),
        cmocka_unit_test(a_zip_that_was_cut_is_said_wherever_it_ends),
        cmocka_unit_test(a_damaged_byte_is_found_or_does_no_harm),
        cmocka_unit_test(a_folder_is_its_files_by_name),
        cmocka_unit_test(folders_too_deep_in_one_another_are_refused),
        cmocka_unit_test(a_file_may_grow_while_it_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

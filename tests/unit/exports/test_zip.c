/* The zip that we write, read by libzip, which believes the directory alone; also where it is larger than 4 GB. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zip.h>

#include "base/limits.h"
#include "exports/zip_out.h"

static char path[] = "/tmp/vivim-zip-XXXXXX";
static int fd;
static off_t at;

static err_t put(void *context, struct str bytes)
{
    UNUSED(context);
    assert_int_equal(pwrite(fd, bytes.s, bytes.n, at), (ssize_t)bytes.n);
    at += (off_t)bytes.n;
    return OK;
}

static int open_file(void **state)
{
    UNUSED(state);
    strcpy(path + strlen(path) - 6, "XXXXXX");
    fd = mkstemp(path);
    at = 0;
    return fd < 0;
}

static int close_file(void **state)
{
    UNUSED(state);
    close(fd);
    unlink(path);
    return 0;
}

static void holds(zip_t *z, const char *name, struct str expected)
{
    zip_stat_t s;
    zip_file_t *f = zip_fopen(z, name, 0);
    char *got = malloc(expected.n + 1);
    assert_non_null(f);
    assert_int_equal(zip_stat(z, name, 0, &s), 0);
    assert_int_equal(s.size, expected.n);
    assert_int_equal(zip_fread(f, got, expected.n + 1), (zip_int64_t)expected.n);
    assert_memory_equal(got, expected.s, expected.n);
    assert_int_equal(zip_fclose(f), 0); /* the checksum */
    free(got);
}

/* begin: where in the file its first member stands, as if so much had gone before. */
static void write_and_read(uint64_t begin)
{
    CLEANUP(zip_out_free) struct zip_out z = { 0 };
    static char noise[5000], text[100000];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)(i * i * 2654435761u >> 13);
    memset(text, 'a', sizeof text);
    assert_int_equal(zip_out_init(&z, put, NULL, 1769130000000), OK);
    z.at = begin;
    at = (off_t)begin;
    assert_int_equal(zip_out_add(&z, S("text.txt"), str_of(text, sizeof text), true), OK);
    assert_int_equal(
        zip_out_add(&z, S("a folder/\xf0\x9f\x98\x80.bin"), str_of(noise, sizeof noise), true), OK);
    assert_int_equal(zip_out_add(&z, S("stored"), S("as it is"), false), OK);
    assert_int_equal(zip_out_add(&z, S("empty"), S(""), true), OK);
    assert_int_equal(zip_out_end(&z), OK);
    zip_t *r = zip_open(path, ZIP_RDONLY | (begin ? 0 : ZIP_CHECKCONS), NULL);
    assert_non_null(r);
    assert_int_equal(zip_get_num_entries(r, 0), 4);
    holds(r, "text.txt", str_of(text, sizeof text));
    holds(r, "a folder/\xf0\x9f\x98\x80.bin", str_of(noise, sizeof noise));
    holds(r, "stored", S("as it is"));
    holds(r, "empty", S(""));
    zip_stat_t s;
    assert_int_equal(zip_stat(r, "text.txt", 0, &s), 0);
    assert_true(s.comp_method == ZIP_CM_DEFLATE && s.comp_size < 1000);
    zip_discard(r);
}

static void another_reader_reads_it(void **state)
{
    UNUSED(state);
    write_and_read(0);
}

static void also_behind_four_gigabytes(void **state)
{
    UNUSED(state);
    write_and_read(UINT64_C(5000000000)); /* a hole in a file costs nothing */
}

static void also_over_their_edge(void **state)
{
    UNUSED(state);
    write_and_read(UINT32_MAX - 100); /* the first member before, the others behind it */
}

static void more_members_than_sixteen_bits_count(void **state)
{
    UNUSED(state);
    CLEANUP(zip_out_free) struct zip_out z = { 0 };
    char name[20];
    assert_int_equal(zip_out_init(&z, put, NULL, 0), OK);
    for (int i = 0; i < 70000; i++) {
        int n = snprintf(name, sizeof name, "%d", i);
        assert_int_equal(zip_out_add(&z, str_of(name, (size_t)n), S("x"), false), OK);
    }
    assert_int_equal(zip_out_end(&z), OK);
    zip_t *r = zip_open(path, ZIP_RDONLY, NULL);
    assert_non_null(r);
    assert_int_equal(zip_get_num_entries(r, 0), 70000);
    holds(r, "69999", S("x"));
    zip_discard(r);
}

static err_t put_badly(void *context, struct str bytes)
{
    UNUSED(bytes);
    int *left = context;
    return (*left)-- > 0 ? OK : E_GONE;
}

static void who_takes_no_more_is_heard(void **state)
{
    UNUSED(state);
    for (int n = 0; n < 6; n++) {
        CLEANUP(zip_out_free) struct zip_out z = { 0 };
        int left = n;
        assert_int_equal(zip_out_init(&z, put_badly, &left, 0), OK);
        err_t e = zip_out_add(&z, S("a"), S("b"), true);
        e = e == OK ? zip_out_add(&z, S("c"), S("d"), true) : e;
        e = e == OK ? zip_out_end(&z) : e;
        assert_int_equal(e, E_GONE);
    }
}

#define WITH_FILE(test) cmocka_unit_test_setup_teardown(test, open_file, close_file)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_FILE(another_reader_reads_it),
        WITH_FILE(also_behind_four_gigabytes),
        WITH_FILE(also_over_their_edge),
        WITH_FILE(more_members_than_sixteen_bits_count),
        cmocka_unit_test(who_takes_no_more_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Kinds of pictures by their first bytes. */
#include "base/picture_type.h"
#include "check.h"

#define B(literal) str_of((literal), sizeof(literal) - 1)

static void the_five_kinds(void **state)
{
    UNUSED(state);
    assert_str(picture_type(B("\x89PNG\r\n\x1a\n....")), "image/png");
    assert_str(picture_type(B("\xff\xd8\xff\xe0....")), "image/jpeg");
    assert_str(picture_type(B("GIF87a.")), "image/gif");
    assert_str(picture_type(B("GIF89a.")), "image/gif");
    assert_str(picture_type(B("RIFF\x10\0\0\0WEBPVP8 ....")), "image/webp");
    assert_str(picture_type(B("\0\0\0\x14"
                              "ftypavif\0\0\0\0mif1")),
               "image/avif");
    assert_str(picture_type(B("\0\0\0\x18"
                              "ftypmif1\0\0\0\0miafavif")),
               "image/avif");
}

static void nothing_else(void **state)
{
    UNUSED(state);
    static const struct str others[] = {
        { "", 0 },
        { "<svg xmlns='http://www.w3.org/2000/svg'/>", 41 },
        { "\x89PNG\r\n\x1a", 7 },         /* cut short */
        { " GIF89a", 7 },                 /* not at the front */
        { "RIFF\x10\0\0\0WAVEfmt ", 16 }, /* sound */
        { "\0\0\0\x14"
          "ftypmp42\0\0\0\0isom",
          20 }, /* a film */
        { "\0\0\0\x18"
          "ftypmif1\0\0\0\0miaf",
          20 }, /* its box is longer than what there is */
        { "\0\0\0\x10"
          "ftypmif1avif",
          16 }, /* that word is the version, no brand */
        { "\0\0\0\x04"
          "ftypavif\0\0\0\0",
          16 }, /* a box shorter than its head */
        { "%PDF-1.7", 8 },
    };
    for (size_t i = 0; i < COUNTOF(others); i++)
        assert_null(picture_type(others[i]).s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_five_kinds),
        cmocka_unit_test(nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

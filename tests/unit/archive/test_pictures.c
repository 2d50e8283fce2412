/* A later rendering whose pictures have expired does not replace the one that has their bytes. */
#include "archive/archive_pictures.h"
#include "base/check.h"

#define HASH  "\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\""
#define OTHER "\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\""
#define PICTURE(hash, url) \
    "{\"type\":\"image\",\"sha256\":" hash ",\"source_url\":\"" url "\",\"alt\":\"a\"}"
#define TEXT(words) "{\"type\":\"text\",\"markdown\":\"" words "\"}"
#define URL         "https://cdn.example/a.png"

static bool lost(const char *stored, const char *now)
{
    return pictures_were_lost(str_from(stored), str_from(now));
}

static void expired(void **state)
{
    UNUSED(state);
    assert_true(lost("[" PICTURE(HASH, URL "?sig=1") "]", "[" PICTURE("null", URL "?sig=2") "]"));
    assert_true(
        lost("[" TEXT("x") "," PICTURE(HASH, URL) "," PICTURE(HASH, "https://b/b.png") "]",
             "[" TEXT("x") "," PICTURE(HASH, URL) "," PICTURE("null", "https://b/b.png") "]"));
}

static void another_difference_is_a_change(void **state)
{
    UNUSED(state);
    static const char *const pairs[][2] = {
        { "[" PICTURE(HASH, URL) "]", "[" PICTURE(HASH, URL) "]" },     /* nothing is lost */
        { "[" PICTURE("null", URL) "]", "[" PICTURE("null", URL) "]" }, /* there was nothing */
        { "[" PICTURE("null", URL) "]", "[" PICTURE(HASH, URL) "]" },   /* it is there now */
        { "[" PICTURE(HASH, URL) "]", "[" PICTURE(OTHER, URL) "]" },    /* another picture */
        { "[" PICTURE(HASH, URL) "]", "[" PICTURE("null", "https://cdn.example/b.png") "]" },
        { "[" TEXT("x") "," PICTURE(HASH, URL) "]", "[" TEXT("y") "," PICTURE("null", URL) "]" },
        { "[" PICTURE(HASH, URL) "]", "[" PICTURE("null", URL) "," TEXT("y") "]" },
        { "[" PICTURE(HASH, URL) "]", "[" TEXT("y") "]" },
        { "[" PICTURE(HASH, URL) "," PICTURE(HASH, URL) "]",
          "[" PICTURE("null", URL) "," PICTURE(OTHER, URL) "]" },
        { "[" PICTURE(HASH, URL) "]", "[]" },
        { "[" PICTURE(HASH, URL) "]", "no JSON" },
        { "{}", "[" PICTURE("null", URL) "]" },
        { "", "" },
    };
    for (size_t i = 0; i < COUNTOF(pairs); i++)
        if (lost(pairs[i][0], pairs[i][1]))
            fail_msg("%s -> %s", pairs[i][0], pairs[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(expired),
        cmocka_unit_test(another_difference_is_a_change),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

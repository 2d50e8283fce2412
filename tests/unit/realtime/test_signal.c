/* Messages of the signalling, from text and to text (docs/protocols.md, section 7). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "realtime/signalling/signal.h"

#define TEST_ARENA(name)                   \
    CLEANUP(arena_free) struct arena name; \
    arena_init(&name, MIB(16))

static void assert_str(struct str got, struct str want)
{
    if (!str_eq(got, want))
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got), STR_ARG(want));
}

static struct signal taken(struct arena *a, const char *text)
{
    struct signal m = { .type = SIGNAL_OTHER };
    if (signal_parse(a, str_from(text), &m) != OK)
        fail_msg("\"%s\": %s", text, err_detail()->text);
    return m;
}

static void types(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        enum signal_type type;
        int topics; /* -1: none */
    } ROWS[] = {
        { "{\"type\":\"subscribe\",\"topics\":[\"a\",\"b\"]}", SIGNAL_SUBSCRIBE, 2 },
        { "{\"topics\":[],\"type\":\"subscribe\"}", SIGNAL_SUBSCRIBE, 0 },
        { "{\"type\":\"subscribe\"}", SIGNAL_SUBSCRIBE, -1 },
        { "{\"type\":\"unsubscribe\",\"topics\":[1,null]}", SIGNAL_UNSUBSCRIBE, 2 },
        { "{\"type\":\"ping\"}", SIGNAL_PING, -1 },
        { " {\"t\\u0079pe\" : \"p\\u0069ng\"} ", SIGNAL_PING, -1 },
        { "{\"type\":\"hello\"}", SIGNAL_OTHER, -1 },
        { "{\"type\":7}", SIGNAL_OTHER, -1 },
        { "{}", SIGNAL_OTHER, -1 },
    };
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        struct signal m = taken(&a, ROWS[i].text);
        assert_int_equal(m.type, ROWS[i].type);
        assert_int_equal(json_is(m.topics, JSON_ARRAY) ? (int)json_count(m.topics) : -1,
                         ROWS[i].topics);
    }
}

static void what_is_published_is_forwarded_as_it_came(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text, *topic, *out;
    } ROWS[] = {
        { "{\"type\":\"publish\",\"topic\":\"r\",\"data\":{\"a\":[1,{\"b\":\"},\\\"\"}]}}", "r",
          "{\"type\":\"publish\",\"topic\":\"r\",\"data\":{\"a\":[1,{\"b\":\"},\\\"\"}]},"
          "\"clients\":2}" },
        { "{\"data\":-0.0e1,\"topic\":\"\\u0072\",\"type\":\"publish\"}", "r",
          "{\"data\":-0.0e1,\"topic\":\"\\u0072\",\"type\":\"publish\",\"clients\":2}" },
        { "{\"type\":\"publish\",\"topic\":\"r\",\"data\":[123456789012345678901234567890,0.10,"
          "\"\\/\"]}",
          "r",
          "{\"type\":\"publish\",\"topic\":\"r\",\"data\":[123456789012345678901234567890,0.10,"
          "\"\\/\"],\"clients\":2}" },
        { "{\"clients\":9,\"type\":\"publish\",\"clients\":[\"}\"],\"topic\":\"r\","
          "\"\\u0063lients\":1}",
          "r", "{\"type\":\"publish\",\"topic\":\"r\",\"clients\":2}" },
        { "\xef\xbb\xbf { \"type\" : \"publish\" , \"topic\" : \"{}\" } ", "{}",
          "{ \"type\" : \"publish\" , \"topic\" : \"{}\" ,\"clients\":2}" },
    };
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        struct signal m = taken(&a, ROWS[i].text);
        assert_int_equal(m.type, SIGNAL_PUBLISH);
        assert_str(m.topic, str_from(ROWS[i].topic));
        struct str head;
        assert_int_equal(signal_head(&a, &m, m.topic, &head), OK);
        assert_str(str_cat(&a, head, signal_tail(&a, 2)), str_from(ROWS[i].out));
    }
}

/* Everybody in a room knows its document by one name, however the sender typed it. */
static void the_topic_is_forwarded_by_its_one_name(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct str head;
    struct signal m = taken(&a, "{\"type\":\"publish\", \"t\\u006fpic\" : \"c:AB\" ,\"data\":"
                                "{\"topic\":\"c:AB\"},\"clients\":4}");
    assert_int_equal(signal_head(&a, &m, S("c:ab"), &head), OK);
    assert_str(str_cat(&a, head, signal_tail(&a, 1)),
               S("{\"type\":\"publish\",\"topic\":\"c:ab\",\"data\":{\"topic\":\"c:AB\"},"
                 "\"clients\":1}"));
}

static void refused(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        err_t why;
    } ROWS[] = {
        { "", E_BAD_JSON },
        { "ping", E_BAD_JSON },
        { "{\"type\":\"ping\"", E_BAD_JSON },
        { "null", E_BAD_INPUT },
        { "[{\"type\":\"ping\"}]", E_BAD_INPUT },
        { "\"ping\"", E_BAD_INPUT },
        { "{\"type\":\"subscribe\",\"topics\":\"a\"}", E_INVALID },
        { "{\"type\":\"unsubscribe\",\"topics\":{\"a\":1}}", E_INVALID },
        { "{\"type\":\"publish\"}", E_INVALID },
        { "{\"type\":\"publish\",\"topic\":\"\"}", E_INVALID },
        { "{\"type\":\"publish\",\"topic\":[\"a\"]}", E_INVALID },
        /* Of two, JSON.parse takes the last one. */
        { "{\"type\":\"publish\",\"topic\":\"a\",\"topic\":\"b\"}", E_BAD_INPUT },
        { "{\"type\":\"publish\",\"topic\":\"a\",\"t\\u006fpic\":\"b\"}", E_BAD_INPUT },
        { "{\"type\":\"ping\",\"topic\":\"a\",\"type\":\"publish\"}", E_BAD_INPUT },
        { "{\"type\":\"subscribe\",\"topics\":[],\"topics\":[\"a\"]}", E_BAD_INPUT },
    };
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        struct signal m = { .topic = S("left alone") };
        err_clear();
        if (signal_parse(&a, str_from(ROWS[i].text), &m) != ROWS[i].why)
            fail_msg("\"%s\"", ROWS[i].text);
        assert_str(m.topic, S("left alone"));
        assert_true(err_detail()->text[0] != 0);
    }
}

static void depth_has_a_limit(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (int depth = SIGNAL_DEPTH_MAX - 1; depth <= SIGNAL_DEPTH_MAX; depth++) {
        struct signal m;
        struct buf b;
        buf_init(&b, &a, KIB(4));
        buf_put(&b, S("{\"type\":\"publish\",\"topic\":\"a\",\"data\":"));
        for (int i = 0; i < depth; i++)
            buf_putc(&b, '[');
        for (int i = 0; i < depth; i++)
            buf_putc(&b, ']');
        buf_putc(&b, '}');
        assert_int_equal(signal_parse(&a, buf_str(&b), &m),
                         depth < SIGNAL_DEPTH_MAX ? OK : E_LIMIT);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(types),
        cmocka_unit_test(what_is_published_is_forwarded_as_it_came),
        cmocka_unit_test(the_topic_is_forwarded_by_its_one_name),
        cmocka_unit_test(refused),
        cmocka_unit_test(depth_has_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

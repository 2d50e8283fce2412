/* Socket.IO packets, from text and to text (docs/protocols.md, section 2). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

#include "base/limits.h"
#include "realtime/protocol/socketio.h"

#define TEST_ARENA(name)                   \
    CLEANUP(arena_free) struct arena name; \
    arena_init(&name, MIB(16))

static void assert_str(struct str got, struct str want)
{
    if (!str_eq(got, want))
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got), STR_ARG(want));
}

static struct sio_packet taken(struct arena *a, struct str text)
{
    struct sio_packet p = { 0 };
    if (sio_packet_parse(a, text, &p) != OK)
        fail_msg("\"%.*s\": %s", STR_ARG(text), err_detail()->text);
    return p;
}

static void refused(struct arena *a, struct str text)
{
    struct sio_packet p = { .attachments = 77 };
    err_clear();
    if (sio_packet_parse(a, text, &p) == OK)
        fail_msg("\"%.*s\" was taken", STR_ARG(str_sub(text, 0, 200)));
    assert_int_equal(p.attachments, 77); /* left alone */
    assert_true(err_detail()->text[0] != 0);
}

static void each_refused(const char *const *texts, size_t count)
{
    TEST_ARENA(a);
    for (size_t i = 0; i < count; i++)
        refused(&a, str_from(texts[i]));
}

static void parts_of_a_packet(void **state)
{
    UNUSED(state);
    static const struct {
        const char *text;
        enum sio_type type;
        unsigned attachments;
        const char *nsp;
        int64_t id; /* -1: none */
        const char *json;
    } ROWS[] = {
        { "0", SIO_CONNECT, 0, "/", -1, "" },
        { "0{\"token\":\"x\"}", SIO_CONNECT, 0, "/", -1, "{\"token\":\"x\"}" },
        { "0/custom", SIO_CONNECT, 0, "/custom", -1, "" },
        { "0/custom,", SIO_CONNECT, 0, "/custom", -1, "" },
        { "0/custom,{}", SIO_CONNECT, 0, "/custom", -1, "{}" },
        { "0/,{}", SIO_CONNECT, 0, "/", -1, "{}" },
        { "1", SIO_DISCONNECT, 0, "/", -1, "" },
        { "11", SIO_DISCONNECT, 0, "/", 1, "" }, /* an id where none belongs is let pass */
        { "1/custom,", SIO_DISCONNECT, 0, "/custom", -1, "" },
        { "2[\"a\",1]", SIO_EVENT, 0, "/", -1, "[\"a\",1]" },
        { "2/custom,17[\"a\"]", SIO_EVENT, 0, "/custom", 17, "[\"a\"]" },
        { "20[\"a\"]", SIO_EVENT, 0, "/", 0, "[\"a\"]" },
        { "2007[\"a\"]", SIO_EVENT, 0, "/", 7, "[\"a\"]" },
        { "317[\"ok\"]", SIO_ACK, 0, "/", 17, "[\"ok\"]" },
        { "30[]", SIO_ACK, 0, "/", 0, "[]" },
        { "51-[\"f\",{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_EVENT, 1, "/", -1,
          "[\"f\",{\"_placeholder\":true,\"num\":0}]" },
        { "510-/custom,3[\"f\"]", SIO_BINARY_EVENT, 10, "/custom", 3, "[\"f\"]" },
        { "61-12[{\"_placeholder\":true,\"num\":0}]", SIO_BINARY_ACK, 1, "/", 12,
          "[{\"_placeholder\":true,\"num\":0}]" },
    };
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        struct sio_packet p = taken(&a, str_from(ROWS[i].text));
        assert_int_equal(p.type, ROWS[i].type);
        assert_int_equal(p.attachments, ROWS[i].attachments);
        assert_str(p.nsp, str_from(ROWS[i].nsp));
        assert_int_equal(p.has_id, ROWS[i].id >= 0);
        if (p.has_id)
            assert_int_equal(p.id, ROWS[i].id);
        assert_str(p.text, str_from(ROWS[i].json));
        assert_int_equal(json_type(p.data) == JSON_NONE, ROWS[i].json[0] == 0);
    }
}

static void what_is_no_packet(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "",
        "7",
        "9",
        "a",
        "-1",
        " 2[\"a\"]",
        "abc", /* types */
        "2abc[\"a\"]",
        "2-1[\"a\"]",
        "21.5[\"a\"]",
        "2 [\"a\"]",
        "2[\"a\"",
        "2[\"a\"]x",
        "2[\"a\",]",
        "2['a']",
        "2\"a\"",
        "2null",
        "2true",
        "0x",
        "1,",
        "2,[\"a\"]",
        "2/custom[\"a\"]",
    };
    each_refused(BAD, COUNTOF(BAD));
}

static void wrong_shapes(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "0[]",
        "0\"x\"",
        "0null", /* CONNECT: an object or nothing */
        "1{}",
        "1[]",
        "1/custom,{}",
        "2",
        "2{}",
        "2[]",
        "2[{}]",
        "2[null]",
        "2[true]",
        "2[[]]",
        "25",
        "2/custom",
        "3",
        "3[]",
        "31",
        "31{}",
        "3/custom,[]",
        "4",
        "4{\"message\":\"x\"}",
        "4/custom,{}",
        "51-",
        "51-{}",
        "51-[]",
        "61-[]",
        "61-1{}",
    };
    each_refused(BAD, COUNTOF(BAD));
}

static void names_of_events(void **state)
{
    UNUSED(state);
    static const char *const RESERVED[] = {
        "2[\"connect\"]",       "2[\"connect_error\"]", "2[\"disconnect\"]",
        "2[\"disconnecting\"]", "2[\"newListener\"]",   "2[\"removeListener\"]",
        "51-[\"connect\"]",     "2[\"\\u0063onnect\"]", /* spelled otherwise, the same name */
    };
    each_refused(RESERVED, COUNTOF(RESERVED));
    TEST_ARENA(a);
    struct sio_packet p = taken(&a, S("2[\"connected\",1]"));
    assert_str(sio_event_name(&p), S("connected"));
    p = taken(&a, S("2[\"\",1]"));
    assert_int_equal(sio_event_name(&p).n, 0);
    p = taken(&a, S("2[-17,1]"));
    assert_null(sio_event_name(&p).s);
    p = taken(&a, S("2[0.5]"));
    assert_null(sio_event_name(&p).s);
    p = taken(&a, S("2[18446744073709551615]"));
    assert_null(sio_event_name(&p).s);
}

static void ids_end_at_2_to_the_53(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = { "29007199254740993[\"a\"]", "218446744073709551616[\"a\"]",
                                       "299999999999999999999999999999999999999[\"a\"]" };
    each_refused(BAD, COUNTOF(BAD));
    TEST_ARENA(a);
    assert_int_equal(taken(&a, S("29007199254740992[\"a\"]")).id, INT64_C(1) << 53);
    assert_int_equal(taken(&a, S("2000000000000000000000000000005[\"a\"]")).id, 5);
}

/* `0/nnn…` with so many bytes in the namespace. */
static struct str long_namespace(struct arena *a, size_t n)
{
    char *text = arena_bytes(a, n + 1);
    assert_non_null(text);
    memset(text, 'n', n + 1);
    text[0] = '0';
    text[1] = '/';
    return str_of(text, n + 1);
}

static void namespaces(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_int_equal(taken(&a, long_namespace(&a, SIO_NAMESPACE_BYTES_MAX)).nsp.n,
                     SIO_NAMESPACE_BYTES_MAX);
    refused(&a, long_namespace(&a, SIO_NAMESPACE_BYTES_MAX + 1));
    refused(&a, long_namespace(&a, KIB(500)));
    assert_str(taken(&a, S("0//")).nsp, S("//"));
    assert_str(taken(&a, S("0/a\"b\\,{}")).nsp, S("/a\"b\\"));
    assert_str(taken(&a, S("0/17,{}")).nsp, S("/17"));
}

/* Revision 5 knows no query in a namespace: the reference takes it for a part of the name. */
static void a_query_is_a_part_of_the_name(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(taken(&a, S("0/custom?token=x,{}")).nsp, S("/custom?token=x"));
    assert_str(taken(&a, S("0/?")).nsp, S("/?"));
}

static void attachments(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "5",           "5-[\"a\"]",
        "5[\"a\"]",    "51[\"a\"]",
        "50-[\"a\"]",  "5x-[\"a\"]",
        "5-1-[\"a\"]", "51.5-[\"a\"]",
        "511-[\"a\"]", "599999999999999999999999-[\"a\"]",
        "51",          "6",
        "6[]",         "5/custom,[\"a\"]",
    };
    each_refused(BAD, COUNTOF(BAD));
    TEST_ARENA(a);
    assert_int_equal(taken(&a, S("510-[\"a\"]")).attachments, SIO_ATTACHMENTS_MAX);
}

#define NUM(n) "{\"_placeholder\":true,\"num\":" n "}"

static void placeholders(void **state)
{
    UNUSED(state);
    static const char *const BAD[] = {
        "51-[\"a\"," NUM("1") "]",
        "51-[\"a\"," NUM("-1") "]",
        "51-[\"a\"," NUM("0.5") "]",
        "51-[\"a\"," NUM("\"0\"") "]",
        "51-[\"a\"," NUM("null") "]",
        "51-[\"a\"," NUM("18446744073709551616") "]",
        "51-[\"a\"," NUM("18446744073709551615") "]",
        "51-[\"a\",{\"_placeholder\":true}]",
        "51-[\"a\"," NUM("0") "," NUM("1") "]",
        "51-[\"a\",{\"x\":[[{\"y\":" NUM("1") "}]]}]",
        "61-1[[[[[" NUM("1") "]]]]]",
    };
    each_refused(BAD, COUNTOF(BAD));
    TEST_ARENA(a);
    taken(&a, S("52-[\"a\",{\"x\":[[{\"y\":" NUM("1") "}]]}," NUM("0") "]"));
    taken(&a, S("51-[\"a\"," NUM("0") "," NUM("0") "]"));
    /* No placeholders: another value than true, and any of them in a plain event. */
    taken(&a, S("51-[\"a\",{\"_placeholder\":false,\"num\":9},{\"_placeholder\":1,\"num\":9}]"));
    taken(&a, S("2[\"a\"," NUM("9") "]"));
}

/* `2["a",[[[…]]]]`, the array of the event counted. */
static struct str nested(struct arena *a, int depth)
{
    struct buf b;
    buf_init(&b, a, MIB(1));
    buf_put(&b, S("2[\"a\""));
    for (int i = 1; i < depth; i++)
        buf_put(&b, i == 1 ? S(",[") : S("["));
    for (int i = 0; i < depth; i++)
        buf_putc(&b, ']');
    return buf_str(&b);
}

static void depth_ends(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    taken(&a, nested(&a, SIO_DEPTH_MAX));
    refused(&a, nested(&a, SIO_DEPTH_MAX + 1));
    refused(&a, nested(&a, 100000));
}

static void heads_are_written_as_they_are_read(void **state)
{
    UNUSED(state);
    static const struct {
        enum sio_type type;
        unsigned attachments;
        const char *nsp;
        int64_t id;
        const char *want;
    } ROWS[] = {
        { SIO_CONNECT, 0, "/", -1, "0" },
        { SIO_CONNECT, 0, "/custom", -1, "0/custom," },
        { SIO_EVENT, 0, "/", -1, "2" },
        { SIO_EVENT, 3, "/", 0, "20" }, /* a plain event has no attachments */
        { SIO_ACK, 0, "/custom", INT64_C(1) << 53, "3/custom,9007199254740992" },
        { SIO_BINARY_EVENT, 2, "/", -1, "52-" },
        { SIO_BINARY_ACK, 1, "/custom", 789, "61-/custom,789" },
    };
    for (size_t i = 0; i < COUNTOF(ROWS); i++) {
        CLEANUP(buf_free) struct buf b;
        buf_init(&b, NULL, KIB(1));
        sio_head_write(&b, ROWS[i].type, ROWS[i].attachments, str_from(ROWS[i].nsp), ROWS[i].id);
        assert_str(buf_str(&b), str_from(ROWS[i].want));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_of_a_packet),
        cmocka_unit_test(what_is_no_packet),
        cmocka_unit_test(wrong_shapes),
        cmocka_unit_test(names_of_events),
        cmocka_unit_test(ids_end_at_2_to_the_53),
        cmocka_unit_test(namespaces),
        cmocka_unit_test(a_query_is_a_part_of_the_name),
        cmocka_unit_test(attachments),
        cmocka_unit_test(placeholders),
        cmocka_unit_test(depth_ends),
        cmocka_unit_test(heads_are_written_as_they_are_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

/* Engine.IO packets and payloads, from text and to text (docs/protocols.md, section 1). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/json.h"
#include "base/limits.h"
#include "realtime/transport/engineio.h"

#define TEST_ARENA(name)                   \
    CLEANUP(arena_free) struct arena name; \
    arena_init(&name, MIB(16))

static void assert_str(struct str got, struct str want)
{
    if (!str_eq(got, want))
        fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got), STR_ARG(want));
}

static void every_type_is_its_digit(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const TEXTS[] = { "0{}", "1", "2probe", "3", "4", "5", "6" };
    for (size_t i = 0; i < COUNTOF(TEXTS); i++) {
        struct eio_packet p;
        assert_int_equal(eio_packet_parse(&a, str_from(TEXTS[i]), i % 2 == 0, &p), OK);
        assert_int_equal(p.type, i);
        assert_false(p.binary);
        assert_str(p.data, str_from(TEXTS[i] + 1));
    }
}

static void what_is_no_packet(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char *const BAD[] = {
        "", "7", "9", "a", "/", ":", " 4", "-4", "\x7f", "\xc3\xa9"
    };
    struct eio_packet p = { .type = EIO_NOOP };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(eio_packet_parse(&a, str_from(BAD[i]), true, &p), E_BAD_INPUT);
        assert_int_equal(eio_packet_parse(&a, str_from(BAD[i]), false, &p), E_BAD_INPUT);
    }
    assert_int_equal(p.type, EIO_NOOP); /* left alone */
}

static void bytes_are_base64_by_polling_alone(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct eio_packet p;
    assert_int_equal(eio_packet_parse(&a, S("bAQIDBA=="), true, &p), OK);
    assert_true(p.binary);
    assert_int_equal(p.type, EIO_MESSAGE);
    assert_str(p.data, S("\1\2\3\4"));
    assert_int_equal(eio_packet_parse(&a, S("b"), true, &p), OK);
    assert_true(p.binary);
    assert_int_equal(p.data.n, 0);
    assert_int_equal(eio_packet_parse(&a, S("bAQIDBA=="), false, &p), E_BAD_INPUT);
    static const char *const BAD[] = { "bA", "bAQ", "bAQ=", "bAR==", "b!", "bAQ==AQ==", "b=" };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(eio_packet_parse(&a, str_from(BAD[i]), true, &p), E_BAD_INPUT);
}

/* The parts of a payload, each ended by a bar. */
static void assert_parts(struct str payload, struct str want)
{
    CLEANUP(buf_free) struct buf b;
    struct str part;
    buf_init(&b, NULL, KIB(64));
    while (eio_payload_next(&payload, &part))
        buf_putf(&b, "%.*s|", STR_ARG(part));
    assert_str(buf_str(&b), want);
}

static void a_payload_is_parted(void **state)
{
    UNUSED(state);
    assert_parts(S("4a"), S("4a|"));
    assert_parts(S("4a\x1e"
                   "2\x1e"
                   "bAQ=="),
                 S("4a|2|bAQ==|"));
    assert_parts(S(""), S("|"));
    assert_parts(S("\x1e"), S("||"));
    assert_parts(S("4a\x1e"), S("4a||"));
    assert_parts(S("\x1e\x1e"
                   "4"),
                 S("||4|"));
    assert_parts(STR_NONE, S(""));
}

static void what_is_written_is_read(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    CLEANUP(buf_free) struct buf b;
    struct str bytes = S("\0\xff\x1e 4"), text, part;
    struct eio_packet p;
    buf_init(&b, NULL, KIB(64));
    eio_packet_write(&b, EIO_MESSAGE, S("hello"));
    buf_putc(&b, EIO_SEPARATOR);
    eio_binary_write(&b, &a, bytes);
    buf_putc(&b, EIO_SEPARATOR);
    eio_packet_write(&b, EIO_NOOP, STR_NONE);
    text = buf_str(&b);
    assert_true(eio_payload_next(&text, &part));
    assert_str(part, S("4hello"));
    assert_true(eio_payload_next(&text, &part));
    assert_int_equal(eio_packet_parse(&a, part, true, &p), OK);
    assert_str(p.data, bytes);
    assert_true(eio_payload_next(&text, &part));
    assert_str(part, S("6"));
    assert_false(eio_payload_next(&text, &part));
}

static void the_handshake_has_five_keys(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    struct eio_open o = { S("a\"b"), true, 25000, 20000, 1000000 };
    buf_init(&b, NULL, KIB(4));
    eio_open_write(&b, &o);
    assert_str(buf_str(&b),
               S("0{\"sid\":\"a\\\"b\",\"upgrades\":[\"websocket\"],\"pingInterval\":25000,"
                 "\"pingTimeout\":20000,\"maxPayload\":1000000}"));
    buf_clear(&b);
    o.offers_websocket = false;
    o.sid = S("x");
    eio_open_write(&b, &o);
    assert_str(buf_str(&b), S("0{\"sid\":\"x\",\"upgrades\":[],\"pingInterval\":25000,"
                              "\"pingTimeout\":20000,\"maxPayload\":1000000}"));
}

static void errors_have_their_codes(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (int e = EIO_TRANSPORT_UNKNOWN; e <= EIO_UNSUPPORTED_VERSION; e++) {
        struct json v;
        assert_int_equal(json_parse(&a, eio_error_body((enum eio_error)e), 4, &v), OK);
        assert_int_equal(json_i64(json_get(v, S("code")), -1), e);
        assert_true(json_get_str(v, S("message")).n > 0);
        assert_int_equal(eio_error_status((enum eio_error)e), e == EIO_FORBIDDEN ? 403 : 400);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_type_is_its_digit),
        cmocka_unit_test(what_is_no_packet),
        cmocka_unit_test(bytes_are_base64_by_polling_alone),
        cmocka_unit_test(a_payload_is_parted),
        cmocka_unit_test(what_is_written_is_read),
        cmocka_unit_test(the_handshake_has_five_keys),
        cmocka_unit_test(errors_have_their_codes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

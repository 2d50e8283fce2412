/* WebSocket frames, handshake and compression: RFC 6455, RFC 7692, from bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/limits.h"
#include "net/ws_conn.h"

struct seen {
    struct buf text; /* "T:…" or "B:…", "P:…" ping, "O:…" pong, "C:code:…", each ended by "|" */
    bool stop;
};

static bool on_message(void *context, bool binary, struct str data)
{
    struct seen *s = context;
    buf_putf(&s->text, "%c:%.*s|", binary ? 'B' : 'T', STR_ARG(data));
    return !s->stop;
}
static bool on_ping(void *context, struct str data)
{
    buf_putf(&((struct seen *)context)->text, "P:%.*s|", STR_ARG(data));
    return true;
}
static bool on_pong(void *context, struct str data)
{
    buf_putf(&((struct seen *)context)->text, "O:%.*s|", STR_ARG(data));
    return true;
}
static bool on_close(void *context, int code, struct str reason)
{
    buf_putf(&((struct seen *)context)->text, "C:%d:%.*s|", code, STR_ARG(reason));
    return true;
}

static const struct ws_handler HANDLER = { on_message, on_ping, on_pong, on_close };
static const struct ws_limits LIMITS = { .message_bytes = 100000, .fragments = 50 };

/* A client's frame: masked with a fixed key. */
static void frame(struct buf *out, unsigned first, struct str payload)
{
    static const unsigned char KEY[4] = { 0x37, 0xfa, 0x21, 0x3d };
    buf_putc(out, (char)first);
    if (payload.n < 126) {
        buf_putc(out, (char)(0x80 | payload.n));
    } else if (payload.n < 65536) {
        buf_putc(out, (char)(0x80 | 126));
        buf_putc(out, (char)(payload.n >> 8));
        buf_putc(out, (char)payload.n);
    } else {
        buf_putc(out, (char)(0x80 | 127));
        for (int i = 7; i >= 0; i--)
            buf_putc(out, (char)((uint64_t)payload.n >> (8 * i)));
    }
    buf_put(out, str_of((const char *)KEY, 4));
    for (size_t i = 0; i < payload.n; i++)
        buf_putc(out, (char)(payload.s[i] ^ (char)KEY[i & 3]));
}

/* Feed `bytes` in pieces of `step`; gives the close code and what was seen. */
static int feed(struct str bytes, size_t step, bool deflate, struct seen *s)
{
    struct ws_parser p;
    int code = 0;
    ws_parser_init(&p, &LIMITS, deflate, 15);
    buf_init(&s->text, NULL, MIB(4));
    for (size_t at = 0; at < bytes.n && !code; at += step) {
        struct str piece = str_sub(bytes, at, at + step);
        char *copy = test_malloc(piece.n);
        memcpy(copy, piece.s, piece.n);
        code = ws_feed(&p, copy, piece.n, NULL, &HANDLER, s);
        test_free(copy);
    }
    ws_parser_free(&p);
    return code;
}

static void expect(struct buf *bytes, bool deflate, int code, const char *seen)
{
    static const size_t STEPS[] = { 1, 2, 3, 7, 1000000 };
    for (size_t i = 0; i < COUNTOF(STEPS); i++) {
        struct seen s = { 0 };
        assert_int_equal(feed(buf_str(bytes), STEPS[i], deflate, &s), code);
        if (seen) {
            buf_putc(&s.text, 0);
            assert_string_equal(s.text.s, seen);
        }
        buf_free(&s.text);
    }
    buf_free(bytes);
}

static struct buf start(void)
{
    struct buf b;
    buf_init(&b, NULL, MIB(4));
    return b;
}

static void whole_messages(void **state)
{
    UNUSED(state);
    struct buf b = start();
    frame(&b, 0x81, S("hello"));
    frame(&b, 0x82, S("\x01\x02"));
    frame(&b, 0x81, S(""));
    expect(&b, false, 0, "T:hello|B:\x01\x02|T:|");
}

static void fragments_with_control_frames_between(void **state)
{
    UNUSED(state);
    struct buf b = start();
    frame(&b, 0x01, S("he"));
    frame(&b, 0x89, S("ping"));
    frame(&b, 0x00, S(""));
    frame(&b, 0x8a, S(""));
    frame(&b, 0x80, S("llo"));
    frame(&b, 0x88,
          S("\x03\xe8"
            "bye"));
    frame(&b, 0x81, S("ignored after close"));
    expect(&b, false, 0, "P:ping|O:|T:hello|C:1000:bye|");
}

static void what_breaks_the_protocol(void **state)
{
    UNUSED(state);
    static const struct {
        unsigned first;
        const char *payload;
        size_t n;
        int code;
    } CASES[] = {
        { 0xc1, "x", 1, WS_PROTOCOL_ERROR },          /* RSV1 without compression */
        { 0xa1, "x", 1, WS_PROTOCOL_ERROR },          /* RSV2 */
        { 0x83, "x", 1, WS_PROTOCOL_ERROR },          /* reserved opcode */
        { 0x8b, "x", 1, WS_PROTOCOL_ERROR },          /* reserved control opcode */
        { 0x80, "x", 1, WS_PROTOCOL_ERROR },          /* continuation of nothing */
        { 0x09, "x", 1, WS_PROTOCOL_ERROR },          /* fragmented ping */
        { 0x88, "\x03", 1, WS_PROTOCOL_ERROR },       /* half a close code */
        { 0x88, "\x03\xed", 2, WS_PROTOCOL_ERROR },   /* 1005 on the wire */
        { 0x88, "\x03\xe8\xff", 3, WS_BAD_DATA },     /* reason that is no UTF-8 */
        { 0x81, "\xed\xa0\x80", 3, WS_BAD_DATA },     /* surrogate */
        { 0x81, "\xc0\xaf", 2, WS_BAD_DATA },         /* overlong */
        { 0x81, "\xf4\x90\x80\x80", 4, WS_BAD_DATA }, /* beyond U+10FFFF */
        { 0x81, "ab\xe2\x82", 4, WS_BAD_DATA },       /* cut character */
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct buf b = start();
        frame(&b, CASES[i].first, str_of(CASES[i].payload, CASES[i].n));
        expect(&b, false, CASES[i].code, "");
    }
    struct buf unmasked = start();
    buf_put(&unmasked, S("\x81\x01x"));
    expect(&unmasked, false, WS_PROTOCOL_ERROR, "");
    struct buf long_form = start(); /* 1 as a 16-bit length */
    buf_put(&long_form, str_of("\x81\xfe\x00\x01\x00\x00\x00\x00x", 9));
    expect(&long_form, false, WS_PROTOCOL_ERROR, "");
    struct buf nested = start();
    frame(&nested, 0x01, S("a"));
    frame(&nested, 0x81, S("b"));
    expect(&nested, false, WS_PROTOCOL_ERROR, "");
}

static void bad_text_fails_before_its_message_ends(void **state)
{
    UNUSED(state);
    struct buf b = start();
    frame(&b, 0x01, S("caf\xc3"));
    frame(&b, 0x00, S("(")); /* no continuation byte: found here, the message goes on */
    expect(&b, false, WS_BAD_DATA, "");
    struct buf split = start(); /* a character over a fragment border is fine */
    frame(&split, 0x01, S("caf\xc3"));
    frame(&split, 0x80, S("\xa9"));
    expect(&split, false, 0, "T:caf\xc3\xa9|");
}

static void limits(void **state)
{
    UNUSED(state);
    char *large = test_calloc(1, LIMITS.message_bytes + 1);
    memset(large, 'x', LIMITS.message_bytes + 1);
    struct buf most = start();
    frame(&most, 0x81, str_of(large, LIMITS.message_bytes));
    expect(&most, false, 0, NULL);
    struct buf more = start();
    frame(&more, 0x81, str_of(large, LIMITS.message_bytes + 1));
    expect(&more, false, WS_TOO_BIG, "");
    struct buf summed = start();
    frame(&summed, 0x01, str_of(large, LIMITS.message_bytes));
    frame(&summed, 0x80, S("x"));
    expect(&summed, false, WS_TOO_BIG, "");
    struct buf many = start();
    frame(&many, 0x01, S(""));
    for (unsigned i = 1; i <= LIMITS.fragments; i++)
        frame(&many, 0x00, S(""));
    expect(&many, false, WS_POLICY, "");
    test_free(large);
}

static void compression(void **state)
{
    UNUSED(state);
    char text[5000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)('a' + i * i % 7);
    struct buf packed = start();
    assert_int_equal(ws_deflate(str_of(text, sizeof text), 15, &packed), OK);
    assert_true(packed.n < sizeof text / 4);
    struct buf plain = start();
    assert_int_equal(ws_inflate(buf_str(&packed), 15, &plain), OK);
    assert_true(str_eq(buf_str(&plain), str_of(text, sizeof text)));

    struct buf b = start(); /* RFC 7692 section 7.2.3.1: "Hello" */
    frame(&b, 0xc1, S("\xf2\x48\xcd\xc9\xc9\x07\x00"));
    frame(&b, 0x41, S("\xf2\x48\xcd"));
    frame(&b, 0x80, S("\xc9\xc9\x07\x00"));
    frame(&b, 0xc1, S("\x00"));                             /* the empty message */
    frame(&b, 0xc1, S("\xf3\x48\xcd\xc9\xc9\x07\x00\x00")); /* section 7.2.3.5: BFINAL */
    expect(&b, true, 0, "T:Hello|T:Hello|T:|T:Hello|");
    struct buf broken = start();
    frame(&broken, 0xc1, S("\xff\xff\xff"));
    expect(&broken, true, WS_BAD_DATA, "");
    for (size_t cut = 1; cut < packed.n; cut++) { /* a part of a message is not a message */
        buf_clear(&plain);
        assert_int_equal(ws_inflate(str_of(packed.s, cut), 15, &plain), E_BAD_INPUT);
    }
    buf_free(&packed);
    buf_free(&plain);
    ws_deflate_thread_end();
}

static void a_bomb_stops_at_the_limit(void **state)
{
    UNUSED(state);
    size_t n = MIB(8);
    char *zeros = test_calloc(1, n);
    struct buf packed = start();
    assert_int_equal(ws_deflate(str_of(zeros, n), 15, &packed), OK);
    struct buf b = start();
    frame(&b, 0xc2, buf_str(&packed));
    expect(&b, true, WS_TOO_BIG, "");
    buf_free(&packed);
    test_free(zeros);
    ws_deflate_thread_end();
}

static void written_frames(void **state)
{
    UNUSED(state);
    struct buf b = start();
    ws_write(&b, WS_TEXT, S("hi"), true, 15);
    assert_memory_equal(b.s, "\x81\x02hi", 4);
    char large[70000];
    memset(large, 'y', sizeof large);
    buf_clear(&b);
    ws_write(&b, WS_BINARY, str_of(large, 126), false, 15);
    assert_memory_equal(b.s, "\x82\x7e\x00\x7e", 4);
    buf_clear(&b);
    ws_write(&b, WS_BINARY, str_of(large, sizeof large), false, 15);
    assert_memory_equal(b.s, "\x82\x7f\x00\x00\x00\x00\x00\x01\x11\x70", 10);
    buf_clear(&b);
    ws_write(&b, WS_TEXT, str_of(large, sizeof large), true, 10);
    assert_int_equal((unsigned char)b.s[0], 0xc1);
    assert_true(b.n < 1000);
    buf_clear(&b);
    ws_write_close(&b, 1008, S("no"));
    assert_memory_equal(b.s, "\x88\x04\x03\xf0no", 6);
    buf_free(&b);
    ws_deflate_thread_end();
}

static err_t handshake(struct arena *a, struct ws_handshake h, struct ws_accept *ret)
{
    return ws_handshake_check(a, &h, true, ret);
}

static const struct ws_handshake GOOD = {
    .method = { "GET", 3 },
    .upgrade = { "WebSocket", 9 },
    .connection = { "keep-alive, Upgrade", 19 },
    .version = { "13", 2 },
    .key = { "dGhlIHNhbXBsZSBub25jZQ==", 24 },
    .http11 = true,
};

/* A handler holds after each message: the rest is given back, and nothing is lost or told twice. */
struct holder {
    struct ws_parser parser;
    struct buf text;
};

static bool hold_after(void *context, bool binary, struct str data)
{
    struct holder *h = context;
    UNUSED(binary);
    buf_putf(&h->text, "%.*s|", STR_ARG(data));
    h->parser.hold = true;
    return true;
}
static bool nothing(void *context, struct str data)
{
    UNUSED(context);
    UNUSED(data);
    return true;
}

static void reading_that_is_held_gives_the_rest_back(void **state)
{
    static const struct ws_handler HOLDS = { hold_after, nothing, nothing, on_close };
    struct holder h = { 0 };
    struct buf b = start();
    size_t at = 0, taken, calls = 0;
    UNUSED(state);
    ws_parser_init(&h.parser, &LIMITS, false, 15);
    buf_init(&h.text, NULL, 100);
    frame(&b, 0x81, S("one"));
    frame(&b, 0x89, S("ping"));
    frame(&b, 0x01, S("t"));
    frame(&b, 0x80, S("wo"));
    frame(&b, 0x81, S("three"));
    for (; at < b.n; at += taken, calls++) {
        h.parser.hold = false;
        assert_int_equal(ws_feed(&h.parser, b.s + at, b.n - at, &taken, &HOLDS, &h), 0);
        assert_true(taken > 0);
    }
    assert_int_equal(calls, 3);
    assert_true(str_eq(buf_str(&h.text), S("one|two|three|")));
    ws_parser_free(&h.parser);
    buf_free(&h.text);
    buf_free(&b);
}

static void shared_frames(void **state)
{
    static const size_t LENGTHS[] = { 0, 1, 125, 126, 65535, 65536 };
    static char text[65536];
    UNUSED(state);
    memset(text, 'x', sizeof text);
    for (size_t i = 0; i < COUNTOF(LENGTHS); i++) {
        struct str all = str_of(text, LENGTHS[i]), head = str_sub(all, 0, LENGTHS[i] / 3);
        struct buf written = start();
        ws_write(&written, WS_TEXT, all, false, 0);
        struct ws_frame *whole = ws_frame_new(WS_TEXT, all);
        struct ws_frame *joined = ws_frame_join(WS_TEXT, head, str_sub(all, head.n, all.n));
        assert_true(str_eq(str_of(whole->bytes, whole->n), buf_str(&written)));
        assert_true(str_eq(str_of(joined->bytes, joined->n), buf_str(&written)));
        assert_true(str_eq(ws_frame_payload(joined), all));
        assert_ptr_equal(ws_frame_hold(whole), whole);
        ws_frame_drop(whole);
        assert_true(str_eq(ws_frame_payload(whole), all)); /* the first reference holds it still */
        ws_frame_drop(whole);
        ws_frame_drop(joined);
        buf_free(&written);
    }
    ws_frame_drop(NULL);
}

static void handshakes(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    struct ws_accept ok;
    assert_int_equal(handshake(&a, GOOD, &ok), OK);
    assert_string_equal(ok.accept, "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_false(ok.deflate);

    struct ws_handshake h = GOOD;
    h.version = S("8");
    assert_int_equal(handshake(&a, h, &ok), E_UPGRADE);
    h = GOOD;
    h.key = S("c2hvcnQ=");
    assert_int_equal(handshake(&a, h, &ok), E_BAD_INPUT);
    h = GOOD;
    h.connection = S("keep-alive");
    assert_int_equal(handshake(&a, h, &ok), E_BAD_INPUT);
    h = GOOD;
    h.method = S("POST");
    assert_int_equal(handshake(&a, h, &ok), E_BAD_INPUT);
}

static void compression_offers(void **state)
{
    UNUSED(state);
    static const struct {
        const char *offer;
        bool agreed;
        int server_bits;
    } CASES[] = {
        { "permessage-deflate", true, 15 },
        { "permessage-deflate; client_max_window_bits", true, 15 },
        { "permessage-deflate; server_max_window_bits=10", true, 10 },
        { "permessage-deflate; server_max_window_bits=\"10\"", true, 10 },
        { "permessage-deflate; server_max_window_bits=8", false, 0 },
        { "permessage-deflate; server_max_window_bits=16", false, 0 },
        { "permessage-deflate; server_max_window_bits", false, 0 },
        { "permessage-deflate; server_no_context_takeover; server_no_context_takeover", false, 0 },
        { "permessage-deflate; unknown", false, 0 },
        { "permessage-deflate; unknown, permessage-deflate", true, 15 },
        { "x-webkit-deflate-frame", false, 0 },
    };
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct ws_handshake h = GOOD;
        struct ws_accept ok;
        h.extensions = str_from(CASES[i].offer);
        assert_int_equal(handshake(&a, h, &ok), OK);
        assert_int_equal(ok.deflate, CASES[i].agreed);
        if (ok.deflate)
            assert_int_equal(ok.server_window_bits, CASES[i].server_bits);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_messages),
        cmocka_unit_test(fragments_with_control_frames_between),
        cmocka_unit_test(what_breaks_the_protocol),
        cmocka_unit_test(bad_text_fails_before_its_message_ends),
        cmocka_unit_test(limits),
        cmocka_unit_test(compression),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(written_frames),
        cmocka_unit_test(reading_that_is_held_gives_the_rest_back),
        cmocka_unit_test(shared_frames),
        cmocka_unit_test(handshakes),
        cmocka_unit_test(compression_offers),
    };
    return cmocka_run_group_tests_name("net/ws", tests, NULL, NULL);
}

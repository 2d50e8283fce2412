/* Chunked bodies: what is taken, what is refused, and the limits, each whole and byte by byte. */
#include "base/buf.h"
#include "base/check.h"
#include "base/limits.h"
#include "net/chunked.h"

/* The body, in `out`; bytes: 0, all at once, or how many at a time. */
static enum chunked_got decode(struct str wire, size_t bytes, struct buf *out, size_t *ret_left)
{
    struct chunked c = { 0 };
    enum chunked_got got = CHUNKED_MORE;
    struct str piece;
    buf_init(out, NULL, MIB(4));
    for (size_t at = 0; at < wire.n && (got == CHUNKED_MORE || got == CHUNKED_PIECE);) {
        struct str part = str_sub(wire, at, bytes ? at + bytes : wire.n);
        at += part.n;
        while ((got = chunked_next(&c, &part, &piece)) == CHUNKED_PIECE)
            buf_put(out, piece);
        *ret_left = part.n + wire.n - at;
    }
    return got;
}

static void expect(const char *name, struct str wire, enum chunked_got want, struct str body,
                   size_t left)
{
    for (size_t bytes = 0; bytes < 4; bytes++) {
        struct buf out;
        size_t got_left = 0;
        enum chunked_got got = decode(wire, bytes, &out, &got_left);
        if (got != want || (want == CHUNKED_WHOLE && got_left != left) ||
            (want != CHUNKED_BAD && !str_eq(buf_str(&out), body)))
            fail_msg("%s, %zu at a time: %d, %zu left", name, bytes, (int)got, got_left);
        buf_free(&out);
    }
}
#define WIRE(text) str_of(text, sizeof text - 1)

static void bodies(void **state)
{
    UNUSED(state);
    expect("none", WIRE("0\r\n\r\n"), CHUNKED_WHOLE, S(""), 0);
    expect("one", WIRE("5\r\nhello\r\n0\r\n\r\n"), CHUNKED_WHOLE, S("hello"), 0);
    expect("two, and what follows", WIRE("5\r\nhello\r\n00A\r\n\r\n6789\r\nab\r\n0\r\n\r\nGET"),
           CHUNKED_WHOLE, S("hello\r\n6789\r\nab"), 3);
    expect("extensions", WIRE("1;a=b;c=\"d e\"\r\nx\r\n0;z\r\n\r\n"), CHUNKED_WHOLE, S("x"), 0);
    expect("trailers", WIRE("1\r\nx\r\n0\r\nA: b\r\nC:\td\r\n\r\n"), CHUNKED_WHOLE, S("x"), 0);
    expect("unfinished", WIRE("5\r\nhel"), CHUNKED_MORE, S("hel"), 0);
}

#define BYTES(text) text, sizeof text - 1

static void what_is_none(void **state)
{
    UNUSED(state);
    static const struct {
        const char *name;
        const char *wire;
        size_t n;
    } BAD[] = {
        { "no size", BYTES("\r\n\r\n") },
        { "a sign", BYTES("+5\r\nhello\r\n0\r\n\r\n") },
        { "a prefix", BYTES("0x5\r\nhello\r\n0\r\n\r\n") },
        { "a blank before", BYTES(" 5\r\nhello\r\n0\r\n\r\n") },
        { "a blank behind", BYTES("5 \r\nhello\r\n0\r\n\r\n") },
        { "a blank before an extension", BYTES("5 ;a\r\nhello\r\n0\r\n\r\n") },
        { "a size of sixteen digits", BYTES("0000000000000005\r\nhello\r\n0\r\n\r\n") },
        { "a size that wraps", BYTES("10000000000000005\r\nhello\r\n0\r\n\r\n") },
        { "a line feed behind the size", BYTES("5\nhello\r\n0\r\n\r\n") },
        { "a carriage return behind the size", BYTES("5\rhello\r\n0\r\n\r\n") },
        { "a line feed in an extension", BYTES("5;a\nhello\r\n0\r\n\r\n") },
        { "a carriage return in an extension", BYTES("5;a\rb\r\nhello\r\n0\r\n\r\n") },
        { "a zero byte in an extension", BYTES("5;a\0b\r\nhello\r\n0\r\n\r\n") },
        { "more data than the size", BYTES("4\r\nhello\r\n0\r\n\r\n") },
        { "less data than the size", BYTES("6\r\nhello\r\n0\r\n\r\n") },
        { "a line feed behind the data", BYTES("5\r\nhello\n0\r\n\r\n") },
        { "a line feed behind the last chunk", BYTES("0\n\r\n") },
        { "a line feed at the end", BYTES("0\r\n\n") },
        { "a trailer with a line feed", BYTES("0\r\nA: b\n\r\n") },
        { "a trailer with a carriage return", BYTES("0\r\nA: b\rc\r\n\r\n") },
        { "a folded trailer", BYTES("0\r\nA: b\r\n c\r\n\r\n") },
        { "a trailer folded with a tab", BYTES("0\r\nA: b\r\n\tc\r\n\r\n") },
        { "a folded first trailer", BYTES("0\r\n A: b\r\n\r\n") },
        { "a trailer without a colon", BYTES("0\r\nA\r\n\r\n") },
        { "a trailer without a name", BYTES("0\r\n: b\r\n\r\n") },
        { "a blank before a trailer's colon", BYTES("0\r\nA : b\r\n\r\n") },
        { "a zero byte in a trailer", BYTES("0\r\nA: b\0\r\n\r\n") },
    };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        expect(BAD[i].name, str_of(BAD[i].wire, BAD[i].n), CHUNKED_BAD, S(""), 0);
}

/* `unit` so often, between a beginning and an end. */
static struct str repeat(struct buf *b, struct str before, struct str unit, size_t times,
                         struct str after)
{
    buf_free(b);
    buf_init(b, NULL, MIB(4));
    buf_put(b, before);
    for (size_t i = 0; i < times; i++)
        buf_put(b, unit);
    buf_put(b, after);
    assert_int_equal(buf_err(b), OK);
    return buf_str(b);
}

static void limits(void **state)
{
    UNUSED(state);
    struct buf b = { 0 }, body = { 0 };
    size_t line = HTTP_CHUNK_LINE_BYTES_MAX, all = HTTP_CHUNK_EXTRA_BYTES_MAX,
           trailer = HTTP_TRAILERS_BYTES_MAX - 4 -
                     2; /* without "A:", its end, and the last line's CR LF … */
    struct str end = S("\r\nx\r\n0\r\n\r\n"), stop = S("\r\n\r\n");
    expect("an extension of the limit", repeat(&b, S("1;"), S("a"), line, end), CHUNKED_WHOLE,
           S("x"), 0);
    expect("and one more", repeat(&b, S("1;"), S("a"), line + 1, end), CHUNKED_BAD, S(""), 0);
    struct str xs = repeat(&body, S(""), S("x"), all / 8, S(""));
    expect("extensions of the limit in all",
           repeat(&b, S(""), S("1;abcdefgh\r\nx\r\n"), all / 8, S("0\r\n\r\n")), CHUNKED_WHOLE, xs,
           0);
    expect("and one more", repeat(&b, S(""), S("1;abcdefgh\r\nx\r\n"), all / 8, S("0;a\r\n\r\n")),
           CHUNKED_BAD, S(""), 0);
    xs = repeat(&body, S(""), S("x"), HTTP_CHUNKS_MAX, S(""));
    expect("chunks of the limit",
           repeat(&b, S(""), S("1\r\nx\r\n"), HTTP_CHUNKS_MAX, S("0\r\n\r\n")), CHUNKED_WHOLE, xs,
           0);
    expect("and one more", repeat(&b, S(""), S("1\r\nx\r\n"), HTTP_CHUNKS_MAX + 1, S("0\r\n\r\n")),
           CHUNKED_BAD, S(""), 0);
    expect("trailers of the limit",
           repeat(&b, S("0\r\n"), S("A:\r\n"), HTTP_TRAILERS_MAX, S("\r\n")), CHUNKED_WHOLE, S(""),
           0);
    expect("and one more", repeat(&b, S("0\r\n"), S("A:\r\n"), HTTP_TRAILERS_MAX + 1, S("\r\n")),
           CHUNKED_BAD, S(""), 0);
    expect("a trailer nearly as long as all may be",
           repeat(&b, S("0\r\nA:"), S("b"), trailer, stop), CHUNKED_WHOLE, S(""), 0);
    expect("and longer", repeat(&b, S("0\r\nA:"), S("b"), trailer + 2, stop), CHUNKED_BAD, S(""),
           0);
    buf_free(&b);
    buf_free(&body);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bodies),
        cmocka_unit_test(what_is_none),
        cmocka_unit_test(limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include <zlib.h>
#include <zstd.h>

#include "base/compress.h"

/* `n` bytes that a compressor cannot make smaller (xorshift64). */
static void put_noise(struct buf *b, size_t n)
{
    uint64_t x = 88172645463325252u;
    while (n-- > 0) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        buf_putc(b, (char)(x >> 32));
    }
}

static void zstd_round_trip(struct str bytes, int level)
{
    CLEANUP(buf_free) struct buf frame;
    CLEANUP(buf_free) struct buf back;
    buf_init(&frame, NULL, MIB(8));
    buf_init(&back, NULL, bytes.n + 4);
    buf_put(&frame, S("head"));
    buf_put(&back, S("head")); /* both append */
    assert_int_equal(zstd_pack(bytes, level, &frame), OK);
    assert_int_equal(zstd_unpack(str_sub(buf_str(&frame), 4, frame.n), &back), OK);
    assert_true(str_starts(buf_str(&back), S("head")));
    assert_true(str_eq(str_sub(buf_str(&back), 4, back.n), bytes));
}

static void zstd_both_ways(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf noise;
    buf_init(&noise, NULL, MIB(1));
    put_noise(&noise, 300000);
    zstd_round_trip(STR_NONE, 3);
    zstd_round_trip(S("x"), 1);
    zstd_round_trip(S("abcabcabcabcabcabcabcabc"), 19);
    zstd_round_trip(buf_str(&noise), 3); /* more than one step, larger when packed */
}

/* Packed in pieces and read in pieces; a frame that is cut, or followed by something, is damaged. */
static void zstd_in_pieces(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf noise, frame;
    TEST_ARENA(a);
    buf_init(&noise, NULL, MIB(1));
    buf_init(&frame, NULL, MIB(1));
    put_noise(&noise, 300000);
    CLEANUP(zstd_out_free) struct zstd_out z = { 0 };
    assert_int_equal(zstd_out_begin(&z, 3, &frame), OK);
    for (size_t at = 0; at < noise.n; at += 70001)
        assert_int_equal(zstd_out_put(&z, str_sub(buf_str(&noise), at, at + 70001)), OK);
    assert_int_equal(zstd_out_end(&z), OK);
    buf_put(&frame, S("x"));
    const size_t lengths[] = { frame.n - 1, frame.n, frame.n - 2, 100, 0 };
    for (size_t i = 0; i < COUNTOF(lengths); i++) {
        CLEANUP(zstd_reader_free) struct zstd_reader r = { 0 };
        struct str back;
        assert_int_equal(zstd_reader_init(&r, str_sub(buf_str(&frame), 0, lengths[i])), OK);
        err_t e = reader_all(&r.reader, &a, MIB(1), &back);
        assert_int_equal(e, i ? E_CORRUPT : OK);
        assert_true(i || str_eq(back, buf_str(&noise)));
    }
}

static void packing_in_pieces_has_a_limit(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf noise, frame;
    buf_init(&noise, NULL, MIB(1));
    buf_init(&frame, NULL, 1000);
    put_noise(&noise, 5000);
    CLEANUP(zstd_out_free) struct zstd_out z = { 0 };
    assert_int_equal(zstd_out_begin(&z, 3, &frame), OK);
    err_t e = zstd_out_put(&z, buf_str(&noise));
    assert_int_equal(e == OK ? zstd_out_end(&z) : e, E_LIMIT);
}

/* 100 MB of zeros in a few kilobytes. */
static void a_bomb_stops_at_the_limit(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf zeros, frame, out;
    buf_init(&zeros, NULL, MIB(100));
    buf_init(&frame, NULL, MIB(1));
    buf_init(&out, NULL, MIB(1));
    char *p = buf_reserve(&zeros, MIB(100));
    assert_non_null(p);
    memset(p, 0, MIB(100));
    zeros.n = MIB(100);
    assert_int_equal(zstd_pack(buf_str(&zeros), 3, &frame), OK);
    assert_true(frame.n < KIB(64));
    assert_int_equal(zstd_unpack(buf_str(&frame), &out), E_LIMIT);
    assert_int_equal(out.n, 0); /* nothing is left of it */
    assert_true(out.cap <= MIB(1));
}

static void the_limit_is_exact(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf noise, frame;
    buf_init(&noise, NULL, MIB(1));
    buf_init(&frame, NULL, MIB(1));
    put_noise(&noise, 200000);
    assert_int_equal(zstd_pack(buf_str(&noise), 1, &frame), OK);
    for (size_t short_by = 0; short_by < 2; short_by++) {
        CLEANUP(buf_free) struct buf out;
        buf_init(&out, NULL, noise.n - short_by);
        assert_int_equal(zstd_unpack(buf_str(&frame), &out), short_by ? E_LIMIT : OK);
    }
    CLEANUP(buf_free) struct buf tight;
    buf_init(&tight, NULL, frame.n);
    assert_int_equal(zstd_pack(buf_str(&noise), 1, &tight), OK);
    CLEANUP(buf_free) struct buf small;
    buf_init(&small, NULL, frame.n - 1);
    assert_int_equal(zstd_pack(buf_str(&noise), 1, &small), E_LIMIT);
    assert_int_equal(small.n, 0);
}

static void damage_is_found(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf frame, out;
    buf_init(&frame, NULL, MIB(1));
    buf_init(&out, NULL, MIB(1));
    assert_int_equal(zstd_pack(S("some text that is packed, some text that is packed"), 3, &frame),
                     OK);
    for (size_t n = 0; n < frame.n; n++) /* cut off anywhere */
        assert_int_equal(zstd_unpack(str_of(frame.s, n), &out), E_CORRUPT);
    assert_int_equal(zstd_unpack(S("no frame at all"), &out), E_CORRUPT);
    buf_putc(&frame, 'x'); /* something behind */
    assert_int_equal(zstd_unpack(buf_str(&frame), &out), E_CORRUPT);
    assert_int_equal(out.n, 0);
}

/* A frame of a streaming encoder does not tell its size. */
static void a_frame_without_its_size(void **state)
{
    UNUSED(state);
    char packed[200];
    ZSTD_CCtx *c = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(c, ZSTD_c_contentSizeFlag, 0);
    size_t n = ZSTD_compress2(c, packed, sizeof packed, "hello hello", 11);
    ZSTD_freeCCtx(c);
    assert_false(ZSTD_isError(n));
    CLEANUP(buf_free) struct buf out;
    buf_init(&out, NULL, 11);
    assert_int_equal(zstd_unpack(str_of(packed, n), &out), OK);
    assert_str(buf_str(&out), "hello hello");
}

static void gzip_is_read_by_zlib(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf packed;
    buf_init(&packed, NULL, KIB(10));
    struct str text = S("hello hello hello hello hello hello");
    assert_int_equal(gzip_pack(text, 6, &packed), OK);
    assert_true(str_starts(buf_str(&packed), S("\x1f\x8b\x08")));
    char back[100];
    z_stream z = { .next_in = (Bytef *)packed.s,
                   .avail_in = (uInt)packed.n,
                   .next_out = (Bytef *)back,
                   .avail_out = sizeof back };
    assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
    assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
    assert_true(str_eq(str_of(back, z.total_out), text));
    inflateEnd(&z);
    buf_clear(&packed);
    assert_int_equal(gzip_pack(STR_NONE, 1, &packed), OK);
    assert_int_equal(packed.n, 20);
}

static void gzip_limit(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf noise, packed;
    buf_init(&noise, NULL, MIB(1));
    put_noise(&noise, 5000);
    buf_init(&packed, NULL, 5000);
    assert_int_equal(gzip_pack(buf_str(&noise), 6, &packed), E_LIMIT);
    assert_int_equal(packed.n, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zstd_both_ways),
        cmocka_unit_test(zstd_in_pieces),
        cmocka_unit_test(packing_in_pieces_has_a_limit),
        cmocka_unit_test(a_bomb_stops_at_the_limit),
        cmocka_unit_test(the_limit_is_exact),
        cmocka_unit_test(damage_is_found),
        cmocka_unit_test(a_frame_without_its_size),
        cmocka_unit_test(gzip_is_read_by_zlib),
        cmocka_unit_test(gzip_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

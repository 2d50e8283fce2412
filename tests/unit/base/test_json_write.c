#include "check.h"

#include <math.h>

#include "base/json_write.h"
#include "base/timestamp.h"

struct fixture {
    struct buf buf;
    struct json_out out;
};

static void fixture_free(struct fixture *f)
{
    buf_free(&f->buf);
}

#define WRITER(name)                           \
    CLEANUP(fixture_free) struct fixture name; \
    buf_init(&name.buf, NULL, MIB(16));        \
    jo_init(&name.out, &name.buf)

static void a_document(void **state)
{
    UNUSED(state);
    WRITER(f);
    struct json_out *o = &f.out;
    jo_object(o);
    jo_kstr(o, "s", S("x"));
    jo_kstr(o, "none", STR_NONE);
    jo_kstr(o, "empty", S(""));
    jo_ki64(o, "i", INT64_MIN);
    jo_kf64(o, "f", 0.5);
    jo_kbool(o, "b", true);
    jo_knull(o, "n");
    jo_kuuid(o, "u", (struct uuid){ { 1 } });
    jo_ktime(o, "t", 1);
    jo_ktime(o, "t2", TIME_NONE);
    jo_kz(o, "array");
    jo_array(o);
    jo_u64(o, UINT64_MAX);
    jo_object(o);
    jo_end(o);
    jo_array(o);
    jo_end(o);
    jo_raw(o, S("[1]"));
    jo_bool(o, false);
    jo_null(o);
    jo_end(o);
    jo_key(o, S("last"));
    jo_i64(o, 0);
    jo_end(o);
    assert_str(buf_str(&f.buf),
               "{\"s\":\"x\",\"none\":null,\"empty\":\"\",\"i\":-9223372036854775808,\"f\":0.5,"
               "\"b\":true,\"n\":null,\"u\":\"01000000-0000-0000-0000-000000000000\","
               "\"t\":\"1970-01-01T00:00:00.001Z\",\"t2\":null,"
               "\"array\":[18446744073709551615,{},[],[1],false,null],\"last\":0}");
    assert_int_equal(o->depth, 0);
}

static void escapes(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (unsigned c = 0; c < 0x80; c++) { /* each byte, at each place of a word */
        for (size_t place = 0; place < 19; place++) {
            WRITER(f);
            char text[19];
            memset(text, 'x', sizeof text);
            text[place] = (char)c;
            jo_str(&f.out, str_of(text, sizeof text));
            struct json v = { 0 };
            assert_int_equal(json_parse(&a, buf_str(&f.buf), 1, &v), OK);
            assert_true(str_eq(json_str(v), str_of(text, sizeof text)));
        }
    }
    WRITER(f);
    jo_str(&f.out, str_of("\"\\/\b\f\n\r\t\0\x1f\x7fé</script>", 22));
    assert_str(buf_str(&f.buf), "\"\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\x7fé</script>\"");
}

static void broken_text_is_replaced(void **state)
{
    UNUSED(state);
    WRITER(f);
    jo_array(&f.out);
    jo_str(&f.out, S("a\xff"));
    jo_str(&f.out, S("\xed\xa0\x80"));
    jo_str(&f.out, S("\xe2\x82"));
    jo_str(&f.out, S("\uFFFD"));
    jo_end(&f.out);
    assert_str(buf_str(&f.buf), "[\"a\uFFFD\",\"\uFFFD\uFFFD\uFFFD\",\"\uFFFD\uFFFD\",\"\uFFFD\"]");
}

static void doubles_read_back_exactly(void **state)
{
    UNUSED(state);
    uint64_t x = 88172645463325252u; /* xorshift64 over all bit patterns */
    for (int i = 0; i < 100000; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        double v, back;
        memcpy(&v, &x, sizeof v);
        if (!isfinite(v))
            continue;
        char text[32];
        size_t n = double_text(v, text);
        assert_true(n < sizeof text && text[n] == 0);
        if (str_to_f64(str_of(text, n), &back) != OK || back != v)
            fail_msg("%a was written %s", v, text);
    }
}

static void what_is_no_number_is_null(void **state)
{
    UNUSED(state);
    WRITER(f);
    jo_array(&f.out);
    jo_f64(&f.out, NAN);
    jo_f64(&f.out, INFINITY);
    jo_f64(&f.out, -INFINITY);
    jo_f64(&f.out, -0.0);
    jo_f64(&f.out, 100);
    jo_end(&f.out);
    assert_str(buf_str(&f.buf), "[null,null,null,0,100]");
}

static void parsed_values_again(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const char TEXT[] = "{\"a\":[1,-9223372036854775808,18446744073709551615,1.0,-0.0,1e+40,"
                               "\"\\n€\",true,false,null,{},[]],\"k\":1,\"k\":{\"\":2.5}}";
    struct json v;
    assert_int_equal(json_parse(&a, S(TEXT), 8, &v), OK);
    WRITER(f);
    jo_array(&f.out);
    jo_value(&f.out, v);
    jo_value(&f.out, json_get(v, S("absent")));
    jo_end(&f.out);
    assert_str(str_sub(buf_str(&f.buf), 1, sizeof TEXT), TEXT);
    assert_true(str_ends(buf_str(&f.buf), S(",null]")));
}

static void parsed_values_deeper_than_the_writer_nests(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char text[1024];
    memset(text, '[', 512);
    memset(text + 512, ']', 512);
    struct json v;
    assert_int_equal(json_parse(&a, str_of(text, 1024), 512, &v), OK);
    WRITER(f);
    jo_value(&f.out, v);
    assert_true(str_eq(buf_str(&f.buf), str_of(text, 1024)));
}

static void the_bufs_limit(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    struct json_out o;
    buf_init(&b, NULL, 5);
    jo_init(&o, &b);
    jo_array(&o);
    for (int i = 0; i < 10; i++)
        jo_str(&o, S("abc"));
    jo_end(&o);
    assert_int_equal(buf_err(&b), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_document),
        cmocka_unit_test(escapes),
        cmocka_unit_test(broken_text_is_replaced),
        cmocka_unit_test(doubles_read_back_exactly),
        cmocka_unit_test(what_is_no_number_is_null),
        cmocka_unit_test(parsed_values_again),
        cmocka_unit_test(parsed_values_deeper_than_the_writer_nests),
        cmocka_unit_test(the_bufs_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

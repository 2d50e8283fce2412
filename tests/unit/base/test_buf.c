#include "check.h"

#include "base/buf.h"

static void grows_on_the_heap_and_in_an_arena(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (int in_arena = 0; in_arena < 2; in_arena++) {
        CLEANUP(buf_free) struct buf b;
        buf_init(&b, in_arena ? &a : NULL, MIB(1));
        for (int i = 0; i < 10000; i++)
            buf_putf(&b, "%d,", i);
        assert_int_equal(buf_err(&b), OK);
        assert_int_equal(b.n, 10 * 2 + 90 * 3 + 900 * 4 + 9000 * 5);
        assert_true(str_starts(buf_str(&b), S("0,1,2,")) && str_ends(buf_str(&b), S(",9999,")));
    }
}

static void the_maximum_is_exact_and_failure_sticks(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, 10);
    buf_put(&b, S("123456789"));
    buf_putc(&b, '0');
    assert_int_equal(buf_err(&b), OK);
    buf_putc(&b, 'x');
    assert_int_equal(buf_err(&b), E_LIMIT);
    assert_str(buf_str(&b), "1234567890");
    buf_consume(&b, 10);
    buf_put(&b, S("y")); /* there is room now, but the failure sticks */
    assert_int_equal(b.n, 0);
    buf_clear(&b);
    buf_put(&b, S("y"));
    assert_str(buf_str(&b), "y");
}

static void formatted_text_at_the_maximum(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, 10);
    buf_putf(&b, "%s", "1234567890");
    assert_int_equal(buf_err(&b), OK);
    assert_str(buf_str(&b), "1234567890");
    buf_putf(&b, "%s", "");
    assert_int_equal(buf_err(&b), OK);
    buf_putf(&b, "%d", 1);
    assert_int_equal(buf_err(&b), E_LIMIT);
    assert_str(buf_str(&b), "1234567890");
}

static void a_full_arena_is_the_bufs_failure(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 200);
    struct buf b;
    buf_init(&b, &a, 10000);
    for (int i = 0; i < 1000; i++)
        buf_putc(&b, 'x');
    assert_int_equal(buf_err(&b), E_LIMIT);
    assert_int_equal(arena_err(&a), E_LIMIT);
}

static void reserve_and_consume(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, 1000);
    assert_non_null(buf_reserve(&b, 0));
    char *p = buf_reserve(&b, 1000);
    assert_non_null(p);
    memset(p, 'a', 1000);
    b.n += 1000;
    assert_null(buf_reserve(&b, 1));
    buf_clear(&b);
    buf_put(&b, S("hello world"));
    buf_consume(&b, 6);
    assert_str(buf_str(&b), "world");
    buf_consume(&b, 5);
    assert_int_equal(b.n, 0);
    assert_null(buf_reserve(&b, SIZE_MAX));
    assert_int_equal(buf_err(&b), E_LIMIT);
}

static void integers(void **state)
{
    UNUSED(state);
    CLEANUP(buf_free) struct buf b;
    buf_init(&b, NULL, SIZE_MAX);
    static const int64_t NUMBERS[] = { 0, 7, -7, INT64_MAX, INT64_MIN };
    for (size_t i = 0; i < COUNTOF(NUMBERS); i++) {
        buf_put_i64(&b, NUMBERS[i]);
        buf_putc(&b, ' ');
    }
    assert_str(buf_str(&b), "0 7 -7 9223372036854775807 -9223372036854775808 ");
}

static void free_accepts_zeroed(void **state)
{
    UNUSED(state);
    struct buf b = { 0 };
    buf_free(&b);
    buf_putc(&b, 'x'); /* a maximum of nothing */
    assert_int_equal(buf_err(&b), E_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(grows_on_the_heap_and_in_an_arena),
        cmocka_unit_test(the_maximum_is_exact_and_failure_sticks),
        cmocka_unit_test(formatted_text_at_the_maximum),
        cmocka_unit_test(a_full_arena_is_the_bufs_failure),
        cmocka_unit_test(reserve_and_consume),
        cmocka_unit_test(integers),
        cmocka_unit_test(free_accepts_zeroed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define WITH_ASAN
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define WITH_ASAN
#endif
#ifdef WITH_ASAN
#include <sanitizer/asan_interface.h>
#define POISONED(p) __asan_address_is_poisoned(p)
#endif

static void allocations_are_zeroed_aligned_and_apart(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    unsigned char *before = NULL;
    for (size_t size = 1; size < 3000; size += 7) {
        unsigned char *p = arena_alloc(&a, size);
        assert_non_null(p);
        assert_int_equal((uintptr_t)p % 16, 0);
        for (size_t i = 0; i < size; i++)
            assert_int_equal(p[i], 0);
        memset(p, 0xAB, size);
        if (before)
            assert_int_equal(before[0], 0xAB);
        before = p;
    }
    assert_int_equal(arena_err(&a), OK);
}

static void size_zero_is_a_pointer(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_non_null(arena_alloc(&a, 0));
    assert_non_null(arena_bytes(&a, 0));
    assert_non_null(ARENA_ARRAY(&a, int, 0));
}

static void the_cap_is_exact_and_failure_sticks(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 1000);
    assert_non_null(arena_bytes(&a, 999));
    assert_non_null(arena_bytes(&a, 1));
    assert_int_equal(arena_err(&a), OK);
    assert_null(arena_bytes(&a, 1));
    assert_int_equal(arena_err(&a), E_LIMIT);
    arena_reset(&a);
    assert_int_equal(arena_err(&a), OK);
    assert_null(arena_bytes(&a, 1001));
    assert_null(arena_bytes(&a, 1)); /* it would fit, but the failure sticks */
    arena_reset(&a);
    assert_non_null(arena_bytes(&a, 1000));
}

static void absurd_sizes_are_the_limit(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_null(arena_array(&a, SIZE_MAX / 2, 4));
    assert_int_equal(arena_err(&a), E_LIMIT);
    arena_reset(&a);
    assert_null(arena_bytes(&a, SIZE_MAX));
    assert_int_equal(arena_err(&a), E_LIMIT);
}

static void reset_gives_the_same_memory_zeroed_again(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *first = arena_alloc(&a, 100);
    memset(first, 'x', 100);
    for (int i = 0; i < 1000; i++)
        assert_non_null(arena_alloc(&a, 1000));
    arena_reset(&a);
    assert_int_equal(a.used_bytes, 0);
    char *again = arena_alloc(&a, 100);
    assert_ptr_equal(first, again);
    for (int i = 0; i < 100; i++)
        assert_int_equal(again[i], 0);
}

static void reset_gives_back_a_large_first_block(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_non_null(arena_bytes(&a, MIB(1)));
    arena_reset(&a);
    assert_null(a.first);
    assert_non_null(arena_bytes(&a, 10));
}

static void a_large_piece_does_not_waste_the_current_block(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    char *small = arena_bytes(&a, 8);
    assert_non_null(arena_bytes(&a, MIB(1)));
    char *next = arena_bytes(&a, 8);
    assert_true(next > small && next - small < 64);
}

static void free_accepts_zeroed_and_twice(void **state)
{
    UNUSED(state);
    struct arena a = { 0 };
    arena_free(&a);
    arena_init(&a, 100);
    assert_non_null(arena_alloc(&a, 1));
    arena_free(&a);
    arena_free(&a);
    assert_null(a.first);
}

static void gaps_are_poisoned(void **state)
{
    UNUSED(state);
#ifdef POISONED
    TEST_ARENA(a);
    char *p = arena_bytes(&a, 5), *q = arena_bytes(&a, 5);
    assert_non_null(p);
    assert_non_null(q);
    assert_false(POISONED(p + 4));
    assert_true(POISONED(p + 5));
    assert_true(POISONED(q + 5));
    arena_reset(&a);
    assert_true(POISONED(p));
#else
    skip();
#endif
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(allocations_are_zeroed_aligned_and_apart),
        cmocka_unit_test(size_zero_is_a_pointer),
        cmocka_unit_test(the_cap_is_exact_and_failure_sticks),
        cmocka_unit_test(absurd_sizes_are_the_limit),
        cmocka_unit_test(reset_gives_the_same_memory_zeroed_again),
        cmocka_unit_test(reset_gives_back_a_large_first_block),
        cmocka_unit_test(a_large_piece_does_not_waste_the_current_block),
        cmocka_unit_test(free_accepts_zeroed_and_twice),
        cmocka_unit_test(gaps_are_poisoned),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

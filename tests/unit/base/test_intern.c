#include <stdio.h>

#include "check.h"

#include "base/intern.h"

static uint32_t number(struct intern *t, const char *text)
{
    uint32_t n;
    assert_int_equal(intern_put(t, str_from(text), false, &n), OK);
    return n;
}

static void the_same_text_has_the_same_number(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct intern t;
    char text[] = "text";
    uint32_t copied, lasting;
    intern_init(&t, &a);
    assert_int_equal(intern_put(&t, str_from(text), false, &copied), OK);
    text[0] = 'n';
    assert_str(intern_text(&t, copied), "text");
    assert_int_equal(intern_put(&t, str_from(text), true, &lasting), OK);
    assert_ptr_equal(intern_text(&t, lasting).s, text);
    assert_int_equal(number(&t, "text"), copied);
    assert_int_equal(number(&t, "next"), lasting);
    assert_int_not_equal(copied, lasting);
}

/* They are stored as what they are, and say the same. */
static void absent_and_empty(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct intern t;
    intern_init(&t, &a);
    uint32_t absent = number(&t, NULL), empty = number(&t, ""), other = number(&t, "x");
    assert_null(intern_text(&t, absent).s);
    assert_non_null(intern_text(&t, empty).s);
    assert_int_equal(intern_text(&t, empty).n, 0);
    assert_true(intern_eq(absent, empty) && !intern_eq(empty, other) && intern_eq(other, other));
    assert_true(intern_says(other) && !intern_says(absent) && !intern_says(empty));
}

static void number_all(struct intern *t, int count)
{
    for (int i = 0; i < count; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        assert_int_equal(number(t, text), (uint32_t)i + 2);
    }
}

static void many(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    enum { MANY = 20000 };
    struct intern t;
    intern_init(&t, &a);
    number_all(&t, MANY);
    assert_int_equal(intern_reserve(&t, MANY), OK);
    number_all(&t, MANY);
    assert_int_equal(t.count, MANY);
}

static void a_full_arena_leaves_it_as_it_was(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    struct intern t;
    uint32_t n, first;
    err_t e = OK;
    arena_init(&a, 4000);
    intern_init(&t, &a);
    first = number(&t, "first");
    for (int i = 0; e == OK && i < 1000; i++) {
        char text[16];
        snprintf(text, sizeof text, "%d", i);
        e = intern_put(&t, str_from(text), false, &n);
    }
    assert_int_equal(e, E_LIMIT);
    assert_int_equal(number(&t, "first"), first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_text_has_the_same_number),
        cmocka_unit_test(absent_and_empty),
        cmocka_unit_test(many),
        cmocka_unit_test(a_full_arena_leaves_it_as_it_was),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

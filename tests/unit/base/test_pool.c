/* Pools and tables: what lives as long as a connection does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/pool.h"
#include "base/table.h"

/* No padding: there may be thousands of them. What must stand at a multiple of 16 has a size that is one. */
static void objects_lie_side_by_side(void **state)
{
    struct pool p;
    UNUSED(state);
    pool_init(&p, 40);
    char *one = pool_get(&p), *two = pool_get(&p);
    assert_int_equal(two - one, 40);
    pool_free(&p);
    pool_init(&p, 48);
    for (int i = 0; i < 1000; i++)
        assert_int_equal((uintptr_t)pool_get(&p) % 16, 0);
    pool_free(&p);
}

static void objects_are_zeroed_aligned_and_used_again(void **state)
{
    struct pool p;
    char *all[1000];
    UNUSED(state);
    pool_init(&p, 40);
    for (size_t i = 0; i < COUNTOF(all); i++) {
        all[i] = pool_get(&p);
        assert_non_null(all[i]);
        assert_int_equal((uintptr_t)all[i] % 8, 0);
        for (size_t k = 0; k < 40; k++)
            assert_int_equal(all[i][k], 0);
        memset(all[i], (int)i, 40);
    }
    for (size_t i = 0; i < COUNTOF(all); i++)
        for (size_t k = 0; k < 40; k++)
            assert_int_equal((unsigned char)all[i][k], (unsigned char)i);
    assert_int_equal(p.in_use, COUNTOF(all));
    pool_put(&p, all[7]);
    pool_put(&p, NULL);
    assert_ptr_equal(pool_get(&p), all[7]);
    assert_int_equal(all[7][20], 0);
    pool_free(&p);
    pool_free(&(struct pool){ 0 });
}

struct thing {
    struct table_node node;
    char name[24];
};

static void things_are_found_until_they_are_taken_out(void **state)
{
    enum { MANY = 500 };
    struct table t = { 0 };
    static struct thing things[MANY];
    UNUSED(state);
    assert_null(table_get(&t, S("thing 1")));
    for (int i = 0; i < MANY; i++) {
        snprintf(things[i].name, sizeof things[i].name, "thing %d", i);
        assert_int_equal(table_put(&t, &things[i].node, str_from(things[i].name)), OK);
    }
    for (int i = 0; i < MANY; i += 2)
        table_remove(&t, &things[i].node);
    assert_int_equal(t.count, MANY / 2);
    for (int i = 0; i < MANY; i++)
        assert_ptr_equal(table_get(&t, str_from(things[i].name)), i % 2 ? &things[i].node : NULL);
    size_t seen = 0;
    struct table_node *next;
    for (struct table_node *n = table_next(&t, NULL); n; n = next, seen++) {
        next = table_next(&t, n);
        table_remove(&t, n);
    }
    assert_int_equal(seen, MANY / 2);
    assert_int_equal(t.count, 0);
    assert_null(table_next(&t, NULL));
    table_free(&t);
    assert_null(table_next(&t, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_lie_side_by_side),
        cmocka_unit_test(objects_are_zeroed_aligned_and_used_again),
        cmocka_unit_test(things_are_found_until_they_are_taken_out),
    };
    return cmocka_run_group_tests_name("base/pool", tests, NULL, NULL);
}

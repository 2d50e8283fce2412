#include "check.h"

#include "base/map.h"

static void put_get_replace(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct map m;
    int one = 1, two = 2;
    map_init(&m, &a);
    assert_null(map_get(&m, S("x")));
    assert_false(map_has(&m, S("")));
    assert_int_equal(map_put(&m, S("x"), &one), OK);
    assert_int_equal(map_put(&m, S(""), NULL), OK);
    assert_ptr_equal(map_get(&m, S("x")), &one);
    assert_true(map_has(&m, S(""))); /* there, with nothing in it */
    assert_null(map_get(&m, S("")));
    assert_int_equal(map_put(&m, S("x"), &two), OK);
    assert_ptr_equal(map_get(&m, S("x")), &two);
    assert_int_equal(m.count, 2);
}

static void many_keys_keep_their_order(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct map m;
    map_init(&m, &a);
    enum { MANY = 20000 };
    for (intptr_t i = 0; i < MANY; i++)
        assert_int_equal(map_put(&m, str_fmt(&a, "key %d", (int)i), (void *)(i + 1)), OK);
    assert_int_equal(m.count, MANY);
    for (intptr_t i = 0; i < MANY; i++) {
        assert_ptr_equal(map_get(&m, str_fmt(&a, "key %d", (int)i)), (void *)(i + 1));
        assert_ptr_equal(m.entries[i].value, (void *)(i + 1));
    }
    assert_false(map_has(&m, S("key 20000")));
    assert_false(map_has(&m, S("key")));
}

static void a_full_arena_leaves_the_map_as_it_was(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, 500);
    struct map m;
    map_init(&m, &a);
    static const char KEYS[] = "abcdefghijklmnopqrstuvwxyz";
    size_t i = 0;
    err_t e = OK;
    for (; e == OK && i < 26; i++)
        e = map_put(&m, str_of(KEYS + i, 1), NULL);
    assert_int_equal(e, E_LIMIT);
    assert_int_equal(m.count, i - 1);
    assert_true(map_has(&m, S("a")));
    assert_false(map_has(&m, str_of(KEYS + i - 1, 1)));
}

/* SipHash-2-4 of its authors' test: key 00..0f, input 00..0e. */
static void the_hash_is_keyed_siphash(void **state)
{
    UNUSED(state);
    uint8_t key[16];
    char input[15];
    uint64_t unkeyed = hash64(S("x"));
    for (int i = 0; i < 16; i++)
        key[i] = (uint8_t)i;
    for (int i = 0; i < 15; i++)
        input[i] = (char)i;
    map_seed(key);
    assert_true(hash64(str_of(input, 15)) == UINT64_C(0xa129ca6149be45e5));
    assert_true(hash64(S("x")) != unkeyed);
    assert_true(hash64(STR_NONE) == hash64(S("")));
    map_seed((uint8_t[16]){ 0 });
    assert_true(hash64(S("x")) == unkeyed);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(put_get_replace),
        cmocka_unit_test(many_keys_keep_their_order),
        cmocka_unit_test(a_full_arena_leaves_the_map_as_it_was),
        cmocka_unit_test(the_hash_is_keyed_siphash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#include "check.h"

#include "base/uuid.h"

static const uint8_t ONES[10] = { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 };

/* RFC 9562, appendix A.6: 017F22E2-79B0-7CC3-98C4-DC0C0C07398F. */
static void the_rfcs_example(void **state)
{
    UNUSED(state);
    const uint8_t random[10] = { 0x0C, 0xC3, 0x18, 0xC4, 0xDC, 0x0C, 0x0C, 0x07, 0x39, 0x8F };
    struct uuid u = uuid_v7(INT64_C(0x017F22E279B0), random);
    char text[UUID_TEXT_BYTES + 1];
    uuid_text(u, text);
    assert_string_equal(text, "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
}

static void version_and_variant_whatever_the_bits(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(uuid_str(&a, uuid_v7(0, ONES)), "00000000-0000-7fff-bfff-ffffffffffff");
    assert_str(uuid_str(&a, uuid_v7(-5, (uint8_t[10]){ 0 })),
               "00000000-0000-7000-8000-000000000000");
    assert_str(uuid_str(&a, uuid_v7(INT64_MAX, ONES)), "ffffffff-ffff-7fff-bfff-ffffffffffff");
}

static void order_is_the_order_of_time(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    static const int64_t TIMES[] = { 0, 1, 255, 256, 65535, 65536, 1700000000000, 1700000000001 };
    for (size_t i = 1; i < COUNTOF(TIMES); i++) {
        struct uuid before = uuid_v7(TIMES[i - 1], ONES);
        struct uuid after = uuid_v7(TIMES[i], (uint8_t[10]){ 0 });
        assert_true(uuid_cmp(before, after) < 0 && uuid_cmp(after, before) > 0);
        assert_true(str_cmp(uuid_str(&a, before), uuid_str(&a, after)) < 0);
    }
}

static void parsing(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    struct uuid u = { { 9 } };
    static const char *const BAD[] = {
        "",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398f0",
        "017f22e279b07cc398c4dc0c0c07398f",
        "{17f22e2-79b0-7cc3-98c4-dc0c0c07398}",
        "017f22e2-79b0-7cc3-98c4-dc0c0c07398g",
        "017f22e2-79b0-7cc3-98c4_dc0c0c07398f",
        "017f22e-279b0-7cc3-98c4-dc0c0c07398f",
    };
    for (size_t i = 0; i < COUNTOF(BAD); i++)
        assert_int_equal(uuid_parse(str_from(BAD[i]), &u), E_BAD_INPUT);
    assert_int_equal(u.b[0], 9);
    assert_int_equal(uuid_parse(S("017F22E2-79B0-7CC3-98C4-DC0C0C07398F"), &u), OK);
    assert_str(uuid_str(&a, u), "017f22e2-79b0-7cc3-98c4-dc0c0c07398f");
    assert_false(uuid_is_nil(u));
    assert_int_equal(uuid_parse(S("00000000-0000-0000-0000-000000000000"), &u), OK);
    assert_true(uuid_is_nil(u) && uuid_eq(u, (struct uuid){ { 0 } }));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_rfcs_example),
        cmocka_unit_test(version_and_variant_whatever_the_bits),
        cmocka_unit_test(order_is_the_order_of_time),
        cmocka_unit_test(parsing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

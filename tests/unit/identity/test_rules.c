/* Handles, passwords, scopes, the arithmetic of the throttle, the hashing slots: rules without a
 * store. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/encode.h"
#include "base/timestamp.h"
#include "identity/inside.h"

static void handles(void **state)
{
    UNUSED(state);
    static const char *const GOOD[] = {
        "ab", "owner", "a1", "a-b_c-9", "abcdefghijklmnopqrstuvwxyz012345", "adminx", "test", "user"
    };
    static const char *const BAD[] = { "",
                                       "a",
                                       "A1",
                                       "Owner",
                                       "1a",
                                       "-a",
                                       "_a",
                                       "a b",
                                       "a.b",
                                       "aé",
                                       "a/b",
                                       "api",
                                       "admin",
                                       "setup",
                                       "auth",
                                       "login",
                                       "c",
                                       "settings",
                                       "abcdefghijklmnopqrstuvwxyz0123456" };
    for (size_t i = 0; i < COUNTOF(GOOD); i++)
        assert_int_equal(identity_handle_check(str_from(GOOD[i])), OK);
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(identity_handle_check(str_from(BAD[i])), E_INVALID);
        assert_string_equal(err_detail()->field, "handle");
        assert_true(strlen(err_detail()->text) > 10);
    }
    assert_int_equal(identity_handle_check(str_of("a\0b", 3)), E_INVALID);
}

static void passwords(void **state)
{
    UNUSED(state);
    static char long_one[PASSWORD_BYTES_MAX + 1];
    for (size_t i = 0; i < sizeof long_one; i++)
        long_one[i] = (char)('a' + i % 26);
    struct str handle = S("somebody-1");
    assert_int_equal(identity_password_rules(handle, S("t7#kQ2v")), E_INVALID); /* 7 */
    assert_non_null(strstr(err_detail()->text, "too short"));
    assert_int_equal(identity_password_rules(handle, S("t7#kQ2vX")), OK); /* 8 */
    assert_int_equal(identity_password_rules(handle, str_of(long_one, PASSWORD_BYTES_MAX)), OK);
    assert_int_equal(identity_password_rules(handle, str_of(long_one, PASSWORD_BYTES_MAX + 1)),
                     E_INVALID);
    assert_non_null(strstr(err_detail()->text, "too long"));
    assert_int_equal(identity_password_rules(handle, S("Somebody-1")), E_INVALID); /* the handle */
    static const char *const COMMON[] = { "password",   "PassWord1", "12345678",   "!!!!!!!!",
                                          "qwertyuiop", "zxcvbnmm",  "0123456789", "iloveyou",
                                          "changeme1",  "passw0rd" };
    for (size_t i = 0; i < COUNTOF(COMMON); i++) {
        assert_int_equal(identity_password_rules(handle, str_from(COMMON[i])), E_INVALID);
        assert_string_equal(err_detail()->field, "password");
    }
    assert_int_equal(identity_password_rules(handle, str_of("abc\0defghi", 10)), E_INVALID);
    assert_int_equal(identity_password_rules(handle, S("abc\xff"
                                                       "defghi")),
                     E_INVALID);
    assert_int_equal(identity_password_rules(handle, S("pässwörter")), OK);
}

static void scopes(void **state)
{
    UNUSED(state);
    unsigned s = 99;
    assert_int_equal(identity_scopes_parse(S("read"), &s), OK);
    assert_int_equal(s, 1 << SCOPE_READ);
    assert_int_equal(identity_scopes_parse(S("read, capture,read"), &s), OK);
    assert_int_equal(s, 1 << SCOPE_READ | 1 << SCOPE_CAPTURE);
    static const char *const BAD[] = { "", ",", "read,", "Read", "fly", "read write" };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        s = 99;
        assert_int_equal(identity_scopes_parse(str_from(BAD[i]), &s), E_INVALID);
        assert_string_equal(err_detail()->field, "scopes");
        assert_int_equal(s, 99);
    }
    for (enum scope x = SCOPE_READ; x <= SCOPE_ADMIN; x++) {
        unsigned one = 0;
        assert_int_equal(identity_scope_add(str_from(identity_scope_name(x)), &one), OK);
        assert_int_equal(one, 1u << x);
    }
}

static void throttle_arithmetic(void **state)
{
    UNUSED(state);
    const struct throttle_policy p = {
        .free = 2, .base_ms = 1000, .cap_ms = 5000, .window_ms = 100000
    };
    struct throttle t = { 0 };
    static const int64_t WAITS[] = { 0, 0, 1000, 2000, 4000, 5000, 5000 };
    for (size_t i = 0; i < COUNTOF(WAITS); i++) {
        assert_int_equal(identity_throttle_wait(&t, &p, t.last_ms), WAITS[i]);
        if (WAITS[i]) {
            assert_int_equal(identity_throttle_wait(&t, &p, t.last_ms + WAITS[i] - 1), 1);
            assert_int_equal(identity_throttle_wait(&t, &p, t.last_ms + WAITS[i]), 0);
            assert_int_equal(identity_throttle_wait(&t, &p, t.last_ms - 50),
                             WAITS[i]); /* the clock stepped back */
        }
        t = identity_throttle_failed(&t, &p, t.last_ms + 10000);
        assert_int_equal(t.failures, i + 1);
    }
    struct throttle later = identity_throttle_failed(&t, &p, t.last_ms + p.window_ms - 1);
    assert_int_equal(later.failures, t.failures + 1);
    later = identity_throttle_failed(&t, &p, t.last_ms + p.window_ms);
    assert_int_equal(later.failures, 1);
    t.failures = INT64_MAX - 1;
    assert_int_equal(identity_throttle_wait(&t, &p, t.last_ms), 5000);
}

static void throttle_keys(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    static const struct {
        const char *address, *key;
    } CASES[] = {
        { "192.0.2.7", "address:192.0.2.7" },
        { "::ffff:192.0.2.7", "address:192.0.2.7" },
        { "2001:db8:1:2:3:4:5:6", "address:2001:0db8:0001:0002::/64" },
        { "2001:db8:1:2::9", "address:2001:0db8:0001:0002::/64" },
        { "local", "address:local" },
        { "", "address:" },
    };
    for (size_t i = 0; i < COUNTOF(CASES); i++) {
        struct throttle_keys k = identity_throttle_keys(&a, S("ada"), str_from(CASES[i].address));
        assert_true(str_eq(k.address, str_from(CASES[i].key)));
        assert_true(str_eq(k.account, S("account:ada")));
        struct str from = str_sub(k.address, sizeof "address:" - 1, k.address.n);
        assert_true(str_eq(k.pair, str_cat(&a, S("pair:ada|"), from)));
    }
}

/* --- the hashing slots ---------------------------------------------------------------------- */

struct waiter {
    struct hash_gate *gate;
    struct thread thread;
    err_t result;
};

static void wait_and_leave(void *context)
{
    struct waiter *w = context;
    int64_t retry_ms;
    struct hash_slot slot = { 0 };
    w->result = identity_slot_take(&slot, w->gate, &retry_ms);
    identity_slot_end(&slot);
}

static int waiting(struct hash_gate *g)
{
    mutex_lock(&g->mutex);
    int n = g->waiting;
    mutex_unlock(&g->mutex);
    return n;
}

static void hashing_is_bounded(void **state)
{
    UNUSED(state);
    struct hash_gate gate;
    struct hash_slot held[PASSWORD_HASHES_AT_ONCE] = { 0 };
    struct waiter waiters[PASSWORD_HASHES_WAITING_MAX] = { 0 };
    int64_t retry_ms = 0;
    identity_gate_init(&gate, 19);
    for (size_t i = 0; i < COUNTOF(held); i++)
        assert_int_equal(identity_slot_take(&held[i], &gate, &retry_ms), OK);
    for (size_t i = 0; i < COUNTOF(waiters); i++) {
        waiters[i].gate = &gate;
        assert_int_equal(thread_start(&waiters[i].thread, "waiter", wait_and_leave, &waiters[i]),
                         OK);
    }
    while (waiting(&gate) < PASSWORD_HASHES_WAITING_MAX)
        sched_yield();
    struct hash_slot one_more = { 0 };
    assert_int_equal(identity_slot_take(&one_more, &gate, &retry_ms), E_BUSY);
    assert_int_equal(retry_ms, PASSWORD_HASH_WAIT_MS);
    identity_slot_end(&one_more); /* accepts one that was never taken */
    for (size_t i = 0; i < COUNTOF(held); i++)
        identity_slot_end(&held[i]);
    for (size_t i = 0; i < COUNTOF(waiters); i++) {
        thread_join(&waiters[i].thread);
        assert_int_equal(waiters[i].result, OK);
    }
    assert_int_equal(gate.running, 0);
    identity_gate_free(&gate);
}

/* A check against nobody must cost what a real one costs: the same algorithm and parameters. */
static void nobody_costs_the_same(void **state)
{
    UNUSED(state);
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    struct hash_gate gate;
    struct hash_slot slot = { 0 };
    int64_t retry_ms;
    struct str encoded;
    identity_gate_init(&gate, 19);
    assert_int_equal(identity_slot_take(&slot, &gate, &retry_ms), OK);
    assert_int_equal(identity_hash(&slot, &a, S("correct horse"), &encoded), OK);
    bool same = false;
    assert_int_equal(identity_hash_check(&slot, &a, encoded, S("correct horse"), &same), OK);
    assert_true(same);
    assert_int_equal(identity_hash_check(&slot, &a, encoded, S("correct horsE"), &same), OK);
    assert_false(same);
    assert_int_equal(identity_hash_check(&slot, &a, STR_NONE, S("correct horse"), &same), OK);
    assert_false(same);
    struct str nobody = identity_nobody(&gate);
    size_t parameters = str_find(encoded, S("p="), 0) + 4;
    assert_int_equal(nobody.n, encoded.n);
    assert_true(parameters < encoded.n);
    assert_memory_equal(nobody.s, encoded.s, parameters);
    identity_slot_end(&slot);
    identity_gate_free(&gate);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(handles),
        cmocka_unit_test(passwords),
        cmocka_unit_test(scopes),
        cmocka_unit_test(throttle_arithmetic),
        cmocka_unit_test(throttle_keys),
        cmocka_unit_test(hashing_is_bounded),
        cmocka_unit_test(nobody_costs_the_same),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

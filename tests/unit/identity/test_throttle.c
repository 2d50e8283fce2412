/* Slowing down who guesses, without shutting out whom it is about. */
#include <sys/resource.h>

#include "fixture.h"

static void a_network_is_slowed_at_the_account(void **state)
{
    UNUSED(state);
    struct account x;
    struct signed_in s;
    int64_t retry_ms = 0;
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x), OK);
    for (int64_t i = 0; i < THROTTLE_PAIR.free; i++)
        assert_int_equal(sign_in("ada", S("wrong"), NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW, &s, &retry_ms),
                     E_RATE); /* the right one too */
    assert_int_equal(retry_ms, THROTTLE_PAIR.base_ms);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW + retry_ms - 1, &s, &retry_ms), E_RATE);
    assert_int_equal(retry_ms, 1);
    assert_int_equal(sign_in("ada", S("wrong"), NOW + 1000, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW + 1000, &s, &retry_ms), E_RATE);
    assert_int_equal(retry_ms, 2000); /* doubled */
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW + 3000, &s, &retry_ms), OK);
    assert_int_equal(sign_in("ada", S("wrong"), NOW + 3000, &s, &retry_ms),
                     E_BAD_LOGIN); /* forgotten with the success */
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW + 3000, &s, &retry_ms), OK);
}

static void unknown_handles_are_slowed_alike(void **state)
{
    UNUSED(state);
    struct throttle_charge c;
    struct signed_in s;
    int64_t retry_ms = 0;
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("nobody"), S("192.0.2.1"));
    for (int64_t i = 0; i < THROTTLE_PAIR.free; i++)
        assert_int_equal(identity_throttle_charge(f.db, &k, NOW, &c, &retry_ms), OK);
    assert_int_equal(sign_in("nobody", GOOD_PASSWORD, NOW, &s, &retry_ms), E_RATE);
    assert_int_equal(retry_ms, THROTTLE_PAIR.base_ms);
}

static void address_is_slowed(void **state)
{
    UNUSED(state);
    struct account x;
    struct throttle_charge c;
    struct signed_in s;
    int64_t retry_ms = 0;
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x), OK);
    struct login l = { .handle = S("ada"), .password = GOOD_PASSWORD, .address = S("2001:db8::1") };
    for (int64_t i = 0; i < THROTTLE_ADDRESS.free - 1;
         i++) { /* each another account, as guessers do */
        struct str handle = str_fmt(&f.arena, "guess%d", (int)i);
        struct throttle_keys k =
            identity_throttle_keys(&f.arena, handle, str_fmt(&f.arena, "2001:db8::%d", (int)i + 2));
        assert_int_equal(identity_throttle_charge(f.db, &k, NOW, &c, &retry_ms), OK);
    }
    /* Success gives back only what it took: an own account is no way around. */
    assert_int_equal(identity_login(f.id, f.db, &f.arena, &l, NOW, &s, &retry_ms), OK);
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("one-more"), S("2001:db8::1"));
    assert_int_equal(identity_throttle_charge(f.db, &k, NOW, &c, &retry_ms), OK);
    assert_int_equal(identity_login(f.id, f.db, &f.arena, &l, NOW, &s, &retry_ms), E_RATE);
    assert_int_equal(retry_ms, THROTTLE_ADDRESS.base_ms);
    l.address = S("2001:db8:0:1::1"); /* another network */
    assert_int_equal(identity_login(f.id, f.db, &f.arena, &l, NOW, &s, &retry_ms), OK);
    /* Forgotten after the window, and then swept. */
    assert_int_equal(identity_throttle_look(f.db, &k, NOW + THROTTLE_ADDRESS.window_ms, &retry_ms),
                     OK);
    assert_int_equal(identity_sweep(f.id, f.db, NOW + THROTTLE_ADDRESS.window_ms + 1), OK);
    struct throttle t;
    assert_int_equal(identity_store_throttle_get(f.db, k.address, &t), OK);
    assert_int_equal(t.failures, 0);
}

static void racer_guesses(void *context)
{
    struct racer *r = context;
    struct throttle_charge c;
    struct db *db;
    int64_t retry_ms;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    r->result = db_connect(f.store, &db);
    if (r->result == OK) {
        struct throttle_keys k = identity_throttle_keys(&a, S("ada"), S("192.0.2.1"));
        r->result = identity_throttle_charge(db, &k, NOW, &c, &retry_ms);
        db_disconnect(db);
    }
}

/* Many at once gain nothing: attempts are counted before the password is looked at. */
static void guesses_at_once_are_counted(void **state)
{
    struct racer r[12] = { 0 };
    int let_through = 0;
    race(state, racer_guesses, r, COUNTOF(r));
    for (size_t i = 0; i < COUNTOF(r); i++) {
        let_through += r[i].result == OK;
        assert_true(r[i].result == OK || r[i].result == E_RATE);
    }
    assert_int_equal(let_through, THROTTLE_PAIR.free);
}

/* --- nobody is shut out ------------------------------------------------------------------------- */

static err_t sign_in_from(struct str address, struct str password, int64_t now_ms)
{
    struct signed_in s;
    int64_t retry_ms = 0;
    struct login l = { .handle = S("ada"), .password = password, .address = address };
    return identity_login(f.id, f.db, &f.arena, &l, now_ms, &s, &retry_ms);
}

/* A failure without the cost of a hash. */
static err_t fail_from(struct str address, int64_t now_ms)
{
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("ada"), address);
    struct throttle_charge c;
    int64_t retry_ms;
    return identity_throttle_charge(f.db, &k, now_ms, &c, &retry_ms);
}

static int64_t wait_from(struct str address, int64_t now_ms)
{
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("ada"), address);
    int64_t retry_ms = 0;
    return identity_throttle_look(f.db, &k, now_ms, &retry_ms) == OK ? 0 : retry_ms;
}

static void a_stranger_does_not_lock_the_owner_out(void **state)
{
    UNUSED(state);
    struct account x;
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, true, NOW, &x), OK);
    for (int network = 0; network < 300; network++) {
        struct str from = str_fmt(&f.arena, "2001:db8:%x::7", (unsigned)network);
        err_t e = OK;
        for (int i = 0; i < 8 && e == OK; i++)
            e = fail_from(from, NOW);
        assert_int_equal(e, E_RATE);
    }
    assert_int_equal(sign_in_from(S("192.0.2.44"), GOOD_PASSWORD, NOW), OK);
    assert_int_equal(sign_in_from(S("2001:db8:ffff::1"), GOOD_PASSWORD, NOW), OK);
    assert_int_equal(sign_in_from(S("2001:db8:1::1"), GOOD_PASSWORD, NOW),
                     E_RATE); /* a guesser's */
    /* Who is signed in changes the password from there, too. */
    int64_t retry_ms = 0;
    assert_int_equal(identity_password_change(f.id, f.db, &f.arena, x.id, (struct uuid){ { 0 } },
                                              GOOD_PASSWORD, S("another password"), NOW, &retry_ms),
                     OK);
    /* The operator's new password forgets all of it. */
    assert_int_equal(identity_user_passwd(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, NOW), OK);
    assert_int_equal(wait_from(S("2001:db8:1::1"), NOW), 0);
}

static void guessing_from_many_networks_costs_each_more(void **state)
{
    UNUSED(state);
    assert_int_equal(fail_from(S("192.0.2.1"), NOW), OK);
    assert_int_equal(wait_from(S("192.0.2.1"), NOW), 0); /* four more are free */
    for (int i = 0; i < 60; i++)
        assert_int_equal(fail_from(str_fmt(&f.arena, "10.0.0.%d", i), NOW), OK);
    for (int i = 0; i < 3; i++)
        assert_int_equal(fail_from(S("192.0.2.1"), NOW), OK);
    assert_int_equal(wait_from(S("192.0.2.1"), NOW), 1000); /* one sooner */
    int64_t before = 0;
    for (int i = 0; i < 20000; i++) {
        struct throttle account = { .failures = i, .last_ms = NOW },
                        pair = { .failures = 1, .last_ms = NOW };
        int64_t wait_ms = identity_throttle_pair_wait(&pair, &account, NOW);
        assert_true(wait_ms >= before && wait_ms <= 16000); /* slowly, and only so far */
        before = wait_ms;
    }
    assert_true(before > 0);
    struct throttle all = { .failures = INT64_MAX - 1, .last_ms = NOW }, none = { .failures = 0 };
    assert_int_equal(identity_throttle_pair_wait(&none, &all, NOW), 0);
}

static void changing_the_password_is_counted_by_itself(void **state)
{
    UNUSED(state);
    struct account x;
    int64_t retry_ms = 0;
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, true, NOW, &x), OK);
#define CHANGE(old, now_ms)                                                           \
    identity_password_change(f.id, f.db, &f.arena, x.id, (struct uuid){ { 0 } }, old, \
                             S("another password"), now_ms, &retry_ms)
    for (int64_t i = 0; i < THROTTLE_PAIR.free; i++)
        assert_int_equal(CHANGE(S("wrong"), NOW), E_INVALID);
    assert_int_equal(CHANGE(GOOD_PASSWORD, NOW), E_RATE);
    assert_int_equal(retry_ms, THROTTLE_PAIR.base_ms);
    assert_int_equal(sign_in_from(S("192.0.2.1"), GOOD_PASSWORD, NOW), OK);
    assert_int_equal(CHANGE(GOOD_PASSWORD, NOW + 1000), OK);
#undef CHANGE
}

/* --- what was not compared ---------------------------------------------------------------------- */

static int64_t failures_of(struct str key, int64_t *ret_last_ms)
{
    struct throttle t;
    assert_int_equal(identity_store_throttle_get(f.db, key, &t), OK);
    *ret_last_ms = t.last_ms;
    return t.failures;
}

static void what_was_not_compared_is_not_counted(void **state)
{
    UNUSED(state);
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("ada"), S("192.0.2.1"));
    struct throttle_charge c;
    int64_t retry_ms, last_ms;
    assert_int_equal(identity_throttle_charge(f.db, &k, NOW, &c, &retry_ms), OK);
    assert_int_equal(identity_throttle_charge(f.db, &k, NOW + 500, &c, &retry_ms), OK);
    assert_int_equal(identity_throttle_spared(f.db, &c, err_note(E_BUSY, "f", "no memory")),
                     E_BUSY);
    assert_string_equal(err_detail()->text, "no memory");
    assert_string_equal(err_detail()->field, "f");
    const struct str keys[] = { k.pair, k.address, k.account };
    for (size_t i = 0; i < COUNTOF(keys); i++) {
        assert_int_equal(failures_of(keys[i], &last_ms), 1);
        assert_int_equal(last_ms, NOW); /* as if it had not been */
    }
}

static rlim_t mapped_bytes(void)
{
    unsigned long long pages = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    assert_non_null(file);
    assert_int_equal(fscanf(file, "%llu", &pages), 1);
    fclose(file);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* A hash that wants 1 GiB, in a process that may have 256 MiB more. */
static void no_memory_is_not_a_wrong_password(void **state)
{
    UNUSED(state);
    struct account x = cheap_account("ada", true);
    struct db_txn tx = { 0 };
    struct rlimit before, little;
    int64_t last_ms, retry_ms = 0;
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(
        identity_store_password_put(f.db, x.id,
                                    S("$argon2id$v=19$m=1048576,t=1,p=1$ciik6DYeXlERpCklRqFaqw$"
                                      "5axF9Wgfl57sCtBjNjxoSrdx3mk9AKv7++19FTDFRKc"),
                                    NOW),
        OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    little = before;
    little.rlim_cur = mapped_bytes() + MIB(256);
    assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
    err_t login = E_BAD_LOGIN, change = E_INVALID;
    for (int i = 0; i < 10; i++) {
        login = sign_in_from(S("192.0.2.1"), GOOD_PASSWORD, NOW);
        change = identity_password_change(f.id, f.db, &f.arena, x.id, (struct uuid){ { 0 } },
                                          GOOD_PASSWORD, S("another password"), NOW, &retry_ms);
    }
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(login, E_BUSY); /* the tenth one too: none was counted */
    assert_int_equal(change, E_BUSY);
    struct throttle_keys k = identity_throttle_keys(&f.arena, S("ada"), S("192.0.2.1"));
    assert_int_equal(failures_of(k.pair, &last_ms), 0);
    assert_int_equal(failures_of(k.account, &last_ms), 0);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(a_network_is_slowed_at_the_account),
        TEST(unknown_handles_are_slowed_alike),
        TEST(address_is_slowed),
        TEST(guesses_at_once_are_counted),
        TEST(a_stranger_does_not_lock_the_owner_out),
        TEST(guessing_from_many_networks_costs_each_more),
        TEST(changing_the_password_is_counted_by_itself),
        TEST(what_was_not_compared_is_not_counted),
        TEST(no_memory_is_not_a_wrong_password),
    };
    RUN_ON_BOTH(tests);
}

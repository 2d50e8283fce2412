/* How far each query of credentials reaches: one account's, and no further. */
#include "fixture.h"
#include "identity_sql.h"
#include "narrow.h"

#define ok(expr) assert_int_equal((expr), OK)

/* An account with a session, a token and a sign-in link, under its own id. */
static void put_credentials(struct uuid id)
{
    const struct session s = { .id = id,
                               .created_ms = NOW,
                               .last_used_ms = NOW,
                               .expires_ms = NOW + 1000,
                               .user_agent = S("a"),
                               .address = S("192.0.2.1") };
    const struct token t = { .id = id,
                             .prefix = S("p"),
                             .name = S("n"),
                             .scopes = 1,
                             .created_ms = NOW,
                             .last_used_ms = TIME_NONE,
                             .expires_ms = TIME_NONE };
    const struct sha256 hash = { { 1 } };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(identity_store_password_put(f.db, id, S("encoded"), NOW));
    ok(identity_store_session_insert(f.db, id, hash, &s));
    ok(identity_store_token_insert(f.db, id, hash, &t));
    ok(identity_store_login_link_put(f.db, id, hash, NOW + 1000));
    ok(db_txn_commit(&tx));
}

static void no_query_reaches_further_than_it_says(void **state)
{
    UNUSED(state);
    struct uuid id = cheap_account("owner", false).id, other = identity_id_last();
    const struct narrow_param params[] = {
        { "owner", DBU(id), DBU(other) },
        { "id", DBU(id), DBU(identity_id_last()) },
        { "session", DBU(id), DBU(identity_id_last()) },
        { "token", DBU(id), DBU(identity_id_last()) },
        { "before", DBU(identity_id_last()), DBU(id) },
        { "keep", DBI(0), DBN() },
        { "now", DBI(NOW + 1), DBN() },
        { "idle_floor", DBI(NOW - 1), DBI(NOW) },
        { "idle", DBI(1), DBN() },
        { "never", DBI(INT64_MAX), DBN() },
        { "limit", DBI(9), DBN() },
    };
    const struct narrow n = { f.db, params, COUNTOF(params) };
    /* It takes what it keeps; who_is_signed_out_elsewhere asks it. */
    const struct db_query *const except[] = { &SQL_IDENTITY_SESSION_DELETE_OTHERS };
    put_credentials(id);
    narrow_all(&n, SQL_ALL_IDENTITY, except, COUNTOF(except));
    narrow_complete(SQL_ALL_IDENTITY, except, COUNTOF(except));
}

/* Ends all sessions of an account but one, or but the newest: another account's stay. */
static void who_is_signed_out_elsewhere(void **state)
{
    UNUSED(state);
    struct account one = cheap_account("one", false), two = cheap_account("two", false);
    struct session *left;
    size_t count;
    int64_t ended;
    struct db_txn tx = { 0 };
    for (int i = 0; i < 3; i++) {
        cheap_session(&one, NOW + i);
        cheap_session(&two, NOW + i);
    }
    ok(identity_session_list(f.db, &f.arena, one.id, identity_id_last(), 9, NOW, &left, &count));
    assert_int_equal(count, 3);
    ok(db_txn_begin(&tx, f.db));
    struct uuid *surplus;
    ok(identity_store_session_surplus(f.db, &f.arena, one.id, 2, &surplus, &count));
    assert_int_equal(count, 1);
    assert_true(uuid_eq(surplus[0], left[2].id));
    ok(identity_store_session_delete_others(f.db, one.id, left[0].id, &ended));
    assert_int_equal(ended, 2);
    ok(db_txn_commit(&tx));
    ok(identity_session_list(f.db, &f.arena, one.id, identity_id_last(), 9, NOW, &left, &count));
    assert_int_equal(count, 1);
    ok(identity_session_list(f.db, &f.arena, two.id, identity_id_last(), 9, NOW, &left, &count));
    assert_int_equal(count, 3);
}

/* Each page goes on behind the last one of the page before. */
static void pages_of_credentials(void **state)
{
    UNUSED(state);
    struct account x = cheap_account("owner", false);
    struct uuid before = identity_id_last();
    size_t sessions = 0, tokens = 0, count;
    for (int i = 0; i < 5; i++) {
        cheap_session(&x, NOW + i);
        cheap_token(&x, SCOPES_ALL, TIME_NONE, NULL);
    }
    do {
        struct session *s;
        ok(identity_session_list(f.db, &f.arena, x.id, before, 2, NOW + 5, &s, &count));
        for (size_t i = 0; i < count; i++, sessions++, before = s[i - 1].id)
            assert_true(uuid_cmp(s[i].id, before) < 0);
    } while (count);
    before = identity_id_last();
    do {
        struct token *t;
        ok(identity_token_list(f.db, &f.arena, x.id, before, 2, &t, &count));
        for (size_t i = 0; i < count; i++, tokens++, before = t[i - 1].id)
            assert_true(uuid_cmp(t[i].id, before) < 0);
    } while (count);
    assert_int_equal(sessions, 5);
    assert_int_equal(tokens, 5);
}

int main(void)
{
    const struct CMUnitTest tests[] = { TEST(no_query_reaches_further_than_it_says),
                                        TEST(who_is_signed_out_elsewhere),
                                        TEST(pages_of_credentials) };
    RUN_ON_BOTH(tests);
}

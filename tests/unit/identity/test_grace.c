/* Accounts that are deleted, come back, are erased; the last admin; the sign-in link. */
#include "fixture.h"

static err_t delete_account(const char *handle, enum account_end end, int64_t now_ms)
{
    return identity_user_delete(f.id, f.db, &f.arena, str_from(handle), end, now_ms);
}

static err_t restore(const char *handle, int64_t now_ms)
{
    return identity_user_restore(f.id, f.db, &f.arena, str_from(handle), now_ms);
}

static err_t disable(const char *handle, bool disabled)
{
    return identity_user_disable(f.id, f.db, &f.arena, str_from(handle), disabled, NOW);
}

static void erased_at_once(void **state)
{
    UNUSED(state);
    cheap_account("ada", true);
    struct account bob = cheap_account("bob", false), x;
    struct signed_in s = cheap_session(&bob, NOW);
    struct str t = cheap_token(&bob, SCOPES_ALL, TIME_NONE, NULL);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), OK);
    assert_int_equal(delete_account("nobody", ACCOUNT_ERASE_NOW, NOW), E_NOT_FOUND);
    assert_int_equal(delete_account("bob", ACCOUNT_ERASE_NOW, NOW), OK);
    assert_true(str_eq(last_op(bob.id), S("account deleted ")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), E_UNAUTHENTICATED);
    assert_int_equal(identity_user_get(f.db, &f.arena, S("bob"), &x), E_NOT_FOUND);
    assert_int_equal(restore("bob", NOW), E_NOT_FOUND);
    cheap_account("bob", false); /* the handle is free */
}

static void a_deleted_account_comes_back(void **state)
{
    UNUSED(state);
    cheap_account("ada", true);
    struct account bob = cheap_account("bob", false), x, *list;
    struct signed_in s = cheap_session(&bob, NOW);
    struct str t = cheap_token(&bob, SCOPES_ALL, TIME_NONE, NULL);
    struct caller c = { .known = true, .user_id = bob.id };
    bool good = true;
    size_t count;
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(delete_account("bob", ACCOUNT_PUT_AWAY, NOW), OK);
    assert_true(str_eq(last_op(bob.id), S("account updated deleted")));
    /* Closed at once, in this process and in another. */
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.other, SHOWN_AS_BEARER, t, NOW), E_UNAUTHENTICATED);
    assert_int_equal(identity_still_good(f.id, f.db, NOW, &c, &good), OK);
    assert_false(good);
    /* Unseen, but its handle is taken and the operator sees it. */
    assert_int_equal(identity_user_get(f.db, &f.arena, S("bob"), &x), E_NOT_FOUND);
    assert_non_null(strstr(err_detail()->text, "vivim user restore bob"));
    assert_int_equal(identity_user_by_id(f.db, &f.arena, bob.id, &x), E_NOT_FOUND);
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), OK);
    assert_true(str_eq(x.handle, S("ada")));
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("bob"), GOOD_PASSWORD, false, NOW, &x),
        E_CONFLICT);
    assert_int_equal(delete_account("bob", ACCOUNT_PUT_AWAY, NOW), E_NOT_FOUND);
    assert_int_equal(disable("bob", true), E_NOT_FOUND);
    assert_int_equal(identity_user_list(f.db, &f.arena, &list, &count), OK);
    assert_int_equal(count, 2);
    assert_int_equal(list[1].deleted_ms, NOW);
    /* Back: its token works, its sessions are gone. */
    assert_int_equal(restore("ada", NOW), E_CONFLICT);
    assert_int_equal(restore("bob", NOW + ACCOUNT_GRACE_MS - 1), OK);
    assert_true(str_eq(last_op(bob.id), S("account updated restored")));
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(restore("bob", NOW), E_CONFLICT);
}

static void a_deleted_account_is_erased_when_its_time_is_over(void **state)
{
    UNUSED(state);
    cheap_account("ada", true);
    struct account bob = cheap_account("bob", false), x;
    cheap_account("cy", false);
    assert_int_equal(delete_account("bob", ACCOUNT_PUT_AWAY, NOW), OK);
    assert_int_equal(delete_account("cy", ACCOUNT_PUT_AWAY, NOW + 5), OK);
    assert_int_equal(identity_sweep(f.id, f.db, NOW + ACCOUNT_GRACE_MS - 1), OK);
    assert_int_equal(identity_store_account_by_id(f.db, &f.arena, bob.id, &x), OK);
    assert_int_equal(restore("bob", NOW + ACCOUNT_GRACE_MS), E_GONE);
    assert_int_equal(identity_sweep(f.id, f.db, NOW + ACCOUNT_GRACE_MS), OK);
    assert_int_equal(identity_store_account_by_id(f.db, &f.arena, bob.id, &x), E_NOT_FOUND);
    assert_true(str_eq(last_op(bob.id), S("account deleted ")));
    assert_int_equal(identity_user_get(f.db, &f.arena, S("ada"), &x), OK);
    assert_int_equal(restore("cy", NOW + ACCOUNT_GRACE_MS), OK); /* not due yet */
    assert_int_equal(identity_sweep(f.id, f.db, NOW + 2 * ACCOUNT_GRACE_MS), OK);
    assert_int_equal(identity_user_get(f.db, &f.arena, S("cy"), &x), OK);
}

static void the_last_admin_stays(void **state)
{
    UNUSED(state);
    cheap_account("ada", true);
    assert_int_equal(delete_account("ada", ACCOUNT_PUT_AWAY, NOW), E_CONFLICT); /* alone, too */
    assert_non_null(strstr(err_detail()->text, "vivim user add"));
    assert_int_equal(delete_account("ada", ACCOUNT_ERASE_NOW, NOW), E_CONFLICT);
    assert_int_equal(disable("ada", true), E_CONFLICT);
    cheap_account("bob", true);
    assert_int_equal(disable("bob", true), OK);
    assert_int_equal(delete_account("ada", ACCOUNT_PUT_AWAY, NOW), E_CONFLICT); /* bob is out */
    assert_int_equal(disable("ada", true), E_CONFLICT);
    assert_int_equal(disable("bob", false), OK);
    assert_int_equal(delete_account("ada", ACCOUNT_PUT_AWAY, NOW), OK);
    assert_int_equal(disable("bob", true), E_CONFLICT); /* ada is away */
    assert_int_equal(delete_account("bob", ACCOUNT_ERASE_NOW, NOW), E_CONFLICT);
    assert_int_equal(delete_account("ada", ACCOUNT_ERASE_NOW, NOW), OK); /* counted for nothing */
}

static void racer_disables(void *context)
{
    struct racer *r = context;
    struct db *db;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    r->result = db_connect(f.store, &db);
    if (r->result == OK) {
        r->result = identity_user_disable(f.id, db, &a, str_from(r->handle), true, NOW);
        db_disconnect(db);
    }
}

static void of_admins_who_leave_at_once_one_stays(void **state)
{
    struct racer r[4] = { 0 };
    int left = 0;
    for (size_t i = 0; i < COUNTOF(r); i++) {
        snprintf(r[i].handle, sizeof r[i].handle, "admin%c", (char)('a' + i));
        cheap_account(r[i].handle, true);
    }
    race(state, racer_disables, r, COUNTOF(r));
    for (size_t i = 0; i < COUNTOF(r); i++) {
        left += r[i].result == OK;
        assert_true(r[i].result == OK || r[i].result == E_CONFLICT);
    }
    assert_int_equal(left, COUNTOF(r) - 1);
}

/* --- the sign-in link ------------------------------------------------------------------------- */

static struct str link_token(const char *handle, int64_t now_ms)
{
    struct str link = STR_NONE;
    assert_int_equal(
        identity_login_link(f.db, &f.arena, str_from(handle), S("http://x"), now_ms, &link), OK);
    assert_true(str_starts(link, S("http://x/login#")));
    return str_sub(link, sizeof "http://x/login#" - 1, link.n);
}

static err_t by_link(struct str token, int64_t now_ms, struct signed_in *ret)
{
    struct login l = { .address = S("192.0.2.1"), .user_agent = S("test/1") };
    return identity_login_by_link(f.id, f.db, &f.arena, token, &l, now_ms, ret);
}

static void a_link_signs_in_once(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", true);
    struct signed_in s, again;
    struct str older = link_token("ada", NOW), token = link_token("ada", NOW);
    assert_int_equal(by_link(S("no such token"), NOW, &s), E_FORBIDDEN);
    assert_int_equal(by_link(older, NOW, &s), E_FORBIDDEN); /* the newer one took its place */
    assert_int_equal(by_link(token, NOW + LOGIN_LINK_MS, &s), E_GONE);
    assert_int_equal(by_link(token, NOW + LOGIN_LINK_MS - 1, &s), OK);
    assert_true(uuid_eq(s.account.id, ada.id));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(by_link(token, NOW, &again), E_FORBIDDEN);
}

static void a_link_ends_with_the_sessions(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", true), bob = cheap_account("bob", false);
    struct signed_in s;
    struct str link;
    assert_int_equal(identity_login_link(f.db, &f.arena, S("nobody"), S("http://x"), NOW, &link),
                     E_NOT_FOUND);
    struct str token = link_token("ada", NOW);
    assert_int_equal(
        identity_session_revoke_others(f.id, f.db, &f.arena, ada.id, bob.id, NOW, NULL), OK);
    assert_int_equal(by_link(token, NOW, &s), E_FORBIDDEN);
    token = link_token("bob", NOW);
    assert_int_equal(disable("bob", true), OK);
    assert_int_equal(by_link(token, NOW, &s), E_FORBIDDEN);
    assert_int_equal(identity_login_link(f.db, &f.arena, S("bob"), S("http://x"), NOW, &link),
                     E_CONFLICT);
    assert_int_equal(disable("bob", false), OK);
    token = link_token("bob", NOW);
    assert_int_equal(delete_account("bob", ACCOUNT_PUT_AWAY, NOW), OK);
    assert_int_equal(restore("bob", NOW), OK);
    assert_int_equal(by_link(token, NOW, &s), E_FORBIDDEN);
    token = link_token("bob", NOW);
    assert_int_equal(identity_sweep(f.id, f.db, NOW + LOGIN_LINK_MS), OK);
    assert_int_equal(by_link(token, NOW, &s), E_FORBIDDEN);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(erased_at_once),
        TEST(a_deleted_account_comes_back),
        TEST(a_deleted_account_is_erased_when_its_time_is_over),
        TEST(the_last_admin_stays),
        TEST(of_admins_who_leave_at_once_one_stays),
        TEST(a_link_signs_in_once),
        TEST(a_link_ends_with_the_sessions),
    };
    RUN_ON_BOTH(tests);
}

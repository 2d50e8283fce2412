/* Accounts, the setup link, signing in. */
#include "fixture.h"

static void added_and_listed(void **state)
{
    UNUSED(state);
    struct account x, *list;
    size_t count;
    bool any = true;
    assert_int_equal(identity_any_account(f.db, &any), OK);
    assert_false(any);
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, true, NOW, &x), OK);
    assert_true(str_eq(last_op(x.id), S("account created handle,admin")));
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x),
        E_CONFLICT);
    assert_string_equal(err_detail()->field, "handle");
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("Ada"), GOOD_PASSWORD, false, NOW, &x),
        E_INVALID);
    assert_int_equal(identity_user_add(f.id, f.db, &f.arena, S("bob"), S("short"), false, NOW, &x),
                     E_INVALID);
    assert_int_equal(identity_user_list(f.db, &f.arena, &list, &count), OK);
    assert_int_equal(count, 1);
    assert_true(str_eq(list[0].handle, S("ada")) && list[0].admin && list[0].created_ms == NOW &&
                list[0].disabled_ms == TIME_NONE);
    assert_int_equal(identity_any_account(f.db, &any), OK);
    assert_true(any);
}

static void default_user(void **state)
{
    UNUSED(state);
    struct account x;
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), E_NOT_FOUND);
    assert_non_null(strstr(err_detail()->text, "vivim user add"));
    cheap_account("ada", false);
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), OK); /* the only one */
    assert_true(str_eq(x.handle, S("ada")));
    cheap_account("bob", false);
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), E_NOT_FOUND);
    assert_non_null(strstr(err_detail()->text, "--user"));
    cheap_account("cy", true);
    cheap_account("di", true);
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), OK); /* the first admin */
    assert_true(str_eq(x.handle, S("cy")));
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("cy"), true, NOW), OK);
    assert_int_equal(identity_default_user(f.db, &f.arena, &x), OK);
    assert_true(str_eq(x.handle, S("di")));
}

/* --- the setup link ------------------------------------------------------------------------- */

static struct str setup_token(int64_t now_ms)
{
    struct str link = STR_NONE;
    assert_int_equal(identity_setup_link(f.db, &f.arena, S("http://localhost:8420"), now_ms, &link),
                     OK);
    assert_true(str_starts(link, S("http://localhost:8420/setup#")));
    struct str token = str_sub(link, sizeof "http://localhost:8420/setup#" - 1, link.n);
    assert_int_equal(token.n, 43);
    return token;
}

static err_t set_up(struct db *db, struct arena *a, struct str token, const char *handle,
                    int64_t now_ms, struct signed_in *ret)
{
    int64_t retry_ms;
    struct login l = { .handle = str_from(handle),
                       .password = GOOD_PASSWORD,
                       .address = S("192.0.2.1") };
    return identity_setup(f.id, db, a, token, &l, now_ms, ret, &retry_ms);
}

static void setup_once(void **state)
{
    UNUSED(state);
    struct signed_in s;
    struct str old = setup_token(NOW), token = setup_token(NOW), link;
    assert_int_equal(set_up(f.db, &f.arena, old, "owner", NOW, &s),
                     E_FORBIDDEN); /* of an earlier start */
    assert_int_equal(set_up(f.db, &f.arena, S("x"), "owner", NOW, &s), E_FORBIDDEN);
    assert_int_equal(set_up(f.db, &f.arena, token, "admin", NOW, &s),
                     E_INVALID); /* reserved; the link is still good */
    assert_int_equal(set_up(f.db, &f.arena, token, "owner", NOW, &s), OK);
    assert_true(s.account.admin && str_eq(s.account.handle, S("owner")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(set_up(f.db, &f.arena, token, "second", NOW, &s), E_GONE);
    assert_non_null(strstr(err_detail()->text, "sign in"));
    link = S("untouched");
    assert_int_equal(identity_setup_link(f.db, &f.arena, S("http://x"), NOW, &link), OK);
    assert_null(link.s);
}

static void setup_link_ends(void **state)
{
    UNUSED(state);
    struct signed_in s;
    struct str token = setup_token(NOW);
    assert_int_equal(set_up(f.db, &f.arena, token, "owner", NOW + SETUP_LINK_MS, &s), E_GONE);
    assert_non_null(strstr(err_detail()->text, "30 minutes"));
    assert_int_equal(set_up(f.db, &f.arena, token, "owner", NOW + SETUP_LINK_MS - 1, &s), OK);
}

static void setup_link_ends_with_user_add(void **state)
{
    UNUSED(state);
    struct signed_in s;
    struct account x;
    struct str token = setup_token(NOW);
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x), OK);
    assert_int_equal(set_up(f.db, &f.arena, token, "owner", NOW, &s), E_GONE);
    assert_int_equal(identity_user_delete(f.id, f.db, &f.arena, S("ada"), ACCOUNT_ERASE_NOW, NOW),
                     OK);
    assert_int_equal(set_up(f.db, &f.arena, token, "owner", NOW, &s),
                     E_FORBIDDEN); /* not even then */
}

static void racer_sets_up(void *context)
{
    struct racer *r = context;
    struct db *db;
    struct signed_in s;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    r->result = db_connect(f.store, &db);
    if (r->result == OK) {
        r->result = set_up(db, &a, r->token, r->handle, NOW, &s);
        db_disconnect(db);
    }
}

static void of_two_setups_one_wins(void **state)
{
    struct racer r[4] = { 0 };
    struct str token = setup_token(NOW);
    int won = 0;
    for (size_t i = 0; i < COUNTOF(r); i++) {
        r[i].token = token;
        snprintf(r[i].handle, sizeof r[i].handle, "racer%c", (char)('a' + i));
    }
    race(state, racer_sets_up, r, COUNTOF(r));
    for (size_t i = 0; i < COUNTOF(r); i++) {
        won += r[i].result == OK;
        assert_true(r[i].result == OK || r[i].result == E_GONE);
    }
    assert_int_equal(won, 1);
    struct account *list;
    size_t count;
    assert_int_equal(identity_user_list(f.db, &f.arena, &list, &count), OK);
    assert_int_equal(count, 1);
}

/* --- signing in ------------------------------------------------------------------------------- */

static void login_right_and_wrong(void **state)
{
    UNUSED(state);
    struct account x;
    struct signed_in s, again;
    int64_t retry_ms = 0;
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x), OK);
    assert_int_equal(sign_in("ada", S("wrong"), NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("nobody", GOOD_PASSWORD, NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("", GOOD_PASSWORD, NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("ada", S(""), NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW, &s, &retry_ms), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    /* The next sign-in of the same browser ends the session it came with. */
    struct login l = { .handle = S("ada"), .password = GOOD_PASSWORD, .old_session = s.cookie };
    assert_int_equal(identity_login(f.id, f.db, &f.arena, &l, NOW, &again, &retry_ms), OK);
    assert_false(str_eq(again.cookie, s.cookie));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, again.cookie, NOW), OK);
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("ada"), true, NOW), OK);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW, &s, &retry_ms), E_FORBIDDEN);
    assert_int_equal(sign_in("ada", S("wrong"), NOW, &s, &retry_ms), E_BAD_LOGIN);
}

static void password_changed(void **state)
{
    UNUSED(state);
    struct account x;
    int64_t retry_ms = 0;
    struct str other = S("another password");
    assert_int_equal(
        identity_user_add(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, false, NOW, &x), OK);
    struct signed_in kept = cheap_session(&x, NOW), ended = cheap_session(&x, NOW), s;
#define CHANGE(old, new) \
    identity_password_change(f.id, f.db, &f.arena, x.id, kept.session_id, old, new, NOW, &retry_ms)
    assert_int_equal(CHANGE(S("wrong"), other), E_INVALID);
    assert_string_equal(err_detail()->field, "old_password");
    assert_int_equal(CHANGE(GOOD_PASSWORD, S("short")), E_INVALID);
    assert_string_equal(err_detail()->field, "new_password");
    assert_int_equal(CHANGE(GOOD_PASSWORD, GOOD_PASSWORD), E_INVALID);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, ended.cookie, NOW), OK);
    assert_int_equal(CHANGE(GOOD_PASSWORD, other), OK);
    assert_true(str_eq(last_op(x.id), S("account updated password")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, kept.cookie, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, ended.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW, &s, &retry_ms), E_BAD_LOGIN);
    assert_int_equal(sign_in("ada", other, NOW, &s, &retry_ms), OK);
#undef CHANGE
    assert_int_equal(identity_user_passwd(f.id, f.db, &f.arena, S("ada"), GOOD_PASSWORD, NOW),
                     OK); /* the operator */
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, kept.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(sign_in("ada", GOOD_PASSWORD, NOW, &s, &retry_ms), OK);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(added_and_listed),
        TEST(default_user),
        TEST(setup_once),
        TEST(setup_link_ends),
        TEST(setup_link_ends_with_user_add),
        TEST(of_two_setups_one_wins),
        TEST(login_right_and_wrong),
        TEST(password_changed),
    };
    RUN_ON_BOTH(tests);
}

/* Who makes a request: Bearer, and the local socket of our own commands. (The cookie: tests/api/identity.test.mjs.) */
#include "fixture.h"

static const struct module *const MODULES[] = { &identity_module, NULL };
static const struct route PUBLIC = { .auth = AUTH_PUBLIC }, USER = { .auth = AUTH_USER },
                          ADMIN = { .auth = AUTH_ADMIN };

static err_t ask(const struct route *route, bool local, const char *header, const char *value,
                 struct caller *ret)
{
    struct app app = { .store = f.store, .modules = MODULES };
    struct header h = { str_from(header), str_from(value) };
    app.room_state[0] = f.id;
    struct req rq = { .arena = &f.arena,
                      .db = f.db,
                      .app = &app,
                      .headers = &h,
                      .header_count = header ? 1 : 0,
                      .local = local,
                      .now_ms = NOW,
                      .route = route };
    return identity_identify(&rq, ret);
}

static void bearer(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", true);
    struct str token = cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    struct caller c = { 0 };
    static const char *const SPELLINGS[] = { "Bearer %.*s", "bearer %.*s", "BEARER  %.*s " };
    for (size_t i = 0; i < COUNTOF(SPELLINGS); i++) {
        char value[100];
        snprintf(value, sizeof value, SPELLINGS[i], STR_ARG(token));
        c.known = false;
        assert_int_equal(ask(&USER, false, "authorization", value, &c), OK);
        assert_true(c.known && c.admin && !c.by_cookie && uuid_eq(c.user_id, ada.id));
    }
    assert_int_equal(ask(&USER, false, "authorization", "Bearer vvm_x", &c), E_UNAUTHENTICATED);
    assert_int_equal(ask(&PUBLIC, false, "authorization", "Bearer ", &c), E_UNAUTHENTICATED);
    assert_int_equal(ask(&USER, false, "authorization", "Basic eDp5", &c), OK); /* a proxy's own */
    assert_false(c.known);
    assert_int_equal(ask(&USER, false, NULL, NULL, &c), OK);
    assert_false(c.known);
}

static void naming_an_account_over_the_network_is_nothing(void **state)
{
    UNUSED(state);
    struct caller c = { .known = true };
    cheap_account("ada", true);
    assert_int_equal(ask(&ADMIN, false, "x-vivim-user", "ada", &c), OK);
    assert_false(c.known);
    assert_false(c.admin);
}

static void local_socket(void **state)
{
    UNUSED(state);
    struct caller c;
    /* Nobody exists: the server can be run, nobody's data can be worked on. */
    assert_int_equal(ask(&ADMIN, true, NULL, NULL, &c), OK);
    assert_true(c.known && c.admin && uuid_is_nil(c.user_id));
    assert_int_equal(ask(&USER, true, NULL, NULL, &c), E_NOT_FOUND);
    assert_non_null(strstr(err_detail()->text, "vivim user add"));
    assert_int_equal(ask(&PUBLIC, true, NULL, NULL, &c), OK);
    assert_false(c.known);

    struct account bob = cheap_account("bob", false), ada = cheap_account("ada", true);
    assert_int_equal(ask(&USER, true, NULL, NULL, &c), OK); /* the first admin */
    assert_true(c.known && c.admin && uuid_eq(c.user_id, ada.id));
    assert_int_equal(ask(&USER, true, "x-vivim-user", "bob", &c), OK);
    assert_true(c.known && !c.admin && uuid_eq(c.user_id, bob.id) && c.scopes == ~0u);
    assert_int_equal(ask(&ADMIN, true, "x-vivim-user", "bob", &c), OK); /* the operator, as bob */
    assert_true(c.admin && uuid_eq(c.user_id, bob.id));
    assert_int_equal(ask(&USER, true, "x-vivim-user", "nobody", &c), E_NOT_FOUND);
    assert_int_equal(ask(&ADMIN, true, "x-vivim-user", "nobody", &c), E_NOT_FOUND);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(bearer),
        TEST(naming_an_account_over_the_network_is_nothing),
        TEST(local_socket),
    };
    RUN_ON_BOTH(tests);
}

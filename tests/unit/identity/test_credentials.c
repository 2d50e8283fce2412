/* The check of each request: expiry to the millisecond, revocation here and elsewhere, scopes,
 * "last used". */
#include "fixture.h"
#include "os/entropy.h"

static int64_t last_used(struct uuid user, int64_t now_ms)
{
    struct session *list;
    size_t count;
    assert_int_equal(
        identity_session_list(f.db, &f.arena, user, identity_id_last(), 10, now_ms, &list, &count),
        OK);
    assert_int_equal(count, 1);
    return list[0].last_used_ms;
}

static void session_says_who(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", true);
    struct signed_in s = cheap_session(&ada, NOW);
    assert_int_equal(s.cookie.n, 43);
    for (int round = 0; round < 2; round++) { /* from the row, then from the cache */
        struct caller c = { 0 };
        assert_int_equal(identity_check(f.id, f.db, &f.arena, SHOWN_AS_COOKIE, s.cookie, NOW, &c),
                         OK);
        assert_true(c.known && c.admin && !c.by_cookie);
        assert_true(uuid_eq(c.user_id, ada.id) && uuid_eq(c.credential_id, s.session_id) &&
                    c.credential == CREDENTIAL_SESSION);
        assert_true(str_eq(c.handle, S("ada")));
        assert_int_equal(c.scopes, ~0u);
    }
    /* A session is no token and the other way round; what is no credential at all is refused
     * unread. */
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(
        check(f.id, SHOWN_AS_COOKIE, cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL), NOW),
        E_UNAUTHENTICATED);
    static const char *const BAD[] = { "",
                                       "x",
                                       "vvm_",
                                       "vvm_x",
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                                       "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                                       "' OR 1=1 --" };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, str_from(BAD[i]), NOW), E_UNAUTHENTICATED);
        assert_int_equal(check(f.id, SHOWN_AS_BEARER, str_from(BAD[i]), NOW), E_UNAUTHENTICATED);
    }
}

static void session_ends_unused(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW), late = cheap_session(&ada, NOW);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW + SESSION_IDLE_MS - 1), OK);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, late.cookie, NOW + SESSION_IDLE_MS),
                     E_UNAUTHENTICATED);
    /* Not listed any more; and once swept it stays dead when the clock steps back. */
    struct session *list;
    size_t count;
    assert_int_equal(identity_flush(f.id, f.db), OK); /* the first one was used */
    assert_int_equal(identity_session_list(f.db, &f.arena, ada.id, identity_id_last(), 10,
                                           NOW + SESSION_IDLE_MS, &list, &count),
                     OK);
    assert_int_equal(count, 1);
    assert_true(uuid_eq(list[0].id, s.session_id));
    assert_int_equal(identity_sweep(f.id, f.db, NOW + SESSION_IDLE_MS), OK);
    identity_forget(f.other);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, late.cookie, NOW + 1), E_UNAUTHENTICATED);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW + SESSION_IDLE_MS), OK);
}

static void session_ends_in_any_case(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    int64_t step_ms = SESSION_IDLE_MS / 2, t = NOW;
    for (; t + step_ms < NOW + SESSION_LIFE_MS; t += step_ms) { /* used all the time */
        clock_fake_advance(step_ms);
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, t + step_ms), OK);
        assert_int_equal(identity_flush(f.id, f.db), OK);
    }
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW + SESSION_LIFE_MS - 1), OK);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW + SESSION_LIFE_MS),
                     E_UNAUTHENTICATED); /* from its cache */
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW + SESSION_LIFE_MS),
                     E_UNAUTHENTICATED);
}

static void last_used_once_a_minute(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    int64_t later = NOW + CREDENTIAL_TOUCH_MS;
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, later - 1), OK);
    assert_int_equal(f.id->touch_count, 0);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, later), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, later + 5), OK);
    assert_int_equal(f.id->touch_count, 1);
    assert_int_equal(last_used(ada.id, later), NOW); /* not on the way of the request */
    assert_int_equal(identity_flush(f.id, f.db), OK);
    assert_int_equal(last_used(ada.id, later), later);
    assert_int_equal(f.id->touch_count, 0);
    /* An older "last used" of another process does not go back. */
    clock_fake_advance(CREDENTIAL_CACHE_MS);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, later + 2 * CREDENTIAL_TOUCH_MS),
                     OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, later + CREDENTIAL_TOUCH_MS), OK);
    assert_int_equal(identity_flush(f.other, f.db), OK);
    assert_int_equal(identity_flush(f.id, f.db), OK);
    assert_int_equal(last_used(ada.id, later), later + 2 * CREDENTIAL_TOUCH_MS);
}

static void more_touches_than_fit(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    for (int64_t i = 1; i <= CREDENTIAL_TOUCHES_MAX + 3; i++)
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW + i * CREDENTIAL_TOUCH_MS), OK);
    assert_int_equal(f.id->touch_count, CREDENTIAL_TOUCHES_MAX);
    assert_int_equal(identity_flush(f.id, f.db), OK);
    assert_int_equal(last_used(ada.id, NOW),
                     NOW + (int64_t)CREDENTIAL_TOUCHES_MAX * CREDENTIAL_TOUCH_MS);
}

static void revoked_here_and_elsewhere(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false), bob = cheap_account("bob", false);
    struct signed_in s = cheap_session(&ada, NOW), kept = cheap_session(&bob, NOW);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(identity_session_revoke(f.id, f.db, bob.id, s.session_id, NOW),
                     E_NOT_FOUND); /* the wrong user */
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(identity_session_revoke(f.id, f.db, ada.id, s.session_id, NOW), OK);
    assert_true(str_eq(last_op(ada.id), S("session deleted ")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW), OK); /* does not know yet */
    clock_fake_advance(CREDENTIAL_CACHE_MS);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW + CREDENTIAL_CACHE_MS),
                     E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, kept.cookie, NOW), OK);
    assert_int_equal(identity_session_revoke(f.id, f.db, ada.id, s.session_id, NOW), E_NOT_FOUND);
    assert_int_equal(identity_logout(f.id, f.db, ada.id, s.session_id, NOW),
                     OK); /* again is fine */
}

/* What was read before a revocation must not enter the cache after it. */
/* `f.other` is another node: what it ends is refused here as soon as its op was heard, whatever the clock says. */
static void what_another_node_ends_is_forgotten_when_heard(void **state)
{
    UNUSED(state);
    static const struct {
        const char *entity, *kind;
        bool ends;
    } OPS[] = {
        { "session", "created", false }, { "token", "created", false },
        { "account", "created", false }, { "conversation", "deleted", false },
        { "session", "deleted", true },  { "token", "deleted", true },
        { "account", "updated", true },  { "account", "deleted", true },
    };
    struct account ada = cheap_account("ada", false);
    for (size_t i = 0; i < COUNTOF(OPS); i++) {
        struct signed_in s = cheap_session(&ada, NOW);
        const struct op op = { .entity = str_from(OPS[i].entity), .kind = str_from(OPS[i].kind) };
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
        assert_int_equal(identity_session_revoke(f.other, f.db, ada.id, s.session_id, NOW), OK);
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK); /* in the cache */
        identity_heard(f.id, &op, 1);
        assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW),
                         OPS[i].ends ? E_UNAUTHENTICATED : OK);
    }
}

static void late_reader_does_not_bring_it_back(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    struct sha256 h = sha256_of(s.cookie);
    size_t set = ((size_t)h.b[0] << 8 | h.b[1]) % CREDENTIAL_SETS;
    struct credential_entry seen = { 0 };
    for (int i = 0; i < CREDENTIAL_WAYS; i++)
        if (memcmp(&f.id->sets[set][i].hash, &h, sizeof h) == 0)
            seen = f.id->sets[set][i];
    assert_true(seen.epoch != 0);
    assert_int_equal(identity_session_revoke(f.id, f.db, ada.id, s.session_id, NOW), OK);
    f.id->sets[set][0] = seen; /* the reader that was slow */
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
}

static void all_but_this_one(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false), bob = cheap_account("bob", false);
    struct signed_in s[3] = { cheap_session(&ada, NOW), cheap_session(&ada, NOW),
                              cheap_session(&ada, NOW) };
    struct signed_in b = cheap_session(&bob, NOW);
    int64_t ended = 0;
    assert_int_equal(
        identity_session_revoke_others(f.id, f.db, &f.arena, ada.id, s[1].session_id, NOW, &ended),
        OK);
    assert_int_equal(ended, 2);
    assert_true(str_eq(last_op(ada.id), S("account updated sessions")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s[0].cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s[1].cookie, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s[2].cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, b.cookie, NOW), OK);
}

static void too_many_sessions_end_the_oldest(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in first = cheap_session(&ada, NOW), second = cheap_session(&ada, NOW + 1);
    for (int i = 2; i <= SESSIONS_PER_ACCOUNT_MAX; i++)
        cheap_session(&ada, NOW + i);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, first.cookie, NOW + 200), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, second.cookie, NOW + 200), OK);
}

/* Who holds a socket open for it hears that it went: by the op, as with one that was revoked. */
static void a_replaced_session_ends_with_its_op(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false), bob = cheap_account("bob", false);
    struct signed_in old = cheap_session(&ada, NOW), s = { .account = bob };
    struct login l = { .handle = S("bob"), .address = S("192.0.2.1"), .old_session = old.cookie };
    struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(identity_session_begin(f.id, f.db, &f.arena, &bob, &l, NOW, &s), OK);
    assert_int_equal(identity_revoke(f.id, f.db, &tx, NULL, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, old.cookie, NOW), E_UNAUTHENTICATED);
    assert_true(str_eq(last_op(ada.id), S("session deleted ")));
    for (int i = 1; i <= SESSIONS_PER_ACCOUNT_MAX; i++)
        cheap_session(&bob, NOW + i);
    assert_true(str_eq(last_op(bob.id), S("session deleted ")));
}

/* --- one more kind: a row of the table, and nothing else -------------------------------------- */

static struct {
    struct uuid owner, id;
    bool there;
    int looked, touched;
    int64_t last_used_ms;
} device;

static bool device_text(struct str s)
{
    return str_starts(s, S("dev_"));
}

static err_t device_look_up(struct db *db, struct arena *a, const struct credential_shown *s,
                            struct credential_row *ret)
{
    UNUSED(db);
    UNUSED(a);
    device.looked++;
    if (!device.there || !str_eq(s->text, S("dev_1")))
        return E_NOT_FOUND;
    *ret = (struct credential_row){ .owner_id = device.owner,
                                    .id = device.id,
                                    .last_used_ms = device.last_used_ms,
                                    .expires_ms = TIME_NONE,
                                    .scopes = 1 << SCOPE_READ,
                                    .handle = S("ada"),
                                    .closed_ms = TIME_NONE };
    return OK;
}

static err_t device_touch(struct db *db, struct uuid owner, struct uuid id, int64_t now_ms)
{
    UNUSED(db);
    assert_true(uuid_eq(owner, device.owner) && uuid_eq(id, device.id));
    device.touched++;
    device.last_used_ms = now_ms;
    return OK;
}

static err_t device_remove(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_changed)
{
    UNUSED(db);
    *ret_changed = device.there && uuid_eq(owner, device.owner) && uuid_eq(id, device.id);
    device.there = device.there && !*ret_changed;
    return OK;
}

static err_t device_remove_all(struct db *db, struct uuid owner)
{
    int64_t removed;
    return device_remove(db, owner, device.id, &removed);
}

static err_t device_ends(struct db *db, struct uuid owner, struct uuid id, int64_t *ret_ms)
{
    UNUSED(db);
    UNUSED(owner);
    UNUSED(id);
    *ret_ms = INT64_MAX;
    return device.there ? OK : E_NOT_FOUND;
}

enum { CREDENTIAL_DEVICE = CREDENTIAL_TOKEN + 1, DEVICE_IDLE_MS = 100 * CREDENTIAL_TOUCH_MS };

/* The table of the program and a row more. */
static void know_devices(struct credential_type types[3])
{
    memcpy(types, IDENTITY_CREDENTIALS, sizeof IDENTITY_CREDENTIALS);
    types[2] = (struct credential_type){ .kind = (enum credential_kind)CREDENTIAL_DEVICE,
                                         .entity = "device",
                                         .place = SHOWN_AS_BEARER,
                                         .recognise = device_text,
                                         .look_up = device_look_up,
                                         .touch = device_touch,
                                         .remove = device_remove,
                                         .remove_all = device_remove_all,
                                         .ends = device_ends,
                                         .idle_ms = DEVICE_IDLE_MS,
                                         .refusal = "this device is not known" };
    f.id->types = types;
    f.id->type_count = 3;
}

static void a_new_kind_is_one_row(void **state)
{
    UNUSED(state);
    struct credential_type types[3];
    struct account ada = cheap_account("ada", false);
    struct str token = cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    struct caller c;
    bool good, ended;
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, S("dev_1"), NOW), E_UNAUTHENTICATED);
    know_devices(types);
    memset(&device, 0, sizeof device);
    device.owner = ada.id;
    device.id = uuid_new();
    device.there = true;
    device.last_used_ms = NOW - CREDENTIAL_TOUCH_MS;
    for (int i = 0; i < 2; i++) { /* let in, and the second time from the cache */
        assert_int_equal(identity_check(f.id, f.db, &f.arena, SHOWN_AS_BEARER, S("dev_1"), NOW, &c),
                         OK);
        assert_true(c.known && uuid_eq(c.user_id, ada.id) && uuid_eq(c.credential_id, device.id));
        assert_int_equal(c.credential, CREDENTIAL_DEVICE);
        assert_int_equal(c.scopes, 1 << SCOPE_NONE | 1 << SCOPE_READ);
        assert_int_equal(c.expires_ms, NOW - CREDENTIAL_TOUCH_MS + DEVICE_IDLE_MS);
    }
    assert_int_equal(device.looked, 1);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, token, NOW), OK);
    assert_int_equal(identity_flush(f.id, f.db), OK); /* its "last used", beside the token's */
    assert_int_equal(device.touched, 1);
    assert_int_equal(device.last_used_ms, NOW);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, S("dev_2"), NOW), E_UNAUTHENTICATED);
    assert_string_equal(err_detail()->text, "this device is not known");
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, S("dev_1"), NOW), E_UNAUTHENTICATED);

    assert_true(identity_is_credential(f.id, S("device")));
    assert_false(identity_is_credential(f.other, S("device")));
    assert_int_equal(identity_still_good(f.id, f.db, NOW, &c, &good), OK);
    assert_true(good);
    assert_int_equal(identity_credential_end(f.id, f.db, (enum credential_kind)CREDENTIAL_DEVICE,
                                             ada.id, device.id, NOW, &ended),
                     OK);
    assert_true(ended);
    assert_true(str_eq(last_op(ada.id), S("device deleted ")));
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, S("dev_1"), NOW), E_UNAUTHENTICATED);
    assert_int_equal(identity_still_good(f.id, f.db, NOW, &c, &good), OK);
    assert_false(good);
    device.there = true; /* and an account that is erased takes it along */
    assert_int_equal(identity_user_delete(f.id, f.db, &f.arena, S("ada"), ACCOUNT_ERASE_NOW, NOW),
                     OK);
    assert_false(device.there);
}

static void tokens_do_what_they_may(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", true);
    struct str reads = cheap_token(&ada, 1 << SCOPE_READ, TIME_NONE, NULL),
               all = cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    struct caller c;
    assert_int_equal(reads.n, 47);
    assert_true(str_starts(reads, S("vvm_")));
    assert_int_equal(identity_check(f.id, f.db, &f.arena, SHOWN_AS_BEARER, reads, NOW, &c), OK);
    assert_int_equal(c.scopes, 1 << SCOPE_NONE | 1 << SCOPE_READ);
    assert_false(c.admin); /* the account is; the token may not */
    assert_int_equal(c.credential, CREDENTIAL_TOKEN);
    assert_int_equal(identity_check(f.id, f.db, &f.arena, SHOWN_AS_BEARER, all, NOW, &c), OK);
    assert_true(c.admin);
    assert_int_equal(c.scopes, SCOPES_ALL | 1 << SCOPE_NONE);
    struct account bob = cheap_account("bob", false);
    assert_int_equal(identity_check(f.id, f.db, &f.arena, SHOWN_AS_BEARER,
                                    cheap_token(&bob, SCOPES_ALL, TIME_NONE, NULL), NOW, &c),
                     OK);
    assert_false(c.admin); /* the scope alone makes nobody an admin */
}

static void tokens_expire_and_are_revoked(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false), bob = cheap_account("bob", false);
    struct uuid id;
    struct str dies = cheap_token(&ada, SCOPES_ALL, NOW + 1000, NULL),
               t = cheap_token(&ada, SCOPES_ALL, TIME_NONE, &id);
    assert_true(str_eq(last_op(ada.id), S("token created name,scopes")));
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, dies, NOW + 999), OK);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, dies, NOW + 1000), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW + SESSION_LIFE_MS * 10),
                     OK); /* no idle limit */
    assert_int_equal(identity_token_revoke(f.id, f.db, bob.id, id, NOW), E_NOT_FOUND);
    assert_int_equal(identity_token_revoke(f.id, f.db, ada.id, id, NOW), OK);
    assert_true(str_eq(last_op(ada.id), S("token deleted ")));
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), E_UNAUTHENTICATED);
}

static void tokens_are_listed_without_the_secret(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false), bob = cheap_account("bob", false);
    struct str t = cheap_token(&ada, 1 << SCOPE_READ, NOW + 5, NULL);
    struct token *list;
    size_t count;
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW + 1), OK);
    assert_int_equal(identity_flush(f.id, f.db), OK);
    assert_int_equal(
        identity_token_list(f.db, &f.arena, bob.id, identity_id_last(), 10, &list, &count), OK);
    assert_int_equal(count, 0);
    assert_int_equal(
        identity_token_list(f.db, &f.arena, ada.id, identity_id_last(), 10, &list, &count), OK);
    assert_int_equal(count, 1);
    assert_true(str_starts(t, list[0].prefix) && list[0].prefix.n == 10);
    assert_int_equal(list[0].last_used_ms, NOW + 1);
    assert_int_equal(list[0].expires_ms, NOW + 5);
    assert_int_equal(list[0].scopes, 1 << SCOPE_READ);
    assert_int_equal(identity_token_list(f.db, &f.arena, ada.id, list[0].id, 10, &list, &count),
                     OK);
    assert_int_equal(count, 0);
}

static void tokens_have_a_limit(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct token t;
    struct str secret;
    struct token_new n = { .name = S("x"), .scopes = SCOPES_ALL, .expires_ms = TIME_NONE };
    for (int i = 0; i < TOKENS_PER_ACCOUNT_MAX; i++)
        cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    assert_int_equal(identity_token_create(f.db, &f.arena, ada.id, &n, NOW, &t, &secret),
                     E_CONFLICT);
    struct uuid nobody = { { 9 } };
    assert_int_equal(identity_token_create(f.db, &f.arena, nobody, &n, NOW, &t, &secret),
                     E_NOT_FOUND);
    n.name = S("");
    assert_int_equal(identity_token_create(f.db, &f.arena, ada.id, &n, NOW, &t, &secret),
                     E_INVALID);
    n = (struct token_new){ .name = S("x"), .scopes = 0, .expires_ms = TIME_NONE };
    assert_int_equal(identity_token_create(f.db, &f.arena, ada.id, &n, NOW, &t, &secret),
                     E_INVALID);
    n = (struct token_new){ .name = S("x"), .scopes = SCOPES_ALL, .expires_ms = NOW };
    assert_int_equal(identity_token_create(f.db, &f.arena, ada.id, &n, NOW, &t, &secret),
                     E_INVALID);
}

static void disabled_is_out(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    struct str t = cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), OK);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), OK);
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("ada"), true, NOW), OK);
    assert_true(str_eq(last_op(ada.id), S("account updated disabled")));
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW), E_UNAUTHENTICATED);
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), E_UNAUTHENTICATED);
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("ada"), true, NOW + 5), OK);
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("ada"), false, NOW + 9), OK);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, NOW),
                     E_UNAUTHENTICATED); /* ended, not asleep */
    assert_int_equal(check(f.id, SHOWN_AS_BEARER, t, NOW), OK);
}

/* -1: it has ended. */
static int64_t still_good_until(struct caller *c, int64_t now_ms)
{
    bool good = false;
    assert_int_equal(identity_still_good(f.id, f.db, now_ms, c, &good), OK);
    return good ? c->expires_ms : -1;
}

static struct caller caller_of(enum credential_place place, struct str text)
{
    struct caller c;
    assert_int_equal(identity_check(f.id, f.db, &f.arena, place, text, NOW, &c), OK);
    return c;
}

/* For who holds a connection open: when it ends is known, and moves with use. */
static void how_long_a_caller_is_good(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    struct caller session = caller_of(SHOWN_AS_COOKIE, s.cookie);
    int64_t idle_ms = NOW + SESSION_IDLE_MS, later = NOW + 3 * CREDENTIAL_TOUCH_MS;
    assert_int_equal(session.expires_ms, idle_ms);
    assert_int_equal(still_good_until(&session, idle_ms - 1), idle_ms);
    assert_int_equal(still_good_until(&session, idle_ms), -1);
    assert_int_equal(check(f.id, SHOWN_AS_COOKIE, s.cookie, later), OK);
    assert_int_equal(identity_flush(f.id, f.db), OK);
    assert_int_equal(still_good_until(&session, idle_ms), later + SESSION_IDLE_MS);
    struct caller forever =
        caller_of(SHOWN_AS_BEARER, cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL));
    struct caller brief = caller_of(SHOWN_AS_BEARER, cheap_token(&ada, SCOPES_ALL, NOW + 9, NULL));
    assert_true(forever.expires_ms == INT64_MAX && brief.expires_ms == NOW + 9);
    assert_true(still_good_until(&forever, NOW + 10 * SESSION_LIFE_MS) == INT64_MAX);
    assert_int_equal(still_good_until(&brief, NOW + 8), NOW + 9);
    assert_int_equal(still_good_until(&brief, NOW + 9), -1);
    struct caller local = { .known = true, .user_id = ada.id, .expires_ms = INT64_MAX };
    assert_true(still_good_until(&local, NOW) == INT64_MAX);
    assert_int_equal(identity_user_disable(f.id, f.db, &f.arena, S("ada"), true, NOW), OK);
    assert_int_equal(still_good_until(&local, NOW), -1);
    assert_int_equal(still_good_until(&forever, NOW), -1);
    assert_int_equal(still_good_until(&session, NOW), -1);
}

/* More credentials at once than the cache holds: slower, never wrong. */
static void cache_overflows(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct str t[TOKENS_PER_ACCOUNT_MAX];
    for (size_t i = 0; i < COUNTOF(t); i++)
        t[i] = cheap_token(&ada, SCOPES_ALL, TIME_NONE, NULL);
    for (size_t i = 0; i < CREDENTIAL_SETS; i++) /* all sets full of others */
        for (size_t w = 0; w < CREDENTIAL_WAYS; w++)
            f.id->sets[i][w] = (struct credential_entry){ .epoch = 1,
                                                          .checked_ms = clock_monotonic_ms(),
                                                          .hash = { { 7, (uint8_t)w } } };
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < COUNTOF(t); i++)
            assert_int_equal(check(f.id, SHOWN_AS_BEARER, t[i], NOW), OK);
}

/* The room's own thread writes what waits when it ends. */
static void keeper_writes_at_the_end(void **state)
{
    UNUSED(state);
    struct account ada = cheap_account("ada", false);
    struct signed_in s = cheap_session(&ada, NOW);
    clock_real();
    assert_int_equal(identity_keeper_start(f.other), OK);
    assert_int_equal(check(f.other, SHOWN_AS_COOKIE, s.cookie, NOW + 2 * CREDENTIAL_TOUCH_MS), OK);
    identity_free(f.other);
    f.other = NULL;
    assert_int_equal(last_used(ada.id, NOW), NOW + 2 * CREDENTIAL_TOUCH_MS);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        TEST(session_says_who),
        TEST(session_ends_unused),
        TEST(session_ends_in_any_case),
        TEST(last_used_once_a_minute),
        TEST(more_touches_than_fit),
        TEST(revoked_here_and_elsewhere),
        TEST(what_another_node_ends_is_forgotten_when_heard),
        TEST(late_reader_does_not_bring_it_back),
        TEST(all_but_this_one),
        TEST(too_many_sessions_end_the_oldest),
        TEST(a_replaced_session_ends_with_its_op),
        TEST(a_new_kind_is_one_row),
        TEST(tokens_do_what_they_may),
        TEST(tokens_expire_and_are_revoked),
        TEST(tokens_are_listed_without_the_secret),
        TEST(tokens_have_a_limit),
        TEST(disabled_is_out),
        TEST(how_long_a_caller_is_good),
        TEST(cache_overflows),
        TEST(keeper_writes_at_the_end),
    };
    RUN_ON_BOTH(tests);
}

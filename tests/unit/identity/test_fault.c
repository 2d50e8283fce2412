/* Accounts, sessions and tokens while memory, database, writes and syncs fail at every place: all of it, or nothing. */
#include "fault/fault.h"
#include "fixture.h"

static struct account owner;

static void reopen(void)
{
    struct db_options o = { .url = on_postgres ? pg_url(&f.arena, f.database) : S("sqlite:"),
                            .data_dir = f.folder,
                            .kind = DB_MAIN };
    identity_free(f.id);
    identity_free(f.other);
    db_disconnect(f.db);
    db_close(f.store);
    assert_int_equal(db_open(&o, &f.store), OK);
    assert_int_equal(db_connect(f.store, &f.db), OK);
    assert_int_equal(identity_new(f.store, PASSWORD_MIB, &f.id), OK);
    assert_int_equal(identity_new(f.store, PASSWORD_MIB, &f.other), OK);
}

static struct str name_of(char text[32], int i)
{
    return str_of(text, (size_t)snprintf(text, 32, "user-%d", i));
}

static bool find(struct arena *a, int i, struct account *ret)
{
    char text[32];
    err_t e = identity_user_get(f.db, a, name_of(text, i), ret);
    assert_true(e == OK || e == E_NOT_FOUND);
    return e == OK;
}

/* --- an account ------------------------------------------------------------------------------------------- */

static err_t made(int i)
{
    char text[32];
    struct account x;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(identity_account_make(f.db, name_of(text, i), S("of nobody"), false, NOW, &x));
    return db_txn_commit(&tx);
}

static void made_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct account x;
    arena_init(&a, MIB(1));
    assert_int_equal(find(&a, i, &x), done);
    if (done && !on_postgres) /* there an op may be seen a little later */
        assert_true(str_starts(last_op(x.id), S("account created")));
}

/* Made where it is not there yet, shut out, let in again and removed. */
static err_t removed(int i)
{
    char text[32];
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    err_t e = identity_user_restore(f.id, f.db, &a, name_of(text, i), NOW); /* from a try before */
    if (e == E_NOT_FOUND)
        e = made(i);
    if (e != E_CONFLICT)
        TRY(e);
    TRY(identity_user_disable(f.id, f.db, &a, name_of(text, i), true, NOW));
    TRY(identity_user_disable(f.id, f.db, &a, name_of(text, i), false, NOW));
    TRY(identity_user_delete(f.id, f.db, &a, name_of(text, i), ACCOUNT_PUT_AWAY, NOW));
    TRY(identity_user_restore(f.id, f.db, &a, name_of(text, i), NOW));
    return identity_user_delete(f.id, f.db, &a, name_of(text, i), ACCOUNT_ERASE_NOW, NOW);
}

static void removed_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct account x;
    arena_init(&a, MIB(1));
    bool there = find(&a, i, &x);
    assert_false(there && done);
}

/* --- sessions and tokens ------------------------------------------------------------------------------------- */

enum { LIVES_MAX = 20000 };
static struct uuid sessions[LIVES_MAX], tokens[LIVES_MAX];

static err_t session_begin(struct arena *a, struct signed_in *ret)
{
    struct login l = { .handle = owner.handle, .address = S("192.0.2.1"), .user_agent = S("t/1") };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, f.db));
    TRY(identity_session_begin(f.id, f.db, a, &owner, &l, NOW, ret));
    return db_txn_commit(&tx);
}

static bool lists_session(struct uuid id)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct session *list;
    size_t count;
    arena_init(&a, MIB(4));
    assert_int_equal(
        identity_session_list(f.db, &a, owner.id, identity_id_last(), 100, NOW, &list, &count), OK);
    for (size_t k = 0; k < count; k++)
        if (uuid_eq(list[k].id, id))
            return true;
    return false;
}

/* Used with the cookie that was given out, then ended; what is ended is refused. */
static err_t session_life(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct signed_in s;
    struct caller c;
    int64_t ended;
    arena_init(&a, MIB(1));
    TRY(session_begin(&a, &s));
    sessions[i] = s.session_id;
    TRY(identity_check(f.id, f.db, &a, SHOWN_AS_COOKIE, s.cookie, NOW, &c));
    TRY(identity_flush(f.id, f.db));
    TRY(identity_session_revoke(f.id, f.db, owner.id, s.session_id, NOW));
    return identity_session_revoke_others(f.id, f.db, &a, owner.id, (struct uuid){ { 0 } }, NOW,
                                          &ended);
}

static void session_life_check(int i, bool done)
{
    if (done)
        assert_false(lists_session(sessions[i]));
}

static err_t token_made(int i)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct token_new n = { .name = S("test"), .scopes = SCOPES_ALL, .expires_ms = TIME_NONE };
    struct token t;
    struct str secret;
    struct caller c;
    arena_init(&a, MIB(1));
    TRY(identity_token_create(f.db, &a, owner.id, &n, NOW, &t, &secret));
    tokens[i] = t.id;
    TRY(identity_check(f.id, f.db, &a, SHOWN_AS_BEARER, secret, NOW, &c));
    TRY(identity_token_revoke(f.id, f.db, owner.id, t.id, NOW));
    err_t e = identity_check(f.id, f.db, &a, SHOWN_AS_BEARER, secret, NOW, &c);
    assert_int_not_equal(e, OK); /* never let in again, whatever else failed */
    return e == E_UNAUTHENTICATED ? OK : e;
}

/* Tokens that a failed try left are few enough for the next one, and are listed to be removed by hand. */
static void token_made_check(int i, bool done)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct token *list;
    size_t count;
    arena_init(&a, MIB(4));
    assert_int_equal(
        identity_token_list(f.db, &a, owner.id, identity_id_last(), 100, &list, &count), OK);
    for (size_t k = 0; k < count; k++) {
        assert_false(done && uuid_eq(list[k].id, tokens[i]));
        assert_int_equal(identity_token_revoke(f.id, f.db, owner.id, list[k].id, NOW), OK);
    }
}

/* --- signing in: with the cost of its hashes, so only in `make fault` ------------------------------------------ */

/* Each try an hour later: what failed on our side was counted before the password was looked at, and stays so. */
static err_t signed_in(int i)
{
    static int tries;
    struct signed_in s;
    int64_t retry_ms, now_ms = NOW + (int64_t)++tries * 3600 * 1000;
    UNUSED(i);
    CLEANUP(arena_free) struct arena a = { 0 };
    struct login l = { .handle = owner.handle,
                       .password = GOOD_PASSWORD,
                       .address = S("192.0.2.1") };
    arena_init(&a, MIB(1));
    return identity_login(f.id, f.db, &a, &l, now_ms, &s, &retry_ms);
}

static void signed_in_check(int i, bool done)
{
    UNUSED(i);
    UNUSED(done);
    int64_t ended;
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, MIB(1));
    assert_int_equal(identity_session_revoke_others(f.id, f.db, &a, owner.id,
                                                    (struct uuid){ { 0 } }, NOW, &ended),
                     OK);
}

static const struct fault_case CASES[] = {
    { "an account", made, made_check },
    { "shut out and removed", removed, removed_check },
    { "a session", session_life, session_life_check },
    { "a token", token_made, token_made_check },
    { "signing in", signed_in, signed_in_check },
};

static void all_or_nothing(void **state)
{
    UNUSED(state);
    bool all = getenv("FAULT_ALL") != NULL;
    struct str password = all ? GOOD_PASSWORD : S("");
    if (all)
        assert_int_equal(
            identity_user_add(f.id, f.db, &f.arena, S("owner"), password, true, NOW, &owner), OK);
    else
        owner = cheap_account("owner", true);
    fault_each(CASES, COUNTOF(CASES) - !all, on_postgres, reopen);
}

/* --- the file with the master key ---------------------------------------------------------------------------------- */

static char key_folder[4096];

static err_t master_key(int i)
{
    uint8_t key[32];
    bool new_one;
    snprintf(key_folder, sizeof key_folder, "%s/key-%d", f.folder, i);
    TRY(folder_make(key_folder, 0700));
    return identity_master_key(S(""), key_folder, key, &new_one);
}

/* A key that was made is there whole, and is the one that the next start finds. */
static void master_key_check(int i, bool done)
{
    uint8_t first[32], second[32];
    bool made_first, made_second;
    snprintf(key_folder, sizeof key_folder, "%s/key-%d", f.folder, i);
    assert_int_equal(folder_make(key_folder, 0700), OK);
    assert_int_equal(identity_master_key(S(""), key_folder, first, &made_first), OK);
    assert_false(done && made_first);
    assert_int_equal(identity_master_key(S(""), key_folder, second, &made_second), OK);
    assert_false(made_second);
    assert_memory_equal(first, second, 32);
}

static void a_key_is_whole(void **state)
{
    UNUSED(state);
    static const struct fault_case KEY[] = { { "the master key", master_key, master_key_check } };
    fault_each(KEY, 1, on_postgres, reopen);
}

int main(void)
{
    fault_vfs_install();
    const struct CMUnitTest tests[] = { TEST(all_or_nothing), TEST(a_key_is_whole) };
    RUN_ON_BOTH(tests);
}

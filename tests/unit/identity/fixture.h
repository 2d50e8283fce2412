/* A fresh, migrated store for each test, on SQLite and, where VIVIM_TEST_PG_URL is set, on
 * PostgreSQL; two `struct identity` on it stand for two processes. */
#ifndef VIVIM_TEST_IDENTITY_FIXTURE_H
#define VIVIM_TEST_IDENTITY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "identity/inside.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/file.h"
#include "postgres.h"

#define NOW           INT64_C(1790000000000) /* every test's time begins here */
#define GOOD_PASSWORD S("correct horse battery")
#define PASSWORD_MIB  19 /* the least: they sign in often */

struct fixture {
    struct arena arena;
    char *folder;
    struct db_store *store;
    struct db *db;
    struct identity *id, *other; /* `other`: another process */
    char database[64];
};
static struct fixture f;
static bool on_postgres;

static int fixture_open(void **state)
{
    UNUSED(state);
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(16));
    assert_int_equal(folder_temp(&f.arena, "vivim-identity-", &f.folder), OK);
    struct db_options o = { .url = S("sqlite:"), .data_dir = f.folder, .kind = DB_MAIN };
    if (on_postgres) {
        pg_database_migrated(&f.arena, f.database, sizeof f.database);
        o.url = pg_url(&f.arena, f.database);
    }
    assert_int_equal(db_open(&o, &f.store), OK);
    assert_int_equal(db_migrate(f.store, NULL), OK);
    assert_int_equal(db_connect(f.store, &f.db), OK);
    assert_int_equal(identity_new(f.store, PASSWORD_MIB, &f.id), OK);
    assert_int_equal(identity_new(f.store, PASSWORD_MIB, &f.other), OK);
    clock_fake(NOW);
    return 0;
}

static int fixture_close(void **state)
{
    UNUSED(state);
    clock_real();
    identity_free(f.id);
    identity_free(f.other);
    db_disconnect(f.db);
    db_close(f.store);
    if (on_postgres)
        pg_database_drop(f.database);
    folder_remove(f.folder);
    arena_free(&f.arena);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_open, fixture_close)

/* The group on SQLite, then, where there is one, on PostgreSQL. */
#define RUN_ON_BOTH(tests)                                                    \
    int failed = cmocka_run_group_tests_name("sqlite", tests, NULL, NULL);    \
    on_postgres = getenv("VIVIM_TEST_PG_URL") != NULL;                        \
    if (on_postgres)                                                          \
        failed += cmocka_run_group_tests_name("postgres", tests, NULL, NULL); \
    return failed

/* --- what the tests do often ------------------------------------------------------------------ */

/* An account without the cost of a hash: nobody's password. */
static inline struct account cheap_account(const char *handle, bool admin)
{
    struct account x;
    struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(identity_account_make(f.db, str_from(handle), S("of nobody"), admin, NOW, &x),
                     OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    return x;
}

/* A session without a password. */
static inline struct signed_in cheap_session(const struct account *x, int64_t now_ms)
{
    struct signed_in s = { .account = *x };
    struct login l = { .handle = x->handle, .address = S("192.0.2.1"), .user_agent = S("test/1") };
    struct db_txn tx = { 0 };
    assert_int_equal(db_txn_begin(&tx, f.db), OK);
    assert_int_equal(identity_session_begin(f.id, f.db, &f.arena, x, &l, now_ms, &s), OK);
    assert_int_equal(db_txn_commit(&tx), OK);
    return s;
}

static inline struct str cheap_token(const struct account *x, unsigned scopes, int64_t expires_ms,
                                     struct uuid *ret_id)
{
    struct token t;
    struct str secret;
    struct token_new n = { .name = S("test"), .scopes = scopes, .expires_ms = expires_ms };
    assert_int_equal(identity_token_create(f.db, &f.arena, x->id, &n, NOW, &t, &secret), OK);
    if (ret_id)
        *ret_id = t.id;
    return secret;
}

static inline err_t check(struct identity *id, enum credential_place place, struct str text,
                          int64_t now_ms)
{
    struct caller c;
    return identity_check(id, f.db, &f.arena, place, text, now_ms, &c);
}

static inline err_t sign_in(const char *handle, struct str password, int64_t now_ms,
                            struct signed_in *ret, int64_t *retry_ms)
{
    struct login l = { .handle = str_from(handle),
                       .password = password,
                       .address = S("192.0.2.1") };
    return identity_login(f.id, f.db, &f.arena, &l, now_ms, ret, retry_ms);
}

/* The last op of the log, as "entity kind fields". */
static inline struct str last_op(struct uuid owner)
{
    struct op_cursor cursor = { 0 };
    struct op *ops;
    size_t count;
    assert_int_equal(ops_read(f.db, &f.arena, &cursor, 1000, &ops, &count), OK);
    while (count && !uuid_eq(ops[count - 1].owner_id, owner))
        count--;
    assert_true(count > 0);
    const struct op *op = &ops[count - 1];
    return str_fmt(&f.arena, "%.*s %.*s %.*s", STR_ARG(op->entity), STR_ARG(op->kind),
                   STR_ARG(op->fields));
}

/* One of several threads at once. */
struct racer {
    struct thread thread;
    struct str token;
    char handle[8];
    err_t result;
};

static inline void race(void **state, void (*run)(void *), struct racer *r, size_t count)
{
    UNUSED(state);
    clock_real();
    for (size_t i = 0; i < count; i++)
        assert_int_equal(thread_start(&r[i].thread, "racer", run, &r[i]), OK);
    for (size_t i = 0; i < count; i++)
        thread_join(&r[i].thread);
}

#endif

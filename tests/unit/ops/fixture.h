/* Fresh, migrated stores and an app on them for each test, on SQLite and, where VIVIM_TEST_PG_URL
 * is set, on PostgreSQL. A test names its modules before it calls `go`. */
#ifndef VIVIM_TEST_OPS_FIXTURE_H
#define VIVIM_TEST_OPS_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/limits.h"
#include "ops/ops.h"
#include "os/clock.h"
#include "os/entropy.h"
#include "os/file.h"
#include "os/thread.h"
#include "postgres.h"

#define NOW INT64_C(1790000000000) /* the faked time of tests that fake it */

struct fixture {
    struct arena arena;
    char *folder;
    struct app app;
    struct db *db, *index; /* of the test's thread */
    struct uuid owner;
    char database[64];
};
static struct fixture f;
static bool on_postgres;

#define ok(expr)                                                                 \
    do {                                                                         \
        err_t ok_ = (expr);                                                      \
        if (ok_ != OK)                                                           \
            fail_msg("%s: %s: %s %s", #expr, err_code(ok_), err_detail()->field, \
                     err_detail()->text);                                        \
    } while (0)

#define assert_str(got, want)                                                       \
    do {                                                                            \
        struct str got_ = (got), want_ = str_from(want);                            \
        if (!str_eq(got_, want_))                                                   \
            fail_msg("got \"%.*s\", want \"%.*s\"", STR_ARG(got_), STR_ARG(want_)); \
    } while (0)

/* --- the stores ------------------------------------------------------------------------------ */

static inline struct db_store *store_open(enum db_kind kind)
{
    struct db_options o = { .url = on_postgres ? pg_url(&f.arena, f.database) : S("sqlite:"),
                            .data_dir = f.folder,
                            .kind = kind };
    struct db_store *s;
    ok(db_open(&o, &s));
    ok(db_migrate(s, NULL));
    return s;
}

/* As a process that ended and began again; without ops_start. */
static inline void stores_reopen(void)
{
    db_disconnect(f.db);
    db_disconnect(f.index);
    db_close(f.app.index);
    db_close(f.app.store);
    f.app.store = store_open(DB_MAIN);
    f.app.index = store_open(DB_INDEX);
    ok(db_connect(f.app.store, &f.db));
    ok(db_connect(f.app.index, &f.index));
}

static inline int fixture_open(void **state)
{
    UNUSED(state);
    static const struct module *const none[] = { NULL };
    memset(&f, 0, sizeof f);
    arena_init(&f.arena, MIB(256));
    ok(folder_temp(&f.arena, "vivim-ops-", &f.folder));
    if (on_postgres)
        pg_database_migrated(&f.arena, f.database, sizeof f.database);
    f.app.store = store_open(DB_MAIN);
    f.app.index = store_open(DB_INDEX);
    f.app.data_dir = f.folder;
    f.app.modules = none;
    ok(db_connect(f.app.store, &f.db));
    ok(db_connect(f.app.index, &f.index));
    f.owner = uuid_new();
    return 0;
}

static inline int fixture_close(void **state)
{
    UNUSED(state);
    ops_stop(&f.app);
    clock_real();
    db_disconnect(f.db);
    db_disconnect(f.index);
    db_close(f.app.index);
    db_close(f.app.store);
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

/* Start consumers and jobs of these modules (NULL-terminated, static). */
static inline void go(const struct module *const *modules)
{
    f.app.modules = modules;
    ok(ops_start(&f.app));
}

static inline void settle(void)
{
    ok(ops_settle(&f.app, 30000));
}

/* An op in a transaction of its own. */
static inline void append(struct uuid owner, const char *entity, struct uuid id, const char *kind)
{
    struct op_new op = { .owner_id = owner,
                         .actor_id = owner,
                         .entity = entity,
                         .kind = kind,
                         .entity_id = id,
                         .version = 1 };
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    ok(db_txn_begin(&tx, f.db));
    ok(ops_append(f.db, &op, clock_wall_ms()));
    ok(db_txn_commit(&tx));
}

#endif

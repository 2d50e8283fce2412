/* Databases of the PostgreSQL that VIVIM_TEST_PG_URL names, one for each test. Those that are to be migrated are copies of
 * one that was, which is quicker than migrating each. */
#ifndef VIVIM_TEST_POSTGRES_H
#define VIVIM_TEST_POSTGRES_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>
#include <libpq-fe.h>

#include "db/db.h"
#include "os/file.h"

static inline PGconn *pg_open(const char *url)
{
    PGconn *c = PQconnectdb(url);
    assert_int_equal(PQstatus(c), CONNECTION_OK);
    return c;
}

static inline void pg_do(PGconn *c, const char *sql)
{
    PGresult *r = PQexec(c, sql);
    ExecStatusType status = PQresultStatus(r);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fail_msg("%s: %s", sql, PQerrorMessage(c));
    PQclear(r);
}

static inline void __attribute__((format(printf, 1, 2))) pg_admin(const char *format, ...)
{
    char sql[200];
    va_list values;
    va_start(values, format);
    vsnprintf(sql, sizeof sql, format, values);
    va_end(values);
    PGconn *c = pg_open(getenv("VIVIM_TEST_PG_URL"));
    pg_do(c, sql);
    PQfinish(c);
}

/* The server's URL with this database in place of its own. */
static inline struct str pg_url(struct arena *a, const char *database)
{
    struct str url = str_from(getenv("VIVIM_TEST_PG_URL"));
    size_t host = str_find(url, S("://"), 0) + 3;
    size_t path = str_find_char(url, '/', host), query = str_find_char(url, '?', host);
    if (path > query)
        path = query;
    return str_fmt(a, "%.*s/%s%.*s", (int)path, url.s, database,
                   STR_ARG(str_sub(url, query, url.n)));
}

static inline void pg_migrate(struct arena *a, const char *database)
{
    for (enum db_kind kind = DB_MAIN; kind <= DB_INDEX; kind++) {
        char *folder;
        struct db_store *s;
        assert_int_equal(folder_temp(a, "vivim-pg-", &folder), OK);
        struct db_options o = { .url = pg_url(a, database), .data_dir = folder, .kind = kind };
        assert_int_equal(db_open(&o, &s), OK);
        assert_int_equal(db_migrate(s, NULL), OK);
        db_close(s);
        folder_remove(folder);
    }
}

/* Make a database with all tables and no rows; its name is written to `ret_name`. */
static inline void pg_database_migrated(struct arena *a, char *ret_name, size_t room)
{
    static char model[40];
    static int number;
    if (!model[0]) {
        snprintf(model, sizeof model, "vivim_model_%d", (int)getpid());
        pg_admin("CREATE DATABASE %s", model);
        pg_migrate(a, model);
    }
    snprintf(ret_name, room, "vivim_%d_%d", (int)getpid(), number++);
    pg_admin("CREATE DATABASE %s TEMPLATE %s", ret_name, model);
}

/* With those who are still connected. */
static inline void pg_database_drop(const char *name)
{
    pg_admin("DROP DATABASE %s WITH (FORCE)", name);
}

#endif

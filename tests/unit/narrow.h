/* How far does a named query reach? Each is asked with the values of a row that is there, and must find it (else the
 * values would prove nothing); then again with each value in turn replaced by another, such as another account's id, and
 * must find and change nothing. So no condition of a query can be lost unnoticed. At its end a room's test calls
 * narrow_complete: a query that names an account and was never asked fails it, also one that comes later. */
#ifndef VIVIM_TEST_NARROW_H
#define VIVIM_TEST_NARROW_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "db/db.h"

struct narrow_param {
    const char *name;
    struct db_value value, other; /* other of type DB_NULL: what is written, or how much is asked */
};

struct narrow {
    struct db *db;
    const struct narrow_param *params;
    size_t count;
};

static inline const struct narrow_param *narrow_param(const struct narrow *n,
                                                      const struct db_query *q, const char *name)
{
    for (size_t i = 0; i < n->count; i++)
        if (strcmp(n->params[i].name, name) == 0)
            return &n->params[i];
    fail_msg("%s: the test has no value for :%s", q->name, name);
    return NULL;
}

static inline err_t narrow_count_row(void *context, const void *row)
{
    UNUSED(row);
    ++*(int64_t *)context;
    return OK;
}

/* The rows that it finds or changes; a change is undone. */
static inline int64_t narrow_reach(struct db *db, const struct db_query *q, struct db_args args)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    int64_t rows = 0;
    err_t e;
    if (strncmp(q->sqlite, "SELECT COUNT(*)", 15) == 0) {
        e = db_i64(db, q, args, &rows);
    } else if (strncmp(q->sqlite, "SELECT", 6) == 0 || strncmp(q->sqlite, "WITH", 4) == 0) {
        e = db_each(db, q, args, NULL, 0, 1, narrow_count_row, &rows);
    } else {
        assert_int_equal(db_txn_begin(&tx, db), OK);
        e = db_exec(db, q, args, &rows);
    }
    if (e != OK)
        fail_msg("%s: %s: %s", q->name, err_code(e), err_detail()->text);
    return rows;
}

/* Does a condition name the parameter with this number? */
static inline bool narrow_asks(const struct db_query *q, int number)
{
    struct str text = str_from(q->sqlite);
    char buffer[8];
    struct str name = str_of(buffer, (size_t)snprintf(buffer, sizeof buffer, "?%d", number));
    size_t at = str_find(text, S("WHERE"), 0);
    while ((at = str_find(text, name, at)) < text.n) {
        at += name.n;
        if (at == text.n || text.s[at] < '0' || text.s[at] > '9')
            return true;
    }
    return false;
}

static const struct db_query *narrow_asked[256];
static size_t narrow_asked_count;

static inline bool narrow_was_asked(const struct db_query *q)
{
    for (size_t i = 0; i < narrow_asked_count; i++)
        if (narrow_asked[i] == q)
            return true;
    return false;
}

static inline void narrow_query(const struct narrow *n, const struct db_query *q)
{
    struct db_value values[32];
    struct db_args args = { values, q->param_count };
    assert_true(q->param_count <= (int)COUNTOF(values));
    if (!narrow_was_asked(q)) {
        assert_true(narrow_asked_count < COUNTOF(narrow_asked));
        narrow_asked[narrow_asked_count++] = q;
    }
    for (int i = 0; i < q->param_count; i++)
        values[i] = narrow_param(n, q, q->params[i])->value;
    if (narrow_reach(n->db, q, args) < 1)
        fail_msg("%s does not find what is there", q->name);
    for (int i = 0; i < q->param_count; i++) {
        const struct narrow_param *p = narrow_param(n, q, q->params[i]);
        if (p->other.type == DB_NULL || !narrow_asks(q, i + 1))
            continue;
        values[i] = p->other;
        int64_t rows = narrow_reach(n->db, q, args);
        if (rows != 0)
            fail_msg("%s reaches %d rows with another :%s", q->name, (int)rows, p->name);
        values[i] = p->value;
    }
}

static inline bool narrow_takes(const struct db_query *q, const char *param)
{
    for (int i = 0; i < q->param_count; i++)
        if (strcmp(q->params[i], param) == 0)
            return true;
    return false;
}

/* What is new (INSERT … VALUES) finds nothing: the key of each table holds its owner. */
static inline bool narrow_is_new(const struct db_query *q)
{
    return strncmp(q->sqlite, "INSERT", 6) == 0 && strstr(q->postgres, "VALUES");
}

static inline bool narrow_listed(const struct db_query *const *list, size_t count,
                                 const struct db_query *q)
{
    for (size_t i = 0; i < count; i++)
        if (list[i] == q)
            return true;
    return false;
}

/* Of a NULL-ended list all that take the table's first parameter (the owner), but what is new and the named ones. */
static inline void narrow_all(const struct narrow *n, const struct db_query *const *all,
                              const struct db_query *const *except, size_t except_count)
{
    for (; *all; all++)
        if (!narrow_is_new(*all) && !narrow_listed(except, except_count, *all) &&
            narrow_takes(*all, n->params[0].name))
            narrow_query(n, *all);
}

/* Was each of a NULL-ended list that names an account asked, but what is new and the named ones? */
static inline void narrow_complete(const struct db_query *const *all,
                                   const struct db_query *const *except, size_t except_count)
{
    static const char *const WHOSE[] = { "owner", "account", "actor", "reader", "grantee" };
    for (; *all; all++)
        for (size_t i = 0; i < COUNTOF(WHOSE); i++)
            if (narrow_takes(*all, WHOSE[i]) && !narrow_is_new(*all) && !narrow_was_asked(*all) &&
                !narrow_listed(except, except_count, *all))
                fail_msg("%s takes :%s, and no test asks how far it reaches", (*all)->name,
                         WHOSE[i]);
}

#endif

/* One SQLite connection: opened as a store wants it, its errors as ours, its statements kept. It knows no groups and no
 * handles: the writer (db_group.c) and the driver (db_sqlite.c) stand on it, and the driver on the writer. */
#ifndef VIVIM_DB_SQLITE_CONNECTION_H
#define VIVIM_DB_SQLITE_CONNECTION_H

#include <sqlite3.h>

#include "db/db_inside.h"

/* The statements around every transaction, prepared once. */
enum sqlite_control {
    CONTROL_BEGIN,
    CONTROL_BEGIN_IMMEDIATE,
    CONTROL_COMMIT,
    CONTROL_ROLLBACK,
    CONTROL_SAVEPOINT, /* of the one member that has the turn */
    CONTROL_SAVEPOINT_RELEASE,
    CONTROL_SAVEPOINT_ROLLBACK,
    CONTROL_COUNT
};

struct sqlite_statement {
    const struct db_query *query;
    sqlite3_stmt *stmt;
    const struct db_col *cols; /* whose index stands below */
    uint8_t index[DB_COLUMNS_MAX];
    bool busy, temporary;
};

struct sqlite_connection {
    sqlite3 *handle;
    struct db_store *store;
    int64_t busy_ms, busy_began_ms; /* how long it waits for others' locks; since when */
    bool last_was_sync;
    int wal_pages;
    sqlite3_stmt *control[CONTROL_COUNT]; /* each prepared at its first use */
    struct sqlite_statement *cache[DB_STATEMENTS_MAX];
};

NODISCARD err_t sqlite_connection_open(struct db_store *s, bool writer,
                                       struct sqlite_connection **ret);
void sqlite_connection_close(struct sqlite_connection *c);
void sqlite_wait_for_others(struct sqlite_connection *c,
                            bool wait); /* for locks of other processes */
NODISCARD err_t sqlite_exec(struct sqlite_connection *c, const char *sql);
NODISCARD err_t sqlite_control(struct sqlite_connection *c, enum sqlite_control which);
/* FTS5 learns best_words (full_text.h): sqlite_best.c. */
NODISCARD err_t sqlite_best_register(struct sqlite_connection *c);
bool sqlite_in_transaction(struct sqlite_connection *c);
bool sqlite_last_was_sync(struct sqlite_connection *c); /* the last error was a failed sync */
int sqlite_wal_pages(struct sqlite_connection *c);
enum checkpoint {
    CHECKPOINT_PASSIVE, /* as far as it goes without waiting */
    CHECKPOINT_RESTART, /* waits a little for readers, and the log begins again */
    CHECKPOINT_TRUNCATE /* the same, and the log's file becomes empty */
};
/* *ret_done: all of the log is in the database (not so where readers are still in it). */
NODISCARD err_t sqlite_checkpoint(struct sqlite_connection *c, enum checkpoint how, bool *ret_done);

/* What SQLite just said, as an error with a note; `doing` names the work. A full or read-only disk is E_FULL, E_READ_ONLY. */
NODISCARD err_t sqlite_fail(struct sqlite_connection *c, const char *doing);
/* A new statement of a query (flags: SQLITE_PREPARE_…); the caller finalizes and frees it. E_SCHEMA, E_BUSY. */
NODISCARD err_t sqlite_prepare(struct sqlite_connection *c, const struct db_query *q,
                               unsigned flags, struct sqlite_statement **ret);
/* The kept one of a query, or one of its own (`temporary`) where that is running. */
NODISCARD err_t sqlite_statement_of(struct sqlite_connection *c, const struct db_query *q,
                                    struct sqlite_statement **ret);

#endif

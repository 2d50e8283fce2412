/* Inside the room: the store, a thread's handle, and what each database must be able to do. */
#ifndef VIVIM_DB_DB_INSIDE_H
#define VIVIM_DB_DB_INSIDE_H

#include "db/db.h"
#include "db/derived.h"
#include "os/thread.h"

#define DB_DOORBELL_CHANNEL "vivim_log"

enum {
    DB_NODE_BYTES = UUID_TEXT_BYTES + 1,
    DB_COLUMNS_MAX = 32,
    DB_STATEMENTS_MAX = 1024 /* in one connection's cache; a power of two */
};

struct db_migration { /* made by tools/sqlembed */
    int number;
    const char *name, *sqlite, *postgres;
};
extern const struct db_migration DB_MIGRATIONS_MAIN[],
    DB_MIGRATIONS_INDEX[]; /* ended by number 0 */

/* A running statement. */
struct db_cursor {
    struct db *db;
    void *statement;      /* of the database */
    int row, rows;        /* PostgreSQL */
    const uint8_t *index; /* column of the result for each of the caller's columns */
};

struct db_driver {
    err_t (*connect)(struct db *db);
    void (*disconnect)(struct db *db);
    /* Run; the cursor stands before the first row. `cols` are looked up by name (assert: they are there). */
    err_t (*run)(struct db *db, const struct db_query *q, struct db_args args,
                 const struct db_col *cols, size_t col_count, struct db_cursor *ret);
    err_t (*next)(struct db_cursor *c, bool *ret_row);
    /* Into the member of type t, NULL as db_set_null says; text goes into the arena. */
    err_t (*value)(struct db_cursor *c, int column, enum db_type t, struct arena *a, void *to);
    int64_t (*changed)(struct db_cursor *c);
    void (*done)(struct db_cursor *c);
    err_t (*together_end)(struct db *db); /* NULL: each write is done when it is asked for */
    bool (*reads_begin)(struct db *db);   /* NULL: has nothing of the kind */
    void (*reads_end)(struct db *db);
    err_t (*begin)(struct db *db);
    err_t (*commit)(struct db *db);
    void (*rollback)(struct db *db);
    err_t (*script)(struct db *db, const char *sql); /* several statements, no values: migrations */
    err_t (*prepare_check)(struct db *db, const struct db_query *q);
    err_t (*integrity)(struct db *db);
};
extern const struct db_driver DB_DRIVER_SQLITE, DB_DRIVER_POSTGRES;

/* Limits, in milliseconds: those of base/limits.h; tests make them shorter. */
struct db_waits {
    int statement_ms[DB_FOR_LONG + 1], lock_ms[DB_FOR_LONG + 1];
    int grace_ms, connect_ms, ask_again_ms, probe_ms, stopping_ms, doorbell_gap_ms;
};

struct db_store {
    const struct db_driver *driver;
    enum db_backend backend;
    enum db_kind kind;
    char *path_or_url;
    _Atomic bool read_only;
    void (*hook)(void *context, unsigned marks);
    void *hook_context;
    char node[DB_NODE_BYTES];     /* which of the nodes on one PostgreSQL; new with each opening */
    struct db_doorbell *doorbell; /* PostgreSQL (pg_doorbell.c); NULL: does not listen */
    _Atomic uint64_t commits, groups, failed_groups, checkpoints;
    struct db_writer *writer; /* SQLite */
    /* A derived one (db_open_derived.c). */
    bool is_derived;
    struct derived derived;
    _Atomic unsigned generation;  /* grows when another one comes into its place */
    _Atomic int64_t suspected_ms; /* monotonic: when a plain error was last taken for damage */
    struct db_waits waits;
    _Atomic int64_t
        stop_ms; /* on clock_real_ms: by then nobody waits any more; 0: it does not stop */
    /* PostgreSQL (pg_link.c), on clock_real_ms: is it silent, when was that found last, when did it last say
     * something, when may it be asked again? */
    _Atomic bool silent;
    _Atomic int64_t silent_ms, answered_ms, ask_again_ms;
};

/* db_common.c. How much of `ms` is left to whoever began to wait at began_ms, now that the store may be stopping; <= 0: none. */
int64_t db_wait_left(const struct db_store *s, int64_t began_ms, int64_t ms);

struct db {
    struct db_store *store;
    void *connection; /* of the database */
    bool in_txn, in_reads;
    unsigned marks;             /* db_txn_mark */
    bool keeps_reads, put_down; /* db_reads_keep; a transaction is open for the next reads … */
    uint64_t put_down_at;       /* … that saw at least so many groups */
    bool inside;                /* of the one that makes a derived store anew, and of migrations */
    unsigned generation;        /* of the store that it is connected to */
    int cursors;                /* statements that run */
    int together;               /* db_together_begin, how often */
    bool later;                 /* the statement that runs may wait for their end */
    err_t txn_error;            /* the transaction is lost; every further call in it gives this */
    void *group;                /* SQLite: the group that the transaction belongs to */
    bool hands_over;            /* db_hand_over_begin */
    bool joins;                 /* db_set_joins */
    void *handed;               /* SQLite: the group of a commit whose result is not known yet */
    err_t handed_error;         /* that group failed */
    enum db_patience patience;
    int64_t once_ms; /* of the next statement alone; 0: as patience says */
};

void db_set_null(enum db_type t, void *to); /* what NULL becomes in a struct (db.h, DB_COL) */
NODISCARD err_t db_schema_known(
    struct db_store *s); /* E_SCHEMA when the store is newer than this program (db_migrate.c) */

/* libpq is loaded (pq_library.c); E_INTERNAL. */
NODISCARD err_t pq_load(void);

/* The steps of db_open (db_open.c), for db_open_derived. */
NODISCARD err_t db_store_new(const struct db_options *o, struct db_store **ret);
NODISCARD err_t db_open_connections(struct db_store *s, const struct db_options *o);
/* A handle that is not kept from a derived store while that is made anew. */
NODISCARD err_t db_connect_inside(struct db_store *s, struct db **ret);

/* Handles on derived stores (db_derived.c). Before a use: E_REBUILDING, or the handle is of the store that is there now. */
NODISCARD err_t db_derived_ready(struct db *db);
/* After an error: damage is noted and becomes E_REBUILDING. */
err_t db_derived_error(struct db *db, err_t e);

/* A commit that was marked is there: the other nodes are to be told (pg_doorbell.c). Costs next to nothing; accepts a store
 * without a doorbell, which tells nobody. */
void db_doorbell_ring(struct db_store *s);

/* Group commit (db_group.c). */
NODISCARD err_t db_writer_open(struct db_store *s, bool group_commit);
void db_writer_close(struct db_store *s); /* accepts one without a writer */
/* In the writer's turn, with no group open: `between` takes the files away, and a new connection makes new ones. When
 * that fails the next transaction tries again to open them. E_BUSY (waited too long for the turn). */
NODISCARD err_t db_writer_renew(struct db_store *s, err_t (*between)(struct db_store *s));
struct sqlite_connection;
struct sqlite_connection *db_writer_connection(struct db_store *s);
NODISCARD err_t db_group_begin(struct db *db);
NODISCARD err_t db_group_commit(struct db *db);
void db_group_rollback(struct db *db);
/* Commits that were handed over. Commit what was handed over so far, unless others take their turn, who then do. */
void db_group_flush(struct db_store *s);
/* Wait for the handle's own (db->handed): its result. */
NODISCARD err_t db_group_settle(struct db *db);
/* *ret_told: `h` will be told. Else the group has ended already, and this is its result. */
NODISCARD err_t db_group_hand_over(struct db *db, struct db_handed *h, bool *ret_told);
/* A statement failed: when SQLite has ended the whole transaction, the group is lost. */
err_t db_group_statement_failed(struct db *db, err_t e);

#endif

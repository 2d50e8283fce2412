/* db: one door to SQLite and PostgreSQL.
 *
 * A store is an open database; a `struct db` is one thread's handle on it (a read connection with
 * SQLite, a connection with PostgreSQL). Queries are named, stand in <room>.sql and are embedded
 * at build time (tools/sqlembed.c); values go in by position of the first use of each :parameter.
 *
 * SQLite: WAL, synchronous=FULL, one write transaction at a time with group commit (DESIGN
 * section 4, docs/decisions/0002-group-commit.md): db_txn_begin takes the writer's turn and opens
 * a savepoint in the current group; db_txn_commit releases it and waits until the group's COMMIT
 * is on disk. A reply leaves only after its group is durable. When the group's COMMIT fails, or an
 * error ends SQLite's whole transaction, every member of the group fails. After a failed sync the
 * store is read-only (E_READ_ONLY) until it is opened again. A thread that has more to do need not wait: it hands its
 * commits over (db_hand_over_begin) and is told.
 * PostgreSQL: plain transactions; the server groups commits itself. Several nodes may work on one: what one commits
 * rings at the others (db_doorbell_open).
 *
 * Nobody waits for a store without end: statements, locks and connecting have limits (db_set_patience). A PostgreSQL that
 * is away, or does not answer, is E_STORE; a COMMIT whose answer did not come is E_UNCLEAR: it may be there or not. Once
 * it was silent, one caller at a time asks again and the others get E_STORE at once, until it answers. What its
 * library says (addresses, names) is err_cause's, never the detail's.
 */
#ifndef VIVIM_DB_DB_H
#define VIVIM_DB_DB_H

#include "base/crypto.h"
#include "base/uuid.h"

struct db_store;
struct db;

/* --- opening --------------------------------------------------------------------------- */

enum db_backend { DB_SQLITE, DB_POSTGRES };
/* The rows, or what is derived from them (full text and vectors): a file or schema of its own. */
enum db_kind { DB_MAIN, DB_INDEX };

struct db_options {
    struct str url;       /* "sqlite:" (in data_dir), "sqlite:/path", "postgresql://…" */
    const char *data_dir; /* holds vivim.db, index.db, blobs/ */
    enum db_kind kind;
    bool no_group_commit; /* benchmark's peer: one transaction for each write */
};

/* Where SQLite keeps what it needs only while a large transaction runs, in files without a name: a folder that outlasts all stores.
 * Once, before the first is opened; else where the system has such files. */
void db_temp_dir(const char *folder);

/* Open, make where absent; does not migrate. E_SCHEMA when the schema is newer than this program
 * (the note says what to do), E_DB, E_IO. */
NODISCARD err_t db_open(const struct db_options *o, struct db_store **ret);
/* The same for a store that is derived from the rows (kind DB_INDEX), and migrated: what is damaged, of another schema, or
 * no file of ours is set aside, and an empty store opened in its place; the log and a note (derived.h) say so. Damage
 * that shows later makes each use E_REBUILDING until derived_mend(db_derived(s)); handles stay good over that. */
NODISCARD err_t db_open_derived(const struct db_options *o, struct db_store **ret);
struct derived;
struct derived *db_derived(struct db_store *s); /* NULL: it was opened by db_open */
void db_close(struct db_store *s); /* accepts NULL; every handle must be disconnected */
enum db_backend db_backend(const struct db_store *s);

/* Migrations: forward only, one transaction each, with a checksum of those that ran (E_SCHEMA
 * when an applied one was changed). ret_applied may be NULL. */
NODISCARD err_t db_migrate(struct db_store *s, int *ret_applied);
struct db_migration_row {
    int number;
    const char *name;
    bool applied;
};
NODISCARD err_t db_migration_status(struct db_store *s, struct arena *a,
                                    struct db_migration_row **ret, size_t *ret_count);

/* One handle for the calling thread; not shared. With PostgreSQL the connection is made when it is first asked, so that
 * an outage is the error of what is asked. E_BUSY, E_DB. */
NODISCARD err_t db_connect(struct db_store *s, struct db **ret);
void db_disconnect(struct db *db); /* accepts NULL */
struct db_store *db_store_of(struct db *db);

/* How long a statement on this handle may take (base/limits.h). PostgreSQL; SQLite has one measure for all. */
enum db_patience {
    DB_FOR_REQUEST, /* where nothing else was said */
    DB_FOR_WORK,    /* jobs and consumers */
    DB_FOR_LONG     /* migrations, rebuilds, checks of everything */
};
void db_set_patience(struct db *db, enum db_patience p); /* outside a transaction: assert */
/* This handle's commits are in no hurry: each waits a few milliseconds for one that others make, and is in that. SQLite. */
void db_set_joins(struct db *db);
/* The program stops: from here on nobody waits for this store longer than DB_STOPPING_MS, whatever it waits for, and
 * what it waited for is E_STOPPING, E_STORE or E_BUSY. From any thread; accepts NULL. There is no way back. */
void db_stopping(struct db_store *s);
NODISCARD err_t db_integrity(
    struct db
        *db); /* the whole store is checked (SQLite: quick_check): E_CORRUPT; slow, for doctor */
bool db_is_read_only(const struct db_store *s);
/* Can it be read? For /readyz: it ends within timeout_ms (and what a connection takes to be made within that). E_STORE. */
NODISCARD err_t db_check(struct db *db, int64_t timeout_ms);

/* --- queries ----------------------------------------------------------------------------- */

struct db_query { /* made by tools/sqlembed from <room>.sql */
    const char *name, *sqlite, *postgres;
    const char *const *params;
    int param_count;
};

enum db_type { DB_NULL, DB_I64, DB_F64, DB_BOOL, DB_STR, DB_BYTES, DB_UUID };

struct db_value {
    enum db_type type;
    union {
        int64_t i64; /* also bool */
        double f64;
        struct str str; /* text or bytes */
        struct uuid uuid;
    };
};

#define DBI(x) ((struct db_value){ .type = DB_I64, .i64 = (x) })
#define DBF(x) ((struct db_value){ .type = DB_F64, .f64 = (x) })
#define DBB(x) ((struct db_value){ .type = DB_BOOL, .i64 = (x) })
#define DBS(x) db_str_value(x) /* STR_NONE (s NULL) is NULL */
#define DBX(x) ((struct db_value){ .type = DB_BYTES, .str = (x) })
#define DBU(x) ((struct db_value){ .type = DB_UUID, .uuid = (x) })
#define DBT(x) db_time_value(x) /* TIME_NONE is NULL */
#define DBN()  ((struct db_value){ .type = DB_NULL })
static inline struct db_value db_str_value(struct str s)
{
    return s.s ? (struct db_value){ .type = DB_STR, .str = s } : DBN();
}
static inline struct db_value db_time_value(int64_t ms)
{
    return ms == INT64_MIN ? DBN() : DBI(ms);
}

struct db_args {
    const struct db_value *values;
    int count;
};
#define DB_ARGS(...)                              \
    ((struct db_args){                            \
        (const struct db_value[]){ __VA_ARGS__ }, \
        (int)(sizeof((const struct db_value[]){ __VA_ARGS__ }) / sizeof(struct db_value)) })
#define DB_NO_ARGS ((struct db_args){ NULL, 0 })

/* A result row is mapped by a table of columns; names must match the query's (an assert looks, at the query's first use). A
 * column type DB_I64 takes int64_t (NULL gives INT64_MIN = TIME_NONE), DB_F64 double (NULL: NaN),
 * DB_BOOL bool, DB_STR and DB_BYTES struct str in the arena (NULL: STR_NONE), DB_UUID struct uuid (NULL: nil). */
struct db_col {
    const char *name;
    enum db_type type;
    size_t offset;
};
#define DB_COL(row, member, t)                   \
    {                                            \
#member, t, offsetof(struct row, member) \
    }

/* At most `limit` rows into an array in `a`. */
NODISCARD err_t db_rows(struct db *db, struct arena *a, const struct db_query *q,
                        struct db_args args, const struct db_col *cols, size_t col_count,
                        size_t row_size, size_t limit, void *ret_rows, size_t *ret_count);
/* Exactly the first row; E_NOT_FOUND when there is none. */
NODISCARD err_t db_one(struct db *db, struct arena *a, const struct db_query *q,
                       struct db_args args, const struct db_col *cols, size_t col_count,
                       void *ret_row);
/* Row by row without keeping them; `row` is reused (its text lives until `each` returns); an error of `each` stops and is returned. */
NODISCARD err_t db_each(struct db *db, const struct db_query *q, struct db_args args,
                        const struct db_col *cols, size_t col_count, size_t row_size,
                        err_t (*each)(void *context, const void *row), void *context);
/* A statement without rows. ret_changed (rows touched) may be NULL. A UNIQUE or CHECK violation is E_CONFLICT and
 * leaves the transaction usable (the statement alone is undone). Writes only inside a transaction: assert. */
NODISCARD err_t db_exec(struct db *db, const struct db_query *q, struct db_args args,
                        int64_t *ret_changed);
/* One integer (COUNT, MAX); NULL gives INT64_MIN; E_NOT_FOUND without a row. */
NODISCARD err_t db_i64(struct db *db, const struct db_query *q, struct db_args args, int64_t *ret);

/* Reads that belong together: with SQLite all until db_reads_end see one state of the store, and are
 * cheaper than each alone; PostgreSQL shows each its own. Keep it short (the log cannot begin
 * again meanwhile); a db_txn_begin before its end is an assert. */
void db_reads_begin(struct db *db);
void db_reads_end(struct db *db); /* accepts a handle without reads */
/* For a thread that serves many, one behind the other: from here on the end of reads only puts them down, and the next
 * begin takes them up again, unless something was committed since: nobody who was told of a write reads what was before
 * it. Whoever asks for this ends what was put down before it waits for anything: db_reads_drop. */
void db_reads_keep(struct db *db);
void db_reads_drop(struct db *db); /* accepts a handle that has put none down */

/* --- transactions -------------------------------------------------------------------------- */

struct db_txn {
    struct db *db; /* NULL: not open */
};
/* CLEANUP(db_txn_end) struct db_txn tx = { 0 }; rolls back unless committed.
 * A begin within a begin is an assert. Reads inside go through the writer's connection.
 * E_BUSY (waited too long for the turn), E_READ_ONLY, E_STORE, E_STOPPING, E_DB. */
NODISCARD err_t db_txn_begin(struct db_txn *tx, struct db *db);
NODISCARD err_t db_txn_commit(
    struct db_txn *
        tx); /* durable when it returns OK; else nothing of it is there (E_FULL, E_IO, E_DB, E_READ_ONLY, E_STORE) –
              * but with E_UNCLEAR nobody knows: the connection to PostgreSQL was lost over the answer */
void db_txn_end(struct db_txn *tx);
/* Many writes of one transaction, each without a look at what it did (db_exec without ret_changed): PostgreSQL gets them one behind
 * the other, and is waited for at the end, not each time. A read in between waits too. An error is that of one of
 * those since the begin, said by the end, a read, or a later write; what they wrote may be undone together. After an error
 * nobody need call the end. The outermost of several counts. SQLite does each when it is asked. */
void db_together_begin(struct db *db);
NODISCARD err_t db_together_end(struct db *db);
bool db_in_txn(const struct db *db);
/* Say what this transaction did that others wait for. After its durable commit the store calls the hook, once for all that
 * became durable together, with what they said. */
enum db_mark { DB_MARK_OPS = 1, DB_MARK_JOBS = 2, DB_MARK_ALL = DB_MARK_OPS | DB_MARK_JOBS };
void db_txn_mark(struct db *db, unsigned marks);
void db_on_commit(struct db_store *s, void (*hook)(void *context, unsigned marks), void *context);
/* From here on the hook is also called (DB_MARK_ALL) for what other nodes on the same PostgreSQL commit marked, and they are told of what
 * is committed marked here, once in DB_DOORBELL_GAP_MS at most; both from a thread of the store. It is a doorbell, which may
 * ring too often, and not at all while its connection is away or when the process dies first: whoever must hear looks now
 * and then. SQLite has no other nodes: nothing happens. Opened before other threads commit and closed after them, with
 * the same hook in between. E_BUSY. */
NODISCARD err_t db_doorbell_open(struct db_store *s);
/* What is still to be told is told; then nobody rings any more. Accepts one without a doorbell. */
void db_doorbell_close(struct db_store *s);

/* Hand-over (docs/decisions/0011-commit-hand-over.md): between begin and end, db_txn_commit on this handle comes back when the
 * transaction is prepared, and what it said OK to is durable only when `told` says so, or in its group's failure is not
 * there at all. A later question to the handle waits for that first, so that whoever wrote reads what it wrote; where it
 * failed, the question gives its error. Nothing may be told to anybody in between. On PostgreSQL db_txn_commit waits as ever. */
struct db_handed {
    struct db_handed *next;
    /* Once, from any thread, perhaps before db_hand_over_end has come back: e (with its note) is how the COMMIT ended. It
     * must not wait, and must not use a store: the writer's turn is held meanwhile. `h` may be gone after it. */
    void (*told)(struct db_handed *h, err_t e);
};
void db_hand_over_begin(struct db *db);
/* *ret_told: h->told is called. Else there is nothing to wait for: nothing was committed since the begin (OK), or how it
 * ended is known and returned. */
NODISCARD err_t db_hand_over_end(struct db *db, struct db_handed *h, bool *ret_told);
/* Who has handed over and has nothing more to add: commit it now. Returns when that is done, unless others are at work in
 * the same group, which then do it. Whoever hands over calls it before it rests. */
void db_flush(struct db_store *s);

/* Bring the write-ahead log into the database and cut it to nothing, so that no old page is left in it (SQLite; nothing
 * on PostgreSQL). Outside a transaction. E_BUSY: readers held it for too long, try again. E_IO, E_FULL, E_READ_ONLY. */
NODISCARD err_t db_cut_log(struct db_store *s);

struct db_stats {
    uint64_t commits, groups, failed_groups,
        checkpoints; /* commits: transactions; groups: COMMITs on disk */
};
void db_stats(struct db_store *s, struct db_stats *ret);

/* Does it prepare, with the parameters that it says it has? E_DB, E_SCHEMA. A test asks this of every query of every room
 * (SQL_ALL_<ROOM>, made by tools/sqlembed) on both databases. */
NODISCARD err_t db_prepare_check(struct db *db, const struct db_query *q);

#endif

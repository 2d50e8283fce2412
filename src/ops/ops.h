/* ops: the operation log, its consumers, and durable jobs.
 *
 * The log says who changed what (never the content), is appended inside the transaction of the
 * change, and is read from cursors. Nothing ever appears behind a cursor that has passed it:
 * SQLite's one writer gives that for nothing; on PostgreSQL readers order by (transaction id, seq)
 * and stop below pg_snapshot_xmin, so that what is committed may be readable only later. Ops are kept OPS_KEEP_MS; an older cursor is E_CURSOR_EXPIRED.
 * Jobs are rows with a lease: a crash makes them run again when the lease ends. */
#ifndef VIVIM_OPS_OPS_H
#define VIVIM_OPS_OPS_H

#include "registry/module.h"

/* --- log ---------------------------------------------------------------------------------- */

struct op_new {
    struct uuid owner_id, actor_id, device_id; /* actor and device may be nil */
    const char *entity, *kind, *fields;        /* fields may be NULL */
    struct uuid entity_id;
    int64_t version;
    bool
        fresh; /* it got its id just now, so nobody else can have a right on it yet: readers are not looked for */
};
/* Inside an open transaction (assert). Wakes the consumers after its durable commit. */
NODISCARD err_t ops_append(struct db *db, const struct op_new *op, int64_t now_ms);

/* A place in the log; opaque text outside (op_cursor_text). */
struct op_cursor {
    int64_t txid, seq; /* txid 0 with SQLite */
};
/* Ops after the cursor, at most limit (1 .. OPS_READ_MAX), oldest first; *cursor moves to the last
 * one. E_CURSOR_EXPIRED: ops after it were pruned, or it is from another life of the store
 * (restored from a backup). */
NODISCARD err_t ops_read(struct db *db, struct arena *a, struct op_cursor *cursor, size_t limit,
                         struct op **ret, size_t *ret_count);
/* The same of what concerns one account alone: ops about what it owns, and about what it is a reader of. Cost: what it finds,
 * however much others write. *ret_more: there is more up to the place where *cursor was to go; else *cursor is at the head. */
NODISCARD err_t ops_read_for(struct db *db, struct arena *a, struct uuid reader,
                             struct op_cursor *cursor, size_t limit, struct op **ret,
                             size_t *ret_count, bool *ret_more);

/* Who hears of a thing besides its owner: from when it becomes a reader until it is removed, every op about that thing goes
 * into its stream too. The room that gives a right keeps this beside it, in the same transaction; whether the reader may
 * still see an op is asked when it reads. */
enum { OP_READERS_MAX = 10000 };
NODISCARD err_t ops_reader_add(struct db *db, struct uuid owner, const char *entity, struct uuid id,
                               struct uuid reader);
NODISCARD err_t ops_reader_remove(struct db *db, struct uuid owner, const char *entity,
                                  struct uuid id, struct uuid reader);
NODISCARD err_t ops_readers(struct db *db, struct arena *a, struct uuid owner, struct str entity,
                            struct uuid id, struct uuid **ret, size_t *ret_count);
/* The thing is gone. */
NODISCARD err_t ops_readers_forget(struct db *db, struct uuid owner, struct str entity,
                                   struct uuid id);

/* Where a reader that has read the rows after this call goes on. */
NODISCARD err_t ops_head(struct db *db, struct op_cursor *ret);
struct str op_cursor_text(struct arena *a, struct op_cursor c);
/* E_BAD_INPUT. */
NODISCARD err_t op_cursor_parse(struct str text, struct op_cursor *ret);

/* Start the consumer and job threads of all modules of `app`; sets app->ops. On SQLite, jobs that a
 * dead process left running are queued again at once. */
NODISCARD err_t ops_start(struct app *app);
void ops_stop(
    struct app *app); /* running jobs get E_STOPPING through job_check and go back to the queue */
/* Tests and `vivim` commands: wait until the started consumers have passed everything committed and
 * no job is due or running (one that waits for its next try is not waited for). Asserts that
 * ops_start was called. E_TIMEOUT. */
NODISCARD err_t ops_settle(struct app *app, int64_t timeout_ms);

/* E_REBUILDING while the index store is being filled again from its beginning (it was damaged, or is new beside rows that
 * are old): what it gives would lack things, and look as if it did not. */
NODISCARD err_t ops_index_whole(struct app *app);

/* Its consumers and jobs make what was deleted leave the disk (erasure.c). In the table before the rooms that hold
 * something, so that rows go before the index is rewritten. */
extern const struct module ops_module;

/* --- jobs --------------------------------------------------------------------------------- */

struct job_row {
    struct uuid id, owner_id;
    struct str kind, status; /* queued running done failed cancelled */
    struct str payload, phase, state, error_code, error_detail;
    int64_t progress_done, progress_total; /* -1: not known */
    int64_t attempt, deaths; /* runs begun; of those, the ones that ended with their process */
    int64_t created_ms, updated_ms;
    int64_t position; /* jobs of the kind before it, when queued */
};

/* Queue a job inside an open transaction. `dedup` (may be STR_NONE): while a job of this owner,
 * kind and dedup is queued or running, gives its id instead (*ret_existing true). */
NODISCARD err_t job_add(struct db *db, struct arena *a, struct uuid owner, const char *kind,
                        struct str payload, struct str dedup, int64_t now_ms, struct uuid *ret_id,
                        bool *ret_existing);
/* One job of the owner, with live progress from memory where it runs here. E_NOT_FOUND. */
NODISCARD err_t job_get(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                        struct uuid id, struct job_row *ret);
/* Newest first. before_ms/before_id: the last one seen (INT64_MAX and nil first). */
NODISCARD err_t job_list(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                         const char *kind, int64_t before_ms, struct uuid before_id, size_t limit,
                         struct job_row **ret, size_t *ret_count);
/* Ask it to end: a queued one is cancelled at once, a running one at its next job_check. Opens its
 * own transaction. E_NOT_FOUND, E_CONFLICT (it has ended). */
NODISCARD err_t job_cancel(struct app *app, struct db *db, struct uuid owner, struct uuid id);

/* Remove the row of a job that has ended, and with it what it was asked. Inside an open transaction. */
NODISCARD err_t job_forget(struct db *db, struct uuid owner, struct uuid id);

/* From inside a run: */
NODISCARD err_t job_check(struct job_run *run); /* OK, E_CANCELLED or E_STOPPING */
/* A new phase is stored (with `state`, JSON text, STR_NONE to keep it) and told; counts within a
 * phase live in memory and are told. Opens its own transaction; `phase` has at most 63 bytes.
 * E_CANCELLED and E_STOPPING as job_check. */
NODISCARD err_t job_phase(struct job_run *run, const char *phase, struct str state);
void job_progress(struct job_run *run, int64_t done, int64_t total);
/* Members of the open object (DESIGN 5.4): status, phase, progress {done, total}, position, error
 * {code, detail} or null, created_at, updated_at. Counts that are not known are null. Each change
 * of a job is told as the event "progress" on the topic "<kind>:<id>" through app->tell: what the
 * kind's `write` gives, else {id, kind and these}. */
void job_write(struct json_out *o, const struct job_row *j);

#endif

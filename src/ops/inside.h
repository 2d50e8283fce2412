/* ops from inside: rows, the threads' shared state. Private to the room (and its unit tests). */
#ifndef VIVIM_OPS_INSIDE_H
#define VIVIM_OPS_INSIDE_H

#include "base/limits.h"
#include "db/derived.h"
#include "ops/ops.h"
#include "os/thread.h"

/* --- rows: ops_store.c ----------------------------------------------------------------------- */

static inline int op_cursor_cmp(struct op_cursor x, struct op_cursor y)
{
    if (x.txid != y.txid)
        return x.txid < y.txid ? -1 : 1;
    return x.seq == y.seq ? 0 : x.seq < y.seq ? -1 : 1;
}

NODISCARD err_t ops_store_append(struct db *db, const struct op_new *op, int64_t now_ms);
NODISCARD err_t ops_store_read(struct db *db, struct arena *a, struct op_cursor after, size_t limit,
                               struct op **ret, size_t *ret_count);
NODISCARD err_t ops_store_read_for(struct db *db, struct arena *a, struct uuid reader,
                                   struct op_cursor after, struct op_cursor upto, size_t limit,
                                   struct op **ret, size_t *ret_count);
NODISCARD err_t ops_store_floor(struct db *db, struct op_cursor *ret);
NODISCARD err_t ops_store_head(struct db *db, struct op_cursor *ret); /* E_NOT_FOUND: no op */
NODISCARD err_t ops_store_last(struct db *db, struct op_cursor *ret); /* E_NOT_FOUND: no op */
/* The oldest ops' places; `created` beside them. */
struct op_age {
    int64_t txid, seq, created_ms;
};
NODISCARD err_t ops_store_oldest(struct db *db, struct arena *a, size_t limit, struct op_age **ret,
                                 size_t *ret_count);
NODISCARD err_t ops_store_prune(struct db *db, struct op_cursor upto); /* and sets the floor */
NODISCARD err_t ops_store_log_foreign(struct db *db, bool *ret);
NODISCARD err_t ops_store_log_empty(struct db *db);

/* The account hears of nothing any more, and nobody hears of what was its own. */
NODISCARD err_t ops_store_readers_forget_account(struct db *db, struct uuid account);

NODISCARD err_t ops_store_cursor_get(struct db *db, const char *name,
                                     struct op_cursor *ret); /* 0, 0 when absent */
NODISCARD err_t ops_store_cursor_hold(struct db *db, const char *name, int64_t now_ms,
                                      struct op_cursor *ret); /* E_BUSY: another process */
NODISCARD err_t ops_store_cursor_set(struct db *db, const char *name, struct op_cursor c,
                                     int64_t now_ms);

struct job_record { /* job_row and what only ops needs */
    struct job_row row;
    int64_t run_ms;
    bool cancel;
};
struct job_lease {
    struct uuid owner, id, token;
};
NODISCARD err_t ops_store_job_insert(struct db *db, struct uuid owner, struct uuid id,
                                     const char *kind, struct str payload, struct str dedup,
                                     int64_t now_ms, bool *ret_inserted);
NODISCARD err_t ops_store_job_live(struct db *db, struct arena *a, struct uuid owner,
                                   const char *kind, struct str dedup, struct uuid *ret);
NODISCARD err_t ops_store_job_one(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                                  struct job_record *ret);
NODISCARD err_t ops_store_job_list(struct db *db, struct arena *a, struct uuid owner,
                                   const char *kind, int64_t before_ms, struct uuid before_id,
                                   size_t limit, struct job_record **ret, size_t *ret_count);
NODISCARD err_t ops_store_job_live_of(struct db *db, struct arena *a, struct uuid owner,
                                      int64_t until_ms, struct uuid after, size_t limit,
                                      struct job_record **ret, size_t *ret_count);
NODISCARD err_t ops_store_job_position(struct db *db,
                                       struct job_record *r); /* fills row.position */
NODISCARD err_t ops_store_job_due_count(struct db *db, const char *kind, int64_t now_ms,
                                        int64_t *ret);
NODISCARD err_t ops_store_job_queued_count(struct db *db, const char *kind, int64_t *ret);
NODISCARD err_t ops_store_job_running_count(struct db *db, const char *kind, int64_t *ret);
NODISCARD err_t ops_store_job_next_ms(struct db *db, const char *kind, int64_t now_ms,
                                      int64_t *ret); /* INT64_MIN: none */
/* Take the next due job under `token`; inside a transaction. E_NOT_FOUND: none. ret is as after the
 * claim. */
NODISCARD err_t ops_store_job_claim(struct db *db, struct arena *a, const char *kind,
                                    struct uuid token, int64_t lease_ms, int64_t now_ms,
                                    struct job_record *ret);
/* Each of these: *ret_held false when the lease is another's by now (nothing was changed). */
NODISCARD err_t ops_store_job_renew(struct db *db, const struct job_lease *l, int64_t lease_ms,
                                    bool *ret_held);
NODISCARD err_t ops_store_job_cancel_asked(struct db *db, const struct job_lease *l, bool *ret);
NODISCARD err_t ops_store_job_phase(struct db *db, const struct job_lease *l, const char *phase,
                                    struct str state, int64_t lease_ms, int64_t now_ms,
                                    bool *ret_held);
struct job_end {
    const char *status; /* done, failed, cancelled */
    struct str code, detail;
    int64_t done, total;
};
NODISCARD err_t ops_store_job_end(struct db *db, const struct job_lease *l,
                                  const struct job_end *end, int64_t now_ms, bool *ret_held);
NODISCARD err_t ops_store_job_requeue(struct db *db, const struct job_lease *l, int64_t attempt,
                                      int64_t run_ms, struct str code, struct str detail,
                                      int64_t now_ms, bool *ret_held);
NODISCARD err_t ops_store_job_requeue_all(struct db *db, int64_t now_ms);
NODISCARD err_t ops_store_job_cancel_queued(struct db *db, struct uuid owner, struct uuid id,
                                            int64_t now_ms, bool *ret_done);
NODISCARD err_t ops_store_job_cancel_running(struct db *db, struct uuid owner, struct uuid id,
                                             int64_t now_ms, bool *ret_done);
NODISCARD err_t ops_store_job_sweep(struct db *db, int64_t before_ms);
NODISCARD err_t ops_store_job_forget(struct db *db, struct uuid owner, struct uuid id);
NODISCARD err_t ops_store_job_delete_owner(struct db *db, struct uuid owner);

/* --- the log: ops_log.c ---------------------------------------------------------------------- */

/* Remove ops over OPS_KEEP_MS, a bounded number; *ret_more: there may be more. Opens its own
 * transaction. */
NODISCARD err_t ops_log_prune(struct db *db, struct arena *a, int64_t now_ms, bool *ret_more);
/* At the start: a log that came from another PostgreSQL server (restored rows) is emptied, for its
 * transaction numbers mean nothing here; every cursor into it expires. */
NODISCARD err_t ops_log_check(struct db *db);

/* --- consumers: consumers.c ------------------------------------------------------------------ */

struct consumer {
    const struct op_consumer *is;
    int failures;        /* in a row */
    int64_t next_ms;     /* monotonic: not before */
    struct op_cursor at; /* of a live one, and of one on this node */
    bool placed;         /* on this node: `at` has been read */
    bool begin_again;    /* its cursor is of another life of the store: to be rebuilt */
    bool behind; /* on the index, which was empty: it has not come to the end of the log yet */
};

struct ops_batch { /* what was read of the log in this round of the consumers */
    struct arena arena;
    struct op_cursor from;
    struct op *ops;
    size_t count;
};

struct consumers {
    struct consumer list[OPS_CONSUMERS_MAX];
    size_t count;
    struct thread thread;
    struct mutex mutex;
    struct cond cond;
    bool wake, stopping;     /* under mutex */
    bool gathering;          /* the same: it looks by itself in a moment */
    struct db *rows, *index; /* the thread's; no index while that is damaged */
    struct ops_batch batch;
    bool store_away; /* it has been said in the log */
    int64_t next_prune_ms, next_mend_ms;
    _Atomic bool index_behind; /* one of them is */
};

/* ops_batch.c. What is behind *io_at, which becomes its end: at most `limit`, of what was read already or of the log. *ret_more: perhaps
 * not all. The ops live until the batch is forgotten, or the log is read again. E_CURSOR_EXPIRED, and what a query can give. */
NODISCARD err_t ops_batch_read(struct ops_batch *b, struct db *rows, struct op_cursor *io_at,
                               size_t limit, struct op **ret, size_t *ret_count, bool *ret_more);
void ops_batch_forget(struct ops_batch *b);

NODISCARD err_t consumers_start(struct ops *ops);
void consumers_stop(struct ops *ops);
void consumers_wake(struct ops *ops);
/* Has every consumer passed what is committed now? `db` and `index` are the caller's handles. */
NODISCARD err_t consumers_idle(struct ops *ops, struct db *db, struct db *index, bool *ret);

/* --- consumers with effects on this node: node_cursor.c ---------------------------------------------- */

/* Where it stands; 0, 0 when there is no such file, or none that can be understood (which the log says). E_IO. */
NODISCARD err_t node_cursor_get(const struct app *app, struct arena *a, const char *name,
                                struct op_cursor *ret);
/* On the disk when it returns OK. E_IO, E_FULL, E_READ_ONLY. */
NODISCARD err_t node_cursor_set(const struct app *app, struct arena *a, const char *name,
                                struct op_cursor c);

/* --- the index store: index_store.c ---------------------------------------------------------- */

/* As something derived: NULL where there is none, or one that nobody mends (tests). */
struct derived *consumers_derived(struct ops *ops);
/* Before anybody can ask the index: how far its consumers are. */
NODISCARD err_t index_begin(struct ops *ops, struct db *rows);
/* On the consumers' thread, before each round: set a damaged one aside. */
void index_mend(struct ops *ops);
/* A consumer on it has come to the end of the log. */
void index_caught_up(struct ops *ops, struct consumer *one);

/* --- jobs: jobs.c, job_dispatch.c, job_worker.c ---------------------------------------------- */

enum { JOB_PHASE_BYTES_MAX = 63 };

struct job_run { /* one run under way; a slot of its kind */
    struct ops *ops;
    const struct job_kind *kind;
    struct thread thread;
    struct db *db;      /* the worker's handle */
    struct arena arena; /* of the run */
    struct job_lease lease;
    struct job_record record; /* as claimed; lives in `arena` */
    /* under the jobs' mutex: */
    enum { SLOT_FREE, SLOT_BUSY, SLOT_ENDED } slot; /* of the thread; ENDED: to be joined */
    bool active;                                    /* `lease` and `record` hold a job that runs */
    bool cancel, lost;
    char phase[JOB_PHASE_BYTES_MAX + 1];
    int64_t done, total;
    int64_t renewed_ms; /* monotonic */
    int64_t told_ms;    /* monotonic; the worker's own */
};

struct job_slots { /* of one kind */
    const struct job_kind *kind;
    struct job_run *runs;
    int count;
};

struct jobs {
    struct job_slots *kinds;
    size_t kind_count;
    struct thread thread; /* hands jobs out, renews leases, joins */
    struct mutex mutex;
    struct cond cond;
    bool wake, stopping; /* under mutex */
    bool gathering;      /* the same: the thread looks by itself in a moment */
    struct db *db;       /* the thread's */
    int64_t next_sweep_ms;
};

NODISCARD err_t jobs_start(struct ops *ops);
void jobs_stop(struct ops *ops);
void jobs_wake(struct ops *ops);
bool jobs_stopping(struct jobs *j);
NODISCARD err_t jobs_idle(struct ops *ops, struct db *db, bool *ret);
const struct job_kind *jobs_kind(const struct app *app, struct str name); /* NULL: no room has it */
struct job_run *jobs_run_of(struct ops *ops,
                            struct uuid id); /* with the mutex held; NULL: does not run here */
/* Tell the job as it is in `row` on its topic. */
void jobs_tell(struct app *app, struct db *db, const struct job_kind *kind,
               const struct job_row *row);
struct job job_of(const struct job_row *row);
void job_worker_run(
    void *run); /* thread function of a slot: takes jobs of its kind until none is due */
/* Mark a run as cancelled where it runs here. */
void jobs_cancel_here(struct ops *ops, struct uuid id);
/* Cancel what the owner has queued or running, if it was queued until then. Inside the caller's transaction. */
NODISCARD err_t jobs_end_of(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                            int64_t until_ms);

struct ops {
    struct app *app;
    struct arena arena; /* holds this struct and the slots */
    struct consumers consumers;
    struct jobs jobs;
};

#endif

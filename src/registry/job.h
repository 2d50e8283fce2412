/* Durable jobs: what a kind of job says of itself. They are kept and run by ops/. */
#ifndef VIVIM_REGISTRY_JOB_H
#define VIVIM_REGISTRY_JOB_H

#include "base/json_write.h"
#include "base/uuid.h"
#include "db/db.h"

struct app;

struct job {
    struct uuid id, owner_id;
    struct str kind, payload; /* payload: JSON text */
    struct str state;         /* JSON text that the job left at its last phase; "" at first */
    int64_t attempt;          /* 1 at the first run */
};

struct job_run; /* progress and cancel: ops.h */
struct job_row;

struct job_kind {
    const char *name;
    int parallel; /* runs at a time, 1..64, where parallel_of is NULL */
    /* The same, asked once when the jobs start: for a room whose setting says it. */
    int (*parallel_of)(const struct app *app);
    int attempts_max; /* afterwards the dead letter; runs that our stop ended do not count */
    int64_t lease_ms; /* renewed while it runs; another run starts after a crash when it ends */
    /* Run to the end; OK is done. E_BUSY, E_TIMEOUT, E_UPSTREAM, E_IO, E_DB, E_STORE, E_FULL, E_READ_ONLY
     * and E_STOPPING are tried again with backoff; others fail for good. May run twice after a
     * crash, but not for ever: after JOB_DEATHS_MAX runs that ended with their process it fails for
     * good with E_CRASHED. Called without an open transaction. */
    err_t (*run)(struct app *app, struct db *db, struct arena *a, const struct job *job,
                 struct job_run *run);
    /* It failed for good, or was cancelled (why is E_CANCELLED, also for one that never ran):
     * record that in the room's rows, inside the given open transaction. May be NULL. */
    err_t (*failed)(struct app *app, struct db *db, struct arena *a, const struct job *job,
                    err_t why, struct str detail);
    /* What is told of it on "<kind>:<id>": one JSON value. NULL: job_write. May read the rows. */
    err_t (*write)(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                   struct json_out *o);
};

#endif

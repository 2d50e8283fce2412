/* One run of an import's job, as its files share it: imports_job.c (the steps), imports_batch.c (what is stored together),
 * imports_media.c. Inside these only. */
#ifndef VIVIM_IMPORTS_IMPORTS_RUN_H
#define VIVIM_IMPORTS_IMPORTS_RUN_H

#include "archive/archive.h"
#include "imports/imports_store.h"
#include "imports/source.h"

/* A row of the report on its way, and the conversation that it is about. All lives in `a`. */
struct batch_item {
    struct arena a;
    struct import_item row; /* outcome STR_NONE: not decided, the conversation is to be stored */
    struct conversation c;
    struct sha256 digest;
    struct archive_media *media;
    size_t media_count;
    bool own;                   /* out of an archive of ours … */
    struct archive_added added; /* … with what its owner had added */
    int64_t entry, place;       /* how far the import is behind it */
};

struct import_run {
    struct app *app;
    struct db *db;
    struct arena *a; /* of the run */
    const struct job *job;
    struct job_run *run;
    struct import_row row;
    struct import_reading reading;
    int64_t entry, place;      /* where it is */
    int64_t number;            /* of the next row of the report */
    int64_t done_bytes;        /* of the entries behind it */
    int64_t media_deadline_ms; /* monotonic: what is fetched until then */
    struct batch_item *batch;  /* IMPORT_BATCH_MAX */
    size_t batch_count, batch_bytes;
};

/* A place of the batch, empty; what was in it is stored when it is full. Errors: those of storing. */
NODISCARD err_t batch_next(struct import_run *w, struct batch_item **ret);
/* It counts: the next batch_next gives another. */
void batch_keep(struct import_run *w, struct batch_item *i);
/* A row of the report without a conversation. */
NODISCARD err_t batch_report(struct import_run *w, struct str entry, size_t place,
                             const char *outcome, const char *code, struct str reason);
/* Store what there is, with its rows of the report and how far the import is: durable when it returns OK. */
NODISCARD err_t batch_flush(struct import_run *w);
/* Would trying again help? As in registry/job.h. */
bool import_is_passing(err_t e);

/* What a conversation says, for import_seen: of all that the archive would store of it. After conversation_hash. own_title: that
 * its owner gave it elsewhere; STR_NONE. */
struct sha256 import_digest(const struct conversation *c, const struct import_media *media,
                            size_t media_count, struct str own_title);

/* Pictures and files: those that came with it are stored as blobs, those at public addresses are fetched as captures do; their
 * hashes stand in the blocks then. What cannot be had is a finding. Not in a dry run. Errors as pictures_keep. */
NODISCARD err_t import_media_keep(struct import_run *w, struct import_source *s,
                                  struct batch_item *i);

err_t import_run_job(struct app *app, struct db *db, struct arena *a, const struct job *job,
                     struct job_run *run);
err_t import_job_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                        err_t why, struct str detail);
err_t import_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                       struct json_out *o);
err_t import_undo_job(struct app *app, struct db *db, struct arena *a, const struct job *job,
                      struct job_run *run);
err_t import_undo_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                         err_t why, struct str detail);
err_t import_undo_write(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                        struct json_out *o);

#endif

/* imports: what people have elsewhere comes in, by the file, the zip or the folder.
 *
 *   page, API, tus, command, watched folder -> files in the data folder (or where they lie) -> a durable job
 *        -> files.h, source.h: conversation after conversation -> archive, in batches -> a report, row by row
 *
 * Promises: what was reported is stored, and what is stored was reported (both in one transaction), so that a job that is
 * killed goes on where it was. The same again is `unchanged` and touches nothing. What failed or was passed over is named with
 * its place and reason, and is not the end of the rest. An import can be undone: what it made goes to the trash, what it
 * changed goes back to what it was, what somebody has touched since stays and is named.
 *
 * Rules in imports.c; the job in imports_job.c with imports_batch.c (what is stored together), imports_media.c; undoing in
 * imports_undo.c; what is received in imports_receive.c (multipart.h) and uploads.c (tus.h); the watched folder in
 * imports_watch.c; rows in imports_store.c, routes in imports_http.c. Reading what was given: files.h,
 * source.h and formats/, annotations.h.
 */
#ifndef VIVIM_IMPORTS_IMPORTS_H
#define VIVIM_IMPORTS_IMPORTS_H

#include "registry/module.h"

struct import_counts {
    int64_t made, changed, unchanged, skipped, failed, media, media_bytes;
};

struct import_row {
    struct uuid id;
    struct str label, path, way, provider, account; /* way: "upload", "path", "watch" */
    struct str state; /* open, done, cancelled, failed, undoing, undone */
    struct str error_code, error_detail;
    int64_t bytes, entry, place, items; /* entry, place: how far it is; items: rows of its report */
    int64_t count_made, count_changed, count_unchanged, count_skipped, count_failed, media,
        media_bytes;
    int64_t undone, kept; /* conversations, when it was undone */
    int64_t created_ms, ended_ms;
    bool dry_run;
};

struct import_item {
    int64_t number;
    struct str outcome, entry, reason_code, reason,
        title; /* title: of the conversation, as it is now */
    struct uuid conversation_id, source_id;
    int64_t place, version, captured_ms;
};

struct import_order {
    struct uuid owner_id;
    struct uuid id;   /* nil: chosen here */
    struct str label; /* for people; cut to IMPORT_NAME_BYTES_MAX */
    struct str
        path; /* absolute; or relative to the data folder, where the import owns it and removes it at its end */
    const char *way;
    struct str provider, account; /* STR_NONE: whatever the files say */
    bool
        dry_run; /* report what would come of it; nothing is stored, and what was given is kept for a while */
};
/* Begin one. Durable when it returns OK. E_INVALID (no such provider), E_NOT_FOUND (no such path). */
NODISCARD err_t import_start(struct app *app, struct db *db, struct arena *a,
                             const struct import_order *order, int64_t now_ms, struct uuid *ret_id);
/* After a dry run: the same files again, and in earnest. E_NOT_FOUND, E_CONFLICT (it was no dry run, has not ended, or its files
 * are gone). */
NODISCARD err_t import_take(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                            struct uuid id, int64_t now_ms, struct uuid *ret_id);
/* E_NOT_FOUND; E_CONFLICT: it has not ended, was a dry run, or is undone already. */
NODISCARD err_t import_undo(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                            struct uuid id, int64_t now_ms);
/* The report goes, what came in stays and cannot be undone any more. E_NOT_FOUND, E_CONFLICT (it has not ended). */
NODISCARD err_t import_delete(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                              struct uuid id);
NODISCARD err_t import_get(struct db *db, struct arena *a, struct uuid owner, struct uuid id,
                           struct import_row *ret);

/* As docs/api.md "Imports" says: one JSON value. */
NODISCARD err_t import_write(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                             const struct import_row *row, struct json_out *o);

extern const struct module imports_module;

#endif

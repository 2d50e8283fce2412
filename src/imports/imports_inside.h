/* What the files of the room share. Inside the room only. */
#ifndef VIVIM_IMPORTS_IMPORTS_INSIDE_H
#define VIVIM_IMPORTS_IMPORTS_INSIDE_H

#include "imports/imports_store.h"

struct job_row;

/* Where what was given lies; NULL: no memory. */
const char *import_path(const struct app *app, struct arena *a, const struct import_row *row);
/* An import has ended as `outcome` says: what the server kept of it goes (but a dry run's waits for the import in earnest), what lies
 * in the watched folder moves to its folder done or failed. Best effort. */
void import_files_end(const struct app *app, const struct import_row *row, const char *outcome);
/* Append an op about an import. */
NODISCARD err_t import_say(struct db *db, struct uuid owner, struct uuid id, const char *kind,
                           const char *fields, int64_t now_ms);
/* One JSON value. job: NULL when there is none any more. */
NODISCARD err_t import_write_with(const struct import_row *row, const struct job_row *job,
                                  struct json_out *o);
/* Tell it on import:<id>. Best effort. */
void import_tell(struct app *app, struct db *db, struct uuid owner, struct uuid id, bool last);
/* The room's sweep: expired uploads, dry runs that nobody took, old reports. */
NODISCARD err_t imports_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms);
/* Consumer of the op log: a conversation that is gone leaves the reports. */
NODISCARD err_t imports_consume(struct app *app, struct db *rows, struct db *effects,
                                struct arena *a, const struct op *ops, size_t count);

/* --- files on their way in ---------------------------------------------------------------------------- */

/* A folder of this owner's under the data folder, made: relative to it, in `a`. what: "imports" or "uploads". */
NODISCARD err_t import_folder_make(const struct app *app, struct arena *a, struct uuid owner,
                                   const char *what, struct uuid id, struct str *ret_relative);
/* A name as it may be in a folder of ours: no part is empty, hidden, "..", or longer than IMPORT_NAME_BYTES_MAX; "file" where nothing
 * is left. Backslashes part, too. In `a`. */
struct str import_safe_name(struct arena *a, struct str name);
/* A new file of that name (as import_safe_name gives it) in the folder, with the folders between; another number in front where
 * there is one already. E_IO, E_FULL. */
NODISCARD err_t import_file_make(struct arena *a, const char *folder, struct str safe_name,
                                 int *ret_fd, struct str *ret_path);
/* The request's body into the folder: the one file of that name, or the files of multipart/form-data. *ret_label: what to call it.
 * E_BAD_INPUT, E_LIMIT, E_IO, E_FULL. */
NODISCARD err_t import_receive(struct req *rq, const char *folder, struct str name,
                               struct str *ret_label);

size_t import_bytes_allowed(const struct app *app); /* for a body, an upload */
err_t uploads_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms);
/* The uploads of a list of ids, parted by commas, stand in the folder too. E_NOT_FOUND, E_CONFLICT (one is not complete), E_IO. */
NODISCARD err_t uploads_link(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                             struct str ids, const char *folder, struct str *ret_label);
/* They are not kept as uploads any more. */
NODISCARD err_t uploads_drop(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                             struct str ids);

/* --- the watched folder ---------------------------------------------------------------------------------- */

struct imports_watch;
NODISCARD err_t imports_watch_start(struct app *app, struct imports_watch **ret);
void imports_watch_stop(struct imports_watch *w); /* accepts NULL */

/* --- handlers of uploads (tus) ------------------------------------------------------------------------------ */

err_t upload_post(struct req *rq, struct reply *rp);
err_t upload_get(struct req *rq, struct reply *rp);
err_t upload_patch(struct req *rq, struct reply *rp);
err_t upload_delete(struct req *rq, struct reply *rp);

err_t imports_schemas(void);

#endif

/* The job of a capture: its steps. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_JOB_H
#define VIVIM_CAPTURE_CAPTURE_JOB_H

#include "capture/capture.h"

err_t capture_run(struct app *app, struct db *db, struct arena *a, const struct job *job,
                  struct job_run *run);
err_t capture_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                     err_t why, struct str detail);
err_t capture_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                        struct json_out *o);

#endif

/* The job of a capture: its steps, and what the room keeps for them. Inside the room only. */
#ifndef VIVIM_CAPTURE_CAPTURE_JOB_H
#define VIVIM_CAPTURE_CAPTURE_JOB_H

#include "capture/browser.h"
#include "capture/capture.h"
#include "capture/recipe.h"
#include "net/address.h"

/* The room's shared object. */
struct capture_room {
    struct arena arena;
    struct browser_pool *browsers;
    const struct recipe *recipes;
    size_t recipe_count;
    struct address_policy policy;
};
struct capture_room *capture_room(struct app *app);

err_t capture_run(struct app *app, struct db *db, struct arena *a, const struct job *job,
                  struct job_run *run);
err_t capture_failed(struct app *app, struct db *db, struct arena *a, const struct job *job,
                     err_t why, struct str detail);
err_t capture_job_write(struct app *app, struct db *db, struct arena *a, const struct job_row *row,
                        struct json_out *o);

#endif

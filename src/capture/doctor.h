/* How captures go: counters of how they ended, and what they say of each provider. The store's, not one account's. */
#ifndef VIVIM_CAPTURE_DOCTOR_H
#define VIVIM_CAPTURE_DOCTOR_H

#include "capture/capture.h"
#include "capture/capture_room.h"

/* Count one that ended, inside the transaction that says so. recipe, strategy: STR_NONE where none read the page. */
NODISCARD err_t doctor_count(struct app *app, struct db *db, struct str provider, struct str recipe,
                             struct str strategy, struct str outcome, int64_t now_ms);

/* The room's sweep (registry/module.h): counters of old days become one, so that there are never more rows than ways to end. */
NODISCARD err_t doctor_sweep(struct app *app, struct db *db, struct arena *a, int64_t now_ms);

/* {browser, days, providers: […]}: docs/api.md. Starts the browser's program to ask its version; a second or so. */
NODISCARD err_t doctor_write(struct app *app, struct db *db, struct arena *a, int64_t now_ms,
                             struct json_out *o);

/* vivim_captures_total for /metrics: since the process began. `context` is the app. */
void doctor_metrics(struct buf *out, void *context);

#endif

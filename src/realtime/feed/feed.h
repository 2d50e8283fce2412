/* The change feed: what the operation log says, to whom it concerns. A consumer of the living tells each user's room (live.c);
 * who was away asks by cursor (changes.c), and may wait for news (waiters.c). An op goes to its owner, and where it is about a
 * thing that can be shared to those who may read that. The same consumer tells the hub which rights and credentials went. */
#ifndef VIVIM_REALTIME_FEED_FEED_H
#define VIVIM_REALTIME_FEED_FEED_H

#include "hub/hub.h"
#include "ops/ops.h"

/* Registers with the hub. feed_stop is harmless where it did not. */
NODISCARD err_t feed_start(struct app *app, struct arena *a);
void feed_stop(struct app *app);
void feed_figures(struct app *app, struct buf *out); /* for Prometheus */

extern const struct op_consumer REALTIME_CONSUMERS[]; /* live.c */
enum { REALTIME_CONSUMER_COUNT = 1 };

/* One op, as a value. */
void op_write(struct json_out *o, const struct op *op);
/* What `user` may see of what changed after *cursor, at most `limit` ops; *cursor moves. Members `items`, `cursor`, `more` of the open object.
 * *ret_nothing: the log holds nothing after it that concerns the user. */
NODISCARD err_t changes_write(struct app *app, struct db *db, struct arena *a, struct uuid user,
                              struct op_cursor *cursor, size_t limit, struct json_out *o,
                              bool *ret_nothing);

/* Hold the request, whose answer is written, until something is told to its account: `emitted` is what hub_emitted gave before
 * the log was looked at. It is answered as it is then (look again), after CHANGES_WAIT_MS, or E_UNAUTHENTICATED as soon as its
 * credential has gone. */
NODISCARD err_t wait_for_change(struct req *rq, struct reply *rp, uint64_t emitted);

/* GET /api/v1/changes. */
extern const struct field CHANGES_QUERY[];
enum { CHANGES_QUERY_COUNT = 3 };
err_t changes_get(struct req *rq, struct reply *rp);

#endif

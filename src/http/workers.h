/* Threads that run handlers from start to end, each with a database handle. */
#ifndef VIVIM_HTTP_WORKERS_H
#define VIVIM_HTTP_WORKERS_H

#include "http/call.h"

NODISCARD err_t workers_start(struct http_server *s, int max, struct workers **ret);
/* The one thread for RUN_WRITE: whenever nothing waits it commits what its tasks have handed over. */
NODISCARD err_t workers_start_writer(struct http_server *s, struct workers **ret);
void workers_stop(struct workers *w); /* what waits is done; what comes later is E_STOPPING */
void workers_free(struct workers *w); /* when no loop runs that could ask */
NODISCARD err_t workers_push(struct workers *w, struct task *t);
/* The same, but what is given to it waits until workers_wake. */
NODISCARD err_t workers_add(struct workers *w, struct task *t);
void workers_wake(struct workers *w);
size_t workers_waiting(const struct workers *w);

#endif

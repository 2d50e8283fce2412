/* What is counted of calls, and all figures for Prometheus. */
#ifndef VIVIM_HTTP_METRICS_H
#define VIVIM_HTTP_METRICS_H

#include "http/call.h"

struct metrics *metrics_new(struct arena *a, size_t routes);
void metrics_count(struct metrics *m, size_t route, int status, int64_t micros);
void metrics_write(struct http_server *s, struct buf *out);

#endif

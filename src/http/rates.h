/* Token buckets. */
#ifndef VIVIM_HTTP_RATES_H
#define VIVIM_HTTP_RATES_H

#include "http/call.h"

/* factor: so many times the usual rates, 1 .. 1,000,000 (http_options.rate_factor). */
struct rates *rates_new(struct arena *a, int64_t factor);
void rates_free(struct rates *r);
bool rate_take_address(struct rates *r, struct str network, int64_t now_ms, int64_t *ret_retry_ms);
bool rate_take(struct rates *r, struct str key, enum rate_class class, int64_t now_ms,
               struct rate_result *ret, int64_t *ret_retry_ms);

#endif

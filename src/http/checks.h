/* What the columns of the route table ask for. */
#ifndef VIVIM_HTTP_CHECKS_H
#define VIVIM_HTTP_CHECKS_H

#include "http/call.h"

NODISCARD err_t check_host(struct call *c);
NODISCARD err_t check_same_site(struct call *c);
NODISCARD err_t check_caller(struct call *c); /* identity, who may call, scope */
NODISCARD err_t check_rate(struct call *c);   /* counts a request once, however often it is asked */
struct str retry_seconds(struct call *c,
                         int64_t ms); /* whole ones, at least one, for Retry-After */
bool needs_store(
    const struct call *c); /* or may it be answered on the loop, whatever the store does? */
bool http_origin_is_ours(const struct http_server *s, struct str origin);

/* head.c: what comes after the header block of a request with a body. */
enum http1_next call_head(struct call *c);
/* request.c */
bool is_json_type(struct str type);

/* idempotency.c */
bool idempotency_asked(const struct call *c); /* may there be a key? */
NODISCARD err_t idempotency_begin(struct call *c, bool *ret_replayed);
void idempotency_end(struct call *c, err_t e);

#endif

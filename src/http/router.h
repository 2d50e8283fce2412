/* The tables, checked. */
#ifndef VIVIM_HTTP_ROUTER_H
#define VIVIM_HTTP_ROUTER_H

#include "http/call.h"

/* E_INVALID names the row that does not hold. */
NODISCARD err_t router_new(struct arena *a, const struct route *const *tables, const size_t *counts,
                           size_t table_count, struct router **ret);
/* Fill route, route_index, params, wrong_method. The path is decoded segment by segment into the arena. */
NODISCARD err_t router_match(const struct router *r, struct call *c);
size_t router_count(const struct router *r);
const struct route *router_at(const struct router *r, size_t i);

#endif

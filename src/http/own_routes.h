/* The routes that are this room's own, and what the table of all of them becomes. */
#ifndef VIVIM_HTTP_OWN_ROUTES_H
#define VIVIM_HTTP_OWN_ROUTES_H

#include "http/call.h"

/* health.c: /livez, /readyz, /metrics, /openapi.json */
extern const struct route HTTP_OWN_ROUTES[];
extern const size_t HTTP_OWN_ROUTE_COUNT;
/* test_echo.c */
extern const struct route HTTP_TEST_ROUTES[];
extern const size_t HTTP_TEST_ROUTE_COUNT;
/* openapi.c */
NODISCARD err_t openapi_write(struct http_server *s, struct buf *out);

#endif

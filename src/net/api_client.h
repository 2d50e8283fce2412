/* HTTP to our own server over its Unix socket, for the commands. Blocking; libcurl. */
#ifndef VIVIM_NET_LOCAL_CLIENT_H
#define VIVIM_NET_LOCAL_CLIENT_H

#include "base/str.h"

struct local_request {
    const char *socket_path, *method;
    struct str target;        /* "/api/v1/search?q=..." */
    struct str acting_handle; /* "X-Vivim-User"; STR_NONE: none */
    struct str body;          /* JSON; STR_NONE: none */
    int64_t timeout_ms;       /* for all of it; of a streamed body: without progress */
    /* The body of a 2xx answer part by part instead of whole. Any error ends it and is given. NULL: whole. */
    err_t (*part)(void *context, struct str bytes);
    void *context;
};

struct local_reply {
    int status;
    struct str body; /* in the arena, at most 256 MiB */
};

/* E_UPSTREAM also for a body that is cut. E_NOT_FOUND when nobody listens there, E_TIMEOUT, E_UPSTREAM, E_LIMIT. */
NODISCARD err_t local_call(struct arena *a, const struct local_request *rq,
                           struct local_reply *ret);

#endif

/* HTTP to a server of ours, for the commands: this machine's over its Unix socket, or another by its address with a token. Blocking;
 * libcurl. A redirect is not followed: it is the answer. */
#ifndef VIVIM_NET_API_CLIENT_H
#define VIVIM_NET_API_CLIENT_H

#include "base/reader.h"

struct api_request {
    const char *socket_path; /* NULL: … */
    struct str base_url;     /* … "https://vivim.example", without a slash at its end */
    struct str token; /* sent as a bearer's; STR_NONE: none. Text without control characters */
    const char *method;
    struct str target;        /* "/api/v1/search?q=..." */
    struct str acting_handle; /* "X-Vivim-User"; STR_NONE: none */
    struct str body;          /* JSON; STR_NONE: none, or … */
    struct reader *stream;    /* … so many bytes, of no type; NULL: none */
    int64_t stream_bytes;
    int64_t timeout_ms; /* for all of it; of a streamed body, either way: without progress */
    /* The body of a 2xx answer part by part instead of whole. Any error ends it and is given. NULL: whole. */
    err_t (*part)(void *context, struct str bytes);
    void *context;
    err_t (*check)(
        void); /* asked now and then; any error ends it and is given. NULL: nobody asks */
};

struct api_reply {
    int status;
    struct str body; /* in the arena, at most 256 MiB */
};

/* Is it an address that a token may be sent to: https, or http to this machine itself (localhost, 127.0.0.1, [::1]); with nothing
 * behind the host and port but a slash? */
bool api_address_ok(struct str base_url);

/* E_UPSTREAM also for a body that is cut. E_NOT_FOUND when nobody listens there (or there is no such host), E_TIMEOUT, E_UPSTREAM,
 * E_LIMIT; the stream's and check's. */
NODISCARD err_t api_call(struct arena *a, const struct api_request *rq, struct api_reply *ret);

#endif

/* Fetching what a page or a person names: one GET over HTTP or HTTPS to public addresses only.
 *
 * Each hop is checked anew (net/address.h) and the connection goes to the checked address, so a redirect or a second
 * look-up leads nowhere else. Bytes, redirects and time are bounded. No cookies, no credentials, no proxy of the
 * environment. Blocking; libcurl. One struct fetch keeps its connections for the next request; it belongs to one thread.
 */
#ifndef VIVIM_NET_FETCH_H
#define VIVIM_NET_FETCH_H

#include "base/buf.h"
#include "net/address.h"

enum { FETCH_REDIRECTS_MAX = 5 };

struct fetch;

/* policy must live as long. E_BUSY. */
NODISCARD err_t fetch_open(const struct address_policy *policy, struct fetch **ret);
void fetch_close(struct fetch *f); /* accepts NULL */

struct fetch_request {
    struct str url;
    const char *accept;  /* "image/png, image/jpeg" */
    int64_t deadline_ms; /* monotonic, for all hops */
    /* Asked every PATIENCE_SLICE_MS; any error ends the request and is given. May be NULL. */
    err_t (*check)(void *context);
    void *context;
};

/* body          its maximum is the limit; emptied first
 * ret_status    of the last hop
 * Errors: E_INVALID (no URL of ours: another scheme, user info), E_BLOCKED (not a public address, another port),
 *         E_NOT_FOUND (no such name), E_LIMIT (larger than body's maximum), E_TIMEOUT,
 *         E_UPSTREAM (no connection, a broken answer, too many redirects), E_BUSY, check's. */
NODISCARD err_t fetch_get(struct fetch *f, struct arena *a, const struct fetch_request *rq,
                          struct buf *body, int *ret_status);

#endif

/* HTTP and HTTPS to others: what a page or a person names, and services that the operator named.
 *
 * To public addresses only. Each hop is checked anew (net/address.h) and the connection goes to the checked address, so a
 * redirect or a second look-up leads nowhere else. The one exception is an endpoint: a service that the operator's setting
 * gives a name, a host and a port (a model on this machine). A request says its name and a path; that host and port alone may
 * be private, and its redirects lead nowhere.
 *
 * Bytes, headers, redirects and time are bounded. No cookies, no credentials but those that the request carries, no proxy of
 * the environment. A header of the request goes to the origin that the request names, and never on to another one that it
 * is redirected to. Blocking; libcurl. One struct fetch keeps its connections for the next request; it belongs to one thread.
 */
#ifndef VIVIM_NET_FETCH_H
#define VIVIM_NET_FETCH_H

#include "base/buf.h"
#include "net/address.h"

enum {
    FETCH_REDIRECTS_MAX = 5,
    FETCH_HEADERS_MAX = 32,              /* of a request */
    FETCH_HEADERS_BYTES_MAX = 16 * 1024, /* of a request, all together */
    FETCH_HEAD_BYTES_MAX = 64 * 1024,    /* of an answer, all its headers */
    FETCH_ENDPOINTS_MAX = 32,
};

/* --- the operator's own services ---------------------------------------------------------------
 * For whatever speaks to a service that the operator chose and that may stand on this machine or in a private network: a
 * language model, a sign-in service. No setting names one yet; the first that does is read with fetch_endpoints_read. */

struct fetch_endpoint {
    struct str name; /* [a-z0-9_-], what a request says */
    struct str scheme,
        host; /* "http" or "https"; the host as in a URL, an IPv6 address with brackets */
    int port;
};

/* "local=http://127.0.0.1:11434, gpu=https://gpu.lan": as an operator writes them. No path, no user, no query. ret in `a`,
 * which `text` must outlive. E_INVALID with a note that says which one and why; E_LIMIT (FETCH_ENDPOINTS_MAX). */
NODISCARD err_t fetch_endpoints_read(struct arena *a, struct str text, struct fetch_endpoint **ret,
                                     size_t *ret_count);
/* NULL: none has that name */
const struct fetch_endpoint *fetch_endpoint_find(const struct fetch_endpoint *list, size_t count,
                                                 struct str name);

/* --- a request ---------------------------------------------------------------------------------- */

struct fetch;

/* policy must live as long. E_BUSY. */
NODISCARD err_t fetch_open(const struct address_policy *policy, struct fetch **ret);
void fetch_close(struct fetch *f); /* accepts NULL */

enum fetch_method { FETCH_GET, FETCH_HEAD, FETCH_POST, FETCH_PUT, FETCH_PATCH, FETCH_DELETE };

struct fetch_header {
    struct str name, value;
};

struct fetch_request {
    enum fetch_method method;
    struct str url; /* whole; with `endpoint`: path and query alone, "/v1/models" */
    const struct fetch_endpoint *endpoint; /* NULL: a public address */
    const char *accept;                    /* "image/png, image/jpeg"; NULL: anything */
    /* Framing is not theirs to say: Host, Content-Length, Transfer-Encoding, Connection and the like are E_INVALID. */
    const struct fetch_header *headers;
    size_t header_count;
    struct str body;     /* not with GET and HEAD; its Content-Type is among the headers */
    int64_t deadline_ms; /* monotonic, for all hops */
    int64_t
        idle_ms; /* nothing came and nothing went for so long: E_TIMEOUT. 0: only the deadline */
    /* Asked every PATIENCE_SLICE_MS; any error ends the request and is given. May be NULL. */
    err_t (*check)(void *context);
    void *context;
    /* Names in lower case of the headers that are wanted of the answer. */
    const char *const *wanted;
    size_t wanted_count;
    /* With fetch_stream: each part of the body as it comes, of the last hop alone; by then the reply's status and headers are
     * filled in. It may block. Any error ends the request and is given. */
    err_t (*part)(void *context, struct str bytes);
    uint64_t bytes_max; /* of a streamed body */
};

struct fetch_reply { /* of the last hop */
    int status;
    struct str *
        headers; /* one for each that was wanted, in `a`; STR_NONE: there was none. Of several, the first */
};

/* The answer's body into a buffer, whose maximum is the limit; it is emptied first. GET and HEAD follow up to
 * FETCH_REDIRECTS_MAX redirects; of another method, and of an endpoint, a redirect is the answer.
 * Errors: E_INVALID (no URL of ours: another scheme, user info; a header that cannot be sent), E_BLOCKED (not a public address,
 *         another port), E_NOT_FOUND (no such name), E_LIMIT (larger than the maximum; too many headers to send),
 *         E_TIMEOUT, E_UPSTREAM (no connection, a broken answer, too large a head, too many redirects), E_BUSY, check's. */
NODISCARD err_t fetch_whole(struct fetch *f, struct arena *a, const struct fetch_request *rq,
                            struct buf *body, struct fetch_reply *ret);
/* The same, with the body through rq->part. *ret is filled in before the first part, so also when a part fails. */
NODISCARD err_t fetch_stream(struct fetch *f, struct arena *a, const struct fetch_request *rq,
                             struct fetch_reply *ret);

#endif

/* The egress proxy: the browser's only way out (research/capture.md section 7).
 *
 * Each capture has a listener of its own on a free loopback port and its browser context knows no other proxy, so what
 * goes through is counted and bounded for that capture. Whoever else on this machine finds the port gets 407 and nothing
 * more: each capture has a password of its own, which its browser is told when it asks (docs/decisions/0007-egress-proxy.md). CONNECT and plain HTTP; every host is resolved once and checked (net/address.h)
 * and the connection goes to the checked address. WebSockets and workers come as CONNECT too.
 */
#ifndef VIVIM_CAPTURE_EGRESS_H
#define VIVIM_CAPTURE_EGRESS_H

#include "net/address.h"

struct egress;

struct egress_options {
    struct address_policy policy;
    size_t bytes_max;    /* both directions together; then everything is cut */
    int64_t deadline_ms; /* monotonic; then everything is cut */
};

/* Listening when it returns. E_BUSY, E_IO. */
NODISCARD err_t egress_start(const struct egress_options *o, struct egress **ret);
void egress_stop(struct egress *e); /* cuts what is open, ends its threads; accepts NULL */
int egress_port(const struct egress *e);
/* What the browser has to show: user EGRESS_USER and this password. As long as the proxy lives. */
#define EGRESS_USER "vivim"
struct str egress_password(const struct egress *e);
bool egress_over_limit(const struct egress *e); /* the bytes ran out */
size_t egress_bytes(const struct egress *e);
/* How many targets were refused to the browser; the last one's host in ret (may be NULL). */
size_t egress_refused(struct egress *e, struct arena *a, struct str *ret_last);

#endif

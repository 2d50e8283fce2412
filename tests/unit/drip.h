/* A reader that gives so many bytes at a time: what comes from a network or a pipe is cut anywhere. */
#ifndef VIVIM_TEST_DRIP_H
#define VIVIM_TEST_DRIP_H

#include "base/reader.h"

struct drip {
    struct reader reader; /* { drip_read } */
    struct str rest;      /* not owned */
    size_t at_once;       /* at least 1 */
};

static inline err_t drip_read(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct drip *d = (struct drip *)r;
    size_t n = d->at_once < max ? d->at_once : max;
    n = n < d->rest.n ? n : d->rest.n;
    memcpy(to, d->rest.s, n);
    d->rest = str_sub(d->rest, n, d->rest.n);
    *ret_n = n;
    return OK;
}

#endif

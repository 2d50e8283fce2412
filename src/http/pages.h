/* Rendered pages, of each loop (docs/decisions/0012-page-cache.md). */
#ifndef VIVIM_HTTP_PAGES_H
#define VIVIM_HTTP_PAGES_H

#include "http/call.h"

struct page_store *pages_new(struct arena *a, int loops);
void pages_free(struct page_store *s); /* when no loop runs; accepts NULL */
void pages_keep(struct call *c);       /* what its handler has written, if that asked for it */
void pages_tidy(struct page_store *s, const struct net_loop *l); /* on the loop, each turn */
void pages_write(struct page_store *s, struct buf *out);         /* figures, for /metrics */

#endif

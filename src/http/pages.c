/* Rendered pages, kept by each loop for itself (docs/decisions/0012-page-cache.md). The handler asks when it has found what
 * is to be shown and that the caller may see it; the key holds all that the bytes depend on. Nothing here is shared between
 * threads but the epoch, and the figures. */
#include <stdatomic.h>

#include "base/pool.h"
#include "base/table.h"
#include "http/pages.h"

struct page {
    struct table_node node;     /* the first */
    struct page *newer, *older; /* by their last use */
    struct buf bytes;           /* the key, and the body behind it */
};

struct pages {
    struct table table;
    struct pool pool;
    struct page *newest, *oldest;
    size_t bytes;
    unsigned epoch; /* of what is in it */
};

struct page_store {
    _Atomic unsigned epoch;               /* grows when all is to be forgotten */
    _Atomic uint64_t hits, misses, bytes; /* figures */
    int count;
    struct pages loops[];
};

static size_t cost_of(const struct page *p)
{
    return sizeof *p + p->bytes.cap;
}

static void unlink_page(struct pages *all, struct page *p)
{
    *(p->newer ? &p->newer->older : &all->newest) = p->older;
    *(p->older ? &p->older->newer : &all->oldest) = p->newer;
    p->newer = p->older = NULL;
}

static void link_newest(struct pages *all, struct page *p)
{
    p->older = all->newest;
    *(all->newest ? &all->newest->newer : &all->oldest) = p;
    all->newest = p;
}

static void drop(struct page_store *s, struct pages *all, struct page *p)
{
    unlink_page(all, p);
    table_remove(&all->table, &p->node);
    all->bytes -= cost_of(p);
    s->bytes -= cost_of(p);
    buf_free(&p->bytes);
    pool_put(&all->pool, p);
}

static void drop_all(struct page_store *s, struct pages *all)
{
    while (all->oldest)
        drop(s, all, all->oldest);
}

struct page_store *pages_new(struct arena *a, int loops)
{
    struct page_store *s = arena_alloc(a, sizeof *s + (size_t)loops * sizeof s->loops[0]);
    if (!s)
        return NULL;
    s->count = loops;
    for (int i = 0; i < loops; i++)
        pool_init(&s->loops[i].pool, sizeof(struct page));
    return s;
}

void pages_free(struct page_store *s)
{
    for (int i = 0; s && i < s->count; i++) {
        drop_all(s, &s->loops[i]);
        table_free(&s->loops[i].table);
        pool_free(&s->loops[i].pool);
    }
}

void pages_write(struct page_store *s, struct buf *out)
{
    buf_putf(out,
             "# TYPE vivim_page_cache_hits_total counter\nvivim_page_cache_hits_total %llu\n"
             "# TYPE vivim_page_cache_misses_total counter\nvivim_page_cache_misses_total %llu\n"
             "# TYPE vivim_page_cache_bytes gauge\nvivim_page_cache_bytes %llu\n",
             (unsigned long long)s->hits, (unsigned long long)s->misses,
             (unsigned long long)s->bytes);
}

/* The loop's own, empty where all was to be forgotten. */
static struct pages *current(struct page_store *s, const struct net_loop *l)
{
    struct pages *all = &s->loops[l->number];
    unsigned epoch = s->epoch;
    if (all->epoch != epoch)
        drop_all(s, all);
    all->epoch = epoch;
    return all;
}

/* NULL on a worker. */
static struct pages *pages_of(struct call *c)
{
    const struct net_loop *l = c->exchange->loop;
    return l->context && c->rq.db == l->context ? current(c->server->pages, l) : NULL;
}

bool reply_page(struct req *rq, struct reply *rp, struct str key)
{
    struct call *c = (struct call *)rq;
    struct pages *all = pages_of(c);
    if (!all)
        return false;
    struct page *p = (struct page *)table_get(&all->table, key);
    if (!p) {
        c->server->pages->misses++;
        rp->page_key = str_dup(rq->arena, key);
        return false;
    }
    c->server->pages->hits++;
    unlink_page(all, p);
    link_newest(all, p);
    reply_bytes(rp, S("application/json"), str_sub(buf_str(&p->bytes), key.n, p->bytes.n));
    rp->passing = true; /* it may be dropped before a slow client has read its answer */
    return true;
}

void pages_keep(struct call *c)
{
    struct reply *rp = &c->rp;
    struct pages *all = rp->page_key.s && rp->has_json && rp->status == 200 ? pages_of(c) : NULL;
    struct str key = rp->page_key, body = buf_str(&rp->json);
    if (!all || key.n + body.n > PAGE_CACHE_ITEM_BYTES_MAX)
        return;
    struct page *p = POOL_NEW(&all->pool, struct page);
    if (!p)
        return; /* without memory nothing is kept, and nothing fails */
    buf_init(&p->bytes, NULL, PAGE_CACHE_ITEM_BYTES_MAX);
    if (buf_reserve(&p->bytes, key.n + body.n)) {
        buf_put(&p->bytes, key);
        buf_put(&p->bytes, body);
    }
    if (buf_err(&p->bytes) != OK ||
        table_put(&all->table, &p->node, str_sub(buf_str(&p->bytes), 0, key.n)) != OK) {
        buf_free(&p->bytes);
        pool_put(&all->pool, p);
        return;
    }
    link_newest(all, p);
    all->bytes += cost_of(p);
    c->server->pages->bytes += cost_of(p);
    while (all->bytes > PAGE_CACHE_BYTES_MAX)
        drop(c->server->pages, all, all->oldest);
}

/* --- all of it ------------------------------------------------------------------------------------- */

void pages_tidy(struct page_store *s, const struct net_loop *l)
{
    (void)current(s, l);
}

void http_pages_forget(struct http_server *s)
{
    s->pages->epoch++; /* each loop sees it at its next turn, at the latest with its tick */
}

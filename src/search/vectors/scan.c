/* Many vectors in memory (vectors.h): pages of them, so that growing moves nothing, a bit for each item that is kept, and a small
 * heap of the nearest. */
#include "base/map.h"
#include "os/process.h"
#include "search/vectors/bytes_dot.h"
#include "search/vectors/vectors.h"

enum {
    PAGE = 1024,
    PAGES_MAX = 4096,
    SLAB_PAGES =
        8, /* behind the first so many, vectors of so many pages lie in one piece of large pages of memory: what limits a
                       scan is memory, and with small ones it takes twice as long (docs/performance.md) */
};

struct page {
    struct search_near_item items[PAGE];
    float scales[PAGE]; /* 0: a hole */
    float parts[PAGE];  /* the same of the first bytes alone */
    int8_t *vectors;    /* PAGE x bytes */
};

struct search_near {
    struct arena arena; /* holds this struct */
    uint32_t bytes, part;
    struct page *pages[PAGES_MAX];
    size_t count, holes; /* items ever put; of those, gone */
    uint32_t *
        slots; /* by id: item + 1; 0 never used. Open addressing; what has gone is found and skipped */
    size_t slot_count;
};

static struct page *page_of(const struct search_near *n, size_t at)
{
    return n->pages[at / PAGE];
}

err_t search_near_new(uint32_t bytes, uint32_t part, size_t max_bytes, struct search_near **ret)
{
    assert(bytes && bytes % 32 == 0 && bytes <= SEARCH_VECTOR_BYTES_MAX);
    assert(part <= bytes && part % 16 == 0);
    struct arena arena;
    arena_init(&arena, max_bytes);
    struct search_near *n = ARENA_NEW(&arena, struct search_near);
    uint32_t *slots = ARENA_ARRAY(&arena, uint32_t, PAGE);
    if (!n || !slots) {
        err_t e = arena_err(&arena);
        arena_free(&arena);
        return e;
    }
    *n = (struct search_near){
        .arena = arena, .bytes = bytes, .part = part, .slots = slots, .slot_count = PAGE
    };
    *ret = n;
    return OK;
}

void search_near_free(struct search_near *n)
{
    if (!n)
        return;
    struct arena arena = n->arena;
    arena_free(&arena);
}

size_t search_near_live(const struct search_near *n)
{
    return n->count - n->holes;
}

size_t search_near_holes(const struct search_near *n)
{
    return n->holes;
}

/* --- by id ---------------------------------------------------------------------------------------------- */

/* The slot that holds the id, or the free one where it belongs. */
static uint32_t *slot_for(const struct search_near *n, struct uuid id)
{
    size_t at = hash64(str_of((const char *)&id, sizeof id)) & (n->slot_count - 1);
    while (n->slots[at]) {
        size_t item = n->slots[at] - 1;
        if (uuid_eq(page_of(n, item)->items[item % PAGE].id, id))
            break;
        at = (at + 1) & (n->slot_count - 1);
    }
    return &n->slots[at];
}

static err_t grow_slots(struct search_near *n)
{
    if (n->count * 2 < n->slot_count)
        return OK;
    uint32_t *slots = ARENA_ARRAY(&n->arena, uint32_t, n->slot_count * 2);
    if (!slots)
        return arena_err(&n->arena);
    n->slots = slots;
    n->slot_count *= 2;
    for (size_t i = 0; i < n->count; i++) /* of twins the later one stays, which is the live one */
        *slot_for(n, page_of(n, i)->items[i % PAGE].id) = (uint32_t)i + 1;
    return OK;
}

/* Of the page at this place. NULL: the arena says why. */
static int8_t *room_for_vectors(struct search_near *n, size_t at)
{
    size_t page_bytes = (size_t)PAGE * n->bytes, slab_bytes = page_bytes * SLAB_PAGES;
    if (at < SLAB_PAGES)
        return (int8_t *)arena_bytes(&n->arena, page_bytes);
    if (at % SLAB_PAGES)
        return n->pages[at - 1]->vectors + page_bytes;
    char *slab = arena_bytes(&n->arena, slab_bytes);
    if (slab)
        memory_in_large_pages(slab, slab_bytes);
    return (int8_t *)slab;
}

static err_t grow_pages(struct search_near *n)
{
    if (n->count % PAGE)
        return OK;
    if (n->count / PAGE == PAGES_MAX)
        return E_LIMIT;
    size_t at = n->count / PAGE;
    struct page *p = ARENA_NEW(&n->arena, struct page);
    int8_t *vectors = p ? room_for_vectors(n, at) : NULL;
    if (!vectors)
        return arena_err(&n->arena);
    p->vectors = vectors;
    n->pages[at] = p;
    return OK;
}

static void make_hole(struct search_near *n, size_t at)
{
    float *scale = &page_of(n, at)->scales[at % PAGE];
    if (*scale > 0) {
        *scale = 0;
        n->holes++;
    }
}

void search_near_remove(struct search_near *n, struct uuid id)
{
    uint32_t slot = *slot_for(n, id);
    if (slot)
        make_hole(n, slot - 1);
}

void search_near_remove_children(struct search_near *n, struct uuid parent)
{
    for (size_t i = 0; i < n->count; i++)
        if (uuid_eq(page_of(n, i)->items[i % PAGE].parent, parent))
            make_hole(n, i);
}

err_t search_near_put(struct search_near *n, const struct search_near_item *item,
                      const struct search_vector *v)
{
    if (!(v->scale > 0)) {
        search_near_remove(n, item->id);
        return OK;
    }
    TRY(grow_slots(n));
    TRY(grow_pages(n));
    uint32_t *slot = slot_for(n, item->id);
    if (*slot)
        make_hole(n, *slot - 1);
    struct page *p = page_of(n, n->count);
    size_t at = n->count % PAGE;
    p->items[at] = *item;
    p->scales[at] = v->scale;
    p->parts[at] = bytes_scale(v->v, n->part);
    memcpy(p->vectors + at * n->bytes, v->v, n->bytes);
    *slot = (uint32_t)++n->count;
    return OK;
}

/* --- the nearest ------------------------------------------------------------------------------------------ */

static bool nearer(const struct search_near_hit *x, const struct search_near_hit *y)
{
    if (x->cosine != y->cosine)
        return x->cosine > y->cosine;
    return memcmp(&x->item->id, &y->item->id, sizeof x->item->id) < 0;
}

struct nearest { /* a heap, the farthest on top */
    struct search_near_hit *hits;
    size_t count, limit;
};

static void sink(struct search_near_hit *h, size_t count, size_t at)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= count)
            return;
        if (child + 1 < count && nearer(&h[child], &h[child + 1]))
            child++;
        if (!nearer(&h[at], &h[child]))
            return;
        struct search_near_hit swap = h[at];
        h[at] = h[child];
        h[child] = swap;
        at = child;
    }
}

static void offer(struct nearest *n, struct search_near_hit hit)
{
    if (n->count == n->limit) {
        if (!nearer(&hit, &n->hits[0]))
            return;
        n->hits[0] = hit;
        sink(n->hits, n->count, 0);
        return;
    }
    size_t at = n->count++;
    for (; at && nearer(&n->hits[(at - 1) / 2], &hit); at = (at - 1) / 2)
        n->hits[at] = n->hits[(at - 1) / 2];
    n->hits[at] = hit;
}

static void sort_heap(struct nearest *n)
{
    for (size_t left = n->count; left > 1; left--) {
        struct search_near_hit farthest = n->hits[0];
        n->hits[0] = n->hits[left - 1];
        n->hits[left - 1] = farthest;
        sink(n->hits, left - 1, 0);
    }
}

struct scan {
    int16_t wide[SEARCH_VECTOR_BYTES_MAX];
    float scale;
    uint32_t bytes, stride;
    bool whole;
    bool (*keep)(const struct search_near_item *item, void *context);
    void *context;
};

static void scan_page(const struct scan *s, const struct page *p, size_t count, struct nearest *to)
{
    int32_t dots[PAGE];
    bool kept[PAGE], all = true;
    const float *scales = s->whole ? p->scales : p->parts;
    for (size_t i = 0; i < count; i++) {
        kept[i] = p->scales[i] > 0 && (!s->keep || s->keep(&p->items[i], s->context));
        all &= kept[i];
    }
    if (all)
        bytes_dot_many(s->wide, p->vectors, s->bytes, s->stride, count, dots);
    for (size_t i = 0; i < count; i++) {
        if (!kept[i])
            continue;
        int32_t dot = all ? dots[i] : bytes_dot(s->wide, p->vectors + i * s->stride, s->bytes);
        offer(to, (struct search_near_hit){ .item = &p->items[i],
                                            .cosine = s->scale * scales[i] * (float)dot });
    }
}

size_t search_near_scan(const struct search_near *n, const struct search_vector *query, bool whole,
                        bool (*keep)(const struct search_near_item *item, void *context),
                        void *context, struct search_near_hit *hits, size_t limit)
{
    struct scan s = { .scale = whole ? query->scale : bytes_scale(query->v, n->part),
                      .bytes = whole ? n->bytes : n->part,
                      .stride = n->bytes,
                      .whole = whole,
                      .keep = keep,
                      .context = context };
    struct nearest to = { .hits = hits, .limit = limit };
    if (!(s.scale > 0) || !limit)
        return 0;
    bytes_widen(query->v, s.bytes, s.wide);
    for (size_t from = 0; from < n->count; from += PAGE)
        scan_page(&s, page_of(n, from), n->count - from < PAGE ? n->count - from : PAGE, &to);
    sort_heap(&to);
    return to.count;
}

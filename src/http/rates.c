/* Token buckets in a fixed table. A key that finds its places taken replaces the bucket that was idle longest, so the
 * memory is bounded and a flood of addresses costs its own accuracy alone. Strangers are told apart by their network
 * (net_address_network): who has an IPv6 /64 has 2^64 addresses. */
#include "http/rates.h"
#include "base/map.h"
#include "os/thread.h"

enum { SLOTS = 8192, WAYS = 8, LOCKS = 64 };

struct bucket {
    uint64_t key; /* 0: free */
    int64_t updated_ms;
    double tokens;
};

struct rates {
    double factor;
    struct bucket slots[SLOTS];
    struct mutex locks[LOCKS];
};

/* A burst, and how many come back in a second. */
static const struct {
    double burst, each_second;
} CLASSES[RATE_CLASS_COUNT] = {
    [RATE_READ] = { 2000, 400 }, [RATE_WRITE] = { 600, 100 }, [RATE_LOGIN] = { 60, 1 },
    [RATE_CAPTURE] = { 60, 2 },  [RATE_SEARCH] = { 300, 50 },
};
/* Before anybody is known: coarse, by address; a burst of 500 passes well. */
static const double ADDRESS_BURST = 3000, ADDRESS_EACH_SECOND = 1000;

struct rates *rates_new(struct arena *a, int64_t factor)
{
    struct rates *r = ARENA_NEW(a, struct rates);
    if (r)
        r->factor = (double)factor;
    for (int i = 0; r && i < LOCKS; i++)
        mutex_init(&r->locks[i]);
    return r;
}

void rates_free(struct rates *r)
{
    for (int i = 0; r && i < LOCKS; i++)
        mutex_free(&r->locks[i]);
}

static struct bucket *find(struct rates *r, uint64_t key, size_t group, double burst,
                           int64_t now_ms)
{
    struct bucket *oldest = &r->slots[group * WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        struct bucket *b = &r->slots[group * WAYS + i];
        if (b->key == key)
            return b;
        if (b->updated_ms < oldest->updated_ms)
            oldest = b;
    }
    *oldest = (struct bucket){ key, now_ms, burst };
    return oldest;
}

static bool take(struct rates *r, uint64_t key, double burst, double each_second, int64_t now_ms,
                 double *ret_left, int64_t *ret_retry_ms)
{
    size_t group = (size_t)(key % (SLOTS / WAYS));
    struct mutex *lock = &r->locks[group % LOCKS];
    mutex_lock(lock);
    struct bucket *b = find(r, key ? key : 1, group, burst, now_ms);
    double gained =
        (double)(now_ms > b->updated_ms ? now_ms - b->updated_ms : 0) * each_second / 1000;
    b->tokens = b->tokens + gained > burst ? burst : b->tokens + gained;
    b->updated_ms = now_ms;
    bool ok = b->tokens >= 1;
    if (ok)
        b->tokens -= 1;
    *ret_left = b->tokens;
    *ret_retry_ms = ok ? 0 : (int64_t)((1 - b->tokens) / each_second * 1000) + 1;
    mutex_unlock(lock);
    return ok;
}

bool rate_take_address(struct rates *r, struct str network, int64_t now_ms, int64_t *ret_retry_ms)
{
    double left;
    return take(r, hash64(network), ADDRESS_BURST * r->factor, ADDRESS_EACH_SECOND * r->factor,
                now_ms, &left, ret_retry_ms);
}

bool rate_take(struct rates *r, struct str key, enum rate_class class, int64_t now_ms,
               struct rate_result *ret, int64_t *ret_retry_ms)
{
    double left, burst = CLASSES[class].burst * r->factor,
                 each_second = CLASSES[class].each_second * r->factor;
    uint64_t hash = hash64(key) * 31 + (uint64_t) class + 1;
    bool ok = take(r, hash, burst, each_second, now_ms, &left, ret_retry_ms);
    *ret = (struct rate_result){ (int64_t)burst, (int64_t)left,
                                 (int64_t)((burst - left) / each_second) + 1, true };
    return ok;
}

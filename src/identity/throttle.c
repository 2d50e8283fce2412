/* Slowing down who guesses passwords: failures are counted by account and by address, and each
 * further one doubles the wait. An unknown handle is counted as an existing one is. */
#include <arpa/inet.h>

#include "identity/inside.h"

const struct throttle_policy THROTTLE_ACCOUNT = {
    .free = 5, .base_ms = 1000, .cap_ms = 5 * 60 * 1000, .window_ms = 3600 * 1000
};
const struct throttle_policy THROTTLE_ADDRESS = {
    .free = 20, .base_ms = 1000, .cap_ms = 15 * 60 * 1000, .window_ms = 3600 * 1000
};

static int64_t backoff_ms(int64_t failures, const struct throttle_policy *p)
{
    if (failures < p->free)
        return 0;
    int64_t wait_ms = p->base_ms;
    for (int64_t n = failures; n > p->free && wait_ms < p->cap_ms; n--)
        wait_ms *= 2;
    return wait_ms < p->cap_ms ? wait_ms : p->cap_ms;
}

static int64_t passed_ms(const struct throttle *t, int64_t now_ms)
{
    return now_ms > t->last_ms ? now_ms - t->last_ms : 0;
}

int64_t identity_throttle_wait(const struct throttle *t, const struct throttle_policy *p,
                               int64_t now_ms)
{
    if (passed_ms(t, now_ms) >= p->window_ms)
        return 0;
    int64_t left_ms = backoff_ms(t->failures, p) - passed_ms(t, now_ms);
    return left_ms > 0 ? left_ms : 0;
}

struct throttle identity_throttle_failed(const struct throttle *t, const struct throttle_policy *p,
                                         int64_t now_ms)
{
    bool forgotten = passed_ms(t, now_ms) >= p->window_ms;
    return (struct throttle){ .failures = (forgotten ? 0 : t->failures) + 1, .last_ms = now_ms };
}

/* One household or server has a /64 of IPv6, so that is what counts as an address. */
static struct str network(struct arena *a, struct str address)
{
    uint8_t b[16];
    char *text; /* it may be what a proxy says of its client */
    if (str_to_cstr(a, address, &text) != OK || inet_pton(AF_INET6, text, b) != 1)
        return address;
    static const uint8_t MAPPED[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };
    if (memcmp(b, MAPPED, sizeof MAPPED) == 0)
        return str_fmt(a, "%u.%u.%u.%u", b[12], b[13], b[14], b[15]);
    return str_fmt(a, "%02x%02x:%02x%02x:%02x%02x:%02x%02x::/64", b[0], b[1], b[2], b[3], b[4],
                   b[5], b[6], b[7]);
}

struct throttle_keys identity_throttle_keys(struct arena *a, struct str handle, struct str address)
{
    return (struct throttle_keys){ .account = str_cat(a, S("account:"), handle),
                                   .address = str_cat(a, S("address:"), network(a, address)) };
}

static err_t refuse(int64_t wait_ms, int64_t *ret_retry_ms)
{
    *ret_retry_ms = wait_ms;
    return err_note(E_RATE, NULL, "too many failed sign-ins; try again in %lld seconds",
                    (long long)((wait_ms + 999) / 1000));
}

err_t identity_throttle_look(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                             int64_t *ret_retry_ms)
{
    struct throttle account, address;
    TRY(identity_store_throttle_get(db, k->account, &account));
    TRY(identity_store_throttle_get(db, k->address, &address));
    int64_t x = identity_throttle_wait(&account, &THROTTLE_ACCOUNT, now_ms);
    int64_t y = identity_throttle_wait(&address, &THROTTLE_ADDRESS, now_ms);
    return x || y ? refuse(x > y ? x : y, ret_retry_ms) : OK;
}

static err_t charge(struct db *db, struct str key, const struct throttle_policy *p, int64_t now_ms,
                    int64_t *ret_retry_ms)
{
    struct throttle t;
    TRY(identity_store_throttle_hold(db, key, now_ms, &t));
    int64_t wait_ms = identity_throttle_wait(&t, p, now_ms);
    if (wait_ms)
        return refuse(wait_ms, ret_retry_ms);
    t = identity_throttle_failed(&t, p, now_ms);
    return identity_store_throttle_set(db, key, &t);
}

err_t identity_throttle_charge(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                               int64_t *ret_retry_ms)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(charge(db, k->account, &THROTTLE_ACCOUNT, now_ms, ret_retry_ms));
    TRY(charge(db, k->address, &THROTTLE_ADDRESS, now_ms, ret_retry_ms));
    return db_txn_commit(&tx);
}

err_t identity_throttle_clear(struct db *db, const struct throttle_keys *k)
{
    TRY(identity_store_throttle_delete(db, k->account));
    return identity_store_throttle_back(db, k->address);
}

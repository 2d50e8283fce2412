/* Slowing down who guesses passwords. Failures are counted by (account, network), and each further
 * one doubles the wait; by network, for who tries many accounts; and by account, for who tries from
 * many networks. The last one only makes the waits of the first begin sooner and grow longer: a
 * network that has not failed yet is always let through, so no stranger shuts the owner out. An
 * unknown handle is counted as an existing one is. */
#include <arpa/inet.h>

#include "identity/inside.h"

const struct throttle_policy THROTTLE_PAIR = {
    .free = 5, .base_ms = 1000, .cap_ms = 5 * 60 * 1000, .window_ms = 3600 * 1000
};
const struct throttle_policy THROTTLE_ADDRESS = {
    .free = 20, .base_ms = 1000, .cap_ms = 15 * 60 * 1000, .window_ms = 3600 * 1000
};

/* Of one account, whatever the network: from this many on, each doubling counts as one failure
 * more for every network that has failed itself. */
enum { ACCOUNT_FREE = 50, ACCOUNT_EXTRA_MAX = 7 };

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

static int64_t extra_failures(const struct throttle *account, int64_t now_ms)
{
    int64_t extra = 0;
    if (passed_ms(account, now_ms) >= THROTTLE_PAIR.window_ms)
        return 0;
    for (int64_t n = account->failures; n >= ACCOUNT_FREE && extra < ACCOUNT_EXTRA_MAX; n /= 2)
        extra++;
    return extra;
}

int64_t identity_throttle_pair_wait(const struct throttle *pair, const struct throttle *account,
                                    int64_t now_ms)
{
    struct throttle t = *pair;
    if (t.failures)
        t.failures += extra_failures(account, now_ms);
    return identity_throttle_wait(&t, &THROTTLE_PAIR, now_ms);
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

/* No network's text has a '|', so the parts cannot be taken for others. */
struct throttle_keys identity_throttle_keys(struct arena *a, struct str handle, struct str address)
{
    struct str from = network(a, address);
    return (struct throttle_keys){
        .pair = str_fmt(a, "pair:%.*s|%.*s", STR_ARG(handle), STR_ARG(from)),
        .address = str_cat(a, S("address:"), from),
        .account = str_cat(a, S("account:"), handle),
    };
}

struct throttle_keys identity_throttle_change_keys(struct arena *a, struct uuid user)
{
    struct str text = uuid_str(a, user);
    return (struct throttle_keys){ .pair = str_cat(a, S("change:"), text) };
}

/* --- rows ------------------------------------------------------------------------------------- */

struct counts {
    struct throttle pair, address, account;
};

static err_t may_try(const struct counts *c, int64_t now_ms, int64_t *ret_retry_ms)
{
    int64_t x = identity_throttle_pair_wait(&c->pair, &c->account, now_ms);
    int64_t y = identity_throttle_wait(&c->address, &THROTTLE_ADDRESS, now_ms);
    int64_t wait_ms = x > y ? x : y;
    if (wait_ms == 0)
        return OK;
    *ret_retry_ms = wait_ms;
    return err_note(E_RATE, NULL, "too many failed sign-ins; try again in %lld seconds",
                    (long long)((wait_ms + 999) / 1000));
}

typedef err_t read_count(struct db *db, struct str key, int64_t now_ms, struct throttle *ret);

static err_t only_look(struct db *db, struct str key, int64_t now_ms, struct throttle *ret)
{
    UNUSED(now_ms);
    return identity_store_throttle_get(db, key, ret);
}

/* Always in this order, so that two that hold the rows do not wait for each other in a circle. */
static err_t read_counts(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                         read_count *read, struct counts *ret)
{
    *ret = (struct counts){ .pair.failures = 0 };
    TRY(read(db, k->pair, now_ms, &ret->pair));
    if (k->address.s)
        TRY(read(db, k->address, now_ms, &ret->address));
    if (k->account.s)
        TRY(read(db, k->account, now_ms, &ret->account));
    return OK;
}

err_t identity_throttle_look(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                             int64_t *ret_retry_ms)
{
    struct counts c;
    TRY(read_counts(db, k, now_ms, only_look, &c));
    return may_try(&c, now_ms, ret_retry_ms);
}

static err_t add_one(struct db *db, struct str key, const struct throttle *before,
                     const struct throttle_policy *p, int64_t now_ms)
{
    struct throttle t = identity_throttle_failed(before, p, now_ms);
    return key.s ? identity_store_throttle_set(db, key, &t) : OK;
}

err_t identity_throttle_charge(struct db *db, const struct throttle_keys *k, int64_t now_ms,
                               struct throttle_charge *ret, int64_t *ret_retry_ms)
{
    struct counts c;
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(read_counts(db, k, now_ms, identity_store_throttle_hold, &c));
    TRY(may_try(&c, now_ms, ret_retry_ms));
    TRY(add_one(db, k->pair, &c.pair, &THROTTLE_PAIR, now_ms));
    TRY(add_one(db, k->address, &c.address, &THROTTLE_ADDRESS, now_ms));
    TRY(add_one(db, k->account, &c.account, &THROTTLE_PAIR, now_ms));
    TRY(db_txn_commit(&tx));
    *ret = (struct throttle_charge){ .keys = *k,
                                     .at_ms = now_ms,
                                     .pair_ms = c.pair.last_ms,
                                     .address_ms = c.address.last_ms,
                                     .account_ms = c.account.last_ms };
    return OK;
}

static err_t shared_back(struct db *db, const struct throttle_charge *c)
{
    if (c->keys.address.s)
        TRY(identity_store_throttle_back(db, c->keys.address, c->at_ms, c->address_ms));
    if (c->keys.account.s)
        TRY(identity_store_throttle_back(db, c->keys.account, c->at_ms, c->account_ms));
    return OK;
}

static err_t all_back(struct db *db, const struct throttle_charge *c)
{
    CLEANUP(db_txn_end) struct db_txn tx = { 0 };
    TRY(db_txn_begin(&tx, db));
    TRY(identity_store_throttle_back(db, c->keys.pair, c->at_ms, c->pair_ms));
    TRY(shared_back(db, c));
    return db_txn_commit(&tx);
}

err_t identity_throttle_spared(struct db *db, const struct throttle_charge *c, err_t why)
{
    struct err_detail kept = *err_detail();
    if (all_back(db, c) != OK)
        err_clear(); /* then it stays, until its window ends; `why` is what matters */
    return err_note(why, kept.field[0] ? kept.field : NULL, "%s", kept.text);
}

err_t identity_throttle_clear(struct db *db, const struct throttle_charge *c)
{
    TRY(identity_store_throttle_delete(db, c->keys.pair));
    return shared_back(db, c);
}

err_t identity_throttle_forget(struct db *db, struct arena *a, const struct account *x)
{
    struct throttle_keys k = identity_throttle_keys(a, x->handle, S(""));
    struct throttle_keys change = identity_throttle_change_keys(a, x->id);
    TRY(arena_err(a));
    TRY(identity_store_throttle_delete_under(db, k.pair)); /* it ends where a network begins */
    TRY(identity_store_throttle_delete(db, change.pair));
    return identity_store_throttle_delete(db, k.account);
}

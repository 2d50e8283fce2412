#include "os/entropy.h"

#include <stdlib.h>
#include <sys/random.h>

#include "base/encode.h"
#include "os/clock.h"
#include "os/thread.h"

enum { FEW_BYTES = 10, FETCH_BYTES = 256 };

/* Tests only: a reproducible stream (SplitMix64); zero: the kernel's. */
static uint64_t fake_state;
static pthread_mutex_t guard = PTHREAD_MUTEX_INITIALIZER;
static int64_t last_uuid_ms;
static uint32_t uuid_counter;

static uint64_t fake_next(void)
{
    uint64_t z = fake_state += 0x9e3779b97f4a7c15;
    z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
    z = (z ^ z >> 27) * 0x94d049bb133111eb;
    return z ^ z >> 31;
}

static bool fill_fake(unsigned char *p, size_t n)
{
    if (!__atomic_load_n(&fake_state, __ATOMIC_RELAXED))
        return false;
    pthread_mutex_lock(&guard);
    for (size_t i = 0; i < n; i++)
        p[i] = (unsigned char)fake_next();
    pthread_mutex_unlock(&guard);
    return true;
}

static void fill_from_kernel(unsigned char *to, size_t n)
{
    while (n) {
        ssize_t got = getrandom(to, n, 0);
        if (got <= 0)
            abort(); /* nothing safe can go on without random bytes */
        to += got;
        n -= (size_t)got;
    }
}

/* Ids want a few bytes each, many times a second: for them each thread fetches some ahead. What is larger may be a
 * secret, and never lies about before it is one. */
static void fill_few(unsigned char *to, size_t n)
{
    static _Thread_local unsigned char ahead[FETCH_BYTES];
    static _Thread_local size_t left;
    if (left < n) {
        fill_from_kernel(ahead, sizeof ahead);
        left = sizeof ahead;
    }
    left -= n;
    memcpy(to, ahead + left, n);
}

void entropy_fill(void *p, size_t n)
{
    if (fill_fake(p, n))
        return;
    if (n <= FEW_BYTES)
        fill_few(p, n);
    else
        fill_from_kernel(p, n);
}

void entropy_fake(uint64_t seed)
{
    __atomic_store_n(&fake_state, seed, __ATOMIC_RELAXED);
}

/* The 12 bits after the time count within one millisecond (RFC 9562 section 6.2, method 1), so ids
 * of this process never go back; when they run out the time is taken from the next millisecond. */
struct uuid uuid_new(void)
{
    uint8_t random[10];
    entropy_fill(random, sizeof random);
    pthread_mutex_lock(&guard);
    int64_t now = clock_wall_ms();
    if (now > last_uuid_ms) {
        last_uuid_ms = now;
        uuid_counter = (uint32_t)(random[0] & 7) << 8 | random[1];
    } else if (++uuid_counter > 0xfff) {
        last_uuid_ms++;
        uuid_counter = 0;
    }
    int64_t ms = last_uuid_ms;
    random[0] = (uint8_t)(uuid_counter >> 8);
    random[1] = (uint8_t)uuid_counter;
    pthread_mutex_unlock(&guard);
    return uuid_v7(ms, random);
}

struct str entropy_token(struct arena *a, size_t bytes)
{
    char raw[64];
    assert(bytes <= sizeof raw);
    entropy_fill(raw, bytes);
    return base64url_encode(a, str_of(raw, bytes));
}

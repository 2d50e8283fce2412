#include "os/clock.h"

#include <stdatomic.h>
#include <time.h>

/* Tests only: when not zero, both clocks stand still at these. */
static _Atomic int64_t fake_wall, fake_monotonic_us;
static atomic_bool faked;

static int64_t read_us(clockid_t id)
{
    struct timespec t;
    int failed = clock_gettime(id, &t);
    assert(!failed);
    return (int64_t)t.tv_sec * 1000000 + t.tv_nsec / 1000;
}

int64_t clock_wall_ms(void)
{
    return atomic_load(&faked) ? atomic_load(&fake_wall) : read_us(CLOCK_REALTIME) / 1000;
}

int64_t clock_monotonic_us(void)
{
    return atomic_load(&faked) ? atomic_load(&fake_monotonic_us) : read_us(CLOCK_MONOTONIC);
}

int64_t clock_monotonic_ms(void)
{
    return clock_monotonic_us() / 1000;
}

int64_t clock_real_ms(void)
{
    return read_us(CLOCK_MONOTONIC) / 1000;
}

int clock_zone_minutes(void)
{
    struct tm local;
    time_t now = (time_t)(clock_wall_ms() / 1000);
    return localtime_r(&now, &local) ? (int)(local.tm_gmtoff / 60) : 0;
}

void clock_sleep_ms(int64_t ms)
{
    struct timespec t = { ms / 1000, ms % 1000 * 1000000 };
    while (ms > 0 && clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) != 0) {
    }
}

void clock_fake(int64_t wall_ms)
{
    atomic_store(&fake_wall, wall_ms);
    atomic_store(&fake_monotonic_us, read_us(CLOCK_MONOTONIC));
    atomic_store(&faked, true);
}

void clock_fake_advance(int64_t ms)
{
    assert(atomic_load(&faked));
    atomic_fetch_add(&fake_wall, ms);
    atomic_fetch_add(&fake_monotonic_us, ms * 1000);
}

void clock_real(void)
{
    atomic_store(&faked, false);
}

/* room: search
 *
 * Any text, seen from any moment, zone and language (the first bytes): dates lie in it, one after
 * another, and are spans between two local midnights. */
#include "base/utf8.h"
#include "search/query/dates.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static void check(struct str text, const struct search_date *d, int zone)
{
    zone = zone < -1080 ? -1080 : zone > 1080 ? 1080 : zone;
    CHECK(d->start < d->end && d->end <= text.n);
    CHECK(d->from_ms < d->to_ms && d->unit <= SEARCH_DATE_SPAN);
    struct search_date near = search_date_nearest(d, d->from_ms);
    CHECK(near.from_ms == d->from_ms && near.to_ms == d->to_ms);
    CHECK((d->from_ms + (int64_t)zone * 60000) % 86400000 == 0 &&
          (d->to_ms + (int64_t)zone * 60000) % 86400000 == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct search_clock c = { 0 };
    struct search_date d;
    int16_t zone;
    if (size < 11)
        return 0;
    arena_init(&a, MIB(16));
    c.language = (enum search_language)(data[0] % SEARCH_LANGUAGE_COUNT);
    memcpy(&c.now_ms, data + 1, sizeof c.now_ms);
    if (!(data[0] & 0x80)) /* a moment of our time; else any */
        c.now_ms = (int64_t)((uint64_t)c.now_ms % 2000000000000);
    memcpy(&zone, data + 9, sizeof zone);
    c.zone_minutes = zone;
    struct str text = utf8_repair(&a, str_of((const char *)data + 11, size - 11));
    if (search_date_value(text, &c, &d))
        check(text, &d, zone);
    for (size_t at = 0, before = 0; search_date_in(text, &at, &c, &d); before = at) {
        check(text, &d, zone);
        CHECK(d.start >= before && at == d.end);
    }
    return 0;
}

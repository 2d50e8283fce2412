/* room: base
 *
 * The small readers of foreign text: numbers, times, ids, encodings, UTF-8, zstd frames. Each must stay
 * inside its bytes, and what it takes must come out again the same. The first byte chooses. */
#include "base/compress.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "base/uuid.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static void numbers(struct arena *a, struct str s)
{
    int64_t i;
    uint64_t u;
    double d;
    if (str_to_i64(s, &i) == OK) {
        int64_t again;
        CHECK(str_to_i64(str_fmt(a, "%lld", (long long)i), &again) == OK && again == i);
    }
    if (str_to_u64(s, &u) == OK)
        CHECK(str_to_f64(s, &d) == OK || s.n > 300);
}

static void times(struct arena *a, struct str s)
{
    int64_t ms, again;
    if (time_parse(s, &ms) != OK)
        return;
    struct str text = time_str(a, ms);
    CHECK(time_parse(text, &again) == OK);
    bool inside = ms >= INT64_C(-62167219200000) && ms <= INT64_C(253402300799999);
    CHECK(again == ms || !inside); /* an offset may lead out of the years that can be written */
}

static void uuids(struct arena *a, struct str s)
{
    struct uuid u;
    if (uuid_parse(s, &u) == OK)
        CHECK(str_eq_nocase(uuid_str(a, u), s));
}

/* What the strict decoders take has exactly one spelling. */
static void encodings(struct arena *a, struct str s)
{
    struct str bytes, text;
    if (base64_decode(a, s, &bytes) == OK)
        CHECK(str_eq(base64_encode(a, bytes), s));
    if (base64url_decode(a, s, &bytes) == OK)
        CHECK(str_eq(base64url_encode(a, bytes), s));
    if (hex_decode(a, s, &bytes) == OK)
        CHECK(str_eq_nocase(hex_encode(a, bytes), s));
    if (base58_decode(a, s, &bytes) == OK && bytes.n <= 128)
        CHECK(base58_encode(a, bytes, &text) == OK && str_eq(text, s));
    if (base58_encode(a, s, &text) == OK)
        CHECK(base58_decode(a, text, &bytes) == OK && str_eq(bytes, s));
    CHECK(percent_decode(a, percent_encode(a, s), false, &bytes) == OK && str_eq(bytes, s));
    if (percent_decode(a, s, true, &bytes) == OK)
        CHECK(bytes.n <= s.n);
}

static void utf8(struct arena *a, struct str s)
{
    size_t count = 0;
    bool ok = true;
    for (size_t at = 0; at < s.n; count++) {
        size_t from = at;
        ok &= utf8_next(s, &at) != 0xFFFD || at - from == 3;
        CHECK(at > from);
    }
    CHECK(utf8_ok(s) == ok); /* our steps and simdjson's registers agree */
    CHECK(!ok || utf8_count(s) == count);
    struct str repaired = utf8_repair(a, s);
    CHECK(text_ok(repaired));
    CHECK(text_ok(s) == (repaired.s == s.s));
    for (size_t n = 0; n <= s.n && n < 20; n++) {
        CHECK(utf8_cut(s, n).n <= n);
        CHECK(!ok || utf8_ok(utf8_cut(s, n)));
    }
}

static void frames(struct arena *a, struct str s)
{
    CLEANUP(buf_free) struct buf out;
    buf_init(&out, NULL, KIB(256));
    UNUSED(a);
    err_t e = zstd_unpack(s, &out);
    CHECK(e == OK || e == E_CORRUPT || e == E_LIMIT || e == E_BUSY);
    CHECK(e == OK || out.n == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static void (*const READERS[])(struct arena *, struct str) = { numbers,   times, uuids,
                                                                   encodings, utf8,  frames };
    if (size == 0 || size > KIB(64))
        return 0;
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(16));
    READERS[data[0] % COUNTOF(READERS)](&a, str_of((const char *)data + 1, size - 1));
    return 0;
}

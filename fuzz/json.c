/* room: base
 *
 * What JSON text from outside may do to us. The first byte chooses the depth that is admitted. What
 * parses is walked, written again, and must then read as the same value; the canonical form must be
 * a fixed point; our own scanner must agree with simdjson on what is JSON. */
#include "base/json.h"
#include "base/json_scan.h"
#include "base/json_write.h"
#include "base/limits.h"
#include "base/utf8.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

static void check_same(struct json x, struct json y);

static void check_same_members(struct json x, struct json y)
{
    struct json_iter ix = json_iter(x), iy = json_iter(y);
    struct str key_x, key_y;
    struct json item_x, item_y;
    size_t n = 0;
    while (json_next(&ix, &key_x, &item_x)) {
        CHECK(json_next(&iy, &key_y, &item_y));
        CHECK(str_eq(key_x, key_y) && utf8_ok(key_x));
        check_same(item_x, item_y);
        n++;
    }
    CHECK(!json_next(&iy, &key_y, &item_y));
    CHECK(json_count(x) == n && json_count(y) == n);
}

static void check_same(struct json x, struct json y)
{
    double dx = json_f64(x, 0), dy = json_f64(y, 0);
    CHECK(json_type(x) == json_type(y));
    CHECK(json_i64(x, 1) == json_i64(y, 1) && json_u64(x, 1) == json_u64(y, 1));
    CHECK(memcmp(&dx, &dy, sizeof dx) == 0); /* minus zero stays what it is */
    CHECK(json_bool(x, true) == json_bool(y, true));
    CHECK(str_eq(json_str(x), json_str(y)) && utf8_ok(json_str(x)));
    check_same_members(x, y);
}

static void check_rewritten(struct arena *a, struct json v, int depth_max)
{
    CLEANUP(buf_free) struct buf b;
    struct json_out o;
    struct json again;
    buf_init(&b, NULL, MIB(64));
    jo_init(&o, &b);
    jo_value(&o, v);
    CHECK(buf_err(&b) == OK && utf8_ok(buf_str(&b)));
    CHECK(json_parse(a, buf_str(&b), depth_max, &again) == OK);
    check_same(v, again);
}

static void check_canonical(struct arena *a, struct json v, int depth_max)
{
    CLEANUP(buf_free) struct buf first;
    CLEANUP(buf_free) struct buf second;
    struct json again;
    buf_init(&first, NULL, MIB(64));
    buf_init(&second, NULL, MIB(64));
    if (json_canonical(a, v, &first) != OK)
        return; /* duplicate keys, or an integer that no double holds */
    CHECK(json_parse(a, buf_str(&first), depth_max, &again) == OK);
    CHECK(json_canonical(a, again, &second) == OK);
    CHECK(str_eq(buf_str(&first), buf_str(&second)));
}

/* The scanner says the same as the parser: where it finds nothing wrong the text was taken, but
 * for numbers that no double holds. */
static void check_scanner(struct str text, int depth_max, err_t e)
{
    struct json_scan scan;
    CLEANUP(buf_free) struct buf out;
    if (str_starts(text, S("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.n);
    buf_init(&out, NULL, MIB(64));
    err_t found = json_scan(&scan, text, depth_max, &out);
    CHECK(found == e || (e == E_BAD_JSON && scan.unfit_at < text.n));
    CHECK(scan.at <= text.n);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0 || size > MIB(1))
        return 0;
    int depth_max = 1 + data[0] * 2; /* 1 .. 511 */
    struct str text = str_of((const char *)data + 1, size - 1);
    CLEANUP(arena_free) struct arena a;
    arena_init(&a, MIB(256));
    struct json v;
    err_clear();
    err_t e = json_parse(&a, text, depth_max, &v);
    check_scanner(text, depth_max, e);
    if (e == OK) {
        check_rewritten(&a, v, depth_max);
        check_canonical(&a, v, depth_max);
    } else {
        CHECK(err_detail()->text[0] != 0); /* every refusal says why */
    }
    return 0;
}

#include <stdlib.h>

#include "base/json_text.h"
#include "base/json_write.h"

struct member {
    struct str key;
    struct json value;
};

/* UTF-8 sorts as code points do. UTF-16 differs in one thing: the surrogates that write U+10000
 * and above (UTF-8: F0 to F4) stand before U+E000 to U+FFFF (EE and EF). */
static int utf16_rank(char c)
{
    int byte = (unsigned char)c;
    return byte == 0xEE || byte == 0xEF ? byte + 0x10 : byte;
}

static int by_utf16(const void *x, const void *y)
{
    struct str a = ((const struct member *)x)->key, b = ((const struct member *)y)->key;
    size_t n = a.n < b.n ? a.n : b.n;
    for (size_t i = 0; i < n; i++)
        if (a.s[i] != b.s[i])
            return utf16_rank(a.s[i]) - utf16_rank(b.s[i]);
    return (a.n > b.n) - (a.n < b.n);
}

static err_t put_value(struct arena *scratch, struct json v, struct buf *out);

static err_t sorted_members(struct arena *scratch, struct json object, struct member **ret,
                            size_t *ret_count)
{
    size_t count = json_count(object), n = 0;
    struct member *members = ARENA_ARRAY(scratch, struct member, count);
    if (!members)
        return arena_err(scratch);
    struct json_iter it = json_iter(object);
    while (n < count && json_next(&it, &members[n].key, &members[n].value))
        n++;
    qsort(members, n, sizeof *members, by_utf16);
    for (size_t i = 1; i < n; i++)
        if (str_eq(members[i - 1].key, members[i].key))
            return err_note(E_BAD_INPUT, NULL, "the key \"%.*s\" stands twice in one object",
                            members[i].key.n < 100 ? (int)members[i].key.n : 100, members[i].key.s);
    *ret = members;
    *ret_count = n;
    return OK;
}

static err_t put_object(struct arena *scratch, struct json v, struct buf *out)
{
    struct member *members = NULL;
    size_t count = 0;
    TRY(sorted_members(scratch, v, &members, &count));
    buf_putc(out, '{');
    for (size_t i = 0; i < count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        json_put_string(out, members[i].key);
        buf_putc(out, ':');
        TRY(put_value(scratch, members[i].value, out));
    }
    buf_putc(out, '}');
    return OK;
}

static err_t put_array(struct arena *scratch, struct json v, struct buf *out)
{
    struct json_iter it = json_iter(v);
    struct json item;
    buf_putc(out, '[');
    for (bool first = true; json_next(&it, NULL, &item); first = false) {
        if (!first)
            buf_putc(out, ',');
        TRY(put_value(scratch, item, out));
    }
    buf_putc(out, ']');
    return OK;
}

/* An integer beyond 2^53 that was parsed exactly; `exact` is its text. ECMAScript writes the
 * shortest digits of a double, filled up with zeros: such a text stands for its double too. */
static err_t put_large_integer(struct str exact, double v, bool same, struct buf *out)
{
    char text[32];
    struct str s = str_of(text, double_text(v, text));
    if (!same && !str_eq(s, exact))
        return err_note(E_BAD_INPUT, NULL,
                        "the integer %.*s has no exact double, so it has no canonical form",
                        STR_ARG(exact));
    buf_put(out, s);
    return OK;
}

static err_t put_integer(struct json v, struct buf *out)
{
    const int64_t safe = INT64_C(1) << 53;
    char memory[32];
    struct buf exact = { .s = memory, .cap = sizeof memory, .max_bytes = sizeof memory };
    double d = json_f64(v, 0);
    if (json_is(v, JSON_U64)) {
        uint64_t u = json_u64(v, 0);
        json_put_u64(&exact, u);
        return put_large_integer(buf_str(&exact), d, d < 0x1p64 && (uint64_t)d == u, out);
    }
    int64_t i = json_i64(v, 0);
    if (i >= -safe && i <= safe) {
        buf_put_i64(out, i);
        return OK;
    }
    buf_put_i64(&exact, i);
    return put_large_integer(buf_str(&exact), d, d < 0x1p63 && (int64_t)d == i, out);
}

/* Recursion is bounded by the depth that json_parse admits. */
static err_t put_value(struct arena *scratch, struct json v, struct buf *out)
{
    switch (json_type(v)) {
    case JSON_OBJECT:
        return put_object(scratch, v, out);
    case JSON_ARRAY:
        return put_array(scratch, v, out);
    case JSON_STR:
        json_put_string(out, json_str(v));
        break;
    case JSON_I64:
    case JSON_U64:
        return put_integer(v, out);
    case JSON_F64:
        json_put_f64(out, json_f64(v, 0));
        break;
    case JSON_BOOL:
        buf_put(out, json_bool(v, false) ? S("true") : S("false"));
        break;
    default:
        buf_put(out, S("null"));
    }
    return OK;
}

err_t json_canonical(struct arena *scratch, struct json v, struct buf *out)
{
    TRY(put_value(scratch, v, out));
    return buf_err(out);
}

#include "base/json_write.h"

#include <math.h>

#include "base/json_text.h"
#include "base/timestamp.h"

void jo_init(struct json_out *o, struct buf *b)
{
    *o = (struct json_out){ .buf = b };
}

static void put_comma(struct json_out *o)
{
    uint8_t *top = &o->stack[o->depth - 1];
    if (*top & JO_HAS_MEMBERS)
        buf_putc(o->buf, ',');
    *top |= JO_HAS_MEMBERS;
}

/* Before each value: it stands in an array, behind a key, or alone. */
static void begin_value(struct json_out *o)
{
    if (o->after_key) {
        o->after_key = false;
        return;
    }
    if (o->depth == 0)
        return;
    assert(!(o->stack[o->depth - 1] & JO_IS_OBJECT)); /* a value in an object needs a key */
    put_comma(o);
}

static void open_container(struct json_out *o, char c, uint8_t kind)
{
    assert(o->depth < JSON_WRITE_DEPTH_MAX);
    begin_value(o);
    o->stack[o->depth++] = kind;
    buf_putc(o->buf, c);
}

void jo_object(struct json_out *o)
{
    open_container(o, '{', JO_IS_OBJECT);
}

void jo_array(struct json_out *o)
{
    open_container(o, '[', 0);
}

void jo_end(struct json_out *o)
{
    assert(o->depth > 0 && !o->after_key);
    o->depth--;
    buf_putc(o->buf, o->stack[o->depth] & JO_IS_OBJECT ? '}' : ']');
}

void jo_key(struct json_out *o, struct str key)
{
    assert(o->depth > 0 && (o->stack[o->depth - 1] & JO_IS_OBJECT) && !o->after_key);
    put_comma(o);
    json_put_string(o->buf, key);
    buf_putc(o->buf, ':');
    o->after_key = true;
}

void jo_str(struct json_out *o, struct str v)
{
    begin_value(o);
    if (v.s)
        json_put_string(o->buf, v);
    else
        buf_put(o->buf, S("null"));
}

void jo_i64(struct json_out *o, int64_t v)
{
    begin_value(o);
    buf_put_i64(o->buf, v);
}

void jo_u64(struct json_out *o, uint64_t v)
{
    begin_value(o);
    json_put_u64(o->buf, v);
}

void jo_f64(struct json_out *o, double v)
{
    begin_value(o);
    json_put_f64(o->buf, v);
}

void jo_bool(struct json_out *o, bool v)
{
    jo_raw(o, v ? S("true") : S("false"));
}

void jo_null(struct json_out *o)
{
    jo_raw(o, S("null"));
}

void jo_raw(struct json_out *o, struct str json)
{
    begin_value(o);
    buf_put(o->buf, json);
}

/* --- parsed values ------------------------------------------------------------------------ */

/* A double stays one when it is read again: 1 is written 1.0 here. */
static void put_parsed_f64(struct buf *b, double v)
{
    char text[32];
    struct str s = str_of(text, double_text(v, text));
    if (v == 0 && signbit(v))
        buf_putc(b, '-');
    buf_put(b, s);
    if (str_find_char(s, '.', 0) == s.n && str_find_char(s, 'e', 0) == s.n)
        buf_put(b, S(".0"));
}

static void put_parsed(struct buf *b, struct json v);

static void put_members(struct buf *b, struct json v, bool object)
{
    struct json_iter it = json_iter(v);
    struct str key;
    struct json item;
    buf_putc(b, object ? '{' : '[');
    for (bool first = true; json_next(&it, &key, &item); first = false) {
        if (!first)
            buf_putc(b, ',');
        if (object) {
            json_put_string(b, key);
            buf_putc(b, ':');
        }
        put_parsed(b, item);
    }
    buf_putc(b, object ? '}' : ']');
}

/* Recursion is bounded by the depth that json_parse admits. */
static void put_parsed(struct buf *b, struct json v)
{
    switch (json_type(v)) {
    case JSON_OBJECT:
    case JSON_ARRAY:
        put_members(b, v, json_is(v, JSON_OBJECT));
        break;
    case JSON_STR:
        json_put_string(b, json_str(v));
        break;
    case JSON_I64:
        buf_put_i64(b, json_i64(v, 0));
        break;
    case JSON_U64:
        json_put_u64(b, json_u64(v, 0));
        break;
    case JSON_F64:
        put_parsed_f64(b, json_f64(v, 0));
        break;
    case JSON_BOOL:
        buf_put(b, json_bool(v, false) ? S("true") : S("false"));
        break;
    default:
        buf_put(b, S("null"));
    }
}

void jo_value(struct json_out *o, struct json v)
{
    begin_value(o);
    put_parsed(o->buf, v);
}

/* --- key and value at once ---------------------------------------------------------------- */

void jo_kz(struct json_out *o, const char *key)
{
    assert(key && o->depth > 0 && (o->stack[o->depth - 1] & JO_IS_OBJECT) && !o->after_key);
    put_comma(o);
    struct str name = str_from(key);
    char *to = buf_reserve(o->buf, name.n + 3);
    if (to) {
        to[0] = '"';
        memcpy(to + 1, name.s, name.n);
        to[1 + name.n] = '"';
        to[2 + name.n] = ':';
        o->buf->n += name.n + 3;
    }
    o->after_key = true;
}

void jo_kstr(struct json_out *o, const char *key, struct str v)
{
    jo_kz(o, key);
    jo_str(o, v);
}

void jo_ki64(struct json_out *o, const char *key, int64_t v)
{
    jo_kz(o, key);
    jo_i64(o, v);
}

void jo_kf64(struct json_out *o, const char *key, double v)
{
    jo_kz(o, key);
    jo_f64(o, v);
}

void jo_kbool(struct json_out *o, const char *key, bool v)
{
    jo_kz(o, key);
    jo_bool(o, v);
}

void jo_knull(struct json_out *o, const char *key)
{
    jo_kz(o, key);
    jo_null(o);
}

void jo_uuid(struct json_out *o, struct uuid v)
{
    char text[UUID_TEXT_BYTES + 1];
    begin_value(o);
    uuid_text(v, text);
    buf_putc(o->buf, '"');
    buf_put(o->buf, str_of(text, UUID_TEXT_BYTES));
    buf_putc(o->buf, '"');
}

void jo_kuuid(struct json_out *o, const char *key, struct uuid v)
{
    jo_kz(o, key);
    jo_uuid(o, v);
}

void jo_time(struct json_out *o, int64_t ms)
{
    char text[TIME_TEXT_BYTES + 1];
    jo_str(o, ms == TIME_NONE ? STR_NONE : str_of(text, time_text(ms, text)));
}

void jo_ktime(struct json_out *o, const char *key, int64_t ms)
{
    jo_kz(o, key);
    jo_time(o, ms);
}

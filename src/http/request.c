/* What a handler asks of its request. */
#include "base/encode.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "http/checks.h"

struct str req_header(const struct req *rq, struct str lower_name)
{
    for (size_t i = 0; i < rq->header_count; i++)
        if (str_eq(rq->headers[i].name, lower_name))
            return rq->headers[i].value;
    return STR_NONE;
}

/* --- query ------------------------------------------------------------------------------------ */

/* The next name and value of a query, still encoded. */
static bool query_next(struct str *rest, struct str *ret_name, struct str *ret_value)
{
    struct str part;
    while (str_cut(rest, '&', &part)) {
        if (!part.n)
            continue;
        *ret_value = part;
        str_cut(ret_value, '=', ret_name);
        if (!ret_value->s)
            *ret_value = S("");
        return true;
    }
    return false;
}

struct str req_query(const struct req *rq, const char *name)
{
    struct str rest = rq->query, key, value, plain;
    while (query_next(&rest, &key, &value))
        if (str_eq(key, str_from(name)) && percent_decode(rq->arena, value, true, &plain) == OK &&
            text_ok(plain))
            return plain.s ? plain : S("");
    return STR_NONE;
}

/* --- fields ----------------------------------------------------------------------------------------- */

static const struct field *find_field(const struct field *fields, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_eq(name, str_from(fields[i].name)))
            return &fields[i];
    return NULL;
}

static err_t unknown_field(const struct field *fields, size_t count, struct str name,
                           struct arena *a)
{
    struct buf known;
    buf_init(&known, a, 1000);
    for (size_t i = 0; i < count; i++)
        buf_putf(&known, "%s%s", i ? ", " : "", fields[i].name);
    char *z = text_ok(name) ? str_cstr(a, utf8_cut(name, 60)) : NULL;
    return err_note(E_INVALID, z, "there is no field %s here; known are: %.*s",
                    z ? z : "of that name", STR_ARG(buf_str(&known)));
}

static err_t set_text(const struct field *f, struct str v, void *out)
{
    if (!text_ok(v))
        return err_note(E_INVALID, f->name, "the text holds a zero byte or is not valid UTF-8");
    if ((int64_t)v.n < f->min || (int64_t)v.n > f->max)
        return err_note(E_INVALID, f->name, "%lld to %lld bytes are wanted; these are %zu",
                        (long long)f->min, (long long)f->max, v.n);
    *(struct str *)((char *)out + f->offset) = v;
    return OK;
}

static err_t set_number(const struct field *f, int64_t v, void *out)
{
    if (v < f->min || v > f->max)
        return err_note(E_INVALID, f->name, "a number from %lld to %lld is wanted",
                        (long long)f->min, (long long)f->max);
    *(int64_t *)((char *)out + f->offset) = v;
    return OK;
}

static err_t wrong_type(const struct field *f)
{
    static const char *const WANTED[] = { "a string", "a whole number",     "true or false",
                                          "a UUID",   "a time in RFC 3339", "a JSON value" };
    return err_note(E_INVALID, f->name, "%s is wanted", WANTED[f->type]);
}

static err_t set_parsed(const struct field *f, struct str v, void *out)
{
    char *to = (char *)out + f->offset;
    err_t e =
        f->type == FIELD_UUID ? uuid_parse(v, (struct uuid *)to) : time_parse(v, (int64_t *)to);
    return e == OK ? OK : wrong_type(f);
}

static err_t set_json(const struct field *f, struct json v, void *out)
{
    switch (f->type) {
    case FIELD_STR:
        return json_is(v, JSON_STR) ? set_text(f, json_str(v), out) : wrong_type(f);
    case FIELD_I64:
        return json_is(v, JSON_I64) ? set_number(f, json_i64(v, 0), out) : wrong_type(f);
    case FIELD_BOOL:
        if (!json_is(v, JSON_BOOL))
            return wrong_type(f);
        *(bool *)((char *)out + f->offset) = json_bool(v, false);
        return OK;
    case FIELD_UUID:
    case FIELD_TIME:
        return json_is(v, JSON_STR) ? set_parsed(f, json_str(v), out) : wrong_type(f);
    case FIELD_JSON:
        *(struct json *)((char *)out + f->offset) = v;
        return OK;
    }
    return E_INTERNAL;
}

static err_t set_query(const struct field *f, struct str v, void *out)
{
    int64_t n;
    switch (f->type) {
    case FIELD_STR:
        return set_text(f, v, out);
    case FIELD_I64:
        return str_to_i64(v, &n) == OK ? set_number(f, n, out) : wrong_type(f);
    case FIELD_BOOL: {
        bool on = str_eq(v, S("true")) || str_eq(v, S("1"));
        if (!on && !str_eq(v, S("false")) && !str_eq(v, S("0")))
            return wrong_type(f);
        *(bool *)((char *)out + f->offset) = on;
        return OK;
    }
    case FIELD_UUID:
    case FIELD_TIME:
        return set_parsed(f, v, out);
    case FIELD_JSON:
        return E_INTERNAL;
    }
    return E_INTERNAL;
}

static err_t check_required(const struct field *fields, size_t count, const bool *seen)
{
    for (size_t i = 0; i < count; i++)
        if (fields[i].required && !seen[i])
            return err_note(E_INVALID, fields[i].name, "%s is missing: %s", fields[i].name,
                            fields[i].doc);
    return OK;
}

/* Of two values for one name, each of two programs may take another: neither is taken. */
static err_t see_once(const struct field *f, bool *seen)
{
    if (*seen)
        return err_note(E_INVALID, f->name, "%s is given twice", f->name);
    *seen = true;
    return OK;
}

enum { FIELDS_MAX = 32 };

err_t req_query_fields(struct req *rq, void *out)
{
    const struct route *r = rq->route;
    struct str rest = rq->query, name, value, plain;
    bool seen[FIELDS_MAX] = { false };
    assert(r->query_count <= FIELDS_MAX);
    while (query_next(&rest, &name, &value)) {
        const struct field *f = find_field(r->query, r->query_count, name);
        if (!f)
            return unknown_field(r->query, r->query_count, name, rq->arena);
        if (percent_decode(rq->arena, value, true, &plain) != OK)
            return err_note(E_INVALID, f->name,
                            "a percent sign is not followed by two hexadecimal digits");
        TRY(see_once(f, &seen[f - r->query]));
        TRY(set_query(f, plain.s ? plain : S(""), out));
    }
    return check_required(r->query, r->query_count, seen);
}

bool is_json_type(struct str type)
{
    struct str name;
    return str_cut(&type, ';', &name) && str_eq_nocase(str_trim(name), S("application/json"));
}

err_t fields_read(struct arena *a, struct json object, const struct field *fields, size_t count,
                  void *out)
{
    struct json v;
    struct str key;
    bool seen[FIELDS_MAX] = { false };
    assert(count <= FIELDS_MAX);
    if (!json_is(object, JSON_OBJECT))
        return err_note(E_INVALID, NULL, "a JSON object is wanted");
    struct json_iter it = json_iter(object);
    while (json_next(&it, &key, &v)) {
        const struct field *f = find_field(fields, count, key);
        if (!f)
            return unknown_field(fields, count, key, a);
        TRY(see_once(f, &seen[f - fields]));
        if (!json_is(v, JSON_NULL) || f->required)
            TRY(set_json(f, v, out));
    }
    return check_required(fields, count, seen);
}

err_t req_json(struct req *rq, struct json *ret)
{
    struct json root;
    if (!is_json_type(req_header(rq, S("content-type"))))
        return err_note(E_MEDIA_TYPE, "content-type", "send the body as application/json");
    TRY(json_parse(rq->arena, rq->body, JSON_DEPTH_MAX, &root));
    if (!json_is(root, JSON_OBJECT))
        return err_note(E_INVALID, NULL, "the body is a JSON object");
    *ret = root;
    return OK;
}

err_t req_body(struct req *rq, void *out)
{
    struct json root;
    TRY(req_json(rq, &root));
    return fields_read(rq->arena, root, rq->route->body, rq->route->body_count, out);
}

/* --- cursors --------------------------------------------------------------------------------------------------- */

struct str cursor_encode(struct arena *a, struct str bytes)
{
    return base64url_encode(a, bytes);
}

err_t cursor_decode(struct arena *a, struct str text, struct str *ret)
{
    return base64url_decode(a, text, ret) == OK
               ? OK
               : err_note(E_INVALID, "cursor", "this cursor is not one of ours; start without one");
}

err_t cursor_read(struct arena *a, struct str text, void *ret, size_t bytes)
{
    struct str raw;
    TRY(cursor_decode(a, text, &raw));
    if (raw.n != bytes)
        return err_note(E_INVALID, "cursor", "this cursor is not one of ours; start without one");
    memcpy(ret, raw.s, bytes);
    return OK;
}

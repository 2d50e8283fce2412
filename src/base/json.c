#include "base/json.h"

#include "base/json_scan.h"
#include "base/json_simd.h"
#include "base/limits.h"

#define PAYLOAD_MASK    ((UINT64_C(1) << 56) - 1)
#define COUNT_SATURATED UINT64_C(0xFFFFFF)
#define TWO_63          9223372036854775808.0

static const struct json NONE = { NULL, NULL, 0 };

/* --- parsing ------------------------------------------------------------------------------ */

/* Copy the parser's result into the arena: one piece, the tape first for its alignment. */
static err_t keep(struct arena *a, const struct simd_doc *doc, struct json *ret)
{
    size_t tape_bytes = doc->tape_words * sizeof *doc->tape;
    char *p = arena_bytes(a, tape_bytes + doc->string_bytes + sizeof *doc->tape);
    if (!p)
        return arena_err(a);
    p += -(uintptr_t)p % sizeof *doc->tape;
    memcpy(p, doc->tape, tape_bytes);
    if (doc->string_bytes > 0)
        memcpy(p + tape_bytes, doc->strings, doc->string_bytes);
    *ret = (struct json){ (const uint64_t *)(void *)p, (unsigned char *)p + tape_bytes, 1 };
    return OK;
}

static err_t note_position(err_t e, struct str text, size_t at, const char *problem)
{
    size_t line = 1, start = 0;
    for (size_t i = 0; i < at; i++) {
        if (text.s[i] == '\n') {
            line++;
            start = i + 1;
        }
    }
    return err_note(e, NULL, "at byte %zu (line %zu, column %zu): %s", at, line, at - start + 1,
                    problem);
}

/* simdjson refused the text: say why, or give it the text in words that it takes. */
static err_t parse_again(struct str text, int depth_max, struct simd_doc *ret)
{
    CLEANUP(buf_free) struct buf out;
    buf_init(&out, NULL, 2 * JSON_BYTES_MAX);
    struct json_scan scan;
    err_t e = json_scan(&scan, text, depth_max, &out);
    if (e != OK)
        return scan.problem ? note_position(e, text, scan.at, scan.problem) : e;
    struct str words = out.n > 0 ? buf_str(&out) : text;
    switch (simd_parse(words.s, words.n, (size_t)depth_max + 1, ret)) {
    case SIMD_OK:
        return OK;
    case SIMD_NO_MEMORY:
        return E_BUSY;
    default:
        return note_position(E_BAD_JSON, text, scan.unfit_at, "this number is out of range");
    }
}

static err_t parse(struct str text, int depth_max, struct simd_doc *ret)
{
    if (!text.s)
        text = S(""); /* simdjson copies from it, were it nothing at all */
    /* The depth that simdjson counts is only a bound from above (json_simd.h): what nests up to
     * one level less is surely within ours, what nests deeper is counted exactly. */
    switch (simd_parse(text.s, text.n, (size_t)depth_max, ret)) {
    case SIMD_OK:
        return OK;
    case SIMD_NO_MEMORY:
        return E_BUSY;
    default:
        return parse_again(text, depth_max, ret);
    }
}

err_t json_parse(struct arena *a, struct str text, int depth_max, struct json *ret_root)
{
    assert(depth_max >= 1 && depth_max <= JSON_SCAN_DEPTH_MAX);
    if (text.n > JSON_BYTES_MAX)
        return err_note(E_LIMIT, NULL, "JSON text may have at most %zu MiB",
                        JSON_BYTES_MAX / MIB(1));
    if (str_starts(text, S("\xEF\xBB\xBF")))
        text = str_sub(text, 3, text.n);
    struct simd_doc doc;
    err_t e = parse(text, depth_max, &doc);
    if (e == OK)
        e = keep(a, &doc, ret_root);
    simd_release();
    return e;
}

err_t json_unquote(struct str literal, struct buf *out)
{
    struct simd_doc doc;
    err_t e = literal.n > JSON_BYTES_MAX ? E_LIMIT : parse(literal, 1, &doc);
    if (e == OK) {
        struct json root = { doc.tape, doc.strings, 1 };
        if (json_is(root, JSON_STR))
            buf_put(out, json_str(root));
        else
            e = err_note(E_BAD_JSON, NULL, "this is no string");
    }
    simd_release();
    return e == OK ? buf_err(out) : e;
}

/* --- values ------------------------------------------------------------------------------- */

static char tag(struct json v)
{
    return (char)(v.tape[v.at] >> 56);
}

static uint64_t payload(struct json v)
{
    return v.tape[v.at] & PAYLOAD_MASK;
}

static double raw_f64(struct json v)
{
    double d;
    memcpy(&d, &v.tape[v.at + 1], sizeof d);
    return d;
}

static struct json at_index(struct json v, uint32_t at)
{
    return (struct json){ v.tape, v.strings, at };
}

static bool is_container(struct json v)
{
    return v.tape && (tag(v) == '{' || tag(v) == '[');
}

/* The tape index behind a value. A container's opening word knows it. */
static uint32_t after(struct json v)
{
    switch (tag(v)) {
    case '{':
    case '[':
        return (uint32_t)payload(v);
    case 'l':
    case 'u':
    case 'd':
        return v.at + 2;
    default:
        return v.at + 1;
    }
}

enum json_type json_type(struct json v)
{
    if (!v.tape)
        return JSON_NONE;
    switch (tag(v)) {
    case '{':
        return JSON_OBJECT;
    case '[':
        return JSON_ARRAY;
    case '"':
        return JSON_STR;
    case 'l':
        return JSON_I64;
    case 'u':
        return JSON_U64;
    case 'd':
        return JSON_F64;
    case 't':
    case 'f':
        return JSON_BOOL;
    default:
        assert(tag(v) == 'n');
        return JSON_NULL;
    }
}

bool json_exists(struct json v)
{
    return v.tape && tag(v) != 'n';
}

struct str json_str(struct json v)
{
    if (!v.tape || tag(v) != '"')
        return STR_NONE;
    const unsigned char *p = v.strings + payload(v);
    uint32_t n;
    memcpy(&n, p, sizeof n);
    return str_of((const char *)p + sizeof n, n);
}

int64_t json_i64(struct json v, int64_t fallback)
{
    switch (json_type(v)) {
    case JSON_I64:
        return (int64_t)v.tape[v.at + 1];
    case JSON_F64: {
        double d = raw_f64(v);
        bool fits = d >= -TWO_63 && d < TWO_63;
        return fits && (double)(int64_t)d == d ? (int64_t)d : fallback;
    }
    default: /* simdjson writes 'u' only for what does not fit into int64_t */
        return fallback;
    }
}

uint64_t json_u64(struct json v, uint64_t fallback)
{
    if (json_is(v, JSON_U64))
        return v.tape[v.at + 1];
    double d = json_is(v, JSON_F64) ? raw_f64(v) : 0;
    if (d >= TWO_63 && d < 2 * TWO_63)
        return (uint64_t)d; /* so large a double has no fraction */
    int64_t i = json_i64(v, -1);
    return i >= 0 ? (uint64_t)i : fallback;
}

double json_f64(struct json v, double fallback)
{
    switch (json_type(v)) {
    case JSON_I64:
        return (double)(int64_t)v.tape[v.at + 1];
    case JSON_U64:
        return (double)v.tape[v.at + 1];
    case JSON_F64:
        return raw_f64(v);
    default:
        return fallback;
    }
}

bool json_bool(struct json v, bool fallback)
{
    return json_is(v, JSON_BOOL) ? tag(v) == 't' : fallback;
}

/* --- containers --------------------------------------------------------------------------- */

struct json_iter json_iter(struct json container)
{
    if (!is_container(container))
        return (struct json_iter){ .next = NONE };
    return (struct json_iter){
        .next = at_index(container, container.at + 1),
        .end = after(container) - 1,
        .object = tag(container) == '{',
    };
}

bool json_next_member(struct json_iter *it, struct json *ret_key, struct json *ret_value)
{
    if (it->next.at >= it->end)
        return false;
    *ret_key = NONE;
    if (it->object) {
        *ret_key = it->next;
        it->next.at++;
    }
    *ret_value = it->next;
    it->next.at = after(it->next);
    return true;
}

bool json_next(struct json_iter *it, struct str *ret_key, struct json *ret_value)
{
    struct json key;
    if (!json_next_member(it, &key, ret_value))
        return false;
    if (ret_key)
        *ret_key = json_str(key);
    return true;
}

struct json json_get(struct json object, struct str key)
{
    if (!json_is(object, JSON_OBJECT))
        return NONE;
    uint32_t end = after(object) - 1;
    for (uint32_t at = object.at + 1; at < end; at = after(at_index(object, at + 1)))
        if (str_eq(json_str(at_index(object, at)), key))
            return at_index(object, at + 1);
    return NONE;
}

struct str json_get_str(struct json o, struct str key)
{
    return json_str(json_get(o, key));
}

struct json json_at(struct json array, size_t index)
{
    if (!json_is(array, JSON_ARRAY))
        return NONE;
    struct json_iter it = json_iter(array);
    struct json value;
    while (json_next(&it, NULL, &value))
        if (index-- == 0)
            return value;
    return NONE;
}

size_t json_count(struct json container)
{
    if (!is_container(container))
        return 0;
    uint64_t count = payload(container) >> 32;
    if (count < COUNT_SATURATED)
        return (size_t)count;
    struct json_iter it = json_iter(container);
    struct json value;
    size_t n = 0;
    while (json_next(&it, NULL, &value))
        n++;
    return n;
}

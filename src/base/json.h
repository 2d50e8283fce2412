/* JSON reading. simdjson (json_simd.cc, the one C++ file) parses and checks; its tape and
 * strings are copied into the caller's arena, so a value is a view that lives as long as the
 * arena does and needs no free. Integers are exact: int64 first, uint64 next, double last.
 *
 * Duplicate keys: json_get gives the first one. Absent things give a value of type JSON_NONE,
 * on which every accessor is defined, so that a path through foreign data needs one check at its
 * end. */
#ifndef VIVIM_BASE_JSON_H
#define VIVIM_BASE_JSON_H

#include "base/str.h"

enum json_type {
    JSON_NONE,
    JSON_NULL,
    JSON_BOOL,
    JSON_I64,
    JSON_U64,
    JSON_F64,
    JSON_STR,
    JSON_ARRAY,
    JSON_OBJECT
};

struct json {
    const uint64_t *tape; /* NULL for JSON_NONE */
    const unsigned char *strings;
    uint32_t at;
};

/* Parse a whole document.
 *
 * depth_max  1 .. 512 nested arrays and objects
 * ret_root   lives in `a`
 * Errors: E_BAD_JSON with the byte offset (and line) in the detail, also for invalid UTF-8;
 *         E_LIMIT for depth or for text over JSON_BYTES_MAX; E_BUSY.
 * Integers over 64 bits become doubles. An escaped surrogate without its other half (\ud83d in data
 * whose maker cut a string inside a character) becomes U+FFFD, so every string is valid UTF-8; it
 * may hold zero bytes (\u0000), see text_ok in utf8.h. A byte order mark in front is skipped and
 * not counted. Cost: about a nanosecond a byte; what simdjson refuses is looked at once more. */
NODISCARD err_t json_parse(struct arena *a, struct str text, int depth_max, struct json *ret_root);

/* Append what a string literal, with its quotes, says. E_BAD_JSON: it is no string; E_LIMIT, E_BUSY. */
struct buf;
NODISCARD err_t json_unquote(struct str literal, struct buf *out);

enum json_type json_type(struct json v);
static inline bool json_is(struct json v, enum json_type t)
{
    return json_type(v) == t;
}
bool json_exists(struct json v); /* neither absent nor null */

struct json json_get(struct json object, struct str key); /* JSON_NONE when absent or no object */
struct json json_at(struct json array, size_t index);     /* walks; O(index) */
size_t json_count(struct json container); /* elements or members; O(1) up to 2^24, else walks */

/* Values with a fallback for absent or another type. */
struct str json_str(struct json v); /* STR_NONE */
struct str json_get_str(struct json o, struct str key);
int64_t json_i64(struct json v,
                 int64_t fallback); /* a double with an integral value in range counts */
uint64_t json_u64(struct json v, uint64_t fallback); /* the same for what is not negative */
double json_f64(struct json v, double fallback);     /* any number */
bool json_bool(struct json v, bool fallback);

/* Walk: struct json_iter it = json_iter(v); struct str key; struct json item;
 *       while (json_next(&it, &key, &item)) …      (STR_NONE in arrays; may be NULL) */
struct json_iter {
    struct json next;
    uint32_t end;
    bool object;
};
struct json_iter json_iter(struct json container); /* of anything else: empty */
bool json_next(struct json_iter *it, struct str *ret_key, struct json *ret_value);
/* The same with the key as a value (JSON_NONE in arrays). */
bool json_next_member(struct json_iter *it, struct json *ret_key, struct json *ret_value);

#endif

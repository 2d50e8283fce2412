/* New arrays and objects over the values of a parsed document: the tape that json_parse gives, written by hand. For decoders
 * whose input is JSON of another shape (turbo-stream): no text between, no second parse, and strings are referred to, not copied.
 *
 * Failure is sticky as in buf.h: after it the calls do nothing, and json_build_end gives it. */
#ifndef VIVIM_BASE_JSON_BUILD_H
#define VIVIM_BASE_JSON_BUILD_H

#include "base/json.h"
#include "base/limits.h"

struct json_build {
    struct arena *arena;
    const unsigned char *strings; /* of the document */
    uint64_t *tape;
    size_t words, words_cap;
    err_t failed;
    size_t depth;
    struct {
        uint32_t at, count;
        bool object;
    } open[JSON_BUILD_DEPTH_MAX]; /* containers that are not closed yet */
};

/* document        whose values will be put; lives as long as the result
 * expected_bytes  of the tape, as far as it can be guessed: a larger one is copied while it grows */
void json_build_init(struct json_build *b, struct arena *a, struct json document,
                     size_t expected_bytes);

/* One value, or in an object a key and a value in turn. Too deep, too large: E_LIMIT. */
void json_build_object(struct json_build *b);
void json_build_array(struct json_build *b);
void json_build_close(struct json_build *b);
void json_build_null(struct json_build *b);
/* A value (or a string as key) of the document, with all that is in it; JSON_NONE: null. */
void json_build_put(struct json_build *b, struct json v);

/* The value, in the arena. Every container is closed, one value is written. E_LIMIT, E_BUSY. */
NODISCARD err_t json_build_end(struct json_build *b, struct json *ret);

#endif

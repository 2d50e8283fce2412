/* The C side of json_simd.cc, the one C++ file: simdjson behind plain functions.
 * Private to base. */
#ifndef VIVIM_BASE_JSON_SIMD_H
#define VIVIM_BASE_JSON_SIMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum simd_status { SIMD_OK, SIMD_REFUSED, SIMD_NO_MEMORY };

struct simd_doc {
    const uint64_t *tape; /* simdjson's doc/tape.md; word 0 is the root, the first value is at 1 */
    size_t tape_words;
    const unsigned char *strings; /* each: uint32_t length, bytes, a zero byte */
    size_t string_bytes;
};

/* Parse with the thread's own parser. The result is a view into it, which ends with the next
 * call or with simd_release(). `depth` counts as simdjson does: containers that hold something
 * nest less than `depth` deep, and empty ones are not counted at all. */
enum simd_status simd_parse(const char *text, size_t n, size_t depth, struct simd_doc *ret);
/* Give back the parser's buffers if the last document made them large. */
void simd_release(void);
bool simd_utf8_ok(const char *s, size_t n);

#ifdef __cplusplus
}
#endif

#endif

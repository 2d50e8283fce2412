/* UUIDs, version 7 (RFC 9562 section 5.7): 48 bits of milliseconds, then a counter and random
 * bits, so that ids sort by time and new rows go to the end of an index. */
#ifndef VIVIM_BASE_UUID_H
#define VIVIM_BASE_UUID_H

#include "base/str.h"

struct uuid {
    uint8_t b[16];
};

enum { UUID_TEXT_BYTES = 36 };

/* A version 7 UUID from a time and 10 random bytes. */
struct uuid uuid_v7(int64_t unix_ms, const uint8_t random[10]);
/* Canonical lower-case text, 36 bytes and a terminator. */
void uuid_text(struct uuid u, char ret[UUID_TEXT_BYTES + 1]);
struct str uuid_str(struct arena *a, struct uuid u);
/* Exactly 36 bytes, 8-4-4-4-12 hexadecimal digits in any case; E_BAD_INPUT otherwise. */
NODISCARD err_t uuid_parse(struct str s, struct uuid *ret);
bool uuid_is_nil(struct uuid u);
bool uuid_eq(struct uuid x, struct uuid y);
int uuid_cmp(struct uuid x, struct uuid y);

#endif

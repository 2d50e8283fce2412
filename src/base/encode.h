/* base64, base64url, base58btc, hexadecimal, percent-encoding. Decoders are strict: one
 * spelling for each value (no stray bits, no white space), E_BAD_INPUT otherwise. Results are
 * in the arena. */
#ifndef VIVIM_BASE_ENCODE_H
#define VIVIM_BASE_ENCODE_H

#include "base/str.h"

struct str base64_encode(struct arena *a, struct str bytes);    /* RFC 4648 section 4, padded */
struct str base64url_encode(struct arena *a, struct str bytes); /* section 5, no padding */
NODISCARD err_t base64_decode(struct arena *a, struct str text, struct str *ret);
NODISCARD err_t base64url_decode(struct arena *a, struct str text, struct str *ret);

struct str hex_encode(struct arena *a, struct str bytes);                      /* lower case */
NODISCARD err_t hex_decode(struct arena *a, struct str text, struct str *ret); /* either case */
void hex_encode_to(struct str bytes, char *to); /* room for two characters a byte */
bool hex_decode_to(struct str text, uint8_t *to,
                   size_t n); /* just n bytes; false: something else */

/* base58btc without checksum; the algorithm is quadratic, so at most 128 bytes or 176
 * digits (E_LIMIT). */
NODISCARD err_t base58_encode(struct arena *a, struct str bytes, struct str *ret);
NODISCARD err_t base58_decode(struct arena *a, struct str text, struct str *ret);

/* Percent-decoding (RFC 3986 section 2.1). plus_is_space for form and query values.
 * E_BAD_INPUT on a broken escape. */
NODISCARD err_t percent_decode(struct arena *a, struct str text, bool plus_is_space,
                               struct str *ret);
struct str percent_encode(struct arena *a, struct str text); /* all but unreserved characters */

#endif

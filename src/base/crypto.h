/* Hashes, signatures, sealing, password hashing: OpenSSL (hashes) and libsodium behind one header, so they can be left.
 * Random bytes come from os/entropy.h and are passed in; nothing here does I/O. */
#ifndef VIVIM_BASE_CRYPTO_H
#define VIVIM_BASE_CRYPTO_H

#include "base/buf.h"

struct sha256 {
    uint8_t b[32];
};
struct sha256_ctx {
    uint64_t opaque[16];
};
struct sha1 {
    uint8_t b[20];
};

void crypto_init(void); /* once, before threads; aborts when libsodium cannot start */

struct sha256 sha256_of(struct str bytes);
void sha256_init(struct sha256_ctx *c);
void sha256_add(struct sha256_ctx *c, struct str bytes);
struct sha256 sha256_end(struct sha256_ctx *c);
struct sha1 sha1_of(struct str bytes); /* for protocols that ask for it; it holds no secret */
/* "sha256:" and 64 hexadecimal digits, the form that hashes take in the API. */
struct str sha256_tagged(struct arena *a, struct sha256 h);
struct str sha256_hex(struct arena *a, struct sha256 h);
bool sha256_parse(struct str hex, struct sha256 *ret); /* 64 digits; *ret only where it is one */

/* Ed25519 (RFC 8032). The secret key is the seed and the public key, 64 bytes. */
struct ed25519_key {
    uint8_t public_key[32], secret_key[64];
};
void ed25519_from_seed(const uint8_t seed[32], struct ed25519_key *ret);
void ed25519_sign(const struct ed25519_key *k, struct str message, uint8_t ret[64]);
/* Refuses small-order and non-canonical keys and S >= L. */
bool ed25519_verify(const uint8_t public_key[32], struct str message, const uint8_t signature[64]);

/* Sealing: XChaCha20-Poly1305. Output = nonce (24) | ciphertext | tag (16). `context` is bound as
 * additional data, so a sealed value cannot be moved to another row. */
struct str seal(struct arena *a, const uint8_t key[32], const uint8_t nonce[24], struct str context,
                struct str plain);
/* E_CORRUPT when key, context or bytes do not fit. */
NODISCARD err_t unseal(struct arena *a, const uint8_t key[32], struct str context,
                       struct str sealed, struct str *ret);

/* argon2id of `mib` MiB (1 to 1024) and 3 passes (OWASP floor is 19 MiB, 2): with 64 about 0.1 s of
 * a core for each call; call it on a bounded pool, never on a loop thread. ret is the encoded string,
 * which says what it cost. E_BUSY when the memory cannot be had. */
enum { PASSWORD_HASH_BYTES = 128, PASSWORD_PASSES = 3 };
NODISCARD err_t password_hash(struct str password, int64_t mib, char ret[PASSWORD_HASH_BYTES]);
/* Was it this password? E_BUSY: the memory to find out cannot be had, which says nothing about the
 * password. E_CORRUPT: `encoded` is not such a string. *ret only where it was compared. */
NODISCARD err_t password_check(const char *encoded, struct str password, bool *ret);

bool bytes_equal_ct(const void *a, const void *b, size_t n); /* constant time */
void bytes_wipe(void *p, size_t n);                          /* not optimised away */

#endif

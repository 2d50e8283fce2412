#define OPENSSL_SUPPRESS_DEPRECATED /* EVP takes a context from the heap, and longer for short texts */
#include "base/crypto.h"

#include <openssl/sha.h>
#include <sodium.h>
#include <stdlib.h>

#include "base/encode.h"

enum { NONCE_BYTES = 24, TAG_BYTES = 16 };
enum {
    PASSES_MAX = 64,
    KIB_MAX = 1024 * 1024
}; /* of a stored password: what costs more is damage */

static_assert(sizeof(struct sha256_ctx) >= sizeof(SHA256_CTX), "opaque state");
static_assert(sizeof(struct sha256) == SHA256_DIGEST_LENGTH, "SHA-256");
static_assert(sizeof(struct sha1) == SHA_DIGEST_LENGTH, "SHA-1");
static_assert(NONCE_BYTES == crypto_aead_xchacha20poly1305_ietf_NPUBBYTES, "nonce of XChaCha20");
static_assert(TAG_BYTES == crypto_aead_xchacha20poly1305_ietf_ABYTES, "tag of Poly1305");
static_assert(PASSWORD_HASH_BYTES == crypto_pwhash_STRBYTES, "encoded argon2id");

void crypto_init(void)
{
    if (sodium_init() < 0)
        abort();
}

/* libsodium wants a pointer even to nothing. */
static const uint8_t *bytes_of(struct str s)
{
    return (const uint8_t *)(s.n ? s.s : "");
}

/* --- hashes ------------------------------------------------------------------------------- */

/* By OpenSSL, whose code uses the processor's instructions for it: three to seven times libsodium's speed at every length. */
static SHA256_CTX *state_of(struct sha256_ctx *c)
{
    return (SHA256_CTX *)(void *)c->opaque;
}

void sha256_init(struct sha256_ctx *c)
{
    SHA256_Init(state_of(c));
}

void sha256_add(struct sha256_ctx *c, struct str bytes)
{
    SHA256_Update(state_of(c), bytes_of(bytes), bytes.n);
}

struct sha256 sha256_end(struct sha256_ctx *c)
{
    struct sha256 h;
    SHA256_Final(h.b, state_of(c));
    return h;
}

struct sha256 sha256_of(struct str bytes)
{
    struct sha256_ctx c;
    sha256_init(&c);
    sha256_add(&c, bytes);
    return sha256_end(&c);
}

struct sha1 sha1_of(struct str bytes)
{
    struct sha1 h;
    SHA_CTX c;
    SHA1_Init(&c);
    SHA1_Update(&c, bytes_of(bytes), bytes.n);
    SHA1_Final(h.b, &c);
    return h;
}

struct str sha256_hex(struct arena *a, struct sha256 h)
{
    return hex_encode(a, str_of((const char *)h.b, sizeof h.b));
}

bool sha256_parse(struct str hex, struct sha256 *ret)
{
    struct sha256 h = { .b = { 0 } };
    bool is_one = hex_decode_to(hex, h.b, sizeof h.b);
    if (is_one)
        *ret = h;
    return is_one;
}

struct str sha256_tagged(struct arena *a, struct sha256 h)
{
    struct str tag = S("sha256:");
    char *to = arena_bytes(a, tag.n + 2 * sizeof h.b);
    if (!to)
        return STR_NONE;
    memcpy(to, tag.s, tag.n);
    hex_encode_to(str_of((const char *)h.b, sizeof h.b), to + tag.n);
    return str_of(to, tag.n + 2 * sizeof h.b);
}

/* --- signatures --------------------------------------------------------------------------- */

void ed25519_from_seed(const uint8_t seed[32], struct ed25519_key *ret)
{
    crypto_sign_seed_keypair(ret->public_key, ret->secret_key, seed);
}

void ed25519_sign(const struct ed25519_key *k, struct str message, uint8_t ret[64])
{
    crypto_sign_detached(ret, NULL, bytes_of(message), message.n, k->secret_key);
}

bool ed25519_verify(const uint8_t public_key[32], struct str message, const uint8_t signature[64])
{
    return crypto_sign_verify_detached(signature, bytes_of(message), message.n, public_key) == 0;
}

/* --- sealing ------------------------------------------------------------------------------ */

struct str seal(struct arena *a, const uint8_t key[32], const uint8_t nonce[24], struct str context,
                struct str plain)
{
    size_t n;
    if (__builtin_add_overflow(plain.n, (size_t)NONCE_BYTES + TAG_BYTES, &n))
        return STR_NONE;
    char *out = arena_bytes(a, n);
    if (!out)
        return STR_NONE;
    memcpy(out, nonce, NONCE_BYTES);
    crypto_aead_xchacha20poly1305_ietf_encrypt((uint8_t *)out + NONCE_BYTES, NULL, bytes_of(plain),
                                               plain.n, bytes_of(context), context.n, NULL, nonce,
                                               key);
    return str_of(out, n);
}

err_t unseal(struct arena *a, const uint8_t key[32], struct str context, struct str sealed,
             struct str *ret)
{
    if (sealed.n < NONCE_BYTES + TAG_BYTES)
        return E_CORRUPT;
    size_t n = sealed.n - NONCE_BYTES - TAG_BYTES;
    char *out = arena_bytes(a, n);
    if (!out)
        return arena_err(a);
    const uint8_t *nonce = bytes_of(sealed);
    if (crypto_aead_xchacha20poly1305_ietf_decrypt((uint8_t *)out, NULL, NULL, nonce + NONCE_BYTES,
                                                   sealed.n - NONCE_BYTES, bytes_of(context),
                                                   context.n, nonce, key) != 0)
        return E_CORRUPT;
    *ret = str_of(out, n);
    return OK;
}

/* --- passwords ---------------------------------------------------------------------------- */

err_t password_hash(struct str password, int64_t mib, char ret[PASSWORD_HASH_BYTES])
{
    assert(mib >= 1 && mib * 1024 <= KIB_MAX);
    char encoded[PASSWORD_HASH_BYTES];
    if (crypto_pwhash_str_alg(encoded, (const char *)bytes_of(password), password.n,
                              PASSWORD_PASSES, (size_t)mib << 20,
                              crypto_pwhash_ALG_ARGON2ID13) != 0)
        return E_BUSY;
    memcpy(ret, encoded, sizeof encoded);
    return OK;
}

/* What crypto_pwhash_str_alg writes: "$argon2id$v=19$m=KIBIBYTES,t=PASSES,p=1$SALT$HASH", both in
 * base64 without padding. */
struct encoded_password {
    int64_t kib, passes;
    uint8_t salt[crypto_pwhash_SALTBYTES], hash[32];
};

static bool number_between(struct str text, const char *name, int64_t max, int64_t *ret)
{
    struct str given = str_from(name);
    return str_starts(text, given) && str_to_i64(str_sub(text, given.n, text.n), ret) == OK &&
           *ret >= 1 && *ret <= max;
}

static bool bytes_from_base64(struct str text, uint8_t *ret, size_t n)
{
    size_t got;
    return text.n &&
           sodium_base642bin(ret, n, text.s, text.n, NULL, &got, NULL,
                             sodium_base64_VARIANT_ORIGINAL_NO_PADDING) == 0 &&
           got == n;
}

static bool parse_encoded(struct str text, struct encoded_password *ret)
{
    static const struct str HEAD = { "$argon2id$v=19$", 15 };
    struct str rest = str_sub(text, HEAD.n, text.n), costs, salt, kib, passes;
    if (!str_starts(text, HEAD) || !str_cut(&rest, '$', &costs) || !str_cut(&rest, '$', &salt) ||
        !str_cut(&costs, ',', &kib) || !str_cut(&costs, ',', &passes))
        return false;
    return str_eq(costs, S("p=1")) && number_between(kib, "m=", KIB_MAX, &ret->kib) &&
           number_between(passes, "t=", PASSES_MAX, &ret->passes) &&
           bytes_from_base64(salt, ret->salt, sizeof ret->salt) &&
           bytes_from_base64(rest, ret->hash, sizeof ret->hash);
}

/* Not crypto_pwhash_str_verify: it answers alike for a wrong password and for memory that it could
 * not have (argon2_verify of libsodium 1.0.18). */
err_t password_check(const char *encoded, struct str password, bool *ret)
{
    struct encoded_password e;
    uint8_t hash[sizeof e.hash];
    if (!parse_encoded(str_from(encoded), &e))
        return E_CORRUPT;
    if (crypto_pwhash(hash, sizeof hash, (const char *)bytes_of(password), password.n, e.salt,
                      (unsigned long long)e.passes, (size_t)e.kib * 1024,
                      crypto_pwhash_ALG_ARGON2ID13) != 0)
        return E_BUSY;
    *ret = bytes_equal_ct(hash, e.hash, sizeof hash);
    bytes_wipe(hash, sizeof hash);
    return OK;
}

/* ------------------------------------------------------------------------------------------ */

bool bytes_equal_ct(const void *a, const void *b, size_t n)
{
    return sodium_memcmp(a, b, n) == 0;
}

void bytes_wipe(void *p, size_t n)
{
    sodium_memzero(p, n);
}

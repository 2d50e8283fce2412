#include "check.h"

#include <sodium.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/crypto.h"
#include "base/encode.h"

static struct str unhex(struct arena *a, const char *hex)
{
    struct str out;
    assert_int_equal(hex_decode(a, str_from(hex), &out), OK);
    return out;
}

static const uint8_t *bytes(struct str s)
{
    return (const uint8_t *)s.s;
}

static void sha256_vectors(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    assert_str(sha256_hex(&a, sha256_of(STR_NONE)),
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    assert_str(sha256_tagged(&a, sha256_of(S("abc"))),
               "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    struct sha1 short_one = sha1_of(S("abc"));
    assert_str(hex_encode(&a, str_of((const char *)short_one.b, sizeof short_one.b)),
               "a9993e364706816aba3e25717850c26c9cd0d89d");
    struct sha256_ctx c;
    sha256_init(&c);
    for (int i = 0; i < 1000000; i += 1000) { /* FIPS 180: a million times "a" */
        char part[1000];
        memset(part, 'a', sizeof part);
        sha256_add(&c, str_of(part, sizeof part));
        sha256_add(&c, STR_NONE);
    }
    assert_str(sha256_hex(&a, sha256_end(&c)),
               "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

/* RFC 8032, section 7.1: seed, public key, message, signature. */
static const char *const RFC8032[][4] = {
    { "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
      "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9"
      "b4"
      "6bd25bf5f0595bbe24655141438e7a100b" },
    { "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
      "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f1"
      "1d"
      "8c387b2eaeb4302aeeb00d291612bb0c00" },
    { "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
      "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984d"
      "c6"
      "594a7c15e9716ed28dc027beceea1ec40a" },
};

/* Large ones go another way. */
static void sha256_is_the_same_whatever_the_size(void **state)
{
    UNUSED(state);
    static char text[100000];
    static const size_t SIZES[] = { 1, 4095, 4096, 4097, sizeof text };
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)(i * 31 + i / 255);
    for (size_t i = 0; i < COUNTOF(SIZES); i++) {
        struct sha256_ctx c;
        sha256_init(&c);
        sha256_add(&c, str_of(text, SIZES[i] / 2));
        sha256_add(&c, str_of(text + SIZES[i] / 2, SIZES[i] - SIZES[i] / 2));
        struct sha256 parts = sha256_end(&c), whole = sha256_of(str_of(text, SIZES[i]));
        assert_memory_equal(parts.b, whole.b, sizeof whole.b);
    }
}

static void ed25519_vectors(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    for (size_t i = 0; i < COUNTOF(RFC8032); i++) {
        struct ed25519_key k;
        uint8_t signature[64];
        struct str message = unhex(&a, RFC8032[i][2]);
        ed25519_from_seed(bytes(unhex(&a, RFC8032[i][0])), &k);
        assert_memory_equal(k.public_key, unhex(&a, RFC8032[i][1]).s, 32);
        ed25519_sign(&k, message, signature);
        assert_memory_equal(signature, unhex(&a, RFC8032[i][3]).s, 64);
        assert_true(ed25519_verify(k.public_key, message, signature));
        assert_false(ed25519_verify(k.public_key, S("another message"), signature));
        signature[5] ^= 1;
        assert_false(ed25519_verify(k.public_key, message, signature));
    }
}

static void ed25519_refuses_what_is_not_canonical(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    /* S + L says the same as S to a careless verifier. */
    struct str order = unhex(&a, "edd3f55c1a631258d69cf7a2def9de14"
                                 "00000000000000000000000000000010");
    struct str key = unhex(&a, RFC8032[0][1]), good = unhex(&a, RFC8032[0][3]);
    uint8_t signature[64];
    memcpy(signature, good.s, 64);
    assert_true(ed25519_verify(bytes(key), STR_NONE, signature));
    unsigned carry = 0;
    for (int i = 0; i < 32; i++) {
        carry += signature[32 + i] + (unsigned)bytes(order)[i];
        signature[32 + i] = (uint8_t)carry;
        carry >>= 8;
    }
    assert_false(ed25519_verify(bytes(key), STR_NONE, signature));
    /* The neutral element as key and R with S = 0 would fit every message. */
    uint8_t one[32] = { 1 }, zero[64] = { 1 };
    assert_false(ed25519_verify(one, S("any message"), zero));
}

/* draft-irtf-cfrg-xchacha-03, A.3.1. */
static void sealing_is_xchacha20_poly1305(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    uint8_t key[32], nonce[24];
    for (int i = 0; i < 32; i++)
        key[i] = (uint8_t)(0x80 + i);
    for (int i = 0; i < 24; i++)
        nonce[i] = (uint8_t)(0x40 + i);
    struct str plain =
        S("Ladies and Gentlemen of the class of '99: If I could offer you only one tip "
          "for the future, sunscreen would be it.");
    struct str sealed = seal(&a, key, nonce, unhex(&a, "50515253c0c1c2c3c4c5c6c7"), plain);
    assert_int_equal(sealed.n, 24 + plain.n + 16);
    assert_memory_equal(sealed.s, nonce, 24);
    assert_memory_equal(sealed.s + 24, unhex(&a, "bd6d179d3e83d43b9576579493c0e939").s, 16);
    assert_memory_equal(sealed.s + 24 + plain.n, unhex(&a, "c0875924c1c7987947deafd8780acf49").s,
                        16);
}

static void sealed_values_hold_or_break(void **state)
{
    UNUSED(state);
    TEST_ARENA(a);
    uint8_t key[32] = { 1 }, other_key[32] = { 2 }, nonce[24] = { 3 };
    struct str out = STR_NONE, sealed = seal(&a, key, nonce, S("row 1"), S("secret"));
    assert_int_equal(unseal(&a, key, S("row 1"), sealed, &out), OK);
    assert_str(out, "secret");
    assert_int_equal(unseal(&a, key, S("row 2"), sealed, &out), E_CORRUPT);
    assert_int_equal(unseal(&a, other_key, S("row 1"), sealed, &out), E_CORRUPT);
    for (size_t i = 0; i < sealed.n; i++) { /* each byte, the nonce and the tag too */
        struct str changed = str_dup(&a, sealed);
        ((char *)(uintptr_t)changed.s)[i] ^= 0x10;
        assert_int_equal(unseal(&a, key, S("row 1"), changed, &out), E_CORRUPT);
        assert_int_equal(unseal(&a, key, S("row 1"), str_sub(sealed, 0, i), &out), E_CORRUPT);
    }
    assert_str(out, "secret");
    sealed = seal(&a, key, nonce, STR_NONE, STR_NONE);
    assert_int_equal(unseal(&a, key, STR_NONE, sealed, &out), OK);
    assert_int_equal(out.n, 0);
}

/* 1 or 0, or the error with a minus before it. */
static int checked(const char *encoded, struct str password)
{
    bool same = false;
    err_t e = password_check(encoded, password, &same);
    return e == OK ? same : -(int)e;
}

/* Of this process, as RLIMIT_AS counts them; the sanitizer's shadow too. */
static rlim_t mapped_bytes(void)
{
    unsigned long long pages = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    assert_non_null(f);
    assert_int_equal(fscanf(f, "%llu", &pages), 1);
    fclose(f);
    return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

static void passwords(void **state)
{
    UNUSED(state);
    char encoded[PASSWORD_HASH_BYTES], again[PASSWORD_HASH_BYTES];
    assert_int_equal(password_hash(S("correct horse"), 64, encoded), OK);
    assert_int_equal(password_hash(S("correct horse"), 64, again), OK);
    assert_true(str_starts(str_from(encoded), S("$argon2id$v=19$m=65536,t=3,p=1$")));
    assert_string_not_equal(encoded, again); /* salted */
    assert_int_equal(checked(encoded, S("correct horse")), 1);
    assert_int_equal(checked(encoded, S("correct horsE")), 0);
    assert_int_equal(checked(encoded, S("")), 0);
}

/* One that libsodium made by itself, and what is none. */
static void passwords_encoded_elsewhere(void **state)
{
    UNUSED(state);
    char other[crypto_pwhash_STRBYTES], cut[crypto_pwhash_STRBYTES];
    assert_int_equal(crypto_pwhash_str(other, "pw", 2, 1, 8192), 0);
    assert_int_equal(checked(other, S("pw")), 1);
    assert_int_equal(checked(other, S("pW")), 0);
    static const char *const DAMAGED[] = {
        "",
        "$argon2id$v=19$m=65536,t=3,p=1$",
        "$argon2id$v=19$m=65536,t=3,p=2$ciik6DYeXlERpCklRqFaqw$"
        "5axF9Wgfl57sCtBjNjxoSrdx3mk9AKv7++19FTDFRKc",
        "$argon2id$v=19$m=999999999,t=3,p=1$ciik6DYeXlERpCklRqFaqw$"
        "5axF9Wgfl57sCtBjNjxoSrdx3mk9AKv7++19FTDFRKc",
        "$argon2id$v=19$m=65536,t=3,p=1$ciik6DYeXlERpCklRqFaqw$5axF9Wgf",
    };
    for (size_t i = 0; i < COUNTOF(DAMAGED); i++)
        assert_int_equal(checked(DAMAGED[i], S("x")), -E_CORRUPT);
    for (size_t n = 0; n < strlen(other); n++) {
        snprintf(cut, sizeof cut, "%.*s", (int)n, other);
        assert_int_equal(checked(cut, S("pw")), -E_CORRUPT);
    }
}

/* 1 GiB is more than this process may have: not a wrong password. */
static void no_memory_is_not_a_wrong_password(void **state)
{
    UNUSED(state);
    struct rlimit before, little;
    static const char GREEDY[] = "$argon2id$v=19$m=1048576,t=1,p=1$ciik6DYeXlERpCklRqFaqw$"
                                 "5axF9Wgfl57sCtBjNjxoSrdx3mk9AKv7++19FTDFRKc";
    assert_int_equal(getrlimit(RLIMIT_AS, &before), 0);
    little = before;
    little.rlim_cur = mapped_bytes() + MIB(256);
    assert_int_equal(setrlimit(RLIMIT_AS, &little), 0);
    int result = checked(GREEDY, S("x"));
    assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
    assert_int_equal(result, -E_BUSY);
}

static void constant_time_and_wiping(void **state)
{
    UNUSED(state);
    char a[] = "secret", b[] = "secreT";
    assert_false(bytes_equal_ct(a, b, 6));
    assert_true(bytes_equal_ct(a, b, 5));
    assert_true(bytes_equal_ct(a, b, 0));
    bytes_wipe(a, sizeof a);
    for (size_t i = 0; i < sizeof a; i++)
        assert_int_equal(a[i], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sha256_vectors),
        cmocka_unit_test(sha256_is_the_same_whatever_the_size),
        cmocka_unit_test(ed25519_vectors),
        cmocka_unit_test(ed25519_refuses_what_is_not_canonical),
        cmocka_unit_test(sealing_is_xchacha20_poly1305),
        cmocka_unit_test(sealed_values_hold_or_break),
        cmocka_unit_test(passwords),
        cmocka_unit_test(passwords_encoded_elsewhere),
        cmocka_unit_test(no_memory_is_not_a_wrong_password),
        cmocka_unit_test(constant_time_and_wiping),
    };
    crypto_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

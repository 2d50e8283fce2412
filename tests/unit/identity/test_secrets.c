/* The master key's file, and sealing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "base/limits.h"
#include "identity/identity.h"
#include "os/file.h"
#include "os/thread.h"

static struct arena arena;
static char *folder;

static int set_up(void **state)
{
    UNUSED(state);
    arena_init(&arena, MIB(4));
    return folder_temp(&arena, "vivim-secrets-", &folder) == OK ? 0 : -1;
}

static int tear_down(void **state)
{
    UNUSED(state);
    folder_remove(folder);
    arena_free(&arena);
    return 0;
}

static const char *key_path(void)
{
    return str_cstr(&arena, str_fmt(&arena, "%s/master.key", folder));
}

static void key_from_setting(void **state)
{
    UNUSED(state);
    uint8_t key[32];
    bool made = true;
    struct str good = S("00112233445566778899aabbccddeeff00112233445566778899AABBCCDDEEFF");
    assert_int_equal(identity_master_key(good, folder, key, &made), OK);
    assert_false(made);
    assert_int_equal(key[1], 0x11);
    assert_int_equal(key[31], 0xff);
    assert_false(file_exists(key_path()));
    static const char *const BAD[] = {
        "00", "zz112233445566778899aabbccddeeff00112233445566778899aabbccddeeff",
        "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff0"
    };
    for (size_t i = 0; i < COUNTOF(BAD); i++) {
        assert_int_equal(identity_master_key(str_from(BAD[i]), folder, key, NULL), E_INVALID);
        assert_null(strstr(err_detail()->text, BAD[i])); /* never the secret itself */
    }
}

static void key_made_once(void **state)
{
    UNUSED(state);
    uint8_t first[32], second[32];
    bool made = false;
    struct stat st;
    assert_int_equal(identity_master_key(STR_NONE, folder, first, &made), OK);
    assert_true(made);
    assert_int_equal(stat(key_path(), &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    assert_int_equal(st.st_size, 65);
    assert_int_equal(identity_master_key(S(""), folder, second, &made), OK);
    assert_false(made);
    assert_memory_equal(first, second, sizeof first);
}

static void key_file_that_is_wrong(void **state)
{
    UNUSED(state);
    uint8_t key[32];
    assert_int_equal(file_write_atomic(key_path(), S("not a key\n"), 0600), OK);
    assert_int_equal(identity_master_key(STR_NONE, folder, key, NULL), E_INVALID);
    assert_int_equal(file_write_atomic(key_path(), S(""), 0600), OK);
    assert_int_equal(identity_master_key(STR_NONE, folder, key, NULL), E_INVALID);
    struct str hex = S("00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff\r\n");
    assert_int_equal(file_write_atomic(key_path(), hex, 0644), OK);
    assert_int_equal(identity_master_key(STR_NONE, folder, key, NULL), E_INVALID);
    assert_non_null(strstr(err_detail()->text, "chmod 600"));
    assert_int_equal(chmod(key_path(), 0600), 0);
    assert_int_equal(identity_master_key(STR_NONE, folder, key, NULL), OK);
}

struct starter {
    struct thread thread;
    uint8_t key[32];
    bool made;
    err_t result;
};

static void start(void *context)
{
    struct starter *s = context;
    s->result = identity_master_key(STR_NONE, folder, s->key, &s->made);
}

static void two_starts_agree(void **state)
{
    UNUSED(state);
    struct starter s[8] = { 0 };
    int made = 0;
    for (size_t i = 0; i < COUNTOF(s); i++)
        assert_int_equal(thread_start(&s[i].thread, "starter", start, &s[i]), OK);
    for (size_t i = 0; i < COUNTOF(s); i++) {
        thread_join(&s[i].thread);
        assert_int_equal(s[i].result, OK);
        assert_memory_equal(s[i].key, s[0].key, sizeof s[0].key);
        made += s[i].made;
    }
    assert_int_equal(made, 1);
}

static void sealing_is_bound(void **state)
{
    UNUSED(state);
    static const uint8_t KEY[32] = { 1 }, OTHER_KEY[32] = { 2 };
    const struct uuid ada = { { 1 } }, bob = { { 2 } };
    struct str sealed, again, plain;
    assert_int_equal(
        identity_secret_seal(&arena, KEY, ada, S("provider_key:x"), S("sk-123"), &sealed), OK);
    assert_int_equal(
        identity_secret_seal(&arena, KEY, ada, S("provider_key:x"), S("sk-123"), &again), OK);
    assert_false(str_eq(sealed, again)); /* a nonce of its own each time */
    assert_int_equal(str_find(sealed, S("sk-123"), 0), sealed.n);
    assert_int_equal(identity_secret_open(&arena, KEY, ada, S("provider_key:x"), sealed, &plain),
                     OK);
    assert_true(str_eq(plain, S("sk-123")));
    assert_int_equal(identity_secret_open(&arena, KEY, bob, S("provider_key:x"), sealed, &plain),
                     E_CORRUPT);
    assert_int_equal(identity_secret_open(&arena, KEY, ada, S("provider_key:y"), sealed, &plain),
                     E_CORRUPT);
    assert_int_equal(
        identity_secret_open(&arena, OTHER_KEY, ada, S("provider_key:x"), sealed, &plain),
        E_CORRUPT);
    for (size_t i = 0; i < sealed.n; i++) {
        char *bent = arena_bytes(&arena, sealed.n);
        memcpy(bent, sealed.s, sealed.n);
        bent[i] = (char)(bent[i] ^ 1);
        assert_int_equal(identity_secret_open(&arena, KEY, ada, S("provider_key:x"),
                                              str_of(bent, sealed.n), &plain),
                         E_CORRUPT);
        assert_int_equal(identity_secret_open(&arena, KEY, ada, S("provider_key:x"),
                                              str_sub(sealed, 0, i), &plain),
                         E_CORRUPT);
    }
}

static void sealing_has_a_limit(void **state)
{
    UNUSED(state);
    static const uint8_t KEY[32] = { 1 };
    static char bytes[SECRET_BYTES_MAX + 1];
    struct str sealed, plain;
    const struct uuid ada = { { 1 } };
    assert_int_equal(identity_secret_seal(&arena, KEY, ada, S("p"), S(""), &sealed), OK);
    assert_int_equal(identity_secret_open(&arena, KEY, ada, S("p"), sealed, &plain), OK);
    assert_int_equal(plain.n, 0);
    assert_int_equal(
        identity_secret_seal(&arena, KEY, ada, S("p"), str_of(bytes, SECRET_BYTES_MAX), &sealed),
        OK);
    assert_int_equal(identity_secret_open(&arena, KEY, ada, S("p"), sealed, &plain), OK);
    assert_int_equal(plain.n, SECRET_BYTES_MAX);
    assert_int_equal(identity_secret_seal(&arena, KEY, ada, S("p"),
                                          str_of(bytes, SECRET_BYTES_MAX + 1), &sealed),
                     E_LIMIT);
}

int main(void)
{
    crypto_init();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(key_from_setting, set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_made_once, set_up, tear_down),
        cmocka_unit_test_setup_teardown(key_file_that_is_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(two_starts_agree, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sealing_is_bound, set_up, tear_down),
        cmocka_unit_test_setup_teardown(sealing_has_a_limit, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}

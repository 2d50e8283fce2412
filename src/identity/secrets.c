/* The master key, and secrets sealed under it. */
#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/log.h"
#include "identity/inside.h"
#include "os/entropy.h"
#include "os/file.h"

enum { KEY_BYTES = 32, NONCE_BYTES = 24, KEY_FILE_BYTES_MAX = 256 };

/* --- the master key ------------------------------------------------------------------------ */

static err_t parse_key(struct arena *a, struct str text, const char *where, uint8_t ret[KEY_BYTES])
{
    struct str bytes;
    struct str hex = str_trim(text);
    if (hex.n != 2 * KEY_BYTES || hex_decode(a, hex, &bytes) != OK)
        return err_note(E_INVALID, "master_key",
                        "the master key in %s is not %d hexadecimal digits", where, 2 * KEY_BYTES);
    memcpy(ret, bytes.s, KEY_BYTES);
    bytes_wipe((char *)bytes.s, bytes.n);
    return OK;
}

/* E_NOT_FOUND when there is none. */
static err_t read_key_file(struct arena *a, const char *path, uint8_t ret[KEY_BYTES])
{
    struct stat st;
    struct str text;
    TRY(file_read(a, path, KEY_FILE_BYTES_MAX, &text));
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)))
        return err_note(E_INVALID, "master_key", "others may read %s; run: chmod 600 %s", path,
                        path);
    err_t e = parse_key(a, text, path, ret);
    bytes_wipe((char *)text.s, text.n);
    return e;
}

/* Written whole under another name and then linked: whoever links first has made the key, and
 * everybody reads that one. */
static err_t make_key_file(struct arena *a, const char *data_dir, const char *path, bool *ret_made)
{
    uint8_t key[KEY_BYTES], tail[8];
    entropy_fill(key, sizeof key);
    entropy_fill(tail, sizeof tail);
    struct str hex = hex_encode(a, str_of((const char *)key, sizeof key));
    struct str text = str_cat(a, hex, S("\n"));
    struct str suffix = hex_encode(a, str_of((const char *)tail, sizeof tail));
    char *draft = str_cstr(a, str_fmt(a, "%s.%.*s", path, STR_ARG(suffix)));
    bytes_wipe(key, sizeof key);
    TRY(arena_err(a));
    TRY(file_write_atomic(draft, text, 0600));
    bytes_wipe((char *)text.s, text.n);
    bytes_wipe((char *)hex.s, hex.n);
    bool linked = link(draft, path) == 0;
    int why = errno;
    unlink(draft);
    if (!linked && why != EEXIST)
        return err_note(why == ENOSPC || why == EDQUOT ? E_FULL : E_IO, NULL, "cannot make %s: %s",
                        path, strerrorname_np(why));
    TRY(folder_sync(data_dir));
    *ret_made = linked;
    return OK;
}

static err_t key_path(struct arena *a, const char *data_dir, char **ret)
{
    *ret = str_cstr(a, str_fmt(a, "%s/master.key", data_dir));
    return *ret ? OK : arena_err(a);
}

err_t identity_master_key_there(struct str setting, const char *data_dir, uint8_t ret[32])
{
    CLEANUP(arena_free) struct arena a = { 0 };
    char *path;
    arena_init(&a, KIB(64));
    if (setting.n)
        return parse_key(&a, setting, "VIVIM_MASTER_KEY", ret);
    TRY(key_path(&a, data_dir, &path));
    return read_key_file(&a, path, ret);
}

err_t identity_master_key(struct str setting, const char *data_dir, uint8_t ret[32], bool *ret_made)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    arena_init(&a, KIB(64));
    bool made = false;
    uint8_t key[KEY_BYTES];
    err_t e = identity_master_key_there(setting, data_dir, key);
    if (e == E_NOT_FOUND) {
        char *path;
        TRY(key_path(&a, data_dir, &path));
        TRY(make_key_file(&a, data_dir, path, &made));
        e = read_key_file(&a, path, key);
    }
    TRY(e);
    memcpy(ret, key, sizeof key);
    bytes_wipe(key, sizeof key);
    if (ret_made)
        *ret_made = made;
    return OK;
}

/* --- sealing --------------------------------------------------------------------------------- */

/* The first byte says how the rest is sealed, so that another cipher or a key of its own for
 * each account can follow. */
enum { SEALED_MASTER = 1 };

static struct str context_of(struct arena *a, struct uuid owner, struct str purpose)
{
    struct str id = uuid_str(a, owner);
    return str_fmt(a, "vivim.secret/1:%.*s:%.*s", STR_ARG(id), STR_ARG(purpose));
}

err_t identity_secret_seal(struct arena *a, const uint8_t master_key[32], struct uuid owner,
                           struct str purpose, struct str plain, struct str *ret)
{
    if (plain.n > SECRET_BYTES_MAX)
        return err_note(E_LIMIT, NULL, "a secret has at most %zu bytes", SECRET_BYTES_MAX);
    uint8_t nonce[NONCE_BYTES];
    static const char VERSION[1] = { SEALED_MASTER };
    entropy_fill(nonce, sizeof nonce);
    struct str sealed = seal(a, master_key, nonce, context_of(a, owner, purpose), plain);
    struct str whole = str_cat(a, str_of(VERSION, 1), sealed);
    TRY(arena_err(a));
    *ret = whole;
    return OK;
}

err_t identity_secret_open(struct arena *a, const uint8_t master_key[32], struct uuid owner,
                           struct str purpose, struct str sealed, struct str *ret)
{
    if (sealed.n < 1 || sealed.s[0] != SEALED_MASTER)
        return err_note(E_CORRUPT, NULL, "a sealed secret is damaged");
    struct str context = context_of(a, owner, purpose);
    TRY(arena_err(a));
    err_t e = unseal(a, master_key, context, str_sub(sealed, 1, sealed.n), ret);
    return e == E_CORRUPT
               ? err_note(
                     E_CORRUPT, NULL,
                     "a sealed secret does not open; is this the master key it was sealed under?")
               : e;
}

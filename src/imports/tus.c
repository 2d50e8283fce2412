#include "imports/tus.h"

#include "base/encode.h"
#include "base/utf8.h"
#include "imports/imports_inside.h"

err_t tus_version(struct str value)
{
    return str_eq(value, S(TUS_VERSION))
               ? OK
               : err_note(E_PRECONDITION, "tus-resumable", "this server speaks tus " TUS_VERSION);
}

err_t tus_bytes(const char *name, struct str value, int64_t *ret)
{
    int64_t bytes;
    if (!value.n || str_to_i64(value, &bytes) != OK || bytes < 0)
        return err_note(E_BAD_INPUT, name, "%s must be a number of bytes", name);
    *ret = bytes;
    return OK;
}

/* The value of a key; STR_NONE: it is not there, or is no base64. */
static struct str value_of(struct arena *a, struct str all, struct str key)
{
    struct str part, name, value;
    while (str_cut(&all, ',', &part)) {
        part = str_trim(part);
        if (!str_cut(&part, ' ', &name) || !str_eq(name, key))
            continue;
        if (base64_decode(a, str_trim(part.s ? part : S("")), &value) == OK)
            return utf8_repair(a, value);
    }
    err_clear();
    return STR_NONE;
}

static bool is_printable(struct str s)
{
    for (size_t i = 0; i < s.n; i++)
        if ((unsigned char)s.s[i] < ' ' || (unsigned char)s.s[i] > '~')
            return false;
    return true;
}

err_t tus_metadata(struct arena *a, struct str value, struct str *ret_kept, struct str *ret_name)
{
    struct str kept = value.s ? value : S("");
    if (kept.n > TUS_METADATA_BYTES_MAX || !is_printable(kept))
        return err_note(E_BAD_INPUT, "upload-metadata", "this is no tus metadata");
    struct str name = value_of(a, kept, S("relativePath"));
    if (!name.n || str_eq(name, S("null"))) /* as clients say that there is none */
        name = value_of(a, kept, S("filename"));
    *ret_name = import_safe_name(a, name.s ? name : S(""));
    *ret_kept = kept;
    return arena_err(a);
}

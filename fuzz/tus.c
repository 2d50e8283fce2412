/* room: imports */
/* Any bytes as the headers of tus, a line each: version, length, offset, metadata. */
#include "imports/tus.h"
#include "base/limits.h"
#include "base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str rest = str_of((const char *)data, size), version = STR_NONE, length = STR_NONE,
               offset = STR_NONE, kept, name;
    int64_t bytes;
    arena_init(&a, MIB(16));
    (void)!str_cut(&rest, '\n', &version);
    (void)!str_cut(&rest, '\n', &length);
    (void)!str_cut(&rest, '\n', &offset);
    assert((tus_version(version) == OK) == str_eq(version, S("1.0.0")));
    assert(tus_bytes("upload-length", length, &bytes) != OK || bytes >= 0);
    assert(tus_bytes("upload-offset", offset, &bytes) != OK || bytes >= 0);
    err_t e = tus_metadata(&a, rest, &kept, &name);
    assert(e == OK || e == E_BAD_INPUT || e == E_BUSY);
    err_clear();
    if (e != OK)
        return 0;
    assert(kept.n <= TUS_METADATA_BYTES_MAX && utf8_ok(kept));
    assert(name.n && name.n <= KIB(4) && text_ok(name) && name.s[0] != '/' && name.s[0] != '.');
    assert(str_find(name, S("/."), 0) == name.n && str_find(name, S("//"), 0) == name.n);
    assert(str_find_char(name, '\\', 0) == name.n);
    return 0;
}

/* room: imports
 *
 * Forms with files. The first byte says how much comes at once; what is read is bounded by what came, and ends. */
#include "imports/multipart.h"
#include "../tests/unit/drip.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "imports/imports_inside.h"

#define CHECK(what)           \
    do {                      \
        if (!(what))          \
            __builtin_trap(); \
    } while (0)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct multipart m;
    struct multipart_part part;
    char bytes[256];
    size_t all = 0, n = 1;
    if (!size)
        return 0;
    arena_init(&a, MIB(16));
    struct drip d = { { drip_read }, str_of((const char *)data + 1, size - 1), 1 + data[0] };
    CHECK(multipart_init(&m, &a, S("multipart/form-data; boundary=b"), &d.reader) == OK);
    while (multipart_next(&m, &a, &part) == OK) {
        struct str name = import_safe_name(&a, part.file_name.s ? part.file_name : S(""));
        CHECK(utf8_ok(part.name) && name.n && name.s[0] != '/' && name.s[0] != '.');
        CHECK(str_find(name, S("/."), 0) == name.n && str_find_char(name, '\\', 0) == name.n);
        for (n = 1; n && multipart_read(&m, bytes, sizeof bytes, &n) == OK; all += n)
            CHECK(all <= size);
    }
    return 0;
}

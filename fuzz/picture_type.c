/* room: base */
/* Any bytes as a picture: what is taken for one begins as that kind does, and never like a document. */
#include "base/picture_type.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str bytes = str_of((const char *)data, size), type = picture_type(bytes);
    if (!type.n)
        return 0;
    assert(str_starts(type, S("image/")) && size >= 3);
    assert(data[0] != '<' && !str_eq(type, S("image/svg+xml")));
    /* What follows the signature changes nothing of what has been decided. */
    size_t kept = size < 256 ? size : 256;
    struct str again = picture_type(str_sub(bytes, 0, kept));
    assert(str_eq(type, again));
    return 0;
}

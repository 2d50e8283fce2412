/* room: capture */
/* Any bytes as a message of the browser. */
#include "capture/devtools.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct devtools_message m;
    arena_init(&a, (size_t)64 << 20);
    if (devtools_message_parse(&a, str_of((const char *)data, size), &m) == OK)
        assert(m.id >= 0 || json_is(json_get(m.root, S("method")), JSON_STR));
    return 0;
}

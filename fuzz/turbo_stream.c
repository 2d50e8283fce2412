/* room: archive */
/* A page's state as turbo-stream: any bytes as the HTML of a page. */
#include "archive/providers/turbo_stream.h"
#include "archive/providers/provider.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str text = str_of((const char *)data, size);
    struct turbo t;
    struct json root;
    arena_init(&a, (size_t)256 << 20);
    if (turbo_from_text(&a, text, &t) == OK && turbo_hydrate(&a, &t, 0, &root) == OK)
        (void)json_count(root);
    if (PROVIDERS[0]->embedded(&a, text, &root) == OK)
        (void)json_count(root);
    return 0;
}

/* room: archive */
/* Any bytes as a provider's JSON or a page, whoever's they are. */
#include "archive/providers/extract.h"
#include "base/utf8.h"
#include "conversation.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str bytes = str_of((const char *)data, size);
    struct conversation c;
    struct json root;
    arena_init(&a, CONVERSATION_ARENA_BYTES_MAX);
    err_t e = json_parse(&a, bytes, JSON_FOREIGN_DEPTH_MAX, &root);
    if (e == OK)
        e = extract_json(&a, root, NULL, &c);
    else if (utf8_ok(bytes))
        e = extract_page(&a, bytes, &c);
    if (e == OK)
        e = hold(&c);
    UNUSED(e);
    return 0;
}

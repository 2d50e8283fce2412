/* room: archive */
/* Any bytes as one provider's data (FUZZ_PROVIDER, a target for each of them: tools/targets.mk), also where its JSON would
 * not be known as its own. */
#include "archive/providers/provider.h"
#include "../conversation.h"

static void read(const struct provider *p, err_t got, struct json root)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct conversation c;
    arena_init(&a, CONVERSATION_BYTES_MAX);
    if (got == OK && p->json_is_mine)
        (void)p->json_is_mine(root);
    if (got != OK || p->from_json(&a, root, &c) != OK)
        return;
    assert(str_eq(str_from(c.provider), str_from(FUZZ_PROVIDER)));
    err_t e = hold(&c);
    UNUSED(e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    const struct provider *p = provider_by_name(S(FUZZ_PROVIDER));
    struct str bytes = str_of((const char *)data, size);
    struct json root = { 0 };
    arena_init(&a, JSON_BYTES_MAX);
    read(p, json_parse(&a, bytes, JSON_FOREIGN_DEPTH_MAX, &root), root);
    if (p->decode)
        read(p, p->decode(&a, bytes, &root), root);
    if (p->embedded)
        read(p, p->embedded(&a, bytes, &root), root);
    return 0;
}

/* room: archive */
/* Any bytes as a provider's JSON, an export or a page, whoever's they are. */
#include "archive/providers/extract.h"
#include "conversation.h"

static err_t each(void *context, struct conversation *c)
{
    UNUSED(context);
    return hold(c);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum extract_kind kind;
    err_t e = extract_bytes(str_of((const char *)data, size), STR_NONE, each, NULL, NULL, &kind);
    UNUSED(e);
    return 0;
}

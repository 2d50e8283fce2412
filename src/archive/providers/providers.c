/* The table of providers. */
#include "archive/providers/provider.h"

extern const struct provider PROVIDER_CHATGPT, PROVIDER_CLAUDE;

const struct provider *const PROVIDERS[] = { &PROVIDER_CHATGPT, &PROVIDER_CLAUDE, NULL };

const struct provider *provider_by_name(struct str name)
{
    for (size_t i = 0; PROVIDERS[i]; i++)
        if (str_eq(name, str_from(PROVIDERS[i]->name)))
            return PROVIDERS[i];
    return NULL;
}

const struct provider *provider_of_json(struct json root)
{
    for (size_t i = 0; PROVIDERS[i]; i++)
        if (PROVIDERS[i]->json_is_mine(root))
            return PROVIDERS[i];
    return NULL;
}

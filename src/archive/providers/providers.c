/* The table of providers. */
#include "archive/providers/provider.h"

extern const struct provider PROVIDER_CHATGPT, PROVIDER_CLAUDE, PROVIDER_COPILOT, PROVIDER_DEEPSEEK,
    PROVIDER_GEMINI, PROVIDER_GROK, PROVIDER_KIMI, PROVIDER_PERPLEXITY, PROVIDER_QWEN, PROVIDER_ZAI;

const struct provider *const PROVIDERS[] = { &PROVIDER_CHATGPT,
                                             &PROVIDER_CLAUDE,
                                             &PROVIDER_GEMINI,
                                             &PROVIDER_GROK,
                                             &PROVIDER_DEEPSEEK,
                                             &PROVIDER_KIMI,
                                             &PROVIDER_QWEN,
                                             &PROVIDER_ZAI,
                                             &PROVIDER_COPILOT,
                                             &PROVIDER_PERPLEXITY,
                                             NULL };

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

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

/* Of these nothing but the rendered page is known. */
static const char *const PAGE_ALONE[] = { "lmarena", "meta", "mistral", "poe" };

const char *provider_static_name(struct str name)
{
    const struct provider *p = provider_by_name(name);
    if (p)
        return p->name;
    for (size_t i = 0; i < COUNTOF(PAGE_ALONE); i++)
        if (str_eq(name, str_from(PAGE_ALONE[i])))
            return PAGE_ALONE[i];
    return NULL;
}

const struct provider *provider_of_json(struct json root)
{
    for (size_t i = 0; PROVIDERS[i]; i++)
        if (PROVIDERS[i]->json_is_mine(root))
            return PROVIDERS[i];
    return NULL;
}

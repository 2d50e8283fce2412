/* The table of providers. One that gives no JSON is its data alone (<name>.json). */
#include "archive/providers/provider.h"

extern const struct provider PROVIDER_CHATGPT, PROVIDER_CLAUDE, PROVIDER_COPILOT, PROVIDER_DEEPSEEK,
    PROVIDER_GEMINI, PROVIDER_GROK, PROVIDER_KIMI, PROVIDER_PERPLEXITY, PROVIDER_QWEN, PROVIDER_ZAI,
    PROVIDER_MISTRAL, PROVIDER_META, PROVIDER_LIBRECHAT, PROVIDER_TYPINGMIND, PROVIDER_LMSTUDIO,
    PROVIDER_OPENWEBUI;

static const struct provider PROVIDER_POE = { .name = "poe" },
                             PROVIDER_LMARENA = { .name = "lmarena" },
                             PROVIDER_JAN = { .name = "jan" },
                             PROVIDER_CLAUDE_CODE = { .name = "claude_code" },
                             PROVIDER_CODEX = { .name = "codex" },
                             PROVIDER_GEMINI_CLI = { .name = "gemini_cli" },
                             PROVIDER_CURSOR = { .name = "cursor" },
                             PROVIDER_GENERIC = { .name = "generic" }; /* a page of any host */

const struct provider *const PROVIDERS[] = { &PROVIDER_CHATGPT,
                                             &PROVIDER_CLAUDE,
                                             &PROVIDER_GEMINI,
                                             &PROVIDER_GROK,
                                             &PROVIDER_DEEPSEEK,
                                             &PROVIDER_KIMI,
                                             &PROVIDER_QWEN,
                                             &PROVIDER_ZAI,
                                             &PROVIDER_COPILOT,
                                             &PROVIDER_MISTRAL,
                                             &PROVIDER_PERPLEXITY,
                                             &PROVIDER_POE,
                                             &PROVIDER_LMARENA,
                                             &PROVIDER_META,
                                             &PROVIDER_OPENWEBUI,
                                             &PROVIDER_LIBRECHAT,
                                             &PROVIDER_TYPINGMIND,
                                             &PROVIDER_LMSTUDIO,
                                             &PROVIDER_JAN,
                                             &PROVIDER_CLAUDE_CODE,
                                             &PROVIDER_CODEX,
                                             &PROVIDER_GEMINI_CLI,
                                             &PROVIDER_CURSOR,
                                             &PROVIDER_GENERIC,
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
        if (PROVIDERS[i]->json_is_mine && PROVIDERS[i]->json_is_mine(root))
            return PROVIDERS[i];
    return NULL;
}

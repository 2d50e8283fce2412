/* The table of providers, a row for each: its code (<name>.c), or where it gives no JSON that is known its data alone
 * (<name>.json). Their order is that in which JSON is asked whose it is. */
#include "archive/providers/provider.h"

/* clang-format off */
#define PROVIDER_ROWS(CODE, DATA) \
    CODE(CHATGPT) \
    CODE(CLAUDE) \
    CODE(GEMINI) \
    CODE(GROK) \
    CODE(DEEPSEEK) \
    CODE(KIMI) \
    CODE(QWEN) \
    CODE(ZAI) \
    CODE(COPILOT) \
    CODE(MISTRAL) \
    CODE(PERPLEXITY) \
    DATA(POE, "poe") \
    DATA(LMARENA, "lmarena") \
    CODE(META) \
    CODE(OPENWEBUI) \
    CODE(LIBRECHAT) \
    CODE(TYPINGMIND) \
    CODE(LMSTUDIO) \
    DATA(JAN, "jan") \
    DATA(CLAUDE_CODE, "claude_code") \
    DATA(CODEX, "codex") \
    DATA(GEMINI_CLI, "gemini_cli") \
    DATA(CURSOR, "cursor") \
    DATA(GENERIC, "generic") /* a page of any host */
/* clang-format on */

#define CODE_OF(NAME)       extern const struct provider PROVIDER_##NAME;
#define DATA_OF(NAME, word) static const struct provider PROVIDER_##NAME = { .name = (word) };
PROVIDER_ROWS(CODE_OF, DATA_OF)

#define CODE_ROW(NAME)       &PROVIDER_##NAME,
#define DATA_ROW(NAME, word) &PROVIDER_##NAME,
const struct provider *const PROVIDERS[] = { PROVIDER_ROWS(CODE_ROW, DATA_ROW) NULL };

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

/* Mistral's export: a file for each conversation, a list of its messages. */
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "imports/formats/formats.h"

static bool mistral_sniff(const struct source_head *h)
{
    return h->json == HEAD_ARRAY && source_head_names(h, "chatId") && source_head_names(h, "role");
}

static err_t mistral_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str text;
    struct json root;
    if (s->state)
        return E_NOT_FOUND;
    s->state = s; /* one file, one conversation */
    TRY(source_text(s, IMPORT_VALUE_BYTES, &text));
    TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root));
    return provider_by_name(S("mistral"))->from_json(a, root, ret);
}

const struct source_format FORMAT_MISTRAL = {
    .name = "Mistral export",
    .provider = "mistral",
    .kind = "export",
    .sniff = mistral_sniff,
    .next = mistral_next,
};

/* What an export holds of its owner beside conversations: who they are, their keys, what they pay with. It is named and never
 * kept. And zips within it, which are not gone into. */
#include "imports/formats/formats.h"

static const char *const PERSON[] = {
    "email",  "email_address", "emails",     "phone_number",   "verified_phone_number",
    "mobile", "mobile_number", "birth_year", "oauth_profiles", "full_name",
    NULL
};
static const char *const KEYS[] = {
    "api_key",       "api_keys",     "apiKey",        "apiKeys",
    "access_token",  "accessToken",  "session_token", "sessions",
    "refresh_token", "refreshToken", "password",      "client_secret",
    "secret_key",    "private_key",  "totp_secret",   NULL
};
static const char *const MONEY[] = {
    "balance_map",     "billing",        "billing_info", "billing_address", "invoices",
    "payment_methods", "payment_method", "card_number",  "subscriptions",   NULL
};
static const char *const TALK[] = {
    "mapping",       "chat_messages", "conversations", "messages", "chat",
    "messagesTree",  "responses",     "chats",         "entries",  "history",
    "chunkedPrompt", "contentChunks", "label_values",  NULL
};

static bool any(const struct source_head *h, const char *const *names)
{
    for (; *names; names++)
        if (source_head_names(h, *names))
            return true;
    return false;
}

/* One that holds an office document is a document. */
static bool is_zip(const struct source_head *h)
{
    static const char *const DOCUMENTS[] = { "[Content_Types].xml",
                                             "mimetype",
                                             "_rels/",
                                             "docProps/",
                                             "word/",
                                             "xl/",
                                             "ppt/",
                                             "META-INF/" };
    enum { NAME_AT = 30 };
    struct str name = str_sub(h->bytes, NAME_AT, h->bytes.n);
    if (!str_starts(h->bytes, S("PK\3\4")))
        return false;
    for (size_t i = 0; i < COUNTOF(DOCUMENTS); i++)
        if (str_starts(name, str_from(DOCUMENTS[i])))
            return false;
    return true;
}

static bool refused_sniff(const struct source_head *h)
{
    if (is_zip(h))
        return true;
    return h->json != HEAD_NO_JSON && !any(h, TALK) &&
           (any(h, KEYS) || any(h, MONEY) || any(h, PERSON));
}

static err_t refused_open(struct import_source *s)
{
    if (is_zip(&s->head))
        return err_note(E_INVALID, "zip_inside",
                        "it is a zip inside of one, which is not gone into: give it alone");
    const char *what = any(&s->head, KEYS)    ? "it holds keys or sessions of an account"
                       : any(&s->head, MONEY) ? "it holds payments"
                                              : "it holds who the account belongs to";
    return err_note(E_INVALID, "account_data", "%s, which is never kept", what);
}

static err_t refused_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    UNUSED(s), UNUSED(a), UNUSED(ret);
    return E_NOT_FOUND;
}

const struct source_format FORMAT_REFUSED = {
    .name = "account data",
    .kind = "export",
    .sniff = refused_sniff,
    .open = refused_open,
    .next = refused_next,
};

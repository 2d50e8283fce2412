/* JSON Schemas of what the archive's routes answer, for /openapi.json. */
#include "archive/archive_schemas.h"

#define TEXT         "{\"type\":[\"string\",\"null\"]}"
#define WORD         "{\"type\":\"string\"}"
#define COUNT        "{\"type\":\"integer\",\"minimum\":0}"
#define UUID         "{\"type\":\"string\",\"format\":\"uuid\"}"
#define UUID_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"uuid\"}"
#define TIME         "{\"type\":\"string\",\"format\":\"date-time\"}"
#define TIME_OR_NULL "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"
#define FLAG         "{\"type\":\"boolean\"}"

#define SUMMARY_FIELDS                                                                       \
    "\"id\":" UUID ",\"provider\":" WORD ",\"title\":" TEXT ",\"model\":" TEXT               \
    ",\"message_count\":" COUNT ",\"source_url\":" TEXT ",\"version\":" COUNT                \
    ",\"created_at\":" TIME_OR_NULL ",\"updated_at\":" TIME_OR_NULL ",\"captured_at\":" TIME \
    ",\"role\":{\"enum\":[\"owner\",\"editor\",\"reader\"]},\"shared_by\":" WORD
#define SUMMARY_NAMES                                                                       \
    "\"id\",\"provider\",\"title\",\"model\",\"message_count\",\"source_url\",\"version\"," \
    "\"created_at\",\"updated_at\",\"captured_at\",\"role\""

static const char SUMMARY[] =
    "{\"type\":\"object\",\"required\":[" SUMMARY_NAMES "],\"properties\":{" SUMMARY_FIELDS "}}";

static const char TRASHED[] = "{\"type\":\"object\",\"required\":[" SUMMARY_NAMES
                              ",\"trashed_at\",\"deleted_at\"],\"properties\":{" SUMMARY_FIELDS
                              ",\"trashed_at\":" TIME ",\"deleted_at\":" TIME "}}";

static const char CONVERSATION[] =
    "{\"type\":\"object\",\"required\":[" SUMMARY_NAMES
    ",\"source\",\"context\",\"hash\",\"outcome\",\"findings\"],\"properties\":{" SUMMARY_FIELDS
    ",\"source\":{\"type\":\"object\",\"required\":[\"kind\",\"url\",\"id\",\"account\","
    "\"strategy\","
    "\"recipe\",\"captured_at\"],\"properties\":{"
    "\"kind\":" WORD ",\"url\":" TEXT ",\"id\":" TEXT ",\"account\":" TEXT ",\"strategy\":" TEXT
    ",\"recipe\":" TEXT ",\"captured_at\":" TIME "}}"
    ",\"context\":{\"type\":\"object\",\"required\":[\"cwd\",\"branch\",\"tool\"],\"properties\":{"
    "\"cwd\":" TEXT ",\"branch\":" TEXT ",\"tool\":" TEXT "}}"
    ",\"hash\":" WORD ",\"outcome\":" TEXT
    ",\"findings\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"code\","
    "\"level\",\"detail\"],"
    "\"properties\":{\"code\":" WORD ",\"level\":{\"enum\":[\"note\",\"warning\"]},\"detail\":" TEXT
    "}}}}}";

static const char BLOCK[] = "{\"type\":\"object\",\"required\":[\"type\"],\"properties\":{\"type\":"
                            "{\"enum\":[\"text\",\"code\",\"table\",\"math\",\"mermaid\",\"image\","
                            "\"file\",\"tool_call\",\"tool_result\",\"thinking\",\"citation\","
                            "\"artifact\",\"unknown\"]}},\"additionalProperties\":true}";

static const char MESSAGE[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"parent_id\",\"provider_id\",\"position\",\"role\","
    "\"author\",\"model\",\"created_at\",\"hidden\","
    "\"on_path\",\"version\",\"source_id\",\"blocks\",\"hash\"],\"properties\":{\"id\":" UUID
    ",\"parent_id\":" UUID_OR_NULL ",\"provider_id\":" TEXT ",\"position\":" COUNT
    ",\"role\":{\"enum\":[\"user\",\"assistant\",\"system\",\"tool\"]},\"author\":" TEXT
    ",\"model\":" TEXT ",\"created_at\":" TIME_OR_NULL ",\"hidden\":" FLAG ",\"on_path\":" FLAG
    ",\"version\":" COUNT ",\"source_id\":" UUID_OR_NULL
    ",\"blocks\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/"
    "schemas/Block\"}},\"hash\":" WORD "}}";

static const char SOURCE[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"kind\",\"url\",\"provider_id\",\"account\","
    "\"strategy\","
    "\"recipe\",\"outcome\",\"first_captured_at\",\"captured_at\"],\"properties\":{\"id\":" UUID
    ",\"kind\":" WORD ",\"url\":" TEXT ",\"provider_id\":" TEXT ",\"account\":" TEXT
    ",\"strategy\":" TEXT ",\"recipe\":" TEXT ",\"outcome\":" TEXT ",\"first_captured_at\":" TIME
    ",\"captured_at\":" TIME "}}";

static const char VERSION[] =
    "{\"type\":\"object\",\"required\":[\"message_id\",\"version\",\"source_id\",\"replaced_at\","
    "\"blocks\",\"hash\"],\"properties\":{\"message_id\":" UUID ",\"version\":" COUNT
    ",\"source_id\":" UUID_OR_NULL ",\"replaced_at\":" TIME
    ",\"blocks\":{\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/Block\"}},"
    "\"hash\":" WORD "}}";

#define PAGE_OF(name)                                                                           \
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"properties\":{\"items\":{" \
    "\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/" name                       \
    "\"}},\"next_cursor\":" TEXT "}}"

err_t archive_schemas(struct app *app)
{
    UNUSED(app);
    http_schema("ConversationSummary", SUMMARY);
    http_schema("Conversation", CONVERSATION);
    http_schema("TrashedConversation", TRASHED);
    http_schema("TrashPage", PAGE_OF("TrashedConversation"));
    http_schema("ConversationPage", PAGE_OF("ConversationSummary"));
    http_schema("Block", BLOCK);
    http_schema("Message", MESSAGE);
    http_schema("MessagePage", PAGE_OF("Message"));
    http_schema("Source", SOURCE);
    http_schema("SourcePage", PAGE_OF("Source"));
    http_schema("MessageVersion", VERSION);
    http_schema("VersionPage", PAGE_OF("MessageVersion"));
    return OK;
}

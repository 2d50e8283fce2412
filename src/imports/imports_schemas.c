/* JSON Schemas of what the room's routes answer, for /openapi.json. */
#include "imports/imports_inside.h"

#define TEXT   "{\"type\":[\"string\",\"null\"]}"
#define WORD   "{\"type\":\"string\"}"
#define COUNT  "{\"type\":\"integer\",\"minimum\":0}"
#define MAYBE  "{\"type\":[\"integer\",\"null\"]}"
#define UUID   "{\"type\":\"string\",\"format\":\"uuid\"}"
#define TIME   "{\"type\":\"string\",\"format\":\"date-time\"}"
#define MOMENT "{\"type\":[\"string\",\"null\"],\"format\":\"date-time\"}"

static const char IMPORT[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"label\",\"way\",\"provider\",\"account\","
    "\"dry_run\",\"can_be_taken\",\"status\",\"phase\",\"progress\",\"position\",\"bytes\","
    "\"counts\",\"media\",\"undo\",\"error\",\"created_at\",\"ended_at\"],\"properties\":{"
    "\"id\":" UUID ",\"label\":" WORD ",\"way\":{\"enum\":[\"upload\",\"path\",\"watch\"]},"
    "\"provider\":" TEXT ",\"account\":" TEXT ",\"dry_run\":{\"type\":\"boolean\"},"
    "\"can_be_taken\":{\"type\":\"boolean\"},\"status\":{\"enum\":[\"queued\",\"running\",\"done\","
    "\"failed\",\"cancelled\",\"undoing\",\"undone\"]},\"phase\":" TEXT
    ",\"progress\":{\"type\":\"object\",\"required\":[\"done\",\"total\"],\"properties\":{"
    "\"done\":" MAYBE ",\"total\":" MAYBE "}},\"position\":" MAYBE ",\"bytes\":" COUNT
    ",\"counts\":{\"type\":\"object\",\"required\":[\"new\",\"changed\",\"unchanged\",\"skipped\","
    "\"failed\"],\"properties\":{\"new\":" COUNT ",\"changed\":" COUNT ",\"unchanged\":" COUNT
    ",\"skipped\":" COUNT ",\"failed\":" COUNT "}},\"media\":{\"type\":\"object\",\"required\":["
    "\"count\",\"bytes\"],\"properties\":{\"count\":" COUNT ",\"bytes\":" COUNT "}},"
    "\"undo\":{\"type\":[\"object\",\"null\"],\"required\":[\"undone\",\"kept\"],\"properties\":{"
    "\"undone\":" COUNT ",\"kept\":" COUNT "}},\"error\":{\"type\":[\"object\",\"null\"],"
    "\"required\":[\"code\",\"detail\"],\"properties\":{\"code\":" WORD ",\"detail\":" TEXT "}},"
    "\"created_at\":" TIME ",\"ended_at\":" MOMENT "}}";

static const char ITEM[] =
    "{\"type\":\"object\",\"required\":[\"number\",\"outcome\",\"file\",\"place\","
    "\"conversation_id\",\"title\",\"reason_code\",\"reason\"],\"properties\":{\"number\":" COUNT
    ",\"outcome\":{\"enum\":[\"new\",\"changed\",\"unchanged\",\"skipped\",\"failed\",\"undone\","
    "\"kept\"]},\"file\":" WORD ",\"place\":" MAYBE ",\"conversation_id\":{\"type\":[\"string\","
    "\"null\"],\"format\":\"uuid\"},\"title\":" TEXT ",\"reason_code\":" TEXT ",\"reason\":" TEXT
    "}}";

static const char UPLOAD[] =
    "{\"type\":\"object\",\"required\":[\"id\",\"name\",\"bytes\",\"received\",\"expires_at\"],"
    "\"properties\":{\"id\":" UUID ",\"name\":" WORD ",\"bytes\":" COUNT ",\"received\":" COUNT
    ",\"expires_at\":" TIME "}}";

static const char STORAGE[] =
    "{\"type\":\"object\",\"required\":[\"kinds\",\"imports\",\"bytes\"],\"properties\":{"
    "\"kinds\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"kind\","
    "\"count\",\"bytes\"],\"properties\":{\"kind\":" WORD ",\"count\":" COUNT ",\"bytes\":" COUNT
    "}}},\"imports\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"required\":[\"id\","
    "\"label\",\"created_at\",\"conversations\",\"text_bytes\",\"media_bytes\"],\"properties\":{"
    "\"id\":" UUID ",\"label\":" WORD ",\"created_at\":" TIME ",\"conversations\":" COUNT
    ",\"text_bytes\":" COUNT ",\"media_bytes\":" COUNT "}}},\"bytes\":" COUNT "}}";

#define PAGE_OF(name)                                                                           \
    "{\"type\":\"object\",\"required\":[\"items\",\"next_cursor\"],\"properties\":{\"items\":{" \
    "\"type\":\"array\",\"items\":{\"$ref\":\"#/components/schemas/" name                       \
    "\"}},\"next_cursor\":" TEXT "}}"

err_t imports_schemas(void)
{
    http_schema("Import", IMPORT);
    http_schema("ImportPage", PAGE_OF("Import"));
    http_schema("ImportItem", ITEM);
    http_schema("ImportItemPage", PAGE_OF("ImportItem"));
    http_schema("Upload", UPLOAD);
    http_schema("Storage", STORAGE);
    return OK;
}

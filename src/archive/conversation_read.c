/* Blocks back from the JSON that blocks_write made. */
#include "archive/conversation.h"

static err_t corrupt(const char *what)
{
    return err_note(E_CORRUPT, NULL, "a stored block is damaged: %s", what);
}

static err_t read_table(struct arena *a, struct json v, struct block *b)
{
    struct json header = json_get(v, S("header")), rows = json_get(v, S("rows")), row, cell;
    if (!json_is(header, JSON_ARRAY) || !json_is(rows, JSON_ARRAY))
        return corrupt("a table without header or rows");
    size_t columns = json_count(header), count = json_count(rows), at = 0;
    b->table.header = ARENA_ARRAY(a, struct str, columns + 1);
    b->table.cells = arena_array(a, count * columns + 1, sizeof(struct str));
    if (!b->table.header || !b->table.cells)
        return arena_err(a);
    struct json_iter it = json_iter(header);
    while (json_next(&it, NULL, &cell))
        b->table.header[at++] = json_str(cell);
    at = 0;
    struct json_iter each = json_iter(rows);
    while (json_next(&each, NULL, &row)) {
        if (json_count(row) != columns)
            return corrupt("a table's row is shorter than its header");
        struct json_iter cells = json_iter(row);
        while (json_next(&cells, NULL, &cell))
            b->table.cells[at++] = json_str(cell);
    }
    b->table.columns = columns;
    b->table.rows = count;
    return OK;
}

static err_t read_block(struct arena *a, struct json v, struct block *b)
{
#define TEXT(key)   json_get_str(v, S(key))
#define NUMBER(key) json_i64(json_get(v, S(key)), -1)
    if (!json_is(v, JSON_OBJECT) || !block_type_parse(TEXT("type"), &b->type))
        return corrupt("its type is unknown");
    switch (b->type) {
    case BLOCK_TEXT:
        b->text.markdown = TEXT("markdown");
        break;
    case BLOCK_CODE:
        b->code.language = TEXT("language");
        b->code.code = TEXT("code");
        break;
    case BLOCK_TABLE:
        return read_table(a, v, b);
    case BLOCK_MATH:
        b->math.tex = TEXT("tex");
        b->math.display = json_bool(json_get(v, S("display")), false);
        break;
    case BLOCK_MERMAID:
        b->mermaid.code = TEXT("code");
        break;
    case BLOCK_IMAGE:
        b->image.sha256 = TEXT("sha256");
        b->image.source_url = TEXT("source_url");
        b->image.alt = TEXT("alt");
        b->image.width = NUMBER("width");
        b->image.height = NUMBER("height");
        break;
    case BLOCK_FILE:
        b->file.name = TEXT("name");
        b->file.media_type = TEXT("media_type");
        b->file.sha256 = TEXT("sha256");
        b->file.text = TEXT("text");
        break;
    case BLOCK_TOOL_CALL:
        b->tool_call.id = TEXT("id");
        b->tool_call.name = TEXT("name");
        b->tool_call.arguments = TEXT("arguments");
        break;
    case BLOCK_TOOL_RESULT:
        b->tool_result.call_id = TEXT("call_id");
        b->tool_result.content = TEXT("content");
        b->tool_result.is_error = json_bool(json_get(v, S("is_error")), false);
        break;
    case BLOCK_THINKING:
        b->thinking.text = TEXT("text");
        b->thinking.summary = TEXT("summary");
        break;
    case BLOCK_CITATION:
        b->citation.url = TEXT("url");
        b->citation.title = TEXT("title");
        b->citation.start = NUMBER("start");
        b->citation.end = NUMBER("end");
        break;
    case BLOCK_ARTIFACT:
        b->artifact.id = TEXT("id");
        b->artifact.kind = TEXT("kind");
        b->artifact.title = TEXT("title");
        b->artifact.content = TEXT("content");
        break;
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        return block_keep_raw(a, b, json_get(v, S("raw")));
    }
    return OK;
#undef TEXT
#undef NUMBER
}

err_t blocks_read(struct arena *a, struct json array, struct block **ret, size_t *ret_count)
{
    if (!json_is(array, JSON_ARRAY))
        return corrupt("the blocks are no list");
    size_t count = json_count(array), at = 0;
    struct block *blocks = ARENA_ARRAY(a, struct block, count + 1);
    struct json item;
    if (!blocks)
        return arena_err(a);
    struct json_iter it = json_iter(array);
    while (json_next(&it, NULL, &item))
        TRY(read_block(a, item, &blocks[at++]));
    *ret = blocks;
    *ret_count = count;
    return OK;
}

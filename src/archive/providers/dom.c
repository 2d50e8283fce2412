#include "archive/providers/dom.h"

#include "archive/providers/provider.h"
#include "base/limits.h"

static err_t add_table(struct arena *a, struct message *m, struct json v)
{
    struct json header = json_get(v, S("header")), rows = json_get(v, S("rows")), row, cell;
    size_t columns = json_count(header), count = json_count(rows), at = 0;
    struct block *b = block_add(a, m, BLOCK_TABLE);
    if (!b)
        return build_err(a);
    if (!json_is(header, JSON_ARRAY) || columns > 256)
        return err_note(E_INVALID, NULL, "the page's table has no header");
    b->table.header = ARENA_ARRAY(a, struct str, columns + 1);
    b->table.cells = arena_array(a, count * columns + 1, sizeof(struct str));
    if (!b->table.header || !b->table.cells)
        return arena_err(a);
    b->table.columns = columns;
    b->table.rows = count;
    struct json_iter it = json_iter(header);
    while (json_next(&it, NULL, &cell))
        b->table.header[at++] = json_str(cell);
    struct json_iter each = json_iter(rows);
    for (size_t r = 0; json_next(&each, NULL, &row); r++)
        for (size_t i = 0; i < columns; i++) {
            struct str text = json_str(json_at(row, i));
            b->table.cells[r * columns + i] = text.s ? text : S("");
        }
    return OK;
}

static err_t add_block(struct arena *a, struct message *m, struct json v)
{
#define TEXT(key) json_get_str(v, S(key))
    enum block_type type;
    if (!block_type_parse(TEXT("type"), &type))
        return OK;
    if (type == BLOCK_TABLE)
        return add_table(a, m, v);
    struct block *b = block_add(a, m, type);
    if (!b)
        return build_err(a);
    switch (type) {
    case BLOCK_TEXT:
        b->text.markdown = TEXT("markdown");
        break;
    case BLOCK_CODE:
        b->code.language = TEXT("language");
        b->code.code = TEXT("code");
        break;
    case BLOCK_MATH:
        b->math.tex = str_trim(TEXT("tex"));
        b->math.display = true;
        break;
    case BLOCK_MERMAID:
        b->mermaid.code = TEXT("code");
        break;
    case BLOCK_IMAGE:
        b->image.source_url = TEXT("source_url");
        b->image.alt = TEXT("alt");
        b->image.width = json_i64(json_get(v, S("width")), -1);
        b->image.height = json_i64(json_get(v, S("height")), -1);
        break;
    case BLOCK_FILE:
        b->file.name = TEXT("name");
        b->file.media_type = TEXT("media_type");
        break;
    case BLOCK_THINKING:
        b->thinking.text = TEXT("text");
        b->thinking.summary = TEXT("summary");
        break;
    case BLOCK_CITATION:
        b->citation.url = TEXT("url");
        b->citation.title = TEXT("title");
        b->citation.start = json_i64(json_get(v, S("start")), -1);
        b->citation.end = json_i64(json_get(v, S("end")), -1);
        break;
    case BLOCK_TOOL_CALL:
        b->tool_call.name = TEXT("name");
        b->tool_call.arguments = TEXT("arguments");
        break;
    case BLOCK_TOOL_RESULT:
        b->tool_result.content = TEXT("content");
        break;
    case BLOCK_ARTIFACT:
        b->artifact.kind = TEXT("kind");
        b->artifact.title = TEXT("title");
        b->artifact.content = TEXT("content");
        break;
    default:
        b->unknown.raw = S("null");
        break;
    }
    return OK;
#undef TEXT
}

static err_t add_message(struct arena *a, struct conversation *c, struct json v)
{
    struct message *m = message_add(a, c);
    if (!m)
        return build_err(a);
    m->id = json_get_str(v, S("id"));
    if (!role_parse(json_get_str(v, S("role")), &m->role))
        m->role = ROLE_ASSISTANT;
    if (json_bool(json_get(v, S("role_inferred")), false))
        finding_add(a, c, FOUND_ROLE_INFERRED, "the page does not say who speaks");
    struct json_iter it = json_iter(json_get(v, S("blocks")));
    struct json block;
    while (json_next(&it, NULL, &block))
        TRY(add_block(a, m, block));
    return OK;
}

bool dom_is(struct json root)
{
    return str_eq(json_get_str(root, S("format")), S("vivim.dom/1"));
}

err_t dom_conversation(struct arena *a, struct json root, struct conversation *ret)
{
    const struct provider *p = provider_by_name(json_get_str(root, S("provider")));
    struct json v;
    if (!dom_is(root) || !p)
        return err_note(E_INVALID, NULL, "this is not what the page's runner gives");
    conversation_init(ret, p->name);
    ret->title = json_get_str(root, S("title"));
    ret->model = json_get_str(root, S("model"));
    ret->source.strategy = "dom";
    ret->source.recipe = json_get_str(root, S("recipe"));
    struct json_iter it = json_iter(json_get(root, S("messages")));
    while (json_next(&it, NULL, &v))
        TRY(add_message(a, ret, v));
    struct json_iter findings = json_iter(json_get(root, S("findings")));
    while (json_next(&findings, NULL, &v)) {
        struct str detail = json_get_str(v, S("detail"));
        enum finding_code code;
        if (!finding_parse(json_get_str(v, S("code")), &code))
            code = FOUND_ELEMENT_SKIPPED;
        finding_add(a, ret, code, "%.*s", STR_ARG(detail));
    }
    if (!json_bool(json_get(root, S("contiguous")), true))
        finding_add(a, ret, FOUND_TURNS_NOT_CONTIGUOUS, "some turns were not in the page");
    return arena_err(a);
}

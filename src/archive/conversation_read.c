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

/* --- a whole conversation --------------------------------------------------------------------------- */

/* Words of which the program has its own, static copy. */
static const char *static_word(struct str s, const char *const *words)
{
    for (; *words; words++)
        if (str_eq(s, str_from(*words)))
            return *words;
    return NULL;
}

static err_t read_time(struct json v, int64_t *ret)
{
    *ret = TIME_NONE;
    return json_exists(v) ? time_parse(json_str(v), ret) : OK;
}

static err_t read_source(struct json v, struct source *s)
{
    static const char *const KINDS[] = { "share", "export", "file", "session", NULL };
    static const char *const STRATEGIES[] = { "network", "embedded", "dom", "generic", NULL };
    s->kind = static_word(json_get_str(v, S("kind")), KINDS);
    s->strategy = static_word(json_get_str(v, S("strategy")), STRATEGIES);
    s->url = json_get_str(v, S("url"));
    s->id = json_get_str(v, S("id"));
    s->account = json_get_str(v, S("account"));
    s->recipe = json_get_str(v, S("recipe"));
    return read_time(json_get(v, S("captured_at")), &s->captured_ms);
}

static err_t read_message(struct arena *a, struct json v, struct message *m)
{
    m->id = json_get_str(v, S("id"));
    m->parent_id = json_get_str(v, S("parent_id"));
    m->author = json_get_str(v, S("author"));
    m->model = json_get_str(v, S("model"));
    m->hidden = json_bool(json_get(v, S("hidden")), false);
    m->on_path = json_bool(json_get(v, S("on_path")), true);
    m->hash = json_get_str(v, S("hash"));
    if (!role_parse(json_get_str(v, S("role")), &m->role))
        return err_note(E_INVALID, NULL, "a message has no role");
    TRY(read_time(json_get(v, S("created_at")), &m->created_ms));
    return blocks_read(a, json_get(v, S("blocks")), &m->blocks, &m->block_count);
}

static void read_findings(struct arena *a, struct json list, struct conversation *c)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v)) {
        struct str detail = json_get_str(v, S("detail"));
        enum finding_code code;
        if (finding_parse(json_get_str(v, S("code")), &code))
            finding_add(a, c, code, "%.*s", STR_ARG(detail));
    }
}

static err_t read_messages(struct arena *a, struct json list, struct conversation *c)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v)) {
        struct message *m = message_add(a, c);
        if (!m)
            return build_err(a);
        TRY(read_message(a, v, m));
    }
    return OK;
}

bool conversation_is(struct json root)
{
    return str_eq(json_get_str(root, S("format")), S("vivim.conversation/1"));
}

err_t conversation_read(struct arena *a, struct json root, const char *provider,
                        struct conversation *ret)
{
    assert(conversation_is(root));
    conversation_init(ret, provider);
    ret->title = json_get_str(root, S("title"));
    ret->model = json_get_str(root, S("model"));
    ret->hash = json_get_str(root, S("hash"));
    struct json context = json_get(root, S("context"));
    ret->context = (struct context){ .cwd = json_get_str(context, S("cwd")),
                                     .branch = json_get_str(context, S("branch")),
                                     .tool = json_get_str(context, S("tool")) };
    err_t e = read_time(json_get(root, S("created_at")), &ret->created_ms);
    if (e == OK)
        e = read_time(json_get(root, S("updated_at")), &ret->updated_ms);
    if (e == OK)
        e = read_source(json_get(root, S("source")), &ret->source);
    if (e == OK)
        e = read_messages(a, json_get(root, S("messages")), ret);
    if (e != OK && e != E_LIMIT && e != E_BUSY)
        return err_note(E_INVALID, NULL, "it is no whole conversation: %s",
                        err_detail()->text[0] ? err_detail()->text : err_title(e));
    TRY(e);
    read_findings(a, json_get(root, S("findings")), ret);
    return arena_err(a);
}

/* The normal form as JSON (DESIGN 5.3). What is absent is written as null. */
#include "archive/conversation.h"

static void int_or_null(struct json_out *o, const char *key, int64_t v)
{
    if (v < 0)
        jo_knull(o, key);
    else
        jo_ki64(o, key, v);
}

static void static_or_null(struct json_out *o, const char *key, const char *v)
{
    jo_kstr(o, key, str_from(v));
}

static void table_write(struct json_out *o, const struct block *b)
{
    jo_kz(o, "header");
    jo_array(o);
    for (size_t i = 0; i < b->table.columns; i++)
        jo_str(o, b->table.header[i]);
    jo_end(o);
    jo_kz(o, "rows");
    jo_array(o);
    for (size_t r = 0; r < b->table.rows; r++) {
        jo_array(o);
        for (size_t i = 0; i < b->table.columns; i++)
            jo_str(o, b->table.cells[r * b->table.columns + i]);
        jo_end(o);
    }
    jo_end(o);
}

static void image_write(struct json_out *o, const struct block *b)
{
    jo_kstr(o, "sha256", b->image.sha256);
    jo_kstr(o, "source_url", b->image.source_url);
    jo_kstr(o, "alt", b->image.alt);
    int_or_null(o, "width", b->image.width);
    int_or_null(o, "height", b->image.height);
}

static void file_write(struct json_out *o, const struct block *b)
{
    jo_kstr(o, "name", b->file.name);
    jo_kstr(o, "media_type", b->file.media_type);
    jo_kstr(o, "sha256", b->file.sha256);
    if (b->file.text.s)
        jo_kstr(o, "text", b->file.text);
}

static void citation_write(struct json_out *o, const struct block *b)
{
    jo_kstr(o, "url", b->citation.url);
    jo_kstr(o, "title", b->citation.title);
    int_or_null(o, "start", b->citation.start);
    int_or_null(o, "end", b->citation.end);
}

static void artifact_write(struct json_out *o, const struct block *b)
{
    jo_kstr(o, "id", b->artifact.id);
    jo_kstr(o, "kind", b->artifact.kind);
    jo_kstr(o, "title", b->artifact.title);
    jo_kstr(o, "content", b->artifact.content);
}

static void tool_write(struct json_out *o, const struct block *b)
{
    if (b->type == BLOCK_TOOL_CALL) {
        jo_kstr(o, "id", b->tool_call.id);
        jo_kstr(o, "name", b->tool_call.name);
        jo_kstr(o, "arguments", b->tool_call.arguments);
    } else {
        jo_kstr(o, "call_id", b->tool_result.call_id);
        jo_kstr(o, "content", b->tool_result.content);
        jo_kbool(o, "is_error", b->tool_result.is_error);
    }
}

static void raw_write(struct json_out *o, const struct block *b)
{
    jo_kz(o, "raw");
    if (b->unknown.raw.n)
        jo_raw(o, b->unknown.raw);
    else
        jo_null(o);
}

void block_write(struct json_out *o, const struct block *b)
{
    jo_object(o);
    jo_kstr(o, "type", str_from(block_type_name(b->type)));
    switch (b->type) {
    case BLOCK_TEXT:
        jo_kstr(o, "markdown", b->text.markdown);
        break;
    case BLOCK_CODE:
        jo_kstr(o, "language", b->code.language);
        jo_kstr(o, "code", b->code.code);
        break;
    case BLOCK_TABLE:
        table_write(o, b);
        break;
    case BLOCK_MATH:
        jo_kstr(o, "tex", b->math.tex);
        jo_kbool(o, "display", b->math.display);
        break;
    case BLOCK_MERMAID:
        jo_kstr(o, "code", b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        image_write(o, b);
        break;
    case BLOCK_FILE:
        file_write(o, b);
        break;
    case BLOCK_TOOL_CALL:
    case BLOCK_TOOL_RESULT:
        tool_write(o, b);
        break;
    case BLOCK_THINKING:
        jo_kstr(o, "text", b->thinking.text);
        jo_kstr(o, "summary", b->thinking.summary);
        break;
    case BLOCK_CITATION:
        citation_write(o, b);
        break;
    case BLOCK_ARTIFACT:
        artifact_write(o, b);
        break;
    case BLOCK_UNKNOWN:
    case BLOCK_TYPE_COUNT:
        raw_write(o, b);
        break;
    }
    jo_end(o);
}

void blocks_write(struct json_out *o, const struct block *blocks, size_t n)
{
    jo_array(o);
    for (size_t i = 0; i < n; i++)
        block_write(o, &blocks[i]);
    jo_end(o);
}

static void message_begin(struct json_out *o, const struct message *m)
{
    jo_object(o);
    jo_kstr(o, "id", m->id);
    jo_kstr(o, "parent_id", m->parent_id);
    jo_kstr(o, "role", str_from(role_name(m->role)));
    jo_kstr(o, "author", m->author);
    jo_kstr(o, "model", m->model);
    jo_ktime(o, "created_at", m->created_ms);
    jo_kbool(o, "hidden", m->hidden);
    jo_kbool(o, "on_path", m->on_path);
    jo_kz(o, "blocks");
}

static void message_end(struct json_out *o, const struct message *m)
{
    jo_kstr(o, "hash", m->hash);
    jo_end(o);
}

void message_write(struct json_out *o, const struct message *m)
{
    message_begin(o, m);
    blocks_write(o, m->blocks, m->block_count);
    message_end(o, m);
}

void message_write_stored(struct json_out *o, const struct message *m, struct str blocks)
{
    message_begin(o, m);
    jo_raw(o, blocks);
    message_end(o, m);
}

static void source_write(struct json_out *o, const struct source *s)
{
    jo_object(o);
    static_or_null(o, "kind", s->kind);
    jo_kstr(o, "url", s->url);
    jo_kstr(o, "id", s->id);
    jo_kstr(o, "account", s->account);
    static_or_null(o, "strategy", s->strategy);
    jo_kstr(o, "recipe", s->recipe);
    jo_ktime(o, "captured_at", s->captured_ms);
    jo_end(o);
}

void context_write(struct json_out *o, const struct context *c)
{
    jo_object(o);
    jo_kstr(o, "cwd", c->cwd);
    jo_kstr(o, "branch", c->branch);
    jo_kstr(o, "tool", c->tool);
    jo_end(o);
}

void findings_write(struct json_out *o, const struct conversation *c)
{
    jo_array(o);
    for (size_t i = 0; i < c->finding_count; i++) {
        const struct finding *f = &c->findings[i];
        jo_object(o);
        jo_kstr(o, "code", str_from(finding_name(f->code)));
        jo_kstr(o, "level", finding_is_warning(f->code) ? S("warning") : S("note"));
        jo_kstr(o, "detail", f->detail);
        jo_end(o);
    }
    jo_end(o);
}

void conversation_begin(struct json_out *o, const struct conversation *c)
{
    jo_object(o);
    jo_kstr(o, "format", S("vivim.conversation/1"));
    static_or_null(o, "provider", c->provider);
    jo_kstr(o, "title", c->title);
    jo_kstr(o, "model", c->model);
    jo_ktime(o, "created_at", c->created_ms);
    jo_ktime(o, "updated_at", c->updated_ms);
    jo_kz(o, "source");
    source_write(o, &c->source);
    jo_kz(o, "context");
    context_write(o, &c->context);
    jo_kz(o, "messages");
    jo_array(o);
}

void conversation_end(struct json_out *o, const struct conversation *c)
{
    jo_end(o);
    jo_kstr(o, "hash", c->hash);
    jo_kz(o, "findings");
}

void conversation_write(struct json_out *o, const struct conversation *c)
{
    conversation_begin(o, c);
    for (size_t i = 0; i < c->message_count; i++)
        message_write(o, &c->messages[i]);
    conversation_end(o, c);
    findings_write(o, c);
    jo_end(o);
}

/* Texts that lie elsewhere are taken along. */
#include "archive/conversation.h"

static void own(struct arena *a, struct str *s)
{
    if (s->n && !arena_holds(a, s->s))
        *s = str_dup(a, *s);
}

static void own_all(struct arena *a, struct str *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        own(a, texts[i]);
}

#define OWN(a, ...)                                    \
    own_all((a), (struct str *const[]){ __VA_ARGS__ }, \
            sizeof((struct str *const[]){ __VA_ARGS__ }) / sizeof(struct str *))

static void own_block(struct arena *a, struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        OWN(a, &b->text.markdown);
        break;
    case BLOCK_CODE:
        OWN(a, &b->code.language, &b->code.code);
        break;
    case BLOCK_TABLE:
        for (size_t i = 0; i < b->table.columns; i++)
            own(a, &b->table.header[i]);
        for (size_t i = 0; i < b->table.rows * b->table.columns; i++)
            own(a, &b->table.cells[i]);
        break;
    case BLOCK_MATH:
        OWN(a, &b->math.tex);
        break;
    case BLOCK_MERMAID:
        OWN(a, &b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        OWN(a, &b->image.sha256, &b->image.source_url, &b->image.alt);
        break;
    case BLOCK_FILE:
        OWN(a, &b->file.name, &b->file.media_type, &b->file.sha256, &b->file.text, &b->file.id);
        break;
    case BLOCK_TOOL_CALL:
        OWN(a, &b->tool_call.id, &b->tool_call.name, &b->tool_call.arguments);
        break;
    case BLOCK_TOOL_RESULT:
        OWN(a, &b->tool_result.call_id, &b->tool_result.content);
        break;
    case BLOCK_THINKING:
        OWN(a, &b->thinking.text, &b->thinking.summary);
        break;
    case BLOCK_CITATION:
        OWN(a, &b->citation.url, &b->citation.title);
        break;
    case BLOCK_ARTIFACT:
        OWN(a, &b->artifact.id, &b->artifact.kind, &b->artifact.title, &b->artifact.content);
        break;
    case BLOCK_UNKNOWN:
        OWN(a, &b->unknown.raw);
        break;
    case BLOCK_TYPE_COUNT:
        break;
    }
}

err_t conversation_own(struct arena *a, struct conversation *c)
{
    OWN(a, &c->title, &c->model, &c->source.url, &c->source.id, &c->source.account,
        &c->source.recipe, &c->context.cwd, &c->context.branch, &c->context.tool, &c->hash);
    for (size_t i = 0; i < c->message_count; i++) {
        struct message *m = &c->messages[i];
        OWN(a, &m->id, &m->parent_id, &m->author, &m->model, &m->hash);
        for (size_t k = 0; k < m->block_count; k++)
            own_block(a, &m->blocks[k]);
    }
    for (size_t i = 0; i < c->finding_count; i++)
        own(a, &c->findings[i].detail);
    return arena_err(a);
}

/* Texts that lie elsewhere are taken along. */
#include "archive/conversation.h"

#include <stdlib.h>

#include "base/limits.h"

/* Where what is there already lies, in order. A conversation has millions of texts, and its arena thousands of blocks. */
struct owner {
    struct arena *a;
    struct arena_span *spans;
    size_t count;
};

static int compare_spans(const void *x, const void *y)
{
    const struct arena_span *s = x, *t = y;
    return s->from < t->from ? -1 : s->from > t->from;
}

static err_t owner_init(struct owner *o, struct arena *a, struct arena *work)
{
    *o = (struct owner){ .a = a, .count = arena_spans(a, NULL, 0) };
    o->spans = ARENA_ARRAY(work, struct arena_span, o->count + 1);
    if (!o->spans)
        return arena_err(work);
    arena_spans(a, o->spans, o->count);
    qsort(o->spans, o->count, sizeof *o->spans, compare_spans);
    return OK;
}

static bool holds(const struct owner *o, const char *s)
{
    size_t low = 0, high = o->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (o->spans[middle].to <= (uintptr_t)s)
            low = middle + 1;
        else
            high = middle;
    }
    return low < o->count && o->spans[low].from <= (uintptr_t)s;
}

static void own(const struct owner *o, struct str *s)
{
    if (s->n && !holds(o, s->s))
        *s = str_dup(o->a, *s);
}

static void own_all(const struct owner *o, struct str *const *texts, size_t count)
{
    for (size_t i = 0; i < count; i++)
        own(o, texts[i]);
}

#define OWN(o, ...)                                    \
    own_all((o), (struct str *const[]){ __VA_ARGS__ }, \
            sizeof((struct str *const[]){ __VA_ARGS__ }) / sizeof(struct str *))

static void own_block(const struct owner *o, struct block *b)
{
    switch (b->type) {
    case BLOCK_TEXT:
        OWN(o, &b->text.markdown);
        break;
    case BLOCK_CODE:
        OWN(o, &b->code.language, &b->code.code);
        break;
    case BLOCK_TABLE:
        for (size_t i = 0; i < b->table.columns; i++)
            own(o, &b->table.header[i]);
        for (size_t i = 0; i < b->table.rows * b->table.columns; i++)
            own(o, &b->table.cells[i]);
        break;
    case BLOCK_MATH:
        OWN(o, &b->math.tex);
        break;
    case BLOCK_MERMAID:
        OWN(o, &b->mermaid.code);
        break;
    case BLOCK_IMAGE:
        OWN(o, &b->image.sha256, &b->image.source_url, &b->image.alt);
        break;
    case BLOCK_FILE:
        OWN(o, &b->file.name, &b->file.media_type, &b->file.sha256, &b->file.text, &b->file.id);
        break;
    case BLOCK_TOOL_CALL:
        OWN(o, &b->tool_call.id, &b->tool_call.name, &b->tool_call.arguments);
        break;
    case BLOCK_TOOL_RESULT:
        OWN(o, &b->tool_result.call_id, &b->tool_result.content);
        break;
    case BLOCK_THINKING:
        OWN(o, &b->thinking.text, &b->thinking.summary);
        break;
    case BLOCK_CITATION:
        OWN(o, &b->citation.url, &b->citation.title);
        break;
    case BLOCK_ARTIFACT:
        OWN(o, &b->artifact.id, &b->artifact.kind, &b->artifact.title, &b->artifact.content);
        break;
    case BLOCK_UNKNOWN:
        OWN(o, &b->unknown.raw);
        break;
    case BLOCK_TYPE_COUNT:
        break;
    }
}

err_t conversation_own(struct arena *a, struct conversation *c)
{
    CLEANUP(arena_free) struct arena work = { 0 };
    struct owner o;
    arena_init(&work, MIB(16));
    TRY(owner_init(&o, a, &work));
    OWN(&o, &c->title, &c->model, &c->source.url, &c->source.id, &c->source.account,
        &c->source.recipe, &c->context.cwd, &c->context.branch, &c->context.tool, &c->hash);
    for (size_t i = 0; i < c->message_count; i++) {
        struct message *m = &c->messages[i];
        OWN(&o, &m->id, &m->parent_id, &m->author, &m->model, &m->hash);
        for (size_t k = 0; k < m->block_count; k++)
            own_block(&o, &m->blocks[k]);
    }
    for (size_t i = 0; i < c->finding_count; i++)
        own(&o, &c->findings[i].detail);
    return arena_err(a);
}

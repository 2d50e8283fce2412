#include "archive/archive_entities.h"

#include "archive/archive.h"
#include "archive/archive_store.h"
#include "base/limits.h"

/* --- their text ------------------------------------------------------------------------------------ */

/* What a filter can ask for, by the kind of a block; NULL: nothing. */
static const char *const HOLDS[BLOCK_TYPE_COUNT] = {
    [BLOCK_CODE] = "code",      [BLOCK_TABLE] = "table",      [BLOCK_MATH] = "math",
    [BLOCK_MERMAID] = "code",   [BLOCK_IMAGE] = "image",      [BLOCK_FILE] = "file",
    [BLOCK_TOOL_CALL] = "tool", [BLOCK_TOOL_RESULT] = "tool", [BLOCK_THINKING] = "thinking",
    [BLOCK_CITATION] = "link",  [BLOCK_ARTIFACT] = "file",
};

/* Each kind once; a link may stand in the text. */
static err_t holds(struct arena *a, const struct block *blocks, size_t count, struct str text,
                   struct str *ret)
{
    struct buf b;
    bool seen[BLOCK_TYPE_COUNT] = { 0 };
    buf_init(&b, a, KIB(1));
    for (size_t i = 0; i < count; i++) {
        if (seen[blocks[i].type] || !HOLDS[blocks[i].type])
            continue;
        seen[blocks[i].type] = true;
        buf_putf(&b, "%s%s", b.n ? " " : "", HOLDS[blocks[i].type]);
    }
    if (!seen[BLOCK_CITATION] &&
        (str_find(text, S("https://"), 0) < text.n || str_find(text, S("http://"), 0) < text.n))
        buf_putf(&b, "%slink", b.n ? " " : "");
    *ret = b.n ? buf_str(&b) : STR_NONE;
    return buf_err(&b);
}

static err_t message_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                          struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    struct archive_message_text m;
    TRY(archive_store_message_text(db, a, owner, id, &m));
    struct json root;
    struct block *blocks;
    size_t count;
    TRY(json_parse(a, m.blocks, JSON_DEPTH_MAX, &root));
    TRY(blocks_read(a, root, &blocks, &count));
    struct buf text, aside;
    buf_init(&text, a, CONVERSATION_BYTES_MAX);
    buf_init(&aside, a, CONVERSATION_BYTES_MAX);
    blocks_text(blocks, count, BLOCKS_SAID, &text);
    blocks_text(blocks, count, BLOCKS_THINKING, &aside);
    size_t thinking_bytes = aside.n;
    blocks_text(blocks, count, BLOCKS_TOOLS, &aside);
    TRY(buf_err(&text));
    TRY(buf_err(&aside));
    struct str has;
    TRY(holds(a, blocks, count, text.n ? buf_str(&text) : S(""), &has));
    *ret = (struct index_text){
        .owner_id = owner,
        .id = id,
        .parent_id = m.conversation_id,
        .title = m.title,
        .text = buf_str(&text),
        .aside = aside.n ? buf_str(&aside) : STR_NONE,
        .thinking_bytes = thinking_bytes,
        .role = m.role,
        .provider = m.provider,
        .model = m.model,
        .account = m.account,
        .author = m.author,
        .has = has,
        .position = m.position,
        .created_ms = m.created_ms == TIME_NONE ? m.captured_ms : m.created_ms,
        .said = m.created_ms != TIME_NONE,
    };
    return OK;
}

static err_t message_each(struct app *app, struct db *db,
                          err_t (*visit)(void *context, struct uuid owner, struct uuid id),
                          void *context)
{
    UNUSED(app);
    return archive_store_each_message(db, visit, context);
}

/* A conversation is found by its title. */
static err_t conversation_text(struct app *app, struct db *db, struct arena *a, struct uuid owner,
                               struct uuid id, struct index_text *ret)
{
    UNUSED(app);
    struct archive_conversation c;
    TRY(archive_get(db, a, owner, id, &c));
    if (!c.title.n)
        return E_NOT_FOUND;
    *ret = (struct index_text){
        .owner_id = owner,
        .id = id,
        .title = c.title,
        .text = c.title,
        .provider = c.provider,
        .account = c.account,
        .created_ms = c.created_ms == TIME_NONE ? c.captured_ms : c.created_ms,
    };
    return OK;
}

static err_t conversation_each(struct app *app, struct db *db,
                               err_t (*visit)(void *context, struct uuid owner, struct uuid id),
                               void *context)
{
    UNUSED(app);
    return archive_store_each_conversation(db, visit, context);
}

/* --- conversations ----------------------------------------------------------------------------------- */

static err_t conversation_exists(struct app *app, struct db *db, struct uuid owner, struct uuid id)
{
    UNUSED(app);
    return archive_store_exists(db, owner, id);
}

struct conversation_fields {
    struct str title;
};
const struct field ARCHIVE_CONVERSATION_FIELDS[] = {
    FIELD(conversation_fields, title, FIELD_STR, true, 1, TITLE_BYTES_MAX, "the title to show"),
};

static err_t conversation_apply(struct app *app, struct db *db, struct arena *a,
                                const struct entity_change *c, int64_t *ret_version)
{
    struct conversation_fields fields = { .title = STR_NONE };
    UNUSED(app);
    switch (c->kind) {
    case CHANGE_CREATE:
        return err_note(E_METHOD, NULL, "a conversation comes in by a capture or an import");
    case CHANGE_UPDATE:
        TRY(fields_read(a, c->fields, ARCHIVE_CONVERSATION_FIELDS, ARCHIVE_CONVERSATION_FIELD_COUNT,
                        &fields));
        return archive_rename(db, a, c->owner_id, c->actor_id, c->id, fields.title, c->version,
                              c->now_ms, ret_version);
    case CHANGE_DELETE:
        return archive_delete(db, a, c->owner_id, c->id, c->version, c->now_ms, ret_version);
    }
    return E_INTERNAL;
}

const struct entity ARCHIVE_ENTITIES[] = {
    { .name = "conversation",
      .plural = "conversations",
      .shareable = true,
      .fields = ARCHIVE_CONVERSATION_FIELDS,
      .field_count = ARCHIVE_CONVERSATION_FIELD_COUNT,
      .apply = conversation_apply,
      .text = conversation_text,
      .each = conversation_each,
      .exists = conversation_exists },
    { .name = "message", .text = message_text, .each = message_each },
};

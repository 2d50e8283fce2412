/* Claude: chat_snapshots (with and without rendering_mode) and official exports: a list of messages (research/capture.md sections 3
 * and 5). */
#include "archive/markdown.h"
#include "archive/providers/provider.h"
#include "base/limits.h"
#include "base/map.h"

struct artifact { /* as far as its commands have been replayed */
    struct str title, kind, content;
};

struct talk {
    struct arena *a;
    struct conversation *c;
    struct map artifacts; /* id -> struct artifact */
};

/* --- artifacts: commands are replayed, each gives a version ------------------------------------------ */

static struct str replaced(struct arena *a, struct str text, struct str old, struct str new)
{
    size_t at = old.n ? str_find(text, old, 0) : text.n;
    if (at >= text.n)
        return text;
    const struct str parts[] = { str_sub(text, 0, at), new, str_sub(text, at + old.n, text.n) };
    return str_join(a, parts, COUNTOF(parts));
}

static err_t add_artifact(struct talk *t, struct message *m, struct json input)
{
    struct str id = json_get_str(input, S("id")), command = json_get_str(input, S("command"));
    struct artifact *art = map_get(&t->artifacts, id);
    if (!art) {
        art = ARENA_NEW(t->a, struct artifact);
        if (!art)
            return arena_err(t->a);
        TRY(map_put(&t->artifacts, id, art));
    }
    if (json_get_str(input, S("title")).n)
        art->title = json_get_str(input, S("title"));
    if (json_get_str(input, S("type")).n)
        art->kind = json_get_str(input, S("type"));
    if (str_eq(command, S("update")))
        art->content = replaced(t->a, art->content, json_get_str(input, S("old_str")),
                                json_get_str(input, S("new_str")));
    else if (json_is(json_get(input, S("content")), JSON_STR))
        art->content = json_get_str(input, S("content"));
    struct block *b = block_add(t->a, m, BLOCK_ARTIFACT);
    if (!b)
        return build_err(t->a);
    b->artifact.id = id;
    b->artifact.kind = art->kind;
    b->artifact.title = art->title;
    b->artifact.content = art->content;
    return OK;
}

/* --- blocks ----------------------------------------------------------------------------------------------- */

static err_t json_text(struct arena *a, struct json v, struct str *ret)
{
    struct buf b;
    struct json_out o;
    buf_init(&b, a, CONVERSATION_BYTES_MAX);
    jo_init(&o, &b);
    jo_value(&o, v);
    TRY(buf_err(&b));
    *ret = buf_str(&b);
    return OK;
}

static err_t add_citations(struct talk *t, struct message *m, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v)) {
        struct json details = json_get(v, S("details"));
        struct str url = json_get_str(details, S("url")), title = json_get_str(v, S("title"));
        struct block *b = block_add(t->a, m, BLOCK_CITATION);
        if (!b)
            return build_err(t->a);
        b->citation.url = url.n ? url : json_get_str(v, S("url"));
        b->citation.title = title.n ? title : json_get_str(details, S("title"));
        b->citation.start = json_i64(json_get(v, S("start_index")), -1);
        b->citation.end = json_i64(json_get(v, S("end_index")), -1);
    }
    return OK;
}

static err_t add_thinking(struct talk *t, struct message *m, struct json v)
{
    struct json_iter it = json_iter(json_get(v, S("summaries")));
    struct json one;
    struct str summary = STR_NONE, text = json_get_str(v, S("thinking"));
    while (json_next(&it, NULL, &one))
        summary = json_get_str(one, S("summary")); /* the last one is what stands over it */
    if (!text.n && !summary.n)
        return OK;
    struct block *b = block_add(t->a, m, BLOCK_THINKING);
    if (!b)
        return build_err(t->a);
    b->thinking.text = text;
    b->thinking.summary = summary;
    return OK;
}

static err_t add_tool_use(struct talk *t, struct message *m, struct json v)
{
    struct json input = json_get(v, S("input"));
    struct str arguments;
    TRY(json_text(t->a, input, &arguments));
    struct block *b = block_add(t->a, m, BLOCK_TOOL_CALL);
    if (!b)
        return build_err(t->a);
    b->tool_call.id = json_get_str(v, S("id"));
    b->tool_call.name = json_get_str(v, S("name"));
    b->tool_call.arguments = arguments;
    if (str_eq(json_get_str(v, S("name")), S("artifacts")) && json_get_str(input, S("id")).n)
        return add_artifact(t, m, input);
    return OK;
}

static err_t add_tool_result(struct talk *t, struct message *m, struct json v)
{
    struct json content = json_get(v, S("content")), part;
    struct buf text;
    buf_init(&text, t->a, CONVERSATION_BYTES_MAX);
    if (json_is(content, JSON_STR))
        buf_put(&text, json_str(content));
    struct json_iter it = json_iter(content);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part)) {
        struct str words = json_get_str(part, S("text"));
        if (!words.n)
            TRY(json_text(t->a, part, &words)); /* what is no text is kept as it is */
        if (text.n)
            buf_putc(&text, '\n');
        buf_put(&text, words);
    }
    TRY(buf_err(&text));
    struct block *b = block_add(t->a, m, BLOCK_TOOL_RESULT);
    if (!b)
        return build_err(t->a);
    b->tool_result.call_id = json_get_str(v, S("tool_use_id"));
    b->tool_result.content = buf_str(&text);
    b->tool_result.is_error = json_bool(json_get(v, S("is_error")), false);
    return OK;
}

static err_t add_content(struct talk *t, struct message *m, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    if (str_eq(type, S("text"))) {
        TRY(markdown_blocks(t->a, json_get_str(v, S("text")), m));
        return add_citations(t, m, json_get(v, S("citations")));
    }
    if (str_eq(type, S("thinking")))
        return add_thinking(t, m, v);
    if (str_eq(type, S("tool_use")))
        return add_tool_use(t, m, v);
    if (str_eq(type, S("tool_result")))
        return add_tool_result(t, m, v);
    if (str_eq(type, S("token_budget")) || str_eq(type, S("flag")))
        return OK; /* bookkeeping of the provider, never shown */
    if (str_eq(type, S("voice_note")))
        return markdown_blocks(t->a, json_get_str(v, S("text")), m);
    struct block *b = block_add(t->a, m, BLOCK_UNKNOWN);
    if (!b)
        return build_err(t->a);
    TRY(block_keep_raw(t->a, b, v));
    finding_add(t->a, t->c, "unmodelled_block", FINDING_NOTE, "%.*s",
                STR_ARG(str_sub(type.n ? type : S("a block without a type"), 0, 60)));
    return OK;
}

static err_t add_files(struct talk *t, struct message *m, struct json message)
{
    static const char *const LISTS[] = { "attachments", "files" };
    for (size_t i = 0; i < COUNTOF(LISTS); i++) {
        struct json_iter it = json_iter(json_get(message, str_from(LISTS[i])));
        struct json file;
        while (json_next(&it, NULL, &file)) {
            struct block *b = block_add(t->a, m, BLOCK_FILE);
            if (!b)
                return build_err(t->a);
            b->file.name = json_get_str(file, S("file_name"));
            b->file.media_type = json_get_str(file, S("file_type"));
            b->file.text = json_get_str(file, S("extracted_content"));
        }
    }
    return OK;
}

static int64_t time_of(struct json v, const char *key)
{
    int64_t ms;
    return time_parse(json_get_str(v, str_from(key)), &ms) == OK ? ms : TIME_NONE;
}

/* The root's parent is all zeros with a 4 and an 8. */
static struct str parent_of(struct json message)
{
    struct str id = json_get_str(message, S("parent_message_uuid"));
    return str_eq(id, S("00000000-0000-4000-8000-000000000000")) ? STR_NONE : id;
}

/* Where there is content, it counts, and `text` is a poorer copy of it; of content that is not understood the text is all we can read. */
static bool understood(const struct message *m)
{
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].type != BLOCK_UNKNOWN)
            return true;
    return false;
}

/* For a block that the provider's own export does not know, its text is a placeholder and no word of the conversation. */
static err_t add_text(struct talk *t, struct message *m, struct str text)
{
    if (!str_starts(str_trim(text), S("This block is not supported on your current device")))
        return markdown_blocks(t->a, text, m);
    finding_add(t->a, t->c, "text_placeholder_ignored", FINDING_NOTE,
                "the provider left out what it could not show as text");
    return OK;
}

static err_t add_message(struct talk *t, struct json v)
{
    struct str sender = json_get_str(v, S("sender"));
    struct json content = json_get(v, S("content")), part;
    struct message *m = message_add(t->a, t->c);
    if (!m)
        return build_err(t->a);
    m->id = json_get_str(v, S("uuid"));
    m->parent_id = parent_of(v);
    m->role = str_eq(sender, S("human")) ? ROLE_USER : ROLE_ASSISTANT;
    m->created_ms = time_of(v, "created_at");
    if (!str_eq(sender, S("human")) && !str_eq(sender, S("assistant")))
        finding_add(t->a, t->c, "unrecognised_role", FINDING_WARNING, "%.*s",
                    STR_ARG(str_sub(sender, 0, 60)));
    struct json_iter it = json_iter(content);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &part))
        TRY(add_content(t, m, part));
    if (!understood(m))
        TRY(add_text(t, m, json_get_str(v, S("text"))));
    return add_files(t, m, v);
}

/* --- the path: what hangs on the newest message ---------------------------------------------------------------- */

static err_t mark_path(struct talk *t)
{
    struct conversation *c = t->c;
    struct map by_id;
    bool parents = false;
    map_init(&by_id, t->a);
    for (size_t i = 0; i < c->message_count; i++) {
        parents |= c->messages[i].parent_id.n > 0;
        if (c->messages[i].id.n)
            TRY(map_put(&by_id, c->messages[i].id, &c->messages[i]));
    }
    if (!parents || !c->message_count)
        return OK; /* older exports: the order is the path */
    for (size_t i = 0; i < c->message_count; i++)
        c->messages[i].on_path = false;
    struct message *m = &c->messages[c->message_count - 1];
    while (m && !m->on_path) {
        m->on_path = true;
        m = m->parent_id.n ? map_get(&by_id, m->parent_id) : NULL;
    }
    return OK;
}

static err_t refused(struct json root)
{
    struct json error = json_get(root, S("error"));
    struct str type = json_get_str(error, S("type"));
    if (str_eq(type, S("permission_error")))
        return err_note(E_FORBIDDEN, NULL,
                        "the provider says that this share is for an organisation alone");
    if (str_eq(type, S("not_found_error")))
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
}

static err_t claude_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json list = json_get(root, S("chat_messages")), v;
    struct talk t = { .a = a, .c = ret };
    if (!json_is(list, JSON_ARRAY))
        return refused(root);
    conversation_init(ret, "claude");
    map_init(&t.artifacts, a);
    ret->title = json_get_str(root, S("snapshot_name"));
    if (!ret->title.n)
        ret->title = json_get_str(root, S("name"));
    ret->model = json_get_str(root, S("model"));
    ret->created_ms = time_of(root, "created_at");
    ret->updated_ms = time_of(root, "updated_at");
    ret->source.id = json_get_str(root, S("conversation_uuid"));
    if (!ret->source.id.n)
        ret->source.id = json_get_str(root, S("uuid"));
    struct json_iter it = json_iter(list);
    while (json_next(&it, NULL, &v))
        TRY(add_message(&t, v));
    TRY(mark_path(&t));
    return arena_err(a);
}

static bool claude_json_is_mine(struct json root)
{
    return json_is(json_get(root, S("chat_messages")), JSON_ARRAY) &&
           json_exists(json_get(root, S("uuid")));
}

const struct provider PROVIDER_CLAUDE = { .name = "claude",
                                          .json_is_mine = claude_json_is_mine,
                                          .from_json = claude_from_json };

/* ChatGPT: share pages (turbo-stream, __NEXT_DATA__), /backend-api/share, official exports: one tree of nodes (research/capture.md
 * sections 3 and 5). */
#include <math.h>

#include "archive/markdown.h"
#include "archive/providers/chatgpt_text.h"
#include "archive/providers/provider.h"
#include "archive/providers/turbo_stream.h"
#include "base/limits.h"
#include "base/map.h"

enum { NODES_MAX = 100000 };

struct node {
    struct str id, parent;
    struct json message; /* absent or null: a root without words */
    const struct node *nearest;
    bool on_path, written;
};

struct tree {
    struct arena *a;
    struct conversation *c;
    struct node *nodes;
    size_t count;
    struct map by_id;
    struct str model; /* of the conversation, for messages that name none */
};

/* --- one message ------------------------------------------------------------------------------------- */

struct piece { /* what the parts of one message are made into */
    struct tree *t;
    struct message *m;
    struct json message, content, metadata;
    struct str type, recipient;
};

static struct block *add(struct piece *p, enum block_type type)
{
    return block_add(p->t->a, p->m, type);
}

static err_t add_raw(struct piece *p, struct json v, const char *code, struct str what)
{
    struct block *b = add(p, BLOCK_UNKNOWN);
    if (!b)
        return build_err(p->t->a);
    TRY(block_keep_raw(p->t->a, b, v));
    finding_add(p->t->a, p->t->c, code, FINDING_NOTE, "%.*s", STR_ARG(str_sub(what, 0, 100)));
    return OK;
}

static err_t add_text(struct piece *p, struct str text)
{
    struct chatgpt_text clean;
    TRY(chatgpt_text_clean(p->t->a, text, p->metadata, &clean));
    TRY(markdown_blocks(p->t->a, clean.markdown, p->m));
    for (size_t i = 0; i < clean.citation_count; i++) {
        struct block *b = add(p, BLOCK_CITATION);
        if (!b)
            return build_err(p->t->a);
        b->citation.url = clean.citations[i].url;
        b->citation.title = clean.citations[i].title;
        b->citation.start = b->citation.end = -1;
    }
    if (clean.unresolved)
        finding_add(p->t->a, p->t->c, "citation_unresolved", FINDING_NOTE,
                    "the page does not say what a citation points to");
    return OK;
}

static err_t add_image(struct piece *p, struct json part)
{
    struct block *b = add(p, BLOCK_IMAGE);
    if (!b)
        return build_err(p->t->a);
    b->image.source_url = json_get_str(part, S("asset_pointer"));
    b->image.width = json_i64(json_get(part, S("width")), -1);
    b->image.height = json_i64(json_get(part, S("height")), -1);
    return OK;
}

static err_t add_part(struct piece *p, struct json part)
{
    struct str type = json_get_str(part, S("content_type"));
    if (json_is(part, JSON_STR))
        return add_text(p, json_str(part));
    if (str_eq(type, S("image_asset_pointer")))
        return add_image(p, part);
    if (str_eq(type, S("audio_transcription")))
        return add_text(p, json_get_str(part, S("text")));
    if (json_is(part, JSON_NULL))
        return OK;
    return add_raw(p, part, "unmodelled_content_type", type.n ? type : S("a part without a type"));
}

static err_t add_parts(struct piece *p)
{
    struct json_iter it = json_iter(json_get(p->content, S("parts")));
    struct json part;
    while (json_next(&it, NULL, &part))
        TRY(add_part(p, part));
    return OK;
}

/* The words of the parts, and what stands in the fields of other kinds, as one text. */
static struct str plain_text(struct piece *p, bool *ret_other)
{
    static const char *const FIELDS[] = { "text", "result", "summary", "content" };
    struct buf b;
    struct json_iter it = json_iter(json_get(p->content, S("parts")));
    struct json part;
    *ret_other = false;
    buf_init(&b, p->t->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &part)) {
        *ret_other |= !json_is(part, JSON_STR);
        if (json_is(part, JSON_STR) && b.n)
            buf_putc(&b, '\n');
        buf_put(&b, json_str(part));
    }
    for (size_t i = 0; i < COUNTOF(FIELDS) && !b.n; i++)
        buf_put(&b, json_get_str(p->content, str_from(FIELDS[i])));
    return buf_str(&b);
}

static err_t add_thoughts(struct piece *p)
{
    struct json_iter it = json_iter(json_get(p->content, S("thoughts")));
    struct json thought;
    struct buf text;
    buf_init(&text, p->t->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &thought)) {
        struct str summary = json_get_str(thought, S("summary")),
                   words = json_get_str(thought, S("content"));
        if (!summary.n && !words.n)
            continue;
        if (text.n)
            buf_put(&text, S("\n\n"));
        if (summary.n)
            buf_putf(&text, "**%.*s**%s", STR_ARG(summary), words.n ? "\n\n" : "");
        buf_put(&text, words);
    }
    TRY(buf_err(&text));
    if (!text.n)
        return OK;
    struct block *b = add(p, BLOCK_THINKING);
    if (!b)
        return build_err(p->t->a);
    b->thinking.text = buf_str(&text);
    return OK;
}

/* "Thought for 7s": what the reasoning before it is shown as. */
static void recap(struct piece *p)
{
    struct conversation *c = p->t->c;
    struct str words = json_get_str(p->content, S("content"));
    for (size_t i = c->message_count; i-- > 0;) {
        struct message *m = &c->messages[i];
        if (m->role == ROLE_USER && !m->hidden)
            return;
        for (size_t k = m->block_count; k-- > 0;)
            if (m->blocks[k].type == BLOCK_THINKING && !m->blocks[k].thinking.summary.n) {
                m->blocks[k].thinking.summary = words;
                return;
            }
    }
}

static err_t add_tool_result(struct piece *p)
{
    bool other;
    struct str content = plain_text(p, &other);
    struct block *b = add(p, BLOCK_TOOL_RESULT);
    if (!b)
        return build_err(p->t->a);
    b->tool_result.content = content;
    b->tool_result.is_error = str_eq(p->type, S("system_error"));
    if (str_find(content, S("output of this plugin was redacted"), 0) < content.n)
        finding_add(p->t->a, p->t->c, "tool_output_redacted", FINDING_NOTE,
                    "the provider left out a tool's output");
    struct json_iter it = json_iter(json_get(p->content, S("parts")));
    struct json part;
    while (json_next(&it, NULL, &part))
        if (str_eq(json_get_str(part, S("content_type")), S("image_asset_pointer")))
            TRY(add_image(p, part));
    return OK;
}

static err_t add_tool_call(struct piece *p)
{
    bool other;
    struct str arguments = plain_text(p, &other);
    if (!arguments.n)
        return OK;
    struct block *b = add(p, BLOCK_TOOL_CALL);
    if (!b)
        return build_err(p->t->a);
    b->tool_call.name = p->recipient;
    b->tool_call.arguments = arguments;
    return OK;
}

static err_t add_code(struct piece *p)
{
    struct str language = json_get_str(p->content, S("language"));
    struct block *b = add(p, BLOCK_CODE);
    if (!b)
        return build_err(p->t->a);
    b->code.language = str_eq(language, S("unknown")) ? STR_NONE : language;
    b->code.code = json_get_str(p->content, S("text"));
    return OK;
}

/* The same picture is a part and an attachment: one block. */
static bool is_shown_already(const struct message *m, struct str id)
{
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].type == BLOCK_IMAGE && id.n &&
            str_find(m->blocks[i].image.source_url, id, 0) < m->blocks[i].image.source_url.n)
            return true;
    return false;
}

static err_t add_attachments(struct piece *p)
{
    struct json_iter it = json_iter(json_get(p->metadata, S("attachments")));
    struct json file;
    while (json_next(&it, NULL, &file)) {
        if (is_shown_already(p->m, json_get_str(file, S("id"))))
            continue;
        struct block *b = add(p, BLOCK_FILE);
        if (!b)
            return build_err(p->t->a);
        b->file.name = json_get_str(file, S("name"));
        b->file.media_type = json_get_str(file, S("mime_type"));
        if (!b->file.media_type.n)
            b->file.media_type = json_get_str(file, S("mimeType"));
    }
    return OK;
}

static bool never_shown(struct str type)
{
    return str_eq(type, S("user_editable_context")) || str_eq(type, S("model_editable_context"));
}

static bool is_one_of(struct str type, const char *const *names)
{
    for (; *names; names++)
        if (str_eq(type, str_from(*names)))
            return true;
    return false;
}

static err_t add_content(struct piece *p)
{
    static const char *const WORDS[] = { "text", "multimodal_text", NULL };
    static const char *const CALLS[] = { "text", "multimodal_text", "code", NULL };
    static const char *const RESULTS[] = { "tether_quote", "tether_browsing_display",
                                           "execution_output", "system_error", NULL };
    bool addressed = p->recipient.n && !str_eq(p->recipient, S("all"));
    if (never_shown(p->type))
        return add_raw(p, p->content, "unmodelled_content_type", p->type);
    if (p->m->role == ROLE_TOOL)
        return add_tool_result(p);
    if (str_eq(p->type, S("thoughts")))
        return add_thoughts(p);
    if (str_eq(p->type, S("reasoning_recap"))) {
        recap(p);
        return OK;
    }
    if (p->m->role == ROLE_ASSISTANT && addressed && is_one_of(p->type, CALLS))
        return add_tool_call(p);
    if (str_eq(p->type, S("code")))
        return add_code(p);
    if (is_one_of(p->type, WORDS))
        return add_parts(p);
    if (is_one_of(p->type, RESULTS))
        return add_tool_result(p);
    return add_raw(p, p->content, "unmodelled_content_type",
                   p->type.n ? p->type : S("content without a type"));
}

static enum role role_of(struct tree *t, struct str name)
{
    enum role role;
    if (role_parse(name, &role))
        return role;
    finding_add(t->a, t->c, "unrecognised_role", FINDING_WARNING, "%.*s",
                STR_ARG(str_sub(name, 0, 60)));
    return ROLE_SYSTEM;
}

/* The nearest node above that has a message: what a reader would call its parent. The node above was written before. */
static const struct node *nearest_above(const struct tree *t, const struct node *n)
{
    const struct node *above = n->parent.n ? map_get(&t->by_id, n->parent) : NULL;
    return !above || json_is(above->message, JSON_OBJECT) ? above : above->nearest;
}

static err_t write_node(struct tree *t, struct node *n)
{
    n->written = true;
    n->nearest = nearest_above(t, n);
    if (!json_is(n->message, JSON_OBJECT))
        return OK;
    struct json author = json_get(n->message, S("author"));
    struct message *m = message_add(t->a, t->c);
    if (!m)
        return build_err(t->a);
    size_t at = t->c->message_count - 1;
    struct piece p = { .t = t,
                       .m = m,
                       .message = n->message,
                       .content = json_get(n->message, S("content")),
                       .metadata = json_get(n->message, S("metadata")),
                       .recipient = json_get_str(n->message, S("recipient")) };
    p.type = json_get_str(p.content, S("content_type"));
    m->id = n->id;
    m->parent_id = n->nearest ? n->nearest->id : STR_NONE;
    m->role = role_of(t, json_get_str(author, S("role")));
    m->author = json_get_str(author, S("name"));
    m->model = json_get_str(p.metadata, S("model_slug"));
    if (!m->model.n && m->role == ROLE_ASSISTANT)
        m->model = t->model;
    m->created_ms =
        time_from_seconds(json_f64(json_get(n->message, S("create_time")), (double)NAN));
    m->on_path = n->on_path;
    m->hidden = json_bool(json_get(p.metadata, S("is_visually_hidden_from_conversation")), false) ||
                never_shown(p.type);
    TRY(add_content(&p));
    TRY(add_attachments(&p));
    m = &t->c->messages[at];
    bool other;
    if (m->role == ROLE_SYSTEM && m->block_count == 0 && !plain_text(&p, &other).n)
        m->hidden = true; /* an empty system message is never shown */
    return arena_err(t->a);
}

/* --- the tree ------------------------------------------------------------------------------------------------ */

static err_t read_nodes(struct tree *t, struct json mapping)
{
    size_t count = json_count(mapping);
    struct str key;
    struct json v;
    if (count > NODES_MAX)
        return err_note(E_LIMIT, NULL, "the conversation has too many nodes");
    t->nodes = ARENA_ARRAY(t->a, struct node, count + 1);
    if (!t->nodes)
        return arena_err(t->a);
    map_init(&t->by_id, t->a);
    struct json_iter it = json_iter(mapping);
    while (json_next(&it, &key, &v)) {
        struct node *n = &t->nodes[t->count++];
        *n = (struct node){ .id = key,
                            .parent = json_get_str(v, S("parent")),
                            .message = json_get(v, S("message")) };
        TRY(map_put(&t->by_id, key, n));
    }
    return OK;
}

/* Without current_node: the leaf that was written last. */
static struct node *newest_leaf(struct tree *t)
{
    struct node *best = NULL;
    double newest = -1;
    struct map parents;
    map_init(&parents, t->a);
    for (size_t i = 0; i < t->count; i++)
        if (t->nodes[i].parent.n && map_put(&parents, t->nodes[i].parent, t) != OK)
            return NULL;
    for (size_t i = 0; i < t->count; i++) {
        double time = json_f64(json_get(t->nodes[i].message, S("create_time")), 0);
        if (!map_has(&parents, t->nodes[i].id) && json_is(t->nodes[i].message, JSON_OBJECT) &&
            time >= newest) {
            newest = time;
            best = &t->nodes[i];
        }
    }
    return best;
}

/* From the current node up to the root, then in reading order. A cycle is cut where it closes. */
static err_t write_path(struct tree *t, struct str current)
{
    struct node **path = ARENA_ARRAY(t->a, struct node *, t->count + 1);
    size_t n = 0;
    if (!path)
        return arena_err(t->a);
    struct node *at = current.n ? map_get(&t->by_id, current) : NULL;
    if (!at)
        at = newest_leaf(t);
    while (at) {
        if (at->on_path) {
            finding_add(t->a, t->c, "cycle_broken", FINDING_WARNING, "a node is above itself");
            break;
        }
        at->on_path = true;
        path[n++] = at;
        struct node *above = at->parent.n ? map_get(&t->by_id, at->parent) : NULL;
        if (at->parent.n && !above)
            finding_add(t->a, t->c, "parent_missing", FINDING_WARNING,
                        "a node's parent is not there");
        at = above;
    }
    while (n)
        TRY(write_node(t, path[--n]));
    return OK;
}

/* Side branches behind the path, parents before children: a node is written after the chain above it. */
static err_t write_rest(struct tree *t)
{
    struct node **chain = ARENA_ARRAY(t->a, struct node *, t->count + 1);
    if (!chain)
        return arena_err(t->a);
    for (size_t i = 0; i < t->count; i++) {
        size_t n = 0;
        for (struct node *at = &t->nodes[i]; at && !at->written;
             at = at->parent.n ? map_get(&t->by_id, at->parent) : NULL) {
            at->written = true; /* also ends a cycle */
            chain[n++] = at;
        }
        while (n)
            TRY(write_node(t, chain[--n]));
    }
    return OK;
}

static err_t refused(struct json root)
{
    struct json detail = json_get(root, S("detail"));
    struct str code = json_get_str(detail, S("code")),
               text = json_is(detail, JSON_STR) ? json_str(detail)
                                                : json_get_str(detail, S("message"));
    if (str_find(code, S("deleted"), 0) < code.n || str_find(code, S("not_found"), 0) < code.n ||
        str_find(text, S("not found"), 0) < text.n)
        return err_note(E_GONE, NULL, "the provider says: %.*s",
                        STR_ARG(str_sub(code.n ? code : text, 0, 100)));
    if (str_find(code, S("permission"), 0) < code.n ||
        str_find(code, S("unauthorized"), 0) < code.n)
        return err_note(E_FORBIDDEN, NULL, "the provider says: %.*s",
                        STR_ARG(str_sub(code, 0, 100)));
    return err_note(E_INVALID, NULL, "there is no tree of messages in the provider's data");
}

static err_t chatgpt_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json mapping = json_get(root, S("mapping")), created = json_get(root, S("create_time")),
                updated = json_get(root, S("update_time"));
    if (!json_is(mapping, JSON_OBJECT) || json_count(mapping) == 0)
        return refused(root);
    struct tree t = { .a = a, .c = ret };
    conversation_init(ret, "chatgpt");
    ret->title = json_get_str(root, S("title"));
    ret->model = json_get_str(root, S("default_model_slug"));
    if (!ret->model.n)
        ret->model = json_get_str(json_get(root, S("model")), S("slug"));
    t.model = ret->model;
    ret->created_ms = time_from_seconds(json_f64(created, (double)NAN));
    ret->updated_ms = time_from_seconds(json_f64(updated, (double)NAN));
    ret->source.id = json_get_str(root, S("conversation_id"));
    if (!ret->source.id.n)
        ret->source.id = json_get_str(root, S("id"));
    TRY(read_nodes(&t, mapping));
    TRY(write_path(&t, json_get_str(root, S("current_node"))));
    TRY(write_rest(&t));
    return arena_err(a);
}

/* --- state in the page -------------------------------------------------------------------------------------------- */

struct loader_search {
    const struct turbo *t;
    int64_t data;
};

/* The route's name changes; the entry that has a serverResponse is the one. */
static bool has_response(void *context, struct str key, int64_t value)
{
    struct loader_search *s = context;
    UNUSED(key);
    int64_t response = turbo_member(s->t, value, S("serverResponse"));
    s->data = response >= 0 ? turbo_member(s->t, response, S("data")) : -1;
    return s->data < 0;
}

static err_t next_data(struct arena *a, struct str html, struct json *ret)
{
    size_t at = str_find(html, S("id=\"__NEXT_DATA__\""), 0);
    size_t start = str_find_char(html, '>', at) + 1, end = str_find(html, S("</script>"), start);
    struct json root;
    if (at >= html.n || end >= html.n ||
        json_parse(a, str_sub(html, start, end), JSON_FOREIGN_DEPTH_MAX, &root) != OK)
        return E_NOT_FOUND;
    struct json props = json_get(json_get(root, S("props")), S("pageProps"));
    *ret = json_get(json_get(props, S("serverResponse")), S("data"));
    return json_is(*ret, JSON_OBJECT) ? OK : E_NOT_FOUND;
}

static err_t chatgpt_embedded(struct arena *a, struct str html, struct json *ret)
{
    struct turbo t;
    err_t e = turbo_from_html(a, html, &t);
    if (e == E_BUSY || e == E_LIMIT)
        return e;
    if (e != OK)
        return next_data(a, html, ret);
    struct loader_search s = { &t, -1 };
    turbo_each(&t, turbo_member(&t, 0, S("loaderData")), has_response, &s);
    if (s.data < 0)
        return E_NOT_FOUND;
    TRY(turbo_hydrate(a, &t, s.data, ret));
    return json_is(json_get(*ret, S("mapping")), JSON_OBJECT) ? OK : E_NOT_FOUND;
}

static bool chatgpt_json_is_mine(struct json root)
{
    return json_is(json_get(root, S("mapping")), JSON_OBJECT) &&
           !json_exists(json_get(root, S("inserted_at"))) &&
           (json_exists(json_get(root, S("create_time"))) ||
            json_exists(json_get(root, S("current_node"))));
}

const struct provider PROVIDER_CHATGPT = {
    .name = "chatgpt",
    .json_is_mine = chatgpt_json_is_mine,
    .from_json = chatgpt_from_json,
    .embedded = chatgpt_embedded,
};

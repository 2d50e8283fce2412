/* ChatGPT: share pages (turbo-stream, __NEXT_DATA__), /backend-api/share, official exports: one tree of nodes (research/capture.md
 * sections 3 and 5). */
#include "archive/providers/chatgpt_documents.h"
#include "archive/providers/chatgpt_text.h"
#include "archive/providers/provider.h"
#include "archive/providers/turbo_stream.h"
#include "archive/tree.h"
#include "base/limits.h"

struct talk {
    struct str model; /* of the conversation, for messages that name none */
    struct canvas canvas;
    struct report report;  /* waits for the empty answer in whose place it stands */
    size_t report_message; /* which message carries it */
};

struct piece { /* one message's data */
    struct builder *b;
    struct talk *talk;
    struct json content, metadata;
    struct str type, recipient;
    enum role role;
};

/* --- the parts of a message ---------------------------------------------------------------------- */

static void put_image(struct builder *b, struct json part)
{
    build_image(b, json_get_str(part, S("asset_pointer")), STR_NONE,
                json_i64(json_get(part, S("width")), -1),
                json_i64(json_get(part, S("height")), -1));
}

static bool is_image(struct json part)
{
    return str_eq(json_get_str(part, S("content_type")), S("image_asset_pointer"));
}

static void put_sound(struct builder *b, struct json part)
{
    struct str at = json_get_str(part, S("asset_pointer")),
               format = json_get_str(part, S("format"));
    if (!at.n)
        return;
    build_file(b, at, format.n ? str_fmt(b->a, "audio/%.*s", STR_ARG(format)) : STR_NONE, STR_NONE);
    build_file_id(b, at);
}

/* What was said and shown while they talked. */
static void put_talk(struct builder *b, struct json part)
{
    struct json_iter it = json_iter(json_get(part, S("frames_asset_pointers")));
    struct json frame;
    put_sound(b, json_get(part, S("audio_asset_pointer")));
    while (json_next(&it, NULL, &frame))
        put_image(b, frame);
}

static void put_part(struct piece *p, struct json part)
{
    struct str type = json_get_str(part, S("content_type"));
    if (json_is(part, JSON_STR))
        chatgpt_text(p->b, json_str(part), p->metadata);
    else if (is_image(part))
        put_image(p->b, part);
    else if (str_eq(type, S("audio_transcription")))
        chatgpt_text(p->b, build_words(p->b, json_get(part, S("text"))), p->metadata);
    else if (str_eq(type, S("audio_asset_pointer")))
        put_sound(p->b, part);
    else if (str_eq(type, S("real_time_user_audio_video_asset_pointer")))
        put_talk(p->b, part);
    else if (!json_is(part, JSON_NULL))
        build_unknown(p->b, part, FOUND_UNMODELLED_CONTENT_TYPE,
                      type.n ? type : S("a part without a type"));
}

struct parts {
    struct json_iter it;
    /* What stands where the list is usual: no container, or an object that says what it is. */
    struct json one;
};

static struct parts parts_of(const struct piece *p)
{
    struct json v = json_get(p->content, S("parts"));
    bool list = json_is(v, JSON_ARRAY) ||
                (json_is(v, JSON_OBJECT) && !json_exists(json_get(v, S("content_type"))));
    if (list)
        return (struct parts){ .it = json_iter(v) };
    return (struct parts){ .one = v };
}

static bool next_part(struct parts *all, struct json *ret)
{
    if (!json_exists(all->one))
        return json_next(&all->it, NULL, ret);
    *ret = all->one;
    all->one = (struct json){ 0 };
    return true;
}

static void put_parts(struct piece *p)
{
    struct parts all = parts_of(p);
    struct json part;
    while (next_part(&all, &part))
        put_part(p, part);
}

static struct str words_of_part(struct json part)
{
    return json_is(part, JSON_STR) ? json_str(part) : json_get_str(part, S("text"));
}

/* The words of the parts, and what stands in the fields of other kinds, as one text. */
static struct str plain_text(struct piece *p)
{
    static const char *const FIELDS[] = { "text", "result", "summary", "content" };
    struct buf text;
    struct parts all = parts_of(p);
    struct json part;
    buf_init(&text, p->b->a, CONVERSATION_BYTES_MAX);
    while (next_part(&all, &part)) {
        struct str words = words_of_part(part);
        if ((json_is(part, JSON_STR) || words.n) && text.n)
            buf_putc(&text, '\n');
        buf_put(&text, words);
    }
    for (size_t i = 0; i < COUNTOF(FIELDS) && !text.n; i++)
        buf_put(&text, build_words(p->b, json_get(p->content, str_from(FIELDS[i]))));
    build_fail(p->b, buf_err(&text));
    return buf_str(&text);
}

static void put_thoughts(struct piece *p)
{
    struct json_iter it = json_iter(json_get(p->content, S("thoughts")));
    struct json thought;
    struct buf text;
    buf_init(&text, p->b->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &thought)) {
        struct str summary = json_get_str(thought, S("summary")),
                   words = build_words(p->b, json_get(thought, S("content")));
        if (!summary.n && !words.n)
            continue;
        if (text.n)
            buf_put(&text, S("\n\n"));
        if (summary.n)
            buf_putf(&text, "**%.*s**%s", STR_ARG(summary), words.n ? "\n\n" : "");
        buf_put(&text, words);
    }
    build_fail(p->b, buf_err(&text));
    build_thinking(p->b, buf_str(&text), STR_NONE);
}

/* "Thought for 7s": what the reasoning before it is shown as. */
static void recap(struct piece *p)
{
    struct conversation *c = p->b->c;
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

/* --- tools ------------------------------------------------------------------------------------------ */

/* The plots of the code interpreter. */
static void put_plots(struct piece *p)
{
    struct json result = json_get(p->metadata, S("aggregate_result")), one;
    struct json_iter it = json_iter(json_get(result, S("messages")));
    while (json_next(&it, NULL, &one))
        if (str_eq(json_get_str(one, S("message_type")), S("image")))
            build_image(p->b, json_get_str(one, S("image_url")), STR_NONE,
                        json_i64(json_get(one, S("width")), -1),
                        json_i64(json_get(one, S("height")), -1));
}

static void put_result(struct piece *p)
{
    struct str words = plain_text(p);
    struct parts all = parts_of(p);
    struct json part;
    build_result(p->b, STR_NONE, words, str_eq(p->type, S("system_error")));
    if (str_find(words, S("output of this plugin was redacted"), 0) < words.n)
        build_finding(p->b, FOUND_TOOL_OUTPUT_REDACTED, S("the provider left out a tool's output"));
    while (next_part(&all, &part))
        if (!json_is(part, JSON_STR) && !words_of_part(part).n)
            put_part(p, part); /* a picture, and what has no words; those are in the result */
    put_plots(p);
}

static void put_call(struct piece *p)
{
    struct str arguments = plain_text(p);
    if (arguments.n && !chatgpt_canvas(p->b, &p->talk->canvas, p->recipient, arguments))
        build_call(p->b, STR_NONE, p->recipient, arguments);
}

static void put_code(struct piece *p)
{
    struct str language = json_get_str(p->content, S("language"));
    build_code(p->b, str_eq(language, S("unknown")) ? STR_NONE : language,
               build_words(p->b, json_get(p->content, S("text"))));
}

/* --- files -------------------------------------------------------------------------------------------- */

/* The same picture is a part and an attachment: one block. */
static bool is_shown_already(const struct message *m, struct str id)
{
    for (size_t i = 0; i < m->block_count; i++)
        if (m->blocks[i].type == BLOCK_IMAGE && id.n &&
            str_find(m->blocks[i].image.source_url, id, 0) < m->blocks[i].image.source_url.n)
            return true;
    return false;
}

static void put_attachments(struct piece *p)
{
    struct json_iter it = json_iter(json_get(p->metadata, S("attachments")));
    struct json file;
    while (json_next(&it, NULL, &file)) {
        struct str type = json_get_str(file, S("mime_type"));
        if (is_shown_already(build_here(p->b), json_get_str(file, S("id"))))
            continue;
        build_file(p->b, json_get_str(file, S("name")),
                   type.n ? type : json_get_str(file, S("mimeType")), STR_NONE);
        build_file_id(p->b, json_get_str(file, S("id")));
    }
}

/* --- one message ------------------------------------------------------------------------------------------ */

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

static void put_content(struct piece *p)
{
    static const char *const WORDS[] = { "text", "multimodal_text", NULL };
    static const char *const CALLS[] = { "text", "multimodal_text", "code", NULL };
    static const char *const RESULTS[] = { "tether_quote", "tether_browsing_display",
                                           "execution_output", "system_error", NULL };
    bool addressed = p->recipient.n && !str_eq(p->recipient, S("all"));
    if (never_shown(p->type))
        build_unknown(p->b, p->content, FOUND_UNMODELLED_CONTENT_TYPE, p->type);
    else if (p->role == ROLE_TOOL)
        put_result(p);
    else if (str_eq(p->type, S("thoughts")))
        put_thoughts(p);
    else if (str_eq(p->type, S("reasoning_recap")))
        recap(p);
    else if (p->role == ROLE_ASSISTANT && addressed && is_one_of(p->type, CALLS))
        put_call(p);
    else if (str_eq(p->type, S("code")))
        put_code(p);
    else if (is_one_of(p->type, WORDS))
        put_parts(p);
    else if (is_one_of(p->type, RESULTS))
        put_result(p);
    else
        build_unknown(p->b, p->content, FOUND_UNMODELLED_CONTENT_TYPE,
                      p->type.n ? p->type : S("content without a type"));
}

/* A report waits for the empty answer in whose place the page shows it; where none comes it stays with who carries it. */
static void place_report(struct builder *b, struct talk *talk)
{
    size_t here = b->here;
    if (!talk->report.markdown.n || b->err != OK)
        return;
    build_go_to(b, talk->report_message);
    chatgpt_put_report(b, &talk->report);
    build_go_to(b, here);
    talk->report = (struct report){ 0 };
}

static void take_report(struct piece *p)
{
    struct builder *b = p->b;
    struct str words = p->role == ROLE_TOOL ? plain_text(p) : STR_NONE;
    struct report r = chatgpt_report(b, p->metadata, words);
    bool empty = build_here(b)->block_count == 0;
    if (b->err != OK)
        return;
    if (r.markdown.n && !str_eq(r.markdown, p->talk->report.markdown)) {
        place_report(b, p->talk); /* of an earlier research */
        p->talk->report = r;
        p->talk->report_message = b->here;
    }
    if (p->talk->report.markdown.n && p->role == ROLE_ASSISTANT && empty) {
        p->talk->report_message = b->here;
        place_report(b, p->talk);
    }
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    struct talk *talk = context;
    struct json author = json_get(n->value, S("author"));
    struct piece p = { .b = b,
                       .talk = talk,
                       .content = json_get(n->value, S("content")),
                       .metadata = json_get(n->value, S("metadata")),
                       .recipient = json_get_str(n->value, S("recipient")),
                       .role = build_role(b, ROLE_WORDS, json_get_str(author, S("role"))) };
    p.type = json_get_str(p.content, S("content_type"));
    struct message *m = build_message(b, n->id, n->above, p.role);
    m->author = json_get_str(author, S("name"));
    m->model = json_get_str(p.metadata, S("model_slug"));
    if (!m->model.n && p.role == ROLE_ASSISTANT)
        m->model = talk->model;
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    m->hidden = json_bool(json_get(p.metadata, S("is_visually_hidden_from_conversation")), false) ||
                never_shown(p.type);
    put_content(&p);
    put_attachments(&p);
    take_report(&p);
    m = build_here(b);
    if (p.role == ROLE_SYSTEM && m->block_count == 0 && !plain_text(&p).n)
        m->hidden = true; /* an empty system message is never shown */
}

/* --- the tree ------------------------------------------------------------------------------------------------ */

/* Each one's value is its message. */
static size_t read_nodes(struct builder *b, struct json mapping, struct tree_node **ret)
{
    size_t count = json_count(mapping), n = 0;
    struct str key;
    struct json v;
    struct tree_node *nodes = arena_array(&b->scratch, count + 1, sizeof *nodes);
    if (!nodes)
        return 0;
    struct json_iter it = json_iter(mapping);
    while (json_next(&it, &key, &v)) {
        struct json message = json_get(v, S("message"));
        nodes[n++] =
            (struct tree_node){ .id = key,
                                .parent = build_id(b, json_get(v, S("parent"))),
                                .children = json_get(v, S("children")),
                                .value = message,
                                .silent = !json_is(message, JSON_OBJECT),
                                .at_ms = build_time(b, json_get(message, S("create_time"))) };
    }
    *ret = nodes;
    return n;
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
    struct json mapping = json_get(root, S("mapping"));
    struct talk talk = { 0 };
    struct builder b;
    struct tree_node *nodes = NULL;
    if (!json_is(mapping, JSON_OBJECT) || json_count(mapping) == 0)
        return refused(root);
    build_begin(&b, a, "chatgpt", ret);
    ret->title = json_get_str(root, S("title"));
    ret->model = json_get_str(root, S("default_model_slug"));
    if (!ret->model.n)
        ret->model = json_get_str(json_get(root, S("model")), S("slug"));
    talk.model = ret->model;
    ret->created_ms = build_time(&b, json_get(root, S("create_time")));
    ret->updated_ms = build_time(&b, json_get(root, S("update_time")));
    ret->source.id = build_id(&b, json_get(root, S("conversation_id")));
    if (!ret->source.id.n)
        ret->source.id = build_id(&b, json_get(root, S("id")));
    size_t count = read_nodes(&b, mapping, &nodes);
    if (nodes)
        tree_write(&b, nodes, count, build_id(&b, json_get(root, S("current_node"))), write_message,
                   &talk);
    place_report(&b, &talk);
    return build_end(&b);
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

/* Grok: /rest/app-chat/share_links and elements of its export (research/capture.md sections 3 and 5, capture-2026.md). */
#include "archive/providers/provider.h"
#include "archive/providers/sources.h"
#include "archive/tree.h"
#include "base/limits.h"
#include "base/utf8.h"

static const struct role_word ROLES[] = { { "human", ROLE_USER },
                                          { "user", ROLE_USER },
                                          { "assistant", ROLE_ASSISTANT },
                                          { NULL, ROLE_SYSTEM } };

/* The share says responseId, the export _id, and so on. */
static struct json either(struct json v, const char *one, const char *other)
{
    struct json found = json_get(v, str_from(one));
    return json_exists(found) ? found : json_get(v, str_from(other));
}

static struct str attribute(struct str tag, struct str name)
{
    size_t at = str_find(tag, name, 0);
    struct str rest = str_sub(tag, at + name.n, tag.n);
    if (at >= tag.n || !str_starts(rest, S("=\"")))
        return STR_NONE;
    return str_sub(rest, 2, str_find_char(rest, '"', 2));
}

/* --- cards: an inline element names one of the attachments, which are JSON as text or objects ------------------ */

static struct json card_of(struct builder *b, struct json list, struct str id)
{
    struct json_iter it = json_iter(list);
    struct json one;
    while (json_next(&it, NULL, &one)) {
        struct json card = one;
        if (json_is(one, JSON_STR) && json_parse(b->a, json_str(one), 32, &card) != OK) {
            err_clear();
            continue;
        }
        if (str_eq(json_get_str(card, S("id")), id))
            return card;
    }
    return (struct json){ 0 };
}

static void take_card(struct cited *c, struct json card)
{
    struct json image = json_get(card, S("image"));
    struct str url = json_get_str(card, S("url"));
    if (json_is(image, JSON_OBJECT)) {
        struct str source = json_get_str(image, S("original"));
        buf_put(&c->out, S("!["));
        put_label(&c->out, json_get_str(image, S("title")));
        buf_putc(&c->out, ']');
        put_target(&c->out, source.n ? source : json_get_str(image, S("thumbnail")));
        return;
    }
    if (!url.n)
        build_finding(c->b, FOUND_CITATION_UNRESOLVED,
                      S("the data does not say what a citation points to"));
    cited_cite(c, url, json_get_str(card, S("title")));
}

/* <grok:render card_id="a1" …>…</grok:render> */
static size_t take(struct cited *c, size_t at, void *context)
{
    const struct json *cards = context;
    struct str close = S("</grok:render>"), rest = str_sub(c->whole, at, at + KIB(8));
    size_t end = str_find(rest, close, 0);
    if (!str_starts(rest, S("<grok:render ")) || end >= rest.n)
        return 0;
    struct str tag = str_sub(rest, 0, str_find_char(rest, '>', 0));
    take_card(c, card_of(c->b, *cards, attribute(tag, S("card_id"))));
    return end + close.n;
}

static void put_words(struct builder *b, struct str text, struct json cards)
{
    struct cited c;
    cited_read(b, text, "<", false, take, &cards, &c);
    build_cited(b, &c);
}

/* --- <xaiArtifact artifact_id="…" title="…" contentType="…">…</xaiArtifact> between the words ------------------- */

static void put_text(struct builder *b, struct str text, struct json cards)
{
    struct str open = S("<xaiArtifact"), close = S("</xaiArtifact>");
    size_t from = 0, at = str_find(text, open, 0);
    for (; at < text.n && b->err == OK; at = str_find(text, open, from)) {
        size_t head = str_find_char(text, '>', at), end = str_find(text, close, head);
        if (end >= text.n)
            break;
        struct str tag = str_sub(text, at, head);
        put_words(b, str_sub(text, from, at), cards);
        build_artifact(b, attribute(tag, S("artifact_id")), attribute(tag, S("contentType")),
                       attribute(tag, S("title")), str_trim(str_sub(text, head + 1, end)));
        from = end + close.n;
    }
    put_words(b, str_sub(text, from, text.n), cards);
}

/* --- messages ----------------------------------------------------------------------------------------------------- */

static void put_thoughts(struct builder *b, struct json steps)
{
    struct buf text;
    struct json_iter it = json_iter(steps);
    struct json step, line;
    buf_init(&text, b->a, CONVERSATION_BYTES_MAX);
    while (json_next(&it, NULL, &step)) {
        struct json_iter lines = json_iter(json_get(step, S("text")));
        while (json_next(&lines, NULL, &line))
            buf_putf(&text, "%.*s\n", STR_ARG(json_str(line)));
    }
    build_fail(b, buf_err(&text));
    build_thinking(b, str_trim(buf_str(&text)), STR_NONE);
}

/* The export's form of the same. */
static void put_traces(struct builder *b, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_is(list, JSON_ARRAY) && json_next(&it, NULL, &v)) {
        struct str text = json_is(v, JSON_STR) ? json_str(v) : json_get_str(v, S("thinking_trace"));
        if (!text.n)
            text = json_get_str(v, S("text"));
        if (text.n || !json_is(v, JSON_OBJECT))
            build_thinking(b, text, STR_NONE);
        else
            build_unknown(b, v, FOUND_UNMODELLED_BLOCK, S("a thinking trace"));
    }
}

static void put_attachments(struct builder *b, struct json v)
{
    struct json_iter files = json_iter(either(v, "fileAttachments", "file_attachments"));
    struct json_iter images = json_iter(either(v, "generatedImageUrls", "generated_image_urls"));
    struct json one;
    while (json_next(&files, NULL, &one)) {
        struct str name = json_str(either(one, "fileName", "file_name"));
        struct str id = json_str(either(one, "fileMetadataId", "file_metadata_id"));
        if (json_is(one, JSON_STR)) /* an id alone */
            name = id = json_str(one);
        build_file(b, name, json_str(either(one, "fileMimeType", "mime_type")), STR_NONE);
        build_file_id(b, id.n ? id : build_id(b, json_get(one, S("id"))));
    }
    while (json_next(&images, NULL, &one)) {
        struct str url = json_str(one);
        build_image(b,
                    str_starts(url, S("http"))
                        ? url
                        : str_fmt(b->a, "https://assets.grok.com/%.*s", STR_ARG(url)),
                    STR_NONE, -1, -1);
    }
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    struct json v = n->value;
    enum role role = build_role(b, ROLES, json_get_str(v, S("sender")));
    struct message *m = build_message(b, n->id, n->above, role);
    UNUSED(context);
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    if (role == ROLE_ASSISTANT && json_get_str(v, S("model")).n)
        m->model =
            json_get_str(v, S("model")); /* questions name one too, which nobody spoke with */
    put_thoughts(b, json_get(v, S("steps")));
    put_traces(b, json_get(v, S("agent_thinking_traces")));
    build_sources(b, either(v, "webSearchResults", "web_search_results"));
    put_text(b, json_get_str(v, S("message")),
             either(v, "cardAttachmentsJson", "card_attachments_json"));
    put_attachments(b, v);
    if (json_bool(json_get(v, S("partial")), false))
        build_finding(b, FOUND_ANSWER_INCOMPLETE, S("the provider says that an answer is partial"));
}

/* "Imagine": a prompt and the picture or film that was made of it. */
static bool is_post(struct json root)
{
    return json_is(json_get(root, S("original_prompt")), JSON_STR) &&
           json_exists(json_get(root, S("media_type")));
}

static err_t read_post(struct builder *b, struct json root)
{
    struct str id = build_id(b, json_get(root, S("id"))),
               prompt = json_get_str(root, S("original_prompt")),
               link = json_get_str(root, S("link")), kind = json_get_str(root, S("media_type"));
    int64_t at = build_time(b, json_get(root, S("create_time")));
    bool film = str_find(str_lower(b->a, kind), S("video"), 0) < kind.n;
    b->c->source.id = id;
    b->c->title = utf8_cut(str_sub(prompt, 0, str_find_char(prompt, '\n', 0)), 80);
    b->c->created_ms = b->c->updated_ms = at;
    struct message *m = build_message(b, STR_NONE, STR_NONE, ROLE_USER);
    m->created_ms = at;
    build_text(b, prompt);
    m = build_message(b, id, STR_NONE, ROLE_ASSISTANT);
    m->created_ms = at;
    if (film)
        build_file(b, link.n ? link : id, S("video/mp4"), STR_NONE);
    else
        build_image(b, link.n ? link : id, STR_NONE, -1, -1);
    build_file_id(b, id);
    return build_end(b);
}

static err_t grok_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json head = json_get(root, S("conversation")), list = json_get(root, S("responses")), v;
    struct builder b;
    size_t n = 0;
    if (is_post(root)) {
        build_begin(&b, a, "grok", ret);
        return read_post(&b, root);
    }
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    if (!json_count(list))
        return err_note(E_GONE, NULL, "the provider gives a share without messages");
    build_begin(&b, a, "grok", ret);
    ret->title = json_get_str(head, S("title"));
    ret->created_ms = build_time(&b, either(head, "createTime", "create_time"));
    ret->updated_ms = build_time(&b, either(head, "modifyTime", "modify_time"));
    ret->source.id = build_id(&b, either(head, "conversationId", "id"));
    struct tree_node *nodes = arena_array(&b.scratch, json_count(list) + 1, sizeof *nodes);
    struct json_iter it = json_iter(list);
    while (nodes && json_next(&it, NULL, &v)) {
        struct json said =
            json_is(json_get(v, S("response")), JSON_OBJECT) ? json_get(v, S("response")) : v;
        nodes[n] = (struct tree_node){
            .id = build_id(&b, either(said, "responseId", "_id")),
            .parent = build_id(&b, either(said, "parentResponseId", "parent_response_id")),
            .value = said,
            .at_ms = build_time(&b, either(said, "createTime", "create_time")),
        };
        if (n++ == 0)
            nodes[0].parent = STR_NONE; /* it hangs on the conversation itself */
    }
    if (nodes)
        tree_write(&b, nodes, n, build_id(&b, either(head, "leafResponseId", "leaf_response_id")),
                   write_message, NULL);
    return build_end(&b);
}

static bool grok_json_is_mine(struct json root)
{
    return (json_is(json_get(root, S("conversation")), JSON_OBJECT) &&
            json_is(json_get(root, S("responses")), JSON_ARRAY)) ||
           is_post(root);
}

const struct provider PROVIDER_GROK = { .name = "grok",
                                        .json_is_mine = grok_json_is_mine,
                                        .from_json = grok_from_json };

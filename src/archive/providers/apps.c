/* Programs of one's own that talk to models, each with a list of messages in the manner of OpenAI's API: TypingMind, LM Studio,
 * and Jan, whose threads imports/formats/jan.c reads line by line. */
#include "archive/builder.h"
#include "archive/providers/open_webui.h"
#include "archive/providers/provider.h"

/* --- content: a text, or a list of parts ---------------------------------------------------------------------------------------- */

static void put_part(struct builder *b, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    struct json url = json_get(v, S("image_url"));
    if (str_eq(type, S("text")) || str_eq(type, S("input_text")) || str_eq(type, S("output_text")))
        open_webui_text(b, json_get_str(v, S("text")));
    else if (str_eq(type, S("thinking")) || str_eq(type, S("reasoning")))
        build_thinking(b, json_get_str(v, type), STR_NONE);
    else if (str_eq(type, S("image_url")))
        build_image(b, json_is(url, JSON_STR) ? json_str(url) : json_get_str(url, S("url")),
                    STR_NONE, -1, -1);
    else if (str_eq(type, S("file")))
        build_file(b,
                   json_get_str(v, S("name")).n ? json_get_str(v, S("name"))
                                                : json_get_str(v, S("fileIdentifier")),
                   json_get_str(v, S("fileType")), STR_NONE);
    else if (str_eq(type, S("toolCallRequest")) || str_eq(type, S("tool_use")))
        build_call(b, build_id(b, json_get(v, S("id"))), json_get_str(v, S("name")),
                   build_json_text(b, json_exists(json_get(v, S("parameters")))
                                          ? json_get(v, S("parameters"))
                                          : json_get(v, S("input"))));
    else if (str_eq(type, S("toolCallResult")) || str_eq(type, S("tool_result")))
        build_result(b, build_id(b, json_get(v, S("toolCallId"))), json_get_str(v, S("content")),
                     false);
    else
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, type);
}

static void put_content(struct builder *b, struct json content)
{
    struct json_iter it = json_iter(content);
    struct json v;
    if (json_is(content, JSON_STR))
        open_webui_text(b, json_str(content));
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &v))
        put_part(b, v);
}

static void put_calls(struct builder *b, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_is(list, JSON_ARRAY) && json_next(&it, NULL, &v)) {
        struct json function = json_get(v, S("function"));
        build_call(b, json_get_str(v, S("id")), json_get_str(function, S("name")),
                   json_get_str(function, S("arguments")));
    }
}

/* --- TypingMind ---------------------------------------------------------------------------------------------------------------------- */

static void put_message(struct builder *b, struct json v, struct str model)
{
    enum role role = build_role(b, ROLE_WORDS, json_get_str(v, S("role")));
    struct str call = json_get_str(v, S("tool_call_id"));
    struct message *m = build_message(b, build_id(b, json_get(v, S("uuid"))), STR_NONE, role);
    m->created_ms = build_time(b, json_get(v, S("createdAt")));
    m->model = role == ROLE_ASSISTANT ? model : STR_NONE;
    build_thinking(b, json_get_str(v, S("reasoning_content")), STR_NONE);
    if (role == ROLE_TOOL && json_is(json_get(v, S("content")), JSON_STR))
        build_result(b, call, json_get_str(v, S("content")), false);
    else
        put_content(b, json_get(v, S("content")));
    put_calls(b, json_get(v, S("tool_calls")));
}

static bool typingmind_json_is_mine(struct json root)
{
    return json_is(json_get(root, S("messages")), JSON_ARRAY) &&
           (json_exists(json_get(root, S("chatTitle"))) ||
            json_exists(json_get(root, S("chatID")))) &&
           !json_exists(json_get(root, S("mapping")));
}

static err_t typingmind_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json list = json_get(root, S("messages")), v, model = json_get(root, S("model"));
    struct json_iter it = json_iter(list);
    struct builder b;
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "typingmind", ret);
    ret->title = json_get_str(root, S("chatTitle"));
    ret->model = json_is(model, JSON_STR) ? json_str(model) : json_get_str(model, S("id"));
    ret->created_ms = build_time(&b, json_get(root, S("createdAt")));
    ret->updated_ms = build_time(&b, json_get(root, S("updatedAt")));
    ret->source.id = build_id(&b, json_get(root, S("chatID")));
    if (!ret->source.id.n)
        ret->source.id = build_id(&b, json_get(root, S("id")));
    while (json_next(&it, NULL, &v))
        put_message(&b, v, ret->model);
    return build_end(&b);
}

const struct provider PROVIDER_TYPINGMIND = { .name = "typingmind",
                                              .json_is_mine = typingmind_json_is_mine,
                                              .from_json = typingmind_from_json };

/* --- LM Studio ----------------------------------------------------------------------------------------------------------------------- */

/* Each message has versions, of which one is shown; an answer may have taken several steps. */
static void put_version(struct builder *b, struct json v)
{
    struct json steps = json_get(v, S("steps")), step;
    struct json_iter it = json_iter(steps);
    put_content(b, json_get(v, S("content")));
    while (json_is(steps, JSON_ARRAY) && json_next(&it, NULL, &step)) {
        struct str kind = json_get_str(step, S("type"));
        struct json style = json_get(step, S("style"));
        bool thought = str_eq(json_get_str(style, S("type")), S("thinking"));
        struct json first = json_at(json_get(step, S("content")), 0);
        if (thought)
            build_thinking(b, json_get_str(first, S("text")), json_get_str(style, S("title")));
        else if (str_eq(kind, S("contentBlock")))
            put_content(b, json_get(step, S("content")));
    }
}

static struct json shown(struct json message)
{
    int64_t chosen = json_i64(json_get(message, S("currentlySelected")), 0);
    struct json versions = json_get(message, S("versions"));
    bool there = chosen > 0 && (size_t)chosen < json_count(versions);
    return json_at(versions, there ? (size_t)chosen : 0);
}

static bool lmstudio_json_is_mine(struct json root)
{
    struct json first = json_at(json_get(root, S("messages")), 0);
    return json_is(json_get(first, S("versions")), JSON_ARRAY);
}

static err_t lmstudio_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json list = json_get(root, S("messages")), v, model = json_get(root, S("lastUsedModel"));
    struct json_iter it = json_iter(list);
    struct builder b;
    if (!lmstudio_json_is_mine(root))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "lmstudio", ret);
    ret->title = json_get_str(root, S("name"));
    ret->model = json_get_str(model, S("identifier"));
    ret->created_ms = build_time(&b, json_get(root, S("createdAt")));
    struct str prompt = json_get_str(root, S("systemPrompt"));
    if (prompt.n) {
        (void)build_message(&b, STR_NONE, STR_NONE, ROLE_SYSTEM);
        build_text(&b, prompt);
    }
    while (json_next(&it, NULL, &v)) {
        struct json version = shown(v);
        enum role role = build_role(&b, ROLE_WORDS, json_get_str(version, S("role")));
        struct message *m = build_message(&b, STR_NONE, STR_NONE, role);
        struct str name = json_get_str(json_get(version, S("senderInfo")), S("senderName"));
        m->model = role != ROLE_ASSISTANT ? STR_NONE : name.n ? name : ret->model;
        put_version(&b, version);
    }
    return build_end(&b);
}

const struct provider PROVIDER_LMSTUDIO = { .name = "lmstudio",
                                            .json_is_mine = lmstudio_json_is_mine,
                                            .from_json = lmstudio_from_json };

/* --- Open WebUI: an element of its export ------------------------------------------------------------------------------------------ */

static void put(struct builder *b, struct json message, enum role role)
{
    struct json files = json_get(message, S("files")), v;
    struct json_iter it = json_iter(files);
    if (role == ROLE_ASSISTANT)
        open_webui_text(b, json_get_str(message, S("content")));
    else
        put_content(b, json_get(message, S("content")));
    while (json_is(files, JSON_ARRAY) && json_next(&it, NULL, &v)) {
        bool picture = str_eq(json_get_str(v, S("type")), S("image"));
        struct str url = json_get_str(v, S("url"));
        if (picture)
            build_image(b, url, json_get_str(v, S("name")), -1, -1);
        else
            build_file(b, json_get_str(v, S("name")), json_get_str(v, S("content_type")), STR_NONE);
    }
}

static err_t openwebui_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    build_begin(&b, a, "openwebui", ret);
    open_webui_read(&b, root, put);
    if (!ret->title.n)
        ret->title = json_get_str(json_get(root, S("chat")), S("title"));
    return build_end(&b);
}

/* Qwen and Z.ai descend from it and come first in the table. */
const struct provider PROVIDER_OPENWEBUI = { .name = "openwebui",
                                             .json_is_mine = open_webui_is,
                                             .from_json = openwebui_from_json };

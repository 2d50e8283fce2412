/* Mistral's Le Chat (Vibe): a file of the export, which is the list of one conversation's messages (research/capture.md section
 * 5). */
#include "archive/builder.h"
#include "archive/providers/provider.h"

static void put_chunk(struct builder *b, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    if (str_eq(type, S("text"))) {
        build_text(b, json_get_str(v, S("text")));
    } else if (str_eq(type, S("tool_call"))) {
        struct json arguments = json_get(v, S("arguments"));
        build_call(b, build_id(b, json_get(v, S("id"))), json_get_str(v, S("name")),
                   json_is(arguments, JSON_STR) ? json_str(arguments)
                                                : build_json_text(b, arguments));
    } else if (str_eq(type, S("image_url"))) {
        struct json url = json_get(v, S("imageUrl"));
        if (!json_exists(url))
            url = json_get(v, S("image_url"));
        build_image(b, json_is(url, JSON_STR) ? json_str(url) : json_get_str(url, S("url")),
                    STR_NONE, -1, -1);
    } else if (str_eq(type, S("thinking")) || str_eq(type, S("reasoning"))) {
        build_thinking(b, json_get_str(v, S("text")), STR_NONE);
    } else if (!str_eq(type, S("reference"))) {
        /* references are numbers into what a search found, which the export lacks */
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, type);
    }
}

static void put_canvas(struct builder *b, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_is(list, JSON_ARRAY) && json_next(&it, NULL, &v))
        build_artifact(b, build_id(b, json_get(v, S("id"))), json_get_str(v, S("type")),
                       json_get_str(v, S("title")), json_get_str(v, S("content")));
}

static void put_files(struct builder *b, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_is(list, JSON_ARRAY) && json_next(&it, NULL, &v)) {
        struct str name = json_is(v, JSON_STR) ? json_str(v) : json_get_str(v, S("name"));
        build_file(b, name, json_get_str(v, S("mimeType")), STR_NONE);
        build_file_id(b, build_id(b, json_get(v, S("id"))));
    }
}

static void put_message(struct builder *b, struct json v, struct str above)
{
    struct json chunks = json_get(v, S("contentChunks")), one;
    enum role role = build_role(b, ROLE_WORDS, json_get_str(v, S("role")));
    struct message *m = build_message(b, build_id(b, json_get(v, S("id"))), above, role);
    m->created_ms = build_time(b, json_get(v, S("createdAt")));
    m->model = role == ROLE_ASSISTANT ? json_get_str(v, S("model")) : STR_NONE;
    struct json_iter it = json_iter(chunks);
    while (json_is(chunks, JSON_ARRAY) && json_next(&it, NULL, &one))
        put_chunk(b, one);
    if (!json_count(chunks))
        build_text(b, json_get_str(v, S("content")));
    put_canvas(b, json_get(v, S("canvas")));
    put_files(b, json_get(v, S("files")));
}

static bool mistral_json_is_mine(struct json root)
{
    struct json first = json_at(root, 0);
    return json_is(root, JSON_ARRAY) && json_is(json_get(first, S("chatId")), JSON_STR) &&
           json_is(json_get(first, S("role")), JSON_STR);
}

static err_t mistral_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    struct str above = STR_NONE;
    struct json v;
    if (!mistral_json_is_mine(root))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "mistral", ret);
    ret->source.id = json_get_str(json_at(root, 0), S("chatId"));
    struct json_iter it = json_iter(root);
    while (json_next(&it, NULL, &v)) {
        put_message(&b, v, above);
        above = build_id(&b, json_get(v, S("id")));
        int64_t at = build_here(&b)->created_ms;
        ret->updated_ms = at == TIME_NONE ? ret->updated_ms : at;
    }
    if (b.err == OK && ret->message_count)
        ret->created_ms = ret->messages[0].created_ms;
    return build_end(&b);
}

const struct provider PROVIDER_MISTRAL = { .name = "mistral",
                                           .json_is_mine = mistral_json_is_mine,
                                           .from_json = mistral_from_json };

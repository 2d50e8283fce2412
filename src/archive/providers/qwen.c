/* Qwen: /api/v2/chats/share (research/capture.md section 3). */
#include "archive/providers/open_webui.h"
#include "archive/providers/provider.h"
#include "archive/providers/sources.h"

/* The answer of an assistant stands in content_list, by phases; `content` is often empty. */
static void put_phase(struct builder *b, struct json v, struct json *sources)
{
    struct str phase = json_get_str(v, S("phase")), content = json_get_str(v, S("content"));
    struct json found = json_get(json_get(v, S("extra")), S("web_search_info"));
    if (json_is(found, JSON_ARRAY)) {
        *sources = found;
        build_sources(b, found);
    }
    if (str_eq(phase, S("think")))
        build_thinking(b, content, STR_NONE);
    else if (str_eq(phase, S("answer")) || !phase.n)
        build_numbered(b, content, S("[["), S("]]"), *sources);
    else if (content.n)
        build_result(b, STR_NONE, content, false);
    else if (!json_is(found, JSON_ARRAY))
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, phase);
}

static void put(struct builder *b, struct json message, enum role role)
{
    struct json list = json_get(message, S("content_list")), sources = { 0 }, v;
    struct json_iter it = json_iter(list);
    while (json_next(&it, NULL, &v))
        put_phase(b, v, &sources);
    if (!json_count(list) && role == ROLE_ASSISTANT)
        open_webui_text(b, json_get_str(message, S("content")));
    else if (!json_count(list))
        build_text(b, json_get_str(message, S("content")));
    struct json_iter files = json_iter(json_get(message, S("files")));
    while (json_next(&files, NULL, &v))
        build_file(b, json_get_str(v, S("name")), json_get_str(v, S("file_type")), STR_NONE);
}

static err_t qwen_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json data = json_get(root, S("data"));
    struct builder b;
    if (!json_bool(json_get(root, S("success")), true))
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    build_begin(&b, a, "qwen", ret);
    open_webui_read(&b, json_is(data, JSON_OBJECT) ? data : root, put);
    return build_end(&b);
}

static bool qwen_json_is_mine(struct json root)
{
    return json_exists(json_get(root, S("request_id"))) && open_webui_is(json_get(root, S("data")));
}

const struct provider PROVIDER_QWEN = { .name = "qwen",
                                        .json_is_mine = qwen_json_is_mine,
                                        .from_json = qwen_from_json };

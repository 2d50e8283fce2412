/* Z.ai: /api/v1/chats/share (research/capture.md section 3). */
#include "archive/providers/open_webui.h"
#include "archive/providers/provider.h"

static void put(struct builder *b, struct json message, enum role role)
{
    struct str text = json_get_str(message, S("content"));
    struct json_iter it = json_iter(json_get(message, S("files")));
    struct json v;
    if (role == ROLE_ASSISTANT)
        open_webui_text(b, text);
    else
        build_text(b, text);
    while (json_next(&it, NULL, &v))
        build_file(b, json_get_str(v, S("name")), json_get_str(v, S("type")), STR_NONE);
}

static err_t zai_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    struct str detail = json_get_str(root, S("detail"));
    if (str_find(detail, S("Not authenticated"), 0) < detail.n)
        return err_note(E_FORBIDDEN, NULL, "the provider says: %.*s",
                        STR_ARG(str_sub(detail, 0, 100)));
    if (str_find(detail, S("not found"), 0) < detail.n)
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    build_begin(&b, a, "zai", ret);
    open_webui_read(&b, root, put);
    return build_end(&b);
}

static bool zai_json_is_mine(struct json root)
{
    return open_webui_is(root) && json_exists(json_get(root, S("share_id")));
}

const struct provider PROVIDER_ZAI = { .name = "zai",
                                       .json_is_mine = zai_json_is_mine,
                                       .from_json = zai_from_json };

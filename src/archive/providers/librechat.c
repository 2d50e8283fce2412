/* LibreChat: the export of a conversation, its messages as a list or as a tree (messagesTree). */
#include "archive/providers/provider.h"
#include "archive/tree.h"
#include "base/limits.h"

static const char NO_PARENT[] = "00000000-0000-0000-0000-000000000000";

struct nodes {
    struct tree_node *list;
    size_t count, room;
};

static void add(struct builder *b, struct nodes *all, struct json v)
{
    struct str parent = build_id(b, json_get(v, S("parentMessageId")));
    if (all->count == all->room) {
        size_t room = all->room ? all->room * 2 : 64;
        struct tree_node *grown = arena_array(&b->scratch, room, sizeof *grown);
        if (!grown)
            return;
        if (all->count)
            memcpy(grown, all->list, all->count * sizeof *grown);
        all->list = grown;
        all->room = room;
    }
    all->list[all->count++] =
        (struct tree_node){ .id = build_id(b, json_get(v, S("messageId"))),
                            .parent = str_eq(parent, str_from(NO_PARENT)) ? STR_NONE : parent,
                            .value = v,
                            .at_ms = build_time(b, json_get(v, S("createdAt"))) };
}

static void add_all(struct builder *b, struct nodes *all, struct json list, int depth)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_is(list, JSON_ARRAY) && b->err == OK && json_next(&it, NULL, &v)) {
        if (all->count == CONVERSATION_MESSAGES_MAX)
            build_fail(b, err_note(E_LIMIT, NULL, "the conversation has more than %d messages",
                                   CONVERSATION_MESSAGES_MAX));
        add(b, all, v);
        if (depth < JSON_FOREIGN_DEPTH_MAX)
            add_all(b, all, json_get(v, S("children")), depth + 1);
    }
}

static void put_part(struct builder *b, struct json v)
{
    struct str type = json_get_str(v, S("type"));
    struct json text = json_get(v, S("text")), call = json_get(v, S("tool_call"));
    struct str words = json_is(text, JSON_STR) ? json_str(text) : json_get_str(text, S("value"));
    if (str_eq(type, S("text"))) {
        build_text(b, words);
    } else if (str_eq(type, S("think"))) {
        build_thinking(b, json_get_str(v, S("think")), STR_NONE);
    } else if (str_eq(type, S("tool_call"))) {
        struct str id = json_get_str(call, S("id")), output = json_get_str(call, S("output"));
        struct json arguments = json_get(call, S("args"));
        build_call(b, id, json_get_str(call, S("name")),
                   json_is(arguments, JSON_STR) ? json_str(arguments)
                                                : build_json_text(b, arguments));
        if (output.n)
            build_result(b, id, output, false);
    } else if (str_eq(type, S("error"))) {
        build_result(b, STR_NONE, json_get_str(v, S("error")), true);
    } else {
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, type);
    }
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    const struct str *model = context;
    struct json content = json_get(n->value, S("content")), files = json_get(n->value, S("files")),
                v;
    bool user = json_bool(json_get(n->value, S("isCreatedByUser")), false) ||
                str_eq_nocase(json_get_str(n->value, S("sender")), S("user"));
    struct message *m = build_message(b, n->id, n->above, user ? ROLE_USER : ROLE_ASSISTANT);
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    if (!user) {
        m->author = json_get_str(n->value, S("sender"));
        m->model = json_get_str(n->value, S("model"));
        m->model = m->model.n ? m->model : *model;
    }
    struct json_iter it = json_iter(content);
    while (json_is(content, JSON_ARRAY) && json_next(&it, NULL, &v))
        put_part(b, v);
    if (!json_count(content))
        build_text(b, json_get_str(n->value, S("text")));
    struct json_iter each = json_iter(files);
    while (json_is(files, JSON_ARRAY) && json_next(&each, NULL, &v)) {
        build_file(b, json_get_str(v, S("filename")), json_get_str(v, S("type")), STR_NONE);
        build_file_id(b, json_get_str(v, S("file_id")));
    }
}

static struct json messages_of(struct json root)
{
    struct json tree = json_get(root, S("messagesTree"));
    return json_is(tree, JSON_ARRAY) ? tree : json_get(root, S("messages"));
}

static bool librechat_json_is_mine(struct json root)
{
    struct json first = json_at(messages_of(root), 0);
    return json_is(first, JSON_OBJECT) && json_exists(json_get(first, S("messageId"))) &&
           (json_exists(json_get(first, S("isCreatedByUser"))) ||
            json_exists(json_get(first, S("parentMessageId"))));
}

static err_t librechat_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct builder b;
    struct nodes all = { 0 };
    struct json options = json_get(root, S("options"));
    if (!librechat_json_is_mine(root))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "librechat", ret);
    ret->title = json_get_str(root, S("title"));
    ret->model = json_get_str(json_exists(options) ? options : root, S("model"));
    ret->created_ms = build_time(&b, json_get(root, S("createdAt")));
    ret->updated_ms = build_time(&b, json_get(root, S("updatedAt")));
    ret->source.id = build_id(&b, json_get(root, S("conversationId")));
    if (!ret->source.id.n)
        ret->source.id = build_id(&b, json_get(json_at(messages_of(root), 0), S("conversationId")));
    add_all(&b, &all, messages_of(root), 0);
    if (all.list)
        tree_write(&b, all.list, all.count, STR_NONE, write_message, &ret->model);
    return build_end(&b);
}

const struct provider PROVIDER_LIBRECHAT = { .name = "librechat",
                                             .json_is_mine = librechat_json_is_mine,
                                             .from_json = librechat_from_json };

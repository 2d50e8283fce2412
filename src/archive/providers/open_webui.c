#include "archive/providers/open_webui.h"

typedef void (*put_fn)(struct builder *b, struct json message, enum role role);

static struct json history_of(struct json chat)
{
    return json_get(json_get(chat, S("chat")), S("history"));
}

bool open_webui_is(struct json chat)
{
    return json_is(json_get(history_of(chat), S("messages")), JSON_OBJECT);
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    const put_fn *put = context;
    enum role role = build_role(b, ROLE_WORDS, json_get_str(n->value, S("role")));
    struct message *m = build_message(b, n->id, n->above, role);
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    if (role == ROLE_ASSISTANT)
        m->model = json_get_str(n->value, S("model"));
    (*put)(b, n->value, role);
}

void open_webui_read(struct builder *b, struct json chat, put_fn put)
{
    struct json history = history_of(chat), list = json_get(history, S("messages")), v;
    struct tree_node *nodes = arena_array(&b->scratch, json_count(list) + 1, sizeof *nodes);
    struct json_iter it = json_iter(list);
    struct str key;
    size_t n = 0;
    if (!open_webui_is(chat))
        build_fail(b, err_note(E_INVALID, NULL, "there are no messages in the provider's data"));
    b->c->title = json_get_str(chat, S("title"));
    b->c->created_ms = build_time(b, json_get(chat, S("created_at")));
    b->c->updated_ms = build_time(b, json_get(chat, S("updated_at")));
    b->c->source.id = build_id(b, json_get(chat, S("id")));
    while (nodes && json_next(&it, &key, &v))
        nodes[n++] = (struct tree_node){ .id = key,
                                         .parent = build_id(b, json_get(v, S("parentId"))),
                                         .children = json_get(v, S("childrenIds")),
                                         .value = v,
                                         .at_ms = build_time(b, json_get(v, S("timestamp"))) };
    if (!nodes)
        return;
    tree_write(b, nodes, n, build_id(b, json_get(history, S("currentId"))), write_message, &put);
}

void open_webui_text(struct builder *b, struct str text)
{
    struct str open = S("<details type=\"reasoning\""), close = S("</details>"), s = str_trim(text);
    size_t end = str_find(s, close, 0), from = str_find_char(s, '>', 0) + 1;
    if (!str_starts(s, open) || end >= s.n || from > end) {
        build_text(b, text);
        return;
    }
    struct str inner = str_sub(s, from, end), summary = STR_NONE;
    size_t named = str_find(inner, S("<summary>"), 0), stop = str_find(inner, S("</summary>"), 0);
    if (named < stop && stop < inner.n) {
        summary = str_trim(str_sub(inner, named + S("<summary>").n, stop));
        inner = str_sub(inner, stop + S("</summary>").n, inner.n);
    }
    build_thinking(b, str_trim(inner), summary);
    build_text(b, str_sub(s, end + close.n, s.n));
}

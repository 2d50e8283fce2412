/* DeepSeek: /api/v0/share/content, the signed-in history_messages, and elements of its export (research/capture.md sections 3
 * and 5). */
#include "archive/providers/provider.h"
#include "archive/providers/sources.h"
#include "archive/tree.h"

static struct json data_of(struct json root)
{
    struct json data = json_get(json_get(root, S("data")), S("biz_data"));
    return json_is(data, JSON_OBJECT) ? data : root;
}

static struct json messages_of(struct json data)
{
    struct json list = json_get(data, S("messages"));
    return json_is(list, JSON_ARRAY) ? list : json_get(data, S("chat_messages"));
}

/* "[citation:1]" names the result with this cite_index; they are usually in order, but need not be. */
struct found {
    struct json results;
};

static struct json result_of(struct json results, int64_t number)
{
    struct json_iter it = json_iter(results);
    struct json one;
    while (json_next(&it, NULL, &one))
        if (json_i64(json_get(one, S("cite_index")), -1) == number)
            return one;
    return (struct json){ 0 };
}

static size_t take(struct cited *c, size_t at, void *context)
{
    const struct found *f = context;
    struct str open = S("[citation:"), rest = str_sub(c->whole, at, at + 24);
    size_t close = str_find_char(rest, ']', 0);
    int64_t number;
    if (!str_starts(rest, open) || close >= rest.n ||
        str_to_i64(str_sub(rest, open.n, close), &number) != OK) {
        err_clear();
        return 0;
    }
    struct json one = result_of(f->results, number);
    cited_cite(c, json_get_str(one, S("url")), json_get_str(one, S("title")));
    if (!json_exists(one))
        build_finding(c->b, FOUND_CITATION_UNRESOLVED,
                      S("the data does not say what a citation points to"));
    return close + 1;
}

static void put_answer(struct builder *b, struct str text, struct json results)
{
    struct found f = { results };
    struct cited c;
    cited_read(b, text, "[", false, take, &f, &c);
    build_cited(b, &c);
}

static void put_search(struct builder *b, struct json v)
{
    build_call(b, STR_NONE, S("search"), build_json_text(b, json_get(v, S("queries"))));
    build_sources(b, json_get(v, S("results")));
}

static void put_file(struct builder *b, struct json v)
{
    struct str name = json_get_str(v, S("file_name"));
    build_file(b, name.n ? name : json_get_str(v, S("name")), STR_NONE, STR_NONE);
    build_finding(b, FOUND_ATTACHMENT_WITHHELD, S("the provider gives only the names of files"));
}

static void put_files(struct builder *b, struct json list)
{
    struct json_iter it = json_iter(list);
    struct json v;
    while (json_next(&it, NULL, &v))
        put_file(b, v);
}

static void put_fragment(struct builder *b, struct json v, struct json *results)
{
    struct str type = json_get_str(v, S("type")), content = json_get_str(v, S("content"));
    if (str_eq(type, S("REQUEST"))) {
        build_text(b, content);
    } else if (str_eq(type, S("RESPONSE"))) {
        put_answer(b, content, *results);
    } else if (str_eq(type, S("THINK"))) {
        build_thinking(b, content, STR_NONE);
    } else if (str_eq(type, S("SEARCH"))) {
        *results = json_get(v, S("results"));
        put_search(b, v);
    } else if (str_eq(type, S("FILE"))) {
        put_file(b, v);
    } else {
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, type);
    }
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    struct json v = n->value, fragments = json_get(v, S("fragments")), one, results = { 0 };
    struct str role = json_get_str(v, S("role"));
    UNUSED(context);
    if (!role.n) /* an element of the export: who speaks is in what it says */
        role = str_eq(json_get_str(json_at(fragments, 0), S("type")), S("REQUEST"))
                   ? S("user")
                   : S("assistant");
    struct message *m = build_message(b, n->id, n->above, build_role(b, ROLE_WORDS, role));
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    m->model = json_get_str(v, S("model")).n ? json_get_str(v, S("model")) : STR_NONE;
    struct json_iter it = json_iter(fragments);
    while (json_next(&it, NULL, &one))
        put_fragment(b, one, &results);
    if (!json_is(fragments, JSON_ARRAY)) { /* the older form */
        build_thinking(b, json_get_str(v, S("thinking_content")), STR_NONE);
        put_answer(b, json_get_str(v, S("content")), json_get(v, S("search_results")));
    }
    put_files(b, json_get(v, S("files")));
}

/* A list of messages, or the export's nodes by id; afterwards each one's value is its message. */
static struct tree_node *read_nodes(struct builder *b, struct json list, size_t *ret_count)
{
    struct tree_node *nodes = arena_array(&b->scratch, json_count(list) + 1, sizeof *nodes);
    struct json_iter it = json_iter(list);
    struct str key;
    struct json v;
    size_t n = 0;
    while (nodes && json_next(&it, &key, &v)) {
        struct json said = json_get(v, S("message"));
        bool node = key.s != NULL;
        struct json m = node ? said : v;
        nodes[n++] = (struct tree_node){
            .id = node ? key : build_id(b, json_get(v, S("message_id"))),
            .parent = build_id(b, json_get(v, node ? S("parent") : S("parent_id"))),
            .children = json_get(v, S("children")),
            .value = v,
            .silent = !json_is(m, JSON_OBJECT),
            .at_ms = build_time(b, json_get(m, S("inserted_at"))),
        };
    }
    if (!nodes)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (json_is(list, JSON_OBJECT))
            nodes[i].value = json_get(nodes[i].value, S("message"));
    *ret_count = n;
    return nodes;
}

static err_t deepseek_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json data = data_of(root), session = json_get(data, S("chat_session"));
    struct json list = messages_of(data), mapping = json_get(data, S("mapping"));
    struct json head = json_is(session, JSON_OBJECT) ? session : data;
    struct builder b;
    size_t count;
    if (json_i64(json_get(json_get(root, S("data")), S("biz_code")), 0) != 0)
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    if (!json_is(list, JSON_ARRAY) && !json_is(mapping, JSON_OBJECT))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "deepseek", ret);
    ret->title = json_get_str(head, S("title"));
    ret->created_ms = build_time(&b, json_get(head, S("inserted_at")));
    ret->updated_ms = build_time(&b, json_get(head, S("updated_at")));
    ret->source.id = build_id(&b, json_get(head, S("id")));
    struct tree_node *nodes = read_nodes(&b, json_is(list, JSON_ARRAY) ? list : mapping, &count);
    if (nodes)
        tree_write(&b, nodes, count, build_id(&b, json_get(head, S("current_message_id"))),
                   write_message, NULL);
    return build_end(&b);
}

static bool deepseek_json_is_mine(struct json root)
{
    struct json data = data_of(root), mapping = json_get(data, S("mapping"));
    return (json_exists(json_get(json_get(root, S("data")), S("biz_data"))) &&
            json_is(messages_of(data), JSON_ARRAY)) ||
           (json_is(mapping, JSON_OBJECT) && json_exists(json_get(data, S("inserted_at"))));
}

const struct provider PROVIDER_DEEPSEEK = { .name = "deepseek",
                                            .json_is_mine = deepseek_json_is_mine,
                                            .from_json = deepseek_from_json };

/* Kimi: ChatService/GetChatShare (research/capture.md section 3). */
#include "archive/providers/provider.h"
#include "archive/providers/sources.h"
#include "archive/tree.h"
#include "base/limits.h"
#include "base/map.h"

struct talk {
    struct builder *b;
    struct map sources; /* "web_search:1#0" -> struct json of title and url */
};

/* "<REF>cite✦tools://web_search:1#0:~:text=a...b</REF>" */
static size_t take(struct cited *c, size_t at, void *context)
{
    const struct talk *t = context;
    struct str rest = str_sub(c->whole, at, at + KIB(4)), scheme = S("tools://");
    size_t close = str_find(rest, S("</REF>"), 0), from = str_find(rest, scheme, 0);
    if (!str_starts(rest, S("<REF>")) || close >= rest.n)
        return 0;
    struct str name = str_sub(rest, from < close ? from + scheme.n : close, close);
    name = str_sub(name, 0, str_find(name, S(":~:"), 0));
    const struct json *source = map_get(&t->sources, name);
    if (!source)
        build_finding(c->b, FOUND_CITATION_UNRESOLVED,
                      S("the data does not say what a citation points to"));
    cited_cite(c, source ? json_get_str(*source, S("url")) : STR_NONE,
               source ? json_get_str(*source, S("title")) : STR_NONE);
    return close + S("</REF>").n;
}

static void put_text(struct talk *t, struct str text)
{
    struct cited c;
    cited_read(t->b, text, "<", false, take, t, &c);
    build_cited(t->b, &c);
}

static void put_tool(struct talk *t, struct json tool)
{
    struct json contents = json_get(tool, S("contents")), one;
    struct str id = json_get_str(tool, S("toolCallId"));
    struct buf text;
    build_call(t->b, id, json_get_str(tool, S("name")), json_get_str(tool, S("args")));
    buf_init(&text, t->b->a, CONVERSATION_BYTES_MAX);
    struct json_iter it = json_iter(contents);
    while (json_next(&it, NULL, &one)) {
        struct json found = json_get(one, S("searchResult")),
                    *base = ARENA_NEW(t->b->a, struct json);
        struct str index = json_get_str(found, S("refIndex"));
        if (!base)
            return;
        *base = json_get(found, S("base"));
        if (index.n)
            build_fail(t->b, map_put(&t->sources, index, base));
        if (text.n)
            buf_putc(&text, '\n');
        if (json_is(*base, JSON_OBJECT))
            buf_putf(&text, "%.*s\n%.*s\n%.*s\n", STR_ARG(json_get_str(*base, S("title"))),
                     STR_ARG(json_get_str(*base, S("url"))),
                     STR_ARG(json_get_str(*base, S("snippet"))));
        else
            buf_put(&text, build_json_text(t->b, one));
    }
    build_fail(t->b, buf_err(&text));
    if (text.n)
        build_result(t->b, id, str_trim(buf_str(&text)), false);
}

static void put_block(struct talk *t, struct json v)
{
    struct json text = json_get(v, S("text")), think = json_get(v, S("think")),
                tool = json_get(v, S("tool")), file = json_get(v, S("file"));
    if (json_is(text, JSON_OBJECT))
        put_text(t, json_get_str(text, S("content")));
    else if (json_is(think, JSON_OBJECT))
        build_thinking(t->b, json_get_str(think, S("content")), STR_NONE);
    else if (json_is(tool, JSON_OBJECT))
        put_tool(t, tool);
    else if (json_is(file, JSON_OBJECT))
        build_file(t->b, json_get_str(file, S("name")), json_get_str(file, S("contentType")),
                   STR_NONE);
    else if (!json_exists(json_get(v, S("stage"))) && !json_exists(json_get(v, S("multiStage"))))
        build_unknown(t->b, v, FOUND_UNMODELLED_BLOCK,
                      S("a block without a kind")); /* stages say that it works */
}

static void write_message(struct builder *b, const struct tree_node *n, void *context)
{
    struct json one;
    struct message *m = build_message(b, n->id, n->above,
                                      build_role(b, ROLE_WORDS, json_get_str(n->value, S("role"))));
    m->created_ms = n->at_ms;
    m->on_path = n->on_path;
    struct json_iter it = json_iter(json_get(n->value, S("blocks")));
    while (json_next(&it, NULL, &one))
        put_block(context, one);
}

/* The signed-in page asks for the same without a share. */
static struct json share_of(struct json root)
{
    struct json share = json_get(root, S("share"));
    return json_is(share, JSON_OBJECT) ? share : root;
}

static err_t kimi_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json share = share_of(root), chat = json_get(share, S("chat")),
                list = json_get(share, S("messages")), v;
    struct builder b;
    struct talk t = { .b = &b };
    size_t n = 0;
    if (str_eq(json_get_str(root, S("code")), S("not_found")))
        return err_note(E_GONE, NULL, "the provider says that there is no such share");
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "kimi", ret);
    map_init(&t.sources, a);
    ret->title = json_get_str(chat, S("name"));
    ret->created_ms = build_time(&b, json_get(chat, S("createTime")));
    ret->source.id = build_id(&b, json_get(chat, S("id")));
    struct tree_node *nodes = arena_array(&b.scratch, json_count(list) + 1, sizeof *nodes);
    struct json_iter it = json_iter(list);
    while (nodes && json_next(&it, NULL, &v)) {
        struct str parent = build_id(&b, json_get(v, S("parentId")));
        nodes[n++] =
            (struct tree_node){ .id = build_id(&b, json_get(v, S("id"))),
                                .parent = str_eq(parent, ret->source.id) ? STR_NONE : parent,
                                .children = json_get(v, S("childrenMessageIds")),
                                .value = v,
                                .at_ms = build_time(&b, json_get(v, S("createTime"))) };
    }
    if (nodes)
        tree_write(&b, nodes, n, STR_NONE, write_message, &t);
    return build_end(&b);
}

static bool kimi_json_is_mine(struct json root)
{
    struct json share = share_of(root), list = json_get(share, S("messages"));
    return json_is(list, JSON_ARRAY) && json_is(json_get(share, S("chat")), JSON_OBJECT) &&
           (json_is(json_get(root, S("share")), JSON_OBJECT) ||
            json_is(json_get(json_at(list, 0), S("blocks")), JSON_ARRAY));
}

const struct provider PROVIDER_KIMI = { .name = "kimi",
                                        .json_is_mine = kimi_json_is_mine,
                                        .from_json = kimi_from_json };

/* Microsoft Copilot: /c/api/conversations/shares (research/capture.md section 3). */
#include <stdlib.h>

#include "archive/builder.h"
#include "archive/providers/provider.h"

static const struct role_word ROLES[] = { { "human", ROLE_USER },
                                          { "ai", ROLE_ASSISTANT },
                                          { NULL, ROLE_SYSTEM } };

struct entry {
    struct json value;
    struct str at; /* RFC 3339 of one length and offset: its text sorts */
    size_t place;
};

static int in_time(const void *x, const void *y)
{
    const struct entry *a = x, *b = y;
    int order = str_cmp(a->at, b->at);
    return order ? order : a->place < b->place ? -1 : 1;
}

static void put_part(struct builder *b, struct json v)
{
    struct str type = json_get_str(v, S("type")), url = json_get_str(v, S("url")),
               text = json_get_str(v, S("text"));
    if (str_eq(type, S("text")))
        build_text(b, text);
    else if (str_eq(type, S("citation")))
        build_cite(b, url, json_get_str(v, S("title")));
    else if (str_eq(type, S("image")) && url.n)
        build_image(b, url, json_get_str(v, S("title")), -1, -1);
    else if (str_eq(type, S("reasoning")) || str_eq(type, S("chainOfThought")))
        build_thinking(b, text, STR_NONE);
    else
        build_unknown(b, v, FOUND_UNMODELLED_BLOCK, type);
}

static void put_message(struct builder *b, struct json v)
{
    struct message *m = build_message(b, build_id(b, json_get(v, S("id"))), STR_NONE,
                                      build_role(b, ROLES, json_get_str(v, S("author"))));
    struct json_iter it = json_iter(json_get(v, S("content")));
    struct json part;
    m->created_ms = build_time(b, json_get(v, S("createdAt")));
    while (json_next(&it, NULL, &part))
        put_part(b, part);
}

/* They do not come in order; of two with one time the later one comes first, as in the whole list. */
static void put_messages(struct builder *b, struct json list)
{
    size_t count = json_count(list), n = 0, falling = 0;
    struct entry *all = arena_array(b->a, count + 1, sizeof *all);
    struct json_iter it = json_iter(list);
    struct json v;
    build_expect(b, count);
    while (all && json_next(&it, NULL, &v)) {
        all[n] = (struct entry){ v, json_get_str(v, S("createdAt")), n };
        falling += n && str_cmp(all[n].at, all[n - 1].at) < 0;
        n++;
    }
    for (size_t i = 0; all && falling * 2 > n && i < n; i++)
        all[i].place = n - i;
    if (n > 1)
        qsort(all, n, sizeof *all, in_time);
    for (size_t i = 0; i < n; i++)
        put_message(b, all[i].value);
}

static err_t copilot_from_json(struct arena *a, struct json root, struct conversation *ret)
{
    struct json list = json_get(root, S("messages"));
    struct builder b;
    if (!json_is(list, JSON_ARRAY))
        return err_note(E_INVALID, NULL, "there are no messages in the provider's data");
    build_begin(&b, a, "copilot", ret);
    ret->title = json_get_str(root, S("conversationTitle"));
    ret->source.id = build_id(&b, json_get(root, S("conversationId")));
    put_messages(&b, list);
    return build_end(&b);
}

static bool copilot_json_is_mine(struct json root)
{
    return json_is(json_get(root, S("messages")), JSON_ARRAY) &&
           json_exists(json_get(root, S("conversationTitle")));
}

const struct provider PROVIDER_COPILOT = { .name = "copilot",
                                           .json_is_mine = copilot_json_is_mine,
                                           .from_json = copilot_from_json };

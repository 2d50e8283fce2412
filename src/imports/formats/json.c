/* JSON in which each value is a conversation and says by its structure whose (providers.c): an array of them, JSON Lines, the
 * list in an object, or one alone. */
#include "imports/formats/formats.h"

#include "archive/providers/dom.h"
#include "archive/providers/provider.h"
#include "base/json_values.h"
#include "base/limits.h"

static const char *const LISTS[] = { "conversations", NULL };

static bool json_sniff(const struct source_head *h)
{
    return h->json != HEAD_NO_JSON;
}

static err_t json_open(struct import_source *s)
{
    struct json_values *v = ARENA_NEW(s->arena, struct json_values);
    bool listed = s->head.json == HEAD_OBJECT && source_head_names(&s->head, LISTS[0]);
    if (!v)
        return arena_err(s->arena);
    json_values_init(v, s->reader, listed ? LISTS : NULL, IMPORT_VALUE_BYTES);
    s->state = v;
    return OK;
}

static err_t next_value(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct json_values *v = s->state;
    struct str text;
    struct json root;
    err_t e = json_values_next(v, &text, &s->list);
    s->place = v->place;
    TRY(e);
    TRY(json_parse(a, text, JSON_FOREIGN_DEPTH_MAX, &root));
    if (dom_is(root))
        return dom_conversation(a, root, ret);
    const struct provider *p = provider_of_json(root);
    if (!p)
        return err_note(E_INVALID, NULL, "no conversation of a known provider");
    return p->from_json(a, root, ret);
}

static void json_close(struct import_source *s)
{
    json_values_free(s->state);
}

const struct source_format FORMAT_JSON = {
    .name = "JSON",
    .kind = "export",
    .sniff = json_sniff,
    .open = json_open,
    .next = next_value,
    .close = json_close,
};

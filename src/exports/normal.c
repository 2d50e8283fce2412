/* The normal form out of rows: byte for byte what conversation_write made of the conversation when it came. What is stored as JSON
 * already (blocks, findings) goes out as it is. */
#include "base/map.h"
#include "exports/inside.h"

static const char *text_of(struct arena *a, struct str s)
{
    return s.s ? str_cstr(a, s) : NULL;
}

static err_t write_message(struct json_out *o, const struct map *ids,
                           const struct archive_message *m)
{
    const struct str *parent = map_get(ids, str_of((const char *)m->parent_id.b, 16));
    struct message out = {
        .id = m->origin_id,
        .parent_id = parent ? *parent : STR_NONE,
        .author = m->author,
        .model = m->model,
        .created_ms = m->created_ms,
        .hidden = m->hidden,
        .on_path = m->on_path,
        .hash = m->hash,
    };
    if (!role_parse(m->role, &out.role))
        return err_note(E_CORRUPT, NULL, "a stored message has no role of ours");
    message_write_stored(o, &out, m->blocks);
    return OK;
}

/* All but its messages and findings. Where it is kept and worked on is its owner's business alone. */
static struct conversation conversation_of(struct arena *a, const struct archive_conversation *c,
                                           bool own)
{
    struct conversation out = {
        .provider = text_of(a, c->provider),
        .title = c->title,
        .model = c->model,
        .created_ms = c->created_ms,
        .updated_ms = c->updated_ms,
        .source = { .kind = text_of(a, c->source_kind),
                    .url = c->source_url,
                    .id = c->origin_id,
                    .strategy = text_of(a, c->strategy),
                    .recipe = c->recipe,
                    .captured_ms = c->captured_ms },
        .hash = c->hash,
    };
    if (own) {
        out.source.account = c->account;
        out.context = (struct context){ c->context_cwd, c->context_branch, c->context_tool };
    }
    return out;
}

err_t normal_write(struct json_out *o, struct arena *a, const struct whole *w, bool own)
{
    struct conversation c = conversation_of(a, &w->row, own);
    struct map ids; /* of rows to those of the provider */
    map_init(&ids, a);
    conversation_begin(o, &c);
    for (size_t i = 0; i < w->count; i++) {
        struct archive_message *m = &w->messages[i];
        if (m->origin_id.s)
            TRY(map_put(&ids, str_of((const char *)m->id.b, 16), &m->origin_id));
        TRY(write_message(o, &ids, m));
    }
    conversation_end(o, &c);
    jo_raw(o, w->row.findings);
    jo_end(o);
    return arena_err(a);
}

/* --- what its owner added ---------------------------------------------------------------------- */

bool annotations_any(const struct annotations *n)
{
    return n->whole->row.title_own || n->version_count;
}

/* Which conversation, in the words of the normal form: an id of ours means nothing elsewhere. */
static void write_which(struct json_out *o, const struct archive_conversation *c)
{
    jo_object(o);
    jo_kstr(o, "provider", c->provider);
    jo_kstr(o, "id", c->origin_id);
    jo_kstr(o, "url", c->source_url);
    jo_kstr(o, "hash", c->hash);
    jo_end(o);
}

static void write_version(struct json_out *o, const struct archive_message *m, size_t place,
                          const struct archive_version *v)
{
    jo_object(o);
    jo_kstr(o, "message_id", m->origin_id);
    jo_ki64(o, "message", (int64_t)place);
    jo_ki64(o, "version", v->version);
    jo_ktime(o, "replaced_at", v->replaced_ms);
    jo_kz(o, "blocks");
    jo_raw(o, v->blocks);
    jo_kstr(o, "hash", v->hash);
    jo_end(o);
}

/* In the order of the messages; those of one stand together, by version. */
static err_t write_versions(struct json_out *o, struct arena *a, const struct annotations *n)
{
    struct map first; /* of a message, by its id */
    const struct archive_version *end = n->versions + n->version_count;
    map_init(&first, a);
    for (struct archive_version *v = n->versions; v < end; v++) {
        struct str id = str_of((const char *)v->message_id.b, 16);
        if (!map_has(&first, id))
            TRY(map_put(&first, id, v));
    }
    for (size_t i = 0; i < n->whole->count && n->version_count; i++) {
        const struct archive_message *m = &n->whole->messages[i];
        const struct archive_version *v = map_get(&first, str_of((const char *)m->id.b, 16));
        for (; v && v < end && uuid_eq(v->message_id, m->id); v++)
            write_version(o, m, i, v);
    }
    return OK;
}

err_t annotations_write(struct json_out *o, struct arena *a, const struct annotations *n)
{
    const struct archive_conversation *c = &n->whole->row;
    jo_object(o);
    jo_kstr(o, "format", S("vivim.annotations/1"));
    jo_kz(o, "conversation");
    write_which(o, c);
    jo_kstr(o, "title", c->title_own ? c->title : STR_NONE);
    jo_kz(o, "versions");
    jo_array(o);
    TRY(write_versions(o, a, n));
    jo_end(o);
    jo_end(o);
    return OK;
}

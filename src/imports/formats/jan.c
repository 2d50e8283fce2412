/* Jan: threads/<id>/messages.jsonl, a message on each line, with thread.json beside it. */
#include "archive/builder.h"
#include "archive/providers/provider.h"
#include "base/json_values.h"
#include "base/limits.h"
#include "imports/formats/formats.h"
#include "imports/media.h"

static bool jan_sniff(const struct source_head *h)
{
    return h->json == HEAD_OBJECT && source_head_names(h, "thread_id") &&
           str_find(h->bytes, S("thread.message"), 0) < h->bytes.n;
}

static struct str model_of(struct json thread)
{
    struct json first = json_at(json_get(thread, S("assistants")), 0);
    struct json model = json_get(first, S("model"));
    if (!json_is(model, JSON_OBJECT))
        model = json_get(thread, S("model"));
    return json_get_str(model, S("id"));
}

static void read_thread(struct builder *b, struct import_source *s)
{
    struct str own = s->files->entries[s->entry].name, last = media_last_part(own), text;
    struct str folder = str_sub(own, 0, own.n - last.n);
    size_t entry = import_files_find(s->files, str_cat(b->a, folder, S("thread.json")));
    struct json root = { 0 };
    if (entry != SIZE_MAX &&
        import_source_read_entry(s, b->a, entry, IMPORT_SIDE_FILE_BYTES_MAX, &text) == OK &&
        json_parse(b->a, text, JSON_FOREIGN_DEPTH_MAX, &root) == OK) {
        b->c->title = json_get_str(root, S("title"));
        b->c->model = model_of(root);
        b->c->created_ms = build_time(b, json_get(root, S("created")));
        b->c->updated_ms = build_time(b, json_get(root, S("updated")));
    }
    err_clear();
}

static void put_message(struct builder *b, struct json v)
{
    enum role role = build_role(b, ROLE_WORDS, json_get_str(v, S("role")));
    struct message *m = build_message(b, build_id(b, json_get(v, S("id"))), STR_NONE, role);
    struct json_iter it = json_iter(json_get(v, S("content")));
    struct json part;
    m->created_ms = build_time(b, json_get(v, S("created_at")));
    m->model = role == ROLE_ASSISTANT ? b->c->model : STR_NONE;
    while (json_next(&it, NULL, &part)) {
        struct str type = json_get_str(part, S("type"));
        struct json text = json_get(part, S("text"));
        if (str_eq(type, S("text")))
            build_text(b,
                       json_is(text, JSON_STR) ? json_str(text) : json_get_str(text, S("value")));
        else if (str_eq(type, S("reasoning")))
            build_thinking(
                b, json_is(text, JSON_STR) ? json_str(text) : json_get_str(text, S("value")),
                STR_NONE);
        else if (str_eq(type, S("image_url")))
            build_image(b, json_get_str(json_get(part, S("image_url")), S("url")), STR_NONE, -1,
                        -1);
        else
            build_unknown(b, part, FOUND_UNMODELLED_BLOCK, type);
    }
}

static err_t read_lines(struct builder *b, struct str text)
{
    CLEANUP(json_values_free) struct json_values v;
    struct memory_reader m;
    struct str line, list;
    struct json root;
    err_t e;
    memory_reader_init(&m, text);
    json_values_init(&v, &m.reader, NULL, IMPORT_VALUE_BYTES);
    while ((e = json_values_next(&v, &line, &list)) == OK && b->err == OK) {
        line = str_dup(b->a, line);
        TRY(arena_err(b->a));
        e = json_parse(b->a, line, JSON_FOREIGN_DEPTH_MAX, &root);
        if (e == E_BUSY || e == E_LIMIT)
            return e;
        if (e != OK) {
            finding_add(b->a, b->c, FOUND_ELEMENT_SKIPPED, "line %zu is no message", v.place);
            continue;
        }
        if (!b->c->source.id.n)
            b->c->source.id = build_id(b, json_get(root, S("thread_id")));
        put_message(b, root);
    }
    return e == E_NOT_FOUND || e == OK ? OK : e;
}

static err_t jan_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct builder b;
    struct str text;
    if (s->state)
        return E_NOT_FOUND;
    s->state = s;
    TRY(source_text(s, IMPORT_VALUE_BYTES, &text));
    build_begin(&b, a, provider_by_name(S("jan"))->name, ret);
    read_thread(&b, s);
    TRY(read_lines(&b, text));
    return build_end(&b);
}

const struct source_format FORMAT_JAN = {
    .name = "Jan thread",
    .provider = "jan",
    .kind = "export",
    .sniff = jan_sniff,
    .next = jan_next,
};

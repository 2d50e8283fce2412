#include "archive/archive_form.h"

#include "base/limits.h"

enum { LEVEL = 3, STEP_BYTES = 256 * 1024 };

static const struct {
    const char *name;
    size_t offset;
} TEXTS[] = {
    { "provider", offsetof(struct archive_conversation, provider) },
    { "origin", offsetof(struct archive_conversation, origin_id) },
    { "title", offsetof(struct archive_conversation, title) },
    { "model", offsetof(struct archive_conversation, model) },
    { "kind", offsetof(struct archive_conversation, source_kind) },
    { "url", offsetof(struct archive_conversation, source_url) },
    { "strategy", offsetof(struct archive_conversation, strategy) },
    { "recipe", offsetof(struct archive_conversation, recipe) },
    { "outcome", offsetof(struct archive_conversation, outcome) },
    { "hash", offsetof(struct archive_conversation, hash) },
    { "findings", offsetof(struct archive_conversation, findings) },
    { "account", offsetof(struct archive_conversation, account) },
    { "cwd", offsetof(struct archive_conversation, context_cwd) },
    { "branch", offsetof(struct archive_conversation, context_branch) },
    { "tool", offsetof(struct archive_conversation, context_tool) },
};

static struct str *text_of(struct archive_conversation *row, size_t i)
{
    return (struct str *)((char *)row + TEXTS[i].offset);
}

/* --- writing -------------------------------------------------------------------------------------------- */

static void write_head(struct json_out *o, struct archive_conversation row, struct str place)
{
    jo_object(o);
    jo_kstr(o, "place", place);
    for (size_t i = 0; i < COUNTOF(TEXTS); i++)
        jo_kstr(o, TEXTS[i].name, *text_of(&row, i));
    jo_ki64(o, "created", row.created_ms);
    jo_ki64(o, "updated", row.updated_ms);
    jo_ki64(o, "captured", row.captured_ms);
    jo_end(o);
}

static void write_message(struct json_out *o, const struct archive_message *m)
{
    jo_object(o);
    jo_kuuid(o, "id", m->id);
    jo_kuuid(o, "parent", m->parent_id);
    jo_kstr(o, "origin", m->origin_id);
    jo_kstr(o, "role", m->role);
    jo_kstr(o, "author", m->author);
    jo_kstr(o, "model", m->model);
    jo_ki64(o, "created", m->created_ms);
    jo_kbool(o, "hidden", m->hidden);
    jo_kbool(o, "on_path", m->on_path);
    jo_kstr(o, "hash", m->hash);
    jo_kstr(o, "blocks", m->blocks); /* as text: it comes back to the byte */
    jo_end(o);
}

/* What has been written since, once it is some: a call of zstd for each message would cost more than the message. */
static err_t put_line(struct form_writer *w, size_t at_least)
{
    TRY(buf_err(&w->line));
    if (w->line.n < at_least)
        return OK;
    w->bytes += w->line.n;
    if (w->bytes > RENDERING_BYTES_MAX)
        return err_note(E_LIMIT, NULL,
                        "one that is there already has more than %zu messages; what it was before "
                        "would take more than %zu MiB",
                        w->count, RENDERING_BYTES_MAX / MIB(1));
    TRY(zstd_out_put(&w->z, buf_str(&w->line)));
    buf_clear(&w->line);
    return OK;
}

err_t form_begin(struct form_writer *w, const struct archive_conversation *row, struct str place,
                 struct buf *out)
{
    struct json_out o;
    *w = (struct form_writer){ 0 };
    buf_init(&w->line, NULL, RENDERING_BYTES_MAX);
    TRY(zstd_out_begin(&w->z, LEVEL, out));
    jo_init(&o, &w->line);
    write_head(&o, *row, place);
    return put_line(w, STEP_BYTES);
}

err_t form_add(struct form_writer *w, const struct archive_message *m)
{
    struct json_out o;
    buf_putc(&w->line, '\n');
    jo_init(&o, &w->line);
    write_message(&o, m);
    w->count++;
    return put_line(w, STEP_BYTES);
}

err_t form_end(struct form_writer *w)
{
    TRY(put_line(w, 0));
    return zstd_out_end(&w->z);
}

void form_writer_free(struct form_writer *w)
{
    zstd_out_free(&w->z);
    buf_free(&w->line);
}

/* --- reading ---------------------------------------------------------------------------------------------- */

static err_t damaged(void)
{
    return err_note(E_CORRUPT, NULL, "a stored rendering is damaged");
}

static err_t parse(struct arena *a, struct str text, struct json *ret)
{
    if (json_parse(a, text, 8, ret) == OK)
        return OK;
    return arena_err(a) == OK ? damaged() : arena_err(a);
}

static err_t read_message(struct json v, struct archive_message *m)
{
    *m = (struct archive_message){
        .origin_id = json_get_str(v, S("origin")),
        .role = json_get_str(v, S("role")),
        .author = json_get_str(v, S("author")),
        .model = json_get_str(v, S("model")),
        .created_ms = json_i64(json_get(v, S("created")), TIME_NONE),
        .hidden = json_bool(json_get(v, S("hidden")), false),
        .on_path = json_bool(json_get(v, S("on_path")), false),
        .hash = json_get_str(v, S("hash")),
        .blocks = json_get_str(v, S("blocks")),
        .version = 1,
    };
    bool good = uuid_parse(json_get_str(v, S("id")), &m->id) == OK &&
                uuid_parse(json_get_str(v, S("parent")), &m->parent_id) == OK && m->role.n &&
                m->hash.n && m->blocks.n;
    return good ? OK : damaged();
}

struct form_reader {
    struct zstd_reader z;
    struct buf text;   /* unpacked, and not read yet: from `at` on */
    size_t at, looked; /* … up to where there is no line's end */
    bool ended;
    size_t count; /* messages so far */
};

static void form_reader_free(struct form_reader *r)
{
    zstd_reader_free(&r->z);
    buf_free(&r->text);
}

static err_t unpack_more(struct form_reader *r)
{
    size_t n = 0;
    buf_consume(&r->text, r->at);
    r->looked -= r->at;
    r->at = 0;
    char *to = buf_reserve(&r->text, STEP_BYTES);
    if (!to)
        return buf_err(&r->text);
    if (r->z.reader.read(&r->z.reader, to, STEP_BYTES, &n) != OK)
        return damaged();
    r->text.n += n;
    r->ended = n == 0;
    return OK;
}

/* *ret: a view that ends with the next call; absent behind the last line. */
static err_t next_line(struct form_reader *r, struct str *ret)
{
    for (;;) {
        struct str text = buf_str(&r->text);
        size_t end = str_find_char(text, '\n', r->looked);
        if (end < text.n || (r->ended && r->at < text.n)) {
            *ret = str_sub(text, r->at, end);
            r->at = r->looked = end < text.n ? end + 1 : end;
            return OK;
        }
        r->looked = text.n;
        if (r->ended) {
            *ret = STR_NONE;
            return OK;
        }
        TRY(unpack_more(r));
    }
}

static err_t visit_message(struct form_reader *r, struct json v, const struct message_visit *visit)
{
    struct archive_message m;
    TRY(read_message(v, &m));
    m.position = (int64_t)r->count;
    return visit->each(visit->context, r->count++, &m);
}

static bool is_wanted(const struct form_reader *r, const struct message_visit *visit)
{
    return !visit->wants || visit->wants(visit->context, r->count);
}

/* Where an older program wrote them: in the one value that there was. */
static err_t visit_inner(struct form_reader *r, struct json root, const struct message_visit *visit)
{
    struct json item;
    struct json_iter it = json_iter(json_get(root, S("messages")));
    while (json_next(&it, NULL, &item)) {
        if (is_wanted(r, visit))
            TRY(visit_message(r, item, visit));
        else
            r->count++;
    }
    return OK;
}

static err_t visit_lines(struct form_reader *r, const struct message_visit *visit)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct str line;
    struct json v;
    arena_init(&a, RENDERING_BYTES_MAX);
    for (;;) {
        TRY(next_line(r, &line));
        if (!line.s)
            return OK;
        if (!is_wanted(r, visit)) {
            r->count++;
            continue;
        }
        arena_reset(&a);
        TRY(parse(&a, line, &v));
        TRY(visit_message(r, v, visit));
    }
}

static err_t read_head(struct arena *a, struct json root, struct archive_conversation *row,
                       struct str *place)
{
    if (place)
        *place = str_dup(a, json_get_str(root, S("place")));
    for (size_t i = 0; row && i < COUNTOF(TEXTS); i++) {
        struct str text = json_get_str(root, str_from(TEXTS[i].name));
        *text_of(row, i) = text.s ? str_dup(a, text) : STR_NONE;
    }
    if (row) {
        row->created_ms = json_i64(json_get(root, S("created")), TIME_NONE);
        row->updated_ms = json_i64(json_get(root, S("updated")), TIME_NONE);
        row->captured_ms = json_i64(json_get(root, S("captured")), 0);
    }
    return arena_err(a);
}

err_t form_read(struct arena *a, struct str form, struct archive_conversation *row,
                struct str *place, const struct message_visit *visit)
{
    CLEANUP(arena_free) struct arena head = { 0 };
    CLEANUP(form_reader_free) struct form_reader r = { 0 };
    struct str line;
    struct json root;
    arena_init(&head, RENDERING_BYTES_MAX);
    buf_init(&r.text, NULL, RENDERING_BYTES_MAX);
    TRY(zstd_reader_init(&r.z, form));
    TRY(next_line(&r, &line));
    TRY(parse(&head, line, &root));
    TRY(read_head(a, root, row, place));
    if (!visit)
        return OK;
    TRY(visit_inner(&r, root, visit));
    arena_reset(&head);
    return visit_lines(&r, visit);
}

#include "imports/library.h"

#include "base/limits.h"
#include "base/map.h"
#include "base/utf8.h"
#include "imports/media.h"

struct work { /* a document or picture */
    struct str id, name, type, kind, message;
    struct work *next; /* of the same conversation */
};

struct import_library {
    struct map names;   /* id -> struct str */
    struct map threads; /* id of a conversation -> struct work */
};

/* --- reading it, once for all sources ------------------------------------------------------------------------------------- */

/* Nothing of it is needed to read the conversations, so what is wrong with it is no error. */
static bool read_side_file(struct import_files *f, struct str name, struct json *ret)
{
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    struct str text;
    size_t entry = media_by_name(f, name);
    bool ok = entry != SIZE_MAX && import_bytes_open(f, entry, &bytes) == OK &&
              reader_all(bytes.reader, f->arena, IMPORT_SIDE_FILE_BYTES_MAX, &text) == OK &&
              json_parse(f->arena, text, JSON_FOREIGN_DEPTH_MAX, ret) == OK;
    err_clear();
    return ok;
}

static err_t read_names(struct import_files *f, struct import_library *l)
{
    struct json root, v;
    struct str key;
    if (!read_side_file(f, S("conversation_asset_file_names.json"), &root))
        return OK;
    struct json_iter it = json_iter(root);
    while (json_next(&it, &key, &v)) {
        struct str *name = ARENA_NEW(f->arena, struct str);
        if (!name)
            return arena_err(f->arena);
        *name = media_last_part(json_str(v));
        size_t dot = str_find(key, S(".dat"), 0);
        if (name->n)
            TRY(map_put(&l->names, str_sub(key, 0, dot), name));
    }
    return OK;
}

static err_t add_work(struct import_files *f, struct import_library *l, struct json v)
{
    struct str thread = json_get_str(v, S("origination_thread_id"));
    struct work *w = ARENA_NEW(f->arena, struct work);
    if (!w)
        return arena_err(f->arena);
    *w = (struct work){ .id = json_get_str(v, S("file_id")),
                        .name = json_get_str(v, S("file_name")),
                        .type = json_get_str(v, S("mime_type")),
                        .kind = json_get_str(v, S("library_artifact_type")),
                        .message = json_get_str(v, S("origination_message_id")) };
    struct work *first = map_get(&l->threads, thread);
    if (!thread.n || !w->id.n)
        return OK;
    if (!first)
        return map_put(&l->threads, thread, w);
    while (first->next) /* a handful in one conversation */
        first = first->next;
    first->next = w;
    return OK;
}

static err_t read_works(struct import_files *f, struct import_library *l)
{
    struct json root, v;
    if (!read_side_file(f, S("library_files.json"), &root))
        return OK;
    struct json_iter it = json_iter(root);
    while (json_next(&it, NULL, &v))
        TRY(add_work(f, l, v));
    return OK;
}

static err_t library_of(struct import_files *f, struct import_library **ret)
{
    if (!f->library) {
        struct import_library *l = ARENA_NEW(f->arena, struct import_library);
        if (!l)
            return arena_err(f->arena);
        map_init(&l->names, f->arena);
        map_init(&l->threads, f->arena);
        TRY(read_names(f, l));
        TRY(read_works(f, l));
        f->library = l;
    }
    *ret = f->library;
    return OK;
}

struct str library_name(struct import_files *f, struct str id)
{
    struct import_library *l;
    const struct str *name = library_of(f, &l) == OK ? map_get(&l->names, id) : NULL;
    return name ? *name : STR_NONE;
}

/* --- what a conversation lacks ------------------------------------------------------------------------------------------------- */

static bool shows(const struct conversation *c, struct str id)
{
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++) {
            const struct block *b = &c->messages[i].blocks[k];
            struct str in = b->type == BLOCK_IMAGE  ? b->image.source_url
                            : b->type == BLOCK_FILE ? b->file.id
                                                    : STR_NONE;
            if (in.n && str_find(in, id, 0) < in.n)
                return true;
        }
    return false;
}

/* The message that it came with; else the last answer. */
static struct message *message_of(struct conversation *c, struct str id)
{
    struct message *last = NULL;
    for (size_t i = 0; i < c->message_count; i++) {
        if (id.n && str_eq(c->messages[i].id, id))
            return &c->messages[i];
        if (c->messages[i].role == ROLE_ASSISTANT && c->messages[i].on_path)
            last = &c->messages[i];
    }
    return last;
}

/* Words are the document itself, as an artifact; anything else is a file. */
static err_t words_of(struct import_source *s, struct arena *a, const struct work *w,
                      struct str *ret)
{
    size_t entry = media_by_id(s->files, w->id);
    bool words = str_starts(w->type, S("text/")) || str_eq(w->kind, S("report")) ||
                 str_eq(w->kind, S("writing_block"));
    *ret = STR_NONE;
    if (!words || entry == SIZE_MAX)
        return OK;
    err_t e = import_source_read_entry(s, a, entry, IMPORT_SIDE_FILE_BYTES_MAX, ret);
    if (e == E_BUSY)
        return e;
    if (e != OK || !text_ok(*ret))
        *ret = STR_NONE;
    err_clear();
    return OK;
}

static err_t add_to(struct import_source *s, struct arena *a, struct message *m,
                    const struct work *w)
{
    struct str text;
    TRY(words_of(s, a, w, &text));
    bool picture = str_starts(w->type, S("image/")) || str_eq(w->kind, S("image"));
    struct block *b = block_add(a, m, text.n ? BLOCK_ARTIFACT : picture ? BLOCK_IMAGE : BLOCK_FILE);
    if (!b)
        return build_err(a);
    if (text.n) {
        b->artifact.id = w->id;
        b->artifact.kind = w->type.n ? w->type : S("text/markdown");
        b->artifact.title = w->name;
        b->artifact.content = text;
    } else if (picture) {
        b->image.source_url = str_cat(a, S("sediment://"), w->id);
        b->image.alt = w->name;
    } else {
        b->file.name = w->name.n ? w->name : w->id;
        b->file.media_type = w->type;
        b->file.id = w->id;
    }
    return OK;
}

err_t library_add(struct import_source *s, struct arena *a, struct conversation *c)
{
    struct import_library *l;
    if ((!s->files->zip && !s->files->folder) || !str_eq(str_from(c->provider), S("chatgpt")))
        return OK;
    TRY(library_of(s->files, &l));
    const struct work *w = c->source.id.n ? map_get(&l->threads, c->source.id) : NULL;
    for (; w; w = w->next) {
        struct message *m = shows(c, w->id) ? NULL : message_of(c, w->message);
        if (m)
            TRY(add_to(s, a, m, w));
    }
    return OK;
}

#include "imports/annotations.h"

#include "base/limits.h"
#include "base/map.h"
#include "imports/media.h"

struct line {
    size_t entry, at, n;
};

struct import_annotations {
    struct map lines;  /* by the words that name the conversation */
    struct arena part; /* holds text */
    size_t entry;      /* text is its; SIZE_MAX: none's */
    struct str text;
};

enum { PART_BYTES_MAX = IMPORT_VALUE_BYTES + EXPORT_PART_BYTES };

/* --- one line ---------------------------------------------------------------------------------------------- */

static err_t not_ours(const char *what)
{
    return err_note(E_INVALID, NULL, "it is no vivim.annotations/1: %s", what);
}

static err_t read_version(struct arena *a, struct json v, struct archive_added_version *ret)
{
    int64_t message = json_i64(json_get(v, S("message")), -1);
    *ret = (struct archive_added_version){ .version = json_i64(json_get(v, S("version")), 0) };
    if (message < 0 || message >= CONVERSATION_MESSAGES_MAX || ret->version < 1 ||
        ret->version > INT32_MAX)
        return not_ours("an earlier wording has no message or number");
    ret->message = (size_t)message;
    if (time_parse(json_get_str(v, S("replaced_at")), &ret->replaced_ms) != OK)
        return not_ours("an earlier wording has no time");
    err_t e = blocks_read(a, json_get(v, S("blocks")), &ret->blocks, &ret->block_count);
    return e == E_CORRUPT ? not_ours(err_detail()->text) : e;
}

static bool stands_behind(const struct archive_added_version *x,
                          const struct archive_added_version *y)
{
    return x->message > y->message || (x->message == y->message && x->version > y->version);
}

err_t annotation_read(struct arena *a, struct json root, struct archive_added *ret)
{
    struct json list = json_get(root, S("versions")), v;
    struct archive_added added = { .title = json_get_str(root, S("title")) };
    if (!str_eq(json_get_str(root, S("format")), S("vivim.annotations/1")))
        return not_ours("its format is another");
    added.versions = ARENA_ARRAY(a, struct archive_added_version, json_count(list) + 1);
    if (!added.versions)
        return arena_err(a);
    struct json_iter it = json_iter(list);
    while (json_next(&it, NULL, &v)) {
        struct archive_added_version *x = &added.versions[added.version_count++];
        TRY(read_version(a, v, x));
        if (added.version_count > 1 && !stands_behind(x, x - 1))
            return not_ours("earlier wordings do not stand in order");
    }
    *ret = added;
    return OK;
}

/* --- the lines of all files ------------------------------------------------------------------------------------ */

static bool is_part(struct str name)
{
    struct str last = media_last_part(name);
    return str_ends(last, S(".jsonl")) &&
           str_ends(str_sub(name, 0, name.n - last.n), S("annotations/"));
}

/* Nothing of it is needed to read the conversations, so only what ends everything is an error. */
static err_t load(struct import_files *f, struct import_annotations *n, size_t entry)
{
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    if (n->entry == entry)
        return OK;
    arena_reset(&n->part);
    n->entry = entry;
    n->text = STR_NONE;
    err_t e = import_bytes_open(f, entry, &bytes);
    if (e == OK)
        e = reader_all(bytes.reader, &n->part, PART_BYTES_MAX, &n->text);
    if (e == E_BUSY)
        return e;
    err_clear();
    return OK;
}

/* The export that wrote the line named the conversation by these, as it stands in the normal form. */
static struct str key_of(struct arena *a, struct str provider, struct str id, struct str url,
                         struct str hash)
{
    return str_fmt(a, "%.*s\n%.*s\n%.*s\n%.*s", STR_ARG(provider), STR_ARG(id), STR_ARG(url),
                   STR_ARG(hash));
}

static err_t add_line(struct import_files *f, struct import_annotations *n, struct str line,
                      size_t at)
{
    CLEANUP(arena_free) struct arena a = { 0 };
    struct json root;
    arena_init(&a, JSON_BYTES_MAX * 4);
    err_t e = json_parse(&a, line, JSON_FOREIGN_DEPTH_MAX, &root);
    if (e == E_BUSY)
        return e;
    err_clear();
    struct json which = e == OK ? json_get(root, S("conversation")) : (struct json){ 0 };
    if (!json_is(which, JSON_OBJECT))
        return OK;
    struct line *l = ARENA_NEW(f->arena, struct line);
    struct str key =
        key_of(f->arena, json_get_str(which, S("provider")), json_get_str(which, S("id")),
               json_get_str(which, S("url")), json_get_str(which, S("hash")));
    if (!l || !key.s)
        return arena_err(f->arena);
    *l = (struct line){ n->entry, at, line.n };
    return map_put(&n->lines, key, l);
}

static err_t add_part(struct import_files *f, struct import_annotations *n, size_t entry)
{
    TRY(load(f, n, entry));
    for (size_t at = 0; at < n->text.n;) {
        size_t end = str_find_char(n->text, '\n', at);
        TRY(add_line(f, n, str_sub(n->text, at, end), at));
        at = end + 1;
    }
    return OK;
}

static err_t open_all(struct import_files *f)
{
    struct import_annotations *n = ARENA_NEW(f->arena, struct import_annotations);
    if (!n)
        return arena_err(f->arena);
    *n = (struct import_annotations){ .entry = SIZE_MAX };
    map_init(&n->lines, f->arena);
    arena_init(&n->part, 4 * (size_t)PART_BYTES_MAX);
    f->annotations = n;
    for (size_t i = 0; i < f->count; i++)
        if (is_part(f->entries[i].name))
            TRY(add_part(f, n, i));
    return OK;
}

void annotations_close(struct import_files *f)
{
    if (f->annotations)
        arena_free(&f->annotations->part);
    f->annotations = NULL;
}

/* --- of one conversation ------------------------------------------------------------------------------------------ */

err_t annotations_find(struct import_files *f, struct arena *a, const struct conversation *c,
                       struct archive_added *ret)
{
    struct json root;
    *ret = (struct archive_added){ 0 };
    if (!f->annotations)
        TRY(open_all(f));
    struct import_annotations *n = f->annotations;
    if (!n->lines.count)
        return OK;
    struct str key = key_of(a, str_from(c->provider), c->source.id, c->source.url, c->hash);
    const struct line *l = key.s ? map_get(&n->lines, key) : NULL;
    TRY(arena_err(a));
    if (!l)
        return OK;
    TRY(load(f, n, l->entry));
    err_t e = json_parse(a, str_sub(n->text, l->at, l->at + l->n), JSON_FOREIGN_DEPTH_MAX, &root);
    if (e == OK)
        e = annotation_read(a, root, ret);
    if (e == E_BUSY || e == E_LIMIT)
        return e;
    err_clear();
    return OK;
}

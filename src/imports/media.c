#include "imports/media.h"

#include <stdlib.h>

#include "imports/library.h"

struct named {
    struct str key;
    size_t entry;
};

struct import_index { /* of all entries, by what the last part of the name begins with */
    struct named *list;
    size_t count;
};

static int by_key(const void *x, const void *y)
{
    const struct named *a = x, *b = y;
    int order = str_cmp(a->key, b->key);
    return order ? order : a->entry < b->entry ? -1 : a->entry > b->entry;
}

struct str media_last_part(struct str name)
{
    size_t at = name.n;
    while (at > 0 && name.s[at - 1] != '/')
        at--;
    return str_sub(name, at, name.n);
}

/* ".../<id>/content" goes by its folder. */
static struct str key_of(struct str name)
{
    struct str last = media_last_part(name);
    if (!str_eq(last, S("content")) || last.n == name.n)
        return last;
    return media_last_part(str_sub(name, 0, name.n - last.n - 1));
}

static const struct import_index *index_of(struct import_files *f)
{
    if (f->index)
        return f->index;
    struct import_index *x = ARENA_NEW(f->arena, struct import_index);
    if (!x)
        return NULL;
    x->list = ARENA_ARRAY(f->arena, struct named, f->count + 1);
    for (size_t i = 0; x->list && i < f->count; i++)
        x->list[x->count++] = (struct named){ key_of(f->entries[i].name), i };
    if (x->count > 1)
        qsort(x->list, x->count, sizeof *x->list, by_key);
    return f->index = x;
}

/* The first that does not stand before `key`. */
static size_t lower_bound(const struct import_index *x, struct str key)
{
    size_t low = 0, high = x->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (str_cmp(x->list[middle].key, key) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

size_t media_by_id(struct import_files *f, struct str id)
{
    const struct import_index *x = index_of(f);
    if (!x || !id.n)
        return SIZE_MAX;
    for (size_t i = lower_bound(x, id); i < x->count && str_starts(x->list[i].key, id); i++) {
        struct str rest = str_sub(x->list[i].key, id.n, x->list[i].key.n);
        bool ends = !rest.n || str_find_char(S("-._"), rest.s[0], 0) < 3;
        if (ends && !f->entries[x->list[i].entry].refused)
            return x->list[i].entry;
    }
    return SIZE_MAX;
}

size_t media_by_name(struct import_files *f, struct str name)
{
    const struct import_index *x = index_of(f);
    size_t at = x && name.n ? lower_bound(x, name) : 0;
    if (!x || !name.n || at >= x->count || !str_eq(x->list[at].key, name))
        return SIZE_MAX;
    bool several = at + 1 < x->count && str_eq(x->list[at + 1].key, name);
    return several || f->entries[x->list[at].entry].refused ? SIZE_MAX : x->list[at].entry;
}

/* --- references -------------------------------------------------------------------------------------------------------- */

/* "sediment://file_0a1b#part" -> "file_0a1b" */
static struct str id_of(struct str reference)
{
    size_t scheme = str_find(reference, S("://"), 0);
    struct str id = scheme < reference.n ? str_sub(reference, scheme + 3, reference.n) : reference;
    id = str_sub(id, 0, str_find_char(id, '#', 0));
    return media_last_part(str_sub(id, 0, str_find_char(id, '?', 0)));
}

static bool is_address(struct str reference)
{
    return str_starts(reference, S("https://")) || str_starts(reference, S("http://"));
}

/* The folders of an address may be the id of what an export keeps under it. */
static size_t by_address(struct import_files *f, struct str address)
{
    struct str rest = str_sub(address, 8, str_find_char(address, '?', 8)), part;
    size_t found = SIZE_MAX;
    while (found == SIZE_MAX && str_cut(&rest, '/', &part))
        if (part.n >= 16) /* no word that other names begin with */
            found = media_by_id(f, part);
    return found;
}

/* Beside the source, or in the folder "<its name>-files". */
static size_t beside(struct import_source *s, struct arena *a, struct str name)
{
    struct str own = s->files->entries[s->entry].name, last = media_last_part(own);
    struct str folder = str_sub(own, 0, own.n - last.n);
    size_t dot = last.n;
    while (dot > 0 && last.s[dot - 1] != '.')
        dot--;
    struct str stem = dot > 1 ? str_sub(last, 0, dot - 1) : last;
    size_t found = import_files_find(s->files, str_cat(a, folder, name));
    if (found == SIZE_MAX)
        found = import_files_find(s->files, str_fmt(a, "%.*s%.*s-files/%.*s", STR_ARG(folder),
                                                    STR_ARG(stem), STR_ARG(name)));
    return found != SIZE_MAX && s->files->entries[found].refused ? SIZE_MAX : found;
}

static size_t find(struct import_source *s, struct arena *a, const struct block *b)
{
    struct str id = b->type == BLOCK_FILE ? b->file.id : b->image.source_url;
    struct str name = b->type == BLOCK_FILE ? b->file.name : b->image.source_url;
    if (is_address(id))
        return by_address(s->files, id);
    size_t found = id.n ? media_by_id(s->files, id_of(id)) : SIZE_MAX;
    if (found == SIZE_MAX && name.n)
        found = beside(s, a, name);
    return found == SIZE_MAX ? media_by_name(s->files, media_last_part(name)) : found;
}

/* --- one conversation ------------------------------------------------------------------------------------------------------ */

static err_t add(struct import_source *s, struct arena *a, struct import_media media)
{
    size_t n = s->media_count;
    if (n == 0 || (n >= 8 && (n & (n - 1)) == 0)) {
        struct import_media *grown = ARENA_ARRAY(a, struct import_media, n ? n * 2 : 8);
        if (!grown)
            return arena_err(a);
        if (n)
            memcpy(grown, s->media, n * sizeof *grown);
        s->media = grown;
    }
    struct str *const texts[] = { &media.media_type, &media.name, &media.sha256 };
    for (size_t i = 0; i < COUNTOF(texts);
         i++) /* the value that they stand in may go before them */
        *texts[i] = texts[i]->s ? str_dup(a, *texts[i]) : STR_NONE;
    s->media[s->media_count++] = media;
    return arena_err(a);
}

static err_t attach(struct import_source *s, struct arena *a, struct conversation *c,
                    size_t message, size_t block)
{
    struct block *b = &c->messages[message].blocks[block];
    bool file = b->type == BLOCK_FILE;
    struct str reference = file ? b->file.id.n ? b->file.id : b->file.name : b->image.source_url;
    bool has_words = file && b->file.text.n,
         has_bytes = file ? b->file.sha256.n : b->image.sha256.n;
    if (!reference.n || has_bytes || str_starts(reference, S("data:")))
        return OK;
    struct str name = library_name(s->files, id_of(reference));
    size_t entry = find(s, a, b);
    if (file && name.n && str_eq(b->file.name, b->file.id))
        b->file.name = name; /* the conversation knows its id alone */
    if (entry != SIZE_MAX)
        return add(s, a,
                   (struct import_media){ .message = message,
                                          .block = block,
                                          .entry = entry,
                                          .media_type = file ? b->file.media_type : STR_NONE,
                                          .name = file ? b->file.name : name });
    if (!is_address(reference) && !has_words)
        finding_add(a, c, FOUND_MEDIA_UNAVAILABLE, "the export does not hold %.*s",
                    STR_ARG(file && b->file.name.n ? b->file.name : reference));
    return OK;
}

/* --- one of an archive of ours --------------------------------------------------------------------------------------------- */

static err_t attach_own(struct import_source *s, struct arena *a, size_t message, size_t block,
                        const struct block *b)
{
    bool file = b->type == BLOCK_FILE;
    struct str sha256 = file ? b->file.sha256 : b->type == BLOCK_IMAGE ? b->image.sha256 : STR_NONE;
    if (!sha256.n)
        return OK;
    return add(s, a,
               (struct import_media){ .message = message,
                                      .block = block,
                                      .entry = media_by_id(s->files, sha256),
                                      .name = file ? b->file.name : b->image.alt,
                                      .sha256 = sha256 });
}

/* By their hashes, also of what was said before. */
static err_t attach_all_own(struct import_source *s, struct arena *a, const struct conversation *c)
{
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++)
            TRY(attach_own(s, a, i, k, &c->messages[i].blocks[k]));
    for (size_t i = 0; i < s->added.version_count; i++)
        for (size_t k = 0; k < s->added.versions[i].block_count; k++)
            TRY(attach_own(s, a, SIZE_MAX, SIZE_MAX, &s->added.versions[i].blocks[k]));
    return arena_err(a);
}

/* --- what stands in the source itself ---------------------------------------------------------------------------------------- */

static err_t attach_inline(struct import_source *s, struct arena *a, struct conversation *c)
{
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++) {
            struct block *b = &c->messages[i].blocks[k];
            if (b->type != BLOCK_IMAGE || !b->image.base64.n)
                continue;
            TRY(add(s, a,
                    (struct import_media){
                        .message = i, .block = k, .entry = SIZE_MAX, .base64 = b->image.base64 }));
            b->image.base64 = STR_NONE;
        }
    return OK;
}

err_t media_attach(struct import_source *s, struct arena *a, struct conversation *c)
{
    s->media = NULL;
    s->media_count = 0;
    if (s->own)
        return attach_all_own(s, a, c);
    TRY(attach_inline(s, a, c));
    if (!s->files->folder && !s->files->zip)
        return OK; /* a file alone has nothing beside it */
    for (size_t i = 0; i < c->message_count; i++)
        for (size_t k = 0; k < c->messages[i].block_count; k++) {
            enum block_type type = c->messages[i].blocks[k].type;
            if (type == BLOCK_IMAGE || type == BLOCK_FILE)
                TRY(attach(s, a, c, i, k));
        }
    return arena_err(a);
}

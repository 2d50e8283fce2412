#include "imports/source.h"

#include "base/crypto.h"
#include "base/limits.h"
#include "base/map.h"
#include "imports/annotations.h"
#include "imports/charset.h"
#include "imports/formats/formats.h"
#include "imports/head.h"
#include "imports/library.h"
#include "imports/media.h"

/* What knows more of a file stands before what knows less. */
const struct source_format *const SOURCE_FORMATS[] = { &FORMAT_ANNOTATIONS,
                                                       &FORMAT_CURSOR,
                                                       &FORMAT_CLAUDE_CODE,
                                                       &FORMAT_CODEX,
                                                       &FORMAT_GEMINI_CLI,
                                                       &FORMAT_REFUSED,
                                                       &FORMAT_TAKEOUT,
                                                       &FORMAT_TAKEOUT_PAGE,
                                                       &FORMAT_CHATGPT_PAGE,
                                                       &FORMAT_PAGE,
                                                       &FORMAT_MHTML,
                                                       &FORMAT_MISTRAL,
                                                       &FORMAT_JAN,
                                                       &FORMAT_COPILOT,
                                                       &FORMAT_CHATGPT_LIST,
                                                       &FORMAT_JSON,
                                                       NULL };

/* --- the first bytes, and then all from the first ------------------------------------------------------------------------ */

/* Gives the head again, then what stands behind it. */
struct again {
    struct reader reader;
    struct str head;
    struct reader *rest;
};

static err_t read_again(struct reader *r, char *to, size_t max, size_t *ret_n)
{
    struct again *g = (struct again *)r;
    if (!g->head.n)
        return g->rest->read(g->rest, to, max, ret_n);
    size_t n = g->head.n < max ? g->head.n : max;
    memcpy(to, g->head.s, n);
    g->head = str_sub(g->head, n, g->head.n);
    *ret_n = n;
    return OK;
}

static err_t read_head(struct import_source *s, struct reader *from)
{
    char *to = arena_bytes(s->arena, SOURCE_HEAD_BYTES);
    struct again *g = ARENA_NEW(s->arena, struct again);
    size_t have = 0, n = 1;
    if (!to || !g)
        return arena_err(s->arena);
    while (have < SOURCE_HEAD_BYTES && n) {
        TRY(from->read(from, to + have, SOURCE_HEAD_BYTES - have, &n));
        have += n;
    }
    s->head = (struct source_head){ .bytes = str_of(to, have), .whole = have < SOURCE_HEAD_BYTES };
    *g = (struct again){ { read_again }, s->head.bytes, from };
    s->reader = &g->reader;
    return OK;
}

/* UTF-16 comes out of some spreadsheets and editors. */
static err_t read_words(struct import_source *s)
{
    TRY(read_head(s, s->bytes.reader));
    enum utf16 order = utf16_of(s->head.bytes);
    if (order != UTF16_NOT) {
        struct utf16_reader *wide = ARENA_NEW(s->arena, struct utf16_reader);
        if (!wide)
            return arena_err(s->arena);
        utf16_reader_init(wide, s->reader, order);
        TRY(read_head(s, &wide->reader));
    }
    source_head_look(&s->head);
    return OK;
}

/* --- a source -------------------------------------------------------------------------------------------------------------- */

static const struct source_format *format_of(const struct source_head *h)
{
    for (size_t i = 0; SOURCE_FORMATS[i]; i++)
        if (SOURCE_FORMATS[i]->sniff(h))
            return SOURCE_FORMATS[i];
    return NULL;
}

static err_t open_format(struct import_source *s)
{
    TRY(import_bytes_open(s->files, s->entry, &s->bytes));
    TRY(read_words(s));
    const struct source_format *format = format_of(&s->head);
    if (!format)
        return err_note(E_NOT_FOUND, NULL, "nothing in it is a conversation of a known form");
    TRY(format->open ? format->open(s) : OK);
    s->format = format;
    return OK;
}

err_t import_source_open(struct import_source *s, struct arena *a,
                         const struct import_reading *reading, struct import_files *f, size_t entry)
{
    *s = (struct import_source){ .arena = a, .reading = reading, .files = f, .entry = entry };
    err_t e = open_format(s);
    if (e != OK)
        import_bytes_close(&s->bytes);
    return e;
}

/* Two of a source that begin alike are told apart by their number. */
static err_t make_id(struct import_source *s, struct arena *a, struct conversation *c)
{
    struct sha256_ctx h;
    struct buf words;
    sha256_init(&h);
    sha256_add(&h, media_last_part(s->files->entries[s->entry].name));
    sha256_add(&h, str_fmt(a, "|%lld|", (long long)c->created_ms));
    buf_init(&words, a, CONVERSATION_BYTES_MAX);
    if (c->message_count)
        blocks_text(c->messages[0].blocks, c->messages[0].block_count, BLOCKS_ALL, &words);
    sha256_add(&h, buf_str(&words));
    struct str id = str_fmt(s->arena, "made:%.16s", sha256_hex(a, sha256_end(&h)).s);
    TRY(buf_err(&words));
    if (!s->made_ids && !(s->made_ids = ARENA_NEW(s->arena, struct map)))
        return arena_err(s->arena);
    struct map *made = s->made_ids;
    if (!made->arena)
        map_init(made, s->arena);
    size_t *count = map_get(made, id);
    if (!count) {
        count = ARENA_NEW(s->arena, size_t);
        if (!count)
            return arena_err(s->arena);
        TRY(map_put(made, id, count));
    }
    c->source.id = ++*count == 1 ? id : str_fmt(a, "%.*s-%zu", STR_ARG(id), *count);
    return arena_err(a);
}

err_t import_source_next(struct import_source *s, struct arena *a, struct conversation *ret)
{
    struct str url = s->reading->url;
    s->media_count = 0;
    s->own = false;
    s->added = (struct archive_added){ 0 };
    TRY(s->format->next(s, a, ret));
    if (s->own)
        TRY(annotations_find(s->files, a, ret, &s->added));
    if (!ret->source.kind)
        ret->source.kind = s->format->kind;
    if (url.n)
        ret->source.url = url;
    if (!ret->source.id.n && !ret->source.url.n)
        TRY(make_id(s, a, ret));
    TRY(library_add(s, a, ret));
    TRY(media_attach(s, a, ret));
    TRY(conversation_own(a, ret));
    if (s->format->forget)
        s->format->forget(s);
    return OK;
}

void import_source_close(struct import_source *s)
{
    if (s->format && s->format->close)
        s->format->close(s);
    import_bytes_close(&s->bytes);
    *s = (struct import_source){ 0 };
}

err_t import_source_read_entry(struct import_source *s, struct arena *a, size_t entry,
                               size_t max_bytes, struct str *ret)
{
    CLEANUP(import_bytes_close) struct import_bytes bytes = { 0 };
    TRY(import_bytes_open(s->files, entry, &bytes));
    return reader_all(bytes.reader, a, max_bytes, ret);
}
